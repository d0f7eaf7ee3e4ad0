/* SPDX-License-Identifier: MIT */
/* Hostile replay logs: what reading one costs, and what is said of its payloads. */
#include "base/bytes.h"
#include "container/hvs_checksum.h"
#include "container/hvs_log.h"

#include "test_shim.h"

#include <stdlib.h>
#include <string.h>

enum {
	ENTRIES = 1000,
	PAYLOAD_AT = HVS_LOG_HEADER_SIZE + ENTRIES * HVS_LOG_ENTRY_SIZE,
	PAYLOAD_SIZE = 65536,
	LOG_SIZE = PAYLOAD_AT + PAYLOAD_SIZE,
	LOG_AT = 65536,
	FILE_BYTES = LOG_AT + LOG_SIZE
};

struct log_file {
	uint8_t bytes[FILE_BYTES];
	uint64_t bytes_read;
	struct hvs_header header;
};

static enum status read_counted(void *context, uint64_t offset, void *buffer, size_t size,
				struct error *error)
{
	struct log_file *log = context;

	(void)error;
	memcpy(buffer, log->bytes + offset, size);
	log->bytes_read += size;
	return STATUS_OK;
}

static void put_entry(struct log_file *log, unsigned i, uint64_t target, uint32_t length,
		      uint64_t payload, uint32_t payload_checksum)
{
	uint8_t *entry = log->bytes + LOG_AT + HVS_LOG_HEADER_SIZE + i * HVS_LOG_ENTRY_SIZE;

	store_le64(entry + HVS_LOG_ENTRY_TARGET, target);
	store_le32(entry + HVS_LOG_ENTRY_LENGTH, length);
	store_le64(entry + HVS_LOG_ENTRY_PAYLOAD, payload);
	store_le32(entry + HVS_LOG_ENTRY_PAYLOAD_CHECKSUM, payload_checksum);
	store_le32(entry + HVS_LOG_ENTRY_CHECKSUM,
		   hvs_checksum(entry, HVS_LOG_ENTRY_SIZE, HVS_LOG_ENTRY_CHECKSUM));
}

static void put_header(struct log_file *log, uint32_t pending)
{
	uint8_t *bytes = log->bytes + LOG_AT;

	store_le32(bytes, HVS_SIGNATURE_LOG);
	store_le32(bytes + HVS_LOG_COUNT, pending);
	store_le32(bytes + HVS_LOG_CAPACITY, ENTRIES);
	store_le32(bytes + HVS_LOG_CHECKSUM,
		   hvs_checksum(bytes, HVS_LOG_HEADER_SIZE, HVS_LOG_CHECKSUM));
	log->header = (struct hvs_header){ .alignment = 4096, .log_offset = LOG_AT,
					   .log_size = LOG_SIZE, .log_header_size = PAYLOAD_AT };
}

static enum status read_log(struct log_file *log, struct hvs_log *out, struct error *error)
{
	static const struct file_operations operations = { .read_at = read_counted };
	struct file *file;
	enum status status;

	assert_int_equal(file_open_custom(&operations, log, FILE_BYTES, &file, NULL), STATUS_OK);
	status = hvs_log_read(file, &log->header, out, error);
	file_close(file);
	return status;
}

/* 64 MB, had each of them been read for its checksum before their places were compared. */
static void entries_that_share_place_and_payload_cost_no_more_than_the_file(void **state)
{
	struct log_file *log = calloc(1, sizeof(*log));
	struct hvs_log read;
	struct error error = { .text = "" };
	uint32_t checksum;

	(void)state;
	assert_non_null(log);
	checksum = hvs_checksum_plain(0, log->bytes + LOG_AT + PAYLOAD_AT, PAYLOAD_SIZE);
	for (unsigned i = 0; i < ENTRIES; i++)
		put_entry(log, i, (uint64_t)1 << 20, PAYLOAD_SIZE, PAYLOAD_AT, checksum);
	put_header(log, ENTRIES);
	assert_int_equal(read_log(log, &read, &error), STATUS_CORRUPT);
	assert_non_null(strstr(error.text, "two pending entries"));
	assert_true(log->bytes_read <= FILE_BYTES);
	free(log);
}

static void every_payload_is_checked_and_named_by_its_entry(void **state)
{
	struct log_file *log = calloc(1, sizeof(*log));
	struct hvs_log read;
	struct error error = { .text = "" };

	(void)state;
	assert_non_null(log);
	put_entry(log, 0, 4096, 16, PAYLOAD_AT, hvs_checksum_plain(0, log->bytes, 16));
	put_entry(log, 1, 8192, 16, LOG_SIZE - 16, hvs_checksum_plain(0, log->bytes, 16));
	put_header(log, 2);
	assert_int_equal(read_log(log, &read, &error), STATUS_OK);
	assert_int_equal(read.patches[1].target, 8192);
	assert_int_equal(read.patches[1].payload, FILE_BYTES - 16);
	hvs_log_fini(&read);
	put_entry(log, 1, 8192, 16, PAYLOAD_AT, 0x12345678);
	assert_int_equal(read_log(log, &read, &error), STATUS_CORRUPT);
	assert_non_null(strstr(error.text, "entry 1: its payload has a wrong checksum"));
	log->header.log_size += 4096;
	put_entry(log, 1, 8192, 16, LOG_SIZE + 16, 0);
	assert_int_equal(read_log(log, &read, &error), STATUS_CORRUPT);
	assert_non_null(strstr(error.text, "behind the end of the file"));
	free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			entries_that_share_place_and_payload_cost_no_more_than_the_file),
		cmocka_unit_test(every_payload_is_checked_and_named_by_its_entry),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
