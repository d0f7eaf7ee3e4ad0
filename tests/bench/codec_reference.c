/* SPDX-License-Identifier: MIT */
#include "bench/codec_reference.h"

#include <string.h>

/* ---- XPRESS ---- */

struct xpress_reader {
	const uint8_t *in;
	size_t size;
	size_t position;
	size_t nibble_position;		/* 0: none waits (the first byte is always flags) */
};

static bool take_number(struct xpress_reader *reader, unsigned byte_count, uint32_t *out)
{
	uint32_t value = 0;

	if (reader->size - reader->position < byte_count)
		return false;
	for (unsigned i = 0; i < byte_count; i++)
		value |= (uint32_t)reader->in[reader->position++] << (8 * i);
	*out = value;
	return true;
}

static bool take_nibble(struct xpress_reader *reader, uint32_t *out)
{
	if (reader->nibble_position != 0) {
		*out = (uint32_t)reader->in[reader->nibble_position] >> 4;
		reader->nibble_position = 0;
		return true;
	}
	if (!take_number(reader, 1, out))
		return false;
	reader->nibble_position = reader->position - 1;
	*out &= 15;
	return true;
}

static bool take_match_length(struct xpress_reader *reader, uint32_t token, uint64_t *out)
{
	uint32_t nibble;
	uint32_t extra;

	*out = (token & 7) + 3;
	if ((token & 7) != 7)
		return true;
	if (!take_nibble(reader, &nibble))
		return false;
	*out += nibble;
	if (nibble != 15)
		return true;
	if (!take_number(reader, 1, &extra))
		return false;
	if (extra == 255) {
		if (!take_number(reader, 2, &extra))
			return false;
		if (extra == 0 && !take_number(reader, 4, &extra))
			return false;
		if (extra < 22)
			return false;
		extra -= 22;
	}
	*out += extra;
	return true;
}

bool reference_xpress_decode(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
	struct xpress_reader reader = { in, in_size, 0, 0 };
	size_t done = 0;
	uint32_t flags = 0;
	unsigned flag_count = 0;

	while (done < out_size) {
		uint32_t token;
		uint64_t length;

		if (flag_count == 0) {
			if (!take_number(&reader, 4, &flags))
				return false;
			flag_count = 32;
		}
		flag_count--;
		if (((flags >> flag_count) & 1) == 0) {
			if (!take_number(&reader, 1, &token))
				return false;
			out[done++] = (uint8_t)token;
			continue;
		}
		if (!take_number(&reader, 2, &token) ||
		    !take_match_length(&reader, token, &length) || (token >> 3) + 1 > done)
			return false;
		for (; length > 0 && done < out_size; length--, done++)
			out[done] = out[done - ((token >> 3) + 1)];
	}
	return true;
}

/* ---- record stream ---- */

struct stream_reader {
	const uint8_t *stream;
	size_t size;
	size_t position;
	size_t done;			/* bytes of the block produced so far */
	enum reference_page_state fault;	/* why reading stopped; GOOD: at END */
	struct reference_block *block;
};

static bool stop(struct stream_reader *reader, enum reference_page_state fault)
{
	reader->fault = fault;
	return false;
}

static bool take_field(struct stream_reader *reader, unsigned byte_count, uint64_t *out)
{
	*out = 0;
	if (reader->size - reader->position < byte_count)
		return stop(reader, REFERENCE_CUT_STREAM);
	for (unsigned i = 0; i < byte_count; i++)
		*out |= (uint64_t)reader->stream[reader->position++] << (8 * i);
	return true;
}

static bool fill_pages(struct stream_reader *reader, uint64_t pattern, uint64_t pages)
{
	if (pages * REFERENCE_PAGE > REFERENCE_BLOCK - reader->done)
		return stop(reader, REFERENCE_CUT_STREAM);
	for (uint64_t i = 0; i < pages * REFERENCE_PAGE; i++)
		reader->block->bytes[reader->done++] = (uint8_t)(pattern >> (8 * (i % 8)));
	return true;
}

/*
 * Marks every page that shares a byte with [from, to).  A page that the
 * stream does not complete fails for that reason, whatever else is wrong.
 */
static void mark_pages(struct reference_block *block, size_t from, size_t to,
		       enum reference_page_state state)
{
	for (size_t page = 0; page < REFERENCE_PAGES; page++) {
		size_t start = page * REFERENCE_PAGE;

		if (start < to && from < start + REFERENCE_PAGE)
			block->state[page] = (uint8_t)state;
	}
}

static bool unpack(struct stream_reader *reader, size_t packed, size_t unpacked)
{
	uint8_t *to = reader->block->bytes + reader->done;
	const uint8_t *from = reader->stream + reader->position;

	if (packed > reader->size - reader->position || unpacked > REFERENCE_BLOCK - reader->done)
		return stop(reader, REFERENCE_CUT_STREAM);
	if (packed == unpacked)
		memcpy(to, from, packed);
	else if (!reference_xpress_decode(from, packed, to, unpacked))
		mark_pages(reader->block, reader->done, reader->done + unpacked,
			   REFERENCE_BAD_RECORD);
	reader->position += packed;
	reader->done += unpacked;
	return true;
}

/* One record; false at END or a fault. */
static bool read_record(struct stream_reader *reader)
{
	uint64_t tag;
	uint64_t first;
	uint64_t second;

	if (!take_field(reader, 4, &tag))
		return false;
	switch (tag) {
	case 0xFFFFFFFF:
		return stop(reader, REFERENCE_GOOD);
	case 0xFFFFFFFE:
		return take_field(reader, 8, &first) && fill_pages(reader, first, 1);
	case 0xFFFFFFFD:
		return take_field(reader, 8, &first) && take_field(reader, 4, &second) &&
		       fill_pages(reader, first, second);
	case 0xFFFFFFFC:
		if (!take_field(reader, 4, &first) || !take_field(reader, 4, &second))
			return false;
		if (first >= REFERENCE_PAGE || second > first)
			return stop(reader, REFERENCE_BAD_RECORD);
		return unpack(reader, (size_t)second, (size_t)first);
	default:
		if (tag == 0 || tag > REFERENCE_PAGE)
			return stop(reader, REFERENCE_BAD_RECORD);
		return unpack(reader, (size_t)tag, REFERENCE_PAGE);
	}
}

void reference_stream_decode(const uint8_t *stream, size_t size, struct reference_block *out)
{
	struct stream_reader reader = { stream, size, 0, 0, REFERENCE_GOOD, out };

	memset(out, 0, sizeof(*out));
	while (read_record(&reader))
		continue;
	if (reader.fault != REFERENCE_GOOD)
		mark_pages(out, reader.done, REFERENCE_BLOCK, reader.fault);
}
