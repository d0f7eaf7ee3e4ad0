/* SPDX-License-Identifier: MIT */
/*
 * Files of a fuzzing corpus, made short.
 *
 * A container is mostly padding and empty slots, which would make a corpus large
 * and every mutation of it slow.  Packed, an image is
 *
 *   "PACK", u32 size, then until the end:
 *   u16 n, n bytes, u16 m, u16 d      n bytes as they are, then m that repeat
 *                                     what stands d bytes before
 *
 * Bytes without that signature are taken as they are, so a plain file can be
 * given in place of a packed one.
 *
 * May include: nothing of src/.
 */
#ifndef FAULT_PACKED_IMAGE_H
#define FAULT_PACKED_IMAGE_H

#include "fault/fixture_files.h"

enum { PACKED_IMAGE_MAX = 512 * 1024 };

/* The image of an input, whatever the input is; start is never NULL. */
struct bytes image_unpack(const uint8_t *data, size_t size);

/* Packs an image into at most limit bytes; 0 if it does not fit. */
size_t image_pack(struct bytes image, uint8_t *out, size_t limit);

#endif
