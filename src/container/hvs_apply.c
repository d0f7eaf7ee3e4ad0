/* SPDX-License-Identifier: MIT */
#include "container/hvs_apply.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "container/hvs_checksum.h"
#include "container/hvs_tree.h"

#include <string.h>

enum status hvs_pending_log_read(const struct file *file, struct hvs_pending_log *out,
				 struct error *error)
{
	struct hvs_pending_log pending;
	struct hvs_view view;
	enum status status;

	if (file_size(file) == 0)
		return error_set(error, STATUS_FILE_EMPTY, "the file is empty");
	status = hvs_header_probe(file, error);
	if (status == STATUS_NOT_A_SAVED_STATE)
		error_set(error, status, "not a .vmrs: no signature at offset 0 or 4096");
	if (status != STATUS_OK)
		return status;
	hvs_view_init(&view, file);
	status = hvs_header_read(&view, &pending.header, error);
	if (status == STATUS_OK)
		status = hvs_log_read(file, &pending.header, &pending.log, error);
	if (status == STATUS_OK)
		*out = pending;
	return status;
}

void hvs_pending_log_fini(struct hvs_pending_log *pending)
{
	hvs_log_fini(&pending->log);
}

static enum status check_same_geometry(const struct hvs_header *before,
				       const struct hvs_header *after, struct error *error)
{
	if (before->alignment == after->alignment && before->log_offset == after->log_offset &&
	    before->log_size == after->log_size &&
	    before->log_header_size == after->log_header_size)
		return STATUS_OK;
	return error_set(error, STATUS_CORRUPT,
			 "the replay log would change the file's alignment or the place of the log "
			 "itself");
}

/* Reads the whole container with the log in place; takes a copy of the patches. */
static enum status check_result(const struct file *file, const struct hvs_pending_log *pending,
				struct error *error)
{
	size_t size = pending->log.pending * sizeof(struct hvs_patch);
	struct hvs_patch *patches = malloc(size);
	struct hvs_objects objects;
	struct hvs_header header;
	struct hvs_view view;
	struct hvs_tree tree;
	enum status status;

	if (patches == NULL)
		return error_out_of_memory(error, "the replay log");
	memcpy(patches, pending->log.patches, size);
	hvs_view_init(&view, file);
	hvs_view_set_patches(&view, patches, pending->log.pending);
	status = hvs_header_read(&view, &header, error);
	if (status == STATUS_OK)
		status = check_same_geometry(&pending->header, &header, error);
	if (status == STATUS_OK)
		status = hvs_objects_read(&view, &header, &objects, error);
	if (status == STATUS_OK) {
		status = hvs_tree_read(&view, &objects, NULL, 0, &tree, error);
		hvs_objects_fini(&objects);
		if (status == STATUS_OK)
			hvs_tree_fini(&tree);
	}
	hvs_view_fini(&view);
	if (status != STATUS_OK)
		return error_prefix(error, status, "with the replay log in place");
	return STATUS_OK;
}

static enum status write_payload(struct file *file, const struct hvs_patch *patch,
				 struct error *error)
{
	uint64_t done = patch->target < HVS_ROOT_TABLE_OFFSET
				? min_u64(patch->length, HVS_ROOT_TABLE_OFFSET - patch->target)
				: 0;
	uint8_t piece[16384];

	while (done < patch->length) {
		size_t part = (size_t)min_u64(sizeof(piece), patch->length - done);
		enum status status =
			file_read_at(file, patch->payload + done, piece, part, error);

		if (status == STATUS_OK)
			status = file_write_at(file, patch->target + done, piece, part, error);
		if (status != STATUS_OK)
			return status;
		done += part;
	}
	return STATUS_OK;
}

static enum status write_payloads(struct file *file, const struct hvs_log *log,
				  struct error *error)
{
	for (uint32_t i = 0; i < log->pending; i++) {
		enum status status = write_payload(file, &log->patches[i], error);

		if (status != STATUS_OK)
			return status;
	}
	return file_flush(file, error);
}

static enum status empty_log(struct file *file, const struct hvs_pending_log *pending,
			     struct error *error)
{
	uint8_t bytes[HVS_LOG_HEADER_SIZE];
	enum status status;

	memcpy(bytes, pending->log.bytes, sizeof(bytes));
	store_le32(bytes + HVS_LOG_COUNT, 0);
	store_le32(bytes + HVS_LOG_CHECKSUM,
		   hvs_checksum(bytes, HVS_LOG_HEADER_SIZE, HVS_LOG_CHECKSUM));
	status = file_write_at(file, pending->header.log_offset, bytes, sizeof(bytes), error);
	if (status != STATUS_OK)
		return status;
	return file_flush(file, error);
}

/* The copy not in force gets the next sequence number, as every writer of the format does. */
static enum status renew_header(struct file *file, const struct hvs_header *header,
				struct error *error)
{
	uint64_t other = (uint64_t)(1 - header->copy) * HVS_HEADER_SPACING;
	uint8_t bytes[HVS_HEADER_SIZE];
	enum status status;

	memcpy(bytes, header->bytes, sizeof(bytes));
	store_le16(bytes + HVS_HEADER_SEQUENCE, (uint16_t)(header->sequence + 1));
	store_le32(bytes + HVS_HEADER_CHECKSUM,
		   hvs_checksum(bytes, HVS_HEADER_SIZE, HVS_HEADER_CHECKSUM));
	status = file_write_at(file, other, bytes, sizeof(bytes), error);
	if (status != STATUS_OK)
		return status;
	return file_flush(file, error);
}

enum status hvs_apply(struct file *file, uint32_t *applied_out, struct error *error)
{
	struct hvs_pending_log pending;
	enum status status = hvs_pending_log_read(file, &pending, error);

	if (status != STATUS_OK)
		return status;
	if (pending.log.pending > 0) {
		status = check_result(file, &pending, error);
		if (status == STATUS_OK)
			status = write_payloads(file, &pending.log, error);
		if (status == STATUS_OK)
			status = empty_log(file, &pending, error);
		if (status == STATUS_OK)
			status = renew_header(file, &pending.header, error);
	}
	if (status == STATUS_OK)
		*applied_out = pending.log.pending;
	hvs_pending_log_fini(&pending);
	return status;
}
