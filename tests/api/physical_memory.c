/* SPDX-License-Identifier: MIT */
/*
 * Physical and raw reads, chunks and the cache limit: one test for each fact
 * that was measured on the original.  Where it is wrong, ours is right, and
 * the test's name says so.
 */
#include "support/saved_states.h"
#include "test_shim.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, MIB = 1 << 20 };

static uint64_t stamp_in(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (size_t i = 8; i > 0; i--)
		value = value << 8 | bytes[i - 1];
	return value;
}

/* Reads size bytes over 0xCC; whatever lies behind the answer stays 0xCC. */
static UINT32 count_read(VM_SAVED_STATE_DUMP_HANDLE handle, uint64_t address, uint8_t *buffer,
			 UINT32 size)
{
	UINT32 count = 0xCCCCCCCC;

	memset(buffer, 0xCC, size);
	assert_result(ReadGuestPhysicalAddress(handle, address, buffer, size, &count), S_OK);
	assert_true(count <= size);
	for (UINT32 i = count; i < size; i++)
		assert_int_equal(buffer[i], 0xCC);
	return count;
}

static void expect_stamp(VM_SAVED_STATE_DUMP_HANDLE handle, uint64_t address)
{
	uint8_t bytes[8];

	assert_int_equal(count_read(handle, address, bytes, 8), 8);
	assert_int_equal(stamp_in(bytes), address);
}

static void expect_nothing(VM_SAVED_STATE_DUMP_HANDLE handle, uint64_t address)
{
	uint8_t bytes[32];

	assert_int_equal(count_read(handle, address, bytes, sizeof(bytes)), 0);
}

static void expect_offset(VM_SAVED_STATE_DUMP_HANDLE handle, uint64_t address, uint64_t expected)
{
	UINT64 offset = 0;

	assert_result(GuestPhysicalAddressToRawSavedMemoryOffset(handle, address, &offset), S_OK);
	assert_int_equal(offset, expected);
}

static void expect_no_offset(VM_SAVED_STATE_DUMP_HANDLE handle, uint64_t address)
{
	UINT64 offset = 0xCCCC;

	assert_result(GuestPhysicalAddressToRawSavedMemoryOffset(handle, address, &offset),
		      E_INVALIDARG);
	assert_int_equal(offset, 0xCCCC);
}

/* The page of an address, through its place in the saved memory. */
static void expect_raw_stamp(VM_SAVED_STATE_DUMP_HANDLE handle, uint64_t address, uint64_t offset)
{
	uint8_t bytes[8];
	UINT32 count = 0;

	expect_offset(handle, address, offset);
	assert_result(ReadGuestRawSavedMemory(handle, offset, bytes, 8, &count), S_OK);
	assert_int_equal(count, 8);
	assert_int_equal(stamp_in(bytes), address);
}

/* ---- Where an address is -------------------------------------------------------- */

static void packed_ranges_are_read_where_their_offset_says__original_wrong(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/packed-ranges");

	(void)state;
	expect_stamp(handle, 0x136000);
	expect_raw_stamp(handle, 0x136000, 0x136000);
	expect_stamp(handle, 0x100000000);
	expect_raw_stamp(handle, 0x100000000, 0x137000);
	close_handle(handle);
}

static void the_low_bits_of_the_saved_page_count__original_wrong(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/saved-page-0x80");

	(void)state;
	expect_stamp(handle, 0);
	expect_raw_stamp(handle, 0, 0x80000);
	expect_stamp(handle, 0xFF000);
	expect_raw_stamp(handle, 0xFF000, 0x17F000);
	close_handle(handle);
}

static void the_low_bits_of_the_first_page_count__original_wrong(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/range-at-0x1001");

	(void)state;
	expect_nothing(handle, 0x1000000);
	expect_stamp(handle, 0x1001000);
	expect_raw_stamp(handle, 0x1001000, 0);
	expect_stamp(handle, 0x1100000);
	expect_raw_stamp(handle, 0x1100000, 0xFF000);
	expect_nothing(handle, 0x112D000);
	close_handle(handle);
}

static void memory_ends_with_the_last_page_of_its_range__original_reads_on(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/short-range");
	uint8_t bytes[32];

	(void)state;
	expect_stamp(handle, 15 * PAGE);
	expect_nothing(handle, 16 * PAGE);
	assert_int_equal(count_read(handle, 16 * PAGE - 16, bytes, 32), 16);
	expect_nothing(handle, MIB);
	expect_no_offset(handle, 16 * PAGE);
	close_handle(handle);
}

static void holes_give_nothing_and_never_another_range__original_wrong(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("gap-above-4gib");

	(void)state;
	expect_stamp(handle, 0x2FF000);
	expect_nothing(handle, 0x300000);
	expect_nothing(handle, 0x400000);
	expect_nothing(handle, 0xFFFFF000);
	expect_stamp(handle, 0x100000000);
	expect_nothing(handle, 0x100200000);
	expect_no_offset(handle, 0x300000);
	expect_no_offset(handle, 0x100200000);
	close_handle(handle);
}

static void addresses_near_the_top_give_nothing(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("gap-above-4gib");

	(void)state;
	expect_nothing(handle, (uint64_t)1 << 40);
	expect_nothing(handle, (uint64_t)1 << 63);
	expect_nothing(handle, UINT64_MAX - 15);
	expect_nothing(handle, UINT64_MAX - 7);
	expect_nothing(handle, UINT64_MAX);
	expect_no_offset(handle, UINT64_MAX);
	close_handle(handle);
}

static void of_ranges_that_overlap_the_first_counts(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/odd-ranges");

	(void)state;
	expect_stamp(handle, 0x300000);
	expect_offset(handle, 0x300000, 0);
	expect_stamp(handle, 0);
	expect_offset(handle, 0, MIB);
	expect_offset(handle, 0xF000, MIB + 0xF000);
	expect_nothing(handle, 0x1000000);
	close_handle(handle);
}

static void reads_go_on_from_one_range_into_the_next(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("adjacent-ranges");
	uint8_t bytes[2 * PAGE];

	(void)state;
	assert_int_equal(count_read(handle, MIB - PAGE, bytes, sizeof(bytes)), sizeof(bytes));
	assert_int_equal(stamp_in(bytes), MIB - PAGE);
	assert_int_equal(stamp_in(bytes + PAGE), MIB);
	expect_offset(handle, MIB - 1, 2 * MIB - 1);
	expect_offset(handle, MIB, 0);
	close_handle(handle);
}

/* ---- How much is read ------------------------------------------------------------ */

static void a_read_of_no_bytes_is_fine(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");
	uint8_t byte = 0xCC;
	UINT32 count = 1;

	(void)state;
	assert_result(ReadGuestPhysicalAddress(handle, 0, &byte, 0, &count), S_OK);
	assert_int_equal(count, 0);
	count = 1;
	assert_result(ReadGuestRawSavedMemory(handle, 0, &byte, 0, &count), S_OK);
	assert_int_equal(count, 0);
	assert_int_equal(byte, 0xCC);
	close_handle(handle);
}

static void the_largest_read_at_the_last_page_gives_that_page(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("gap-above-4gib");
	uint8_t bytes[PAGE + 16];
	UINT32 count = 0;

	(void)state;
	memset(bytes, 0xCC, sizeof(bytes));
	assert_result(ReadGuestPhysicalAddress(handle, 0x1001FF000, bytes, UINT32_MAX, &count),
		      S_OK);
	assert_int_equal(count, PAGE);
	assert_int_equal(stamp_in(bytes), 0x1001FF000);
	assert_int_equal(bytes[PAGE], 0xCC);
	close_handle(handle);
}

static void a_read_ends_before_a_missing_block_and_touches_nothing_behind(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("missing-ram-block");
	uint8_t bytes[2 * PAGE];

	(void)state;
	assert_int_equal(count_read(handle, MIB - PAGE, bytes, sizeof(bytes)), PAGE);
	expect_nothing(handle, MIB);
	expect_nothing(handle, 2 * MIB - 8);
	expect_stamp(handle, 2 * MIB);
	expect_offset(handle, MIB, MIB);
	close_handle(handle);
}

static void raw_reads_end_with_the_saved_memory(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("gap-above-4gib");
	static const struct {
		uint64_t offset;
		UINT32 expected;
	} reads[] = {
		{ 0x500000, 0 }, { 0x500001, 0 }, { (uint64_t)1 << 63, 0 }, { UINT64_MAX - 7, 0 },
		{ 0x4FFFF8, 8 }, { 0x4FFFFF, 1 }, { 0x4FF000, 32 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		uint8_t bytes[32];
		UINT32 count = 0xCC;

		memset(bytes, 0xCC, sizeof(bytes));
		assert_result(ReadGuestRawSavedMemory(handle, reads[i].offset, bytes, 32, &count),
			      S_OK);
		assert_int_equal(count, reads[i].expected);
		for (UINT32 j = count; j < 32; j++)
			assert_int_equal(bytes[j], 0xCC);
	}
	close_handle(handle);
}

static void a_damaged_block_fails_its_reads_with_a_count_of_0(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("bad-ram-too-large");
	uint8_t bytes[16];
	UINT32 count = 1;

	(void)state;
	assert_result(ReadGuestPhysicalAddress(handle, 0, bytes, 16, &count), E_UNEXPECTED);
	assert_int_equal(count, 0);
	count = 1;
	assert_result(ReadGuestRawSavedMemory(handle, 0, bytes, 16, &count), E_UNEXPECTED);
	assert_int_equal(count, 0);
	close_handle(handle);
}

static void a_damaged_page_leaves_its_neighbours_readable__original_fails_the_block(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("bad-ram-xpress-page");
	uint8_t page[PAGE];
	unsigned int failed = 0;

	(void)state;
	for (uint64_t address = 0; address < MIB; address += PAGE)
		failed += FAILED(ReadGuestPhysicalAddress(handle, address, page, PAGE, NULL));
	assert_int_equal(failed, 1);
	close_handle(handle);
}

/* ---- Chunks ------------------------------------------------------------------------ */

static void chunks_that_do_not_fit_are_counted_and_nothing_else(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("gap-above-4gib");
	GPA_MEMORY_CHUNK chunks[3], untouched[3];
	static const UINT64 rooms[] = { 0, 1 };

	(void)state;
	memset(untouched, 0xCC, sizeof(untouched));
	memset(chunks, 0xCC, sizeof(chunks));
	for (size_t i = 0; i < 2; i++) {
		UINT64 page_size = 0xCC, count = rooms[i];

		assert_result(GetGuestPhysicalMemoryChunks(handle, &page_size, chunks, &count),
			      E_OUTOFMEMORY);
		assert_int_equal(count, 2);
		assert_int_equal(page_size, 0xCC);
		assert_memory_equal(chunks, untouched, sizeof(chunks));
	}
	close_handle(handle);
}

static void chunks_without_a_buffer_are_counted_whatever_the_room(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("gap-above-4gib");
	static const UINT64 rooms[] = { 0, 1, 2, 3, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		UINT64 page_size = 0xCC, count = rooms[i];

		assert_result(GetGuestPhysicalMemoryChunks(handle, &page_size, NULL, &count),
			      E_OUTOFMEMORY);
		assert_int_equal(count, 2);
		assert_int_equal(page_size, 0xCC);
	}
	close_handle(handle);
}

static void chunks_that_fit_leave_the_room_behind_them_alone(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("gap-above-4gib");
	GPA_MEMORY_CHUNK chunks[3], untouched;
	UINT64 page_size = 0, count = 3;

	(void)state;
	memset(&untouched, 0xCC, sizeof(untouched));
	memset(chunks, 0xCC, sizeof(chunks));
	assert_result(GetGuestPhysicalMemoryChunks(handle, &page_size, chunks, &count), S_OK);
	assert_int_equal(count, 2);
	assert_int_equal(page_size, 4096);
	assert_int_equal(chunks[0].GuestPhysicalStartPageIndex, 0);
	assert_int_equal(chunks[0].PageCount, 768);
	assert_int_equal(chunks[1].GuestPhysicalStartPageIndex, 0x100000);
	assert_int_equal(chunks[1].PageCount, 512);
	assert_memory_equal(&chunks[2], &untouched, sizeof(untouched));
	close_handle(handle);
}

static void chunks_are_listed_as_the_file_has_them(void **state)
{
	static const GPA_MEMORY_CHUNK expected[6] = {
		{ 0x300, 256 }, { 0, 256 },	{ 0x1000, 0 },
		{ 0, 16 },	{ 0x300, 256 }, { 0x2000, UINT64_MAX },
	};
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/odd-ranges");
	GPA_MEMORY_CHUNK chunks[6];
	UINT64 page_size = 0, count = 6;

	(void)state;
	assert_result(GetGuestPhysicalMemoryChunks(handle, &page_size, chunks, &count), S_OK);
	assert_int_equal(count, 6);
	assert_memory_equal(chunks, expected, sizeof(expected));
	close_handle(handle);
}

/* ---- The cache --------------------------------------------------------------------- */

static void the_cache_limit_answers_what_was_set(void **state)
{
	static const UINT64 limits[] = { 1, 2, 1024, 0, UINT64_MAX, (UINT64)1 << 44, 0 };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");
	UINT64 limit = 0xCC;

	(void)state;
	assert_result(GetMemoryBlockCacheLimit(handle, &limit), S_OK);
	assert_int_equal(limit, 0);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		assert_result(SetMemoryBlockCacheLimit(handle, limits[i]), S_OK);
		assert_result(GetMemoryBlockCacheLimit(handle, &limit), S_OK);
		assert_int_equal(limit, limits[i]);
		expect_offset(handle, 0x5000, 0x5000);
	}
	close_handle(handle);
}

static void no_cache_limit_changes_what_is_read__original_gives_zeros(void **state)
{
	static const UINT64 limits[] = { 0, 1, 2, 4, 1024, UINT64_MAX, 1, 0 };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("gap-above-4gib");

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		assert_result(SetMemoryBlockCacheLimit(handle, limits[i]), S_OK);
		for (unsigned int round = 0; round < 3; round++) {
			expect_stamp(handle, 0);
			expect_stamp(handle, MIB + PAGE);
			expect_stamp(handle, 0x5000);
			expect_stamp(handle, 2 * MIB);
			expect_raw_stamp(handle, 0x7000, 0x7000);
			expect_stamp(handle, 0x100000000 + MIB);
		}
	}
	close_handle(handle);
}

static void the_cache_keeps_below_its_limit_and_counts(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");
	VMSAVEDSTATE_CACHE_COUNTERS before = { .StructSize = sizeof(before) };
	VMSAVEDSTATE_CACHE_COUNTERS after = before;
	uint8_t bytes[8];

	(void)state;
	assert_result(SetMemoryBlockCacheLimit(handle, 3), S_OK);
	assert_result(VmSavedStateGetCacheCounters(handle, &before), S_OK);
	for (uint64_t address = 0; address < 8 * MIB; address += PAGE)
		assert_int_equal(count_read(handle, address + 5, bytes, 8), 8);
	assert_result(VmSavedStateGetCacheCounters(handle, &after), S_OK);
	assert_int_equal(after.BlockLimit, 3);
	assert_true(after.BytesUsed <= after.ByteLimit);
	assert_true(after.Misses > before.Misses);
	close_handle(handle);
}

/* ---- Batches ------------------------------------------------------------------------- */

enum { BATCH = 600 };

static void fill_batch(VMSAVEDSTATE_READ *reads, uint8_t *buffer)
{
	memset(buffer, 0xCC, BATCH * 16);
	for (size_t i = 0; i < BATCH; i++) {
		memset(&reads[i], 0, sizeof(reads[i]));
		reads[i].PhysicalAddress = i * 37 % 512 * PAGE;
		reads[i].Buffer = buffer + 16 * i;
		reads[i].Length = 16;
		reads[i].BytesRead = 0xCC;
		reads[i].Result = E_FAIL;
	}
}

static void a_batch_answers_as_single_reads_do(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("minimal");
	VMSAVEDSTATE_READ reads[BATCH];
	uint8_t *buffer = malloc(BATCH * 16);
	static const UINT32 threads[] = { 0, 1, 2, 7, 1000 };

	(void)state;
	assert_non_null(buffer);
	for (size_t t = 0; t < sizeof(threads) / sizeof(threads[0]); t++) {
		fill_batch(reads, buffer);
		assert_result(VmSavedStateReadBatch(handle, reads, BATCH, threads[t]), S_OK);
		for (size_t i = 0; i < BATCH; i++) {
			uint8_t alone[16];
			UINT32 count = count_read(handle, reads[i].PhysicalAddress, alone, 16);

			assert_result(reads[i].Result, S_OK);
			assert_int_equal(reads[i].BytesRead, count);
			assert_memory_equal(reads[i].Buffer, alone, 16);
		}
	}
	free(buffer);
	close_handle(handle);
}

static void a_batch_with_a_failure_makes_the_other_reads(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("bad-ram-too-large");
	uint8_t bytes[4][16];
	VMSAVEDSTATE_READ reads[4] = {
		{ .PhysicalAddress = MIB, .Buffer = bytes[0], .Length = 16 },
		{ .PhysicalAddress = 0, .Buffer = bytes[1], .Length = 16 },
		{ .PhysicalAddress = (uint64_t)1 << 50, .Buffer = bytes[2], .Length = 16 },
		{ .PhysicalAddress = MIB, .Buffer = NULL, .Length = 16 },
	};

	(void)state;
	assert_result(VmSavedStateReadBatch(handle, reads, 3, 2), S_FALSE);
	assert_result(reads[0].Result, S_OK);
	assert_int_equal(reads[0].BytesRead, 16);
	assert_result(reads[1].Result, E_UNEXPECTED);
	assert_int_equal(reads[1].BytesRead, 0);
	assert_result(reads[2].Result, S_OK);
	assert_int_equal(reads[2].BytesRead, 0);
	assert_result(VmSavedStateReadBatch(handle, reads, 4, 1), S_FALSE);
	assert_result(reads[3].Result, E_INVALIDARG);
	close_handle(handle);
}

/* ---- How pages are kept ---------------------------------------------------------------- */

static VMSAVEDSTATE_PAGE_STORAGE storage_of(const char *fixture, uint64_t address)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture(fixture);
	VMSAVEDSTATE_PAGE_STORAGE storage = VMSAVEDSTATE_PAGE_HOLE;
	UINT32 pages = 0;

	assert_result(VmSavedStateGetPageStorage(handle, address, &storage, &pages), S_OK);
	assert_true(pages >= 1);
	close_handle(handle);
	return storage;
}

static void the_storage_of_holes_missing_and_damaged_pages_is_told(void **state)
{
	(void)state;
	assert_int_equal(storage_of("gap-above-4gib", 0x300000), VMSAVEDSTATE_PAGE_HOLE);
	assert_int_equal(storage_of("gap-above-4gib", UINT64_MAX), VMSAVEDSTATE_PAGE_HOLE);
	assert_int_equal(storage_of("missing-ram-block", MIB), VMSAVEDSTATE_PAGE_MISSING);
	assert_int_equal(storage_of("bad-ram-too-large", 0), VMSAVEDSTATE_PAGE_DAMAGED);
	assert_int_equal(storage_of("bad-ram-too-large", 0x5000), VMSAVEDSTATE_PAGE_DAMAGED);
}

/* Zero, filled, compressed, stored and raw pages in one file. */
static void the_storage_of_every_kind_of_record_is_told(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("every-record-kind");
	GPA_MEMORY_CHUNK chunks[8];
	UINT64 page_size, count = 8;
	unsigned int seen = 0;

	(void)state;
	assert_result(GetGuestPhysicalMemoryChunks(handle, &page_size, chunks, &count), S_OK);
	for (UINT64 page = 0; page < chunks[0].PageCount;) {
		VMSAVEDSTATE_PAGE_STORAGE storage = VMSAVEDSTATE_PAGE_HOLE;
		uint8_t bytes[PAGE];
		UINT32 pages = 0;

		assert_result(VmSavedStateGetPageStorage(handle, page * PAGE, &storage, &pages),
			      S_OK);
		assert_true(pages >= 1);
		seen |= 1u << storage;
		assert_int_equal(count_read(handle, page * PAGE, bytes, PAGE), PAGE);
		for (size_t i = 0; i < PAGE && storage == VMSAVEDSTATE_PAGE_ZERO; i++)
			assert_int_equal(bytes[i], 0);
		for (size_t i = 8; i < PAGE && storage == VMSAVEDSTATE_PAGE_FILL; i++)
			assert_int_equal(bytes[i], bytes[i - 8]);
		page += pages;
	}
	assert_int_equal(seen & 1u << VMSAVEDSTATE_PAGE_DAMAGED, 0);
	assert_int_equal(seen, 1u << VMSAVEDSTATE_PAGE_ZERO | 1u << VMSAVEDSTATE_PAGE_FILL |
				       1u << VMSAVEDSTATE_PAGE_STORED |
				       1u << VMSAVEDSTATE_PAGE_COMPRESSED |
				       1u << VMSAVEDSTATE_PAGE_RAW);
	close_handle(handle);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(packed_ranges_are_read_where_their_offset_says__original_wrong),
		cmocka_unit_test(the_low_bits_of_the_saved_page_count__original_wrong),
		cmocka_unit_test(the_low_bits_of_the_first_page_count__original_wrong),
		cmocka_unit_test(memory_ends_with_the_last_page_of_its_range__original_reads_on),
		cmocka_unit_test(holes_give_nothing_and_never_another_range__original_wrong),
		cmocka_unit_test(addresses_near_the_top_give_nothing),
		cmocka_unit_test(of_ranges_that_overlap_the_first_counts),
		cmocka_unit_test(reads_go_on_from_one_range_into_the_next),
		cmocka_unit_test(a_read_of_no_bytes_is_fine),
		cmocka_unit_test(the_largest_read_at_the_last_page_gives_that_page),
		cmocka_unit_test(a_read_ends_before_a_missing_block_and_touches_nothing_behind),
		cmocka_unit_test(raw_reads_end_with_the_saved_memory),
		cmocka_unit_test(a_damaged_block_fails_its_reads_with_a_count_of_0),
		cmocka_unit_test(
			a_damaged_page_leaves_its_neighbours_readable__original_fails_the_block),
		cmocka_unit_test(chunks_that_do_not_fit_are_counted_and_nothing_else),
		cmocka_unit_test(chunks_without_a_buffer_are_counted_whatever_the_room),
		cmocka_unit_test(chunks_that_fit_leave_the_room_behind_them_alone),
		cmocka_unit_test(chunks_are_listed_as_the_file_has_them),
		cmocka_unit_test(the_cache_limit_answers_what_was_set),
		cmocka_unit_test(no_cache_limit_changes_what_is_read__original_gives_zeros),
		cmocka_unit_test(the_cache_keeps_below_its_limit_and_counts),
		cmocka_unit_test(a_batch_answers_as_single_reads_do),
		cmocka_unit_test(a_batch_with_a_failure_makes_the_other_reads),
		cmocka_unit_test(the_storage_of_holes_missing_and_damaged_pages_is_told),
		cmocka_unit_test(the_storage_of_every_kind_of_record_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
