/* SPDX-License-Identifier: MIT */
/*
 * Speed and memory of VmSavedStateWriteDump: how it gains from a second
 * thread, what reading costs beside writing, and how much memory it takes.
 *
 *	bench_dump [--quick] [--json FILE] [--samples FOLDER] INPUTS
 */
#include "bench/measure.h"
#include "bench/report.h"
#include "bench/stored_blocks.h"
#include "bench/workers.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB ((double)(1 << 20))
#define CUT_OFF_BYTES ((uint64_t)8 << 30)

/* ---- Dumps ------------------------------------------------------------------ */

static HRESULT CALLBACK discard(void *context, UINT64 offset, const void *bytes, UINT32 size)
{
	(void)context;
	(void)offset;
	(void)bytes;
	(void)size;
	return S_OK;
}

static void dump_or_fail(VM_SAVED_STATE_DUMP_HANDLE handle,
			 const VMSAVEDSTATE_DUMP_OPTIONS *options, HRESULT expected)
{
	HRESULT result = VmSavedStateWriteDump(handle, options, NULL);

	if (result != expected)
		bench_fail("a dump failed with 0x%08X", (unsigned)result);
}

static VMSAVEDSTATE_DUMP_OPTIONS discarded_dump(unsigned threads)
{
	VMSAVEDSTATE_DUMP_OPTIONS options = {
		.StructSize = sizeof(options),
		.Format = VMSAVEDSTATE_DUMP_RAW,
		.Threads = threads,
		.Write = discard,
	};

	return options;
}

/* With a handle that has seen nothing: most dumps are the first thing done with it. */
static double time_discarded_dump(const struct stored_blocks *stored, unsigned threads)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = stored_blocks_handle(stored);
	VMSAVEDSTATE_DUMP_OPTIONS options = discarded_dump(threads);
	double start = wall_seconds();

	dump_or_fail(handle, &options, S_OK);
	start = wall_seconds() - start;
	ReleaseSavedStateFiles(handle);
	return start;
}

/* ---- Two threads ------------------------------------------------------------- */

/* Decoders that share nothing: each has every count-th block, decoded from memory. */
struct decoders {
	const struct stored_blocks *stored;
	unsigned count;
	uint8_t *buffers[WORKERS_MAX];
};

static void touch_buffer(void *context, unsigned worker)
{
	struct decoders *decoders = context;

	decoders->buffers[worker] = bench_allocate(RAM_BLOCK_SIZE, 1);
	memset(decoders->buffers[worker], 1, RAM_BLOCK_SIZE);
}

static void decode_share(void *context, unsigned worker)
{
	const struct decoders *decoders = context;

	for (size_t i = worker; i < decoders->stored->count; i += decoders->count)
		stored_blocks_decode(decoders->stored, i, decoders->buffers[worker]);
}

static double time_decoders(const struct stored_blocks *stored, unsigned count)
{
	struct decoders decoders = { .stored = stored, .count = count };
	struct work work = { touch_buffer, decode_share, &decoders };

	return run_in_processes(&work, count);
}

static void bench_threads(const struct bench_options *options, const struct stored_blocks *stored)
{
	struct result result = { "dump, 2 threads to 2 decoders", "gain", 0, AT_LEAST, 0.9 };
	struct measured ratios = { 0 }, dumps = { 0 }, decoders = { 0 }, alone = { 0 };

	for (unsigned i = 0; i < bench_runs(options); i++) {
		double one_dump = time_discarded_dump(stored, 1);
		double dump_gain = one_dump / time_discarded_dump(stored, 2);
		double decoder_gain = time_decoders(stored, 1) / time_decoders(stored, 2);

		measured_add(&alone, one_dump);
		measured_add(&dumps, dump_gain);
		measured_add(&decoders, decoder_gain);
		measured_add(&ratios, dump_gain / decoder_gain);
	}
	result.value = measured_median(&ratios);
	report_result(options, &result, "dump gains %.2f, decoders %.2f; 1 thread %.2f GB/s",
		      measured_median(&dumps), measured_median(&decoders),
		      (double)stored->count * RAM_BLOCK_SIZE / 1e9 / measured_median(&alone));
}

/* ---- To a file ---------------------------------------------------------------- */

/* The pieces that a dump wrote, to be written again without reading. */
struct written_piece {
	uint64_t offset;
	uint32_t size;
};

struct written {
	struct written_piece *pieces;
	size_t count;
	size_t capacity;
	uint64_t size;		/* of the dump */
	uint8_t *bytes;		/* as many as the largest piece has */
	uint32_t largest;
};

static HRESULT CALLBACK note_piece(void *context, UINT64 offset, const void *bytes, UINT32 size)
{
	struct written *written = context;

	(void)bytes;
	if (written->count == written->capacity) {
		written->capacity = written->capacity * 2 + 1024;
		written->pieces = realloc(written->pieces,
					  written->capacity * sizeof(*written->pieces));
		if (written->pieces == NULL)
			return E_OUTOFMEMORY;
	}
	written->pieces[written->count].offset = offset;
	written->pieces[written->count++].size = size;
	written->largest = size > written->largest ? size : written->largest;
	return S_OK;
}

static void note_dump(struct written *written, VM_SAVED_STATE_DUMP_HANDLE handle)
{
	VMSAVEDSTATE_DUMP_OPTIONS options = discarded_dump(1);
	VMSAVEDSTATE_DUMP_RESULT result = { .StructSize = sizeof(result) };

	*written = (struct written){ 0 };
	options.Write = note_piece;
	options.Context = written;
	if (VmSavedStateWriteDump(handle, &options, &result) != S_OK)
		bench_fail("a dump failed");
	written->size = result.Size;
	written->bytes = bench_allocate(written->largest, 1);
	memset(written->bytes, 0xA5, written->largest);
}

/*
 * Removes a dump, and waits until its space is free: on some systems that takes
 * seconds, which are not the next dump's.
 */
static void remove_dump(const struct bench_options *options, const char *path)
{
	int folder = open(options->inputs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	unlink(path);
	if (folder < 0)
		return;
	fsync(folder);
	close(folder);
}

/* A dump is on the disk when it is done, and so is this. */
static double time_writing(const struct written *written, const char *path)
{
	double start = wall_seconds();
	int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (descriptor < 0)
		bench_fail("%s cannot be made", path);
	for (size_t i = 0; i < written->count; i++) {
		const struct written_piece *piece = &written->pieces[i];

		if (pwrite(descriptor, written->bytes, piece->size, (off_t)piece->offset) !=
		    (ssize_t)piece->size)
			bench_fail("%s cannot be written", path);
	}
	if (ftruncate(descriptor, (off_t)written->size) != 0 || fsync(descriptor) != 0)
		bench_fail("%s cannot be finished", path);
	close(descriptor);
	return wall_seconds() - start;
}

static double time_file_dump(const struct stored_blocks *stored, const char *path)
{
	VMSAVEDSTATE_DUMP_OPTIONS options = {
		.StructSize = sizeof(options),
		.Format = VMSAVEDSTATE_DUMP_RAW,
		.Flags = VMSAVEDSTATE_DUMP_REPLACE,
		.Path = path,
	};
	VM_SAVED_STATE_DUMP_HANDLE handle = stored_blocks_handle(stored);
	double start = wall_seconds();

	dump_or_fail(handle, &options, S_OK);
	start = wall_seconds() - start;
	ReleaseSavedStateFiles(handle);
	return start;
}

static void bench_file(const struct bench_options *options, const struct stored_blocks *stored)
{
	struct result result = { "dump to a file", "writing", 0, AT_MOST, 1.2 };
	VM_SAVED_STATE_DUMP_HANDLE handle = stored_blocks_handle(stored);
	struct measured ratios = { 0 }, dumps = { 0 }, writes = { 0 };
	char *path = bench_input(options, "dump.raw");
	struct written written;

	note_dump(&written, handle);
	ReleaseSavedStateFiles(handle);
	for (unsigned i = 0; i < bench_runs(options); i++) {
		double writing = time_writing(&written, path);
		double dump;

		remove_dump(options, path);
		dump = time_file_dump(stored, path);
		remove_dump(options, path);
		measured_add(&writes, writing);
		measured_add(&dumps, dump);
		measured_add(&ratios, dump / writing);
	}
	result.value = measured_median(&ratios);
	report_result(options, &result, "%.0f ms; writing alone %.0f ms, %zu pieces",
		      measured_median(&dumps) * 1e3, measured_median(&writes) * 1e3,
		      written.count);
	free(written.pieces);
	free(written.bytes);
	free(path);
}

/* ---- Memory -------------------------------------------------------------------- */

struct large_dump {
	char *path;
	bool cut_off;
};

static BOOL CALLBACK cut_off(void *context, UINT64 done, UINT64 total)
{
	const struct large_dump *dump = context;

	(void)total;
	return dump->cut_off && done >= CUT_OFF_BYTES;
}

/* What this process has grown to at most while it dumped, the open guest included. */
static double memory_of_dump(void *context)
{
	struct large_dump *dump = context;
	VMSAVEDSTATE_DUMP_OPTIONS options = discarded_dump(0);
	uint64_t before = resident_memory();
	VM_SAVED_STATE_DUMP_HANDLE handle = bench_open_handle(dump->path);
	double grown;

	options.Progress = cut_off;
	options.Context = dump;
	reset_peak_memory();
	dump_or_fail(handle, &options, dump->cut_off ? VMSAVEDSTATE_E_CANCELLED : S_OK);
	grown = (double)(peak_memory() - before);
	ReleaseSavedStateFiles(handle);
	return grown;
}

static void bench_memory(const struct bench_options *options, const char *input, bool cut_off_early,
			 const char *name, double block_count)
{
	struct result result = { name, "MiB", 0, AT_MOST, 64 + 16 * block_count / MIB };
	struct large_dump dump = { .path = bench_input(options, input), .cut_off = cut_off_early };

	result.value = in_own_process(memory_of_dump, &dump) / MIB;
	report_result(options, &result, "at its peak%s",
		      cut_off_early ? ", cut off after 8 GiB" : "");
	free(dump.path);
}

int main(int argc, char **argv)
{
	struct bench_options options;
	struct stored_blocks mix;

	if (!bench_options_read(&options, argc, argv))
		return 2;
	bench_memory(&options, "blocks-64g.vmrs", options.quick, "memory of dump, 65,536 blocks",
		     65536);
	bench_memory(&options, "blocks-1t.vmrs", true, "memory of dump, 1,048,576 blocks", 1048576);
	stored_blocks_open(&mix, bench_input(&options, "mix.vmrs"));
	bench_threads(&options, &mix);
	bench_file(&options, &mix);
	stored_blocks_close(&mix);
	return 0;
}
