/* SPDX-License-Identifier: MIT */
/*
 * Speed of src/codec as ratios to things everybody has: a plain byte loop,
 * LZ4 on the same pages (if liblz4 is there), memset.
 *
 * All rows of a comparison are run in turn, many times over, and the median
 * time of each counts, so that a busy machine slows all of them alike.  Each
 * row is printed as a line of JSON; a table follows.  The ratio of a row is
 * its speed as a multiple of the first row of the same comparison.
 *
 *	bench_codec [file.vmrs]
 */
#include "bench/codec_pages.h"
#include "bench/codec_reference.h"
#include "codec/ram_stream.h"
#include "codec/xpress.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	RUNS = 25,
	ROWS_MAX = 16,
	INDEX_REPEATS = 16,
	LZ4_ROOM = RAM_PAGE_SIZE + RAM_PAGE_SIZE / 255 + 16	/* the worst case */
};

typedef int lz4_compress(const char *plain, char *packed, int plain_size, int room);
typedef int lz4_decompress(const char *packed, char *plain, int packed_size, int room);

struct inputs {
	struct codec_pages pages;
	struct page_directory *directories;	/* of each stream */
	uint8_t *block;
	lz4_decompress *lz4_decompress;		/* NULL without LZ4 */
	uint8_t *lz4_bytes;			/* LZ4_ROOM for each page */
	int *lz4_sizes;
};

struct row {
	const char *comparison;
	const char *name;
	void (*run)(const struct inputs *inputs);
	double output_bytes;		/* of one run */
	double items;			/* pages or blocks of one run */
	double times[RUNS];
};

/* ---- What is measured ---- */

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
	for (unsigned i = 0; i < 64; i++)
		memset(inputs->block, (int)i, RAM_BLOCK_SIZE);
}

static void run_fill(const struct inputs *inputs, uint64_t pattern)
{
	uint8_t stream[20] = { 0xFD, 0xFF, 0xFF, 0xFF };
	struct page_directory directory;
	unsigned good;

	memcpy(stream + 4, &pattern, sizeof(pattern));
	stream[13] = 1;		/* 256 pages */
	memset(stream + 16, 0xFF, 4);
	ram_stream_index(stream, sizeof(stream), &directory);
	for (unsigned i = 0; i < 64; i++)
		ram_stream_decode_pages(stream, sizeof(stream), &directory, 0, RAM_BLOCK_PAGES,
					inputs->block, &good);
}

static void run_fill_zero(const struct inputs *inputs)
{
	run_fill(inputs, 0);
}

static void run_fill_pattern(const struct inputs *inputs)
{
	run_fill(inputs, 0x0123456789ABCDEF);
}

static void run_index(const struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->pages.stream_count; i++)
		ram_stream_index(inputs->pages.streams[i].bytes, inputs->pages.streams[i].size,
				 &inputs->directories[i]);
}

/* Each stream many times: it is in the cache, as after reading it from the file. */
static void run_index_cached(const struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->pages.stream_count; i++) {
		for (unsigned again = 0; again < INDEX_REPEATS; again++)
			ram_stream_index(inputs->pages.streams[i].bytes,
					 inputs->pages.streams[i].size, &inputs->directories[i]);
	}
}

static void run_blocks(const struct inputs *inputs)
{
	unsigned good;

	for (size_t i = 0; i < inputs->pages.stream_count; i++)
		ram_stream_decode_pages(inputs->pages.streams[i].bytes,
					inputs->pages.streams[i].size, &inputs->directories[i], 0,
					RAM_BLOCK_PAGES, inputs->block, &good);
}

/* ---- Measuring ---- */

static double thread_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static void measure(const struct inputs *inputs, struct row *rows, size_t count)
{
	for (size_t run = 0; run < RUNS; run++) {
		for (size_t i = 0; i < count; i++) {
			double start = thread_seconds();

			rows[i].run(inputs);
			rows[i].times[run] = thread_seconds() - start;
		}
	}
	for (size_t i = 0; i < count; i++)
		qsort(rows[i].times, RUNS, sizeof(rows[i].times[0]), compare_doubles);
}

static double median(const struct row *row)
{
	return row->times[RUNS / 2];
}

/* The speed of a row as a multiple of the first row of its comparison. */
static double ratio(const struct row *rows, const struct row *row)
{
	const struct row *first = rows;

	while (strcmp(first->comparison, row->comparison) != 0)
		first++;
	return row->output_bytes / median(row) / (first->output_bytes / median(first));
}

static void report(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("{\"bench\":\"codec\",\"comparison\":\"%s\",\"name\":\"%s\","
		       "\"mb_per_s\":%.0f,\"ns_per_item\":%.1f,\"ratio\":%.3f}\n",
		       rows[i].comparison, rows[i].name,
		       rows[i].output_bytes / median(&rows[i]) / 1e6,
		       median(&rows[i]) / rows[i].items * 1e9, ratio(rows, &rows[i]));
	printf("\n%-12s %-24s %10s %12s %8s\n", "", "", "MB/s", "ns an item", "ratio");
	for (size_t i = 0; i < count; i++)
		printf("%-12s %-24s %10.0f %12.1f %8.3f\n", rows[i].comparison, rows[i].name,
		       rows[i].output_bytes / median(&rows[i]) / 1e6,
		       median(&rows[i]) / rows[i].items * 1e9, ratio(rows, &rows[i]));
}

/* ---- Inputs ---- */

static bool compress_for_lz4(struct inputs *inputs, lz4_compress *compress)
{
	size_t count = inputs->pages.xpress_count;

	inputs->lz4_bytes = malloc(count * LZ4_ROOM);
	inputs->lz4_sizes = malloc(count * sizeof(*inputs->lz4_sizes));
	if (inputs->lz4_bytes == NULL || inputs->lz4_sizes == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!reference_xpress_decode(inputs->pages.xpress[i].payload,
					     inputs->pages.xpress[i].size, inputs->block,
					     RAM_PAGE_SIZE))
			return false;
		inputs->lz4_sizes[i] = compress((const char *)inputs->block,
						(char *)inputs->lz4_bytes + i * LZ4_ROOM,
						RAM_PAGE_SIZE, LZ4_ROOM);
	}
	return true;
}

/* LZ4 is taken at run time, since nothing else here needs it. */
static void find_lz4(struct inputs *inputs)
{
	void *library = dlopen("liblz4.so.1", RTLD_NOW);
	lz4_compress *compress = NULL;

	if (library != NULL) {
		*(void **)&compress = dlsym(library, "LZ4_compress_default");
		*(void **)&inputs->lz4_decompress = dlsym(library, "LZ4_decompress_safe");
	}
	if (compress == NULL || inputs->lz4_decompress == NULL ||
	    !compress_for_lz4(inputs, compress)) {
		fprintf(stderr, "LZ4 is not measured\n");
		inputs->lz4_decompress = NULL;
	}
}

static bool load_inputs(const char *path, struct inputs *inputs)
{
	if (!codec_pages_load(path, &inputs->pages))
		return false;
	inputs->block = malloc(RAM_BLOCK_SIZE);
	inputs->directories = calloc(inputs->pages.stream_count + 1, sizeof(*inputs->directories));
	if (inputs->block == NULL || inputs->directories == NULL)
		return false;
	memset(inputs->block, 0, RAM_BLOCK_SIZE);
	find_lz4(inputs);
	return true;
}

static void free_inputs(struct inputs *inputs)
{
	codec_pages_free(&inputs->pages);
	free(inputs->directories);
	free(inputs->block);
	free(inputs->lz4_bytes);
	free(inputs->lz4_sizes);
}

static const char *default_path(char *path, size_t size)
{
	const char *folder = getenv("VMSS_SAMPLES");

	snprintf(path, size, "%s/guests/a1-x64-1cpu.vmrs",
		 folder != NULL ? folder : "../shared/samples");
	return path;
}

static size_t list_rows(const struct inputs *inputs, struct row *rows)
{
	double pages = (double)inputs->pages.xpress_count;
	double blocks = (double)inputs->pages.stream_count;
	const struct row all[] = {
		{ "xpress", "xpress_decode", run_xpress, pages * RAM_PAGE_SIZE, pages, { 0 } },
		{ "xpress", "byte loop", run_byte_loop, pages * RAM_PAGE_SIZE, pages, { 0 } },
		{ "fill", "memset", run_memset, 64.0 * RAM_BLOCK_SIZE, 64, { 0 } },
		{ "fill", "zero", run_fill_zero, 64.0 * RAM_BLOCK_SIZE, 64, { 0 } },
		{ "fill", "pattern", run_fill_pattern, 64.0 * RAM_BLOCK_SIZE, 64, { 0 } },
		{ "block", "index", run_index, blocks * RAM_BLOCK_SIZE, blocks, { 0 } },
		{ "block", "index, cached stream", run_index_cached,
		  INDEX_REPEATS * blocks * RAM_BLOCK_SIZE, INDEX_REPEATS * blocks, { 0 } },
		{ "block", "decode", run_blocks, blocks * RAM_BLOCK_SIZE, blocks,
		  { 0 } },
		{ "xpress", "LZ4_decompress_safe", run_lz4, pages * RAM_PAGE_SIZE, pages, { 0 } },
	};
	size_t count = sizeof(all) / sizeof(all[0]) - (inputs->lz4_decompress == NULL ? 1 : 0);

	memcpy(rows, all, count * sizeof(*rows));
	return count;
}

int main(int argc, char **argv)
{
	static struct row rows[ROWS_MAX];
	struct inputs inputs = { 0 };
	char path[1024];
	size_t count;

	if (!load_inputs(argc > 1 ? argv[1] : default_path(path, sizeof(path)), &inputs)) {
		free_inputs(&inputs);
		return 77;
	}
	count = list_rows(&inputs, rows);
	measure(&inputs, rows, count);
	report(rows, count);
	free_inputs(&inputs);
	return 0;
}
