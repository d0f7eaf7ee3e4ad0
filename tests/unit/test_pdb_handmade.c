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
#include "pdb_writer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct readers {
	struct written file;
	struct pdb_file *pdb;
	struct pdb_symbols *symbols;
	struct pdb_types *types;
};

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

enum { STREAM_LIMIT = 40000 };

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

static enum status open_file(const struct written *file)
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
	struct written file;

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
	struct written file;

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

static void put_pair(struct written *map, uint32_t from, uint32_t to)
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

static void open_publics(uint16_t machine, struct readers *out)
{
	struct container pdb = { .stream_count = 12 };
	struct written entries = { 0 }, addresses = { 0 };
	struct written *records = &pdb.stream[RECORDS];

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

static uint32_t add_modifier(struct type_list *list, uint32_t type, unsigned flags)
{
	struct written body = { 0 };

	put32(&body, type);
	put16(&body, flags);
	put16(&body, 0);
	return add_record(list, 0x1001, &body);
}

static enum status open_types(struct type_list *list, struct readers *out)
{
	struct container pdb = { .stream_count = 12 };

	put_info(&pdb, 1);
	put_dbi(&pdb, 1, 0x8664, false);
	put_types(&pdb, list);
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
	uint32_t one = add_modifier(&list, FIRST_TYPE + 1, 1), two = add_modifier(&list, FIRST_TYPE, 2);
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
	struct written fields = { 0 };
	struct readers readers;
	unsigned count = 0;
	uint32_t type;

	(void)state;
	put_member(&fields, INT, 0, "x");
	put16(&fields, 0x1404);
	put16(&fields, 0);
	put32(&fields, FIRST_TYPE);
	type = add_structure(&list, add_record(&list, 0x1203, &fields), 0, 4, "loop");
	assert_int_equal(open_types(&list, &readers), STATUS_OK);
	assert_int_equal(pdb_types_visit_members(readers.types, type, count_members, &count, NULL),
			 STATUS_CORRUPT);
	assert_true(count < 100);
	close_readers(&readers);
}

static void test_structure_that_holds_itself_ends(void **state)
{
	struct type_list list = { 0 };
	struct written fields = { 0 };
	struct pdb_member member;
	struct readers readers;
	uint32_t type;

	(void)state;
	put_member(&fields, FIRST_TYPE + 1, 4, "");
	put_member(&fields, FIRST_TYPE + 1, 8, "");
	type = add_structure(&list, add_record(&list, 0x1203, &fields), 0, 4, "self");
	assert_int_equal(open_types(&list, &readers), STATUS_OK);
	assert_int_equal(pdb_types_find_field(readers.types, type, "x", &member, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	close_readers(&readers);
}

static void test_declaration_stands_for_its_definition(void **state)
{
	struct type_list list = { 0 };
	struct written fields = { 0 };
	uint32_t declared, defined, opaque;
	struct readers readers;
	uint64_t size = 0;
	uint32_t found;

	(void)state;
	declared = add_structure(&list, 0, 0x80, 0, "s");
	opaque = add_structure(&list, 0, 0x80, 0, "nowhere");
	put_member(&fields, INT, 0, "x");
	defined = add_structure(&list, add_record(&list, 0x1203, &fields), 0, 12, "s");
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
	struct written fields = { 0 };
	struct pdb_member member;
	struct readers readers;
	uint32_t inner, base, bits, outer;

	(void)state;
	put_member(&fields, INT, 4, "deep");
	inner = add_structure(&list, add_record(&list, 0x1203, &fields), 0, 8, "inner");
	put_member(&fields, CHAR, 2, "inherited");
	base = add_structure(&list, add_record(&list, 0x1203, &fields), 0, 4, "base");
	put32(&fields, INT);
	put8(&fields, 5);
	put8(&fields, 9);
	bits = add_record(&list, 0x1205, &fields);
	put16(&fields, 0x1400);
	put16(&fields, 3);
	put32(&fields, base);
	put16(&fields, 16);
	put_member(&fields, inner, 8, "");
	put8(&fields, 0xF2);
	put8(&fields, 0xF1);
	put_member(&fields, bits, 0, "flags");
	outer = add_structure(&list, add_record(&list, 0x1203, &fields), 0, 24, "outer");
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
		struct written body = { 0 };
		char name[16];

		put_zeros(&body, 16);
		put16(&body, forms[i].leaf);
		for (unsigned k = 0; k < forms[i].bytes; k++)
			put8(&body, 0x11);
		snprintf(name, sizeof(name), "form%zu", i);
		put_text(&body, name);
		add_record(&list, 0x1505, &body);
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
	struct written body = { 0 };
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
	add_record(&list, 0x1609, &body);
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
	pdb_types_spell(readers.types, FIRST_TYPE + 5, text, sizeof(text));
	assert_string_equal(text, "<type 0x1005>");
	close_readers(&readers);
}

static uint32_t add_pointer(struct type_list *list, uint32_t type, uint32_t attributes)
{
	struct written body = { 0 };

	put32(&body, type);
	put32(&body, attributes);
	return add_record(list, 0x1002, &body);
}

/* Old compilers leave the size empty; then the kind of pointer tells it. */
static void test_pointers_are_as_large_as_their_kind(void **state)
{
	static const struct {
		uint32_t attributes;
		uint64_t size;
	} known[] = {
		{ 0x00, 2 }, { 0x0A, 4 }, { 0x0B, 6 }, { 0x0C, 8 }, { 0x0C | 8 << 13, 8 },
		{ 0x0A | 4 << 13, 4 }, { 0x0C | 16 << 13, 16 },
	};
	struct type_list list = { 0 };
	struct readers readers;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		add_pointer(&list, INT, known[i].attributes);
	assert_int_equal(open_types(&list, &readers), STATUS_OK);
	for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint64_t size = 0;

		assert_int_equal(size_of(&readers, FIRST_TYPE + i, &size), STATUS_OK);
		assert_int_equal(size, known[i].size);
	}
	close_readers(&readers);
}

static void assert_spelled(const struct readers *readers, uint32_t type, const char *expected)
{
	char text[128];

	pdb_types_spell(readers->types, type, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void test_rare_types_are_spelled_as_in_c(void **state)
{
	struct type_list list = { 0 };
	struct written body = { 0 };
	struct readers readers;
	uint32_t reference, pointer, arguments, function, array, interface;

	(void)state;
	reference = add_pointer(&list, INT, 0x0C | 4 << 5 | 8 << 13);
	pointer = add_pointer(&list, CHAR, 0x0C | 1 << 9 | 1 << 10 | 8 << 13);
	put32(&body, 2);
	put32(&body, INT);
	put32(&body, 0);
	arguments = add_record(&list, 0x1201, &body);
	put32(&body, INT);
	put16(&body, 0);
	put16(&body, 2);
	put32(&body, arguments);
	function = add_record(&list, 0x1008, &body);
	put32(&body, 0x0003);		/* void has no size to count elements by */
	put32(&body, INT);
	put16(&body, 12);
	put_text(&body, "");
	array = add_record(&list, 0x1503, &body);
	put_zeros(&body, 16);
	put16(&body, 8);
	put_text(&body, "IUnknown");
	interface = add_record(&list, 0x1519, &body);
	assert_int_equal(open_types(&list, &readers), STATUS_OK);
	assert_spelled(&readers, reference, "int &&");
	assert_spelled(&readers, pointer, "char * const volatile");
	assert_spelled(&readers, function, "int (int, ...)");
	assert_spelled(&readers, array, "void[]");
	assert_spelled(&readers, interface, "__interface IUnknown");
	close_readers(&readers);
}

struct value_seen {
	const char *name;
	int64_t value;
	bool found;
};

static bool see_value(void *context, const struct pdb_member *member)
{
	struct value_seen *seen = context;

	if (member->kind == PDB_MEMBER_ENUMERATOR && strcmp(member->name, seen->name) == 0) {
		seen->value = (int64_t)member->value;
		seen->found = true;
	}
	return true;
}

static void put_enumerator(struct written *fields, unsigned leaf, unsigned width, int64_t value,
			   const char *name)
{
	put16(fields, 0x1502);
	put16(fields, 3);
	put16(fields, leaf);
	for (unsigned i = 0; i < width; i++)
		put8(fields, (unsigned)((uint64_t)value >> (8 * i)) & 0xFF);
	put_text(fields, name);
}

static void test_enumerators_below_zero_keep_their_sign(void **state)
{
	static const struct {
		unsigned leaf, width;
		int64_t value;
	} known[] = {
		{ 0x8000, 1, -5 }, { 0x8001, 2, -500 }, { 0x8002, 2, 65000 },
		{ 0x8003, 4, -70000 }, { 0x8004, 4, 4000000000 }, { 0x8009, 8, INT64_MIN },
	};
	struct type_list list = { 0 };
	struct written body = { 0 };
	struct readers readers;
	uint32_t fields, type;
	char name[8];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		snprintf(name, sizeof(name), "e%zu", i);
		put_enumerator(&body, known[i].leaf, known[i].width, known[i].value, name);
		while (body.size % 4 != 0)
			put8(&body, 0xF0 | (4 - body.size % 4));
	}
	fields = add_record(&list, 0x1203, &body);
	put16(&body, 6);
	put16(&body, 0);
	put32(&body, INT);
	put32(&body, fields);
	put_text(&body, "values");
	type = add_record(&list, 0x1507, &body);
	assert_int_equal(open_types(&list, &readers), STATUS_OK);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct value_seen seen = { .name = name };

		snprintf(name, sizeof(name), "e%zu", i);
		assert_int_equal(pdb_types_visit_members(readers.types, type, see_value, &seen,
							 NULL), STATUS_OK);
		assert_true(seen.found);
		assert_true(seen.value == known[i].value);
	}
	close_readers(&readers);
}

/* Texts stand where numbers do in no PDB of C; the name behind one is found all the same. */
static void test_texts_in_the_place_of_a_number_are_passed_over(void **state)
{
	struct type_list list = { 0 };
	struct written body = { 0 };
	struct readers readers;
	uint64_t size = 1;
	uint32_t type;

	(void)state;
	put_zeros(&body, 16);
	put16(&body, 0x8010);
	put16(&body, 3);
	put_bytes(&body, "abc", 3);
	put_text(&body, "counted");
	add_record(&list, 0x1505, &body);
	put_zeros(&body, 16);
	put16(&body, 0x801B);
	put_text(&body, "text");
	put_text(&body, "ended");
	add_record(&list, 0x1505, &body);
	assert_int_equal(open_types(&list, &readers), STATUS_OK);
	assert_int_equal(pdb_types_find(readers.types, NULL, "counted", &type, NULL), STATUS_OK);
	assert_int_equal(size_of(&readers, type, &size), STATUS_OK);
	assert_int_equal(size, 0);
	assert_int_equal(pdb_types_find(readers.types, NULL, "ended", &type, NULL), STATUS_OK);
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
		cmocka_unit_test(test_pointers_are_as_large_as_their_kind),
		cmocka_unit_test(test_rare_types_are_spelled_as_in_c),
		cmocka_unit_test(test_enumerators_below_zero_keep_their_sign),
		cmocka_unit_test(test_texts_in_the_place_of_a_number_are_passed_over),
		cmocka_unit_test(test_more_types_than_bytes_are_refused),
	};

	return cmocka_run_group_tests_name("pdb_handmade", tests, NULL, NULL);
}
