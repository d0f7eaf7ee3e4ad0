/* SPDX-License-Identifier: MIT */
/*
 * Fixes over guest memory, compared with a copy of the memory that each fix was
 * written into.
 */
#include "bench/codec_writer.h"
#include "memory/memory_fixes.h"

#include "test_shim.h"

#include <string.h>

enum { PAGE = 4096, WINDOW = 4 * PAGE };

struct fixed_memory {
	struct memory_fixes fixes;
	uint64_t start;			/* guest-physical address of the window */
	uint8_t saved[WINDOW];
	uint8_t expected[WINDOW];	/* with the fixes */
};

static void check_read(struct fixed_memory *memory, size_t offset, size_t size)
{
	uint8_t buffer[WINDOW + 1];

	memcpy(buffer, memory->saved + offset, size);
	buffer[size] = 0xEE;
	memory_fixes_overlay(&memory->fixes, memory->start + offset, buffer, size);
	if (memcmp(buffer, memory->expected + offset, size) != 0)
		fail_msg("wrong bytes among %zu at %zu of the window", size, offset);
	assert_int_equal(buffer[size], 0xEE);
}

static void add(struct fixed_memory *memory, size_t offset, const uint8_t *bytes, size_t size)
{
	assert_int_equal(memory_fixes_add(&memory->fixes, memory->start + offset, bytes, size,
					  NULL), STATUS_OK);
	memcpy(memory->expected + offset, bytes, size);
}

static void fill(uint8_t *bytes, size_t size, struct random_numbers *random)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)random_below(random, 256);
}

/* Short ranges mostly, some of whole pages, all within the window. */
static size_t random_size(struct random_numbers *random, size_t room)
{
	size_t size = random_below(random, random_below(random, 8) == 0 ? 2 * PAGE + 1 : 24);

	return size < room ? size : room;
}

static void later_fixes_win_byte_by_byte(void **state)
{
	/* The last of these ends with the last address there is. */
	static const uint64_t starts[] = { 0, 0xFFFFE000, UINT64_MAX - (WINDOW - 1) };
	struct random_numbers random = { 0x510E527FADE682D1 };

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		static struct fixed_memory memory;

		memset(&memory, 0, sizeof(memory));
		memory.start = starts[round % 3];
		fill(memory.saved, WINDOW, &random);
		memcpy(memory.expected, memory.saved, WINDOW);
		for (unsigned i = random_below(&random, 20); i > 0; i--) {
			uint8_t bytes[2 * PAGE];
			size_t offset = random_below(&random, WINDOW);
			size_t size = random_size(&random, WINDOW - offset);

			fill(bytes, size, &random);
			add(&memory, offset, bytes, size);
		}
		for (unsigned i = 0; i < 50; i++) {
			size_t offset = random_below(&random, WINDOW);

			check_read(&memory, offset, random_size(&random, WINDOW - offset));
		}
		check_read(&memory, 0, WINDOW);
		memory_fixes_fini(&memory.fixes);
	}
}

static void without_fixes_nothing_is_overlaid(void **state)
{
	struct memory_fixes fixes = { NULL };
	uint8_t bytes[] = "saved";

	(void)state;
	assert_true(memory_fixes_empty(&fixes));
	memory_fixes_overlay(&fixes, 0, bytes, sizeof(bytes));
	assert_memory_equal(bytes, "saved", sizeof(bytes));
	memory_fixes_fini(&fixes);
}

static void a_fix_of_no_bytes_is_none(void **state)
{
	struct memory_fixes fixes = { NULL };

	(void)state;
	assert_int_equal(memory_fixes_add(&fixes, 0x1000, NULL, 0, NULL), STATUS_OK);
	assert_true(memory_fixes_empty(&fixes));
	assert_int_equal(memory_fixes_add(&fixes, 0x1000, "x", 1, NULL), STATUS_OK);
	assert_false(memory_fixes_empty(&fixes));
	memory_fixes_fini(&fixes);
	assert_true(memory_fixes_empty(&fixes));
}

/* Pages far apart whose numbers agree in their low bits must not be mixed up. */
static void fixes_of_far_pages_are_kept_apart(void **state)
{
	struct memory_fixes fixes = { NULL };

	(void)state;
	for (unsigned shift = 12; shift < 64; shift++) {
		uint8_t byte = (uint8_t)shift;

		assert_int_equal(memory_fixes_add(&fixes, UINT64_C(1) << shift, &byte, 1, NULL),
				 STATUS_OK);
	}
	for (unsigned shift = 12; shift < 64; shift++) {
		uint8_t bytes[2] = { 0, 0 };

		memory_fixes_overlay(&fixes, UINT64_C(1) << shift, bytes, 2);
		assert_int_equal(bytes[0], shift);
		assert_int_equal(bytes[1], 0);
	}
	memory_fixes_fini(&fixes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_fixes_win_byte_by_byte),
		cmocka_unit_test(without_fixes_nothing_is_overlaid),
		cmocka_unit_test(a_fix_of_no_bytes_is_none),
		cmocka_unit_test(fixes_of_far_pages_are_kept_apart),
	};

	return cmocka_run_group_tests_name("memory fixes", tests, NULL, NULL);
}
