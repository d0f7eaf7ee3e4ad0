/* SPDX-License-Identifier: MIT */
#include "container/hvs_log.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "container/hvs_checksum.h"

#include <stdlib.h>
#include <string.h>

static enum status read_log_header(const struct file *file, const struct hvs_header *header,
				   struct hvs_log *log, struct error *error)
{
	uint8_t *bytes = log->bytes;
	enum status status;

	if (!range_fits(header->log_offset, HVS_LOG_HEADER_SIZE, file_size(file)))
		return error_set(error, STATUS_CORRUPT,
				 "the file ends before its replay log at offset %llu",
				 (unsigned long long)header->log_offset);
	status = file_read_at(file, header->log_offset, bytes, HVS_LOG_HEADER_SIZE, error);
	if (status != STATUS_OK)
		return status;
	log->pending = load_le32(bytes + HVS_LOG_COUNT);
	log->capacity = load_le32(bytes + HVS_LOG_CAPACITY);
	if (load_le32(bytes) != HVS_SIGNATURE_LOG)
		return error_set(error, STATUS_CORRUPT, "replay log at offset %llu: wrong signature",
				 (unsigned long long)header->log_offset);
	if (load_le32(bytes + HVS_LOG_CHECKSUM) !=
	    hvs_checksum(bytes, HVS_LOG_HEADER_SIZE, HVS_LOG_CHECKSUM))
		return error_set(error, STATUS_CORRUPT, "replay log at offset %llu: wrong checksum",
				 (unsigned long long)header->log_offset);
	if (log->capacity == 0 || log->pending > log->capacity)
		return error_set(error, STATUS_CORRUPT,
				 "replay log at offset %llu: %u entries pending, with room for %u",
				 (unsigned long long)header->log_offset, log->pending,
				 log->capacity);
	if (bytes[HVS_LOG_TRACKING_ENABLED] != 0 &&
	    (load_le64(bytes + HVS_LOG_TRACKING_OFFSET) == 0 ||
	     load_le32(bytes + HVS_LOG_TRACKING_SIZE) == 0))
		return error_set(error, STATUS_CORRUPT_ORDER,
				 "replay log at offset %llu: change tracking is on but has no "
				 "buffer", (unsigned long long)header->log_offset);
	return STATUS_OK;
}

/*
 * How far behind the end of the file an entry may begin.  The original was seen
 * to let a file grow by 1 GiB; without a bound a few bytes could claim contents
 * of any size.
 */
#define LARGEST_GAP ((uint64_t)1 << 30)

/* What an entry says; whether its payload is there and sound comes later. */
static enum status read_entry(const struct file *file, const struct hvs_header *header,
			      const uint8_t *bytes, struct hvs_patch *out, struct error *error)
{
	uint64_t inside = load_le64(bytes + HVS_LOG_ENTRY_PAYLOAD);

	out->target = load_le64(bytes + HVS_LOG_ENTRY_TARGET);
	out->length = load_le32(bytes + HVS_LOG_ENTRY_LENGTH);
	out->checksum = load_le32(bytes + HVS_LOG_ENTRY_PAYLOAD_CHECKSUM);
	if (load_le32(bytes + HVS_LOG_ENTRY_CHECKSUM) !=
	    hvs_checksum(bytes, HVS_LOG_ENTRY_SIZE, HVS_LOG_ENTRY_CHECKSUM))
		return error_set(error, STATUS_CORRUPT, "wrong checksum");
	if (out->length == 0 || !range_fits(out->target, out->length, FILE_SIZE_LIMIT) ||
	    (out->target > file_size(file) && out->target - file_size(file) > LARGEST_GAP))
		return error_set(error, STATUS_CORRUPT_RANGE,
				 "it would write %llu bytes at offset %llu",
				 (unsigned long long)out->length,
				 (unsigned long long)out->target);
	if (inside < header->log_header_size || !range_fits(inside, out->length, header->log_size))
		return error_set(error, STATUS_CORRUPT,
				 "its payload (%llu bytes at %llu in the log) is outside the log",
				 (unsigned long long)out->length, (unsigned long long)inside);
	out->payload = header->log_offset + inside;
	return STATUS_OK;
}

static bool ranges_overlap(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length)
{
	return a < b ? b - a < a_length : a - b < b_length;
}

/*
 * Two entries for one place leave its contents to chance, and an entry for the
 * log itself would destroy what a second attempt needs.
 */
static enum status check_overlaps(const struct hvs_header *header, const struct hvs_log *log,
				  struct error *error)
{
	uint64_t log_used = header->log_header_size;
	struct hvs_patch *sorted = malloc(log->pending * sizeof(*sorted));
	enum status status = STATUS_OK;

	if (sorted == NULL)
		return error_out_of_memory(error, "the replay log");
	memcpy(sorted, log->patches, log->pending * sizeof(*sorted));
	hvs_patches_sort(sorted, log->pending);
	for (uint32_t i = 0; i < log->pending; i++)
		log_used = max_u64(log_used,
				   sorted[i].payload + sorted[i].length - header->log_offset);
	for (uint32_t i = 0; i < log->pending && status == STATUS_OK; i++) {
		if (i > 0 && sorted[i].target - sorted[i - 1].target < sorted[i - 1].length)
			status = error_set(error, STATUS_CORRUPT,
					   "two pending entries of the replay log write offset %llu",
					   (unsigned long long)sorted[i].target);
		else if (ranges_overlap(sorted[i].target, sorted[i].length, header->log_offset,
					log_used))
			status = error_set(error, STATUS_CORRUPT,
					   "a pending entry of the replay log would overwrite the "
					   "log itself, at offset %llu",
					   (unsigned long long)sorted[i].target);
	}
	free(sorted);
	return status;
}

static enum status check_payload(const struct file *file, const struct hvs_patch *patch,
				 struct error *error)
{
	uint8_t piece[4096];
	uint32_t checksum = 0;

	if (!range_fits(patch->payload, patch->length, file_size(file)))
		return error_set(error, STATUS_CORRUPT,
				 "its payload (%llu bytes at offset %llu) lies behind the end of the "
				 "file", (unsigned long long)patch->length,
				 (unsigned long long)patch->payload);
	for (uint64_t done = 0; done < patch->length;) {
		size_t part = (size_t)min_u64(sizeof(piece), patch->length - done);
		enum status status =
			file_read_at(file, patch->payload + done, piece, part, error);

		if (status != STATUS_OK)
			return status;
		checksum = hvs_checksum_plain(checksum, piece, part);
		done += part;
	}
	if (checksum != patch->checksum)
		return error_set(error, STATUS_CORRUPT, "its payload has a wrong checksum");
	return STATUS_OK;
}

/*
 * Comes after the check for overlaps: entries with targets of their own make the
 * file as large as what is read here, while any number may share one payload.
 */
static enum status check_payloads(const struct file *file, const struct hvs_log *log,
				  struct error *error)
{
	for (uint32_t i = 0; i < log->pending; i++) {
		enum status status = check_payload(file, &log->patches[i], error);

		if (status != STATUS_OK)
			return error_prefix(error, status, "pending replay-log entry %u", i);
	}
	return STATUS_OK;
}

static enum status read_entries(const struct file *file, const struct hvs_header *header,
				struct hvs_log *log, struct error *error)
{
	uint64_t position = header->log_offset + HVS_LOG_HEADER_SIZE;
	uint64_t room = (header->log_header_size - HVS_LOG_HEADER_SIZE) / HVS_LOG_ENTRY_SIZE;
	uint64_t present = (file_size(file) - position) / HVS_LOG_ENTRY_SIZE;

	if (log->pending > min_u64(room, present))
		return error_set(error, STATUS_CORRUPT,
				 "replay log at offset %llu: %u entries do not fit in its header of "
				 "%u bytes", (unsigned long long)header->log_offset, log->pending,
				 header->log_header_size);
	log->patches = calloc(log->pending, sizeof(*log->patches));
	if (log->patches == NULL)
		return error_out_of_memory(error, "the replay log");
	for (uint32_t i = 0; i < log->pending; i++) {
		uint8_t bytes[HVS_LOG_ENTRY_SIZE];
		enum status status = file_read_at(file, position, bytes, sizeof(bytes), error);

		if (status == STATUS_OK)
			status = read_entry(file, header, bytes, &log->patches[i], error);
		if (status != STATUS_OK)
			return error_prefix(error, status, "pending replay-log entry %u", i);
		position += HVS_LOG_ENTRY_SIZE;
	}
	return check_overlaps(header, log, error);
}

enum status hvs_log_read(const struct file *file, const struct hvs_header *header,
			 struct hvs_log *out, struct error *error)
{
	struct hvs_log log = { 0 };
	enum status status = read_log_header(file, header, &log, error);

	if (status == STATUS_OK && log.pending > 0)
		status = read_entries(file, header, &log, error);
	if (status == STATUS_OK)
		status = check_payloads(file, &log, error);
	if (status != STATUS_OK) {
		hvs_log_fini(&log);
		return status;
	}
	*out = log;
	return STATUS_OK;
}

void hvs_log_fini(struct hvs_log *log)
{
	free(log->patches);
	log->patches = NULL;
}
