/* SPDX-License-Identifier: MIT */
/*
 * A Windows image as it lies in memory: headers, sections, debug information,
 * exports.
 *
 * Memory is seen through a callback only, since pages of an image in a guest
 * may be paged out or were discarded after start-up.  Whatever is there is
 * reported; what is missing is left empty.  Input is hostile.
 *
 * Threads: an opened image may be asked from any number of threads at once if
 * its callback may.
 *
 * May include: src/base.
 */
#ifndef GUEST_PE_IMAGE_H
#define GUEST_PE_IMAGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads size bytes at a virtual address.  *read_out is how many were there
 * before the first missing one; fewer than size is no failure.  Any status but
 * STATUS_OK counts as nothing read.
 */
typedef enum status (*image_reader)(void *context, uint64_t address, void *buffer, size_t size,
				    size_t *read_out);

struct image_memory {
	image_reader read;
	void *context;
};

/* Places in the array of data directories. */
enum image_directory {
	IMAGE_DIRECTORY_EXPORT = 0,
	IMAGE_DIRECTORY_EXCEPTION = 3,
	IMAGE_DIRECTORY_DEBUG = 6,
	IMAGE_DIRECTORY_COUNT = 16
};

struct image_range {
	uint32_t rva;
	uint32_t size;
};

struct image_section {
	char name[9];		/* NUL-terminated */
	uint32_t rva;
	uint32_t size;		/* in memory */
	uint32_t flags;
};

enum { IMAGE_GUID_SIZE = 16 };

struct pe_image {
	struct image_memory memory;
	uint64_t base;
	uint16_t machine;		/* IMAGE_FILE_MACHINE_*, not checked */
	bool is_64_bit;			/* PE32+ */
	uint32_t timestamp;
	uint32_t size;			/* SizeOfImage; 0 where the header is missing */
	uint32_t checksum;
	uint32_t entry_point;
	uint64_t preferred_base;
	struct image_range directory[IMAGE_DIRECTORY_COUNT];	/* {0, 0}: absent */
	struct image_section *section;
	uint32_t section_count;		/* those that could be read */
	bool has_pdb;			/* the three below come from the debug directory */
	uint8_t pdb_guid[IMAGE_GUID_SIZE];
	uint32_t pdb_age;
	char *pdb_path;			/* as the linker wrote it; "" when unknown */
	char *pdb_name;			/* its file name without folder and extension */
};

/*
 * Reads the headers of the image at base.  The caller frees with
 * pe_image_close.  STATUS_SYMBOL_NOT_FOUND when there is no image: the page
 * does not start with MZ, or no PE header is where MZ points;
 * STATUS_VA_NOT_MAPPED when one of these two cannot be read;
 * STATUS_OUT_OF_MEMORY.
 */
enum status pe_image_open(const struct image_memory *memory, uint64_t base,
			  struct pe_image **out, struct error *error);

/* NULL is allowed. */
void pe_image_close(struct pe_image *image);

/* Bytes read at an address relative to the base, up to the first missing page. */
size_t pe_image_read(const struct pe_image *image, uint32_t rva, void *buffer, size_t size);

struct image_export {
	const char *name;
	uint32_t ordinal;
	uint32_t rva;			/* 0 for a forwarder */
	const char *forwarder;		/* "module.function", or NULL */
};

/* Return false to end the visit; the texts are valid during the call. */
typedef bool (*image_export_visitor)(void *context, const struct image_export *exported);

/*
 * Visits the exports that have a name, in the order of their names.  Those on
 * missing pages are left out.  STATUS_SYMBOL_NOT_FOUND when there is no export
 * directory, STATUS_VA_NOT_MAPPED when it is missing; STATUS_CORRUPT when its
 * counts are impossible.
 */
enum status pe_image_visit_exports(const struct pe_image *image, image_export_visitor visit,
				   void *context, struct error *error);

#endif
