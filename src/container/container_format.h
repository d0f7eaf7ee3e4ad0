/* SPDX-License-Identifier: MIT */
/*
 * What a container format provides; private to this folder.
 *
 * May include: src/base, src/platform.
 */
#ifndef CONTAINER_CONTAINER_FORMAT_H
#define CONTAINER_CONTAINER_FORMAT_H

#include "container/container.h"

/* The functions have the contracts of container.h; state is what open gave. */
struct container_format {
	/* STATUS_OK; STATUS_NOT_A_SAVED_STATE without text; STATUS_READ_FAILED. */
	enum status (*probe)(const struct file *file, struct error *error);
	/* Whether a file without its signature is of the format; NULL: nothing else tells it. */
	bool (*probe_damaged)(const struct file *file);
	/* file stays the caller's. */
	enum status (*open)(const struct file *file, const struct container_families *families,
			    struct damage *damage, void **state_out, struct error *error);
	void (*close)(void *state);
	struct container_facts (*facts)(const void *state);
	enum status (*find)(const void *state, const char *path, struct key_value *out);
	const struct numbered_keys *(*numbered)(const void *state, size_t family);
	/* False when memory is short. */
	bool (*visit)(const void *state, container_visitor visit, void *context);
	uint64_t (*stored)(const void *state, uint64_t offset, uint64_t size);
	enum status (*read)(const void *state, uint64_t offset, void *buffer, size_t size,
			    struct error *error);
};

extern const struct container_format container_format_hvs;
extern const struct container_format container_format_legacy;

#endif
