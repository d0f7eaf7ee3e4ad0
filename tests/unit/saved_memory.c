/* SPDX-License-Identifier: MIT */
#include "saved_memory.h"

#include "support/test_files.h"
#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum { PAGE = 4096 };

static bool is_pair(const char *name)
{
	char file_name[TEST_PATH_SIZE], path[TEST_PATH_SIZE];

	snprintf(file_name, sizeof(file_name), "%s.bin", name);
	test_path(path, "VMSS_FIXTURES", file_name);
	return file_exists(path);
}

static struct file *open_part(struct saved_memory *saved, const char *name, const char *extension)
{
	char file_name[TEST_PATH_SIZE];

	snprintf(file_name, sizeof(file_name), "%s.%s", name, extension);
	return counted_file_open(&saved->files[saved->file_count++], file_name);
}

void saved_memory_open(struct saved_memory *saved, const char *name)
{
	enum status status;

	memset(saved, 0, sizeof(*saved));
	if (is_pair(name)) {
		struct file *bin = open_part(saved, name, "bin");

		status = saved_state_open_pair(bin, open_part(saved, name, "vsv"), &saved->state,
					       NULL);
	} else {
		status = saved_state_open(open_part(saved, name, "vmrs"), &saved->state, NULL);
	}
	if (status != STATUS_OK)
		fail_msg("%s does not open: status %d", name, (int)status);
	assert_int_equal(guest_memory_open(saved->state, &saved->memory, NULL), STATUS_OK);
}

void saved_memory_close(struct saved_memory *saved)
{
	for (size_t i = 0; i < saved->region_count; i++) {
		free(saved->regions[i].bytes);
		free(saved->regions[i].damaged);
	}
	guest_memory_close(saved->memory);
	saved_state_close(saved->state);
	for (unsigned i = 0; i < saved->file_count; i++)
		counted_file_fini(&saved->files[i]);
}

/* ---- The truth file ---- */

static uint64_t hexadecimal(const char *word)
{
	return strtoull(word, NULL, 16);
}

static struct saved_region *add_region(struct saved_memory *saved, uint64_t gpa, uint64_t size,
				       bool missing)
{
	struct saved_region *region = &saved->regions[saved->region_count++];

	assert_true(saved->region_count <= SAVED_REGIONS);
	region->gpa = gpa;
	region->size = (size_t)size;
	region->damaged = calloc(region->size / PAGE + 1, sizeof(*region->damaged));
	assert_non_null(region->damaged);
	if (missing)
		return region;
	region->bytes = malloc(region->size);
	assert_non_null(region->bytes);
	return region;
}

/* Reads a part of the region at once; it must have the checksum. */
static void prove(struct saved_memory *saved, struct saved_region *region, size_t offset,
		  size_t size, uint64_t checksum)
{
	uint8_t *to = region->bytes + offset;
	size_t read = 0;

	assert_int_equal(guest_memory_read(saved->memory, region->gpa + offset, to, size, &read,
					   NULL), STATUS_OK);
	assert_int_equal(read, size);
	if (crc32_z(0, to, size) != checksum)
		fail_msg("wrong checksum of %zu bytes at 0x%llx", size,
			 (unsigned long long)(region->gpa + offset));
}

static void take_line(struct saved_memory *saved, char **words)
{
	uint64_t gpa = hexadecimal(words[1]);
	uint64_t size = hexadecimal(words[2]);
	struct saved_region *last;

	if (strcmp(words[0], "ram") == 0) {
		last = add_region(saved, gpa, size, false);
		prove(saved, last, 0, last->size, hexadecimal(words[3]));
	} else if (strcmp(words[0], "missing") == 0) {
		add_region(saved, gpa, size, true);
	} else if (strcmp(words[0], "damaged") == 0) {
		last = add_region(saved, gpa, size, false);
		memset(last->damaged, true, last->size / PAGE);
	} else if (strcmp(words[0], "page") == 0 && saved->region_count > 0) {
		last = &saved->regions[saved->region_count - 1];
		prove(saved, last, (size_t)(gpa - last->gpa), PAGE, hexadecimal(words[3]));
		last->damaged[(gpa - last->gpa) / PAGE] = false;
	} else {
		fail_msg("the truth has an unknown word: %s", words[0]);
	}
}

void saved_memory_open_proven(struct saved_memory *saved, const char *name)
{
	char file_name[TEST_PATH_SIZE], path[TEST_PATH_SIZE];
	struct text_lines lines;

	saved_memory_open(saved, name);
	snprintf(file_name, sizeof(file_name), "%s.truth", name);
	test_path(path, "VMSS_FIXTURES", file_name);
	assert_true(lines_open(&lines, path));
	while (lines_next(&lines))
		take_line(saved, lines.words);
	lines_close(&lines);
}

/* ---- Comparing ---- */

const struct saved_region *saved_memory_region(const struct saved_memory *saved, uint64_t gpa)
{
	for (size_t i = 0; i < saved->region_count; i++) {
		const struct saved_region *region = &saved->regions[i];

		if (gpa >= region->gpa && gpa - region->gpa < region->size)
			return region;
	}
	return NULL;
}

/* Bytes from gpa to the first that is not saved, at most size. */
static size_t expected_count(const struct saved_memory *saved, uint64_t gpa, size_t size)
{
	size_t count = 0;

	while (count < size) {
		const struct saved_region *region = saved_memory_region(saved, gpa + count);
		size_t rest;

		if (region == NULL || region->bytes == NULL)
			break;
		rest = (size_t)(region->gpa + region->size - (gpa + count));
		count += rest < size - count ? rest : size - count;
	}
	return count;
}

static bool touches_damage(const struct saved_memory *saved, uint64_t gpa, size_t count)
{
	for (size_t done = 0; done < count; done += PAGE - (size_t)((gpa + done) % PAGE)) {
		const struct saved_region *region = saved_memory_region(saved, gpa + done);

		if (region->damaged[(gpa + done - region->gpa) / PAGE])
			return true;
	}
	return false;
}

static void compare(const struct saved_memory *saved, uint64_t gpa, const uint8_t *bytes,
		    size_t count)
{
	for (size_t done = 0; done < count;) {
		const struct saved_region *region = saved_memory_region(saved, gpa + done);
		size_t offset = (size_t)(gpa + done - region->gpa);
		size_t part = region->size - offset < count - done ? region->size - offset
								   : count - done;

		if (memcmp(bytes + done, region->bytes + offset, part) != 0)
			fail_msg("wrong bytes in a read of %zu at 0x%llx", count,
				 (unsigned long long)gpa);
		done += part;
	}
}

static void check_untouched(const uint8_t *buffer, size_t from, size_t to)
{
	/* The first is, and each is as the one before. */
	if (buffer[from] != 0xEE || memcmp(buffer + from, buffer + from + 1, to - from - 1) != 0)
		fail_msg("the buffer is touched behind its first %zu bytes", from);
}

void saved_memory_check_read(struct saved_memory *saved, uint64_t gpa, size_t size)
{
	size_t count = expected_count(saved, gpa, size);
	bool damaged = touches_damage(saved, gpa, count);
	uint8_t *buffer = malloc(size + 1);
	size_t read = 4711;
	enum status status;

	assert_non_null(buffer);
	memset(buffer, 0xEE, size + 1);
	status = guest_memory_read(saved->memory, gpa, buffer, size, &read, NULL);
	if ((status == STATUS_OK) == damaged || read != (damaged ? 0 : count))
		fail_msg("a read of %zu at 0x%llx gives status %d and %zu bytes, not %zu", size,
			 (unsigned long long)gpa, (int)status, read, count);
	if (!damaged)
		compare(saved, gpa, buffer, count);
	check_untouched(buffer, damaged ? size : count, size + 1);
	free(buffer);
}
