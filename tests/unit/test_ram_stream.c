/* SPDX-License-Identifier: MIT */
/*
 * Record streams, one rule a test, each also compared with a reference that
 * unpacks the whole block byte by byte; and the memory of a real guest against
 * the checksums that its emulator gave.
 */
#include "bench/codec_pages.h"
#include "bench/codec_reference.h"
#include "bench/codec_writer.h"
#include "codec/ram_stream.h"
#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

static struct stream_writer writer;
static struct reference_block expected;
static struct page_directory directory;
static uint8_t block[RAM_BLOCK_SIZE];

static struct random_numbers random_start(void)
{
	struct random_numbers random = { 0x123456789ABCDEF };

	return random;
}

/* ---- Comparison with the reference ---- */

static enum status expected_status(unsigned page)
{
	switch (expected.state[page]) {
	case REFERENCE_BAD_RECORD:
		return STATUS_CORRUPT_RAM_RECORD;
	case REFERENCE_CUT_STREAM:
		return STATUS_CORRUPT_RAM_STREAM;
	default:
		return STATUS_OK;
	}
}

static void expect_bytes(const uint8_t *actual, unsigned first, unsigned count)
{
	size_t offset = (size_t)first * RAM_PAGE_SIZE;

	if (memcmp(actual, expected.bytes + offset, (size_t)count * RAM_PAGE_SIZE) != 0)
		fail_msg("wrong bytes in pages %u to %u", first, first + count - 1);
}

/* A copy of exactly the payload, so that a sanitizer sees any excess. */
static void check_payload(const uint8_t *stream, size_t size, unsigned page)
{
	struct page_extent extent = ram_stream_page_extent(&directory, page);
	uint8_t out[RAM_PAGE_SIZE];
	uint8_t *payload;
	enum status status;

	assert_true(extent.offset <= size && extent.size <= size - extent.offset);
	payload = malloc(extent.size + 1);
	assert_non_null(payload);
	memmove(payload + 1, stream + extent.offset, extent.size);
	status = page_payload_decode(extent.kind, payload + 1, extent.size, out);
	free(payload);
	if (extent.kind == PAGE_MIXED) {
		assert_int_equal(status, STATUS_INVALID_ARGUMENT);
		return;
	}
	assert_int_equal(status, expected_status(page));
	if (status == STATUS_OK)
		expect_bytes(out, page, 1);
}

static void check_page(const uint8_t *stream, size_t size, unsigned page)
{
	uint8_t out[RAM_PAGE_SIZE];
	enum status status = ram_stream_decode_page(stream, size, &directory, page, out);

	assert_int_equal(status, expected_status(page));
	if (status == STATUS_OK)
		expect_bytes(out, page, 1);
}

static void check_run(const uint8_t *stream, size_t size, unsigned first, unsigned count)
{
	unsigned good = 0;
	unsigned actual = 999;
	enum status status;

	while (good < count && expected_status(first + good) == STATUS_OK)
		good++;
	status = ram_stream_decode_pages(stream, size, &directory, first, count, block, &actual);
	assert_int_equal(actual, good);
	assert_int_equal(status, good < count ? expected_status(first + good) : STATUS_OK);
	expect_bytes(block, first, good);
}

/* Indexes and decodes a copy of the stream in every way there is. */
static void check_bytes(const uint8_t *bytes, size_t size)
{
	struct random_numbers random = { size + 1 };
	uint8_t *stream = malloc(size + 1);

	assert_non_null(stream);
	memcpy(stream + 1, bytes, size);
	reference_stream_decode(bytes, size, &expected);
	ram_stream_index(stream + 1, size, &directory);
	for (unsigned page = 0; page < RAM_BLOCK_PAGES; page++) {
		check_page(stream + 1, size, page);
		check_payload(stream + 1, size, page);
	}
	check_run(stream + 1, size, 0, RAM_BLOCK_PAGES);
	for (unsigned i = 0; i < 8; i++) {
		unsigned first = random_below(&random, RAM_BLOCK_PAGES);

		check_run(stream + 1, size, first,
			  random_below(&random, RAM_BLOCK_PAGES - first + 1));
	}
	free(stream);
}

static void check(void)
{
	assert_true(writer.size <= RAM_STREAM_SIZE_MAX);
	check_bytes(writer.bytes, writer.size);
}

static enum status status_of(unsigned page)
{
	uint8_t out[RAM_PAGE_SIZE];

	return ram_stream_decode_page(writer.bytes, writer.size, &directory, page, out);
}

static enum page_kind kind_of(unsigned page)
{
	return ram_stream_page_extent(&directory, page).kind;
}

/* Pages 0 to good - 1 read, all others fail with status. */
static void expect_break(unsigned good, enum status status)
{
	for (unsigned page = 0; page < RAM_BLOCK_PAGES; page++)
		assert_int_equal(status_of(page), page < good ? STATUS_OK : status);
}

/* ---- Kinds of records ---- */

static void test_end_alone_is_a_zero_block(void **context)
{
	(void)context;
	stream_start(&writer);
	stream_end(&writer);
	check();
	expect_break(RAM_BLOCK_PAGES, STATUS_OK);
	assert_int_equal(kind_of(0), PAGE_ZERO);
	for (size_t i = 0; i < RAM_BLOCK_SIZE; i++)
		assert_int_equal(block[i], 0);
}

static void test_published_zero_block(void **context)
{
	static const uint8_t zero_block[] = { 0xFD, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0,
					      0, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF };

	(void)context;
	check_bytes(zero_block, sizeof(zero_block));
	for (unsigned page = 0; page < RAM_BLOCK_PAGES; page++)
		assert_int_equal(kind_of(page), PAGE_ZERO);
}

static void test_every_kind_of_page(void **context)
{
	struct random_numbers random = random_start();
	struct page_extent extent;

	(void)context;
	stream_start(&writer);
	stream_fill(&writer, 0x0807060504030201);
	stream_fill(&writer, 0);
	stream_fill_run(&writer, 0xCCCCCCCCCCCCCCCC, 3);
	stream_stored(&writer, &random);
	stream_xpress(&writer, &random);
	stream_end(&writer);
	check();

	extent = ram_stream_page_extent(&directory, 0);
	assert_int_equal(extent.kind, PAGE_FILL);
	assert_int_equal(extent.offset, 4);
	assert_int_equal(extent.size, 8);
	assert_int_equal(kind_of(1), PAGE_ZERO);
	extent = ram_stream_page_extent(&directory, 4);
	assert_int_equal(extent.kind, PAGE_FILL);
	assert_int_equal(extent.offset, 28);
	extent = ram_stream_page_extent(&directory, 5);
	assert_int_equal(extent.kind, PAGE_STORED);
	assert_int_equal(extent.offset, 44);
	assert_int_equal(extent.size, RAM_PAGE_SIZE);
	extent = ram_stream_page_extent(&directory, 6);
	assert_int_equal(extent.kind, PAGE_XPRESS);
	assert_int_equal(extent.offset, 44 + 4096 + 4);
	assert_int_equal(extent.offset + extent.size + 4, writer.size);
	assert_int_equal(kind_of(7), PAGE_ZERO);
	assert_int_equal(expected.bytes[0], 1);
	assert_int_equal(expected.bytes[4095], 8);
}

static void test_counts_of_zero_do_nothing(void **context)
{
	(void)context;
	stream_start(&writer);
	stream_fill_run(&writer, 0x1111, 0);
	stream_u32(&writer, 0xFFFFFFFC);
	stream_u64(&writer, 0);
	stream_fill_run(&writer, 0x2222, RAM_BLOCK_PAGES);
	stream_fill_run(&writer, 0x3333, 0);
	stream_end(&writer);
	check();
	expect_break(RAM_BLOCK_PAGES, STATUS_OK);
	assert_int_equal(expected.bytes[RAM_BLOCK_SIZE - 8], 0x22);
	assert_int_equal(kind_of(0), PAGE_FILL);
}

static void test_records_of_part_of_a_page(void **context)
{
	struct random_numbers random = random_start();

	(void)context;
	stream_start(&writer);
	stream_fill(&writer, 0x11);
	stream_part_stored(&writer, &random, 1);
	stream_part_xpress(&writer, &random, 4095);
	stream_fill(&writer, 0x8877665544332211);
	stream_part_stored(&writer, &random, 4095);
	stream_fill_run(&writer, 0x8877665544332211, 3);
	stream_stored(&writer, &random);
	stream_xpress(&writer, &random);
	stream_part_xpress(&writer, &random, 100);
	stream_end(&writer);
	check();
	expect_break(RAM_BLOCK_PAGES, STATUS_OK);
	assert_int_equal(kind_of(0), PAGE_FILL);
	assert_int_equal(kind_of(1), PAGE_MIXED);
	assert_int_equal(kind_of(2), PAGE_FILL);	/* 1 + 4095: aligned again */
	assert_int_equal(kind_of(3), PAGE_MIXED);
	assert_int_equal(kind_of(9), PAGE_MIXED);
	assert_int_equal(kind_of(10), PAGE_ZERO);
}

static void test_part_of_u_bytes_from_no_data_is_bad(void **context)
{
	(void)context;
	stream_start(&writer);
	stream_fill(&writer, 0x11);
	stream_u32(&writer, 0xFFFFFFFC);
	stream_u32(&writer, 4095);
	stream_u32(&writer, 0);
	stream_fill(&writer, 0x22);
	stream_fill(&writer, 0x33);
	stream_end(&writer);
	check();
	assert_int_equal(status_of(0), STATUS_OK);
	assert_int_equal(status_of(1), STATUS_CORRUPT_RAM_RECORD);
	assert_int_equal(status_of(2), STATUS_OK);
}

/* ---- Faults ---- */

static void test_bad_tags(void **context)
{
	static const uint32_t tags[] = { 0, 4097, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFB };

	(void)context;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		stream_start(&writer);
		stream_fill_run(&writer, 0x11, 7);
		stream_u32(&writer, tags[i]);
		stream_fill(&writer, 0x22);
		stream_end(&writer);
		check();
		expect_break(7, STATUS_CORRUPT_RAM_RECORD);
	}
}

static void test_part_of_4096_bytes_or_with_too_much_data_is_bad(void **context)
{
	static const uint32_t sizes[][2] = { { 4096, 4096 }, { 4096, 10 }, { 8192, 8192 },
					     { 65536, 100 }, { 1 << 20, 100 }, { 100, 101 },
					     { 0, 1 }, { 0xFFFFFFFF, 0 } };
	static uint8_t zeros[8192];

	(void)context;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		stream_start(&writer);
		stream_fill_run(&writer, 0x11, 3);
		stream_u32(&writer, 0xFFFFFFFC);
		stream_u32(&writer, sizes[i][0]);
		stream_u32(&writer, sizes[i][1]);
		stream_bytes(&writer, zeros, sizes[i][1]);
		stream_end(&writer);
		check();
		expect_break(3, STATUS_CORRUPT_RAM_RECORD);
	}
}

static void test_bad_xpress_data_fails_its_page_only(void **context)
{
	struct random_numbers random = random_start();
	static const uint8_t bad[11] = { 0xFF, 0xFF, 0xFF, 0xFF };

	(void)context;
	for (uint32_t size = 1; size <= sizeof(bad); size++) {
		stream_start(&writer);
		stream_xpress(&writer, &random);
		stream_u32(&writer, size);
		stream_bytes(&writer, bad, size);
		stream_xpress(&writer, &random);
		stream_end(&writer);
		check();
		assert_int_equal(status_of(0), STATUS_OK);
		assert_int_equal(status_of(1), STATUS_CORRUPT_RAM_RECORD);
		assert_int_equal(status_of(2), STATUS_OK);
	}
}

static void test_smallest_xpress_page(void **context)
{
	static const uint8_t page[11] = { 0xFF, 0xFF, 0xFF, 0x7F, 'x', 7, 0, 15, 255, 0xFC, 0x0F };

	(void)context;
	stream_start(&writer);
	stream_u32(&writer, sizeof(page));
	stream_bytes(&writer, page, sizeof(page));
	stream_end(&writer);
	check();
	assert_int_equal(status_of(0), STATUS_OK);
	assert_int_equal(kind_of(0), PAGE_XPRESS);
}

static void test_bad_part_fails_the_pages_it_covers(void **context)
{
	struct random_numbers random = random_start();

	(void)context;
	stream_start(&writer);
	stream_part_stored(&writer, &random, 4000);
	stream_u32(&writer, 0xFFFFFFFC);	/* ends in the second page */
	stream_u32(&writer, 200);
	stream_u32(&writer, 4);
	stream_u32(&writer, 0);
	stream_part_stored(&writer, &random, 3992);
	stream_fill(&writer, 0x11);
	stream_end(&writer);
	check();
	assert_int_equal(status_of(0), STATUS_CORRUPT_RAM_RECORD);
	assert_int_equal(status_of(1), STATUS_CORRUPT_RAM_RECORD);
	assert_int_equal(status_of(2), STATUS_OK);
}

static void test_bad_part_spares_the_next_page(void **context)
{
	struct random_numbers random = random_start();

	(void)context;
	stream_start(&writer);
	stream_part_stored(&writer, &random, 4000);
	stream_u32(&writer, 0xFFFFFFFC);	/* ends with the first page */
	stream_u32(&writer, 96);
	stream_u32(&writer, 4);
	stream_u32(&writer, 0);
	stream_part_stored(&writer, &random, 10);
	stream_end(&writer);
	check();
	assert_int_equal(status_of(0), STATUS_CORRUPT_RAM_RECORD);
	assert_int_equal(status_of(1), STATUS_OK);
	assert_int_equal(kind_of(1), PAGE_MIXED);
}

static void test_missing_end(void **context)
{
	(void)context;
	stream_start(&writer);
	stream_fill_run(&writer, 0x11, 255);
	check();
	expect_break(255, STATUS_CORRUPT_RAM_STREAM);
	stream_fill(&writer, 0x22);
	check();
	expect_break(RAM_BLOCK_PAGES, STATUS_OK);
}

static void test_stream_cut_anywhere(void **context)
{
	struct random_numbers random = random_start();
	size_t size;

	(void)context;
	stream_start(&writer);
	stream_fill(&writer, 0x11);
	stream_fill_run(&writer, 0x22, 2);
	stream_part_stored(&writer, &random, 20);
	stream_part_xpress(&writer, &random, 4000);
	stream_part_stored(&writer, &random, 76);
	stream_u32(&writer, 11);
	stream_bytes(&writer, "\xFF\xFF\xFF\x7Fx\x07\x00\x0F\xFF\xFC\x0F", 11);
	stream_end(&writer);
	size = writer.size;
	check();
	expect_break(RAM_BLOCK_PAGES, STATUS_OK);
	for (writer.size = 0; writer.size < size; writer.size++) {
		check();
		assert_int_equal(status_of(RAM_BLOCK_PAGES - 1), STATUS_CORRUPT_RAM_STREAM);
	}
}

static void test_output_beyond_the_block(void **context)
{
	struct random_numbers random = random_start();

	(void)context;
	stream_start(&writer);
	stream_fill_run(&writer, 0x11, 10);
	stream_fill_run(&writer, 0x22, 0xFFFFFFFF);
	stream_end(&writer);
	check();
	expect_break(10, STATUS_CORRUPT_RAM_STREAM);

	/* All pages are there before the one too many. */
	stream_start(&writer);
	stream_fill_run(&writer, 0x11, RAM_BLOCK_PAGES);
	stream_fill(&writer, 0x22);
	stream_end(&writer);
	check();
	expect_break(RAM_BLOCK_PAGES, STATUS_OK);

	/* The last page is begun, and the record that would end it overruns. */
	stream_start(&writer);
	stream_fill_run(&writer, 0x11, 255);
	stream_part_stored(&writer, &random, 100);
	stream_fill(&writer, 0x22);
	stream_end(&writer);
	check();
	expect_break(255, STATUS_CORRUPT_RAM_STREAM);
}

static void test_page_begun_before_the_break_fails(void **context)
{
	struct random_numbers random = random_start();

	(void)context;
	stream_start(&writer);
	stream_fill_run(&writer, 0x11, 4);
	stream_part_stored(&writer, &random, 4095);
	stream_u32(&writer, 0);
	check();
	expect_break(4, STATUS_CORRUPT_RAM_RECORD);
}

static void test_bytes_after_end_are_ignored(void **context)
{
	(void)context;
	stream_start(&writer);
	stream_fill(&writer, 0x11);
	stream_end(&writer);
	stream_u32(&writer, 0);
	stream_fill_run(&writer, 0x22, 0xFFFFFFFF);
	check();
	expect_break(RAM_BLOCK_PAGES, STATUS_OK);
}

static void test_impossible_sizes_are_no_stream(void **context)
{
	(void)context;
	memset(writer.bytes, 0xFF, RAM_BLOCK_SIZE);
	writer.size = 0;
	ram_stream_index(writer.bytes, 0, &directory);
	expect_break(0, STATUS_CORRUPT_RAM_STREAM);
	ram_stream_index(writer.bytes, RAM_BLOCK_SIZE, &directory);
	expect_break(0, STATUS_CORRUPT_RAM_STREAM);
}

static void test_mixed_page_of_a_stream_that_changed(void **context)
{
	struct random_numbers random = random_start();

	(void)context;
	stream_start(&writer);
	stream_part_stored(&writer, &random, 10);
	stream_end(&writer);
	check();
	assert_int_equal(status_of(0), STATUS_OK);
	writer.bytes[writer.size - 1] = 0;
	assert_int_equal(status_of(0), STATUS_CORRUPT_RAM_RECORD);
	writer.size--;
	assert_int_equal(status_of(0), STATUS_CORRUPT_RAM_STREAM);
}

/* ---- Arguments ---- */

static void test_pages_outside_the_block(void **context)
{
	unsigned good;

	(void)context;
	stream_start(&writer);
	stream_end(&writer);
	ram_stream_index(writer.bytes, writer.size, &directory);
	assert_int_equal(status_of(RAM_BLOCK_PAGES), STATUS_INVALID_ARGUMENT);
	assert_int_equal(ram_stream_decode_pages(writer.bytes, writer.size, &directory, 1,
						 RAM_BLOCK_PAGES, block, &good),
			 STATUS_INVALID_ARGUMENT);
	assert_int_equal(ram_stream_decode_pages(writer.bytes, writer.size, &directory, 2,
						 0xFFFFFFFF, block, &good),
			 STATUS_INVALID_ARGUMENT);
	assert_int_equal(ram_stream_decode_pages(writer.bytes, writer.size, &directory,
						 RAM_BLOCK_PAGES, 0, block, &good),
			 STATUS_OK);
}

static void test_payload_that_is_too_short(void **context)
{
	uint8_t payload[RAM_PAGE_SIZE] = { 0 };
	uint8_t out[RAM_PAGE_SIZE];

	(void)context;
	assert_int_equal(page_payload_decode(PAGE_FILL, payload, 7, out),
			 STATUS_CORRUPT_RAM_STREAM);
	assert_int_equal(page_payload_decode(PAGE_STORED, payload, RAM_PAGE_SIZE - 1, out),
			 STATUS_CORRUPT_RAM_STREAM);
	assert_int_equal(page_payload_decode(PAGE_XPRESS, payload, 0, out),
			 STATUS_CORRUPT_RAM_RECORD);
	assert_int_equal(page_payload_decode(PAGE_ZERO, payload, 0, out), STATUS_OK);
}

/* ---- Random streams ---- */

static void put_random_record(struct random_numbers *random)
{
	switch (random_below(random, 12)) {
	case 0:
		stream_fill_run(&writer, random_below(random, 3), random_below(random, 20));
		break;
	case 1:
		stream_part_stored(&writer, random, random_below(random, 4096));
		break;
	case 2:
		stream_part_xpress(&writer, random, 30 + random_below(random, 4066));
		break;
	case 3:
		stream_stored(&writer, random);
		break;
	case 4: case 5: case 6:
		stream_xpress(&writer, random);
		break;
	default:
		stream_fill(&writer, 0x0101010101010101 * random_below(random, 3) +
				     random_below(random, 2));
		break;
	}
}

static void put_random_stream(struct random_numbers *random)
{
	uint32_t records = random_below(random, 300);

	stream_start(&writer);
	while (records-- > 0 && writer.size < RAM_STREAM_SIZE_MAX - 5000)
		put_random_record(random);
	stream_end(&writer);
}

static void test_random_streams(void **context)
{
	struct random_numbers random = random_start();

	(void)context;
	for (unsigned i = 0; i < 60; i++) {
		put_random_stream(&random);
		check();
	}
}

static void test_random_streams_damaged(void **context)
{
	struct random_numbers random = random_start();

	(void)context;
	for (unsigned i = 0; i < 60; i++) {
		put_random_stream(&random);
		for (unsigned changes = 1 + random_below(&random, 10); changes > 0; changes--)
			writer.bytes[random_below(&random, (uint32_t)writer.size)] =
				(uint8_t)random_below(&random, 256);
		check();
	}
}

/* The file changed after it was indexed: any answer will do, but no bad access. */
static void test_directory_of_another_stream(void **context)
{
	struct random_numbers random = random_start();

	(void)context;
	for (unsigned i = 0; i < 30; i++) {
		size_t size = random_below(&random, 20000);
		uint8_t *stream = malloc(size + 1);
		unsigned good;

		assert_non_null(stream);
		put_random_stream(&random);
		ram_stream_index(writer.bytes, writer.size, &directory);
		put_random_stream(&random);
		memcpy(stream + 1, writer.bytes, size);
		for (unsigned first = 0; first < RAM_BLOCK_PAGES; first++) {
			unsigned count = RAM_BLOCK_PAGES - first < 8 ? RAM_BLOCK_PAGES - first : 8;
			enum status status = ram_stream_decode_pages(stream + 1, size, &directory,
								     first, count, block, &good);

			assert_true(status == STATUS_OK ? good == count : good < count);
			assert_true(status == STATUS_OK || status == STATUS_CORRUPT_RAM_RECORD ||
				    status == STATUS_CORRUPT_RAM_STREAM);
		}
		free(stream);
	}
}

/* ---- A real guest ---- */

static const char *sample_path(const char *name, char *path, size_t size)
{
	const char *folder = getenv("VMSS_SAMPLES");

	snprintf(path, size, "%s/guests/%s", folder != NULL ? folder : "../shared/samples", name);
	return path;
}

/* The numbers of "crc32_per_mib": ["6ca5ce9a", ...] in the truth file. */
static unsigned read_checksums(const char *path, uint32_t *out, unsigned limit)
{
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, 1 << 20);
	const char *at;
	unsigned count = 0;

	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	at = strstr(text, "crc32_per_mib");
	assert_non_null(at);
	at = strchr(at, '[');
	while (count < limit && at != NULL && *at != ']') {
		out[count++] = (uint32_t)strtoul(strchr(at, '"') + 1, NULL, 16);
		at = strpbrk(at + 1, ",]");
	}
	free(text);
	return count;
}

static void test_memory_of_a_real_guest(void **context)
{
	struct codec_pages pages;
	uint32_t checksums[96];
	char path[1024];
	FILE *sample = fopen(sample_path("a1-x64-1cpu.vmrs", path, sizeof(path)), "rb");
	unsigned good;

	(void)context;
	if (sample == NULL) {
		print_message("%s is absent\n", path);
		skip();
	}
	fclose(sample);
	assert_true(codec_pages_load(path, &pages));
	sample_path("a1-x64-1cpu.truth.json", path, sizeof(path));
	assert_int_equal(read_checksums(path, checksums, 96), 96);
	assert_int_equal(pages.stream_count, 96);
	for (size_t i = 0; i < pages.stream_count; i++) {
		const struct record_stream *stream = &pages.streams[i];

		ram_stream_index(stream->bytes, stream->size, &directory);
		assert_int_equal(ram_stream_decode_pages(stream->bytes, stream->size, &directory,
							 0, RAM_BLOCK_PAGES, block, &good),
				 STATUS_OK);
		assert_int_equal(crc32(0, block, RAM_BLOCK_SIZE), checksums[i]);
	}
	codec_pages_free(&pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end_alone_is_a_zero_block),
		cmocka_unit_test(test_published_zero_block),
		cmocka_unit_test(test_every_kind_of_page),
		cmocka_unit_test(test_counts_of_zero_do_nothing),
		cmocka_unit_test(test_records_of_part_of_a_page),
		cmocka_unit_test(test_part_of_u_bytes_from_no_data_is_bad),
		cmocka_unit_test(test_bad_tags),
		cmocka_unit_test(test_part_of_4096_bytes_or_with_too_much_data_is_bad),
		cmocka_unit_test(test_bad_xpress_data_fails_its_page_only),
		cmocka_unit_test(test_smallest_xpress_page),
		cmocka_unit_test(test_bad_part_fails_the_pages_it_covers),
		cmocka_unit_test(test_bad_part_spares_the_next_page),
		cmocka_unit_test(test_missing_end),
		cmocka_unit_test(test_stream_cut_anywhere),
		cmocka_unit_test(test_output_beyond_the_block),
		cmocka_unit_test(test_page_begun_before_the_break_fails),
		cmocka_unit_test(test_bytes_after_end_are_ignored),
		cmocka_unit_test(test_impossible_sizes_are_no_stream),
		cmocka_unit_test(test_mixed_page_of_a_stream_that_changed),
		cmocka_unit_test(test_pages_outside_the_block),
		cmocka_unit_test(test_payload_that_is_too_short),
		cmocka_unit_test(test_random_streams),
		cmocka_unit_test(test_random_streams_damaged),
		cmocka_unit_test(test_directory_of_another_stream),
		cmocka_unit_test(test_memory_of_a_real_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
