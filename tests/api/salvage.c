/* SPDX-License-Identifier: MIT */
/*
 * Salvage: of a damaged saved state, all that is there reads as in the sound
 * file, and the rest is a hole, never zeros.
 *
 * What is there is computed from the records of the sound file's RAM blocks.
 */
#include "support/saved_states.h"
#include "support/sound_file.h"
#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIB = 1 << 20 };

static uint8_t *read_file(const char *name, const char *extension, size_t *size)
{
	char file[96], path[TEST_PATH_SIZE];

	snprintf(file, sizeof(file), "%s.%s", name, extension);
	test_path(path, "VMSS_FIXTURES", file);
	return read_whole_file(path, size);
}

/* The bytes of a fixture's .vmrs, or of its .bin and .vsv. */
struct fixture_bytes {
	uint8_t *first, *second;
	size_t first_size, second_size;
};

static struct fixture_bytes read_fixture(const char *name)
{
	struct fixture_bytes bytes = { 0 };

	bytes.first = read_file(name, "vmrs", &bytes.first_size);
	if (bytes.first == NULL) {
		bytes.first = read_file(name, "bin", &bytes.first_size);
		bytes.second = read_file(name, "vsv", &bytes.second_size);
	}
	assert_non_null(bytes.first);
	return bytes;
}

static void open_sound(struct sound_file *sound, const char *name)
{
	struct fixture_bytes bytes = read_fixture(name);

	sound_file_open(sound, bytes.first, bytes.first_size, bytes.second, bytes.second_size);
}

/* ---- Every cut ----------------------------------------------------------------- */

/* Seven pages and a bit, so that every part of a page and of a record is hit. */
#define STRIDE (7 * 4096 + 1021)

static void check_all_cuts(const char *name)
{
	struct sound_file sound;
	size_t there = 0, most = 0;

	open_sound(&sound, name);
	for (uint64_t cut = 0; cut < sound.first_block; cut += 3000)
		assert_int_equal(sound_file_compare_cut(&sound, cut), 0);
	for (uint64_t cut = sound.first_block; cut < sound.size; cut += STRIDE) {
		there = sound_file_compare_cut(&sound, cut);
		assert_true(there >= most);
		most = there;
	}
	assert_int_equal(sound_file_compare_cut(&sound, sound.size), sound.pages.count);
	assert_true(most > sound.pages.count / 2);
	sound_file_close(&sound);
}

static void a_cut_copy_with_its_tables_first_has_every_page_that_ends_before_the_cut(void **state)
{
	(void)state;
	check_all_cuts("tables-first");
}

static void a_cut_copy_with_its_tables_between_has_every_page_that_ends_before_the_cut(void **state)
{
	(void)state;
	check_all_cuts("tables-interleaved");
}

static void a_cut_bin_with_its_index_first_has_every_page_that_ends_before_the_cut(void **state)
{
	(void)state;
	check_all_cuts("legacy-index-first");
}

/* ---- Kinds of damage ------------------------------------------------------------- */

struct damaged_file {
	const char *name;
	const char *sound; /* the same without the damage */
	size_t readable; /* pages */
	UINT32 processors;
	const char *sentence; /* part of it */
};

static const struct damaged_file damaged_files[] = {
	{ "bad-key-table-middle-crc", "tables-first", 1280, 1, "wrong checksum" },
	{ "bad-key-table-first-crc", "tables-first", 1280, 1, "wrong checksum" },
	{ "bad-key-table-first-lost", "tables-first", 1280, 1, "wrong signature" },
	{ "bad-object-table-second", "tables-first", 1280, 1, "offset 16384" },
	{ "bad-object-tables-lost", "tables-first", 0, 0, "offset 8192" },
	{ "bad-header-lost", "tables-first", 1280, 1, "no known signature" },
	{ "bad-cut-in-state", "tables-first", 1280, 0, "the end of the file at 1976272" },
	{ "bad-cut-behind-tables", "tables-first", 256, 0, "the end of the file" },
	{ "bad-cut-in-key-table", "tables-first", 768, 1, "the end of the file" },
	{ "bad-cut-in-block", "tables-first", 355, 1, "the end of the file at 145056" },
	{ "bad-cut-in-raw-block", "tables-first", 634, 1, "the end of the file" },
	{ "bad-cut-log-pending", "tables-first", 1155, 1, "the end of the file" },
	{ "bad-cut-log-behind", "tables-first", 634, 1, "not all of its value" },
	{ "bad-header-sequence-equal", "minimal", 512, 1, "not neighbours" },
	{ "bad-header-sequence-apart", "minimal", 512, 1, "not neighbours" },
	{ "bad-header-both-copies", "minimal", 512, 1, "oth file headers" },
	{ "bad-header-signature", "minimal", 512, 1, "no known signature" },
	{ "bad-log-header-crc", "minimal", 512, 1, "eplay log" },
	{ "bad-log-beyond-end", "minimal", 512, 1, "eplay log" },
	{ "bad-object-slot-crc", "minimal", 0, 0, "wrong checksum" },
	{ "bad-legacy-cut", "legacy-index-first", 329, 1, "The .bin" },
	{ "bad-legacy-cut-names", "legacy-index-first", 256, 1, "list of names" },
};

static UINT32 processors_of(VMSAVEDSTATE_SOURCE source)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
	UINT32 count = 0;

	source.Flags |= VMSAVEDSTATE_SOURCE_SALVAGE;
	if (FAILED(VmSavedStateOpen(&source, &handle)))
		return 0;
	assert_result(GetVpCount(handle, &count), S_OK);
	close_handle(handle);
	return count;
}

static void check_refusal(const struct damaged_file *file)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
	char text[ERROR_TEXT_ROOM];

	assert_result(load_fixture(file->name, &handle), (HRESULT)0x80070570);
	error_text(NULL, text);
	if (strstr(text, file->sentence) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", file->name, text, file->sentence);
}

static void check_damaged_file(const struct damaged_file *file)
{
	struct fixture_bytes damaged = read_fixture(file->name);
	struct sound_file sound;
	VMSAVEDSTATE_SOURCE source;

	check_refusal(file);
	open_sound(&sound, file->sound);
	source = sound_file_source(&sound);
	source.Bytes = damaged.first;
	source.ByteCount = damaged.first_size;
	source.SecondBytes = damaged.second;
	source.SecondByteCount = damaged.second_size;
	guest_pages_compare(&sound.pages, source);
	if (guest_pages_readable(&sound.pages) != file->readable)
		fail_msg("%s: %u pages read, expected %u", file->name,
			 (unsigned int)guest_pages_readable(&sound.pages),
			 (unsigned int)file->readable);
	assert_int_equal(processors_of(source), file->processors);
	sound_file_close(&sound);
	free(damaged.first);
	free(damaged.second);
}

static void each_kind_of_damage_costs_no_more_than_it_must(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(damaged_files) / sizeof(damaged_files[0]); i++)
		check_damaged_file(&damaged_files[i]);
}

/* ---- What is told --------------------------------------------------------------- */

struct told {
	unsigned int problems;
	unsigned int cut_objects;
	unsigned int cut_blocks;
};

static BOOL CALLBACK note_told(void *context, const VMSAVEDSTATE_PROBLEM *problem)
{
	struct told *told = context;

	told->problems++;
	if (strstr(problem->Text, "of 5 of the 11 objects that it lists, 1945600 bytes lie behind "
				  "its end at offset 36864") != NULL)
		told->cut_objects++;
	if (strstr(problem->Text, "RAM block 0 to 3: behind the end of the file") != NULL) {
		told->cut_blocks++;
		assert_true(problem->GuestAddress == 0 ? problem->GuestBytes == 3 * MIB
						       : problem->GuestBytes == MIB);
	}
	return FALSE;
}

static void what_a_cut_costs_is_told_once_for_each_range(void **state)
{
	char path[TEST_PATH_SIZE];
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source), .Path = path };
	struct told told = { 0 };

	(void)state;
	fixture_path(path, "bad-cut-behind-tables");
	assert_result(VmSavedStateCheck(&source, 1, note_told, NULL, &told, NULL), S_FALSE);
	assert_int_equal(told.cut_objects, 1);
	assert_int_equal(told.cut_blocks, 2);
	assert_int_equal(told.problems, 4); /* and the partition state */
}

static void blocks_behind_the_end_are_not_counted_as_stored(void **state)
{
	char path[TEST_PATH_SIZE];
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source), .Path = path,
				       .Flags = VMSAVEDSTATE_SOURCE_SALVAGE };
	VMSAVEDSTATE_INFO info = { .StructSize = sizeof(info) };
	VM_SAVED_STATE_DUMP_HANDLE handle;

	(void)state;
	fixture_path(path, "bad-cut-in-raw-block");
	assert_result(VmSavedStateOpen(&source, &handle), S_OK);
	assert_result(VmSavedStateGetInfo(handle, &info), S_OK);
	assert_int_equal(info.RamBlockCount, 3); /* 0, half of 1, and 4, which is inline */
	assert_true(info.StoredBytes > 500000 && info.StoredBytes < 819488);
	close_handle(handle);
}

/* ---- Keys ------------------------------------------------------------------------ */

struct read_keys {
	VMSAVEDSTATE_SOURCE source;
	UINT64 file_size;
	unsigned whole, cut;
};

static BOOL CALLBACK read_key(void *context, const VMSAVEDSTATE_KEY *key)
{
	static uint8_t value[2 * MIB];
	struct read_keys *keys = context;
	UINT64 size = 0, there;
	char text[ERROR_TEXT_ROOM];

	assert_true(key->Size <= sizeof(value));
	if (key->FileOffset + key->Size <= keys->file_size) {
		assert_result(VmSavedStateReadKey(&keys->source, key->Path, 0, value,
						  (UINT32)key->Size, &size), S_OK);
		assert_int_equal(size, key->Size);
		keys->whole++;
		return FALSE;
	}
	there = key->FileOffset < keys->file_size ? keys->file_size - key->FileOffset : 0;
	assert_result(VmSavedStateReadKey(&keys->source, key->Path, 0, value, (UINT32)there, NULL),
		      S_OK);
	assert_result(VmSavedStateReadKey(&keys->source, key->Path, 0, value, (UINT32)there + 1,
					  NULL), E_UNEXPECTED);
	error_text(NULL, text);
	assert_non_null(strstr(text, "are in the file"));
	assert_non_null(strstr(text, "check"));
	keys->cut++;
	return FALSE;
}

static void of_a_value_that_is_cut_the_beginning_can_be_read(void **state)
{
	char path[TEST_PATH_SIZE];
	struct read_keys keys = { .source = { .StructSize = sizeof(keys.source), .Path = path,
					      .Flags = VMSAVEDSTATE_SOURCE_SALVAGE } };
	struct fixture_bytes bytes = read_fixture("bad-cut-in-raw-block");

	(void)state;
	keys.file_size = bytes.first_size;
	free(bytes.first);
	fixture_path(path, "bad-cut-in-raw-block");
	assert_result(VmSavedStateEnumerateKeys(&keys.source, NULL, read_key, &keys), S_OK);
	assert_int_equal(keys.cut, 3);	/* RamBlock1 to 3 */
	assert_true(keys.whole > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_cut_copy_with_its_tables_first_has_every_page_that_ends_before_the_cut),
		cmocka_unit_test(
			a_cut_copy_with_its_tables_between_has_every_page_that_ends_before_the_cut),
		cmocka_unit_test(
			a_cut_bin_with_its_index_first_has_every_page_that_ends_before_the_cut),
		cmocka_unit_test(each_kind_of_damage_costs_no_more_than_it_must),
		cmocka_unit_test(what_a_cut_costs_is_told_once_for_each_range),
		cmocka_unit_test(blocks_behind_the_end_are_not_counted_as_stored),
		cmocka_unit_test(of_a_value_that_is_cut_the_beginning_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
