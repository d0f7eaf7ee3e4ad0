/* SPDX-License-Identifier: MIT */
#include "fault/saved_content.h"
#include "container/container.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct reading {
	const struct container *container;
	struct saved_content *content;
};

static void add(struct saved_content *content, const void *bytes, size_t size)
{
	content->checksum = (uint32_t)crc32_z(content->checksum, bytes, size);
}

static bool has_bytes(const struct key_value *value)
{
	return value->type == KEY_STRING || value->type == KEY_ARRAY;
}

static bool add_key(void *context, const char *path, const struct key_value *value)
{
	const struct reading *reading = context;
	struct saved_content *content = reading->content;
	enum status status;
	uint8_t *bytes;

	content->keys++;
	add(content, path, strlen(path) + 1);
	add(content, &value->type, sizeof(value->type));
	if (!has_bytes(value)) {
		add(content, &value->scalar, sizeof(value->scalar));
		return true;
	}
	add(content, &value->size, sizeof(value->size));
	status = container_read_value(reading->container, value, UINT32_MAX, &bytes, NULL);
	add(content, &status, sizeof(status));
	if (status != STATUS_OK) {
		content->unreadable++;
		return true;
	}
	add(content, bytes, (size_t)value->size);
	free(bytes);
	return true;
}

struct saved_content saved_content_of_file(struct file *file)
{
	static const struct container_families no_families;
	struct saved_content content = { .status = STATUS_OK };
	struct reading reading = { .content = &content };
	struct container *container;

	content.status = container_open(file, &no_families, &container, NULL);
	if (content.status != STATUS_OK)
		return content;
	reading.container = container;
	content.pending = container_facts(container).pending_log_entries;
	content.status = container_visit(container, add_key, &reading, NULL);
	container_close(container);
	return content;
}

struct saved_content saved_content_of_bytes(struct bytes bytes)
{
	struct file *file;

	if (file_open_memory(bytes.start, bytes.size, &file, NULL) != STATUS_OK)
		abort();
	return saved_content_of_file(file);
}
