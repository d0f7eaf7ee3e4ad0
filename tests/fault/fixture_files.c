/* SPDX-License-Identifier: MIT */
#include "fault/fixture_files.h"
#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bytes read_file(const char *variable, const char *otherwise, const char *name)
{
	const char *folder = getenv(variable);
	struct bytes bytes = { NULL, 0 };
	char path[2048];
	FILE *file;
	long size;

	snprintf(path, sizeof(path), "%s/%s", folder != NULL ? folder : otherwise, name);
	file = fopen(path, "rb");
	if (file == NULL)
		return bytes;
	if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) > 0 &&
	    fseek(file, 0, SEEK_SET) == 0) {
		bytes.size = (size_t)size;
		bytes.start = malloc(bytes.size);
		assert_non_null(bytes.start);
		assert_int_equal(fread(bytes.start, 1, bytes.size, file), bytes.size);
	}
	fclose(file);
	return bytes;
}

struct bytes fixture_read(const char *name)
{
	struct bytes bytes = read_file("VMSS_FIXTURES", "build/linux/fixtures", name);

	if (bytes.start == NULL)
		fail_msg("the fixture %s cannot be read; is VMSS_FIXTURES set?", name);
	return bytes;
}

struct bytes sample_read(const char *name)
{
	return read_file("VMSS_SAMPLES", "../shared/samples", name);
}

struct bytes bytes_copy(struct bytes from)
{
	struct bytes copy = { malloc(from.size != 0 ? from.size : 1), from.size };

	if (copy.start == NULL)
		abort();
	memcpy(copy.start, from.start, from.size);
	return copy;
}

void bytes_free(struct bytes *bytes)
{
	free(bytes->start);
	bytes->start = NULL;
	bytes->size = 0;
}
