/* SPDX-License-Identifier: MIT */
/*
 * Time and memory of opening guests of 16 GiB, 64 GiB and 1 TiB, and whether
 * a larger guest is slower for its size.
 *
 *	bench_load [--quick] [--json FILE] [--samples FOLDER] INPUTS
 */
#include "bench/measure.h"
#include "bench/report.h"
#include "bench/stored_blocks.h"
#include "bench/workers.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	RANDOM_READS = 16384,	/* in blocks that differ; as many as the small guest has */
	SMALL_LOADS = 16	/* of the small guest, timed together */
};

#define MIB ((double)(1 << 20))

struct guest {
	char *path;
	uint64_t block_count;
};

/* Reads the file once, so that the page cache has it, and tells its size. */
static double warm_file(const char *path)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	char *buffer = bench_allocate(RAM_BLOCK_SIZE, 1);
	double size = 0;
	ssize_t count;

	if (descriptor < 0)
		bench_fail("%s cannot be opened", path);
	while ((count = read(descriptor, buffer, RAM_BLOCK_SIZE)) > 0)
		size += (double)count;
	close(descriptor);
	free(buffer);
	return size;
}

static struct guest open_guest(const struct bench_options *options, const char *input)
{
	struct guest guest = { .path = bench_input(options, input) };
	VMSAVEDSTATE_INFO info = { .StructSize = sizeof(info) };
	VM_SAVED_STATE_DUMP_HANDLE handle;

	warm_file(guest.path);
	handle = bench_open_handle(guest.path);
	if (VmSavedStateGetInfo(handle, &info) != S_OK)
		bench_fail("%s tells nothing of itself", guest.path);
	guest.block_count = info.RamBlockCount;
	ReleaseSavedStateFiles(handle);
	return guest;
}

static double time_load(const struct guest *guest, unsigned count)
{
	double seconds = 0;

	for (unsigned i = 0; i < count; i++) {
		double start = thread_seconds();
		VM_SAVED_STATE_DUMP_HANDLE handle = bench_open_handle(guest->path);

		seconds += thread_seconds() - start;
		ReleaseSavedStateFiles(handle);
	}
	return seconds / count;
}

/*
 * Bytes that a process grows by at most while it opens the guest.  It must not
 * have freed memory before, which would serve again unseen.
 */
static double memory_of_load(void *context)
{
	uint64_t before = resident_memory();
	VM_SAVED_STATE_DUMP_HANDLE handle;
	double grown;

	reset_peak_memory();
	handle = bench_open_handle(context);
	grown = (double)(peak_memory() - before);
	ReleaseSavedStateFiles(handle);
	return grown;
}

/* The first thing the program does, for the reason that memory_of_load gives. */
static void bench_memory(const struct bench_options *options)
{
	struct result result = { "memory of load, 1,048,576 blocks", "MiB", 0, AT_MOST, 64 };
	char *path = bench_input(options, "blocks-1t.vmrs");

	result.value = in_own_process(memory_of_load, path) / MIB;
	report_result(options, &result, "at its peak, in all; the key tables have %.0f MiB",
		      warm_file(path) / MIB);
	free(path);
}

/* Some blocks of a guest in random order. */
struct random_blocks {
	struct stored_blocks stored;
	uint32_t *order;
};

static void open_random_blocks(struct random_blocks *blocks, const struct bench_options *options,
			       const char *input)
{
	stored_blocks_open(&blocks->stored, bench_input(options, input));
	blocks->order = bench_allocate(blocks->stored.count, sizeof(*blocks->order));
	shuffled_order(blocks->order, blocks->stored.count, 1);
}

static void close_random_blocks(struct random_blocks *blocks)
{
	stored_blocks_close(&blocks->stored);
	free(blocks->order);
}

/* Seconds for a read of 4 KiB in a block that was never seen. */
static double time_random_reads(const struct random_blocks *blocks)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = stored_blocks_handle(&blocks->stored);
	uint8_t page[RAM_PAGE_SIZE];
	UINT32 count = 0;
	double start = thread_seconds();

	for (unsigned i = 0; i < RANDOM_READS; i++) {
		if (ReadGuestPhysicalAddress(handle, blocks->order[i] * (uint64_t)RAM_BLOCK_SIZE,
					     page, RAM_PAGE_SIZE, &count) != S_OK ||
		    count != RAM_PAGE_SIZE)
			bench_fail("%s cannot be read", blocks->stored.path);
	}
	start = thread_seconds() - start;
	ReleaseSavedStateFiles(handle);
	return start / RANDOM_READS;
}

/* The same places of the file, read by a program that knows them: what the machine takes. */
static double time_random_preads(const struct random_blocks *blocks)
{
	uint8_t stream[RAM_PAGE_SIZE];
	double start = thread_seconds();

	for (unsigned i = 0; i < RANDOM_READS; i++) {
		const struct stored_block *block = &blocks->stored.blocks[blocks->order[i]];

		if (pread(blocks->stored.descriptor, stream, block->size, (off_t)block->offset) !=
		    (ssize_t)block->size)
			bench_fail("%s cannot be read", blocks->stored.path);
	}
	return (thread_seconds() - start) / RANDOM_READS;
}

static void bench_load_64g(const struct bench_options *options)
{
	struct result result = { "load, 65,536 blocks as file objects", "ms", 0, AT_MOST, 60 };
	struct guest guest = open_guest(options, "blocks-64g.vmrs");
	struct measured times = { 0 };

	for (unsigned i = 0; i < bench_runs(options); i++)
		measured_add(&times, time_load(&guest, 1));
	result.value = measured_median(&times) * 1e3;
	report_result(options, &result, "%.0f ns a block",
		      measured_median(&times) * 1e9 / (double)guest.block_count);
	free(guest.path);
}

static void bench_load_1t(const struct bench_options *options)
{
	struct result result = { "load, 1,048,576 blocks", "s", 0, AT_MOST, 1 };
	struct result growth = { "load of a block, 1 TiB to 16 GiB", "times", 0, AT_MOST, 1.25 };
	struct guest small = open_guest(options, "blocks-16g.vmrs");
	struct guest large = open_guest(options, "blocks-1t.vmrs");
	struct measured small_loads = { 0 }, large_loads = { 0 };
	double small_block, large_block;

	for (unsigned i = 0; i < bench_runs(options); i++) {
		measured_add(&small_loads, time_load(&small, SMALL_LOADS));
		measured_add(&large_loads, time_load(&large, 1));
	}
	small_block = measured_median(&small_loads) / (double)small.block_count;
	large_block = measured_median(&large_loads) / (double)large.block_count;
	result.value = measured_median(&large_loads);
	report_result(options, &result, "%.0f ns a block", large_block * 1e9);
	growth.value = large_block / small_block;
	report_result(options, &growth, "%.0f ns to %.0f ns", large_block * 1e9,
		      small_block * 1e9);
	free(small.path);
	free(large.path);
}

static void bench_read_growth(const struct bench_options *options)
{
	struct result growth = { "4 KiB, new block, 1 TiB to 16 GiB", "times", 0, AT_MOST, 1.25 };
	struct measured small_reads = { 0 }, large_reads = { 0 };
	struct measured small_preads = { 0 }, large_preads = { 0 };
	struct random_blocks small, large;

	open_random_blocks(&small, options, "blocks-16g.vmrs");
	open_random_blocks(&large, options, "blocks-1t.vmrs");
	for (unsigned i = 0; i < bench_runs(options); i++) {
		measured_add(&small_reads, time_random_reads(&small));
		measured_add(&large_reads, time_random_reads(&large));
		measured_add(&small_preads, time_random_preads(&small));
		measured_add(&large_preads, time_random_preads(&large));
	}
	growth.value = measured_median(&large_reads) / measured_median(&small_reads);
	report_result(options, &growth, "%.2f us to %.2f us; pread alone %.2f us to %.2f us",
		      measured_median(&large_reads) * 1e6, measured_median(&small_reads) * 1e6,
		      measured_median(&large_preads) * 1e6, measured_median(&small_preads) * 1e6);
	close_random_blocks(&small);
	close_random_blocks(&large);
}

int main(int argc, char **argv)
{
	struct bench_options options;

	if (!bench_options_read(&options, argc, argv))
		return 2;
	bench_memory(&options);
	bench_load_64g(&options);
	bench_load_1t(&options);
	bench_read_growth(&options);
	return 0;
}
