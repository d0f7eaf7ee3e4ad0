/* SPDX-License-Identifier: MIT */
/*
 * Processors, VTLs and nesting: one test for each fact that was measured on
 * the original, and for each difference on purpose.
 */
#include "support/saved_states.h"
#include "test_shim.h"

#include <string.h>

enum { NO_REGISTER_X64 = 66, NO_REGISTER_ARM64 = 158 };

static UINT64 low_half(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp, DWORD id)
{
	VIRTUAL_PROCESSOR_REGISTER value;

	memset(&value, 0xCC, sizeof(value));
	assert_result(GetRegisterValue(handle, vp, id, &value), S_OK);
	return value.Reg128.Low64;
}

static VIRTUAL_PROCESSOR_ARCH architecture_of(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp)
{
	VIRTUAL_PROCESSOR_ARCH architecture = Arch_Unknown;

	assert_result(GetArchitecture(handle, vp, &architecture), S_OK);
	return architecture;
}

static PAGING_MODE paging_of(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp)
{
	PAGING_MODE mode = Paging_Invalid;

	assert_result(GetPagingMode(handle, vp, &mode), S_OK);
	return mode;
}

static BOOL kernel_of(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp)
{
	BOOL in_kernel = -1;

	assert_result(InKernelSpace(handle, vp, &in_kernel), S_OK);
	return in_kernel;
}

static UINT8 active_vtl(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp)
{
	UINT8 vtl = 0xCC;

	assert_result(GetActiveVirtualTrustLevel(handle, vp, &vtl), S_OK);
	return vtl;
}

static UINT32 vtls_of(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp)
{
	UINT32 mask = 0xCC;

	assert_result(GetEnabledVirtualTrustLevels(handle, vp, &mask), S_OK);
	return mask;
}

static UINT32 count_vps(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	UINT32 count = 0;

	assert_result(GetVpCount(handle, &count), S_OK);
	return count;
}

/* ---- How many -------------------------------------------------------------------- */

static void the_count_is_that_of_the_bits_whichever_they_are(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/indices-5-and-6");

	(void)state;
	assert_int_equal(count_vps(handle), 2);
	assert_int_equal(low_half(handle, 0, X64_RegisterRax), 0x100);
	assert_int_equal(low_half(handle, 1, X64_RegisterRax), 0x101);
	close_handle(handle);
}

static void sparse_indices_load_and_the_id_is_the_rank__original_refuses(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("sparse-vp");
	UINT32 index = 0;

	(void)state;
	assert_int_equal(count_vps(handle), 2);
	assert_int_equal(low_half(handle, 0, X64_RegisterRax), 0x100);
	assert_int_equal(low_half(handle, 1, X64_RegisterRax), 0x300);
	assert_result(VmSavedStateGetVpIndex(handle, 0, &index), S_OK);
	assert_int_equal(index, 0);
	assert_result(VmSavedStateGetVpIndex(handle, 1, &index), S_OK);
	assert_int_equal(index, 2);
	close_handle(handle);
}

static void a_vp_that_is_never_described_has_no_architecture_and_no_registers(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("vp-never-described");
	VIRTUAL_PROCESSOR_REGISTER value, untouched;

	(void)state;
	assert_int_equal(count_vps(handle), 2);
	assert_int_equal(architecture_of(handle, 0), Arch_x64);
	assert_int_equal(architecture_of(handle, 1), Arch_Unknown);
	memset(&value, 0xCC, sizeof(value));
	memset(&untouched, 0xCC, sizeof(untouched));
	assert_result(GetRegisterValue(handle, 1, X64_RegisterRax, &value),
		      VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED);
	assert_memory_equal(&value, &untouched, sizeof(value));
	close_handle(handle);
}

/* ---- Modes, over every combination that could matter ------------------------------- */

static void only_long_mode_with_64_bit_code_is_x64(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/mode-grid");

	(void)state;
	for (UINT32 vp = 0; vp < 16; vp++)
		assert_int_equal(architecture_of(handle, vp), (vp & 3) == 3 ? Arch_x64 : Arch_x86);
	close_handle(handle);
}

static void the_paging_mode_follows_LME_and_PAE_and_not_PG(void **state)
{
	static const PAGING_MODE modes[2][2] = { { Paging_32Bit, Paging_Pae },
						 { Paging_Invalid, Paging_Long } };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/mode-grid");

	(void)state;
	for (UINT32 vp = 0; vp < 16; vp++)
		assert_int_equal(paging_of(handle, vp), modes[vp & 1][vp >> 2 & 1]);
	close_handle(handle);
}

static void the_kernel_is_where_the_DPL_of_SS_is_0(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/mode-grid");

	(void)state;
	for (UINT32 vp = 0; vp < 16; vp++)
		assert_int_equal(kernel_of(handle, vp), (vp & 3) == 0);
	close_handle(handle);
}

static void any_architecture_can_be_forced_and_changes_nothing_else(void **state)
{
	static const UINT32 values[] = { 0, 1, 3, 4, 0xFFFFFFFF, 2 };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("4-vp");

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_result(ForceArchitecture(handle, 2, (VIRTUAL_PROCESSOR_ARCH)values[i]),
			      S_OK);
		assert_int_equal((UINT32)architecture_of(handle, 2), values[i]);
		assert_int_equal(architecture_of(handle, 1), Arch_x64);
		assert_int_equal(paging_of(handle, 2), Paging_Long);
		assert_int_equal(low_half(handle, 2, X64_RegisterCr0), 0x80050033);
	}
	close_handle(handle);
}

static void any_paging_mode_can_be_forced(void **state)
{
	static const UINT32 values[] = { 0, 1, 2, 3, 5, 6, 0xFFFFFFFF, 4 };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("4-vp");

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_result(ForcePagingMode(handle, 3, (PAGING_MODE)values[i]), S_OK);
		assert_int_equal((UINT32)paging_of(handle, 3), values[i]);
		assert_int_equal(paging_of(handle, 0), Paging_Long);
		assert_int_equal(architecture_of(handle, 3), Arch_x64);
	}
	close_handle(handle);
}

/* ---- Registers ---------------------------------------------------------------------- */

static void ids_of_the_other_family_read_0_and_too_large_ones_are_refused(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");
	VIRTUAL_PROCESSOR_REGISTER value, untouched;

	(void)state;
	memset(&untouched, 0xCC, sizeof(untouched));
	for (DWORD id = NO_REGISTER_X64; id < NO_REGISTER_ARM64; id++) {
		memset(&value, 0xCC, sizeof(value));
		assert_result(GetRegisterValue(handle, 0, id, &value), S_OK);
		assert_int_equal(value.Reg128.Low64, 0);
		assert_int_equal(value.Reg128.High64, 0);
	}
	memset(&value, 0xCC, sizeof(value));
	assert_result(GetRegisterValue(handle, 0, NO_REGISTER_ARM64, &value), E_INVALIDARG);
	assert_result(GetRegisterValue(handle, 0, 0xFFFFFFFF, &value), E_INVALIDARG);
	assert_memory_equal(&value, &untouched, sizeof(value));
	close_handle(handle);
}

static void the_extension_refuses_ids_that_name_no_register_of_the_family(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE x64 = open_fixture("demo");
	VM_SAVED_STATE_DUMP_HANDLE arm64 = open_fixture("arm64");
	uint8_t value[16];

	(void)state;
	for (UINT32 id = 0; id < 200; id++) {
		bool is_x64 = id < NO_REGISTER_X64;
		bool is_arm64 = id > NO_REGISTER_X64 && id < NO_REGISTER_ARM64;

		assert_result(VmSavedStateGetRegister(x64, 0, 0, id, value, NULL),
			      is_x64 ? S_OK : E_INVALIDARG);
		assert_result(VmSavedStateGetRegister(arm64, 0, 0, id, value, NULL),
			      is_arm64 ? S_OK : E_INVALIDARG);
		assert_int_equal(VmSavedStateGetRegisterName(id) != NULL, is_x64 || is_arm64);
	}
	assert_result(VmSavedStateGetRegister(x64, 0, 3, X64_RegisterRax, value, NULL),
		      E_INVALIDARG);
	close_handle(x64);
	close_handle(arm64);
}

static void segments_and_tables_have_the_layout_of_the_union(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");
	VIRTUAL_PROCESSOR_REGISTER value;

	(void)state;
	assert_result(GetRegisterValue(handle, 0, X64_RegisterGs, &value), S_OK);
	assert_int_equal(value.X64.Segment.Base, 0xFFFFF80000012000);
	assert_int_equal(value.X64.Segment.Limit, 0xFFFFFFFF);
	assert_int_equal(value.X64.Segment.Selector, 0x2B);
	assert_int_equal(value.X64.Segment.Attributes, 0xC0F3);
	assert_result(GetRegisterValue(handle, 0, X64_RegisterTr, &value), S_OK);
	assert_int_equal(value.X64.Segment.Selector, 0x40);
	assert_result(GetRegisterValue(handle, 0, X64_RegisterLdtr, &value), S_OK);
	assert_int_equal(value.X64.Segment.Selector, 0);
	assert_result(GetRegisterValue(handle, 0, X64_RegisterIdtr, &value), S_OK);
	assert_int_equal(value.X64.Table.Limit, 0xFFF);
	assert_int_equal(value.X64.Table.Base, 0xFFFFF80000014000);
	assert_result(GetRegisterValue(handle, 0, X64_RegisterGdtr, &value), S_OK);
	assert_int_equal(value.X64.Table.Limit, 0x57);
	assert_int_equal(value.X64.Table.Base, 0xFFFFF80000015000);
	assert_result(GetRegisterValue(handle, 0, X64_RegisterFpControlStatus, &value), S_OK);
	assert_int_equal(value.X64.FpControlStatus.FpControl, 0x27F);
	assert_result(GetRegisterValue(handle, 0, X64_RegisterXmmControlStatus, &value), S_OK);
	assert_int_equal(value.X64.XmmControlStatus.XmmStatusControl, 0x1F80);
	assert_int_equal(value.X64.XmmControlStatus.XmmStatusControlMask, 0x2FFFF);
	close_handle(handle);
}

static void a_marker_seen_again_starts_from_zeroed_registers(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/reopened-vp");

	(void)state;
	assert_int_equal(low_half(handle, 0, X64_RegisterRax), 0x55);
	assert_int_equal(low_half(handle, 0, X64_RegisterRip), 0);
	assert_int_equal(low_half(handle, 0, X64_RegisterCr3), 0);
	assert_int_equal(architecture_of(handle, 0), Arch_x86);
	close_handle(handle);
}

/* ---- VTLs ---------------------------------------------------------------------------- */

static void registers_before_the_first_vtl_marker_belong_to_vtl_0(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/registers-before-vtl");

	(void)state;
	assert_int_equal(low_half(handle, 0, X64_RegisterRax), 0);
	assert_int_equal(low_half(handle, 0, X64_RegisterRcx), 0x22);
	assert_int_equal(low_half(handle, 1, X64_RegisterRax), 0x33);
	assert_int_equal(low_half(handle, 1, X64_RegisterRcx), 0);
	assert_result(ForceActiveVirtualTrustLevel(handle, 1, 1), S_OK);
	assert_int_equal(low_half(handle, 1, X64_RegisterRax), 0);
	assert_int_equal(low_half(handle, 1, X64_RegisterRcx), 0x44);
	close_handle(handle);
}

static void a_vtl_of_the_guest_counts_once_its_system_has_an_id(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/os-ids");
	static const UINT8 absent[] = { 1, 3, 4, 31, 32, 64, 255 };
	GUEST_OS_INFO info = { 0 };
	UINT32 mask = 0;

	(void)state;
	assert_result(GetGuestEnabledVirtualTrustLevels(handle, &mask), S_OK);
	assert_int_equal(mask, 5);
	assert_result(GetGuestOsInfo(handle, 0, &info), S_OK);
	assert_int_equal(info.AsUINT64, 0x810000050F000000);
	assert_int_equal(info.OpenSource.IsOpenSource, 1);
	assert_int_equal(info.OpenSource.OsId, GuestOsOpenSourceLinux);
	assert_result(GetGuestOsInfo(handle, 2, &info), S_OK);
	assert_int_equal(info.AsUINT64, UINT64_MAX);
	for (size_t i = 0; i < sizeof(absent); i++) {
		info.AsUINT64 = 0xCC;
		assert_result(GetGuestOsInfo(handle, absent[i], &info), E_INVALIDARG);
		assert_int_equal(info.AsUINT64, 0xCC);
	}
	close_handle(handle);
}

static void vtl_0_is_always_among_those_of_a_vp(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/only-vtl-1");

	(void)state;
	assert_int_equal(vtls_of(handle, 0), 3);
	assert_int_equal(active_vtl(handle, 0), 1);
	assert_int_equal(low_half(handle, 0, X64_RegisterRax), 0x777);
	close_handle(handle);
}

static void the_control_page_tells_the_active_vtl(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE upper = open_fixture("two-vtl");
	VM_SAVED_STATE_DUMP_HANDLE lower = open_fixture("two-vtl-lower-active");

	(void)state;
	assert_int_equal(active_vtl(upper, 0), 1);
	assert_int_equal(low_half(upper, 0, X64_RegisterRax), 0x200);
	assert_int_equal(active_vtl(lower, 0), 0);
	assert_int_equal(vtls_of(upper, 0), 3);
	assert_int_equal(vtls_of(lower, 0), 3);
	close_handle(upper);
	close_handle(lower);
}

static void a_control_page_before_any_vtl_has_no_effect__original_refuses(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE first = open_fixture("control-page-first");
	VM_SAVED_STATE_DUMP_HANDLE in_vtl_0 = open_fixture("control-page-in-vtl-0");

	(void)state;
	assert_int_equal(active_vtl(first, 0), 0);
	assert_int_equal(active_vtl(in_vtl_0, 0), 0);
	close_handle(first);
	close_handle(in_vtl_0);
}

static void registers_follow_the_vtl_that_is_forced(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("two-vtl");
	BOOL enabled = FALSE;

	(void)state;
	assert_result(ForceActiveVirtualTrustLevel(handle, 0, 0), S_OK);
	assert_int_equal(active_vtl(handle, 0), 0);
	assert_int_equal(low_half(handle, 0, X64_RegisterRax), 0x100);
	assert_result(IsActiveVirtualTrustLevelEnabled(handle, 0, &enabled), S_OK);
	assert_int_equal(enabled, TRUE);
	assert_result(ForceActiveVirtualTrustLevel(handle, 0, 1), S_OK);
	assert_int_equal(low_half(handle, 0, X64_RegisterRax), 0x200);
	close_handle(handle);
}

static void an_absent_vtl_becomes_active_and_answers_nothing(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("two-vtl");
	VIRTUAL_PROCESSOR_REGISTER value;
	BOOL enabled = TRUE;

	(void)state;
	assert_result(ForceActiveVirtualTrustLevel(handle, 0, 2),
		      VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED);
	assert_int_equal(active_vtl(handle, 0), 2);
	assert_int_equal(vtls_of(handle, 0) & 4, 4);
	assert_result(IsActiveVirtualTrustLevelEnabled(handle, 0, &enabled), S_OK);
	assert_int_equal(enabled, FALSE);
	assert_result(GetRegisterValue(handle, 0, X64_RegisterRax, &value),
		      VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED);
	assert_int_equal(architecture_of(handle, 0), Arch_Unknown);
	assert_int_equal(paging_of(handle, 0), Paging_Invalid);
	assert_result(ForceActiveVirtualTrustLevel(handle, 0, 1), S_OK);
	assert_int_equal(low_half(handle, 0, X64_RegisterRax), 0x200);
	close_handle(handle);
}

static void a_vtl_above_2_is_refused_and_changes_nothing(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("two-vtl");

	(void)state;
	assert_result(ForceActiveVirtualTrustLevel(handle, 0, 3), E_INVALIDARG);
	assert_result(ForceActiveVirtualTrustLevel(handle, 0, 255), E_INVALIDARG);
	assert_int_equal(active_vtl(handle, 0), 1);
	assert_int_equal(vtls_of(handle, 0), 3);
	close_handle(handle);
}

static void a_forced_paging_mode_belongs_to_the_vtl_that_was_active(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("two-vtl");

	(void)state;
	assert_result(ForcePagingMode(handle, 0, Paging_32Bit), S_OK);
	assert_int_equal(paging_of(handle, 0), Paging_32Bit);
	assert_result(ForceActiveVirtualTrustLevel(handle, 0, 0), S_OK);
	assert_int_equal(paging_of(handle, 0), Paging_Long);
	assert_result(ForceActiveVirtualTrustLevel(handle, 0, 1), S_OK);
	assert_int_equal(paging_of(handle, 0), Paging_32Bit);
	close_handle(handle);
}

static void the_extension_reads_any_vtl_without_forcing_it(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("two-vtl");
	static const struct {
		UINT32 vtl;
		uint8_t rax[2];
	} expected[] = { { 0, { 0x00, 0x01 } },
			 { 1, { 0x00, 0x02 } },
			 { VMSAVEDSTATE_ACTIVE_VTL, { 0x00, 0x02 } } };
	uint8_t value[16];

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_result(VmSavedStateGetRegister(handle, 0, expected[i].vtl, X64_RegisterRax,
						      value, NULL),
			      S_OK);
		assert_memory_equal(value, expected[i].rax, 2);
	}
	assert_result(VmSavedStateGetRegister(handle, 0, 2, X64_RegisterRax, value, NULL),
		      VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED);
	assert_int_equal(active_vtl(handle, 0), 1);
	close_handle(handle);
}

/* ---- Nesting --------------------------------------------------------------------------- */

static void expect_nesting(const char *fixture, BOOL partition, BOOL vp)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture(fixture);
	BOOL enabled = -1;

	assert_result(IsNestedVirtualizationEnabled(handle, &enabled), S_OK);
	assert_int_equal(enabled, partition);
	enabled = -1;
	assert_result(GetNestedVirtualizationMode(handle, 0, &enabled), S_OK);
	assert_int_equal(enabled, vp);
	close_handle(handle);
}

static void nesting_is_what_the_chunk_and_its_first_byte_say(void **state)
{
	(void)state;
	expect_nesting("demo", FALSE, FALSE);
	expect_nesting("nested-guest", TRUE, TRUE);
	expect_nesting("api/nested-amd", TRUE, TRUE);
	expect_nesting("api/nested-not-running", TRUE, FALSE);
}

static void host_mode_is_refused_for_a_vp_that_runs_no_nested_guest(void **state)
{
	static const char *const fixtures[] = { "demo", "api/nested-not-running" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture(fixtures[i]);
		BOOL old_mode = 0x55;

		assert_result(ForceNestedHostMode(handle, 0, TRUE, &old_mode), E_INVALIDARG);
		assert_int_equal(old_mode, 0x55);
		assert_result(ForceNestedHostMode(handle, 0, FALSE, &old_mode), S_OK);
		assert_int_equal(old_mode, FALSE);
		close_handle(handle);
	}
}

static VM_SAVED_STATE_DUMP_HANDLE open_in_host_mode(const char *fixture)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture(fixture);
	BOOL old_mode = -1, nested = -1;

	assert_int_equal(low_half(handle, 0, X64_RegisterRax), 0x100);
	assert_result(ForceNestedHostMode(handle, 0, TRUE, &old_mode), S_OK);
	assert_int_equal(old_mode, FALSE);
	assert_result(GetNestedVirtualizationMode(handle, 0, &nested), S_OK);
	assert_int_equal(nested, FALSE);
	return handle;
}

static void close_after_host_mode(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	BOOL old_mode = -1, nested = -1;

	assert_result(ForceNestedHostMode(handle, 0, FALSE, &old_mode), S_OK);
	assert_int_equal(old_mode, TRUE);
	assert_result(GetNestedVirtualizationMode(handle, 0, &nested), S_OK);
	assert_int_equal(nested, TRUE);
	assert_int_equal(low_half(handle, 0, X64_RegisterRax), 0x100);
	close_handle(handle);
}

static void host_mode_on_intel_reads_the_vmcs(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_in_host_mode("nested-guest");

	(void)state;
	assert_int_equal(low_half(handle, 0, X64_RegisterRip), 0xFFFFF80000030000);
	assert_int_equal(low_half(handle, 0, X64_RegisterEfer), 0xD01);
	assert_int_equal(low_half(handle, 0, X64_RegisterCr0), 0x80050033);
	assert_int_equal(low_half(handle, 0, X64_RegisterCr3), 0x2000);
	assert_int_equal(low_half(handle, 0, X64_RegisterCr4), 0x6F8);
	assert_int_equal(low_half(handle, 0, X64_RegisterRax), 0);
	assert_int_equal(low_half(handle, 0, X64_RegisterRcx), 0);
	close_after_host_mode(handle);
}

static void host_mode_on_amd_reads_the_vmcb(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_in_host_mode("api/nested-amd");
	VIRTUAL_PROCESSOR_REGISTER value;

	(void)state;
	assert_int_equal(low_half(handle, 0, X64_RegisterRip), 0xFFFFF80000040000);
	assert_int_equal(low_half(handle, 0, X64_RegisterRsp), 0x6F8);
	assert_int_equal(low_half(handle, 0, X64_RegisterRFlags), 0x202);
	assert_int_equal(low_half(handle, 0, X64_RegisterRax), 0x4242);
	assert_int_equal(low_half(handle, 0, X64_RegisterRcx), 0);
	assert_int_equal(low_half(handle, 0, X64_RegisterEfer), 0xD01);
	assert_int_equal(low_half(handle, 0, X64_RegisterCr3), 0x2000);
	assert_int_equal(low_half(handle, 0, X64_RegisterCr4), 0x6F8);
	assert_int_equal(low_half(handle, 0, X64_RegisterCr8), 5);
	assert_result(GetRegisterValue(handle, 0, X64_RegisterCs, &value), S_OK);
	assert_int_equal(value.X64.Segment.Selector, 0x10);
	assert_result(GetRegisterValue(handle, 0, X64_RegisterIdtr, &value), S_OK);
	assert_int_equal(value.X64.Table.Base, 0xFFFFF80000041000);
	assert_int_equal(value.X64.Table.Limit, 0xFFF);
	assert_result(GetRegisterValue(handle, 0, X64_RegisterGdtr, &value), S_OK);
	assert_int_equal(value.X64.Table.Base, 0xFFFFF80000042000);
	assert_int_equal(value.X64.Table.Limit, 0x57);
	close_after_host_mode(handle);
}

/* ---- ARM64 -------------------------------------------------------------------------------- */

static void the_mmu_bit_and_the_exception_level_tell_the_modes_of_arm64(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables-arm64");
	static const struct {
		PAGING_MODE paging;
		BOOL kernel;
	} expected[] = { { Paging_Armv8, TRUE },
			 { Paging_Armv8, TRUE },
			 { Paging_Armv8, TRUE },
			 { Paging_NonPaged, FALSE },
			 { Paging_Armv8, FALSE } };

	(void)state;
	for (UINT32 vp = 0; vp < 5; vp++) {
		assert_int_equal(architecture_of(handle, vp), Arch_Armv8);
		assert_int_equal(paging_of(handle, vp), expected[vp].paging);
		assert_int_equal(kernel_of(handle, vp), expected[vp].kernel);
	}
	assert_int_equal(low_half(handle, 0, ARM64_RegisterPc), 0x1234);
	assert_int_equal(low_half(handle, 0, ARM64_RegisterCpsr), 5);
	close_handle(handle);
}

static void arm64_has_one_architecture_and_one_paging_mode(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("arm64");

	(void)state;
	assert_result(ForceArchitecture(handle, 0, Arch_x64), E_FAIL);
	assert_result(ForceArchitecture(handle, 0, Arch_Armv8), S_OK);
	assert_result(ForcePagingMode(handle, 0, Paging_Long), E_FAIL);
	assert_result(ForcePagingMode(handle, 0, Paging_Armv8), E_FAIL);
	assert_int_equal(architecture_of(handle, 0), Arch_Armv8);
	assert_int_equal(paging_of(handle, 0), Paging_Armv8);
	close_handle(handle);
}

static void x64_ids_of_an_arm64_vp_read_0_and_158_is_refused__original_gives_garbage(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("arm64");
	VIRTUAL_PROCESSOR_REGISTER value;

	(void)state;
	for (DWORD id = 0; id <= NO_REGISTER_X64; id++)
		assert_int_equal(low_half(handle, 0, id), 0);
	assert_int_equal(low_half(handle, 0, ARM64_RegisterX1), 0x101);
	assert_int_equal(low_half(handle, 0, ARM64_RegisterX28), 0x128);
	assert_int_equal(low_half(handle, 0, ARM64_RegisterQ31), 0xF1);
	assert_int_equal(low_half(handle, 0, ARM64_RegisterFpControl), 0x20);
	assert_result(GetRegisterValue(handle, 0, NO_REGISTER_ARM64, &value), E_INVALIDARG);
	close_handle(handle);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_count_is_that_of_the_bits_whichever_they_are),
		cmocka_unit_test(sparse_indices_load_and_the_id_is_the_rank__original_refuses),
		cmocka_unit_test(a_vp_that_is_never_described_has_no_architecture_and_no_registers),
		cmocka_unit_test(only_long_mode_with_64_bit_code_is_x64),
		cmocka_unit_test(the_paging_mode_follows_LME_and_PAE_and_not_PG),
		cmocka_unit_test(the_kernel_is_where_the_DPL_of_SS_is_0),
		cmocka_unit_test(any_architecture_can_be_forced_and_changes_nothing_else),
		cmocka_unit_test(any_paging_mode_can_be_forced),
		cmocka_unit_test(ids_of_the_other_family_read_0_and_too_large_ones_are_refused),
		cmocka_unit_test(the_extension_refuses_ids_that_name_no_register_of_the_family),
		cmocka_unit_test(segments_and_tables_have_the_layout_of_the_union),
		cmocka_unit_test(a_marker_seen_again_starts_from_zeroed_registers),
		cmocka_unit_test(registers_before_the_first_vtl_marker_belong_to_vtl_0),
		cmocka_unit_test(a_vtl_of_the_guest_counts_once_its_system_has_an_id),
		cmocka_unit_test(vtl_0_is_always_among_those_of_a_vp),
		cmocka_unit_test(the_control_page_tells_the_active_vtl),
		cmocka_unit_test(a_control_page_before_any_vtl_has_no_effect__original_refuses),
		cmocka_unit_test(registers_follow_the_vtl_that_is_forced),
		cmocka_unit_test(an_absent_vtl_becomes_active_and_answers_nothing),
		cmocka_unit_test(a_vtl_above_2_is_refused_and_changes_nothing),
		cmocka_unit_test(a_forced_paging_mode_belongs_to_the_vtl_that_was_active),
		cmocka_unit_test(the_extension_reads_any_vtl_without_forcing_it),
		cmocka_unit_test(nesting_is_what_the_chunk_and_its_first_byte_say),
		cmocka_unit_test(host_mode_is_refused_for_a_vp_that_runs_no_nested_guest),
		cmocka_unit_test(host_mode_on_intel_reads_the_vmcs),
		cmocka_unit_test(host_mode_on_amd_reads_the_vmcb),
		cmocka_unit_test(the_mmu_bit_and_the_exception_level_tell_the_modes_of_arm64),
		cmocka_unit_test(arm64_has_one_architecture_and_one_paging_mode),
		cmocka_unit_test(x64_ids_of_an_arm64_vp_read_0_and_158_is_refused__original_gives_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
