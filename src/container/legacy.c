/* SPDX-License-Identifier: MIT */
/*
 * The container of the .bin and .vsv pair (VM version 5.0).
 *
 * A header page, values in areas of whole pages, an index, names.  There are
 * no checksums: what cannot be verified is bounded.  Layout read byte for byte
 * from a .bin that Hyper-V wrote; the key spellings of the .vsv are those that
 * the original provider accepts.
 */
#include "container/container_format.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "base/text_encoding.h"

#include <stdio.h>
#include <string.h>

enum {
	HEADER_SIZE = 4096,
	HEADER_VERSION = 4,
	HEADER_CAPACITY = 12,
	HEADER_INDEX_OFFSET = 16,
	HEADER_NAMES_OFFSET = 24,
	HEADER_NAMES_SIZE = 36,

	VERSION_5_0 = 0x0500,
	LARGEST_CAPACITY = 1 << 24,

	ENTRY_SIZE = 24,
	ENTRY_NAME_LENGTH = 4,
	ENTRY_TYPE = 6,
	ENTRY_FLAG = 7,
	ENTRY_ALLOCATED = 8,
	ENTRY_VALUE_SIZE = 12,
	ENTRY_OFFSET = 16
};

#define LEGACY_SIGNATURE 0x02182003u

struct legacy_key {
	size_t name;		/* offset in names: without slashes at either end, NUL-terminated */
	struct key_value value;
};

struct legacy {
	const struct file *file;
	const struct container_families *families;
	struct vector keys;	/* of struct legacy_key, in file order */
	struct vector names;	/* of char */
	struct numbered_keys *numbered;	/* one per family */
};

struct legacy_read {
	struct legacy *legacy;
	uint8_t *index;		/* the whole index */
	char *strings;		/* the whole string area */
	uint32_t capacity;
	uint32_t strings_size;
	uint64_t names_room;	/* how long the names still to come may be together */
	struct vector *candidates;	/* one per family */
	uint64_t cut_count;	/* values that a damaged file does not hold to their end */
	uint64_t cut_bytes;	/* of them that are not there */
	struct damage *damage;
	struct error *error;
};

static enum status legacy_probe(const struct file *file, struct error *error)
{
	uint8_t signature[4];
	enum status status;

	if (file_size(file) < sizeof(signature))
		return STATUS_NOT_A_SAVED_STATE;
	status = file_read_at(file, 0, signature, sizeof(signature), error);
	if (status != STATUS_OK)
		return status;
	return load_le32(signature) == LEGACY_SIGNATURE ? STATUS_OK : STATUS_NOT_A_SAVED_STATE;
}

static uint64_t legacy_stored(const void *state, uint64_t offset, uint64_t size)
{
	const struct legacy *legacy = state;
	uint64_t end = file_size(legacy->file);

	return offset < end ? min_u64(size, end - offset) : 0;
}

/* Of an area that runs past the end of a damaged file, what is there is read. */
static enum status read_area(struct legacy_read *read, const char *what, uint64_t offset,
			     uint32_t *size, void **out)
{
	uint32_t present = (uint32_t)legacy_stored(read->legacy, offset, *size);
	enum status status = STATUS_OK;

	if (!range_fits(offset, *size, file_size(read->legacy->file))) {
		error_set(read->error, STATUS_CORRUPT,
			  "the %s (%u bytes at offset %llu) runs past the end of the file", what,
			  *size, (unsigned long long)offset);
		status = damage_tolerate(read->damage, PART_KEY, STATUS_CORRUPT, read->error);
	}
	if (status != STATUS_OK)
		return status;
	*size = present;
	*out = malloc((size_t)present + 1);
	if (*out == NULL)
		return error_out_of_memory(read->error, what);
	return present > 0 ? file_read_at(read->legacy->file, offset, *out, present, read->error)
			   : STATUS_OK;
}

static enum status read_header(struct legacy_read *read)
{
	uint8_t bytes[HEADER_NAMES_SIZE + 4];
	uint32_t index_size;
	enum status status;
	void *area = NULL;

	if (file_size(read->legacy->file) < HEADER_SIZE)
		return error_set(read->error, STATUS_CORRUPT,
				 "the file has %llu bytes, too few for its header page",
				 (unsigned long long)file_size(read->legacy->file));
	status = file_read_at(read->legacy->file, 0, bytes, sizeof(bytes), read->error);
	if (status != STATUS_OK)
		return status;
	damage_count(read->damage, PART_FILE_HEADER);
	if (load_le32(bytes + HEADER_VERSION) != VERSION_5_0)
		return error_set(read->error, STATUS_UNSUPPORTED_LEGACY,
				 "the container has version 0x%X; 0x500 is expected",
				 load_le32(bytes + HEADER_VERSION));
	read->capacity = load_le32(bytes + HEADER_CAPACITY);
	read->strings_size = load_le32(bytes + HEADER_NAMES_SIZE);
	if (read->capacity > LARGEST_CAPACITY)
		return error_set(read->error, STATUS_CORRUPT, "the index claims %u entries",
				 read->capacity);
	index_size = read->capacity * ENTRY_SIZE;
	status = read_area(read, "index", load_le64(bytes + HEADER_INDEX_OFFSET), &index_size,
			   &area);
	read->index = area;
	read->capacity = index_size / ENTRY_SIZE;
	area = NULL;
	if (status == STATUS_OK)
		status = read_area(read, "list of names", load_le64(bytes + HEADER_NAMES_OFFSET),
				   &read->strings_size, &area);
	read->strings = area;
	return status;
}

static enum status keep_key(struct legacy_read *read, const char *name, size_t length,
			    const struct key_value *value)
{
	struct legacy *legacy = read->legacy;
	size_t offset = legacy->names.count;
	char *copy = vector_extend(&legacy->names, length + 1, 1);
	struct legacy_key *key = vector_extend(&legacy->keys, 1, sizeof(*key));

	if (copy == NULL || key == NULL)
		return error_out_of_memory(read->error, "the keys");
	memcpy(copy, name, length);
	copy[length] = '\0';
	key->name = offset;
	key->value = *value;
	return STATUS_OK;
}

static enum status keep_candidate(struct legacy_read *read, size_t family, uint64_t number,
				  uint32_t slot, const struct key_value *value)
{
	struct numbered_candidate *candidate =
		vector_extend(&read->candidates[family], 1, sizeof(*candidate));

	if (candidate == NULL)
		return error_out_of_memory(read->error, "the list of RAM blocks");
	memset(candidate, 0, sizeof(*candidate));
	candidate->number = number;
	candidate->position = slot;
	candidate->value.offset = value->offset;
	candidate->value.size = (uint32_t)value->size;	/* 32 bits in the index */
	candidate->value.state = NUMBERED_ARRAY;
	return STATUS_OK;
}

/* The original is exact about slashes; real files agree, so leniency costs nothing. */
static void trim_slashes(const char **name, size_t *length)
{
	while (*length > 0 && (*name)[0] == '/') {
		(*name)++;
		(*length)--;
	}
	while (*length > 0 && (*name)[*length - 1] == '/')
		(*length)--;
}

static enum status file_key(struct legacy_read *read, uint32_t slot, const char *name,
			    size_t length, const struct key_value *value)
{
	const struct container_families *families = read->legacy->families;

	trim_slashes(&name, &length);
	for (size_t i = 0; i < families->count; i++) {
		uint64_t number;

		if (numbered_name_matches(&families->legacy[i], name, length, &number))
			return keep_candidate(read, i, number, slot, value);
	}
	return keep_key(read, name, length, value);
}

static enum status entry_failed(const struct legacy_read *read, enum status status, uint32_t slot,
				const char *what)
{
	return error_set(read->error, status, "index entry %u: %s", slot, what);
}

/*
 * In real files each entry has a name of its own, and the names fill their list exactly.  Entries
 * of 24 bytes can all point to one name of 64 KiB, though: names are taken until they are together
 * longer than the file.  A damaged entry that points to another's name costs no sound one.
 */
static enum status admit_name(struct legacy_read *read, uint32_t slot)
{
	const uint8_t *bytes = read->index + (size_t)slot * ENTRY_SIZE;
	uint32_t name = load_le32(bytes);
	uint16_t length = load_le16(bytes + ENTRY_NAME_LENGTH);

	if (!range_fits(name, length, read->strings_size) ||
	    read->strings[name + length - 1] != '\0')
		return entry_failed(read, STATUS_CORRUPT, slot,
				    "its name lies outside the list of names");
	if (length > read->names_room)
		return entry_failed(read, STATUS_CORRUPT, slot,
				    "it shares its name with too many others");
	read->names_room -= length;
	return STATUS_OK;
}

static enum status read_entry(struct legacy_read *read, uint32_t slot)
{
	const uint8_t *bytes = read->index + (size_t)slot * ENTRY_SIZE;
	struct key_value value = {
		.type = KEY_ARRAY,
		.size = load_le32(bytes + ENTRY_VALUE_SIZE),
		.offset = load_le64(bytes + ENTRY_OFFSET),
	};
	bool fits = range_fits(value.offset, value.size, file_size(read->legacy->file));
	const char *name;
	enum status status;
	uint64_t present;

	/* The original finds keys of type 1 and 3 with flag 1, ignores the rest and fails on flag 2. */
	if ((bytes[ENTRY_TYPE] != 1 && bytes[ENTRY_TYPE] != 3) || bytes[ENTRY_FLAG] == 0)
		return STATUS_OK;
	if (bytes[ENTRY_FLAG] != 1)
		return entry_failed(read, STATUS_LEGACY_FLAG, slot, "unknown flag");
	status = admit_name(read, slot);
	if (status != STATUS_OK)
		return status;
	if (value.size > load_le32(bytes + ENTRY_ALLOCATED) || value.offset < HEADER_SIZE ||
	    value.offset > FILE_SIZE_LIMIT)
		return entry_failed(read, STATUS_CORRUPT, slot,
				    "its value does not fit into the file");
	present = legacy_stored(read->legacy, value.offset, value.size);
	if (read->damage == NULL && !fits)
		return entry_failed(read, STATUS_CORRUPT, slot,
				    "its value runs past the end of the file");
	read->cut_count += !fits;
	read->cut_bytes += value.size - present;
	name = read->strings + load_le32(bytes);
	/* The analyser loses sight of read->strings, which legacy_open() frees. */
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	return file_key(read, slot, name, strlen(name), &value);
}

/* Told once for all: of a file that was cut short, thousands of values may be missing. */
static enum status note_cut_file(const struct legacy_read *read)
{
	if (read->cut_count == 0)
		return STATUS_OK;
	error_set(read->error, STATUS_CORRUPT,
		  "the file was cut short: of %llu of its values, %llu bytes lie behind its end at "
		  "offset %llu", (unsigned long long)read->cut_count,
		  (unsigned long long)read->cut_bytes,
		  (unsigned long long)file_size(read->legacy->file));
	return damage_tolerate(read->damage, PART_KEY, STATUS_CORRUPT, read->error);
}

static enum status read_entries(struct legacy_read *read)
{
	read->names_room = file_size(read->legacy->file);
	for (uint32_t slot = 0; slot < read->capacity; slot++) {
		enum status status;

		if (load_le16(read->index + (size_t)slot * ENTRY_SIZE + ENTRY_NAME_LENGTH) == 0)
			continue;
		damage_count(read->damage, PART_KEY);
		status = read_entry(read, slot);
		status = damage_tolerate(read->damage, PART_KEY, status, read->error);
		if (status != STATUS_OK)
			return status;
	}
	return note_cut_file(read);
}

static enum status build_families(struct legacy_read *read)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < read->legacy->families->count && status == STATUS_OK; i++)
		status = numbered_keys_build(&read->candidates[i], &read->legacy->numbered[i],
					     read->error);
	return status;
}

static void legacy_close(void *state)
{
	struct legacy *legacy = state;

	for (size_t i = 0; i < legacy->families->count && legacy->numbered != NULL; i++)
		numbered_keys_fini(&legacy->numbered[i]);
	free(legacy->numbered);
	vector_free(&legacy->keys);
	vector_free(&legacy->names);
	free(legacy);
}

static enum status legacy_open(const struct file *file, const struct container_families *families,
			       struct damage *damage, void **state_out, struct error *error)
{
	struct legacy *legacy = calloc(1, sizeof(*legacy));
	struct legacy_read read = { .legacy = legacy, .damage = damage, .error = error };
	enum status status;

	if (legacy == NULL)
		return error_out_of_memory(error, "a container");
	legacy->file = file;
	legacy->families = families;
	legacy->numbered = calloc(families->count + 1, sizeof(*legacy->numbered));
	read.candidates = calloc(families->count + 1, sizeof(*read.candidates));
	if (legacy->numbered == NULL || read.candidates == NULL)
		status = error_out_of_memory(error, "the keys");
	else
		status = read_header(&read);
	if (status == STATUS_OK)
		status = read_entries(&read);
	if (status == STATUS_OK)
		status = build_families(&read);
	for (size_t i = 0; i < families->count && read.candidates != NULL; i++)
		vector_free(&read.candidates[i]);
	free(read.candidates);
	free(read.index);
	free(read.strings);
	if (status != STATUS_OK) {
		legacy_close(legacy);
		return status;
	}
	*state_out = legacy;
	return STATUS_OK;
}

static struct container_facts legacy_facts(const void *state)
{
	const struct legacy *legacy = state;
	struct container_facts facts = {
		.kind = CONTAINER_LEGACY,
		.format_version = VERSION_5_0,
		.size = file_size(legacy->file),
	};

	return facts;
}

static bool names_equal(const char *name, const char *other, size_t other_length)
{
	for (size_t i = 0; i < other_length; i++) {
		if (ascii_lower((unsigned char)name[i]) != ascii_lower((unsigned char)other[i]))
			return false;	/* also at the end of name */
	}
	return name[other_length] == '\0';
}

static enum status find_numbered(const struct legacy *legacy, const char *path, size_t length,
				 struct key_value *out)
{
	for (size_t i = 0; i < legacy->families->count; i++) {
		struct numbered_value value;
		uint64_t number;

		if (!numbered_name_matches(&legacy->families->legacy[i], path, length, &number))
			continue;
		value = numbered_keys_find(&legacy->numbered[i], number);
		if (value.state == NUMBERED_MISSING)
			return STATUS_KEY_NOT_FOUND;
		*out = numbered_value_as_key(&value);
		return STATUS_OK;
	}
	return STATUS_KEY_NOT_FOUND;
}

static enum status legacy_find(const void *state, const char *path, struct key_value *out)
{
	const struct legacy *legacy = state;
	const struct legacy_key *keys = legacy->keys.items;
	size_t length = strlen(path);

	trim_slashes(&path, &length);
	for (size_t i = 0; i < legacy->keys.count; i++) {
		if (names_equal((const char *)legacy->names.items + keys[i].name, path, length)) {
			*out = keys[i].value;
			return STATUS_OK;
		}
	}
	return find_numbered(legacy, path, length, out);
}

static const struct numbered_keys *legacy_numbered(const void *state, size_t family)
{
	const struct legacy *legacy = state;

	return &legacy->numbered[family];
}

static bool visit_numbered(const struct legacy *legacy, size_t family, container_visitor visit,
			   void *context)
{
	const struct numbered_keys *keys = &legacy->numbered[family];

	for (size_t i = 0; i < numbered_keys_count(keys); i++) {
		struct numbered_other key = numbered_keys_at(keys, i);
		struct key_value value = numbered_value_as_key(&key.value);
		char path[64];

		snprintf(path, sizeof(path), "/%s%llu%s", legacy->families->legacy[family].prefix,
			 (unsigned long long)key.number, legacy->families->legacy[family].suffix);
		if (!visit(context, path, &value))
			return false;
	}
	return true;
}

static bool legacy_visit(const void *state, container_visitor visit, void *context)
{
	const struct legacy *legacy = state;
	const struct legacy_key *keys = legacy->keys.items;

	for (size_t i = 0; i < legacy->keys.count; i++) {
		const char *name = (const char *)legacy->names.items + keys[i].name;
		size_t length = strlen(name);
		char *path = malloc(length + 2);
		bool go_on;

		if (path == NULL)
			return false;
		path[0] = '/';
		memcpy(path + 1, name, length + 1);
		go_on = visit(context, path, &keys[i].value);
		free(path);
		if (!go_on)
			return true;
	}
	for (size_t i = 0; i < legacy->families->count; i++) {
		if (!visit_numbered(legacy, i, visit, context))
			return true;
	}
	return true;
}

static enum status legacy_read(const void *state, uint64_t offset, void *buffer, size_t size,
			       struct error *error)
{
	const struct legacy *legacy = state;

	return file_read_at(legacy->file, offset, buffer, size, error);
}

const struct container_format container_format_legacy = {
	.probe = legacy_probe,
	.open = legacy_open,
	.close = legacy_close,
	.facts = legacy_facts,
	.find = legacy_find,
	.numbered = legacy_numbered,
	.visit = legacy_visit,
	.stored = legacy_stored,
	.read = legacy_read,
};
