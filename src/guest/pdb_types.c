/* SPDX-License-Identifier: MIT */
#include "guest/pdb_types_internal.h"
#include "base/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TPI_STREAM = 2, TPI_HEADER_SIZE = 56, TPI_VERSION_V70 = 19990903 };

enum { PROPERTY_FORWARD_REFERENCE = 0x80, PROPERTY_UNIQUE_NAME = 0x200 };

bool pdb_type_record(const struct pdb_types *types, uint32_t type, uint16_t *leaf_out,
		     struct cursor *out)
{
	const uint8_t *record;

	if (pdb_type_is_simple(type) || type >= types->end)
		return false;
	record = types->bytes + types->record_at[type - PDB_FIRST_TYPE];
	*leaf_out = load_le16(record);
	*out = cursor_over(record + 2, load_le16(record - 2) - 2u);
	return true;
}

enum status pdb_type_unreadable(struct error *error, uint32_t type)
{
	return error_set(error, STATUS_CORRUPT, "PDB: type 0x%" PRIx32 " cannot be read", type);
}

/* ---- values inside records --------------------------------------------------------- */

bool pdb_take_text(struct cursor *at, const char **out)
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

bool pdb_take_numeric(struct cursor *at, uint64_t *out)
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
	return leaf == NUMERIC_UTF8_STRING && pdb_take_text(at, &text);
}

/* ---- basic types ------------------------------------------------------------------- */

/* The first of each name is the one that is found by it. */
static const struct pdb_simple_type simple_types[] = {
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

const struct pdb_simple_type *pdb_simple_type(uint32_t type)
{
	for (size_t i = 0; i < SIMPLE_COUNT; i++)
		if (simple_types[i].kind == (type & 0xFF))
			return &simple_types[i];
	return NULL;
}

/* Bits 8 to 10: a plain object, or one of seven sorts of pointer to it. */
unsigned pdb_simple_mode(uint32_t type)
{
	return (type >> 8) & 7;
}

static uint64_t simple_size(const struct pdb_types *types, uint32_t type)
{
	static const uint8_t pointer_size[] = { 0, 2, 4, 4, 4, 6, 8, 16 };
	const struct pdb_simple_type *simple = pdb_simple_type(type);

	if (type == PDB_SIMPLE_NULLPTR)
		return types->pointer_size;
	if (pdb_simple_mode(type) != 0)
		return pointer_size[pdb_simple_mode(type)];
	return simple != NULL ? simple->size : 0;
}

/* ---- structures, classes, unions and enumerations ---------------------------------- */

enum pdb_family pdb_tag_family_of(uint16_t leaf, const char **keyword_out)
{
	switch (leaf) {
	case LF_CLASS:
	case LF_CLASS_V19:
		*keyword_out = "class";
		return PDB_FAMILY_CLASS;
	case LF_STRUCTURE:
	case LF_STRUCTURE_V19:
		*keyword_out = "struct";
		return PDB_FAMILY_CLASS;
	case LF_INTERFACE:
	case LF_INTERFACE_V19:
		*keyword_out = "__interface";
		return PDB_FAMILY_CLASS;
	case LF_UNION:
	case LF_UNION_V19:
		*keyword_out = "union";
		return PDB_FAMILY_UNION;
	case LF_ENUM:
		*keyword_out = "enum";
		return PDB_FAMILY_ENUM;
	default:
		return PDB_FAMILY_NONE;
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

static bool take_tag_types(struct cursor *at, uint16_t leaf, struct pdb_tag *tag)
{
	uint64_t member_count;

	if (tag->family == PDB_FAMILY_ENUM)
		return cursor_take_le32(at, &tag->underlying) &&
		       cursor_take_le32(at, &tag->fields);
	if (!cursor_take_le32(at, &tag->fields))
		return false;
	/* Two more: the list of derived classes and the shape of the table of methods. */
	if (tag->family == PDB_FAMILY_CLASS && !cursor_skip(at, 8))
		return false;
	if (leaf >= LF_CLASS_V19 && !pdb_take_numeric(at, &member_count))
		return false;
	return pdb_take_numeric(at, &tag->size);
}

bool pdb_tag_read(const struct pdb_types *types, uint32_t type, struct pdb_tag *out)
{
	struct pdb_tag tag = { .family = PDB_FAMILY_NONE };
	uint32_t properties;
	struct cursor at;
	uint16_t leaf;

	if (!pdb_type_record(types, type, &leaf, &at))
		return false;
	tag.family = pdb_tag_family_of(leaf, &tag.keyword);
	if (tag.family == PDB_FAMILY_NONE || !take_tag_start(&at, leaf, &properties) ||
	    !take_tag_types(&at, leaf, &tag) || !pdb_take_text(&at, &tag.name))
		return false;
	tag.is_forward_reference = (properties & PROPERTY_FORWARD_REFERENCE) != 0;
	if ((properties & PROPERTY_UNIQUE_NAME) != 0 && !pdb_take_text(&at, &tag.unique_name))
		tag.unique_name = NULL;
	*out = tag;
	return true;
}

static uint32_t hash_tag(enum pdb_family family, const char *name)
{
	uint32_t hash = 2166136261u ^ (uint32_t)family;	/* FNV-1a */

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash;
}

static void index_name(const struct pdb_types *types, struct name_index *index, uint32_t type,
		       enum pdb_family family, const char *name)
{
	uint32_t *bucket = &index->bucket[hash_tag(family, name) & types->bucket_mask];

	index->next[type - PDB_FIRST_TYPE] = *bucket;
	*bucket = type;
}

/* The definition of that name, or 0. */
static uint32_t find_definition(const struct pdb_types *types, enum pdb_family family,
				const char *name, bool unique)
{
	const struct name_index *index = unique ? &types->by_unique_name : &types->by_name;
	uint32_t type;

	if (index->bucket == NULL)
		return 0;
	type = index->bucket[hash_tag(family, name) & types->bucket_mask];
	for (; type != 0; type = index->next[type - PDB_FIRST_TYPE]) {
		struct pdb_tag tag;
		const char *found;

		if (!pdb_tag_read(types, type, &tag) || tag.family != family)
			continue;
		found = unique ? tag.unique_name : tag.name;
		if (found != NULL && strcmp(found, name) == 0)
			return type;
	}
	return 0;
}

bool pdb_tag_define(const struct pdb_types *types, uint32_t *type, struct pdb_tag *tag)
{
	bool unique = tag->unique_name != NULL;
	uint32_t definition;

	if (!tag->is_forward_reference)
		return true;
	definition = find_definition(types, tag->family, unique ? tag->unique_name : tag->name,
				     unique);
	if (definition == 0 || !pdb_tag_read(types, definition, tag))
		return false;
	*type = definition;
	return true;
}

enum status pdb_tag_not_defined(struct error *error, const char *name)
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
		struct pdb_tag tag;

		if (!pdb_tag_read(types, type, &tag) || tag.is_forward_reference)
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

	for (int family = PDB_FAMILY_CLASS; family < PDB_FAMILY_COUNT; family++) {
		uint32_t type = find_definition(types, (enum pdb_family)family, name, false);

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
	struct pdb_tag tag;

	return pdb_tag_read(types, type, &tag) && !tag.is_forward_reference ? tag.name : NULL;
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

bool pdb_leaf_is_array(uint16_t leaf)
{
	return leaf == LF_ARRAY || leaf == LF_STRIDED_ARRAY;
}

/* Behind the types of element and index, and the distance that a strided one has. */
static bool take_array_size(struct cursor *at, uint16_t leaf, uint64_t *out)
{
	return cursor_skip(at, leaf == LF_STRIDED_ARRAY ? 12 : 8) && pdb_take_numeric(at, out);
}

static enum status size_of_tag(const struct pdb_types *types, uint32_t *type, bool *done,
			       uint64_t *size_out, struct error *error)
{
	uint32_t defined = *type;
	struct pdb_tag tag;

	if (!pdb_tag_read(types, *type, &tag))
		return pdb_type_unreadable(error, *type);
	if (!pdb_tag_define(types, &defined, &tag))
		return pdb_tag_not_defined(error, tag.name);
	*done = tag.family != PDB_FAMILY_ENUM;
	*type = tag.underlying;
	if (*done)
		*size_out = tag.size;
	return STATUS_OK;
}

enum status pdb_types_size(const struct pdb_types *types, uint32_t type, uint64_t *size_out,
			   struct error *error)
{
	for (int steps = 0; steps < PDB_CHAIN_LIMIT; steps++) {
		bool done = false, readable = true;
		enum status status;
		const char *keyword;
		uint32_t attributes;
		struct cursor at;
		uint16_t leaf;

		if (pdb_type_is_simple(type)) {
			*size_out = simple_size(types, type);
			return STATUS_OK;
		}
		if (!pdb_type_record(types, type, &leaf, &at))
			return pdb_type_unreadable(error, type);
		if (pdb_tag_family_of(leaf, &keyword) != PDB_FAMILY_NONE) {
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
		} else if (pdb_leaf_is_array(leaf)) {
			readable = take_array_size(&at, leaf, size_out);
			done = true;
		} else {
			*size_out = 0;
			done = true;
		}
		if (!readable)
			return pdb_type_unreadable(error, type);
		if (done)
			return STATUS_OK;
	}
	return error_set(error, STATUS_CORRUPT, "PDB: type 0x%" PRIx32 " refers to itself", type);
}
