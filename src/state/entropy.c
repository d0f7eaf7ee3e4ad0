/* SPDX-License-Identifier: MIT */
#include "state/entropy.h"

#include <math.h>

enum { FEWEST_BYTES = 2048 };
static const double FEWEST_BITS_PER_BYTE = 7.9;

static double bits_per_byte(const uint8_t *bytes, size_t size)
{
	size_t histogram[256] = { 0 };
	double bits = 0;

	for (size_t i = 0; i < size; i++)
		histogram[bytes[i]]++;
	for (size_t value = 0; value < 256; value++) {
		double share = (double)histogram[value] / (double)size;

		if (histogram[value] != 0)
			bits -= share * log2(share);
	}
	return bits;
}

bool looks_encrypted(const uint8_t *bytes, size_t size)
{
	return size >= FEWEST_BYTES && bits_per_byte(bytes, size) >= FEWEST_BITS_PER_BYTE;
}
