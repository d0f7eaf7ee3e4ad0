/* SPDX-License-Identifier: MIT */
/*
 * The XPRESS decoder against known answers, against data written by the tests
 * themselves, and against a byte-by-byte reference; always between pages that
 * cannot be touched.
 */
#include "bench/codec_pages.h"
#include "bench/codec_reference.h"
#include "bench/codec_writer.h"
#include "codec/xpress.h"

#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zlib.h>

enum { PAGE = 4096, BUFFER_SIZE = 1 << 17 };

/* ---- Buffers between forbidden pages ---- */

struct guarded {
	uint8_t *start;
	uint8_t *end;
};

static struct guarded guarded_in;
static struct guarded guarded_out;

static struct guarded guarded_map(void)
{
	size_t guard = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *map = mmap(NULL, BUFFER_SIZE + 2 * guard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	struct guarded guarded;

	assert_ptr_not_equal(map, MAP_FAILED);
	guarded.start = map + guard;
	guarded.end = guarded.start + BUFFER_SIZE;
	assert_int_equal(mprotect(guarded.start, BUFFER_SIZE, PROT_READ | PROT_WRITE), 0);
	return guarded;
}

static int map_buffers(void **context)
{
	(void)context;
	guarded_in = guarded_map();
	guarded_out = guarded_map();
	return 0;
}

static bool decode_between(uint8_t *in, uint8_t *out, const uint8_t *data, size_t size,
			   size_t out_size)
{
	memcpy(in, data, size);
	memset(out, 0xCC, out_size);
	return xpress_decode(in, size, out, out_size);
}

/* Decodes with both buffers at the end, then at the start, of what may be touched. */
static bool decode(const uint8_t *data, size_t size, uint8_t *plain, size_t out_size)
{
	bool at_end = decode_between(guarded_in.end - size, guarded_out.end - out_size, data, size,
				     out_size);
	bool at_start;

	memcpy(plain, guarded_out.end - out_size, out_size);
	at_start = decode_between(guarded_in.start, guarded_out.start, data, size, out_size);
	assert_int_equal(at_end, at_start);
	if (at_end)
		assert_memory_equal(plain, guarded_out.start, out_size);
	return at_end;
}

static void expect_as_reference(const uint8_t *data, size_t size, size_t out_size)
{
	static uint8_t plain[BUFFER_SIZE];
	static uint8_t expected[BUFFER_SIZE];
	bool good = reference_xpress_decode(data, size, expected, out_size);

	assert_int_equal(decode(data, size, plain, out_size), good);
	if (good)
		assert_memory_equal(plain, expected, out_size);
}

/* ---- Known answers ---- */

struct answer {
	const char *packed;
	size_t plain_size;
	uint32_t crc32;
};

/* a to z, "abc" 100 times, and pages of real saved states. */
static const struct answer answers[] = {
	{ "3f0000006162636465666768696a6b6c6d6e6f707172737475767778797a", 26, 0x4C2750BD },
	{ "ffffff1f61626317000fff2601", 300, 0xD0C4B884 },
	{ "ffffff5fcc07000ffffb0f09", PAGE, 0x79FDE427 },
	{ "ffff3f00ea457200f000000001713200480017000fffeb0f", PAGE, 0x866F7412 },
	{ "ffffff430007000ffff80f5ee1ffff", PAGE, 0xFAC8D0E8 },
};

enum { ANSWER_COUNT = sizeof(answers) / sizeof(answers[0]), ANSWER_SIZE_MAX = 64 };

static size_t from_hex(const char *text, uint8_t *out)
{
	size_t size = strlen(text) / 2;

	for (size_t i = 0; i < size; i++) {
		unsigned byte;

		assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return size;
}

static void test_known_answers(void **context)
{
	static uint8_t plain[PAGE];
	uint8_t packed[ANSWER_SIZE_MAX];

	(void)context;
	for (size_t i = 0; i < ANSWER_COUNT; i++) {
		size_t size = from_hex(answers[i].packed, packed);

		assert_true(decode(packed, size, plain, answers[i].plain_size));
		assert_int_equal(crc32(0, plain, (uInt)answers[i].plain_size), answers[i].crc32);
	}
}

static void test_alphabet_and_repeated_text(void **context)
{
	static uint8_t plain[300];
	uint8_t packed[ANSWER_SIZE_MAX];
	size_t size = from_hex(answers[0].packed, packed);

	(void)context;
	assert_true(decode(packed, size, plain, 26));
	assert_memory_equal(plain, "abcdefghijklmnopqrstuvwxyz", 26);
	size = from_hex(answers[1].packed, packed);
	assert_true(decode(packed, size, plain, 300));
	for (size_t i = 0; i < 300; i++)
		assert_int_equal(plain[i], "abc"[i % 3]);
}

static void test_known_answers_cut_anywhere(void **context)
{
	uint8_t packed[ANSWER_SIZE_MAX];

	(void)context;
	for (size_t i = 0; i < ANSWER_COUNT; i++) {
		size_t size = from_hex(answers[i].packed, packed);

		for (size_t cut = 0; cut <= size; cut++)
			expect_as_reference(packed, cut, answers[i].plain_size);
	}
}

static void test_known_answers_with_any_byte_changed(void **context)
{
	uint8_t packed[ANSWER_SIZE_MAX];

	(void)context;
	for (size_t i = 0; i < ANSWER_COUNT; i++) {
		size_t size = from_hex(answers[i].packed, packed);

		for (size_t at = 0; at < size; at++) {
			for (unsigned change = 1; change < 256; change++) {
				packed[at] ^= (uint8_t)change;
				expect_as_reference(packed, size, answers[i].plain_size);
				packed[at] ^= (uint8_t)change;
			}
		}
	}
}

static void test_known_answers_at_any_output_size(void **context)
{
	uint8_t packed[ANSWER_SIZE_MAX];

	(void)context;
	for (size_t i = 0; i < ANSWER_COUNT; i++) {
		size_t size = from_hex(answers[i].packed, packed);

		for (size_t out_size = 0; out_size <= answers[i].plain_size + 8; out_size++)
			expect_as_reference(packed, size, out_size);
	}
}

/* ---- Rules ---- */

static void test_no_output_needs_no_input(void **context)
{
	uint8_t nothing = 0;

	(void)context;
	assert_true(decode(&nothing, 0, &nothing, 0));
	assert_false(decode(&nothing, 0, &nothing, 1));
}

static void test_input_left_over_is_ignored(void **context)
{
	uint8_t packed[ANSWER_SIZE_MAX];
	uint8_t plain[26];
	size_t size = from_hex(answers[0].packed, packed);

	(void)context;
	for (size_t extra = 1; size + extra <= sizeof(packed); extra++) {
		packed[size + extra - 1] = (uint8_t)(extra % 5 * 63);
		assert_true(decode(packed, size + extra, plain, sizeof(plain)));
		assert_memory_equal(plain, "abcdefghijklmnopqrstuvwxyz", 26);
	}
}

static void test_match_before_the_output_is_bad(void **context)
{
	static uint8_t plain[PAGE];
	struct xpress_writer writer;

	(void)context;
	for (uint32_t literals = 1; literals < 70; literals++) {
		size_t token = 4 + literals + 4 * (literals / 32);
		uint32_t further = literals << 3;

		xpress_start(&writer);
		for (uint32_t i = 0; i < literals; i++)
			xpress_literal(&writer, (uint8_t)i);
		xpress_match(&writer, literals, 3, LENGTH_SHORTEST);
		for (uint32_t i = 0; i < 100; i++)
			xpress_literal(&writer, 0);
		xpress_end(&writer);
		assert_true(decode(writer.packed, writer.packed_size, plain, literals + 103));
		writer.packed[token] = (uint8_t)further;
		writer.packed[token + 1] = (uint8_t)(further >> 8);
		assert_false(decode(writer.packed, writer.packed_size, plain, literals + 103));
	}
}

static void test_match_at_the_start_is_bad(void **context)
{
	static const uint8_t packed[64] = { 0xFF, 0xFF, 0xFF, 0xFF };
	static uint8_t plain[PAGE];

	(void)context;
	assert_false(decode(packed, sizeof(packed), plain, PAGE));
	assert_false(decode(packed, 6, plain, 3));
}

static void expect_match(uint32_t literals, uint32_t distance, uint32_t length,
			 enum length_form form)
{
	static uint8_t plain[BUFFER_SIZE];
	struct xpress_writer writer;

	xpress_start(&writer);
	for (uint32_t i = 0; i < literals; i++)
		xpress_literal(&writer, (uint8_t)(i * 7 + 1));
	xpress_match(&writer, distance, length, form);
	for (uint32_t i = 0; i < 60; i++)
		xpress_literal(&writer, (uint8_t)i);
	xpress_end(&writer);
	assert_true(decode(writer.packed, writer.packed_size, plain, writer.plain_size));
	assert_memory_equal(plain, writer.plain, writer.plain_size);
	/* The same match, cut by the end of the output. */
	for (size_t cut = 1; cut < 20 && cut < length; cut++) {
		size_t size = literals + length - cut;

		assert_true(decode(writer.packed, writer.packed_size, plain, size));
		assert_memory_equal(plain, writer.plain, size);
	}
}

static void test_every_length_and_short_distance(void **context)
{
	(void)context;
	for (uint32_t distance = 1; distance <= 40; distance++) {
		for (uint32_t length = 3; length <= 60; length++)
			expect_match(40, distance, length, LENGTH_SHORTEST);
	}
}

/* The literals of one flag word, a match that uses its last flag or not, and the end behind. */
static void test_output_that_ends_anywhere_behind_a_match(void **context)
{
	struct xpress_writer writer;

	(void)context;
	for (uint32_t literals = 1; literals <= 32; literals++) {
		for (uint32_t length = 3; length <= 26; length++) {
			xpress_start(&writer);
			for (uint32_t i = 0; i < literals; i++)
				xpress_literal(&writer, (uint8_t)i);
			xpress_match(&writer, literals, length, LENGTH_SHORTEST);
			for (uint32_t i = 0; i < 60; i++)
				xpress_literal(&writer, (uint8_t)i);
			xpress_end(&writer);
			for (size_t size = 1; size <= writer.plain_size; size++)
				expect_as_reference(writer.packed, writer.packed_size, size);
		}
	}
}

static void test_every_form_of_length(void **context)
{
	static const uint32_t lengths[] = { 25, 26, 278, 279, 280, 281, 282, 4096, 65537, 65538,
					    65539, 65540, 70000 };

	(void)context;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		expect_match(3, 2, lengths[i], LENGTH_SHORTEST);
		expect_match(3, 3, lengths[i], LENGTH_IN_32_BITS);
		if (lengths[i] <= 65538)
			expect_match(30, 9, lengths[i], LENGTH_IN_16_BITS);
	}
}

static void test_greatest_distance(void **context)
{
	static uint8_t plain[3 * 8192];
	struct xpress_writer writer;

	(void)context;
	xpress_start(&writer);
	for (uint32_t i = 0; i < 8192; i++)
		xpress_literal(&writer, (uint8_t)(i * i >> 3));
	xpress_match(&writer, 8192, 8192, LENGTH_SHORTEST);
	xpress_end(&writer);
	assert_true(decode(writer.packed, writer.packed_size, plain, 16384));
	assert_memory_equal(plain, writer.plain, 16384);
}

static void test_wide_length_below_25_is_bad(void **context)
{
	/* A literal, then a match whose 16-bit or 32-bit number is 21, then 22. */
	uint8_t packed_16[] = { 0xFF, 0xFF, 0xFF, 0x7F, 'x', 7, 0, 15, 255, 21, 0 };
	uint8_t packed_32[] = { 0xFF, 0xFF, 0xFF, 0x7F, 'x', 7, 0, 15, 255, 0, 0, 21, 0, 0, 0 };
	uint8_t plain[20];

	(void)context;
	assert_false(decode(packed_16, sizeof(packed_16), plain, sizeof(plain)));
	assert_false(decode(packed_32, sizeof(packed_32), plain, sizeof(plain)));
	packed_16[9]++;
	packed_32[11]++;
	assert_true(decode(packed_16, sizeof(packed_16), plain, sizeof(plain)));
	assert_true(decode(packed_32, sizeof(packed_32), plain, sizeof(plain)));
}

static void test_greatest_length_is_cut(void **context)
{
	static uint8_t plain[PAGE];
	uint8_t packed[64] = { 0xFF, 0xFF, 0xFF, 0x7F, 'x', 7, 0, 15, 255, 0, 0,
			       0xFF, 0xFF, 0xFF, 0xFF };

	(void)context;
	assert_true(decode(packed, 15, plain, PAGE));
	assert_int_equal(plain[PAGE - 1], 'x');
	assert_true(decode(packed, sizeof(packed), plain, PAGE));
	assert_int_equal(plain[PAGE - 1], 'x');
}

/* ---- Against the reference ---- */

static void test_random_valid_data(void **context)
{
	static uint8_t plain[BUFFER_SIZE];
	static struct xpress_writer writer;
	struct random_numbers random = { 1 };

	(void)context;
	for (unsigned i = 0; i < 2000; i++) {
		size_t size = i % 3 == 0 ? random_below(&random, 300) : PAGE;

		xpress_random(&writer, &random, size);
		assert_true(decode(writer.packed, writer.packed_size, plain, size));
		assert_memory_equal(plain, writer.plain, size);
	}
}

static void test_random_data_cut_or_damaged(void **context)
{
	static struct xpress_writer writer;
	struct random_numbers random = { 2 };

	(void)context;
	for (unsigned i = 0; i < 300; i++) {
		xpress_random(&writer, &random, i % 2 == 0 ? 200 : PAGE);
		for (unsigned j = 0; j < 20; j++) {
			size_t cut = random_below(&random, (uint32_t)writer.packed_size + 1);
			uint8_t *damaged = &writer.packed[cut % writer.packed_size];
			uint8_t before = *damaged;

			expect_as_reference(writer.packed, cut, writer.plain_size);
			expect_as_reference(writer.packed, writer.packed_size,
					    random_below(&random, PAGE + 200));
			*damaged = (uint8_t)random_below(&random, 256);
			expect_as_reference(writer.packed, writer.packed_size, writer.plain_size);
			*damaged = before;
		}
	}
}

static void test_random_bytes(void **context)
{
	struct random_numbers random = { 3 };
	uint8_t bytes[600];

	(void)context;
	for (unsigned i = 0; i < 20000; i++) {
		size_t size = random_below(&random, sizeof(bytes));
		uint32_t mask = i % 4 == 0 ? 256 : 32;	/* small numbers: short distances */

		for (size_t j = 0; j < size; j++)
			bytes[j] = (uint8_t)random_below(&random, mask);
		expect_as_reference(bytes, size, random_below(&random, 700));
	}
}

static void test_pages_of_a_real_guest(void **context)
{
	const char *folder = getenv("VMSS_SAMPLES");
	struct codec_pages pages;
	char path[1024];

	(void)context;
	snprintf(path, sizeof(path), "%s/guests/a1-x64-1cpu.vmrs",
		 folder != NULL ? folder : "../shared/samples");
	if (access(path, R_OK) != 0) {
		print_message("%s is absent\n", path);
		skip();
	}
	assert_true(codec_pages_load(path, &pages));
	assert_int_equal(pages.xpress_count, 9892);
	for (size_t i = 0; i < pages.xpress_count; i++)
		expect_as_reference(pages.xpress[i].payload, pages.xpress[i].size, PAGE);
	codec_pages_free(&pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_alphabet_and_repeated_text),
		cmocka_unit_test(test_known_answers_cut_anywhere),
		cmocka_unit_test(test_known_answers_with_any_byte_changed),
		cmocka_unit_test(test_known_answers_at_any_output_size),
		cmocka_unit_test(test_no_output_needs_no_input),
		cmocka_unit_test(test_input_left_over_is_ignored),
		cmocka_unit_test(test_match_before_the_output_is_bad),
		cmocka_unit_test(test_match_at_the_start_is_bad),
		cmocka_unit_test(test_every_length_and_short_distance),
		cmocka_unit_test(test_output_that_ends_anywhere_behind_a_match),
		cmocka_unit_test(test_every_form_of_length),
		cmocka_unit_test(test_greatest_distance),
		cmocka_unit_test(test_wide_length_below_25_is_bad),
		cmocka_unit_test(test_greatest_length_is_cut),
		cmocka_unit_test(test_random_valid_data),
		cmocka_unit_test(test_random_data_cut_or_damaged),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_pages_of_a_real_guest),
	};

	return cmocka_run_group_tests(tests, map_buffers, NULL);
}
