/* SPDX-License-Identifier: MIT */
#include "platform/file.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

struct file {
	struct file_operations operations;
	void *context;
	uint64_t size;
};

enum status file_open_custom(const struct file_operations *operations, void *context,
			     uint64_t size, struct file **out, struct error *error)
{
	struct file *file = malloc(sizeof(*file));

	if (file == NULL)
		return error_out_of_memory(error, "a file");
	file->operations = *operations;
	file->context = context;
	file->size = size;
	*out = file;
	return STATUS_OK;
}

static enum status memory_read_at(void *context, uint64_t offset, void *buffer, size_t size,
				  struct error *error)
{
	(void)error;
	memcpy(buffer, (const uint8_t *)context + offset, size);
	return STATUS_OK;
}

enum status file_open_memory(const void *bytes, size_t size, struct file **out,
			     struct error *error)
{
	static const struct file_operations operations = { .read_at = memory_read_at };
	union {
		const void *in;
		void *out;	/* only ever read from: operations has no write_at */
	} context = { .in = bytes };

	return file_open_custom(&operations, context.out, size, out, error);
}

void file_close(struct file *file)
{
	if (file == NULL)
		return;
	if (file->operations.close != NULL)
		file->operations.close(file->context);
	free(file);
}

uint64_t file_size(const struct file *file)
{
	return file->size;
}

enum status file_read_at(const struct file *file, uint64_t offset, void *buffer, size_t size,
			 struct error *error)
{
	if (!range_fits(offset, size, file->size))
		return error_set(error, STATUS_READ_FAILED,
				 "the file has %llu bytes, too few to read %llu at offset %llu",
				 (unsigned long long)file->size, (unsigned long long)size,
				 (unsigned long long)offset);
	if (size == 0)
		return STATUS_OK;
	return file->operations.read_at(file->context, offset, buffer, size, error);
}

static enum status not_writable(struct error *error)
{
	return error_set(error, STATUS_WRITE_FAILED, "the file is open for reading only");
}

enum status file_write_at(struct file *file, uint64_t offset, const void *buffer, size_t size,
			  struct error *error)
{
	enum status status;

	if (file->operations.write_at == NULL)
		return not_writable(error);
	if (!range_fits(offset, size, FILE_SIZE_LIMIT))
		return error_set(error, STATUS_INVALID_ARGUMENT,
				 "cannot write at offset %llu: files end before 2^63",
				 (unsigned long long)offset);
	if (size == 0)
		return STATUS_OK;
	status = file->operations.write_at(file->context, offset, buffer, size, error);
	if (status == STATUS_OK)
		file->size = max_u64(file->size, offset + size);
	return status;
}

enum status file_resize(struct file *file, uint64_t size, struct error *error)
{
	enum status status;

	if (file->operations.resize == NULL)
		return not_writable(error);
	status = file->operations.resize(file->context, size, error);
	if (status == STATUS_OK)
		file->size = size;
	return status;
}

enum status file_flush(struct file *file, struct error *error)
{
	if (file->operations.flush == NULL)
		return STATUS_OK;
	return file->operations.flush(file->context, error);
}
