/* SPDX-License-Identifier: MIT */
/*
 * What is said of failures: for each kind of them what is wrong, where it is,
 * and what can be done about it, as somebody would want to read it who has no
 * more than the sentence.
 */
#include "support/saved_states.h"
#include "support/test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a sentence must hold. */
struct parts {
	HRESULT result;
	const char *cause;
	const char *place;		/* an offset, an address, a key, a name */
	const char *remedy;
};

enum { MOST_TEXTS = 64 };

/* All that was said so far, to be compared. */
static char texts[MOST_TEXTS][ERROR_TEXT_ROOM];
static size_t text_count;

static void check_text(const char *what, const char *text, const struct parts *parts)
{
	const char *cause = strstr(text, parts->cause);
	const char *remedy = strstr(text, parts->remedy);

	if (cause == NULL || remedy == NULL || cause >= remedy)
		fail_msg("%s: \"%s\" lacks \"%s\" or, behind it, \"%s\"", what, text, parts->cause,
			 parts->remedy);
	if (strstr(text, parts->place) == NULL)
		fail_msg("%s: \"%s\" does not say where: \"%s\"", what, text, parts->place);
	for (size_t i = 0; i < text_count; i++) {
		if (strcmp(texts[i], text) == 0)
			fail_msg("%s is told like something else: \"%s\"", what, text);
	}
	assert_true(text_count < MOST_TEXTS);
	snprintf(texts[text_count++], ERROR_TEXT_ROOM, "%s", text);
}

/* Checks a call that failed: of a handle, or without one. */
static void check_failure(const char *what, VM_SAVED_STATE_DUMP_HANDLE handle, HRESULT result,
			  const struct parts *parts)
{
	char text[ERROR_TEXT_ROOM];

	if (result != parts->result)
		fail_msg("%s: 0x%08X, not 0x%08X", what, (unsigned)result, (unsigned)parts->result);
	error_text(handle, text);
	check_text(what, text, parts);
}

/* ---- Files -------------------------------------------------------------- */

#define RESULT(value) ((HRESULT)(value))

static const struct {
	const char *fixture;
	struct parts parts;
} refused[] = {
	{ "no-such-file", { RESULT(0x80070002), "Cannot open", "no-such-file.vmrs",
			    "Check the spelling of the path" } },
	{ "bad-empty-file", { RESULT(0x80070002), "is empty", "file", "copy it again" } },
	{ "bad-header-signature", { RESULT(0x80070570), "no known signature", "offset 0 or 4096",
				    "Give the .vmrs file" } },
	{ "bad-header-both-copies", { RESULT(0x80070570), "wrong signature or checksum",
				      "offsets 0 and 4096", "copy it again" } },
	{ "bad-header-sequence-equal", { RESULT(0x80070570), "sequence numbers 7 and 7",
					 "two file headers", "--salvage" } },
	{ "bad-format-version-500", { RESULT(0x80070032), "version 5.0", "container",
				      "newer version of this library" } },
	{ "bad-format-version-300", { RESULT(0x80070013), "version 3.0", "container",
				      "upgraded by Hyper-V" } },
	{ "bad-truncated", { RESULT(0x80070570), "ends before its replay log", "offset 40960",
			     "'vmsavedstate check'" } },
	{ "bad-log-data-crc", { RESULT(0x80070570), "payload has a wrong checksum",
				"replay-log entry 1", "copy it again" } },
	{ "bad-key-table-crc", { RESULT(0x80070570), "key table has a wrong checksum",
				 "offset 36864", "--salvage" } },
	{ "bad-key-cycle", { RESULT(0x80070013), "is its own ancestor", "1:10", "--salvage" } },
	{ "bad-no-version", { RESULT(0x80070002), "is missing",
			      "/configuration/properties/version", "'vmsavedstate keys'" } },
	{ "bad-no-partition-state", { RESULT(0xC0370500), "no saved processors",
				      "/savedstate/savedVM/partition_state",
				      "production checkpoint" } },
	{ "bad-no-ram-memory-block", { RESULT(0xC0370501), "no guest memory", "RamMemoryBlock0",
				       "take a standard checkpoint" } },
	{ "bad-encrypted-looking", { RESULT(0x8007000D), "looks encrypted", "artition state",
				     "EncryptStateAndVmMigrationTraffic" } },
	{ "bad-state-cut", { RESULT(0x8007000D), "runs past the end", "offset 0x10b4",
			     "copy it again" } },
	{ "bad-state-object-too-small", { RESULT(0xC0370500), "saved processors are lost",
					  "/savedstate/savedVM/partition_state",
					  "copy it again" } },
	{ "bad-memory-block-int", { RESULT(0x80004005), "is not an array of bytes",
				    "RamMemoryBlock0", "--salvage" } },
	{ "bad-memory-block-short", { RESULT(0x80004005), "bytes; 48 are expected",
				      "RamMemoryBlock0", "--salvage" } },
	{ "bad-state-no-vp", { RESULT(0xC0370502), "list of VPs is empty",
			       "artition state", "No VM runs without a processor" } },
	{ "bad-legacy-version", { RESULT(0x80004005), "version 0x501", ".bin",
				  "Only version 5.0" } },
};

static void a_file_that_is_refused_is_told_with_cause_place_and_remedy(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		VM_SAVED_STATE_DUMP_HANDLE handle = NULL;

		check_failure(refused[i].fixture, NULL, load_fixture(refused[i].fixture, &handle),
			      &refused[i].parts);
	}
}

/* What salvage refuses too is not sent back to it, nor to a list that is not there. */
static const struct {
	const char *fixture;
	struct parts parts;
} beyond_salvage[] = {
	{ "bad-truncated-in-headers", { RESULT(0xC0370500), "othing can be salvaged",
					"4096 bytes", "in this copy, too much is lost" } },
	{ "bad-format-version-100", { RESULT(0xC0370500), "othing can be salvaged",
				      "format version 1.0", "in this copy, too much is lost" } },
	{ "bad-key-table-index", { RESULT(0xC0370500), "othing of a saved state is left", "file",
				   "in this copy, too much is lost" } },
};

static void what_salvage_refuses_is_not_sent_back_to_it(void **state)
{
	char path[TEST_PATH_SIZE];
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source), .Path = path,
				       .Flags = VMSAVEDSTATE_SOURCE_SALVAGE };
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
	char checked[ERROR_TEXT_ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(beyond_salvage) / sizeof(beyond_salvage[0]); i++) {
		const struct parts *parts = &beyond_salvage[i].parts;

		fixture_path(path, beyond_salvage[i].fixture);
		check_failure(beyond_salvage[i].fixture, NULL, VmSavedStateOpen(&source, &handle),
			      parts);
		assert_null(strstr(texts[text_count - 1], "--salvage"));
		assert_null(strstr(texts[text_count - 1], "'vmsavedstate check'"));
		assert_result(VmSavedStateCheck(&source, 1, NULL, NULL, NULL, NULL), parts->result);
		error_text(NULL, checked);
		assert_string_equal(checked, texts[text_count - 1]);
	}
}

static HRESULT open_paths(const char *first, const char *second)
{
	char paths[2][TEST_PATH_SIZE];
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source), .Path = paths[0] };
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;

	test_path(paths[0], "VMSS_FIXTURES", first);
	if (second != NULL) {
		test_path(paths[1], "VMSS_FIXTURES", second);
		source.SecondPath = paths[1];
	}
	return VmSavedStateOpen(&source, &handle);
}

static void files_in_the_wrong_company_are_told_apart(void **state)
{
	static const struct parts half = { RESULT(0x80070570), "one file of a .bin and .vsv pair",
					   ".bin", "pair of an older one" };
	static const struct parts swapped = { RESULT(0xC0370500), "each other's place",
					      "he .bin and the .vsv", "Give the .bin first" };
	static const struct parts not_a_pair = { RESULT(0x80048006), "is a .vmrs", "given as .bin",
						 "A .vmrs is opened alone" };

	(void)state;
	check_failure("a .bin alone", NULL, open_paths("legacy-pair.bin", NULL), &half);
	check_failure("a pair swapped", NULL, open_paths("legacy-pair.vsv", "legacy-pair.bin"),
		      &swapped);
	check_failure("a .vmrs in a pair", NULL, open_paths("demo.vmrs", "legacy-pair.vsv"),
		      &not_a_pair);
}

/* ---- Calls on a saved state --------------------------------------------- */

static BOOL CALLBACK ignore_key(void *context, const VMSAVEDSTATE_KEY *key)
{
	(void)context;
	(void)key;
	return FALSE;
}

static void a_key_that_is_not_there_says_nothing_of_the_saved_state(void **state)
{
	static const struct parts parts = { RESULT(0x80070002), "no key", "'nowhere/else'",
					    "Check the spelling" };
	char path[TEST_PATH_SIZE];
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source), .Path = path };
	char text[ERROR_TEXT_ROOM];
	UINT8 byte;

	(void)state;
	fixture_path(path, "minimal");
	check_failure("a key to start at", NULL,
		      VmSavedStateEnumerateKeys(&source, "/nowhere/else", ignore_key, NULL), &parts);
	assert_null(strstr(texts[text_count - 1], "saved state"));
	assert_result(VmSavedStateReadKey(&source, "/nowhere", 0, &byte, 1, NULL),
		      VMSAVEDSTATE_E_FILE_NOT_FOUND);
	error_text(NULL, text);
	assert_non_null(strstr(text, "'/nowhere'"));
	assert_null(strstr(text, "saved state"));
}

static void what_is_not_in_a_saved_state_is_told_with_its_address(void **state)
{
	static const struct parts hole = { RESULT(0x80070057), "o memory is saved", "0x12345000",
					   "'vmsavedstate chunks'" };
	static const struct parts unmapped = { VMSAVEDSTATE_E_VA_NOT_MAPPED, "not", "0x5000",
					       "'vmsavedstate translate'" };
	static const struct parts vtl = { RESULT(0xC0370509), "VTL 2", "VP 0",
					  "'vmsavedstate info'" };
	static const struct parts vp = { RESULT(0x80070057), "VP", "77", "Correct the argument" };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");
	VMSAVEDSTATE_TRANSLATION walk = { .StructSize = sizeof(walk) };
	VIRTUAL_PROCESSOR_ARCH architecture;
	UINT8 value[16];
	UINT64 offset;

	(void)state;
	check_failure("a hole", handle,
		      GuestPhysicalAddressToRawSavedMemoryOffset(handle, 0x12345000, &offset), &hole);
	check_failure("an address that is not mapped", handle,
		      VmSavedStateTranslate(handle, 0, NULL, 0x5000, &walk), &unmapped);
	check_failure("a VTL that is not enabled", handle,
		      VmSavedStateGetRegister(handle, 0, 2, X64_RegisterRip, value, NULL), &vtl);
	check_failure("a VP that does not exist", handle,
		      GetArchitecture(handle, 77, &architecture), &vp);
	close_handle(handle);
}

static void damaged_memory_is_told_with_address_block_and_page(void **state)
{
	static const struct parts record = { VMSAVEDSTATE_E_RAM_RECORD,
					     "RAM block 0, page 2: its record cannot be decoded",
					     "0x2000", "Other addresses" };
	static const struct parts stream = { VMSAVEDSTATE_E_RAM_STREAM, "RAM block 0", "0x3000",
					     "Other addresses" };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("bad-ram-xpress-page");
	UINT8 page[4096];

	(void)state;
	check_failure("a page that does not unpack", handle,
		      ReadGuestPhysicalAddress(handle, 0x2000, page, sizeof(page), NULL), &record);
	close_handle(handle);
	handle = open_fixture("bad-ram-cut");
	check_failure("records that are cut", handle,
		      ReadGuestPhysicalAddress(handle, 0x3000, page, sizeof(page), NULL), &stream);
	close_handle(handle);
}

static void a_handle_that_is_none_is_told_apart_from_other_arguments(void **state)
{
	static const struct parts parts = { RESULT(0x80070057), "not a handle", "0x",
					    "that has not been released" };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("minimal");
	UINT32 count;

	(void)state;
	close_handle(handle);
	check_failure("a released handle", NULL, GetVpCount(handle, &count), &parts);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_is_refused_is_told_with_cause_place_and_remedy),
		cmocka_unit_test(what_salvage_refuses_is_not_sent_back_to_it),
		cmocka_unit_test(files_in_the_wrong_company_are_told_apart),
		cmocka_unit_test(a_key_that_is_not_there_says_nothing_of_the_saved_state),
		cmocka_unit_test(what_is_not_in_a_saved_state_is_told_with_its_address),
		cmocka_unit_test(damaged_memory_is_told_with_address_block_and_page),
		cmocka_unit_test(a_handle_that_is_none_is_told_apart_from_other_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
