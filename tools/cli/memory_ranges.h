/* SPDX-License-Identifier: MIT */
/*
 * Ranges of guest memory: the chunks of a saved state, and the parts of it
 * that were found missing or damaged.
 *
 * May include: tools/cli, the public headers.
 */
#ifndef CLI_MEMORY_RANGES_H
#define CLI_MEMORY_RANGES_H

#include <vmsavedstatedump_ext.h>

#include "exit_code.h"
#include "json_writer.h"
#include "saved_state.h"

enum { GUEST_PAGE_SIZE = 4096 };

/* Inclusive at both ends, so that the last page of the address space has an end too. */
struct memory_range {
	uint64_t start;
	uint64_t last;
};

struct memory_ranges {
	struct memory_range *items;
	size_t count;
	size_t room;
};

/*
 * The chunks of a saved state in its order, or sorted by address with the
 * ones that touch made one.  Chunks without a page are left out.  Says what is
 * wrong when it fails.
 */
enum exit_code memory_ranges_of_chunks(const struct saved_state *state, bool sorted,
				       struct memory_ranges *out);

/* What is between the first byte of sorted ranges and the last, and not in them. */
bool memory_ranges_holes(const struct memory_ranges *sorted, struct memory_ranges *out);

/* Adds a range of at least a byte; one that touches the last is made one with it. */
bool memory_ranges_add(struct memory_ranges *ranges, uint64_t start, uint64_t size);

/* Bytes in all of them. */
uint64_t memory_ranges_size(const struct memory_ranges *ranges);

/* Prints "  0x0 - 0x2FFFFF, 3 MiB" for each of them. */
void memory_ranges_print(const struct memory_ranges *ranges);

/* Writes an array of {"start", "size"}. */
void memory_ranges_json(struct json_writer *json, const char *name,
			const struct memory_ranges *ranges);

void memory_ranges_free(struct memory_ranges *ranges);

#endif
