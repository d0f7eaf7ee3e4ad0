/* SPDX-License-Identifier: MIT */
/*
 * Writes XPRESS data and record streams token by token, valid or not, and
 * keeps what they must decode to.  It shares no code with src/codec.
 */
#ifndef TESTS_CODEC_WRITER_H
#define TESTS_CODEC_WRITER_H

#include <stddef.h>
#include <stdint.h>

/* xorshift64: the same numbers on every run. */
struct random_numbers {
	uint64_t state;			/* not 0 */
};

uint32_t random_below(struct random_numbers *random, uint32_t limit);

/* ---- XPRESS ---- */

enum { XPRESS_WRITER_PLAIN = 1 << 17, XPRESS_WRITER_PACKED = 1 << 15 };

enum length_form {
	LENGTH_SHORTEST,
	LENGTH_IN_16_BITS,		/* needs a length of 25 or more */
	LENGTH_IN_32_BITS		/* the same */
};

struct xpress_writer {
	uint8_t plain[XPRESS_WRITER_PLAIN];
	size_t plain_size;
	uint8_t packed[XPRESS_WRITER_PACKED];
	size_t packed_size;
	size_t flags_at;
	unsigned flags_used;
	size_t nibble_at;		/* 0: none waits */
};

void xpress_start(struct xpress_writer *writer);
void xpress_literal(struct xpress_writer *writer, uint8_t byte);
void xpress_match(struct xpress_writer *writer, uint32_t distance, uint32_t length,
		  enum length_form form);
/* Sets the flags that are left, and adds the empty flag word if none is. */
void xpress_end(struct xpress_writer *writer);
/* Starts, writes random tokens that yield exactly plain_size bytes, and ends. */
void xpress_random(struct xpress_writer *writer, struct random_numbers *random, size_t plain_size);

/* ---- record streams ---- */

struct stream_writer {
	uint8_t bytes[(1 << 20) + (1 << 16)];
	size_t size;
};

void stream_start(struct stream_writer *writer);
void stream_u32(struct stream_writer *writer, uint32_t value);
void stream_u64(struct stream_writer *writer, uint64_t value);
void stream_bytes(struct stream_writer *writer, const void *bytes, size_t size);
void stream_end(struct stream_writer *writer);
void stream_fill(struct stream_writer *writer, uint64_t pattern);
void stream_fill_run(struct stream_writer *writer, uint64_t pattern, uint32_t pages);
/* Random bytes. */
void stream_stored(struct stream_writer *writer, struct random_numbers *random);
/* Random XPRESS data of a page. */
void stream_xpress(struct stream_writer *writer, struct random_numbers *random);
/* A record of plain_size bytes, below 4096, stored or random XPRESS data. */
void stream_part_stored(struct stream_writer *writer, struct random_numbers *random,
			uint32_t plain_size);
void stream_part_xpress(struct stream_writer *writer, struct random_numbers *random,
			uint32_t plain_size);

#endif
