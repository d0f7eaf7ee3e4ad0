/* SPDX-License-Identifier: MIT */
#include "guest/pdb_symbols.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "base/cursor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Kinds of symbol records that carry a name and an address, a type or a reference. */
enum record_kind {
	S_THUNK32 = 0x1102,
	S_LABEL32 = 0x1105,
	S_UDT = 0x1108,
	S_LDATA32 = 0x110C,
	S_GDATA32 = 0x110D,
	S_PUB32 = 0x110E,
	S_LPROC32 = 0x110F,
	S_GPROC32 = 0x1110,
	S_LTHREAD32 = 0x1112,
	S_GTHREAD32 = 0x1113,
	S_LMANDATA = 0x111C,
	S_GMANDATA = 0x111D,
	S_PROCREF = 0x1125,
	S_LPROCREF = 0x1127,
	S_LPROC32_ID = 0x1146,
	S_GPROC32_ID = 0x1147,
	S_LPROC32_DPC = 0x1155,
	S_LPROC32_DPC_ID = 0x1156
};

/* A record: bytes that follow this number, kind, then what the kind says. */
enum { LENGTH_SIZE = 2, RECORD_HEADER_SIZE = 4 };

enum { MACHINE_I386 = 0x014C };

/*
 * A hash table of names: entries {offset of the record + 1, count of uses},
 * bucket after bucket; a bit map of the buckets that hold something; and for
 * each of those its first entry, in units of 12 bytes (the size of an entry
 * in the memory of the program that wrote it).
 */
enum {
	HASH_HEADER_SIZE = 16,
	HASH_ENTRY_SIZE = 8,
	HASH_ENTRY_SIZE_IN_MEMORY = 12,
	BUCKET_COUNT = 4096,
	BUCKET_MAP_SIZE = (BUCKET_COUNT + 32) / 32 * 4,
	ENTRIES_AT_A_TIME = 64
};
static const uint32_t HASH_VERSION = 0xEFFE0000u + 19990810;

/* Publics begin with a header of their own; after the hash table lie offsets by address. */
enum { PUBLICS_HEADER_SIZE = 28 };

struct hash_table {
	uint32_t stream;
	uint64_t entries_at;
	uint32_t entry_count;
	/* First entry of each bucket and the end of the last; NULL: all must be compared. */
	uint32_t *bucket_start;
};

struct pdb_symbols {
	const struct pdb_file *pdb;
	const struct pdb_msf *msf;
	uint32_t records_stream;
	struct hash_table globals;
	struct hash_table publics;
	uint64_t by_address_at;
	uint32_t by_address_count;
};

void pdb_record_fini(struct pdb_record *record)
{
	free(record->bytes);
	record->bytes = NULL;
	record->capacity = 0;
}

/* ---- one record -------------------------------------------------------------------- */

/* Room for size bytes and the NUL that ends a name which the record does not end. */
static enum status reserve(struct pdb_record *record, size_t size, struct error *error)
{
	uint8_t *grown;

	if (record->bytes != NULL && record->capacity > size)
		return STATUS_OK;
	grown = realloc(record->bytes, size + 1);
	if (grown == NULL)
		return error_out_of_memory(error, "a symbol of a PDB");
	record->bytes = grown;
	record->capacity = size + 1;
	return STATUS_OK;
}

/* The record without its length, terminated; size_out counts from the kind. */
static enum status read_record(const struct pdb_symbols *symbols, uint32_t stream,
			       uint64_t offset, struct pdb_record *record, size_t *size_out,
			       struct error *error)
{
	uint8_t length[LENGTH_SIZE];
	enum status status;
	size_t size;

	status = pdb_msf_read(symbols->msf, stream, offset, length, sizeof(length), error);
	if (status != STATUS_OK)
		return status;
	size = load_le16(length);
	status = reserve(record, size, error);
	if (status == STATUS_OK)
		status = pdb_msf_read(symbols->msf, stream, offset + LENGTH_SIZE, record->bytes,
				      size, error);
	if (status != STATUS_OK)
		return status;
	record->bytes[size] = 0;
	*size_out = size;
	return STATUS_OK;
}

/* Where the fields of a kind stand, counted from the kind; 0 for those it lacks. */
struct record_shape {
	uint16_t record_kind;
	uint8_t kind;
	bool is_static;
	uint8_t type_at;
	uint8_t size_at;
	uint8_t size_width;
	uint8_t offset_at;
	uint8_t section_at;
	uint8_t name_at;
};

#define DATA(record, kind, is_static) \
	{ record, kind, is_static, 2, 0, 0, 6, 10, 12 }
#define PROCEDURE(record, is_static, type_at) \
	{ record, PDB_SYMBOL_FUNCTION, is_static, type_at, 14, 4, 30, 34, 37 }

/* Kinds ending in _ID give a function's identity where the others have its type. */
static const struct record_shape shapes[] = {
	{ S_PUB32, PDB_SYMBOL_PUBLIC, false, 0, 0, 0, 6, 10, 12 },
	DATA(S_GDATA32, PDB_SYMBOL_DATA, false),
	DATA(S_LDATA32, PDB_SYMBOL_DATA, true),
	DATA(S_GMANDATA, PDB_SYMBOL_DATA, false),
	DATA(S_LMANDATA, PDB_SYMBOL_DATA, true),
	DATA(S_GTHREAD32, PDB_SYMBOL_THREAD_DATA, false),
	DATA(S_LTHREAD32, PDB_SYMBOL_THREAD_DATA, true),
	PROCEDURE(S_GPROC32, false, 26),
	PROCEDURE(S_LPROC32, true, 26),
	PROCEDURE(S_GPROC32_ID, false, 0),
	PROCEDURE(S_LPROC32_ID, true, 0),
	PROCEDURE(S_LPROC32_DPC, true, 26),
	PROCEDURE(S_LPROC32_DPC_ID, true, 0),
	{ S_THUNK32, PDB_SYMBOL_THUNK, true, 0, 20, 2, 14, 18, 23 },
	{ S_LABEL32, PDB_SYMBOL_LABEL, true, 0, 0, 0, 2, 6, 9 },
	{ S_UDT, PDB_SYMBOL_TYPEDEF, false, 2, 0, 0, 0, 0, 6 },
};

static const struct record_shape *shape_of(uint16_t record_kind)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (shapes[i].record_kind == record_kind)
			return &shapes[i];
	return NULL;
}

/* False for other kinds and for a record that is cut.  A NUL follows its bytes somewhere. */
static bool parse_record(const struct pdb_symbols *symbols, const uint8_t *record, size_t size,
			 struct pdb_symbol *out)
{
	const struct record_shape *shape = size >= 2 ? shape_of(load_le16(record)) : NULL;

	if (shape == NULL || size <= shape->name_at)
		return false;
	memset(out, 0, sizeof(*out));
	out->kind = (enum pdb_symbol_kind)shape->kind;
	out->is_static = shape->is_static;
	out->name = (const char *)record + shape->name_at;
	if (shape->type_at != 0)
		out->type = load_le32(record + shape->type_at);
	if (shape->size_width == 4)
		out->size = load_le32(record + shape->size_at);
	if (shape->size_width == 2)
		out->size = load_le16(record + shape->size_at);
	if (shape->section_at != 0) {
		out->offset = load_le32(record + shape->offset_at);
		out->section = load_le16(record + shape->section_at);
		out->has_rva = shape->kind != PDB_SYMBOL_THREAD_DATA &&
			       pdb_file_rva_of(symbols->pdb, out->section, out->offset,
					       &out->rva);
	}
	return true;
}

/*
 * Replaces a reference to a function in a module by what it refers to.  A
 * reference that leads nowhere is not there: *is_symbol_out is false.
 */
static enum status follow_reference(const struct pdb_symbols *symbols, struct pdb_record *record,
				    size_t size, struct pdb_symbol *out, bool *is_symbol_out,
				    struct error *error)
{
	const struct pdb_module *module;
	enum status status;
	uint32_t offset;
	uint16_t number;

	*is_symbol_out = false;
	if (size < 12)
		return STATUS_OK;
	offset = load_le32(record->bytes + 6);
	number = load_le16(record->bytes + 10);
	if (number == 0 || number > pdb_file_module_count(symbols->pdb))
		return STATUS_OK;
	module = pdb_file_module(symbols->pdb, number - 1u);
	status = read_record(symbols, module->stream, offset, record, &size, error);
	if (status == STATUS_CORRUPT)
		return STATUS_OK;
	if (status != STATUS_OK)
		return status;
	*is_symbol_out = parse_record(symbols, record->bytes, size, out) &&
			 out->kind == PDB_SYMBOL_FUNCTION;
	return STATUS_OK;
}

/* The symbol of a record that a hash table points to. */
static enum status read_symbol(const struct pdb_symbols *symbols, uint32_t offset,
			       struct pdb_record *record, struct pdb_symbol *out,
			       bool *is_symbol_out, struct error *error)
{
	enum status status;
	uint16_t kind;
	size_t size;

	status = read_record(symbols, symbols->records_stream, offset, record, &size, error);
	if (status != STATUS_OK)
		return status;
	kind = size >= 2 ? load_le16(record->bytes) : 0;
	if (kind == S_PROCREF || kind == S_LPROCREF)
		return follow_reference(symbols, record, size, out, is_symbol_out, error);
	*is_symbol_out = parse_record(symbols, record->bytes, size, out);
	return STATUS_OK;
}

/* ---- hash tables ------------------------------------------------------------------- */

/* The hash of the PDB format: case of ASCII letters does not count. */
static uint32_t hash_name(const char *name)
{
	const uint8_t *p = (const uint8_t *)name;
	size_t left = strlen(name);
	uint32_t hash = 0;

	for (; left >= 4; left -= 4, p += 4)
		hash ^= load_le32(p);
	if (left >= 2) {
		hash ^= load_le16(p);
		left -= 2;
		p += 2;
	}
	if (left == 1)
		hash ^= *p;
	hash |= 0x20202020;
	hash ^= hash >> 11;
	return hash ^ (hash >> 16);
}

static bool fill_buckets(struct hash_table *table, const uint8_t *map, const uint8_t *starts,
			 size_t start_count)
{
	uint32_t previous = 0;
	size_t used = 0;

	for (uint32_t bucket = 0; bucket < BUCKET_COUNT; bucket++) {
		uint32_t bits = load_le32(map + (size_t)4 * (bucket / 32));
		bool holds_something = (bits >> bucket % 32) & 1;
		uint32_t start;

		table->bucket_start[bucket] = UINT32_MAX;
		if (!holds_something)
			continue;
		if (used == start_count)
			return false;
		start = load_le32(starts + 4 * used++) / HASH_ENTRY_SIZE_IN_MEMORY;
		if (start < previous || start > table->entry_count)
			return false;
		table->bucket_start[bucket] = start;
		previous = start;
	}
	/* An empty bucket ends where the next one begins. */
	table->bucket_start[BUCKET_COUNT] = table->entry_count;
	for (uint32_t bucket = BUCKET_COUNT; bucket-- > 0;)
		if (table->bucket_start[bucket] == UINT32_MAX)
			table->bucket_start[bucket] = table->bucket_start[bucket + 1];
	return true;
}

/* Buckets that do not add up are no reason to refuse: every entry is compared then. */
static enum status read_buckets(const struct pdb_symbols *symbols, struct hash_table *table,
				uint64_t at, uint32_t size, struct error *error)
{
	enum status status;
	uint8_t *bytes;

	if (size < BUCKET_MAP_SIZE || size > BUCKET_MAP_SIZE + 4 * (BUCKET_COUNT + 1))
		return STATUS_OK;
	status = pdb_msf_read_new(symbols->msf, table->stream, at, size, &bytes, error);
	if (status != STATUS_OK)
		return status;
	table->bucket_start = malloc((BUCKET_COUNT + 1) * sizeof(*table->bucket_start));
	if (table->bucket_start == NULL) {
		free(bytes);
		return error_out_of_memory(error, "a hash table of a PDB");
	}
	if (!fill_buckets(table, bytes, bytes + BUCKET_MAP_SIZE, (size - BUCKET_MAP_SIZE) / 4)) {
		free(table->bucket_start);
		table->bucket_start = NULL;
	}
	free(bytes);
	return STATUS_OK;
}

static enum status open_table(const struct pdb_symbols *symbols, struct hash_table *table,
			      uint32_t stream, uint64_t at, uint64_t size, struct error *error)
{
	uint8_t header[HASH_HEADER_SIZE];
	uint32_t entry_bytes, bucket_bytes;
	enum status status;

	table->stream = stream;
	if (size == 0)
		return STATUS_OK;
	if (size < HASH_HEADER_SIZE)
		return error_set(error, STATUS_CORRUPT, "PDB: hash table in stream %" PRIu32
				 " is cut", stream);
	status = pdb_msf_read(symbols->msf, stream, at, header, sizeof(header), error);
	if (status != STATUS_OK)
		return status;
	if (load_le32(header) != UINT32_MAX || load_le32(header + 4) != HASH_VERSION)
		return error_set(error, STATUS_UNSUPPORTED_VERSION,
				 "PDB: hash table in stream %" PRIu32 " has an unknown version",
				 stream);
	entry_bytes = load_le32(header + 8);
	bucket_bytes = load_le32(header + 12);
	size -= HASH_HEADER_SIZE;
	if (entry_bytes > size || bucket_bytes > size - entry_bytes)
		return error_set(error, STATUS_CORRUPT, "PDB: hash table in stream %" PRIu32
				 " runs past its end", stream);
	table->entries_at = at + HASH_HEADER_SIZE;
	table->entry_count = entry_bytes / HASH_ENTRY_SIZE;
	return read_buckets(symbols, table, table->entries_at + entry_bytes, bucket_bytes, error);
}

static enum status open_publics(struct pdb_symbols *symbols, struct error *error)
{
	uint32_t stream = pdb_file_publics_stream(symbols->pdb);
	uint32_t size = pdb_msf_stream_size(symbols->msf, stream);
	uint32_t hash_bytes, address_bytes;
	uint8_t header[8];
	enum status status;

	if (size < PUBLICS_HEADER_SIZE)
		return STATUS_OK;
	status = pdb_msf_read(symbols->msf, stream, 0, header, sizeof(header), error);
	if (status != STATUS_OK)
		return status;
	hash_bytes = load_le32(header);
	address_bytes = load_le32(header + 4);
	size -= PUBLICS_HEADER_SIZE;
	if (hash_bytes > size || address_bytes > size - hash_bytes)
		return error_set(error, STATUS_CORRUPT,
				 "PDB: the public symbols run past stream %" PRIu32, stream);
	symbols->by_address_at = PUBLICS_HEADER_SIZE + (uint64_t)hash_bytes;
	symbols->by_address_count = address_bytes / 4;
	return open_table(symbols, &symbols->publics, stream, PUBLICS_HEADER_SIZE, hash_bytes,
			  error);
}

enum status pdb_symbols_open(const struct pdb_file *pdb, struct pdb_symbols **out,
			     struct error *error)
{
	struct pdb_symbols *symbols = calloc(1, sizeof(*symbols));
	uint32_t globals = pdb_file_globals_stream(pdb);
	enum status status;

	if (symbols == NULL)
		return error_out_of_memory(error, "the symbols of a PDB");
	symbols->pdb = pdb;
	symbols->msf = pdb_file_msf(pdb);
	symbols->records_stream = pdb_file_records_stream(pdb);
	status = open_table(symbols, &symbols->globals, globals, 0,
			    pdb_msf_stream_size(symbols->msf, globals), error);
	if (status == STATUS_OK)
		status = open_publics(symbols, error);
	if (status != STATUS_OK) {
		pdb_symbols_close(symbols);
		return status;
	}
	*out = symbols;
	return STATUS_OK;
}

void pdb_symbols_close(struct pdb_symbols *symbols)
{
	if (symbols == NULL)
		return;
	free(symbols->publics.bucket_start);
	free(symbols->globals.bucket_start);
	free(symbols);
}

/* ---- by name ----------------------------------------------------------------------- */

/* Visits entries [first, end) but those that point outside the records. */
static enum status walk_entries(const struct pdb_symbols *symbols, const struct hash_table *table,
				uint32_t first, uint32_t end, struct pdb_record *record,
				pdb_symbol_visitor visit, void *context, struct error *error)
{
	uint8_t entries[ENTRIES_AT_A_TIME * HASH_ENTRY_SIZE];

	while (first < end) {
		uint32_t count = (uint32_t)min_u64(end - first, ENTRIES_AT_A_TIME);
		enum status status;

		status = pdb_msf_read(symbols->msf, table->stream,
				      table->entries_at + (uint64_t)first * HASH_ENTRY_SIZE,
				      entries, (size_t)count * HASH_ENTRY_SIZE, error);
		if (status != STATUS_OK)
			return status;
		for (uint32_t i = 0; i < count; i++) {
			uint32_t offset = load_le32(entries + (size_t)i * HASH_ENTRY_SIZE);
			bool is_symbol = false;
			struct pdb_symbol symbol;

			if (offset == 0)
				continue;
			status = read_symbol(symbols, offset - 1, record, &symbol, &is_symbol,
					     error);
			if (status != STATUS_OK && status != STATUS_CORRUPT)
				return status;
			if (is_symbol && !visit(context, &symbol))
				return STATUS_OK;
		}
		first += count;
	}
	return STATUS_OK;
}

struct name_search {
	const char *name;
	bool typedefs;		/* typedefs are wanted, and nothing else */
	bool with_address;	/* only what has an address */
	bool found;
	struct pdb_symbol symbol;
};

static bool match_name(void *context, const struct pdb_symbol *symbol)
{
	struct name_search *search = context;

	if ((symbol->kind == PDB_SYMBOL_TYPEDEF) != search->typedefs ||
	    (search->with_address && !symbol->has_rva) ||
	    strcmp(symbol->name, search->name) != 0)
		return true;
	search->symbol = *symbol;
	search->found = true;
	return false;
}

static enum status search_table(const struct pdb_symbols *symbols, const struct hash_table *table,
				struct name_search *search, struct pdb_record *record,
				struct error *error)
{
	uint32_t bucket = hash_name(search->name) % BUCKET_COUNT;
	uint32_t first = 0, end = table->entry_count;

	if (table->bucket_start != NULL) {
		first = table->bucket_start[bucket];
		end = table->bucket_start[bucket + 1];
	}
	return walk_entries(symbols, table, first, end, record, match_name, search, error);
}

/*
 * LLD (seen in version 14) takes the hash of an eight-character name over the
 * bytes behind it too, since such names have no NUL in an object file: they lie
 * in any bucket, and all of them must be compared.
 */
enum { MISPLACED_NAME_LENGTH = 8 };

static enum status search_publics(const struct pdb_symbols *symbols, struct name_search *search,
				  struct pdb_record *record, struct error *error)
{
	enum status status = search_table(symbols, &symbols->publics, search, record, error);

	if (status != STATUS_OK || search->found ||
	    strlen(search->name) != MISPLACED_NAME_LENGTH)
		return status;
	return walk_entries(symbols, &symbols->publics, 0, symbols->publics.entry_count, record,
			    match_name, search, error);
}

static enum status search_both(const struct pdb_symbols *symbols, struct name_search *search,
			       struct pdb_record *record, struct error *error)
{
	enum status status = search_table(symbols, &symbols->globals, search, record, error);

	return status != STATUS_OK || search->found ? status :
	       search_publics(symbols, search, record, error);
}

static enum status search_underscored(const struct pdb_symbols *symbols,
				      struct name_search *search, struct pdb_record *record,
				      struct error *error)
{
	size_t length = strlen(search->name);
	char *decorated = malloc(length + 2);
	enum status status;

	if (decorated == NULL)
		return error_out_of_memory(error, "a symbol's name");
	decorated[0] = '_';
	memcpy(decorated + 1, search->name, length + 1);
	search->name = decorated;
	status = search_publics(symbols, search, record, error);
	free(decorated);
	return status;
}

static enum status not_found(struct error *error, const char *what, const char *name)
{
	return error_set(error, STATUS_SYMBOL_NOT_FOUND, "no %s '%.200s' in the PDB", what, name);
}

enum status pdb_symbols_find(const struct pdb_symbols *symbols, const char *name,
			     struct pdb_record *record, struct pdb_symbol *out,
			     struct error *error)
{
	struct name_search search = { .name = name, .with_address = true };
	enum status status = search_both(symbols, &search, record, error);

	if (status == STATUS_OK && !search.found &&
	    pdb_file_machine(symbols->pdb) == MACHINE_I386)
		status = search_underscored(symbols, &search, record, error);
	if (status == STATUS_OK && !search.found) {
		search.name = name;
		search.with_address = false;
		status = search_both(symbols, &search, record, error);
	}
	if (status != STATUS_OK)
		return status;
	if (!search.found)
		return not_found(error, "symbol", name);
	*out = search.symbol;
	return STATUS_OK;
}

enum status pdb_symbols_find_typedef(const struct pdb_symbols *symbols, const char *name,
				     uint32_t *type_out, struct error *error)
{
	struct name_search search = { .name = name, .typedefs = true };
	struct pdb_record record = { 0 };
	enum status status;

	status = search_table(symbols, &symbols->globals, &search, &record, error);
	pdb_record_fini(&record);
	if (status != STATUS_OK)
		return status;
	if (!search.found)
		return not_found(error, "type name", name);
	*type_out = search.symbol.type;
	return STATUS_OK;
}

/* ---- all --------------------------------------------------------------------------- */

struct whole_visit {
	pdb_symbol_visitor visit;
	void *context;
	bool stopped;
};

static bool pass_on(void *context, const struct pdb_symbol *symbol)
{
	struct whole_visit *visit = context;

	visit->stopped = !visit->visit(visit->context, symbol);
	return !visit->stopped;
}

enum status pdb_symbols_visit(const struct pdb_symbols *symbols, pdb_symbol_visitor visit,
			      void *context, struct error *error)
{
	struct whole_visit all = { visit, context, false };
	struct pdb_record record = { 0 };
	enum status status;

	status = walk_entries(symbols, &symbols->publics, 0, symbols->publics.entry_count, &record,
			      pass_on, &all, error);
	if (status == STATUS_OK && !all.stopped)
		status = walk_entries(symbols, &symbols->globals, 0, symbols->globals.entry_count,
				      &record, pass_on, &all, error);
	pdb_record_fini(&record);
	return status;
}

/* Calls visit for each symbol among size bytes of records, behind which a NUL follows. */
static void walk_records(const struct pdb_symbols *symbols, const uint8_t *bytes, size_t size,
			 pdb_symbol_visitor visit, void *context)
{
	struct cursor at = cursor_over(bytes, size);
	const uint8_t *record;
	uint16_t length;

	while (cursor_take_le16(&at, &length) && cursor_take(&at, length, &record)) {
		struct pdb_symbol symbol;

		if (parse_record(symbols, record, length, &symbol) &&
		    !visit(context, &symbol))
			return;
	}
}

enum status pdb_symbols_visit_module(const struct pdb_symbols *symbols, uint32_t module,
				     pdb_symbol_visitor visit, void *context,
				     struct error *error)
{
	enum status status;
	uint8_t *bytes;
	size_t size;

	status = pdb_file_read_symbols(symbols->pdb, module, &bytes, &size, error);
	if (status != STATUS_OK)
		return status;
	walk_records(symbols, bytes, size, visit, context);
	free(bytes);
	return STATUS_OK;
}

/* ---- by address -------------------------------------------------------------------- */

struct place {
	uint16_t section;
	uint32_t offset;
};

static bool place_is_after(struct place a, struct place b)
{
	return a.section != b.section ? a.section > b.section : a.offset > b.offset;
}

/* Where the public symbol at a position of the address table lies, and its record. */
static enum status read_public_place(const struct pdb_symbols *symbols, uint32_t position,
				     struct place *out, uint32_t *record_out, struct error *error)
{
	uint8_t bytes[4], record[RECORD_HEADER_SIZE + 10];
	enum status status;
	uint32_t offset;

	status = pdb_msf_read(symbols->msf, symbols->publics.stream,
			      symbols->by_address_at + 4 * (uint64_t)position, bytes,
			      sizeof(bytes), error);
	if (status != STATUS_OK)
		return status;
	offset = load_le32(bytes);
	status = pdb_msf_read(symbols->msf, symbols->records_stream, offset, record,
			      sizeof(record), error);
	if (status != STATUS_OK)
		return status;
	out->offset = load_le32(record + RECORD_HEADER_SIZE + 4);
	out->section = load_le16(record + RECORD_HEADER_SIZE + 8);
	*record_out = offset;
	return STATUS_OK;
}

/* The last public symbol that does not start after the place. */
static enum status find_public(const struct pdb_symbols *symbols, struct place wanted,
			       struct pdb_record *record, struct pdb_symbol *out, bool *found_out,
			       struct error *error)
{
	uint32_t low = 0, high = symbols->by_address_count, offset = 0;
	enum status status;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2, candidate;
		struct place place;

		status = read_public_place(symbols, middle, &place, &candidate, error);
		if (status != STATUS_OK)
			return status;
		if (place_is_after(place, wanted)) {
			high = middle;
		} else {
			offset = candidate;
			low = middle + 1;
		}
	}
	*found_out = false;
	if (low == 0)
		return STATUS_OK;
	status = read_symbol(symbols, offset, record, out, found_out, error);
	if (*found_out && (out->section != wanted.section || !out->has_rva))
		*found_out = false;
	return status;
}

struct place_search {
	struct place wanted;
	bool found;
	bool contains;			/* the symbol found reaches over the place */
	struct pdb_symbol symbol;	/* its name lies in the module's bytes */
};

static bool match_place(void *context, const struct pdb_symbol *symbol)
{
	struct place_search *search = context;
	uint32_t before = search->wanted.offset - symbol->offset;

	if (!symbol->has_rva || symbol->section != search->wanted.section ||
	    symbol->offset > search->wanted.offset)
		return true;
	search->contains = before < symbol->size;
	if (!search->contains && search->found && symbol->offset <= search->symbol.offset)
		return true;
	search->symbol = *symbol;
	search->found = true;
	return !search->contains;
}

/* Moves a symbol's name into the caller's record. */
static enum status keep_name(struct pdb_symbol *symbol, struct pdb_record *record,
			     struct error *error)
{
	size_t length = strlen(symbol->name);
	enum status status = reserve(record, length, error);

	if (status != STATUS_OK)
		return status;
	memcpy(record->bytes, symbol->name, length + 1);
	symbol->name = (const char *)record->bytes;
	return STATUS_OK;
}

/* The module at the place may know a nearer symbol, or a function that contains the place. */
static enum status prefer_module_symbol(const struct pdb_symbols *symbols, struct place wanted,
					struct pdb_record *record, struct pdb_symbol *symbol,
					bool *found, struct error *error)
{
	struct place_search search = { .wanted = wanted };
	enum status status;
	uint32_t module;
	uint8_t *bytes;
	size_t size;

	status = pdb_file_module_at(symbols->pdb, wanted.section, wanted.offset, &module, error);
	if (status == STATUS_OK)
		status = pdb_file_read_symbols(symbols->pdb, module, &bytes, &size, error);
	if (status != STATUS_OK)
		return status;
	walk_records(symbols, bytes, size, match_place, &search);
	if (search.found && (!*found || search.contains ||
			     search.symbol.offset >= symbol->offset)) {
		status = keep_name(&search.symbol, record, error);
		if (status == STATUS_OK) {
			*symbol = search.symbol;
			*found = true;
		}
	}
	free(bytes);
	return status;
}

enum status pdb_symbols_at(const struct pdb_symbols *symbols, uint32_t rva,
			   struct pdb_record *record, struct pdb_symbol *out,
			   struct error *error)
{
	struct pdb_symbol symbol;
	enum status status;
	struct place place;
	bool found = false;

	if (!pdb_file_section_of(symbols->pdb, rva, &place.section, &place.offset))
		return error_set(error, STATUS_SYMBOL_NOT_FOUND,
				 "PDB: no section holds address 0x%" PRIx32 " of the image", rva);
	status = find_public(symbols, place, record, &symbol, &found, error);
	if (status != STATUS_OK)
		return status;
	status = prefer_module_symbol(symbols, place, record, &symbol, &found, error);
	if (!found)
		return status != STATUS_OK ? status :
			error_set(error, STATUS_SYMBOL_NOT_FOUND,
				  "PDB: no symbol at or before address 0x%" PRIx32
				  " of the image", rva);
	if (status == STATUS_OUT_OF_MEMORY || status == STATUS_READ_FAILED)
		return status;
	*out = symbol;
	return STATUS_OK;
}
