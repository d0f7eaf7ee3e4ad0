/* SPDX-License-Identifier: MIT */
/*
 * Environment variables, and paths that come from them.
 *
 * May include: src/base.
 */
#ifndef PLATFORM_ENVIRONMENT_H
#define PLATFORM_ENVIRONMENT_H

#include "base/error.h"

/*
 * The variable's value as UTF-8, in memory that the caller frees; NULL in
 * *out when it is not set.  STATUS_OUT_OF_MEMORY.
 */
enum status environment_variable(const char *name, char **out, struct error *error);

/* Makes '/' the only separator of a path, in place: on Windows of '\' too. */
void path_to_slashes(char *path);

/* Gives a path the separators that the system's own programs show, in place. */
void path_to_native(char *path);

#endif
