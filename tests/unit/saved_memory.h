/* SPDX-License-Identifier: MIT */
/*
 * The memory of a fixture, opened, and what its truth file says of it.
 *
 * The truth was made from the fixture's description and never passed through
 * the encoder; it holds checksums.  Bytes that have them are kept, and every
 * other read can be compared with those.
 *
 * May include: src/base, src/platform, src/state, src/memory.
 */
#ifndef SAVED_MEMORY_H
#define SAVED_MEMORY_H

#include "counted_file.h"
#include "memory/guest_memory.h"

enum { SAVED_REGIONS = 32 };

/* Part of one memory range that lies in one RAM block. */
struct saved_region {
	uint64_t gpa;
	size_t size;
	uint8_t *bytes;		/* NULL if there is no such RAM block */
	bool *damaged;		/* one per page */
};

struct saved_memory {
	struct counted_file files[2];
	unsigned file_count;
	struct saved_state *state;
	struct guest_memory *memory;
	struct saved_region regions[SAVED_REGIONS];
	size_t region_count;
};

/* Opens NAME.vmrs, or the pair of that name. */
void saved_memory_open(struct saved_memory *saved, const char *name);

/* The same, and reads all of its memory, which must have the checksums of NAME.truth. */
void saved_memory_open_proven(struct saved_memory *saved, const char *name);
void saved_memory_close(struct saved_memory *saved);

/* The region that holds gpa, or NULL in a hole. */
const struct saved_region *saved_memory_region(const struct saved_memory *saved, uint64_t gpa);

/*
 * Reads at gpa and fails the test unless status, count and bytes are those of
 * the truth.
 */
void saved_memory_check_read(struct saved_memory *saved, uint64_t gpa, size_t size);

#endif
