/* SPDX-License-Identifier: MIT */
/*
 * What the configuration of a VM or checkpoint tells about it: a .vmcx, or the
 * .xml of VM versions before 6.
 *
 * May include: src/base, src/platform, src/container, src/locate.
 */
#ifndef LOCATE_CONFIGURATION_H
#define LOCATE_CONFIGURATION_H

#include "base/error.h"
#include "base/vector.h"
#include "locate/names.h"

#include <stdint.h>

struct guid_text {
	char text[GUID_TEXT_SIZE];
};

struct configuration {
	char *name;			/* "" when it has none */
	char id[GUID_TEXT_SIZE];	/* "" when it has none */
	uint32_t vm_version;		/* 0x0900 is 9.0; 0 when not told */
	uint64_t created;		/* FILETIME; 0 when not told */
	uint64_t memory_mib;		/* 0 when not told */
	uint32_t processors;		/* 0 when not told */
	char *bin_path;			/* as the host names them; or NULL */
	char *vsv_path;
	struct vector mentions;		/* of struct guid_text: further values */
};

/*
 * Reads the configuration in the file at path.  Statuses of file_open and
 * container_open; STATUS_CORRUPT for an .xml that cannot be read;
 * STATUS_OUT_OF_MEMORY.
 */
enum status configuration_read(const char *path, struct configuration *out, struct error *error);
void configuration_free(struct configuration *configuration);

/*
 * Calls visit with the path and value of each String of the .vmcx at path, and
 * with the bits of each Int.  Exactly one of text and number is not NULL.
 * Returning false ends the visit.
 */
typedef bool (*configuration_visitor)(void *context, const char *key, const char *text,
				      const uint64_t *number);
enum status configuration_visit(const char *path, configuration_visitor visit, void *context,
				struct error *error);

#endif
