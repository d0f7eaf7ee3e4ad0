/* SPDX-License-Identifier: MIT */
#include "container/numbered_keys.h"
#include "base/text_encoding.h"

#include <string.h>

/* Decimal digits of 2^64 - 1. */
enum { LONGEST_NUMBER = 20 };

static bool bytes_equal_ignore_case(const char *a, const char *b, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (ascii_lower((unsigned char)a[i]) != ascii_lower((unsigned char)b[i]))
			return false;
	}
	return true;
}

static bool parse_number(const char *digits, size_t length, uint64_t *out)
{
	uint64_t number = 0;

	if (length == 0 || length > LONGEST_NUMBER || (length > 1 && digits[0] == '0'))
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned digit = (unsigned)(digits[i] - '0');

		if (digit > 9 || number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*out = number;
	return true;
}

bool numbered_name_matches(const struct numbered_family *family, const char *name, size_t length,
			   uint64_t *number_out)
{
	size_t prefix = strlen(family->prefix);
	size_t suffix = strlen(family->suffix);

	if (length <= prefix || length - prefix <= suffix)
		return false;
	return bytes_equal_ignore_case(name, family->prefix, prefix) &&
	       bytes_equal_ignore_case(name + length - suffix, family->suffix, suffix) &&
	       parse_number(name + prefix, length - prefix - suffix, number_out);
}

static int compare(uint64_t left, uint64_t right)
{
	return (left > right) - (left < right);
}

/* By number; of one number the lowest insertion sequence first, then the first in the file. */
static int compare_candidates(const void *a, const void *b)
{
	const struct numbered_candidate *left = a, *right = b;
	int order = compare(left->number, right->number);

	if (order == 0)
		order = compare(left->insertion_sequence, right->insertion_sequence);
	if (order == 0)
		order = compare(left->table, right->table);
	if (order == 0)
		order = compare(left->position, right->position);
	return order;
}

static void sort_candidates(struct vector *candidates)
{
	struct numbered_candidate *all = candidates->items;

	for (size_t i = 1; i < candidates->count; i++) {
		if (compare_candidates(&all[i - 1], &all[i]) > 0) {
			qsort(all, candidates->count, sizeof(*all), compare_candidates);
			return;
		}
	}
}

/* Leaves the one in force of each number; candidates are sorted. */
static void drop_duplicates(struct vector *candidates)
{
	struct numbered_candidate *all = candidates->items;
	size_t kept = 0;

	for (size_t i = 0; i < candidates->count; i++) {
		if (kept == 0 || all[i].number != all[kept - 1].number)
			all[kept++] = all[i];
	}
	candidates->count = kept;
}

enum status numbered_keys_build(struct vector *candidates, struct numbered_keys *out,
				struct error *error)
{
	const struct numbered_candidate *all = candidates->items;
	struct numbered_keys keys = { 0 };
	size_t count;

	sort_candidates(candidates);
	drop_duplicates(candidates);
	count = candidates->count;
	while (keys.run_count < count && all[keys.run_count].number == keys.run_count)
		keys.run_count++;
	if (keys.run_count > 0) {
		keys.run = malloc(keys.run_count * sizeof(*keys.run));
		if (keys.run == NULL)
			return error_out_of_memory(error, "the list of RAM blocks");
	}
	for (size_t i = 0; i < keys.run_count; i++)
		keys.run[i] = all[i].value;
	for (size_t i = keys.run_count; i < count; i++) {
		struct numbered_other *other = vector_extend(&keys.others, 1, sizeof(*other));

		if (other == NULL) {
			numbered_keys_fini(&keys);
			return error_out_of_memory(error, "the list of RAM blocks");
		}
		other->number = all[i].number;
		other->value = all[i].value;
	}
	*out = keys;
	return STATUS_OK;
}

void numbered_keys_fini(struct numbered_keys *keys)
{
	free(keys->run);
	keys->run = NULL;
	keys->run_count = 0;
	vector_free(&keys->others);
}

struct key_value numbered_value_as_key(const struct numbered_value *value)
{
	struct key_value key = {
		.type = KEY_ARRAY,
		.in_file_object = value->in_file_object,
		.broken = value->state == NUMBERED_BROKEN,
		.offset = value->offset,
		.size = value->size,
	};

	return key;
}

size_t numbered_keys_lower_bound(const struct numbered_keys *keys, uint64_t number)
{
	const struct numbered_other *others = keys->others.items;
	size_t low = 0, high = keys->others.count;

	if (number < keys->run_count)
		return (size_t)number;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (others[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return keys->run_count + low;
}

struct numbered_value numbered_keys_find(const struct numbered_keys *keys, uint64_t number)
{
	static const struct numbered_value missing = { .state = NUMBERED_MISSING };
	const struct numbered_other *others = keys->others.items;
	size_t index;

	if (number < keys->run_count)
		return keys->run[number];
	index = numbered_keys_lower_bound(keys, number) - keys->run_count;
	if (index < keys->others.count && others[index].number == number)
		return others[index].value;
	return missing;
}

size_t numbered_keys_count(const struct numbered_keys *keys)
{
	return keys->run_count + keys->others.count;
}

struct numbered_other numbered_keys_at(const struct numbered_keys *keys, size_t index)
{
	struct numbered_other key;

	if (index >= keys->run_count)
		return ((const struct numbered_other *)keys->others.items)[index - keys->run_count];
	key.number = index;
	key.value = keys->run[index];
	return key;
}
