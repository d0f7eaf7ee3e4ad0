/* SPDX-License-Identifier: MIT */
/*
 * Symbol paths: which files are tried, in which order, and what is said about
 * the places that are not looked into.
 */
#include "test_shim.h"

#include "base/error.h"
#include "guest/symbol_path.h"

#include <stdio.h>
#include <string.h>

static const uint8_t guid[16] = { 0xA8, 0x03, 0xE1, 0x72, 0xB2, 0x5C, 0x07, 0x49,
				  0x8B, 0x76, 0xB2, 0xE7, 0xC0, 0x62, 0x57, 0xB1 };

#define KEY "72E103A85CB249078B76B2E7C06257B1"

struct seen {
	char text[4096];
	const char *accepted;
};

static void note(struct seen *seen, const char *mark, const char *text)
{
	size_t length = strlen(seen->text);

	/* Separators are the system's own. */
	snprintf(seen->text + length, sizeof(seen->text) - length, "%s%s\n", mark, text);
	for (char *p = seen->text + length; *p != '\0'; p++)
		if (*p == '\\')
			*p = '/';
}

static bool try_file(void *context, const char *path)
{
	struct seen *seen = context;

	note(seen, "", path);
	return seen->accepted != NULL && strstr(path, seen->accepted) != NULL;
}

static void report(void *context, const char *message)
{
	note(context, "! ", message);
}

static enum status search(const char *path, const char *name, uint32_t age, struct seen *seen)
{
	struct symbol_path_listener listener = { try_file, report, seen };

	return symbol_path_search(path, name, guid, age, &listener, NULL);
}

static void test_key_is_the_guid_in_upper_case_and_the_age(void **state)
{
	char key[SYMBOL_KEY_SIZE];

	(void)state;
	symbol_path_key(guid, 3, key);
	/* The MODULE line of the sample's listing. */
	assert_string_equal(key, KEY "3");
	symbol_path_key(guid, 0xABCDEF12, key);
	assert_string_equal(key, KEY "ABCDEF12");
	symbol_path_key(guid, 0, key);
	assert_string_equal(key, KEY "0");
}

static void test_folder_is_tried_plain_as_store_and_below_symbols(void **state)
{
	struct seen seen = { .text = "" };

	(void)state;
	assert_int_equal(search("/pdb", "a.pdb", 0x1F, &seen), STATUS_SYMBOL_NOT_FOUND);
	assert_string_equal(seen.text,
			    "/pdb/a.pdb\n"
			    "/pdb/a.pdb/" KEY "1F/a.pdb\n"
			    "/pdb/symbols/a.pdb\n"
			    "/pdb/symbols/a.pdb/" KEY "1F/a.pdb\n");
}

static void test_places_are_tried_in_order_until_one_is_accepted(void **state)
{
	struct seen seen = { .text = "", .accepted = "/two/a.pdb" };

	(void)state;
	assert_int_equal(search(" /one ;;/two;/three", "a.pdb", 1, &seen), STATUS_OK);
	assert_string_equal(seen.text,
			    "/one/a.pdb\n"
			    "/one/a.pdb/" KEY "1/a.pdb\n"
			    "/one/symbols/a.pdb\n"
			    "/one/symbols/a.pdb/" KEY "1/a.pdb\n"
			    "/two/a.pdb\n");
}

static void test_servers_are_reported_and_their_folders_read(void **state)
{
	struct seen seen = { .text = "" };

	(void)state;
	assert_int_equal(search("SRV*/cache*HTTPS://example.com/symbols", "a.pdb", 1, &seen),
			 STATUS_SYMBOL_NOT_FOUND);
	assert_non_null(strstr(seen.text, "/cache/a.pdb/" KEY "1/a.pdb\n"));
	assert_non_null(strstr(seen.text, "! skipped, symbols are not downloaded: "
					  "HTTPS://example.com/symbols\n"));
	seen.text[0] = '\0';
	search("symsrv*symsrv.dll*/down*http://x;cache*/kept", "a.pdb", 1, &seen);
	assert_null(strstr(seen.text, "symsrv.dll"));
	assert_non_null(strstr(seen.text, "/down/a.pdb\n"));
	assert_non_null(strstr(seen.text, "downloaded: http://x\n"));
	assert_non_null(strstr(seen.text, "/kept/a.pdb\n"));
	seen.text[0] = '\0';
	search("srv*;srv**/down;cache*;symsrv*", "a.pdb", 1, &seen);
	assert_non_null(strstr(seen.text, "! skipped, no folder is given"));
	assert_non_null(strstr(seen.text, "/down/a.pdb\n"));
}

static void test_empty_path_finds_nothing(void **state)
{
	struct seen seen = { .text = "" };

	(void)state;
	assert_int_equal(search("", "a.pdb", 1, &seen), STATUS_SYMBOL_NOT_FOUND);
	assert_int_equal(search(";; ;", "a.pdb", 1, &seen), STATUS_SYMBOL_NOT_FOUND);
	assert_string_equal(seen.text, "");
}

static void test_name_from_the_guest_cannot_leave_the_folder(void **state)
{
	struct seen seen = { .text = "" };

	(void)state;
	search("/pdb", "C:\\build\\..\\a.pdb", 1, &seen);
	assert_memory_equal(seen.text, "/pdb/a.pdb\n", 11);
	assert_null(strstr(seen.text, ".."));
	seen.text[0] = '\0';
	search("/pdb", "../../etc/a.pdb", 1, &seen);
	assert_memory_equal(seen.text, "/pdb/a.pdb\n", 11);
	assert_int_equal(search("/pdb", "..", 1, &seen), STATUS_INVALID_ARGUMENT);
	assert_int_equal(search("/pdb", "x/..", 1, &seen), STATUS_INVALID_ARGUMENT);
	assert_int_equal(search("/pdb", "folder\\", 1, &seen), STATUS_INVALID_ARGUMENT);
	assert_int_equal(search("/pdb", "", 1, &seen), STATUS_INVALID_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_is_the_guid_in_upper_case_and_the_age),
		cmocka_unit_test(test_folder_is_tried_plain_as_store_and_below_symbols),
		cmocka_unit_test(test_places_are_tried_in_order_until_one_is_accepted),
		cmocka_unit_test(test_servers_are_reported_and_their_folders_read),
		cmocka_unit_test(test_empty_path_finds_nothing),
		cmocka_unit_test(test_name_from_the_guest_cannot_leave_the_folder),
	};

	return cmocka_run_group_tests_name("symbol_path", tests, NULL, NULL);
}
