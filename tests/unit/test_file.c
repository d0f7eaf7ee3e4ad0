/* SPDX-License-Identifier: MIT */
/*
 * Files of the system: what is read is what the C library wrote and the other
 * way round, and every failure has its status.  The same facts hold on POSIX
 * and on Windows; what differs stands apart at the end.
 */
#include "platform/file.h"
#include "platform/parallel.h"

#include "support/folder_tree.h"
#include "test_shim.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A folder for this test alone. */
static char folder[TEST_PATH_SIZE];

static int make_folder(void **state)
{
	(void)state;
	return tree_begin(folder, "file") ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	tree_end(folder);
	return 0;
}

struct path {
	char text[TEST_PATH_SIZE];
};

static struct path in_folder(const char *name)
{
	struct path path;

	if (snprintf(path.text, sizeof(path.text), "%s/%s", folder, name) >=
	    (int)sizeof(path.text))
		fail_msg("the path of %s is too long", name);
	return path;
}

static struct path file_with(const char *name, const void *bytes, size_t size)
{
	struct path path = in_folder(name);

	assert_true(write_whole_file(path.text, bytes, size));
	return path;
}

static struct file *open_shared(const char *path)
{
	struct file *file;

	assert_int_equal(file_open(path, FILE_READ_SHARED, &file, NULL), STATUS_OK);
	return file;
}

static struct file *create(const char *path)
{
	struct file *file;

	assert_int_equal(file_create(path, &file, NULL), STATUS_OK);
	return file;
}

static void assert_contents(const char *path, const void *expected, size_t expected_size)
{
	size_t size = 0;
	uint8_t *bytes = read_whole_file(path, &size);

	assert_non_null(bytes);
	assert_int_equal(size, expected_size);
	assert_memory_equal(bytes, expected, size);
	free(bytes);
}

/* ---- Reading ---- */

static void any_part_of_a_file_is_read(void **state)
{
	static const char contents[] = "0123456789abcdef";
	enum { SIZE = sizeof(contents) - 1 };
	struct path path = file_with("digits", contents, SIZE);
	struct file *file = open_shared(path.text);

	(void)state;
	assert_int_equal(file_size(file), SIZE);
	for (size_t from = 0; from <= SIZE; from++) {
		for (size_t to = from; to <= SIZE; to++) {
			char buffer[SIZE + 1];

			memset(buffer, '#', sizeof(buffer));
			assert_int_equal(file_read_at(file, from, buffer, to - from, NULL),
					 STATUS_OK);
			assert_memory_equal(buffer, contents + from, to - from);
			assert_int_equal(buffer[to - from], '#');
		}
	}
	file_close(file);
}

static void a_read_past_the_end_fails_whole(void **state)
{
	struct path path = file_with("short", "abc", 3);
	struct file *file = open_shared(path.text);
	struct error error;
	char buffer[8];

	(void)state;
	assert_int_equal(file_read_at(file, 0, buffer, 4, &error), STATUS_READ_FAILED);
	assert_int_equal(error.status, STATUS_READ_FAILED);
	assert_non_null(strstr(error.text, "3 bytes"));
	assert_int_equal(file_read_at(file, 3, buffer, 1, NULL), STATUS_READ_FAILED);
	assert_int_equal(file_read_at(file, 4, buffer, 0, NULL), STATUS_READ_FAILED);
	assert_int_equal(file_read_at(file, 1, buffer, SIZE_MAX, NULL), STATUS_READ_FAILED);
	assert_int_equal(file_read_at(file, UINT64_MAX, buffer, 2, NULL), STATUS_READ_FAILED);
	file_close(file);
}

static void an_empty_file_opens_and_has_no_bytes(void **state)
{
	struct path path = file_with("empty", "", 0);
	struct file *file = open_shared(path.text);
	char byte;

	(void)state;
	assert_int_equal(file_size(file), 0);
	assert_int_equal(file_read_at(file, 0, &byte, 0, NULL), STATUS_OK);
	assert_int_equal(file_read_at(file, 0, &byte, 1, NULL), STATUS_READ_FAILED);
	file_close(file);
}

static void a_file_that_shrinks_while_it_is_open_is_a_failed_read(void **state)
{
	struct path path = file_with("shrinking", "0123456789", 10);
	struct file *file = open_shared(path.text);
	struct error error;
	char buffer[10];

	(void)state;
	assert_true(write_whole_file(path.text, "0123", 4));
	assert_int_equal(file_read_at(file, 0, buffer, 4, NULL), STATUS_OK);
	assert_memory_equal(buffer, "0123", 4);
	assert_int_equal(file_read_at(file, 0, buffer, 10, &error), STATUS_READ_FAILED);
	assert_non_null(strstr(error.text, "offset 4"));
	assert_int_equal(file_read_at(file, 8, buffer, 1, NULL), STATUS_READ_FAILED);
	file_close(file);
}

static void a_file_that_grows_while_it_is_open_keeps_its_size(void **state)
{
	struct path path = file_with("growing", "0123", 4);
	struct file *file = open_shared(path.text);
	char buffer[10];

	(void)state;
	assert_true(write_whole_file(path.text, "0123456789", 10));
	assert_int_equal(file_size(file), 4);
	assert_int_equal(file_read_at(file, 0, buffer, 4, NULL), STATUS_OK);
	assert_int_equal(file_read_at(file, 0, buffer, 5, NULL), STATUS_READ_FAILED);
	file_close(file);
}

enum { NUMBERS = 4096 };

struct parallel_reads {
	const struct file *file;
	atomic_uint wrong;
};

static void read_number(void *context, size_t index)
{
	struct parallel_reads *reads = context;
	uint32_t number = 0;

	if (file_read_at(reads->file, index * sizeof(number), &number, sizeof(number), NULL) !=
		    STATUS_OK ||
	    number != index * 77)
		atomic_fetch_add(&reads->wrong, 1);
}

static void threads_read_one_file_at_their_own_offsets(void **state)
{
	static uint32_t numbers[NUMBERS];
	struct parallel_reads reads = { .wrong = 0 };
	struct file *file;

	(void)state;
	for (uint32_t i = 0; i < NUMBERS; i++)
		numbers[i] = i * 77;
	file = open_shared(file_with("numbers", numbers, sizeof(numbers)).text);
	reads.file = file;
	parallel_run(4, NUMBERS, read_number, &reads);
	assert_int_equal(atomic_load(&reads.wrong), 0);
	file_close(file);
}

/* ---- What does not open ---- */

static void check_refused(const char *path, enum status expected)
{
	struct file *untouched = (struct file *)folder;
	struct error error = { .text = "" };

	assert_int_equal(file_open(path, FILE_READ_SHARED, &untouched, &error), expected);
	assert_ptr_equal(untouched, folder);
	assert_int_equal(error.status, expected);
	assert_non_null(strstr(error.text, path));
	assert_int_equal(file_open(path, FILE_READ_WRITE_EXCLUSIVE, &untouched, NULL), expected);
	assert_ptr_equal(untouched, folder);
}

static void a_missing_file_and_a_missing_folder_are_told_apart(void **state)
{
	struct path file = file_with("file", "x", 1);

	(void)state;
	check_refused(in_folder("nothing").text, STATUS_FILE_NOT_FOUND);
	check_refused(in_folder("no folder/nothing").text, STATUS_PATH_NOT_FOUND);
	check_refused(in_folder("file/below a file").text, STATUS_PATH_NOT_FOUND);
	assert_true(file_exists(file.text));
}

static void a_folder_is_not_opened_as_a_file(void **state)
{
	(void)state;
	check_refused(folder, STATUS_ACCESS_DENIED);
}

static void a_device_is_not_a_regular_file(void **state)
{
	struct file *file;
#ifdef _WIN32
	const char *device = "NUL";
#else
	const char *device = "/dev/null";
#endif

	(void)state;
	assert_int_equal(file_open(device, FILE_READ_SHARED, &file, NULL),
			 STATUS_INVALID_ARGUMENT);
}

static void creating_in_a_missing_folder_fails(void **state)
{
	struct file *file;

	(void)state;
	assert_int_equal(file_create(in_folder("no folder/new").text, &file, NULL),
			 STATUS_PATH_NOT_FOUND);
	assert_int_equal(file_create(folder, &file, NULL), STATUS_ACCESS_DENIED);
}

static void names_are_utf8(void **state)
{
	struct path path = in_folder("Gespeicherter Zustand \xC3\xBC\xE6\x97\xA5\xF0\x9F\x92\xBE");
	struct file *file = create(path.text);
	char byte;

	(void)state;
	assert_int_equal(file_write_at(file, 0, "u", 1, NULL), STATUS_OK);
	file_close(file);
	file = open_shared(path.text);
	assert_int_equal(file_read_at(file, 0, &byte, 1, NULL), STATUS_OK);
	assert_int_equal(byte, 'u');
	file_close(file);
	assert_int_equal(file_remove(path.text, NULL), STATUS_OK);
}

/* ---- Sharing ---- */

static void readers_share_a_file(void **state)
{
	struct path path = file_with("shared", "abc", 3);
	struct file *first = open_shared(path.text);
	struct file *second = open_shared(path.text);
	char byte;

	(void)state;
	assert_int_equal(file_read_at(first, 0, &byte, 1, NULL), STATUS_OK);
	assert_int_equal(file_read_at(second, 2, &byte, 1, NULL), STATUS_OK);
	file_close(first);
	file_close(second);
}

static void a_writer_waits_for_no_reader(void **state)
{
	struct path path = file_with("read", "abc", 3);
	struct file *reader = open_shared(path.text);
	struct file *writer;

	(void)state;
	assert_int_equal(file_open(path.text, FILE_READ_WRITE_EXCLUSIVE, &writer, NULL),
			 STATUS_SHARING_VIOLATION);
	file_close(reader);
	assert_int_equal(file_open(path.text, FILE_READ_WRITE_EXCLUSIVE, &writer, NULL),
			 STATUS_OK);
	file_close(writer);
}

static void a_file_that_is_written_is_open_for_nobody_else(void **state)
{
	struct path path = file_with("written", "abc", 3);
	struct file *writer, *other;

	(void)state;
	assert_int_equal(file_open(path.text, FILE_READ_WRITE_EXCLUSIVE, &writer, NULL),
			 STATUS_OK);
	assert_int_equal(file_open(path.text, FILE_READ_SHARED, &other, NULL),
			 STATUS_SHARING_VIOLATION);
	assert_int_equal(file_open(path.text, FILE_READ_WRITE_EXCLUSIVE, &other, NULL),
			 STATUS_SHARING_VIOLATION);
	assert_int_equal(file_write_at(writer, 1, "X", 1, NULL), STATUS_OK);
	file_close(writer);
	assert_contents(path.text, "aXc", 3);
}

/* ---- Writing ---- */

static void a_file_open_for_reading_is_never_written(void **state)
{
	struct path path = file_with("constant", "abc", 3);
	struct file *file = open_shared(path.text);

	(void)state;
	assert_int_equal(file_write_at(file, 0, "X", 1, NULL), STATUS_WRITE_FAILED);
	assert_int_equal(file_resize(file, 1, NULL), STATUS_WRITE_FAILED);
	assert_int_equal(file_flush(file, NULL), STATUS_OK);
	assert_int_equal(file_size(file), 3);
	file_close(file);
	assert_contents(path.text, "abc", 3);
}

static void creating_empties_what_is_there(void **state)
{
	struct path path = file_with("full", "abcdef", 6);
	struct file *file = create(path.text);

	(void)state;
	assert_int_equal(file_size(file), 0);
	assert_int_equal(file_write_at(file, 0, "xy", 2, NULL), STATUS_OK);
	file_close(file);
	assert_contents(path.text, "xy", 2);
}

static void writes_may_come_in_any_order_and_leave_zeros_between(void **state)
{
	struct path path = in_folder("pieces");
	struct file *file = create(path.text);
	char byte = 'x';

	(void)state;
	assert_int_equal(file_write_at(file, 6, "ghi", 3, NULL), STATUS_OK);
	assert_int_equal(file_size(file), 9);
	assert_int_equal(file_write_at(file, 0, "abc", 3, NULL), STATUS_OK);
	assert_int_equal(file_size(file), 9);
	assert_int_equal(file_write_at(file, 100, "", 0, NULL), STATUS_OK);
	assert_int_equal(file_size(file), 9);
	assert_int_equal(file_read_at(file, 4, &byte, 1, NULL), STATUS_OK);
	assert_int_equal(byte, 0);
	assert_int_equal(file_flush(file, NULL), STATUS_OK);
	file_close(file);
	assert_contents(path.text, "abc\0\0\0ghi", 9);
}

static void resizing_cuts_the_end_or_adds_zeros(void **state)
{
	struct path path = in_folder("resized");
	struct file *file = create(path.text);
	char byte;

	(void)state;
	assert_int_equal(file_write_at(file, 0, "abcdef", 6, NULL), STATUS_OK);
	assert_int_equal(file_resize(file, 2, NULL), STATUS_OK);
	assert_int_equal(file_size(file), 2);
	assert_int_equal(file_read_at(file, 2, &byte, 1, NULL), STATUS_READ_FAILED);
	assert_int_equal(file_resize(file, 5, NULL), STATUS_OK);
	file_close(file);
	assert_contents(path.text, "ab\0\0\0", 5);
}

/* Far more than there is room for on the disk, if the part added took any. */
static void offsets_beyond_4_gib_are_told_from_those_below(void **state)
{
	static const uint64_t beyond = UINT64_C(0x5012345000);	/* 320 GiB */
	struct path path = in_folder("holes");
	struct file *file = create(path.text);
	char bytes[4];

	(void)state;
	assert_int_equal(file_resize(file, beyond + 4, NULL), STATUS_OK);
	assert_int_equal(file_write_at(file, beyond, "far", 3, NULL), STATUS_OK);
	assert_int_equal(file_write_at(file, beyond & UINT32_MAX, "low", 3, NULL), STATUS_OK);
	file_close(file);
	file = open_shared(path.text);
	assert_int_equal(file_size(file), beyond + 4);
	assert_int_equal(file_read_at(file, beyond, bytes, 4, NULL), STATUS_OK);
	assert_memory_equal(bytes, "far", 4);
	assert_int_equal(file_read_at(file, beyond & UINT32_MAX, bytes, 4, NULL), STATUS_OK);
	assert_memory_equal(bytes, "low", 4);
	assert_int_equal(file_read_at(file, beyond / 2, bytes, 4, NULL), STATUS_OK);
	assert_memory_equal(bytes, "\0\0\0", 4);
	file_close(file);
	assert_int_equal(file_remove(path.text, NULL), STATUS_OK);
}

static void no_write_reaches_behind_the_largest_offset(void **state)
{
	struct path path = in_folder("limit");
	struct file *file = create(path.text);

	(void)state;
	assert_int_equal(file_write_at(file, FILE_SIZE_LIMIT, "x", 1, NULL),
			 STATUS_INVALID_ARGUMENT);
	assert_int_equal(file_write_at(file, UINT64_MAX, "x", 1, NULL), STATUS_INVALID_ARGUMENT);
	assert_int_not_equal(file_resize(file, UINT64_MAX, NULL), STATUS_OK);
	assert_int_equal(file_size(file), 0);
	file_close(file);
	assert_contents(path.text, "", 0);
}

static void a_file_takes_the_place_of_another_as_one_step(void **state)
{
	struct path from = file_with("new contents", "new", 3);
	struct path to = file_with("old contents", "old!", 4);

	(void)state;
	assert_int_equal(file_replace(from.text, to.text, NULL), STATUS_OK);
	assert_contents(to.text, "new", 3);
	assert_false(file_exists(from.text));
	assert_int_equal(file_replace(to.text, from.text, NULL), STATUS_OK);
	assert_contents(from.text, "new", 3);
	assert_int_equal(file_replace(to.text, from.text, NULL), STATUS_FILE_NOT_FOUND);
	assert_contents(from.text, "new", 3);
}

static void removing_is_no_error_when_nothing_is_there(void **state)
{
	struct path path = file_with("to be removed", "x", 1);

	(void)state;
	assert_int_equal(file_remove(path.text, NULL), STATUS_OK);
	assert_false(file_exists(path.text));
	assert_int_equal(file_remove(path.text, NULL), STATUS_OK);
	assert_int_equal(file_remove(in_folder("no folder/x").text, NULL), STATUS_OK);
	assert_int_equal(file_remove(folder, NULL), STATUS_ACCESS_DENIED);
}

/* ---- Bytes in memory, and files made of functions ---- */

static void bytes_in_memory_are_read_like_a_file(void **state)
{
	static const char contents[] = "0123456789";
	struct file *file;
	char buffer[4];

	(void)state;
	assert_int_equal(file_open_memory(contents, 10, &file, NULL), STATUS_OK);
	assert_int_equal(file_size(file), 10);
	assert_int_equal(file_read_at(file, 6, buffer, 4, NULL), STATUS_OK);
	assert_memory_equal(buffer, "6789", 4);
	assert_int_equal(file_read_at(file, 7, buffer, 4, NULL), STATUS_READ_FAILED);
	assert_int_equal(file_write_at(file, 0, "X", 1, NULL), STATUS_WRITE_FAILED);
	assert_int_equal(file_resize(file, 20, NULL), STATUS_WRITE_FAILED);
	file_close(file);
	assert_string_equal(contents, "0123456789");
}

struct calls {
	unsigned reads, writes, resizes, flushes, closes;
	uint64_t offset;
	size_t size;
	enum status answer;
};

static enum status note_read(void *context, uint64_t offset, void *buffer, size_t size,
			     struct error *error)
{
	struct calls *calls = context;

	calls->reads++;
	calls->offset = offset;
	calls->size = size;
	memset(buffer, 'r', size);
	return calls->answer == STATUS_OK ? STATUS_OK : error_set(error, calls->answer, "noted");
}

static enum status note_write(void *context, uint64_t offset, const void *buffer, size_t size,
			      struct error *error)
{
	struct calls *calls = context;

	(void)buffer;
	(void)error;
	calls->writes++;
	calls->offset = offset;
	calls->size = size;
	return calls->answer;
}

static enum status note_flush(void *context, struct error *error)
{
	struct calls *calls = context;

	(void)error;
	calls->flushes++;
	return calls->answer;
}

static enum status note_resize(void *context, uint64_t size, struct error *error)
{
	struct calls *calls = context;

	(void)error;
	calls->resizes++;
	calls->offset = size;
	return calls->answer;
}

static void note_close(void *context)
{
	((struct calls *)context)->closes++;
}

static const struct file_operations noting = { note_read, note_write, note_flush, note_resize,
					       note_close };

static void a_file_of_functions_calls_them_within_its_size(void **state)
{
	struct calls calls = { .answer = STATUS_OK };
	struct error error;
	struct file *file;
	char buffer[8];

	(void)state;
	assert_int_equal(file_open_custom(&noting, &calls, 100, &file, NULL), STATUS_OK);
	assert_int_equal(file_size(file), 100);
	assert_int_equal(file_read_at(file, 93, buffer, 7, NULL), STATUS_OK);
	assert_int_equal(calls.offset, 93);
	assert_int_equal(calls.size, 7);
	assert_memory_equal(buffer, "rrrrrrr", 7);
	assert_int_equal(file_read_at(file, 93, buffer, 8, NULL), STATUS_READ_FAILED);
	assert_int_equal(file_read_at(file, 50, buffer, 0, NULL), STATUS_OK);
	assert_int_equal(calls.reads, 1);
	calls.answer = STATUS_ACCESS_DENIED;
	assert_int_equal(file_read_at(file, 0, buffer, 1, &error), STATUS_ACCESS_DENIED);
	assert_string_equal(error.text, "noted");
	file_close(file);
	assert_int_equal(calls.closes, 1);
}

static void a_write_that_fails_leaves_the_size(void **state)
{
	struct calls calls = { .answer = STATUS_OK };
	struct file *file;

	(void)state;
	assert_int_equal(file_open_custom(&noting, &calls, 10, &file, NULL), STATUS_OK);
	assert_int_equal(file_write_at(file, 8, "abcd", 4, NULL), STATUS_OK);
	assert_int_equal(file_size(file), 12);
	assert_int_equal(file_resize(file, 5, NULL), STATUS_OK);
	assert_int_equal(file_size(file), 5);
	calls.answer = STATUS_DISK_FULL;
	assert_int_equal(file_write_at(file, 8, "abcd", 4, NULL), STATUS_DISK_FULL);
	assert_int_equal(file_resize(file, 50, NULL), STATUS_DISK_FULL);
	assert_int_equal(file_flush(file, NULL), STATUS_DISK_FULL);
	assert_int_equal(file_size(file), 5);
	assert_int_equal(calls.writes, 2);
	assert_int_equal(calls.resizes, 2);
	file_close(file);
}

static void functions_may_be_left_out(void **state)
{
	static const struct file_operations reading = { .read_at = note_read };
	struct calls calls = { .answer = STATUS_OK };
	struct file *file;

	(void)state;
	assert_int_equal(file_open_custom(&reading, &calls, 10, &file, NULL), STATUS_OK);
	assert_int_equal(file_write_at(file, 0, "x", 1, NULL), STATUS_WRITE_FAILED);
	assert_int_equal(file_resize(file, 0, NULL), STATUS_WRITE_FAILED);
	assert_int_equal(file_flush(file, NULL), STATUS_OK);
	file_close(file);
	file_close(NULL);
}

#ifndef _WIN32
/* /dev/full takes writes and answers that the disk is full. */
static void a_full_disk_has_a_status_of_its_own(void **state)
{
	struct file *file;

	(void)state;
	if (!file_exists("/dev/full"))
		skip();
	file = create("/dev/full");
	assert_int_equal(file_write_at(file, 0, "x", 1, NULL), STATUS_DISK_FULL);
	file_close(file);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_part_of_a_file_is_read),
		cmocka_unit_test(a_read_past_the_end_fails_whole),
		cmocka_unit_test(an_empty_file_opens_and_has_no_bytes),
		cmocka_unit_test(a_file_that_shrinks_while_it_is_open_is_a_failed_read),
		cmocka_unit_test(a_file_that_grows_while_it_is_open_keeps_its_size),
		cmocka_unit_test(threads_read_one_file_at_their_own_offsets),
		cmocka_unit_test(a_missing_file_and_a_missing_folder_are_told_apart),
		cmocka_unit_test(a_folder_is_not_opened_as_a_file),
		cmocka_unit_test(a_device_is_not_a_regular_file),
		cmocka_unit_test(creating_in_a_missing_folder_fails),
		cmocka_unit_test(names_are_utf8),
		cmocka_unit_test(readers_share_a_file),
		cmocka_unit_test(a_writer_waits_for_no_reader),
		cmocka_unit_test(a_file_that_is_written_is_open_for_nobody_else),
		cmocka_unit_test(a_file_open_for_reading_is_never_written),
		cmocka_unit_test(creating_empties_what_is_there),
		cmocka_unit_test(writes_may_come_in_any_order_and_leave_zeros_between),
		cmocka_unit_test(resizing_cuts_the_end_or_adds_zeros),
		cmocka_unit_test(offsets_beyond_4_gib_are_told_from_those_below),
		cmocka_unit_test(no_write_reaches_behind_the_largest_offset),
		cmocka_unit_test(a_file_takes_the_place_of_another_as_one_step),
		cmocka_unit_test(removing_is_no_error_when_nothing_is_there),
		cmocka_unit_test(bytes_in_memory_are_read_like_a_file),
		cmocka_unit_test(a_file_of_functions_calls_them_within_its_size),
		cmocka_unit_test(a_write_that_fails_leaves_the_size),
		cmocka_unit_test(functions_may_be_left_out),
#ifndef _WIN32
		cmocka_unit_test(a_full_disk_has_a_status_of_its_own),
#endif
	};

	return cmocka_run_group_tests_name("files", tests, make_folder, remove_folder);
}
