/* SPDX-License-Identifier: MIT */
#include "container/hvs_header.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "container/hvs_checksum.h"

#include <string.h>

static bool copy_is_valid(const uint8_t *bytes)
{
	return load_le32(bytes) == HVS_SIGNATURE_HEADER &&
	       load_le32(bytes + HVS_HEADER_CHECKSUM) ==
		       hvs_checksum(bytes, HVS_HEADER_SIZE, HVS_HEADER_CHECKSUM);
}

enum status hvs_header_probe(const struct file *file, struct error *error)
{
	for (uint64_t copy = 0; copy < HVS_HEADER_COPIES; copy++) {
		uint64_t offset = copy * HVS_HEADER_SPACING;
		uint8_t signature[4];
		enum status status;

		if (!range_fits(offset, sizeof(signature), file_size(file)))
			break;
		status = file_read_at(file, offset, signature, sizeof(signature), error);
		if (status != STATUS_OK)
			return status;
		if (load_le32(signature) == HVS_SIGNATURE_HEADER)
			return STATUS_OK;
	}
	return STATUS_NOT_A_SAVED_STATE;
}

/* True if sequence follows other, 0 being the follower of 0xFFFF. */
static bool follows(uint16_t sequence, uint16_t other)
{
	return sequence == (uint16_t)(other + 1);
}

/*
 * *chosen is set on failure too, where damage may be tolerated: to the copy with
 * the higher number, or to HVS_HEADER_COPIES when neither is valid.
 */
static enum status choose_copy(uint8_t copies[HVS_HEADER_COPIES][HVS_HEADER_SIZE],
			       unsigned *chosen, struct error *error)
{
	bool first = copy_is_valid(copies[0]);
	bool second = copy_is_valid(copies[1]);
	uint16_t sequence0 = load_le16(copies[0] + HVS_HEADER_SEQUENCE);
	uint16_t sequence1 = load_le16(copies[1] + HVS_HEADER_SEQUENCE);

	*chosen = HVS_HEADER_COPIES;
	if (!first && !second)
		return error_set(error, STATUS_CORRUPT,
				 "both file headers (offsets 0 and %d) have a wrong signature or "
				 "checksum", HVS_HEADER_SPACING);
	*chosen = sequence1 > sequence0 ? 1 : 0;
	if (first != second)
		*chosen = first ? 0 : 1;
	else if (follows(sequence0, sequence1))
		*chosen = 0;
	else if (follows(sequence1, sequence0))
		*chosen = 1;
	else
		return error_set(error, STATUS_CORRUPT,
				 "the two file headers have sequence numbers %u and %u, which are "
				 "not neighbours: it cannot be told which is newer", sequence0,
				 sequence1);
	return STATUS_OK;
}

static enum status check_version(uint32_t version, struct error *error)
{
	uint32_t major = version >> 8;
	enum status status;

	if (major == 4)
		return STATUS_OK;
	if (major == 1)
		status = STATUS_CORRUPT;	/* the original's answer; the layout is unknown */
	else if (major == 2 || major == 3)
		status = STATUS_UNSUPPORTED_PREVIEW;
	else
		status = STATUS_UNSUPPORTED_VERSION;
	return error_set(error, status, "the container has format version %u.%u; 4.0 is expected",
			 major, version & 0xFF);
}

static bool alignment_is_legal(uint32_t alignment)
{
	return alignment >= HVS_ALIGNMENT_MIN && alignment <= HVS_ALIGNMENT_MAX &&
	       (alignment & (alignment - 1)) == 0;
}

static enum status check_alignment(const struct hvs_header *header, struct error *error)
{
	if (alignment_is_legal(header->alignment))
		return STATUS_OK;
	return error_set(error, STATUS_CORRUPT,
			 "file header: data alignment %u is not a power of two from %d to %d",
			 header->alignment, HVS_ALIGNMENT_MIN, HVS_ALIGNMENT_MAX);
}

static enum status check_log(const struct hvs_header *header, struct error *error)
{
	if (header->log_header_size == 0)
		return error_set(error, STATUS_CORRUPT_RANGE,
				 "file header: the replay log has a header of 0 bytes");
	if (header->log_offset == 0 || header->log_offset % header->alignment != 0 ||
	    header->log_offset > FILE_SIZE_LIMIT || header->log_size > FILE_SIZE_LIMIT ||
	    header->log_header_size < HVS_LOG_HEADER_SIZE ||
	    header->log_header_size > header->log_size)
		return error_set(error, STATUS_CORRUPT,
				 "file header: impossible replay log (offset %llu, size %llu, "
				 "header %u bytes)", (unsigned long long)header->log_offset,
				 (unsigned long long)header->log_size, header->log_header_size);
	return STATUS_OK;
}

/* The first object table fills one alignment, so its slots tell how long that is. */
static enum status find_alignment(const struct hvs_view *view, uint32_t *out, struct error *error)
{
	uint8_t table[HVS_OBJECT_TABLE_HEADER];
	enum status status = hvs_view_read(view, HVS_ROOT_TABLE_OFFSET, table, sizeof(table), error);
	uint32_t alignment = HVS_ALIGNMENT_MIN;

	if (status != STATUS_OK)
		return status;
	while (alignment < HVS_ALIGNMENT_MAX &&
	       (alignment - HVS_OBJECT_TABLE_HEADER) / HVS_OBJECT_SIZE != load_le32(table + 4))
		alignment *= 2;
	if (load_le32(table) != HVS_SIGNATURE_OBJECT_TABLE ||
	    (alignment - HVS_OBJECT_TABLE_HEADER) / HVS_OBJECT_SIZE != load_le32(table + 4))
		return error_set(error, STATUS_CORRUPT,
				 "neither the file headers nor the first object table can be read");
	*out = alignment;
	return STATUS_OK;
}

bool hvs_header_probe_damaged(const struct file *file)
{
	struct hvs_view view;
	uint32_t alignment;

	hvs_view_init(&view, file);
	return find_alignment(&view, &alignment, NULL) == STATUS_OK;
}

static enum status read_copies(const struct hvs_view *view,
			       uint8_t copies[HVS_HEADER_COPIES][HVS_HEADER_SIZE],
			       struct error *error)
{
	for (unsigned i = 0; i < HVS_HEADER_COPIES; i++) {
		enum status status = hvs_view_read(view, (uint64_t)i * HVS_HEADER_SPACING,
						   copies[i], HVS_HEADER_SIZE, error);

		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static void take_copy(const uint8_t *bytes, struct hvs_header *header)
{
	memcpy(header->bytes, bytes, HVS_HEADER_SIZE);
	header->sequence = load_le16(bytes + HVS_HEADER_SEQUENCE);
	header->format_version = load_le32(bytes + HVS_HEADER_FORMAT_VERSION);
	header->alignment = load_le32(bytes + HVS_HEADER_ALIGNMENT);
	header->log_offset = load_le64(bytes + HVS_HEADER_LOG_OFFSET);
	header->log_size = load_le64(bytes + HVS_HEADER_LOG_SIZE);
	header->log_header_size = load_le32(bytes + HVS_HEADER_LOG_HEADER_SIZE);
}

static enum status check_geometry(const struct hvs_view *view, struct hvs_header *header,
				  struct error *error)
{
	struct damage *damage = view->damage;
	enum status status = check_alignment(header, error);

	if (status != STATUS_OK) {
		status = damage_tolerate(damage, PART_FILE_HEADER, status, error);
		if (status == STATUS_OK)
			status = find_alignment(view, &header->alignment, error);
		if (status != STATUS_OK)
			return status;
	}
	status = check_log(header, error);
	if (status == STATUS_OK)
		return STATUS_OK;
	header->log_offset = 0;
	return damage_tolerate(damage, PART_REPLAY_LOG, status, error);
}

/* Goes on without any header: only the alignment is needed to find the keys. */
static enum status do_without(const struct hvs_view *view, struct hvs_header *out,
			      struct error *error)
{
	struct hvs_header header = { .format_version = HVS_FORMAT_VERSION_WRITTEN };
	enum status status = find_alignment(view, &header.alignment, error);

	if (status == STATUS_OK)
		*out = header;
	return status;
}

enum status hvs_header_read(const struct hvs_view *view, struct hvs_header *out,
			    struct error *error)
{
	uint8_t copies[HVS_HEADER_COPIES][HVS_HEADER_SIZE];
	struct hvs_header header = { 0 };
	enum status status = read_copies(view, copies, error);

	if (status != STATUS_OK)
		return status;
	damage_count(view->damage, PART_FILE_HEADER);
	status = choose_copy(copies, &header.copy, error);
	status = damage_tolerate(view->damage, PART_FILE_HEADER, status, error);
	if (status != STATUS_OK)
		return status;
	if (header.copy == HVS_HEADER_COPIES)
		return do_without(view, out, error);
	take_copy(copies[header.copy], &header);
	status = check_version(header.format_version, error);
	if (status == STATUS_OK)
		status = check_geometry(view, &header, error);
	if (status == STATUS_OK)
		*out = header;
	return status;
}
