/* SPDX-License-Identifier: MIT */
/* Paths of a Hyper-V host on this system: names in any case, and never out of a folder. */
#include "test_shim.h"

#include "locate/folder.h"
#include "support/folder_tree.h"

#include <stdlib.h>
#include <string.h>

static void names_are_found_in_any_case_and_with_either_separator(void **state)
{
	static const char *const below[] = {
		"Guests/Office/a.vmcx", "guests\\OFFICE\\A.VMCX", "\\guests/office//a.vmcx",
		"GUESTS\\\\office\\a.vmcx\\",
	};
	char root[TEST_PATH_SIZE];

	(void)state;
	assert_true(tree_begin(root, "folder"));
	assert_true(tree_write(root, "Guests/Office/a.vmcx", "x", 1, 0));
	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		char *path = NULL;

		assert_int_equal(folder_resolve(root, below[i], &path, NULL), STATUS_OK);
		assert_memory_equal(path, root, strlen(root));
#ifndef _WIN32	/* which finds the file as it was asked for, whatever the case */
		assert_string_equal(path + strlen(root), "/Guests/Office/a.vmcx");
#endif
		assert_true(file_exists(path));
		free(path);
	}
	tree_end(root);
}

static void no_name_leads_out_of_the_folder(void **state)
{
	static const char *const below[] = {
		"..", "Guests\\..\\..\\x", "Guests/../Guests/a", ".", "Guests\\.\\a", "Guests/none",
		"none\\a",
	};
	char root[TEST_PATH_SIZE];

	(void)state;
	assert_true(tree_begin(root, "folder"));
	assert_true(tree_write(root, "Guests/a", "x", 1, 0));
	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		char *path = NULL;

		assert_int_equal(folder_resolve(root, below[i], &path, NULL),
				 STATUS_PATH_NOT_FOUND);
		assert_null(path);
	}
	tree_end(root);
}

static void a_path_lies_in_its_parent_and_a_root_in_none(void **state)
{
	static const struct {
		const char *path, *parent;
	} known[] = {
		{ "/a/b", "/a" }, { "/a", "/" }, { "a", "." }, { "a/b//c", "a/b" },
		{ "C:/a", "C:/" }, { "/", NULL }, { "C:/", NULL }, { "a/..", NULL }, { ".", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		char *parent = NULL;

		assert_int_equal(path_parent(known[i].path, &parent, NULL), STATUS_OK);
		if (known[i].parent == NULL)
			assert_null(parent);
		else
			assert_string_equal(parent, known[i].parent);
		free(parent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_in_any_case_and_with_either_separator),
		cmocka_unit_test(no_name_leads_out_of_the_folder),
		cmocka_unit_test(a_path_lies_in_its_parent_and_a_root_in_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
