/* SPDX-License-Identifier: MIT */
#include "container/hvs_keys.h"
#include "base/bytes.h"
#include "container/hvs_checksum.h"

#include <inttypes.h>
#include <string.h>

enum { TABLE_INDICES = 65536 };

struct key_walk {
	const struct hvs_view *view;
	const struct hvs_objects *objects;
	hvs_entry_visitor visit;
	void *context;
	struct error *error;
	uint8_t *table;			/* the table being walked */
	size_t table_capacity;
	uint64_t table_offset;		/* in the contents */
	uint32_t table_size;
	uint16_t table_index;
	size_t object_hint;
	uint8_t *indices_seen;		/* one bit per TableIndex */
	uint32_t spare_index;		/* those above are taken */
};

static enum status entry_failed(const struct key_walk *walk, enum status status, uint32_t position,
				const char *what)
{
	return error_set(walk->error, status, "key entry at offset %" PRIu64 ": %s",
			 walk->table_offset + position, what);
}

/* Bytes of an entry's data that its checksum covers, or 0 if they do not fit in room. */
static uint32_t meaningful_size(uint8_t type, bool in_file_object, const uint8_t *data,
				uint32_t room)
{
	uint32_t needed;

	if (in_file_object)
		needed = HVS_KEY_OBJECT_REFERENCE;
	else if (type == HVS_KEY_NODE)
		needed = HVS_KEY_NODE_DATA;
	else if (type == HVS_KEY_BOOL)
		needed = 4;
	else if (type == HVS_KEY_INT || type == HVS_KEY_UINT || type == HVS_KEY_DOUBLE)
		needed = 8;
	else if (room < 4 || load_le32(data) > room - 4)
		return 0;
	else
		needed = 4 + load_le32(data);
	return needed <= room ? needed : 0;
}

static enum key_type plain_type(uint8_t type)
{
	switch (type) {
	case HVS_KEY_INT:
		return KEY_INT;
	case HVS_KEY_UINT:
		return KEY_UINT;
	case HVS_KEY_DOUBLE:
		return KEY_DOUBLE;
	case HVS_KEY_STRING:
		return KEY_STRING;
	case HVS_KEY_BOOL:
		return KEY_BOOL;
	case HVS_KEY_NODE:
		return KEY_NODE;
	default:
		return KEY_ARRAY;
	}
}

static enum status locate_object_value(struct key_walk *walk, uint32_t position,
				       const uint8_t *data, struct key_value *value)
{
	const struct hvs_object *object;

	value->size = load_le32(data);
	value->offset = load_le64(data + 4);
	value->in_file_object = true;
	object = hvs_objects_find_file(walk->objects, value->offset, &walk->object_hint);
	value->broken = object == NULL || value->size > object->size;
	if (object != NULL)
		return STATUS_OK;
	/* The checksum of the entry proves its value as well as that of a lost slot would. */
	value->broken = !hvs_objects_may_lack(walk->objects, value->offset, value->size);
	if (!value->broken)
		return STATUS_OK;
	entry_failed(walk, STATUS_CORRUPT_LINK, position,
		     "its value should be a file object, but there is none");
	return damage_tolerate(walk->view->damage, PART_KEY, STATUS_CORRUPT_LINK, walk->error);
}

static void locate_inline_value(const struct key_walk *walk, uint32_t data_position,
				uint32_t meaningful, struct hvs_entry *entry)
{
	const uint8_t *data = walk->table + data_position;
	struct key_value *value = &entry->value;
	uint32_t prefix = 0;

	switch (value->type) {
	case KEY_NODE:
		entry->next_insertion_sequence = load_le32(data + 8);
		return;
	case KEY_BOOL:
		value->scalar = load_le32(data);
		break;
	case KEY_INT:
	case KEY_UINT:
	case KEY_DOUBLE:
		value->scalar = load_le64(data);
		break;
	default:
		prefix = 4;
	}
	value->offset = walk->table_offset + data_position + prefix;
	value->size = meaningful - prefix;
}

static uint32_t entry_checksum(const uint8_t *entry, uint32_t size)
{
	return hvs_checksum(entry, size, HVS_KEY_CHECKSUM);
}

/* size is the entry's, already known to lie within the table. */
static enum status read_used_entry(struct key_walk *walk, uint32_t position, uint32_t size)
{
	const uint8_t *bytes = walk->table + position;
	bool in_file_object = (bytes[HVS_KEY_FLAGS] & HVS_KEY_FLAG_FILE_OBJECT) != 0;
	uint32_t name_size = bytes[HVS_KEY_NAME_SIZE];
	uint32_t data = HVS_KEY_HEADER + name_size;
	struct hvs_entry entry = { 0 };
	uint32_t meaningful;

	if (name_size == 0 || data > size || bytes[data - 1] != '\0')
		return entry_failed(walk, STATUS_CORRUPT, position, "impossible name");
	entry.value.type = plain_type(bytes[0]);
	if (in_file_object && entry.value.type != KEY_ARRAY && entry.value.type != KEY_STRING)
		return entry_failed(walk, STATUS_CORRUPT_LINK, position,
				    "a value of its type is never stored in a file object");
	meaningful = meaningful_size(bytes[0], in_file_object, bytes + data, size - data);
	if (meaningful == 0)
		return entry_failed(walk, STATUS_CORRUPT, position,
				    "its value is longer than the entry");
	if (load_le32(bytes + HVS_KEY_CHECKSUM) != entry_checksum(bytes, data + meaningful))
		return entry_failed(walk, STATUS_CORRUPT, position, "wrong checksum");
	entry.place.table = walk->table_index;
	entry.place.position = position;
	entry.parent.table = load_le16(bytes + HVS_KEY_PARENT_TABLE);
	entry.parent.position = load_le32(bytes + HVS_KEY_PARENT_OFFSET);
	entry.insertion_sequence = load_le32(bytes + HVS_KEY_INSERTION_SEQUENCE);
	entry.name = (const char *)bytes + HVS_KEY_HEADER;
	if (in_file_object) {
		enum status status =
			locate_object_value(walk, position, bytes + data, &entry.value);

		if (status != STATUS_OK)
			return status;
	} else {
		locate_inline_value(walk, position + data, meaningful, &entry);
	}
	return walk->visit(walk->context, &entry, walk->error);
}

static bool type_is_known(uint8_t type)
{
	return type == HVS_KEY_FREE || (type >= HVS_KEY_INT && type <= HVS_KEY_NODE);
}

/*
 * *size_out is set as soon as the entry's size is known to be possible; without
 * it the rest of the table cannot be walked.
 */
static enum status read_entry(struct key_walk *walk, uint32_t position, uint32_t *size_out)
{
	const uint8_t *bytes = walk->table + position;
	uint32_t size = load_le32(bytes + HVS_KEY_SIZE);

	if (size < HVS_KEY_HEADER || size > walk->table_size - position)
		return entry_failed(walk, STATUS_CORRUPT, position, "impossible size");
	*size_out = size;
	if (!type_is_known(bytes[0]))
		return entry_failed(walk, STATUS_CORRUPT, position, "unknown type");
	if (bytes[0] != HVS_KEY_FREE)
		return read_used_entry(walk, position, size);
	/* Everything else of a free entry may be rubbish: Windows fills bodies with 0xFD. */
	if (load_le32(bytes + HVS_KEY_CHECKSUM) != 0 ||
	    (bytes[HVS_KEY_FLAGS] & HVS_KEY_FLAG_FILE_OBJECT) != 0)
		return entry_failed(walk, STATUS_CORRUPT, position,
				    "a free entry with a checksum or a file object");
	return STATUS_OK;
}

static enum status check_table_header(const struct key_walk *walk)
{
	const uint8_t *bytes = walk->table;

	if (load_le16(bytes) != HVS_SIGNATURE_KEY_TABLE)
		return entry_failed(walk, STATUS_CORRUPT, 0, "its key table has a wrong signature");
	if (load_le32(bytes + HVS_KEY_TABLE_CHECKSUM) !=
	    hvs_checksum(bytes, HVS_KEY_TABLE_HEADER, HVS_KEY_TABLE_CHECKSUM))
		return entry_failed(walk, STATUS_CORRUPT, 0, "its key table has a wrong checksum");
	return STATUS_OK;
}

/* False if another table has the index. */
static bool take_index(struct key_walk *walk, uint16_t index)
{
	uint8_t *seen = &walk->indices_seen[index / 8];
	uint8_t bit = (uint8_t)(1u << (index % 8));

	if ((*seen & bit) != 0)
		return false;
	*seen |= bit;
	walk->table_index = index;
	return true;
}

static enum status take_stated_index(struct key_walk *walk)
{
	if (take_index(walk, load_le16(walk->table + HVS_KEY_TABLE_INDEX)))
		return STATUS_OK;
	return entry_failed(walk, STATUS_CORRUPT, 0,
			    "another key table has the same index as its table");
}

/* Of a table that runs past the end of a damaged file, what is there is loaded. */
static enum status load_table(struct key_walk *walk, const struct hvs_object *object)
{
	walk->table_offset = object->offset;
	walk->table_size = hvs_view_present(walk->view, object->offset, object->size);
	if (object->size < HVS_KEY_TABLE_SMALLEST || object->size > HVS_KEY_TABLE_LARGEST)
		return entry_failed(walk, STATUS_CORRUPT, 0, "its key table has an impossible size");
	if (object->size > walk->table_capacity) {
		uint8_t *grown = realloc(walk->table, object->size);

		if (grown == NULL)
			return error_out_of_memory(walk->error, "a key table");
		walk->table = grown;
		walk->table_capacity = object->size;
	}
	if (walk->table_size < HVS_KEY_TABLE_HEADER)
		return entry_failed(walk, STATUS_CORRUPT, 0,
				    "its key table lies behind the end of the file");
	return hvs_view_read(walk->view, object->offset, walk->table, walk->table_size,
			     walk->error);
}

static enum status walk_entries(struct key_walk *walk)
{
	uint32_t position = HVS_KEY_TABLE_HEADER;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && position + HVS_KEY_HEADER < walk->table_size) {
		uint32_t size = 0;

		damage_count(walk->view->damage, PART_KEY);
		status = read_entry(walk, position, &size);
		if (size > 0)
			status = damage_tolerate(walk->view->damage, PART_KEY, status, walk->error);
		position += size;
	}
	/* What the entries leave over must be nothing: the original refuses a gap. */
	if (status == STATUS_OK && position != walk->table_size)
		status = entry_failed(walk, STATUS_CORRUPT, position,
				      "the key table is not filled to its end");
	return status;
}

static enum status walk_table(struct key_walk *walk, const struct hvs_object *object,
			      bool *header_is_bad)
{
	enum status status = load_table(walk, object);

	if (status == STATUS_OK) {
		status = check_table_header(walk);
		*header_is_bad = status != STATUS_OK;
	}
	if (status == STATUS_OK)
		status = take_stated_index(walk);
	return status == STATUS_OK ? walk_entries(walk) : status;
}

/*
 * A table with a bad header.  Its entries have checksums of their own, so what
 * they say is proven, but not the index by which their children know them: the
 * stated one serves if no sound table has it.
 */
static enum status walk_headless_table(struct key_walk *walk, const struct hvs_object *object)
{
	enum status status = load_table(walk, object);

	if (status != STATUS_OK)
		return status;
	if (!take_index(walk, load_le16(walk->table + HVS_KEY_TABLE_INDEX))) {
		while (walk->spare_index > 0 && !take_index(walk, (uint16_t)walk->spare_index))
			walk->spare_index--;
	}
	return walk->spare_index > 0 ? walk_entries(walk) : STATUS_OK;
}

/* Sound tables first, so that no other takes their indices. */
static enum status walk_tables(struct key_walk *walk, bool *headless)
{
	const struct hvs_object *all = walk->objects->all.items;
	size_t count = walk->objects->all.count;
	struct damage *damage = walk->view->damage;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (all[i].type != HVS_OBJECT_KEY_TABLE)
			continue;
		damage_count(damage, PART_KEY_TABLE);
		status = walk_table(walk, &all[i], &headless[i]);
		status = damage_tolerate(damage, PART_KEY_TABLE, status, walk->error);
	}
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (!headless[i])
			continue;
		status = walk_headless_table(walk, &all[i]);
		status = damage_tolerate(damage, PART_KEY, status, walk->error);
	}
	return status;
}

enum status hvs_keys_walk(const struct hvs_view *view, const struct hvs_objects *objects,
			  hvs_entry_visitor visit, void *context, struct error *error)
{
	struct key_walk walk = { .view = view, .objects = objects, .visit = visit,
				 .context = context, .error = error,
				 .spare_index = TABLE_INDICES - 1 };
	bool *headless = calloc(objects->all.count + 1, sizeof(*headless));
	enum status status;

	walk.indices_seen = calloc(TABLE_INDICES / 8, 1);
	if (walk.indices_seen != NULL && headless != NULL)
		status = walk_tables(&walk, headless);
	else
		status = error_out_of_memory(error, "the key tables");
	free(headless);
	free(walk.indices_seen);
	free(walk.table);
	return status;
}
