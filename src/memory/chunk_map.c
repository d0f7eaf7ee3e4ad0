/* SPDX-License-Identifier: MIT */
/*
 * The build sweeps over the starts and ends of all sources in ascending order
 * and keeps the sources that cover the current page in a heap whose top is the
 * first in file order: n log n for any input, overlapping or not.
 */
#include "memory/chunk_map.h"
#include "base/checked.h"

struct sweep {
	const struct chunk_source *sources;
	size_t *by_start;	/* indices of the sources that cover something, by first page */
	size_t start_count;
	size_t *heap;		/* indices of sources begun; some may have ended since */
	size_t heap_count;
	struct chunk_map *map;
};

bool chunk_source_is_impossible(const struct chunk_source *source)
{
	return source->page_count > 0 &&
	       (!range_fits(source->gpa_page, source->page_count, PAGE_LIMIT) ||
		!range_fits(source->saved_page, source->page_count, PAGE_LIMIT));
}

static bool covers_something(const struct chunk_source *source)
{
	return source->page_count > 0 && !chunk_source_is_impossible(source);
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

/* ---- The other way ---- */

/*
 * The same build finds, of all ranges that have a saved page, the lowest in the
 * guest: ranges ascend there, so it is the first in their order.
 */
static enum status build_lowest(const struct chunk_map *map, struct chunk_map *out,
				struct error *error)
{
	const struct chunk_range *ranges = map->ranges.items;
	size_t count = map->ranges.count;
	struct chunk_source *sources = calloc(count + 1, sizeof(*sources));
	enum status status;

	if (sources == NULL)
		return error_out_of_memory(error, "the map of the saved memory");
	for (size_t i = 0; i < count; i++) {
		sources[i].gpa_page = ranges[i].saved_page;
		sources[i].page_count = ranges[i].page_count;
		sources[i].saved_page = ranges[i].gpa_page;
	}
	status = chunk_map_build(sources, count, out, error);
	free(sources);
	return status;
}

static int compare_pages(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void sort_bounds(const struct chunk_map *map, struct saved_map *saved)
{
	const struct chunk_range *ranges = map->ranges.items;

	for (size_t i = 0; i < map->ranges.count; i++) {
		saved->starts[i] = ranges[i].saved_page;
		saved->ends[i] = ranges[i].saved_page + ranges[i].page_count;
	}
	saved->range_count = map->ranges.count;
	qsort(saved->starts, saved->range_count, sizeof(*saved->starts), compare_pages);
	qsort(saved->ends, saved->range_count, sizeof(*saved->ends), compare_pages);
}

enum status saved_map_build(const struct chunk_map *map, struct saved_map *out,
			    struct error *error)
{
	struct saved_map saved = { .range_count = 0 };
	enum status status = build_lowest(map, &saved.lowest, error);

	if (status != STATUS_OK)
		return status;
	saved.starts = calloc(map->ranges.count + 1, sizeof(*saved.starts));
	saved.ends = calloc(map->ranges.count + 1, sizeof(*saved.ends));
	if (saved.starts == NULL || saved.ends == NULL) {
		saved_map_fini(&saved);
		return error_out_of_memory(error, "the map of the saved memory");
	}
	sort_bounds(map, &saved);
	*out = saved;
	return STATUS_OK;
}

void saved_map_fini(struct saved_map *map)
{
	chunk_map_fini(&map->lowest);
	free(map->starts);
	free(map->ends);
}

/* How many of count pages in ascending order are not above page. */
static size_t count_up_to(const uint64_t *pages, size_t count, uint64_t page)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pages[middle] > page)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

bool saved_map_next(const struct saved_map *map, uint64_t page, uint64_t end,
		    struct saved_run *out)
{
	const struct chunk_range *lowest = chunk_map_next(&map->lowest, page);
	size_t started, ended;
	uint64_t from, to;

	if (lowest == NULL)
		return false;
	from = max_u64(page, lowest->gpa_page);
	if (from >= end)
		return false;
	to = min_u64(end, lowest->gpa_page + lowest->page_count);
	started = count_up_to(map->starts, map->range_count, from);
	ended = count_up_to(map->ends, map->range_count, from);
	if (started < map->range_count)
		to = min_u64(to, map->starts[started]);
	to = min_u64(to, map->ends[ended]);	/* there is one: lowest ends above from */
	out->saved_page = from;
	out->page_count = to - from;
	out->gpa_page = lowest->saved_page + (from - lowest->gpa_page);
	out->place_count = started - ended;
	return true;
}
