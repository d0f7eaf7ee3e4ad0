/* SPDX-License-Identifier: MIT */
#include "guest/pe_image.h"
#include "base/bytes.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	DOS_HEADER_SIZE = 64,
	DOS_SIGNATURE = 0x5A4D,			/* "MZ" */
	DOS_NEW_HEADER_AT = 60,

	NT_SIGNATURE = 0x00004550,		/* "PE" */
	FILE_HEADER_SIZE = 24,			/* with the signature */
	FILE_MACHINE_AT = 4,
	FILE_SECTION_COUNT_AT = 6,
	FILE_TIMESTAMP_AT = 8,
	FILE_OPTIONAL_SIZE_AT = 20,

	OPTIONAL_PE32 = 0x10B,
	OPTIONAL_PE32_PLUS = 0x20B,
	OPTIONAL_ENTRY_POINT_AT = 16,
	OPTIONAL_IMAGE_BASE_PLUS_AT = 24,
	OPTIONAL_IMAGE_BASE_AT = 28,
	OPTIONAL_IMAGE_SIZE_AT = 56,
	OPTIONAL_CHECKSUM_AT = 64,
	OPTIONAL_DIRECTORIES_AT = 96,	/* 16 more in PE32+; their count stands before */
	OPTIONAL_LARGEST = 112 + 8 * IMAGE_DIRECTORY_COUNT,

	SECTION_SIZE = 40,
	SECTIONS_AT_A_TIME = 16,

	DEBUG_ENTRY_SIZE = 28,
	DEBUG_TYPE_CODEVIEW = 2,
	DEBUG_ENTRY_LIMIT = 64,			/* linkers write under ten */
	CODEVIEW_RSDS = 0x53445352,
	CODEVIEW_HEADER_SIZE = 24,
	PDB_PATH_LIMIT = 4096,

	EXPORT_DIRECTORY_SIZE = 40,
	/* Ordinals are 16-bit, so no image can export more. */
	EXPORT_LIMIT = 65536,
	/* The longest name that compilers write. */
	EXPORT_NAME_LIMIT = 4096
};

/* ---- memory ------------------------------------------------------------------------ */

static size_t read_memory(const struct image_memory *memory, uint64_t address, void *buffer,
			  size_t size)
{
	size_t done = 0;

	if (memory->read(memory->context, address, buffer, size, &done) != STATUS_OK)
		return 0;
	return done < size ? done : size;
}

size_t pe_image_read(const struct pe_image *image, uint32_t rva, void *buffer, size_t size)
{
	return read_memory(&image->memory, image->base + rva, buffer, size);
}

static bool read_whole(const struct pe_image *image, uint32_t rva, void *buffer, size_t size)
{
	return pe_image_read(image, rva, buffer, size) == size;
}

/*
 * Reads a text that ends within limit bytes (its NUL included) into buffer.
 * A text that a missing page cuts is as good as none: its end is not known.
 */
static bool read_text(const struct pe_image *image, uint32_t rva, char *buffer, size_t limit)
{
	enum { STEP = 128 };
	size_t length = 0;

	while (length < limit) {
		size_t wanted = limit - length < STEP ? limit - length : STEP;
		size_t got;

		if (length > UINT32_MAX - rva)
			return false;
		got = pe_image_read(image, rva + (uint32_t)length, buffer + length, wanted);
		if (memchr(buffer + length, 0, got) != NULL)
			return true;
		if (got < wanted)
			return false;
		length += got;
	}
	return false;
}

/* ---- headers ----------------------------------------------------------------------- */

static enum status find_nt_header(const struct image_memory *memory, uint64_t base,
				  uint64_t *at_out, uint8_t *header, struct error *error)
{
	uint8_t dos[DOS_HEADER_SIZE];

	if (read_memory(memory, base, dos, sizeof(dos)) != sizeof(dos))
		return error_set(error, STATUS_VA_NOT_MAPPED,
				 "no image at 0x%" PRIx64 ": its first page is missing", base);
	if (load_le16(dos) != DOS_SIGNATURE)
		return error_set(error, STATUS_SYMBOL_NOT_FOUND,
				 "no image at 0x%" PRIx64 ": no MZ", base);
	*at_out = base + load_le32(dos + DOS_NEW_HEADER_AT);
	if (read_memory(memory, *at_out, header, FILE_HEADER_SIZE) != FILE_HEADER_SIZE)
		return error_set(error, STATUS_VA_NOT_MAPPED,
				 "no image at 0x%" PRIx64 ": the page of its PE header is missing",
				 base);
	if (load_le32(header) != NT_SIGNATURE)
		return error_set(error, STATUS_SYMBOL_NOT_FOUND,
				 "no image at 0x%" PRIx64 ": no PE header", base);
	return STATUS_OK;
}

/* Directories beyond the optional header's own size are not there. */
static void parse_directories(struct pe_image *image, const uint8_t *optional, size_t size)
{
	size_t at = OPTIONAL_DIRECTORIES_AT + (image->is_64_bit ? 16 : 0);
	uint32_t count;

	if (size < at)
		return;
	count = load_le32(optional + at - 4);
	for (uint32_t i = 0; i < count && i < IMAGE_DIRECTORY_COUNT; i++, at += 8) {
		if (size - at < 8)
			return;
		image->directory[i].rva = load_le32(optional + at);
		image->directory[i].size = load_le32(optional + at + 4);
	}
}

static void read_optional_header(struct pe_image *image, uint64_t at, size_t size)
{
	uint8_t optional[OPTIONAL_LARGEST];
	uint16_t magic;

	if (size > sizeof(optional))
		size = sizeof(optional);
	size = read_memory(&image->memory, at, optional, size);
	if (size < OPTIONAL_CHECKSUM_AT + 4)
		return;
	image->entry_point = load_le32(optional + OPTIONAL_ENTRY_POINT_AT);
	image->size = load_le32(optional + OPTIONAL_IMAGE_SIZE_AT);
	image->checksum = load_le32(optional + OPTIONAL_CHECKSUM_AT);
	magic = load_le16(optional);
	image->is_64_bit = magic == OPTIONAL_PE32_PLUS;
	if (magic != OPTIONAL_PE32 && magic != OPTIONAL_PE32_PLUS)
		return;
	image->preferred_base = image->is_64_bit ?
		load_le64(optional + OPTIONAL_IMAGE_BASE_PLUS_AT) :
		load_le32(optional + OPTIONAL_IMAGE_BASE_AT);
	parse_directories(image, optional, size);
}

static void parse_section(const uint8_t *header, struct image_section *out)
{
	memcpy(out->name, header, sizeof(out->name) - 1);
	out->name[sizeof(out->name) - 1] = '\0';
	out->size = load_le32(header + 8);
	out->rva = load_le32(header + 12);
	/* Old linkers leave the size in memory empty; that of the file counts then. */
	if (out->size == 0)
		out->size = load_le32(header + 16);
	out->flags = load_le32(header + 36);
}

/* count is a 16-bit field; the table ends at the first header that is missing. */
static enum status read_sections(struct pe_image *image, uint64_t at, uint16_t count,
				 struct error *error)
{
	uint8_t headers[SECTIONS_AT_A_TIME * SECTION_SIZE];
	size_t wanted, got;

	image->section = NULL;
	for (uint32_t done = 0; done < count; done = image->section_count) {
		struct image_section *grown;

		wanted = count - done < SECTIONS_AT_A_TIME ? count - done : SECTIONS_AT_A_TIME;
		got = read_memory(&image->memory, at + (uint64_t)done * SECTION_SIZE, headers,
				  wanted * SECTION_SIZE) / SECTION_SIZE;
		if (got == 0)
			return STATUS_OK;
		grown = realloc(image->section, (done + got) * sizeof(*grown));
		if (grown == NULL)
			return error_out_of_memory(error, "the sections of an image");
		image->section = grown;
		for (size_t i = 0; i < got; i++)
			parse_section(headers + i * SECTION_SIZE, &grown[done + i]);
		image->section_count += (uint32_t)got;
		if (got < wanted)
			return STATUS_OK;
	}
	return STATUS_OK;
}

/* ---- debug directory --------------------------------------------------------------- */

/* True when the entry is a CodeView record that names a PDB. */
static bool read_codeview(struct pe_image *image, const uint8_t *entry, char *path)
{
	uint8_t header[CODEVIEW_HEADER_SIZE];
	uint32_t size = load_le32(entry + 16), rva = load_le32(entry + 20);
	uint32_t text_size;

	if (load_le32(entry + 12) != DEBUG_TYPE_CODEVIEW || size < sizeof(header) ||
	    rva == 0 || rva > UINT32_MAX - CODEVIEW_HEADER_SIZE ||
	    !read_whole(image, rva, header, sizeof(header)) ||
	    load_le32(header) != CODEVIEW_RSDS)
		return false;
	image->has_pdb = true;
	memcpy(image->pdb_guid, header + 4, sizeof(image->pdb_guid));
	image->pdb_age = load_le32(header + 20);
	text_size = size - CODEVIEW_HEADER_SIZE;
	if (text_size > PDB_PATH_LIMIT)
		text_size = PDB_PATH_LIMIT;
	if (!read_text(image, rva + CODEVIEW_HEADER_SIZE, path, text_size))
		path[0] = '\0';
	return true;
}

static enum status read_debug_directory(struct pe_image *image, struct error *error)
{
	const struct image_range *directory = &image->directory[IMAGE_DIRECTORY_DEBUG];
	uint32_t count = directory->size / DEBUG_ENTRY_SIZE;
	char path[PDB_PATH_LIMIT] = "";

	if (count > DEBUG_ENTRY_LIMIT)
		count = DEBUG_ENTRY_LIMIT;
	for (uint32_t i = 0; i < count; i++) {
		uint8_t entry[DEBUG_ENTRY_SIZE];

		if (directory->rva > UINT32_MAX - i * DEBUG_ENTRY_SIZE ||
		    !read_whole(image, directory->rva + i * DEBUG_ENTRY_SIZE, entry,
				sizeof(entry)) ||
		    read_codeview(image, entry, path))
			break;
	}
	image->pdb_path = text_copy(path);
	image->pdb_name = path_file_stem(path);
	if (image->pdb_path == NULL || image->pdb_name == NULL)
		return error_out_of_memory(error, "the path of a PDB");
	return STATUS_OK;
}

/* ---- life -------------------------------------------------------------------------- */

enum status pe_image_open(const struct image_memory *memory, uint64_t base,
			  struct pe_image **out, struct error *error)
{
	uint8_t header[FILE_HEADER_SIZE];
	struct pe_image *image;
	uint64_t optional_at = 0;
	size_t optional_size;
	enum status status;

	status = find_nt_header(memory, base, &optional_at, header, error);
	if (status != STATUS_OK)
		return status;
	image = calloc(1, sizeof(*image));
	if (image == NULL)
		return error_out_of_memory(error, "an image");
	optional_at += FILE_HEADER_SIZE;
	optional_size = load_le16(header + FILE_OPTIONAL_SIZE_AT);
	image->memory = *memory;
	image->base = base;
	image->machine = load_le16(header + FILE_MACHINE_AT);
	image->timestamp = load_le32(header + FILE_TIMESTAMP_AT);
	read_optional_header(image, optional_at, optional_size);
	status = read_sections(image, optional_at + optional_size,
			       load_le16(header + FILE_SECTION_COUNT_AT), error);
	if (status == STATUS_OK)
		status = read_debug_directory(image, error);
	if (status != STATUS_OK) {
		pe_image_close(image);
		return status;
	}
	*out = image;
	return STATUS_OK;
}

void pe_image_close(struct pe_image *image)
{
	if (image == NULL)
		return;
	free(image->pdb_name);
	free(image->pdb_path);
	free(image->section);
	free(image);
}

/* ---- exports ----------------------------------------------------------------------- */

struct export_directory {
	struct image_range range;
	uint32_t ordinal_base;
	uint32_t function_count;
	uint32_t name_count;
	uint32_t functions_rva;
	uint32_t names_rva;
	uint32_t ordinals_rva;
};

static bool table_fits(const struct pe_image *image, uint32_t rva, uint32_t count,
		       uint32_t entry_size)
{
	return rva <= image->size && count <= (image->size - rva) / entry_size;
}

static enum status read_export_directory(const struct pe_image *image,
					 struct export_directory *out, struct error *error)
{
	uint8_t bytes[EXPORT_DIRECTORY_SIZE];

	out->range = image->directory[IMAGE_DIRECTORY_EXPORT];
	if (out->range.rva == 0 || out->range.size < sizeof(bytes))
		return error_set(error, STATUS_SYMBOL_NOT_FOUND,
				 "the image at 0x%" PRIx64 " exports nothing", image->base);
	if (!read_whole(image, out->range.rva, bytes, sizeof(bytes)))
		return error_set(error, STATUS_VA_NOT_MAPPED,
				 "the export directory of the image at 0x%" PRIx64 " is missing",
				 image->base);
	out->ordinal_base = load_le32(bytes + 16);
	out->function_count = load_le32(bytes + 20);
	out->name_count = load_le32(bytes + 24);
	out->functions_rva = load_le32(bytes + 28);
	out->names_rva = load_le32(bytes + 32);
	out->ordinals_rva = load_le32(bytes + 36);
	if (out->function_count > EXPORT_LIMIT || out->name_count > EXPORT_LIMIT ||
	    !table_fits(image, out->functions_rva, out->function_count, 4) ||
	    !table_fits(image, out->names_rva, out->name_count, 4) ||
	    !table_fits(image, out->ordinals_rva, out->name_count, 2))
		return error_set(error, STATUS_CORRUPT,
				 "the image at 0x%" PRIx64 " of %" PRIu32 " bytes cannot export "
				 "%" PRIu32 " functions under %" PRIu32 " names", image->base,
				 image->size, out->function_count, out->name_count);
	return STATUS_OK;
}

struct export_text {
	char name[EXPORT_NAME_LIMIT];
	char forwarder[EXPORT_NAME_LIMIT];
};

/* False when a part of the export is on a missing page or makes no sense. */
static bool read_export(const struct pe_image *image, const struct export_directory *directory,
			uint32_t index, struct export_text *text, struct image_export *out)
{
	uint8_t name_rva[4], function[2], rva[4];
	uint32_t target;

	if (!read_whole(image, directory->names_rva + 4 * index, name_rva, sizeof(name_rva)) ||
	    !read_whole(image, directory->ordinals_rva + 2 * index, function,
			sizeof(function)) ||
	    load_le16(function) >= directory->function_count ||
	    !read_whole(image, directory->functions_rva + 4u * load_le16(function), rva,
			sizeof(rva)) ||
	    !read_text(image, load_le32(name_rva), text->name, sizeof(text->name)))
		return false;
	target = load_le32(rva);
	out->name = text->name;
	out->ordinal = directory->ordinal_base + load_le16(function);
	out->rva = target;
	out->forwarder = NULL;
	/* An address inside the directory itself is that of the forwarder's text. */
	if (target < directory->range.rva ||
	    target - directory->range.rva >= directory->range.size)
		return true;
	out->rva = 0;
	out->forwarder = text->forwarder;
	return read_text(image, target, text->forwarder, sizeof(text->forwarder));
}

enum status pe_image_visit_exports(const struct pe_image *image, image_export_visitor visit,
				   void *context, struct error *error)
{
	struct export_directory directory = { 0 };
	struct image_export exported;
	struct export_text *text;
	enum status status;

	status = read_export_directory(image, &directory, error);
	if (status != STATUS_OK)
		return status;
	text = malloc(sizeof(*text));
	if (text == NULL)
		return error_out_of_memory(error, "the exports of an image");
	for (uint32_t i = 0; i < directory.name_count; i++)
		if (read_export(image, &directory, i, text, &exported) &&
		    !visit(context, &exported))
			break;
	free(text);
	return STATUS_OK;
}
