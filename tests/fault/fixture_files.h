/* SPDX-License-Identifier: MIT */
/*
 * Built fixtures as bytes in memory.
 *
 * May include: nothing of src/.
 */
#ifndef FAULT_FIXTURE_FILES_H
#define FAULT_FIXTURE_FILES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *start;		/* owned */
	size_t size;
};

/* The file of this name among the fixtures; the test fails when there is none. */
struct bytes fixture_read(const char *name);

/* The same among the samples; start is NULL when it is not there. */
struct bytes sample_read(const char *name);

/* A copy that the caller frees. */
struct bytes bytes_copy(struct bytes from);
void bytes_free(struct bytes *bytes);

#endif
