/* SPDX-License-Identifier: MIT */
/*
 * Every fixture: its description says how the load ends and what reads give,
 * its truth what is in memory.  All that is wrong is printed before a test
 * fails.
 */
#include "support/crc32.h"
#include "support/saved_states.h"
#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, MOST_TEXTS = 256 };

struct fixture {
	char name[64];
	VM_SAVED_STATE_DUMP_HANDLE handle; /* NULL unless it loads */
	HRESULT result;
	unsigned int *wrong;
};

#define COMPLAIN(fixture, ...)                        \
	do {                                          \
		++*(fixture)->wrong;                  \
		print_error("%s: ", (fixture)->name); \
		print_error(__VA_ARGS__);             \
		print_error("\n");                    \
	} while (0)

typedef void (*fixture_check)(struct fixture *fixture);

static void for_each_fixture(fixture_check check)
{
	struct text_lines index;
	char path[TEST_PATH_SIZE];
	unsigned int wrong = 0, count = 0;

	test_path(path, "VMSS_FIXTURES", "index");
	if (!lines_open(&index, path))
		fail_msg("%s cannot be read", path);
	while (lines_next(&index)) {
		struct fixture fixture = { .wrong = &wrong };

		snprintf(fixture.name, sizeof(fixture.name), "%s", index.words[0]);
		fixture.result = load_fixture(fixture.name, &fixture.handle);
		check(&fixture);
		if (fixture.handle != NULL)
			close_handle(fixture.handle);
		count++;
	}
	lines_close(&index);
	print_message("%u fixtures\n", count);
	assert_true(count > 150);
	assert_int_equal(wrong, 0);
}

/* ---- What the descriptions expect ---------------------------------------------- */

static void expect_load(struct fixture *fixture, const char *expected)
{
	if ((uint32_t)fixture->result != number_of(expected))
		COMPLAIN(fixture, "the load is 0x%08x, expected %s", (unsigned int)fixture->result,
			 expected);
	if (FAILED(fixture->result) != (fixture->handle == NULL))
		COMPLAIN(fixture, "the handle does not go with the result");
}

static void expect_read(struct fixture *fixture, const char *address, const char *expected,
			const char *expected_count)
{
	uint8_t buffer[16];
	UINT32 count = 0xCCCCCCCC;
	HRESULT result =
		ReadGuestPhysicalAddress(fixture->handle, number_of(address), buffer, 16, &count);

	if ((uint32_t)result != number_of(expected))
		COMPLAIN(fixture, "the read at %s is 0x%08x, expected %s", address,
			 (unsigned int)result, expected);
	if (FAILED(result) && count != 0)
		COMPLAIN(fixture, "the failed read at %s counts %u bytes", address, count);
	if (expected_count != NULL && count != number_of(expected_count))
		COMPLAIN(fixture, "the read at %s gives %u bytes, expected %s", address, count,
			 expected_count);
}

static void expect_vps(struct fixture *fixture, const char *expected)
{
	VMSAVEDSTATE_INFO info = { .StructSize = sizeof(info) };
	UINT32 count = 0;

	if (GetVpCount(fixture->handle, &count) != S_OK || count != number_of(expected))
		COMPLAIN(fixture, "there are %u VPs, expected %s", count, expected);
	if (VmSavedStateGetInfo(fixture->handle, &info) != S_OK || info.VpCount != count)
		COMPLAIN(fixture, "the info counts %u VPs", info.VpCount);
}

static void expect_raw_size(struct fixture *fixture, const char *expected)
{
	UINT64 size = 0;

	if (GetGuestRawSavedMemorySize(fixture->handle, &size) != S_OK ||
	    size != number_of(expected))
		COMPLAIN(fixture, "the raw size is 0x%llx, expected %s", (unsigned long long)size,
			 expected);
}

static void check_expectation(struct fixture *fixture, const struct text_lines *lines)
{
	char *const *words = lines->words + 2;
	size_t count = lines->word_count - 2;

	if (strcmp(words[0], "load") == 0 && count == 2)
		expect_load(fixture, words[1]);
	else if (strcmp(words[0], "read") == 0 && count >= 3)
		expect_read(fixture, words[1], words[2], count > 3 ? words[3] : NULL);
	else if (strcmp(words[0], "vps") == 0 && count == 2)
		expect_vps(fixture, words[1]);
	else if (strcmp(words[0], "raw-size") == 0 && count == 2)
		expect_raw_size(fixture, words[1]);
	else
		COMPLAIN(fixture, "the expectation in line %u is not understood", lines->number);
}

static void check_expectations(struct fixture *fixture)
{
	struct text_lines lines;
	char file[96], path[TEST_PATH_SIZE];
	unsigned int count = 0;

	snprintf(file, sizeof(file), "%s.txt", fixture->name);
	test_path(path, "VMSS_FIXTURE_TEXTS", file);
	if (!lines_open(&lines, path))
		fail_msg("%s cannot be read", path);
	while (lines_next(&lines)) {
		if (lines.word_count < 4 || strcmp(lines.words[0], "#") != 0 ||
		    strcmp(lines.words[1], "expect") != 0)
			continue;
		check_expectation(fixture, &lines);
		count++;
	}
	lines_close(&lines);
	if (count == 0)
		COMPLAIN(fixture, "nothing is expected of it");
}

static void every_fixture_answers_as_its_description_expects(void **state)
{
	(void)state;
	for_each_fixture(check_expectations);
}

/* ---- Memory -------------------------------------------------------------------- */

/* The CRC-32 of what is read in pieces of step bytes; false when a read fails. */
static bool crc_in_steps(struct fixture *fixture, uint64_t address, uint64_t length, uint32_t step,
			 uint32_t *out)
{
	uint8_t *buffer = malloc(step);
	uint32_t crc = 0;
	bool complete = buffer != NULL;

	for (uint64_t done = 0; done < length && complete; done += step) {
		UINT32 size = length - done < step ? (UINT32)(length - done) : step, count = 0;

		complete = ReadGuestPhysicalAddress(fixture->handle, address + done, buffer, size,
						    &count) == S_OK &&
			   count == size;
		crc = crc32_add(crc, buffer, complete ? size : 0);
	}
	free(buffer);
	*out = crc;
	return complete;
}

static void check_ram(struct fixture *fixture, uint64_t address, uint64_t length, uint32_t expected)
{
	static const uint32_t steps[] = { 1 << 20, 3 * PAGE, 1000 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		uint32_t crc = 0;

		if (!crc_in_steps(fixture, address, length, steps[i], &crc) || crc != expected)
			COMPLAIN(fixture, "the memory at 0x%llx read by %u is %08x, expected %08x",
				 (unsigned long long)address, steps[i], crc, expected);
	}
}

static void check_missing(struct fixture *fixture, uint64_t address)
{
	VMSAVEDSTATE_PAGE_STORAGE storage = VMSAVEDSTATE_PAGE_RAW;
	uint8_t buffer[16];
	UINT32 count = 1;

	if (ReadGuestPhysicalAddress(fixture->handle, address, buffer, 16, &count) != S_OK ||
	    count != 0)
		COMPLAIN(fixture, "the missing memory at 0x%llx reads",
			 (unsigned long long)address);
	if (VmSavedStateGetPageStorage(fixture->handle, address, &storage, NULL) != S_OK ||
	    storage != VMSAVEDSTATE_PAGE_MISSING)
		COMPLAIN(fixture, "the storage of the missing memory at 0x%llx is %d",
			 (unsigned long long)address, (int)storage);
}

static void check_damaged(struct fixture *fixture, uint64_t address, uint64_t length,
			  uint64_t expected)
{
	uint8_t page[PAGE];
	uint64_t damaged = 0;

	for (uint64_t at = address; at < address + length; at += PAGE)
		damaged += FAILED(ReadGuestPhysicalAddress(fixture->handle, at, page, PAGE, NULL));
	if (damaged != expected)
		COMPLAIN(fixture, "%u pages from 0x%llx cannot be read, expected %u",
			 (unsigned int)damaged, (unsigned long long)address,
			 (unsigned int)expected);
}

static void check_truth(struct fixture *fixture)
{
	struct text_lines lines;
	char file[96], path[TEST_PATH_SIZE];

	/* The writer's truth does not follow a key that was given another size. */
	if (fixture->handle == NULL || strcmp(fixture->name, "bad-ram-object-too-small") == 0)
		return;
	snprintf(file, sizeof(file), "%s.truth", fixture->name);
	test_path(path, "VMSS_FIXTURES", file);
	if (!lines_open(&lines, path))
		fail_msg("%s cannot be read", path);
	while (lines_next(&lines)) {
		uint64_t address = strtoull(lines.words[1], NULL, 16);
		uint64_t length = strtoull(lines.words[2], NULL, 16);
		const char *last = lines.word_count > 3 ? lines.words[3] : "";

		if (strcmp(lines.words[0], "ram") == 0 || strcmp(lines.words[0], "page") == 0)
			check_ram(fixture, address, length, (uint32_t)strtoul(last, NULL, 16));
		else if (strcmp(lines.words[0], "missing") == 0)
			check_missing(fixture, address);
		else if (strcmp(lines.words[0], "damaged") == 0)
			check_damaged(fixture, address, length, strtoull(last, NULL, 10));
		else
			COMPLAIN(fixture, "%s:%u is not understood", file, lines.number);
	}
	lines_close(&lines);
}

static void memory_is_that_of_the_truth(void **state)
{
	(void)state;
	for_each_fixture(check_truth);
}

/* ---- Sentences ------------------------------------------------------------------- */

struct said {
	HRESULT result;
	char text[ERROR_TEXT_ROOM];
	char name[64];
};

static struct said *texts;
static size_t text_count;

/* A sentence for the cause and one for the remedy. */
static void check_sentence(struct fixture *fixture, const char *text)
{
	size_t length = strlen(text);
	const char *remedy = strstr(text, ". ");

	if (length == 0 || text[length - 1] != '.') {
		COMPLAIN(fixture, "the text is no sentence: \"%s\"", text);
		return;
	}
	if (remedy == NULL || strlen(remedy) < 20)
		COMPLAIN(fixture, "the text has no remedy: \"%s\"", text);
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ')
			COMPLAIN(fixture, "the text has the character %d", text[i]);
}

static bool is_pair(const char *name)
{
	return strncmp(name, "bad-legacy", strlen("bad-legacy")) == 0;
}

/* The original has other results for a pair, where what is wrong is the same. */
static void compare_with_others(struct fixture *fixture, HRESULT result, const char *text)
{
	for (size_t i = 0; i < text_count; i++)
		if (texts[i].result != result && strcmp(texts[i].text, text) == 0 &&
		    is_pair(texts[i].name) == is_pair(fixture->name))
			COMPLAIN(fixture, "0x%08x has the text of %s, 0x%08x: %s",
				 (unsigned int)result, texts[i].name, (unsigned int)texts[i].result,
				 text);
	assert_true(text_count < MOST_TEXTS);
	texts[text_count].result = result;
	snprintf(texts[text_count].text, ERROR_TEXT_ROOM, "%s", text);
	snprintf(texts[text_count].name, sizeof(texts[0].name), "%s", fixture->name);
	text_count++;
}

static void check_text(struct fixture *fixture, VM_SAVED_STATE_DUMP_HANDLE handle, HRESULT result)
{
	char text[ERROR_TEXT_ROOM];

	error_text(handle, text);
	check_sentence(fixture, text);
	compare_with_others(fixture, result, text);
}

static void check_texts(struct fixture *fixture)
{
	GPA_MEMORY_CHUNK chunk;
	UINT64 page_size, count = 1;
	uint8_t page[PAGE];

	if (fixture->handle == NULL) {
		check_text(fixture, NULL, fixture->result);
		return;
	}
	if (GetGuestPhysicalMemoryChunks(fixture->handle, &page_size, &chunk, &count) != S_OK)
		return;
	for (UINT64 i = 0; i < chunk.PageCount && i < 512; i++) {
		HRESULT result =
			ReadGuestPhysicalAddress(fixture->handle,
						 (chunk.GuestPhysicalStartPageIndex + i) * PAGE,
						 page, PAGE, NULL);

		if (FAILED(result)) {
			check_text(fixture, fixture->handle, result);
			return;
		}
	}
}

static void every_failure_has_a_sentence_and_a_remedy_of_its_kind(void **state)
{
	(void)state;
	texts = calloc(MOST_TEXTS, sizeof(*texts));
	assert_non_null(texts);
	for_each_fixture(check_texts);
	assert_true(text_count > 100);
	free(texts);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fixture_answers_as_its_description_expects),
		cmocka_unit_test(memory_is_that_of_the_truth),
		cmocka_unit_test(every_failure_has_a_sentence_and_a_remedy_of_its_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
