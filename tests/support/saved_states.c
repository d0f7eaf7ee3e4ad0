/* SPDX-License-Identifier: MIT */
#include "support/saved_states.h"

#include "test_shim.h"

#include <stdio.h>

static bool fixture_file(char path[TEST_PATH_SIZE], const char *name, const char *extension)
{
	char file[256];

	snprintf(file, sizeof(file), "%s.%s", name, extension);
	test_path(path, "VMSS_FIXTURES", file);
	return file_exists(path);
}

void fixture_path(char path[TEST_PATH_SIZE], const char *name)
{
	fixture_file(path, name, "vmrs");
}

HRESULT load_fixture(const char *name, VM_SAVED_STATE_DUMP_HANDLE *handle)
{
	char path[TEST_PATH_SIZE];
	WCHAR first[TEST_PATH_SIZE], second[TEST_PATH_SIZE];

	if (!fixture_file(path, name, "bin")) {
		fixture_file(path, name, "vmrs");
		wide_path(first, path);
		return LoadSavedStateFile(first, handle);
	}
	wide_path(first, path);
	fixture_file(path, name, "vsv");
	wide_path(second, path);
	return LoadSavedStateFiles(first, second, handle);
}

VM_SAVED_STATE_DUMP_HANDLE open_fixture(const char *name)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
	char text[ERROR_TEXT_ROOM];
	HRESULT result = load_fixture(name, &handle);

	if (result != S_OK) {
		error_text(NULL, text);
		fail_msg("%s: 0x%08x %s", name, (unsigned int)result, text);
	}
	assert_non_null(handle);
	return handle;
}

void close_handle(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	assert_result(ReleaseSavedStateFiles(handle), S_OK);
}

void error_text(VM_SAVED_STATE_DUMP_HANDLE handle, char text[ERROR_TEXT_ROOM])
{
	text[0] = '\0';
	VmSavedStateGetErrorText(handle, text, ERROR_TEXT_ROOM, NULL);
}

void check_result(HRESULT found, HRESULT expected, const char *call, const char *file, int line)
{
	if (found != expected)
		fail_msg("%s:%d: %s is 0x%08x, expected 0x%08x", file, line, call,
			 (unsigned int)found, (unsigned int)expected);
}
