/* SPDX-License-Identifier: MIT */
#include "dump/field_writer.h"
#include "base/bytes.h"
#include "base/checked.h"

#include <string.h>

void field_writer_begin(struct field_writer *writer, struct dump_job *job, uint64_t offset,
			struct error *error)
{
	writer->job = job;
	writer->error = error;
	writer->status = STATUS_OK;
	writer->offset = offset;
	writer->used = 0;
}

enum status field_writer_flush(struct field_writer *writer)
{
	if (writer->status == STATUS_OK && writer->used > 0)
		writer->status = dump_job_write(writer->job, writer->offset, writer->buffer,
						writer->used, writer->error);
	writer->offset += writer->used;
	writer->used = 0;
	return writer->status;
}

/* Room for at most size bytes; how many there are. */
static size_t make_room(struct field_writer *writer, size_t size, uint8_t **out)
{
	if (writer->used == FIELD_WRITER_BUFFER)
		field_writer_flush(writer);
	*out = writer->buffer + writer->used;
	size = (size_t)min_u64(size, FIELD_WRITER_BUFFER - writer->used);
	writer->used += size;
	return size;
}

void field_bytes(struct field_writer *writer, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	while (size > 0) {
		uint8_t *to;
		size_t part = make_room(writer, size, &to);

		memcpy(to, from, part);
		from += part;
		size -= part;
	}
}

void field_zeros(struct field_writer *writer, size_t size)
{
	while (size > 0) {
		uint8_t *to;
		size_t part = make_room(writer, size, &to);

		memset(to, 0, part);
		size -= part;
	}
}

void field_u16(struct field_writer *writer, uint16_t value)
{
	uint8_t bytes[2];

	store_le16(bytes, value);
	field_bytes(writer, bytes, sizeof(bytes));
}

void field_u32(struct field_writer *writer, uint32_t value)
{
	uint8_t bytes[4];

	store_le32(bytes, value);
	field_bytes(writer, bytes, sizeof(bytes));
}

void field_u64(struct field_writer *writer, uint64_t value)
{
	uint8_t bytes[8];

	store_le64(bytes, value);
	field_bytes(writer, bytes, sizeof(bytes));
}

void field_word(struct field_writer *writer, bool is_64_bit, uint64_t value)
{
	if (is_64_bit)
		field_u64(writer, value);
	else
		field_u32(writer, (uint32_t)value);
}

uint64_t field_offset(const struct field_writer *writer)
{
	return writer->offset + writer->used;
}

void field_align(struct field_writer *writer, uint64_t alignment)
{
	uint64_t offset = field_offset(writer);

	field_zeros(writer, (size_t)(align_up(offset, alignment) - offset));
}
