/* SPDX-License-Identifier: MIT */
/*
 * The six exports that no header declares are there, for programs that name
 * them, and do nothing.
 */
#include "test_shim.h"

#include <vmsavedstatedump_ext.h>

HRESULT WINAPI GetCrashDumpHeader(void);
HRESULT WINAPI GetWindowsCrashDumpHeader(void);
HRESULT WINAPI LoadKernelImage(void);
HRESULT WINAPI LocateKernelImage(void);
HRESULT WINAPI WriteCrashDumpFile(void);
HRESULT WINAPI WriteWindowsCrashDumpFile(void);

static void exports_without_a_declaration_answer_that_they_do_nothing(void **state)
{
	(void)state;
	assert_int_equal(GetCrashDumpHeader(), E_NOTIMPL);
	assert_int_equal(GetWindowsCrashDumpHeader(), E_NOTIMPL);
	assert_int_equal(LoadKernelImage(), E_NOTIMPL);
	assert_int_equal(LocateKernelImage(), E_NOTIMPL);
	assert_int_equal(WriteCrashDumpFile(), E_NOTIMPL);
	assert_int_equal(WriteWindowsCrashDumpFile(), E_NOTIMPL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exports_without_a_declaration_answer_that_they_do_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
