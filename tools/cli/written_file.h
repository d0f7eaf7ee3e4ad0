/* SPDX-License-Identifier: MIT */
/*
 * A file that the program writes, on its way to the disk.  It grows as
 * NAME.partial and gets its name when it is complete, so that whatever happens,
 * a file called NAME is whole.  Dumps are written by the library in the same
 * way; only their names are checked here.
 *
 * May include: tools/cli, the public headers.
 */
#ifndef CLI_WRITTEN_FILE_H
#define CLI_WRITTEN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmsavedstatedump_ext.h>

#include "exit_code.h"
#include "platform.h"

struct written_file {
	const char *path;
	char *partial_path;
	bool replace;
	struct output_file *output;
};

/*
 * Whether a file may get the name, which must not be taken unless replace is
 * true, nor its name while it grows, and is never the saved state's.  Says what
 * is wrong.
 */
enum exit_code written_file_check_name(const char *path, bool replace,
				    const VMSAVEDSTATE_SOURCE *source);

/*
 * Begins the file under a name that passes written_file_check_name.  Says what is
 * wrong; written_file_free is allowed then, too.
 */
enum exit_code written_file_begin(struct written_file *file, const char *path, bool replace,
			       const VMSAVEDSTATE_SOURCE *source);

/* Writes size bytes at offset. */
enum exit_code written_file_write(struct written_file *file, uint64_t offset, const uint8_t *bytes,
			       size_t size);

/* Gives the file its size and its name. */
enum exit_code written_file_complete(struct written_file *file, uint64_t size);

/* Removes what there is of it. */
void written_file_discard(struct written_file *file);

/* Frees what the structure holds; the file must have been completed or discarded. */
void written_file_free(struct written_file *file);

#endif
