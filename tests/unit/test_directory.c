/* SPDX-License-Identifier: MIT */
/* What lies in a folder, and the joining of paths. */
#include "platform/directory.h"
#include "platform/file.h"

#include "support/folder_tree.h"
#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char root[TEST_PATH_SIZE];

/* 2020-02-02 02:02:02 UTC. */
static const int64_t written_at = 1580608922;

/* Beyond any code page of Windows, where the C library's own names are in one. */
static const char unicode_name[] = "\xC3\xBC\xE6\x97\xA5\xF0\x9F\x92\xBE";

static void path_below(char path[TEST_PATH_SIZE], const char *name)
{
	assert_in_range(snprintf(path, TEST_PATH_SIZE, "%s/%s", root, name), 1,
			TEST_PATH_SIZE - 1);
}

static bool write_unicode_name(void)
{
	char path[TEST_PATH_SIZE];
	struct file *file;

	path_below(path, unicode_name);
	if (file_create(path, &file, NULL) != STATUS_OK)
		return false;
	file_close(file);
	return true;
}

static int make_tree(void **state)
{
	(void)state;
	if (!tree_begin(root, "directory") || !tree_write(root, "one", "1", 1, written_at) ||
	    !tree_write(root, "two.vmrs", "22", 2, written_at) ||
	    !tree_write(root, "below/deeper", "4444", 4, written_at) ||
	    !tree_make_folders(root, "empty/x") || !write_unicode_name())
		return -1;
	return 0;
}

static int remove_tree(void **state)
{
	char path[TEST_PATH_SIZE];

	(void)state;
	path_below(path, unicode_name);
	file_remove(path, NULL);
	tree_end(root);
	return 0;
}

enum { MOST_ENTRIES = 16 };

struct listing {
	char names[MOST_ENTRIES][64];
	bool is_directory[MOST_ENTRIES];
	unsigned count;
	unsigned limit;
};

static bool note_entry(void *context, const struct directory_entry *entry)
{
	struct listing *listing = context;

	snprintf(listing->names[listing->count], sizeof(listing->names[0]), "%s", entry->name);
	listing->is_directory[listing->count] = entry->is_directory;
	listing->count++;
	return listing->count < listing->limit;
}

static void assert_listed(const struct listing *listing, const char *name, bool is_directory)
{
	unsigned found = 0;

	for (unsigned i = 0; i < listing->count; i++) {
		if (strcmp(listing->names[i], name) == 0 &&
		    listing->is_directory[i] == is_directory)
			found++;
	}
	if (found != 1)
		fail_msg("'%s' is listed %u times", name, found);
}

static void files_and_folders_of_a_folder_are_listed_once(void **state)
{
	struct listing listing = { .limit = MOST_ENTRIES };

	(void)state;
	assert_int_equal(directory_list(root, note_entry, &listing, NULL), STATUS_OK);
	assert_int_equal(listing.count, 5);
	assert_listed(&listing, "one", false);
	assert_listed(&listing, "two.vmrs", false);
	assert_listed(&listing, unicode_name, false);
	assert_listed(&listing, "below", true);
	assert_listed(&listing, "empty", true);
}

static void an_empty_folder_lists_nothing(void **state)
{
	struct listing listing = { .limit = MOST_ENTRIES };
	char path[TEST_PATH_SIZE];

	(void)state;
	path_below(path, "empty");
	assert_int_equal(directory_list(path, note_entry, &listing, NULL), STATUS_OK);
	assert_int_equal(listing.count, 0);
}

static void a_listing_stops_when_it_is_told_to(void **state)
{
	struct listing listing = { .limit = 2 };

	(void)state;
	assert_int_equal(directory_list(root, note_entry, &listing, NULL), STATUS_OK);
	assert_int_equal(listing.count, 2);
}

static void what_is_not_a_folder_is_not_listed(void **state)
{
	struct listing listing = { .limit = MOST_ENTRIES };
	struct error error;
	char path[TEST_PATH_SIZE];

	(void)state;
	path_below(path, "missing");
	assert_int_equal(directory_list(path, note_entry, &listing, &error),
			 STATUS_PATH_NOT_FOUND);
	assert_non_null(strstr(error.text, path));
	path_below(path, "one");
	assert_int_not_equal(directory_list(path, note_entry, &listing, NULL), STATUS_OK);
	assert_int_equal(listing.count, 0);
}

static void a_file_is_examined_for_its_size_and_time(void **state)
{
	struct path_facts facts;
	char path[TEST_PATH_SIZE];

	(void)state;
	path_below(path, "two.vmrs");
	assert_int_equal(path_examine(path, &facts, NULL), STATUS_OK);
	assert_false(facts.is_directory);
	assert_int_equal(facts.size, 2);
	assert_int_equal(facts.modified, written_at);
}

static void a_folder_is_examined_as_a_folder(void **state)
{
	struct path_facts facts;
	char path[TEST_PATH_SIZE];

	(void)state;
	path_below(path, "below");
	assert_int_equal(path_examine(path, &facts, NULL), STATUS_OK);
	assert_true(facts.is_directory);
}

static void nothing_is_known_of_what_is_missing(void **state)
{
	struct path_facts facts = { .size = 42 };
	struct error error;
	char path[TEST_PATH_SIZE];

	(void)state;
	path_below(path, "missing");
	assert_int_not_equal(path_examine(path, &facts, &error), STATUS_OK);
	assert_int_equal(status_class(error.status), STATUS_CLASS_ABSENT);
	assert_int_equal(facts.size, 42);
}

static void check_joined(const char *folder, const char *name, const char *expected)
{
	char *path = path_join(folder, name);

	assert_string_equal(path, expected);
	free(path);
}

static void paths_are_joined_by_one_separator(void **state)
{
	(void)state;
	check_joined("a", "b", "a/b");
	check_joined("a/", "b", "a/b");
	check_joined("/", "b", "/b");
	check_joined("", "b", "b");
	check_joined("a/b", "", "a/b/");
#ifdef _WIN32
	check_joined("C:\\", "b", "C:\\b");
	check_joined("C:\\a", "b", "C:\\a/b");
#else
	check_joined("a\\", "b", "a\\/b");
#endif
}

static void lists_of_paths_are_parted_as_the_system_does(void **state)
{
	(void)state;
#ifdef _WIN32
	assert_int_equal(path_list_separator, ';');
#else
	assert_int_equal(path_list_separator, ':');
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_and_folders_of_a_folder_are_listed_once),
		cmocka_unit_test(an_empty_folder_lists_nothing),
		cmocka_unit_test(a_listing_stops_when_it_is_told_to),
		cmocka_unit_test(what_is_not_a_folder_is_not_listed),
		cmocka_unit_test(a_file_is_examined_for_its_size_and_time),
		cmocka_unit_test(a_folder_is_examined_as_a_folder),
		cmocka_unit_test(nothing_is_known_of_what_is_missing),
		cmocka_unit_test(paths_are_joined_by_one_separator),
		cmocka_unit_test(lists_of_paths_are_parted_as_the_system_does),
	};

	return cmocka_run_group_tests_name("directories", tests, make_tree, remove_tree);
}
