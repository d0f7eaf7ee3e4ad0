/* SPDX-License-Identifier: MIT */
/*
 * A look-up writes nothing that other threads read: two cores that read the
 * same cache would otherwise send its lines to and fro, which was measured to
 * cost more than everything else such a read does.  So items are copied without
 * a lock, under a version that changes while a set is written; recency is noted
 * only when it changes; and hits are counted apart for each lane of threads.
 *
 * What a reader may meet half-written is accessed atomically throughout, and
 * what it has copied is right for these reasons, on weakly ordered processors
 * too:
 *
 * - It found the version even.  That load acquires what the write that left
 *   this version released, and through the shard's lock all writes before it:
 *   the tag, the item's place and its words are no older than the version.
 * - They are no newer either.  A writer makes the version odd, and a release
 *   fence stands between that and the tag and words that it stores.  Whoever
 *   reads one of these and then passes the acquire fence sees the odd version,
 *   or a later one, in its second look, and drops the copy.  Versions are
 *   never used again.
 * - Until that second look the copy may be of anything, but it is made from
 *   memory that is there.  A place gets its room before it gets its first tag,
 *   yet a reader may see the tag first: without room it finds nothing.  Room is
 *   released and acquired, since the program may have used the same memory
 *   for something else before, and is not given back while there are readers.
 */
#include "memory/item_cache.h"
#include "platform/thread.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	PLACES_PER_SET = 8,
	SHARD_COUNT = 64,	/* a power of two */
	CACHE_LINE = 64,
	WORD_SIZE = 8,
	ITEMS_PER_SLAB = 16
};

typedef _Atomic uint64_t atomic_word;

struct cache_set {
	atomic_word version;			/* odd while the set is written */
	atomic_word tags[PLACES_PER_SET];	/* 0: free */
	atomic_uint last_used[PLACES_PER_SET];	/* the shard's clock then */
	_Atomic(atomic_word *) items[PLACES_PER_SET];	/* NULL: no room yet; once set, they stay */

	/* Under the shard's lock alone. */
	uint64_t offered[PLACES_PER_SET];	/* tags of what was offered once, a ring */
	uint32_t next_offered;
};

/* Room for items, taken many at a time and given back with the cache. */
struct item_slab {
	struct item_slab *next;
	atomic_word words[];
};

struct cache_shard {
	struct mutex lock;		/* of whoever puts */
	atomic_uint clock;		/* of puts */
	uint64_t evictions, items;
	struct cache_set *sets;		/* its own among the cache's */
	struct item_slab *slabs;
	size_t slab_items_used;		/* of the first slab */
	uint8_t padding[CACHE_LINE];	/* keeps the next shard out of this one's lines */
};

struct lane_counters {
	atomic_word hits;
	atomic_word misses;
	uint8_t padding[CACHE_LINE];
};

struct item_cache {
	size_t item_words;
	size_t sets_per_shard;		/* a power of two */
	struct cache_set *sets;		/* of all shards */
	struct lane_counters counters[THREAD_LANES];
	struct cache_shard shards[SHARD_COUNT];
};

/*
 * Numbers are kept one higher than they are, so that all zeros is an empty set
 * and memory that is never used is never touched.
 */
static uint64_t tag_of(uint64_t number)
{
	return number + 1;
}

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
	cache->item_words = item_size / WORD_SIZE;
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
static size_t find_place(struct cache_set *set, uint64_t tag)
{
	size_t place = 0;

	while (place < PLACES_PER_SET &&
	       atomic_load_explicit(&set->tags[place], memory_order_relaxed) != tag)
		place++;
	return place;
}

/* Copies size bytes at offset out of an item that may be changing. */
static void copy_out(atomic_word *item, size_t offset, uint8_t *to, size_t size)
{
	while (size > 0) {
		size_t in_word = offset % WORD_SIZE;
		size_t part = WORD_SIZE - in_word < size ? WORD_SIZE - in_word : size;
		uint64_t word = atomic_load_explicit(&item[offset / WORD_SIZE],
						     memory_order_relaxed);

		if (part == WORD_SIZE)
			memcpy(to, &word, WORD_SIZE);
		else
			memcpy(to, (const uint8_t *)&word + in_word, part);
		offset += part;
		to += part;
		size -= part;
	}
}

static void note_use(struct cache_shard *shard, struct cache_set *set, size_t place)
{
	unsigned now = atomic_load_explicit(&shard->clock, memory_order_relaxed);

	if (atomic_load_explicit(&set->last_used[place], memory_order_relaxed) != now)
		atomic_store_explicit(&set->last_used[place], now, memory_order_relaxed);
}

/* False if the item is not held, or was being replaced meanwhile. */
static bool copy_item(struct cache_shard *shard, struct cache_set *set, uint64_t tag,
		      size_t offset, void *buffer, size_t size)
{
	uint64_t version = atomic_load_explicit(&set->version, memory_order_acquire);
	size_t place = find_place(set, tag);
	atomic_word *item;

	if (version % 2 != 0 || place == PLACES_PER_SET)
		return false;
	item = atomic_load_explicit(&set->items[place], memory_order_acquire);
	if (item == NULL)
		return false;
	copy_out(item, offset, buffer, size);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&set->version, memory_order_relaxed) != version)
		return false;
	note_use(shard, set, place);
	return true;
}

bool item_cache_get(struct item_cache *cache, uint64_t number, size_t offset, void *buffer,
		    size_t size)
{
	uint64_t mixed = mix(number);
	struct cache_shard *shard = shard_of(cache, mixed);
	struct lane_counters *counters = &cache->counters[thread_lane()];
	bool held = copy_item(shard, set_of(cache, shard, mixed), tag_of(number), offset, buffer,
			      size);

	atomic_fetch_add_explicit(held ? &counters->hits : &counters->misses, 1,
				  memory_order_relaxed);
	return held;
}

/* A free place, or the one longest unused; the shard is locked. */
static size_t choose_place(struct cache_shard *shard, struct cache_set *set)
{
	unsigned now = atomic_load_explicit(&shard->clock, memory_order_relaxed);
	unsigned oldest_age = 0;
	size_t oldest = 0;

	for (size_t place = 0; place < PLACES_PER_SET; place++) {
		/* Ages, not times, are compared: the clock may wrap. */
		unsigned age = now - atomic_load_explicit(&set->last_used[place],
							  memory_order_relaxed);

		if (atomic_load_explicit(&set->tags[place], memory_order_relaxed) == 0)
			return place;
		if (age > oldest_age) {
			oldest_age = age;
			oldest = place;
		}
	}
	return oldest;
}

/* Room for one more item of the shard; NULL when memory is short. */
static atomic_word *take_item(const struct item_cache *cache, struct cache_shard *shard)
{
	if (shard->slabs == NULL || shard->slab_items_used == ITEMS_PER_SLAB) {
		struct item_slab *slab = malloc(sizeof(*slab) + ITEMS_PER_SLAB *
						cache->item_words * sizeof(atomic_word));

		if (slab == NULL)
			return NULL;
		slab->next = shard->slabs;
		shard->slabs = slab;
		shard->slab_items_used = 0;
	}
	return shard->slabs->words + shard->slab_items_used++ * cache->item_words;
}

/* Writes a place under an odd version, so that no reader takes it for whole before it is. */
static void write_place(const struct item_cache *cache, struct cache_set *set, size_t place,
			uint64_t tag, const uint8_t *bytes)
{
	atomic_word *item = atomic_load_explicit(&set->items[place], memory_order_relaxed);
	uint64_t version = atomic_load_explicit(&set->version, memory_order_relaxed);

	atomic_store_explicit(&set->version, version + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&set->tags[place], tag, memory_order_relaxed);
	for (size_t i = 0; i < cache->item_words; i++) {
		uint64_t word;

		memcpy(&word, bytes + i * WORD_SIZE, WORD_SIZE);
		atomic_store_explicit(&item[i], word, memory_order_relaxed);
	}
	atomic_store_explicit(&set->version, version + 2, memory_order_release);
}

static void put_locked(const struct item_cache *cache, struct cache_shard *shard,
		       struct cache_set *set, uint64_t tag, const void *item)
{
	size_t place = find_place(set, tag);
	uint64_t before;

	if (place == PLACES_PER_SET)
		place = choose_place(shard, set);
	if (atomic_load_explicit(&set->items[place], memory_order_relaxed) == NULL) {
		atomic_word *room = take_item(cache, shard);

		if (room == NULL)
			return;
		atomic_store_explicit(&set->items[place], room, memory_order_release);
	}
	before = atomic_load_explicit(&set->tags[place], memory_order_relaxed);
	if (before == 0)
		shard->items++;
	else if (before != tag)
		shard->evictions++;
	write_place(cache, set, place, tag, item);
	atomic_fetch_add_explicit(&shard->clock, 1, memory_order_relaxed);
	note_use(shard, set, place);
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

	for (size_t i = 0; i < THREAD_LANES; i++) {
		sum.hits += atomic_load_explicit(&cache->counters[i].hits, memory_order_relaxed);
		sum.misses += atomic_load_explicit(&cache->counters[i].misses,
						   memory_order_relaxed);
	}
	for (size_t i = 0; i < SHARD_COUNT; i++) {
		struct cache_shard *shard = &cache->shards[i];

		mutex_lock(&shard->lock);
		sum.evictions += shard->evictions;
		sum.items += shard->items;
		mutex_unlock(&shard->lock);
	}
	return sum;
}
