/* SPDX-License-Identifier: MIT */
/*
 * The saved RAM: one MiB after the other, each stored raw or as a stream of
 * page records.
 *
 * Two caches stand in front of the file: page directories, which spare reading
 * a block's records again, and decoded pages, which serve page-table walks and
 * other small reads.
 *
 * Threads: reads run in parallel; ram_blocks_set_cache excludes everything else.
 *
 * May include: src/base, src/platform, src/codec, src/container.
 */
#ifndef MEMORY_RAM_BLOCKS_H
#define MEMORY_RAM_BLOCKS_H

#include "codec/ram_stream.h"
#include "container/container.h"
#include "memory/item_cache.h"
#include "memory/scratch_pool.h"

struct ram_blocks {
	const struct container *container;
	const struct numbered_keys *keys;
	struct item_cache *pages;	/* by number of the page in the saved RAM */
	struct item_cache *directories;	/* by number of the block */
	struct scratch_pool scratch;
};

/* container and keys stay valid as long as the blocks.  STATUS_OUT_OF_MEMORY. */
enum status ram_blocks_init(struct ram_blocks *blocks, const struct container *container,
			    const struct numbered_keys *keys, struct error *error);
void ram_blocks_fini(struct ram_blocks *blocks);

/*
 * Empties the caches and gives them room for extra_blocks more MiB of pages
 * than they have anyway, at most for all there are.  STATUS_OUT_OF_MEMORY
 * leaves them as they were.
 */
enum status ram_blocks_set_cache(struct ram_blocks *blocks, uint64_t extra_blocks,
				 struct error *error);

/* Blocks 0 to this number less one are all there. */
uint64_t ram_blocks_count(const struct ram_blocks *blocks);

/*
 * How many of a block's stored bytes there are; fewer than its value has only in
 * what is salvaged of a file that was cut short.
 */
uint32_t ram_block_present(const struct ram_blocks *blocks, const struct numbered_value *value);

/* True of a block that could be read if the file did not end before it. */
bool ram_block_is_cut_off(const struct ram_blocks *blocks, const struct numbered_value *value);

/*
 * Checks that a block's value can be one: STATUS_CORRUPT_RAM_VALUE by type or
 * size, or when the file ends before it.
 */
enum status ram_block_check_value(const struct ram_blocks *blocks, uint64_t number,
				  const struct numbered_value *value, struct error *error);

/*
 * Reads size bytes at offset of the saved RAM.  Ends early, with STATUS_OK, at
 * the first block that is not there.  On failure *read_out is 0.
 *
 * STATUS_CORRUPT_RAM_VALUE, _RECORD or _STREAM, the last also for bytes that
 * were cut off; STATUS_READ_FAILED; STATUS_OUT_OF_MEMORY.
 */
enum status ram_blocks_read(struct ram_blocks *blocks, uint64_t offset, void *buffer, size_t size,
			    size_t *read_out, struct error *error);

/*
 * The page directory of a block that is stored as a stream.
 * STATUS_CORRUPT_RAM_VALUE for one that is not there, raw or impossible.
 */
enum status ram_blocks_directory(struct ram_blocks *blocks, uint64_t number,
				 struct page_directory *out, struct error *error);

#endif
