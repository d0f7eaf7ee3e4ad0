/* SPDX-License-Identifier: MIT */
/*
 * What lies in a folder.
 *
 * May include: src/base.
 */
#ifndef PLATFORM_DIRECTORY_H
#define PLATFORM_DIRECTORY_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct directory_entry {
	const char *name;	/* UTF-8, without the folder; valid during the callback */
	bool is_directory;
};

/* Return false to stop the listing, which then ends with STATUS_OK. */
typedef bool (*directory_visitor)(void *context, const struct directory_entry *entry);

/* Calls visit for each entry but "." and "..", in no particular order. */
enum status directory_list(const char *path, directory_visitor visit, void *context,
			   struct error *error);

struct path_facts {
	bool is_directory;
	uint64_t size;		/* bytes */
	int64_t modified;	/* seconds since 1970-01-01 UTC */
};

enum status path_examine(const char *path, struct path_facts *out, struct error *error);

/*
 * folder joined to name with one separator, in memory that the caller frees;
 * NULL when memory is short.
 */
char *path_join(const char *folder, const char *name);

/* The separator between the paths of a list: ';' on Windows, ':' elsewhere. */
extern const char path_list_separator;

#endif
