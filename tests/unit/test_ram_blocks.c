/* SPDX-License-Identifier: MIT */
/*
 * The saved RAM beneath the map: what a read costs, which values can be blocks,
 * and what is answered where there is none.
 */
#include "memory/ram_blocks.h"
#include "saved_memory.h"

#include "test_shim.h"

#include <string.h>

enum { PAGE = 4096, MIB = 1 << 20 };

/* A fixture's blocks with caches of their own. */
struct opened {
	struct saved_memory saved;
	struct ram_blocks blocks;
};

static void open_blocks(struct opened *opened, const char *fixture)
{
	saved_memory_open(&opened->saved, fixture);
	assert_int_equal(ram_blocks_init(&opened->blocks, opened->saved.state->ram,
					 saved_state_ram_blocks(opened->saved.state), NULL),
			 STATUS_OK);
	counted_file_reset(&opened->saved.files[0]);
}

static void close_blocks(struct opened *opened)
{
	ram_blocks_fini(&opened->blocks);
	saved_memory_close(&opened->saved);
}

/* Bytes that the file gave since the last question. */
static uint64_t bytes_read(struct opened *opened)
{
	uint64_t count = atomic_load(&opened->saved.files[0].bytes_read);

	counted_file_reset(&opened->saved.files[0]);
	return count;
}

static uint32_t stored_size(const struct opened *opened, uint64_t number)
{
	return numbered_keys_find(opened->blocks.keys, number).size;
}

static void read_whole(struct opened *opened, uint64_t offset, size_t size)
{
	static uint8_t buffer[2 * MIB];
	size_t read = 0;

	assert_int_equal(ram_blocks_read(&opened->blocks, offset, buffer, size, &read, NULL),
			 STATUS_OK);
	assert_int_equal(read, size);
}

/* ---- What a read costs ---- */

static void of_a_raw_block_no_more_is_read_than_the_pages_asked_for(void **state)
{
	const uint64_t raw = 4 * MIB;
	struct opened opened;

	(void)state;
	open_blocks(&opened, "every-record-kind");
	assert_int_equal(stored_size(&opened, 4), MIB);
	read_whole(&opened, raw + 8, 8);
	assert_int_equal(bytes_read(&opened), PAGE);
	read_whole(&opened, raw + 4000, 96);
	assert_int_equal(bytes_read(&opened), 0);	/* the page is kept */
	read_whole(&opened, raw + 2 * PAGE, PAGE);
	assert_int_equal(bytes_read(&opened), PAGE);
	read_whole(&opened, raw + 8 * PAGE, 5 * PAGE);
	assert_int_equal(bytes_read(&opened), 5 * PAGE);
	read_whole(&opened, raw + 16 * PAGE - 1, 2);
	assert_int_equal(bytes_read(&opened), 2 * PAGE);
	close_blocks(&opened);
}

static void a_stream_is_read_whole_once_and_by_page_afterwards(void **state)
{
	struct opened opened;
	uint32_t stream;

	(void)state;
	open_blocks(&opened, "demo");
	stream = stored_size(&opened, 2);
	assert_in_range(stream, 4 * PAGE, MIB - 1);
	read_whole(&opened, 2 * MIB + 8, 8);
	assert_int_equal(bytes_read(&opened), stream);
	for (unsigned page = 1; page < 256; page++) {
		read_whole(&opened, 2 * MIB + page * PAGE + 16, 8);
		assert_in_range(bytes_read(&opened), 0, PAGE);
	}
	for (unsigned page = 0; page < 256; page++) {
		read_whole(&opened, 2 * MIB + page * PAGE + 160, 1000);
		assert_int_equal(bytes_read(&opened), 0);
	}
	close_blocks(&opened);
}

/* The payloads of pages in a row stand in a row, so they cost one read. */
static void pages_in_a_row_are_read_in_one_piece(void **state)
{
	struct opened opened;

	(void)state;
	open_blocks(&opened, "demo");
	read_whole(&opened, 3 * MIB, 1);
	bytes_read(&opened);
	read_whole(&opened, 3 * MIB + 10 * PAGE, 20 * PAGE);
	assert_in_range(atomic_load(&opened.saved.files[0].reads), 0, 1);
	assert_in_range(bytes_read(&opened), 0, 20 * PAGE);
	close_blocks(&opened);
}

static void pages_that_hold_nothing_cost_no_read(void **state)
{
	struct opened opened;

	(void)state;
	open_blocks(&opened, "every-record-kind");
	read_whole(&opened, 5 * MIB, 8);
	bytes_read(&opened);
	for (unsigned page = 0; page < 256; page++)
		read_whole(&opened, 5 * MIB + page * PAGE, PAGE);
	read_whole(&opened, 5 * MIB + PAGE, 200 * PAGE);
	assert_int_equal(bytes_read(&opened), 0);
	close_blocks(&opened);
}

static void a_pass_over_whole_pages_keeps_none_of_them(void **state)
{
	struct opened opened;

	(void)state;
	open_blocks(&opened, "demo");
	for (uint64_t offset = 0; offset < 8 * MIB; offset += PAGE)
		read_whole(&opened, offset, PAGE);
	assert_int_equal(item_cache_counters(opened.blocks.pages).items, 0);
	assert_int_equal(item_cache_counters(opened.blocks.directories).items, 8);
	close_blocks(&opened);
}

static void changing_the_cache_drops_what_it_held(void **state)
{
	struct opened opened;

	(void)state;
	open_blocks(&opened, "demo");
	read_whole(&opened, 8, 8);
	bytes_read(&opened);
	read_whole(&opened, 8, 8);
	assert_int_equal(bytes_read(&opened), 0);
	assert_int_equal(ram_blocks_set_cache(&opened.blocks, 3, NULL), STATUS_OK);
	read_whole(&opened, 8, 8);
	assert_int_equal(bytes_read(&opened), stored_size(&opened, 0));
	close_blocks(&opened);
}

/* ---- What can be a block ---- */

struct value_case {
	uint32_t size;
	enum numbered_state state;
	enum status answer;
};

static const struct value_case value_cases[] = {
	{ 0, NUMBERED_ARRAY, STATUS_CORRUPT_RAM_VALUE },
	{ 1, NUMBERED_ARRAY, STATUS_OK },
	{ MIB - 1, NUMBERED_ARRAY, STATUS_OK },
	{ MIB, NUMBERED_ARRAY, STATUS_OK },
	{ MIB + 1, NUMBERED_ARRAY, STATUS_CORRUPT_RAM_VALUE },
	{ UINT32_MAX, NUMBERED_ARRAY, STATUS_CORRUPT_RAM_VALUE },
	{ 20, NUMBERED_OTHER_TYPE, STATUS_CORRUPT_RAM_VALUE },
	{ 20, NUMBERED_BROKEN, STATUS_CORRUPT_RAM_VALUE },
};

static void a_block_is_an_array_of_1_byte_to_1_mib(void **state)
{
	struct opened opened;

	(void)state;
	open_blocks(&opened, "every-record-kind");	/* a file of more than 1 MiB */
	for (size_t i = 0; i < sizeof(value_cases) / sizeof(value_cases[0]); i++) {
		struct numbered_value value = { .size = value_cases[i].size,
						.state = (uint8_t)value_cases[i].state };
		struct error error = { .text = "" };

		assert_int_equal(ram_block_check_value(&opened.blocks, 17, &value, &error),
				 value_cases[i].answer);
		if (value_cases[i].answer != STATUS_OK)
			assert_non_null(strstr(error.text, "RAM block 17"));
	}
	close_blocks(&opened);
}

struct failing_read {
	const char *fixture;
	uint64_t offset;
	enum status answer;
};

static const struct failing_read failing_reads[] = {
	{ "bad-ram-int-type", 0, STATUS_CORRUPT_RAM_VALUE },
	{ "bad-ram-string-type", 0, STATUS_CORRUPT_RAM_VALUE },
	{ "bad-ram-empty", 0, STATUS_CORRUPT_RAM_VALUE },
	{ "bad-ram-too-large", 0, STATUS_CORRUPT_RAM_VALUE },
	{ "bad-ram-object-too-small", 0, STATUS_CORRUPT_RAM_VALUE },
	{ "bad-ram-tag", 2 * PAGE, STATUS_CORRUPT_RAM_RECORD },
	{ "bad-ram-xpress-page", 2 * PAGE, STATUS_CORRUPT_RAM_RECORD },
	{ "bad-ram-cut", 255 * PAGE, STATUS_CORRUPT_RAM_STREAM },
	{ "bad-ram-no-end", 255 * PAGE, STATUS_CORRUPT_RAM_STREAM },
};

/* In each way of reading: part of a page, a page, several pages; before and after its directory. */
static void each_way_of_reading_a_damaged_page_fails_alike(void **state)
{
	static const size_t sizes[] = { 8, PAGE, 2 * PAGE, 8, PAGE, 2 * PAGE };
	static uint8_t buffer[2 * PAGE];

	(void)state;
	for (size_t i = 0; i < sizeof(failing_reads) / sizeof(failing_reads[0]); i++) {
		for (size_t first = 0; first < 3; first++) {
			struct opened opened;

			open_blocks(&opened, failing_reads[i].fixture);
			for (size_t j = first; j < first + 3; j++) {
				size_t read = 4711;
				enum status status =
					ram_blocks_read(&opened.blocks, failing_reads[i].offset,
							buffer, sizes[j], &read, NULL);

				if (status != failing_reads[i].answer || read != 0)
					fail_msg("%s: %zu bytes: status %d",
						 failing_reads[i].fixture, sizes[j], (int)status);
			}
			close_blocks(&opened);
		}
	}
}

static void a_broken_disk_is_told_from_damage_and_may_recover(void **state)
{
	static uint8_t buffer[2 * PAGE];
	static const uint64_t offsets[] = { 8, 4 * MIB + 8 };	/* a stream, a raw block */

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		static const size_t sizes[] = { 8, PAGE - 8, 2 * PAGE };
		struct opened opened;

		open_blocks(&opened, "every-record-kind");
		for (size_t j = 0; j < 3; j++) {
			size_t read = 4711;

			atomic_store(&opened.saved.files[0].broken, true);
			assert_int_equal(ram_blocks_read(&opened.blocks, offsets[i], buffer,
							 sizes[j], &read, NULL),
					 STATUS_READ_FAILED);
			assert_int_equal(read, 0);
		}
		atomic_store(&opened.saved.files[0].broken, false);
		read_whole(&opened, offsets[i], 8);
		close_blocks(&opened);
	}
}

/* ---- Where there is no block ---- */

static void a_read_stops_at_a_block_that_is_missing(void **state)
{
	static uint8_t buffer[3 * MIB];
	struct opened opened;
	size_t read = 4711;

	(void)state;
	open_blocks(&opened, "missing-ram-block");
	assert_int_equal(ram_blocks_count(&opened.blocks), 1);
	assert_int_equal(ram_blocks_read(&opened.blocks, 0, buffer, 3 * MIB, &read, NULL),
			 STATUS_OK);
	assert_int_equal(read, MIB);
	assert_int_equal(ram_blocks_read(&opened.blocks, MIB, buffer, 8, &read, NULL), STATUS_OK);
	assert_int_equal(read, 0);
	read_whole(&opened, 2 * MIB, 8);
	assert_int_equal(ram_blocks_read(&opened.blocks, UINT64_MAX - 3, buffer, 8, &read, NULL),
			 STATUS_OK);
	assert_int_equal(read, 0);
	assert_int_equal(ram_blocks_read(&opened.blocks, 0, buffer, 0, &read, NULL), STATUS_OK);
	assert_int_equal(read, 0);
	close_blocks(&opened);
}

static void only_streams_have_a_page_directory(void **state)
{
	struct page_directory directory;
	struct opened opened;

	(void)state;
	open_blocks(&opened, "every-record-kind");
	assert_int_equal(ram_blocks_directory(&opened.blocks, 0, &directory, NULL), STATUS_OK);
	assert_int_equal(ram_stream_page_extent(&directory, 0).kind, PAGE_ZERO);
	assert_int_equal(ram_stream_page_extent(&directory, 3).kind, PAGE_FILL);
	assert_int_equal(ram_stream_page_extent(&directory, 25).kind, PAGE_STORED);
	assert_int_equal(ram_stream_page_extent(&directory, 28).kind, PAGE_XPRESS);
	assert_int_equal(ram_stream_page_extent(&directory, 32).kind, PAGE_XPRESS);
	assert_int_equal(ram_blocks_directory(&opened.blocks, 4, &directory, NULL),
			 STATUS_CORRUPT_RAM_VALUE);
	assert_int_equal(ram_blocks_directory(&opened.blocks, 8, &directory, NULL),
			 STATUS_CORRUPT_RAM_VALUE);
	close_blocks(&opened);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_raw_block_no_more_is_read_than_the_pages_asked_for),
		cmocka_unit_test(a_stream_is_read_whole_once_and_by_page_afterwards),
		cmocka_unit_test(pages_in_a_row_are_read_in_one_piece),
		cmocka_unit_test(pages_that_hold_nothing_cost_no_read),
		cmocka_unit_test(a_pass_over_whole_pages_keeps_none_of_them),
		cmocka_unit_test(changing_the_cache_drops_what_it_held),
		cmocka_unit_test(a_block_is_an_array_of_1_byte_to_1_mib),
		cmocka_unit_test(each_way_of_reading_a_damaged_page_fails_alike),
		cmocka_unit_test(a_broken_disk_is_told_from_damage_and_may_recover),
		cmocka_unit_test(a_read_stops_at_a_block_that_is_missing),
		cmocka_unit_test(only_streams_have_a_page_directory),
	};

	return cmocka_run_group_tests_name("RAM blocks", tests, NULL, NULL);
}
