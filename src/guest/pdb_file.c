/* SPDX-License-Identifier: MIT */
#include "guest/pdb_file.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "base/cursor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Streams that every PDB has at the same number. */
enum { INFO_STREAM = 1, DBI_STREAM = 3 };

/* The first version of the info stream that has a GUID; later ones are greater. */
enum { INFO_VERSION_VC70 = 20000404 };

enum {
	DBI_HEADER_SIZE = 64,
	DBI_AGE_AT = 8,
	DBI_GLOBALS_AT = 12,
	DBI_PUBLICS_AT = 16,
	DBI_RECORDS_AT = 20,
	DBI_MODULES_SIZE_AT = 24,
	DBI_CONTRIBUTIONS_SIZE_AT = 28,
	DBI_SECTION_MAP_SIZE_AT = 32,
	DBI_SOURCES_SIZE_AT = 36,
	DBI_TYPE_SERVERS_SIZE_AT = 40,
	DBI_DEBUG_STREAMS_SIZE_AT = 48,
	DBI_EDIT_NAMES_SIZE_AT = 52,
	DBI_MACHINE_AT = 58
};

/* Places in the list of optional streams at the end of the debug info stream. */
enum debug_stream {
	DEBUG_OMAP_TO_SOURCE = 3,
	DEBUG_OMAP_FROM_SOURCE = 4,
	DEBUG_SECTIONS = 5,
	DEBUG_SECTIONS_BEFORE_OMAP = 10
};

enum { SECTION_HEADER_SIZE = 40, SECTION_NUMBER_LIMIT = 0xFFFF };

/* Contribution tables: the version decides the size of an entry. */
static const uint32_t CONTRIBUTIONS_V60 = 0xEFFE0000u + 19970605;
static const uint32_t CONTRIBUTIONS_V2 = 0xEFFE0000u + 20140516;
enum { CONTRIBUTION_SIZE_V60 = 28, CONTRIBUTION_SIZE_V2 = 32 };

enum { MODULE_HEADER_SIZE = 64, MODULE_STREAM_AT = 34, MODULE_SYMBOL_BYTES_AT = 36 };

/* The symbols of a module follow a signature of four bytes. */
enum { MODULE_SIGNATURE_SIZE = 4 };

struct section {
	uint32_t rva;
	uint32_t size;
};

/* Pairs {address before, address after}, ascending: each holds up to the next. */
struct address_map {
	uint8_t *pairs;
	size_t count;
};

struct pdb_file {
	struct file *file;
	struct pdb_msf *msf;

	uint8_t *info;
	size_t info_size;
	uint32_t info_age;

	bool has_dbi;
	uint32_t dbi_age;
	uint16_t machine;
	uint16_t globals_stream;
	uint16_t publics_stream;
	uint16_t records_stream;

	uint8_t *module_text;	/* the modules part of the stream; names point into it */
	struct pdb_module *modules;
	uint32_t module_count;

	uint64_t contributions_at;	/* offset of the first entry in the stream */
	uint32_t contribution_size;
	uint32_t contribution_count;

	struct section *sections;
	uint32_t section_count;
	struct address_map to_source;
	struct address_map from_source;
};

/* ---- info stream ------------------------------------------------------------------- */

enum { INFO_AGE_AT = 8, INFO_GUID_AT = 12, INFO_NAMES_AT = 28 };

static enum status read_info(struct pdb_file *pdb, struct error *error)
{
	enum status status;

	pdb->info_size = pdb_msf_stream_size(pdb->msf, INFO_STREAM);
	status = pdb_msf_read_new(pdb->msf, INFO_STREAM, 0, pdb->info_size, &pdb->info, error);
	if (status != STATUS_OK)
		return status;
	if (pdb->info_size < INFO_NAMES_AT)
		return error_set(error, STATUS_CORRUPT,
				 "PDB: the info stream of %zu bytes is too short", pdb->info_size);
	if (load_le32(pdb->info) < INFO_VERSION_VC70)
		return error_set(error, STATUS_UNSUPPORTED_VERSION,
				 "PDB: version %" PRIu32 " has no GUID", load_le32(pdb->info));
	pdb->info_age = load_le32(pdb->info + INFO_AGE_AT);
	return STATUS_OK;
}

/* True if text, at most size bytes that may lack a NUL, is name. */
static bool text_is(const uint8_t *text, size_t size, const char *name)
{
	size_t length = strlen(name);

	return length < size && memcmp(text, name, length + 1) == 0;
}

/*
 * The names: bytes of text; then a hash table as pairs {offset of the name,
 * stream} in no useful order, after its counts and two bit maps.
 */
uint32_t pdb_file_named_stream(const struct pdb_file *pdb, const char *name)
{
	struct cursor at = cursor_over(pdb->info, pdb->info_size);
	uint32_t text_size, count, words;
	const uint8_t *text;

	if (!cursor_skip(&at, INFO_NAMES_AT) || !cursor_take_le32(&at, &text_size) ||
	    !cursor_take(&at, text_size, &text) ||
	    !cursor_take_le32(&at, &count) || !cursor_skip(&at, 4))
		return PDB_NO_STREAM;
	for (int bit_map = 0; bit_map < 2; bit_map++)
		if (!cursor_take_le32(&at, &words) || words > cursor_remaining(&at) / 4 ||
		    !cursor_skip(&at, 4 * (size_t)words))
			return PDB_NO_STREAM;
	while (count-- > 0) {
		uint32_t offset, stream;

		if (!cursor_take_le32(&at, &offset) || !cursor_take_le32(&at, &stream))
			break;
		if (offset < text_size && text_is(text + offset, text_size - offset, name))
			return stream;
	}
	return PDB_NO_STREAM;
}

/* ---- debug info stream ------------------------------------------------------------- */

/* Where the parts of the stream lie; they follow one another in this order. */
enum dbi_part {
	PART_MODULES,
	PART_CONTRIBUTIONS,
	PART_SECTION_MAP,
	PART_SOURCES,
	PART_TYPE_SERVERS,
	PART_EDIT_NAMES,
	PART_DEBUG_STREAMS,
	PART_COUNT
};

struct dbi_layout {
	uint32_t offset[PART_COUNT];
	uint32_t size[PART_COUNT];
};

static enum status lay_out_dbi(const uint8_t *header, uint32_t stream_size,
			       struct dbi_layout *out, struct error *error)
{
	static const uint8_t size_at[PART_COUNT] = {
		[PART_MODULES] = DBI_MODULES_SIZE_AT,
		[PART_CONTRIBUTIONS] = DBI_CONTRIBUTIONS_SIZE_AT,
		[PART_SECTION_MAP] = DBI_SECTION_MAP_SIZE_AT,
		[PART_SOURCES] = DBI_SOURCES_SIZE_AT,
		[PART_TYPE_SERVERS] = DBI_TYPE_SERVERS_SIZE_AT,
		[PART_EDIT_NAMES] = DBI_EDIT_NAMES_SIZE_AT,
		[PART_DEBUG_STREAMS] = DBI_DEBUG_STREAMS_SIZE_AT,
	};
	uint32_t offset = DBI_HEADER_SIZE;

	for (int part = 0; part < PART_COUNT; part++) {
		uint32_t size = load_le32(header + size_at[part]);

		if (size > stream_size - offset)
			return error_set(error, STATUS_CORRUPT,
					 "PDB: part %d of the debug info stream, %" PRIu32
					 " bytes, runs past its end", part, size);
		out->offset[part] = offset;
		out->size[part] = size;
		offset += size;
	}
	return STATUS_OK;
}

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

/* An entry: a fixed part, two names, then padding to four bytes. */
static bool take_module(struct cursor *at, struct pdb_module *out)
{
	const uint8_t *header;
	size_t padding;

	if (!cursor_take(at, MODULE_HEADER_SIZE, &header) || !take_text(at, &out->name) ||
	    !take_text(at, &out->object_file))
		return false;
	out->stream = load_le16(header + MODULE_STREAM_AT);
	out->symbol_bytes = load_le32(header + MODULE_SYMBOL_BYTES_AT);
	padding = (4 - at->position % 4) % 4;
	if (!cursor_skip(at, padding))
		at->position = at->size;
	return true;
}

static enum status read_modules(struct pdb_file *pdb, uint32_t offset, uint32_t size,
				struct error *error)
{
	enum status status = pdb_msf_read_new(pdb->msf, DBI_STREAM, offset, size,
					      &pdb->module_text, error);
	struct cursor at;

	if (status != STATUS_OK)
		return status;
	pdb->modules = malloc((size / (MODULE_HEADER_SIZE + 2) + 1) * sizeof(*pdb->modules));
	if (pdb->modules == NULL)
		return error_out_of_memory(error, "the modules of a PDB");
	at = cursor_over(pdb->module_text, size);
	while (cursor_remaining(&at) > 0) {
		if (!take_module(&at, &pdb->modules[pdb->module_count]))
			return error_set(error, STATUS_CORRUPT,
					 "PDB: module %" PRIu32 " of the debug info stream runs "
					 "past its part", pdb->module_count);
		pdb->module_count++;
	}
	return STATUS_OK;
}

static enum status read_contributions_header(struct pdb_file *pdb, uint32_t offset, uint32_t size,
					     struct error *error)
{
	uint8_t version[4];
	enum status status;

	if (size < sizeof(version))
		return STATUS_OK;
	status = pdb_msf_read(pdb->msf, DBI_STREAM, offset, version, sizeof(version), error);
	if (status != STATUS_OK)
		return status;
	if (load_le32(version) == CONTRIBUTIONS_V60)
		pdb->contribution_size = CONTRIBUTION_SIZE_V60;
	else if (load_le32(version) == CONTRIBUTIONS_V2)
		pdb->contribution_size = CONTRIBUTION_SIZE_V2;
	else
		return STATUS_OK;
	pdb->contributions_at = (uint64_t)offset + sizeof(version);
	pdb->contribution_count = (uint32_t)((size - sizeof(version)) / pdb->contribution_size);
	return STATUS_OK;
}

static enum status read_address_map(struct pdb_file *pdb, uint32_t stream, struct address_map *map,
				    struct error *error)
{
	map->count = pdb_msf_stream_size(pdb->msf, stream) / 8;
	if (map->count == 0)
		return STATUS_OK;
	return pdb_msf_read_new(pdb->msf, stream, 0, 8 * map->count, &map->pairs, error);
}

static enum status read_sections(struct pdb_file *pdb, uint32_t stream, struct error *error)
{
	size_t count = (size_t)min_u64(pdb_msf_stream_size(pdb->msf, stream) / SECTION_HEADER_SIZE,
				       SECTION_NUMBER_LIMIT);
	enum status status;
	uint8_t *headers;

	status = pdb_msf_read_new(pdb->msf, stream, 0, count * SECTION_HEADER_SIZE, &headers,
				  error);
	if (status != STATUS_OK)
		return status;
	pdb->sections = calloc(count + 1, sizeof(*pdb->sections));
	if (pdb->sections == NULL) {
		free(headers);
		return error_out_of_memory(error, "the sections of a PDB");
	}
	for (size_t i = 0; i < count; i++) {
		const uint8_t *header = headers + i * SECTION_HEADER_SIZE;

		pdb->sections[i].rva = load_le32(header + 12);
		pdb->sections[i].size = (uint32_t)max_u64(load_le32(header + 8),
							  load_le32(header + 16));
	}
	pdb->section_count = (uint32_t)count;
	free(headers);
	return STATUS_OK;
}

/* Reads the streams that the list of optional streams, count numbers, names. */
static enum status read_debug_streams(struct pdb_file *pdb, const uint8_t *list, size_t count,
				      struct error *error)
{
	uint32_t stream[DEBUG_SECTIONS_BEFORE_OMAP + 1];
	uint32_t sections;
	enum status status;

	for (size_t i = 0; i <= DEBUG_SECTIONS_BEFORE_OMAP; i++)
		stream[i] = i < count ? load_le16(list + 2 * i) : PDB_NO_STREAM;
	status = read_address_map(pdb, stream[DEBUG_OMAP_TO_SOURCE], &pdb->to_source, error);
	if (status == STATUS_OK)
		status = read_address_map(pdb, stream[DEBUG_OMAP_FROM_SOURCE], &pdb->from_source,
					  error);
	if (status != STATUS_OK)
		return status;
	sections = stream[DEBUG_SECTIONS];
	if (pdb->from_source.count != 0 && stream[DEBUG_SECTIONS_BEFORE_OMAP] != PDB_NO_STREAM)
		sections = stream[DEBUG_SECTIONS_BEFORE_OMAP];
	return read_sections(pdb, sections, error);
}

static enum status read_dbi_parts(struct pdb_file *pdb, const struct dbi_layout *layout,
				  struct error *error)
{
	uint32_t list_size = (uint32_t)min_u64(layout->size[PART_DEBUG_STREAMS],
					       sizeof(uint16_t) * (DEBUG_SECTIONS_BEFORE_OMAP + 1));
	enum status status;
	uint8_t *list;

	status = read_modules(pdb, layout->offset[PART_MODULES], layout->size[PART_MODULES],
			      error);
	if (status == STATUS_OK)
		status = read_contributions_header(pdb, layout->offset[PART_CONTRIBUTIONS],
						   layout->size[PART_CONTRIBUTIONS], error);
	if (status == STATUS_OK)
		status = pdb_msf_read_new(pdb->msf, DBI_STREAM,
					  layout->offset[PART_DEBUG_STREAMS], list_size, &list,
					  error);
	if (status != STATUS_OK)
		return status;
	status = read_debug_streams(pdb, list, list_size / 2, error);
	free(list);
	return status;
}

static enum status read_dbi(struct pdb_file *pdb, struct error *error)
{
	uint32_t stream_size = pdb_msf_stream_size(pdb->msf, DBI_STREAM);
	uint8_t header[DBI_HEADER_SIZE];
	struct dbi_layout layout;
	enum status status;

	/* A compiler's own PDB holds types only. */
	if (stream_size == 0)
		return STATUS_OK;
	status = pdb_msf_read(pdb->msf, DBI_STREAM, 0, header, sizeof(header), error);
	if (status != STATUS_OK)
		return status;
	if (load_le32(header) != UINT32_MAX)
		return error_set(error, STATUS_UNSUPPORTED_VERSION,
				 "PDB: the debug info stream has no version");
	status = lay_out_dbi(header, stream_size, &layout, error);
	if (status != STATUS_OK)
		return status;
	pdb->has_dbi = true;
	pdb->dbi_age = load_le32(header + DBI_AGE_AT);
	pdb->machine = load_le16(header + DBI_MACHINE_AT);
	pdb->globals_stream = load_le16(header + DBI_GLOBALS_AT);
	pdb->publics_stream = load_le16(header + DBI_PUBLICS_AT);
	pdb->records_stream = load_le16(header + DBI_RECORDS_AT);
	return read_dbi_parts(pdb, &layout, error);
}

/* ---- life -------------------------------------------------------------------------- */

enum status pdb_file_open(struct file *file, struct pdb_file **out, struct error *error)
{
	struct pdb_file *pdb = calloc(1, sizeof(*pdb));
	enum status status;

	if (pdb == NULL)
		return error_out_of_memory(error, "a PDB");
	pdb->globals_stream = PDB_NO_STREAM;
	pdb->publics_stream = PDB_NO_STREAM;
	pdb->records_stream = PDB_NO_STREAM;
	status = pdb_msf_open(file, &pdb->msf, error);
	if (status == STATUS_OK)
		status = read_info(pdb, error);
	if (status == STATUS_OK)
		status = read_dbi(pdb, error);
	if (status != STATUS_OK) {
		pdb_file_close(pdb);
		return status;
	}
	pdb->file = file;
	*out = pdb;
	return STATUS_OK;
}

void pdb_file_close(struct pdb_file *pdb)
{
	if (pdb == NULL)
		return;
	free(pdb->from_source.pairs);
	free(pdb->to_source.pairs);
	free(pdb->sections);
	free(pdb->modules);
	free(pdb->module_text);
	free(pdb->info);
	pdb_msf_close(pdb->msf);
	file_close(pdb->file);
	free(pdb);
}

/* ---- questions --------------------------------------------------------------------- */

const uint8_t *pdb_file_guid(const struct pdb_file *pdb)
{
	return pdb->info + INFO_GUID_AT;
}

uint32_t pdb_file_age(const struct pdb_file *pdb)
{
	return pdb->has_dbi && pdb->dbi_age != 0 ? pdb->dbi_age : pdb->info_age;
}

bool pdb_file_matches(const struct pdb_file *pdb, const uint8_t *guid, uint32_t age)
{
	return memcmp(pdb_file_guid(pdb), guid, PDB_GUID_SIZE) == 0 && pdb_file_age(pdb) == age;
}

uint16_t pdb_file_machine(const struct pdb_file *pdb)
{
	return pdb->machine;
}

const struct pdb_msf *pdb_file_msf(const struct pdb_file *pdb)
{
	return pdb->msf;
}

uint16_t pdb_file_globals_stream(const struct pdb_file *pdb)
{
	return pdb->globals_stream;
}

uint16_t pdb_file_publics_stream(const struct pdb_file *pdb)
{
	return pdb->publics_stream;
}

uint16_t pdb_file_records_stream(const struct pdb_file *pdb)
{
	return pdb->records_stream;
}

uint32_t pdb_file_module_count(const struct pdb_file *pdb)
{
	return pdb->module_count;
}

const struct pdb_module *pdb_file_module(const struct pdb_file *pdb, uint32_t index)
{
	return &pdb->modules[index];
}

enum status pdb_file_read_symbols(const struct pdb_file *pdb, uint32_t index, uint8_t **out,
				  size_t *size_out, struct error *error)
{
	const struct pdb_module *module = &pdb->modules[index];
	size_t size = 0;
	enum status status;
	uint8_t *bytes;

	if (module->stream != PDB_NO_STREAM && module->symbol_bytes > MODULE_SIGNATURE_SIZE)
		size = module->symbol_bytes - MODULE_SIGNATURE_SIZE;
	if (size > pdb_msf_stream_size(pdb->msf, module->stream))
		return error_set(error, STATUS_CORRUPT,
				 "PDB: the symbols of module %" PRIu32 " run past stream %u",
				 index, module->stream);
	bytes = malloc(size + 1);
	if (bytes == NULL)
		return error_out_of_memory(error, "the symbols of a module");
	status = pdb_msf_read(pdb->msf, module->stream, size == 0 ? 0 : MODULE_SIGNATURE_SIZE,
			      bytes, size, error);
	if (status != STATUS_OK) {
		free(bytes);
		return status;
	}
	bytes[size] = 0;
	*out = bytes;
	*size_out = size;
	return STATUS_OK;
}

struct contribution {
	uint16_t section;
	uint32_t offset;
	uint32_t size;
	uint16_t module;
};

static enum status read_contribution(const struct pdb_file *pdb, uint32_t index,
				     struct contribution *out, struct error *error)
{
	uint8_t entry[CONTRIBUTION_SIZE_V60];
	enum status status;

	status = pdb_msf_read(pdb->msf, DBI_STREAM,
			      pdb->contributions_at + (uint64_t)index * pdb->contribution_size,
			      entry, sizeof(entry), error);
	if (status != STATUS_OK)
		return status;
	out->section = load_le16(entry);
	out->offset = load_le32(entry + 4);
	out->size = load_le32(entry + 8);
	out->module = load_le16(entry + 16);
	return STATUS_OK;
}

/* Contributions ascend by section and offset and do not overlap. */
enum status pdb_file_module_at(const struct pdb_file *pdb, uint16_t section, uint32_t offset,
			       uint32_t *index_out, struct error *error)
{
	uint32_t low = 0, high = pdb->contribution_count;
	struct contribution found = { 0 };

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct contribution candidate;
		enum status status = read_contribution(pdb, middle, &candidate, error);

		if (status != STATUS_OK)
			return status;
		if (candidate.section < section ||
		    (candidate.section == section && candidate.offset <= offset)) {
			found = candidate;
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == 0 || found.section != section || offset - found.offset >= found.size ||
	    found.module >= pdb->module_count)
		return error_set(error, STATUS_SYMBOL_NOT_FOUND,
				 "PDB: no object file contributed %04x:%08" PRIx32, section,
				 offset);
	*index_out = found.module;
	return STATUS_OK;
}

/* The greatest pair at or below the address decides; one that leads to 0 was removed. */
static bool map_address(const struct address_map *map, uint32_t address, uint32_t *out)
{
	size_t low = 0, high = map->count;
	const uint8_t *pair;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (load_le32(map->pairs + 8 * middle) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	pair = map->pairs + 8 * (low - 1);
	if (load_le32(pair + 4) == 0)
		return false;
	*out = load_le32(pair + 4) + (address - load_le32(pair));
	return true;
}

bool pdb_file_rva_of(const struct pdb_file *pdb, uint16_t section, uint32_t offset,
		     uint32_t *rva_out)
{
	uint32_t rva;

	if (section == 0 || section > pdb->section_count)
		return false;
	rva = pdb->sections[section - 1].rva;
	if (offset > UINT32_MAX - rva)
		return false;
	rva += offset;
	if (pdb->from_source.count != 0)
		return map_address(&pdb->from_source, rva, rva_out);
	*rva_out = rva;
	return true;
}

bool pdb_file_section_of(const struct pdb_file *pdb, uint32_t rva, uint16_t *section_out,
			 uint32_t *offset_out)
{
	if (pdb->to_source.count != 0 && !map_address(&pdb->to_source, rva, &rva))
		return false;
	for (uint32_t i = 0; i < pdb->section_count; i++) {
		const struct section *section = &pdb->sections[i];

		if (rva < section->rva || rva - section->rva >= section->size)
			continue;
		*section_out = (uint16_t)(i + 1);
		*offset_out = rva - section->rva;
		return true;
	}
	return false;
}
