/* SPDX-License-Identifier: MIT */
/*
 * Keys that are kept as numbers: which names are meant, and the family that
 * comes of random candidates, compared with a plain list.
 */
#include "bench/codec_writer.h"
#include "container/numbered_keys.h"

#include "test_shim.h"

#include <string.h>

static const struct numbered_family ram_blocks = { "savedstate", "RamBlock", "" };
static const struct numbered_family legacy_blocks = { "", "RamBlock/", "/" };

struct name_case {
	const char *name;
	bool matches;
	uint64_t number;
};

static const struct name_case name_cases[] = {
	{ "RamBlock0", true, 0 },
	{ "RamBlock9", true, 9 },
	{ "RamBlock10", true, 10 },
	{ "RAMBLOCK12", true, 12 },
	{ "ramblock1048575", true, 1048575 },
	{ "RamBlock18446744073709551615", true, UINT64_MAX },
	{ "RamBlock18446744073709551616", false, 0 },
	{ "RamBlock99999999999999999999", false, 0 },
	{ "RamBlock100000000000000000000", false, 0 },
	{ "RamBlock", false, 0 },
	{ "RamBlock00", false, 0 },	/* not RamBlock0, as in the original */
	{ "RamBlock01", false, 0 },
	{ "RamBlock-1", false, 0 },
	{ "RamBlock+1", false, 0 },
	{ "RamBlock 1", false, 0 },
	{ "RamBlock1 ", false, 0 },
	{ "RamBlock1x", false, 0 },
	{ "RamBlock:", false, 0 },	/* the neighbours of the digits */
	{ "RamBlock/", false, 0 },
	{ "xRamBlock1", false, 0 },
	{ "RamBloc1", false, 0 },
	{ "", false, 0 },
};

static void only_shortest_decimal_numbers_name_a_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(name_cases) / sizeof(name_cases[0]); i++) {
		const struct name_case *now = &name_cases[i];
		uint64_t number = 4711;

		if (numbered_name_matches(&ram_blocks, now->name, strlen(now->name), &number) !=
		    now->matches)
			fail_msg("'%s' is taken wrongly", now->name);
		assert_int_equal(number, now->matches ? now->number : 4711);
	}
}

static void a_name_ends_where_its_length_says(void **state)
{
	uint64_t number;

	(void)state;
	assert_true(numbered_name_matches(&ram_blocks, "RamBlock123", 9, &number));
	assert_int_equal(number, 1);
	assert_false(numbered_name_matches(&ram_blocks, "RamBlock123", 8, &number));
}

static void a_number_may_stand_between_two_texts(void **state)
{
	uint64_t number;

	(void)state;
	assert_true(numbered_name_matches(&legacy_blocks, "RamBlock/42/", 12, &number));
	assert_int_equal(number, 42);
	assert_false(numbered_name_matches(&legacy_blocks, "RamBlock/42", 11, &number));
	assert_false(numbered_name_matches(&legacy_blocks, "RamBlock//", 10, &number));
	assert_false(numbered_name_matches(&legacy_blocks, "RamBlock/", 9, &number));
}

enum { MOST = 40 };

static bool comes_first(const struct numbered_candidate *a, const struct numbered_candidate *b)
{
	if (a->insertion_sequence != b->insertion_sequence)
		return a->insertion_sequence < b->insertion_sequence;
	if (a->table != b->table)
		return a->table < b->table;
	return a->position < b->position;
}

/* The candidate in force for a number, or NULL. */
static const struct numbered_candidate *choose(const struct numbered_candidate *all, size_t count,
					       uint64_t number)
{
	const struct numbered_candidate *best = NULL;

	for (size_t i = 0; i < count; i++) {
		if (all[i].number == number && (best == NULL || comes_first(&all[i], best)))
			best = &all[i];
	}
	return best;
}

static void compose(struct numbered_candidate *all, size_t count, struct random_numbers *random)
{
	memset(all, 0, count * sizeof(*all));
	for (size_t i = 0; i < count; i++) {
		all[i].number = random_below(random, MOST);
		if (random_below(random, 10) == 0)
			all[i].number = UINT64_MAX - random_below(random, 3);
		all[i].value.offset = i;	/* tells which it was */
		all[i].value.state = NUMBERED_ARRAY;
		all[i].insertion_sequence = 1 + random_below(random, 3);
		all[i].table = (uint16_t)(1 + random_below(random, 3));
		all[i].position = (uint32_t)i;
	}
}

static void check_number(const struct numbered_keys *keys, const struct numbered_candidate *all,
			 size_t count, uint64_t number, size_t *found)
{
	const struct numbered_candidate *expected = choose(all, count, number);
	struct numbered_value value = numbered_keys_find(keys, number);
	size_t index = numbered_keys_lower_bound(keys, number);

	assert_int_equal(index, *found);
	if (expected == NULL) {
		assert_int_equal(value.state, NUMBERED_MISSING);
		return;
	}
	assert_int_equal(value.state, NUMBERED_ARRAY);
	assert_int_equal(value.offset, expected->value.offset);
	assert_int_equal(numbered_keys_at(keys, *found).number, number);
	assert_int_equal(numbered_keys_at(keys, *found).value.offset, expected->value.offset);
	(*found)++;
}

static void check_family(const struct numbered_keys *keys, const struct numbered_candidate *all,
			 size_t count)
{
	size_t found = 0;
	size_t run = 0;

	while (choose(all, count, run) != NULL)
		run++;
	assert_int_equal(keys->run_count, run);
	for (uint64_t number = 0; number <= MOST; number++)
		check_number(keys, all, count, number, &found);
	for (uint64_t back = 4; back > 0; back--)
		check_number(keys, all, count, UINT64_MAX - (back - 1), &found);
	assert_int_equal(numbered_keys_count(keys), found);
}

static void of_several_keys_with_a_number_the_first_inserted_counts(void **state)
{
	struct random_numbers random = { 0xFEDCBA9876543210 };

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		struct numbered_candidate all[3 * MOST];
		size_t count = random_below(&random, 3 * MOST + 1);
		struct vector candidates = { 0 };
		struct numbered_keys keys;

		compose(all, count, &random);
		if (count > 0)
			memcpy(vector_extend(&candidates, count, sizeof(all[0])), all,
			       count * sizeof(all[0]));
		assert_int_equal(numbered_keys_build(&candidates, &keys, NULL), STATUS_OK);
		check_family(&keys, all, count);
		numbered_keys_fini(&keys);
		vector_free(&candidates);
	}
}

static void a_key_keeps_what_its_value_was(void **state)
{
	struct numbered_value value = { .offset = UINT64_C(0x123456789A),
					.size = 0xFFFFFFFF,
					.state = NUMBERED_BROKEN,
					.in_file_object = true };
	struct key_value key = numbered_value_as_key(&value);

	(void)state;
	assert_int_equal(key.offset, UINT64_C(0x123456789A));
	assert_int_equal(key.size, 0xFFFFFFFF);
	assert_int_equal(key.type, KEY_ARRAY);
	assert_true(key.broken);
	assert_true(key.in_file_object);
	value.state = NUMBERED_ARRAY;
	value.in_file_object = false;
	key = numbered_value_as_key(&value);
	assert_int_equal(key.type, KEY_ARRAY);
	assert_false(key.broken);
	assert_false(key.in_file_object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_shortest_decimal_numbers_name_a_key),
		cmocka_unit_test(a_name_ends_where_its_length_says),
		cmocka_unit_test(a_number_may_stand_between_two_texts),
		cmocka_unit_test(of_several_keys_with_a_number_the_first_inserted_counts),
		cmocka_unit_test(a_key_keeps_what_its_value_was),
	};

	return cmocka_run_group_tests_name("numbered keys", tests, NULL, NULL);
}
