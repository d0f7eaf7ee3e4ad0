/* SPDX-License-Identifier: MIT */
/*
 * Where a file comes from: a path in UTF-16 or UTF-8, or memory.
 *
 * May include: everything below.
 */
#ifndef API_SOURCE_H
#define API_SOURCE_H

#include "base/error.h"
#include "platform/file.h"

#include <vmsavedstatedump_ext.h>

/*
 * A path of the Windows API as UTF-8, in memory that the caller frees.
 * STATUS_INVALID_ARGUMENT for NULL or an empty path; STATUS_OUT_OF_MEMORY.
 */
enum status source_path(LPCWSTR path, const char *what, char **out, struct error *error);

/* Opens a file by such a path. */
enum status source_open_path(LPCWSTR path, const char *what, enum file_access access,
			     struct file **out, struct error *error);

/*
 * Opens the files of a source; *second_out is NULL when it names only one.
 * STATUS_INVALID_ARGUMENT for a source that breaks the rules of the header;
 * statuses of file_open.
 */
enum status source_open(const VMSAVEDSTATE_SOURCE *source, struct file **first_out,
			struct file **second_out, struct error *error);

/* True if a source that source_open accepted asks for salvage. */
bool source_tolerates(const VMSAVEDSTATE_SOURCE *source);

#endif
