/* SPDX-License-Identifier: MIT */
/*
 * VmSavedStateWriteDump as a caller sees it: its options, and dumps that the
 * caller's own function takes.  What is in a dump of each form is the matter
 * of tests/guest.
 */
#include "support/folder_tree.h"
#include "support/saved_states.h"
#include "test_shim.h"

#include <vmsavedstatedump_ext.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 16 << 20 };

/* What the caller's function has taken, and when it fails. */
struct taken {
	uint8_t *bytes;
	UINT64 end;
	unsigned calls;
	unsigned failing_call;		/* from 1 on; 0: none */
};

static HRESULT CALLBACK take(void *context, UINT64 offset, const void *bytes, UINT32 size)
{
	struct taken *taken = context;

	assert_true(offset >= taken->end && offset + size <= ROOM);
	if (++taken->calls == taken->failing_call)
		return E_ABORT;
	memcpy(taken->bytes + offset, bytes, size);
	taken->end = offset + size;
	return S_OK;
}

static VMSAVEDSTATE_DUMP_OPTIONS options_of(VMSAVEDSTATE_DUMP_FORMAT format, struct taken *taken)
{
	VMSAVEDSTATE_DUMP_OPTIONS options = {
		.StructSize = sizeof(options),
		.Format = format,
		.Write = take,
		.Context = taken,
	};

	return options;
}

static int set_up(void **state)
{
	struct taken *taken = calloc(1, sizeof(*taken));

	*state = taken;
	if (taken != NULL)
		taken->bytes = calloc(1, ROOM);
	return taken != NULL && taken->bytes != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	struct taken *taken = *state;

	free(taken->bytes);
	free(taken);
	return 0;
}

static void a_raw_dump_is_the_memory_that_reads_give(void **state)
{
	enum { MEMORY = 8 << 20 };
	struct taken *taken = *state;
	VMSAVEDSTATE_DUMP_OPTIONS options = options_of(VMSAVEDSTATE_DUMP_RAW, taken);
	VMSAVEDSTATE_DUMP_RESULT result = { .StructSize = sizeof(result) };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");
	uint8_t *memory = malloc(MEMORY);
	UINT32 size;

	assert_non_null(memory);
	assert_result(VmSavedStateWriteDump(handle, &options, &result), S_OK);
	assert_result(ReadGuestPhysicalAddress(handle, 0, memory, MEMORY, &size), S_OK);
	assert_int_equal(size, MEMORY);
	assert_int_equal(result.Size, MEMORY);
	assert_int_equal(result.MemorySize, MEMORY);
	assert_int_equal(result.Format, VMSAVEDSTATE_DUMP_RAW);
	/* What was not written is zeros. */
	assert_memory_equal(taken->bytes, memory, MEMORY);
	assert_true(taken->calls > 0 && result.WrittenSize <= MEMORY);
	free(memory);
	close_handle(handle);
}

static void a_dump_is_the_same_in_a_file_and_in_the_callers_hands(void **state)
{
	static const VMSAVEDSTATE_DUMP_FORMAT formats[] = {
		VMSAVEDSTATE_DUMP_ELF, VMSAVEDSTATE_DUMP_WINDOWS, VMSAVEDSTATE_DUMP_WINDOWS_BITMAP,
		VMSAVEDSTATE_DUMP_RAW_WITHOUT_HOLES
	};
	struct taken *taken = *state;
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("windows-guest");
	char path[TEST_PATH_SIZE];

	temporary_path(path, "dump");
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		VMSAVEDSTATE_DUMP_OPTIONS options = options_of(formats[i], taken);
		VMSAVEDSTATE_DUMP_RESULT result = { .StructSize = sizeof(result) };
		uint8_t *file;
		size_t size;

		memset(taken->bytes, 0, ROOM);
		taken->end = 0;
		assert_result(VmSavedStateWriteDump(handle, &options, NULL), S_OK);
		options.Write = NULL;
		options.Path = path;
		options.Flags = VMSAVEDSTATE_DUMP_REPLACE;
		assert_result(VmSavedStateWriteDump(handle, &options, &result), S_OK);
		file = read_whole_file(path, &size);
		assert_non_null(file);
		assert_int_equal(size, result.Size);
		assert_memory_equal(file, taken->bytes, size);
		free(file);
	}
	remove(path);
	close_handle(handle);
}

static void a_function_that_fails_ends_the_dump_and_is_quoted(void **state)
{
	struct taken *taken = *state;
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("windows-guest");
	char text[ERROR_TEXT_ROOM];

	for (unsigned call = 1; call < 4; call++) {
		VMSAVEDSTATE_DUMP_OPTIONS options =
			options_of(VMSAVEDSTATE_DUMP_WINDOWS_BITMAP, taken);

		*taken = (struct taken){ .bytes = taken->bytes, .failing_call = call };
		assert_result(VmSavedStateWriteDump(handle, &options, NULL),
			      VMSAVEDSTATE_E_WRITE_FAILED);
		assert_int_equal(taken->calls, call);
		error_text(handle, text);
		assert_non_null(strstr(text, "0x80004004"));
	}
	close_handle(handle);
}

static void options_that_make_no_sense_are_refused(void **state)
{
	struct taken *taken = *state;
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");
	VMSAVEDSTATE_DUMP_OPTIONS good = options_of(VMSAVEDSTATE_DUMP_RAW, taken);
	VMSAVEDSTATE_DUMP_OPTIONS wrong[8];
	VMSAVEDSTATE_DUMP_RESULT result = { .StructSize = sizeof(result) - 1 };

	for (size_t i = 0; i < 8; i++)
		wrong[i] = good;
	wrong[0].StructSize = 0;
	wrong[1].StructSize--;
	wrong[2].Flags = 0x10;
	wrong[3].Path = "both";
	wrong[4].Write = NULL;
	wrong[5].RegistersPath = "regs.json";		/* which no raw dump has */
	wrong[6].Format = VMSAVEDSTATE_DUMP_SNAPSHOT;	/* which needs one */
	wrong[7].Format = (VMSAVEDSTATE_DUMP_FORMAT)99;
	for (size_t i = 0; i < 8; i++)
		assert_result(VmSavedStateWriteDump(handle, &wrong[i], NULL), E_INVALIDARG);
	assert_result(VmSavedStateWriteDump(handle, NULL, NULL), E_INVALIDARG);
	assert_result(VmSavedStateWriteDump(NULL, &good, NULL), E_INVALIDARG);
	assert_result(VmSavedStateWriteDump(handle, &good, &result), E_INVALIDARG);
	assert_int_equal(taken->calls, 0);
	close_handle(handle);
}

static void registers_that_are_there_already_keep_the_memory_from_being_written(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("windows-guest");
	char root[TEST_PATH_SIZE], memory[TEST_PATH_SIZE + 32], registers[TEST_PATH_SIZE + 16];
	VMSAVEDSTATE_DUMP_OPTIONS options = {
		.StructSize = sizeof(options),
		.Format = VMSAVEDSTATE_DUMP_SNAPSHOT,
		.Path = memory,
		.RegistersPath = registers,
	};

	(void)state;
	assert_true(tree_begin(root, "dumps"));
	assert_true(tree_write(root, "regs.json", "old", 3, 0));
	snprintf(memory, sizeof(memory), "%s/mem.dmp", root);
	snprintf(registers, sizeof(registers), "%s/regs.json", root);
	assert_result(VmSavedStateWriteDump(handle, &options, NULL), E_INVALIDARG);
	assert_false(file_exists(memory));
	snprintf(memory, sizeof(memory), "%s/mem.dmp.partial", root);
	assert_false(file_exists(memory));
	tree_end(root);
	close_handle(handle);
}

#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_raw_dump_is_the_memory_that_reads_give),
		test(a_dump_is_the_same_in_a_file_and_in_the_callers_hands),
		test(a_function_that_fails_ends_the_dump_and_is_quoted),
		test(options_that_make_no_sense_are_refused),
		test(registers_that_are_there_already_keep_the_memory_from_being_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
