/* SPDX-License-Identifier: MIT */
/*
 * Every id of both numberings, read from chunks in which no two bytes' places
 * look alike.  The expected places are those measured on the original, written
 * down here once more.
 */
#include "state/register_table.h"

#include "test_shim.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum place { GP, FP, CTL, DBG, SEG, TAB, PLACES };

static const uint32_t chunk_ids[PLACES] = {
	0x30005000, 0x30006000, 0x30007000, 0x30008000, 0x30009000, 0x3000A000
};

enum { LARGEST_CHUNK = 528 };

struct pattern {
	struct register_file file;
	uint8_t bytes[PLACES][LARGEST_CHUNK];
};

static void create_pattern(struct pattern *pattern)
{
	memset(pattern, 0, sizeof(*pattern));
	for (unsigned place = 0; place < PLACES; place++) {
		for (unsigned i = 0; i < LARGEST_CHUNK; i++)
			pattern->bytes[place][i] =
				(uint8_t)(i % 2 == 0 ? 16 * place + 1 + i / 256 : i / 2);
		register_file_put(&pattern->file, chunk_ids[place], pattern->bytes[place],
				  LARGEST_CHUNK);
	}
}

static void assert_reads(const struct pattern *pattern, bool arm64, uint32_t id,
			 enum place place, size_t offset, size_t size)
{
	uint8_t expected[16] = { 0 };
	uint8_t value[16];

	memcpy(expected, pattern->bytes[place] + offset, size);
	register_read(&pattern->file, arm64, id, value);
	assert_memory_equal(value, expected, 16);
}

static void assert_reads_zero(const struct pattern *pattern, bool arm64, uint32_t id)
{
	static const uint8_t zero[16];
	uint8_t value[16];

	memset(value, 0xCC, sizeof(value));
	register_read(&pattern->file, arm64, id, value);
	assert_memory_equal(value, zero, 16);
}

static void x64_ids_read_their_places(void **state)
{
	struct pattern pattern;

	(void)state;
	create_pattern(&pattern);
	for (uint32_t id = 0; id <= 17; id++)
		assert_reads(&pattern, false, id, GP, 8 * id, 8);
	for (uint32_t id = 18; id <= 33; id++)
		assert_reads(&pattern, false, id, FP, 16 * (id - 18), 16);
	for (uint32_t id = 34; id <= 41; id++)
		assert_reads(&pattern, false, id, FP, 256 + 16 * (id - 34), 16);
	assert_reads(&pattern, false, 42, FP, 384, 16);
	assert_reads(&pattern, false, 43, FP, 400, 16);
	for (uint32_t id = 44; id <= 49; id++)
		assert_reads(&pattern, false, id, CTL, 8 * (id - 44), 8);
	for (uint32_t id = 50; id <= 55; id++)
		assert_reads(&pattern, false, id, DBG, 8 * (id - 50), 8);
	for (uint32_t id = 56; id <= 63; id++)
		assert_reads(&pattern, false, id, SEG, 16 * (id - 56), 16);
}

static void table_registers_answer_their_limit_first(void **state)
{
	struct pattern pattern;
	uint8_t expected[16];
	uint8_t value[16];

	(void)state;
	create_pattern(&pattern);
	for (uint32_t id = 64; id <= 65; id++) {
		const uint8_t *stored = pattern.bytes[TAB] + 16 * (id - 64);

		memset(expected, 0, sizeof(expected));
		memcpy(expected, stored + 6, 2);
		memcpy(expected + 8, stored + 8, 8);
		register_read(&pattern.file, false, id, value);
		assert_memory_equal(value, expected, 16);
	}
}

static void arm64_ids_read_their_places(void **state)
{
	static const struct { uint8_t id; enum place place; uint16_t offset; } rows[] = {
		{ 96, GP, 232 }, { 97, GP, 240 }, { 98, GP, 248 }, { 99, GP, 304 },
		{ 100, GP, 312 }, { 101, GP, 256 }, { 134, FP, 512 }, { 135, FP, 520 },
		{ 136, GP, 264 }, { 137, GP, 272 }, { 138, GP, 280 }, { 139, GP, 288 },
		{ 140, GP, 296 }, { 141, TAB, 0 }, { 142, TAB, 8 }, { 143, TAB, 16 },
		{ 144, CTL, 16 }, { 145, CTL, 24 }, { 146, CTL, 32 }, { 147, CTL, 40 },
		{ 148, CTL, 56 }, { 149, CTL, 72 }, { 150, CTL, 64 }, { 151, CTL, 48 },
		{ 152, CTL, 80 }, { 153, CTL, 88 }, { 154, CTL, 96 }, { 155, CTL, 104 },
		{ 156, CTL, 112 }, { 157, CTL, 120 },
	};
	struct pattern pattern;

	(void)state;
	create_pattern(&pattern);
	for (uint32_t id = 67; id <= 95; id++)
		assert_reads(&pattern, true, id, GP, 8 * (id - 67), 8);
	for (uint32_t id = 102; id <= 133; id++)
		assert_reads(&pattern, true, id, FP, 16 * (id - 102), 16);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_reads(&pattern, true, rows[i].id, rows[i].place, rows[i].offset, 8);
}

static void ids_of_the_other_processor_read_zero(void **state)
{
	struct pattern pattern;

	(void)state;
	create_pattern(&pattern);
	for (uint32_t id = 66; id <= 157; id++)
		assert_reads_zero(&pattern, false, id);
	for (uint32_t id = 0; id <= 66; id++)
		assert_reads_zero(&pattern, true, id);
}

static void a_register_outside_a_short_chunk_reads_zero(void **state)
{
	struct pattern pattern;

	(void)state;
	create_pattern(&pattern);
	register_file_put(&pattern.file, 0x30005000, pattern.bytes[GP], 136);
	assert_reads(&pattern, false, 16, GP, 128, 8);
	assert_reads_zero(&pattern, false, 17);
	register_file_put(&pattern.file, 0x30005000, pattern.bytes[GP], 135);
	assert_reads_zero(&pattern, false, 16);
	register_file_put(&pattern.file, 0x30009000, pattern.bytes[SEG], 31);
	assert_reads(&pattern, false, 56, SEG, 0, 16);
	assert_reads_zero(&pattern, false, 57);
}

static void an_absent_chunk_reads_zero(void **state)
{
	struct pattern pattern;

	(void)state;
	memset(&pattern, 0, sizeof(pattern));
	for (uint32_t id = 0; id < 158; id++) {
		assert_reads_zero(&pattern, false, id);
		assert_reads_zero(&pattern, true, id);
	}
}

/* Reads an id of the earlier numbering as the API will. */
static uint64_t read_earlier(const struct pattern *pattern, bool x64, uint32_t id)
{
	struct earlier_register earlier;
	uint8_t value[16];
	uint64_t number = 0;

	assert_true(earlier_register_find(x64, id, &earlier));
	register_read(&pattern->file, false, earlier.id, value);
	for (unsigned i = earlier.size; i > 0; i--)
		number = number << 8 | value[earlier.offset + i - 1];
	return number;
}

static uint64_t stored(const struct pattern *pattern, enum place place, size_t offset, size_t size)
{
	uint64_t number = 0;

	for (size_t i = size; i > 0; i--)
		number = number << 8 | pattern->bytes[place][offset + i - 1];
	return number;
}

/* Rows of the original's table from BaseGs on; the base of both numberings differs by 8. */
static const struct { uint8_t id; enum place place; uint16_t offset; uint8_t size; } parts[] = {
	{ 66, SEG, 80, 8 }, { 67, SEG, 64, 8 }, { 68, SEG, 28, 2 }, { 69, SEG, 60, 2 },
	{ 70, SEG, 12, 2 }, { 71, SEG, 76, 2 }, { 72, SEG, 92, 2 }, { 73, SEG, 44, 2 },
	{ 74, SEG, 124, 2 }, { 76, TAB, 8, 8 }, { 77, TAB, 6, 2 }, { 78, TAB, 24, 8 },
	{ 79, TAB, 22, 2 },
};

static void earlier_x64_ids_read_halves_and_parts(void **state)
{
	struct pattern p;

	(void)state;
	create_pattern(&p);
	for (uint32_t id = 0; id <= 16; id++)
		assert_int_equal(read_earlier(&p, true, id), stored(&p, GP, 8 * id, 8));
	for (uint32_t id = 18; id <= 49; id++)
		assert_int_equal(read_earlier(&p, true, id), stored(&p, FP, 8 * (id - 18), 8));
	assert_int_equal(read_earlier(&p, true, 50), stored(&p, FP, 400, 8));
	assert_int_equal(read_earlier(&p, true, 51), stored(&p, FP, 408, 8));
	assert_int_equal(read_earlier(&p, true, 52), stored(&p, FP, 384, 8));
	assert_int_equal(read_earlier(&p, true, 53), stored(&p, FP, 392, 8));
	for (uint32_t id = 54; id <= 59; id++)
		assert_int_equal(read_earlier(&p, true, id), stored(&p, CTL, 8 * (id - 54), 8));
	for (uint32_t id = 60; id <= 65; id++)
		assert_int_equal(read_earlier(&p, true, id), stored(&p, DBG, 8 * (id - 60), 8));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		assert_int_equal(read_earlier(&p, true, parts[i].id),
				 stored(&p, parts[i].place, parts[i].offset, parts[i].size));
}

static void earlier_x86_ids_read_the_same_storage(void **state)
{
	struct pattern p;

	(void)state;
	create_pattern(&p);
	for (uint32_t id = 0; id <= 7; id++)
		assert_int_equal(read_earlier(&p, false, id), stored(&p, GP, 8 * id, 8));
	assert_int_equal(read_earlier(&p, false, 8), stored(&p, GP, 128, 8));
	for (uint32_t id = 10; id <= 41; id++)
		assert_int_equal(read_earlier(&p, false, id), stored(&p, FP, 8 * (id - 10), 8));
	assert_int_equal(read_earlier(&p, false, 42), stored(&p, FP, 400, 8));
	assert_int_equal(read_earlier(&p, false, 43), stored(&p, FP, 408, 8));
	assert_int_equal(read_earlier(&p, false, 44), stored(&p, FP, 384, 8));
	assert_int_equal(read_earlier(&p, false, 45), stored(&p, FP, 392, 8));
	for (uint32_t id = 46; id <= 51; id++)
		assert_int_equal(read_earlier(&p, false, id), stored(&p, CTL, 8 * (id - 46), 8));
	for (uint32_t id = 52; id <= 57; id++)
		assert_int_equal(read_earlier(&p, false, id), stored(&p, DBG, 8 * (id - 52), 8));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		assert_int_equal(read_earlier(&p, false, parts[i].id - 8u),
				 stored(&p, parts[i].place, parts[i].offset, parts[i].size));
}

/* The original cuts it to 32 bits. */
static void earlier_rflags_is_64_bits_wide(void **state)
{
	struct pattern p;

	(void)state;
	create_pattern(&p);
	assert_int_equal(read_earlier(&p, true, 17), stored(&p, GP, 136, 8));
	assert_int_equal(read_earlier(&p, false, 9), stored(&p, GP, 136, 8));
}

/* The original answers the selector of TR. */
static void earlier_ldtr_is_the_selector_of_ldtr(void **state)
{
	struct pattern p;

	(void)state;
	create_pattern(&p);
	assert_int_equal(read_earlier(&p, true, 75), stored(&p, SEG, 108, 2));
	assert_int_equal(read_earlier(&p, false, 67), stored(&p, SEG, 108, 2));
}

static void earlier_numberings_end_at_80_and_72(void **state)
{
	struct earlier_register earlier;

	(void)state;
	assert_true(earlier_register_find(true, 79, &earlier));
	assert_false(earlier_register_find(true, 80, &earlier));
	assert_true(earlier_register_find(false, 71, &earlier));
	assert_false(earlier_register_find(false, 72, &earlier));
	assert_false(earlier_register_find(true, UINT32_MAX, &earlier));
	assert_false(earlier_register_find(false, UINT32_MAX, &earlier));
}

static void names_stand_at_the_ids_of_the_public_header(void **state)
{
	static const struct { uint32_t id; const char *name; } rows[] = {
		{ 0, "rax" }, { 1, "rcx" }, { 2, "rdx" }, { 3, "rbx" }, { 4, "rsp" }, { 5, "rbp" },
		{ 6, "rsi" }, { 7, "rdi" }, { 16, "rip" }, { 17, "rflags" },
		{ 42, "fp_control_status" }, { 43, "xmm_control_status" }, { 44, "cr0" },
		{ 45, "cr2" }, { 46, "cr3" }, { 47, "cr4" }, { 48, "cr8" }, { 49, "efer" },
		{ 50, "dr0" }, { 51, "dr1" }, { 52, "dr2" }, { 53, "dr3" }, { 54, "dr6" },
		{ 55, "dr7" }, { 56, "es" }, { 57, "cs" }, { 58, "ss" }, { 59, "ds" },
		{ 60, "fs" }, { 61, "gs" }, { 62, "ldtr" }, { 63, "tr" }, { 64, "idtr" },
		{ 65, "gdtr" }, { 96, "fp" }, { 97, "lr" }, { 98, "pc" }, { 99, "sp_el0" },
		{ 100, "sp_el1" }, { 101, "cpsr" }, { 134, "fpsr" }, { 135, "fpcr" },
		{ 136, "esr_el1" }, { 137, "spsr_el1" }, { 138, "far_el1" }, { 139, "par_el1" },
		{ 140, "elr_el1" }, { 141, "ttbr0_el1" }, { 142, "ttbr1_el1" }, { 143, "vbar_el1" },
		{ 144, "sctlr_el1" }, { 145, "actlr_el1" }, { 146, "tcr_el1" }, { 147, "mair_el1" },
		{ 148, "amair_el1" }, { 149, "tpidr_el0" }, { 150, "tpidrro_el0" },
		{ 151, "tpidr_el1" }, { 152, "contextidr_el1" }, { 153, "cpacr_el1" },
		{ 154, "csselr_el1" }, { 155, "cntkctl_el1" }, { 156, "cntv_cval_el0" },
		{ 157, "cntv_ctl_el0" },
	};
	static const struct {
		uint32_t first, count;
		const char *prefix;
		uint32_t number;
	} runs[] = {
		{ 8, 8, "r", 8 }, { 18, 16, "xmm", 0 }, { 34, 8, "st", 0 }, { 67, 29, "x", 0 },
		{ 102, 32, "q", 0 },
	};
	char name[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(register_name(rows[i].id), rows[i].name);
	for (size_t run = 0; run < sizeof(runs) / sizeof(runs[0]); run++) {
		for (uint32_t i = 0; i < runs[run].count; i++) {
			snprintf(name, sizeof(name), "%s%u", runs[run].prefix,
				 (unsigned)(runs[run].number + i));
			assert_string_equal(register_name(runs[run].first + i), name);
		}
	}
}

static void every_name_finds_its_id_in_either_case(void **state)
{
	uint32_t found;

	(void)state;
	for (uint32_t id = 0; id < 158; id++) {
		if (id == 66)
			continue;
		found = UINT32_MAX;
		assert_true(register_find(register_name(id), &found));
		assert_int_equal(found, id);
	}
	assert_true(register_find("TTBR0_EL1", &found));
	assert_int_equal(found, 141);
	assert_false(register_find("rax ", &found));
	assert_false(register_find("", &found));
}

static void ids_without_a_register_have_no_description(void **state)
{
	(void)state;
	assert_null(register_name(66));
	assert_null(register_name(158));
	assert_null(register_name(UINT32_MAX));
	assert_null(register_description(66));
}

static void widths_and_groups_are_those_of_the_processor(void **state)
{
	(void)state;
	for (uint32_t id = 0; id < 158; id++) {
		const struct register_description *description = register_description(id);

		if (id == 66)
			continue;
		assert_non_null(description);
		assert_true(description->size == 8 || description->size == 16);
		assert_true(description->bits <= 8 * description->size);
		assert_int_equal(register_is_arm64(id), id > 66);
	}
	assert_int_equal(register_description(0)->bits, 64);
	assert_int_equal(register_description(18)->bits, 128);
	assert_int_equal(register_description(34)->bits, 80);
	assert_int_equal(register_description(46)->group, REGISTER_GROUP_CONTROL);
	assert_int_equal(register_description(50)->group, REGISTER_GROUP_DEBUG);
	assert_int_equal(register_description(57)->group, REGISTER_GROUP_SEGMENT);
	assert_int_equal(register_description(65)->group, REGISTER_GROUP_TABLE);
	assert_int_equal(register_description(98)->group, REGISTER_GROUP_GENERAL);
	assert_int_equal(register_description(141)->group, REGISTER_GROUP_SYSTEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x64_ids_read_their_places),
		cmocka_unit_test(table_registers_answer_their_limit_first),
		cmocka_unit_test(arm64_ids_read_their_places),
		cmocka_unit_test(ids_of_the_other_processor_read_zero),
		cmocka_unit_test(a_register_outside_a_short_chunk_reads_zero),
		cmocka_unit_test(an_absent_chunk_reads_zero),
		cmocka_unit_test(earlier_x64_ids_read_halves_and_parts),
		cmocka_unit_test(earlier_x86_ids_read_the_same_storage),
		cmocka_unit_test(earlier_rflags_is_64_bits_wide),
		cmocka_unit_test(earlier_ldtr_is_the_selector_of_ldtr),
		cmocka_unit_test(earlier_numberings_end_at_80_and_72),
		cmocka_unit_test(names_stand_at_the_ids_of_the_public_header),
		cmocka_unit_test(every_name_finds_its_id_in_either_case),
		cmocka_unit_test(ids_without_a_register_have_no_description),
		cmocka_unit_test(widths_and_groups_are_those_of_the_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
