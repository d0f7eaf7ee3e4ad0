/* SPDX-License-Identifier: MIT */
/*
 * An array that grows.
 *
 * May include: nothing.
 */
#ifndef BASE_VECTOR_H
#define BASE_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct vector {
	void *items;
	size_t count;
	size_t capacity;
};

/* Room for count more items of item_size bytes, uninitialised, at the end; NULL when memory is short. */
static inline void *vector_extend(struct vector *vector, size_t count, size_t item_size)
{
	size_t needed;
	void *grown;

	if (count > SIZE_MAX - vector->count)
		return NULL;
	needed = vector->count + count;
	if (needed > vector->capacity) {
		size_t capacity = vector->capacity > SIZE_MAX / 2 ? SIZE_MAX : vector->capacity * 2;

		capacity = capacity < 16 ? 16 : capacity;
		capacity = capacity < needed ? needed : capacity;
		if (capacity > SIZE_MAX / item_size)
			return NULL;
		grown = realloc(vector->items, capacity * item_size);
		if (grown == NULL)
			return NULL;
		vector->items = grown;
		vector->capacity = capacity;
	}
	grown = (uint8_t *)vector->items + vector->count * item_size;
	vector->count = needed;
	return grown;
}

static inline void vector_free(struct vector *vector)
{
	free(vector->items);
	vector->items = NULL;
	vector->count = 0;
	vector->capacity = 0;
}

#endif
