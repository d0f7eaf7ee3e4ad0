/* SPDX-License-Identifier: MIT */
/*
 * Copies and parts of NUL-terminated texts.
 *
 * May include: nothing.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>

/* A copy that the caller frees; NULL when memory is short. */
char *text_copy(const char *text);

/* The same of the first length bytes. */
char *text_copy_part(const char *text, size_t length);

/* The same of first with second behind it. */
char *text_join(const char *first, const char *second);

/*
 * What follows the last separator of a path that may be another system's: '/', '\'
 * and the ':' of a drive all count.
 */
const char *path_file_name(const char *path);

/*
 * The file name of such a path without its extension: "third" for
 * "C:\src\third.pdb".  A copy that the caller frees; NULL when memory is short.
 */
char *path_file_stem(const char *path);

#endif
