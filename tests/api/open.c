/* SPDX-License-Identifier: MIT */
/*
 * The extension's ways in and its structures that may grow: opening from paths
 * and from memory, error texts, StructSize.
 */
#include "support/saved_states.h"
#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes_in_memory {
	uint8_t *bytes;
	size_t size;
};

static struct bytes_in_memory file_in_memory(const char *name)
{
	struct bytes_in_memory file = { 0 };
	char path[TEST_PATH_SIZE];

	test_path(path, "VMSS_FIXTURES", name);
	file.bytes = read_whole_file(path, &file.size);
	assert_non_null(file.bytes);
	return file;
}

static HRESULT open_path(const char *file, UINT32 flags, VM_SAVED_STATE_DUMP_HANDLE *handle)
{
	char path[TEST_PATH_SIZE];
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source), .Flags = flags, .Path = path };

	test_path(path, "VMSS_FIXTURES", file);
	return VmSavedStateOpen(&source, handle);
}

static void expect_demo(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	char text[25];
	UINT32 count = 0;

	assert_result(VmSavedStateReadVirtual(handle, 0, NULL, 0x10000, text, 25, &count), S_OK);
	assert_int_equal(count, 25);
	assert_string_equal(text, "a string in guest memory");
}

/* ---- Opening ------------------------------------------------------------------------ */

static void a_path_in_utf8_opens(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;

	(void)state;
	assert_result(open_path("demo.vmrs", 0, &handle), S_OK);
	expect_demo(handle);
	close_handle(handle);
}

static void a_name_with_letters_beyond_ascii_opens_through_both_functions(void **state)
{
	struct bytes_in_memory file = file_in_memory("demo.vmrs");
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
	char path[TEST_PATH_SIZE];
	WCHAR wide[TEST_PATH_SIZE];
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source), .Path = path };
	size_t length;

	(void)state;
	temporary_path(path, "ascii.vmrs");
	wide_path(wide, path);
	for (length = 0; wide[length] != 0; length++)
		;
	memcpy(wide + length, VMSAVEDSTATE_TEXT("\u00fc\u4e16\U0001F600"), 5 * sizeof(WCHAR));
	strcat(path, "\xC3\xBC\xE4\xB8\x96\xF0\x9F\x98\x80");
#if defined(_WIN32)
	skip(); /* fopen, which writes the copy, knows no UTF-8 there */
#endif
	assert_true(write_whole_file(path, file.bytes, file.size));
	assert_result(VmSavedStateOpen(&source, &handle), S_OK);
	expect_demo(handle);
	close_handle(handle);
	assert_result(LoadSavedStateFile(wide, &handle), S_OK);
	expect_demo(handle);
	close_handle(handle);
	remove(path);
	free(file.bytes);
}

static void bytes_in_memory_open_as_the_file_does(void **state)
{
	struct bytes_in_memory file = file_in_memory("demo.vmrs");
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source),
				       .Bytes = file.bytes,
				       .ByteCount = file.size };
	VMSAVEDSTATE_INFO info = { .StructSize = sizeof(info) };
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;

	(void)state;
	assert_result(VmSavedStateOpen(&source, &handle), S_OK);
	expect_demo(handle);
	assert_result(VmSavedStateGetInfo(handle, &info), S_OK);
	assert_int_equal(info.Container, VMSAVEDSTATE_CONTAINER_VMRS);
	assert_int_equal(info.FileSize, file.size);
	assert_int_equal(info.RawSize, 0x800000);
	assert_int_equal(info.VpCount, 1);
	assert_int_equal(info.Architectures, 1u << Arch_x64);
	close_handle(handle);
	free(file.bytes);
}

static void a_pair_opens_from_memory_and_from_both_kinds(void **state)
{
	struct bytes_in_memory bin = file_in_memory("legacy-pair.bin");
	struct bytes_in_memory vsv = file_in_memory("legacy-pair.vsv");
	char path[TEST_PATH_SIZE];
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source),
				       .Bytes = bin.bytes,
				       .ByteCount = bin.size,
				       .SecondBytes = vsv.bytes,
				       .SecondByteCount = vsv.size };
	VMSAVEDSTATE_INFO info = { .StructSize = sizeof(info) };
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;

	(void)state;
	assert_result(VmSavedStateOpen(&source, &handle), S_OK);
	assert_result(VmSavedStateGetInfo(handle, &info), S_OK);
	assert_int_equal(info.Container, VMSAVEDSTATE_CONTAINER_LEGACY);
	assert_int_equal(info.SecondFileSize, vsv.size);
	close_handle(handle);
	test_path(path, "VMSS_FIXTURES", "legacy-pair.bin");
	source.Bytes = NULL;
	source.ByteCount = 0;
	source.Path = path;
	assert_result(VmSavedStateOpen(&source, &handle), S_OK);
	close_handle(handle);
	free(bin.bytes);
	free(vsv.bytes);
}

static void a_source_with_neither_or_both_or_unknown_flags_is_refused(void **state)
{
	static const char bytes[] = "some bytes";
	char path[TEST_PATH_SIZE];
	VMSAVEDSTATE_SOURCE good = { .StructSize = sizeof(good), .Path = path };
	VMSAVEDSTATE_SOURCE source = good;
	VM_SAVED_STATE_DUMP_HANDLE handle = &source;

	(void)state;
	test_path(path, "VMSS_FIXTURES", "demo.vmrs");
	assert_result(VmSavedStateOpen(NULL, &handle), E_INVALIDARG);
	assert_result(VmSavedStateOpen(&good, NULL), E_INVALIDARG);
	source.Path = NULL;
	assert_result(VmSavedStateOpen(&source, &handle), E_INVALIDARG);
	source = good;
	source.Bytes = bytes;
	source.ByteCount = sizeof(bytes);
	assert_result(VmSavedStateOpen(&source, &handle), E_INVALIDARG);
	source = good;
	source.Path = "";
	assert_result(VmSavedStateOpen(&source, &handle), E_INVALIDARG);
	source = good;
	source.Flags = 0x40;
	assert_result(VmSavedStateOpen(&source, &handle), E_INVALIDARG);
	source = good;
	source.StructSize = sizeof(source) - 1;
	assert_result(VmSavedStateOpen(&source, &handle), E_INVALIDARG);
	assert_ptr_equal(handle, &source);
}

static void a_folder_and_a_file_in_no_folder_are_told_apart(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;

	(void)state;
	assert_result(open_path(".", 0, &handle), E_ACCESSDENIED);
	assert_result(open_path("no-such-folder/demo.vmrs", 0, &handle), (HRESULT)0x80070003);
	assert_result(open_path("no-such-file.vmrs", 0, &handle), (HRESULT)0x80070002);
	assert_result(open_path("demo.truth", 0, &handle), (HRESULT)0x80070570);
	assert_null(handle);
}

/* ---- Structures that may grow ---------------------------------------------------------- */

/* Elsewhere these are characters like others, and there is no such file. */
static void a_path_that_windows_cannot_have_is_told_from_one_without_a_file(void **state)
{
#ifdef _WIN32
	static const HRESULT expected = (HRESULT)0x8007007B;
	static const char remedy[] = "Remove quotation marks and wildcards";
#else
	static const HRESULT expected = (HRESULT)0x80070002;
	static const char remedy[] = "Check the spelling";
#endif
	static const char *const names[] = { "demo.vmrs\"", "demo*.vmrs", "dem?.vmrs" };
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
	char path[TEST_PATH_SIZE], text[ERROR_TEXT_ROOM];
	WCHAR wide[TEST_PATH_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_result(open_path(names[i], 0, &handle), expected);
		error_text(NULL, text);
		assert_non_null(strstr(text, remedy));
		test_path(path, "VMSS_FIXTURES", names[i]);
		wide_path(wide, path);
		assert_result(LoadSavedStateFile(wide, &handle), expected);
	}
}

static void a_larger_structure_is_filled_with_zeros(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");
	struct {
		VMSAVEDSTATE_INFO info;
		uint8_t later[32];
	} grown;

	(void)state;
	memset(&grown, 0xCC, sizeof(grown));
	grown.info.StructSize = sizeof(grown);
	assert_result(VmSavedStateGetInfo(handle, &grown.info), S_OK);
	assert_int_equal(grown.info.VpCount, 1);
	assert_int_equal(grown.info.StructSize, sizeof(grown));
	for (size_t i = 0; i < sizeof(grown.later); i++)
		assert_int_equal(grown.later[i], 0);
	close_handle(handle);
}

static void a_structure_smaller_than_the_first_is_refused(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");
	VMSAVEDSTATE_INFO info, before;
	VMSAVEDSTATE_CACHE_COUNTERS counters = { .StructSize = sizeof(counters) - 1 };

	(void)state;
	memset(&info, 0xCC, sizeof(info));
	info.StructSize = sizeof(info) - 1;
	before = info;
	assert_result(VmSavedStateGetInfo(handle, &info), E_INVALIDARG);
	assert_memory_equal(&info, &before, sizeof(info));
	info.StructSize = 0;
	assert_result(VmSavedStateGetInfo(handle, &info), E_INVALIDARG);
	assert_result(VmSavedStateGetCacheCounters(handle, &counters), E_INVALIDARG);
	close_handle(handle);
}

static void a_structure_whose_size_was_never_set_is_refused(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo"), other = NULL;
	VMSAVEDSTATE_TRANSLATE_OPTIONS options = { .StructSize = 0xCCCCCCCC };
	struct {
		VMSAVEDSTATE_INFO info;
		uint8_t more[(64 << 10) + 1 - sizeof(VMSAVEDSTATE_INFO)];
	} *large = calloc(1, sizeof(*large));
	char path[TEST_PATH_SIZE], text[ERROR_TEXT_ROOM], byte;
	VMSAVEDSTATE_SOURCE source = { .StructSize = 0xCCCCCCCC, .Path = path };

	(void)state;
	assert_non_null(large);
	large->info.StructSize = 0xCCCCCCCC;
	assert_result(VmSavedStateGetInfo(handle, &large->info), E_INVALIDARG);
	error_text(handle, text);
	assert_non_null(strstr(text, "StructSize is above 64 KiB"));
	assert_int_equal(large->info.VpCount, 0);
	large->info.StructSize = (64 << 10) + 1;
	assert_result(VmSavedStateGetInfo(handle, &large->info), E_INVALIDARG);
	large->info.StructSize = 64 << 10;
	assert_result(VmSavedStateGetInfo(handle, &large->info), S_OK);
	assert_int_equal(large->info.VpCount, 1);
	assert_result(VmSavedStateReadVirtual(handle, 0, &options, 0x10000, &byte, 1, NULL),
		      E_INVALIDARG);
	test_path(path, "VMSS_FIXTURES", "demo.vmrs");
	assert_result(VmSavedStateOpen(&source, &other), E_INVALIDARG);
	free(large);
	close_handle(handle);
}

static void a_larger_input_must_hold_zeros(void **state)
{
	char path[TEST_PATH_SIZE];
	struct {
		VMSAVEDSTATE_SOURCE source;
		uint64_t later;
	} grown = { { .StructSize = sizeof(grown), .Path = path }, 0 };
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;

	(void)state;
	test_path(path, "VMSS_FIXTURES", "demo.vmrs");
	assert_result(VmSavedStateOpen(&grown.source, &handle), S_OK);
	close_handle(handle);
	grown.later = 1;
	assert_result(VmSavedStateOpen(&grown.source, &handle), E_INVALIDARG);
}

/* ---- Error texts -------------------------------------------------------------------------- */

static void there_is_no_text_before_the_first_failure(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");
	char text[4] = "abc";
	UINT32 needed = 0;

	(void)state;
	assert_result(VmSavedStateGetErrorText(handle, text, sizeof(text), &needed), S_OK);
	assert_string_equal(text, "");
	assert_int_equal(needed, 1);
	close_handle(handle);
}

static void the_text_of_a_load_names_the_file(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
	char text[ERROR_TEXT_ROOM];

	(void)state;
	assert_result(open_path("no-such-file.vmrs", 0, &handle), (HRESULT)0x80070002);
	error_text(NULL, text);
	assert_non_null(strstr(text, "no-such-file.vmrs"));
}

static void a_text_that_does_not_fit_is_cut_and_its_size_told(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
	char whole[ERROR_TEXT_ROOM], cut[16];
	UINT32 needed = 0;

	(void)state;
	assert_result(open_path("no-such-file.vmrs", 0, &handle), (HRESULT)0x80070002);
	error_text(NULL, whole);
	memset(cut, 0x7F, sizeof(cut));
	assert_result(VmSavedStateGetErrorText(NULL, cut, 10, &needed),
		      VMSAVEDSTATE_E_BUFFER_TOO_SMALL);
	assert_int_equal(needed, strlen(whole) + 1);
	assert_int_equal(strlen(cut), 9);
	assert_memory_equal(cut, whole, 9);
	assert_int_equal(cut[10], 0x7F);
	assert_result(VmSavedStateGetErrorText(NULL, NULL, 0, &needed),
		      VMSAVEDSTATE_E_BUFFER_TOO_SMALL);
	assert_result(VmSavedStateGetErrorText(NULL, whole, needed, &needed), S_OK);
	assert_result(VmSavedStateGetErrorText(NULL, whole, needed - 1, &needed),
		      VMSAVEDSTATE_E_BUFFER_TOO_SMALL);
}

static void each_handle_keeps_the_text_of_its_own_last_failure(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE first = open_fixture("demo");
	VM_SAVED_STATE_DUMP_HANDLE second = open_fixture("demo");
	GUEST_PHYSICAL_ADDRESS physical;
	VIRTUAL_PROCESSOR_ARCH architecture;
	char one[ERROR_TEXT_ROOM], other[ERROR_TEXT_ROOM];

	(void)state;
	assert_result(GuestVirtualAddressToPhysicalAddress(first, 0, 0x5000, &physical, NULL),
		      VMSAVEDSTATE_E_VA_NOT_MAPPED);
	assert_result(GetArchitecture(second, 77, &architecture), E_INVALIDARG);
	error_text(first, one);
	error_text(second, other);
	assert_string_not_equal(one, other);
	assert_non_null(strstr(one, "5000"));
	assert_non_null(strstr(other, "77"));
	assert_result(GetArchitecture(first, 0, &architecture), S_OK);
	error_text(first, other);
	assert_string_equal(one, other); /* a success does not take it away */
	close_handle(first);
	close_handle(second);
}

static void the_version_is_told(void **state)
{
	(void)state;
	assert_non_null(VmSavedStateGetProviderVersion());
	assert_non_null(strchr(VmSavedStateGetProviderVersion(), '.'));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_in_utf8_opens),
		cmocka_unit_test(a_name_with_letters_beyond_ascii_opens_through_both_functions),
		cmocka_unit_test(bytes_in_memory_open_as_the_file_does),
		cmocka_unit_test(a_pair_opens_from_memory_and_from_both_kinds),
		cmocka_unit_test(a_source_with_neither_or_both_or_unknown_flags_is_refused),
		cmocka_unit_test(a_folder_and_a_file_in_no_folder_are_told_apart),
		cmocka_unit_test(a_path_that_windows_cannot_have_is_told_from_one_without_a_file),
		cmocka_unit_test(a_larger_structure_is_filled_with_zeros),
		cmocka_unit_test(a_structure_smaller_than_the_first_is_refused),
		cmocka_unit_test(a_structure_whose_size_was_never_set_is_refused),
		cmocka_unit_test(a_larger_input_must_hold_zeros),
		cmocka_unit_test(there_is_no_text_before_the_first_failure),
		cmocka_unit_test(the_text_of_a_load_names_the_file),
		cmocka_unit_test(a_text_that_does_not_fit_is_cut_and_its_size_told),
		cmocka_unit_test(each_handle_keeps_the_text_of_its_own_last_failure),
		cmocka_unit_test(the_version_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
