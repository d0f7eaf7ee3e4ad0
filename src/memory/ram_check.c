/* SPDX-License-Identifier: MIT */
#include "memory/ram_check.h"
#include "base/checked.h"
#include "platform/parallel.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct ram_check {
	struct ram_blocks *blocks;
	struct saved_map saved;
	const struct ram_check_listener *listener;
	struct mutex lock;	/* of the listener and the counts */
	struct ram_check_counts counts;
	uint64_t done;
	atomic_bool stopped;
	atomic_bool out_of_memory;
};

/* Pages of the saved RAM that cannot be read, in a row and for one reason. */
struct saved_fault {
	uint64_t saved_page;
	uint64_t page_count;
	struct error error;
};

/* One block under check; decoded pages go to out and are forgotten. */
struct block_check {
	struct ram_check *check;
	uint64_t number;
	struct numbered_value value;
	uint8_t *stored;	/* 1 MiB */
	uint8_t *out;		/* 1 MiB */
	struct saved_fault fault;	/* pending: it grows while pages fail for the same reason */
	uint64_t pages_damaged;
};

/*
 * A key may have any number of 64 bits.  Blocks behind the last page that can
 * be saved all begin there, where no range reaches.
 */
static uint64_t first_page_of_block(uint64_t number)
{
	return min_u64(number, PAGE_LIMIT / RAM_BLOCK_PAGES) * RAM_BLOCK_PAGES;
}

static void tell_run(const struct ram_check *check, const struct saved_run *run,
		     const struct error *error)
{
	const struct ram_fault fault = { run->gpa_page, run->page_count, run->place_count - 1,
					 error };

	if (check->listener->fault != NULL)
		check->listener->fault(check->listener->context, &fault);
}

static void tell_without_cost(const struct ram_check *check, const struct error *error)
{
	const struct ram_fault fault = { .error = error };

	if (check->listener->fault != NULL)
		check->listener->fault(check->listener->context, &fault);
}

/* Tells what the fault costs the guest, or of the fault alone. */
static void report(struct ram_check *check, const struct saved_fault *fault)
{
	uint64_t page = fault->saved_page;
	uint64_t end = fault->saved_page + fault->page_count;
	struct saved_run run;

	mutex_lock(&check->lock);
	if (!saved_map_next(&check->saved, page, end, &run))
		tell_without_cost(check, &fault->error);
	while (saved_map_next(&check->saved, page, end, &run)) {
		tell_run(check, &run, &fault->error);
		page = run.saved_page + run.page_count;
	}
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
	struct saved_fault *fault = &block->fault;
	uint64_t saved_page = first_page_of_block(block->number) + first;

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
	block->fault.saved_page = first_page_of_block(block->number);
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
	struct saved_fault fault = { .saved_page = first_page_of_block(first),
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

/* ---- Missing blocks ---- */

/* The pages from first_page to end_page of a run, which no block holds. */
static void report_missing(struct ram_check *check, const struct saved_run *run,
			   uint64_t first_page, uint64_t end_page)
{
	struct saved_run gap = { .saved_page = first_page,
				 .page_count = end_page - first_page,
				 .gpa_page = run->gpa_page + (first_page - run->saved_page),
				 .place_count = run->place_count };
	uint64_t first_block = first_page / RAM_BLOCK_PAGES;
	struct error error;

	error_set(&error, STATUS_GPA_NOT_SAVED, "the file has no RAM block %llu%s",
		  (unsigned long long)first_block,
		  (end_page - 1) / RAM_BLOCK_PAGES > first_block ? " and following" : "");
	tell_run(check, &gap, &error);
	check->counts.pages_missing += gap.page_count * gap.place_count;
}

/*
 * The gaps between the blocks that are there.  Blocks are visited, not numbers:
 * a run may have 2^52 pages.
 */
static void report_missing_in_run(struct ram_check *check, const struct saved_run *run)
{
	const struct numbered_keys *keys = check->blocks->keys;
	uint64_t page = run->saved_page;
	uint64_t end = run->saved_page + run->page_count;
	size_t next = numbered_keys_lower_bound(keys, page / RAM_BLOCK_PAGES);

	while (page < end) {
		uint64_t block_page = PAGE_LIMIT;
		uint64_t gap_end;

		if (next < numbered_keys_count(keys))
			block_page = first_page_of_block(numbered_keys_at(keys, next++).number);
		gap_end = min_u64(block_page, end);
		if (page < gap_end)
			report_missing(check, run, page, gap_end);
		page = max_u64(gap_end, block_page + RAM_BLOCK_PAGES);
	}
}

static void report_all_missing(struct ram_check *check)
{
	uint64_t page = 0;
	struct saved_run run;

	while (saved_map_next(&check->saved, page, PAGE_LIMIT, &run)) {
		report_missing_in_run(check, &run);
		page = run.saved_page + run.page_count;
	}
}

enum status ram_check(struct ram_blocks *blocks, const struct chunk_map *map, unsigned threads,
		      const struct ram_check_listener *listener, struct ram_check_counts *out,
		      struct error *error)
{
	struct ram_check check = { .blocks = blocks, .listener = listener };
	enum status status = saved_map_build(map, &check.saved, error);

	if (status != STATUS_OK)
		return status;
	mutex_init(&check.lock);
	report_all_missing(&check);
	report_all_cut_off(&check);
	parallel_run(threads, numbered_keys_count(blocks->keys), check_one, &check);
	mutex_fini(&check.lock);
	saved_map_fini(&check.saved);
	*out = check.counts;
	if (atomic_load(&check.out_of_memory))
		return error_out_of_memory(error, "a RAM block");
	if (atomic_load(&check.stopped))
		return error_set(error, STATUS_CANCELLED, "the check was stopped");
	return STATUS_OK;
}
