/* SPDX-License-Identifier: MIT */
/*
 * The map of guest memory, compared with a table that gives each page the first
 * memory block that covers it, over thousands of random sets of blocks.
 */
#include "bench/codec_writer.h"
#include "memory/chunk_map.h"

#include "test_shim.h"

#include <string.h>

enum { PAGES = 96, MOST_SOURCES = 12 };

#define NOT_SAVED UINT64_MAX

/* The saved page of each page of a window that begins at some page of the guest. */
struct reference {
	uint64_t start;
	uint64_t saved[PAGES];
};

/* Sums are never made here: nothing may hide a wrap. */
static bool covers(const struct chunk_source *source, uint64_t page)
{
	if (source->gpa_page >= PAGE_LIMIT || source->saved_page >= PAGE_LIMIT ||
	    source->page_count > PAGE_LIMIT - source->gpa_page ||
	    source->page_count > PAGE_LIMIT - source->saved_page)
		return false;
	return page >= source->gpa_page && page - source->gpa_page < source->page_count;
}

static uint64_t saved_page(const struct chunk_source *sources, size_t count, uint64_t page)
{
	for (size_t i = 0; i < count; i++) {
		if (covers(&sources[i], page))
			return sources[i].saved_page + (page - sources[i].gpa_page);
	}
	return NOT_SAVED;
}

static void check_page(const struct chunk_map *map, uint64_t page, uint64_t expected)
{
	const struct chunk_range *range = chunk_map_find(map, page);

	if (expected == NOT_SAVED) {
		assert_null(range);
		return;
	}
	assert_non_null(range);
	assert_int_equal(range->saved_page + (page - range->gpa_page), expected);
	assert_ptr_equal(chunk_map_next(map, page), range);
}

/* Ascending, disjoint, not empty, and no two that could be one. */
static void check_form(const struct chunk_map *map)
{
	const struct chunk_range *ranges = map->ranges.items;

	for (size_t i = 0; i < map->ranges.count; i++) {
		const struct chunk_range *range = &ranges[i];
		uint64_t end = range->gpa_page + range->page_count;

		assert_true(range->page_count >= 1);
		assert_true(range->gpa_page < PAGE_LIMIT && end <= PAGE_LIMIT);
		if (i + 1 == map->ranges.count)
			continue;
		assert_true(end <= ranges[i + 1].gpa_page);
		assert_false(end == ranges[i + 1].gpa_page &&
			     range->saved_page + range->page_count == ranges[i + 1].saved_page);
	}
}

/* The next range behind a hole is the one that holds the next page that is saved. */
static void check_next(const struct chunk_map *map, const struct reference *reference)
{
	const struct chunk_range *expected = NULL;

	for (size_t i = PAGES; i > 0; i--) {
		uint64_t page = reference->start + (i - 1);

		if (reference->saved[i - 1] != NOT_SAVED)
			expected = chunk_map_find(map, page);
		if (expected != NULL)
			assert_ptr_equal(chunk_map_next(map, page), expected);
	}
}

static void check_map(const struct chunk_source *sources, size_t count, uint64_t start)
{
	struct reference reference = { .start = start };
	struct chunk_map map;

	assert_int_equal(chunk_map_build(sources, count, &map, NULL), STATUS_OK);
	check_form(&map);
	for (size_t i = 0; i < PAGES; i++) {
		reference.saved[i] = saved_page(sources, count, start + i);
		check_page(&map, start + i, reference.saved[i]);
	}
	check_next(&map, &reference);
	chunk_map_fini(&map);
}

static uint64_t random_number(struct random_numbers *random)
{
	uint64_t high = random_below(random, UINT32_MAX);

	return high << 32 | random_below(random, UINT32_MAX);
}

/* Within the window mostly, so that blocks overlap; sometimes absurd. */
static struct chunk_source random_source(struct random_numbers *random, uint64_t start)
{
	struct chunk_source source = {
		.gpa_page = start + random_below(random, PAGES),
		.page_count = random_below(random, 40),
		.saved_page = random_below(random, 4) * 16,
	};

	switch (random_below(random, 16)) {
	case 0:
		source.page_count = random_number(random);
		break;
	case 1:
		source.gpa_page = random_number(random);
		break;
	case 2:
		source.saved_page = random_number(random);
		break;
	case 3:
		source.page_count = UINT64_MAX - random_below(random, 3);
		break;
	case 4:
		source.saved_page = PAGE_LIMIT - random_below(random, 40);
		break;
	case 5:
		source.gpa_page = start;
		source.page_count = PAGE_LIMIT - start;
		source.saved_page = 0;
		break;
	default:
		break;
	}
	return source;
}

static void each_page_comes_from_the_first_block_that_covers_it(void **state)
{
	/* At the bottom, across 4 GiB, and at the top of all addresses. */
	static const uint64_t starts[] = { 0, 0xFFFE0, PAGE_LIMIT - PAGES };
	struct random_numbers random = { 0xBB67AE8584CAA73B };

	(void)state;
	for (unsigned round = 0; round < 6000; round++) {
		struct chunk_source sources[MOST_SOURCES];
		size_t count = random_below(&random, MOST_SOURCES + 1);
		uint64_t start = starts[round % 3];

		for (size_t i = 0; i < count; i++)
			sources[i] = random_source(&random, start);
		check_map(sources, count, start);
	}
}

static void blocks_that_continue_each_other_are_one_range(void **state)
{
	static const struct chunk_source sources[] = {
		{ 10, 5, 110 }, { 0, 10, 100 }, { 15, 5, 115 }, { 20, 5, 300 }
	};
	struct chunk_map map;

	(void)state;
	assert_int_equal(chunk_map_build(sources, 4, &map, NULL), STATUS_OK);
	assert_int_equal(map.ranges.count, 2);
	assert_int_equal(chunk_map_find(&map, 0)->page_count, 20);
	assert_int_equal(chunk_map_find(&map, 24)->saved_page, 300);
	chunk_map_fini(&map);
}

static void a_block_in_the_middle_of_another_parts_it(void **state)
{
	static const struct chunk_source sources[] = { { 4, 2, 900 }, { 0, 10, 0 } };
	struct chunk_map map;
	const struct chunk_range *ranges;

	(void)state;
	assert_int_equal(chunk_map_build(sources, 2, &map, NULL), STATUS_OK);
	assert_int_equal(map.ranges.count, 3);
	ranges = map.ranges.items;
	assert_int_equal(ranges[1].gpa_page, 4);
	assert_int_equal(ranges[1].saved_page, 900);
	assert_int_equal(ranges[2].gpa_page, 6);
	assert_int_equal(ranges[2].saved_page, 6);
	chunk_map_fini(&map);
}

static void all_of_memory_may_be_one_block(void **state)
{
	static const struct chunk_source all = { 0, PAGE_LIMIT, 0 };
	struct chunk_map map;

	(void)state;
	assert_int_equal(chunk_map_build(&all, 1, &map, NULL), STATUS_OK);
	check_page(&map, 0, 0);
	check_page(&map, PAGE_LIMIT - 1, PAGE_LIMIT - 1);
	assert_null(chunk_map_find(&map, PAGE_LIMIT));
	assert_null(chunk_map_next(&map, UINT64_MAX));
	chunk_map_fini(&map);
}

static void blocks_that_leave_the_addresses_cover_nothing(void **state)
{
	static const struct chunk_source sources[] = {
		{ 0, 0, 0 },
		{ 0, PAGE_LIMIT + 1, 0 },
		{ 1, PAGE_LIMIT, 0 },
		{ 0, PAGE_LIMIT, 1 },
		{ PAGE_LIMIT, 1, 0 },
		{ 0, 1, PAGE_LIMIT },
		{ UINT64_MAX, 2, 0 },
		{ 0, 2, UINT64_MAX },
		{ UINT64_MAX, UINT64_MAX, UINT64_MAX },
	};
	struct chunk_map map;

	(void)state;
	assert_int_equal(chunk_map_build(sources, sizeof(sources) / sizeof(sources[0]), &map,
					 NULL), STATUS_OK);
	assert_int_equal(map.ranges.count, 0);
	assert_null(chunk_map_next(&map, 0));
	chunk_map_fini(&map);
}

static void no_blocks_are_an_empty_map(void **state)
{
	struct chunk_map map;

	(void)state;
	assert_int_equal(chunk_map_build(NULL, 0, &map, NULL), STATUS_OK);
	assert_null(chunk_map_find(&map, 0));
	assert_null(chunk_map_next(&map, 0));
	chunk_map_fini(&map);
}

/* Nested blocks, each inside the one behind it: a sweep that looks at all would take minutes. */
static void the_time_for_overlapping_blocks_grows_little_faster_than_their_number(void **state)
{
	enum { COUNT = 100000 };
	static struct chunk_source sources[COUNT];
	struct chunk_map map;

	(void)state;
	for (uint64_t i = 0; i < COUNT; i++) {
		sources[i].gpa_page = COUNT - i;
		sources[i].page_count = 2 * i + 1;
		sources[i].saved_page = i * 1000000;
	}
	assert_int_equal(chunk_map_build(sources, COUNT, &map, NULL), STATUS_OK);
	assert_int_equal(map.ranges.count, 2 * COUNT - 1);
	check_page(&map, COUNT, 0);
	check_page(&map, 1, UINT64_C(1000000) * (COUNT - 1));
	chunk_map_fini(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_page_comes_from_the_first_block_that_covers_it),
		cmocka_unit_test(blocks_that_continue_each_other_are_one_range),
		cmocka_unit_test(a_block_in_the_middle_of_another_parts_it),
		cmocka_unit_test(all_of_memory_may_be_one_block),
		cmocka_unit_test(blocks_that_leave_the_addresses_cover_nothing),
		cmocka_unit_test(no_blocks_are_an_empty_map),
		cmocka_unit_test(
			the_time_for_overlapping_blocks_grows_little_faster_than_their_number),
	};

	return cmocka_run_group_tests_name("chunk map", tests, NULL, NULL);
}
