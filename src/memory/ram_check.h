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

/*
 * Guest pages in a row that cannot be read, for one reason; or a fault that
 * costs the guest nothing, since no page that it spoils stands there.
 *
 * Memory blocks may share one saved area.  What is lost of it is told once, so
 * that there are no more faults than the file is large, however many blocks
 * share it.
 */
struct ram_fault {
	uint64_t gpa_page;
	uint64_t page_count;	/* 0: costs nothing */
	uint64_t more_places;	/* behind gpa_page, where the guest loses the same pages */
	const struct error *error;
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
	uint64_t pages;		/* of the saved RAM, as pages_damaged */
	uint64_t pages_damaged;
	uint64_t pages_missing;	/* of the guest: the map wants them and no RAM block holds them */
};

/*
 * Reads and decodes every RAM block there is, on up to threads threads (0: as
 * many as there are processors), and tells of those that the map wants and
 * that are missing.  Nothing is kept in the caches.
 * STATUS_CANCELLED when progress said so; STATUS_OUT_OF_MEMORY.
 */
enum status ram_check(struct ram_blocks *blocks, const struct chunk_map *map, unsigned threads,
		      const struct ram_check_listener *listener, struct ram_check_counts *out,
		      struct error *error);

#endif
