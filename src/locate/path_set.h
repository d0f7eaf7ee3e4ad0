/* SPDX-License-Identifier: MIT */
/*
 * Paths that have been met, compared without regard to the case of ASCII
 * letters, as Windows does.
 *
 * May include: src/base.
 */
#ifndef LOCATE_PATH_SET_H
#define LOCATE_PATH_SET_H

#include "base/error.h"

#include <stdbool.h>

/* An empty set is NULL. */
struct path_set;

/* Adds a path; *is_new_out tells whether it was missing.  STATUS_OUT_OF_MEMORY. */
enum status path_set_add(struct path_set **set, const char *path, bool *is_new_out,
			 struct error *error);

/* Empties the set. */
void path_set_free(struct path_set **set);

#endif
