/* SPDX-License-Identifier: MIT */
/*
 * Where the drives of a Windows host are here.
 *
 * A host's files name each other by its drive letters.  The drive that a file
 * was found on is the folder it is mounted at, or the copy of it; other drives
 * of the host are often mounted beside it.
 *
 * May include: src/base, src/platform, src/locate.
 */
#ifndef LOCATE_DRIVE_MAP_H
#define LOCATE_DRIVE_MAP_H

#include "base/error.h"
#include "locate/folder.h"

#include <stdbool.h>

struct drive_map {
	char *root;		/* what a drive letter stands for at first */
	bool is_this_host;	/* paths hold here as they are */
	bool is_listed;		/* beside has been filled in */
	struct folder beside;	/* the folder that root lies in */
};

/*
 * The map for paths that are named in files below folder: its drive is what
 * precedes Hyper-V's own folder in folder, else folder itself.
 * STATUS_OUT_OF_MEMORY.
 */
enum status drive_map_init(const char *folder, bool is_this_host, struct drive_map *out,
			   struct error *error);
void drive_map_fini(struct drive_map *map);

/*
 * Finds the file that a path of the host means, and gives its path here in
 * memory that the caller frees.  STATUS_PATH_NOT_FOUND; STATUS_OUT_OF_MEMORY.
 */
enum status drive_map_resolve(struct drive_map *map, const char *host_path, char **out,
			      struct error *error);

/* Hyper-V's folder below a drive. */
extern const char hyperv_folder[];

#endif
