/* SPDX-License-Identifier: MIT */
#include "container/container.h"
#include "base/checked.h"
#include "container/container_format.h"

struct container {
	struct file *file;
	const struct container_format *format;
	void *state;
};

/* A torn copy of the HVS header leaves its other copy, so HVS is asked first. */
static const struct container_format *const formats[] = {
	&container_format_hvs,
	&container_format_legacy,
};

enum { FORMAT_COUNT = sizeof(formats) / sizeof(formats[0]) };

static enum status probe_signatures(const struct file *file, const struct container_format **out,
				    struct error *error)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		enum status status = formats[i]->probe(file, error);

		if (status == STATUS_OK)
			*out = formats[i];
		if (status != STATUS_NOT_A_SAVED_STATE)
			return status;
	}
	return STATUS_NOT_A_SAVED_STATE;
}

/* Without a signature a file is refused, unless damage is tolerated and more than that is left. */
static enum status probe(const struct file *file, bool tolerant,
			 const struct container_format **out, struct error *error)
{
	enum status status = probe_signatures(file, out, error);

	if (status != STATUS_NOT_A_SAVED_STATE)
		return status;
	for (size_t i = 0; i < FORMAT_COUNT && tolerant; i++) {
		if (formats[i]->probe_damaged == NULL || !formats[i]->probe_damaged(file))
			continue;
		*out = formats[i];
		return STATUS_OK;
	}
	return error_set(error, STATUS_NOT_A_SAVED_STATE,
			 "neither a .vmrs nor a .bin or .vsv: no known signature at offset 0 or "
			 "4096");
}

enum status container_open(struct file *file, const struct container_families *families,
			   struct container **out, struct error *error)
{
	return container_open_tolerant(file, families, NULL, out, error);
}

enum status container_open_tolerant(struct file *file, const struct container_families *families,
				    struct damage *damage, struct container **out,
				    struct error *error)
{
	struct container *container = calloc(1, sizeof(*container));
	enum status status;

	if (container == NULL) {
		file_close(file);
		return error_out_of_memory(error, "a container");
	}
	container->file = file;
	if (file_size(file) == 0) {
		status = error_set(error, STATUS_FILE_EMPTY, "the file is empty");
		goto fail;
	}
	status = probe(file, damage != NULL, &container->format, error);
	if (status != STATUS_OK)
		goto fail;
	status = container->format->open(file, families, damage, &container->state,
					 error);
	if (status != STATUS_OK)
		goto fail;
	*out = container;
	return STATUS_OK;

fail:
	container_close(container);
	return status;
}

void container_close(struct container *container)
{
	if (container == NULL)
		return;
	if (container->state != NULL)
		container->format->close(container->state);
	file_close(container->file);
	free(container);
}

struct container_facts container_facts(const struct container *container)
{
	return container->format->facts(container->state);
}

enum status container_find(const struct container *container, const char *path,
			   struct key_value *out)
{
	return container->format->find(container->state, path, out);
}

const struct numbered_keys *container_numbered(const struct container *container, size_t family)
{
	return container->format->numbered(container->state, family);
}

enum status container_visit(const struct container *container, container_visitor visit,
			    void *context, struct error *error)
{
	if (!container->format->visit(container->state, visit, context))
		return error_out_of_memory(error, "a list of keys");
	return STATUS_OK;
}

uint64_t container_stored(const struct container *container, uint64_t offset, uint64_t size)
{
	return container->format->stored(container->state, offset, size);
}

enum status container_read(const struct container *container, uint64_t offset, void *buffer,
			   size_t size, struct error *error)
{
	uint64_t stored = container_stored(container, offset, size);

	if (stored < size)
		return error_set(error, STATUS_CORRUPT_LINK,
				 "of %llu bytes at offset %llu, only %llu are in the file",
				 (unsigned long long)size, (unsigned long long)offset,
				 (unsigned long long)stored);
	return size > 0 ? container->format->read(container->state, offset, buffer, size, error)
			: STATUS_OK;
}

enum status container_read_value(const struct container *container, const struct key_value *value,
				 uint64_t limit, uint8_t **out, struct error *error)
{
	uint64_t size = value->size;
	enum status status;
	uint8_t *bytes;

	/* What a pending log adds behind the end of the file is never more than the file has. */
	if (value->broken || size > file_size(container->file) ||
	    container_stored(container, value->offset, size) < size)
		return error_set(error, STATUS_CORRUPT_LINK,
				 "its value claims %llu bytes at offset %llu, more than there are",
				 (unsigned long long)size, (unsigned long long)value->offset);
	if (size > limit)
		return error_set(error, STATUS_UNSUPPORTED_LAYOUT,
				 "its value has %llu bytes, more than the %llu that make sense",
				 (unsigned long long)size, (unsigned long long)limit);
	bytes = malloc(size > 0 ? (size_t)size : 1);
	if (bytes == NULL)
		return error_out_of_memory(error, "a value");
	status = container_read(container, value->offset, bytes, (size_t)size, error);
	if (status != STATUS_OK) {
		free(bytes);
		return status;
	}
	*out = bytes;
	return STATUS_OK;
}
