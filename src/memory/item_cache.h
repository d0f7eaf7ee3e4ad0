/* SPDX-License-Identifier: MIT */
/*
 * A bounded cache of items of one size, found by number.
 *
 * Serves decoded pages and page directories.  It is set-associative: a number
 * belongs to one set of eight places, and when those are full the one longest
 * unused gives way.  What is wanted of an item is copied out, so that nothing
 * handed out can be evicted under a reader; readers take no lock.
 *
 * Threads: everything in parallel but item_cache_destroy.
 *
 * May include: src/base, src/platform.
 */
#ifndef MEMORY_ITEM_CACHE_H
#define MEMORY_ITEM_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct item_cache;

struct item_cache_counters {
	uint64_t capacity;	/* items, rounded up */
	uint64_t hits;
	uint64_t misses;
	uint64_t evictions;
	uint64_t items;		/* held now */
};

/*
 * A cache for capacity items of item_size bytes (a multiple of 8); capacity is
 * rounded up to 512 times a power of two.  Numbers are below 2^64 - 1.  Memory
 * for items is taken when they come.  NULL when memory is short.
 */
struct item_cache *item_cache_create(size_t item_size, size_t capacity);
void item_cache_destroy(struct item_cache *cache);

/* Copies size bytes at offset of the item; false if it is not held, or is just being replaced. */
bool item_cache_get(struct item_cache *cache, uint64_t number, size_t offset, void *buffer,
		    size_t size);

/* Keeps a copy of the item.  That memory is short only means that it is not kept. */
void item_cache_put(struct item_cache *cache, uint64_t number, const void *item);

/*
 * Keeps a copy if the item was offered before, not long ago.  A single pass
 * over much memory so costs no copies and evicts nothing.
 */
void item_cache_offer(struct item_cache *cache, uint64_t number, const void *item);

struct item_cache_counters item_cache_counters(struct item_cache *cache);

#endif
