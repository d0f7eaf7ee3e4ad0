/* SPDX-License-Identifier: MIT */
/*
 * The cache of pages and directories, compared with a list in order of use.
 * Which numbers share a set is the cache's own affair; the tests find some out
 * by watching what goes.
 */
#include "bench/codec_writer.h"
#include "memory/item_cache.h"
#include "platform/parallel.h"

#include "test_shim.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	SMALLEST = 512,		/* items of the smallest cache: 64 sets of 8 */
	PLACES = 8,
	MATES = 20,
	CANDIDATES = 4096,
	ITEM = 64
};

struct item {
	uint64_t words[ITEM / 8];
};

static struct item item_of(uint64_t number, uint64_t version)
{
	struct item item;

	for (size_t i = 0; i < ITEM / 8; i++)
		item.words[i] = number * 1000003 + version * 77 + i;
	return item;
}

static struct item_cache *new_cache(size_t capacity)
{
	struct item_cache *cache = item_cache_create(sizeof(struct item), capacity);

	assert_non_null(cache);
	return cache;
}

static void put(struct item_cache *cache, uint64_t number, uint64_t version)
{
	struct item item = item_of(number, version);

	item_cache_put(cache, number, &item);
}

static void offer(struct item_cache *cache, uint64_t number)
{
	struct item item = item_of(number, 0);

	item_cache_offer(cache, number, &item);
}

/* True if the item is held; what is held must be right. */
static bool holds(struct item_cache *cache, uint64_t number, uint64_t version)
{
	struct item expected = item_of(number, version);
	struct item found;

	if (!item_cache_get(cache, number, 0, &found, sizeof(found)))
		return false;
	assert_memory_equal(&found, &expected, sizeof(found));
	return true;
}

/* ---- Numbers of one set ---- */

/* mates[0] and numbers of its set, found in ascending order. */
static uint64_t mates[MATES];

/* True if mates[0] goes when the candidates below limit come, but for known mates. */
static bool goes_before(unsigned known, uint64_t limit)
{
	struct item_cache *cache = new_cache(SMALLEST);
	bool held;

	put(cache, mates[0], 0);
	for (uint64_t number = 1; number < limit; number++) {
		unsigned i = 1;

		while (i < known && mates[i] != number)
			i++;
		if (i == known)
			put(cache, number, 0);
	}
	held = holds(cache, mates[0], 0);
	item_cache_destroy(cache);
	return !held;
}

/* The eighth number of the set to come makes the first go; each in turn is left out then. */
static int find_mates(void **state)
{
	(void)state;
	mates[0] = 0;
	for (unsigned known = 1; known < MATES; known++) {
		uint64_t low = 1, high = CANDIDATES;

		while (low < high) {
			uint64_t middle = low + (high - low) / 2;

			if (goes_before(known, middle + 1))
				high = middle;
			else
				low = middle + 1;
		}
		if (low == CANDIDATES)
			return -1;
		mates[known] = low;
	}
	return 0;
}

/* ---- Holding ---- */

static void an_item_is_held_from_its_put_on(void **state)
{
	struct item_cache *cache = new_cache(1);

	(void)state;
	assert_false(holds(cache, 5, 0));
	put(cache, 5, 0);
	assert_true(holds(cache, 5, 0));
	assert_false(holds(cache, 6, 0));
	item_cache_destroy(cache);
	item_cache_destroy(NULL);
}

static void a_later_put_takes_the_place_of_the_item(void **state)
{
	struct item_cache *cache = new_cache(1);

	(void)state;
	put(cache, 5, 0);
	put(cache, 5, 1);
	assert_true(holds(cache, 5, 1));
	assert_int_equal(item_cache_counters(cache).items, 1);
	assert_int_equal(item_cache_counters(cache).evictions, 0);
	item_cache_destroy(cache);
}

static void any_part_of_an_item_is_copied_out(void **state)
{
	struct item_cache *cache = new_cache(1);
	struct item item = item_of(9, 0);

	(void)state;
	put(cache, 9, 0);
	for (size_t from = 0; from < ITEM; from++) {
		for (size_t to = from; to <= ITEM; to++) {
			uint8_t buffer[ITEM + 1];

			memset(buffer, 0xEE, sizeof(buffer));
			assert_true(item_cache_get(cache, 9, from, buffer, to - from));
			assert_memory_equal(buffer, (uint8_t *)&item + from, to - from);
			assert_int_equal(buffer[to - from], 0xEE);
		}
	}
	item_cache_destroy(cache);
}

static void the_capacity_is_512_times_a_power_of_two(void **state)
{
	static const size_t wanted[] = { 0, 1, 512, 513, 1024, 1025, 100000 };
	static const uint64_t given[] = { 512, 512, 512, 1024, 1024, 2048, 131072 };

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		struct item_cache *cache = new_cache(wanted[i]);

		assert_int_equal(item_cache_counters(cache).capacity, given[i]);
		item_cache_destroy(cache);
	}
}

static void far_more_items_than_there_is_room_for_are_never_all_held(void **state)
{
	struct item_cache *cache = new_cache(1);
	struct item_cache_counters counters;

	(void)state;
	for (uint64_t number = 0; number < 50000; number++)
		put(cache, number, 0);
	counters = item_cache_counters(cache);
	assert_int_equal(counters.items, SMALLEST);
	assert_int_equal(counters.evictions, 50000 - SMALLEST);
	item_cache_destroy(cache);
}

/* Pages are mostly asked for in a row; they must not crowd in few sets. */
static void numbers_in_a_row_spread_over_the_cache(void **state)
{
	static const uint64_t strides[] = { 1, 2, 256, 512, 1 << 18 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct item_cache *cache = new_cache(4096);

		for (uint64_t number = 0; number < 2048; number++)
			put(cache, number * strides[i], 0);
		assert_in_range(item_cache_counters(cache).items, 2048 * 9 / 10, 2048);
		item_cache_destroy(cache);
	}
}

/* ---- The order of leaving ---- */

/*
 * Uses are told apart only by the puts between them, so that look-ups need not
 * write; of places used at one moment the first leaves.
 */
struct model {
	uint64_t numbers[PLACES];
	uint64_t versions[PLACES];
	uint64_t moments[PLACES];	/* puts there had been at the last use */
	unsigned count;
	uint64_t puts;
	uint64_t hits, misses, evictions;
};

static unsigned place_in(const struct model *model, uint64_t number)
{
	unsigned place = 0;

	while (place < model->count && model->numbers[place] != number)
		place++;
	return place;
}

static unsigned longest_unused(const struct model *model)
{
	unsigned longest = 0;

	for (unsigned place = 1; place < PLACES; place++) {
		if (model->moments[place] < model->moments[longest])
			longest = place;
	}
	return longest;
}

static void model_put(struct model *model, uint64_t number, uint64_t version)
{
	unsigned place = place_in(model, number);

	if (place == model->count && model->count < PLACES) {
		model->count++;
	} else if (place == model->count) {
		place = longest_unused(model);
		model->evictions++;
	}
	model->numbers[place] = number;
	model->versions[place] = version;
	model->moments[place] = ++model->puts;
}

static void check_get(struct model *model, struct item_cache *cache, uint64_t number)
{
	unsigned place = place_in(model, number);
	bool expected = place < model->count;
	uint64_t version = expected ? model->versions[place] : 0;

	assert_int_equal(holds(cache, number, version), expected);
	if (expected) {
		model->hits++;
		model->moments[place] = model->puts;
	} else {
		model->misses++;
	}
}

static void of_a_full_set_the_longest_unused_leaves(void **state)
{
	struct random_numbers random = { 0x3C6EF372FE94F82B };
	struct item_cache *cache = new_cache(SMALLEST);
	struct model model = { .count = 0 };
	struct item_cache_counters counters;

	(void)state;
	for (unsigned step = 0; step < 20000; step++) {
		uint64_t number = mates[random_below(&random, MATES / 2 + step % (MATES / 2))];

		if (random_below(&random, 3) == 0) {
			put(cache, number, step);
			model_put(&model, number, step);
		} else {
			check_get(&model, cache, number);
		}
	}
	counters = item_cache_counters(cache);
	assert_int_equal(counters.items, PLACES);
	assert_int_equal(counters.hits, model.hits);
	assert_int_equal(counters.misses, model.misses);
	assert_int_equal(counters.evictions, model.evictions);
	item_cache_destroy(cache);
}

/* ---- Offers ---- */

static void an_item_is_kept_at_its_second_offer(void **state)
{
	struct item_cache *cache = new_cache(1);

	(void)state;
	offer(cache, 5);
	assert_false(holds(cache, 5, 0));
	offer(cache, 5);
	assert_true(holds(cache, 5, 0));
	item_cache_destroy(cache);
}

static void one_pass_over_much_memory_keeps_and_evicts_nothing(void **state)
{
	struct item_cache *cache = new_cache(1);

	(void)state;
	put(cache, 1, 0);
	for (uint64_t number = 100; number < 50000; number++)
		offer(cache, number);
	assert_true(holds(cache, 1, 0));
	assert_int_equal(item_cache_counters(cache).items, 1);
	assert_int_equal(item_cache_counters(cache).evictions, 0);
	item_cache_destroy(cache);
}

static void an_offer_is_forgotten_when_as_many_others_came_as_a_set_has_places(void **state)
{
	struct item_cache *cache = new_cache(1);

	(void)state;
	for (unsigned i = 0; i < PLACES; i++)
		offer(cache, mates[i]);
	offer(cache, mates[0]);
	assert_true(holds(cache, mates[0], 0));
	for (unsigned i = PLACES; i < 2 * PLACES; i++)
		offer(cache, mates[i]);
	offer(cache, mates[1]);
	assert_false(holds(cache, mates[1], 0));
	item_cache_destroy(cache);
}

/* ---- In parallel ---- */

enum { TASKS = 16, STEPS = 2000, NUMBERS = 2000 };

struct shared_cache {
	struct item_cache *cache;
	atomic_uint wrong;
	atomic_uint gets;
};

static void work(void *context, size_t index)
{
	struct shared_cache *shared = context;
	struct random_numbers random = { 0xA54FF53A5F1D36F1 + index };

	for (unsigned step = 0; step < STEPS; step++) {
		uint64_t number = random_below(&random, NUMBERS);
		struct item expected = item_of(number, 0);
		struct item found;

		switch (random_below(&random, 4)) {
		case 0:
			item_cache_put(shared->cache, number, &expected);
			break;
		case 1:
			item_cache_offer(shared->cache, number, &expected);
			break;
		default:
			atomic_fetch_add(&shared->gets, 1);
			if (item_cache_get(shared->cache, number, 0, &found, sizeof(found)) &&
			    memcmp(&found, &expected, sizeof(found)) != 0)
				atomic_fetch_add(&shared->wrong, 1);
		}
	}
}

static void threads_never_see_another_item_or_half_of_one(void **state)
{
	struct shared_cache shared = { .cache = new_cache(1) };
	struct item_cache_counters counters;

	(void)state;
	parallel_run(4, TASKS, work, &shared);
	assert_int_equal(atomic_load(&shared.wrong), 0);
	counters = item_cache_counters(shared.cache);
	assert_int_equal(counters.hits + counters.misses, atomic_load(&shared.gets));
	assert_in_range(counters.hits, 1, TASKS * STEPS);
	assert_in_range(counters.items, 1, SMALLEST);
	item_cache_destroy(shared.cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_item_is_held_from_its_put_on),
		cmocka_unit_test(a_later_put_takes_the_place_of_the_item),
		cmocka_unit_test(any_part_of_an_item_is_copied_out),
		cmocka_unit_test(the_capacity_is_512_times_a_power_of_two),
		cmocka_unit_test(far_more_items_than_there_is_room_for_are_never_all_held),
		cmocka_unit_test(numbers_in_a_row_spread_over_the_cache),
		cmocka_unit_test(of_a_full_set_the_longest_unused_leaves),
		cmocka_unit_test(an_item_is_kept_at_its_second_offer),
		cmocka_unit_test(one_pass_over_much_memory_keeps_and_evicts_nothing),
		cmocka_unit_test(
			an_offer_is_forgotten_when_as_many_others_came_as_a_set_has_places),
		cmocka_unit_test(threads_never_see_another_item_or_half_of_one),
	};

	return cmocka_run_group_tests_name("item cache", tests, find_mates, NULL);
}
