/* SPDX-License-Identifier: MIT */
#include "memory_map.h"

#include <stdlib.h>

#include "failure.h"
#include "progress.h"

enum { PAGE_SHIFT = 12, COLUMN_SHIFT = 6, WIDEST_ROW_SHIFT = 63 };

_Static_assert(MAP_COLUMNS == 1 << COLUMN_SHIFT && GUEST_PAGE_SIZE == 1 << PAGE_SHIFT,
	       "shifts and sizes are the same");

/* ---- Layout ------------------------------------------------------------- */

static uint64_t count_rows(const struct memory_ranges *chunks, unsigned row_shift)
{
	uint64_t count = 0;
	uint64_t end = 0;		/* the row behind those that were counted */

	for (size_t i = 0; i < chunks->count; i++) {
		uint64_t first = chunks->items[i].start >> row_shift;
		uint64_t last = chunks->items[i].last >> row_shift;

		if (first < end)
			first = end;
		if (last >= first)
			count += last - first + 1;
		end = last + 1;
	}
	return count;
}

static void add_rows(struct memory_map *map, uint64_t first, uint64_t last, unsigned row_shift)
{
	for (uint64_t row = first; row <= last; row++) {
		uint64_t start = row << row_shift;

		if (map->row_count == 0 || map->rows[map->row_count - 1].start != start)
			map->rows[map->row_count++].start = start;
	}
}

static bool lay_out(struct memory_map *map, size_t most_rows)
{
	unsigned row_shift = PAGE_SHIFT + COLUMN_SHIFT;
	uint64_t count;

	/* At the widest there are two rows, so this ends. */
	while ((count = count_rows(&map->chunks, row_shift)) > most_rows &&
	       row_shift < WIDEST_ROW_SHIFT)
		row_shift++;
	map->tile_shift = row_shift - COLUMN_SHIFT;
	map->rows = calloc((size_t)count + 1, sizeof(*map->rows));
	if (map->rows == NULL)
		return false;
	for (size_t i = 0; i < map->chunks.count; i++)
		add_rows(map, map->chunks.items[i].start >> row_shift,
			 map->chunks.items[i].last >> row_shift, row_shift);
	return true;
}

/* ---- Survey ------------------------------------------------------------- */

struct survey {
	const struct saved_state *state;
	struct memory_map *map;
	struct progress progress;
	size_t row;			/* addresses ascend, and so does this */
	uint64_t done;			/* bytes */
};

/* Adds pages that are kept alike to the tiles they lie in. */
static void add_pages(struct survey *survey, uint64_t address, uint64_t pages,
		      VMSAVEDSTATE_PAGE_STORAGE storage)
{
	struct memory_map *map = survey->map;
	unsigned row_shift = map->tile_shift + COLUMN_SHIFT;
	uint64_t tile_size = UINT64_C(1) << map->tile_shift;

	map->total.pages[storage] += pages;
	while (pages > 0) {
		uint64_t in_tile = (tile_size - (address & (tile_size - 1))) >> PAGE_SHIFT;
		uint64_t count = pages < in_tile ? pages : in_tile;
		size_t column = (size_t)(address >> map->tile_shift) & (MAP_COLUMNS - 1);

		while (map->rows[survey->row].start >> row_shift != address >> row_shift)
			survey->row++;
		map->rows[survey->row].tiles[column].pages[storage] += count;
		address += count << PAGE_SHIFT;
		pages -= count;
	}
}

static bool note_loss(struct memory_map *map, uint64_t address, uint64_t pages,
		      VMSAVEDSTATE_PAGE_STORAGE storage)
{
	if (storage == VMSAVEDSTATE_PAGE_MISSING)
		return memory_ranges_add(&map->missing, address, pages << PAGE_SHIFT);
	if (storage == VMSAVEDSTATE_PAGE_DAMAGED)
		return memory_ranges_add(&map->damaged, address, pages << PAGE_SHIFT);
	return true;
}

static enum exit_code survey_chunk(struct survey *survey, const struct memory_range *chunk)
{
	uint64_t address = chunk->start;
	uint64_t left = ((chunk->last - chunk->start) >> PAGE_SHIFT) + 1;

	while (left > 0) {
		VMSAVEDSTATE_PAGE_STORAGE storage;
		UINT32 pages;
		HRESULT result = VmSavedStateGetPageStorage(survey->state->handle, address,
							    &storage, &pages);
		uint64_t count;

		if (FAILED(result)) {
			progress_end(&survey->progress);
			return saved_state_fail_call(survey->state, result);
		}
		count = pages < left ? pages : left;
		add_pages(survey, address, count, storage);
		if (!note_loss(survey->map, address, count, storage))
			return fail_out_of_memory();
		address += count << PAGE_SHIFT;
		left -= count;
		survey->done += count << PAGE_SHIFT;
		progress_update(&survey->progress, survey->done);
		if (platform_interrupted()) {
			progress_end(&survey->progress);
			return fail(EXIT_INTERRUPTED, "interrupted; the map is not complete.");
		}
	}
	return EXIT_DONE;
}

enum exit_code memory_map_survey(const struct saved_state *state, size_t most_rows,
				 struct memory_map *out)
{
	struct memory_map map = { 0 };
	struct survey survey = { .state = state, .map = &map };
	enum exit_code code = memory_ranges_of_chunks(state, true, &map.chunks);

	if (code != EXIT_DONE)
		return code;
	if (!memory_ranges_holes(&map.chunks, &map.holes) || !lay_out(&map, most_rows))
		code = fail_out_of_memory();
	progress_begin(&survey.progress, memory_ranges_size(&map.chunks));
	for (size_t i = 0; i < map.chunks.count && code == EXIT_DONE; i++)
		code = survey_chunk(&survey, &map.chunks.items[i]);
	progress_end(&survey.progress);
	if (code != EXIT_DONE) {
		memory_map_free(&map);
		return code;
	}
	*out = map;
	return EXIT_DONE;
}

/* ---- What it shows ------------------------------------------------------ */

VMSAVEDSTATE_PAGE_STORAGE map_tile_shows(const struct map_tile *tile)
{
	VMSAVEDSTATE_PAGE_STORAGE most = VMSAVEDSTATE_PAGE_HOLE;
	uint64_t pages = 0;

	if (tile->pages[VMSAVEDSTATE_PAGE_DAMAGED] > 0)
		return VMSAVEDSTATE_PAGE_DAMAGED;
	if (tile->pages[VMSAVEDSTATE_PAGE_MISSING] > 0)
		return VMSAVEDSTATE_PAGE_MISSING;
	for (int i = 0; i < PAGE_KIND_COUNT; i++) {
		VMSAVEDSTATE_PAGE_STORAGE storage = page_kinds[i].storage;

		if (tile->pages[storage] > 0 && tile->pages[storage] >= pages) {
			most = storage;
			pages = tile->pages[storage];
		}
	}
	return most;
}

const struct memory_range *map_hole_before(const struct memory_map *map, size_t row)
{
	uint64_t row_size = UINT64_C(1) << (map->tile_shift + COLUMN_SHIFT);
	uint64_t start = row == 0 ? 0 : map->rows[row - 1].start + row_size;

	if (row == 0 || map->rows[row].start == start)
		return NULL;
	for (size_t i = 0; i < map->holes.count; i++) {
		if (map->holes.items[i].start <= start && start <= map->holes.items[i].last)
			return &map->holes.items[i];
	}
	return NULL;
}

uint64_t map_tile_pages(const struct map_tile *tile)
{
	uint64_t pages = 0;

	for (int i = 0; i < PAGE_KIND_COUNT; i++)
		pages += tile->pages[page_kinds[i].storage];
	return pages;
}

void memory_map_free(struct memory_map *map)
{
	memory_ranges_free(&map->chunks);
	memory_ranges_free(&map->holes);
	memory_ranges_free(&map->missing);
	memory_ranges_free(&map->damaged);
	free(map->rows);
	*map = (struct memory_map){ 0 };
}
