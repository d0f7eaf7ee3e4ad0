/* SPDX-License-Identifier: MIT */
/*
 * What only the earlier ABI has: the register structure with its ids for each
 * architecture, and translation with four arguments and an HRESULT for each
 * level.  Outputs of a failed call are not touched.
 */
#include "support/saved_states.h"
#include "test_shim.h"

#include <string.h>

enum { UNTOUCHED = 0x5A };

/* ---- Registers --------------------------------------------------------------------- */

static VIRTUAL_PROCESSOR_REGISTER asked(UINT32 architecture, DWORD id)
{
	VIRTUAL_PROCESSOR_REGISTER reg;

	memset(&reg, UNTOUCHED, sizeof(reg));
	reg.Architecture = (VIRTUAL_PROCESSOR_ARCH)architecture;
	reg.RegisterId = id;
	return reg;
}

static UINT64 value_of(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 architecture, DWORD id)
{
	VIRTUAL_PROCESSOR_REGISTER reg = asked(architecture, id);

	assert_result(GetRegisterValue(handle, 0, &reg), S_OK);
	return reg.RegisterValue;
}

static void expect_no_value(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp, UINT32 architecture,
			    DWORD id, HRESULT expected)
{
	VIRTUAL_PROCESSOR_REGISTER reg = asked(architecture, id);
	VIRTUAL_PROCESSOR_REGISTER before = reg;

	assert_result(GetRegisterValue(handle, vp, &reg), expected);
	assert_memory_equal(&reg, &before, sizeof(reg));
}

static void the_register_structure_has_24_bytes(void **state)
{
	(void)state;
	assert_int_equal(sizeof(VIRTUAL_PROCESSOR_REGISTER), 24);
	assert_int_equal(offsetof(VIRTUAL_PROCESSOR_REGISTER, RegisterValue), 8);
	assert_int_equal(offsetof(VIRTUAL_PROCESSOR_REGISTER, RegisterId), 16);
}

/* The numbers are those of the SDK, so that the header is checked as well. */
static void x64_ids_read_their_registers(void **state)
{
	static const struct {
		DWORD id;
		UINT64 value;
	} rows[] = {
		{ 0, 0x1111111111111111 },
		{ 1, 2 },
		{ 2, 3 },
		{ 3, 4 },
		{ 4, 0xFFFFF8000000F000 },
		{ 15, 0x15 },
		{ 16, 0xFFFFF80000010000 },
		{ 17, 0x246 },
		{ 18, 0x0706050403020100 },
		{ 19, 0x0F0E0D0C0B0A0908 },
		{ 48, 0xF0 },
		{ 49, 0 },
		{ 50, 0 },
		{ 51, 0x2FFFF00001F80 },
		{ 52, 0x27F },
		{ 54, 0x80050033 },
		{ 55, 0x7FF612340000 },
		{ 56, 0x1000 },
		{ 57, 0x6F8 },
		{ 59, 0xD01 },
		{ 64, 0xFFFF0FF0 },
		{ 65, 0x400 },
		{ 66, 0xFFFFF80000012000 },
		{ 67, 0 },
		{ 68, 0x10 },
		{ 69, 0x2B },
		{ 70, 0x2B },
		{ 71, 0x53 },
		{ 72, 0x2B },
		{ 73, 0x18 },
		{ 74, 0x40 },
		{ 76, 0xFFFFF80000014000 },
		{ 77, 0xFFF },
		{ 78, 0xFFFFF80000015000 },
		{ 79, 0x57 },
	};
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(value_of(handle, Arch_x64, rows[i].id), rows[i].value);
	close_handle(handle);
}

static void ldtr_is_its_own_selector__original_answers_that_of_tr(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");

	(void)state;
	assert_int_equal(value_of(handle, Arch_x64, 74), 0x40);
	assert_int_equal(value_of(handle, Arch_x64, 75), 0);
	close_handle(handle);
}

/* Processor 1 of the grid has LME without CS.L: 32-bit code. */
static void x86_ids_read_64_bits_too(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/mode-grid");
	VIRTUAL_PROCESSOR_REGISTER cr0 = asked(Arch_x86, 46), cs = asked(Arch_x86, 60);
	VIRTUAL_PROCESSOR_REGISTER efer = asked(Arch_x86, 51);

	(void)state;
	assert_result(GetRegisterValue(handle, 9, &cr0), S_OK);
	assert_int_equal(cr0.RegisterValue, 0x80000011);
	assert_result(GetRegisterValue(handle, 9, &cs), S_OK);
	assert_int_equal(cs.RegisterValue, 0x33);
	assert_result(GetRegisterValue(handle, 9, &efer), S_OK);
	assert_int_equal(efer.RegisterValue, 0x500);
	close_handle(handle);
}

static void ids_and_architectures_that_do_not_fit_are_refused(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");
	VM_SAVED_STATE_DUMP_HANDLE x86 = open_fixture("api/mode-grid");

	(void)state;
	expect_no_value(handle, 0, Arch_x64, 80, E_INVALIDARG);
	expect_no_value(handle, 0, Arch_x64, 0xFFFFFFFF, E_INVALIDARG);
	expect_no_value(handle, 0, Arch_x86, 0, E_INVALIDARG);
	expect_no_value(handle, 0, 0, 0, E_INVALIDARG);
	expect_no_value(handle, 0, 3, 0, E_INVALIDARG);
	expect_no_value(handle, 0, 0xFFFFFFFF, 0, E_INVALIDARG);
	expect_no_value(handle, 1, Arch_x64, 0, E_INVALIDARG);
	expect_no_value(x86, 0, Arch_x86, 72, E_INVALIDARG);
	expect_no_value(x86, 0, Arch_x64, 0, E_INVALIDARG);
	assert_result(GetRegisterValue(handle, 0, NULL), E_INVALIDARG);
	close_handle(handle);
	close_handle(x86);
}

static void a_forced_architecture_is_the_one_that_must_be_asked_for(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");

	(void)state;
	assert_result(ForceArchitecture(handle, 0, Arch_x86), S_OK);
	expect_no_value(handle, 0, Arch_x64, 0, E_INVALIDARG);
	assert_int_equal(value_of(handle, Arch_x86, 8), 0xFFFFF80000010000);
	assert_result(ForceArchitecture(handle, 0, Arch_x64), S_OK);
	assert_int_equal(value_of(handle, Arch_x64, 16), 0xFFFFF80000010000);
	close_handle(handle);
}

static void registers_of_an_absent_vtl_and_an_undescribed_vp_are_not_there(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("two-vtl");
	VM_SAVED_STATE_DUMP_HANDLE undescribed = open_fixture("vp-never-described");

	(void)state;
	assert_int_equal(value_of(handle, Arch_x64, 0), 0x200);
	assert_result(ForceActiveVirtualTrustLevel(handle, 0, 2),
		      VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED);
	expect_no_value(handle, 0, Arch_x64, 0, VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED);
	expect_no_value(undescribed, 1, Arch_x64, 0, VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED);
	close_handle(handle);
	close_handle(undescribed);
}

static void arm64_has_no_ids_and_is_read_through_the_extension(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("arm64");
	VIRTUAL_PROCESSOR_ARCH architecture = Arch_Unkown;
	uint8_t value[16];

	(void)state;
	assert_result(GetArchitecture(handle, 0, &architecture), S_OK);
	assert_int_equal(architecture, Arch_Armv8);
	expect_no_value(handle, 0, Arch_Armv8, 0, E_INVALIDARG);
	assert_string_equal(VmSavedStateGetRegisterName(68), "x1");
	assert_result(VmSavedStateGetRegister(handle, 0, 0, 68, value, NULL), S_OK);
	assert_int_equal(value[0] | value[1] << 8, 0x101);
	close_handle(handle);
}

/* ---- Translation ----------------------------------------------------------------------- */

#define NO_PXE VM_SAVED_STATE_DUMP_E_PXE_NOT_PRESENT
#define NO_PDPTE VM_SAVED_STATE_DUMP_E_PDPTE_NOT_PRESENT
#define NO_PDE VM_SAVED_STATE_DUMP_E_PDE_NOT_PRESENT
#define NO_PTE VM_SAVED_STATE_DUMP_E_PTE_NOT_PRESENT

static void each_level_has_its_own_result(void **state)
{
	static const struct {
		const char *fact;
		UINT32 vp;
		UINT64 address;
		HRESULT result;
		UINT64 physical;
	} rows[] = {
		{ "a page", 0, 0x123, S_OK, 0x5123 },
		{ "a page of 2 MiB", 0, 0x205123, S_OK, 0x205123 },
		{ "a page of 1 GiB (original: wrong)", 0, 0x80205123, S_OK, 0x40205123 },
		{ "no PTE", 0, 0x2000, NO_PTE, 0 },
		{ "no PDE", 0, 0x400000, NO_PDE, 0 },
		{ "no PDPTE", 0, 0x40000000, NO_PDPTE, 0 },
		{ "no PML4E", 0, 0x8000000000, NO_PXE, 0 },
		{ "page table outside the memory", 0, 0x600000, NO_PTE, 0 },
		{ "page directory outside (original: stale entry)", 0, 0xC0000000, NO_PDE, 0 },
		{ "PDPT outside (original: stale entry)", 0, 0x10000000000, NO_PDPTE, 0 },
		{ "PAE, a page of 2 MiB", 1, 0x205123, S_OK, 0x205123 },
		{ "PAE, no PTE", 1, 0x1000, NO_PTE, 0 },
		{ "PAE, no PDE", 1, 0x400000, NO_PDE, 0 },
		{ "PAE, no PDPTE", 1, 0x40000000, NO_PDPTE, 0 },
		{ "32-bit, 4 MiB above 4 GiB", 2, 0x523456, S_OK, 0x100523456 },
		{ "32-bit, no PTE", 2, 0x1000, NO_PTE, 0 },
		{ "32-bit, no PDE", 2, 0x800000, NO_PDE, 0 },
		{ "five levels (original: four are walked)", 4, 0x123, S_OK, 0x5123 },
		{ "long mode without PAE", 5, 0x123, E_NOTIMPL, 0 },
		{ "paging off", 6, 0x123, S_OK, 0x5123 },
		{ "no such VP", 7, 0x123, E_INVALIDARG, 0 },
	};
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		GUEST_PHYSICAL_ADDRESS physical = UNTOUCHED;
		HRESULT result = GuestVirtualAddressToPhysicalAddress(handle, rows[i].vp,
								      rows[i].address, &physical);

		if (result != rows[i].result ||
		    physical != (SUCCEEDED(result) ? rows[i].physical : UNTOUCHED))
			fail_msg("%s: 0x%08x and 0x%llx", rows[i].fact, (unsigned int)result,
				 (unsigned long long)physical);
	}
	assert_result(GuestVirtualAddressToPhysicalAddress(handle, 0, 0x123, NULL), E_INVALIDARG);
	close_handle(handle);
}

static BOOL CALLBACK see_no_image(PVOID context, PDOS_IMAGE_INFO image)
{
	(void)context;
	fail_msg("an image at 0x%llx", (unsigned long long)image->ImageBaseAddress);
	return TRUE;
}

static void forced_modes_without_tables_are_not_implemented(void **state)
{
	/* 5 is ARMv8, whose registers the VP lacks; the original answers as for the others. */
	static const UINT32 modes[] = { 0, 1, 5, 6, 7 };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");
	char bytes[4] = "abc";

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		GUEST_PHYSICAL_ADDRESS physical = UNTOUCHED;

		assert_result(ForcePagingMode(handle, 0, (PAGING_MODE)modes[i]), S_OK);
		assert_result(GuestVirtualAddressToPhysicalAddress(handle, 0, 0x123, &physical),
			      E_NOTIMPL);
		assert_int_equal(physical, UNTOUCHED);
		assert_result(ApplyGuestMemoryFix(handle, 0, 0x123, bytes, 4), E_NOTIMPL);
		assert_result(VmSavedStateReadVirtual(handle, 0, NULL, 0x123, bytes, 4, NULL),
			      E_NOTIMPL);
		assert_result(ScanMemoryForDosImages(handle, 0, 0x123, 0x123, NULL, see_no_image,
						     NULL, 0), E_NOTIMPL);
	}
	close_handle(handle);
}

static void a_fix_of_an_unmapped_address_fails_by_level(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");
	char bytes[4] = "abc";

	(void)state;
	assert_result(ApplyGuestMemoryFix(handle, 0, 0x2000, bytes, 4), NO_PTE);
	assert_result(ApplyGuestMemoryFix(handle, 0, 0x400000, bytes, 4), NO_PDE);
	assert_result(ApplyGuestMemoryFix(handle, 0, 0x40000000, bytes, 4), NO_PDPTE);
	assert_result(ApplyGuestMemoryFix(handle, 0, 0x8000000000, bytes, 4), NO_PXE);
	close_handle(handle);
}

static void the_extension_answers_as_in_the_current_abi(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");
	VMSAVEDSTATE_TRANSLATION found = { .StructSize = sizeof(found) };

	(void)state;
	assert_result(VmSavedStateTranslate(handle, 0, NULL, 0x400000, &found),
		      VMSAVEDSTATE_E_VA_NOT_MAPPED);
	assert_int_equal(found.UnmappedSize, 0x200000);
	assert_int_equal(found.FailingLevel, 2);
	close_handle(handle);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_register_structure_has_24_bytes),
		cmocka_unit_test(x64_ids_read_their_registers),
		cmocka_unit_test(ldtr_is_its_own_selector__original_answers_that_of_tr),
		cmocka_unit_test(x86_ids_read_64_bits_too),
		cmocka_unit_test(ids_and_architectures_that_do_not_fit_are_refused),
		cmocka_unit_test(a_forced_architecture_is_the_one_that_must_be_asked_for),
		cmocka_unit_test(registers_of_an_absent_vtl_and_an_undescribed_vp_are_not_there),
		cmocka_unit_test(arm64_has_no_ids_and_is_read_through_the_extension),
		cmocka_unit_test(each_level_has_its_own_result),
		cmocka_unit_test(forced_modes_without_tables_are_not_implemented),
		cmocka_unit_test(a_fix_of_an_unmapped_address_fails_by_level),
		cmocka_unit_test(the_extension_answers_as_in_the_current_abi),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
