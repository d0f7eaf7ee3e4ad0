/* SPDX-License-Identifier: MIT */
#include "container/hvs_checksum.h"

#include <zlib.h>

uint32_t hvs_checksum_plain(uint32_t checksum, const void *bytes, size_t size)
{
	return (uint32_t)crc32_z(checksum, bytes, size);
}

uint32_t hvs_checksum(const void *bytes, size_t size, size_t field)
{
	static const uint8_t zero[4];
	const uint8_t *start = bytes;
	uint32_t checksum = hvs_checksum_plain(0, start, field);

	checksum = hvs_checksum_plain(checksum, zero, sizeof(zero));
	return hvs_checksum_plain(checksum, start + field + 4, size - field - 4);
}
