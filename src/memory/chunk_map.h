/* SPDX-License-Identifier: MIT */
/*
 * Which guest-physical pages are saved, and where.
 *
 * Built once from the memory blocks of a saved state.  Blocks may overlap or
 * be absurd; the map is what they come to: disjoint ranges in ascending order,
 * each page from the block that comes first in the file.
 *
 * The saved map is the same read the other way: where in the guest a page of
 * the saved RAM stands.  That may be several places, since nothing keeps memory
 * blocks from sharing one saved area.
 *
 * Threads: neither map changes after it is built.
 *
 * May include: src/base.
 */
#ifndef MEMORY_CHUNK_MAP_H
#define MEMORY_CHUNK_MAP_H

#include "base/error.h"
#include "base/vector.h"

#include <stdbool.h>

enum { PAGE_SHIFT = 12 };
#define PAGE_BYTES ((uint64_t)1 << PAGE_SHIFT)

/* Guest-physical addresses and saved offsets stay below 2^64, so pages below this. */
#define PAGE_LIMIT ((uint64_t)1 << (64 - PAGE_SHIFT))

/* Pages as a memory block of the file gives them. */
struct chunk_source {
	uint64_t gpa_page;
	uint64_t page_count;
	uint64_t saved_page;
};

struct chunk_range {
	uint64_t gpa_page;	/* first guest-physical page */
	uint64_t page_count;	/* at least 1 */
	uint64_t saved_page;	/* of its first page, in the saved RAM */
};

struct chunk_map {
	struct vector ranges;	/* of struct chunk_range, ascending and disjoint */
};

/* True of a source that runs past PAGE_LIMIT, in the guest or in the saved RAM. */
bool chunk_source_is_impossible(const struct chunk_source *source);

/*
 * Builds the map of count sources in file order.  A source that is
 * impossible covers nothing.  STATUS_OUT_OF_MEMORY.
 */
enum status chunk_map_build(const struct chunk_source *sources, size_t count,
			    struct chunk_map *out, struct error *error);
void chunk_map_fini(struct chunk_map *map);

/* The range that holds the page, or NULL for a hole. */
const struct chunk_range *chunk_map_find(const struct chunk_map *map, uint64_t gpa_page);

/* The first range that ends behind gpa_page (it may hold the page), or NULL. */
const struct chunk_range *chunk_map_next(const struct chunk_map *map, uint64_t gpa_page);

struct saved_map {
	struct chunk_map lowest;	/* with guest and saved RAM in each other's place */
	uint64_t *starts;		/* saved pages at which ranges start, ascending */
	uint64_t *ends;			/* and behind which they end, ascending */
	size_t range_count;
};

/* Saved pages in a row that all stand at the same number of places, in a row at each. */
struct saved_run {
	uint64_t saved_page;
	uint64_t page_count;	/* at least 1 */
	uint64_t gpa_page;	/* of the first page, at the place that is lowest in the guest */
	uint64_t place_count;	/* at least 1 */
};

/* Builds the map of where the saved pages of map stand.  STATUS_OUT_OF_MEMORY. */
enum status saved_map_build(const struct chunk_map *map, struct saved_map *out,
			    struct error *error);
void saved_map_fini(struct saved_map *map);

/*
 * The first run in [page, end) of the saved RAM, as far as it lies in there;
 * false if none of these pages stands anywhere in the guest.  The whole map is
 * at most two runs for each range.
 */
bool saved_map_next(const struct saved_map *map, uint64_t page, uint64_t end,
		    struct saved_run *out);

#endif
