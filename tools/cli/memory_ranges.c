/* SPDX-License-Identifier: MIT */
#include "memory_ranges.h"

#include <inttypes.h>
#include <stdlib.h>

#include "failure.h"
#include "print.h"

/* Pages that 64-bit addresses reach. */
#define ADDRESSABLE_PAGES (UINT64_C(1) << 52)

static bool append(struct memory_ranges *ranges, uint64_t start, uint64_t last)
{
	if (ranges->count == ranges->room) {
		size_t room = ranges->room == 0 ? 16 : ranges->room * 2;
		struct memory_range *items = realloc(ranges->items, room * sizeof(*items));

		if (items == NULL)
			return false;
		ranges->items = items;
		ranges->room = room;
	}
	ranges->items[ranges->count++] = (struct memory_range){ start, last };
	return true;
}

bool memory_ranges_add(struct memory_ranges *ranges, uint64_t start, uint64_t size)
{
	uint64_t last = start + (size - 1);

	if (ranges->count > 0 && ranges->items[ranges->count - 1].last + 1 == start && start != 0) {
		ranges->items[ranges->count - 1].last = last;
		return true;
	}
	return append(ranges, start, last);
}

static int compare_starts(const void *a, const void *b)
{
	const struct memory_range *first = a;
	const struct memory_range *second = b;

	return first->start < second->start ? -1 : first->start > second->start;
}

/* Sorts and leaves every byte in one range alone. */
static void sort_and_merge(struct memory_ranges *ranges)
{
	size_t kept = 0;

	if (ranges->count == 0)
		return;
	qsort(ranges->items, ranges->count, sizeof(ranges->items[0]), compare_starts);
	for (size_t i = 1; i < ranges->count; i++) {
		struct memory_range *before = &ranges->items[kept];
		struct memory_range next = ranges->items[i];

		if (before->last == UINT64_MAX || next.start <= before->last + 1) {
			if (next.last > before->last)
				before->last = next.last;
		} else {
			ranges->items[++kept] = next;
		}
	}
	ranges->count = kept + 1;
}

static HRESULT get_chunks(VM_SAVED_STATE_DUMP_HANDLE handle, GPA_MEMORY_CHUNK **chunks_out,
			  UINT64 *count_out)
{
	GPA_MEMORY_CHUNK *chunks;
	UINT64 page_size;
	UINT64 count = 0;
	HRESULT result = GetGuestPhysicalMemoryChunks(handle, &page_size, NULL, &count);

	/* Asked without room, it answers E_OUTOFMEMORY and the count, also of none. */
	if (result == E_OUTOFMEMORY && count == 0)
		return S_OK;
	if (result != E_OUTOFMEMORY || count > SIZE_MAX / sizeof(*chunks))
		return result;
	chunks = malloc((size_t)count * sizeof(*chunks));
	if (chunks == NULL)
		return E_OUTOFMEMORY;
	result = GetGuestPhysicalMemoryChunks(handle, &page_size, chunks, &count);
	if (FAILED(result)) {
		free(chunks);
		return result;
	}
	*chunks_out = chunks;
	*count_out = count;
	return S_OK;
}

enum exit_code memory_ranges_of_chunks(const struct saved_state *state, bool sorted,
				       struct memory_ranges *out)
{
	struct memory_ranges ranges = { 0 };
	GPA_MEMORY_CHUNK *chunks = NULL;
	UINT64 count = 0;
	HRESULT result = get_chunks(state->handle, &chunks, &count);

	if (FAILED(result))
		return saved_state_fail_call(state, result);
	for (UINT64 i = 0; i < count; i++) {
		uint64_t page = chunks[i].GuestPhysicalStartPageIndex;
		uint64_t pages = chunks[i].PageCount;

		if (page >= ADDRESSABLE_PAGES || pages == 0)
			continue;
		if (pages > ADDRESSABLE_PAGES - page)
			pages = ADDRESSABLE_PAGES - page;
		if (!append(&ranges, page * GUEST_PAGE_SIZE,
			    page * GUEST_PAGE_SIZE + (pages * GUEST_PAGE_SIZE - 1))) {
			free(chunks);
			memory_ranges_free(&ranges);
			return fail_out_of_memory();
		}
	}
	free(chunks);
	if (sorted)
		sort_and_merge(&ranges);
	*out = ranges;
	return EXIT_DONE;
}

bool memory_ranges_holes(const struct memory_ranges *sorted, struct memory_ranges *out)
{
	struct memory_ranges holes = { 0 };

	for (size_t i = 1; i < sorted->count; i++) {
		if (!append(&holes, sorted->items[i - 1].last + 1, sorted->items[i].start - 1)) {
			memory_ranges_free(&holes);
			return false;
		}
	}
	*out = holes;
	return true;
}

uint64_t memory_ranges_size(const struct memory_ranges *ranges)
{
	uint64_t size = 0;

	for (size_t i = 0; i < ranges->count; i++)
		size += ranges->items[i].last - ranges->items[i].start + 1;
	return size;
}

void memory_ranges_print(const struct memory_ranges *ranges)
{
	char size[SIZE_TEXT_SIZE];

	for (size_t i = 0; i < ranges->count; i++) {
		const struct memory_range *range = &ranges->items[i];

		printf("  0x%" PRIX64 " - 0x%" PRIX64 ", %s\n", range->start, range->last,
		       size_text(range->last - range->start + 1, size));
	}
}

void memory_ranges_json(struct json_writer *json, const char *name,
			const struct memory_ranges *ranges)
{
	json_array_begin(json, name);
	for (size_t i = 0; i < ranges->count; i++) {
		const struct memory_range *range = &ranges->items[i];

		json_object_begin(json, NULL);
		json_hex(json, "start", range->start, 1);
		json_number(json, "size", range->last - range->start + 1);
		json_close(json);
	}
	json_close(json);
}

void memory_ranges_free(struct memory_ranges *ranges)
{
	free(ranges->items);
	*ranges = (struct memory_ranges){ 0 };
}
