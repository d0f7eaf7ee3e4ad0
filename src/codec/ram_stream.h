/* SPDX-License-Identifier: MIT */
/*
 * The record stream of one RAM block.
 *
 * A RAM block is 1 MiB of guest memory, 256 pages.  One that is stored in
 * fewer bytes is a stream of records, each of which yields the next bytes of
 * the block (numbers little-endian, [n] bytes wide):
 *
 *   tag [4]     then                         yields
 *   FFFFFFFF    -                            END: the rest of the block is zero
 *   FFFFFFFE    pattern [8]                  a page of the pattern
 *   FFFFFFFD    pattern [8], n [4]           n pages of the pattern
 *   FFFFFFFC    u [4], c [4], c bytes        u < 4096 bytes, stored if c = u,
 *                                            XPRESS if c < u
 *   4096        4096 bytes                   a page, stored
 *   1 .. 4095   tag bytes                    a page, XPRESS
 *   other                                    bad record
 *
 * In real files every record makes one page; after a FFFFFFFC record the
 * pages of the block need not begin with a record any more.
 *
 * A stream is read in two steps.  One pass over the record headers gives the
 * page directory, 1 KiB, which says for each page how it is stored and where.
 * A page is then decoded by itself, from the stream or from its payload alone:
 *
 *	struct page_extent extent = ram_stream_page_extent(&directory, page);
 *	read extent.size bytes at offset extent.offset of the stream
 *	page_payload_decode(extent.kind, payload, extent.size, out);
 *
 * What is wrong with a stream shows on the pages it concerns.  XPRESS data
 * that cannot be decoded fails the pages that its record covers.  A bad record
 * (STATUS_CORRUPT_RAM_RECORD), and a stream that is cut, lacks END or yields
 * more than 1 MiB (STATUS_CORRUPT_RAM_STREAM), fail every page that is not
 * complete by then.  What stands after END, or after the last page, is not
 * looked at: a block whose 256 pages are there reads well without END.
 *
 * A directory need not fit the bytes it is used on, since the file may change
 * between the reads: every bound is checked again, so the worst that a stale
 * directory gives is wrong bytes or an error.
 *
 * All functions are pure, allocate nothing and never touch bytes outside the
 * ranges they are given.
 *
 * May include: src/base.
 */
#ifndef CODEC_RAM_STREAM_H
#define CODEC_RAM_STREAM_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum {
	RAM_PAGE_SIZE = 4096,
	RAM_BLOCK_PAGES = 256,
	RAM_BLOCK_SIZE = RAM_BLOCK_PAGES * RAM_PAGE_SIZE,
	RAM_STREAM_SIZE_MAX = RAM_BLOCK_SIZE - 1	/* a value of 1 MiB is raw memory */
};

/* How a page is stored, and what its payload is. */
enum page_kind {
	PAGE_ZERO,		/* nothing: zero after END, or a pattern of zero */
	PAGE_FILL,		/* the 8-byte pattern */
	PAGE_STORED,		/* the 4096 bytes */
	PAGE_XPRESS,		/* XPRESS data, at most 4095 bytes */
	PAGE_MIXED,		/* not made by one record: the whole stream is needed */
	PAGE_BAD_RECORD,	/* nothing: fails with STATUS_CORRUPT_RAM_RECORD */
	PAGE_CUT_STREAM		/* nothing: fails with STATUS_CORRUPT_RAM_STREAM */
};

/* Opaque; may be copied. */
struct page_directory {
	uint32_t entries[RAM_BLOCK_PAGES];
};

struct page_extent {
	enum page_kind kind;
	uint32_t offset;	/* of the payload, from the start of the stream */
	uint32_t size;		/* of the payload; 0 for kinds without one and for PAGE_MIXED */
};

/*
 * Reads the record headers of a stream.  Cannot fail: what is wrong with the
 * stream becomes the kind of the pages it concerns.  A size of 0 or above
 * RAM_STREAM_SIZE_MAX is no stream, and all its pages are PAGE_CUT_STREAM.
 */
void ram_stream_index(const uint8_t *stream, size_t size, struct page_directory *out);

/* Where the payload of a page (below RAM_BLOCK_PAGES) stands. */
struct page_extent ram_stream_page_extent(const struct page_directory *directory, unsigned page);

/*
 * Decodes a page from its payload alone.  STATUS_CORRUPT_RAM_RECORD,
 * STATUS_CORRUPT_RAM_STREAM (also for a payload that is too short), or
 * STATUS_INVALID_ARGUMENT for PAGE_MIXED.  After a failure out[0, 4096) holds
 * anything.
 */
enum status page_payload_decode(enum page_kind kind, const uint8_t *payload, size_t payload_size,
				uint8_t *out);

/*
 * Decodes the page (below RAM_BLOCK_PAGES) of a stream into out[0, 4096).
 * Statuses and out as for page_payload_decode; PAGE_MIXED is decoded too, from
 * the records that make the page.
 */
enum status ram_stream_decode_page(const uint8_t *stream, size_t size,
				   const struct page_directory *directory, unsigned page,
				   uint8_t *out);

/*
 * Decodes count pages from page first on into out[0, count * 4096), faster
 * than one by one.  *good_pages is the number of pages decoded before the
 * first that fails, count if none does; the bytes of out after them then hold
 * anything.  STATUS_INVALID_ARGUMENT if the pages are not all inside the block.
 */
enum status ram_stream_decode_pages(const uint8_t *stream, size_t size,
				    const struct page_directory *directory, unsigned first,
				    unsigned count, uint8_t *out, unsigned *good_pages);

#endif
