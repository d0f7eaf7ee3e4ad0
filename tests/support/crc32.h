/* SPDX-License-Identifier: MIT */
/*
 * CRC-32 with the polynomial of zlib, for programs that do not link zlib.
 *
 * May include: nothing of src/.
 */
#ifndef TEST_CRC32_H
#define TEST_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* crc is 0 at first, then the answer for the bytes before. */
uint32_t crc32_add(uint32_t crc, const void *bytes, size_t size);

#endif
