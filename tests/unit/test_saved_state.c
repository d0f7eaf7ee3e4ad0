/* SPDX-License-Identifier: MIT */
/*
 * Which keys make a saved state, and in which order what is missing or wrong is
 * told.  The answers are those of the original; the files are fixtures whose
 * keys are renamed or changed, with every checksum made right again.
 */
#include "state/saved_state.h"

#include "base/bytes.h"
#include "counted_file.h"
#include "key_editor.h"
#include "state/memory_block.h"
#include "test_shim.h"

#include <stdlib.h>
#include <string.h>

/* ---- Opening ---- */

/* Makes the checksums right and opens. */
static enum status try_open(struct bytes *image, struct saved_state **out, struct error *error)
{
	struct file *file;

	repair_checksums(image);
	assert_int_equal(file_open_memory(image->start, image->size, &file, NULL), STATUS_OK);
	return saved_state_open(file, out, error);
}

/* The same, and frees the image. */
static void assert_opens(struct bytes *image, enum status expected)
{
	struct saved_state *saved = NULL;

	assert_int_equal(try_open(image, &saved, NULL), expected);
	if (expected == STATUS_OK)
		saved_state_close(saved);
	else
		assert_null(saved);
	bytes_free(image);
}

static void assert_fixture_opens(const char *name, enum status expected)
{
	struct bytes image = fixture_read(name);

	assert_opens(&image, expected);
}

/* ---- The order of the checks ---- */

static void spoil_version(struct bytes *image)
{
	rename_key(image, "version", "Xersion");
}

static void spoil_state_key(struct bytes *image)
{
	rename_key(image, "partition_state", "Xartition_state");
}

static void spoil_memory_block(struct bytes *image)
{
	rename_key(image, "RamMemoryBlock0", "RamMemoryBlock1");
}

/* Its envelope becomes zeros. */
static void spoil_state_contents(struct bytes *image)
{
	struct saved_state *saved;
	struct key_value value;

	assert_int_equal(try_open(image, &saved, NULL), STATUS_OK);
	assert_int_equal(container_find(saved->state, "/savedstate/savedVM/partition_state",
					&value), STATUS_OK);
	memset(image->start + value.offset, 0, 56);
	saved_state_close(saved);
}

struct fault {
	void (*spoil)(struct bytes *image);
	enum status answer;
};

/* In the order in which the original looks at them. */
static const struct fault faults[] = {
	{ spoil_version, STATUS_KEY_NOT_FOUND },
	{ spoil_state_key, STATUS_NO_PARTITION_STATE },
	{ spoil_memory_block, STATUS_NO_GUEST_MEMORY },
	{ spoil_state_contents, STATUS_CORRUPT_STATE },
};
enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

static void of_several_faults_the_first_in_order_is_told(void **state)
{
	(void)state;
	for (unsigned set = 0; set < 1u << FAULTS; set++) {
		struct bytes image = fixture_read("minimal.vmrs");
		enum status expected = STATUS_OK;

		/* Backwards, since the contents are found by the names. */
		for (unsigned i = FAULTS; i > 0; i--) {
			if ((set & 1u << (i - 1)) == 0)
				continue;
			faults[i - 1].spoil(&image);
			expected = faults[i - 1].answer;
		}
		assert_opens(&image, expected);
	}
}

static void the_container_is_checked_before_its_keys(void **state)
{
	struct bytes image = fixture_read("bad-key-cycle.vmrs");

	(void)state;
	spoil_version(&image);
	spoil_state_key(&image);
	assert_opens(&image, STATUS_CORRUPT_ORDER);
}

/* ---- The version ---- */

struct version_case {
	uint64_t version;
	enum status answer;
};

static const struct version_case version_cases[] = {
	{ 0x0501, STATUS_OK },
	{ 0x0801, STATUS_OK },
	{ 0x0A00, STATUS_OK },
	{ 0x0C00, STATUS_OK },
	{ 0x10000, STATUS_OK },
	{ 0x80000000, STATUS_OK },
	{ 0xFFFFFFFF, STATUS_OK },
	{ UINT64_C(0x100000A00), STATUS_OK },
	{ (uint64_t)-1, STATUS_OK },
	{ (uint64_t)-5, STATUS_OK },
	{ 0x0500, STATUS_NO_PARTITION_STATE },
	{ 0x0100, STATUS_NO_PARTITION_STATE },
	{ 0, STATUS_NO_PARTITION_STATE },
	{ UINT64_C(0x100000000), STATUS_NO_PARTITION_STATE },
	{ UINT64_C(0x100000500), STATUS_NO_PARTITION_STATE },
};

static void only_the_low_half_of_the_version_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(version_cases) / sizeof(version_cases[0]); i++) {
		struct bytes image = fixture_read("minimal.vmrs");
		struct saved_state *saved;
		enum status status;

		store_le64(data_of(&image, "version"), version_cases[i].version);
		status = try_open(&image, &saved, NULL);
		assert_int_equal(status, version_cases[i].answer);
		if (status == STATUS_OK) {
			assert_int_equal(saved->vm_version, (uint32_t)version_cases[i].version);
			saved_state_close(saved);
		}
		bytes_free(&image);
	}
}

/* The types of entries that hold a number: UInt, Double, Bool. */
static void a_version_that_is_no_int_is_of_the_wrong_type(void **state)
{
	static const uint8_t types[] = { 4, 5, 8 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct bytes image = fixture_read("minimal.vmrs");

		entry_named(&image, "version")[0] = types[i];
		assert_opens(&image, STATUS_WRONG_KEY_TYPE);
	}
	assert_fixture_opens("bad-version-string.vmrs", STATUS_WRONG_KEY_TYPE);
}

static void legacy_names_in_a_vmrs_are_told_from_none(void **state)
{
	(void)state;
	assert_fixture_opens("bad-version-500-legacy-names.vmrs", STATUS_UNSUPPORTED_LAYOUT);
	assert_fixture_opens("bad-version-500.vmrs", STATUS_NO_PARTITION_STATE);
}

static void other_keys_of_the_saved_state_are_not_looked_at(void **state)
{
	struct bytes image = fixture_read("minimal.vmrs");

	(void)state;
	rename_key(&image, "VmVersion", "XmVersion");
	assert_opens(&image, STATUS_OK);
	image = fixture_read("minimal.vmrs");
	entry_named(&image, "VmVersion")[0] = 5;
	assert_opens(&image, STATUS_OK);
}

/* ---- The partition state ---- */

static void a_partition_state_that_is_none_is_corrupt_and_one_cut_off_is_lost(void **state)
{
	(void)state;
	assert_fixture_opens("bad-state-int.vmrs", STATUS_CORRUPT_STATE);
	assert_fixture_opens("bad-state-string.vmrs", STATUS_CORRUPT_STATE);
	assert_fixture_opens("bad-state-empty.vmrs", STATUS_CORRUPT_STATE);
	assert_fixture_opens("bad-state-object-too-small.vmrs", STATUS_STATE_LOST);
	assert_fixture_opens("bad-state-no-vp.vmrs", STATUS_NO_VP);
	assert_fixture_opens("bad-encrypted-looking.vmrs", STATUS_ENCRYPTED);
}

static void the_partition_state_may_stand_in_the_key_table(void **state)
{
	(void)state;
	assert_fixture_opens("state-inline.vmrs", STATUS_OK);
}

/* ---- Memory blocks ---- */

static void a_memory_block_is_an_array_of_48_bytes(void **state)
{
	struct bytes image = fixture_read("minimal.vmrs");

	(void)state;
	store_le32(data_of(&image, "RamMemoryBlock0"), 47);
	assert_opens(&image, STATUS_MEMORY_BLOCK_SHORT);
	image = fixture_read("minimal.vmrs");
	store_le32(data_of(&image, "RamMemoryBlock0"), 0);
	assert_opens(&image, STATUS_MEMORY_BLOCK_SHORT);
	image = fixture_read("minimal.vmrs");
	entry_named(&image, "RamMemoryBlock0")[0] = 3;
	assert_opens(&image, STATUS_MEMORY_BLOCK_SHORT);
	assert_fixture_opens("bad-memory-block-long.vmrs", STATUS_MEMORY_BLOCK_LONG);
}

struct block_value_case {
	enum numbered_state state;
	uint32_t size;
	enum status answer;
	const char *text;
};

static const struct block_value_case block_value_cases[] = {
	{ NUMBERED_BROKEN, 48, STATUS_MEMORY_BLOCK_SHORT, "RamMemoryBlock0 has lost its value" },
	{ NUMBERED_OTHER_TYPE, 0, STATUS_MEMORY_BLOCK_SHORT, "RamMemoryBlock0 is not an array" },
	{ NUMBERED_ARRAY, 47, STATUS_MEMORY_BLOCK_SHORT, "RamMemoryBlock0 has 47 bytes" },
	{ NUMBERED_ARRAY, 49, STATUS_MEMORY_BLOCK_LONG, "RamMemoryBlock0 has 49 bytes" },
};

static void a_memory_block_that_is_lost_is_told_from_one_of_another_type_or_size(void **state)
{
	struct bytes image = fixture_read("minimal.vmrs");
	struct saved_state *saved;

	(void)state;
	assert_int_equal(try_open(&image, &saved, NULL), STATUS_OK);
	for (size_t i = 0; i < sizeof(block_value_cases) / sizeof(block_value_cases[0]); i++) {
		const struct block_value_case *wrong = &block_value_cases[i];
		struct numbered_value value = { .size = wrong->size, .state = wrong->state };
		struct numbered_keys keys = { .run = &value, .run_count = 1 };
		struct vector blocks = { 0 };
		struct error error;

		assert_int_equal(memory_blocks_read(saved->state, &keys, NULL, &blocks, &error),
				 wrong->answer);
		if (strstr(error.text, wrong->text) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", error.text, wrong->text);
		assert_int_equal(blocks.count, 0);
	}
	saved_state_close(saved);
	bytes_free(&image);
}

static void memory_blocks_are_taken_as_they_are(void **state)
{
	struct bytes image = fixture_read("minimal.vmrs");
	uint8_t *block = data_of(&image, "RamMemoryBlock0") + 4;
	const struct memory_block *found;
	struct saved_state *saved;

	(void)state;
	memset(block, 0xA5, 48);
	store_le32(block + 4, 0x12345678);
	store_le64(block + 8, UINT64_MAX);
	store_le64(block + 16, UINT64_C(0x1122334455667788));
	store_le64(block + 24, UINT64_C(0x99AABBCCDDEEFF00));
	assert_int_equal(try_open(&image, &saved, NULL), STATUS_OK);
	assert_int_equal(saved->memory_blocks.count, 1);
	found = saved->memory_blocks.items;
	assert_int_equal(found->flags, 0x12345678);
	assert_int_equal(found->page_count, UINT64_MAX);
	assert_int_equal(found->saved_page, UINT64_C(0x1122334455667788));
	assert_int_equal(found->gpa_page, UINT64_C(0x99AABBCCDDEEFF00));
	saved_state_close(saved);
	bytes_free(&image);
}

struct block_count {
	const char *fixture;
	size_t memory_blocks;
	size_t ram_blocks;
};

static const struct block_count block_counts[] = {
	{ "minimal.vmrs", 1, 2 },
	{ "adjacent-ranges.vmrs", 3, 3 },
	{ "memory-block-gap.vmrs", 1, 2 },	/* number 1 is missing, 2 is not looked at */
	{ "missing-ram-block.vmrs", 1, 2 },
	{ "no-ram-block.vmrs", 1, 0 },
	{ "duplicate-ram-block.vmrs", 1, 1 },
};

static void memory_blocks_are_counted_up_to_the_first_gap(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(block_counts) / sizeof(block_counts[0]); i++) {
		struct bytes image = fixture_read(block_counts[i].fixture);
		struct saved_state *saved;

		assert_int_equal(try_open(&image, &saved, NULL), STATUS_OK);
		assert_int_equal(saved->memory_blocks.count, block_counts[i].memory_blocks);
		assert_int_equal(numbered_keys_count(saved_state_ram_blocks(saved)),
				 block_counts[i].ram_blocks);
		assert_ptr_equal(saved->ram, saved->state);
		saved_state_close(saved);
		bytes_free(&image);
	}
}

/* ---- RAM under other keys ---- */

static void assert_unknown_layout(const char *fixture, const char *new_name, bool expected)
{
	struct bytes image = fixture_read(fixture);
	struct saved_state *saved;

	rename_key(&image, "VmVersion", new_name);
	assert_int_equal(try_open(&image, &saved, NULL), STATUS_OK);
	assert_int_equal(saved->unknown_ram_layout, expected);
	saved_state_close(saved);
	bytes_free(&image);
}

static void ram_under_other_keys_is_noticed_when_there_are_no_ram_blocks(void **state)
{
	(void)state;
	assert_unknown_layout("no-ram-block.vmrs", "Iteration", true);
	assert_unknown_layout("no-ram-block.vmrs", "iTERATION", true);
	assert_unknown_layout("no-ram-block.vmrs", "Jteration", false);
	assert_unknown_layout("minimal.vmrs", "Iteration", false);
}

/* ---- Salvage ---- */

static void spoil_memory(struct bytes *image)
{
	spoil_memory_block(image);
	rename_key(image, "RamMemoryBlock1", "XamMemoryBlock1");
	rename_key(image, "RamBlock0", "XamBlock0");
	rename_key(image, "RamBlock1", "XamBlock1");
}

static void assert_salvages(struct bytes *image, enum status expected)
{
	struct saved_state *saved = NULL;
	struct damage damage = { 0 };
	struct error error;
	struct file *file;

	repair_checksums(image);
	assert_int_equal(file_open_memory(image->start, image->size, &file, NULL), STATUS_OK);
	if (saved_state_salvage(file, NULL, &damage, &saved, &error) != expected)
		fail_msg("%s", error.text);
	assert_null(saved);
	bytes_free(image);
}

/* Salvages a fixture without its memory and, if asked, without the key of its processors. */
static void assert_rest_salvages(const char *fixture, bool with_processors, enum status expected)
{
	struct bytes image = fixture_read(fixture);

	spoil_memory(&image);
	spoil_version(&image);
	if (!with_processors)
		spoil_state_key(&image);
	assert_salvages(&image, expected);
}

/* The file of a VM that was off has keys, but none of a saved state. */
static void a_sound_container_without_a_saved_state_is_told_from_a_damaged_one(void **state)
{
	struct bytes without_keys = fixture_read("bad-object-key-table-free.vmrs");

	(void)state;
	assert_rest_salvages("minimal.vmrs", false, STATUS_NO_PARTITION_STATE);
	assert_rest_salvages("bad-key-object-nowhere.vmrs", false, STATUS_NOTHING_LEFT);
	assert_salvages(&without_keys, STATUS_NOTHING_LEFT);
}

static void processors_that_are_lost_or_damaged_were_there(void **state)
{
	(void)state;
	assert_rest_salvages("bad-state-object-too-small.vmrs", true, STATUS_NOTHING_LEFT);
	assert_rest_salvages("bad-state-int.vmrs", true, STATUS_NOTHING_LEFT);
}

/* ---- Pairs ---- */

struct pair_case {
	const char *bin;
	const char *vsv;
	enum status answer;
};

static const struct pair_case pair_cases[] = {
	{ "legacy-pair.bin", "legacy-pair.vsv", STATUS_OK },
	{ "legacy-value-type-3.bin", "legacy-value-type-3.vsv", STATUS_OK },
	{ "legacy-pair.vsv", "legacy-pair.bin", STATUS_PAIR_SWAPPED },
	{ "legacy-pair.bin", "legacy-pair.bin", STATUS_NO_PARTITION_STATE },
	{ "minimal.vmrs", "minimal.vmrs", STATUS_OTHER_CONTAINER },
	{ "minimal.vmrs", "legacy-pair.vsv", STATUS_OTHER_CONTAINER },
	{ "legacy-pair.bin", "minimal.vmrs", STATUS_OTHER_CONTAINER },
	{ "bad-legacy-no-state.bin", "bad-legacy-no-state.vsv", STATUS_NO_PARTITION_STATE },
	{ "bad-legacy-no-memory-block.bin", "bad-legacy-no-memory-block.vsv",
	  STATUS_NO_GUEST_MEMORY },
	{ "bad-legacy-memory-block-short.bin", "bad-legacy-memory-block-short.vsv",
	  STATUS_MEMORY_BLOCK_SHORT_LEGACY },
	{ "bad-legacy-memory-block-long.bin", "bad-legacy-memory-block-long.vsv",
	  STATUS_MEMORY_BLOCK_LONG_LEGACY },
	{ "bad-legacy-flag-2.bin", "bad-legacy-flag-2.vsv", STATUS_LEGACY_FLAG },
	{ "bad-legacy-signature.bin", "bad-legacy-signature.vsv", STATUS_NOT_A_SAVED_STATE },
};

static void a_pair_takes_its_ram_from_the_bin_and_the_rest_from_the_vsv(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pair_cases) / sizeof(pair_cases[0]); i++) {
		struct counted_file first, second;
		struct saved_state *saved = NULL;
		struct file *bin = counted_file_open(&first, pair_cases[i].bin);
		enum status status = saved_state_open_pair(
			bin, counted_file_open(&second, pair_cases[i].vsv), &saved, NULL);

		if (status != pair_cases[i].answer)
			fail_msg("%s and %s: status %d", pair_cases[i].bin, pair_cases[i].vsv,
				 (int)status);
		if (status == STATUS_OK) {
			assert_int_equal(saved->vm_version, 0x0500);
			assert_true(numbered_keys_count(saved_state_ram_blocks(saved)) >= 2);
			assert_int_equal(saved->memory_blocks.count, 1);
			assert_int_equal(partition_state_vp_count(saved->partition), 1);
			saved_state_close(saved);
		} else {
			assert_null(saved);
		}
		/* They belonged to the saved state, also on failure. */
		assert_int_equal(atomic_load(&first.closes), 1);
		assert_int_equal(atomic_load(&second.closes), 1);
		counted_file_fini(&first);
		counted_file_fini(&second);
	}
}

static void half_of_a_pair_is_no_saved_state(void **state)
{
	static const char *const halves[] = { "legacy-pair.bin", "legacy-pair.vsv" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct counted_file counted;
		struct saved_state *saved = NULL;
		struct error error;

		assert_int_equal(saved_state_open(counted_file_open(&counted, halves[i]), &saved,
						  &error), STATUS_NOT_A_SAVED_STATE);
		assert_non_null(strstr(error.text, "pair"));
		assert_null(saved);
		assert_int_equal(atomic_load(&counted.closes), 1);
		counted_file_fini(&counted);
	}
	saved_state_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_several_faults_the_first_in_order_is_told),
		cmocka_unit_test(the_container_is_checked_before_its_keys),
		cmocka_unit_test(only_the_low_half_of_the_version_counts),
		cmocka_unit_test(a_version_that_is_no_int_is_of_the_wrong_type),
		cmocka_unit_test(legacy_names_in_a_vmrs_are_told_from_none),
		cmocka_unit_test(other_keys_of_the_saved_state_are_not_looked_at),
		cmocka_unit_test(
			a_partition_state_that_is_none_is_corrupt_and_one_cut_off_is_lost),
		cmocka_unit_test(the_partition_state_may_stand_in_the_key_table),
		cmocka_unit_test(a_memory_block_is_an_array_of_48_bytes),
		cmocka_unit_test(
			a_memory_block_that_is_lost_is_told_from_one_of_another_type_or_size),
		cmocka_unit_test(memory_blocks_are_taken_as_they_are),
		cmocka_unit_test(memory_blocks_are_counted_up_to_the_first_gap),
		cmocka_unit_test(ram_under_other_keys_is_noticed_when_there_are_no_ram_blocks),
		cmocka_unit_test(
			a_sound_container_without_a_saved_state_is_told_from_a_damaged_one),
		cmocka_unit_test(processors_that_are_lost_or_damaged_were_there),
		cmocka_unit_test(a_pair_takes_its_ram_from_the_bin_and_the_rest_from_the_vsv),
		cmocka_unit_test(half_of_a_pair_is_no_saved_state),
	};

	return cmocka_run_group_tests_name("saved state", tests, NULL, NULL);
}
