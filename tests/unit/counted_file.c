/* SPDX-License-Identifier: MIT */
#include "counted_file.h"

#include "test_shim.h"

#include <string.h>

static enum status read_counted(void *context, uint64_t offset, void *buffer, size_t size,
				struct error *error)
{
	struct counted_file *counted = context;

	if (atomic_load(&counted->broken))
		return error_set(error, STATUS_READ_FAILED, "the disk is broken");
	atomic_fetch_add(&counted->bytes_read, size);
	atomic_fetch_add(&counted->reads, 1);
	memcpy(buffer, counted->bytes.start + offset, size);
	return STATUS_OK;
}

static void close_counted(void *context)
{
	struct counted_file *counted = context;

	atomic_fetch_add(&counted->closes, 1);
}

struct file *counted_file_open(struct counted_file *counted, const char *fixture)
{
	return counted_file_open_bytes(counted, fixture_read(fixture));
}

struct file *counted_file_open_bytes(struct counted_file *counted, struct bytes bytes)
{
	static const struct file_operations operations = { .read_at = read_counted,
							   .close = close_counted };
	struct file *file;

	counted->bytes = bytes;
	atomic_init(&counted->closes, 0);
	atomic_init(&counted->broken, false);
	counted_file_reset(counted);
	assert_int_equal(file_open_custom(&operations, counted, counted->bytes.size, &file, NULL),
			 STATUS_OK);
	return file;
}

void counted_file_fini(struct counted_file *counted)
{
	bytes_free(&counted->bytes);
}

void counted_file_reset(struct counted_file *counted)
{
	atomic_store(&counted->bytes_read, 0);
	atomic_store(&counted->reads, 0);
}
