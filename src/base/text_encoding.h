/* SPDX-License-Identifier: MIT */
/*
 * UTF-16 and UTF-8.
 *
 * Inside the library text is UTF-8; UTF-16 lives in the file formats and at
 * the edges that the Windows API shapes.  Unpaired surrogates are carried
 * through in both directions (as their three-byte generalised UTF-8 form), so
 * that a file with an odd name can still be opened.
 *
 * May include: nothing.
 */
#ifndef BASE_TEXT_ENCODING_H
#define BASE_TEXT_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Converts count little-endian UTF-16 units at from (any alignment) to a
 * NUL-terminated UTF-8 string that the caller frees.  NULL when memory is
 * short.
 */
char *utf8_from_utf16le(const void *from, size_t count);

/* The same for count native units. */
char *utf8_from_utf16(const uint16_t *from, size_t count);

/*
 * Converts a NUL-terminated UTF-8 string to NUL-terminated native UTF-16 that
 * the caller frees; *count_out (may be NULL) is the length without the NUL.
 * Bytes that are not UTF-8 become U+FFFD.  NULL when memory is short.
 */
uint16_t *utf16_from_utf8(const char *from, size_t *count_out);

/* The largest length, at most limit, at which a UTF-8 text that reaches limit can be cut. */
size_t utf8_cut(const char *text, size_t limit);

/* Units before the NUL. */
size_t utf16_length(const uint16_t *text);

/* ASCII letters compare without case, all other bytes exactly. */
bool ascii_equal_ignore_case(const char *a, const char *b);
unsigned char ascii_lower(unsigned char c);

#endif
