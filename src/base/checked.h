/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic on numbers that come from a file.
 *
 * The rule of this library is to compare an untrusted length with what
 * remains and never to add two untrusted numbers first; these helpers are for
 * the places where a sum or product is needed all the same.
 *
 * May include: nothing.
 */
#ifndef BASE_CHECKED_H
#define BASE_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

/* True if [offset, offset + length) lies inside [0, total). */
static inline bool range_fits(uint64_t offset, uint64_t length, uint64_t total)
{
	return offset <= total && length <= total - offset;
}

/* True if a + b does not wrap; *sum is set only then. */
static inline bool checked_add(uint64_t a, uint64_t b, uint64_t *sum)
{
	if (b > UINT64_MAX - a)
		return false;
	*sum = a + b;
	return true;
}

/* True if a * b does not wrap; *product is set only then. */
static inline bool checked_multiply(uint64_t a, uint64_t b, uint64_t *product)
{
	if (a != 0 && b > UINT64_MAX / a)
		return false;
	*product = a * b;
	return true;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The next multiple of alignment (a power of two); value must be at most INT64_MAX. */
static inline uint64_t align_up(uint64_t value, uint64_t alignment)
{
	return (value + (alignment - 1)) & ~(alignment - 1);
}

#endif
