/* SPDX-License-Identifier: MIT */
/*
 * Cut copies of the samples: salvage reads what is there, as it was, and nothing
 * else.
 *
 * The .vmrs samples keep their tables at the end, so that a cut copy has nothing
 * that could be found; the same cut is made in a copy whose tables are moved to
 * the front, where Hyper-V has them.
 */
#include "support/crc32.h"
#include "support/saved_states.h"
#include "support/sample_truth.h"
#include "support/sound_file.h"
#include "test_shim.h"

#include <stdlib.h>
#include <string.h>

enum {
	ROOT_TABLE = 8192,
	FIRST_OBJECT = 12288,
	SLOT_SIZE = 18,
	KEY_TABLE = 2,
	CUTS = 9
};

static uint64_t load(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	while (size > 0)
		value = value << 8 | bytes[--size];
	return value;
}

static void store(uint8_t *bytes, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

/* The checksum at its place in a structure counts as zero. */
static void renew_checksum(uint8_t *structure, size_t size, size_t place)
{
	store(structure + place, 0, 4);
	store(structure + place, crc32_add(0, structure, size), 4);
}

static uint8_t *read_sample(const char *file, size_t *size)
{
	char path[TEST_PATH_SIZE];
	uint8_t *bytes;

	test_path(path, "VMSS_SAMPLES", file);
	bytes = read_whole_file(path, size);
	if (bytes == NULL)
		fail_msg("%s cannot be read", path);
	return bytes;
}

/* ---- Tables to the front --------------------------------------------------------- */

/* The tables and the log stand together behind all values: where they begin. */
struct move {
	uint64_t tables;
	uint64_t size; /* of the file */
};

static uint64_t moved(const struct move *move, uint64_t offset)
{
	if (offset >= move->tables)
		return offset - move->tables + FIRST_OBJECT;
	return offset + (move->size - move->tables);
}

static uint64_t slot_count(const uint8_t *bytes)
{
	return load(bytes + ROOT_TABLE + 4, 4);
}

static uint8_t *slot_at(uint8_t *bytes, uint64_t index)
{
	return bytes + ROOT_TABLE + 8 + index * SLOT_SIZE;
}

static void move_keys(const struct move *move, uint8_t *table, uint64_t size)
{
	for (uint64_t at = 10; at + 21 < size; at += load(table + at + 2, 4)) {
		uint8_t *entry = table + at;
		uint8_t *data = entry + 21 + entry[20];

		if (entry[0] == 1 || (entry[1] & 1) == 0)
			continue;
		store(data + 4, moved(move, load(data + 4, 8)), 8);
		renew_checksum(entry, (size_t)(data + 12 - entry), 12);
	}
}

static void move_objects(const struct move *move, uint8_t *bytes)
{
	for (uint64_t i = 0; i < slot_count(bytes); i++) {
		uint8_t *slot = slot_at(bytes, i);
		uint64_t offset = load(slot + 5, 8);

		if (slot[0] == 0)
			continue;
		assert_true(slot[0] != 1 && (slot[0] == KEY_TABLE) == (offset >= move->tables));
		if (slot[0] == KEY_TABLE)
			move_keys(move, bytes + moved(move, offset), load(slot + 13, 4));
		store(slot + 5, moved(move, offset), 8);
		renew_checksum(slot, SLOT_SIZE, 1);
	}
}

static uint8_t *with_tables_first(uint8_t *bytes, size_t size)
{
	struct move move = { .tables = size, .size = size };
	uint8_t *out = malloc(size);

	assert_non_null(out);
	for (uint64_t i = 0; i < slot_count(bytes); i++) {
		uint64_t offset = load(slot_at(bytes, i) + 5, 8);

		if (slot_at(bytes, i)[0] == KEY_TABLE && offset < move.tables)
			move.tables = offset;
	}
	memcpy(out, bytes, FIRST_OBJECT);
	memcpy(out + FIRST_OBJECT, bytes + move.tables, size - move.tables);
	memcpy(out + moved(&move, FIRST_OBJECT), bytes + FIRST_OBJECT, move.tables - FIRST_OBJECT);
	move_objects(&move, out);
	for (size_t copy = 0; copy < 8192; copy += 4096) {
		store(out + copy + 26, moved(&move, load(out + copy + 26, 8)), 8);
		renew_checksum(out + copy, 46, 4);
	}
	free(bytes);
	return out;
}

static void check_cuts(const char *file)
{
	struct sound_file sound;
	size_t size, most = 0;
	uint8_t *bytes = read_sample(file, &size);

	sound_file_open(&sound, with_tables_first(bytes, size), size, NULL, 0);
	for (size_t i = 0; i <= CUTS; i++) {
		uint64_t room = size - sound.first_block;
		size_t there = sound_file_compare_cut(&sound, sound.first_block + room * i / CUTS);

		assert_true(there >= most);
		most = there;
	}
	assert_int_equal(most, sound.pages.count);
	sound_file_close(&sound);
}

static void a_cut_sample_with_its_tables_first_has_every_page_that_ends_before_the_cut(void **state)
{
	(void)state;
	check_cuts("guests/t3-tiny-pae.vmrs");
	check_cuts("guests/f1-real-reset.vmrs");
	check_cuts("writer/single_vp.vmrs");
	check_cuts("writer/mmio_split.vmrs");
}

static void a_cut_sample_without_its_tables_has_nothing(void **state)
{
	struct sound_file sound;
	size_t size;
	uint8_t *bytes = read_sample("guests/t3-tiny-pae.vmrs", &size);
	VMSAVEDSTATE_SOURCE source;

	(void)state;
	sound_file_open(&sound, bytes, size, NULL, 0);
	source = sound_file_source(&sound);
	for (size_t i = 1; i < CUTS; i++) {
		source.ByteCount = size * i / CUTS;
		assert_true(FAILED(guest_pages_compare(&sound.pages, source)));
		assert_int_equal(guest_pages_readable(&sound.pages), 0);
	}
	sound_file_close(&sound);
}

/* ---- The pair that Hyper-V wrote -------------------------------------------------- */

/* Its index and then its names stand behind all values: a cut among the names leaves some. */
static void a_cut_bin_of_hyper_v_has_the_blocks_whose_names_are_there(void **state)
{
	enum { NAMES_KEPT = 1500, BLOCK_PAGES = 256 };
	VMSAVEDSTATE_SOURCE source;
	struct sound_file sound;
	size_t size, second_size, blocks = 0;
	uint8_t *bytes = read_sample("real/hyperv-5.0.bin", &size);
	uint8_t *second = read_sample("real/hyperv-5.0.vsv", &second_size);
	uint64_t names = load(bytes + 24, 8);

	(void)state;
	for (size_t i = 0; i < NAMES_KEPT; i++)
		blocks += bytes[names + i] == 0;
	assert_in_range(blocks, 100, 200);
	sound_file_open(&sound, bytes, size, second, second_size);
	source = sound_file_source(&sound);
	source.ByteCount = names + NAMES_KEPT;
	assert_result(guest_pages_compare(&sound.pages, source), S_OK);
	assert_int_equal(guest_pages_readable(&sound.pages), blocks * BLOCK_PAGES);
	sound_file_close(&sound);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_cut_sample_with_its_tables_first_has_every_page_that_ends_before_the_cut),
		cmocka_unit_test(a_cut_sample_without_its_tables_has_nothing),
		cmocka_unit_test(a_cut_bin_of_hyper_v_has_the_blocks_whose_names_are_there),
	};

	if (samples_are_absent(sizeof(tests) / sizeof(tests[0])))
		return SKIPPED_PROGRAM;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
