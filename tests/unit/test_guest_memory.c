/* SPDX-License-Identifier: MIT */
/*
 * Reads of guest memory: whatever their place and size, and whatever the caches
 * hold, they give the bytes of the fixture's truth, stop where nothing is saved
 * and fail where a page is damaged.
 */
#include "bench/codec_writer.h"
#include "memory/guest_memory.h"
#include "platform/parallel.h"
#include "saved_memory.h"

#include "test_shim.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, MIB = 1 << 20 };

/* ---- Whole memories ---- */

static const char *const good_fixtures[] = {
	"demo", "every-record-kind", "unaligned-fc-records", "adjacent-ranges",
	"gap-above-4gib", "partial-last-block", "missing-ram-block", "duplicate-ram-block",
	"block-as-object", "pending-log-several", "ram-257-pages", "ram-complete-without-end",
	"legacy-pair", "no-ram-block", "parents-after-children",
};

static const char *const damaged_fixtures[] = {
	"bad-ram-xpress-page", "bad-ram-xpress-short", "bad-ram-tag", "bad-ram-tag-4097",
	"bad-ram-cut", "bad-ram-cut-in-tag", "bad-ram-no-end", "bad-ram-over-1mib",
	"bad-ram-piece-4096", "bad-ram-piece-grows", "bad-ram-noise", "bad-ram-empty",
	"bad-ram-too-large", "bad-ram-int-type", "bad-ram-string-type",
};

enum {
	GOOD = sizeof(good_fixtures) / sizeof(good_fixtures[0]),
	DAMAGED = sizeof(damaged_fixtures) / sizeof(damaged_fixtures[0])
};

static void all_memory_has_the_checksums_of_its_description(void **state)
{
	(void)state;
	for (size_t i = 0; i < GOOD + DAMAGED; i++) {
		struct saved_memory saved;

		saved_memory_open_proven(&saved,
					 i < GOOD ? good_fixtures[i] : damaged_fixtures[i - GOOD]);
		assert_true(saved.region_count > 0);
		saved_memory_close(&saved);
	}
}

/* ---- Every size and alignment ---- */

static const size_t sizes[] = {
	0, 1, 2, 7, 8, 9, 4087, 4088, 4095, 4096, 4097, 8191, 8192, 8193, 12288, 20000,
};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static void check_around(struct saved_memory *saved, uint64_t border)
{
	for (uint64_t gpa = border - 9; gpa <= border + 9; gpa++) {
		for (size_t i = 0; i < SIZES; i++)
			saved_memory_check_read(saved, gpa, sizes[i]);
	}
	for (size_t i = 0; i < SIZES; i++) {
		saved_memory_check_read(saved, border - PAGE, sizes[i]);
		saved_memory_check_read(saved, border - sizes[i], sizes[i]);
	}
}

static void reads_around_borders_of_pages_and_blocks_give_the_truth(void **state)
{
	struct saved_memory saved;

	(void)state;
	saved_memory_open_proven(&saved, "every-record-kind");
	/* Between pages stored in each way, and between blocks stored in each way. */
	check_around(&saved, 3 * PAGE);
	check_around(&saved, 24 * PAGE);
	check_around(&saved, 29 * PAGE);
	check_around(&saved, 36 * PAGE);
	check_around(&saved, 2 * MIB + 10 * PAGE);
	for (uint64_t block = 1; block <= 8; block++)
		check_around(&saved, block * MIB);
	saved_memory_close(&saved);
}

static void reads_around_pages_that_no_record_begins_give_the_truth(void **state)
{
	struct saved_memory saved;

	(void)state;
	saved_memory_open_proven(&saved, "unaligned-fc-records");
	for (uint64_t page = 1; page < 256; page += 51)
		check_around(&saved, page * PAGE);
	check_around(&saved, MIB);
	saved_memory_close(&saved);
}

/* The first read of a block, which finds no directory and no page. */
static void a_read_that_nothing_went_before_gives_the_truth(void **state)
{
	static const size_t first_sizes[] = { 1, 8, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, MIB };
	struct saved_memory proven;

	(void)state;
	saved_memory_open_proven(&proven, "demo");
	for (size_t i = 0; i < 7; i++) {
		for (uint64_t gpa = MIB - 2 * PAGE; gpa <= MIB; gpa += PAGE / 2) {
			struct guest_memory *warm = proven.memory;

			assert_int_equal(guest_memory_open(proven.state, &proven.memory, NULL),
					 STATUS_OK);
			saved_memory_check_read(&proven, gpa, first_sizes[i]);
			guest_memory_close(proven.memory);
			proven.memory = warm;
		}
	}
	saved_memory_close(&proven);
}

/* Where a random read of a fixture begins: mostly in a region, sometimes near its end. */
static uint64_t random_gpa(const struct saved_memory *saved, struct random_numbers *random)
{
	const struct saved_region *region =
		&saved->regions[random_below(random, (uint32_t)saved->region_count)];

	switch (random_below(random, 4)) {
	case 0:
		return region->gpa + region->size - random_below(random, 64);
	case 1:
		return region->gpa + region->size + random_below(random, 2 * PAGE);
	default:
		return region->gpa + random_below(random, (uint32_t)region->size);
	}
}

static size_t random_size(struct random_numbers *random)
{
	switch (random_below(random, 32)) {
	case 0:
		return random_below(random, 5 * MIB / 2);
	case 1:
	case 2:
	case 3:
	case 4:
		return (size_t)PAGE * random_below(random, 10);
	case 5:
	case 6:
	case 7:
	case 8:
		return random_below(random, 4 * PAGE);
	default:
		return random_below(random, 64);
	}
}

static void check_random_reads(const char *fixture, unsigned count)
{
	struct random_numbers random = { 0x1F83D9ABFB41BD6B };
	struct saved_memory saved;

	saved_memory_open_proven(&saved, fixture);
	for (unsigned i = 0; i < count; i++)
		saved_memory_check_read(&saved, random_gpa(&saved, &random),
					random_size(&random));
	saved_memory_close(&saved);
}

static void random_reads_give_the_truth_up_to_what_is_not_saved(void **state)
{
	(void)state;
	for (size_t i = 0; i < GOOD; i++)
		check_random_reads(good_fixtures[i], 150);
}

static void a_damaged_page_fails_the_reads_that_touch_it_and_no_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < DAMAGED; i++)
		check_random_reads(damaged_fixtures[i], 150);
}

static void a_failure_tells_the_address_the_block_and_the_page(void **state)
{
	struct saved_memory saved;
	struct error error;
	uint8_t buffer[16];
	size_t read = 4711;

	(void)state;
	saved_memory_open(&saved, "bad-ram-xpress-page");
	assert_int_equal(guest_memory_read(saved.memory, 2 * PAGE + 8, buffer, 8, &read, &error),
			 STATUS_CORRUPT_RAM_RECORD);
	assert_int_equal(read, 0);
	assert_non_null(strstr(error.text, "0x2008"));
	assert_non_null(strstr(error.text, "RAM block 0"));
	assert_non_null(strstr(error.text, "page 2"));
	saved_memory_close(&saved);
}

/* ---- Holes and ends ---- */

static void assert_read(struct saved_memory *saved, uint64_t gpa, size_t size, size_t expected)
{
	uint8_t *buffer = malloc(size + 1);
	size_t read = 4711;

	assert_non_null(buffer);
	assert_int_equal(guest_memory_read(saved->memory, gpa, buffer, size, &read, NULL),
			 STATUS_OK);
	assert_int_equal(read, expected);
	free(buffer);
}

static void a_read_in_a_hole_is_short_and_no_error(void **state)
{
	struct saved_memory saved;

	(void)state;
	saved_memory_open(&saved, "gap-above-4gib");
	assert_read(&saved, 0x300000, 16, 0);
	assert_read(&saved, 0x2FFFF8, 16, 8);
	assert_read(&saved, 0xFFFFFFF8, 16, 0);
	assert_read(&saved, UINT64_C(0x1001FFFFF), 16, 1);
	assert_read(&saved, UINT64_C(1) << 40, 8, 0);
	assert_read(&saved, UINT64_C(1) << 63, 8, 0);
	assert_read(&saved, UINT64_MAX - 7, 8, 0);
	assert_read(&saved, UINT64_MAX, 4096, 0);
	saved_memory_close(&saved);
}

static void ranges_that_touch_are_read_across(void **state)
{
	struct saved_memory saved;

	(void)state;
	saved_memory_open_proven(&saved, "adjacent-ranges");
	check_around(&saved, MIB);
	check_around(&saved, 2 * MIB);
	saved_memory_check_read(&saved, 0, 3 * MIB);
	saved_memory_close(&saved);
}

static void ram_kept_in_an_unknown_way_is_not_taken_for_none(void **state)
{
	struct saved_memory saved;
	uint8_t buffer[8];
	size_t read = 4711;
	enum page_storage storage;
	uint64_t pages;

	(void)state;
	saved_memory_open(&saved, "no-ram-block");
	assert_read(&saved, 0x1000, 8, 0);
	saved.state->unknown_ram_layout = true;
	assert_int_equal(guest_memory_read(saved.memory, 0x1000, buffer, 8, &read, NULL),
			 STATUS_UNSUPPORTED_RAM);
	assert_int_equal(read, 0);
	read = 4711;
	assert_int_equal(guest_memory_read_raw(saved.memory, 0, buffer, 8, &read, NULL),
			 STATUS_UNSUPPORTED_RAM);
	assert_int_equal(read, 0);
	assert_int_equal(guest_memory_read_raw(saved.memory, 0, buffer, 0, &read, NULL), STATUS_OK);
	assert_int_equal(guest_memory_storage(saved.memory, 0x1000, &storage, &pages, NULL),
			 STATUS_UNSUPPORTED_RAM);
	/* A hole is a hole all the same. */
	assert_read(&saved, UINT64_C(1) << 40, 8, 0);
	assert_int_equal(guest_memory_storage(saved.memory, UINT64_C(1) << 40, &storage, &pages,
					      NULL), STATUS_OK);
	assert_int_equal(storage, PAGE_STORAGE_HOLE);
	saved_memory_close(&saved);
}

/* ---- By place in the saved RAM ---- */

static void saved_offsets_lead_to_the_same_bytes(void **state)
{
	struct saved_memory saved;

	(void)state;
	saved_memory_open_proven(&saved, "adjacent-ranges");
	for (uint64_t gpa = 5; gpa < 3 * MIB; gpa += 7 * PAGE + 11) {
		const struct saved_region *region = saved_memory_region(&saved, gpa);
		uint64_t offset = 0;
		uint8_t buffer[3];
		size_t read;

		assert_true(guest_memory_saved_offset(saved.memory, gpa, &offset));
		assert_int_equal(offset, gpa < MIB ? gpa + MIB : gpa < 2 * MIB ? gpa - MIB : gpa);
		assert_int_equal(guest_memory_read_raw(saved.memory, offset, buffer, 3, &read,
						       NULL), STATUS_OK);
		assert_int_equal(read, 3);
		assert_memory_equal(buffer, region->bytes + (gpa - region->gpa), 3);
	}
	saved_memory_close(&saved);
}

static void there_is_no_saved_offset_in_a_hole(void **state)
{
	struct saved_memory saved;
	uint64_t offset = 4711;

	(void)state;
	saved_memory_open(&saved, "gap-above-4gib");
	assert_false(guest_memory_saved_offset(saved.memory, 0x300000, &offset));
	assert_false(guest_memory_saved_offset(saved.memory, 0xFFFFFFFF, &offset));
	assert_false(guest_memory_saved_offset(saved.memory, UINT64_MAX, &offset));
	assert_int_equal(offset, 4711);
	assert_true(guest_memory_saved_offset(saved.memory, UINT64_C(0x100000123), &offset));
	assert_int_equal(offset, 0x300123);
	saved_memory_close(&saved);
}

struct size_case {
	const char *fixture;
	uint64_t saved_size;
};

static const struct size_case size_cases[] = {
	{ "demo", 8 * MIB },
	{ "gap-above-4gib", 5 * MIB },
	{ "missing-ram-block", MIB },
	{ "block-beyond-memory", 3 * MIB },
	{ "no-ram-block", 0 },
	{ "bad-ram-empty", 0 },		/* a block of no bytes ends the count */
	{ "bad-ram-too-large", 2 * MIB },
	{ "legacy-pair", 4 * MIB },
};

static void the_saved_size_counts_blocks_up_to_the_first_that_is_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(size_cases) / sizeof(size_cases[0]); i++) {
		struct saved_memory saved;
		uint64_t size;
		uint8_t buffer[32];
		size_t read = 4711;

		saved_memory_open(&saved, size_cases[i].fixture);
		size = guest_memory_saved_size(saved.memory);
		assert_int_equal(size, size_cases[i].saved_size);
		assert_int_equal(guest_memory_read_raw(saved.memory, size, buffer, 16, &read,
						       NULL), STATUS_OK);
		assert_int_equal(read, 0);
		assert_int_equal(guest_memory_read_raw(saved.memory, UINT64_MAX - 7, buffer, 16,
						       &read, NULL), STATUS_OK);
		assert_int_equal(read, 0);
		if (size > 0) {
			assert_int_equal(guest_memory_read_raw(saved.memory, size - 9, buffer, 16,
							       &read, NULL), STATUS_OK);
			assert_int_equal(read, 9);
		}
		saved_memory_close(&saved);
	}
}

/* ---- Fixes ---- */

static void fixes_are_seen_by_reads_and_by_nothing_else(void **state)
{
	struct saved_memory saved;
	uint8_t buffer[16], saved_bytes[16];
	size_t read;

	(void)state;
	saved_memory_open(&saved, "demo");
	assert_int_equal(guest_memory_read(saved.memory, PAGE - 8, saved_bytes, 16, &read, NULL),
			 STATUS_OK);
	assert_int_equal(guest_memory_fix(saved.memory, PAGE - 2, "FIX!", 4, NULL), STATUS_OK);
	assert_int_equal(guest_memory_read(saved.memory, PAGE - 8, buffer, 16, &read, NULL),
			 STATUS_OK);
	assert_memory_equal(buffer, saved_bytes, 6);
	assert_memory_equal(buffer + 6, "FIX!", 4);
	assert_memory_equal(buffer + 10, saved_bytes + 10, 6);
	assert_int_equal(guest_memory_read_saved(saved.memory, PAGE - 8, buffer, 16, &read, NULL),
			 STATUS_OK);
	assert_memory_equal(buffer, saved_bytes, 16);
	assert_int_equal(guest_memory_read_raw(saved.memory, PAGE - 8, buffer, 16, &read, NULL),
			 STATUS_OK);
	assert_memory_equal(buffer, saved_bytes, 16);
	saved_memory_close(&saved);
}

static void a_fix_in_a_hole_makes_no_memory_there(void **state)
{
	struct saved_memory saved;
	uint8_t buffer[16];
	size_t read;

	(void)state;
	memset(buffer, 0xEE, sizeof(buffer));
	saved_memory_open(&saved, "gap-above-4gib");
	assert_int_equal(guest_memory_fix(saved.memory, 0x2FFFFC, "FIXFIXFIX", 9, NULL),
			 STATUS_OK);
	assert_int_equal(guest_memory_read(saved.memory, 0x2FFFFC, buffer, 9, &read, NULL),
			 STATUS_OK);
	assert_int_equal(read, 4);
	assert_memory_equal(buffer, "FIXF\xEE\xEE\xEE\xEE\xEE", 9);
	saved_memory_close(&saved);
}

/* ---- How pages are stored ---- */

struct storage_case {
	const char *fixture;
	uint64_t gpa;
	enum page_storage storage;
	uint64_t pages;
};

static const struct storage_case storage_cases[] = {
	{ "every-record-kind", 0, PAGE_STORAGE_ZERO, 3 },
	{ "every-record-kind", PAGE + 77, PAGE_STORAGE_ZERO, 2 },
	{ "every-record-kind", 3 * PAGE, PAGE_STORAGE_FILL, 22 },
	{ "every-record-kind", 25 * PAGE, PAGE_STORAGE_STORED, 3 },
	{ "every-record-kind", 28 * PAGE, PAGE_STORAGE_COMPRESSED, 7 },
	{ "every-record-kind", MIB, PAGE_STORAGE_ZERO, 256 },
	{ "every-record-kind", 2 * MIB + 10 * PAGE, PAGE_STORAGE_ZERO, 246 },
	{ "every-record-kind", 4 * MIB + PAGE, PAGE_STORAGE_RAW, 255 },
	{ "every-record-kind", 5 * MIB, PAGE_STORAGE_ZERO, 256 },
	{ "every-record-kind", 8 * MIB, PAGE_STORAGE_HOLE, (UINT64_C(1) << 52) - 2048 },
	{ "gap-above-4gib", 0x300000, PAGE_STORAGE_HOLE, 0x100000 - 0x300 },
	{ "missing-ram-block", MIB + PAGE, PAGE_STORAGE_MISSING, 255 },
	{ "bad-ram-tag", 2 * PAGE, PAGE_STORAGE_DAMAGED, 254 },
	{ "bad-ram-too-large", 0, PAGE_STORAGE_DAMAGED, 256 },
	{ "bad-ram-int-type", 0, PAGE_STORAGE_DAMAGED, 256 },
};

static void each_page_tells_how_it_is_stored(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(storage_cases) / sizeof(storage_cases[0]); i++) {
		const struct storage_case *now = &storage_cases[i];
		enum page_storage storage = PAGE_STORAGE_HOLE;
		struct saved_memory saved;
		uint64_t pages = 0;

		saved_memory_open(&saved, now->fixture);
		assert_int_equal(guest_memory_storage(saved.memory, now->gpa, &storage, &pages,
						      NULL), STATUS_OK);
		if (storage != now->storage || pages != now->pages)
			fail_msg("%s at 0x%llx: storage %d for %llu pages", now->fixture,
				 (unsigned long long)now->gpa, (int)storage,
				 (unsigned long long)pages);
		saved_memory_close(&saved);
	}
}

/* From 0 on, run by run, to the end of all addresses. */
static void runs_of_storage_cover_all_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < GOOD; i++) {
		struct saved_memory saved;
		uint64_t page = 0;

		saved_memory_open(&saved, good_fixtures[i]);
		while (page < PAGE_LIMIT) {
			enum page_storage storage;
			uint64_t pages = 0;

			assert_int_equal(guest_memory_storage(saved.memory, page << PAGE_SHIFT,
							      &storage, &pages, NULL), STATUS_OK);
			assert_true(pages >= 1 && pages <= PAGE_LIMIT - page);
			page += pages;
		}
		saved_memory_close(&saved);
	}
}

/* ---- Caches ---- */

static void a_change_of_the_cache_changes_no_answer(void **state)
{
	static const uint64_t limits[] = { 1, 0, 8, 1024, UINT64_MAX, 0 };
	struct saved_memory saved;

	(void)state;
	saved_memory_open_proven(&saved, "demo");
	for (size_t i = 0; i < 6; i++) {
		struct guest_memory_cache_facts facts;

		assert_int_equal(guest_memory_set_cache_limit(saved.memory, limits[i], NULL),
				 STATUS_OK);
		facts = guest_memory_cache_facts(saved.memory);
		assert_int_equal(facts.bytes_used, 0);
		for (uint64_t gpa = 0; gpa < 8 * MIB; gpa += 5 * PAGE + 8)
			saved_memory_check_read(&saved, gpa, 24);
		facts = guest_memory_cache_facts(saved.memory);
		assert_in_range(facts.bytes_used, PAGE, facts.byte_limit);
	}
	saved_memory_close(&saved);
}

static void more_cache_holds_more_up_to_the_size_of_the_guest(void **state)
{
	struct guest_memory_cache_facts none, one, all, absurd;
	struct saved_memory saved;

	(void)state;
	saved_memory_open(&saved, "demo");
	none = guest_memory_cache_facts(saved.memory);
	assert_int_equal(guest_memory_set_cache_limit(saved.memory, 1, NULL), STATUS_OK);
	one = guest_memory_cache_facts(saved.memory);
	assert_int_equal(guest_memory_set_cache_limit(saved.memory, 8, NULL), STATUS_OK);
	all = guest_memory_cache_facts(saved.memory);
	assert_int_equal(guest_memory_set_cache_limit(saved.memory, UINT64_MAX, NULL), STATUS_OK);
	absurd = guest_memory_cache_facts(saved.memory);
	assert_true(one.byte_limit > none.byte_limit);
	assert_true(all.byte_limit >= none.byte_limit + 8 * MIB);
	assert_int_equal(absurd.byte_limit, all.byte_limit);
	saved_memory_close(&saved);
}

static void a_page_read_twice_in_part_is_a_hit(void **state)
{
	struct guest_memory_cache_facts first, second;
	struct saved_memory saved;

	(void)state;
	saved_memory_open(&saved, "demo");
	assert_read(&saved, 0x3008, 8, 8);
	first = guest_memory_cache_facts(saved.memory);
	assert_read(&saved, 0x3100, 8, 8);
	second = guest_memory_cache_facts(saved.memory);
	assert_int_equal(first.hits, 0);
	assert_true(first.misses > 0);
	assert_int_equal(second.hits, 1);
	assert_int_equal(second.misses, first.misses);
	assert_int_equal(second.bytes_used, first.bytes_used);
	saved_memory_close(&saved);
}

/* ---- In parallel ---- */

struct parallel_reads {
	struct saved_memory *saved;
	atomic_uint wrong;
};

static bool is_true(const struct saved_memory *saved, uint64_t gpa, const uint8_t *bytes,
		    size_t size)
{
	while (size > 0) {
		const uint8_t *truth = saved->regions[gpa / MIB].bytes + gpa % MIB;
		size_t part = MIB - (size_t)(gpa % MIB);

		part = part < size ? part : size;
		if (memcmp(bytes, truth, part) != 0)
			return false;
		gpa += part;
		bytes += part;
		size -= part;
	}
	return true;
}

static void read_and_compare(void *context, size_t index)
{
	struct parallel_reads *reads = context;
	struct random_numbers random = { 0x5BE0CD19137E2179 + index };

	for (unsigned i = 0; i < 100; i++) {
		uint64_t gpa = random_below(&random, 8 * MIB - 3 * PAGE);
		size_t size = random_below(&random, 2) == 0 ? 8 : random_below(&random, 3 * PAGE);
		uint8_t buffer[3 * PAGE];
		size_t read = 0;

		if (guest_memory_read(reads->saved->memory, gpa, buffer, size, &read, NULL) !=
			    STATUS_OK ||
		    read != size || !is_true(reads->saved, gpa, buffer, size))
			atomic_fetch_add(&reads->wrong, 1);
	}
}

static void threads_read_the_truth_together(void **state)
{
	struct parallel_reads reads = { .wrong = 0 };
	struct saved_memory saved;

	(void)state;
	saved_memory_open_proven(&saved, "demo");
	reads.saved = &saved;
	parallel_run(4, 16, read_and_compare, &reads);
	assert_int_equal(atomic_load(&reads.wrong), 0);
	saved_memory_close(&saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_memory_has_the_checksums_of_its_description),
		cmocka_unit_test(reads_around_borders_of_pages_and_blocks_give_the_truth),
		cmocka_unit_test(reads_around_pages_that_no_record_begins_give_the_truth),
		cmocka_unit_test(a_read_that_nothing_went_before_gives_the_truth),
		cmocka_unit_test(random_reads_give_the_truth_up_to_what_is_not_saved),
		cmocka_unit_test(a_damaged_page_fails_the_reads_that_touch_it_and_no_others),
		cmocka_unit_test(a_failure_tells_the_address_the_block_and_the_page),
		cmocka_unit_test(a_read_in_a_hole_is_short_and_no_error),
		cmocka_unit_test(ranges_that_touch_are_read_across),
		cmocka_unit_test(ram_kept_in_an_unknown_way_is_not_taken_for_none),
		cmocka_unit_test(saved_offsets_lead_to_the_same_bytes),
		cmocka_unit_test(there_is_no_saved_offset_in_a_hole),
		cmocka_unit_test(the_saved_size_counts_blocks_up_to_the_first_that_is_missing),
		cmocka_unit_test(fixes_are_seen_by_reads_and_by_nothing_else),
		cmocka_unit_test(a_fix_in_a_hole_makes_no_memory_there),
		cmocka_unit_test(each_page_tells_how_it_is_stored),
		cmocka_unit_test(runs_of_storage_cover_all_addresses),
		cmocka_unit_test(a_change_of_the_cache_changes_no_answer),
		cmocka_unit_test(more_cache_holds_more_up_to_the_size_of_the_guest),
		cmocka_unit_test(a_page_read_twice_in_part_is_a_hit),
		cmocka_unit_test(threads_read_the_truth_together),
	};

	return cmocka_run_group_tests_name("guest memory", tests, NULL, NULL);
}
