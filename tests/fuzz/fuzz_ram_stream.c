/* SPDX-License-Identifier: MIT */
/*
 * A record stream of any kind decodes, page by page and in runs, as the
 * reference says that unpacks the whole block; and a directory of one stream
 * does no harm when it is used on another.
 *
 * Input: first page (1 byte) and count (1) of a run, then the stream.
 */
#include "bench/codec_reference.h"
#include "codec/ram_stream.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct reference_block expected;
static struct page_directory directory;
static uint8_t block[RAM_BLOCK_SIZE];

static void require(bool condition)
{
	if (!condition)
		abort();
}

static enum status expected_status(unsigned page)
{
	if (expected.state[page] == REFERENCE_GOOD)
		return STATUS_OK;
	return expected.state[page] == REFERENCE_BAD_RECORD ? STATUS_CORRUPT_RAM_RECORD :
							      STATUS_CORRUPT_RAM_STREAM;
}

static void check_run(const uint8_t *stream, size_t size, unsigned first, unsigned count)
{
	size_t offset = (size_t)first * RAM_PAGE_SIZE;
	unsigned good = 0;
	unsigned actual;
	enum status status;

	while (good < count && expected_status(first + good) == STATUS_OK)
		good++;
	status = ram_stream_decode_pages(stream, size, &directory, first, count, block + offset,
					 &actual);
	require(status == (good < count ? expected_status(first + good) : STATUS_OK));
	require(actual == good);
	require(memcmp(block + offset, expected.bytes + offset, (size_t)good * RAM_PAGE_SIZE) == 0);
}

static void check_payload(const uint8_t *stream, size_t size, unsigned page)
{
	struct page_extent extent = ram_stream_page_extent(&directory, page);
	uint8_t out[RAM_PAGE_SIZE];
	enum status status;

	require(extent.offset <= size && extent.size <= size - extent.offset);
	status = page_payload_decode(extent.kind, stream + extent.offset, extent.size, out);
	if (extent.kind == PAGE_MIXED) {
		require(status == STATUS_INVALID_ARGUMENT);
		return;
	}
	require(status == expected_status(page));
	if (status == STATUS_OK)
		require(memcmp(out, expected.bytes + (size_t)page * RAM_PAGE_SIZE,
			       RAM_PAGE_SIZE) == 0);
}

/* Only the bounds are of interest, which the sanitizer watches. */
static void use_stale_directory(const uint8_t *stream, size_t size)
{
	unsigned good;

	for (unsigned page = 0; page < RAM_BLOCK_PAGES; page += 7)
		ram_stream_decode_pages(stream, size, &directory, page, 1, block, &good);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned first;

	if (size < 3 || size - 2 > RAM_STREAM_SIZE_MAX)
		return 0;
	first = data[0];
	data += 2;
	size -= 2;
	reference_stream_decode(data, size, &expected);
	ram_stream_index(data, size, &directory);
	check_run(data, size, 0, RAM_BLOCK_PAGES);
	check_run(data, size, first, data[-1] % (RAM_BLOCK_PAGES - first + 1));
	for (unsigned page = 0; page < RAM_BLOCK_PAGES; page += 5)
		check_payload(data, size, page);
	use_stale_directory(data + size / 2, size - size / 2);
	return 0;
}
