/* SPDX-License-Identifier: MIT */
#include "container/hvs_keys.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "container/hvs_checksum.h"

#include <inttypes.h>
#include <string.h>

enum {
	TABLE_INDICES = 65536,
	FIRST_PIECE = 4096,	/* of a table that is read */
	PIECE_GROWTH = 4	/* how much more is read each time its entries go on */
};

struct key_walk {
	const struct hvs_view *view;
	const struct hvs_objects *objects;
	hvs_entry_visitor visit;
	void *context;
	struct error *error;
	uint8_t *table;			/* the beginning of the table being walked */
	size_t table_capacity;
	uint32_t table_loaded;		/* bytes of it */
	uint64_t table_offset;		/* in the contents */
	uint32_t table_size;
	uint16_t table_index;
	uint64_t sound_end;		/* where the last table with a good header ends */
	size_t object_hint;
	size_t incomplete_values;	/* those that a damaged file lacks bytes of */
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

/*
 * A value that is partly neither in the file nor in its replay log, though one of
 * them has what lies behind.  Where damage is tolerated it is told of once for all.
 */
static enum status note_missing_bytes(struct key_walk *walk, uint32_t position,
				      const struct key_value *value)
{
	const struct hvs_view *view = walk->view;

	if (!range_fits(value->offset, value->size, view->size) ||
	    hvs_view_stored(view, value->offset, value->size) == value->size)
		return STATUS_OK;
	if (view->damage == NULL)
		return entry_failed(walk, STATUS_CORRUPT, position,
				    "not all of its value is in the file or its replay log");
	walk->incomplete_values++;
	return STATUS_OK;
}

static enum status note_incomplete_values(const struct key_walk *walk)
{
	if (walk->incomplete_values == 0)
		return STATUS_OK;
	error_set(walk->error, STATUS_CORRUPT,
		  "of %zu values, not all is in the file or its replay log",
		  walk->incomplete_values);
	return damage_tolerate(walk->view->damage, PART_KEY, STATUS_CORRUPT, walk->error);
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
		return value->broken ? STATUS_OK : note_missing_bytes(walk, position, value);
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
 * Sees to it that the table is loaded up to end, which is within it.  Its size is
 * a mere claim, and most of what it spans may be a hole in the file: what is read
 * follows what its entries fill.
 */
static enum status load_table_to(struct key_walk *walk, uint32_t end)
{
	uint32_t loaded = walk->table_loaded;
	uint64_t wanted = max_u64(max_u64(end, FIRST_PIECE), (uint64_t)loaded * PIECE_GROWTH);
	uint32_t target = (uint32_t)min_u64(wanted, walk->table_size);
	enum status status;

	if (end <= loaded)
		return STATUS_OK;
	if (walk->table == NULL || target > walk->table_capacity) {
		uint8_t *grown = realloc(walk->table, target);

		if (grown == NULL)
			return error_out_of_memory(walk->error, "a key table");
		walk->table = grown;
		walk->table_capacity = target;
	}
	status = hvs_view_read(walk->view, walk->table_offset + loaded, walk->table + loaded,
			       target - loaded, walk->error);
	if (status == STATUS_OK)
		walk->table_loaded = target;
	return status;
}

/*
 * *size_out is set as soon as the entry's size is known to be possible; without
 * it the rest of the table cannot be walked.
 */
static enum status read_entry(struct key_walk *walk, uint32_t position, uint32_t *size_out)
{
	enum status status = load_table_to(walk, position + HVS_KEY_HEADER);
	const uint8_t *bytes;
	uint32_t size;

	if (status != STATUS_OK)
		return status;
	size = load_le32(walk->table + position + HVS_KEY_SIZE);
	if (size < HVS_KEY_HEADER || size > walk->table_size - position)
		return entry_failed(walk, STATUS_CORRUPT, position, "impossible size");
	if (walk->table[position] != HVS_KEY_FREE)
		status = load_table_to(walk, position + size);
	if (status != STATUS_OK)
		return status;
	bytes = walk->table + position;
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

/* What is wrong with the header of a key table, or NULL. */
static const char *header_fault(const uint8_t *bytes)
{
	if (load_le16(bytes) != HVS_SIGNATURE_KEY_TABLE)
		return "its key table has a wrong signature";
	if (load_le32(bytes + HVS_KEY_TABLE_CHECKSUM) !=
	    hvs_checksum(bytes, HVS_KEY_TABLE_HEADER, HVS_KEY_TABLE_CHECKSUM))
		return "its key table has a wrong checksum";
	return NULL;
}

static enum status check_table_header(const struct key_walk *walk)
{
	const char *fault = header_fault(walk->table);

	return fault == NULL ? STATUS_OK : entry_failed(walk, STATUS_CORRUPT, 0, fault);
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

/*
 * Loads the header of a table, with the entries that are near.  Of a table that
 * runs past the end of a damaged file, what is there is walked.
 */
static enum status open_table(struct key_walk *walk, const struct hvs_object *object)
{
	walk->table_offset = object->offset;
	walk->table_size = hvs_view_present(walk->view, object->offset, object->size);
	walk->table_loaded = 0;
	if (object->size < HVS_KEY_TABLE_SMALLEST || object->size > HVS_KEY_TABLE_LARGEST)
		return entry_failed(walk, STATUS_CORRUPT, 0, "its key table has an impossible size");
	if (walk->table_size < HVS_KEY_TABLE_HEADER)
		return entry_failed(walk, STATUS_CORRUPT, 0,
				    "its key table lies behind the end of the file");
	return load_table_to(walk, HVS_KEY_TABLE_HEADER);
}

static bool has_sound_header(const struct hvs_view *view, const struct hvs_object *object)
{
	uint8_t bytes[HVS_KEY_TABLE_HEADER];

	return hvs_view_present(view, object->offset, sizeof(bytes)) == sizeof(bytes) &&
	       hvs_view_read(view, object->offset, bytes, sizeof(bytes), NULL) == STATUS_OK &&
	       header_fault(bytes) == NULL;
}

/*
 * Of key tables that overlap, as those of a damaged file may, each ends where the
 * next begins: no byte is taken for an entry of two.
 */
static void end_before_next(struct key_walk *walk, size_t index, bool next_is_sound)
{
	const struct hvs_object *all = walk->objects->all.items;

	for (size_t i = index + 1; i < walk->objects->all.count &&
	     all[i].offset - walk->table_offset < walk->table_size; i++) {
		if (all[i].type == HVS_OBJECT_KEY_TABLE &&
		    (!next_is_sound || has_sound_header(walk->view, &all[i])))
			walk->table_size = (uint32_t)(all[i].offset - walk->table_offset);
	}
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

static enum status walk_table(struct key_walk *walk, size_t index, bool *is_headless)
{
	const struct hvs_object *all = walk->objects->all.items;
	enum status status = open_table(walk, &all[index]);

	if (status == STATUS_OK) {
		status = check_table_header(walk);
		*is_headless = status != STATUS_OK && walk->table_offset >= walk->sound_end;
	}
	if (status == STATUS_OK)
		status = take_stated_index(walk);
	if (status != STATUS_OK)
		return status;
	end_before_next(walk, index, true);
	walk->sound_end = walk->table_offset + walk->table_size;
	return walk_entries(walk);
}

/*
 * A table with a bad header.  Its entries have checksums of their own, so what
 * they say is proven, but not the index by which their children know them: the
 * stated one serves if no sound table has it.
 */
static enum status walk_headless_table(struct key_walk *walk, size_t index)
{
	const struct hvs_object *all = walk->objects->all.items;
	enum status status = open_table(walk, &all[index]);

	if (status != STATUS_OK)
		return status;
	end_before_next(walk, index, false);
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
		status = walk_table(walk, i, &headless[i]);
		status = damage_tolerate(damage, PART_KEY_TABLE, status, walk->error);
	}
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (!headless[i])
			continue;
		status = walk_headless_table(walk, i);
		status = damage_tolerate(damage, PART_KEY, status, walk->error);
	}
	return status == STATUS_OK ? note_incomplete_values(walk) : status;
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
