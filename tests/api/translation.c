/* SPDX-License-Identifier: MIT */
/*
 * Address translation: a row for each fact that was measured on the original.
 * Where it is wrong, ours is right, and the row says so.
 */
#include "support/saved_states.h"
#include "test_shim.h"

#include <string.h>

#define NOT_MAPPED VMSAVEDSTATE_E_VA_NOT_MAPPED

/* The processors of guests/page-tables.txt and guests/page-tables-arm64.txt. */
enum { LONG4, PAE, PSE, NO_PSE, LONG5, LME_WITHOUT_PAE, PAGING_OFF };
enum { ARM64_48_BITS, ARM64_TAGS, ARM64_NO_TCR, ARM64_MMU_OFF, ARM64_39_BITS };

static const uint64_t KIB_4 = 0x1000, MIB_2 = 0x200000, GIB_1 = 0x40000000, GIB_512 = 0x8000000000,
		      TIB_256 = 0x1000000000000;

struct row {
	const char *fact;
	UINT32 vp;
	uint64_t address;
	HRESULT result;
	uint64_t physical; /* 0 unless mapped */
	uint64_t unmapped; /* 0 when mapped */
};

static unsigned int check_row(VM_SAVED_STATE_DUMP_HANDLE handle, const struct row *row)
{
	GUEST_PHYSICAL_ADDRESS physical = 0xCC;
	GUEST_VIRTUAL_ADDRESS unmapped = 0xCC;
	HRESULT result = GuestVirtualAddressToPhysicalAddress(handle, row->vp, row->address,
							      &physical, &unmapped);
	VMSAVEDSTATE_TRANSLATION whole = { .StructSize = sizeof(whole) };
	HRESULT whole_result = VmSavedStateTranslate(handle, row->vp, NULL, row->address, &whole);

	if (result == row->result && physical == row->physical && unmapped == row->unmapped &&
	    whole_result == result && whole.PhysicalAddress == physical &&
	    whole.UnmappedSize == unmapped)
		return 0;
	print_error("%s: 0x%llx is 0x%08x, 0x%llx, 0x%llx (and 0x%08x, 0x%llx, 0x%llx); "
		    "expected 0x%08x, 0x%llx, 0x%llx\n",
		    row->fact, (unsigned long long)row->address, (unsigned int)result,
		    (unsigned long long)physical, (unsigned long long)unmapped,
		    (unsigned int)whole_result, (unsigned long long)whole.PhysicalAddress,
		    (unsigned long long)whole.UnmappedSize, (unsigned int)row->result,
		    (unsigned long long)row->physical, (unsigned long long)row->unmapped);
	return 1;
}

static void check_rows(const char *fixture, const struct row *rows, size_t count)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture(fixture);
	unsigned int wrong = 0;

	for (size_t i = 0; i < count; i++)
		wrong += check_row(handle, &rows[i]);
	close_handle(handle);
	assert_int_equal(wrong, 0);
}

#define CHECK_ROWS(fixture, rows) check_rows(fixture, rows, sizeof(rows) / sizeof((rows)[0]))

static void four_levels(void **state)
{
	const struct row rows[] = {
		{ "a page; bits 52 to 63 and 0 to 11 of CR3 mean nothing", LONG4, 0x123, S_OK,
		  0x5123, 0 },
		{ "NX, PAT and ignored bits mean nothing", LONG4, 0x1123, S_OK, 0x6123, 0 },
		{ "a PTE that is not present, whatever else it holds", LONG4, 0x2000, NOT_MAPPED, 0,
		  KIB_4 },
		{ "a page beyond the memory has an address", LONG4, 0x3123, S_OK, 0x7FFFFF123, 0 },
		{ "a page of 2 MiB", LONG4, 0x205123, S_OK, 0x205123, 0 },
		{ "a PDE that is not present", LONG4, 0x400000, NOT_MAPPED, 0, MIB_2 },
		{ "a page table outside the memory", LONG4, 0x600000, NOT_MAPPED, 0, KIB_4 },
		{ "PAT, NX and ignored bits of a page of 2 MiB", LONG4, 0x805123, S_OK, 0x205123,
		  0 },
		{ "a PDPTE that is not present", LONG4, 0x40000000, NOT_MAPPED, 0, GIB_1 },
		{ "a page of 1 GiB, whose low address bits are dropped (19041: wrong)", LONG4,
		  0x80205123, S_OK, 0x40205123, 0 },
		{ "a page directory outside the memory (19041: reads a stale entry)", LONG4,
		  0xC0000000, NOT_MAPPED, 0, MIB_2 },
		{ "a PML4E that is not present", LONG4, 0x8000000000, NOT_MAPPED, 0, GIB_512 },
		{ "a PDPT outside the memory (19041: reads a stale entry)", LONG4, 0x10000000000,
		  NOT_MAPPED, 0, GIB_1 },
		{ "the large-page bit of a PML4E means nothing", LONG4, 0x18000000123, S_OK, 0x5123,
		  0 },
		{ "a table that maps itself", LONG4, 0xFFFFFFFFFFFFF123, S_OK, 0x1123, 0 },
		{ "CR0.PG is not asked", PAGING_OFF, 0x123, S_OK, 0x5123, 0 },
	};

	(void)state;
	CHECK_ROWS("api/page-tables", rows);
}

static void other_forms(void **state)
{
	const struct row rows[] = {
		{ "PAE: bits 5 to 31 of CR3 are the table", PAE, 0x123, S_OK, 0x5123, 0 },
		{ "PAE: a PTE that is not present", PAE, 0x1000, NOT_MAPPED, 0, KIB_4 },
		{ "PAE: a page of 2 MiB (22621: base doubled)", PAE, 0x205123, S_OK, 0x205123, 0 },
		{ "PAE: a PDE that is not present", PAE, 0x400000, NOT_MAPPED, 0, MIB_2 },
		{ "PAE: a PDPTE that is not present", PAE, 0x40000000, NOT_MAPPED, 0, GIB_1 },
		{ "32-bit: a page", PSE, 0x123, S_OK, 0x5123, 0 },
		{ "32-bit: a PTE that is not present", PSE, 0x1000, NOT_MAPPED, 0, KIB_4 },
		{ "32-bit: 4 MiB, bits 13 to 20 above bit 31", PSE, 0x523456, S_OK, 0x100523456,
		  0 },
		{ "32-bit: a PDE that is not present answers 2 MiB", PSE, 0x800000, NOT_MAPPED, 0,
		  MIB_2 },
		{ "32-bit without PSE: the bit means nothing", NO_PSE, 0x523456, NOT_MAPPED, 0,
		  KIB_4 },
		{ "32-bit without PSE: a page", NO_PSE, 0x123, S_OK, 0x5123, 0 },
		{ "five levels (original: four are walked)", LONG5, 0x123, S_OK, 0x5123, 0 },
		{ "five levels: a PML5E that is not present", LONG5, 0x1000000000000, NOT_MAPPED, 0,
		  TIB_256 },
		{ "long mode without PAE is no paging mode", LME_WITHOUT_PAE, 0x123, E_NOTIMPL, 0,
		  0 },
	};

	(void)state;
	CHECK_ROWS("api/page-tables", rows);
}

static void arm64(void **state)
{
	const struct row rows[] = {
		{ "a page; ASID and CnP are masked", ARM64_48_BITS, 0x123, S_OK, 0x5123, 0 },
		{ "attributes of a page mean nothing", ARM64_48_BITS, 0x2123, S_OK, 0x6123, 0 },
		{ "a page that is not valid", ARM64_48_BITS, 0x1000, NOT_MAPPED, 0, KIB_4 },
		{ "a block of 2 MiB", ARM64_48_BITS, 0x205123, S_OK, 0x205123, 0 },
		{ "level 2 not valid", ARM64_48_BITS, 0x400000, NOT_MAPPED, 0, MIB_2 },
		{ "a block of 1 GiB", ARM64_48_BITS, 0x40205123, S_OK, 0x40205123, 0 },
		{ "level 1 not valid", ARM64_48_BITS, 0x80000000, NOT_MAPPED, 0, GIB_1 },
		{ "level 0 not valid", ARM64_48_BITS, 0x8000000000, NOT_MAPPED, 0, GIB_512 },
		{ "the upper half goes through TTBR1", ARM64_48_BITS, 0xFFFF000000000123, S_OK,
		  0x5123, 0 },
		{ "between the halves", ARM64_48_BITS, 0x0001000000000123, NOT_MAPPED, 0, GIB_512 },
		{ "a tag without TBI", ARM64_48_BITS, 0xAB00000000000123, NOT_MAPPED, 0, GIB_512 },
		{ "a tag with TBI", ARM64_TAGS, 0xAB00000000000123, S_OK, 0x5123, 0 },
		{ "a tag with TBI in the upper half", ARM64_TAGS, 0xABFF000000000123, S_OK, 0x5123,
		  0 },
		{ "TCR_EL1 of 0", ARM64_NO_TCR, 0x123, VMSAVEDSTATE_E_INVALID_VP_STATE, 0, 0 },
		{ "the MMU off", ARM64_MMU_OFF, 0x123, E_NOTIMPL, 0, 0 },
		{ "39 bits", ARM64_39_BITS, 0x205123, S_OK, 0x205123, 0 },
		{ "39 bits, upper half", ARM64_39_BITS, 0xFFFFFF8000000123, S_OK, 0x5123, 0 },
		{ "39 bits: level 1 not valid", ARM64_39_BITS, 0x80000000, NOT_MAPPED, 0, GIB_1 },
	};

	(void)state;
	CHECK_ROWS("api/page-tables-arm64", rows);
}

static void a_non_canonical_address_is_not_mapped__original_cuts_it(void **state)
{
	static const uint64_t addresses[] = { 0x0000800000000123, 0xFFFF7FFFFFFFFFFF,
					      0x0001000000000123, 0x8000000000000123 };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		VMSAVEDSTATE_TRANSLATION whole = { .StructSize = sizeof(whole) };
		GUEST_PHYSICAL_ADDRESS physical = 0xCC;
		GUEST_VIRTUAL_ADDRESS unmapped = 0xCC;

		assert_result(GuestVirtualAddressToPhysicalAddress(handle, LONG4, addresses[i],
								   &physical, &unmapped),
			      NOT_MAPPED);
		assert_int_equal(physical, 0);
		assert_true(unmapped >= KIB_4);
		assert_result(VmSavedStateTranslate(handle, LONG4, NULL, addresses[i], &whole),
			      NOT_MAPPED);
		assert_int_equal(whole.Reason, VMSAVEDSTATE_WALK_OUT_OF_RANGE);
	}
	close_handle(handle);
}

static void forced_modes_without_tables_are_not_implemented(void **state)
{
	static const UINT32 modes[] = { 0, 1, 6, 7, 0xFFFFFFFF };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		const struct row row = { "a forced mode", LONG4, 0x123, E_NOTIMPL, 0, 0 };

		assert_result(ForcePagingMode(handle, LONG4, (PAGING_MODE)modes[i]), S_OK);
		assert_int_equal(check_row(handle, &row), 0);
	}
	close_handle(handle);
}

static void forced_modes_walk_their_own_tables(void **state)
{
	const struct row armv8 = {
		"ARMv8 on x64", LONG4, 0x123, VMSAVEDSTATE_E_INVALID_VP_STATE, 0, 0
	};
	const struct row two_levels = { "32-bit forced", PAE, 0x123, NOT_MAPPED, 0, MIB_2 };
	const struct row pae = { "PAE forced", PAE, 0x123, S_OK, 0x5123, 0 };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");

	(void)state;
	assert_result(ForcePagingMode(handle, LONG4, Paging_Armv8), S_OK);
	assert_int_equal(check_row(handle, &armv8), 0);
	assert_result(ForcePagingMode(handle, PAE, Paging_32Bit), S_OK);
	assert_int_equal(check_row(handle, &two_levels), 0);
	assert_result(ForcePagingMode(handle, PAE, Paging_Pae), S_OK);
	assert_int_equal(check_row(handle, &pae), 0);
	close_handle(handle);
}

static void a_forced_architecture_does_not_change_the_walk(void **state)
{
	const struct row row = { "architecture 0", LONG4, 0x123, S_OK, 0x5123, 0 };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");

	(void)state;
	assert_result(ForceArchitecture(handle, LONG4, Arch_Unknown), S_OK);
	assert_int_equal(check_row(handle, &row), 0);
	assert_result(ForceArchitecture(handle, LONG4, Arch_x86), S_OK);
	assert_int_equal(check_row(handle, &row), 0);
	close_handle(handle);
}

/* ---- The extension ------------------------------------------------------------------ */

static VMSAVEDSTATE_TRANSLATION translate(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp,
					  uint64_t address, UINT32 flags, uint64_t root,
					  HRESULT expected)
{
	VMSAVEDSTATE_TRANSLATE_OPTIONS options = { .StructSize = sizeof(options),
						   .Flags = flags,
						   .Root = root };
	VMSAVEDSTATE_TRANSLATION result = { .StructSize = sizeof(result) };

	assert_result(VmSavedStateTranslate(handle, vp, &options, address, &result), expected);
	return result;
}

static void the_walk_is_told_level_by_level(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");
	VMSAVEDSTATE_TRANSLATION found = translate(handle, LONG4, 0x1123, 0, 0, S_OK);
	static const uint64_t entries[] = { 0x1000, 0x2000, 0x3000, 0x4008 };

	(void)state;
	assert_int_equal(found.PagingForm, VMSAVEDSTATE_PAGING_LONG4);
	assert_int_equal(found.PageSize, 4096);
	assert_int_equal(found.LevelCount, 4);
	for (UINT32 i = 0; i < 4; i++) {
		assert_int_equal(found.Levels[i].Level, 4 - i);
		assert_int_equal(found.Levels[i].EntryAddress, entries[i]);
		assert_non_null(found.Levels[i].Name);
	}
	assert_int_equal(found.Levels[3].Index, 1);
	assert_int_equal(found.Levels[3].Entry, 0xFFF00000000060E3);
	assert_int_equal(translate(handle, LONG4, 0x80205123, 0, 0, S_OK).PageSize, GIB_1);
	assert_int_equal(translate(handle, LONG4, 0x205123, 0, 0, S_OK).PageSize, MIB_2);
	assert_int_equal(translate(handle, PSE, 0x523456, 0, 0, S_OK).PageSize, 2 * MIB_2);
	assert_int_equal(translate(handle, LONG5, 0x123, 0, 0, S_OK).LevelCount, 5);
	close_handle(handle);
}

static void a_failing_level_and_the_reason_are_told(void **state)
{
	static const struct {
		uint64_t address;
		VMSAVEDSTATE_WALK_REASON reason;
		UINT32 level;
	} rows[] = {
		{ 0x2000, VMSAVEDSTATE_WALK_NOT_PRESENT, 1 },
		{ 0x400000, VMSAVEDSTATE_WALK_NOT_PRESENT, 2 },
		{ 0x40000000, VMSAVEDSTATE_WALK_NOT_PRESENT, 3 },
		{ 0x8000000000, VMSAVEDSTATE_WALK_NOT_PRESENT, 4 },
		{ 0x600000, VMSAVEDSTATE_WALK_TABLE_NOT_SAVED, 1 },
		{ 0xC0000000, VMSAVEDSTATE_WALK_TABLE_NOT_SAVED, 2 },
		{ 0x10000000000, VMSAVEDSTATE_WALK_TABLE_NOT_SAVED, 3 },
	};
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		VMSAVEDSTATE_TRANSLATION found =
			translate(handle, LONG4, rows[i].address, 0, 0, NOT_MAPPED);

		assert_int_equal(found.Reason, rows[i].reason);
		assert_int_equal(found.FailingLevel, rows[i].level);
		assert_int_equal(found.PageSize, 0);
		assert_int_equal(found.Access, 0);
	}
	close_handle(handle);
}

static void architecturally_paging_off_is_identity_and_a_root_may_be_given(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");
	VMSAVEDSTATE_TRANSLATION found = translate(handle, PAGING_OFF, 0x1234567,
						   VMSAVEDSTATE_TRANSLATE_ARCHITECTURAL, 0, S_OK);

	(void)state;
	assert_int_equal(found.PagingForm, VMSAVEDSTATE_PAGING_IDENTITY);
	assert_int_equal(found.PhysicalAddress, 0x1234567);
	assert_result(ForcePagingMode(handle, LONG4, Paging_32Bit), S_OK);
	found = translate(handle, LONG4, 0x1123, VMSAVEDSTATE_TRANSLATE_ARCHITECTURAL, 0, S_OK);
	assert_int_equal(found.PhysicalAddress, 0x6123);
	found = translate(handle, PSE, 0x123, VMSAVEDSTATE_TRANSLATE_ROOT, 0xB000, NOT_MAPPED);
	assert_int_equal(found.Reason, VMSAVEDSTATE_WALK_NOT_PRESENT);
	assert_int_equal(found.Levels[0].TableAddress, 0xB000);
	assert_int_equal(found.Levels[1].TableAddress, 0x5000);
	close_handle(handle);
}

static void unknown_options_are_refused(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");
	VMSAVEDSTATE_TRANSLATE_OPTIONS options = { .StructSize = sizeof(options), .Flags = 0x80 };
	VMSAVEDSTATE_TRANSLATION result = { .StructSize = sizeof(result) };

	(void)state;
	assert_result(VmSavedStateTranslate(handle, 0, &options, 0, &result), E_INVALIDARG);
	options.Flags = 0;
	options.StructSize = 4;
	assert_result(VmSavedStateTranslate(handle, 0, &options, 0, &result), E_INVALIDARG);
	options.StructSize = sizeof(options);
	result.StructSize = 8;
	assert_result(VmSavedStateTranslate(handle, 0, &options, 0, &result), E_INVALIDARG);
	close_handle(handle);
}

static void a_virtual_read_ends_at_the_first_page_that_is_not_there(void **state)
{
	static const struct {
		uint64_t address;
		UINT32 size, expected;
	} reads[] = {
		{ 0x0, 4096, 4096 },	 { 0x1FF0, 32, 16 },
		{ 0x2000, 16, 0 },	 { 0x3000, 16, 0 },
		{ 0x0, 0x3000, 0x2000 }, { 0x1FF, 0, 0 },
		{ 0x3FFFF0, 64, 16 },	 { 0xFFFFFFFFFFFFFFF0, 64, 16 },
	};
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");
	uint8_t buffer[0x3000];

	(void)state;
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		UINT32 count = 0xCC;

		memset(buffer, 0xCC, sizeof(buffer));
		assert_result(VmSavedStateReadVirtual(handle, LONG4, NULL, reads[i].address, buffer,
						      reads[i].size, &count),
			      S_OK);
		assert_int_equal(count, reads[i].expected);
		for (UINT32 j = count; j < reads[i].size; j++)
			assert_int_equal(buffer[j], 0xCC);
	}
	close_handle(handle);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_levels),
		cmocka_unit_test(other_forms),
		cmocka_unit_test(arm64),
		cmocka_unit_test(a_non_canonical_address_is_not_mapped__original_cuts_it),
		cmocka_unit_test(forced_modes_without_tables_are_not_implemented),
		cmocka_unit_test(forced_modes_walk_their_own_tables),
		cmocka_unit_test(a_forced_architecture_does_not_change_the_walk),
		cmocka_unit_test(the_walk_is_told_level_by_level),
		cmocka_unit_test(a_failing_level_and_the_reason_are_told),
		cmocka_unit_test(architecturally_paging_off_is_identity_and_a_root_may_be_given),
		cmocka_unit_test(unknown_options_are_refused),
		cmocka_unit_test(a_virtual_read_ends_at_the_first_page_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
