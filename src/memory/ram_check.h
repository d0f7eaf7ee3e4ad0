/* SPDX-License-Identifier: MIT */
/*
 * Verification of the saved RAM: every block's records, every page's data.
 *
 * May include: everything below src/memory and this folder.
 */
#ifndef MEMORY_RAM_CHECK_H
#define MEMORY_RAM_CHECK_H

#include "memory/chunk_map.h"
#include "memory/ram_blocks.h"

/* Pages of the saved RAM that cannot be read, in a row and for one reason. */
struct ram_fault {
	uint64_t saved_page;
	uint64_t page_count;
	struct error error;
};

/*
 * What the check tells while it runs; both are called from any of its threads,
 * one call at a time.  progress returns false to stop the check.
 */
struct ram_check_listener {
	void (*fault)(void *context, const struct ram_fault *fault);
	bool (*progress)(void *context, uint64_t blocks_done, uint64_t blocks_total);
	void *context;
};

struct ram_check_counts {
	uint64_t blocks;
	uint64_t blocks_damaged;
	uint64_t pages;
	uint64_t pages_damaged;
};

/*
 * Reads and decodes every RAM block there is, on up to threads threads (0: as
 * many as there are processors).  Nothing is kept in the caches.
 * STATUS_CANCELLED when progress said so; STATUS_OUT_OF_MEMORY.
 */
enum status ram_check(struct ram_blocks *blocks, unsigned threads,
		      const struct ram_check_listener *listener, struct ram_check_counts *out,
		      struct error *error);

/*
 * Tells of pages that the map wants and no RAM block holds: runs of blocks
 * that are missing.  Returns their number.
 */
uint64_t ram_check_missing(const struct ram_blocks *blocks, const struct chunk_map *map,
			   const struct ram_check_listener *listener);

#endif
