/* SPDX-License-Identifier: MIT */
#include "dump/dump.h"

#include "platform/file.h"
#include "test_files.h"
#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A dump in memory, and a sink that can fail. */
struct memory_sink {
	uint8_t *bytes;
	size_t size;
	size_t room;
	uint64_t last_end;
	unsigned writes_left;		/* the write after these fails */
	bool finished;
	bool abandoned;
};

static enum status write_memory(void *context, uint64_t offset, const void *bytes, size_t size,
				struct error *error)
{
	struct memory_sink *sink = context;

	if (sink->writes_left-- == 0)
		return error_set(error, STATUS_DISK_FULL, "no room");
	assert_true(offset >= sink->last_end);		/* offsets ascend */
	assert_true(offset + size <= sink->room);
	memcpy(sink->bytes + offset, bytes, size);
	sink->last_end = offset + size;
	return STATUS_OK;
}

static enum status finish_memory(void *context, uint64_t size, struct error *error)
{
	struct memory_sink *sink = context;

	(void)error;
	assert_true(size <= sink->room && size >= sink->last_end);
	sink->size = (size_t)size;
	sink->finished = true;
	return STATUS_OK;
}

static void abandon_memory(void *context)
{
	((struct memory_sink *)context)->abandoned = true;
}

struct fixture {
	struct saved_state *state;
	struct guest_memory *memory;
	struct vp_overrides *overrides;
	struct dump_guest guest;
	struct memory_sink sink;
	struct dump_request request;
};

enum { SINK_ROOM = 32 << 20 };

static void open_fixture(struct fixture *fixture, const char *name, enum dump_format format)
{
	char path[TEST_PATH_SIZE];
	struct file *file;

	memset(fixture, 0, sizeof(*fixture));
	test_path(path, "VMSS_FIXTURES", name);
	assert_int_equal(file_open(path, FILE_READ_SHARED, &file, NULL), STATUS_OK);
	assert_int_equal(saved_state_open(file, &fixture->state, NULL), STATUS_OK);
	assert_int_equal(guest_memory_open(fixture->state, &fixture->memory, NULL), STATUS_OK);
	fixture->overrides = calloc(partition_state_vp_count(fixture->state->partition),
				    sizeof(*fixture->overrides));
	assert_non_null(fixture->overrides);
	fixture->guest.state = fixture->state;
	fixture->guest.memory = fixture->memory;
	fixture->guest.overrides = fixture->overrides;
	fixture->sink.bytes = calloc(1, SINK_ROOM);
	assert_non_null(fixture->sink.bytes);
	fixture->sink.room = SINK_ROOM;
	fixture->sink.writes_left = UINT32_MAX;
	fixture->request.format = format;
	fixture->request.sink.write_at = write_memory;
	fixture->request.sink.finish = finish_memory;
	fixture->request.sink.abandon = abandon_memory;
	fixture->request.sink.context = &fixture->sink;
}

static void close_fixture(struct fixture *fixture)
{
	free(fixture->sink.bytes);
	free(fixture->overrides);
	guest_memory_close(fixture->memory);
	saved_state_close(fixture->state);
}

static enum status write_fixture(struct fixture *fixture, struct dump_outcome *outcome)
{
	return dump_write(&fixture->guest, &fixture->request, outcome, NULL);
}

static void the_number_of_threads_does_not_show_in_the_dump(void **state)
{
	static const enum dump_format formats[] = { DUMP_RAW, DUMP_ELF, DUMP_WINDOWS_BITMAP };
	struct dump_outcome outcome;

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct fixture one, many;

		open_fixture(&one, "windows-encoded.vmrs", formats[i]);
		one.request.threads = 1;
		assert_int_equal(write_fixture(&one, &outcome), STATUS_OK);
		assert_true(outcome.size == one.sink.size);
		for (unsigned threads = 2; threads < 20; threads += 5) {
			open_fixture(&many, "windows-encoded.vmrs", formats[i]);
			many.request.threads = threads;
			assert_int_equal(write_fixture(&many, &outcome), STATUS_OK);
			assert_int_equal(many.sink.size, one.sink.size);
			assert_memory_equal(many.sink.bytes, one.sink.bytes, one.sink.size);
			close_fixture(&many);
		}
		close_fixture(&one);
	}
}

struct progress_seen {
	uint64_t last;
	uint64_t total;
	unsigned calls;
	unsigned allowed;	/* calls before it cancels */
};

static bool see_progress(void *context, uint64_t done, uint64_t total)
{
	struct progress_seen *seen = context;

	assert_true(done > seen->last && done <= total);
	seen->last = done;
	seen->total = total;
	return ++seen->calls >= seen->allowed;
}

static void progress_ascends_to_its_total(void **state)
{
	struct progress_seen seen = { .allowed = UINT32_MAX };
	struct dump_outcome outcome;
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, "demo.vmrs", DUMP_ELF);
	fixture.request.keep_going = true;
	fixture.request.progress = see_progress;
	fixture.request.progress_context = &seen;
	assert_int_equal(write_fixture(&fixture, &outcome), STATUS_OK);
	assert_true(seen.last == seen.total && seen.calls >= 16);	/* two passes over 8 MiB */
	assert_true(fixture.sink.finished && !fixture.sink.abandoned);
	close_fixture(&fixture);
}

static void a_cancelled_dump_is_abandoned(void **state)
{
	struct dump_outcome outcome;

	(void)state;
	for (unsigned allowed = 1; allowed < 8; allowed++) {
		struct progress_seen seen = { .allowed = allowed };
		struct fixture fixture;

		open_fixture(&fixture, "demo.vmrs", DUMP_RAW);
		fixture.request.threads = 1 + allowed % 3;
		fixture.request.progress = see_progress;
		fixture.request.progress_context = &seen;
		assert_int_equal(write_fixture(&fixture, &outcome), STATUS_CANCELLED);
		assert_int_equal(seen.calls, allowed);
		assert_true(fixture.sink.abandoned && !fixture.sink.finished);
		close_fixture(&fixture);
	}
}

static void a_write_that_fails_ends_the_dump_with_its_status(void **state)
{
	struct dump_outcome outcome;

	(void)state;
	for (unsigned writes = 0; writes < 6; writes++) {
		struct fixture fixture;

		open_fixture(&fixture, "windows-guest.vmrs", DUMP_WINDOWS_BITMAP);
		fixture.sink.writes_left = writes;
		assert_int_equal(write_fixture(&fixture, &outcome), STATUS_DISK_FULL);
		assert_true(fixture.sink.abandoned && !fixture.sink.finished);
		close_fixture(&fixture);
	}
}

static void a_guest_without_a_saved_page_has_no_dump(void **state)
{
	struct dump_outcome outcome;
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, "no-ram-block.vmrs", DUMP_ELF);
	assert_int_equal(write_fixture(&fixture, &outcome), STATUS_NO_GUEST_MEMORY);
	assert_true(fixture.sink.abandoned);
	close_fixture(&fixture);
}

static void a_vp_that_does_not_exist_is_refused(void **state)
{
	struct dump_outcome outcome;
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, "windows-guest.vmrs", DUMP_WINDOWS);
	fixture.request.vp_id = 2;
	assert_int_equal(write_fixture(&fixture, &outcome), STATUS_INVALID_ARGUMENT);
	assert_true(fixture.sink.abandoned);
	close_fixture(&fixture);
}

/* ---- What is left out ------------------------------------------------------------ */

struct left_out_seen {
	unsigned calls;
	uint64_t gpa;
	uint64_t size;
	enum status status;
};

static void see_left_out(void *context, uint64_t gpa, uint64_t size, enum status status)
{
	struct left_out_seen *seen = context;

	seen->calls++;
	seen->gpa = gpa;
	seen->size = size;
	seen->status = status;
}

static void expect_left_out(const char *name, uint64_t gpa, uint64_t size, enum status status)
{
	for (int format = DUMP_RAW; format <= DUMP_ELF; format++) {
		struct left_out_seen seen = { 0 };
		struct dump_outcome outcome;
		struct fixture fixture;

		open_fixture(&fixture, name, (enum dump_format)format);
		fixture.request.keep_going = true;
		fixture.request.left_out = see_left_out;
		fixture.request.left_out_context = &seen;
		assert_int_equal(write_fixture(&fixture, &outcome), STATUS_OK);
		assert_int_equal(seen.calls, 1);
		assert_true(seen.gpa == gpa && seen.size == size && seen.status == status);
		assert_true((outcome.missing_pages + outcome.damaged_pages) * 4096 == size);
		close_fixture(&fixture);
	}
}

static void every_run_that_is_left_out_is_told_with_its_cause(void **state)
{
	(void)state;
	expect_left_out("missing-ram-block.vmrs", 0x100000, 0x100000, STATUS_OK);
	expect_left_out("bad-ram-xpress-page.vmrs", 0x2000, 0x1000, STATUS_CORRUPT_RAM_RECORD);
}

/* The damage is counted while the pages are written, so the work is the memory, once. */
static void a_raw_dump_that_keeps_going_reads_memory_once(void **state)
{
	struct progress_seen seen = { .allowed = UINT32_MAX };
	struct dump_outcome outcome;
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, "bad-ram-xpress-page.vmrs", DUMP_RAW);
	fixture.request.keep_going = true;
	fixture.request.progress = see_progress;
	fixture.request.progress_context = &seen;
	assert_int_equal(write_fixture(&fixture, &outcome), STATUS_OK);
	assert_true(seen.total == 2 << 20 && outcome.size == 2 << 20);
	assert_true(outcome.memory_size == (2 << 20) - 4096);
	close_fixture(&fixture);
}

/* ---- The file -------------------------------------------------------------------- */

static void a_file_has_its_name_only_when_it_is_finished(void **state)
{
	char path[TEST_PATH_SIZE], partial[TEST_PATH_SIZE + 16];
	struct dump_sink sink;
	uint8_t *bytes;
	size_t size;

	(void)state;
	temporary_path(path, "dump");
	snprintf(partial, sizeof(partial), "%s.partial", path);
	assert_int_equal(dump_file_begin(path, false, &sink, NULL), STATUS_OK);
	assert_int_equal(sink.write_at(sink.context, 4096, "abc", 3, NULL), STATUS_OK);
	assert_true(file_exists(partial) && !file_exists(path));
	assert_int_equal(sink.finish(sink.context, 8192, NULL), STATUS_OK);
	assert_true(file_exists(path) && !file_exists(partial));
	bytes = read_whole_file(path, &size);
	assert_non_null(bytes);
	assert_int_equal(size, 8192);
	assert_memory_equal(bytes + 4096, "abc", 4);
	assert_int_equal(bytes[0], 0);
	free(bytes);
	assert_int_equal(file_remove(path, NULL), STATUS_OK);
}

static void an_abandoned_file_is_gone(void **state)
{
	char path[TEST_PATH_SIZE], partial[TEST_PATH_SIZE + 16];
	struct dump_sink sink;

	(void)state;
	temporary_path(path, "dump");
	snprintf(partial, sizeof(partial), "%s.partial", path);
	assert_int_equal(dump_file_begin(path, false, &sink, NULL), STATUS_OK);
	sink.abandon(sink.context);
	assert_false(file_exists(path));
	assert_false(file_exists(partial));
}

static void a_file_that_is_there_is_replaced_only_on_request(void **state)
{
	char path[TEST_PATH_SIZE];
	struct dump_sink sink;
	uint8_t *bytes;
	size_t size;

	(void)state;
	temporary_path(path, "dump");
	assert_true(write_whole_file(path, "old", 3));
	assert_int_equal(dump_file_begin(path, false, &sink, NULL), STATUS_INVALID_ARGUMENT);
	assert_int_equal(dump_file_begin(path, true, &sink, NULL), STATUS_OK);
	sink.abandon(sink.context);
	bytes = read_whole_file(path, &size);
	assert_non_null(bytes);
	assert_int_equal(size, 3);		/* the old one is still whole */
	free(bytes);
	assert_int_equal(dump_file_begin(path, true, &sink, NULL), STATUS_OK);
	assert_int_equal(sink.finish(sink.context, 7, NULL), STATUS_OK);
	bytes = read_whole_file(path, &size);
	assert_non_null(bytes);
	assert_int_equal(size, 7);
	free(bytes);
	assert_int_equal(file_remove(path, NULL), STATUS_OK);
}

static void a_folder_is_never_replaced(void **state)
{
	struct dump_sink sink;

	(void)state;
	assert_int_equal(dump_file_begin(".", true, &sink, NULL), STATUS_INVALID_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_number_of_threads_does_not_show_in_the_dump),
		cmocka_unit_test(progress_ascends_to_its_total),
		cmocka_unit_test(a_cancelled_dump_is_abandoned),
		cmocka_unit_test(a_write_that_fails_ends_the_dump_with_its_status),
		cmocka_unit_test(a_guest_without_a_saved_page_has_no_dump),
		cmocka_unit_test(a_vp_that_does_not_exist_is_refused),
		cmocka_unit_test(every_run_that_is_left_out_is_told_with_its_cause),
		cmocka_unit_test(a_raw_dump_that_keeps_going_reads_memory_once),
		cmocka_unit_test(a_file_has_its_name_only_when_it_is_finished),
		cmocka_unit_test(an_abandoned_file_is_gone),
		cmocka_unit_test(a_file_that_is_there_is_replaced_only_on_request),
		cmocka_unit_test(a_folder_is_never_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
