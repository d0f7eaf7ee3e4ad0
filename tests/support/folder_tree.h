/* SPDX-License-Identifier: MIT */
/*
 * A tree of folders that a test makes and removes, and the environment.
 *
 * Paths inside the tree have '/' between their parts on every system.
 *
 * May include: nothing of src/.
 */
#ifndef TEST_FOLDER_TREE_H
#define TEST_FOLDER_TREE_H

#include "support/test_files.h"

/* Makes an empty folder for this process alone; its path has '/' only. */
bool tree_begin(char root[TEST_PATH_SIZE], const char *name);

/* Removes the folder and all below it. */
void tree_end(const char *root);

/* Makes the folders that the file at a path below the root lies in. */
bool tree_make_folders(const char *root, const char *path);

/* Writes a file below the root, with its folders; modified in seconds since 1970. */
bool tree_write(const char *root, const char *path, const void *bytes, size_t size,
		int64_t modified);

/* The same with the contents of fixtures/NAME. */
bool tree_copy_fixture(const char *root, const char *path, const char *name, int64_t modified);

/* Sets a variable for this process; NULL removes it.  ASCII only. */
void set_environment(const char *name, const char *value);

#endif
