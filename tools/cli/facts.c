/* SPDX-License-Identifier: MIT */
#include "facts.h"

#include <stdlib.h>

#include "failure.h"
#include "registers.h"

static UINT64 register_of(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp, UINT32 id)
{
	UINT8 value[16] = { 0 };

	VmSavedStateGetRegister(handle, vp, VMSAVEDSTATE_ACTIVE_VTL, id, value, NULL);
	return register_number(value, 8);
}

/* How the processor itself translated; any address will tell. */
static VMSAVEDSTATE_PAGING_FORM paging_form_of(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp)
{
	VMSAVEDSTATE_TRANSLATE_OPTIONS options = {
		.StructSize = sizeof(options),
		.Flags = VMSAVEDSTATE_TRANSLATE_ARCHITECTURAL,
	};
	VMSAVEDSTATE_TRANSLATION walk = { .StructSize = sizeof(walk) };

	VmSavedStateTranslate(handle, vp, &options, 0, &walk);
	return walk.PagingForm;
}

/* The CPL is the DPL of SS; on ARM64 the mode bits of the CPSR hold the level. */
static UINT32 privilege_of(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp, bool is_arm64)
{
	UINT8 segment[16] = { 0 };

	if (is_arm64)
		return (UINT32)(register_of(handle, vp, ARM64_RegisterCpsr) >> 2 & 3);
	VmSavedStateGetRegister(handle, vp, VMSAVEDSTATE_ACTIVE_VTL, X64_RegisterSs, segment, NULL);
	return (UINT32)(register_number(segment + 14, 2) >> 5 & 3);
}

static void gather_vp(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp, struct vp_facts *out)
{
	VmSavedStateGetVpIndex(handle, vp, &out->index);
	GetArchitecture(handle, vp, &out->architecture);
	out->described = out->architecture != Arch_Unknown;
	if (!out->described)
		return;
	out->is_arm64 = vp_is_arm64(handle, vp);
	GetPagingMode(handle, vp, &out->paging_mode);
	out->paging_form = paging_form_of(handle, vp);
	InKernelSpace(handle, vp, &out->in_kernel);
	out->privilege = privilege_of(handle, vp, out->is_arm64);
	GetActiveVirtualTrustLevel(handle, vp, &out->active_vtl);
	GetEnabledVirtualTrustLevels(handle, vp, &out->enabled_vtls);
	GetNestedVirtualizationMode(handle, vp, &out->in_nested_guest);
	if (out->is_arm64) {
		out->program_counter = register_of(handle, vp, ARM64_RegisterPc);
		out->roots[0] = register_of(handle, vp, ARM64_RegisterTtbr0El1);
		out->roots[1] = register_of(handle, vp, ARM64_RegisterTtbr1El1);
	} else {
		out->program_counter = register_of(handle, vp, X64_RegisterRip);
		out->roots[0] = register_of(handle, vp, X64_RegisterCr3);
	}
}

static void gather_guest(VM_SAVED_STATE_DUMP_HANDLE handle, struct state_facts *facts)
{
	GetGuestEnabledVirtualTrustLevels(handle, &facts->enabled_vtls);
	for (unsigned vtl = 0; vtl <= HIGHEST_VTL; vtl++)
		GetGuestOsInfo(handle, (UINT8)vtl, &facts->guest_os[vtl]);
	IsNestedVirtualizationEnabled(handle, &facts->nested_virtualization);
}

/* All of the memory is kept in one way, so any of its pages will tell. */
static bool is_memory_readable(VM_SAVED_STATE_DUMP_HANDLE handle,
			       const struct memory_ranges *chunks)
{
	VMSAVEDSTATE_PAGE_STORAGE storage;

	return chunks->count == 0 ||
	       VmSavedStateGetPageStorage(handle, chunks->items[0].start, &storage, NULL) !=
		       VMSAVEDSTATE_E_UNSUPPORTED_VERSION;
}

enum exit_code facts_gather(const struct saved_state *state, struct state_facts *out)
{
	struct state_facts facts = { .info = { .StructSize = sizeof(facts.info) } };
	HRESULT result = VmSavedStateGetInfo(state->handle, &facts.info);
	enum exit_code code;

	if (FAILED(result))
		return saved_state_fail_call(state, result);
	code = memory_ranges_of_chunks(state, true, &facts.chunks);
	if (code != EXIT_DONE)
		return code;
	/* One more than there are: what is salvaged may have none. */
	facts.vps = calloc((size_t)facts.info.VpCount + 1, sizeof(*facts.vps));
	if (facts.vps == NULL || !memory_ranges_holes(&facts.chunks, &facts.holes)) {
		facts_free(&facts);
		return fail_out_of_memory();
	}
	gather_guest(state->handle, &facts);
	facts.memory_readable = is_memory_readable(state->handle, &facts.chunks);
	for (UINT32 vp = 0; vp < facts.info.VpCount; vp++)
		gather_vp(state->handle, vp, &facts.vps[vp]);
	*out = facts;
	return EXIT_DONE;
}

void facts_free(struct state_facts *facts)
{
	memory_ranges_free(&facts->chunks);
	memory_ranges_free(&facts->holes);
	free(facts->vps);
	facts->vps = NULL;
}
