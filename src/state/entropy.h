/* SPDX-License-Identifier: MIT */
/*
 * Telling encrypted bytes from damaged ones.
 *
 * A VM saved with encryption of its state turned on has a flawless container
 * whose values are noise.  Saved registers are mostly zeros and small numbers,
 * so that even a damaged partition state stays far below this measure.
 *
 * May include: nothing.
 */
#ifndef STATE_ENTROPY_H
#define STATE_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * True for at least 2048 bytes with 7.9 bits or more of Shannon entropy per
 * byte.  (Noise of fewer bytes measures less than 7.9, because too few of each
 * value occur.)
 */
bool looks_encrypted(const uint8_t *bytes, size_t size);

#endif
