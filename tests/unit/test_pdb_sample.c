/* SPDX-License-Identifier: MIT */
/*
 * The PDB of a real Windows program, held against the listing of it that
 * Windows' own symbol reader gave, and damaged at every place that opening
 * reads.
 */
#include "test_shim.h"

#include "base/bytes.h"
#include "guest/pdb_file.h"
#include "guest/pdb_symbols.h"
#include "guest/pdb_types.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE_LIMIT = 2 << 20, BLOCK_SIZE = 1024 };

static const uint8_t sample_guid[] = { 0xA8, 0x03, 0xE1, 0x72, 0xB2, 0x5C, 0x07, 0x49,
				       0x8B, 0x76, 0xB2, 0xE7, 0xC0, 0x62, 0x57, 0xB1 };

static uint8_t *sample;
static size_t sample_size;

static char *sample_path(const char *name, char *path, size_t size)
{
	const char *folder = getenv("VMSS_SAMPLES");

	snprintf(path, size, "%s/pe/%s", folder != NULL ? folder : "../shared/samples", name);
	return path;
}

static int read_sample(void **state)
{
	char path[1024];
	FILE *file = fopen(sample_path("dump_syms_regtest64.pdb", path, sizeof(path)), "rb");

	(void)state;
	if (file == NULL) {
		printf("the sample %s is not there\n", path);
		return 0;
	}
	sample = malloc(SAMPLE_LIMIT);
	if (sample != NULL)
		sample_size = fread(sample, 1, SAMPLE_LIMIT, file);
	fclose(file);
	return 0;
}

static int free_sample(void **state)
{
	(void)state;
	free(sample);
	return 0;
}

struct readers {
	struct pdb_file *pdb;
	struct pdb_symbols *symbols;
	struct pdb_types *types;
	struct pdb_record record;
};

static void close_readers(struct readers *readers)
{
	pdb_record_fini(&readers->record);
	pdb_types_close(readers->types);
	pdb_symbols_close(readers->symbols);
	pdb_file_close(readers->pdb);
	memset(readers, 0, sizeof(*readers));
}

/* Opens all there is; on failure nothing stays open. */
static enum status open_bytes(const void *bytes, size_t size, struct readers *out)
{
	struct readers readers = { 0 };
	struct file *file = NULL;
	enum status status;

	assert_int_equal(file_open_memory(bytes, size, &file, NULL), STATUS_OK);
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

static void open_sample(struct readers *out)
{
	if (sample == NULL)
		skip();
	assert_int_equal(open_bytes(sample, sample_size, out), STATUS_OK);
}

/* ---- What it says ------------------------------------------------------------------ */

static void test_only_its_own_guid_and_age_match(void **state)
{
	struct readers readers;
	uint8_t other[16];

	(void)state;
	open_sample(&readers);
	assert_true(pdb_file_matches(readers.pdb, sample_guid, 3));
	assert_false(pdb_file_matches(readers.pdb, sample_guid, 2));
	for (size_t i = 0; i < sizeof(other); i++) {
		memcpy(other, sample_guid, sizeof(other));
		other[i] ^= 1;
		assert_false(pdb_file_matches(readers.pdb, other, 3));
	}
	assert_int_equal(pdb_file_machine(readers.pdb), 0x8664);
	close_readers(&readers);
}

static void test_named_streams(void **state)
{
	struct readers readers;

	(void)state;
	open_sample(&readers);
	/* As llvm-pdbutil lists them. */
	assert_int_equal(pdb_file_named_stream(readers.pdb, "/names"), 13);
	assert_int_equal(pdb_file_named_stream(readers.pdb, "/LinkInfo"), 5);
	assert_int_equal(pdb_file_named_stream(readers.pdb, "/name"), PDB_NO_STREAM);
	assert_int_equal(pdb_file_named_stream(readers.pdb, ""), PDB_NO_STREAM);
	close_readers(&readers);
}

/* Every byte of every function that Windows lists belongs to a function of that extent. */
static void check_function(const struct readers *readers, struct pdb_record *record,
			   uint32_t rva, uint32_t size)
{
	for (uint32_t at = rva; at < rva + size; at++) {
		struct pdb_symbol symbol;

		assert_int_equal(pdb_symbols_at(readers->symbols, at, record, &symbol, NULL),
				 STATUS_OK);
		assert_int_equal(symbol.rva, rva);
		assert_int_equal(symbol.size, size);
		assert_true(symbol.kind == PDB_SYMBOL_FUNCTION || symbol.kind == PDB_SYMBOL_THUNK);
	}
}

static void test_functions_and_publics_that_windows_lists(void **state)
{
	unsigned functions = 0, publics = 0;
	struct readers readers;
	char path[1024], line[4096];
	FILE *listing;

	(void)state;
	open_sample(&readers);
	listing = fopen(sample_path("dump_syms_regtest64.sym", path, sizeof(path)), "r");
	assert_non_null(listing);
	while (fgets(line, sizeof(line), listing) != NULL) {
		char name[2048];
		uint32_t rva, size;
		struct pdb_symbol symbol;

		if (sscanf(line, "FUNC %" SCNx32 " %" SCNx32, &rva, &size) == 2) {
			check_function(&readers, &readers.record, rva, size);
			functions++;
		} else if (sscanf(line, "PUBLIC %" SCNx32 " 0 %2047s", &rva, name) == 2) {
			assert_int_equal(pdb_symbols_find(readers.symbols, name, &readers.record,
							  &symbol, NULL), STATUS_OK);
			assert_int_equal(symbol.rva, rva);
			publics++;
		}
	}
	fclose(listing);
	assert_int_equal(functions, 246);
	assert_int_equal(publics, 2);
	close_readers(&readers);
}

static void test_names_are_exact(void **state)
{
	struct pdb_symbol symbol;
	struct readers readers;
	uint32_t type;

	(void)state;
	open_sample(&readers);
	assert_int_equal(pdb_symbols_find(readers.symbols, "main", &readers.record, &symbol, NULL),
			 STATUS_OK);
	assert_int_equal(symbol.rva, 0x1010);
	assert_int_equal(symbol.kind, PDB_SYMBOL_FUNCTION);
	assert_string_equal(symbol.name, "main");
	/* The hash does not tell these from it. */
	assert_int_equal(pdb_symbols_find(readers.symbols, "MAIN", &readers.record, &symbol, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	assert_int_equal(pdb_symbols_find(readers.symbols, "mai", &readers.record, &symbol, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	assert_int_equal(pdb_symbols_find(readers.symbols, "", &readers.record, &symbol, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	/* A typedef is no variable, and the other way round. */
	assert_int_equal(pdb_symbols_find(readers.symbols, "FARPROC", &readers.record, &symbol,
					  NULL), STATUS_SYMBOL_NOT_FOUND);
	assert_int_equal(pdb_symbols_find_typedef(readers.symbols, "FARPROC", &type, NULL),
			 STATUS_OK);
	assert_int_equal(pdb_symbols_find_typedef(readers.symbols, "main", &type, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	close_readers(&readers);
}

static void test_addresses_outside_the_image_have_no_symbol(void **state)
{
	static const uint32_t nowhere[] = { 0, 0xFFF, 0x1A000, 0x7FFFFFFF, 0xFFFFFFFF };
	struct pdb_symbol symbol;
	struct readers readers;

	(void)state;
	open_sample(&readers);
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++)
		assert_int_equal(pdb_symbols_at(readers.symbols, nowhere[i], &readers.record,
						&symbol, NULL), STATUS_SYMBOL_NOT_FOUND);
	close_readers(&readers);
}

/* The layout that Microsoft documents for x64. */
static void test_layout_of_windows_structures(void **state)
{
	static const struct {
		const char *type;
		uint64_t size;
		const char *field;
		uint64_t offset;
	} known[] = {
		{ "_RTL_CRITICAL_SECTION", 40, "SpinCount", 32 },
		{ "_LIST_ENTRY", 16, "Blink", 8 },
		{ "_CONTEXT", 1232, "Rip", 248 },
		{ "_CONTEXT", 1232, "Xmm0", 416 },
		{ "PRTL_CRITICAL_SECTION", 8, NULL, 0 },
		{ "_M128A", 16, "High", 8 },
		{ "unsigned long", 4, NULL, 0 },
	};
	struct readers readers;

	(void)state;
	open_sample(&readers);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct pdb_member member;
		uint64_t size;
		uint32_t type;

		assert_int_equal(pdb_types_find(readers.types, readers.symbols, known[i].type,
						&type, NULL), STATUS_OK);
		assert_int_equal(pdb_types_size(readers.types, type, &size, NULL), STATUS_OK);
		assert_int_equal(size, known[i].size);
		if (known[i].field == NULL)
			continue;
		assert_int_equal(pdb_types_find_field(readers.types, type, known[i].field, &member,
						      NULL), STATUS_OK);
		assert_int_equal(member.offset, known[i].offset);
	}
	close_readers(&readers);
}

/* ---- Reading on demand ------------------------------------------------------------- */

struct counter {
	uint64_t bytes;
	unsigned reads;
};

static enum status counted_read(void *context, uint64_t offset, void *buffer, size_t size,
				struct error *error)
{
	struct counter *counter = context;

	(void)error;
	assert_true(offset <= sample_size && size <= sample_size - offset);
	memcpy(buffer, sample + offset, size);
	counter->bytes += size;
	counter->reads++;
	return STATUS_OK;
}

static void test_a_name_costs_few_reads(void **state)
{
	static const struct file_operations operations = { .read_at = counted_read };
	struct counter counter = { 0, 0 };
	struct pdb_record record = { 0 };
	struct pdb_symbols *symbols;
	struct pdb_symbol symbol;
	struct pdb_file *pdb;
	struct file *file;

	(void)state;
	if (sample == NULL)
		skip();
	assert_int_equal(file_open_custom(&operations, &counter, sample_size, &file, NULL),
			 STATUS_OK);
	assert_int_equal(pdb_file_open(file, &pdb, NULL), STATUS_OK);
	assert_int_equal(pdb_symbols_open(pdb, &symbols, NULL), STATUS_OK);
	assert_true(counter.bytes < sample_size / 8);
	counter.bytes = counter.reads = 0;
	assert_int_equal(pdb_symbols_find(symbols, "main", &record, &symbol, NULL), STATUS_OK);
	assert_true(counter.reads < 16 && counter.bytes < 4096);
	counter.bytes = counter.reads = 0;
	assert_int_equal(pdb_symbols_at(symbols, 0x1010, &record, &symbol, NULL), STATUS_OK);
	assert_true(counter.reads < 64 && counter.bytes < 65536);
	pdb_record_fini(&record);
	pdb_symbols_close(symbols);
	pdb_file_close(pdb);
}

/* ---- Damage ------------------------------------------------------------------------ */

static bool ignore_symbol(void *context, const struct pdb_symbol *symbol)
{
	*(size_t *)context += strlen(symbol->name);
	return true;
}

static bool ignore_member(void *context, const struct pdb_member *member)
{
	*(size_t *)context += strlen(member->name);
	return true;
}

/* A question of each kind; the answers may be anything. */
static void ask_everything(struct readers *readers, bool thoroughly)
{
	struct pdb_symbol symbol;
	struct pdb_member member;
	size_t total = 0;
	uint64_t size;
	uint32_t type;
	char text[64];

	pdb_file_named_stream(readers->pdb, "/names");
	pdb_symbols_find(readers->symbols, "main", &readers->record, &symbol, NULL);
	pdb_symbols_at(readers->symbols, 0x1010, &readers->record, &symbol, NULL);
	if (pdb_types_find(readers->types, readers->symbols, "_CONTEXT", &type, NULL) ==
	    STATUS_OK) {
		pdb_types_size(readers->types, type, &size, NULL);
		pdb_types_find_field(readers->types, type, "Rip", &member, NULL);
		pdb_types_spell(readers->types, type, text, sizeof(text));
	}
	if (!thoroughly)
		return;
	pdb_symbols_visit(readers->symbols, ignore_symbol, &total, NULL);
	for (type = PDB_FIRST_TYPE; type < pdb_types_end(readers->types); type++) {
		pdb_types_spell(readers->types, type, text, sizeof(text));
		pdb_types_visit_members(readers->types, type, ignore_member, &total, NULL);
	}
}

static void test_every_truncation_has_a_status(void **state)
{
	(void)state;
	if (sample == NULL)
		skip();
	for (size_t size = 0; size < sample_size; size += size < 4096 ? 1 : BLOCK_SIZE / 2) {
		uint8_t *part = malloc(size + 1);
		struct readers readers;

		assert_non_null(part);
		memcpy(part, sample, size);
		assert_int_equal(open_bytes(part, size, &readers), STATUS_CORRUPT);
		free(part);
	}
}

static void damage_range(size_t start, size_t size, size_t step)
{
	static const uint8_t damage[] = { 0x00, 0x01, 0x7F, 0xFF };

	for (size_t at = start; at < start + size && at < sample_size; at += step) {
		uint8_t original = sample[at];

		for (size_t i = 0; i < sizeof(damage); i++) {
			struct readers readers;

			sample[at] = damage[i];
			if (damage[i] != original &&
			    open_bytes(sample, sample_size, &readers) == STATUS_OK) {
				ask_everything(&readers, false);
				close_readers(&readers);
			}
		}
		sample[at] = original;
	}
}

/* The superblock, the list of the directory's blocks and the directory itself. */
static void test_every_damaged_byte_of_header_and_directory_is_survived(void **state)
{
	uint32_t list, directory_size;

	(void)state;
	if (sample == NULL)
		skip();
	list = load_le32(sample + 52);
	directory_size = load_le32(sample + 44);
	damage_range(0, 64, 1);
	damage_range((size_t)list * BLOCK_SIZE, 4 * (directory_size / BLOCK_SIZE + 1), 1);
	for (uint32_t i = 0; i <= directory_size / BLOCK_SIZE; i++) {
		uint32_t block = load_le32(sample + (size_t)list * BLOCK_SIZE + 4 * i);

		damage_range((size_t)block * BLOCK_SIZE, BLOCK_SIZE, 3);
	}
}

/* A byte here and there of all streams, each tried with every question. */
static void test_damaged_streams_are_survived(void **state)
{
	(void)state;
	if (sample == NULL)
		skip();
	for (size_t at = 7; at < sample_size; at += 4999) {
		struct readers readers;
		uint8_t original = sample[at];

		sample[at] ^= 0xFF;
		if (open_bytes(sample, sample_size, &readers) == STATUS_OK) {
			ask_everything(&readers, true);
			close_readers(&readers);
		}
		sample[at] = original;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_its_own_guid_and_age_match),
		cmocka_unit_test(test_named_streams),
		cmocka_unit_test(test_functions_and_publics_that_windows_lists),
		cmocka_unit_test(test_names_are_exact),
		cmocka_unit_test(test_addresses_outside_the_image_have_no_symbol),
		cmocka_unit_test(test_layout_of_windows_structures),
		cmocka_unit_test(test_a_name_costs_few_reads),
		cmocka_unit_test(test_every_truncation_has_a_status),
		cmocka_unit_test(test_every_damaged_byte_of_header_and_directory_is_survived),
		cmocka_unit_test(test_damaged_streams_are_survived),
	};

	return cmocka_run_group_tests_name("pdb_sample", tests, read_sample, free_sample);
}
