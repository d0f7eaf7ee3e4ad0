/* SPDX-License-Identifier: MIT */
/*
 * XPRESS data of any kind decodes as the byte-by-byte reference says.
 *
 * Input: the size of the output (2 bytes, modulo 8193), then the data.
 */
#include "base/bytes.h"
#include "bench/codec_reference.h"
#include "codec/xpress.h"

#include <stdlib.h>
#include <string.h>

enum { OUT_SIZE_MAX = 8192 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t out_size;
	uint8_t *out;
	uint8_t *expected;
	bool good;

	if (size < 2)
		return 0;
	/* Exact allocations: the sanitizer sees the first byte outside. */
	out_size = load_le16(data) % (OUT_SIZE_MAX + 1);
	out = malloc(out_size != 0 ? out_size : 1);
	expected = malloc(out_size != 0 ? out_size : 1);
	if (out == NULL || expected == NULL)
		abort();
	good = xpress_decode(data + 2, size - 2, out, out_size);
	if (good != reference_xpress_decode(data + 2, size - 2, expected, out_size))
		abort();
	if (good && memcmp(out, expected, out_size) != 0)
		abort();
	free(out);
	free(expected);
	return 0;
}
