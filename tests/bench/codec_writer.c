/* SPDX-License-Identifier: MIT */
#include "bench/codec_writer.h"

#include <stdbool.h>
#include <string.h>

uint32_t random_below(struct random_numbers *random, uint32_t limit)
{
	random->state ^= random->state << 13;
	random->state ^= random->state >> 7;
	random->state ^= random->state << 17;
	return (uint32_t)((random->state >> 16) % limit);
}

static void put_number(uint8_t *to, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

/* ---- XPRESS ---- */

static void append(struct xpress_writer *writer, uint64_t value, unsigned size)
{
	put_number(writer->packed + writer->packed_size, value, size);
	writer->packed_size += size;
}

static void put_flag(struct xpress_writer *writer, unsigned flag)
{
	if (writer->flags_used == 32) {
		writer->flags_at = writer->packed_size;
		writer->flags_used = 0;
		append(writer, 0, 4);
	}
	/* The first flag is the highest bit of the last byte. */
	writer->packed[writer->flags_at + 3 - writer->flags_used / 8] |=
		(uint8_t)(flag << (7 - writer->flags_used % 8));
	writer->flags_used++;
}

static void put_nibble(struct xpress_writer *writer, unsigned nibble)
{
	if (writer->nibble_at != 0) {
		writer->packed[writer->nibble_at] |= (uint8_t)(nibble << 4);
		writer->nibble_at = 0;
		return;
	}
	writer->nibble_at = writer->packed_size;
	append(writer, nibble, 1);
}

void xpress_start(struct xpress_writer *writer)
{
	writer->plain_size = 0;
	writer->packed_size = 0;
	writer->flags_used = 32;
	writer->nibble_at = 0;
}

void xpress_literal(struct xpress_writer *writer, uint8_t byte)
{
	put_flag(writer, 0);
	append(writer, byte, 1);
	writer->plain[writer->plain_size++] = byte;
}

static void put_length(struct xpress_writer *writer, uint32_t length, enum length_form form)
{
	put_nibble(writer, length < 25 ? length - 10 : 15);
	if (length < 25)
		return;
	if (form == LENGTH_SHORTEST && length < 280) {
		append(writer, length - 25, 1);
		return;
	}
	append(writer, 255, 1);
	if (form == LENGTH_IN_32_BITS || length - 3 > 0xFFFF) {
		append(writer, 0, 2);
		append(writer, length - 3, 4);
	} else {
		append(writer, length - 3, 2);
	}
}

void xpress_match(struct xpress_writer *writer, uint32_t distance, uint32_t length,
		  enum length_form form)
{
	put_flag(writer, 1);
	append(writer, (distance - 1) << 3 | (length < 10 ? length - 3 : 7), 2);
	if (length >= 10)
		put_length(writer, length, form);
	for (; length > 0; length--, writer->plain_size++)
		writer->plain[writer->plain_size] = writer->plain[writer->plain_size - distance];
}

void xpress_end(struct xpress_writer *writer)
{
	bool full = writer->flags_used == 32;

	while (writer->flags_used < 32)
		put_flag(writer, 1);
	if (full)
		append(writer, 0xFFFFFFFF, 4);
}

/* Few matches are long, many reach back less than 16 bytes. */
static uint32_t random_length(struct random_numbers *random)
{
	switch (random_below(random, 8)) {
	case 0:
		return 3 + random_below(random, 70000);
	case 1:
		return 3 + random_below(random, 300);
	case 2:
		return 3 + random_below(random, 30);
	default:
		return 3 + random_below(random, 8);
	}
}

static void put_random_token(struct xpress_writer *writer, struct random_numbers *random,
			     uint32_t room)
{
	uint32_t reach = writer->plain_size < 8192 ? (uint32_t)writer->plain_size : 8192;
	uint32_t length = random_length(random);
	uint32_t distance;

	if (reach == 0 || room < 3 || random_below(random, 3) == 0) {
		for (uint32_t run = 1 + random_below(random, 1 + random_below(random, 40));
		     run > 0 && room > 0; run--, room--)
			xpress_literal(writer, (uint8_t)random_below(random, 256));
		return;
	}
	if (random_below(random, 2) == 0 && reach > 16)
		reach = 16;
	distance = 1 + random_below(random, reach);
	length = length < room ? length : room;
	xpress_match(writer, distance, length,
		     length < 25 ? LENGTH_SHORTEST : (enum length_form)random_below(random, 3));
}

void xpress_random(struct xpress_writer *writer, struct random_numbers *random, size_t plain_size)
{
	xpress_start(writer);
	while (writer->plain_size < plain_size)
		put_random_token(writer, random, (uint32_t)(plain_size - writer->plain_size));
	xpress_end(writer);
}

/* ---- record streams ---- */

void stream_start(struct stream_writer *writer)
{
	writer->size = 0;
}

void stream_u32(struct stream_writer *writer, uint32_t value)
{
	put_number(writer->bytes + writer->size, value, 4);
	writer->size += 4;
}

void stream_u64(struct stream_writer *writer, uint64_t value)
{
	put_number(writer->bytes + writer->size, value, 8);
	writer->size += 8;
}

void stream_bytes(struct stream_writer *writer, const void *bytes, size_t size)
{
	memcpy(writer->bytes + writer->size, bytes, size);
	writer->size += size;
}

void stream_end(struct stream_writer *writer)
{
	stream_u32(writer, 0xFFFFFFFF);
}

void stream_fill(struct stream_writer *writer, uint64_t pattern)
{
	stream_u32(writer, 0xFFFFFFFE);
	stream_u64(writer, pattern);
}

void stream_fill_run(struct stream_writer *writer, uint64_t pattern, uint32_t pages)
{
	stream_u32(writer, 0xFFFFFFFD);
	stream_u64(writer, pattern);
	stream_u32(writer, pages);
}

static void put_random_bytes(struct stream_writer *writer, struct random_numbers *random,
			     uint32_t size)
{
	while (size-- > 0)
		writer->bytes[writer->size++] = (uint8_t)random_below(random, 256);
}

void stream_stored(struct stream_writer *writer, struct random_numbers *random)
{
	stream_u32(writer, 4096);
	put_random_bytes(writer, random, 4096);
}

/* XPRESS data of plain_size bytes that is smaller than limit. */
static void make_small(struct xpress_writer *xpress, struct random_numbers *random,
		       uint32_t plain_size, uint32_t limit)
{
	xpress_random(xpress, random, plain_size);
	if (xpress->packed_size < limit)
		return;
	xpress_start(xpress);
	xpress_literal(xpress, (uint8_t)random_below(random, 256));
	xpress_match(xpress, 1, plain_size - 1, LENGTH_SHORTEST);
	xpress_end(xpress);
}

void stream_xpress(struct stream_writer *writer, struct random_numbers *random)
{
	struct xpress_writer xpress;

	make_small(&xpress, random, 4096, 4096);
	stream_u32(writer, (uint32_t)xpress.packed_size);
	stream_bytes(writer, xpress.packed, xpress.packed_size);
}

void stream_part_stored(struct stream_writer *writer, struct random_numbers *random,
			uint32_t plain_size)
{
	stream_u32(writer, 0xFFFFFFFC);
	stream_u32(writer, plain_size);
	stream_u32(writer, plain_size);
	put_random_bytes(writer, random, plain_size);
}

void stream_part_xpress(struct stream_writer *writer, struct random_numbers *random,
			uint32_t plain_size)
{
	struct xpress_writer xpress;

	make_small(&xpress, random, plain_size, plain_size);
	stream_u32(writer, 0xFFFFFFFC);
	stream_u32(writer, plain_size);
	stream_u32(writer, (uint32_t)xpress.packed_size);
	stream_bytes(writer, xpress.packed, xpress.packed_size);
}
