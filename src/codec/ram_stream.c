/* SPDX-License-Identifier: MIT */
#include "codec/ram_stream.h"

#include "base/bytes.h"
#include "base/checked.h"
#include "codec/xpress.h"

#include <stdbool.h>
#include <string.h>

#define TAG_END 0xFFFFFFFFU
#define TAG_FILL 0xFFFFFFFEU
#define TAG_FILL_RUN 0xFFFFFFFDU
#define TAG_PART 0xFFFFFFFCU

enum { TAG_SIZE = 4, PATTERN_SIZE = 8, COUNT_SIZE = 4, PART_FIELDS_SIZE = 2 * COUNT_SIZE };

/* ---- records ---- */

enum record_kind {
	RECORD_FILL,
	RECORD_STORED,
	RECORD_XPRESS,
	/* From here on nothing follows. */
	RECORD_END,
	RECORD_BAD,
	RECORD_CUT
};

static inline bool is_final(enum record_kind kind)
{
	return kind >= RECORD_END;
}

struct record {
	enum record_kind kind;
	size_t payload;			/* its offset in the stream */
	size_t payload_size;
	uint64_t output_size;		/* up to 16 TiB: a fill may claim 2^32 pages */
};

/* A walk over the records of a stream. */
struct record_walk {
	const uint8_t *stream;
	size_t size;
	size_t position;		/* of the next record; never above size */
	size_t output;			/* bytes yielded so far; never above RAM_BLOCK_SIZE */
};

/* What cannot be a stream is walked as an empty one, so that all of it is CUT. */
static struct record_walk start_walk(const uint8_t *stream, size_t size)
{
	struct record_walk walk = { stream, size <= RAM_STREAM_SIZE_MAX ? size : 0, 0, 0 };

	return walk;
}

/* The record of TAG_PART whose other fields stand at position. */
static struct record read_part(const struct record_walk *walk, size_t position)
{
	struct record record = { RECORD_CUT, 0, 0, 0 };
	const uint8_t *field = walk->stream + position;

	if (walk->size - position < PART_FIELDS_SIZE)
		return record;
	record.output_size = load_le32(field);
	record.payload_size = load_le32(field + COUNT_SIZE);
	record.payload = position + PART_FIELDS_SIZE;
	if (record.output_size >= RAM_PAGE_SIZE || record.payload_size > record.output_size)
		record.kind = RECORD_BAD;
	else if (record.payload_size == record.output_size)
		record.kind = RECORD_STORED;
	else
		record.kind = RECORD_XPRESS;
	return record;
}

/* The record whose tag stands before position; its payload may still reach beyond the stream. */
static inline struct record read_record(const struct record_walk *walk, uint32_t tag,
					size_t position)
{
	struct record record = { RECORD_CUT, position, 0, RAM_PAGE_SIZE };

	if (tag - 1 < RAM_PAGE_SIZE) {
		record.kind = tag == RAM_PAGE_SIZE ? RECORD_STORED : RECORD_XPRESS;
		record.payload_size = tag;
	} else if (tag == TAG_FILL) {
		record.kind = RECORD_FILL;
		record.payload_size = PATTERN_SIZE;
	} else if (tag == TAG_FILL_RUN) {
		if (walk->size - position < PATTERN_SIZE + COUNT_SIZE)
			return record;
		record.kind = RECORD_FILL;
		record.payload_size = PATTERN_SIZE + COUNT_SIZE;
		record.output_size = (uint64_t)RAM_PAGE_SIZE *
				     load_le32(walk->stream + position + PATTERN_SIZE);
	} else if (tag == TAG_PART) {
		return read_part(walk, position);
	} else {
		record.kind = tag == TAG_END ? RECORD_END : RECORD_BAD;
	}
	return record;
}

/*
 * Takes the next record.  The walk moves on only past a record that yields
 * output; END, BAD and CUT are final.  A record that would yield more than is
 * left of the block is CUT.
 */
static inline struct record next_record(struct record_walk *walk)
{
	const struct record cut = { RECORD_CUT, 0, 0, 0 };
	struct record record;

	if (walk->size - walk->position < TAG_SIZE)
		return cut;
	record = read_record(walk, load_le32(walk->stream + walk->position),
			     walk->position + TAG_SIZE);
	if (is_final(record.kind))
		return record;
	if (record.payload_size > walk->size - record.payload ||
	    record.output_size > RAM_BLOCK_SIZE - walk->output)
		return cut;
	walk->position = record.payload + record.payload_size;
	walk->output += (size_t)record.output_size;
	return record;
}

/* A pattern is only copied and compared: its byte order does not matter. */
static inline uint64_t load_pattern(const uint8_t *from)
{
	uint64_t pattern;

	memcpy(&pattern, from, sizeof(pattern));
	return pattern;
}

/* ---- page directory ---- */

/*
 * An entry holds a payload offset, below 2^20, above 12 bits that are either
 * the size of XPRESS data or, below ENTRY_XPRESS_MIN, an enum page_kind.  No
 * smaller XPRESS data makes a page: it takes a flag word (4), a literal (1)
 * and a match (2) whose length needs all of nibble, byte and 16 bits (4).
 */
enum { ENTRY_SIZE_BITS = 12, ENTRY_XPRESS_MIN = 4 + 1 + 2 + 4 };

static inline uint32_t make_entry(size_t offset, uint32_t kind_or_size)
{
	return (uint32_t)(offset << ENTRY_SIZE_BITS) | kind_or_size;
}

/* The entry of the pages that an aligned record of whole pages makes. */
static inline uint32_t entry_of_record(const uint8_t *stream, const struct record *record)
{
	switch (record->kind) {
	case RECORD_FILL:
		if (load_pattern(stream + record->payload) == 0)
			return make_entry(0, PAGE_ZERO);
		return make_entry(record->payload, PAGE_FILL);
	case RECORD_STORED:
		return make_entry(record->payload, PAGE_STORED);
	default:
		if (record->payload_size < ENTRY_XPRESS_MIN)
			return make_entry(0, PAGE_BAD_RECORD);
		return make_entry(record->payload, (uint32_t)record->payload_size);
	}
}

/* The first page that does not begin before offset. */
static inline size_t page_after(size_t offset)
{
	return (offset + RAM_PAGE_SIZE - 1) / RAM_PAGE_SIZE;
}

static void set_entries(struct page_directory *directory, size_t first, size_t end, uint32_t entry)
{
	for (size_t page = first; page < end; page++)
		directory->entries[page] = entry;
}

/*
 * The pages after a final record.  A page that END leaves incomplete, filled
 * up with zero, is mixed already; a fault spoils it.
 */
static void index_rest(const struct record_walk *walk, enum record_kind final,
		       struct page_directory *directory)
{
	size_t page = walk->output / RAM_PAGE_SIZE;
	enum page_kind kind = PAGE_CUT_STREAM;

	if (final == RECORD_BAD)
		kind = PAGE_BAD_RECORD;
	if (final == RECORD_END) {
		kind = PAGE_ZERO;
		page = page_after(walk->output);
	}
	set_entries(directory, page, RAM_BLOCK_PAGES, make_entry(0, kind));
}

void ram_stream_index(const uint8_t *stream, size_t size, struct page_directory *out)
{
	struct record_walk walk = start_walk(stream, size);

	while (walk.output < RAM_BLOCK_SIZE) {
		size_t start = walk.output;
		struct record record = next_record(&walk);

		if (is_final(record.kind)) {
			index_rest(&walk, record.kind, out);
			return;
		}
		if (((start | walk.output) % RAM_PAGE_SIZE) == 0)
			set_entries(out, start / RAM_PAGE_SIZE, walk.output / RAM_PAGE_SIZE,
				    entry_of_record(stream, &record));
		else
			set_entries(out, start / RAM_PAGE_SIZE,
				    page_after(walk.output), make_entry(0, PAGE_MIXED));
	}
}

struct page_extent ram_stream_page_extent(const struct page_directory *directory, unsigned page)
{
	uint32_t entry = directory->entries[page];
	uint32_t kind_or_size = entry & ((1U << ENTRY_SIZE_BITS) - 1);
	struct page_extent extent = { PAGE_XPRESS, entry >> ENTRY_SIZE_BITS, kind_or_size };

	if (kind_or_size >= ENTRY_XPRESS_MIN)
		return extent;
	extent.kind = (enum page_kind)kind_or_size;
	extent.size = 0;
	if (extent.kind == PAGE_FILL)
		extent.size = PATTERN_SIZE;
	if (extent.kind == PAGE_STORED)
		extent.size = RAM_PAGE_SIZE;
	return extent;
}

/* ---- decoding ---- */

/* Fills a page, or several, from a pattern, the 8 bytes as they are in memory. */
static void fill(uint8_t *out, size_t size, uint64_t pattern)
{
	if (pattern == (pattern & 0xFF) * 0x0101010101010101U) {
		memset(out, (int)(pattern & 0xFF), size);
		return;
	}
	/* Four stores a turn: gcc -O2 does not unroll, and one a turn costs a tenth of memset's speed. */
	for (size_t done = 0; done < RAM_PAGE_SIZE; done += 4 * sizeof(pattern)) {
		memcpy(out + done, &pattern, sizeof(pattern));
		memcpy(out + done + sizeof(pattern), &pattern, sizeof(pattern));
		memcpy(out + done + 2 * sizeof(pattern), &pattern, sizeof(pattern));
		memcpy(out + done + 3 * sizeof(pattern), &pattern, sizeof(pattern));
	}
	for (size_t done = RAM_PAGE_SIZE; done < size; done += RAM_PAGE_SIZE)
		memcpy(out + done, out, RAM_PAGE_SIZE);
}

enum status page_payload_decode(enum page_kind kind, const uint8_t *payload, size_t payload_size,
				uint8_t *out)
{
	switch (kind) {
	case PAGE_ZERO:
		memset(out, 0, RAM_PAGE_SIZE);
		return STATUS_OK;
	case PAGE_FILL:
		if (payload_size < PATTERN_SIZE)
			return STATUS_CORRUPT_RAM_STREAM;
		fill(out, RAM_PAGE_SIZE, load_pattern(payload));
		return STATUS_OK;
	case PAGE_STORED:
		if (payload_size < RAM_PAGE_SIZE)
			return STATUS_CORRUPT_RAM_STREAM;
		memcpy(out, payload, RAM_PAGE_SIZE);
		return STATUS_OK;
	case PAGE_XPRESS:
		return xpress_decode(payload, payload_size, out, RAM_PAGE_SIZE) ?
		       STATUS_OK : STATUS_CORRUPT_RAM_RECORD;
	case PAGE_BAD_RECORD:
		return STATUS_CORRUPT_RAM_RECORD;
	case PAGE_CUT_STREAM:
		return STATUS_CORRUPT_RAM_STREAM;
	case PAGE_MIXED:
		break;
	}
	return STATUS_INVALID_ARGUMENT;
}

/*
 * Writes bytes [from, to) of what a record yields.  XPRESS data is always
 * decoded to its end: where it is bad, it fails every page that it covers.
 */
static bool decode_record_part(const uint8_t *stream, const struct record *record, size_t from,
			       size_t to, uint8_t *out)
{
	const uint8_t *payload = stream + record->payload;
	size_t output_size = (size_t)record->output_size;
	uint8_t whole[RAM_PAGE_SIZE];

	if (record->kind == RECORD_STORED) {
		memcpy(out, payload + from, to - from);
		return true;
	}
	if (record->kind == RECORD_FILL) {
		for (size_t i = from; i < to; i++)
			*out++ = payload[i % PATTERN_SIZE];
		return true;
	}
	if (to - from == output_size)
		return xpress_decode(payload, record->payload_size, out, output_size);
	if (!xpress_decode(payload, record->payload_size, whole, output_size))
		return false;
	memcpy(out, whole + from, to - from);
	return true;
}

/*
 * Decodes bytes [from, to) of the block from the records that yield them,
 * passing over the others.  *decoded is the number of bytes before a failure.
 */
static enum status decode_range(const uint8_t *stream, size_t size, size_t from, size_t to,
				uint8_t *out, size_t *decoded)
{
	struct record_walk walk = start_walk(stream, size);
	size_t done = from;

	while (done < to) {
		size_t start = walk.output;
		struct record record = next_record(&walk);
		size_t end;

		*decoded = done - from;
		if (record.kind == RECORD_BAD)
			return STATUS_CORRUPT_RAM_RECORD;
		if (record.kind == RECORD_CUT)
			return STATUS_CORRUPT_RAM_STREAM;
		if (record.kind == RECORD_END) {
			memset(out + (done - from), 0, to - done);
			break;
		}
		if (walk.output <= done)
			continue;
		end = walk.output < to ? walk.output : to;
		if (!decode_record_part(stream, &record, done - start, end - start,
					out + (done - from)))
			return STATUS_CORRUPT_RAM_RECORD;
		done = end;
	}
	*decoded = to - from;
	return STATUS_OK;
}

/* True for a page of a pattern. */
static bool pattern_at(const uint8_t *stream, size_t size, const struct page_extent *extent,
		       uint64_t *out)
{
	if (extent->kind == PAGE_ZERO) {
		*out = 0;
		return true;
	}
	if (extent->kind != PAGE_FILL || !range_fits(extent->offset, PATTERN_SIZE, size))
		return false;
	*out = load_pattern(stream + extent->offset);
	return true;
}

/* Decodes the pages from first on, before end, that are filled with one pattern. */
static unsigned decode_fill_run(const uint8_t *stream, size_t size,
				const struct page_directory *directory, unsigned first,
				unsigned end, uint64_t pattern, uint8_t *out)
{
	unsigned page = first + 1;
	uint64_t other;

	for (; page < end; page++) {
		struct page_extent extent = ram_stream_page_extent(directory, page);

		if (!pattern_at(stream, size, &extent, &other) || other != pattern)
			break;
	}
	fill(out, (size_t)(page - first) * RAM_PAGE_SIZE, pattern);
	return page - first;
}

/* Decodes the mixed pages from first on, before end, in one walk. */
static enum status decode_mixed_run(const uint8_t *stream, size_t size,
				    const struct page_directory *directory, unsigned first,
				    unsigned end, uint8_t *out, unsigned *good_pages)
{
	unsigned last = first;
	enum status status;
	size_t decoded;

	while (last + 1 < end &&
	       ram_stream_page_extent(directory, last + 1).kind == PAGE_MIXED)
		last++;
	status = decode_range(stream, size, (size_t)first * RAM_PAGE_SIZE,
			      ((size_t)last + 1) * RAM_PAGE_SIZE, out, &decoded);
	*good_pages = (unsigned)(decoded / RAM_PAGE_SIZE);
	return status;
}

/* Decodes one or more pages from first on, before end; *decoded is their number. */
static enum status decode_step(const uint8_t *stream, size_t size,
			       const struct page_directory *directory, unsigned first,
			       unsigned end, uint8_t *out, unsigned *decoded)
{
	struct page_extent extent = ram_stream_page_extent(directory, first);
	enum status status;
	uint64_t pattern;

	*decoded = 0;
	if (extent.kind == PAGE_MIXED)
		return decode_mixed_run(stream, size, directory, first, end, out, decoded);
	if (pattern_at(stream, size, &extent, &pattern)) {
		*decoded = decode_fill_run(stream, size, directory, first, end, pattern, out);
		return STATUS_OK;
	}
	if (!range_fits(extent.offset, extent.size, size))
		return STATUS_CORRUPT_RAM_STREAM;
	status = page_payload_decode(extent.kind, stream + extent.offset, extent.size, out);
	*decoded = status == STATUS_OK ? 1 : 0;
	return status;
}

enum status ram_stream_decode_pages(const uint8_t *stream, size_t size,
				    const struct page_directory *directory, unsigned first,
				    unsigned count, uint8_t *out, unsigned *good_pages)
{
	unsigned done = 0;

	*good_pages = 0;
	if (!range_fits(first, count, RAM_BLOCK_PAGES))
		return STATUS_INVALID_ARGUMENT;
	while (done < count) {
		unsigned decoded;
		enum status status = decode_step(stream, size, directory, first + done,
						 first + count,
						 out + (size_t)done * RAM_PAGE_SIZE, &decoded);

		done += decoded;
		*good_pages = done;
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

enum status ram_stream_decode_page(const uint8_t *stream, size_t size,
				   const struct page_directory *directory, unsigned page,
				   uint8_t *out)
{
	unsigned good_pages;

	return ram_stream_decode_pages(stream, size, directory, page, 1, out, &good_pages);
}
