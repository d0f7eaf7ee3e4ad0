/* SPDX-License-Identifier: MIT */
/*
 * PDBs made by hand: what no compiler at hand writes (rearranged images, very
 * large directories, odd numbers, nameless members) and what none should write
 * (loops, counts beyond the bytes).
 */
#include "test_shim.h"

#include "base/bytes.h"
#include "guest/pdb_file.h"
#include "guest/pdb_symbols.h"
#include "guest/pdb_types.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Bytes and a container of them ------------------------------------------------- */

struct bytes {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

static void put(struct bytes *bytes, const void *from, size_t size)
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

static void put8(struct bytes *bytes, unsigned value)
{
	uint8_t byte = (uint8_t)value;

	put(bytes, &byte, 1);
}

static void put16(struct bytes *bytes, unsigned value)
{
	put8(bytes, value & 0xFF);
	put8(bytes, value >> 8 & 0xFF);
}

static void put32(struct bytes *bytes, uint32_t value)
{
	put16(bytes, value & 0xFFFF);
	put16(bytes, value >> 16);
}

static void put_text(struct bytes *bytes, const char *text)
{
	put(bytes, text, strlen(text) + 1);
}

static void put_zeros(struct bytes *bytes, size_t count)
{
	while (count-- > 0)
		put8(bytes, 0);
}

enum { BLOCK = 512, STREAM_LIMIT = 40000 };

/* Streams by number; those never put are empty. */
struct container {
	struct bytes stream[16];
	uint32_t stream_count;
};

static uint32_t append_blocks(struct bytes *file, const struct bytes *content)
{
	uint32_t first = (uint32_t)(file->size / BLOCK);

	if (content->size != 0)
		put(file, content->data, content->size);
	put_zeros(file, (BLOCK - file->size % BLOCK) % BLOCK);
	return first;
}

static uint32_t block_count(size_t size)
{
	return (uint32_t)((size + BLOCK - 1) / BLOCK);
}

/* Appends content and puts the numbers of its blocks behind the list. */
static void append_listed(struct bytes *file, const struct bytes *content, struct bytes *list)
{
	uint32_t first = append_blocks(file, content);

	for (uint32_t i = 0; i < block_count(content->size); i++)
		put32(list, first + i);
}

static struct bytes write_container(const struct container *container)
{
	static const char signature[32] = "Microsoft C/C++ MSF 7.00\r\n\x1A" "DS\0\0";
	struct bytes file = { 0 }, directory = { 0 }, numbers = { 0 }, list = { 0 }, top = { 0 };

	put_zeros(&file, 3 * BLOCK);
	put32(&directory, container->stream_count);
	for (uint32_t i = 0; i < container->stream_count; i++)
		put32(&directory, i < 16 ? (uint32_t)container->stream[i].size : UINT32_MAX);
	for (uint32_t i = 0; i < container->stream_count && i < 16; i++)
		append_listed(&file, &container->stream[i], &numbers);
	put(&directory, numbers.data, numbers.size);
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

/* ---- A small PDB ------------------------------------------------------------------- */

enum { INFO = 1, TPI = 2, DBI = 3, SECTIONS = 5, TO_SOURCE = 6, FROM_SOURCE = 7, OLD_SECTIONS = 8,
       GLOBALS = 9, PUBLICS = 10, RECORDS = 11 };

static void put_info(struct container *pdb, uint32_t age)
{
	struct bytes *info = &pdb->stream[INFO];

	put32(info, 20000404);
	put32(info, 0);
	put32(info, age);
	for (unsigned i = 0; i < 16; i++)
		put8(info, i);
}

static void put_section(struct bytes *stream, uint32_t rva, uint32_t size)
{
	put_zeros(stream, 8);
	put32(stream, size);
	put32(stream, rva);
	put_zeros(stream, 24);
}

static void put_dbi(struct container *pdb, uint32_t age, uint16_t machine, bool rearranged)
{
	struct bytes *dbi = &pdb->stream[DBI];

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

struct readers {
	struct bytes file;
	struct pdb_file *pdb;
	struct pdb_symbols *symbols;
	struct pdb_types *types;
};

static void free_container(struct container *container)
{
	for (size_t i = 0; i < 16; i++)
		free(container->stream[i].data);
	memset(container, 0, sizeof(*container));
}

static void close_readers(struct readers *readers)
{
	pdb_types_close(readers->types);
	pdb_symbols_close(readers->symbols);
	pdb_file_close(readers->pdb);
	free(readers->file.data);
}

/* Frees the container; on failure nothing stays open. */
static enum status open_container(struct container *container, struct readers *out)
{
	struct readers readers = { .file = write_container(container) };
	struct file *file = NULL;
	enum status status;

	free_container(container);
	assert_int_equal(file_open_memory(readers.file.data, readers.file.size, &file, NULL),
			 STATUS_OK);
	status = pdb_file_open(file, &readers.pdb, NULL);
	if (status != STATUS_OK)
		file_close(file);
	if (status == STATUS_OK)
		status = pdb_symbols_open(readers.pdb, &readers.symbols, NULL);
	if (status == STATUS_OK)
		status = pdb_types_open(readers.pdb, &readers.types, NULL);
	if (status != STATUS_OK)
		close_readers(&readers);
	*out = readers;
	return status;
}

/* ---- Container --------------------------------------------------------------------- */

static void test_directory_with_more_than_one_list_of_blocks(void **state)
{
	struct container pdb = { .stream_count = STREAM_LIMIT };
	struct readers readers;

	(void)state;
	put_info(&pdb, 5);
	assert_int_equal(open_container(&pdb, &readers), STATUS_OK);
	assert_int_equal(pdb_msf_stream_count(pdb_file_msf(readers.pdb)), STREAM_LIMIT);
	assert_int_equal(pdb_file_age(readers.pdb), 5);
	close_readers(&readers);
}

static enum status open_file(const struct bytes *file)
{
	struct file *opened = NULL;
	struct pdb_file *pdb;
	enum status status;

	assert_int_equal(file_open_memory(file->data, file->size, &opened, NULL), STATUS_OK);
	status = pdb_file_open(opened, &pdb, NULL);
	if (status == STATUS_OK)
		pdb_file_close(pdb);
	else
		file_close(opened);
	return status;
}

static void test_container_of_an_older_version_is_told_apart(void **state)
{
	struct container pdb = { .stream_count = 4 };
	struct bytes file;

	(void)state;
	put_info(&pdb, 1);
	file = write_container(&pdb);
	assert_int_equal(open_file(&file), STATUS_OK);
	memcpy(file.data, "Microsoft C/C++ program database 2.00", 37);
	assert_int_equal(open_file(&file), STATUS_UNSUPPORTED_VERSION);
	file.data[0] = 'm';
	assert_int_equal(open_file(&file), STATUS_CORRUPT);
	free(file.data);
	free_container(&pdb);
}

static void test_impossible_superblocks_are_refused(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
	} damage[] = {
		{ 32, 0 }, { 32, 3 }, { 32, 256 }, { 32, 513 }, { 32, 0x80000000 },
		{ 40, 0xFFFFFFFF }, { 44, 0 }, { 44, 3 }, { 44, 0xFFFFFFFF }, { 52, 0xFFFFFFFF },
	};
	struct container pdb = { .stream_count = 4 };
	struct bytes file;

	(void)state;
	put_info(&pdb, 1);
	file = write_container(&pdb);
	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		uint32_t original = load_le32(file.data + damage[i].at);

		store_le32(file.data + damage[i].at, damage[i].value);
		assert_int_equal(open_file(&file), STATUS_CORRUPT);
		store_le32(file.data + damage[i].at, original);
	}
	free(file.data);
	free_container(&pdb);
}

static void test_age_of_the_debug_info_stream_counts(void **state)
{
	static const uint8_t guid[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	struct container pdb = { .stream_count = 12 };
	struct readers readers;

	(void)state;
	put_info(&pdb, 9);
	put_dbi(&pdb, 2, 0x8664, false);
	assert_int_equal(open_container(&pdb, &readers), STATUS_OK);
	assert_true(pdb_file_matches(readers.pdb, guid, 2));
	assert_false(pdb_file_matches(readers.pdb, guid, 9));
	close_readers(&readers);
}

/* ---- Addresses --------------------------------------------------------------------- */

static void test_section_offsets_become_addresses(void **state)
{
	struct container pdb = { .stream_count = 12 };
	struct readers readers;
	uint32_t value;
	uint16_t section;

	(void)state;
	put_info(&pdb, 1);
	put_dbi(&pdb, 1, 0x8664, false);
	assert_int_equal(open_container(&pdb, &readers), STATUS_OK);
	assert_true(pdb_file_rva_of(readers.pdb, 2, 0x10, &value));
	assert_int_equal(value, 0x4010);
	assert_false(pdb_file_rva_of(readers.pdb, 0, 0, &value));
	assert_false(pdb_file_rva_of(readers.pdb, 3, 0, &value));
	assert_false(pdb_file_rva_of(readers.pdb, 2, 0xFFFFFFFF, &value));
	assert_true(pdb_file_section_of(readers.pdb, 0x44FF, &section, &value));
	assert_int_equal(section, 2);
	assert_int_equal(value, 0x4FF);
	assert_false(pdb_file_section_of(readers.pdb, 0x4500, &section, &value));
	close_readers(&readers);
}

static void put_pair(struct bytes *map, uint32_t from, uint32_t to)
{
	put32(map, from);
	put32(map, to);
}

/* Before: one section at 0x1000.  Its parts were swapped, the part at 0x1200 thrown away. */
static void test_rearranged_images_go_through_their_address_maps(void **state)
{
	struct container pdb = { .stream_count = 12 };
	struct readers readers;
	uint16_t section;
	uint32_t value;

	(void)state;
	put_info(&pdb, 1);
	put_dbi(&pdb, 1, 0x8664, true);
	put_section(&pdb.stream[OLD_SECTIONS], 0x1000, 0x400);
	put_pair(&pdb.stream[FROM_SOURCE], 0x1000, 0x4100);
	put_pair(&pdb.stream[FROM_SOURCE], 0x1100, 0x4000);
	put_pair(&pdb.stream[FROM_SOURCE], 0x1200, 0);
	put_pair(&pdb.stream[TO_SOURCE], 0x4000, 0x1100);
	put_pair(&pdb.stream[TO_SOURCE], 0x4100, 0x1000);
	assert_int_equal(open_container(&pdb, &readers), STATUS_OK);
	assert_true(pdb_file_rva_of(readers.pdb, 1, 0x20, &value));
	assert_int_equal(value, 0x4120);
	assert_true(pdb_file_rva_of(readers.pdb, 1, 0x1FF, &value));
	assert_int_equal(value, 0x40FF);
	assert_false(pdb_file_rva_of(readers.pdb, 1, 0x200, &value));
	assert_false(pdb_file_rva_of(readers.pdb, 2, 0, &value));
	assert_true(pdb_file_section_of(readers.pdb, 0x4120, &section, &value));
	assert_int_equal(section, 1);
	assert_int_equal(value, 0x20);
	assert_false(pdb_file_section_of(readers.pdb, 0x3FFF, &section, &value));
	close_readers(&readers);
}

/* ---- Symbols ----------------------------------------------------------------------- */

/* A record and its place in the address table and in a hash table without buckets. */
static void put_public(struct bytes *records, struct bytes *entries, struct bytes *addresses,
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

static void put_publics_stream(struct bytes *stream, const struct bytes *entries,
			       const struct bytes *addresses)
{
	put32(stream, (uint32_t)(16 + entries->size));
	put32(stream, (uint32_t)addresses->size);
	put_zeros(stream, 20);
	put32(stream, UINT32_MAX);
	put32(stream, 0xEFFE0000u + 19990810);
	put32(stream, (uint32_t)entries->size);
	put32(stream, 0);
	put(stream, entries->data, entries->size);
	put(stream, addresses->data, addresses->size);
}

static void open_publics(uint16_t machine, struct readers *out)
{
	struct container pdb = { .stream_count = 12 };
	struct bytes entries = { 0 }, addresses = { 0 };
	struct bytes *records = &pdb.stream[RECORDS];

	put_info(&pdb, 1);
	put_dbi(&pdb, 1, machine, false);
	put_public(records, &entries, &addresses, 1, 0x10, "_first");
	put_public(records, &entries, &addresses, 1, 0x80, "second");
	put_public(records, &entries, &addresses, 2, 0x20, "third");
	put_public(records, &entries, &addresses, 9, 0x77, "absolute");
	put_publics_stream(&pdb.stream[PUBLICS], &entries, &addresses);
	free(entries.data);
	free(addresses.data);
	assert_int_equal(open_container(&pdb, out), STATUS_OK);
}

static void test_hash_table_without_buckets_is_searched_whole(void **state)
{
	struct pdb_record record = { 0 };
	struct pdb_symbol symbol;
	struct readers readers;

	(void)state;
	open_publics(0x8664, &readers);
	assert_int_equal(pdb_symbols_find(readers.symbols, "third", &record, &symbol, NULL),
			 STATUS_OK);
	assert_int_equal(symbol.rva, 0x4020);
	assert_int_equal(pdb_symbols_find(readers.symbols, "absolute", &record, &symbol, NULL),
			 STATUS_OK);
	assert_false(symbol.has_rva);
	assert_int_equal(symbol.offset, 0x77);
	assert_int_equal(pdb_symbols_find(readers.symbols, "first", &record, &symbol, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	pdb_record_fini(&record);
	close_readers(&readers);
}

static void test_c_names_of_32_bit_x86_are_found_without_underscore(void **state)
{
	struct pdb_record record = { 0 };
	struct pdb_symbol symbol;
	struct readers readers;

	(void)state;
	open_publics(0x014C, &readers);
	assert_int_equal(pdb_symbols_find(readers.symbols, "first", &record, &symbol, NULL),
			 STATUS_OK);
	assert_string_equal(symbol.name, "_first");
	assert_int_equal(symbol.rva, 0x1010);
	pdb_record_fini(&record);
	close_readers(&readers);
}

static void test_nearest_public_before_the_address_in_its_section(void **state)
{
	static const struct {
		uint32_t rva;
		const char *name;
	} known[] = {
		{ 0x100F, NULL }, { 0x1010, "_first" }, { 0x107F, "_first" }, { 0x1080, "second" },
		{ 0x1FFF, "second" }, { 0x2000, NULL }, { 0x4000, NULL }, { 0x4020, "third" },
		{ 0x44FF, "third" },
	};
	struct pdb_record record = { 0 };
	struct readers readers;

	(void)state;
	open_publics(0x8664, &readers);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct pdb_symbol symbol;
		enum status status = pdb_symbols_at(readers.symbols, known[i].rva, &record,
						    &symbol, NULL);

		assert_int_equal(status, known[i].name != NULL ? STATUS_OK :
						STATUS_SYMBOL_NOT_FOUND);
		if (known[i].name != NULL)
			assert_string_equal(symbol.name, known[i].name);
	}
	pdb_record_fini(&record);
	close_readers(&readers);
}

/* ---- Types ------------------------------------------------------------------------- */

enum { INT = 0x74, CHAR = 0x70, FIRST = 0x1000 };

struct type_list {
	struct bytes records;
	uint32_t count;
};

/* Adds a record and returns its number. */
static uint32_t add(struct type_list *list, unsigned leaf, const struct bytes *body)
{
	put16(&list->records, (unsigned)(2 + body->size));
	put16(&list->records, leaf);
	put(&list->records, body->data, body->size);
	return FIRST + list->count++;
}

static uint32_t add_and_free(struct type_list *list, unsigned leaf, struct bytes *body)
{
	uint32_t type = add(list, leaf, body);

	free(body->data);
	memset(body, 0, sizeof(*body));
	return type;
}

static uint32_t add_modifier(struct type_list *list, uint32_t type, unsigned flags)
{
	struct bytes body = { 0 };

	put32(&body, type);
	put16(&body, flags);
	put16(&body, 0);
	return add_and_free(list, 0x1001, &body);
}

static void put_member(struct bytes *fields, uint32_t type, unsigned offset, const char *name)
{
	put16(fields, 0x150D);
	put16(fields, 3);
	put32(fields, type);
	put16(fields, offset);
	put_text(fields, name);
}

static uint32_t add_structure(struct type_list *list, uint32_t fields, unsigned properties,
			      unsigned size, const char *name)
{
	struct bytes body = { 0 };

	put16(&body, 1);
	put16(&body, properties);
	put32(&body, fields);
	put_zeros(&body, 8);
	put16(&body, size);
	put_text(&body, name);
	return add_and_free(list, 0x1505, &body);
}

static enum status open_types(struct type_list *list, struct readers *out)
{
	struct container pdb = { .stream_count = 12 };
	struct bytes *tpi = &pdb.stream[TPI];

	put_info(&pdb, 1);
	put_dbi(&pdb, 1, 0x8664, false);
	put32(tpi, 20040203);
	put32(tpi, 56);
	put32(tpi, FIRST);
	put32(tpi, FIRST + list->count);
	put32(tpi, (uint32_t)list->records.size);
	put_zeros(tpi, 36);
	put(tpi, list->records.data, list->records.size);
	free(list->records.data);
	return open_container(&pdb, out);
}

static enum status size_of(const struct readers *readers, uint32_t type, uint64_t *out)
{
	return pdb_types_size(readers->types, type, out, NULL);
}

static bool count_members(void *context, const struct pdb_member *member)
{
	(void)member;
	++*(unsigned *)context;
	return true;
}

static void test_type_that_refers_to_itself_ends(void **state)
{
	struct type_list list = { 0 };
	uint32_t one = add_modifier(&list, FIRST + 1, 1), two = add_modifier(&list, FIRST, 2);
	struct pdb_member member;
	struct readers readers;
	unsigned count = 0;
	uint64_t size;
	char text[64];

	(void)state;
	assert_int_equal(open_types(&list, &readers), STATUS_OK);
	assert_int_equal(size_of(&readers, one, &size), STATUS_CORRUPT);
	assert_int_equal(size_of(&readers, two, &size), STATUS_CORRUPT);
	assert_int_equal(pdb_types_visit_members(readers.types, one, count_members, &count, NULL),
			 STATUS_CORRUPT);
	assert_int_equal(pdb_types_find_field(readers.types, two, "x", &member, NULL),
			 STATUS_CORRUPT);
	pdb_types_spell(readers.types, one, text, sizeof(text));
	close_readers(&readers);
}

static void test_field_list_that_continues_in_itself_ends(void **state)
{
	struct type_list list = { 0 };
	struct bytes fields = { 0 };
	struct readers readers;
	unsigned count = 0;
	uint32_t type;

	(void)state;
	put_member(&fields, INT, 0, "x");
	put16(&fields, 0x1404);
	put16(&fields, 0);
	put32(&fields, FIRST);
	type = add_structure(&list, add_and_free(&list, 0x1203, &fields), 0, 4, "loop");
	assert_int_equal(open_types(&list, &readers), STATUS_OK);
	assert_int_equal(pdb_types_visit_members(readers.types, type, count_members, &count, NULL),
			 STATUS_CORRUPT);
	assert_true(count < 100);
	close_readers(&readers);
}

static void test_structure_that_holds_itself_ends(void **state)
{
	struct type_list list = { 0 };
	struct bytes fields = { 0 };
	struct pdb_member member;
	struct readers readers;
	uint32_t type;

	(void)state;
	put_member(&fields, FIRST + 1, 4, "");
	put_member(&fields, FIRST + 1, 8, "");
	type = add_structure(&list, add_and_free(&list, 0x1203, &fields), 0, 4, "self");
	assert_int_equal(open_types(&list, &readers), STATUS_OK);
	assert_int_equal(pdb_types_find_field(readers.types, type, "x", &member, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	close_readers(&readers);
}

static void test_declaration_stands_for_its_definition(void **state)
{
	struct type_list list = { 0 };
	struct bytes fields = { 0 };
	uint32_t declared, defined, opaque;
	struct readers readers;
	uint64_t size = 0;
	uint32_t found;

	(void)state;
	declared = add_structure(&list, 0, 0x80, 0, "s");
	opaque = add_structure(&list, 0, 0x80, 0, "nowhere");
	put_member(&fields, INT, 0, "x");
	defined = add_structure(&list, add_and_free(&list, 0x1203, &fields), 0, 12, "s");
	assert_int_equal(open_types(&list, &readers), STATUS_OK);
	assert_int_equal(size_of(&readers, declared, &size), STATUS_OK);
	assert_int_equal(size, 12);
	assert_int_equal(size_of(&readers, opaque, &size), STATUS_SYMBOL_NOT_FOUND);
	assert_int_equal(pdb_types_find(readers.types, NULL, "s", &found, NULL), STATUS_OK);
	assert_int_equal(found, defined);
	assert_int_equal(pdb_types_find(readers.types, NULL, "nowhere", &found, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	close_readers(&readers);
}

/* Nameless members and base classes lead to their fields, at the sum of the offsets. */
static void test_fields_of_nameless_members_and_bases_are_found(void **state)
{
	struct type_list list = { 0 };
	struct bytes fields = { 0 };
	struct pdb_member member;
	struct readers readers;
	uint32_t inner, base, bits, outer;

	(void)state;
	put_member(&fields, INT, 4, "deep");
	inner = add_structure(&list, add_and_free(&list, 0x1203, &fields), 0, 8, "inner");
	put_member(&fields, CHAR, 2, "inherited");
	base = add_structure(&list, add_and_free(&list, 0x1203, &fields), 0, 4, "base");
	put32(&fields, INT);
	put8(&fields, 5);
	put8(&fields, 9);
	bits = add_and_free(&list, 0x1205, &fields);
	put16(&fields, 0x1400);
	put16(&fields, 3);
	put32(&fields, base);
	put16(&fields, 16);
	put_member(&fields, inner, 8, "");
	put8(&fields, 0xF2);
	put8(&fields, 0xF1);
	put_member(&fields, bits, 0, "flags");
	outer = add_structure(&list, add_and_free(&list, 0x1203, &fields), 0, 24, "outer");
	assert_int_equal(open_types(&list, &readers), STATUS_OK);
	assert_int_equal(pdb_types_find_field(readers.types, outer, "deep", &member, NULL),
			 STATUS_OK);
	assert_int_equal(member.offset, 12);
	assert_int_equal(pdb_types_find_field(readers.types, outer, "inherited", &member, NULL),
			 STATUS_OK);
	assert_int_equal(member.offset, 18);
	assert_int_equal(member.size, 1);
	assert_int_equal(pdb_types_find_field(readers.types, outer, "flags", &member, NULL),
			 STATUS_OK);
	assert_int_equal(member.bit_length, 5);
	assert_int_equal(member.bit_position, 9);
	assert_int_equal(member.size, 4);
	close_readers(&readers);
}

/* Each form of number as the size of a structure, and the name behind it still read. */
static void test_numbers_of_every_form(void **state)
{
	static const struct {
		unsigned leaf;
		unsigned bytes;
		uint64_t value;
	} forms[] = {
		{ 0x7FFF, 0, 0x7FFF }, { 0x8000, 1, 0x11 }, { 0x8001, 2, 0x1111 },
		{ 0x8002, 2, 0x1111 }, { 0x8003, 4, 0x11111111 }, { 0x8004, 4, 0x11111111 },
		{ 0x8009, 8, 0x1111111111111111 }, { 0x800A, 8, 0x1111111111111111 },
		{ 0x8017, 16, 0x1111111111111111 }, { 0x8018, 16, 0x1111111111111111 },
		{ 0x8005, 4, 0 }, { 0x8006, 8, 0 }, { 0x8007, 10, 0 }, { 0x8008, 16, 0 },
		{ 0x800B, 6, 0 }, { 0x800C, 8, 0 }, { 0x800D, 16, 0 }, { 0x800E, 20, 0 },
		{ 0x800F, 32, 0 }, { 0x8019, 16, 0 }, { 0x801A, 8, 0 }, { 0x801C, 2, 0 },
	};
	struct type_list list = { 0 };
	struct readers readers;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct bytes body = { 0 };
		char name[16];

		put_zeros(&body, 16);
		put16(&body, forms[i].leaf);
		for (unsigned k = 0; k < forms[i].bytes; k++)
			put8(&body, 0x11);
		snprintf(name, sizeof(name), "form%zu", i);
		put_text(&body, name);
		add_and_free(&list, 0x1505, &body);
	}
	assert_int_equal(open_types(&list, &readers), STATUS_OK);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		uint64_t size = 1;
		char name[16];
		uint32_t type;

		snprintf(name, sizeof(name), "form%zu", i);
		assert_int_equal(pdb_types_find(readers.types, NULL, name, &type, NULL),
				 STATUS_OK);
		assert_int_equal(size_of(&readers, type, &size), STATUS_OK);
		assert_true(size == forms[i].value);
	}
	close_readers(&readers);
}

/* The record of compilers since 2019: wide properties first, the count behind the types. */
static void test_newer_structure_record(void **state)
{
	struct type_list list = { 0 };
	struct bytes body = { 0 };
	struct readers readers;
	uint64_t size = 0;
	uint32_t type;
	char text[64];

	(void)state;
	put32(&body, 0x200);
	put_zeros(&body, 12);
	put16(&body, 3);
	put16(&body, 40);
	put_text(&body, "newer");
	put_text(&body, ".?AUnewer@@");
	add_and_free(&list, 0x1609, &body);
	assert_int_equal(open_types(&list, &readers), STATUS_OK);
	assert_int_equal(pdb_types_find(readers.types, NULL, "newer", &type, NULL), STATUS_OK);
	assert_int_equal(size_of(&readers, type, &size), STATUS_OK);
	assert_int_equal(size, 40);
	pdb_types_spell(readers.types, type, text, sizeof(text));
	assert_string_equal(text, "struct newer");
	close_readers(&readers);
}

static void test_spelling_that_does_not_fit_ends_in_dots(void **state)
{
	struct type_list list = { 0 };
	uint32_t type = add_structure(&list, 0, 0, 4, "a_name_of_some_length");
	struct readers readers;
	char text[16];

	(void)state;
	assert_int_equal(open_types(&list, &readers), STATUS_OK);
	pdb_types_spell(readers.types, type, text, sizeof(text));
	assert_string_equal(text, "struct a_nam...");
	pdb_types_spell(readers.types, 0x0674, text, sizeof(text));
	assert_string_equal(text, "int *");
	pdb_types_spell(readers.types, FIRST + 5, text, sizeof(text));
	assert_string_equal(text, "<type 0x1005>");
	close_readers(&readers);
}

static void test_more_types_than_bytes_are_refused(void **state)
{
	struct type_list list = { 0 };
	struct readers readers;

	(void)state;
	add_modifier(&list, INT, 0);
	list.count = 0x40000000;
	assert_int_equal(open_types(&list, &readers), STATUS_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directory_with_more_than_one_list_of_blocks),
		cmocka_unit_test(test_container_of_an_older_version_is_told_apart),
		cmocka_unit_test(test_impossible_superblocks_are_refused),
		cmocka_unit_test(test_age_of_the_debug_info_stream_counts),
		cmocka_unit_test(test_section_offsets_become_addresses),
		cmocka_unit_test(test_rearranged_images_go_through_their_address_maps),
		cmocka_unit_test(test_hash_table_without_buckets_is_searched_whole),
		cmocka_unit_test(test_c_names_of_32_bit_x86_are_found_without_underscore),
		cmocka_unit_test(test_nearest_public_before_the_address_in_its_section),
		cmocka_unit_test(test_type_that_refers_to_itself_ends),
		cmocka_unit_test(test_field_list_that_continues_in_itself_ends),
		cmocka_unit_test(test_structure_that_holds_itself_ends),
		cmocka_unit_test(test_declaration_stands_for_its_definition),
		cmocka_unit_test(test_fields_of_nameless_members_and_bases_are_found),
		cmocka_unit_test(test_numbers_of_every_form),
		cmocka_unit_test(test_newer_structure_record),
		cmocka_unit_test(test_spelling_that_does_not_fit_ends_in_dots),
		cmocka_unit_test(test_more_types_than_bytes_are_refused),
	};

	return cmocka_run_group_tests_name("pdb_handmade", tests, NULL, NULL);
}
