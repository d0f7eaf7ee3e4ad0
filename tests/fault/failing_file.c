/* SPDX-License-Identifier: MIT */
#include "fault/failing_file.h"

#include <stdlib.h>
#include <string.h>

void failing_file_init(struct failing_file *failing, struct bytes from)
{
	memset(failing, 0, sizeof(*failing));
	failing->image = bytes_copy(from);
	failing->failing_read = NEVER;
	failing->writes_allowed = NEVER;
}

void failing_file_fini(struct failing_file *failing)
{
	for (size_t i = 0; i < WRITES_NOTED; i++)
		free(failing->noted[i].bytes);
	bytes_free(&failing->image);
}

void image_write(struct bytes *image, uint64_t offset, const void *bytes, size_t size)
{
	size_t end = (size_t)offset + size;

	if (end > image->size) {
		image->start = realloc(image->start, end);
		if (image->start == NULL)
			abort();
		memset(image->start + image->size, 0, end - image->size);
		image->size = end;
	}
	memcpy(image->start + offset, bytes, size);
}

static enum status read_image(void *context, uint64_t offset, void *buffer, size_t size,
			      struct error *error)
{
	struct failing_file *failing = context;
	uint32_t number = failing->reads++;
	size_t end = failing->image.size;
	size_t got = size;

	if (failing->read_fault == READ_FAULT_SHRUNK && number >= failing->failing_read)
		end /= 2;
	else if (number == failing->failing_read)
		got = failing->read_fault == READ_FAULT_SHORT ? size / 2 : 0;
	if (offset >= end)
		got = 0;
	else if (got > end - offset)
		got = end - (size_t)offset;
	memcpy(buffer, failing->image.start + offset, got);
	if (got == size)
		return STATUS_OK;
	failing->reads_failed++;
	return error_set(error, STATUS_READ_FAILED, "read %u at offset %llu was made to fail",
			 number, (unsigned long long)offset);
}

static enum status refuse_write(struct failing_file *failing, uint64_t offset, const void *buffer,
				struct error *error)
{
	if (failing->torn_size > 0)
		image_write(&failing->image, offset, buffer, failing->torn_size);
	failing->torn_size = 0;
	return error_set(error, STATUS_WRITE_FAILED, "the write at offset %llu was made to fail",
			 (unsigned long long)offset);
}

static void note_write(struct failing_write *write, uint64_t offset, const void *buffer,
		       size_t size, uint32_t flushes)
{
	*write = (struct failing_write){ offset, size, malloc(size), flushes };
	if (write->bytes == NULL)
		abort();
	memcpy(write->bytes, buffer, size);
}

static enum status write_image(void *context, uint64_t offset, const void *buffer, size_t size,
			       struct error *error)
{
	struct failing_file *failing = context;

	if (offset > DISK_SIZE || size > DISK_SIZE - offset)
		return error_set(error, STATUS_DISK_FULL, "there is no room at offset %llu",
				 (unsigned long long)offset);
	if (failing->writes == failing->writes_allowed)
		return refuse_write(failing, offset, buffer, error);
	image_write(&failing->image, offset, buffer, size);
	if (failing->writes < WRITES_NOTED)
		note_write(&failing->noted[failing->writes], offset, buffer, size,
			   failing->flushes);
	failing->writes++;
	return STATUS_OK;
}

static enum status flush_image(void *context, struct error *error)
{
	struct failing_file *failing = context;

	(void)error;
	failing->flushes++;
	return STATUS_OK;
}

struct file *failing_file_open(struct failing_file *failing)
{
	static const struct file_operations operations = {
		.read_at = read_image,
		.write_at = write_image,
		.flush = flush_image,
	};
	struct file *file;

	if (file_open_custom(&operations, failing, failing->image.size, &file, NULL) != STATUS_OK)
		abort();
	return file;
}
