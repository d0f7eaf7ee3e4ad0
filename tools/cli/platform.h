/* SPDX-License-Identifier: MIT */
/*
 * What the operating systems do differently: the command line, the terminal,
 * time, Ctrl-C, and files that are written.  Paths and texts are UTF-8 on
 * every system.  platform_posix.c and platform_win32.c hold one each; nothing
 * else in the program asks which system it runs on, but for what socket.h has.
 *
 * May include: nothing.
 */
#ifndef CLI_PLATFORM_H
#define CLI_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- The process -------------------------------------------------------- */

/*
 * Makes the standard output take bytes as they are and UTF-8 for text, and
 * gives the command line as UTF-8 in place of what main received.  False when
 * memory is short.
 */
bool platform_start(int *count, char ***arguments);

/* Seconds from some fixed moment, for measuring how long something takes. */
double platform_seconds(void);

/* From this call on Ctrl-C does not end the program, but is remembered. */
void platform_watch_interrupt(void);
bool platform_interrupted(void);

/* ---- The terminal ------------------------------------------------------- */

bool platform_is_terminal(FILE *stream);

/* Whether it is one that takes escape sequences of ISO 6429, which colours are made of. */
bool platform_takes_escapes(FILE *stream);

/* The width of the terminal that stream is, or 80 when it is not known. */
unsigned platform_terminal_columns(FILE *stream);

/* ---- Files -------------------------------------------------------------- */

/*
 * Looks beside path for a file whose name differs only in its extension and
 * in letter case.  extension has no dot.  Returns its path, which the caller
 * frees, or NULL when there is none.
 */
char *platform_find_sibling(const char *path, const char *extension);

/* Whether both paths lead to one file, by whatever names or links. */
bool platform_same_file(const char *a, const char *b);

/* What a path leads to, such as "a device"; NULL for a file, a folder or nothing. */
const char *platform_kind_of_no_file(const char *path);

bool platform_folder_exists(const char *path);

/* ---- A file being written ----------------------------------------------- */

enum output_status {
	OUTPUT_OK = 0,
	OUTPUT_EXISTS,
	OUTPUT_NOT_A_FILE,		/* something else has that name */
	OUTPUT_NO_FOLDER,
	OUTPUT_NO_ACCESS,
	OUTPUT_NO_SPACE,
	OUTPUT_TOO_LARGE,
	OUTPUT_NO_MEMORY,
	OUTPUT_REFUSED			/* for any other reason */
};

struct output_file;

/* Whether a file can be made at path: OUTPUT_OK, OUTPUT_EXISTS or OUTPUT_NOT_A_FILE. */
enum output_status platform_output_name_free(const char *path);

/*
 * Makes a file at path, which must not exist.  Parts of it that are never
 * written take no room, where the file system allows that, and read as zeros.
 */
enum output_status platform_output_create(const char *path, struct output_file **out);

enum output_status platform_output_write(struct output_file *file, uint64_t offset,
					 const void *bytes, size_t size);

/* Gives the file its size, closes it and frees file, whatever it returns. */
enum output_status platform_output_finish(struct output_file *file, uint64_t size);

/* Closes the file without caring for what is in it.  NULL is allowed. */
void platform_output_abandon(struct output_file *file);

/* Renames a file; with replace, in the place of one that has the new name. */
enum output_status platform_rename(const char *from, const char *to, bool replace);

/* Removes a file; that there is none is no failure. */
enum output_status platform_remove(const char *path);

#endif
