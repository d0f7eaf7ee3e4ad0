/* SPDX-License-Identifier: MIT */
/*
 * A saved state as a yardstick sees it: the whole file in memory, and where
 * in it each RAM block is stored.
 *
 * May include: src/codec, the public headers.
 */
#ifndef TESTS_BENCH_STORED_BLOCKS_H
#define TESTS_BENCH_STORED_BLOCKS_H

#include "codec/ram_stream.h"

#include <vmsavedstatedump_ext.h>

struct stored_block {
	uint64_t offset;	/* in the file */
	uint32_t size;
	unsigned xpress_pages;
};

struct stored_blocks {
	char *path;
	int descriptor;		/* of the file, for reading */
	uint8_t *file;
	size_t file_size;
	struct stored_block *blocks;	/* by number, from 0 */
	size_t count;
};

/* Takes path, to be freed by stored_blocks_close; ends the program if it cannot be read. */
void stored_blocks_open(struct stored_blocks *out, char *path);
void stored_blocks_close(struct stored_blocks *blocks);

/* Decodes block number into out[0, 1 MiB) from memory, as if it were met for the first time. */
void stored_blocks_decode(const struct stored_blocks *blocks, size_t number, uint8_t *out);

/* A new handle of the same file. */
VM_SAVED_STATE_DUMP_HANDLE stored_blocks_handle(const struct stored_blocks *blocks);

/* Opens a saved state; ends the program if that fails. */
VM_SAVED_STATE_DUMP_HANDLE bench_open_handle(const char *path);

#endif
