/* SPDX-License-Identifier: MIT */
/*
 * The build sweeps over the starts and ends of all sources in ascending order
 * and keeps the sources that cover the current page in a heap whose top is the
 * first in file order: n log n for any input, overlapping or not.
 */
#include "memory/chunk_map.h"

struct sweep {
	const struct chunk_source *sources;
	size_t *by_start;	/* indices of the sources that cover something, by first page */
	size_t start_count;
	size_t *heap;		/* indices of sources begun; some may have ended since */
	size_t heap_count;
	struct chunk_map *map;
};

static bool covers_something(const struct chunk_source *source)
{
	return source->page_count > 0 && source->gpa_page < PAGE_LIMIT &&
	       source->page_count <= PAGE_LIMIT - source->gpa_page &&
	       source->saved_page < PAGE_LIMIT &&
	       source->page_count <= PAGE_LIMIT - source->saved_page;
}

static uint64_t end_of(const struct chunk_source *source)
{
	return source->gpa_page + source->page_count;
}

struct start {
	uint64_t page;
	size_t index;
};

static int compare_starts(const void *a, const void *b)
{
	const struct start *left = a, *right = b;

	if (left->page != right->page)
		return left->page < right->page ? -1 : 1;
	return (left->index > right->index) - (left->index < right->index);
}

static void sort_starts(struct sweep *sweep, size_t count, struct start *starts)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		if (covers_something(&sweep->sources[i])) {
			starts[used].page = sweep->sources[i].gpa_page;
			starts[used++].index = i;
		}
	}
	qsort(starts, used, sizeof(*starts), compare_starts);
	for (size_t i = 0; i < used; i++)
		sweep->by_start[i] = starts[i].index;
	sweep->start_count = used;
}

static void heap_push(struct sweep *sweep, size_t index)
{
	size_t at = sweep->heap_count++;

	while (at > 0 && sweep->heap[(at - 1) / 2] > index) {
		sweep->heap[at] = sweep->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	sweep->heap[at] = index;
}

static void heap_pop(struct sweep *sweep)
{
	size_t last = sweep->heap[--sweep->heap_count];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= sweep->heap_count)
			break;
		if (child + 1 < sweep->heap_count && sweep->heap[child + 1] < sweep->heap[child])
			child++;
		if (sweep->heap[child] >= last)
			break;
		sweep->heap[at] = sweep->heap[child];
		at = child;
	}
	sweep->heap[at] = last;
}

/* Adds [from, to) as source gives it, to the last range if it continues that. */
static bool add_range(struct chunk_map *map, const struct chunk_source *source, uint64_t from,
		      uint64_t to)
{
	uint64_t saved_page = source->saved_page + (from - source->gpa_page);
	struct chunk_range *last, *added;

	if (map->ranges.count > 0) {
		last = (struct chunk_range *)map->ranges.items + map->ranges.count - 1;
		if (last->gpa_page + last->page_count == from &&
		    last->saved_page + last->page_count == saved_page) {
			last->page_count += to - from;
			return true;
		}
	}
	added = vector_extend(&map->ranges, 1, sizeof(*added));
	if (added == NULL)
		return false;
	added->gpa_page = from;
	added->page_count = to - from;
	added->saved_page = saved_page;
	return true;
}

/*
 * The page is given by the heap's top until that ends or another source
 * begins, which may come earlier in the file.
 */
static bool run_sweep(struct sweep *sweep)
{
	uint64_t page = 0;
	size_t next = 0;

	while (next < sweep->start_count || sweep->heap_count > 0) {
		const struct chunk_source *first;
		uint64_t to;

		if (sweep->heap_count == 0)
			page = sweep->sources[sweep->by_start[next]].gpa_page;
		while (next < sweep->start_count &&
		       sweep->sources[sweep->by_start[next]].gpa_page == page)
			heap_push(sweep, sweep->by_start[next++]);
		first = &sweep->sources[sweep->heap[0]];
		if (end_of(first) <= page) {
			heap_pop(sweep);
			continue;
		}
		to = end_of(first);
		if (next < sweep->start_count &&
		    sweep->sources[sweep->by_start[next]].gpa_page < to)
			to = sweep->sources[sweep->by_start[next]].gpa_page;
		if (!add_range(sweep->map, first, page, to))
			return false;
		page = to;
	}
	return true;
}

enum status chunk_map_build(const struct chunk_source *sources, size_t count,
			    struct chunk_map *out, struct error *error)
{
	struct chunk_map map = { { 0 } };
	struct sweep sweep = { .sources = sources, .map = &map };
	struct start *starts = calloc(count + 1, sizeof(*starts));
	bool built = false;

	sweep.by_start = calloc(count + 1, sizeof(*sweep.by_start));
	sweep.heap = calloc(count + 1, sizeof(*sweep.heap));
	if (starts != NULL && sweep.by_start != NULL && sweep.heap != NULL) {
		sort_starts(&sweep, count, starts);
		built = run_sweep(&sweep);
	}
	free(starts);
	free(sweep.by_start);
	free(sweep.heap);
	if (!built) {
		chunk_map_fini(&map);
		return error_out_of_memory(error, "the map of guest memory");
	}
	*out = map;
	return STATUS_OK;
}

void chunk_map_fini(struct chunk_map *map)
{
	vector_free(&map->ranges);
}

const struct chunk_range *chunk_map_next(const struct chunk_map *map, uint64_t gpa_page)
{
	const struct chunk_range *ranges = map->ranges.items;
	size_t low = 0, high = map->ranges.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges[middle].gpa_page + ranges[middle].page_count > gpa_page)
			high = middle;
		else
			low = middle + 1;
	}
	return low < map->ranges.count ? &ranges[low] : NULL;
}

const struct chunk_range *chunk_map_find(const struct chunk_map *map, uint64_t gpa_page)
{
	const struct chunk_range *range = chunk_map_next(map, gpa_page);

	return range != NULL && range->gpa_page <= gpa_page ? range : NULL;
}
