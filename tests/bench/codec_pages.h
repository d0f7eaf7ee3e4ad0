/* SPDX-License-Identifier: MIT */
/*
 * Real record streams for the benchmark, found in a .vmrs without reading its
 * container: file objects start at multiples of 4096, so each such offset is
 * tried, and what parses as records up to END with 256 pages is taken.
 */
#ifndef TESTS_BENCH_CODEC_PAGES_H
#define TESTS_BENCH_CODEC_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packed_page {
	const uint8_t *payload;
	uint32_t size;
};

struct record_stream {
	const uint8_t *bytes;
	size_t size;
};

struct codec_pages {
	uint8_t *file;
	size_t file_size;
	struct record_stream *streams;
	size_t stream_count;
	struct packed_page *xpress;	/* every XPRESS page of every stream */
	size_t xpress_count;
};

/* False, with a message on stderr, if the file cannot be read or memory is short. */
bool codec_pages_load(const char *path, struct codec_pages *out);
void codec_pages_free(struct codec_pages *pages);

#endif
