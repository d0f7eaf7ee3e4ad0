/* SPDX-License-Identifier: MIT */
/*
 * Little-endian loads and stores at any alignment.
 *
 * File bytes are never overlaid with a struct: every field of every format is
 * read through one of these.  Compilers turn them into single instructions.
 *
 * May include: nothing.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdint.h>

static inline uint16_t load_le16(const void *from)
{
	const uint8_t *p = from;

	return (uint16_t)(p[0] | (p[1] << 8));
}

static inline uint32_t load_le32(const void *from)
{
	const uint8_t *p = from;

	return (uint32_t)p[0] | ((uint32_t)p[1] << 8) | ((uint32_t)p[2] << 16) |
	       ((uint32_t)p[3] << 24);
}

static inline uint64_t load_le64(const void *from)
{
	const uint8_t *p = from;

	return (uint64_t)load_le32(p) | ((uint64_t)load_le32(p + 4) << 32);
}

static inline void store_le16(void *to, uint16_t value)
{
	uint8_t *p = to;

	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
}

static inline void store_le32(void *to, uint32_t value)
{
	uint8_t *p = to;

	store_le16(p, (uint16_t)value);
	store_le16(p + 2, (uint16_t)(value >> 16));
}

static inline void store_le64(void *to, uint64_t value)
{
	uint8_t *p = to;

	store_le32(p, (uint32_t)value);
	store_le32(p + 4, (uint32_t)(value >> 32));
}

#endif
