/* SPDX-License-Identifier: MIT */
/*
 * The container's checksum: the published check value of CRC-32, and structures
 * of files that Windows wrote.
 */
#include "container/hvs_checksum.h"

#include "support/crc32.h"
#include "test_shim.h"

#include <stdbool.h>

/* The check value of every catalogue of CRCs. */
static void the_check_value_is_the_published_one(void **state)
{
	(void)state;
	assert_int_equal(hvs_checksum_plain(0, "123456789", 9), 0xCBF43926);
	assert_int_equal(hvs_checksum_plain(0, "", 0), 0);
}

static void a_checksum_is_continued_over_pieces(void **state)
{
	static const char digits[] = "123456789";

	(void)state;
	for (size_t cut = 0; cut <= 9; cut++) {
		uint32_t first = hvs_checksum_plain(0, "123456789", cut);

		assert_int_equal(hvs_checksum_plain(first, digits + cut, 9 - cut),
				 0xCBF43926);
	}
}

struct known_structure {
	const char *what;
	const char *bytes;
	size_t size;
	size_t field;
	uint32_t checksum;
};

/* Each with its checksum field filled with FF, which must not count. */
static const struct known_structure known_structures[] = {
	{ "file header, sequence 1",
	  "\x14\x20\x28\x01\xFF\xFF\xFF\xFF\x01\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	  "\x00\x10\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00"
	  "\x00\x10\x00\x00",
	  46, 4, 0xB62709FC },
	{ "file header, sequence 0",
	  "\x14\x20\x28\x01\xFF\xFF\xFF\xFF\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	  "\x00\x10\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00"
	  "\x00\x10\x00\x00",
	  46, 4, 0x3BAFF41E },
	{ "unused object slot",
	  "\x00\xFF\xFF\xFF\xFF\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	  18, 1, 0x671BCF4D },
	{ "key table header", "\x02\x00\x01\x00\x01\x00\xFF\xFF\xFF\xFF", 10, 6, 0xE0896B70 },
	{ "empty log header",
	  "\x03\x00\x11\x01\xFF\xFF\xFF\xFF\x00\x00\x00\x00\x00\x91\x00\x00\x00\x00\x00\x00\x00\x00"
	  "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	  34, 4, 0x281E1033 },
	{ "key entry VmVersion = 0x0A00",
	  "\x03\x00\x27\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\xFF\xFF\x01\x00\x00\x00\x0A"
	  "VmVersion\x00\x00\x0A\x00\x00\x00\x00\x00\x00",
	  39, 12, 0x458BCF9F },
};

static void structures_of_real_files_have_their_checksums(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known_structures) / sizeof(known_structures[0]); i++) {
		const struct known_structure *known = &known_structures[i];
		uint32_t checksum = hvs_checksum(known->bytes, known->size, known->field);

		if (checksum != known->checksum)
			fail_msg("%s: %08x", known->what, checksum);
	}
}

static void the_field_may_stand_first_or_last(void **state)
{
	uint8_t bytes[12] = "\xFF\xFF\xFF\xFFmiddle\xFF\xFF";
	uint32_t zero_first, zero_last;

	(void)state;
	zero_first = crc32_add(0, "\0\0\0\0middle\xFF\xFF", 12);
	assert_int_equal(hvs_checksum(bytes, 12, 0), zero_first);
	zero_last = crc32_add(0, "\xFF\xFF\xFF\xFFmidd\0\0\0\0", 12);
	assert_int_equal(hvs_checksum(bytes, 12, 8), zero_last);
}

static void every_byte_outside_the_field_counts(void **state)
{
	uint8_t bytes[46] = { 0 };
	uint32_t before = hvs_checksum(bytes, sizeof(bytes), 4);

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bool in_field = i >= 4 && i < 8;

		bytes[i] ^= 0x40;
		assert_int_equal(hvs_checksum(bytes, sizeof(bytes), 4) == before, in_field);
		bytes[i] ^= 0x40;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_check_value_is_the_published_one),
		cmocka_unit_test(a_checksum_is_continued_over_pieces),
		cmocka_unit_test(structures_of_real_files_have_their_checksums),
		cmocka_unit_test(the_field_may_stand_first_or_last),
		cmocka_unit_test(every_byte_outside_the_field_counts),
	};

	return cmocka_run_group_tests_name("checksum", tests, NULL, NULL);
}
