/* SPDX-License-Identifier: MIT */
/*
 * The memory of every sample: all of it by CRC-32 or SHA-256, by physical
 * address and as saved, and nothing where the guest had none.
 */
#include "support/crc32.h"
#include "support/sample_truth.h"
#include "support/sha256.h"
#include "test_shim.h"

#include <stdlib.h>
#include <string.h>

#include <vmsavedstatedump_ext.h>

enum { PART = 1 << 20 };

struct memory_test {
	uint8_t *buffer; /* PART bytes */
	size_t chunks_seen;
};

typedef HRESULT(WINAPI *reader)(VM_SAVED_STATE_DUMP_HANDLE handle, UINT64 position, LPVOID buffer,
				UINT32 size, UINT32 *bytes_read);

static const uint8_t *read_part(struct sample *sample, reader read, uint64_t position,
				uint32_t size)
{
	struct memory_test *test = sample->context;
	UINT32 count = 0;

	memset(test->buffer, 0xCC, PART);
	sample_expect(sample, "the result of the read",
		      (uint32_t)read(sample->handle, position, test->buffer, size, &count), S_OK);
	sample_expect(sample, "the count of bytes read", count, size);
	return test->buffer;
}

static void check_crc(struct sample *sample, char **words)
{
	uint32_t size = (uint32_t)number_of(words[1]);
	const uint8_t *bytes =
		read_part(sample, ReadGuestPhysicalAddress, number_of(words[0]), size);

	sample_expect(sample, "the CRC-32", crc32_add(0, bytes, size), strtoul(words[2], NULL, 16));
}

static void check_digest(struct sample *sample, reader read, char **words)
{
	uint64_t position = number_of(words[0]), left = number_of(words[1]);
	struct sha256 hash;
	char text[SHA256_TEXT];

	sha256_start(&hash);
	while (left > 0) {
		uint32_t size = left < PART ? (uint32_t)left : PART;

		sha256_add(&hash, read_part(sample, read, position, size), size);
		position += size;
		left -= size;
	}
	sha256_finish(&hash, text);
	sample_expect_text(sample, "the SHA-256", text, words[2]);
}

static void check_physical_digest(struct sample *sample, char **words)
{
	check_digest(sample, ReadGuestPhysicalAddress, words);
}

static void check_raw_digest(struct sample *sample, char **words)
{
	check_digest(sample, ReadGuestRawSavedMemory, words);
}

static void check_number(struct sample *sample, char **words, uint32_t size)
{
	const uint8_t *bytes =
		read_part(sample, ReadGuestPhysicalAddress, number_of(words[0]), size);
	uint64_t value = 0;

	for (uint32_t i = size; i > 0; i--)
		value = value << 8 | bytes[i - 1];
	sample_expect(sample, "the number", value, number_of(words[1]));
}

static void check_u32(struct sample *sample, char **words)
{
	check_number(sample, words, 4);
}

static void check_u64(struct sample *sample, char **words)
{
	check_number(sample, words, 8);
}

static void check_hole(struct sample *sample, char **words)
{
	VMSAVEDSTATE_PAGE_STORAGE storage = VMSAVEDSTATE_PAGE_RAW;
	uint64_t address = number_of(words[0]);
	uint8_t bytes[16];
	UINT32 count = 1;
	UINT64 offset = 1;

	sample_expect(sample, "the result of a read in a hole",
		      (uint32_t)ReadGuestPhysicalAddress(sample->handle, address, bytes, 16,
							 &count),
		      S_OK);
	if (count > 0 && (address + count) % 4096 != 0) /* the last byte before a range */
		sample_expect(sample, "the count of bytes read in a hole", count, 0);
	sample_expect(sample, "the result for the offset of a hole",
		      (uint32_t)GuestPhysicalAddressToRawSavedMemoryOffset(sample->handle, address,
									   &offset),
		      (uint32_t)E_INVALIDARG);
	sample_expect(sample, "the offset of a hole", offset, 1);
	sample_expect(sample, "the result for the storage of a hole",
		      (uint32_t)VmSavedStateGetPageStorage(sample->handle, address, &storage, NULL),
		      S_OK);
	sample_expect(sample, "the storage of a hole", storage, VMSAVEDSTATE_PAGE_HOLE);
}

static void check_offset(struct sample *sample, char **words)
{
	UINT64 offset = 0;

	sample_expect(sample, "the result for the offset",
		      (uint32_t)GuestPhysicalAddressToRawSavedMemoryOffset(sample->handle,
									   number_of(words[0]),
									   &offset),
		      S_OK);
	sample_expect(sample, "the offset", offset, number_of(words[1]));
}

static void check_raw_size(struct sample *sample, char **words)
{
	UINT64 size = 0;
	UINT32 count = 1;
	uint8_t byte;

	sample_expect(sample, "the result for the raw size",
		      (uint32_t)GetGuestRawSavedMemorySize(sample->handle, &size), S_OK);
	sample_expect(sample, "the raw size", size, number_of(words[0]));
	sample_expect(sample, "the result of a raw read at the end",
		      (uint32_t)ReadGuestRawSavedMemory(sample->handle, size, &byte, 1, &count),
		      S_OK);
	sample_expect(sample, "the count of bytes at the end", count, 0);
}

static void check_chunk(struct sample *sample, char **words)
{
	struct memory_test *test = sample->context;
	GPA_MEMORY_CHUNK chunks[8];
	UINT64 page_size = 0, count = 8;

	sample_expect(sample, "the result for the chunks",
		      (uint32_t)GetGuestPhysicalMemoryChunks(sample->handle, &page_size, chunks,
							     &count),
		      S_OK);
	sample_expect(sample, "the page size of the chunks", page_size, 4096);
	assert_true(test->chunks_seen < count);
	sample_expect(sample, "the first page of the chunk",
		      chunks[test->chunks_seen].GuestPhysicalStartPageIndex, number_of(words[0]));
	sample_expect(sample, "the page count of the chunk", chunks[test->chunks_seen].PageCount,
		      number_of(words[1]));
	test->chunks_seen++;
}

static const struct sample_statement statements[] = {
	{ "chunk", 2, check_chunk },
	{ "crc", 3, check_crc },
	{ "hole", 1, check_hole },
	{ "offset", 2, check_offset },
	{ "raw-sha256", 3, check_raw_digest },
	{ "raw-size", 1, check_raw_size },
	{ "sha256", 3, check_physical_digest },
	{ "u32", 2, check_u32 },
	{ "u64", 2, check_u64 },
};

static void memory_is_that_of_the_truth(void **state)
{
	struct memory_test test = { .buffer = malloc(PART) };

	assert_non_null(test.buffer);
	run_sample_truth(*state, "memory", statements, sizeof(statements) / sizeof(statements[0]),
			 &test);
	assert_true(test.chunks_seen > 0);
	free(test.buffer);
}

static void every_sample_of_the_index_is_tested(void **state)
{
	static const char *const tested[] = {
#define NAME(name) name,
		EACH_SAMPLE(NAME)
	};
	struct text_lines lines;
	char path[TEST_PATH_SIZE];
	size_t count = 0;

	(void)state;
	test_path(path, "VMSS_FIXTURES", "sample-truth/index");
	assert_true(lines_open(&lines, path));
	while (lines_next(&lines)) {
		assert_true(count < sizeof(tested) / sizeof(tested[0]));
		assert_string_equal(lines.words[0], tested[count++]);
	}
	assert_int_equal(count, sizeof(tested) / sizeof(tested[0]));
	lines_close(&lines);
}

int main(void)
{
	/* clang-format off */
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sample_of_the_index_is_tested),
#define MEMORY_TEST(name) \
	{ name ": memory", memory_is_that_of_the_truth, NULL, NULL, (void *)(uintptr_t)(name) },
		EACH_SAMPLE(MEMORY_TEST)
	};
	/* clang-format on */

	if (samples_are_absent(sizeof(tests) / sizeof(tests[0])))
		return SKIPPED_PROGRAM;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
