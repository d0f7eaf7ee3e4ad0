/* SPDX-License-Identifier: MIT */
/*
 * A bounded walk over bytes in memory.
 *
 * Each take either yields the field and moves on, or reports false and leaves
 * the cursor where it was; nothing outside [start, end) is ever touched.
 *
 * May include: src/base.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

struct cursor {
	const uint8_t *start;
	size_t size;
	size_t position;	/* never above size */
};

static inline struct cursor cursor_over(const void *bytes, size_t size)
{
	struct cursor cursor = { bytes, size, 0 };

	return cursor;
}

static inline size_t cursor_remaining(const struct cursor *cursor)
{
	return cursor->size - cursor->position;
}

/* Yields a pointer to the next length bytes. */
static inline bool cursor_take(struct cursor *cursor, size_t length, const uint8_t **out)
{
	if (length > cursor_remaining(cursor))
		return false;
	*out = cursor->start + cursor->position;
	cursor->position += length;
	return true;
}

static inline bool cursor_skip(struct cursor *cursor, size_t length)
{
	const uint8_t *ignored;

	return cursor_take(cursor, length, &ignored);
}

static inline bool cursor_take_u8(struct cursor *cursor, uint8_t *out)
{
	const uint8_t *p;

	if (!cursor_take(cursor, 1, &p))
		return false;
	*out = *p;
	return true;
}

static inline bool cursor_take_le16(struct cursor *cursor, uint16_t *out)
{
	const uint8_t *p;

	if (!cursor_take(cursor, 2, &p))
		return false;
	*out = load_le16(p);
	return true;
}

static inline bool cursor_take_le32(struct cursor *cursor, uint32_t *out)
{
	const uint8_t *p;

	if (!cursor_take(cursor, 4, &p))
		return false;
	*out = load_le32(p);
	return true;
}

static inline bool cursor_take_le64(struct cursor *cursor, uint64_t *out)
{
	const uint8_t *p;

	if (!cursor_take(cursor, 8, &p))
		return false;
	*out = load_le64(p);
	return true;
}

#endif
