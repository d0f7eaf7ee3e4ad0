/* SPDX-License-Identifier: MIT */
#include "support/folder_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#if defined(_WIN32)
#include <direct.h>
#include <io.h>
#include <sys/utime.h>
#define make_folder(path) _mkdir(path)
#define remove_folder(path) _rmdir(path)
#define set_time(path, times) _utime64(path, times)
typedef struct __utimbuf64 file_times;
#else
#include <dirent.h>
#include <unistd.h>
#include <utime.h>
#define make_folder(path) mkdir(path, 0755)
#define remove_folder(path) rmdir(path)
#define set_time(path, times) utime(path, times)
typedef struct utimbuf file_times;
#endif

bool tree_begin(char root[TEST_PATH_SIZE], const char *name)
{
	temporary_path(root, name);
	for (char *c = root; *c != '\0'; c++) {
		if (*c == '\\')
			*c = '/';
	}
	tree_end(root);
	return make_folder(root) == 0;
}

static void full_path(char path[TEST_PATH_SIZE], const char *folder, const char *name)
{
	int length = snprintf(path, TEST_PATH_SIZE, "%s/%s", folder, name);

	if (length >= TEST_PATH_SIZE)
		path[0] = '\0';
}

/* Removes a file, or a folder with what is in it; trees of tests are not deep. */
static void remove_entry(const char *folder, const char *name)
{
	char path[TEST_PATH_SIZE];

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return;
	full_path(path, folder, name);
	if (remove(path) != 0)
		tree_end(path);
}

#if defined(_WIN32)
void tree_end(const char *root)
{
	char pattern[TEST_PATH_SIZE];
	struct _finddata_t found;
	intptr_t search;

	full_path(pattern, root, "*");
	search = _findfirst(pattern, &found);
	if (search == -1)
		return;
	do
		remove_entry(root, found.name);
	while (_findnext(search, &found) == 0);
	_findclose(search);
	remove_folder(root);
}

void set_environment(const char *name, const char *value)
{
	char text[TEST_PATH_SIZE];

	snprintf(text, sizeof(text), "%s=%s", name, value != NULL ? value : "");
	_putenv(text);
}
#else
void tree_end(const char *root)
{
	DIR *directory = opendir(root);
	const struct dirent *found;

	if (directory == NULL)
		return;
	while ((found = readdir(directory)) != NULL)
		remove_entry(root, found->d_name);
	closedir(directory);
	remove_folder(root);
}

void set_environment(const char *name, const char *value)
{
	if (value != NULL)
		setenv(name, value, 1);
	else
		unsetenv(name);
}
#endif

bool tree_make_folders(const char *root, const char *path)
{
	char folder[TEST_PATH_SIZE];
	struct stat facts;
	size_t start = strlen(root) + 1;

	full_path(folder, root, path);
	for (char *end = strchr(folder + start, '/'); end != NULL; end = strchr(end + 1, '/')) {
		*end = '\0';
		if (stat(folder, &facts) != 0 && make_folder(folder) != 0)
			return false;
		*end = '/';
	}
	return true;
}

bool tree_write(const char *root, const char *path, const void *bytes, size_t size,
		int64_t modified)
{
	file_times times = { .actime = modified, .modtime = modified };
	char file[TEST_PATH_SIZE];

	full_path(file, root, path);
	return tree_make_folders(root, path) && write_whole_file(file, bytes, size) &&
	       set_time(file, &times) == 0;
}

bool tree_copy_fixture(const char *root, const char *path, const char *name, int64_t modified)
{
	char from[TEST_PATH_SIZE];
	uint8_t *bytes;
	size_t size;
	bool written;

	test_path(from, "VMSS_FIXTURES", name);
	bytes = read_whole_file(from, &size);
	if (bytes == NULL)
		return false;
	written = tree_write(root, path, bytes, size, modified);
	free(bytes);
	return written;
}
