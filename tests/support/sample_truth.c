/* SPDX-License-Identifier: MIT */
#include "support/sample_truth.h"

#include "test_shim.h"

#include <stdio.h>
#include <string.h>

static void load_sample(struct sample *sample)
{
	char path[TEST_PATH_SIZE];
	WCHAR first[TEST_PATH_SIZE], second[TEST_PATH_SIZE];
	char **words = sample->lines.words;
	HRESULT result;

	if (!lines_next(&sample->lines) || sample->lines.word_count < 3 ||
	    strcmp(words[0], "load") != 0)
		fail_msg("%s.%s does not begin with a load", sample->name, sample->kind);
	test_path(path, "VMSS_SAMPLES", words[2]);
	wide_path(first, path);
	if (sample->lines.word_count > 3) {
		test_path(path, "VMSS_SAMPLES", words[3]);
		wide_path(second, path);
		result = LoadSavedStateFiles(first, second, &sample->handle);
	} else {
		result = LoadSavedStateFile(first, &sample->handle);
	}
	sample_expect(sample, "the result of the load", (uint32_t)result, number_of(words[1]));
}

static void run_line(struct sample *sample, const struct sample_statement *statements,
		     size_t statement_count)
{
	const struct text_lines *lines = &sample->lines;

	for (size_t i = 0; i < statement_count; i++) {
		if (strcmp(statements[i].word, lines->words[0]) != 0)
			continue;
		if (lines->word_count - 1 != statements[i].argument_count)
			break;
		statements[i].check(sample, sample->lines.words + 1);
		return;
	}
	fail_msg("%s.%s:%u: \"%s\" is not understood", sample->name, sample->kind, lines->number,
		 lines->words[0]);
}

void run_sample_truth(const char *name, const char *kind, const struct sample_statement *statements,
		      size_t statement_count, void *context)
{
	struct sample sample = { .name = name, .kind = kind, .context = context };
	char file[64], path[TEST_PATH_SIZE];

	snprintf(file, sizeof(file), "sample-truth/%s.%s", name, kind);
	test_path(path, "VMSS_FIXTURES", file);
	if (!lines_open(&sample.lines, path))
		fail_msg("%s cannot be read", path);
	load_sample(&sample);
	while (lines_next(&sample.lines))
		run_line(&sample, statements, statement_count);
	if (sample.handle != NULL)
		sample_expect(&sample, "the result of the release",
			      (uint32_t)ReleaseSavedStateFiles(sample.handle), S_OK);
	lines_close(&sample.lines);
}

void sample_expect(const struct sample *sample, const char *what, uint64_t found, uint64_t expected)
{
	if (found != expected)
		fail_msg("%s.%s:%u: %s is 0x%llx, expected 0x%llx", sample->name, sample->kind,
			 sample->lines.number, what, (unsigned long long)found,
			 (unsigned long long)expected);
}

void sample_expect_text(const struct sample *sample, const char *what, const char *found,
			const char *expected)
{
	if (found == NULL || strcmp(found, expected) != 0)
		fail_msg("%s.%s:%u: %s is \"%s\", expected \"%s\"", sample->name, sample->kind,
			 sample->lines.number, what, found != NULL ? found : "(none)", expected);
}

void sample_expect_bytes(const struct sample *sample, const char *what, const void *found,
			 const void *expected, size_t size)
{
	const uint8_t *found_bytes = found, *expected_bytes = expected;

	for (size_t i = 0; i < size; i++)
		if (found_bytes[i] != expected_bytes[i])
			fail_msg("%s.%s:%u: byte %u of %s is 0x%02x, expected 0x%02x", sample->name,
				 sample->kind, sample->lines.number, (unsigned int)i, what,
				 found_bytes[i], expected_bytes[i]);
}

bool samples_are_absent(size_t test_count)
{
	char path[TEST_PATH_SIZE];

	test_path(path, "VMSS_FIXTURES", "sample-truth/index");
	if (file_exists(path))
		return false;
	printf("SKIPPED: %u tests, since there is no %s\n", (unsigned int)test_count, path);
	return true;
}
