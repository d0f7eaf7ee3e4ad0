/* SPDX-License-Identifier: MIT */
/*
 * What the check tells of RAM that is missing or damaged: compared, over
 * thousands of random maps and sets of blocks, with a table that says of each
 * guest page whether it can be read.
 *
 * Blocks are there, missing, or broken, which costs all of their pages.
 */
#include "bench/codec_writer.h"
#include "memory/ram_check.h"
#include "saved_memory.h"

#include "test_shim.h"

#include <string.h>

enum { BLOCK_PAGES = 256, MOST_BLOCKS = 400, MOST_FAULTS = 4096 };

/* A family of keys made by hand, with the container of a sound file beneath it. */
struct made_blocks {
	struct saved_memory saved;
	struct numbered_other keys[MOST_BLOCKS];
	struct numbered_keys family;
	struct numbered_value sound;
	struct ram_blocks blocks;
};

struct told {
	struct ram_fault faults[MOST_FAULTS];
	size_t count;
	char text[ERROR_TEXT_SIZE];	/* of the last */
	struct ram_check_counts counts;
};

static void make_blocks(struct made_blocks *made)
{
	saved_memory_open(&made->saved, "minimal");
	memset(&made->family, 0, sizeof(made->family));
	made->family.others.items = made->keys;
	made->sound = numbered_keys_find(saved_state_ram_blocks(made->saved.state), 0);
	assert_int_equal(ram_blocks_init(&made->blocks, made->saved.state->ram, &made->family, NULL),
			 STATUS_OK);
}

static void free_blocks(struct made_blocks *made)
{
	ram_blocks_fini(&made->blocks);
	saved_memory_close(&made->saved);
}

/* Numbers are given in ascending order. */
static void add_block(struct made_blocks *made, uint64_t number, bool broken)
{
	struct numbered_other *key = &made->keys[made->family.others.count++];

	assert_true(made->family.others.count <= MOST_BLOCKS);
	key->number = number;
	key->value = made->sound;
	if (broken)
		key->value.state = NUMBERED_BROKEN;
}

static void note_fault(void *context, const struct ram_fault *fault)
{
	struct told *told = context;

	assert_true(told->count < MOST_FAULTS);
	told->faults[told->count++] = *fault;
	strcpy(told->text, fault->error->text);
}

static void check(struct made_blocks *made, const struct chunk_source *sources, size_t count,
		  struct told *told)
{
	const struct ram_check_listener listener = { note_fault, NULL, told };
	struct chunk_map map;

	told->count = 0;
	assert_int_equal(chunk_map_build(sources, count, &map, NULL), STATUS_OK);
	assert_int_equal(ram_check(&made->blocks, &map, 1, &listener, &told->counts, NULL),
			 STATUS_OK);
	chunk_map_fini(&map);
}

static void check_fault(const struct told *told, size_t index, uint64_t gpa_page,
			uint64_t page_count, uint64_t more_places)
{
	assert_true(index < told->count);
	assert_int_equal(told->faults[index].gpa_page, gpa_page);
	assert_int_equal(told->faults[index].page_count, page_count);
	assert_int_equal(told->faults[index].more_places, more_places);
}

/* ---- Against a table ---- */

enum { GUEST_PAGES = 2400, MAP_BLOCKS = 6 };

#define NOT_SAVED UINT64_MAX

struct table {
	uint64_t saved_page[GUEST_PAGES];
	bool lost[GUEST_PAGES];
	bool missing[GUEST_PAGES];
	bool told[GUEST_PAGES];
};

static void random_blocks(struct made_blocks *made, struct random_numbers *random, char *kinds)
{
	made->family.others.count = 0;
	for (unsigned number = 0; number < MAP_BLOCKS; number++) {
		kinds[number] = "sbm"[random_below(random, 3)];
		if (kinds[number] != 'm')
			add_block(made, number, kinds[number] == 'b');
	}
}

static size_t random_sources(struct chunk_source *sources, struct random_numbers *random)
{
	size_t count = random_below(random, 6);

	for (size_t i = 0; i < count; i++) {
		sources[i].gpa_page = random_below(random, GUEST_PAGES - 700);
		sources[i].page_count = random_below(random, 700);
		sources[i].saved_page = random_below(random, MAP_BLOCKS * BLOCK_PAGES - 700);
	}
	return count;
}

static void fill_table(struct table *table, const struct chunk_source *sources, size_t count,
		       const char *kinds)
{
	memset(table, 0, sizeof(*table));
	for (uint64_t page = 0; page < GUEST_PAGES; page++) {
		table->saved_page[page] = NOT_SAVED;
		for (size_t i = 0; i < count && table->saved_page[page] == NOT_SAVED; i++) {
			if (page >= sources[i].gpa_page &&
			    page - sources[i].gpa_page < sources[i].page_count)
				table->saved_page[page] =
					sources[i].saved_page + (page - sources[i].gpa_page);
		}
		if (table->saved_page[page] == NOT_SAVED)
			continue;
		table->missing[page] = kinds[table->saved_page[page] / BLOCK_PAGES] == 'm';
		table->lost[page] = kinds[table->saved_page[page] / BLOCK_PAGES] != 's';
	}
}

/* Marks the pages that have the same saved page, which must begin with page itself. */
static void mark_places(struct table *table, uint64_t page, uint64_t expected)
{
	uint64_t places = 0;

	for (uint64_t other = 0; other < GUEST_PAGES; other++) {
		if (table->saved_page[other] != table->saved_page[page])
			continue;
		assert_true(other >= page);
		assert_false(table->told[other]);
		table->told[other] = true;
		places++;
	}
	assert_int_equal(places, expected);
}

static void compare(struct table *table, const struct told *told)
{
	uint64_t missing = 0;

	for (size_t i = 0; i < told->count; i++) {
		const struct ram_fault *fault = &told->faults[i];

		for (uint64_t page = 0; page < fault->page_count; page++)
			mark_places(table, fault->gpa_page + page, fault->more_places + 1);
	}
	for (size_t page = 0; page < GUEST_PAGES; page++) {
		assert_int_equal(table->told[page], table->lost[page]);
		missing += table->missing[page];
	}
	assert_int_equal(told->counts.pages_missing, missing);
}

static void each_lost_page_is_told_once_with_all_its_places(void **state)
{
	static struct made_blocks made;
	static struct table table;
	static struct told told;
	struct random_numbers random = { 20 };
	struct chunk_source sources[6];
	char kinds[MAP_BLOCKS];

	(void)state;
	make_blocks(&made);
	for (int round = 0; round < 300; round++) {
		size_t count = random_sources(sources, &random);

		random_blocks(&made, &random, kinds);
		fill_table(&table, sources, count, kinds);
		check(&made, sources, count, &told);
		compare(&table, &told);
	}
	free_blocks(&made);
}

/* ---- By hand ---- */

static void memory_blocks_that_share_a_saved_area_lose_it_at_each_place(void **state)
{
	static const struct chunk_source sources[] = {
		{ 0x2000, 512, 0 }, { 0x1000, 512, 0 }, { 0, 512, 0 }
	};
	static struct made_blocks made;
	static struct told told;

	(void)state;
	make_blocks(&made);
	add_block(&made, 0, false);
	check(&made, sources, 3, &told);
	assert_int_equal(told.count, 1);
	check_fault(&told, 0, 256, 256, 2);
	assert_int_equal(told.counts.pages_missing, 3 * 256);
	free_blocks(&made);
}

/* 400 gaps seen through 400 ranges: told for each pair, there would be 160000. */
static void faults_stay_few_however_many_ranges_share_the_saved_area(void **state)
{
	static struct chunk_source sources[MOST_BLOCKS];
	static struct made_blocks made;
	static struct told told;

	(void)state;
	make_blocks(&made);
	for (uint64_t i = 0; i < MOST_BLOCKS; i++) {
		add_block(&made, 2 * i, false);
		sources[i].gpa_page = i << 20;
		sources[i].page_count = 2 * MOST_BLOCKS * BLOCK_PAGES;
		sources[i].saved_page = 0;
	}
	check(&made, sources, MOST_BLOCKS, &told);
	assert_int_equal(told.count, MOST_BLOCKS);
	for (size_t i = 0; i < MOST_BLOCKS; i++)
		check_fault(&told, i, (2 * i + 1) * BLOCK_PAGES, BLOCK_PAGES, MOST_BLOCKS - 1);
	assert_int_equal(told.counts.pages_missing,
			 (uint64_t)MOST_BLOCKS * MOST_BLOCKS * BLOCK_PAGES);
	free_blocks(&made);
}

/* ---- Numbers that no address reaches ---- */

/* Its first page would be 2^64, which wraps: unless seen to, it passes for block 0. */
#define WRAPPING ((uint64_t)1 << 56)

/* Sound blocks from 0 on. */
static void make_first_blocks(struct made_blocks *made, uint64_t count)
{
	make_blocks(made);
	for (uint64_t number = 0; number < count; number++)
		add_block(made, number, false);
}

static void a_number_behind_all_addresses_stands_in_for_no_block(void **state)
{
	static const struct chunk_source source = { 0, 9 * BLOCK_PAGES, 0 };
	static struct made_blocks made;
	static struct told told;

	(void)state;
	make_first_blocks(&made, 8);
	add_block(&made, WRAPPING, false);
	add_block(&made, WRAPPING + 8, false);
	add_block(&made, UINT64_MAX, false);
	check(&made, &source, 1, &told);
	assert_int_equal(told.count, 1);
	check_fault(&told, 0, 8 * BLOCK_PAGES, BLOCK_PAGES, 0);
	assert_string_equal(told.text, "the file has no RAM block 8");
	free_blocks(&made);
}

static void damage_behind_all_addresses_costs_the_guest_nothing(void **state)
{
	static const struct chunk_source source = { 0, 8 * BLOCK_PAGES, 0 };
	static const struct chunk_source everything = { 0, PAGE_LIMIT, 0 };
	static struct made_blocks made;
	static struct told told;

	(void)state;
	make_first_blocks(&made, 8);
	add_block(&made, WRAPPING + 3, true);
	check(&made, &source, 1, &told);
	assert_int_equal(told.count, 1);
	check_fault(&told, 0, 0, 0, 0);
	assert_int_equal(told.counts.pages_damaged, BLOCK_PAGES);
	check(&made, &everything, 1, &told);
	assert_int_equal(told.count, 2);
	check_fault(&told, 0, 8 * BLOCK_PAGES, PAGE_LIMIT - 8 * BLOCK_PAGES, 0);
	check_fault(&told, 1, 0, 0, 0);
	free_blocks(&made);
}

static void the_last_block_that_has_addresses_is_found_there(void **state)
{
	static const struct chunk_source everything = { 0, PAGE_LIMIT, 0 };
	const uint64_t last = PAGE_LIMIT / BLOCK_PAGES - 1;
	static struct made_blocks made;
	static struct told told;

	(void)state;
	make_blocks(&made);
	add_block(&made, last, true);
	add_block(&made, last + 1, true);
	check(&made, &everything, 1, &told);
	assert_int_equal(told.count, 3);
	check_fault(&told, 0, 0, PAGE_LIMIT - BLOCK_PAGES, 0);
	check_fault(&told, 1, PAGE_LIMIT - BLOCK_PAGES, BLOCK_PAGES, 0);
	check_fault(&told, 2, 0, 0, 0);
	free_blocks(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_lost_page_is_told_once_with_all_its_places),
		cmocka_unit_test(memory_blocks_that_share_a_saved_area_lose_it_at_each_place),
		cmocka_unit_test(faults_stay_few_however_many_ranges_share_the_saved_area),
		cmocka_unit_test(a_number_behind_all_addresses_stands_in_for_no_block),
		cmocka_unit_test(damage_behind_all_addresses_costs_the_guest_nothing),
		cmocka_unit_test(the_last_block_that_has_addresses_is_found_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
