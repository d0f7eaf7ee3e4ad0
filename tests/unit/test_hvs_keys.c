/* SPDX-License-Identifier: MIT */
/*
 * Walking the key tables of a damaged file: what is read, and which entries are
 * found, where tables overlap or are not there.  Every read is counted.
 */
#include "base/bytes.h"
#include "container/hvs_keys.h"
#include "counted_file.h"
#include "key_table_writer.h"

#include "test_shim.h"

#include <stdlib.h>
#include <string.h>

enum { TABLES = 16, LARGEST_TABLE = 16 << 20 };

static struct key_tables tables;

struct walk {
	struct counted_file counted;
	struct hvs_objects objects;
	struct damage damage;
	unsigned visited;
	uint64_t last_value;
};

static enum status visit(void *context, const struct hvs_entry *entry, struct error *error)
{
	struct walk *walk = context;

	(void)error;
	walk->visited++;
	walk->last_value = entry->value.scalar;
	return STATUS_OK;
}

static void list_table(struct walk *walk, uint64_t offset, uint32_t size)
{
	struct hvs_object *object = vector_extend(&walk->objects.all, 1, sizeof(*object));

	assert_non_null(object);
	object->offset = offset;
	object->size = size;
	object->type = HVS_OBJECT_KEY_TABLE;
}

/* Walks the tables listed in a file of the tables written, lengthened with zeros to size bytes. */
static void walk_tables(struct walk *walk, size_t size)
{
	struct bytes image = { calloc(size, 1), size };
	struct error error = { STATUS_OK, "" };
	struct hvs_view view;
	struct file *file;

	assert_non_null(image.start);
	tables_finish(&tables);
	memcpy(image.start, tables.bytes, (size_t)tables.table_count * WRITER_TABLE_SIZE);
	file = counted_file_open_bytes(&walk->counted, image);
	hvs_view_init(&view, file);
	view.damage = &walk->damage;
	assert_int_equal(hvs_keys_walk(&view, &walk->objects, visit, walk, &error), STATUS_OK);
	hvs_view_fini(&view);
	file_close(file);
}

static void finish(struct walk *walk)
{
	hvs_objects_fini(&walk->objects);
	counted_file_fini(&walk->counted);
}

/* Tables with one Int in each. */
static void write_tables(unsigned count)
{
	tables_start(&tables, NULL);
	for (unsigned i = 0; i < count; i++) {
		tables_break(&tables);
		tables_add(&tables, WRITTEN_INT, "a", i + 1, i);
	}
}

static void tables_that_overlap_end_where_the_next_begins(void **state)
{
	const size_t size = TABLES * WRITER_TABLE_SIZE;
	struct walk walk = { .visited = 0 };

	(void)state;
	write_tables(TABLES);
	for (unsigned i = 0; i < TABLES; i++)
		list_table(&walk, i * WRITER_TABLE_SIZE, (TABLES - i) * WRITER_TABLE_SIZE);
	walk_tables(&walk, size);
	assert_int_equal(walk.visited, TABLES);
	assert_int_equal(walk.damage.damaged[PART_KEY], 0);
	assert_int_equal(walk.damage.damaged[PART_KEY_TABLE], 0);
	/* Each table, and its header beforehand by the one before it. */
	assert_true(walk.counted.bytes_read <= size + TABLES * 16);
	finish(&walk);
}

static void a_table_with_a_bad_header_does_not_end_one_with_a_good_header(void **state)
{
	struct walk walk = { .visited = 0 };
	const struct written_entry *last;

	(void)state;
	tables_start(&tables, NULL);
	for (unsigned i = 0; tables.table_count < 2; i++)
		tables_add(&tables, WRITTEN_INT, "a", i + 1, i);
	last = &tables.entries[tables.entry_count - 1];
	assert_int_equal(last->table, 1);
	list_table(&walk, 0, WRITER_TABLE_SIZE);
	list_table(&walk, WRITER_TABLE_SIZE / 2, WRITER_TABLE_SIZE / 2);
	list_table(&walk, WRITER_TABLE_SIZE, WRITER_TABLE_SIZE);
	walk_tables(&walk, 2 * WRITER_TABLE_SIZE);
	assert_int_equal(walk.visited, tables.entry_count);
	assert_int_equal(walk.last_value, tables.entry_count - 1);
	assert_int_equal(walk.damage.damaged[PART_KEY], 0);
	assert_int_equal(walk.damage.damaged[PART_KEY_TABLE], 1);
	finish(&walk);
}

static void tables_with_bad_headers_that_overlap_are_walked_once(void **state)
{
	const size_t size = TABLES * WRITER_TABLE_SIZE;
	struct walk walk = { .visited = 0 };

	(void)state;
	write_tables(TABLES);
	for (unsigned i = 0; i < TABLES; i++) {
		tables.bytes[i * WRITER_TABLE_SIZE] ^= 0x80;
		list_table(&walk, i * WRITER_TABLE_SIZE, (TABLES - i) * WRITER_TABLE_SIZE);
	}
	walk_tables(&walk, size);
	assert_int_equal(walk.visited, TABLES);
	assert_int_equal(walk.damage.damaged[PART_KEY], 0);
	assert_int_equal(walk.damage.damaged[PART_KEY_TABLE], TABLES);
	/* Twice a piece of each: for its header, and for its entries. */
	assert_true(walk.counted.bytes_read <= 2 * size + TABLES * TABLES * 16);
	finish(&walk);
}

/* A hole costs the writer of a file nothing, and 18 bytes are enough to list it as a table. */
static void of_a_table_in_a_hole_little_is_read(void **state)
{
	struct walk walk = { .visited = 0 };

	(void)state;
	write_tables(1);
	list_table(&walk, 0, LARGEST_TABLE);
	list_table(&walk, LARGEST_TABLE, LARGEST_TABLE);
	walk_tables(&walk, 2 * LARGEST_TABLE);
	assert_int_equal(walk.visited, 1);
	/* Both end in nothing, and one begins with it. */
	assert_int_equal(walk.damage.damaged[PART_KEY_TABLE] + walk.damage.damaged[PART_KEY], 3);
	assert_true(walk.counted.bytes_read <= 32 * 1024);
	finish(&walk);
}

/* An entry before, across and behind the end of the piece that is read first. */
static void entries_are_found_wherever_a_piece_of_their_table_ends(void **state)
{
	static struct key_tables one;

	(void)state;
	for (uint32_t free_size = 3900; free_size < 4200; free_size++) {
		struct walk walk = { .visited = 0 };
		uint32_t second;

		tables_start(&tables, NULL);
		tables_add(&tables, WRITTEN_INT, "a", 1, 1);
		tables_add(&tables, WRITTEN_INT, "b", 2, 2);
		tables_finish(&tables);
		one = tables;
		second = one.entries[1].position;
		/* The second entry moves behind a free one of free_size bytes. */
		memset(tables.bytes + second, 0, WRITER_TABLE_SIZE - second);
		tables.bytes[second] = 1;
		store_le32(tables.bytes + second + 2, free_size);
		memcpy(tables.bytes + second + free_size, one.bytes + second, one.entries[1].size);
		tables.table_count = 2;
		tables.entry_count = 0;
		tables.used = WRITER_TABLE_SIZE;
		list_table(&walk, 0, second + free_size + one.entries[1].size);
		walk_tables(&walk, 2 * WRITER_TABLE_SIZE);
		assert_int_equal(walk.visited, 2);
		assert_int_equal(walk.last_value, 2);
		assert_int_equal(walk.damage.damaged[PART_KEY_TABLE], 0);
		assert_int_equal(walk.damage.damaged[PART_KEY], 0);
		finish(&walk);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_that_overlap_end_where_the_next_begins),
		cmocka_unit_test(a_table_with_a_bad_header_does_not_end_one_with_a_good_header),
		cmocka_unit_test(tables_with_bad_headers_that_overlap_are_walked_once),
		cmocka_unit_test(of_a_table_in_a_hole_little_is_read),
		cmocka_unit_test(entries_are_found_wherever_a_piece_of_their_table_ends),
	};

	return cmocka_run_group_tests_name("key tables", tests, NULL, NULL);
}
