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

bool hvs_header_probe(const struct file *file)
{
	for (uint64_t copy = 0; copy < HVS_HEADER_COPIES; copy++) {
		uint8_t signature[4];

		if (file_read_at(file, copy * HVS_HEADER_SPACING, signature, sizeof(signature),
				 NULL) == STATUS_OK &&
		    load_le32(signature) == HVS_SIGNATURE_HEADER)
			return true;
	}
	return false;
}

/* True if sequence follows other, 0 being the follower of 0xFFFF. */
static bool follows(uint16_t sequence, uint16_t other)
{
	return sequence == (uint16_t)(other + 1);
}

static enum status choose_copy(uint8_t copies[HVS_HEADER_COPIES][HVS_HEADER_SIZE],
			       unsigned *chosen, struct error *error)
{
	bool first = copy_is_valid(copies[0]);
	bool second = copy_is_valid(copies[1]);
	uint16_t sequence0 = load_le16(copies[0] + HVS_HEADER_SEQUENCE);
	uint16_t sequence1 = load_le16(copies[1] + HVS_HEADER_SEQUENCE);

	if (!first && !second)
		return error_set(error, STATUS_CORRUPT,
				 "both file headers (offsets 0 and %d) have a wrong signature or "
				 "checksum", HVS_HEADER_SPACING);
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

static enum status check_geometry(const struct hvs_header *header, struct error *error)
{
	uint32_t alignment = header->alignment;

	if (alignment < HVS_ALIGNMENT_MIN || alignment > HVS_ALIGNMENT_MAX ||
	    (alignment & (alignment - 1)) != 0)
		return error_set(error, STATUS_CORRUPT,
				 "file header: data alignment %u is not a power of two from %d to "
				 "%d", alignment, HVS_ALIGNMENT_MIN, HVS_ALIGNMENT_MAX);
	if (header->log_header_size == 0)
		return error_set(error, STATUS_CORRUPT_RANGE,
				 "file header: the replay log has a header of 0 bytes");
	if (header->log_offset == 0 || header->log_offset % alignment != 0 ||
	    header->log_offset > FILE_SIZE_LIMIT || header->log_size > FILE_SIZE_LIMIT ||
	    header->log_header_size < HVS_LOG_HEADER_SIZE ||
	    header->log_header_size > header->log_size)
		return error_set(error, STATUS_CORRUPT,
				 "file header: impossible replay log (offset %llu, size %llu, "
				 "header %u bytes)", (unsigned long long)header->log_offset,
				 (unsigned long long)header->log_size, header->log_header_size);
	return STATUS_OK;
}

enum status hvs_header_read(const struct hvs_view *view, struct hvs_header *out,
			    struct error *error)
{
	uint8_t copies[HVS_HEADER_COPIES][HVS_HEADER_SIZE];
	struct hvs_header header;
	enum status status;

	for (unsigned i = 0; i < HVS_HEADER_COPIES; i++) {
		status = hvs_view_read(view, (uint64_t)i * HVS_HEADER_SPACING, copies[i],
				       HVS_HEADER_SIZE, error);
		if (status != STATUS_OK)
			return status;
	}
	status = choose_copy(copies, &header.copy, error);
	if (status != STATUS_OK)
		return status;
	memcpy(header.bytes, copies[header.copy], HVS_HEADER_SIZE);
	header.sequence = load_le16(header.bytes + HVS_HEADER_SEQUENCE);
	header.format_version = load_le32(header.bytes + HVS_HEADER_FORMAT_VERSION);
	header.alignment = load_le32(header.bytes + HVS_HEADER_ALIGNMENT);
	header.log_offset = load_le64(header.bytes + HVS_HEADER_LOG_OFFSET);
	header.log_size = load_le64(header.bytes + HVS_HEADER_LOG_SIZE);
	header.log_header_size = load_le32(header.bytes + HVS_HEADER_LOG_HEADER_SIZE);
	status = check_version(header.format_version, error);
	if (status == STATUS_OK)
		status = check_geometry(&header, error);
	if (status == STATUS_OK)
		*out = header;
	return status;
}
