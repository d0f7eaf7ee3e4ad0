/* SPDX-License-Identifier: MIT */
/* Copies of texts, and the names in paths of any system. */
#include "test_shim.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static void expect_text(char *text, const char *expected)
{
	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void test_a_copy_ends_where_it_should(void **state)
{
	(void)state;
	expect_text(text_copy("kernel"), "kernel");
	expect_text(text_copy(""), "");
	expect_text(text_copy_part("kernel", 3), "ker");
	expect_text(text_copy_part("kernel", 0), "");
}

static void test_a_text_follows_the_other(void **state)
{
	(void)state;
	expect_text(text_join("out", ".partial"), "out.partial");
	expect_text(text_join("", ".pdb"), ".pdb");
	expect_text(text_join("out", ""), "out");
}

static void test_a_file_name_stands_behind_any_systems_separator(void **state)
{
	(void)state;
	assert_string_equal(path_file_name("C:\\Windows\\ntoskrnl.exe"), "ntoskrnl.exe");
	assert_string_equal(path_file_name("/boot/kernel"), "kernel");
	assert_string_equal(path_file_name("C:\\mixed/third.pdb"), "third.pdb");
	assert_string_equal(path_file_name("C:third.pdb"), "third.pdb");
	assert_string_equal(path_file_name("third.pdb"), "third.pdb");
	assert_string_equal(path_file_name("folder\\"), "");
	assert_string_equal(path_file_name(""), "");
}

static void test_a_stem_lacks_folder_and_last_extension(void **state)
{
	(void)state;
	expect_text(path_file_stem("C:\\src.old\\third.pdb"), "third");
	expect_text(path_file_stem("C:\\src.old\\third"), "third");
	expect_text(path_file_stem("api-ms-win.1.0.dll"), "api-ms-win.1.0");
	expect_text(path_file_stem(".pdb"), "");
	expect_text(path_file_stem("folder/"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_copy_ends_where_it_should),
		cmocka_unit_test(test_a_text_follows_the_other),
		cmocka_unit_test(test_a_file_name_stands_behind_any_systems_separator),
		cmocka_unit_test(test_a_stem_lacks_folder_and_last_extension),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
