/* SPDX-License-Identifier: MIT */
#include "memory/ram_blocks.h"
#include "base/checked.h"

#include <string.h>

/*
 * What is cached without being asked: 2,048 pages and 8,192 directories, 8 MiB
 * each, enough for the page tables in use and for 8 GiB of guest.
 */
enum {
	DEFAULT_PAGES = 2048,
	DEFAULT_DIRECTORIES = 8192
};

/* Part of one block; the unit that the functions below pass on. */
struct block_span {
	uint64_t number;
	struct numbered_value value;
	uint32_t start;		/* in the block */
	uint32_t size;
};

static enum status create_caches(struct ram_blocks *blocks, uint64_t extra_blocks,
				 struct error *error)
{
	uint64_t extra = min_u64(extra_blocks, numbered_keys_count(blocks->keys));

	blocks->pages = item_cache_create(RAM_PAGE_SIZE,
					  (size_t)(DEFAULT_PAGES + extra * RAM_BLOCK_PAGES));
	blocks->directories = item_cache_create(sizeof(struct page_directory),
						(size_t)(DEFAULT_DIRECTORIES + extra));
	if (blocks->pages != NULL && blocks->directories != NULL)
		return STATUS_OK;
	item_cache_destroy(blocks->pages);
	item_cache_destroy(blocks->directories);
	return error_out_of_memory(error, "the cache of guest memory");
}

enum status ram_blocks_init(struct ram_blocks *blocks, const struct container *container,
			    const struct numbered_keys *keys, struct error *error)
{
	enum status status;

	memset(blocks, 0, sizeof(*blocks));
	blocks->container = container;
	blocks->keys = keys;
	status = create_caches(blocks, 0, error);
	if (status != STATUS_OK)
		return status;
	scratch_pool_init(&blocks->scratch);
	return STATUS_OK;
}

void ram_blocks_fini(struct ram_blocks *blocks)
{
	item_cache_destroy(blocks->pages);
	item_cache_destroy(blocks->directories);
	scratch_pool_fini(&blocks->scratch);
}

enum status ram_blocks_set_cache(struct ram_blocks *blocks, uint64_t extra_blocks,
				 struct error *error)
{
	struct ram_blocks fresh = *blocks;
	enum status status = create_caches(&fresh, extra_blocks, error);

	if (status != STATUS_OK)
		return status;
	item_cache_destroy(blocks->pages);
	item_cache_destroy(blocks->directories);
	blocks->pages = fresh.pages;
	blocks->directories = fresh.directories;
	return STATUS_OK;
}

uint64_t ram_blocks_count(const struct ram_blocks *blocks)
{
	const struct numbered_keys *keys = blocks->keys;
	uint64_t count = 0;

	/* The original counts a block of no bytes as the end of memory. */
	while (count < keys->run_count && keys->run[count].size > 0)
		count++;
	return count;
}

static bool is_raw(const struct numbered_value *value)
{
	return value->size == RAM_BLOCK_SIZE;
}

uint32_t ram_block_present(const struct ram_blocks *blocks, const struct numbered_value *value)
{
	return (uint32_t)container_stored(blocks->container, value->offset, value->size);
}

bool ram_block_is_cut_off(const struct ram_blocks *blocks, const struct numbered_value *value)
{
	return value->state == NUMBERED_ARRAY && value->size > 0 &&
	       value->size <= RAM_BLOCK_SIZE && ram_block_present(blocks, value) == 0;
}

enum status ram_block_check_value(const struct ram_blocks *blocks, uint64_t number,
				  const struct numbered_value *value, struct error *error)
{
	const char *what;

	if (value->state == NUMBERED_OTHER_TYPE)
		what = "its key is not an array of bytes";
	else if (value->state == NUMBERED_BROKEN)
		what = "its file object is missing, or smaller than its key says";
	else if (value->size == 0 || value->size > RAM_BLOCK_SIZE)
		what = "its size is not between 1 byte and 1 MiB";
	else if (ram_block_is_cut_off(blocks, value))
		what = "it lies behind the end of the file, which was cut short";
	else
		return STATUS_OK;
	return error_set(error, STATUS_CORRUPT_RAM_VALUE, "RAM block %llu: %s",
			 (unsigned long long)number, what);
}

static enum status page_failed(const struct block_span *span, unsigned page, enum status status,
			       struct error *error)
{
	const char *what;

	switch (status) {
	case STATUS_CORRUPT_RAM_RECORD:
		what = "its record cannot be decoded";
		break;
	case STATUS_CORRUPT_RAM_STREAM:
		what = is_raw(&span->value)
			       ? "it lies behind the end of the file, which was cut short"
			       : "the block's records are cut short, or yield more than 1 MiB";
		break;
	default:
		what = "its record cannot be read";
		break;
	}
	return error_set(error, status, "RAM block %llu, page %u: %s",
			 (unsigned long long)span->number, page, what);
}

/* Bytes of the stream that there are. */
static uint32_t stream_size(const struct ram_blocks *blocks, const struct block_span *span)
{
	return ram_block_present(blocks, &span->value);
}

/* Reads bytes of the block as they are stored. */
static enum status read_stored(const struct ram_blocks *blocks, const struct block_span *span,
			       uint32_t offset, void *buffer, uint32_t size, struct error *error)
{
	return container_read(blocks->container, span->value.offset + offset, buffer, size, error);
}

/* Part of a block that is no stream. */
static enum status read_raw(const struct ram_blocks *blocks, const struct block_span *span,
			    uint32_t start, uint32_t size, uint8_t *out, struct error *error)
{
	uint32_t present = ram_block_present(blocks, &span->value);

	if (present < start + size)
		return page_failed(span, (present > start ? present : start) / RAM_PAGE_SIZE,
				   STATUS_CORRUPT_RAM_STREAM, error);
	return read_stored(blocks, span, start, out, size, error);
}

static bool cached_directory(const struct ram_blocks *blocks, uint64_t number,
			     struct page_directory *out)
{
	return item_cache_get(blocks->directories, number, 0, out, sizeof(*out));
}

/* Reads the block's whole stream into scratch and sees to the directory. */
static enum status read_stream(const struct ram_blocks *blocks, const struct block_span *span,
			       bool directory_known, struct page_directory *directory,
			       uint8_t *scratch, struct error *error)
{
	uint32_t size = stream_size(blocks, span);
	enum status status = read_stored(blocks, span, 0, scratch, size, error);

	if (status != STATUS_OK || directory_known)
		return status;
	ram_stream_index(scratch, size, directory);
	item_cache_put(blocks->directories, span->number, directory);
	return STATUS_OK;
}

static enum status read_unknown_page(struct ram_blocks *blocks, const struct block_span *span,
				     bool directory_known, struct page_directory *directory,
				     unsigned page, uint8_t *out, struct error *error)
{
	uint8_t *scratch = scratch_pool_take(&blocks->scratch);
	enum status status;

	if (scratch == NULL)
		return error_out_of_memory(error, "a RAM block");
	status = read_stream(blocks, span, directory_known, directory, scratch, error);
	if (status == STATUS_OK) {
		status = ram_stream_decode_page(scratch, stream_size(blocks, span), directory, page,
						out);
		if (status != STATUS_OK)
			page_failed(span, page, status, error);
	}
	scratch_pool_return(&blocks->scratch, scratch);
	return status;
}

static enum status decode_payload(const struct ram_blocks *blocks, const struct block_span *span,
				  const struct page_extent *extent, unsigned page, uint8_t *out,
				  struct error *error)
{
	uint8_t payload[RAM_PAGE_SIZE];
	enum status status;

	if (extent->size > sizeof(payload))
		return page_failed(span, page, STATUS_CORRUPT_RAM_RECORD, error);
	status = read_stored(blocks, span, extent->offset, payload, extent->size, error);
	if (status != STATUS_OK)
		return status;
	status = page_payload_decode(extent->kind, payload, extent->size, out);
	if (status != STATUS_OK)
		page_failed(span, page, status, error);
	return status;
}

/* One whole page of a block; *costly is set when the page is worth keeping. */
static enum status decode_page(struct ram_blocks *blocks, const struct block_span *span,
			       unsigned page, uint8_t *out, bool *costly, struct error *error)
{
	struct page_directory directory;
	struct page_extent extent;
	bool known;

	*costly = true;
	if (is_raw(&span->value))
		return read_raw(blocks, span, page * RAM_PAGE_SIZE, RAM_PAGE_SIZE, out, error);
	known = cached_directory(blocks, span->number, &directory);
	if (!known)
		return read_unknown_page(blocks, span, false, &directory, page, out, error);
	extent = ram_stream_page_extent(&directory, page);
	if (extent.kind == PAGE_MIXED)
		return read_unknown_page(blocks, span, true, &directory, page, out, error);
	*costly = extent.size > 0;
	return decode_payload(blocks, span, &extent, page, out, error);
}

static uint64_t page_number(const struct block_span *span, unsigned page)
{
	return span->number * RAM_BLOCK_PAGES + page;
}

/* Part of one page, by way of the page cache. */
static enum status read_page_part(struct ram_blocks *blocks, const struct block_span *span,
				  uint8_t *out, struct error *error)
{
	unsigned page = span->start / RAM_PAGE_SIZE;
	size_t offset = span->start % RAM_PAGE_SIZE;
	uint8_t whole[RAM_PAGE_SIZE];
	enum status status;
	bool costly;

	if (item_cache_get(blocks->pages, page_number(span, page), offset, out, span->size))
		return STATUS_OK;
	status = decode_page(blocks, span, page, whole, &costly, error);
	if (status != STATUS_OK)
		return status;
	item_cache_put(blocks->pages, page_number(span, page), whole);
	memcpy(out, whole + offset, span->size);
	return STATUS_OK;
}

/* One whole page, which is kept only if it is asked for again and again. */
static enum status read_whole_page(struct ram_blocks *blocks, const struct block_span *span,
				   uint8_t *out, struct error *error)
{
	unsigned page = span->start / RAM_PAGE_SIZE;
	uint64_t number = page_number(span, page);
	enum status status;
	bool costly;

	if (item_cache_get(blocks->pages, number, 0, out, RAM_PAGE_SIZE))
		return STATUS_OK;
	status = decode_page(blocks, span, page, out, &costly, error);
	if (status == STATUS_OK && costly)
		item_cache_offer(blocks->pages, number, out);
	return status;
}

/*
 * Reads those bytes of a stream that hold the payloads of some pages, to where
 * they belong in scratch.  Payloads stand in the order of their pages.
 */
static enum status read_window(const struct ram_blocks *blocks, const struct block_span *span,
			       const struct page_directory *directory, uint8_t *scratch,
			       struct error *error)
{
	unsigned first = span->start / RAM_PAGE_SIZE;
	uint32_t stored = stream_size(blocks, span);
	uint32_t from = stored, to = 0;

	for (unsigned page = first; page < first + span->size / RAM_PAGE_SIZE; page++) {
		struct page_extent extent = ram_stream_page_extent(directory, page);

		if (extent.kind == PAGE_MIXED)
			return read_stored(blocks, span, 0, scratch, stored, error);
		if (extent.size == 0 || !range_fits(extent.offset, extent.size, stored))
			continue;	/* nothing stored, or for the decoder to refuse */
		from = extent.offset < from ? extent.offset : from;
		to = extent.offset + extent.size > to ? extent.offset + extent.size : to;
	}
	if (from >= to)
		return STATUS_OK;
	return read_stored(blocks, span, from, scratch + from, to - from, error);
}

static enum status decode_pages(struct ram_blocks *blocks, const struct block_span *span,
				uint8_t *scratch, uint8_t *out, struct error *error)
{
	unsigned first = span->start / RAM_PAGE_SIZE;
	struct page_directory directory;
	enum status status;
	unsigned good;

	if (cached_directory(blocks, span->number, &directory))
		status = read_window(blocks, span, &directory, scratch, error);
	else
		status = read_stream(blocks, span, false, &directory, scratch, error);
	if (status != STATUS_OK)
		return status;
	status = ram_stream_decode_pages(scratch, stream_size(blocks, span), &directory, first,
					 span->size / RAM_PAGE_SIZE, out, &good);
	if (status != STATUS_OK)
		page_failed(span, first + good, status, error);
	return status;
}

/* Several whole pages, straight into the caller's buffer. */
static enum status read_pages(struct ram_blocks *blocks, const struct block_span *span,
			      uint8_t *out, struct error *error)
{
	uint8_t *scratch;
	enum status status;

	if (is_raw(&span->value))
		return read_raw(blocks, span, span->start, span->size, out, error);
	scratch = scratch_pool_take(&blocks->scratch);
	if (scratch == NULL)
		return error_out_of_memory(error, "a RAM block");
	status = decode_pages(blocks, span, scratch, out, error);
	scratch_pool_return(&blocks->scratch, scratch);
	return status;
}

/* What the next step of a read takes: the rest of a page, or all whole pages. */
static uint32_t next_part(const struct block_span *span)
{
	uint32_t in_page = span->start % RAM_PAGE_SIZE;
	uint32_t rest_of_page = RAM_PAGE_SIZE - in_page;

	if (in_page != 0 || span->size < RAM_PAGE_SIZE)
		return span->size < rest_of_page ? span->size : rest_of_page;
	return span->size - span->size % RAM_PAGE_SIZE;
}

static enum status read_span(struct ram_blocks *blocks, struct block_span span, uint8_t *out,
			     struct error *error)
{
	enum status status = ram_block_check_value(blocks, span.number, &span.value, error);
	uint32_t left = span.size;

	while (status == STATUS_OK && left > 0) {
		span.size = left;
		span.size = next_part(&span);
		if (span.size < RAM_PAGE_SIZE)
			status = read_page_part(blocks, &span, out, error);
		else if (span.size == RAM_PAGE_SIZE)
			status = read_whole_page(blocks, &span, out, error);
		else
			status = read_pages(blocks, &span, out, error);
		out += span.size;
		span.start += span.size;
		left -= span.size;
	}
	return status;
}

/* A small read of a page that is kept needs to know nothing of its block. */
static bool read_cached(struct ram_blocks *blocks, uint64_t offset, void *buffer, size_t size)
{
	size_t in_page = (size_t)(offset % RAM_PAGE_SIZE);

	return size < RAM_PAGE_SIZE - in_page && size > 0 &&
	       item_cache_get(blocks->pages, offset / RAM_PAGE_SIZE, in_page, buffer, size);
}

enum status ram_blocks_read(struct ram_blocks *blocks, uint64_t offset, void *buffer, size_t size,
			    size_t *read_out, struct error *error)
{
	uint8_t *out = buffer;
	size_t done = 0;

	if (read_cached(blocks, offset, buffer, size)) {
		*read_out = size;
		return STATUS_OK;
	}
	*read_out = 0;
	while (done < size) {
		struct block_span span = { .number = offset / RAM_BLOCK_SIZE };
		enum status status;

		span.start = (uint32_t)(offset % RAM_BLOCK_SIZE);
		span.size = (uint32_t)min_u64(size - done, RAM_BLOCK_SIZE - span.start);
		span.value = numbered_keys_find(blocks->keys, span.number);
		if (span.value.state == NUMBERED_MISSING)
			break;
		status = read_span(blocks, span, out + done, error);
		if (status != STATUS_OK)
			return status;
		done += span.size;
		if (!checked_add(offset, span.size, &offset))
			break;
	}
	*read_out = done;
	return STATUS_OK;
}

enum status ram_blocks_directory(struct ram_blocks *blocks, uint64_t number,
				 struct page_directory *out, struct error *error)
{
	struct block_span span = { .number = number };
	enum status status;
	uint8_t *scratch;

	span.value = numbered_keys_find(blocks->keys, number);
	status = ram_block_check_value(blocks, number, &span.value, error);
	if (status != STATUS_OK)
		return status;
	if (span.value.state == NUMBERED_MISSING || is_raw(&span.value))
		return error_set(error, STATUS_CORRUPT_RAM_VALUE,
				 "RAM block %llu is not stored as page records",
				 (unsigned long long)number);
	if (cached_directory(blocks, number, out))
		return STATUS_OK;
	scratch = scratch_pool_take(&blocks->scratch);
	if (scratch == NULL)
		return error_out_of_memory(error, "a RAM block");
	status = read_stream(blocks, &span, false, out, scratch, error);
	scratch_pool_return(&blocks->scratch, scratch);
	return status;
}
