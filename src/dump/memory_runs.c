/* SPDX-License-Identifier: MIT */
#include "dump/memory_runs.h"
#include "base/checked.h"

enum { BLOCK_PAGES = (int)(RAM_BLOCK_BYTES >> PAGE_SHIFT) };

enum status memory_runs_add(struct memory_runs *runs, uint64_t page, uint64_t page_count,
			    struct error *error)
{
	struct memory_run *last = runs->items.items;
	struct memory_run *added;

	if (page_count == 0)
		return STATUS_OK;
	runs->page_count += page_count;
	if (runs->items.count > 0) {
		last += runs->items.count - 1;
		if (last->page + last->page_count == page) {
			last->page_count += page_count;
			return STATUS_OK;
		}
	}
	added = vector_extend(&runs->items, 1, sizeof(*added));
	if (added == NULL)
		return error_out_of_memory(error, "the list of memory in the dump");
	added->page = page;
	added->page_count = page_count;
	return STATUS_OK;
}

void memory_runs_fini(struct memory_runs *runs)
{
	vector_free(&runs->items);
	runs->page_count = 0;
}

size_t memory_runs_count(const struct memory_runs *runs)
{
	return runs->items.count;
}

const struct memory_run *memory_runs_at(const struct memory_runs *runs, size_t index)
{
	return (const struct memory_run *)runs->items.items + index;
}

const struct memory_run *memory_runs_find(const struct memory_runs *runs, uint64_t page,
					  uint64_t *pages_before_out)
{
	uint64_t before = 0;

	for (size_t i = 0; i < memory_runs_count(runs); i++) {
		const struct memory_run *run = memory_runs_at(runs, i);

		if (page < run->page)
			break;
		if (page - run->page < run->page_count) {
			*pages_before_out = before;
			return run;
		}
		before += run->page_count;
	}
	return NULL;
}

uint64_t memory_runs_end(const struct memory_runs *runs)
{
	const struct memory_run *last;

	if (memory_runs_count(runs) == 0)
		return 0;
	last = memory_runs_at(runs, memory_runs_count(runs) - 1);
	return last->page + last->page_count;
}

enum status memory_runs_described(const struct guest_memory *memory, struct memory_runs *out,
				  struct error *error)
{
	const struct chunk_map *map = guest_memory_map(memory);
	const struct chunk_range *ranges = map->ranges.items;
	struct memory_runs runs = { 0 };
	enum status status = STATUS_OK;

	for (size_t i = 0; i < map->ranges.count && status == STATUS_OK; i++)
		status = memory_runs_add(&runs, ranges[i].gpa_page, ranges[i].page_count, error);
	if (status != STATUS_OK) {
		memory_runs_fini(&runs);
		return status;
	}
	*out = runs;
	return STATUS_OK;
}

/* The place, among the keys in ascending order, of the first with a number of at least number. */
static size_t first_key_from(const struct numbered_keys *keys, uint64_t number)
{
	size_t low = 0, high = numbered_keys_count(keys);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (numbered_keys_at(keys, middle).number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Adds what the RAM blocks hold of one range.  Only blocks that are there are looked at. */
static enum status add_range(const struct numbered_keys *keys, const struct chunk_range *range,
			     struct memory_runs *out, struct error *error)
{
	uint64_t end = range->saved_page + range->page_count;	/* at most PAGE_LIMIT */
	size_t count = numbered_keys_count(keys);

	for (size_t i = first_key_from(keys, range->saved_page / BLOCK_PAGES); i < count; i++) {
		uint64_t number = numbered_keys_at(keys, i).number;
		uint64_t first, last;
		enum status status;

		if (number >= (end + BLOCK_PAGES - 1) / BLOCK_PAGES)
			break;
		first = max_u64(number * BLOCK_PAGES, range->saved_page);
		last = min_u64((number + 1) * BLOCK_PAGES, end);
		status = memory_runs_add(out, range->gpa_page + (first - range->saved_page),
					 last - first, error);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

enum status memory_runs_of(const struct saved_state *state, const struct guest_memory *memory,
			   struct memory_runs *out, struct error *error)
{
	const struct chunk_map *map = guest_memory_map(memory);
	const struct chunk_range *ranges = map->ranges.items;
	const struct numbered_keys *keys = saved_state_ram_blocks(state);
	struct memory_runs runs = { 0 };
	enum status status = STATUS_OK;

	if (state->unknown_ram_layout)
		return error_set(error, STATUS_UNSUPPORTED_RAM,
				 "the file keeps its RAM in a way that is not known");
	for (size_t i = 0; i < map->ranges.count && status == STATUS_OK; i++)
		status = add_range(keys, &ranges[i], &runs, error);
	if (status != STATUS_OK) {
		memory_runs_fini(&runs);
		return status;
	}
	*out = runs;
	return STATUS_OK;
}
