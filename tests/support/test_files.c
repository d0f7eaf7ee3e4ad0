/* SPDX-License-Identifier: MIT */
#include "support/test_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <process.h>
#define process_id() _getpid()
#else
#include <unistd.h>
#define process_id() getpid()
#endif

void test_path(char path[TEST_PATH_SIZE], const char *variable, const char *name)
{
	const char *folder = getenv(variable);

	snprintf(path, TEST_PATH_SIZE, "%s/%s", folder != NULL ? folder : ".", name);
}

void temporary_path(char path[TEST_PATH_SIZE], const char *name)
{
	const char *folder = getenv("TMPDIR");

#if defined(_WIN32)
	folder = getenv("TEMP");
#endif
	snprintf(path, TEST_PATH_SIZE, "%s/vmss-%ld-%s", folder != NULL ? folder : "/tmp",
		 (long)process_id(), name);
}

void wide_path(WCHAR wide[TEST_PATH_SIZE], const char *path)
{
	size_t i = 0;

	for (; path[i] != '\0' && i < TEST_PATH_SIZE - 1; i++)
		wide[i] = (WCHAR)(unsigned char)path[i];
	wide[i] = 0;
}

bool file_exists(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (file != NULL)
		fclose(file);
	return file != NULL;
}

uint8_t *read_whole_file(const char *path, size_t *size_out)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	long size = -1;

	if (file == NULL)
		return NULL;
	if (fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	if (size >= 0 && fseek(file, 0, SEEK_SET) == 0)
		bytes = malloc((size_t)size + 1);
	if (bytes != NULL && fread(bytes, 1, (size_t)size, file) != (size_t)size) {
		free(bytes);
		bytes = NULL;
	}
	fclose(file);
	if (bytes != NULL) {
		bytes[size] = 0;
		*size_out = (size_t)size;
	}
	return bytes;
}

bool write_whole_file(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");
	bool written;

	if (file == NULL)
		return false;
	written = fwrite(bytes, 1, size, file) == size;
	return fclose(file) == 0 && written;
}

bool lines_open(struct text_lines *lines, const char *path)
{
	size_t size;

	memset(lines, 0, sizeof(*lines));
	lines->text = (char *)read_whole_file(path, &size);
	lines->next = lines->text;
	return lines->text != NULL;
}

bool lines_next(struct text_lines *lines)
{
	while (*lines->next != '\0') {
		char *line = lines->next;
		size_t length = strcspn(line, "\n");

		lines->next = line + length + (line[length] == '\n' ? 1 : 0);
		line[length] = '\0';
		lines->number++;
		lines->word_count = 0;
		for (char *word = strtok(line, " \t\r");
		     word != NULL && lines->word_count < LINE_WORDS; word = strtok(NULL, " \t\r"))
			lines->words[lines->word_count++] = word;
		if (lines->word_count > 0)
			return true;
	}
	return false;
}

void lines_close(struct text_lines *lines)
{
	free(lines->text);
	lines->text = NULL;
}

uint64_t number_of(const char *word)
{
	return strtoull(word, NULL, 0);
}

static int digit_value(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = digit != '\0' ? strchr(digits, digit) : NULL;

	return found != NULL ? (int)(found - digits) : -1;
}

size_t bytes_of(const char *word, uint8_t *bytes, size_t room)
{
	size_t count = 0;

	while (count < room && digit_value(word[0]) >= 0 && digit_value(word[1]) >= 0) {
		bytes[count++] = (uint8_t)(digit_value(word[0]) << 4 | digit_value(word[1]));
		word += 2;
	}
	return count;
}
