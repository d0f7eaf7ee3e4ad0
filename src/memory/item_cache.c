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

/* No item has this number: pages and blocks are counted from 0 and end before 2^52. */
#define NO_NUMBER UINT64_MAX

struct cache_set {
	uint64_t numbers[PLACES_PER_SET];
	uint32_t last_used[PLACES_PER_SET];	/* the shard's clock then */
	uint8_t *items[PLACES_PER_SET];
	uint64_t offered[PLACES_PER_SET];	/* numbers that were offered once, a ring */
	uint32_t next_offered;
};

struct cache_shard {
	struct mutex lock;
	uint32_t clock;
	uint64_t hits, misses, evictions, items;
	struct cache_set *sets;		/* its own among the cache's */
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

static void clear_set(struct cache_set *set)
{
	memset(set, 0, sizeof(*set));
	for (size_t place = 0; place < PLACES_PER_SET; place++) {
		set->numbers[place] = NO_NUMBER;
		set->offered[place] = NO_NUMBER;
	}
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
	cache->sets = malloc(SHARD_COUNT * sets_per_shard * sizeof(*cache->sets));
	if (cache->sets == NULL) {
		free(cache);
		return NULL;
	}
	for (size_t i = 0; i < SHARD_COUNT * sets_per_shard; i++)
		clear_set(&cache->sets[i]);
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
	for (size_t i = 0; i < SHARD_COUNT * cache->sets_per_shard; i++) {
		for (size_t place = 0; place < PLACES_PER_SET; place++)
			free(cache->sets[i].items[place]);
	}
	for (size_t i = 0; i < SHARD_COUNT; i++)
		mutex_fini(&cache->shards[i].lock);
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

/* The place of number in the set, or PLACES_PER_SET. */
static size_t find_place(const struct cache_set *set, uint64_t number)
{
	size_t place = 0;

	while (place < PLACES_PER_SET && set->numbers[place] != number)
		place++;
	return place;
}

/* A free place, or the one longest unused. */
static size_t choose_place(const struct cache_shard *shard, const struct cache_set *set)
{
	size_t oldest = 0;

	for (size_t place = 0; place < PLACES_PER_SET; place++) {
		if (set->numbers[place] == NO_NUMBER)
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
	place = find_place(set, number);
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

static void put_locked(struct item_cache *cache, struct cache_shard *shard, struct cache_set *set,
		       uint64_t number, const void *item)
{
	size_t place = find_place(set, number);

	if (place == PLACES_PER_SET)
		place = choose_place(shard, set);
	if (set->items[place] == NULL) {
		set->items[place] = malloc(cache->item_size);
		if (set->items[place] == NULL)
			return;
	}
	if (set->numbers[place] == NO_NUMBER)
		shard->items++;
	else if (set->numbers[place] != number)
		shard->evictions++;
	set->numbers[place] = number;
	set->last_used[place] = ++shard->clock;
	memcpy(set->items[place], item, cache->item_size);
}

void item_cache_put(struct item_cache *cache, uint64_t number, const void *item)
{
	uint64_t mixed = mix(number);
	struct cache_shard *shard = shard_of(cache, mixed);

	mutex_lock(&shard->lock);
	put_locked(cache, shard, set_of(cache, shard, mixed), number, item);
	mutex_unlock(&shard->lock);
}

static bool was_offered(struct cache_set *set, uint64_t number)
{
	for (size_t i = 0; i < PLACES_PER_SET; i++) {
		if (set->offered[i] == number)
			return true;
	}
	set->offered[set->next_offered++ % PLACES_PER_SET] = number;
	return false;
}

void item_cache_offer(struct item_cache *cache, uint64_t number, const void *item)
{
	uint64_t mixed = mix(number);
	struct cache_shard *shard = shard_of(cache, mixed);
	struct cache_set *set = set_of(cache, shard, mixed);

	mutex_lock(&shard->lock);
	if (was_offered(set, number))
		put_locked(cache, shard, set, number, item);
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
