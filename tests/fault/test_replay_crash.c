/* SPDX-License-Identifier: MIT */
/*
 * Applying a replay log may stop anywhere: between two writes, within one, or
 * with writes lost that no flush had secured.  The file opens all the same,
 * holds what it should, and the log can be applied again.
 */
#include "container/hvs_apply.h"
#include "fault/failing_file.h"
#include "fault/saved_content.h"
#include "test_shim.h"

#include "api/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Descriptions that differ from minimal.txt only in a part that stands in the log. */
static const char *const pending_fixtures[] = {
	"pending-log.vmrs",
	"pending-log-several.vmrs",
	"pending-log-over-header.vmrs",
	"pending-log-beyond-end.vmrs",
};

enum { FIXTURES = sizeof(pending_fixtures) / sizeof(pending_fixtures[0]) };

static void assert_content(struct bytes image, const struct saved_content *expected,
			   const char *when, unsigned number)
{
	struct saved_content content = saved_content_of_bytes(image);

	if (content.status != STATUS_OK)
		fail_msg("%s %u: the file no longer opens (status %d)", when, number,
			 (int)content.status);
	if (content.keys != expected->keys || content.checksum != expected->checksum)
		fail_msg("%s %u: the contents differ", when, number);
}

/* What a machine that starts again would do: apply the log, this time to the end. */
static void assert_recovers(struct bytes image, const struct saved_content *expected,
			    const char *when, unsigned number)
{
	struct saved_content content;
	struct failing_file failing;
	struct file *file;
	uint32_t applied;

	failing_file_init(&failing, image);
	file = failing_file_open(&failing);
	assert_int_equal(hvs_apply(file, &applied, NULL), STATUS_OK);
	file_close(file);
	assert_content(failing.image, expected, when, number);
	content = saved_content_of_bytes(failing.image);
	assert_int_equal(content.pending, 0);
	failing_file_fini(&failing);
}

static enum status apply_with(struct failing_file *failing)
{
	struct file *file = failing_file_open(failing);
	uint32_t applied = UINT32_MAX;
	enum status status = hvs_apply(file, &applied, NULL);

	assert_true(status == STATUS_OK || applied == UINT32_MAX);
	file_close(file);
	return status;
}

/* Applies the log to the end and keeps what was written. */
static void record_writes(struct failing_file *failing, struct bytes image)
{
	failing_file_init(failing, image);
	assert_int_equal(apply_with(failing), STATUS_OK);
	assert_true(failing->writes >= 2);
}

static void for_each_fixture(void (*check)(struct bytes image, const struct saved_content *content))
{
	struct bytes plain = fixture_read("minimal.vmrs");
	struct saved_content expected = saved_content_of_bytes(plain);

	assert_int_equal(expected.status, STATUS_OK);
	assert_int_equal(expected.unreadable, 0);
	assert_true(expected.keys > 5);
	for (size_t i = 0; i < FIXTURES; i++) {
		struct bytes image = fixture_read(pending_fixtures[i]);

		check(image, &expected);
		bytes_free(&image);
	}
	bytes_free(&plain);
}

/* ---- Keys --------------------------------------------------------------- */

static void check_overlay_and_applied(struct bytes image, const struct saved_content *expected)
{
	struct failing_file failing;

	assert_true(saved_content_of_bytes(image).pending > 0);
	assert_content(image, expected, "overlay of fixture", 0);
	record_writes(&failing, image);
	assert_content(failing.image, expected, "applied fixture", 0);
	assert_int_equal(saved_content_of_bytes(failing.image).pending, 0);
	failing_file_fini(&failing);
}

static void an_overlay_and_an_applied_log_read_like_the_file_without_a_log(void **state)
{
	(void)state;
	for_each_fixture(check_overlay_and_applied);
}

static void stop_after_each_write(struct bytes image, const struct saved_content *expected)
{
	struct failing_file whole;

	record_writes(&whole, image);
	for (uint32_t stop = 0; stop < whole.writes; stop++) {
		struct failing_file failing;

		failing_file_init(&failing, image);
		failing.writes_allowed = stop;
		assert_int_equal(apply_with(&failing), STATUS_WRITE_FAILED);
		assert_content(failing.image, expected, "stopped after write", stop);
		assert_recovers(failing.image, expected, "recovered after write", stop);
		failing_file_fini(&failing);
	}
	failing_file_fini(&whole);
}

static void a_stop_between_two_writes_leaves_a_file_that_reads_the_same(void **state)
{
	(void)state;
	for_each_fixture(stop_after_each_write);
}

/*
 * A write of the log header is the step that settles the matter, within one
 * sector of the disk; it is taken as whole.  Any other may be torn.
 */
static bool is_log_header(const struct failing_write *write)
{
	return write->size == 34;
}

static void tear_each_write(struct bytes image, const struct saved_content *expected)
{
	struct failing_file whole;

	record_writes(&whole, image);
	for (uint32_t torn = 0; torn < whole.writes; torn++) {
		size_t size = whole.noted[torn].size;
		size_t step = size / 40 + 1;

		for (size_t left = 1; left < size && !is_log_header(&whole.noted[torn]);
		     left += step) {
			struct failing_file failing;

			failing_file_init(&failing, image);
			failing.writes_allowed = torn;
			failing.torn_size = left;
			assert_int_equal(apply_with(&failing), STATUS_WRITE_FAILED);
			assert_content(failing.image, expected, "torn write", torn);
			assert_recovers(failing.image, expected, "recovered torn write", torn);
			failing_file_fini(&failing);
		}
	}
	failing_file_fini(&whole);
}

static void a_torn_write_leaves_a_file_that_reads_the_same(void **state)
{
	(void)state;
	for_each_fixture(tear_each_write);
}

/* Of the writes behind the last flush any may be on the disk, in any combination. */
static void lose_unflushed_writes(struct bytes image, const struct saved_content *expected)
{
	struct failing_file whole;

	record_writes(&whole, image);
	for (uint32_t flushes = 0; flushes < whole.flushes; flushes++) {
		uint32_t first = 0, count = 0;

		while (first < whole.writes && whole.noted[first].flushes < flushes)
			first++;
		while (first + count < whole.writes &&
		       whole.noted[first + count].flushes == flushes)
			count++;
		assert_true(count < 10);
		for (uint32_t kept = 0; kept < 1u << count; kept++) {
			struct bytes result = bytes_copy(image);

			for (uint32_t i = 0; i < first + count; i++) {
				const struct failing_write *write = &whole.noted[i];

				if (i < first || (kept >> (i - first) & 1) != 0)
					image_write(&result, write->offset, write->bytes,
						    write->size);
			}
			assert_content(result, expected, "unflushed writes", kept);
			assert_recovers(result, expected, "recovered unflushed writes", kept);
			bytes_free(&result);
		}
	}
	failing_file_fini(&whole);
}

static void lost_writes_that_no_flush_secured_leave_a_file_that_reads_the_same(void **state)
{
	(void)state;
	for_each_fixture(lose_unflushed_writes);
}

/* ---- Memory ------------------------------------------------------------- */

static uint32_t memory_checksum(struct bytes image)
{
	enum { SIZE = 2 << 20 };
	struct provider *provider;
	uint8_t *buffer = malloc(SIZE);
	struct file *file;
	uint32_t checksum;
	size_t got;

	assert_non_null(buffer);
	assert_int_equal(file_open_memory(image.start, image.size, &file, NULL), STATUS_OK);
	assert_int_equal(provider_open(file, NULL, &provider, NULL), STATUS_OK);
	assert_int_equal(guest_memory_read(provider->memory, 0, buffer, SIZE, &got, NULL),
			 STATUS_OK);
	assert_int_equal(got, SIZE);
	provider_close(provider);
	checksum = (uint32_t)crc32_z(0, buffer, SIZE);
	free(buffer);
	return checksum;
}

static void guest_memory_is_the_same_before_during_and_after(void **state)
{
	struct bytes plain = fixture_read("minimal.vmrs");
	uint32_t expected = memory_checksum(plain);

	(void)state;
	for (size_t i = 0; i < FIXTURES; i++) {
		struct bytes image = fixture_read(pending_fixtures[i]);
		enum status status = STATUS_WRITE_FAILED;

		assert_int_equal(memory_checksum(image), expected);
		for (uint32_t stop = 0; status == STATUS_WRITE_FAILED; stop++) {
			struct failing_file failing;

			failing_file_init(&failing, image);
			failing.writes_allowed = stop;
			status = apply_with(&failing);
			assert_int_equal(memory_checksum(failing.image), expected);
			failing_file_fini(&failing);
		}
		assert_int_equal(status, STATUS_OK);
		bytes_free(&image);
	}
	bytes_free(&plain);
}

/* ---- What is refused ---------------------------------------------------- */

static void a_damaged_log_is_refused_before_the_first_write(void **state)
{
	static const char *const names[] = {
		"bad-log-data-crc.vmrs",	"bad-log-entry-crc.vmrs",
		"bad-log-overlap.vmrs",		"bad-log-count-over-max.vmrs",
		"bad-log-payload-outside.vmrs", "bad-log-destination.vmrs",
		"bad-log-header-crc.vmrs",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bytes image = fixture_read(names[i]);
		struct failing_file failing;

		failing_file_init(&failing, image);
		assert_int_not_equal(apply_with(&failing), STATUS_OK);
		assert_int_equal(failing.writes, 0);
		assert_int_equal(failing.image.size, image.size);
		assert_memory_equal(failing.image.start, image.start, image.size);
		failing_file_fini(&failing);
		bytes_free(&image);
	}
}

static void a_read_that_fails_leaves_a_file_that_reads_the_same(void **state)
{
	struct bytes image = fixture_read("pending-log-several.vmrs");
	struct saved_content expected = saved_content_of_bytes(image);
	bool happened = true;

	(void)state;
	for (uint32_t n = 0; happened; n++) {
		struct failing_file failing;

		failing_file_init(&failing, image);
		failing.failing_read = n;
		apply_with(&failing);
		happened = failing.reads_failed > 0;
		if (failing.writes == 0)
			assert_memory_equal(failing.image.start, image.start, image.size);
		assert_content(failing.image, &expected, "failed read", n);
		assert_recovers(failing.image, &expected, "recovered failed read", n);
		failing_file_fini(&failing);
	}
	bytes_free(&image);
}

/* ---- A log that Windows left behind ------------------------------------- */

static void a_log_that_windows_left_pending_survives_every_stop(void **state)
{
	struct bytes image = sample_read("real/config-only-pending-log.VMRS");
	struct saved_content expected;

	(void)state;
	if (image.start == NULL) {
		puts("the samples are not there");
		skip();
	}
	expected = saved_content_of_bytes(image);
	assert_int_equal(expected.status, STATUS_OK);
	assert_int_equal(expected.unreadable, 0);
	assert_true(expected.pending > 0);
	check_overlay_and_applied(image, &expected);
	stop_after_each_write(image, &expected);
	bytes_free(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_overlay_and_an_applied_log_read_like_the_file_without_a_log),
		cmocka_unit_test(a_stop_between_two_writes_leaves_a_file_that_reads_the_same),
		cmocka_unit_test(a_torn_write_leaves_a_file_that_reads_the_same),
		cmocka_unit_test(
			lost_writes_that_no_flush_secured_leave_a_file_that_reads_the_same),
		cmocka_unit_test(guest_memory_is_the_same_before_during_and_after),
		cmocka_unit_test(a_damaged_log_is_refused_before_the_first_write),
		cmocka_unit_test(a_read_that_fails_leaves_a_file_that_reads_the_same),
		cmocka_unit_test(a_log_that_windows_left_pending_survives_every_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
