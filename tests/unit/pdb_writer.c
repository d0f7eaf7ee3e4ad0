/* SPDX-License-Identifier: MIT */
#include "pdb_writer.h"
#include "test_shim.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

/* ---- Bytes ------------------------------------------------------------------------- */

void put_bytes(struct written *bytes, const void *from, size_t size)
{
	if (bytes->data == NULL || size > bytes->capacity - bytes->size) {
		bytes->capacity = 2 * (bytes->size + size) + 64;
		bytes->data = realloc(bytes->data, bytes->capacity);
		assert_non_null(bytes->data);
	}
	if (size != 0)
		memcpy(bytes->data + bytes->size, from, size);
	bytes->size += size;
}

void put8(struct written *bytes, unsigned value)
{
	uint8_t byte = (uint8_t)value;

	put_bytes(bytes, &byte, 1);
}

void put16(struct written *bytes, unsigned value)
{
	put8(bytes, value & 0xFF);
	put8(bytes, value >> 8 & 0xFF);
}

void put32(struct written *bytes, uint32_t value)
{
	put16(bytes, value & 0xFFFF);
	put16(bytes, value >> 16);
}

void put_text(struct written *bytes, const char *text)
{
	put_bytes(bytes, text, strlen(text) + 1);
}

void put_zeros(struct written *bytes, size_t count)
{
	while (count-- > 0)
		put8(bytes, 0);
}

/* ---- The container ------------------------------------------------------------------ */

enum { BLOCK = 512 };

static uint32_t append_blocks(struct written *file, const struct written *content)
{
	uint32_t first = (uint32_t)(file->size / BLOCK);

	if (content->size != 0)
		put_bytes(file, content->data, content->size);
	put_zeros(file, (BLOCK - file->size % BLOCK) % BLOCK);
	return first;
}

static uint32_t block_count(size_t size)
{
	return (uint32_t)((size + BLOCK - 1) / BLOCK);
}

/* Appends content and puts the numbers of its blocks behind the list. */
static void append_listed(struct written *file, const struct written *content, struct written *list)
{
	uint32_t first = append_blocks(file, content);

	for (uint32_t i = 0; i < block_count(content->size); i++)
		put32(list, first + i);
}

struct written write_container(const struct container *container)
{
	static const char signature[32] = "Microsoft C/C++ MSF 7.00\r\n\x1A" "DS\0\0";
	struct written file = { 0 }, directory = { 0 }, numbers = { 0 }, list = { 0 }, top = { 0 };

	put_zeros(&file, 3 * BLOCK);
	put32(&directory, container->stream_count);
	for (uint32_t i = 0; i < container->stream_count; i++)
		put32(&directory, i < PDB_STREAMS ? (uint32_t)container->stream[i].size :
						    UINT32_MAX);
	for (uint32_t i = 0; i < container->stream_count && i < PDB_STREAMS; i++)
		append_listed(&file, &container->stream[i], &numbers);
	put_bytes(&directory, numbers.data, numbers.size);
	append_listed(&file, &directory, &list);
	append_listed(&file, &list, &top);
	memcpy(file.data, signature, sizeof(signature));
	store_le32(file.data + 32, BLOCK);
	store_le32(file.data + 36, 1);
	store_le32(file.data + 40, (uint32_t)(file.size / BLOCK));
	store_le32(file.data + 44, (uint32_t)directory.size);
	memcpy(file.data + 52, top.data, top.size);
	free(top.data);
	free(list.data);
	free(numbers.data);
	free(directory.data);
	return file;
}

void free_container(struct container *container)
{
	for (size_t i = 0; i < PDB_STREAMS; i++)
		free(container->stream[i].data);
	memset(container, 0, sizeof(*container));
}

/* ---- What tells of the image ------------------------------------------------------- */

void put_info(struct container *pdb, uint32_t age)
{
	struct written *info = &pdb->stream[INFO];

	put32(info, 20000404);
	put32(info, 0);
	put32(info, age);
	for (unsigned i = 0; i < 16; i++)
		put8(info, i);
}

void put_section(struct written *stream, uint32_t rva, uint32_t size)
{
	put_zeros(stream, 8);
	put32(stream, size);
	put32(stream, rva);
	put_zeros(stream, 24);
}

void put_dbi(struct container *pdb, uint32_t age, uint16_t machine, bool rearranged)
{
	struct written *dbi = &pdb->stream[DBI];

	put32(dbi, UINT32_MAX);
	put32(dbi, 19990903);
	put32(dbi, age);
	put32(dbi, GLOBALS);
	put32(dbi, PUBLICS);
	put32(dbi, RECORDS);
	put_zeros(dbi, 24);
	put32(dbi, 22);
	put32(dbi, 0);
	put16(dbi, 0);
	put16(dbi, machine);
	put32(dbi, 0);
	for (unsigned i = 0; i < 11; i++)
		put16(dbi, i == 3 && rearranged ? TO_SOURCE : i == 4 && rearranged ? FROM_SOURCE :
			   i == 5 ? SECTIONS : i == 10 && rearranged ? OLD_SECTIONS : 0xFFFF);
	put_section(&pdb->stream[SECTIONS], 0x1000, 0x1000);
	put_section(&pdb->stream[SECTIONS], 0x4000, 0x500);
	if (pdb->stream_count < 12)
		pdb->stream_count = 12;
}

/* ---- Symbols ----------------------------------------------------------------------- */

void put_public(struct written *records, struct written *entries, struct written *addresses,
		uint16_t section, uint32_t offset, const char *name)
{
	put32(addresses, (uint32_t)records->size);
	put32(entries, (uint32_t)records->size + 1);
	put32(entries, 1);
	put16(records, (unsigned)(2 + 10 + strlen(name) + 1));
	put16(records, 0x110E);
	put32(records, 0);
	put32(records, offset);
	put16(records, section);
	put_text(records, name);
}

void put_publics_stream(struct written *stream, const struct written *entries,
			const struct written *addresses)
{
	put32(stream, (uint32_t)(16 + entries->size));
	put32(stream, (uint32_t)addresses->size);
	put_zeros(stream, 20);
	put32(stream, UINT32_MAX);
	put32(stream, 0xEFFE0000u + 19990810);
	put32(stream, (uint32_t)entries->size);
	put32(stream, 0);
	put_bytes(stream, entries->data, entries->size);
	put_bytes(stream, addresses->data, addresses->size);
}

/* ---- Types ------------------------------------------------------------------------- */

uint32_t add_record(struct type_list *list, unsigned leaf, struct written *body)
{
	put16(&list->records, (unsigned)(2 + body->size));
	put16(&list->records, leaf);
	put_bytes(&list->records, body->data, body->size);
	free(body->data);
	memset(body, 0, sizeof(*body));
	return FIRST_TYPE + list->count++;
}

void put_member(struct written *fields, uint32_t type, unsigned offset, const char *name)
{
	put16(fields, 0x150D);
	put16(fields, 3);
	put32(fields, type);
	put16(fields, offset);
	put_text(fields, name);
}

uint32_t add_structure(struct type_list *list, uint32_t fields, unsigned properties,
		       unsigned size, const char *name)
{
	struct written body = { 0 };

	put16(&body, 1);
	put16(&body, properties);
	put32(&body, fields);
	put_zeros(&body, 8);
	put16(&body, size);
	put_text(&body, name);
	return add_record(list, 0x1505, &body);
}

void put_types(struct container *pdb, const struct type_list *list)
{
	struct written *tpi = &pdb->stream[TPI];

	put32(tpi, 20040203);
	put32(tpi, 56);
	put32(tpi, FIRST_TYPE);
	put32(tpi, FIRST_TYPE + list->count);
	put32(tpi, (uint32_t)list->records.size);
	put_zeros(tpi, 36);
	put_bytes(tpi, list->records.data, list->records.size);
}
