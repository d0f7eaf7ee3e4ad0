/* SPDX-License-Identifier: MIT */
/*
 * The guest's memory: reads by guest-physical address and by place in the
 * saved RAM.
 *
 * The page is the unit of reading and the block only of storage: nothing here
 * decodes a megabyte to answer eight bytes.  A whole page is decoded straight
 * into the caller's buffer; of a page that is asked for in part, a copy is
 * kept.
 *
 * Threads: reads run in parallel.  guest_memory_fix and
 * guest_memory_set_cache_limit exclude everything else; the caller sees to
 * that.
 *
 * May include: src/base, src/platform, src/codec, src/container, src/state.
 */
#ifndef MEMORY_GUEST_MEMORY_H
#define MEMORY_GUEST_MEMORY_H

#include "memory/chunk_map.h"
#include "state/memory_block.h"
#include "state/saved_state.h"

#define RAM_BLOCK_BYTES ((uint64_t)1 << 20)

struct guest_memory;

/* state stays valid as long as the memory.  STATUS_OUT_OF_MEMORY. */
enum status guest_memory_open(const struct saved_state *state, struct guest_memory **out,
			      struct error *error);
void guest_memory_close(struct guest_memory *memory);

/* The memory blocks as the file lists them, and the map they come to. */
const struct memory_block *guest_memory_blocks(const struct guest_memory *memory, size_t *count);
const struct chunk_map *guest_memory_map(const struct guest_memory *memory);

/* The saved RAM beneath the map, for those who examine it block by block. */
struct ram_blocks;
struct ram_blocks *guest_memory_ram(struct guest_memory *memory);

/* STATUS_UNSUPPORTED_RAM when the file keeps its RAM in an unknown way: no page can be read. */
enum status guest_memory_check_layout(const struct guest_memory *memory, struct error *error);

/* Bytes of saved RAM: a MiB for each RAM block from number 0 to the first that is missing. */
uint64_t guest_memory_saved_size(const struct guest_memory *memory);

/* Where a guest-physical address stands in the saved RAM; false in a hole. */
bool guest_memory_saved_offset(const struct guest_memory *memory, uint64_t gpa, uint64_t *out);

/*
 * Reads size bytes at a guest-physical address, fixes included.  The read ends
 * early, with STATUS_OK, at the first address that is not saved; *read_out is
 * what was read.
 *
 * On failure *read_out is 0 and the buffer's contents are unspecified:
 * STATUS_CORRUPT_RAM_VALUE, _RECORD or _STREAM for a damaged block;
 * STATUS_UNSUPPORTED_RAM when the file keeps its RAM in an unknown way;
 * STATUS_READ_FAILED; STATUS_OUT_OF_MEMORY.
 */
enum status guest_memory_read(struct guest_memory *memory, uint64_t gpa, void *buffer, size_t size,
			      size_t *read_out, struct error *error);

/* The same without fixes: what was saved.  Page tables are read so. */
enum status guest_memory_read_saved(struct guest_memory *memory, uint64_t gpa, void *buffer,
					  size_t size, size_t *read_out, struct error *error);

/* The same by offset in the saved RAM, up to guest_memory_saved_size. */
enum status guest_memory_read_raw(struct guest_memory *memory, uint64_t offset, void *buffer,
				  size_t size, size_t *read_out, struct error *error);

/* Lays bytes over the memory at gpa for guest_memory_read.  STATUS_OUT_OF_MEMORY. */
enum status guest_memory_fix(struct guest_memory *memory, uint64_t gpa, const void *bytes,
			     size_t size, struct error *error);

/*
 * Makes room for blocks more MiB of decoded pages than are kept anyway, at
 * most as much as the guest has.  What is kept now is dropped.
 * STATUS_OUT_OF_MEMORY leaves the cache as it was.
 */
enum status guest_memory_set_cache_limit(struct guest_memory *memory, uint64_t blocks,
					 struct error *error);

struct guest_memory_cache_facts {
	uint64_t hits;
	uint64_t misses;
	uint64_t evictions;
	uint64_t bytes_used;
	uint64_t byte_limit;
};

/* What the caches of pages and page directories have done, together. */
struct guest_memory_cache_facts guest_memory_cache_facts(const struct guest_memory *memory);

/* How a page is stored. */
enum page_storage {
	PAGE_STORAGE_HOLE,		/* in no memory block */
	PAGE_STORAGE_MISSING,		/* in a memory block, but its RAM block is not there */
	PAGE_STORAGE_ZERO,
	PAGE_STORAGE_FILL,
	PAGE_STORAGE_STORED,		/* uncompressed, in a compressed block */
	PAGE_STORAGE_COMPRESSED,
	PAGE_STORAGE_RAW,		/* in a block that is stored as it is */
	PAGE_STORAGE_DAMAGED
};

/*
 * How the page at gpa is stored, and *pages_out (at least 1) how many pages
 * from it on certainly are stored the same way.  A compressed page is not
 * decoded, so damage inside its data does not show.
 * STATUS_UNSUPPORTED_RAM, but for a hole; STATUS_READ_FAILED; STATUS_OUT_OF_MEMORY.
 */
enum status guest_memory_storage(struct guest_memory *memory, uint64_t gpa,
				 enum page_storage *out, uint64_t *pages_out,
				 struct error *error);

#endif
