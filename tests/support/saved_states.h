/* SPDX-License-Identifier: MIT */
/*
 * Opens the fixtures by name, for tests of the exported functions.
 *
 * Both generations of the interface share these: nothing here differs.
 *
 * May include: nothing of src/.
 */
#ifndef TEST_SAVED_STATES_H
#define TEST_SAVED_STATES_H

#include "support/test_files.h"

#include <vmsavedstatedump_ext.h>

enum { ERROR_TEXT_ROOM = 2048 };

/* Loads fixtures/NAME.vmrs, or the pair of that name when there is one. */
HRESULT load_fixture(const char *name, VM_SAVED_STATE_DUMP_HANDLE *handle);

/* The same for what must load: a failure fails the test, with the reason. */
VM_SAVED_STATE_DUMP_HANDLE open_fixture(const char *name);

/* The path of a fixture's .vmrs. */
void fixture_path(char path[TEST_PATH_SIZE], const char *name);

/* Releases, and fails the test when that is not S_OK. */
void close_handle(VM_SAVED_STATE_DUMP_HANDLE handle);

/* The text of the last failure: of the handle, or with NULL of this thread. */
void error_text(VM_SAVED_STATE_DUMP_HANDLE handle, char text[ERROR_TEXT_ROOM]);

/* Fails the test, in hexadecimal, unless the results are the same. */
#define assert_result(call, expected) check_result(call, expected, #call, __FILE__, __LINE__)

void check_result(HRESULT found, HRESULT expected, const char *call, const char *file, int line);

#endif
