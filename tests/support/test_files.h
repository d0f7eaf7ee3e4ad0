/* SPDX-License-Identifier: MIT */
/*
 * Where tests find files, and files as they are: whole, or as lines of words.
 *
 * The build tells the folders in the environment: VMSS_FIXTURES (built
 * fixtures), VMSS_FIXTURE_TEXTS (their descriptions), VMSS_SAMPLES.
 *
 * May include: nothing of src/.
 */
#ifndef TEST_FILES_H
#define TEST_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vmsavedstate_platform.h>

enum { TEST_PATH_SIZE = 1024 };

/* Writes FOLDER/name, FOLDER being what the environment variable says. */
void test_path(char path[TEST_PATH_SIZE], const char *variable, const char *name);

/* A path for this process alone, of a file that the test makes and removes. */
void temporary_path(char path[TEST_PATH_SIZE], const char *name);

/* The same path in the characters of LoadSavedStateFile; ASCII only. */
void wide_path(WCHAR wide[TEST_PATH_SIZE], const char *path);

bool file_exists(const char *path);

/* The whole file, to be freed; NULL when it cannot be read.  A NUL follows it. */
uint8_t *read_whole_file(const char *path, size_t *size_out);

bool write_whole_file(const char *path, const void *bytes, size_t size);

/* ---- Text files: one statement a line, words parted by blanks ------------ */

enum { LINE_WORDS = 16 };

struct text_lines {
	char *text; /* the file, cut up as lines are taken */
	char *next;
	unsigned int number; /* of the line taken last, from 1 */
	char *words[LINE_WORDS];
	size_t word_count;
};

bool lines_open(struct text_lines *lines, const char *path);

/* Takes the next line that is not empty; false at the end. */
bool lines_next(struct text_lines *lines);

void lines_close(struct text_lines *lines);

/* A word as a number, in decimal or with 0x; negative ones wrap. */
uint64_t number_of(const char *word);

/* A word of hexadecimal digits as bytes; returns how many, at most room. */
size_t bytes_of(const char *word, uint8_t *bytes, size_t room);

#endif
