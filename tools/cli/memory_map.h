/* SPDX-License-Identifier: MIT */
/*
 * How all of the guest's memory is kept, added up in tiles.
 *
 * A tile stands for as much of the address space as keeps the map within the
 * rows that are asked for; rows without any memory are left out.  Every page
 * is asked for, whatever the size of the guest, so that no damage is missed,
 * and a tile in which anything is lost shows that before anything else.
 *
 * May include: tools/cli, the public headers.
 */
#ifndef CLI_MEMORY_MAP_H
#define CLI_MEMORY_MAP_H

#include "memory_ranges.h"
#include "page_kinds.h"
#include "saved_state.h"

enum { MAP_COLUMNS = 64 };		/* tiles in a row; rows begin at multiples of their size */

struct map_tile {
	uint64_t pages[STORAGE_COUNT];	/* by VMSAVEDSTATE_PAGE_STORAGE */
};

struct map_row {
	uint64_t start;			/* guest physical address of the first tile */
	struct map_tile tiles[MAP_COLUMNS];
};

struct memory_map {
	struct memory_ranges chunks;	/* sorted */
	struct memory_ranges holes;	/* between them */
	struct memory_ranges missing;
	struct memory_ranges damaged;
	struct map_tile total;
	unsigned tile_shift;		/* a tile is 1 << tile_shift bytes */
	struct map_row *rows;
	size_t row_count;
};

/*
 * Surveys a saved state for a map of at most most_rows rows, which must be 2
 * or more.  Shows progress; Ctrl-C ends it.  Says what is wrong when it fails;
 * nothing is to be freed then.
 */
enum exit_code memory_map_survey(const struct saved_state *state, size_t most_rows,
				 struct memory_map *out);

/*
 * What a tile shows: damaged or missing if any page of it is, damaged before
 * missing; otherwise what most of its pages are, and of two kinds with equally
 * many the one that takes more room.  VMSAVEDSTATE_PAGE_HOLE without a page.
 */
VMSAVEDSTATE_PAGE_STORAGE map_tile_shows(const struct map_tile *tile);

/* The hole that a row which was left out before this row is part of, or NULL. */
const struct memory_range *map_hole_before(const struct memory_map *map, size_t row);

/* Pages of all kinds. */
uint64_t map_tile_pages(const struct map_tile *tile);

void memory_map_free(struct memory_map *map);

#endif
