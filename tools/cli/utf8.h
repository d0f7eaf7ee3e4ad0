/* SPDX-License-Identifier: MIT */
/*
 * Taking UTF-8 apart, and making it from UTF-16.  Names in a saved state are
 * whatever its writer put there, so anything may stand in them.
 *
 * May include: nothing.
 */
#ifndef CLI_UTF8_H
#define CLI_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Stands for a byte that begins no character. */
#define UTF8_INVALID 0xFFFFFFFFu

/*
 * The character that a NUL-terminated text begins with, *length_out its bytes;
 * at the NUL it is 0.  A half of a UTF-16 pair that stands alone (U+D800 to
 * U+DFFF) is a character here.  For UTF8_INVALID the length is 1.
 */
uint32_t utf8_next(const char *text, size_t *length_out);

/*
 * The UTF-8 of size bytes of little-endian UTF-16, NUL-terminated; an odd last
 * byte is left out, and a NUL among the units ends the text.  The caller frees
 * it.  NULL when memory is short.
 */
char *utf8_from_utf16(const uint8_t *bytes, size_t size);

#endif
