/* SPDX-License-Identifier: MIT */
/*
 * ApplyGuestMemoryFix over guests/page-tables.txt.  Where ours differs from the
 * original on purpose, the test says so.
 */
#include "support/saved_states.h"
#include "test_shim.h"

#include <stdlib.h>
#include <string.h>

/*
 * Virtual page 0 is physical page 5, page 1 is 6, page 2 is not mapped; pages 4 and
 * 5 are 14 and 13, and 2 MiB at 2 MiB are physical memory of the same address.
 * All of it is zero.
 */
enum { PAGE = 4096, LONG4 = 0, LARGE = 0x200000 };

static void fix(VM_SAVED_STATE_DUMP_HANDLE handle, uint64_t address, const char *bytes, UINT32 size)
{
	char copy[2 * PAGE];

	memset(copy, 0, sizeof(copy));
	memcpy(copy, bytes, strlen(bytes) < size ? strlen(bytes) : size);
	assert_result(ApplyGuestMemoryFix(handle, LONG4, address, copy, size), S_OK);
	memset(copy, 0xEE, sizeof(copy)); /* the library has its own copy */
}

static void expect_physical(VM_SAVED_STATE_DUMP_HANDLE handle, uint64_t address,
			    const char *expected, UINT32 size)
{
	char found[64];
	UINT32 count = 0;

	memset(found, 0xCC, sizeof(found));
	assert_result(ReadGuestPhysicalAddress(handle, address, found, size, &count), S_OK);
	assert_int_equal(count, size);
	assert_memory_equal(found, expected, size);
}

static void physical_and_virtual_reads_see_a_fix(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");
	char found[8];
	UINT32 count = 0;

	(void)state;
	fix(handle, 0x10, "patched!", 8);
	expect_physical(handle, 0x5010, "patched!", 8);
	assert_result(VmSavedStateReadVirtual(handle, LONG4, NULL, 0x10, found, 8, &count), S_OK);
	assert_int_equal(count, 8);
	assert_memory_equal(found, "patched!", 8);
	close_handle(handle);
}

static void reads_that_meet_a_part_of_a_fix_see_that_part(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");

	(void)state;
	fix(handle, 0x10, "abcd", 4);
	expect_physical(handle, 0x500E, "\0\0ab", 4);
	expect_physical(handle, 0x5012, "cd\0\0", 4);
	expect_physical(handle, 0x5011, "b", 1);
	expect_physical(handle, 0x500E, "\0\0abcd\0\0", 8);
	expect_physical(handle, 0x5014, "\0\0", 2);
	close_handle(handle);
}

static void a_later_fix_covers_an_earlier_one_byte_by_byte(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");

	(void)state;
	fix(handle, 0x10, "abcdefgh", 8);
	fix(handle, 0x12, "XY", 2);
	fix(handle, 0x16, "1234", 4);
	expect_physical(handle, 0x5010, "abXYef1234", 10);
	fix(handle, 0x10, "ab", 2);
	expect_physical(handle, 0x5010, "abXYef1234", 10);
	close_handle(handle);
}

static void raw_reads_and_the_walk_see_the_saved_bytes(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");
	GUEST_PHYSICAL_ADDRESS physical = 0;
	char found[4];
	UINT32 count = 0;

	(void)state;
	fix(handle, 0x10, "abcd", 4);
	assert_result(ReadGuestRawSavedMemory(handle, 0x5010, found, 4, &count), S_OK);
	assert_memory_equal(found, "\0\0\0\0", 4);
	/* The last level's table is at 0x4000: its first bytes are covered from page 3 on. */
	assert_result(VmSavedStateReadVirtual(handle, LONG4, NULL, 0xFFFFFF8000000000, found, 4,
					      &count),
		      S_OK);
	fix(handle, 0xFFFFFF8000000000, "\1\1\1\1\1\1\1\1", 8);
	assert_result(GuestVirtualAddressToPhysicalAddress(handle, LONG4, 0x123, &physical, NULL),
		      S_OK);
	assert_int_equal(physical, 0x5123);
	close_handle(handle);
}

static void each_page_of_a_fix_is_translated_on_its_own__original_goes_on_physically(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");

	(void)state;
	fix(handle, 0x4FFE, "abcd", 4);
	expect_physical(handle, 0xEFFE, "ab\0\0", 4);
	expect_physical(handle, 0xD000, "cd\0\0", 4);
	close_handle(handle);
}

static void a_fix_that_runs_into_an_unmapped_page_is_refused_whole__original_applies(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");
	char bytes[4] = "abc";

	(void)state;
	assert_result(ApplyGuestMemoryFix(handle, LONG4, 0x1FFE, bytes, 4),
		      VMSAVEDSTATE_E_VA_NOT_MAPPED);
	expect_physical(handle, 0x6FFE, "\0\0\0\0", 4);
	close_handle(handle);
}

static void a_fix_through_a_large_page_crosses_pages_and_blocks(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");

	(void)state;
	fix(handle, LARGE + 0x100000 - 4, "blocks!!", 8);
	expect_physical(handle, LARGE + 0x100000 - 4, "blocks!!", 8);
	expect_physical(handle, LARGE + 0x100000, "ks!!", 4);
	fix(handle, LARGE + PAGE, "", 2 * PAGE);
	expect_physical(handle, LARGE + 2 * PAGE, "\0\0", 2);
	close_handle(handle);
}

static void a_fix_of_no_bytes_changes_nothing(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");
	char bytes[4] = "abc";

	(void)state;
	assert_result(ApplyGuestMemoryFix(handle, LONG4, 0x10, bytes, 0), S_OK);
	assert_result(ApplyGuestMemoryFix(handle, LONG4, 0x10, NULL, 0), S_OK);
	assert_result(ApplyGuestMemoryFix(handle, LONG4, 0x10, NULL, 4), E_INVALIDARG);
	expect_physical(handle, 0x5010, "\0\0\0\0", 4);
	close_handle(handle);
}

static void an_address_that_is_not_mapped_takes_no_fix(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");
	char bytes[4] = "abc";

	(void)state;
	assert_result(ApplyGuestMemoryFix(handle, LONG4, 0x2000, bytes, 4),
		      VMSAVEDSTATE_E_VA_NOT_MAPPED);
	assert_result(ApplyGuestMemoryFix(handle, LONG4, 0x8000000000, bytes, 4),
		      VMSAVEDSTATE_E_VA_NOT_MAPPED);
	assert_result(ApplyGuestMemoryFix(handle, 99, 0x10, bytes, 4), E_INVALIDARG);
	assert_result(ForcePagingMode(handle, LONG4, Paging_NonPaged), S_OK);
	assert_result(ApplyGuestMemoryFix(handle, LONG4, 0x10, bytes, 4), E_NOTIMPL);
	close_handle(handle);
}

static void a_fix_belongs_to_its_handle_and_the_file_is_not_changed(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");
	char path[TEST_PATH_SIZE];
	uint8_t *before, *after;
	size_t size_before = 0, size_after = 0;

	(void)state;
	fixture_path(path, "api/page-tables");
	before = read_whole_file(path, &size_before);
	fix(handle, 0x10, "patched!", 8);
	close_handle(handle);
	handle = open_fixture("api/page-tables");
	expect_physical(handle, 0x5010, "\0\0\0\0\0\0\0\0", 8);
	close_handle(handle);
	after = read_whole_file(path, &size_after);
	assert_non_null(before);
	assert_non_null(after);
	assert_int_equal(size_before, size_after);
	assert_memory_equal(before, after, size_before);
	free(before);
	free(after);
}

/* Ten thousand fixes of a byte each, in a shuffled order. */
static void many_fixes_are_all_there(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");
	enum { COUNT = 10007 };
	uint8_t *found = malloc(COUNT);
	UINT32 count = 0;

	(void)state;
	assert_non_null(found);
	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t at = i * 7919 % COUNT;
		uint8_t byte = (uint8_t)(at * 31);

		assert_result(ApplyGuestMemoryFix(handle, LONG4, LARGE + at, &byte, 1), S_OK);
	}
	assert_result(ReadGuestPhysicalAddress(handle, LARGE, found, COUNT, &count), S_OK);
	assert_int_equal(count, COUNT);
	for (uint32_t i = 0; i < COUNT; i++)
		assert_int_equal(found[i], (uint8_t)(i * 31));
	free(found);
	close_handle(handle);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(physical_and_virtual_reads_see_a_fix),
		cmocka_unit_test(reads_that_meet_a_part_of_a_fix_see_that_part),
		cmocka_unit_test(a_later_fix_covers_an_earlier_one_byte_by_byte),
		cmocka_unit_test(raw_reads_and_the_walk_see_the_saved_bytes),
		cmocka_unit_test(
			each_page_of_a_fix_is_translated_on_its_own__original_goes_on_physically),
		cmocka_unit_test(
			a_fix_that_runs_into_an_unmapped_page_is_refused_whole__original_applies),
		cmocka_unit_test(a_fix_through_a_large_page_crosses_pages_and_blocks),
		cmocka_unit_test(a_fix_of_no_bytes_changes_nothing),
		cmocka_unit_test(an_address_that_is_not_mapped_takes_no_fix),
		cmocka_unit_test(a_fix_belongs_to_its_handle_and_the_file_is_not_changed),
		cmocka_unit_test(many_fixes_are_all_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
