/* SPDX-License-Identifier: MIT */
/*
 * Text between UTF-16 and UTF-8: published encodings, every code point there
 * and back, and what is not text at all.
 */
#include "base/text_encoding.h"

#include "test_shim.h"

#include <stdlib.h>
#include <string.h>

struct known_text {
	const char *utf8;
	uint16_t utf16[4];
	size_t units;
};

/* The examples of RFC 3629 and of the Unicode standard, and the borders of each length. */
static const struct known_text known_texts[] = {
	{ "", { 0 }, 0 },
	{ "A", { 0x41 }, 1 },
	{ "\x7F", { 0x7F }, 1 },
	{ "\xC2\x80", { 0x80 }, 1 },
	{ "\xC2\xA2", { 0xA2 }, 1 },
	{ "\xDF\xBF", { 0x7FF }, 1 },
	{ "\xE0\xA0\x80", { 0x800 }, 1 },
	{ "\xE2\x82\xAC", { 0x20AC }, 1 },
	{ "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E", { 0x65E5, 0x672C, 0x8A9E }, 3 },
	{ "\xEF\xBF\xBF", { 0xFFFF }, 1 },
	{ "\xF0\x90\x80\x80", { 0xD800, 0xDC00 }, 2 },
	{ "\xF0\xA3\x8E\xB4", { 0xD84C, 0xDFB4 }, 2 },
	{ "\xF4\x8F\xBF\xBF", { 0xDBFF, 0xDFFF }, 2 },
};

static void published_encodings_are_converted_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known_texts) / sizeof(known_texts[0]); i++) {
		const struct known_text *known = &known_texts[i];
		char *utf8 = utf8_from_utf16(known->utf16, known->units);
		size_t units = 99;
		uint16_t *utf16 = utf16_from_utf8(known->utf8, &units);

		assert_string_equal(utf8, known->utf8);
		assert_int_equal(units, known->units);
		assert_memory_equal(utf16, known->utf16, units * sizeof(*utf16));
		assert_int_equal(utf16[units], 0);
		free(utf8);
		free(utf16);
	}
}

/* All the units of a row of code points, and back. */
static void check_round_trip(const uint16_t *units, size_t count)
{
	char *utf8 = utf8_from_utf16(units, count);
	size_t back_count;
	uint16_t *back = utf16_from_utf8(utf8, &back_count);

	assert_int_equal(back_count, count);
	assert_memory_equal(back, units, count * sizeof(*units));
	free(utf8);
	free(back);
}

static void every_unit_survives_the_way_there_and_back(void **state)
{
	static uint16_t units[2 * 0xFFFF];
	size_t count = 0;

	(void)state;
	/* Each followed by a letter, so that surrogates stay unpaired. */
	for (uint32_t unit = 1; unit <= 0xFFFF; unit++) {
		units[count++] = (uint16_t)unit;
		units[count++] = 'x';
	}
	check_round_trip(units, count);
}

static void every_pair_survives_the_way_there_and_back(void **state)
{
	static uint16_t units[2 * 0x400];

	(void)state;
	for (uint32_t high = 0xD800; high < 0xDC00; high++) {
		for (uint32_t low = 0; low < 0x400; low++) {
			units[2 * low] = (uint16_t)high;
			units[2 * low + 1] = (uint16_t)(0xDC00 + low);
		}
		check_round_trip(units, 2 * 0x400);
	}
}

static void little_endian_text_may_stand_at_any_address(void **state)
{
	static const uint8_t bytes[] = { 0xEE, 0xAC, 0x20, 0x4C, 0xD8, 0xB4, 0xDF, 0x41, 0x00 };
	char *text = utf8_from_utf16le(bytes + 1, 4);

	(void)state;
	assert_string_equal(text, "\xE2\x82\xAC\xF0\xA3\x8E\xB4"
				  "A");
	free(text);
}

/* A pair whose second half lies behind the end is no pair. */
static void a_high_surrogate_at_the_end_is_carried_alone(void **state)
{
	static const uint16_t units[] = { 0xD800, 0xDC00 };
	char *text = utf8_from_utf16(units, 1);

	(void)state;
	assert_string_equal(text, "\xED\xA0\x80");
	free(text);
}

static void surrogates_in_the_wrong_order_are_carried_singly(void **state)
{
	static const uint16_t units[] = { 0xDC00, 0xD800 };
	char *text = utf8_from_utf16(units, 2);

	(void)state;
	assert_string_equal(text, "\xED\xB0\x80\xED\xA0\x80");
	free(text);
}

struct broken_text {
	const char *utf8;
	const char *expected;	/* R stands for U+FFFD */
};

static const struct broken_text broken_texts[] = {
	{ "\x80", "R" },			/* no lead byte */
	{ "a\xBFz", "aRz" },
	{ "\xC0\xAF", "RR" },			/* '/' in two bytes */
	{ "\xC1\xBF", "RR" },
	{ "\xE0\x80\xAF", "RRR" },		/* '/' in three */
	{ "\xE0\x9F\xBF", "RRR" },
	{ "\xF0\x8F\xBF\xBF", "RRRR" },		/* U+FFFF in four */
	{ "\xF4\x90\x80\x80", "RRRR" },		/* above U+10FFFF */
	{ "\xF5\x80\x80\x80", "RRRR" },
	{ "\xFE", "R" },
	{ "\xFF", "R" },
	{ "\xC2", "R" },			/* cut */
	{ "\xE2\x82", "RR" },
	{ "\xF0\x9F\x98", "RRR" },
	{ "\xE2\x82z", "RRz" },
	{ "\xC2\xC2\xA2", "R\xA2" },		/* picks up again */
};

static void bytes_that_are_not_utf8_become_replacement_characters(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(broken_texts) / sizeof(broken_texts[0]); i++) {
		const char *expected = broken_texts[i].expected;
		size_t count;
		uint16_t *text = utf16_from_utf8(broken_texts[i].utf8, &count);

		assert_int_equal(count, strlen(expected));
		for (size_t unit = 0; unit < count; unit++) {
			unsigned char wanted = (unsigned char)expected[unit];

			assert_int_equal(text[unit], wanted == 'R' ? 0xFFFD : wanted);
		}
		free(text);
	}
}

static void the_count_may_be_left_out(void **state)
{
	uint16_t *text = utf16_from_utf8("abc", NULL);

	(void)state;
	assert_int_equal(utf16_length(text), 3);
	free(text);
}

static void a_count_that_no_memory_holds_is_refused(void **state)
{
	static const uint16_t unit = 'a';

	(void)state;
	assert_null(utf8_from_utf16(&unit, SIZE_MAX));
	assert_null(utf8_from_utf16(&unit, SIZE_MAX / 3 + 1));
}

static void length_counts_the_units_before_the_nul(void **state)
{
	static const uint16_t empty[] = { 0, 'x', 0 };
	static const uint16_t pair[] = { 0xD800, 0xDC00, 0 };

	(void)state;
	assert_int_equal(utf16_length(empty), 0);
	assert_int_equal(utf16_length(pair), 2);
}

static void only_ascii_capitals_have_lower_case(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		unsigned expected = c >= 'A' && c <= 'Z' ? c + 32 : c;

		assert_int_equal(ascii_lower((unsigned char)c), expected);
	}
}

static void comparison_ignores_the_case_of_ascii_letters_alone(void **state)
{
	(void)state;
	assert_true(ascii_equal_ignore_case("", ""));
	assert_true(ascii_equal_ignore_case("RamBlock12", "rAMbLOCK12"));
	assert_false(ascii_equal_ignore_case("RamBlock1", "RamBlock12"));
	assert_false(ascii_equal_ignore_case("RamBlock12", "RamBlock1"));
	assert_false(ascii_equal_ignore_case("a", ""));
	assert_false(ascii_equal_ignore_case("[", "{"));	/* 32 apart, but no letters */
	assert_false(ascii_equal_ignore_case("@", "`"));
	/* The two cases of u with diaeresis. */
	assert_false(ascii_equal_ignore_case("\xC3\x9C", "\xC3\xBC"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_encodings_are_converted_both_ways),
		cmocka_unit_test(every_unit_survives_the_way_there_and_back),
		cmocka_unit_test(every_pair_survives_the_way_there_and_back),
		cmocka_unit_test(little_endian_text_may_stand_at_any_address),
		cmocka_unit_test(a_high_surrogate_at_the_end_is_carried_alone),
		cmocka_unit_test(surrogates_in_the_wrong_order_are_carried_singly),
		cmocka_unit_test(bytes_that_are_not_utf8_become_replacement_characters),
		cmocka_unit_test(the_count_may_be_left_out),
		cmocka_unit_test(a_count_that_no_memory_holds_is_refused),
		cmocka_unit_test(length_counts_the_units_before_the_nul),
		cmocka_unit_test(only_ascii_capitals_have_lower_case),
		cmocka_unit_test(comparison_ignores_the_case_of_ascii_letters_alone),
	};

	return cmocka_run_group_tests_name("text encoding", tests, NULL, NULL);
}
