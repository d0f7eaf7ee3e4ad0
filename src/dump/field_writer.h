/* SPDX-License-Identifier: MIT */
/*
 * Fields of a header, little-endian, one behind the other.
 *
 * A failure is kept and ends the writing; field_writer_flush tells it, so that
 * the calls before it need no checks.
 *
 * May include: everything below src/dump.
 */
#ifndef DUMP_FIELD_WRITER_H
#define DUMP_FIELD_WRITER_H

#include "dump/dump_job.h"

enum { FIELD_WRITER_BUFFER = 4096 };

struct field_writer {
	struct dump_job *job;
	struct error *error;
	enum status status;
	uint64_t offset;		/* of the buffer's first byte in the dump */
	size_t used;
	uint8_t buffer[FIELD_WRITER_BUFFER];
};

void field_writer_begin(struct field_writer *writer, struct dump_job *job, uint64_t offset,
			struct error *error);

void field_bytes(struct field_writer *writer, const void *bytes, size_t size);
void field_zeros(struct field_writer *writer, size_t size);
void field_u16(struct field_writer *writer, uint16_t value);
void field_u32(struct field_writer *writer, uint32_t value);
void field_u64(struct field_writer *writer, uint64_t value);

/* A number of 8 bytes, or its lower 4. */
void field_word(struct field_writer *writer, bool is_64_bit, uint64_t value);

/* Zeros up to the next multiple of alignment, a power of two. */
void field_align(struct field_writer *writer, uint64_t alignment);

/* Where the next field goes. */
uint64_t field_offset(const struct field_writer *writer);

/* Writes what is still in the buffer; the status of the first write that failed. */
enum status field_writer_flush(struct field_writer *writer);

#endif
