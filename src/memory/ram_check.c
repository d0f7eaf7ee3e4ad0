/* SPDX-License-Identifier: MIT */
#include "memory/ram_check.h"
#include "base/checked.h"
#include "platform/parallel.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct ram_check {
	struct ram_blocks *blocks;
	const struct ram_check_listener *listener;
	struct mutex lock;	/* of the listener and the counts */
	struct ram_check_counts counts;
	uint64_t done;
	atomic_bool stopped;
	atomic_bool out_of_memory;
};

/* One block under check; decoded pages go to out and are forgotten. */
struct block_check {
	struct ram_check *check;
	uint64_t number;
	struct numbered_value value;
	uint8_t *stored;	/* 1 MiB */
	uint8_t *out;		/* 1 MiB */
	struct ram_fault fault;	/* pending: it grows while pages fail for the same reason */
	uint64_t pages_damaged;
};

static void report(struct ram_check *check, const struct ram_fault *fault)
{
	mutex_lock(&check->lock);
	if (check->listener->fault != NULL)
		check->listener->fault(check->listener->context, fault);
	mutex_unlock(&check->lock);
}

static void flush_fault(struct block_check *block)
{
	if (block->fault.page_count > 0)
		report(block->check, &block->fault);
	block->fault.page_count = 0;
}

static const char *fault_text(const struct block_check *block, enum status status)
{
	if (status == STATUS_CORRUPT_RAM_RECORD)
		return "the record cannot be decoded";
	if (status == STATUS_CORRUPT_RAM_STREAM && block->value.size == RAM_BLOCK_SIZE)
		return "the file, which was cut short, ends before it";
	if (status == STATUS_CORRUPT_RAM_STREAM)
		return "the records are cut short, or yield more than 1 MiB";
	return "the block cannot be read";
}

static void note_bad_pages(struct block_check *block, unsigned first, unsigned count,
			   enum status status)
{
	struct ram_fault *fault = &block->fault;
	uint64_t saved_page = block->number * RAM_BLOCK_PAGES + first;

	block->pages_damaged += count;
	if (fault->page_count > 0 && fault->error.status == status &&
	    fault->saved_page + fault->page_count == saved_page) {
		fault->page_count += count;
		return;
	}
	flush_fault(block);
	fault->saved_page = saved_page;
	fault->page_count = count;
	error_set(&fault->error, status, "RAM block %llu, from page %u on: %s",
		  (unsigned long long)block->number, first, fault_text(block, status));
}

/* A fault of the block as a whole, described in error. */
static void note_bad_block(struct block_check *block, const struct error *error)
{
	flush_fault(block);
	block->pages_damaged = RAM_BLOCK_PAGES;
	block->fault.saved_page = block->number * RAM_BLOCK_PAGES;
	block->fault.page_count = RAM_BLOCK_PAGES;
	block->fault.error = *error;
}

static void check_stream(struct block_check *block, uint32_t size)
{
	struct page_directory directory;
	unsigned page = 0;

	ram_stream_index(block->stored, size, &directory);
	while (page < RAM_BLOCK_PAGES) {
		unsigned good;
		enum status status = ram_stream_decode_pages(block->stored, size, &directory, page,
							     RAM_BLOCK_PAGES - page, block->out,
							     &good);

		page += good;
		if (status == STATUS_OK)
			break;
		note_bad_pages(block, page, 1, status);
		page++;
	}
}

static void check_block(struct block_check *block)
{
	const struct ram_blocks *blocks = block->check->blocks;
	uint32_t present = ram_block_present(blocks, &block->value);
	unsigned whole_pages = present / RAM_PAGE_SIZE;
	struct error error = { STATUS_OK, "" };
	enum status status;

	status = ram_block_check_value(blocks, block->number, &block->value, &error);
	if (status == STATUS_OK)
		status = container_read(blocks->container, block->value.offset, block->stored,
					present, &error);
	if (status != STATUS_OK)
		note_bad_block(block, &error);
	else if (block->value.size < RAM_BLOCK_SIZE)
		check_stream(block, present);
	else if (whole_pages < RAM_BLOCK_PAGES)
		note_bad_pages(block, whole_pages, RAM_BLOCK_PAGES - whole_pages,
			       STATUS_CORRUPT_RAM_STREAM);
	flush_fault(block);
}

static void count_block(struct ram_check *check, const struct block_check *block)
{
	const struct ram_check_listener *listener = check->listener;
	uint64_t total = numbered_keys_count(check->blocks->keys);

	mutex_lock(&check->lock);
	check->counts.blocks++;
	check->counts.pages += RAM_BLOCK_PAGES;
	check->counts.pages_damaged += block->pages_damaged;
	check->counts.blocks_damaged += block->pages_damaged > 0;
	check->done++;
	if (listener->progress != NULL &&
	    !listener->progress(listener->context, check->done, total))
		atomic_store(&check->stopped, true);
	mutex_unlock(&check->lock);
}

static void report_cut_off(struct ram_check *check, uint64_t first, uint64_t count)
{
	struct ram_fault fault = { .saved_page = first * RAM_BLOCK_PAGES,
				   .page_count = count * RAM_BLOCK_PAGES };
	char last[32] = "";

	if (count > 1)
		snprintf(last, sizeof(last), " to %llu", (unsigned long long)(first + count - 1));
	error_set(&fault.error, STATUS_CORRUPT_RAM_VALUE,
		  "RAM block %llu%s: behind the end of the file, which was cut short",
		  (unsigned long long)first, last);
	report(check, &fault);
}

/*
 * Tells of the blocks that were cut off in runs, since a copy that was cut short
 * may lack a million of them.
 */
static void report_all_cut_off(struct ram_check *check)
{
	const struct numbered_keys *keys = check->blocks->keys;
	uint64_t first = 0, count = 0;

	for (size_t i = 0; i < numbered_keys_count(keys); i++) {
		struct numbered_other key = numbered_keys_at(keys, i);

		if (!ram_block_is_cut_off(check->blocks, &key.value))
			continue;
		if (count > 0 && first + count == key.number) {
			count++;
			continue;
		}
		if (count > 0)
			report_cut_off(check, first, count);
		first = key.number;
		count = 1;
	}
	if (count > 0)
		report_cut_off(check, first, count);
}

static void check_one(void *context, size_t index)
{
	struct ram_check *check = context;
	struct numbered_other key = numbered_keys_at(check->blocks->keys, index);
	struct block_check block = { .check = check, .number = key.number, .value = key.value };

	if (atomic_load(&check->stopped))
		return;
	if (ram_block_is_cut_off(check->blocks, &key.value)) {
		block.pages_damaged = RAM_BLOCK_PAGES;	/* told already */
		count_block(check, &block);
		return;
	}
	block.stored = scratch_pool_take(&check->blocks->scratch);
	block.out = scratch_pool_take(&check->blocks->scratch);
	if (block.stored != NULL && block.out != NULL) {
		check_block(&block);
		count_block(check, &block);
	} else {
		atomic_store(&check->out_of_memory, true);
		atomic_store(&check->stopped, true);
	}
	if (block.stored != NULL)
		scratch_pool_return(&check->blocks->scratch, block.stored);
	if (block.out != NULL)
		scratch_pool_return(&check->blocks->scratch, block.out);
}

enum status ram_check(struct ram_blocks *blocks, unsigned threads,
		      const struct ram_check_listener *listener, struct ram_check_counts *out,
		      struct error *error)
{
	struct ram_check check = { .blocks = blocks, .listener = listener };

	mutex_init(&check.lock);
	report_all_cut_off(&check);
	parallel_run(threads, numbered_keys_count(blocks->keys), check_one, &check);
	mutex_fini(&check.lock);
	*out = check.counts;
	if (atomic_load(&check.out_of_memory))
		return error_out_of_memory(error, "a RAM block");
	if (atomic_load(&check.stopped))
		return error_set(error, STATUS_CANCELLED, "the check was stopped");
	return STATUS_OK;
}

static void report_missing(const struct ram_check_listener *listener, uint64_t first_block,
			   uint64_t from_page, uint64_t to_page)
{
	struct ram_fault fault = { .saved_page = from_page, .page_count = to_page - from_page };

	error_set(&fault.error, STATUS_GPA_NOT_SAVED,
		  "the file has no RAM block %llu%s", (unsigned long long)first_block,
		  (to_page - 1) / RAM_BLOCK_PAGES > first_block ? " and following" : "");
	if (listener->fault != NULL)
		listener->fault(listener->context, &fault);
}

/*
 * The gaps between the blocks that are there, within the saved pages of one
 * range.  Blocks are visited, not numbers: a range may claim 2^52 pages.
 */
static uint64_t missing_in_range(const struct ram_blocks *blocks, const struct chunk_range *range,
				 const struct ram_check_listener *listener)
{
	uint64_t page = range->saved_page;
	uint64_t end = range->saved_page + range->page_count;
	uint64_t missing = 0;
	size_t count = numbered_keys_count(blocks->keys);
	size_t next = numbered_keys_lower_bound(blocks->keys, page / RAM_BLOCK_PAGES);

	while (page < end) {
		uint64_t number = next < count ? numbered_keys_at(blocks->keys, next).number
					       : UINT64_MAX / RAM_BLOCK_PAGES;
		uint64_t block_page = number * RAM_BLOCK_PAGES;
		uint64_t gap_end = min_u64(block_page, end);

		if (page < gap_end) {
			report_missing(listener, page / RAM_BLOCK_PAGES, page, gap_end);
			missing += gap_end - page;
		}
		page = max_u64(gap_end, block_page + RAM_BLOCK_PAGES);
		next++;
	}
	return missing;
}

uint64_t ram_check_missing(const struct ram_blocks *blocks, const struct chunk_map *map,
			   const struct ram_check_listener *listener)
{
	const struct chunk_range *ranges = map->ranges.items;
	uint64_t missing = 0;

	for (size_t i = 0; i < map->ranges.count; i++)
		missing += missing_in_range(blocks, &ranges[i], listener);
	return missing;
}
