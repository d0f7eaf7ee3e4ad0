/* SPDX-License-Identifier: MIT */
/*
 * Failures and their sentences, and the three tables that must know every
 * status: class, remedy, HRESULT.
 */
#include "api/hresult.h"
#include "base/error.h"

#include "test_shim.h"

#include <stdio.h>
#include <string.h>

static void a_failure_has_its_status_and_its_sentence(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(error_set(&error, STATUS_CORRUPT, "table %d: %s", 7, "broken"),
			 STATUS_CORRUPT);
	assert_int_equal(error.status, STATUS_CORRUPT);
	assert_string_equal(error.text, "table 7: broken");
}

static void the_last_failure_replaces_the_one_before(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, STATUS_CORRUPT, "a rather long sentence");
	error_set(&error, STATUS_NO_VP, "short");
	assert_int_equal(error.status, STATUS_NO_VP);
	assert_string_equal(error.text, "short");
}

static void a_prefix_stands_in_front_and_leaves_the_status(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, STATUS_READ_FAILED, "disk");
	assert_int_equal(error_prefix(&error, STATUS_CORRUPT, "page %u", 3u),
			 STATUS_READ_FAILED);
	assert_int_equal(error_prefix(&error, STATUS_CORRUPT, "block"), STATUS_READ_FAILED);
	assert_int_equal(error.status, STATUS_READ_FAILED);
	assert_string_equal(error.text, "block: page 3: disk");
}

static void without_an_error_the_statuses_still_come_back(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, STATUS_NO_VP, "unheard"), STATUS_NO_VP);
	assert_int_equal(error_prefix(NULL, STATUS_DISK_FULL, "unheard"), STATUS_DISK_FULL);
	assert_int_equal(error_out_of_memory(NULL, "it"), STATUS_OUT_OF_MEMORY);
	error_clear(NULL);
}

static void fill(char *text, char with, size_t length)
{
	memset(text, with, length);
	text[length] = '\0';
}

static void assert_begins_with(const char *text, const char *start)
{
	assert_memory_equal(text, start, strlen(start));
}

static void assert_ends_with(const char *text, const char *end)
{
	assert_true(strlen(text) >= strlen(end));
	assert_string_equal(text + strlen(text) - strlen(end), end);
}

static void a_sentence_keeps_its_cause_behind_a_path_of_any_length(void **state)
{
	char path[4001];
	struct error error;

	(void)state;
	for (size_t length = 1; length < sizeof(path); length += length < 600 ? 1 : 100) {
		fill(path, 'y', length);
		error_set(&error, STATUS_CORRUPT, "cannot open '%s': no such file", path);
		assert_begins_with(error.text, "cannot open 'y");
		assert_ends_with(error.text, "y': no such file");
		assert_int_equal(strstr(error.text, "...") != NULL,
				 strlen("cannot open '': no such file") + length >=
				 ERROR_TEXT_SIZE);
	}
	assert_int_equal(strlen(error.text), ERROR_TEXT_SIZE - 1);
}

/* Each unit is three bytes, and the first stands at each place among three in turn. */
static void a_sentence_is_cut_between_characters(void **state)
{
	static const char unit[] = "\xE2\x82\xAC";	/* U+20AC */
	char path[3 * 1000 + 1];

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		memcpy(path + 3 * i, unit, sizeof(unit));
	for (int before = 1; before <= 3; before++) {
		struct error error;
		const char *gap;

		error_set(&error, STATUS_CORRUPT, "%.*s%s", before, "abc", path);
		gap = strstr(error.text, "...");
		assert_non_null(gap);
		assert_int_equal((gap - error.text - before) % 3, 0);
		assert_begins_with(gap + strlen("..."), unit);
		assert_ends_with(error.text, unit);
	}
}

/* Whatever the two lengths, the result is the joined text, or its two ends. */
static void a_prefix_pushes_the_middle_of_the_sentence_out(void **state)
{
	static const size_t lengths[] = { 0, 1, 255, 256, 508, 509, 510, 511 };
	enum { COUNT = sizeof(lengths) / sizeof(lengths[0]) };

	(void)state;
	for (size_t i = 0; i < COUNT * COUNT; i++) {
		char expected[2 * ERROR_TEXT_SIZE + 8];
		char prefix[ERROR_TEXT_SIZE], text[ERROR_TEXT_SIZE];
		struct error error;

		fill(prefix, 'p', lengths[i / COUNT]);
		fill(text, 't', lengths[i % COUNT]);
		snprintf(expected, sizeof(expected), "%s: %s", prefix, text);
		error_set(&error, STATUS_CORRUPT, "%s", text);
		error_prefix(&error, STATUS_CORRUPT, "%s", prefix);
		if (strlen(expected) < ERROR_TEXT_SIZE) {
			assert_string_equal(error.text, expected);
			continue;
		}
		assert_int_equal(strlen(error.text), ERROR_TEXT_SIZE - 1);
		assert_memory_equal(error.text, expected, ERROR_TEXT_SIZE / 8);
		assert_ends_with(error.text, expected + strlen(expected) - ERROR_TEXT_SIZE / 2);
	}
}

static void a_cleared_failure_is_forgotten(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, STATUS_CORRUPT, "broken");
	error_clear(&error);
	assert_int_equal(error.status, STATUS_OK);
	assert_string_equal(error.text, "");
}

static void want_of_memory_names_what_it_was_for(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(error_out_of_memory(&error, "the keys"), STATUS_OUT_OF_MEMORY);
	assert_int_equal(error.status, STATUS_OUT_OF_MEMORY);
	assert_non_null(strstr(error.text, "the keys"));
}

/* The enum lists its values class by class, in the order of the classes. */
static void every_status_has_a_class_in_the_order_of_the_list(void **state)
{
	enum status_class last = STATUS_CLASS_OK;

	(void)state;
	assert_int_equal(status_class(STATUS_OK), STATUS_CLASS_OK);
	for (int i = STATUS_OK + 1; i < STATUS_COUNT; i++) {
		enum status_class class = status_class((enum status)i);

		if (class == STATUS_CLASS_OK || class > STATUS_CLASS_RESOURCE || class < last)
			fail_msg("status %d has class %d behind class %d", i, (int)class,
				 (int)last);
		last = class;
	}
	assert_int_equal(last, STATUS_CLASS_RESOURCE);
}

static void every_failure_has_a_remedy_that_is_a_sentence(void **state)
{
	(void)state;
	assert_string_equal(status_remedy(STATUS_OK), "");
	for (int i = STATUS_OK + 1; i < STATUS_COUNT; i++) {
		const char *remedy = status_remedy((enum status)i);

		if (remedy == NULL || strlen(remedy) < 10 || remedy[strlen(remedy) - 1] != '.')
			fail_msg("status %d has no remedy", i);
	}
}

static void every_failure_has_an_hresult_that_says_failure(void **state)
{
	(void)state;
	assert_int_equal(hresult_of_status(STATUS_OK), 0);
	for (int i = STATUS_OK + 1; i < STATUS_COUNT; i++) {
		if (hresult_of_status((enum status)i) >= 0)
			fail_msg("status %d has no HRESULT", i);
	}
}

struct known_hresult {
	enum status status;
	uint32_t hresult;
};

/* Measured on the original, and the names that its documentation gives. */
static const struct known_hresult known_hresults[] = {
	{ STATUS_INVALID_ARGUMENT, 0x80070057 },
	{ STATUS_BUFFER_TOO_SMALL, 0x8007000E },
	{ STATUS_NOT_A_SAVED_STATE, 0x80070570 },
	{ STATUS_OTHER_CONTAINER, 0x80048006 },
	{ STATUS_UNSUPPORTED_VERSION, 0x80070032 },
	{ STATUS_UNSUPPORTED_PREVIEW, 0x80070013 },
	{ STATUS_CORRUPT, 0x80070570 },
	{ STATUS_CORRUPT_LINK, 0x8000FFFF },
	{ STATUS_CORRUPT_ORDER, 0x80070013 },
	{ STATUS_CORRUPT_RANGE, 0x80070057 },
	{ STATUS_CORRUPT_STATE, 0x8007000D },
	{ STATUS_STATE_LOST, 0xC0370500 },
	{ STATUS_CORRUPT_RAM_VALUE, 0x8000FFFF },
	{ STATUS_CORRUPT_RAM_RECORD, 0xD0000001 },
	{ STATUS_CORRUPT_RAM_STREAM, 0x90000005 },
	{ STATUS_WRONG_KEY_TYPE, 0x80020005 },
	{ STATUS_MEMORY_BLOCK_SHORT, 0x80004005 },
	{ STATUS_MEMORY_BLOCK_LONG, 0x8007007A },
	{ STATUS_MEMORY_BLOCK_SHORT_LEGACY, 0x8000FFFF },
	{ STATUS_MEMORY_BLOCK_LONG_LEGACY, 0x80048015 },
	{ STATUS_FILE_NOT_FOUND, 0x80070002 },
	{ STATUS_FILE_EMPTY, 0x80070002 },
	{ STATUS_PATH_NOT_FOUND, 0x80070003 },
	{ STATUS_KEY_NOT_FOUND, 0x80070002 },
	{ STATUS_NO_PARTITION_STATE, 0xC0370500 },
	{ STATUS_NO_GUEST_MEMORY, 0xC0370501 },
	{ STATUS_NO_VP, 0xC0370502 },
	{ STATUS_NO_WINDOWS_KERNEL, 0xC0370504 },
	{ STATUS_VA_NOT_MAPPED, 0xC0370505 },
	{ STATUS_VTL_NOT_ENABLED, 0xC0370509 },
	{ STATUS_NO_SYMBOL_PROVIDER, 0x8000FFFF },
	{ STATUS_OUT_OF_MEMORY, 0x8007000E },
	{ STATUS_ACCESS_DENIED, 0x80070005 },
	{ STATUS_SHARING_VIOLATION, 0x80070020 },
};

static void the_hresults_are_those_of_the_original(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known_hresults) / sizeof(known_hresults[0]); i++)
		assert_int_equal((uint32_t)hresult_of_status(known_hresults[i].status),
				 known_hresults[i].hresult);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_has_its_status_and_its_sentence),
		cmocka_unit_test(the_last_failure_replaces_the_one_before),
		cmocka_unit_test(a_prefix_stands_in_front_and_leaves_the_status),
		cmocka_unit_test(without_an_error_the_statuses_still_come_back),
		cmocka_unit_test(a_sentence_keeps_its_cause_behind_a_path_of_any_length),
		cmocka_unit_test(a_sentence_is_cut_between_characters),
		cmocka_unit_test(a_prefix_pushes_the_middle_of_the_sentence_out),
		cmocka_unit_test(a_cleared_failure_is_forgotten),
		cmocka_unit_test(want_of_memory_names_what_it_was_for),
		cmocka_unit_test(every_status_has_a_class_in_the_order_of_the_list),
		cmocka_unit_test(every_failure_has_a_remedy_that_is_a_sentence),
		cmocka_unit_test(every_failure_has_an_hresult_that_says_failure),
		cmocka_unit_test(the_hresults_are_those_of_the_original),
	};

	return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
