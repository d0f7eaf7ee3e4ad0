/* SPDX-License-Identifier: MIT */
/* Guest memory by virtual address: translation, reads, fixes. */
#include "api/call.h"
#include "api/output.h"
#include "base/checked.h"
#include "guest/virtual_memory.h"

#include <vmsavedstatedump_ext.h>

static bool choose_space(struct call *call, const VMSAVEDSTATE_TRANSLATE_OPTIONS *options,
			 struct virtual_memory_choice *out)
{
	static const UINT32 known = VMSAVEDSTATE_TRANSLATE_ARCHITECTURAL |
				    VMSAVEDSTATE_TRANSLATE_ROOT;
	struct virtual_memory_choice choice = { 0 };

	if (options != NULL) {
		if (!input_is_known(options, sizeof(*options)) || (options->Flags & ~known) != 0) {
			call_wrong_argument(call, "the options have a wrong StructSize or "
						  "unknown flags");
			return false;
		}
		choice.architectural =
			(options->Flags & VMSAVEDSTATE_TRANSLATE_ARCHITECTURAL) != 0;
		choice.has_root = (options->Flags & VMSAVEDSTATE_TRANSLATE_ROOT) != 0;
		choice.root = options->Root;
	}
	*out = choice;
	return true;
}

/* Finds the address space of a VP; the call has begun. */
static bool find_space(struct call *call, UINT32 vpId,
		       const VMSAVEDSTATE_TRANSLATE_OPTIONS *options, struct virtual_memory *out)
{
	struct virtual_memory_choice choice;
	struct vp_view view;

	if (!call_find_vp(call, vpId, &view) || !choose_space(call, options, &choice))
		return false;
	call->status = virtual_memory_of_vp(call->provider->memory, view.vp, view.forced, &choice,
					    out, &call->error);
	return call->status == STATUS_OK;
}

/*
 * On the original an active VTL without registers has paging mode 0, in which
 * nothing is translated; that is what its clients see of it here too.
 */
static void without_registers_as_no_paging(struct call *call)
{
	if (call->status == STATUS_VTL_NOT_ENABLED)
		call->status = STATUS_NOT_IMPLEMENTED;
}

static enum status translate(struct call *call, UINT32 vpId, UINT64 address,
			     struct page_walk *walk)
{
	struct virtual_memory memory;

	if (!find_space(call, vpId, NULL, &memory)) {
		without_registers_as_no_paging(call);
		return call->status;
	}
	call->status = virtual_memory_walk(&memory, address, NULL, walk, &call->error);
	if (call->status == STATUS_OK)
		call->status = page_walk_status(walk, &call->error);
	return call->status;
}

#ifdef VMSAVEDSTATE_ABI_17134
/* One HRESULT for each level of the tables; the top one also for addresses without a table. */
static HRESULT hresult_of_level(const struct page_walk *walk)
{
	switch (walk->level) {
	case 0:
		return walk->level_name[0] != '\0' ? VM_SAVED_STATE_DUMP_E_PTE_NOT_PRESENT
						   : VM_SAVED_STATE_DUMP_E_PXE_NOT_PRESENT;
	case 1:
		return VM_SAVED_STATE_DUMP_E_PDE_NOT_PRESENT;
	case 2:
		return VM_SAVED_STATE_DUMP_E_PDPTE_NOT_PRESENT;
	default:
		return VM_SAVED_STATE_DUMP_E_PXE_NOT_PRESENT;
	}
}
#endif

/* Ends a call that translated: the earlier ABI tells the level at which a walk failed. */
static HRESULT end_translation(struct call *call, const struct page_walk *walk)
{
	HRESULT result = call_end(call);

#ifdef VMSAVEDSTATE_ABI_17134
	if (call->status == STATUS_VA_NOT_MAPPED)
		return hresult_of_level(walk);
#else
	(void)walk;
#endif
	return result;
}

#ifndef VMSAVEDSTATE_ABI_17134
HRESULT WINAPI GuestVirtualAddressToPhysicalAddress(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
						    const GUEST_VIRTUAL_ADDRESS virtualAddress,
						    GUEST_PHYSICAL_ADDRESS *physicalAddress,
						    GUEST_VIRTUAL_ADDRESS *unmappedRegionSize)
{
	struct page_walk walk = { 0 };
	struct vp_view view;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS) ||
	    call_lacks(&call, physicalAddress, "the pointer for the address") ||
	    !call_find_vp(&call, vpId, &view))
		return call_end(&call);
	translate(&call, vpId, virtualAddress, &walk);
	*physicalAddress = call.status == STATUS_OK ? walk.gpa : 0;
	if (unmappedRegionSize != NULL)
		*unmappedRegionSize = call.status == STATUS_VA_NOT_MAPPED ? walk.unmapped_size : 0;
	return call_end(&call);
}
#else
HRESULT WINAPI GuestVirtualAddressToPhysicalAddress(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
						    const GUEST_VIRTUAL_ADDRESS virtualAddress,
						    GUEST_PHYSICAL_ADDRESS *physicalAddress)
{
	struct page_walk walk = { .level_name = "" };
	struct vp_view view;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS) ||
	    call_lacks(&call, physicalAddress, "the pointer for the address") ||
	    !call_find_vp(&call, vpId, &view))
		return call_end(&call);
	if (translate(&call, vpId, virtualAddress, &walk) == STATUS_OK)
		*physicalAddress = walk.gpa;
	return end_translation(&call, &walk);
}
#endif

static VMSAVEDSTATE_PAGING_FORM public_form(enum paging_form form)
{
	static const VMSAVEDSTATE_PAGING_FORM forms[] = {
		[PAGING_FORM_NONE] = VMSAVEDSTATE_PAGING_NONE,
		[PAGING_FORM_IDENTITY] = VMSAVEDSTATE_PAGING_IDENTITY,
		[PAGING_FORM_32BIT] = VMSAVEDSTATE_PAGING_32BIT,
		[PAGING_FORM_32BIT_PSE] = VMSAVEDSTATE_PAGING_32BIT_PSE,
		[PAGING_FORM_PAE] = VMSAVEDSTATE_PAGING_PAE,
		[PAGING_FORM_LONG4] = VMSAVEDSTATE_PAGING_LONG4,
		[PAGING_FORM_LONG5] = VMSAVEDSTATE_PAGING_LONG5,
		[PAGING_FORM_ARMV8] = VMSAVEDSTATE_PAGING_ARMV8,
	};

	return forms[form];
}

static VMSAVEDSTATE_WALK_REASON public_reason(enum page_result result)
{
	static const VMSAVEDSTATE_WALK_REASON reasons[] = {
		[PAGE_MAPPED] = VMSAVEDSTATE_WALK_MAPPED,
		[PAGE_NOT_PRESENT] = VMSAVEDSTATE_WALK_NOT_PRESENT,
		[PAGE_BAD_DESCRIPTOR] = VMSAVEDSTATE_WALK_BAD_DESCRIPTOR,
		[PAGE_TABLE_NOT_SAVED] = VMSAVEDSTATE_WALK_TABLE_NOT_SAVED,
		[PAGE_ADDRESS_OUT_OF_RANGE] = VMSAVEDSTATE_WALK_OUT_OF_RANGE,
		[PAGE_BAD_CONFIGURATION] = VMSAVEDSTATE_WALK_BAD_CONFIGURATION,
		[PAGE_UNSUPPORTED_52BIT] = VMSAVEDSTATE_WALK_UNSUPPORTED,
		[PAGE_NO_TRANSLATION] = VMSAVEDSTATE_WALK_NO_TRANSLATION,
	};

	return reasons[result];
}

static UINT32 public_rights(unsigned rights)
{
	UINT32 access = 0;

	if ((rights & PAGE_WRITABLE) != 0)
		access |= VMSAVEDSTATE_ACCESS_WRITE;
	if ((rights & PAGE_USER) != 0)
		access |= VMSAVEDSTATE_ACCESS_USER;
	if ((rights & PAGE_USER_EXECUTABLE) != 0)
		access |= VMSAVEDSTATE_ACCESS_USER_EXECUTE;
	if ((rights & PAGE_KERNEL_EXECUTABLE) != 0)
		access |= VMSAVEDSTATE_ACCESS_KERNEL_EXECUTE;
	return access;
}

static void describe_trace(const struct page_trace *trace, unsigned last_level,
			   VMSAVEDSTATE_TRANSLATION *out)
{
	out->LevelCount = trace->count;
	for (unsigned i = 0; i < trace->count; i++) {
		const struct page_trace_step *step = &trace->steps[i];
		VMSAVEDSTATE_WALK_LEVEL *level = &out->Levels[i];

		level->Name = step->level_name;
		level->Level = last_level + (trace->count - i);
		level->Index = step->index;
		level->TableAddress = step->table;
		level->EntryAddress = step->entry_address;
		level->Entry = step->entry;
	}
}

static void describe_walk(const struct virtual_memory *memory, const struct page_walk *walk,
			  VMSAVEDSTATE_TRANSLATION *out)
{
	bool entry_failed = walk->result == PAGE_NOT_PRESENT ||
			    walk->result == PAGE_BAD_DESCRIPTOR ||
			    walk->result == PAGE_TABLE_NOT_SAVED;

	out->PagingForm = public_form(memory->space.form);
	out->Reason = public_reason(walk->result);
	out->Flags = walk->reserved_bits ? VMSAVEDSTATE_WALK_RESERVED_BITS : 0;
	out->PhysicalAddress = walk->gpa;
	out->PageSize = walk->page_size;
	out->UnmappedSize = walk->unmapped_size;
	out->SkipSize = walk->skip_size;
	out->Access = public_rights(walk->rights);
	out->FailingLevel = entry_failed ? walk->level + 1 : 0;
}

HRESULT VmSavedStateTranslate(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
			      const VMSAVEDSTATE_TRANSLATE_OPTIONS *options,
			      GUEST_VIRTUAL_ADDRESS virtualAddress,
			      VMSAVEDSTATE_TRANSLATION *result)
{
	VMSAVEDSTATE_TRANSLATION out = { 0 };
	struct page_trace trace = { 0 };
	struct virtual_memory memory;
	struct page_walk walk;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS) ||
	    !output_has_room(&call, result, sizeof(out)))
		return call_end(&call);
	if (!find_space(&call, vpId, options, &memory)) {
		without_registers_as_no_paging(&call);
		if (call.status == STATUS_NOT_IMPLEMENTED) {
			out.Reason = VMSAVEDSTATE_WALK_NO_TRANSLATION;
			output_write(result, &out, sizeof(out));
		}
		return call_end(&call);
	}
	call.status = virtual_memory_walk(&memory, virtualAddress, &trace, &walk, &call.error);
	if (call.status == STATUS_OK) {
		describe_walk(&memory, &walk, &out);
		describe_trace(&trace, walk.level, &out);
		call.status = page_walk_status(&walk, &call.error);
	} else {
		out.PagingForm = public_form(memory.space.form);
		out.Reason = VMSAVEDSTATE_WALK_TABLE_DAMAGED;
	}
	output_write(result, &out, sizeof(out));
	return call_end(&call);
}

HRESULT VmSavedStateReadVirtual(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
				const VMSAVEDSTATE_TRANSLATE_OPTIONS *options,
				GUEST_VIRTUAL_ADDRESS virtualAddress, void *buffer, UINT32 size,
				UINT32 *bytesRead)
{
	struct virtual_memory memory;
	size_t count = 0;
	struct call call;

	if (bytesRead != NULL)
		*bytesRead = 0;
	if (!call_begin(&call, handle, HANDLE_READS) || call_lacks(&call, buffer, "the buffer"))
		return call_end(&call);
	if (find_space(&call, vpId, options, &memory))
		call.status = virtual_memory_read(&memory, virtualAddress, buffer, size, &count,
						  &call.error);
	else
		without_registers_as_no_paging(&call);
	if (bytesRead != NULL)
		*bytesRead = (UINT32)count;
	return call_end(&call);
}

/*
 * Finds where each page of the fix lies; on the second pass it is laid there.
 * Two passes, because a fix takes effect as a whole or not at all.  *walk is
 * that of the last page looked at.
 */
static enum status fix_pages(struct call *call, const struct virtual_memory *memory,
			     uint64_t address, const uint8_t *bytes, size_t size, bool apply,
			     struct page_walk *walk)
{
	while (size > 0) {
		size_t part = (size_t)min_u64(size, PAGE_BYTES - address % PAGE_BYTES);
		enum status status =
			virtual_memory_walk(memory, address, NULL, walk, &call->error);

		if (status == STATUS_OK)
			status = page_walk_status(walk, &call->error);
		if (status == STATUS_OK && apply)
			status = guest_memory_fix(memory->memory, walk->gpa, bytes, part,
						  &call->error);
		if (status != STATUS_OK)
			return status;
		bytes += part;
		size -= part;
		address += part;	/* wraps at the top of the address space, as pages do */
	}
	return STATUS_OK;
}

HRESULT WINAPI ApplyGuestMemoryFix(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
				   GUEST_VIRTUAL_ADDRESS virtualAddress, LPVOID fixBuffer,
				   UINT32 fixBufferSize)
{
	struct page_walk walk = { .level_name = "" };
	struct virtual_memory memory;
	struct vp_view view;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_CHANGES) || !call_find_vp(&call, vpId, &view) ||
	    (fixBufferSize > 0 && call_lacks(&call, fixBuffer, "the fix")) ||
	    fixBufferSize == 0)
		return call_end(&call);
	if (find_space(&call, vpId, NULL, &memory)) {
		call.status = fix_pages(&call, &memory, virtualAddress, fixBuffer, fixBufferSize,
					false, &walk);
		if (call.status == STATUS_OK)
			call.status = fix_pages(&call, &memory, virtualAddress, fixBuffer,
						fixBufferSize, true, &walk);
	} else {
		without_registers_as_no_paging(&call);
	}
	return end_translation(&call, &walk);
}
