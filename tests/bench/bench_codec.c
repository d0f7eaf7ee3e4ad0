/* SPDX-License-Identifier: MIT */
/*
 * Speed of src/codec beside things everybody has: a plain byte loop over the
 * same pages, LZ4 on the same pages, memset.
 *
 *	bench_codec [--quick] [--json FILE] [--samples FOLDER] INPUTS
 *
 * The pages are those of the sample guest, or where there are no samples, of
 * mix.vmrs.
 */
#include "bench/codec_pages.h"
#include "bench/codec_reference.h"
#include "bench/measure.h"
#include "bench/report.h"
#include "codec/ram_stream.h"
#include "codec/xpress.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FILL_REPEATS = 64,
	FILL_STREAM_ROOM = RAM_BLOCK_PAGES * 12 + 4,
	LZ4_ROOM = RAM_PAGE_SIZE + RAM_PAGE_SIZE / 255 + 16	/* the worst case */
};

#define FILL_PATTERN 0x0123456789ABCDEFu

typedef int lz4_compress(const char *plain, char *packed, int plain_size, int room);
typedef int lz4_decompress(const char *packed, char *plain, int packed_size, int room);

struct fill_stream {
	uint8_t bytes[FILL_STREAM_ROOM];
	size_t size;
};

struct inputs {
	struct codec_pages pages;
	struct fill_stream single_fills;	/* a record for each page */
	struct fill_stream fill_run;		/* one for all */
	uint8_t *block;				/* output of everything, 1 MiB */
	lz4_decompress *lz4_decompress;		/* NULL without LZ4 */
	uint8_t *lz4_bytes;			/* LZ4_ROOM for each page */
	int *lz4_sizes;
};

/* ---- What is measured ------------------------------------------------------- */

static void run_xpress(const struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->pages.xpress_count; i++)
		xpress_decode(inputs->pages.xpress[i].payload, inputs->pages.xpress[i].size,
			      inputs->block, RAM_PAGE_SIZE);
}

static void run_byte_loop(const struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->pages.xpress_count; i++)
		reference_xpress_decode(inputs->pages.xpress[i].payload,
					inputs->pages.xpress[i].size, inputs->block,
					RAM_PAGE_SIZE);
}

static void run_lz4(const struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->pages.xpress_count; i++)
		inputs->lz4_decompress((const char *)inputs->lz4_bytes + i * LZ4_ROOM,
				       (char *)inputs->block, inputs->lz4_sizes[i],
				       RAM_PAGE_SIZE);
}

static void run_memset(const struct inputs *inputs)
{
	for (unsigned i = 0; i < FILL_REPEATS; i++)
		memset(inputs->block, (int)i, RAM_BLOCK_SIZE);
}

/* Each block as if it were met for the first time. */
static void run_fill(const struct inputs *inputs, const struct fill_stream *stream)
{
	struct page_directory directory;
	unsigned good;

	for (unsigned i = 0; i < FILL_REPEATS; i++) {
		ram_stream_index(stream->bytes, stream->size, &directory);
		ram_stream_decode_pages(stream->bytes, stream->size, &directory, 0,
					RAM_BLOCK_PAGES, inputs->block, &good);
	}
}

static void run_single_fills(const struct inputs *inputs)
{
	run_fill(inputs, &inputs->single_fills);
}

static void run_fill_run(const struct inputs *inputs)
{
	run_fill(inputs, &inputs->fill_run);
}

/* ---- Comparing --------------------------------------------------------------- */

typedef void (*runner)(const struct inputs *inputs);

static double time_once(const struct inputs *inputs, runner run)
{
	double start = thread_seconds();

	run(inputs);
	return thread_seconds() - start;
}

/* The speed of ours as a multiple of the yardstick's. */
static void compare(const struct bench_options *options, const struct inputs *inputs,
		    struct result result, runner ours, runner yardstick, double bytes)
{
	struct measured our_times = { 0 }, yardstick_times = { 0 };

	for (unsigned i = 0; i < bench_runs(options); i++) {
		measured_add(&our_times, time_once(inputs, ours));
		measured_add(&yardstick_times, time_once(inputs, yardstick));
	}
	result.value = measured_median(&yardstick_times) / measured_median(&our_times);
	report_result(options, &result, "%.0f MB/s to %.0f MB/s",
		      bytes / measured_median(&our_times) / 1e6,
		      bytes / measured_median(&yardstick_times) / 1e6);
}

/* ---- Inputs ------------------------------------------------------------------- */

static void put_number(struct fill_stream *stream, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		stream->bytes[stream->size++] = (uint8_t)(value >> (8 * i));
}

static void make_fill_streams(struct inputs *inputs)
{
	for (unsigned page = 0; page < RAM_BLOCK_PAGES; page++) {
		put_number(&inputs->single_fills, 0xFFFFFFFE, 4);
		put_number(&inputs->single_fills, FILL_PATTERN + page, 8);
	}
	put_number(&inputs->single_fills, 0xFFFFFFFF, 4);
	put_number(&inputs->fill_run, 0xFFFFFFFD, 4);
	put_number(&inputs->fill_run, FILL_PATTERN, 8);
	put_number(&inputs->fill_run, RAM_BLOCK_PAGES, 4);
	put_number(&inputs->fill_run, 0xFFFFFFFF, 4);
}

static void compress_for_lz4(struct inputs *inputs, lz4_compress *compress)
{
	size_t count = inputs->pages.xpress_count;

	inputs->lz4_bytes = bench_allocate(count, LZ4_ROOM);
	inputs->lz4_sizes = bench_allocate(count, sizeof(*inputs->lz4_sizes));
	for (size_t i = 0; i < count; i++) {
		if (!reference_xpress_decode(inputs->pages.xpress[i].payload,
					     inputs->pages.xpress[i].size, inputs->block,
					     RAM_PAGE_SIZE))
			bench_fail("page %zu of the input is damaged", i);
		inputs->lz4_sizes[i] = compress((const char *)inputs->block,
						(char *)inputs->lz4_bytes + i * LZ4_ROOM,
						RAM_PAGE_SIZE, LZ4_ROOM);
	}
}

/* LZ4 is taken at run time, since nothing else here needs it. */
static void find_lz4(struct inputs *inputs)
{
	void *library = dlopen("liblz4.so.1", RTLD_NOW);
	lz4_compress *compress = NULL;

	if (library == NULL)
		return;
	*(void **)&compress = dlsym(library, "LZ4_compress_default");
	*(void **)&inputs->lz4_decompress = dlsym(library, "LZ4_decompress_safe");
	if (compress != NULL && inputs->lz4_decompress != NULL)
		compress_for_lz4(inputs, compress);
	else
		inputs->lz4_decompress = NULL;
}

/* The path of the pages, to be freed. */
static char *choose_pages(const struct bench_options *options)
{
	static const char name[] = "/guests/a1-x64-1cpu.vmrs";
	size_t size = strlen(options->samples) + sizeof(name);
	char *path = bench_allocate(size, 1);

	snprintf(path, size, "%s%s", options->samples, name);
	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return bench_input(options, "mix.vmrs");
}

static void open_inputs(const struct bench_options *options, struct inputs *inputs)
{
	char *path = choose_pages(options);

	if (!codec_pages_load(path, &inputs->pages) || inputs->pages.xpress_count == 0)
		bench_fail("%s has no pages to decode", path);
	free(path);
	inputs->block = bench_allocate(RAM_BLOCK_SIZE, 1);
	memset(inputs->block, 1, RAM_BLOCK_SIZE);
	make_fill_streams(inputs);
	find_lz4(inputs);
}

static void close_inputs(struct inputs *inputs)
{
	codec_pages_free(&inputs->pages);
	free(inputs->block);
	free(inputs->lz4_bytes);
	free(inputs->lz4_sizes);
}

static void bench_xpress(const struct bench_options *options, const struct inputs *inputs)
{
	struct result to_byte_loop = { "XPRESS pages to a byte loop", "times", 0, AT_LEAST, 3 };
	struct result to_lz4 = { "XPRESS pages to LZ4", "times", 0, AT_LEAST, 0.55 };
	double bytes = (double)inputs->pages.xpress_count * RAM_PAGE_SIZE;

	compare(options, inputs, to_byte_loop, run_xpress, run_byte_loop, bytes);
	if (inputs->lz4_decompress != NULL)
		compare(options, inputs, to_lz4, run_xpress, run_lz4, bytes);
	else
		report_missing(to_lz4.name, "there is no liblz4.so.1");
}

static void bench_fill(const struct bench_options *options, const struct inputs *inputs)
{
	struct result single = { "block of single fills (FE) to memset", "times", 0, AT_LEAST,
				 0.8 };
	struct result run = { "block of one run (FD) to memset", "times", 0, AT_LEAST, 0.8 };
	double bytes = (double)FILL_REPEATS * RAM_BLOCK_SIZE;

	compare(options, inputs, single, run_single_fills, run_memset, bytes);
	compare(options, inputs, run, run_fill_run, run_memset, bytes);
}

int main(int argc, char **argv)
{
	static struct inputs inputs;
	struct bench_options options;

	if (!bench_options_read(&options, argc, argv))
		return 2;
	open_inputs(&options, &inputs);
	bench_xpress(&options, &inputs);
	bench_fill(&options, &inputs);
	close_inputs(&inputs);
	return 0;
}
