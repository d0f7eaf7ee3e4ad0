/* SPDX-License-Identifier: MIT */
/* Virtual processors: modes, registers, trust levels, and what can be forced on them. */
#include "api/call.h"
#include "api/output.h"
#include "memory/ram_blocks.h"
#include "state/guest_os.h"

#include <vmsavedstatedump_ext.h>

#include <string.h>

/* Enters a call on a VP: handle, then output pointer, then VP id are checked. */
static bool begin_on_vp(struct call *call, VM_SAVED_STATE_DUMP_HANDLE handle,
			enum handle_access access, UINT32 vpId, const void *output,
			struct vp_view *view)
{
	return call_begin(call, handle, access) &&
	       !call_lacks(call, output, "the pointer for the result") &&
	       call_find_vp(call, vpId, view);
}

HRESULT WINAPI GetVpCount(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 *vpCount)
{
	struct call call;

	if (call_begin(&call, handle, HANDLE_READS) &&
	    !call_lacks(&call, vpCount, "the pointer for the count"))
		*vpCount = partition_state_vp_count(call.provider->state->partition);
	return call_end(&call);
}

HRESULT WINAPI GetGuestEnabledVirtualTrustLevels(VM_SAVED_STATE_DUMP_HANDLE handle,
						 UINT32 *virtualTrustLevels)
{
	struct call call;

	if (call_begin(&call, handle, HANDLE_READS) &&
	    !call_lacks(&call, virtualTrustLevels, "the pointer for the trust levels"))
		*virtualTrustLevels = partition_state_guest_vtls(call.provider->state->partition);
	return call_end(&call);
}

HRESULT WINAPI GetGuestOsInfo(VM_SAVED_STATE_DUMP_HANDLE handle, UINT8 virtualTrustLevel,
			      GUEST_OS_INFO *guestOsInfo)
{
	uint64_t id = 0;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS) ||
	    call_lacks(&call, guestOsInfo, "the pointer for the OS id"))
		return call_end(&call);
	call.status = partition_state_os_id(call.provider->state->partition, virtualTrustLevel, &id,
					    &call.error);
	if (call.status == STATUS_OK)
		guestOsInfo->AsUINT64 = id;
	return call_end(&call);
}

HRESULT WINAPI IsNestedVirtualizationEnabled(VM_SAVED_STATE_DUMP_HANDLE handle, BOOL *enabled)
{
	struct call call;

	if (call_begin(&call, handle, HANDLE_READS) &&
	    !call_lacks(&call, enabled, "the pointer for the answer"))
		*enabled = partition_state_nested_enabled(call.provider->state->partition);
	return call_end(&call);
}

HRESULT WINAPI GetArchitecture(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
			       VIRTUAL_PROCESSOR_ARCH *architecture)
{
	struct vp_view view;
	struct call call;

	if (begin_on_vp(&call, handle, HANDLE_READS, vpId, architecture, &view))
		*architecture = (VIRTUAL_PROCESSOR_ARCH)vp_architecture(view.vp, view.forced);
	return call_end(&call);
}

HRESULT WINAPI ForceArchitecture(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
				 VIRTUAL_PROCESSOR_ARCH architecture)
{
	struct vp_view view;
	struct call call;

	if (call_begin(&call, handle, HANDLE_CHANGES) && call_find_vp(&call, vpId, &view))
		call.status = vp_force_architecture(view.vp, view.forced, (uint32_t)architecture,
						    &call.error);
	return call_end(&call);
}

HRESULT WINAPI GetPagingMode(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
			     PAGING_MODE *pagingMode)
{
	struct vp_view view;
	struct call call;

	if (begin_on_vp(&call, handle, HANDLE_READS, vpId, pagingMode, &view))
		*pagingMode = (PAGING_MODE)vp_paging_mode(view.vp, view.forced);
	return call_end(&call);
}

HRESULT WINAPI ForcePagingMode(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
			       PAGING_MODE pagingMode)
{
	struct vp_view view;
	struct call call;

	if (call_begin(&call, handle, HANDLE_CHANGES) && call_find_vp(&call, vpId, &view))
		call.status = vp_force_paging_mode(view.vp, view.forced, (uint32_t)pagingMode,
						   &call.error);
	return call_end(&call);
}

HRESULT WINAPI InKernelSpace(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId, BOOL *inKernelSpace)
{
	struct vp_view view;
	struct call call;
	bool answer = false;

	if (!begin_on_vp(&call, handle, HANDLE_READS, vpId, inKernelSpace, &view))
		return call_end(&call);
	call.status = vp_in_kernel_space(view.vp, view.forced, &answer, &call.error);
	if (call.status == STATUS_OK)
		*inKernelSpace = answer;
	return call_end(&call);
}

HRESULT WINAPI GetActiveVirtualTrustLevel(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
					  UINT8 *virtualTrustLevel)
{
	struct vp_view view;
	struct call call;

	if (begin_on_vp(&call, handle, HANDLE_READS, vpId, virtualTrustLevel, &view))
		*virtualTrustLevel = vp_active_vtl(view.vp, view.forced);
	return call_end(&call);
}

HRESULT WINAPI GetEnabledVirtualTrustLevels(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
					    UINT32 *virtualTrustLevels)
{
	struct vp_view view;
	struct call call;

	if (begin_on_vp(&call, handle, HANDLE_READS, vpId, virtualTrustLevels, &view))
		*virtualTrustLevels = vp_enabled_vtls(view.vp, view.forced);
	return call_end(&call);
}

HRESULT WINAPI ForceActiveVirtualTrustLevel(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
					    UINT8 virtualTrustLevel)
{
	struct vp_view view;
	struct call call;

	if (call_begin(&call, handle, HANDLE_CHANGES) && call_find_vp(&call, vpId, &view))
		call.status = vp_force_active_vtl(view.vp, view.forced, virtualTrustLevel,
						  &call.error);
	return call_end(&call);
}

HRESULT WINAPI IsActiveVirtualTrustLevelEnabled(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
						BOOL *activeVirtualTrustLevelEnabled)
{
	struct vp_view view;
	struct call call;

	if (begin_on_vp(&call, handle, HANDLE_READS, vpId, activeVirtualTrustLevelEnabled, &view))
		*activeVirtualTrustLevelEnabled = vp_active_vtl_enabled(view.vp, view.forced);
	return call_end(&call);
}

HRESULT WINAPI GetNestedVirtualizationMode(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
					   BOOL *enabled)
{
	struct vp_view view;
	struct call call;

	if (begin_on_vp(&call, handle, HANDLE_READS, vpId, enabled, &view))
		*enabled = vp_in_nested_guest(view.vp, view.forced);
	return call_end(&call);
}

HRESULT WINAPI ForceNestedHostMode(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId, BOOL hostMode,
				   BOOL *oldMode)
{
	struct vp_view view;
	struct call call;
	bool was = false;

	if (!call_begin(&call, handle, HANDLE_CHANGES) || !call_find_vp(&call, vpId, &view))
		return call_end(&call);
	call.status = vp_force_nested_host(view.vp, view.forced, hostMode != 0, &was, &call.error);
	if (call.status == STATUS_OK && oldMode != NULL)
		*oldMode = was;
	return call_end(&call);
}

#ifndef VMSAVEDSTATE_ABI_17134
/*
 * The id is checked before the result pointer is touched: clients built for the
 * earlier ABI pass their structure as the id and rubbish as the pointer.
 */
HRESULT WINAPI GetRegisterValue(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId, DWORD registerId,
				VIRTUAL_PROCESSOR_REGISTER *registerValue)
{
	uint8_t value[REGISTER_VALUE_SIZE];
	struct vp_view view;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS) || !call_find_vp(&call, vpId, &view))
		return call_end(&call);
	call.status = vp_read_register(view.vp, view.forced, registerId, value, &call.error);
	if (call.status == STATUS_OK && !call_lacks(&call, registerValue, "the register"))
		memcpy(registerValue, value, sizeof(*registerValue));
	return call_end(&call);
}
#else
HRESULT WINAPI GetRegisterValue(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
				VIRTUAL_PROCESSOR_REGISTER *registerValue)
{
	struct vp_view view;
	struct call call;
	uint64_t value;

	if (!begin_on_vp(&call, handle, HANDLE_READS, vpId, registerValue, &view))
		return call_end(&call);
	call.status = vp_read_earlier_register(view.vp, view.forced,
					       (uint32_t)registerValue->Architecture,
					       registerValue->RegisterId, &value, &call.error);
	if (call.status == STATUS_OK)
		registerValue->RegisterValue = value;
	return call_end(&call);
}
#endif

HRESULT VmSavedStateGetVpIndex(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId, UINT32 *index)
{
	struct vp_view view;
	struct call call;

	if (begin_on_vp(&call, handle, HANDLE_READS, vpId, index, &view))
		*index = view.vp->index;
	return call_end(&call);
}

/* Reads from one VTL without forcing it on anybody else. */
static enum status read_in_vtl(const struct vp_view *view, UINT32 vtl, UINT32 registerId,
			       uint8_t value[REGISTER_VALUE_SIZE], struct error *error)
{
	struct vp_overrides own = *view->forced;

	if (vtl != VMSAVEDSTATE_ACTIVE_VTL) {
		enum status status = vp_force_active_vtl(view->vp, &own, vtl, error);

		if (status != STATUS_OK)
			return status;
	}
	return vp_read_register(view->vp, &own, registerId, value, error);
}

static bool vp_has_register(const struct virtual_processor *vp, UINT32 registerId)
{
	bool arm64 = vp->vendor == PROCESSOR_ARM;

	return register_description(registerId) != NULL && register_is_arm64(registerId) == arm64;
}

HRESULT VmSavedStateGetRegister(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId, UINT32 vtl,
				UINT32 registerId, UINT8 value[16], UINT32 *widthBytes)
{
	uint8_t bytes[REGISTER_VALUE_SIZE];
	struct vp_view view;
	struct call call;

	if (!begin_on_vp(&call, handle, HANDLE_READS, vpId, value, &view))
		return call_end(&call);
	if (!vp_has_register(view.vp, registerId)) {
		call_wrong_argument(&call, "the id names no register of this VP");
		return call_end(&call);
	}
	call.status = read_in_vtl(&view, vtl, registerId, bytes, &call.error);
	if (call.status == STATUS_OK) {
		UINT32 width = (register_description(registerId)->bits + 7u) / 8u;

		/* x87 registers are stored with whatever stood above their 80 bits. */
		memset(value, 0, sizeof(bytes));
		memcpy(value, bytes, width);
		if (widthBytes != NULL)
			*widthBytes = width;
	}
	return call_end(&call);
}

const char *VmSavedStateGetRegisterName(UINT32 registerId)
{
	return register_name(registerId);
}

_Static_assert((int)GUEST_OS_TEXT_SIZE == VMSAVEDSTATE_GUEST_OS_TEXT,
	       "the longest text has the same size inside and outside");

HRESULT VmSavedStateDescribeGuestOs(UINT64 guestOsId, char *buffer, UINT32 bufferSize)
{
	char text[GUEST_OS_TEXT_SIZE];
	struct call call;

	call_begin_free(&call);
	if (call_lacks(&call, buffer, "the buffer"))
		return call_end(&call);
	if (bufferSize == 0) {
		call_wrong_argument(&call, "the buffer has no room");
		return call_end(&call);
	}
	guest_os_describe(guestOsId, text, sizeof(text));
	guest_os_describe(guestOsId, buffer, bufferSize);
	return strlen(text) < bufferSize ? S_OK : VMSAVEDSTATE_E_BUFFER_TOO_SMALL;
}

static VIRTUAL_PROCESSOR_VENDOR public_vendor(uint32_t vendor)
{
	switch (vendor) {
	case PROCESSOR_AMD:
		return ProcessorVendor_Amd;
	case PROCESSOR_INTEL:
		return ProcessorVendor_Intel;
	case PROCESSOR_HYGON:
		return ProcessorVendor_Hygon;
	case PROCESSOR_ARM:
		return ProcessorVendor_Arm;
	default:
		return ProcessorVendor_Unknown;
	}
}

static UINT32 architectures(const struct partition_state *partition)
{
	static const struct vp_overrides none;
	UINT32 mask = 0;

	for (uint32_t id = 0; id < partition_state_vp_count(partition); id++) {
		const struct virtual_processor *vp;

		if (partition_state_vp(partition, id, &vp, NULL) == STATUS_OK)
			mask |= 1u << vp_architecture(vp, &none);
	}
	return mask;
}

/* Blocks that a file, cut short, ends before are not in it, though their keys are. */
static void count_blocks(const struct ram_blocks *blocks, VMSAVEDSTATE_INFO *out)
{
	for (size_t i = 0; i < numbered_keys_count(blocks->keys); i++) {
		struct numbered_value value = numbered_keys_at(blocks->keys, i).value;

		out->RamBlockCount += !ram_block_is_cut_off(blocks, &value);
		out->StoredBytes += value.state == NUMBERED_ARRAY
					    ? ram_block_present(blocks, &value)
					    : value.size;
	}
}

HRESULT VmSavedStateGetInfo(VM_SAVED_STATE_DUMP_HANDLE handle, VMSAVEDSTATE_INFO *info)
{
	const struct saved_state *state;
	struct container_facts facts;
	VMSAVEDSTATE_INFO out = { 0 };
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS) || !output_has_room(&call, info, sizeof(out)))
		return call_end(&call);
	state = call.provider->state;
	facts = container_facts(state->state);
	out.Container = facts.kind == CONTAINER_HVS ? VMSAVEDSTATE_CONTAINER_VMRS
						    : VMSAVEDSTATE_CONTAINER_LEGACY;
	out.ContainerVersion = facts.format_version;
	out.VmVersion = state->vm_version;
	out.PendingLogEntries = facts.pending_log_entries;
	out.VpCount = partition_state_vp_count(state->partition);
	out.Vendor = public_vendor(partition_state_vendor(state->partition));
	out.Architectures = architectures(state->partition);
	count_blocks(guest_memory_ram(call.provider->memory), &out);
	out.RawSize = guest_memory_saved_size(call.provider->memory);
	out.FileSize = call.provider->file_size;
	out.SecondFileSize = call.provider->second_file_size;
	output_write(info, &out, sizeof(out));
	return call_end(&call);
}
