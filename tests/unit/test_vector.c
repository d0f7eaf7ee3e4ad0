/* SPDX-License-Identifier: MIT */
/* An array that grows. */
#include "base/vector.h"

#include "test_shim.h"

#include <string.h>

static void items_stay_as_they_are_while_the_array_grows(void **state)
{
	struct vector numbers = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		uint32_t *added = vector_extend(&numbers, 1, sizeof(*added));

		assert_non_null(added);
		*added = i * 2654435761u;
	}
	assert_int_equal(numbers.count, 10000);
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(((uint32_t *)numbers.items)[i], i * 2654435761u);
	vector_free(&numbers);
}

static void several_items_come_in_a_row_behind_the_last(void **state)
{
	struct vector text = { 0 };
	char *added;

	(void)state;
	added = vector_extend(&text, 3, 1);
	memcpy(added, "abc", 3);
	added = vector_extend(&text, 1000, 1);
	memset(added, 'z', 1000);
	assert_ptr_equal(added, (char *)text.items + 3);
	assert_memory_equal(text.items, "abczz", 5);
	assert_int_equal(text.count, 1003);
	assert_true(text.capacity >= 1003);
	vector_free(&text);
}

static void growing_takes_room_for_more_than_is_asked(void **state)
{
	struct vector numbers = { 0 };
	unsigned moves = 0;
	size_t capacity = 0;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		vector_extend(&numbers, 1, 1);
		moves += numbers.capacity != capacity;
		capacity = numbers.capacity;
	}
	assert_in_range(moves, 1, 20);
	vector_free(&numbers);
}

static void a_count_that_no_memory_holds_changes_nothing(void **state)
{
	struct vector numbers = { 0 };
	uint64_t *first = vector_extend(&numbers, 1, sizeof(*first));

	(void)state;
	*first = 42;
	assert_null(vector_extend(&numbers, SIZE_MAX, sizeof(*first)));
	assert_null(vector_extend(&numbers, SIZE_MAX - 1, sizeof(*first)));
	assert_null(vector_extend(&numbers, SIZE_MAX / 8, sizeof(*first)));
	assert_int_equal(numbers.count, 1);
	assert_int_equal(*(uint64_t *)numbers.items, 42);
	vector_free(&numbers);
}

static void a_freed_array_is_empty_and_can_be_used_again(void **state)
{
	struct vector numbers = { 0 };

	(void)state;
	vector_extend(&numbers, 5, 4);
	vector_free(&numbers);
	assert_null(numbers.items);
	assert_int_equal(numbers.count, 0);
	assert_int_equal(numbers.capacity, 0);
	assert_non_null(vector_extend(&numbers, 1, 4));
	assert_int_equal(numbers.count, 1);
	vector_free(&numbers);
	vector_free(&numbers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_stay_as_they_are_while_the_array_grows),
		cmocka_unit_test(several_items_come_in_a_row_behind_the_last),
		cmocka_unit_test(growing_takes_room_for_more_than_is_asked),
		cmocka_unit_test(a_count_that_no_memory_holds_changes_nothing),
		cmocka_unit_test(a_freed_array_is_empty_and_can_be_used_again),
	};

	return cmocka_run_group_tests_name("vector", tests, NULL, NULL);
}
