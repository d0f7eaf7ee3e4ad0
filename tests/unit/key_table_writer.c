/* SPDX-License-Identifier: MIT */
#include "key_table_writer.h"

#include "base/bytes.h"
#include "support/crc32.h"
#include "test_shim.h"

#include <string.h>

enum {
	TABLE_HEADER = 10,
	ENTRY_HEADER = 21,
	SMALLEST_FREE = 22,
	NODE_DATA = 12,
	NUMBER_DATA = 8,
	ARRAY_DATA = 12,	/* with the length in front */
	TYPE_FREE = 1
};

void tables_start(struct key_tables *tables, const uint16_t *indices)
{
	memset(tables, 0, sizeof(*tables));
	for (unsigned i = 0; i < WRITER_TABLES; i++)
		tables->indices[i] = indices != NULL ? indices[i] : (uint16_t)(i + 1);
}

static uint8_t *table_bytes(struct key_tables *tables, unsigned table)
{
	return tables->bytes + (size_t)table * WRITER_TABLE_SIZE;
}

static void open_table(struct key_tables *tables)
{
	uint8_t *bytes = table_bytes(tables, tables->table_count);

	assert_true(tables->table_count < WRITER_TABLES);
	store_le16(bytes, 2);
	store_le16(bytes + 2, tables->indices[tables->table_count]);
	store_le16(bytes + 4, 1);
	store_le32(bytes + 6, crc32_add(0, bytes, TABLE_HEADER));
	tables->table_count++;
	tables->used = TABLE_HEADER;
}

static void close_table(struct key_tables *tables)
{
	uint8_t *bytes = table_bytes(tables, tables->table_count - 1) + tables->used;
	uint32_t rest = WRITER_TABLE_SIZE - tables->used;

	if (rest == 0)
		return;
	assert_true(rest >= SMALLEST_FREE);
	bytes[0] = TYPE_FREE;
	store_le32(bytes + 2, rest);
	tables->used = WRITER_TABLE_SIZE;
}

void tables_break(struct key_tables *tables)
{
	if (tables->table_count > 0)
		close_table(tables);
	open_table(tables);
}

static uint32_t put_data(uint8_t *data, uint8_t type, uint64_t value)
{
	switch (type) {
	case WRITTEN_NODE:
		store_le32(data + 8, (uint32_t)value);
		return NODE_DATA;
	case WRITTEN_ARRAY:
		store_le32(data, NUMBER_DATA);
		store_le64(data + 4, value);
		return ARRAY_DATA;
	default:
		store_le64(data, value);
		return NUMBER_DATA;
	}
}

unsigned tables_add(struct key_tables *tables, uint8_t type, const char *name,
		    uint32_t insertion_sequence, uint64_t value)
{
	uint32_t name_size = (uint32_t)strlen(name) + 1;
	struct written_entry *entry = &tables->entries[tables->entry_count];
	uint8_t *bytes;

	assert_true(tables->entry_count < WRITER_ENTRIES && name_size <= 255);
	if (tables->table_count == 0 ||
	    tables->used + ENTRY_HEADER + name_size + NODE_DATA + SMALLEST_FREE >
		    WRITER_TABLE_SIZE)
		tables_break(tables);
	entry->table = tables->table_count - 1;
	entry->position = tables->used;
	entry->insertion_sequence = insertion_sequence;
	bytes = table_bytes(tables, entry->table) + entry->position;
	bytes[0] = type;
	bytes[20] = (uint8_t)name_size;
	memcpy(bytes + ENTRY_HEADER, name, name_size);
	entry->checked_size = ENTRY_HEADER + name_size +
			      put_data(bytes + ENTRY_HEADER + name_size, type, value);
	entry->size = entry->checked_size;
	store_le32(bytes + 2, entry->size);
	tables->used += entry->size;
	return tables->entry_count++;
}

void tables_set_parent(struct key_tables *tables, unsigned entry, unsigned parent)
{
	const struct written_entry *above = &tables->entries[parent];

	tables->entries[entry].parent_table = tables->indices[above->table];
	tables->entries[entry].parent_position = above->position;
}

void tables_finish(struct key_tables *tables)
{
	if (tables->table_count == 0)
		open_table(tables);
	close_table(tables);
	for (unsigned i = 0; i < tables->entry_count; i++) {
		const struct written_entry *entry = &tables->entries[i];
		uint8_t *bytes = table_bytes(tables, entry->table) + entry->position;

		store_le16(bytes + 6, entry->parent_table);
		store_le32(bytes + 8, entry->parent_position);
		store_le32(bytes + 16, entry->insertion_sequence);
		store_le32(bytes + 12, 0);
		store_le32(bytes + 12, crc32_add(0, bytes, entry->checked_size));
	}
}

void tables_objects(const struct key_tables *tables, struct hvs_objects *out)
{
	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < tables->table_count; i++) {
		struct hvs_object *object = vector_extend(&out->all, 1, sizeof(*object));

		assert_non_null(object);
		object->offset = (uint64_t)i * WRITER_TABLE_SIZE;
		object->size = WRITER_TABLE_SIZE;
		object->type = HVS_OBJECT_KEY_TABLE;
	}
}
