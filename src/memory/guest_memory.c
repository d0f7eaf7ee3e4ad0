/* SPDX-License-Identifier: MIT */
#include "memory/guest_memory.h"
#include "base/checked.h"
#include "memory/memory_fixes.h"
#include "memory/ram_blocks.h"

struct guest_memory {
	const struct saved_state *state;
	struct chunk_map map;
	struct ram_blocks blocks;
	struct memory_fixes fixes;
	uint64_t saved_size;
};

static enum status build_map(struct guest_memory *memory, struct error *error)
{
	size_t count;
	const struct memory_block *blocks = guest_memory_blocks(memory, &count);
	struct chunk_source *sources = calloc(count + 1, sizeof(*sources));
	enum status status;

	if (sources == NULL)
		return error_out_of_memory(error, "the map of guest memory");
	for (size_t i = 0; i < count; i++) {
		sources[i].gpa_page = blocks[i].gpa_page;
		sources[i].page_count = blocks[i].page_count;
		sources[i].saved_page = blocks[i].saved_page;
	}
	status = chunk_map_build(sources, count, &memory->map, error);
	free(sources);
	return status;
}

enum status guest_memory_open(const struct saved_state *state, struct guest_memory **out,
			      struct error *error)
{
	struct guest_memory *memory = calloc(1, sizeof(*memory));
	enum status status;

	if (memory == NULL)
		return error_out_of_memory(error, "the guest's memory");
	memory->state = state;
	status = ram_blocks_init(&memory->blocks, state->ram, saved_state_ram_blocks(state), error);
	if (status != STATUS_OK) {
		free(memory);
		return status;
	}
	memory->saved_size = ram_blocks_count(&memory->blocks) * RAM_BLOCK_BYTES;
	status = build_map(memory, error);
	if (status != STATUS_OK) {
		guest_memory_close(memory);
		return status;
	}
	*out = memory;
	return STATUS_OK;
}

void guest_memory_close(struct guest_memory *memory)
{
	if (memory == NULL)
		return;
	memory_fixes_fini(&memory->fixes);
	chunk_map_fini(&memory->map);
	ram_blocks_fini(&memory->blocks);
	free(memory);
}

const struct memory_block *guest_memory_blocks(const struct guest_memory *memory, size_t *count)
{
	*count = memory->state->memory_blocks.count;
	return memory->state->memory_blocks.items;
}

const struct chunk_map *guest_memory_map(const struct guest_memory *memory)
{
	return &memory->map;
}

struct ram_blocks *guest_memory_ram(struct guest_memory *memory)
{
	return &memory->blocks;
}

uint64_t guest_memory_saved_size(const struct guest_memory *memory)
{
	return memory->saved_size;
}

/* The map holds no range whose offsets would not fit into 64 bits. */
static uint64_t saved_offset_in(const struct chunk_range *range, uint64_t gpa)
{
	return ((range->saved_page + ((gpa >> PAGE_SHIFT) - range->gpa_page)) << PAGE_SHIFT) |
	       (gpa & (PAGE_BYTES - 1));
}

bool guest_memory_saved_offset(const struct guest_memory *memory, uint64_t gpa, uint64_t *out)
{
	const struct chunk_range *range = chunk_map_find(&memory->map, gpa >> PAGE_SHIFT);

	if (range == NULL)
		return false;
	*out = saved_offset_in(range, gpa);
	return true;
}

/* Bytes from gpa to the end of the range that holds it. */
static uint64_t rest_of_range(const struct chunk_range *range, uint64_t gpa)
{
	uint64_t pages = range->page_count - ((gpa >> PAGE_SHIFT) - range->gpa_page);

	if (pages == PAGE_LIMIT)
		return UINT64_MAX - gpa;	/* 2^64 bytes; short by one, which no file can hold */
	return (pages << PAGE_SHIFT) - (gpa & (PAGE_BYTES - 1));
}

enum status guest_memory_check_layout(const struct guest_memory *memory, struct error *error)
{
	if (!memory->state->unknown_ram_layout)
		return STATUS_OK;
	return error_set(error, STATUS_UNSUPPORTED_RAM,
			 "the file keeps its RAM in a way that is not known: it has no RamBlock "
			 "keys, but others that speak of RAM");
}

enum status guest_memory_read_saved(struct guest_memory *memory, uint64_t gpa, void *buffer,
				    size_t size, size_t *read_out, struct error *error)
{
	uint8_t *out = buffer;
	size_t done = 0;

	*read_out = 0;
	while (done < size) {
		const struct chunk_range *range =
			chunk_map_find(&memory->map, gpa >> PAGE_SHIFT);
		enum status status;
		size_t part, count;

		if (range == NULL)
			break;
		status = guest_memory_check_layout(memory, error);
		if (status != STATUS_OK)
			return status;
		part = (size_t)min_u64(size - done, rest_of_range(range, gpa));
		status = ram_blocks_read(&memory->blocks, saved_offset_in(range, gpa), out + done,
					 part, &count, error);
		if (status != STATUS_OK)
			return error_prefix(error, status, "guest-physical address 0x%llx",
					    (unsigned long long)gpa);
		done += count;
		if (count < part || !checked_add(gpa, count, &gpa))
			break;
	}
	*read_out = done;
	return STATUS_OK;
}

enum status guest_memory_read(struct guest_memory *memory, uint64_t gpa, void *buffer, size_t size,
			      size_t *read_out, struct error *error)
{
	enum status status =
		guest_memory_read_saved(memory, gpa, buffer, size, read_out, error);

	if (status == STATUS_OK && !memory_fixes_empty(&memory->fixes))
		memory_fixes_overlay(&memory->fixes, gpa, buffer, *read_out);
	return status;
}

enum status guest_memory_read_raw(struct guest_memory *memory, uint64_t offset, void *buffer,
				  size_t size, size_t *read_out, struct error *error)
{
	*read_out = 0;
	if (size > 0) {
		enum status status = guest_memory_check_layout(memory, error);

		if (status != STATUS_OK)
			return status;
	}
	if (offset >= memory->saved_size)
		return STATUS_OK;
	size = (size_t)min_u64(size, memory->saved_size - offset);
	return ram_blocks_read(&memory->blocks, offset, buffer, size, read_out, error);
}

enum status guest_memory_fix(struct guest_memory *memory, uint64_t gpa, const void *bytes,
			     size_t size, struct error *error)
{
	return memory_fixes_add(&memory->fixes, gpa, bytes, size, error);
}

enum status guest_memory_set_cache_limit(struct guest_memory *memory, uint64_t blocks,
					 struct error *error)
{
	return ram_blocks_set_cache(&memory->blocks, blocks, error);
}

struct guest_memory_cache_facts guest_memory_cache_facts(const struct guest_memory *memory)
{
	const struct ram_blocks *blocks = &memory->blocks;
	struct item_cache_counters pages = item_cache_counters(blocks->pages);
	struct item_cache_counters directories = item_cache_counters(blocks->directories);
	struct guest_memory_cache_facts facts = {
		.hits = pages.hits + directories.hits,
		.misses = pages.misses + directories.misses,
		.evictions = pages.evictions + directories.evictions,
		.bytes_used = pages.items * RAM_PAGE_SIZE +
			      directories.items * sizeof(struct page_directory),
		.byte_limit = pages.capacity * RAM_PAGE_SIZE +
			      directories.capacity * sizeof(struct page_directory),
	};

	return facts;
}

static enum page_storage storage_of_kind(enum page_kind kind)
{
	switch (kind) {
	case PAGE_ZERO:
		return PAGE_STORAGE_ZERO;
	case PAGE_FILL:
		return PAGE_STORAGE_FILL;
	case PAGE_STORED:
		return PAGE_STORAGE_STORED;
	case PAGE_XPRESS:
	case PAGE_MIXED:
		return PAGE_STORAGE_COMPRESSED;
	default:
		return PAGE_STORAGE_DAMAGED;
	}
}

static enum status storage_in_stream(struct guest_memory *memory, uint64_t number, unsigned page,
				     enum page_storage *out, uint64_t *pages_out,
				     struct error *error)
{
	struct page_directory directory;
	enum status status = ram_blocks_directory(&memory->blocks, number, &directory, error);
	unsigned next = page;

	if (status != STATUS_OK)
		return status;
	*out = storage_of_kind(ram_stream_page_extent(&directory, page).kind);
	do
		next++;
	while (next < RAM_BLOCK_PAGES &&
	       storage_of_kind(ram_stream_page_extent(&directory, next).kind) == *out);
	*pages_out = next - page;
	return STATUS_OK;
}

static void storage_in_raw_block(const struct guest_memory *memory,
				 const struct numbered_value *value, unsigned page,
				 enum page_storage *out, uint64_t *pages_out)
{
	unsigned present = ram_block_present(&memory->blocks, value) / RAM_PAGE_SIZE;

	*out = page < present ? PAGE_STORAGE_RAW : PAGE_STORAGE_DAMAGED;
	*pages_out = (page < present ? present : RAM_BLOCK_PAGES) - page;
}

/* Pages from the start of a block that is missing to that of the next one that is not. */
static uint64_t pages_to_next_block(const struct guest_memory *memory, uint64_t number)
{
	const struct numbered_keys *keys = memory->blocks.keys;
	size_t next = numbered_keys_lower_bound(keys, number);

	if (next == numbered_keys_count(keys))
		return PAGE_LIMIT;
	return min_u64(numbered_keys_at(keys, next).number - number,
		       PAGE_LIMIT / RAM_BLOCK_PAGES) * RAM_BLOCK_PAGES;
}

static enum status storage_in_block(struct guest_memory *memory, uint64_t saved_page,
				    enum page_storage *out, uint64_t *pages_out,
				    struct error *error)
{
	uint64_t number = saved_page / RAM_BLOCK_PAGES;
	unsigned page = (unsigned)(saved_page % RAM_BLOCK_PAGES);
	struct numbered_value value = numbered_keys_find(memory->blocks.keys, number);

	if (value.state == NUMBERED_MISSING) {
		*out = PAGE_STORAGE_MISSING;
		*pages_out = pages_to_next_block(memory, number) - page;
		return STATUS_OK;
	}
	*pages_out = RAM_BLOCK_PAGES - page;
	if (ram_block_check_value(&memory->blocks, number, &value, NULL) != STATUS_OK)
		*out = PAGE_STORAGE_DAMAGED;
	else if (value.size == RAM_BLOCK_SIZE)
		storage_in_raw_block(memory, &value, page, out, pages_out);
	else
		return storage_in_stream(memory, number, page, out, pages_out, error);
	return STATUS_OK;
}

enum status guest_memory_storage(struct guest_memory *memory, uint64_t gpa,
				 enum page_storage *out, uint64_t *pages_out, struct error *error)
{
	uint64_t page = gpa >> PAGE_SHIFT;
	const struct chunk_range *range = chunk_map_next(&memory->map, page);
	uint64_t left;
	enum status status;

	if (range == NULL || range->gpa_page > page) {
		*out = PAGE_STORAGE_HOLE;
		*pages_out = (range != NULL ? range->gpa_page : PAGE_LIMIT) - page;
		return STATUS_OK;
	}
	left = range->page_count - (page - range->gpa_page);
	status = guest_memory_check_layout(memory, error);
	if (status == STATUS_OK)
		status = storage_in_block(memory, range->saved_page + (page - range->gpa_page),
					  out, pages_out, error);
	if (status == STATUS_OK)
		*pages_out = min_u64(*pages_out, left);
	return status;
}
