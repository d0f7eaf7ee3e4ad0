/* SPDX-License-Identifier: MIT */
/*
 * The saved state's description of guest memory: one RamMemoryBlock per range
 * of guest-physical pages, with the place of its pages in the saved RAM.
 *
 * May include: src/base, src/platform, src/container.
 */
#ifndef STATE_MEMORY_BLOCK_H
#define STATE_MEMORY_BLOCK_H

#include "container/container.h"

struct memory_block {
	uint64_t gpa_page;	/* first guest-physical page (GPA >> 12) */
	uint64_t page_count;
	uint64_t saved_page;	/* where its first page stands in the saved RAM */
	uint32_t flags;		/* 1 hot-added, 2 SGX, 4 VTL 2, 8 special purpose; no influence */
};

/*
 * Reads RamMemoryBlock0, 1, 2, ... up to the first missing number into an
 * array (of struct memory_block) in that order.  Nothing is sorted, merged or
 * refused: what the numbers mean together is the chunk map's business.
 *
 * Where damage is tolerated (NULL: it is not), all numbers are read, those
 * behind a missing one too, and values that are no memory block are left out.
 *
 * STATUS_NO_GUEST_MEMORY without number 0; STATUS_MEMORY_BLOCK_SHORT or _LONG
 * (or their _LEGACY forms) for a value that is not 48 bytes;
 * STATUS_READ_FAILED; STATUS_OUT_OF_MEMORY.
 */
enum status memory_blocks_read(const struct container *container,
			       const struct numbered_keys *keys, struct damage *damage,
			       struct vector *out, struct error *error);

#endif
