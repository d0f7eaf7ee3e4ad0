/* SPDX-License-Identifier: MIT */
/*
 * Speed of reads and translations through the public functions, each beside
 * what the same bytes cost without them: decoding from memory, one positioned
 * read, two processes that share nothing.
 *
 *	bench_reads [--quick] [--json FILE] [--samples FOLDER] INPUTS
 */
#include "bench/codec_writer.h"
#include "bench/measure.h"
#include "bench/report.h"
#include "bench/stored_blocks.h"
#include "bench/workers.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MANY_XPRESS_PAGES = 64,
	WARM_PAGES = 512,		/* fewer than are kept without being asked */
	SMALL_READ_PLACES = 2048,
	SMALL_READS = 100 * SMALL_READ_PLACES,
	TRANSLATED_ADDRESSES = 2048,
	TRANSLATIONS = 50 * TRANSLATED_ADDRESSES,
	CACHED_DIRECTORY_READS = 1000,	/* in one run; no page is read twice */
	PAGE_TABLE_BYTES = 2 << 20	/* of mix: what lies below is not like the rest */
};

static void read_or_fail(VM_SAVED_STATE_DUMP_HANDLE handle, uint64_t address, void *buffer,
			 uint32_t size)
{
	UINT32 count = 0;

	if (ReadGuestPhysicalAddress(handle, address, buffer, size, &count) != S_OK ||
	    count != size)
		bench_fail("%u bytes at 0x%llx cannot be read", (unsigned)size,
			   (unsigned long long)address);
}

static void pread_or_fail(const struct stored_blocks *blocks, uint64_t offset, void *buffer,
			  size_t size)
{
	if (pread(blocks->descriptor, buffer, size, (off_t)offset) != (ssize_t)size)
		bench_fail("%s cannot be read", blocks->path);
}

/* ---- One page of a block that was never seen ------------------------------ */

/* Some blocks of a saved state in random order, and a random page of each. */
struct unseen {
	struct stored_blocks stored;
	uint32_t *numbers;
	uint64_t *addresses;
	size_t count;
	uint8_t *buffer;	/* of a block */
};

static void choose_unseen(struct unseen *unseen, bool many_xpress_pages)
{
	struct random_numbers random = { .state = 1 };
	uint32_t *order = bench_allocate(unseen->stored.count, sizeof(*order));

	unseen->count = 0;
	shuffled_order(order, unseen->stored.count, 1);
	for (size_t i = 0; i < unseen->stored.count; i++) {
		const struct stored_block *block = &unseen->stored.blocks[order[i]];

		if ((block->xpress_pages >= MANY_XPRESS_PAGES) != many_xpress_pages)
			continue;
		unseen->numbers[unseen->count] = order[i];
		unseen->addresses[unseen->count++] =
			order[i] * (uint64_t)RAM_BLOCK_SIZE +
			random_below(&random, RAM_BLOCK_PAGES) * (uint64_t)RAM_PAGE_SIZE;
	}
	free(order);
	if (unseen->count == 0)
		bench_fail("%s has no blocks of the kind that is wanted", unseen->stored.path);
}

static void open_unseen(struct unseen *unseen, char *path, bool many_xpress_pages)
{
	stored_blocks_open(&unseen->stored, path);
	unseen->numbers = bench_allocate(unseen->stored.count, sizeof(*unseen->numbers));
	unseen->addresses = bench_allocate(unseen->stored.count, sizeof(*unseen->addresses));
	unseen->buffer = bench_allocate(RAM_BLOCK_SIZE, 1);
	choose_unseen(unseen, many_xpress_pages);
}

static void close_unseen(struct unseen *unseen)
{
	stored_blocks_close(&unseen->stored);
	free(unseen->numbers);
	free(unseen->addresses);
	free(unseen->buffer);
}

/* Seconds for one read, with a handle that has seen nothing yet. */
static double time_unseen_reads(const struct unseen *unseen)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = stored_blocks_handle(&unseen->stored);
	double start = thread_seconds();

	for (size_t i = 0; i < unseen->count; i++)
		read_or_fail(handle, unseen->addresses[i], unseen->buffer, RAM_PAGE_SIZE);
	start = thread_seconds() - start;
	ReleaseSavedStateFiles(handle);
	return start / (double)unseen->count;
}

static double time_whole_blocks(const struct unseen *unseen)
{
	double start = thread_seconds();

	for (size_t i = 0; i < unseen->count; i++)
		stored_blocks_decode(&unseen->stored, unseen->numbers[i], unseen->buffer);
	return (thread_seconds() - start) / (double)unseen->count;
}

static double time_stored_reads(const struct unseen *unseen)
{
	double start = thread_seconds();

	for (size_t i = 0; i < unseen->count; i++) {
		const struct stored_block *block = &unseen->stored.blocks[unseen->numbers[i]];

		pread_or_fail(&unseen->stored, block->offset, unseen->buffer, block->size);
	}
	return (thread_seconds() - start) / (double)unseen->count;
}

static void bench_unseen_compressed(const struct bench_options *options)
{
	struct result result = { "4 KiB, new block, 64 or more XPRESS pages", "block", 0,
				 AT_MOST, 0.125 };
	struct measured reads = { 0 }, blocks = { 0 };
	struct unseen unseen;

	open_unseen(&unseen, bench_input(options, "mix.vmrs"), true);
	for (unsigned i = 0; i < bench_runs(options); i++) {
		measured_add(&reads, time_unseen_reads(&unseen));
		measured_add(&blocks, time_whole_blocks(&unseen));
	}
	result.value = measured_median(&reads) / measured_median(&blocks);
	report_result(options, &result, "%.1f us; decoding the block takes %.1f us",
		      measured_median(&reads) * 1e6, measured_median(&blocks) * 1e6);
	close_unseen(&unseen);
}

static void bench_unseen_other(const struct bench_options *options, const char *input,
			       const char *name)
{
	struct result result = { name, "us more", 0, AT_MOST, 5 };
	struct measured reads = { 0 }, stored = { 0 };
	struct unseen unseen;

	open_unseen(&unseen, bench_input(options, input), false);
	for (unsigned i = 0; i < bench_runs(options); i++) {
		measured_add(&reads, time_unseen_reads(&unseen));
		measured_add(&stored, time_stored_reads(&unseen));
	}
	result.value = (measured_median(&reads) - measured_median(&stored)) * 1e6;
	report_result(options, &result, "%.1f us; one pread of the stored block takes %.1f us",
		      measured_median(&reads) * 1e6, measured_median(&stored) * 1e6);
	close_unseen(&unseen);
}

/* ---- One page of a block whose directory is known -------------------------- */

struct known_page {
	uint64_t address;
	uint64_t offset;	/* of its payload in the file */
	uint32_t size;
};

/* The XPRESS pages of all blocks, in random order. */
struct known_pages {
	struct stored_blocks stored;
	struct known_page *pages;
	size_t count;
};

static void add_xpress_pages(struct known_pages *known, size_t number)
{
	const struct stored_block *block = &known->stored.blocks[number];
	struct page_directory directory;

	ram_stream_index(known->stored.file + block->offset, block->size, &directory);
	for (unsigned page = 0; page < RAM_BLOCK_PAGES; page++) {
		struct page_extent extent = ram_stream_page_extent(&directory, page);
		struct known_page *known_page = &known->pages[known->count];

		if (extent.kind != PAGE_XPRESS)
			continue;
		known_page->address = number * (uint64_t)RAM_BLOCK_SIZE + page * RAM_PAGE_SIZE;
		known_page->offset = block->offset + extent.offset;
		known_page->size = extent.size;
		known->count++;
	}
}

static void open_known_pages(struct known_pages *known, char *path)
{
	struct known_page *sorted;
	uint32_t *order;

	stored_blocks_open(&known->stored, path);
	known->pages = bench_allocate(known->stored.count * RAM_BLOCK_PAGES,
				      sizeof(*known->pages));
	known->count = 0;
	for (size_t i = 0; i < known->stored.count; i++)
		add_xpress_pages(known, i);
	sorted = bench_allocate(known->count, sizeof(*sorted));
	order = bench_allocate(known->count, sizeof(*order));
	shuffled_order(order, known->count, 2);
	memcpy(sorted, known->pages, known->count * sizeof(*sorted));
	for (size_t i = 0; i < known->count; i++)
		known->pages[i] = sorted[order[i]];
	free(sorted);
	free(order);
}

static double time_known_reads(VM_SAVED_STATE_DUMP_HANDLE handle, const struct known_page *pages,
			       size_t count)
{
	uint8_t buffer[RAM_PAGE_SIZE];
	double start = thread_seconds();

	for (size_t i = 0; i < count; i++)
		read_or_fail(handle, pages[i].address, buffer, RAM_PAGE_SIZE);
	return (thread_seconds() - start) / (double)count;
}

static double time_known_decodes(const struct known_pages *known, const struct known_page *pages,
				 size_t count)
{
	uint8_t buffer[RAM_PAGE_SIZE];
	double start = thread_seconds();

	for (size_t i = 0; i < count; i++) {
		if (page_payload_decode(PAGE_XPRESS, known->stored.file + pages[i].offset,
					pages[i].size, buffer) != STATUS_OK)
			bench_fail("%s: a page is damaged", known->stored.path);
	}
	return (thread_seconds() - start) / (double)count;
}

/* A question about its storage makes the directory of each block known. */
static void make_directories_known(VM_SAVED_STATE_DUMP_HANDLE handle, size_t block_count)
{
	for (size_t i = 0; i < block_count; i++) {
		VMSAVEDSTATE_PAGE_STORAGE storage;

		if (VmSavedStateGetPageStorage(handle, i * (uint64_t)RAM_BLOCK_SIZE, &storage,
					       NULL) != S_OK)
			bench_fail("block %zu has no page directory", i);
	}
}

static void bench_known_directory(const struct bench_options *options)
{
	struct result result = { "4 KiB XPRESS page, directory cached", "us more", 0, AT_MOST,
				 1.5 };
	struct measured reads = { 0 }, decodes = { 0 };
	struct known_pages known;
	VM_SAVED_STATE_DUMP_HANDLE handle;
	size_t next = 0;

	open_known_pages(&known, bench_input(options, "mix.vmrs"));
	handle = stored_blocks_handle(&known.stored);
	make_directories_known(handle, known.stored.count);
	for (unsigned i = 0; i < bench_runs(options); i++) {
		const struct known_page *pages = &known.pages[next];

		next += CACHED_DIRECTORY_READS;
		if (next > known.count)
			break;
		measured_add(&decodes, time_known_decodes(&known, pages, CACHED_DIRECTORY_READS));
		measured_add(&reads, time_known_reads(handle, pages, CACHED_DIRECTORY_READS));
	}
	result.value = (measured_median(&reads) - measured_median(&decodes)) * 1e6;
	report_result(options, &result, "%.2f us; decoding the page takes %.2f us",
		      measured_median(&reads) * 1e6, measured_median(&decodes) * 1e6);
	ReleaseSavedStateFiles(handle);
	stored_blocks_close(&known.stored);
	free(known.pages);
}

/* ---- Eight bytes of a page that is kept ------------------------------------ */

/* Places are chosen beforehand: only reads are to be timed. */
struct small_reads {
	VM_SAVED_STATE_DUMP_HANDLE handle;
	uint64_t places[SMALL_READ_PLACES];
};

static void choose_places(struct small_reads *reads)
{
	struct random_numbers random = { .state = 1 };

	for (unsigned i = 0; i < SMALL_READ_PLACES; i++)
		reads->places[i] = PAGE_TABLE_BYTES +
				   random_below(&random, WARM_PAGES) * (uint64_t)RAM_PAGE_SIZE +
				   random_below(&random, RAM_PAGE_SIZE / 8) * 8;
}

/* Each worker begins elsewhere, so that two do not go in step. */
static void read_eight_bytes(void *context, unsigned worker)
{
	const struct small_reads *reads = context;
	size_t start = worker * (SMALL_READ_PLACES / WORKERS_MAX);
	uint64_t value;

	for (size_t i = start; i < start + SMALL_READS; i++)
		read_or_fail(reads->handle, reads->places[i % SMALL_READ_PLACES], &value,
			     sizeof(value));
}

static void warm_pages(void *context, unsigned worker)
{
	const struct small_reads *reads = context;

	(void)worker;
	for (uint64_t page = 0; page < WARM_PAGES; page++) {
		uint64_t value;

		read_or_fail(reads->handle, PAGE_TABLE_BYTES + page * RAM_PAGE_SIZE, &value,
			     sizeof(value));
	}
}

static void bench_eight_bytes(const struct bench_options *options, struct small_reads *reads)
{
	struct result result = { "8 bytes of a cached page", "ns", 0, AT_MOST, 200 };
	struct measured times = { 0 };

	warm_pages(reads, 0);
	for (unsigned i = 0; i < bench_runs(options); i++) {
		double start = thread_seconds();

		read_eight_bytes(reads, 0);
		measured_add(&times, (thread_seconds() - start) / SMALL_READS);
	}
	result.value = measured_median(&times) * 1e9;
	report_result(options, &result, "%.1f million a second",
		      1e-6 / measured_median(&times));
}

/*
 * The processes are copies of this one, each with the handle's tables and
 * caches for itself.
 */
static void bench_eight_bytes_scaling(const struct bench_options *options,
				      struct small_reads *reads)
{
	struct result result = { "8 bytes, 2 threads to 2 processes", "gain", 0, AT_LEAST, 0.9 };
	struct work work = { warm_pages, read_eight_bytes, reads };
	struct measured ratios = { 0 }, threads = { 0 }, processes = { 0 };

	for (unsigned i = 0; i < bench_runs(options); i++) {
		double alone = run_in_threads(&work, 1);
		double two_threads = run_in_threads(&work, 2);
		double two_processes = run_in_processes(&work, 2);

		measured_add(&threads, 2 * alone / two_threads);
		measured_add(&processes, 2 * alone / two_processes);
		measured_add(&ratios, two_processes / two_threads);
	}
	result.value = measured_median(&ratios);
	report_result(options, &result, "threads gain %.2f, processes %.2f",
		      measured_median(&threads), measured_median(&processes));
}

/* ---- Translation ------------------------------------------------------------ */

static void choose_addresses(uint64_t addresses[TRANSLATED_ADDRESSES], uint64_t mapped_pages)
{
	struct random_numbers random = { .state = 3 };

	for (unsigned i = 0; i < TRANSLATED_ADDRESSES; i++)
		addresses[i] = random_below(&random, (uint32_t)mapped_pages) *
			       (uint64_t)RAM_PAGE_SIZE;
}

/* The guest maps each address to itself. */
static double time_translations(VM_SAVED_STATE_DUMP_HANDLE handle,
				const uint64_t addresses[TRANSLATED_ADDRESSES])
{
	double start = thread_seconds();

	for (unsigned i = 0; i < TRANSLATIONS; i++) {
		uint64_t address = addresses[i % TRANSLATED_ADDRESSES];
		GUEST_PHYSICAL_ADDRESS physical = 0;

		if (GuestVirtualAddressToPhysicalAddress(handle, 0, address, &physical, NULL) !=
			    S_OK || physical != address)
			bench_fail("0x%llx is not translated", (unsigned long long)address);
	}
	return (thread_seconds() - start) / TRANSLATIONS;
}

static void bench_translation(const struct bench_options *options,
			      VM_SAVED_STATE_DUMP_HANDLE handle, uint64_t mapped_pages)
{
	struct result result = { "translation, 4 levels, warm", "M/s", 0, AT_LEAST, 2 };
	uint64_t addresses[TRANSLATED_ADDRESSES];
	struct measured times = { 0 };

	choose_addresses(addresses, mapped_pages);
	time_translations(handle, addresses);
	for (unsigned i = 0; i < bench_runs(options); i++)
		measured_add(&times, time_translations(handle, addresses));
	result.value = 1e-6 / measured_median(&times);
	report_result(options, &result, "%.0f ns each", measured_median(&times) * 1e9);
}

/* ---- All memory in order ------------------------------------------------------ */

/* A handle that has seen nothing: all memory is mostly read once. */
static double time_all_reads(const struct stored_blocks *stored, uint8_t *buffer)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = stored_blocks_handle(stored);
	double start = thread_seconds();

	for (size_t i = 0; i < stored->count; i++)
		read_or_fail(handle, i * (uint64_t)RAM_BLOCK_SIZE, buffer, RAM_BLOCK_SIZE);
	start = thread_seconds() - start;
	ReleaseSavedStateFiles(handle);
	return start;
}

static double time_all_decodes(const struct stored_blocks *stored, uint8_t *buffer)
{
	double start = thread_seconds();

	for (size_t i = 0; i < stored->count; i++)
		stored_blocks_decode(stored, i, buffer);
	return thread_seconds() - start;
}

static double time_all_preads(const struct stored_blocks *stored, uint8_t *buffer)
{
	double start = thread_seconds();

	for (size_t i = 0; i < stored->count; i++)
		pread_or_fail(stored, stored->blocks[i].offset, buffer, RAM_BLOCK_SIZE);
	return thread_seconds() - start;
}

static void bench_sequence(const struct bench_options *options, const char *input,
			   struct result result, const char *yardstick_name,
			   double (*yardstick)(const struct stored_blocks *, uint8_t *))
{
	uint8_t *buffer = bench_allocate(RAM_BLOCK_SIZE, 1);
	struct measured reads = { 0 }, yardsticks = { 0 };
	struct stored_blocks stored;
	double gigabytes;

	stored_blocks_open(&stored, bench_input(options, input));
	gigabytes = (double)stored.count * RAM_BLOCK_SIZE / 1e9;
	for (unsigned i = 0; i < bench_runs(options); i++) {
		measured_add(&reads, time_all_reads(&stored, buffer));
		measured_add(&yardsticks, yardstick(&stored, buffer));
	}
	result.value = measured_median(&yardsticks) / measured_median(&reads);
	report_result(options, &result, "%.2f GB/s; %s %.2f GB/s",
		      gigabytes / measured_median(&reads), yardstick_name,
		      gigabytes / measured_median(&yardsticks));
	stored_blocks_close(&stored);
	free(buffer);
}

int main(int argc, char **argv)
{
	struct result compressed = { "all memory in order, compressed", "decoding", 0, AT_LEAST,
				     0.85 };
	struct result raw = { "all memory in order, raw", "pread", 0, AT_LEAST, 0.8 };
	static struct small_reads small_reads;
	struct bench_options options;
	struct stored_blocks mix;
	VM_SAVED_STATE_DUMP_HANDLE handle;

	if (!bench_options_read(&options, argc, argv))
		return 2;
	stored_blocks_open(&mix, bench_input(&options, "mix.vmrs"));
	handle = stored_blocks_handle(&mix);
	small_reads.handle = handle;
	choose_places(&small_reads);
	bench_unseen_compressed(&options);
	bench_unseen_other(&options, "sparse.vmrs", "4 KiB, new block, 32 XPRESS pages");
	bench_unseen_other(&options, "fill.vmrs", "4 KiB, new block, fill pages");
	bench_known_directory(&options);
	bench_eight_bytes(&options, &small_reads);
	bench_eight_bytes_scaling(&options, &small_reads);
	bench_translation(&options, handle, mix.count * RAM_BLOCK_PAGES);
	bench_sequence(&options, "mix.vmrs", compressed, "decoding alone", time_all_decodes);
	bench_sequence(&options, "raw.vmrs", raw, "pread alone", time_all_preads);
	ReleaseSavedStateFiles(handle);
	stored_blocks_close(&mix);
	return 0;
}
