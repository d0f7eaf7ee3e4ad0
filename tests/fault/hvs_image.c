/* SPDX-License-Identifier: MIT */
#include "fault/hvs_image.h"

#include <zlib.h>

enum {
	PAGE = 4096,
	TABLES_MAX = 32,	/* of each kind: enough for any test, and a bound for hostile ones */
	SLOT = 18,
	ENTRY_HEAD = 21,
	LOG_HEAD = 34,
	LOG_ENTRY = 28,
	LEGACY_SLOT = 24
};

/* What is done with each part that is found; bytes may be changed. */
struct visit {
	uint8_t *bytes;
	size_t size;
	bool repair;
	struct hvs_part *parts;
	size_t limit;
	size_t count;
};

uint64_t image_load(const uint8_t *from, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i > 0; i--)
		value = value << 8 | from[i - 1];
	return value;
}

void image_store(uint8_t *to, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static bool fits(const struct visit *visit, uint64_t offset, uint64_t size)
{
	return offset <= visit->size && size <= visit->size - offset;
}

static void found(struct visit *visit, enum hvs_part_kind kind, size_t offset, size_t size)
{
	if (visit->count < visit->limit)
		visit->parts[visit->count++] = (struct hvs_part){ kind, offset, size };
}

/* The CRC of size bytes goes into the four at field, which count as zero. */
static void repair_checksum(struct visit *visit, size_t offset, size_t size, size_t field)
{
	uint8_t *start = visit->bytes + offset;

	if (!visit->repair)
		return;
	image_store(start + field, 4, 0);
	image_store(start + field, 4, crc32(0, start, (uInt)size));
}

/* Bytes of an entry's name and data that its checksum covers; 0 if they do not fit. */
static size_t key_content_size(const uint8_t *entry, size_t entry_size)
{
	size_t name = entry[20];
	size_t data = 8;

	if (ENTRY_HEAD + name + 4 > entry_size)
		return 0;
	if ((entry[1] & 1) != 0 || entry[0] == 9)
		data = 12;
	else if (entry[0] == 6 || entry[0] == 7)
		data = 4 + (size_t)image_load(entry + ENTRY_HEAD + name, 4);
	else if (entry[0] == 8)
		data = 4;
	return data <= entry_size - ENTRY_HEAD - name ? name + data : 0;
}

static void visit_key_entry(struct visit *visit, size_t offset, size_t size)
{
	uint8_t *entry = visit->bytes + offset;
	size_t content;

	found(visit, PART_KEY_ENTRY, offset, size);
	if (entry[0] == 1) {
		if (visit->repair)
			image_store(entry + 12, 4, 0);
		return;
	}
	content = key_content_size(entry, size);
	if (content != 0)
		repair_checksum(visit, offset, ENTRY_HEAD + content, 12);
}

static void visit_key_table(struct visit *visit, uint64_t offset, uint64_t size)
{
	size_t position = 10;

	if (!fits(visit, offset, size) || size < 32 || image_load(visit->bytes + offset, 2) != 2)
		return;
	found(visit, PART_KEY_TABLE, (size_t)offset, 10);
	repair_checksum(visit, (size_t)offset, 10, 6);
	while (position + ENTRY_HEAD < size) {
		uint64_t length = image_load(visit->bytes + offset + position + 2, 4);

		if (length < ENTRY_HEAD || length > size - position)
			return;
		visit_key_entry(visit, (size_t)offset + position, (size_t)length);
		position += (size_t)length;
	}
}

/* Visits the slots of one table; tables that they lead to are added to chain. */
static void visit_object_table(struct visit *visit, uint64_t offset, uint64_t size,
			       uint64_t chain[TABLES_MAX], size_t *chain_count)
{
	if (!fits(visit, offset, size) || image_load(visit->bytes + offset, 4) != 0x01110001)
		return;
	found(visit, PART_OBJECT_TABLE, (size_t)offset, 8);
	for (size_t at = (size_t)offset + 8; at + SLOT <= offset + size; at += SLOT) {
		const uint8_t *slot = visit->bytes + at;
		uint64_t target = image_load(slot + 5, 8);
		uint64_t length = image_load(slot + 13, 4);

		repair_checksum(visit, at, SLOT, 1);
		if (slot[0] != 0)
			found(visit, PART_OBJECT, at, SLOT);
		if (slot[0] == 1 && *chain_count < TABLES_MAX)
			chain[(*chain_count)++] = target;
		else if (slot[0] == 2)
			visit_key_table(visit, target, length);
		else if (slot[0] == 3 && fits(visit, target, length))
			found(visit, PART_VALUE, (size_t)target, (size_t)length);
	}
}

static void visit_objects(struct visit *visit, uint64_t alignment)
{
	uint64_t chain[TABLES_MAX] = { 2 * PAGE };
	size_t count = 1;

	for (size_t i = 0; i < count; i++)
		visit_object_table(visit, chain[i], alignment, chain, &count);
}

/* A payload that is a table of its own gets its checksums too. */
static void visit_payload(struct visit *visit, uint64_t offset, uint64_t size)
{
	uint64_t chain[TABLES_MAX];
	size_t none = TABLES_MAX;

	if (size < 46)
		return;
	if (image_load(visit->bytes + offset, 4) == 0x01282014)
		repair_checksum(visit, (size_t)offset, 46, 4);
	visit_key_table(visit, offset, size);
	visit_object_table(visit, offset, size, chain, &none);
}

static void visit_log(struct visit *visit, uint64_t offset)
{
	uint64_t count;

	if (!fits(visit, offset, LOG_HEAD) ||
	    image_load(visit->bytes + offset, 4) != 0x01110003)
		return;
	found(visit, PART_LOG_HEADER, (size_t)offset, LOG_HEAD);
	repair_checksum(visit, (size_t)offset, LOG_HEAD, 4);
	count = image_load(visit->bytes + offset + 8, 4);
	for (uint64_t i = 0; i < count && i < 145; i++) {
		uint64_t at = offset + LOG_HEAD + i * LOG_ENTRY;
		uint64_t size, payload;

		if (!fits(visit, at, LOG_ENTRY))
			return;
		found(visit, PART_LOG_ENTRY, (size_t)at, LOG_ENTRY);
		size = image_load(visit->bytes + at + 8, 4);
		payload = image_load(visit->bytes + at + 12, 8);
		if (fits(visit, payload, size) && fits(visit, offset + payload, size)) {
			visit_payload(visit, offset + payload, size);
			if (visit->repair)
				image_store(visit->bytes + at + 24, 4,
					    crc32(0, visit->bytes + offset + payload, (uInt)size));
		}
		repair_checksum(visit, (size_t)at, LOG_ENTRY, 20);
	}
}

static void visit_hvs(struct visit *visit)
{
	uint64_t alignment = PAGE;
	uint64_t last_log = UINT64_MAX;

	for (size_t copy = 0; copy < 2; copy++) {
		const uint8_t *header = visit->bytes + copy * PAGE;
		uint64_t log;

		if (!fits(visit, copy * PAGE, 46) || image_load(header, 4) != 0x01282014)
			continue;
		found(visit, PART_HEADER, copy * PAGE, 46);
		repair_checksum(visit, copy * PAGE, 46, 4);
		log = image_load(header + 26, 8);
		if (log != last_log)
			visit_log(visit, log);
		last_log = log;
		alignment = image_load(header + 22, 4);
	}
	if (alignment < PAGE || alignment > 16 * PAGE)
		alignment = PAGE;
	if (last_log != UINT64_MAX)
		visit_objects(visit, alignment);
}

static void visit_legacy(struct visit *visit)
{
	uint64_t capacity, index;

	if (visit->size < PAGE)
		return;
	found(visit, PART_LEGACY_HEADER, 0, 40);
	capacity = image_load(visit->bytes + 12, 4);
	index = image_load(visit->bytes + 16, 8);
	for (uint64_t i = 0; i < capacity && fits(visit, index, (i + 1) * LEGACY_SLOT); i++) {
		size_t at = (size_t)(index + i * LEGACY_SLOT);
		uint64_t offset = image_load(visit->bytes + at + 16, 8);
		uint64_t size = image_load(visit->bytes + at + 12, 4);

		if (image_load(visit->bytes + at + 4, 2) == 0)
			return;
		found(visit, PART_LEGACY_ENTRY, at, LEGACY_SLOT);
		if (fits(visit, offset, size))
			found(visit, PART_VALUE, (size_t)offset, (size_t)size);
	}
}

static void visit_image(struct visit *visit)
{
	if (visit->size >= 4 && image_load(visit->bytes, 4) == 0x02182003)
		visit_legacy(visit);
	else
		visit_hvs(visit);
}

size_t hvs_image_parts(const uint8_t *bytes, size_t size, struct hvs_part *parts, size_t limit)
{
	union {
		const uint8_t *in;
		uint8_t *out;	/* only ever read from: repair is off */
	} image = { .in = bytes };
	struct visit visit = { .bytes = image.out, .size = size, .parts = parts, .limit = limit };

	visit_image(&visit);
	return visit.count;
}

void hvs_image_repair(uint8_t *bytes, size_t size)
{
	struct visit visit = { .bytes = bytes, .size = size, .repair = true };

	visit_image(&visit);
}
