/* SPDX-License-Identifier: MIT */
/*
 * The replay log: laid over the file by every open, written to its places by
 * an apply alone.  Each test works on a copy of a fixture.
 */
#include "support/saved_states.h"
#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_SIZE = 46, SECOND_HEADER = 4096 };

struct copy {
	char path[TEST_PATH_SIZE];
	WCHAR wide[TEST_PATH_SIZE];
	uint8_t *bytes; /* as the file was */
	size_t size;
};

static void make_copy(struct copy *copy, const char *fixture)
{
	char path[TEST_PATH_SIZE];

	fixture_path(path, fixture);
	copy->bytes = read_whole_file(path, &copy->size);
	if (copy->bytes == NULL)
		fail_msg("%s cannot be read", path);
	temporary_path(copy->path, "replay.vmrs");
	wide_path(copy->wide, copy->path);
	assert_true(write_whole_file(copy->path, copy->bytes, copy->size));
}

static void drop_copy(struct copy *copy)
{
	remove(copy->path);
	free(copy->bytes);
}

static bool is_unchanged(const struct copy *copy)
{
	size_t size = 0;
	uint8_t *bytes = read_whole_file(copy->path, &size);
	bool same = bytes != NULL && size == copy->size && memcmp(bytes, copy->bytes, size) == 0;

	free(bytes);
	return same;
}

/* ---- What is pending -------------------------------------------------------------- */

enum { MOST_ENTRIES = 16 };

struct pending {
	VMSAVEDSTATE_REPLAY_LOG log;
	VMSAVEDSTATE_REPLAY_ENTRY entries[MOST_ENTRIES];
	size_t count;
};

static BOOL CALLBACK keep_entry(void *context, const VMSAVEDSTATE_REPLAY_ENTRY *entry)
{
	struct pending *pending = context;

	assert_true(pending->count < MOST_ENTRIES);
	assert_int_equal(entry->StructSize, sizeof(*entry));
	pending->entries[pending->count++] = *entry;
	return FALSE;
}

static struct pending read_pending(const char *path)
{
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source), .Path = path };
	struct pending pending = { .log = { .StructSize = sizeof(pending.log) } };

	assert_result(VmSavedStateGetReplayLog(&source, keep_entry, &pending, &pending.log), S_OK);
	assert_int_equal(pending.log.PendingCount, pending.count);
	return pending;
}

/* ---- The content of a container, to be compared before and after -------------------- */

struct content {
	char *text;
	size_t size, room;
	const VMSAVEDSTATE_SOURCE *source;
};

static uint32_t sum_of_value(const VMSAVEDSTATE_SOURCE *source, const char *path)
{
	enum { ROOM = 2 << 20 };
	uint8_t *value = malloc(ROOM);
	uint32_t sum = 1;
	UINT64 size = 0;

	assert_non_null(value);
	assert_result(VmSavedStateReadKey(source, path, 0, value, ROOM, &size), S_OK);
	for (UINT64 i = 0; i < size; i++)
		sum = sum * 31 + value[i];
	free(value);
	return sum;
}

static BOOL CALLBACK note_key(void *context, const VMSAVEDSTATE_KEY *key)
{
	struct content *content = context;

	content->size +=
		(size_t)snprintf(content->text + content->size, content->room - content->size,
				 "%s %d %llu %llu %08x\n", key->Path, (int)key->Type,
				 (unsigned long long)key->Size, (unsigned long long)key->FileOffset,
				 sum_of_value(content->source, key->Path));
	assert_true(content->size < content->room);
	return FALSE;
}

static char *content_of(const char *path)
{
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source), .Path = path };
	struct content content = { .text = calloc(1, 1 << 18), .room = 1 << 18, .source = &source };

	assert_non_null(content.text);
	assert_result(VmSavedStateEnumerateKeys(&source, NULL, note_key, &content), S_OK);
	assert_true(content.size > 0);
	return content.text;
}

/* ---- Applying ------------------------------------------------------------------------- */

static const char *const pending_fixtures[] = { "pending-log", "pending-log-several",
						"pending-log-beyond-end",
						"pending-log-over-header" };

enum { PENDING_FIXTURES = sizeof(pending_fixtures) / sizeof(pending_fixtures[0]) };

static void an_open_with_a_pending_log_changes_no_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < PENDING_FIXTURES; i++) {
		VMSAVEDSTATE_INFO info = { .StructSize = sizeof(info) };
		VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
		struct copy copy;

		make_copy(&copy, pending_fixtures[i]);
		assert_result(LoadSavedStateFile(copy.wide, &handle), S_OK);
		assert_result(VmSavedStateGetInfo(handle, &info), S_OK);
		assert_true(info.PendingLogEntries > 0);
		assert_int_equal(read_pending(copy.path).count, info.PendingLogEntries);
		close_handle(handle);
		assert_true(is_unchanged(&copy));
		drop_copy(&copy);
	}
}

/* Whether every byte of the file is what the entries and the file before say it must be. */
static void expect_applied(const struct copy *copy, const struct pending *pending)
{
	size_t size = 0;
	uint8_t *after = read_whole_file(copy->path, &size);
	uint8_t *expected;

	assert_non_null(after);
	assert_true(size >= copy->size);
	expected = calloc(1, size);
	assert_non_null(expected);
	memcpy(expected, copy->bytes, copy->size);
	for (size_t i = 0; i < pending->count; i++) {
		const VMSAVEDSTATE_REPLAY_ENTRY *entry = &pending->entries[i];

		assert_true(entry->DestinationOffset + entry->Size <= size);
		assert_true(entry->PayloadOffset + entry->Size <= copy->size);
		memcpy(expected + entry->DestinationOffset, copy->bytes + entry->PayloadOffset,
		       entry->Size);
	}
	/* The headers and the head of the log say that nothing is pending any more. */
	for (size_t i = 2 * SECOND_HEADER; i < size; i++) {
		if (i >= pending->log.LogOffset && i < pending->log.LogOffset + HEADER_SIZE)
			continue;
		if (after[i] != expected[i])
			fail_msg("byte 0x%x is 0x%02x, expected 0x%02x", (unsigned int)i, after[i],
				 expected[i]);
	}
	free(expected);
	free(after);
}

static void an_apply_writes_each_entry_to_its_place_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < PENDING_FIXTURES; i++) {
		struct pending pending;
		struct copy copy;
		char *before, *after;

		make_copy(&copy, pending_fixtures[i]);
		pending = read_pending(copy.path);
		before = content_of(copy.path);
		assert_result(ApplyPendingSavedStateFileReplayLog(copy.wide), S_OK);
		expect_applied(&copy, &pending);
		after = content_of(copy.path);
		assert_string_equal(before, after);
		assert_int_equal(read_pending(copy.path).count, 0);
		free(before);
		free(after);
		drop_copy(&copy);
	}
}

static void the_applied_file_loads_with_the_same_memory(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
	uint8_t before[64], after[64];
	struct copy copy;

	(void)state;
	make_copy(&copy, "pending-log-several");
	assert_result(LoadSavedStateFile(copy.wide, &handle), S_OK);
	assert_result(ReadGuestPhysicalAddress(handle, 0x100000, before, 64, NULL), S_OK);
	close_handle(handle);
	assert_result(VmSavedStateApplyReplayLog(copy.path), S_OK);
	assert_result(LoadSavedStateFile(copy.wide, &handle), S_OK);
	assert_result(ReadGuestPhysicalAddress(handle, 0x100000, after, 64, NULL), S_OK);
	assert_memory_equal(before, after, 64);
	close_handle(handle);
	drop_copy(&copy);
}

static void a_second_apply_and_one_of_a_clean_file_change_nothing(void **state)
{
	static const char *const fixtures[] = { "pending-log", "minimal", "stale-log" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct copy copy;

		make_copy(&copy, fixtures[i]);
		if (i == 0) {
			assert_result(ApplyPendingSavedStateFileReplayLog(copy.wide), S_OK);
			free(copy.bytes);
			copy.bytes = read_whole_file(copy.path, &copy.size);
			assert_non_null(copy.bytes);
		}
		assert_result(ApplyPendingSavedStateFileReplayLog(copy.wide), S_OK);
		assert_true(is_unchanged(&copy));
		drop_copy(&copy);
	}
}

static void a_file_that_is_loaded_is_not_written__original_writes(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
	struct copy copy;

	(void)state;
	make_copy(&copy, "pending-log");
	assert_result(LoadSavedStateFile(copy.wide, &handle), S_OK);
	assert_result(ApplyPendingSavedStateFileReplayLog(copy.wide), (HRESULT)0x80070020);
	assert_true(is_unchanged(&copy));
	close_handle(handle);
	assert_result(ApplyPendingSavedStateFileReplayLog(copy.wide), S_OK);
	assert_false(is_unchanged(&copy));
	drop_copy(&copy);
}

static void a_damaged_log_is_refused_and_left_as_it_is__original_drops_some(void **state)
{
	static const struct {
		const char *fixture;
		HRESULT result;
	} rows[] = {
		{ "bad-log-entry-crc", (HRESULT)0x80070570 },
		{ "bad-log-data-crc", (HRESULT)0x80070570 },
		{ "bad-log-overlap", (HRESULT)0x80070570 },
		{ "bad-log-count-over-max", (HRESULT)0x80070570 },
		{ "bad-log-payload-in-header", (HRESULT)0x80070570 },
		{ "bad-log-payload-outside", (HRESULT)0x80070570 },
		{ "bad-log-header-crc", (HRESULT)0x80070570 },
		{ "bad-log-entry-size-zero", E_INVALIDARG },
		{ "bad-log-destination", E_INVALIDARG },
		{ "bad-header-signature", (HRESULT)0x80070570 },
		{ "bad-cut-log-behind", (HRESULT)0x80070570 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct copy copy;
		char text[ERROR_TEXT_ROOM];

		make_copy(&copy, rows[i].fixture);
		assert_result(ApplyPendingSavedStateFileReplayLog(copy.wide), rows[i].result);
		error_text(NULL, text);
		assert_string_not_equal(text, "");
		assert_true(is_unchanged(&copy));
		drop_copy(&copy);
	}
}

static void an_empty_file_is_not_formatted__original_formats_it(void **state)
{
	struct copy copy;

	(void)state;
	make_copy(&copy, "bad-empty-file");
	assert_true(FAILED(ApplyPendingSavedStateFileReplayLog(copy.wide)));
	assert_true(is_unchanged(&copy));
	drop_copy(&copy);
}

static void a_missing_file_and_a_text_are_refused(void **state)
{
	WCHAR wide[TEST_PATH_SIZE];
	char path[TEST_PATH_SIZE];

	(void)state;
	test_path(path, "VMSS_FIXTURES", "no-such-file.vmrs");
	wide_path(wide, path);
	assert_result(ApplyPendingSavedStateFileReplayLog(wide), (HRESULT)0x80070002);
	temporary_path(path, "text.vmrs");
	wide_path(wide, path);
	assert_true(write_whole_file(path, "no saved state", 14));
	assert_result(ApplyPendingSavedStateFileReplayLog(wide), (HRESULT)0x80070570);
	remove(path);
}

static void a_pair_has_no_log(void **state)
{
	char bin[TEST_PATH_SIZE], vsv[TEST_PATH_SIZE];
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source),
				       .Path = bin,
				       .SecondPath = vsv };
	VMSAVEDSTATE_REPLAY_LOG log, empty = { .StructSize = sizeof(empty) };

	(void)state;
	test_path(bin, "VMSS_FIXTURES", "legacy-pair.bin");
	test_path(vsv, "VMSS_FIXTURES", "legacy-pair.vsv");
	memset(&log, 0xCC, sizeof(log));
	log.StructSize = sizeof(log);
	assert_result(VmSavedStateGetReplayLog(&source, NULL, NULL, &log), S_OK);
	assert_memory_equal(&log, &empty, sizeof(log));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_open_with_a_pending_log_changes_no_byte),
		cmocka_unit_test(an_apply_writes_each_entry_to_its_place_and_nothing_else),
		cmocka_unit_test(the_applied_file_loads_with_the_same_memory),
		cmocka_unit_test(a_second_apply_and_one_of_a_clean_file_change_nothing),
		cmocka_unit_test(a_file_that_is_loaded_is_not_written__original_writes),
		cmocka_unit_test(a_damaged_log_is_refused_and_left_as_it_is__original_drops_some),
		cmocka_unit_test(an_empty_file_is_not_formatted__original_formats_it),
		cmocka_unit_test(a_missing_file_and_a_text_are_refused),
		cmocka_unit_test(a_pair_has_no_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
