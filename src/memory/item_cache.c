/* SPDX-License-Identifier: MIT */
#include "memory/item_cache.h"
#include "platform/thread.h"

#include <stdlib.h>
#include <string.h>

enum {
	PLACES_PER_SET = 8,
	SHARD_COUNT = 64,	/* a power of two; threads meet in one shard 1 time in 64 */
	CACHE_LINE = 64
};

/*
 * Numbers are kept one higher than they are, so that all zeros is an empty set
 * and memory that is never used is never touched.
 */
static uint64_t tag_of(uint64_t number)
{
	return number + 1;
}

struct cache_set {
	uint64_t tags[PLACES_PER_SET];		/* 0: free */
	uint32_t last_used[PLACES_PER_SET];	/* the shard's clock then */
	uint8_t *items[PLACES_PER_SET];
	uint64_t offered[PLACES_PER_SET];	/* tags of what was offered once, a ring */
	uint32_t next_offered;
};

/* Room for items, taken many at a time and given back with the cache. */
struct item_slab {
	struct item_slab *next;
	uint8_t items[];
};

enum { ITEMS_PER_SLAB = 16 };

struct cache_shard {
	struct mutex lock;
	uint32_t clock;
	uint64_t hits, misses, evictions, items;
	struct cache_set *sets;		/* its own among the cache's */
	struct item_slab *slabs;
	size_t slab_items_used;		/* of the first slab */
	uint8_t padding[CACHE_LINE];	/* keeps the next shard's lock out of this one's line */
};

struct item_cache {
	size_t item_size;
	size_t sets_per_shard;		/* a power of two */
	struct cache_set *sets;		/* of all shards */
	struct cache_shard shards[SHARD_COUNT];
};

/* Spreads consecutive numbers over shards and sets alike. */
static uint64_t mix(uint64_t number)
{
	number *= 0x9E3779B97F4A7C15u;	/* 2^64 / golden ratio */
	return number ^ (number >> 32);
}

struct item_cache *item_cache_create(size_t item_size, size_t capacity)
{
	size_t per_shard = (size_t)SHARD_COUNT * PLACES_PER_SET;
	struct item_cache *cache = calloc(1, sizeof(*cache));
	size_t sets_per_shard = 1;

	if (cache == NULL)
		return NULL;
	while (sets_per_shard * per_shard < capacity)
		sets_per_shard *= 2;
	cache->item_size = item_size;
	cache->sets_per_shard = sets_per_shard;
	cache->sets = calloc(SHARD_COUNT * sets_per_shard, sizeof(*cache->sets));
	if (cache->sets == NULL) {
		free(cache);
		return NULL;
	}
	for (size_t i = 0; i < SHARD_COUNT; i++) {
		mutex_init(&cache->shards[i].lock);
		cache->shards[i].sets = &cache->sets[i * sets_per_shard];
	}
	return cache;
}

void item_cache_destroy(struct item_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < SHARD_COUNT; i++) {
		struct item_slab *slab = cache->shards[i].slabs;

		while (slab != NULL) {
			struct item_slab *next = slab->next;

			free(slab);
			slab = next;
		}
		mutex_fini(&cache->shards[i].lock);
	}
	free(cache->sets);
	free(cache);
}

static struct cache_shard *shard_of(struct item_cache *cache, uint64_t mixed)
{
	return &cache->shards[mixed % SHARD_COUNT];
}

static struct cache_set *set_of(const struct item_cache *cache, struct cache_shard *shard,
				uint64_t mixed)
{
	return &shard->sets[mixed / SHARD_COUNT & (cache->sets_per_shard - 1)];
}

/* The place of an item in the set, or PLACES_PER_SET. */
static size_t find_place(const struct cache_set *set, uint64_t tag)
{
	size_t place = 0;

	while (place < PLACES_PER_SET && set->tags[place] != tag)
		place++;
	return place;
}

/* A free place, or the one longest unused. */
static size_t choose_place(const struct cache_shard *shard, const struct cache_set *set)
{
	size_t oldest = 0;

	for (size_t place = 0; place < PLACES_PER_SET; place++) {
		if (set->tags[place] == 0)
			return place;
		/* Ages, not times, are compared: the clock may wrap. */
		if (shard->clock - set->last_used[place] > shard->clock - set->last_used[oldest])
			oldest = place;
	}
	return oldest;
}

bool item_cache_get(struct item_cache *cache, uint64_t number, size_t offset, void *buffer,
		    size_t size)
{
	uint64_t mixed = mix(number);
	struct cache_shard *shard = shard_of(cache, mixed);
	struct cache_set *set = set_of(cache, shard, mixed);
	size_t place;

	mutex_lock(&shard->lock);
	place = find_place(set, tag_of(number));
	if (place < PLACES_PER_SET) {
		set->last_used[place] = ++shard->clock;
		memcpy(buffer, set->items[place] + offset, size);
		shard->hits++;
	} else {
		shard->misses++;
	}
	mutex_unlock(&shard->lock);
	return place < PLACES_PER_SET;
}

/* Room for one more item of the shard; NULL when memory is short. */
static uint8_t *take_item(const struct item_cache *cache, struct cache_shard *shard)
{
	if (shard->slabs == NULL || shard->slab_items_used == ITEMS_PER_SLAB) {
		struct item_slab *slab =
			malloc(sizeof(*slab) + ITEMS_PER_SLAB * cache->item_size);

		if (slab == NULL)
			return NULL;
		slab->next = shard->slabs;
		shard->slabs = slab;
		shard->slab_items_used = 0;
	}
	return shard->slabs->items + shard->slab_items_used++ * cache->item_size;
}

static void put_locked(const struct item_cache *cache, struct cache_shard *shard,
		       struct cache_set *set, uint64_t tag, const void *item)
{
	size_t place = find_place(set, tag);

	if (place == PLACES_PER_SET)
		place = choose_place(shard, set);
	if (set->items[place] == NULL) {
		set->items[place] = take_item(cache, shard);
		if (set->items[place] == NULL)
			return;
	}
	if (set->tags[place] == 0)
		shard->items++;
	else if (set->tags[place] != tag)
		shard->evictions++;
	set->tags[place] = tag;
	set->last_used[place] = ++shard->clock;
	memcpy(set->items[place], item, cache->item_size);
}

void item_cache_put(struct item_cache *cache, uint64_t number, const void *item)
{
	uint64_t mixed = mix(number);
	struct cache_shard *shard = shard_of(cache, mixed);

	mutex_lock(&shard->lock);
	put_locked(cache, shard, set_of(cache, shard, mixed), tag_of(number), item);
	mutex_unlock(&shard->lock);
}

static bool was_offered(struct cache_set *set, uint64_t tag)
{
	for (size_t i = 0; i < PLACES_PER_SET; i++) {
		if (set->offered[i] == tag)
			return true;
	}
	set->offered[set->next_offered++ % PLACES_PER_SET] = tag;
	return false;
}

void item_cache_offer(struct item_cache *cache, uint64_t number, const void *item)
{
	uint64_t mixed = mix(number);
	struct cache_shard *shard = shard_of(cache, mixed);
	struct cache_set *set = set_of(cache, shard, mixed);

	mutex_lock(&shard->lock);
	if (was_offered(set, tag_of(number)))
		put_locked(cache, shard, set, tag_of(number), item);
	mutex_unlock(&shard->lock);
}

struct item_cache_counters item_cache_counters(struct item_cache *cache)
{
	struct item_cache_counters sum = {
		.capacity = cache->sets_per_shard * SHARD_COUNT * PLACES_PER_SET,
	};

	for (size_t i = 0; i < SHARD_COUNT; i++) {
		struct cache_shard *shard = &cache->shards[i];

		mutex_lock(&shard->lock);
		sum.hits += shard->hits;
		sum.misses += shard->misses;
		sum.evictions += shard->evictions;
		sum.items += shard->items;
		mutex_unlock(&shard->lock);
	}
	return sum;
}
