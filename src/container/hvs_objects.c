/* SPDX-License-Identifier: MIT */
#include "container/hvs_objects.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "container/hvs_checksum.h"

/* An allocation that fails leaves the tables as they were and the new one outside them. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(table) ((table)->is_lost = true)
#include <uthash.h>

/* An object table that a slot leads to; the hash keeps them in the order they were found. */
struct known_table {
	uint64_t offset;
	bool is_lost;
	UT_hash_handle hh;
};

struct object_walk {
	const struct hvs_view *view;
	uint32_t alignment;
	struct hvs_objects *objects;
	struct known_table *tables;
	uint64_t cut_count;	/* objects that a damaged file does not hold to their end */
	uint64_t cut_bytes;	/* of them that are not there */
	struct error *error;
};

/* Where damage is tolerated, a slot with a fault counts as empty. */
static enum status slot_failed(const struct object_walk *walk, enum status status,
			       uint64_t position, const char *what)
{
	walk->objects->incomplete = true;
	error_set(walk->error, status, "object table slot at offset %llu: %s",
		  (unsigned long long)position, what);
	return damage_tolerate(walk->view->damage, PART_OBJECT_TABLE, status, walk->error);
}

static bool is_known_table(const struct object_walk *walk, uint64_t offset)
{
	struct known_table *found;

	HASH_FIND(hh, walk->tables, &offset, sizeof(offset), found);
	return found != NULL;
}

static enum status add_table(struct object_walk *walk, uint64_t offset)
{
	struct known_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return error_out_of_memory(walk->error, "the object tables");
	table->offset = offset;
	HASH_ADD(hh, walk->tables, offset, sizeof(offset), table);
	if (!table->is_lost)
		return STATUS_OK;
	free(table);
	return error_out_of_memory(walk->error, "the object tables");
}

static void free_tables(struct object_walk *walk)
{
	struct known_table *table = walk->tables, *next;

	HASH_CLEAR(hh, walk->tables);	/* frees the table of the hash; the entries stay linked */
	for (; table != NULL; table = next) {
		next = table->hh.next;
		free(table);
	}
}

static enum status add_object(struct object_walk *walk, uint32_t type, uint64_t offset,
			      uint32_t size)
{
	struct hvs_object *object = vector_extend(&walk->objects->all, 1, sizeof(*object));

	if (object == NULL)
		return error_out_of_memory(walk->error, "the list of objects");
	object->offset = offset;
	object->size = size;
	object->type = type;
	return STATUS_OK;
}

/*
 * An object that runs past the end of the file.  Where damage is tolerated it
 * is kept, since its beginning may be there, and told of once for all: a copy
 * that was cut short lacks thousands.
 */
static enum status note_cut_object(struct object_walk *walk, uint64_t offset, uint32_t size,
				   uint64_t position)
{
	uint64_t end = walk->view->size;

	if (walk->view->damage == NULL)
		return error_set(walk->error, STATUS_CORRUPT,
				 "object table slot at offset %llu: the object (%u bytes at offset "
				 "%llu) runs past the end of the file at %llu",
				 (unsigned long long)position, size, (unsigned long long)offset,
				 (unsigned long long)end);
	walk->cut_count++;
	walk->cut_bytes += offset < end ? size - (end - offset) : size;
	return STATUS_OK;
}

static enum status read_used_slot(struct object_walk *walk, const uint8_t *slot, uint64_t position)
{
	uint32_t type = slot[0];
	uint64_t offset = load_le64(slot + HVS_OBJECT_OFFSET);
	uint32_t size = load_le32(slot + HVS_OBJECT_LENGTH);
	enum status status = STATUS_OK;

	if (offset > FILE_SIZE_LIMIT)
		return slot_failed(walk, type == HVS_OBJECT_FILE ? STATUS_CORRUPT
								 : STATUS_CORRUPT_RANGE,
				   position, "its offset is beyond 2^63");
	if (size == 0)
		return slot_failed(walk, STATUS_CORRUPT, position, "the object is empty");
	if (offset % walk->alignment != 0 || offset < HVS_ROOT_TABLE_OFFSET)
		return slot_failed(walk, STATUS_CORRUPT, position,
				   "the object is not aligned or lies in the file header");
	/* Read again, it would lead to all its tables again. */
	if (type == HVS_OBJECT_TABLE && is_known_table(walk, offset))
		return slot_failed(walk, STATUS_CORRUPT, position,
				   "it leads to an object table that was reached before");
	if (!range_fits(offset, size, walk->view->size))
		status = note_cut_object(walk, offset, size, position);
	if (status == STATUS_OK)
		status = add_object(walk, type, offset, size);
	if (status == STATUS_OK && type == HVS_OBJECT_TABLE)
		status = add_table(walk, offset);
	return status;
}

static enum status read_slot(struct object_walk *walk, const uint8_t *slot, uint64_t position)
{
	bool required = (slot[HVS_OBJECT_FLAGS] & HVS_OBJECT_FLAG_REQUIRED) != 0;

	if (load_le32(slot + HVS_OBJECT_CHECKSUM) !=
	    hvs_checksum(slot, HVS_OBJECT_SIZE, HVS_OBJECT_CHECKSUM))
		return slot_failed(walk, STATUS_CORRUPT, position, "wrong checksum");
	switch (slot[0]) {
	case HVS_OBJECT_TABLE:
	case HVS_OBJECT_KEY_TABLE:
	case HVS_OBJECT_FILE:
		return read_used_slot(walk, slot, position);
	case HVS_OBJECT_FREE:
		return STATUS_OK;
	default:
		if (required)
			return slot_failed(walk, STATUS_UNSUPPORTED_VERSION, position,
					   "it is of an unknown type and marked as required");
		return STATUS_OK;
	}
}

static enum status check_table_header(const struct object_walk *walk, const uint8_t *table,
				      uint64_t offset)
{
	uint32_t expected = (walk->alignment - HVS_OBJECT_TABLE_HEADER) / HVS_OBJECT_SIZE;
	uint32_t count = load_le32(table + 4);
	enum status status;

	if (load_le32(table) != HVS_SIGNATURE_OBJECT_TABLE)
		return error_set(walk->error, STATUS_CORRUPT,
				 "object table at offset %llu: wrong signature",
				 (unsigned long long)offset);
	if (count == expected)
		return STATUS_OK;
	status = count < expected ? STATUS_CORRUPT_ORDER : STATUS_CORRUPT;
	error_set(walk->error, status,
		  "object table at offset %llu: it claims %u slots, but has %u",
		  (unsigned long long)offset, count, expected);
	/* Every slot has a checksum of its own, so they can be read all the same. */
	return damage_tolerate(walk->view->damage, PART_OBJECT_TABLE, status, walk->error);
}

/* table is scratch memory of one alignment. */
static enum status read_table(struct object_walk *walk, uint64_t offset, uint8_t *table)
{
	uint32_t position = HVS_OBJECT_TABLE_HEADER;
	uint32_t present = hvs_view_present(walk->view, offset, walk->alignment);
	enum status status = STATUS_OK;

	damage_count(walk->view->damage, PART_OBJECT_TABLE);
	if (present < walk->alignment) {
		error_set(walk->error, STATUS_CORRUPT,
			  "object table at offset %llu runs past the end of the file",
			  (unsigned long long)offset);
		status = damage_tolerate(walk->view->damage, PART_OBJECT_TABLE, STATUS_CORRUPT,
					 walk->error);
	}
	walk->objects->incomplete |= present < walk->alignment;
	if (status != STATUS_OK || present < HVS_OBJECT_TABLE_HEADER)
		return status;
	status = hvs_view_read(walk->view, offset, table, present, walk->error);
	if (status == STATUS_OK)
		status = check_table_header(walk, table, offset);
	while (status == STATUS_OK && position + HVS_OBJECT_SIZE <= present) {
		status = read_slot(walk, table + position, offset + position);
		position += HVS_OBJECT_SIZE;
	}
	return status;
}

static int compare(uint64_t left, uint64_t right)
{
	return (left > right) - (left < right);
}

/* Of those at one offset equal ones stand together, the larger first. */
static int compare_objects(const void *a, const void *b)
{
	const struct hvs_object *left = a, *right = b;
	int order = compare(left->offset, right->offset);

	if (order == 0)
		order = compare(left->type, right->type);
	return order != 0 ? order : compare(right->size, left->size);
}

/* Writers allocate upward, so the list is nearly always sorted already. */
static void sort_objects(struct hvs_objects *objects)
{
	struct hvs_object *all = objects->all.items;

	for (size_t i = 1; i < objects->all.count; i++) {
		if (compare_objects(&all[i - 1], &all[i]) > 0) {
			qsort(all, objects->all.count, sizeof(*all), compare_objects);
			return;
		}
	}
}

/* Whose bytes they are cannot be told: keys that lead to such an object lead nowhere. */
static void disown(struct hvs_object *object)
{
	if (object->type == HVS_OBJECT_FILE)
		object->type = HVS_OBJECT_FREE;
}

static enum status note_overlap(const struct object_walk *walk, struct hvs_object *first,
				struct hvs_object *second)
{
	disown(first);
	disown(second);
	error_set(walk->error, STATUS_CORRUPT, "the objects at offsets %llu and %llu overlap",
		  (unsigned long long)first->offset, (unsigned long long)second->offset);
	return damage_tolerate(walk->view->damage, PART_OBJECT_TABLE, STATUS_CORRUPT, walk->error);
}

/*
 * True if both are one object: it is what it is, however often it is listed.
 * Where a key table begins is its header, so that there is one, of whatever size.
 */
static bool is_repeated(const struct hvs_object *before, const struct hvs_object *object)
{
	if (before->offset != object->offset)
		return false;
	if (object->type == HVS_OBJECT_KEY_TABLE)
		return before->type == HVS_OBJECT_KEY_TABLE;
	return object->type == HVS_OBJECT_FILE && object->size == before->size &&
	       (before->type == HVS_OBJECT_FILE || before->type == HVS_OBJECT_FREE);
}

static enum status note_repetition(const struct object_walk *walk, const struct hvs_object *object)
{
	error_set(walk->error, STATUS_CORRUPT, "the object at offset %llu is listed more than once",
		  (unsigned long long)object->offset);
	return damage_tolerate(walk->view->damage, PART_OBJECT_TABLE, STATUS_CORRUPT, walk->error);
}

/*
 * Notes overlaps, and leaves each object once.  The root table is in the list,
 * so that it is not empty.
 */
static enum status check_overlaps(const struct object_walk *walk)
{
	struct vector *list = &walk->objects->all;
	struct hvs_object *all = list->items;
	struct hvs_object *furthest = all;
	enum status status = STATUS_OK;
	size_t kept = 1, last_repeated = 0;

	for (size_t i = 1; i < list->count && status == STATUS_OK; i++) {
		if (is_repeated(&all[kept - 1], &all[i])) {
			if (last_repeated != kept)
				status = note_repetition(walk, &all[i]);
			last_repeated = kept;
			continue;
		}
		if (all[i].offset - furthest->offset < furthest->size)
			status = note_overlap(walk, furthest, &all[i]);
		all[kept] = all[i];
		if (all[kept].offset + all[kept].size > furthest->offset + furthest->size)
			furthest = &all[kept];
		kept++;
	}
	list->count = kept;
	return status;
}

static enum status note_cut_file(const struct object_walk *walk)
{
	if (walk->cut_count == 0)
		return STATUS_OK;
	error_set(walk->error, STATUS_CORRUPT,
		  "the file was cut short: of %llu of the %llu objects that it lists, %llu bytes "
		  "lie behind its end at offset %llu", (unsigned long long)walk->cut_count,
		  (unsigned long long)walk->objects->all.count,
		  (unsigned long long)walk->cut_bytes, (unsigned long long)walk->view->size);
	return damage_tolerate(walk->view->damage, PART_OBJECT_TABLE, STATUS_CORRUPT, walk->error);
}

enum status hvs_objects_read(const struct hvs_view *view, const struct hvs_header *header,
			     struct hvs_objects *out, struct error *error)
{
	struct hvs_objects objects = { .alignment = header->alignment };
	struct object_walk walk = { .view = view, .alignment = header->alignment,
				    .objects = &objects, .error = error };
	uint8_t *table = malloc(header->alignment);
	enum status status;

	if (table == NULL)
		return error_out_of_memory(error, "an object table");
	/* The root table is entered as an object of its own, so that nothing overlaps it. */
	status = add_table(&walk, HVS_ROOT_TABLE_OFFSET);
	if (status == STATUS_OK)
		status = add_object(&walk, HVS_OBJECT_TABLE, HVS_ROOT_TABLE_OFFSET,
				    header->alignment);
	for (const struct known_table *known = walk.tables; known != NULL && status == STATUS_OK;
	     known = known->hh.next) {
		status = read_table(&walk, known->offset, table);
		objects.incomplete |= status != STATUS_OK;
		status = damage_tolerate(view->damage, PART_OBJECT_TABLE, status, error);
	}
	if (status == STATUS_OK) {
		sort_objects(&objects);
		status = check_overlaps(&walk);
	}
	if (status == STATUS_OK)
		status = note_cut_file(&walk);
	free_tables(&walk);
	free(table);
	if (status != STATUS_OK) {
		hvs_objects_fini(&objects);
		return status;
	}
	*out = objects;
	return STATUS_OK;
}

void hvs_objects_fini(struct hvs_objects *objects)
{
	vector_free(&objects->all);
}

/* The first object that begins at offset or behind it; the count if there is none. */
static size_t first_from(const struct hvs_objects *objects, uint64_t offset)
{
	const struct hvs_object *all = objects->all.items;
	size_t low = 0, high = objects->all.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (all[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct hvs_object *hvs_objects_find_file(const struct hvs_objects *objects, uint64_t offset,
					       size_t *hint)
{
	const struct hvs_object *all = objects->all.items;
	size_t count = objects->all.count;
	size_t found;

	for (size_t near = *hint; near < count && near - *hint < 2; near++) {
		if (all[near].offset == offset) {
			*hint = near;
			return all[near].type == HVS_OBJECT_FILE ? &all[near] : NULL;
		}
	}
	found = first_from(objects, offset);
	if (found == count || all[found].offset != offset)
		return NULL;
	*hint = found;
	return all[found].type == HVS_OBJECT_FILE ? &all[found] : NULL;
}

bool hvs_objects_may_lack(const struct hvs_objects *objects, uint64_t offset, uint64_t size)
{
	const struct hvs_object *all = objects->all.items;
	size_t next = first_from(objects, offset);

	if (!objects->incomplete || offset % objects->alignment != 0 ||
	    offset < HVS_ROOT_TABLE_OFFSET || offset > FILE_SIZE_LIMIT)
		return false;
	if (next < objects->all.count && all[next].offset - offset < size)
		return false;
	return next == 0 || offset - all[next - 1].offset >= all[next - 1].size;
}
