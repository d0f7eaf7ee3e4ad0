/* SPDX-License-Identifier: MIT */
/*
 * XPRESS plain LZ77: the compression of memory pages in a saved state.
 *
 * Microsoft documents the format in [MS-XCA] as "plain LZ77".  It carries
 * neither a length nor a checksum: the reader knows how many bytes must come
 * out (4096 for a page) and stops there.
 *
 * May include: src/base.
 */
#ifndef CODEC_XPRESS_H
#define CODEC_XPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes in[0, in_size) into exactly out_size bytes at out.
 *
 * True if out_size bytes came out.  A last match that would run past out_size
 * is cut there, and input that is left over is ignored; both occur in valid
 * data.  False if the input ends before that or a match reaches back before
 * out; out[0, out_size) then holds anything.
 *
 * Made for hostile input: nothing outside the two ranges is read or written,
 * whatever the result.  The ranges must not overlap.  Pure, allocates nothing.
 */
bool xpress_decode(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size);

#endif
