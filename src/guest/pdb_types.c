/* SPDX-License-Identifier: MIT */
#include "guest/pdb_types.h"
#include "base/bytes.h"
#include "base/cursor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TPI_STREAM = 2, TPI_HEADER_SIZE = 56, TPI_VERSION_V70 = 19990903 };

/* Kinds of type records ("leaves"). */
enum leaf {
	LF_MODIFIER = 0x1001,
	LF_POINTER = 0x1002,
	LF_PROCEDURE = 0x1008,
	LF_MFUNCTION = 0x1009,
	LF_ARGLIST = 0x1201,
	LF_FIELDLIST = 0x1203,
	LF_BITFIELD = 0x1205,
	LF_ARRAY = 0x1503,
	LF_CLASS = 0x1504,
	LF_STRUCTURE = 0x1505,
	LF_UNION = 0x1506,
	LF_ENUM = 0x1507,
	LF_ALIAS = 0x150A,
	LF_STRIDED_ARRAY = 0x1516,
	LF_INTERFACE = 0x1519,
	LF_CLASS_V19 = 0x1608,		/* written by compilers from 2019 on for some types */
	LF_STRUCTURE_V19 = 0x1609,
	LF_UNION_V19 = 0x160A,
	LF_INTERFACE_V19 = 0x160B
};

/* Kinds of entries in a field list. */
enum field_leaf {
	LF_BCLASS = 0x1400,
	LF_VBCLASS = 0x1401,
	LF_IVBCLASS = 0x1402,
	LF_INDEX = 0x1404,
	LF_VFUNCTAB = 0x1409,
	LF_FRIENDCLS = 0x140A,
	LF_VFUNCOFF = 0x140C,
	LF_ENUMERATE = 0x1502,
	LF_FRIENDFCN = 0x150C,
	LF_MEMBER = 0x150D,
	LF_STMEMBER = 0x150E,
	LF_METHOD = 0x150F,
	LF_NESTTYPE = 0x1510,
	LF_ONEMETHOD = 0x1511,
	LF_NESTTYPEEX = 0x1512,
	LF_MEMBERMODIFY = 0x1513,
	LF_BINTERFACE = 0x151A,
	LF_PAD0 = 0xF0	/* a byte: its low four bits count the bytes of padding */
};

enum { PROPERTY_FORWARD_REFERENCE = 0x80, PROPERTY_UNIQUE_NAME = 0x200 };

/* No program nests declarators or typedefs this deep. */
enum { CHAIN_LIMIT = 64 };

/* Definitions by name: chains of types in buckets, both ended by 0. */
struct name_index {
	uint32_t *bucket;
	uint32_t *next;
};

struct pdb_types {
	uint8_t *bytes;			/* the stream */
	uint32_t records_size;
	uint8_t pointer_size;		/* of the machine */
	uint32_t end;
	uint32_t *record_at;		/* offset of each record's leaf in bytes */
	uint32_t bucket_mask;
	struct name_index by_name;
	struct name_index by_unique_name;
};

static bool is_simple(uint32_t type)
{
	return type < PDB_FIRST_TYPE;
}

/* A cursor over the record behind its leaf; false when there is no such record. */
static bool get_record(const struct pdb_types *types, uint32_t type, uint16_t *leaf_out,
		       struct cursor *out)
{
	const uint8_t *record;

	if (is_simple(type) || type >= types->end)
		return false;
	record = types->bytes + types->record_at[type - PDB_FIRST_TYPE];
	*leaf_out = load_le16(record);
	*out = cursor_over(record + 2, load_le16(record - 2) - 2u);
	return true;
}

static enum status no_such_type(struct error *error, uint32_t type)
{
	return error_set(error, STATUS_CORRUPT, "PDB: type 0x%" PRIx32 " cannot be read", type);
}

/* ---- values inside records --------------------------------------------------------- */

static bool take_text(struct cursor *at, const char **out)
{
	const uint8_t *start = at->start + at->position;
	const uint8_t *end = memchr(start, 0, cursor_remaining(at));

	if (end == NULL)
		return false;
	at->position += (size_t)(end - start) + 1;
	*out = (const char *)start;
	return true;
}

/* How a number of variable size is stored; those without a sign rule are no integers. */
struct numeric_form {
	uint16_t leaf;
	uint8_t size;
	char sort;	/* 's' signed, 'u' unsigned, 'x' other: taken as 0 */
};

static const struct numeric_form numeric_forms[] = {
	{ 0x8000, 1, 's' }, { 0x8001, 2, 's' }, { 0x8002, 2, 'u' }, { 0x8003, 4, 's' },
	{ 0x8004, 4, 'u' }, { 0x8005, 4, 'x' }, { 0x8006, 8, 'x' }, { 0x8007, 10, 'x' },
	{ 0x8008, 16, 'x' }, { 0x8009, 8, 's' }, { 0x800A, 8, 'u' }, { 0x800B, 6, 'x' },
	{ 0x800C, 8, 'x' }, { 0x800D, 16, 'x' }, { 0x800E, 20, 'x' }, { 0x800F, 32, 'x' },
	{ 0x8017, 16, 'u' }, { 0x8018, 16, 'u' }, { 0x8019, 16, 'x' }, { 0x801A, 8, 'x' },
	{ 0x801C, 2, 'x' },
};

enum { NUMERIC_FIRST = 0x8000, NUMERIC_VARIABLE_STRING = 0x8010, NUMERIC_UTF8_STRING = 0x801B };

/* Of 16-byte integers the low eight bytes count. */
static uint64_t numeric_value(const uint8_t *bytes, const struct numeric_form *form)
{
	uint64_t value = 0;
	unsigned width = form->size < 8 ? form->size : 8;

	if (form->sort == 'x')
		return 0;
	for (unsigned i = 0; i < width; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	if (form->sort == 's' && width < 8 && (bytes[width - 1] & 0x80) != 0)
		value |= UINT64_MAX << (8 * width);
	return value;
}

static bool take_numeric(struct cursor *at, uint64_t *out)
{
	const uint8_t *bytes;
	const char *text;
	uint16_t leaf;

	if (!cursor_take_le16(at, &leaf))
		return false;
	*out = leaf;
	if (leaf < NUMERIC_FIRST)
		return true;
	for (size_t i = 0; i < sizeof(numeric_forms) / sizeof(numeric_forms[0]); i++) {
		if (numeric_forms[i].leaf != leaf)
			continue;
		if (!cursor_take(at, numeric_forms[i].size, &bytes))
			return false;
		*out = numeric_value(bytes, &numeric_forms[i]);
		return true;
	}
	*out = 0;
	if (leaf == NUMERIC_VARIABLE_STRING)
		return cursor_take_le16(at, &leaf) && cursor_skip(at, leaf);
	return leaf == NUMERIC_UTF8_STRING && take_text(at, &text);
}

/* ---- basic types ------------------------------------------------------------------- */

struct simple_type {
	uint8_t kind;
	uint8_t size;
	const char *name;
};

/* The first of each name is the one that is found by it. */
static const struct simple_type simple_types[] = {
	{ 0x03, 0, "void" },
	{ 0x08, 4, "HRESULT" },
	{ 0x70, 1, "char" },
	{ 0x10, 1, "signed char" },
	{ 0x20, 1, "unsigned char" },
	{ 0x7C, 1, "char8_t" },
	{ 0x7A, 2, "char16_t" },
	{ 0x7B, 4, "char32_t" },
	{ 0x71, 2, "wchar_t" },
	{ 0x68, 1, "signed char" },
	{ 0x69, 1, "unsigned char" },
	{ 0x11, 2, "short" },
	{ 0x21, 2, "unsigned short" },
	{ 0x72, 2, "short" },
	{ 0x73, 2, "unsigned short" },
	{ 0x74, 4, "int" },
	{ 0x75, 4, "unsigned int" },
	{ 0x12, 4, "long" },
	{ 0x22, 4, "unsigned long" },
	{ 0x13, 8, "long long" },
	{ 0x23, 8, "unsigned long long" },
	{ 0x76, 8, "long long" },
	{ 0x77, 8, "unsigned long long" },
	{ 0x14, 16, "__int128" },
	{ 0x24, 16, "unsigned __int128" },
	{ 0x78, 16, "__int128" },
	{ 0x79, 16, "unsigned __int128" },
	{ 0x30, 1, "bool" },
	{ 0x31, 2, "bool" },
	{ 0x32, 4, "bool" },
	{ 0x33, 8, "bool" },
	{ 0x34, 16, "bool" },
	{ 0x46, 2, "_Float16" },
	{ 0x40, 4, "float" },
	{ 0x45, 4, "float" },
	{ 0x44, 6, "__float48" },
	{ 0x41, 8, "double" },
	{ 0x42, 10, "long double" },
	{ 0x43, 16, "__float128" },
	{ 0x54, 4, "_Float16 _Complex" },
	{ 0x50, 8, "float _Complex" },
	{ 0x51, 16, "double _Complex" },
	{ 0x52, 20, "long double _Complex" },
	{ 0x53, 32, "__float128 _Complex" },
	{ 0x60, 1, "bit" },
	{ 0x61, 1, "pascal char" },
	{ 0x62, 4, "bool" },
};

enum { SIMPLE_COUNT = sizeof(simple_types) / sizeof(simple_types[0]) };

static const struct simple_type *simple_type(uint32_t type)
{
	for (size_t i = 0; i < SIMPLE_COUNT; i++)
		if (simple_types[i].kind == (type & 0xFF))
			return &simple_types[i];
	return NULL;
}

/* Bits 8 to 10: a plain object, or one of seven sorts of pointer to it. */
static unsigned simple_mode(uint32_t type)
{
	return (type >> 8) & 7;
}

/* The type of nullptr: formally a 16-bit pointer to void, in truth as wide as any pointer. */
enum { SIMPLE_NULLPTR = 0x0103 };

static uint64_t simple_size(const struct pdb_types *types, uint32_t type)
{
	static const uint8_t pointer_size[] = { 0, 2, 4, 4, 4, 6, 8, 16 };
	const struct simple_type *simple = simple_type(type);

	if (type == SIMPLE_NULLPTR)
		return types->pointer_size;
	if (simple_mode(type) != 0)
		return pointer_size[simple_mode(type)];
	return simple != NULL ? simple->size : 0;
}

/* ---- structures, classes, unions and enumerations ---------------------------------- */

/* Declarations and definitions meet only within a family: struct and class are one. */
enum family { FAMILY_NONE, FAMILY_CLASS, FAMILY_UNION, FAMILY_ENUM, FAMILY_COUNT };

struct tag {
	enum family family;
	const char *keyword;
	bool is_forward_reference;
	uint32_t fields;		/* type of the field list; 0 without */
	uint32_t underlying;		/* of an enumeration */
	uint64_t size;			/* of the others */
	const char *name;
	const char *unique_name;	/* NULL without */
};

static enum family family_of(uint16_t leaf, const char **keyword_out)
{
	switch (leaf) {
	case LF_CLASS:
	case LF_CLASS_V19:
		*keyword_out = "class";
		return FAMILY_CLASS;
	case LF_STRUCTURE:
	case LF_STRUCTURE_V19:
		*keyword_out = "struct";
		return FAMILY_CLASS;
	case LF_INTERFACE:
	case LF_INTERFACE_V19:
		*keyword_out = "__interface";
		return FAMILY_CLASS;
	case LF_UNION:
	case LF_UNION_V19:
		*keyword_out = "union";
		return FAMILY_UNION;
	case LF_ENUM:
		*keyword_out = "enum";
		return FAMILY_ENUM;
	default:
		return FAMILY_NONE;
	}
}

/* The newer form has wider properties, and the count of members behind the types. */
static bool take_tag_start(struct cursor *at, uint16_t leaf, uint32_t *properties_out)
{
	uint16_t properties;

	if (leaf >= LF_CLASS_V19)
		return cursor_take_le32(at, properties_out);
	if (!cursor_skip(at, 2) || !cursor_take_le16(at, &properties))
		return false;
	*properties_out = properties;
	return true;
}

static bool take_tag_types(struct cursor *at, uint16_t leaf, struct tag *tag)
{
	uint64_t member_count;

	if (tag->family == FAMILY_ENUM)
		return cursor_take_le32(at, &tag->underlying) &&
		       cursor_take_le32(at, &tag->fields);
	if (!cursor_take_le32(at, &tag->fields))
		return false;
	/* Two more: the list of derived classes and the shape of the table of methods. */
	if (tag->family == FAMILY_CLASS && !cursor_skip(at, 8))
		return false;
	if (leaf >= LF_CLASS_V19 && !take_numeric(at, &member_count))
		return false;
	return take_numeric(at, &tag->size);
}

/* False for a type of another kind and for a record that is cut. */
static bool get_tag(const struct pdb_types *types, uint32_t type, struct tag *out)
{
	struct tag tag = { .family = FAMILY_NONE };
	uint32_t properties;
	struct cursor at;
	uint16_t leaf;

	if (!get_record(types, type, &leaf, &at))
		return false;
	tag.family = family_of(leaf, &tag.keyword);
	if (tag.family == FAMILY_NONE || !take_tag_start(&at, leaf, &properties) ||
	    !take_tag_types(&at, leaf, &tag) || !take_text(&at, &tag.name))
		return false;
	tag.is_forward_reference = (properties & PROPERTY_FORWARD_REFERENCE) != 0;
	if ((properties & PROPERTY_UNIQUE_NAME) != 0 && !take_text(&at, &tag.unique_name))
		tag.unique_name = NULL;
	*out = tag;
	return true;
}

static uint32_t hash_tag(enum family family, const char *name)
{
	uint32_t hash = 2166136261u ^ (uint32_t)family;	/* FNV-1a */

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash;
}

static void index_name(const struct pdb_types *types, struct name_index *index, uint32_t type,
		       enum family family, const char *name)
{
	uint32_t *bucket = &index->bucket[hash_tag(family, name) & types->bucket_mask];

	index->next[type - PDB_FIRST_TYPE] = *bucket;
	*bucket = type;
}

/* The definition of that name, or 0. */
static uint32_t find_definition(const struct pdb_types *types, enum family family,
				const char *name, bool unique)
{
	const struct name_index *index = unique ? &types->by_unique_name : &types->by_name;
	uint32_t type;

	if (index->bucket == NULL)
		return 0;
	type = index->bucket[hash_tag(family, name) & types->bucket_mask];
	for (; type != 0; type = index->next[type - PDB_FIRST_TYPE]) {
		struct tag tag;

		if (get_tag(types, type, &tag) && tag.family == family &&
		    strcmp(unique ? tag.unique_name : tag.name, name) == 0)
			return type;
	}
	return 0;
}

/* Puts the definition in place of a declaration; false when there is none. */
static bool define_tag(const struct pdb_types *types, uint32_t *type, struct tag *tag)
{
	bool unique = tag->unique_name != NULL;
	uint32_t definition;

	if (!tag->is_forward_reference)
		return true;
	definition = find_definition(types, tag->family, unique ? tag->unique_name : tag->name,
				     unique);
	if (definition == 0 || !get_tag(types, definition, tag))
		return false;
	*type = definition;
	return true;
}

static enum status not_defined(struct error *error, const char *name)
{
	return error_set(error, STATUS_SYMBOL_NOT_FOUND,
			 "the PDB declares '%.200s' and does not define it", name);
}

/* ---- opening ----------------------------------------------------------------------- */

struct tpi_header {
	uint32_t size;
	uint32_t end;
	uint32_t records_size;
};

static enum status check_header(const uint8_t *bytes, uint32_t stream_size,
				struct tpi_header *out, struct error *error)
{
	uint32_t first;

	if (stream_size < TPI_HEADER_SIZE)
		return error_set(error, STATUS_CORRUPT, "PDB: the type stream is too short");
	if (load_le32(bytes) < TPI_VERSION_V70)
		return error_set(error, STATUS_UNSUPPORTED_VERSION,
				 "PDB: version %" PRIu32 " of the type stream is not read",
				 load_le32(bytes));
	out->size = load_le32(bytes + 4);
	first = load_le32(bytes + 8);
	out->end = load_le32(bytes + 12);
	out->records_size = load_le32(bytes + 16);
	if (out->size < TPI_HEADER_SIZE || out->size > stream_size ||
	    out->records_size > stream_size - out->size || first != PDB_FIRST_TYPE ||
	    out->end < first || out->end - first > out->records_size / 4)
		return error_set(error, STATUS_CORRUPT,
				 "PDB: types 0x%" PRIx32 " to 0x%" PRIx32 " in %" PRIu32
				 " bytes do not fit the type stream", first, out->end,
				 out->records_size);
	return STATUS_OK;
}

static enum status find_records(struct pdb_types *types, const struct tpi_header *header,
				struct error *error)
{
	struct cursor at = cursor_over(types->bytes + header->size, header->records_size);
	const uint8_t *record;
	uint16_t length;

	for (uint32_t type = PDB_FIRST_TYPE; type < header->end; type++) {
		if (!cursor_take_le16(&at, &length) || length < 2 ||
		    !cursor_take(&at, length, &record))
			return error_set(error, STATUS_CORRUPT,
					 "PDB: type 0x%" PRIx32 " runs past the type stream",
					 type);
		types->record_at[type - PDB_FIRST_TYPE] = (uint32_t)(record - types->bytes);
	}
	types->end = header->end;
	types->records_size = header->records_size;
	return STATUS_OK;
}

/* Backwards, so that the first of several definitions is the one that is found. */
static void index_names(struct pdb_types *types)
{
	for (uint32_t type = types->end; type-- > PDB_FIRST_TYPE;) {
		struct tag tag;

		if (!get_tag(types, type, &tag) || tag.is_forward_reference)
			continue;
		index_name(types, &types->by_name, type, tag.family, tag.name);
		if (tag.unique_name != NULL)
			index_name(types, &types->by_unique_name, type, tag.family,
				   tag.unique_name);
	}
}

static enum status allocate_index(struct pdb_types *types, uint32_t count, struct error *error)
{
	size_t buckets = 256;

	while (buckets < count / 2)
		buckets *= 2;
	types->bucket_mask = (uint32_t)buckets - 1;
	types->record_at = calloc((size_t)count + 1, sizeof(*types->record_at));
	types->by_name.bucket = calloc(buckets, sizeof(uint32_t));
	types->by_name.next = calloc((size_t)count + 1, sizeof(uint32_t));
	types->by_unique_name.bucket = calloc(buckets, sizeof(uint32_t));
	types->by_unique_name.next = calloc((size_t)count + 1, sizeof(uint32_t));
	if (types->record_at == NULL || types->by_name.bucket == NULL ||
	    types->by_name.next == NULL || types->by_unique_name.bucket == NULL ||
	    types->by_unique_name.next == NULL)
		return error_out_of_memory(error, "the index of a PDB's types");
	return STATUS_OK;
}

static enum status load_types(struct pdb_types *types, const struct pdb_msf *msf,
			      uint32_t stream_size, struct error *error)
{
	struct tpi_header header = { 0 };
	enum status status;

	status = pdb_msf_read_new(msf, TPI_STREAM, 0, stream_size, &types->bytes, error);
	if (status == STATUS_OK)
		status = check_header(types->bytes, stream_size, &header, error);
	if (status == STATUS_OK)
		status = allocate_index(types, header.end - PDB_FIRST_TYPE, error);
	if (status == STATUS_OK)
		status = find_records(types, &header, error);
	if (status == STATUS_OK)
		index_names(types);
	return status;
}

static uint8_t machine_pointer_size(uint16_t machine)
{
	enum { I386 = 0x014C, ARM = 0x01C0, THUMB = 0x01C2, ARM_NT = 0x01C4 };

	return machine == I386 || machine == ARM || machine == THUMB || machine == ARM_NT ? 4 : 8;
}

enum status pdb_types_open(const struct pdb_file *pdb, struct pdb_types **out,
			   struct error *error)
{
	uint32_t size = pdb_msf_stream_size(pdb_file_msf(pdb), TPI_STREAM);
	struct pdb_types *types = calloc(1, sizeof(*types));
	enum status status = STATUS_OK;

	if (types == NULL)
		return error_out_of_memory(error, "the types of a PDB");
	types->end = PDB_FIRST_TYPE;
	types->pointer_size = machine_pointer_size(pdb_file_machine(pdb));
	if (size != 0)
		status = load_types(types, pdb_file_msf(pdb), size, error);
	if (status != STATUS_OK) {
		pdb_types_close(types);
		return status;
	}
	*out = types;
	return STATUS_OK;
}

void pdb_types_close(struct pdb_types *types)
{
	if (types == NULL)
		return;
	free(types->by_unique_name.next);
	free(types->by_unique_name.bucket);
	free(types->by_name.next);
	free(types->by_name.bucket);
	free(types->record_at);
	free(types->bytes);
	free(types);
}

uint32_t pdb_types_end(const struct pdb_types *types)
{
	return types->end;
}

/* ---- by name ----------------------------------------------------------------------- */

static bool find_simple(const char *name, uint32_t *type_out)
{
	for (size_t i = 0; i < SIMPLE_COUNT; i++) {
		if (strcmp(simple_types[i].name, name) != 0)
			continue;
		*type_out = simple_types[i].kind;
		return true;
	}
	return false;
}

enum status pdb_types_find(const struct pdb_types *types, const struct pdb_symbols *symbols,
			   const char *name, uint32_t *type_out, struct error *error)
{
	enum status status = STATUS_SYMBOL_NOT_FOUND;

	for (int family = FAMILY_CLASS; family < FAMILY_COUNT; family++) {
		uint32_t type = find_definition(types, (enum family)family, name, false);

		if (type != 0) {
			*type_out = type;
			return STATUS_OK;
		}
	}
	if (symbols != NULL)
		status = pdb_symbols_find_typedef(symbols, name, type_out, error);
	if (status != STATUS_SYMBOL_NOT_FOUND || find_simple(name, type_out))
		return status == STATUS_SYMBOL_NOT_FOUND ? STATUS_OK : status;
	return error_set(error, STATUS_SYMBOL_NOT_FOUND, "no type '%.200s' in the PDB", name);
}

const char *pdb_types_definition_name(const struct pdb_types *types, uint32_t type)
{
	struct tag tag;

	return get_tag(types, type, &tag) && !tag.is_forward_reference ? tag.name : NULL;
}

/* ---- sizes ------------------------------------------------------------------------- */

/* A pointer's attributes: bits 13 to 18 are its size, which old compilers leave 0. */
static uint64_t pointer_size(uint32_t attributes)
{
	enum { NEAR16 = 0x00, NEAR32 = 0x0A, FAR32 = 0x0B, NEAR64 = 0x0C };
	uint32_t size = (attributes >> 13) & 0x3F;

	if (size != 0)
		return size;
	switch (attributes & 0x1F) {
	case NEAR16:
		return 2;
	case FAR32:
		return 6;
	case NEAR64:
		return 8;
	default:
		return 4;
	}
}

static bool is_array(uint16_t leaf)
{
	return leaf == LF_ARRAY || leaf == LF_STRIDED_ARRAY;
}

/* Behind the types of element and index, and the distance that a strided one has. */
static bool take_array_size(struct cursor *at, uint16_t leaf, uint64_t *out)
{
	return cursor_skip(at, leaf == LF_STRIDED_ARRAY ? 12 : 8) && take_numeric(at, out);
}

static enum status size_of_tag(const struct pdb_types *types, uint32_t *type, bool *done,
			       uint64_t *size_out, struct error *error)
{
	uint32_t defined = *type;
	struct tag tag;

	if (!get_tag(types, *type, &tag))
		return no_such_type(error, *type);
	if (!define_tag(types, &defined, &tag))
		return not_defined(error, tag.name);
	*done = tag.family != FAMILY_ENUM;
	*type = tag.underlying;
	if (*done)
		*size_out = tag.size;
	return STATUS_OK;
}

enum status pdb_types_size(const struct pdb_types *types, uint32_t type, uint64_t *size_out,
			   struct error *error)
{
	for (int steps = 0; steps < CHAIN_LIMIT; steps++) {
		bool done = false, readable = true;
		enum status status;
		const char *keyword;
		uint32_t attributes;
		struct cursor at;
		uint16_t leaf;

		if (is_simple(type)) {
			*size_out = simple_size(types, type);
			return STATUS_OK;
		}
		if (!get_record(types, type, &leaf, &at))
			return no_such_type(error, type);
		if (family_of(leaf, &keyword) != FAMILY_NONE) {
			status = size_of_tag(types, &type, &done, size_out, error);
			if (status != STATUS_OK || done)
				return status;
		} else if (leaf == LF_MODIFIER || leaf == LF_BITFIELD || leaf == LF_ALIAS) {
			readable = cursor_take_le32(&at, &type);
		} else if (leaf == LF_POINTER) {
			readable = cursor_skip(&at, 4) && cursor_take_le32(&at, &attributes);
			if (readable)
				*size_out = pointer_size(attributes);
			done = true;
		} else if (is_array(leaf)) {
			readable = take_array_size(&at, leaf, size_out);
			done = true;
		} else {
			*size_out = 0;
			done = true;
		}
		if (!readable)
			return no_such_type(error, type);
		if (done)
			return STATUS_OK;
	}
	return error_set(error, STATUS_CORRUPT, "PDB: type 0x%" PRIx32 " refers to itself", type);
}

/* ---- members ----------------------------------------------------------------------- */

/* The definition behind typedefs, const and volatile. */
static enum status find_tag(const struct pdb_types *types, uint32_t type, struct tag *out,
			    struct error *error)
{
	for (int steps = 0; steps < CHAIN_LIMIT; steps++) {
		const char *keyword;
		struct cursor at;
		uint16_t leaf;

		if (get_tag(types, type, out))
			return define_tag(types, &type, out) ? STATUS_OK :
			       not_defined(error, out->name);
		if (!is_simple(type) && !get_record(types, type, &leaf, &at))
			return no_such_type(error, type);
		if (is_simple(type) || (leaf != LF_MODIFIER && leaf != LF_ALIAS &&
					family_of(leaf, &keyword) == FAMILY_NONE))
			return error_set(error, STATUS_SYMBOL_NOT_FOUND,
					 "type 0x%" PRIx32 " has no members", type);
		if (family_of(leaf, &keyword) != FAMILY_NONE || !cursor_take_le32(&at, &type))
			return no_such_type(error, type);
	}
	return error_set(error, STATUS_CORRUPT, "PDB: type 0x%" PRIx32 " refers to itself", type);
}

/* What follows the type of an entry of a field list, in this order. */
struct field_shape {
	uint16_t leaf;
	bool visited;		/* methods and friends are passed over */
	uint8_t kind;
	uint8_t skipped_types;	/* type numbers behind the first */
	uint8_t numbers;	/* of variable size; the first is the offset or value */
	bool has_name;
};

static const struct field_shape field_shapes[] = {
	{ LF_MEMBER, true, PDB_MEMBER_FIELD, 0, 1, true },
	{ LF_STMEMBER, true, PDB_MEMBER_STATIC, 0, 0, true },
	{ LF_BCLASS, true, PDB_MEMBER_BASE, 0, 1, false },
	{ LF_BINTERFACE, true, PDB_MEMBER_BASE, 0, 1, false },
	{ LF_VBCLASS, true, PDB_MEMBER_VIRTUAL_BASE, 1, 2, false },
	{ LF_IVBCLASS, false, PDB_MEMBER_VIRTUAL_BASE, 1, 2, false },
	{ LF_VFUNCTAB, true, PDB_MEMBER_VTABLE, 0, 0, false },
	{ LF_VFUNCOFF, true, PDB_MEMBER_VTABLE, 0, 0, false },
	{ LF_NESTTYPE, true, PDB_MEMBER_NESTED_TYPE, 0, 0, true },
	{ LF_NESTTYPEEX, true, PDB_MEMBER_NESTED_TYPE, 0, 0, true },
	{ LF_METHOD, false, 0, 0, 0, true },
	{ LF_ONEMETHOD, false, 0, 0, 0, true },
	{ LF_FRIENDFCN, false, 0, 0, 0, true },
	{ LF_FRIENDCLS, false, 0, 0, 0, false },
	{ LF_MEMBERMODIFY, false, 0, 0, 0, true },
};

static const struct field_shape *field_shape(uint16_t leaf)
{
	for (size_t i = 0; i < sizeof(field_shapes) / sizeof(field_shapes[0]); i++)
		if (field_shapes[i].leaf == leaf)
			return &field_shapes[i];
	return NULL;
}

/* A method that adds a place to the table of virtual methods says which. */
static bool introduces_virtual(uint16_t attributes)
{
	unsigned property = (attributes >> 2) & 7;

	return property == 4 || property == 6;
}

/* Enumerators have no type, which is why they do not fit the table. */
static bool take_enumerator(struct cursor *at, struct pdb_member *out)
{
	uint64_t value;

	if (!cursor_skip(at, 2) || !take_numeric(at, &value) || !take_text(at, &out->name))
		return false;
	out->kind = PDB_MEMBER_ENUMERATOR;
	out->value = (int64_t)value;
	return true;
}

/*
 * Takes an entry behind its leaf; *visited_out is false for one that is passed
 * over.  False when the entry is cut or of an unknown kind, as the rest of the
 * list cannot be found then.
 */
static bool take_field(struct cursor *at, uint16_t leaf, struct pdb_member *out,
		       bool *visited_out)
{
	const struct field_shape *shape = field_shape(leaf);
	uint16_t attributes;
	uint64_t number;

	*visited_out = true;
	if (leaf == LF_ENUMERATE)
		return take_enumerator(at, out);
	if (shape == NULL || !cursor_take_le16(at, &attributes) ||
	    !cursor_take_le32(at, &out->type) ||
	    !cursor_skip(at, 4 * (size_t)shape->skipped_types))
		return false;
	for (int i = 0; i < shape->numbers; i++) {
		if (!take_numeric(at, &number))
			return false;
		if (i == 0)
			out->offset = number;
	}
	if (leaf == LF_VFUNCOFF && !cursor_skip(at, 4))
		return false;
	if (leaf == LF_ONEMETHOD && introduces_virtual(attributes) && !cursor_skip(at, 4))
		return false;
	if (shape->has_name && !take_text(at, &out->name))
		return false;
	out->kind = (enum pdb_member_kind)shape->kind;
	*visited_out = shape->visited;
	return true;
}

/* A bit field is a type of its own: puts what it describes into the member. */
static void describe_storage(const struct pdb_types *types, struct pdb_member *member)
{
	struct cursor at;
	uint16_t leaf;

	if (get_record(types, member->type, &leaf, &at) && leaf == LF_BITFIELD &&
	    cursor_remaining(&at) >= 6) {
		cursor_take_le32(&at, &member->type);
		cursor_take_u8(&at, &member->bit_length);
		cursor_take_u8(&at, &member->bit_position);
	}
	if (pdb_types_size(types, member->type, &member->size, NULL) != STATUS_OK)
		member->size = 0;
}

static void skip_padding(struct cursor *at)
{
	while (cursor_remaining(at) > 0 && at->start[at->position] >= LF_PAD0) {
		size_t padding = at->start[at->position] & 0x0F;

		if (!cursor_skip(at, padding == 0 ? 1 : padding))
			at->position = at->size;
	}
}

enum list_end { LIST_ENDED, LIST_STOPPED, LIST_CONTINUES, LIST_DAMAGED };

/* Visits the entries of one record; its last may name the record that goes on. */
static enum list_end visit_list(const struct pdb_types *types, struct cursor *at,
				pdb_member_visitor visit, void *context, uint32_t *next_out)
{
	for (skip_padding(at); cursor_remaining(at) > 0; skip_padding(at)) {
		struct pdb_member member = { .name = "" };
		bool visited;
		uint16_t leaf;

		if (!cursor_take_le16(at, &leaf))
			return LIST_DAMAGED;
		if (leaf == LF_INDEX)
			return cursor_skip(at, 2) && cursor_take_le32(at, next_out) ?
			       LIST_CONTINUES : LIST_DAMAGED;
		if (!take_field(at, leaf, &member, &visited))
			return LIST_DAMAGED;
		if (!visited)
			continue;
		if (member.kind != PDB_MEMBER_ENUMERATOR)
			describe_storage(types, &member);
		if (!visit(context, &member))
			return LIST_STOPPED;
	}
	return LIST_ENDED;
}

/*
 * A list without a loop reads each record at most once: more bytes than all
 * records have mean a loop.
 */
static enum status visit_fields(const struct pdb_types *types, uint32_t list,
				pdb_member_visitor visit, void *context, struct error *error)
{
	size_t bytes_left = types->records_size;
	struct cursor at;
	uint16_t leaf;

	while (get_record(types, list, &leaf, &at) && leaf == LF_FIELDLIST) {
		uint32_t next = 0;

		if (at.size + 4 > bytes_left)
			return error_set(error, STATUS_CORRUPT,
					 "PDB: field list 0x%" PRIx32 " continues in itself", list);
		bytes_left -= at.size + 4;
		switch (visit_list(types, &at, visit, context, &next)) {
		case LIST_ENDED:
		case LIST_STOPPED:
			return STATUS_OK;
		case LIST_DAMAGED:
			return error_set(error, STATUS_CORRUPT,
					 "PDB: field list 0x%" PRIx32
					 " has an entry that cannot be read", list);
		case LIST_CONTINUES:
			list = next;
			break;
		}
	}
	return no_such_type(error, list);
}

enum status pdb_types_visit_members(const struct pdb_types *types, uint32_t type,
				    pdb_member_visitor visit, void *context,
				    struct error *error)
{
	struct tag tag = { .family = FAMILY_NONE };
	enum status status = find_tag(types, type, &tag, error);

	if (status != STATUS_OK || tag.fields == 0)
		return status;
	return visit_fields(types, tag.fields, visit, context, error);
}

/* Types to look into, each with its distance from the start of the first. */
enum { SEARCHED_TYPES = 64 };

struct field_search {
	const char *name;
	uint64_t base;
	bool found;
	struct pdb_member member;
	size_t queued;
	struct {
		uint32_t type;
		uint64_t offset;
	} queue[SEARCHED_TYPES];
};

static bool match_field(void *context, const struct pdb_member *member)
{
	struct field_search *search = context;
	bool is_nameless = member->kind == PDB_MEMBER_FIELD && member->name[0] == '\0';

	if (member->kind == PDB_MEMBER_FIELD && strcmp(member->name, search->name) == 0) {
		search->member = *member;
		search->member.offset += search->base;
		search->found = true;
		return false;
	}
	if ((is_nameless || member->kind == PDB_MEMBER_BASE) && search->queued < SEARCHED_TYPES) {
		search->queue[search->queued].type = member->type;
		search->queue[search->queued++].offset = search->base + member->offset;
	}
	return true;
}

enum status pdb_types_find_field(const struct pdb_types *types, uint32_t type, const char *name,
				 struct pdb_member *out, struct error *error)
{
	struct field_search search = { .name = name, .queued = 1 };

	search.queue[0].type = type;
	for (size_t i = 0; i < search.queued && !search.found; i++) {
		enum status status;

		search.base = search.queue[i].offset;
		status = pdb_types_visit_members(types, search.queue[i].type, match_field,
						 &search, error);
		/* A base class that is only declared hides nothing else. */
		if (status != STATUS_OK && (i == 0 || status != STATUS_SYMBOL_NOT_FOUND))
			return status;
	}
	if (!search.found)
		return error_set(error, STATUS_SYMBOL_NOT_FOUND,
				 "the type has no field '%.200s'", name);
	*out = search.member;
	return STATUS_OK;
}

/* ---- spelling ---------------------------------------------------------------------- */

/* A type in pieces: what C puts to the left and to the right of a name, down to a basic type. */
enum piece_kind { PIECE_BASE, PIECE_POINTER, PIECE_ARRAY, PIECE_FUNCTION };

struct piece {
	enum piece_kind kind;
	uint32_t type;
	uint32_t attributes;	/* of a pointer; const and volatile of a base */
	uint32_t arguments;	/* of a function; of a pointer to a member, the class */
	uint32_t next;
};

enum { PIECE_LIMIT = 16, SPELL_DEPTH = 6 };

/* A type being written: how far it has come, so that arguments can be put in between. */
struct spelling {
	struct piece piece[PIECE_LIMIT];
	size_t count;
	size_t position;	/* piece whose right side comes next */
	uint32_t argument;	/* of that piece, a function */
	bool in_arguments;
};

struct writer {
	char *buffer;
	size_t size;
	size_t length;
	bool is_full;
};

static void put(struct writer *writer, const char *text)
{
	size_t length = strlen(text), room = writer->size - 1 - writer->length;

	if (length > room) {
		length = room;
		writer->is_full = true;
	}
	memcpy(writer->buffer + writer->length, text, length);
	writer->length += length;
	writer->buffer[writer->length] = '\0';
}

static char last_written(const struct writer *writer)
{
	return writer->length == 0 ? '\0' : writer->buffer[writer->length - 1];
}

enum { MODIFIER_CONST = 1, MODIFIER_VOLATILE = 2 };
enum { POINTER_VOLATILE = 1 << 9, POINTER_CONST = 1 << 10 };
enum pointer_mode { MODE_REFERENCE = 1, MODE_TO_FIELD = 2, MODE_TO_METHOD = 3, MODE_RVALUE = 4 };

static unsigned pointer_mode(uint32_t attributes)
{
	return (attributes >> 5) & 7;
}

/* The piece that a type starts with; anything unreadable is a base. */
static struct piece take_apart(const struct pdb_types *types, uint32_t type)
{
	struct piece piece = { .kind = PIECE_BASE, .type = type };
	struct cursor at;
	uint16_t leaf, flags;

	for (int steps = 0; steps < CHAIN_LIMIT; steps++) {
		if (!get_record(types, piece.type, &leaf, &at) ||
		    (leaf != LF_MODIFIER && leaf != LF_BITFIELD) ||
		    !cursor_take_le32(&at, &piece.next))
			break;
		if (leaf == LF_MODIFIER && cursor_take_le16(&at, &flags))
			piece.attributes |= flags;
		piece.type = piece.next;
	}
	if (is_simple(piece.type) && simple_mode(piece.type) != 0 &&
	    piece.type != SIMPLE_NULLPTR) {
		piece.kind = PIECE_POINTER;
		piece.next = piece.type & 0xFF;
		piece.attributes = 0;
	} else if (!get_record(types, piece.type, &leaf, &at)) {
		return piece;
	} else if (leaf == LF_POINTER && cursor_remaining(&at) >= 8) {
		piece.kind = PIECE_POINTER;
		cursor_take_le32(&at, &piece.next);
		cursor_take_le32(&at, &piece.attributes);
		if (pointer_mode(piece.attributes) == MODE_TO_FIELD ||
		    pointer_mode(piece.attributes) == MODE_TO_METHOD)
			cursor_take_le32(&at, &piece.arguments);
	} else if (is_array(leaf) && cursor_take_le32(&at, &piece.next)) {
		piece.kind = PIECE_ARRAY;
	} else if (leaf == LF_PROCEDURE && cursor_remaining(&at) >= 12) {
		piece.kind = PIECE_FUNCTION;
		piece.next = load_le32(at.start);
		piece.arguments = load_le32(at.start + 8);
	} else if (leaf == LF_MFUNCTION && cursor_remaining(&at) >= 20) {
		piece.kind = PIECE_FUNCTION;
		piece.next = load_le32(at.start);
		piece.arguments = load_le32(at.start + 16);
	}
	return piece;
}

static void put_base(const struct pdb_types *types, const struct piece *piece,
		     struct writer *writer)
{
	const struct simple_type *simple;
	char number[32];
	struct tag tag;

	if ((piece->attributes & MODIFIER_CONST) != 0)
		put(writer, "const ");
	if ((piece->attributes & MODIFIER_VOLATILE) != 0)
		put(writer, "volatile ");
	simple = is_simple(piece->type) ? simple_type(piece->type) : NULL;
	if (piece->type == SIMPLE_NULLPTR) {
		put(writer, "std::nullptr_t");
	} else if (simple != NULL) {
		put(writer, simple->name);
	} else if (get_tag(types, piece->type, &tag)) {
		put(writer, tag.keyword);
		put(writer, " ");
		put(writer, tag.name);
	} else {
		snprintf(number, sizeof(number), "<type 0x%" PRIx32 ">", piece->type);
		put(writer, number);
	}
}

static bool binds_tighter(enum piece_kind kind)
{
	return kind == PIECE_ARRAY || kind == PIECE_FUNCTION;
}

static void put_pointer(const struct pdb_types *types, const struct piece *piece,
			enum piece_kind target, struct writer *writer)
{
	struct tag tag;

	if (binds_tighter(target))
		put(writer, " (");
	else if (strchr("*&", last_written(writer)) == NULL)
		put(writer, " ");
	switch (pointer_mode(piece->attributes)) {
	case MODE_REFERENCE:
		put(writer, "&");
		break;
	case MODE_RVALUE:
		put(writer, "&&");
		break;
	case MODE_TO_FIELD:
	case MODE_TO_METHOD:
		if (get_tag(types, piece->arguments, &tag))
			put(writer, tag.name);
		put(writer, "::*");
		break;
	default:
		put(writer, "*");
	}
	if ((piece->attributes & POINTER_CONST) != 0)
		put(writer, " const");
	if ((piece->attributes & POINTER_VOLATILE) != 0)
		put(writer, " volatile");
}

static void put_array(const struct pdb_types *types, const struct piece *piece,
		      struct writer *writer)
{
	uint64_t size = 0, element = 0;
	char count[32];

	if (pdb_types_size(types, piece->type, &size, NULL) != STATUS_OK ||
	    pdb_types_size(types, piece->next, &element, NULL) != STATUS_OK || element == 0) {
		put(writer, "[]");
		return;
	}
	snprintf(count, sizeof(count), "[%" PRIu64 "]", size / element);
	put(writer, count);
}

/* Writes all that stands to the left; the right side is written step by step. */
static void start_spelling(const struct pdb_types *types, uint32_t type, struct spelling *out,
			   struct writer *writer)
{
	memset(out, 0, sizeof(*out));
	do {
		out->piece[out->count] = take_apart(types, type);
		type = out->piece[out->count].next;
	} while (out->piece[out->count++].kind != PIECE_BASE && out->count < PIECE_LIMIT);

	put_base(types, &out->piece[out->count - 1], writer);
	for (size_t i = out->count - 1; i-- > 0;)
		if (out->piece[i].kind == PIECE_POINTER)
			put_pointer(types, &out->piece[i], out->piece[i + 1].kind, writer);
}

/* The next argument of a function, or false at the end of its list. */
static bool next_argument(const struct pdb_types *types, struct spelling *spelling,
			  uint32_t *type_out)
{
	struct cursor at;
	uint32_t count;
	uint16_t leaf;

	if (!get_record(types, spelling->piece[spelling->position].arguments, &leaf, &at) ||
	    leaf != LF_ARGLIST || !cursor_take_le32(&at, &count) ||
	    spelling->argument >= count ||
	    !cursor_skip(&at, 4 * (size_t)spelling->argument) ||
	    !cursor_take_le32(&at, type_out))
		return false;
	spelling->argument++;
	return true;
}

/* Writes one step of the right side; true when an argument must be written before the next. */
static bool continue_spelling(const struct pdb_types *types, struct spelling *spelling,
			      struct writer *writer, uint32_t *argument_out)
{
	const struct piece *piece = &spelling->piece[spelling->position];

	if (piece->kind == PIECE_FUNCTION) {
		if (!spelling->in_arguments)
			put(writer, last_written(writer) == ')' ? "(" : " (");
		spelling->in_arguments = true;
		while (next_argument(types, spelling, argument_out)) {
			if (spelling->argument > 1)
				put(writer, ", ");
			if (*argument_out != 0)
				return true;
			put(writer, "...");
			if (writer->is_full)
				break;
		}
		put(writer, spelling->argument == 0 ? "void)" : ")");
		spelling->in_arguments = false;
		spelling->argument = 0;
	} else if (piece->kind == PIECE_ARRAY) {
		put_array(types, piece, writer);
	} else if (piece->kind == PIECE_POINTER && spelling->position + 1 < spelling->count &&
		   binds_tighter(piece[1].kind)) {
		put(writer, ")");
	}
	spelling->position++;
	return false;
}

void pdb_types_spell(const struct pdb_types *types, uint32_t type, char *buffer, size_t size)
{
	struct writer writer = { buffer, size, 0, false };
	struct spelling stack[SPELL_DEPTH];
	size_t depth = 1;

	buffer[0] = '\0';
	start_spelling(types, type, &stack[0], &writer);
	while (depth > 0 && !writer.is_full) {
		struct spelling *top = &stack[depth - 1];
		uint32_t argument;

		if (top->position == top->count)
			depth--;
		else if (!continue_spelling(types, top, &writer, &argument))
			continue;
		else if (depth == SPELL_DEPTH)
			put(&writer, "...");
		else
			start_spelling(types, argument, &stack[depth++], &writer);
	}
	if (writer.is_full)
		memcpy(buffer + size - 4, "...", 4);
}
