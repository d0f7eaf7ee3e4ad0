/* SPDX-License-Identifier: MIT */
/*
 * Folders as Windows knows them: names are found without regard to case, on
 * every system and on every kind of mounted image.
 *
 * Inside src/locate '/' alone separates the parts of a path.
 *
 * May include: src/base, src/platform, src/locate.
 */
#ifndef LOCATE_FOLDER_H
#define LOCATE_FOLDER_H

#include "base/error.h"
#include "base/vector.h"

#include <stdbool.h>

struct folder_entry {
	char *name;
	bool is_directory;
};

struct folder {
	char *path;
	struct vector entries;	/* of struct folder_entry, ordered by names_compare */
};

/* Lists a folder once.  Statuses of directory_list; STATUS_OUT_OF_MEMORY. */
enum status folder_open(const char *path, struct folder *out, struct error *error);
void folder_close(struct folder *folder);

/*
 * The entry of that name, ASCII letters without case; one of exactly that name
 * is preferred.  NULL when there is none of that kind.
 */
const struct folder_entry *folder_find(const struct folder *folder, const char *name,
				       bool is_directory);

/*
 * The path of the file or folder that lies below a folder under the given
 * names, whose separators may be '/' or '\', in memory that the caller frees.
 * STATUS_PATH_NOT_FOUND (also for names such as ".."); statuses of folder_open.
 */
enum status folder_resolve(const char *folder, const char *below, char **out,
			   struct error *error);

/* The folder that a path lies in, in memory that the caller frees; NULL for a root. */
enum status path_parent(const char *path, char **out, struct error *error);

/* The last part of a path. */
const char *path_last(const char *path);

#endif
