/* SPDX-License-Identifier: MIT */
/*
 * What the codec must do, written as plainly as the format can be told: one
 * byte and one bit at a time, a whole RAM block at once.  The unit tests, the
 * fuzz targets and the benchmark compare src/codec with it; it shares no code
 * with src/codec.
 */
#ifndef TESTS_CODEC_REFERENCE_H
#define TESTS_CODEC_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REFERENCE_PAGE = 4096, REFERENCE_PAGES = 256, REFERENCE_BLOCK = 1 << 20 };

/* XPRESS plain LZ77: true if exactly out_size bytes came out. */
bool reference_xpress_decode(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size);

enum reference_page_state {
	REFERENCE_GOOD,
	REFERENCE_BAD_RECORD,	/* a record that cannot be decoded */
	REFERENCE_CUT_STREAM	/* the stream ends, or overruns the block, before the page is whole */
};

struct reference_block {
	uint8_t bytes[REFERENCE_BLOCK];		/* bytes of pages that are not good: unspecified */
	uint8_t state[REFERENCE_PAGES];		/* enum reference_page_state */
};

/* Decodes the whole record stream of one RAM block. */
void reference_stream_decode(const uint8_t *stream, size_t size, struct reference_block *out);

#endif
