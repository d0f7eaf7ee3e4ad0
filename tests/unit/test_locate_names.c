/* SPDX-License-Identifier: MIT */
/* The texts by which VMs are known: names, GUIDs, and the XML of old configurations. */
#include "test_shim.h"

#include "locate/names.h"
#include "locate/xml_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names and GUIDs --------------------------------------------------------------- */

static void test_names_compare_without_case_beyond_ascii(void **state)
{
	(void)state;
	assert_true(names_equal_ignore_case("Server 1", "sERVER 1"));
	assert_true(names_equal_ignore_case("\xC3\x84\xC3\x96\xC3\x9E",
					    "\xC3\xA4\xC3\xB6\xC3\xBE"));
	assert_true(names_equal_ignore_case("\xC5\xA0koda", "\xC5\xA1KODA"));
	assert_true(names_equal_ignore_case("\xCE\x91\xCE\xA9", "\xCE\xB1\xCF\x89"));
	assert_true(names_equal_ignore_case("\xD0\x9C\xD0\x98\xD0\xA0\xD0\x81",
					    "\xD0\xBC\xD0\xB8\xD1\x80\xD1\x91"));
	/* The signs between the letters, and what is no UTF-8, have no case. */
	assert_false(names_equal_ignore_case("\xC3\x97", "\xC3\xB7"));
	assert_false(names_equal_ignore_case("\xC3", "\xE3"));
	assert_false(names_equal_ignore_case("a", "ab"));
	assert_false(names_equal_ignore_case("[", "{"));
	assert_true(names_equal_ignore_case("", ""));
}

static void test_guids_are_known_in_braces_and_any_case(void **state)
{
	static const char text[] = "{6b9a0f3c-2D41-4c2e-9c55-0d6b3a1e7f01}";
	static const char *const wrong[] = {
		"", "6b9a0f3c-2d41-4c2e-9c55-0d6b3a1e7f0", "6b9a0f3c-2d41-4c2e-9c55-0d6b3a1e7f0g",
		"6b9a0f3c-2d41-4c2e-9c5500d6b3a1e7f01", "6b9a0f3c02d41-4c2e-9c55-0d6b3a1e7f01",
		"(6b9a0f3c-2d41-4c2e-9c55-0d6b3a1e7f01)", "{6b9a0f3c-2d41-4c2e-9c55-0d6b3a1e7f01",
	};
	char guid[GUID_TEXT_SIZE] = "";

	(void)state;
	assert_true(guid_from_text(text, strlen(text), guid));
	assert_string_equal(guid, "6B9A0F3C-2D41-4C2E-9C55-0D6B3A1E7F01");
	assert_true(guid_from_text(text + 1, strlen(text) - 2, guid));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(guid_from_text(wrong[i], strlen(wrong[i]), guid));
}

/* ---- XML --------------------------------------------------------------------------- */

struct seen {
	char text[4096];
	size_t limit;	/* visits that are wanted */
	size_t count;
};

static bool note(void *context, const char *path, const char *text)
{
	struct seen *seen = context;
	size_t length = strlen(seen->text);

	snprintf(seen->text + length, sizeof(seen->text) - length, "%s=%s\n", path, text);
	return ++seen->count < seen->limit;
}

static enum status read_xml(const char *document, struct seen *seen)
{
	/* Bytes of exactly that size, so that a sanitizer sees a read beyond them. */
	size_t size = strlen(document);
	uint8_t *bytes = malloc(size + (size == 0));
	enum status status;

	memset(seen, 0, sizeof(*seen));
	seen->limit = SIZE_MAX;
	memcpy(bytes, document, size);
	status = xml_read(bytes, size, note, seen, NULL);
	free(bytes);
	return status;
}

static void test_elements_without_others_are_visited(void **state)
{
	struct seen seen;

	(void)state;
	assert_int_equal(read_xml("<?xml version='1.0'?><!-- a > b --><a x='>' y=\"/>\">\n"
				  "<b>one</b><c/><d\t/><b ><e> two </e></b>tail</a>\n", &seen),
			 STATUS_OK);
	assert_string_equal(seen.text, "/a/b=one\n/a/c=\n/a/d=\n/a/b/e= two \n");
}

static void test_references_stand_for_characters(void **state)
{
	struct seen seen;

	(void)state;
	assert_int_equal(read_xml("<a>&lt;&gt;&amp;&quot;&apos;"
				  "&#65;&#x42;&#xfc;&#x20AC;&#x1F600;</a>", &seen), STATUS_OK);
	assert_string_equal(seen.text, "/a=<>&\"'AB\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\n");
}

static void test_both_orders_of_utf16_are_read(void **state)
{
	static const uint8_t little[] = { 0xFF, 0xFE, '<', 0, 'a', 0, '>', 0, 0xFC, 0,
					  '<', 0, '/', 0, 'a', 0, '>', 0 };
	static const uint8_t big[] = { 0xFE, 0xFF, 0, '<', 0, 'a', 0, '>', 0, 0xFC,
				       0, '<', 0, '/', 0, 'a', 0, '>' };
	struct seen seen = { .limit = SIZE_MAX };

	(void)state;
	assert_int_equal(xml_read(little, sizeof(little), note, &seen, NULL), STATUS_OK);
	assert_int_equal(xml_read(big, sizeof(big), note, &seen, NULL), STATUS_OK);
	assert_int_equal(xml_read(little + 2, sizeof(little) - 2, note, &seen, NULL), STATUS_OK);
	assert_int_equal(read_xml("\xEF\xBB\xBF<b/>", &seen), STATUS_OK);
	assert_string_equal(seen.text, "/b=\n");
}

static void test_what_hyperv_does_not_write_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", "text", "<a>", "<a></b>", "</a>", "<a></a", "<a", "<>", "< a></a>", "<a x='>",
		"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<a>&b;</a>", "<a>&#0;</a>",
		"<a>&#x110000;</a>", "<a>&amp</a>", "<a>&", "<a>&#;</a>", "<!-- a", "<?xml",
		"<a><![CDATA[b]]></a>", "<a></aa>", "<aa></a>",
	};
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (read_xml(wrong[i], &seen) != STATUS_CORRUPT)
			fail_msg("'%s' is not refused", wrong[i]);
	}
}

static void test_elements_can_be_nested_32_deep(void **state)
{
	char document[1024] = "";
	struct seen seen;

	(void)state;
	for (int i = 0; i < 32; i++)
		strcat(document, "<a>");
	for (int i = 0; i < 32; i++)
		strcat(document, "</a>");
	assert_int_equal(read_xml(document, &seen), STATUS_OK);
	assert_int_equal(seen.count, 1);
	memmove(document + 3, document, strlen(document) + 1);
	memcpy(document, "<a>", 3);
	strcat(document, "</a>");
	assert_int_equal(read_xml(document, &seen), STATUS_CORRUPT);
}

static void test_a_path_that_is_too_long_is_refused(void **state)
{
	char document[8192] = "<";
	struct seen seen;

	(void)state;
	memset(document + 1, 'n', 4000);
	strcpy(document + 4001, "/>");
	assert_int_equal(read_xml(document, &seen), STATUS_CORRUPT);
}

static void test_every_document_that_is_cut_ends(void **state)
{
	static const char whole[] = "<?xml?><a b='c'><!-- d --><e>&amp;&#xfc;</e><f/></a>";
	char cut[sizeof(whole)];
	struct seen seen;

	(void)state;
	for (size_t length = 0; length < sizeof(whole) - 1; length++) {
		memcpy(cut, whole, length);
		cut[length] = '\0';
		assert_int_equal(read_xml(cut, &seen), STATUS_CORRUPT);
	}
	assert_int_equal(read_xml(whole, &seen), STATUS_OK);
}

static void test_the_visitor_can_end_the_reading(void **state)
{
	struct seen seen = { .limit = 1 };
	static const char document[] = "<a><b/><c/></a";

	(void)state;
	assert_int_equal(xml_read((const uint8_t *)document, sizeof(document) - 1, note, &seen,
				  NULL), STATUS_OK);
	assert_string_equal(seen.text, "/a/b=\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_compare_without_case_beyond_ascii),
		cmocka_unit_test(test_guids_are_known_in_braces_and_any_case),
		cmocka_unit_test(test_elements_without_others_are_visited),
		cmocka_unit_test(test_references_stand_for_characters),
		cmocka_unit_test(test_both_orders_of_utf16_are_read),
		cmocka_unit_test(test_what_hyperv_does_not_write_is_refused),
		cmocka_unit_test(test_elements_can_be_nested_32_deep),
		cmocka_unit_test(test_a_path_that_is_too_long_is_refused),
		cmocka_unit_test(test_every_document_that_is_cut_ends),
		cmocka_unit_test(test_the_visitor_can_end_the_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
