/* SPDX-License-Identifier: MIT */
/*
 * A damaged container, opened all the same: which faults are noted for which
 * part, which keys are found, and which values are believed.
 */
#include "container/container.h"
#include "state/saved_state.h"

#include "counted_file.h"
#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS = 32 };

struct opened {
	struct counted_file image;
	struct damage damage;
	struct container *container;
	unsigned told;
	char texts[TEXTS][ERROR_TEXT_SIZE];	/* the first of them */
};

static void note(void *context, enum saved_part part, const struct error *error)
{
	struct opened *opened = context;

	assert_in_range(part, 0, PART_COUNT - 1);
	assert_int_not_equal(error->status, STATUS_OK);
	if (opened->told < TEXTS)
		snprintf(opened->texts[opened->told], ERROR_TEXT_SIZE, "%s", error->text);
	opened->told++;
}

/* Opens a fixture cut or lengthened with zeros to size bytes. */
static enum status try_open(struct opened *opened, const char *name, size_t size)
{
	struct error error = { STATUS_OK, "" };
	struct bytes image = fixture_read(name);
	struct bytes sized = { calloc(size + 1, 1), size };

	assert_non_null(sized.start);
	memcpy(sized.start, image.start, size < image.size ? size : image.size);
	bytes_free(&image);
	memset(opened, 0, sizeof(*opened));
	opened->damage.listener = note;
	opened->damage.context = opened;
	return container_open_tolerant(counted_file_open_bytes(&opened->image, sized),
				       &saved_state_families, &opened->damage,
				       &opened->container, &error);
}

static size_t size_of(const char *name)
{
	struct bytes image = fixture_read(name);
	size_t size = image.size;

	bytes_free(&image);
	return size;
}

static void open_fixture(struct opened *opened, const char *name)
{
	assert_int_equal(try_open(opened, name, size_of(name)), STATUS_OK);
}

static void close_opened(struct opened *opened)
{
	container_close(opened->container);
	counted_file_fini(&opened->image);
}

static uint64_t faults_in_all(const struct opened *opened)
{
	uint64_t sum = 0;

	for (int part = 0; part < PART_COUNT; part++)
		sum += opened->damage.damaged[part];
	return sum;
}

static size_t ram_blocks_in(const struct opened *opened)
{
	return numbered_keys_count(container_numbered(opened->container, FAMILY_RAM_BLOCK));
}

/* ---- What is noted ---- */

struct noted_case {
	const char *name;
	enum saved_part part;
	const char *text;	/* in what is told first */
	unsigned told;
	size_t ram_blocks;
};

static const struct noted_case noted_cases[] = {
	{ "tables-first.vmrs", PART_KEY, "", 0, 5 },
	{ "bad-header-lost.vmrs", PART_FILE_HEADER, "both file headers", 1, 5 },
	{ "bad-header-sequence-equal.vmrs", PART_FILE_HEADER, "not neighbours", 1, 2 },
	{ "bad-log-header-crc.vmrs", PART_REPLAY_LOG, "wrong checksum", 1, 2 },
	{ "bad-cut-behind-tables.vmrs", PART_OBJECT_TABLE, "5 of the 11 objects", 1, 5 },
	{ "bad-object-table-second.vmrs", PART_OBJECT_TABLE, "offset 16384", 1, 5 },
	{ "bad-object-slot-crc-value.vmrs", PART_OBJECT_TABLE, "wrong checksum", 1, 2 },
	{ "bad-key-table-middle-crc.vmrs", PART_KEY_TABLE, "wrong checksum", 1, 5 },
	{ "bad-key-table-first-crc.vmrs", PART_KEY_TABLE, "wrong checksum", 1, 5 },
	{ "bad-key-object-nowhere.vmrs", PART_KEY, "there is none", 1, 2 },
	{ "bad-key-value-too-large.vmrs", PART_KEY, "36864 bytes", 2, 2 },
	{ "bad-ram-object-too-small.vmrs", PART_KEY, "", 0, 2 },
	{ "bad-key-table-index.vmrs", PART_KEY, "its parent 1:", 8, 0 },
	{ "bad-object-loop.vmrs", PART_OBJECT_TABLE, "reached before", 1, 2 },
	{ "bad-legacy-cut.bin", PART_KEY, "2 of its values", 1, 3 },
};

static void each_fault_is_noted_once_for_its_part(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(noted_cases) / sizeof(noted_cases[0]); i++) {
		const struct noted_case *noted = &noted_cases[i];
		struct opened opened;

		open_fixture(&opened, noted->name);
		if (opened.told != noted->told || strstr(opened.texts[0], noted->text) == NULL)
			fail_msg("%s: %u faults, first: %s", noted->name, opened.told,
				 opened.texts[0]);
		for (unsigned j = 1; j < opened.told; j++)
			assert_string_not_equal(opened.texts[j], opened.texts[j - 1]);
		assert_int_equal(opened.damage.damaged[noted->part], noted->told);
		assert_int_equal(faults_in_all(&opened), noted->told);
		assert_int_equal(ram_blocks_in(&opened), noted->ram_blocks);
		close_opened(&opened);
	}
}

static void every_cut_either_opens_with_a_fault_noted_or_is_refused(void **state)
{
	size_t size = size_of("tables-interleaved.vmrs"), most = 0;

	(void)state;
	for (size_t cut = 0; cut < size; cut += 2999) {
		struct opened opened;
		enum status status = try_open(&opened, "tables-interleaved.vmrs", cut);

		if (status == STATUS_OK) {
			assert_true(opened.told > 0);
			assert_true(ram_blocks_in(&opened) >= most);
			most = ram_blocks_in(&opened);
		} else {
			assert_int_equal(most, 0);
		}
		close_opened(&opened);
	}
	assert_int_equal(most, 5);
}

/* ---- What it costs ---- */

/* Around the loop, the tables would be read once for each 4096 bytes of the file. */
static void a_loop_of_object_tables_costs_as_much_in_a_large_file(void **state)
{
	static const char *const names[] = { "bad-object-loop.vmrs",
					     "bad-object-loop-of-two.vmrs" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct opened small, large;

		assert_int_equal(try_open(&small, names[i], size_of(names[i])), STATUS_OK);
		assert_int_equal(try_open(&large, names[i], 16 << 20), STATUS_OK);
		assert_int_equal(small.damage.damaged[PART_OBJECT_TABLE], 1);
		assert_int_equal(large.damage.damaged[PART_OBJECT_TABLE], 1);
		assert_int_equal(large.image.bytes_read, small.image.bytes_read);
		assert_true(small.image.bytes_read < small.image.bytes.size);
		close_opened(&small);
		close_opened(&large);
	}
}

static void a_key_table_that_is_listed_often_is_read_and_told_once(void **state)
{
	struct opened opened;

	(void)state;
	open_fixture(&opened, "bad-object-listed-often.vmrs");
	assert_int_equal(opened.damage.damaged[PART_OBJECT_TABLE], 1);
	assert_non_null(strstr(opened.texts[0], "listed more than once"));
	assert_int_equal(opened.damage.checked[PART_KEY_TABLE], 2);
	assert_true(opened.image.bytes_read < opened.image.bytes.size);
	assert_int_equal(ram_blocks_in(&opened), 2);
	close_opened(&opened);
}

/* ---- What is believed ---- */

static struct key_value find(const struct opened *opened, const char *path)
{
	struct key_value value = { .broken = true };

	assert_int_equal(container_find(opened->container, path, &value), STATUS_OK);
	return value;
}

static void a_key_stands_in_for_a_lost_slot(void **state)
{
	struct opened sound, damaged;
	struct key_value expected, found;

	(void)state;
	open_fixture(&sound, "minimal.vmrs");
	open_fixture(&damaged, "bad-object-slot-crc-value.vmrs");
	expected = find(&sound, "savedstate/RamBlock0");
	found = find(&damaged, "savedstate/RamBlock0");
	assert_false(found.broken);
	assert_int_equal(found.offset, expected.offset);
	assert_int_equal(found.size, expected.size);
	close_opened(&sound);
	close_opened(&damaged);
}

static void a_key_is_not_believed_against_sound_object_tables(void **state)
{
	static const char *const names[] = { "bad-object-value-free.vmrs",
					     "bad-key-object-nowhere.vmrs" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct opened opened;

		open_fixture(&opened, names[i]);
		assert_true(find(&opened, "a/one").broken);
		assert_false(find(&opened, "savedstate/RamBlock0").broken);
		close_opened(&opened);
	}
}

static void of_objects_that_overlap_none_is_believed(void **state)
{
	struct opened opened;

	(void)state;
	open_fixture(&opened, "bad-object-overlap.vmrs");
	assert_true(find(&opened, "a/one").broken);
	assert_true(find(&opened, "savedstate/savedVM/partition_state").broken);
	assert_false(find(&opened, "savedstate/RamBlock0").broken);
	close_opened(&opened);
}

static void a_table_that_is_reached_twice_loses_nothing(void **state)
{
	struct opened opened;

	(void)state;
	open_fixture(&opened, "bad-object-loop.vmrs");
	assert_false(find(&opened, "savedstate/savedVM/partition_state").broken);
	assert_false(find(&opened, "savedstate/RamBlock0").broken);
	close_opened(&opened);
}

static void a_lost_node_is_known_by_its_children(void **state)
{
	struct opened opened;
	struct key_value ignored;

	(void)state;
	open_fixture(&opened, "bad-key-table-first-lost.vmrs");
	assert_int_equal(find(&opened, "savedstate").type, KEY_NODE);
	assert_false(find(&opened, "savedstate/savedVM/partition_state").broken);
	assert_int_equal(ram_blocks_in(&opened), 5);
	assert_int_equal(container_find(opened.container, "configuration", &ignored),
			 STATUS_KEY_NOT_FOUND);
	close_opened(&opened);
}

/* A value that is larger than its object matters to who reads it alone. */
static bool loads_without_tolerance(const struct noted_case *noted)
{
	return noted->told == 0 || strcmp(noted->name, "bad-key-value-too-large.vmrs") == 0;
}

static void without_tolerance_nearly_all_of_them_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(noted_cases) / sizeof(noted_cases[0]); i++) {
		struct bytes image = fixture_read(noted_cases[i].name);
		struct container *container = NULL;
		enum status status;
		struct file *file;

		assert_int_equal(file_open_memory(image.start, image.size, &file, NULL), STATUS_OK);
		status = container_open(file, &saved_state_families, &container, NULL);
		assert_int_equal(status == STATUS_OK, loads_without_tolerance(&noted_cases[i]));
		assert_int_equal(container != NULL, status == STATUS_OK);
		container_close(container);
		bytes_free(&image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_is_noted_once_for_its_part),
		cmocka_unit_test(every_cut_either_opens_with_a_fault_noted_or_is_refused),
		cmocka_unit_test(a_loop_of_object_tables_costs_as_much_in_a_large_file),
		cmocka_unit_test(a_key_table_that_is_listed_often_is_read_and_told_once),
		cmocka_unit_test(a_key_stands_in_for_a_lost_slot),
		cmocka_unit_test(a_key_is_not_believed_against_sound_object_tables),
		cmocka_unit_test(of_objects_that_overlap_none_is_believed),
		cmocka_unit_test(a_table_that_is_reached_twice_loses_nothing),
		cmocka_unit_test(a_lost_node_is_known_by_its_children),
		cmocka_unit_test(without_tolerance_nearly_all_of_them_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
