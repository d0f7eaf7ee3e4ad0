/* SPDX-License-Identifier: MIT */
/*
 * The container's checksum: CRC-32 as zlib computes it, over a structure whose
 * own checksum field counts as zero.
 *
 * May include: nothing of this project; zlib.
 */
#ifndef CONTAINER_HVS_CHECKSUM_H
#define CONTAINER_HVS_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Of size bytes, the four at field taken as zero; field + 4 must be within size. */
uint32_t hvs_checksum(const void *bytes, size_t size, size_t field);

/* Of size bytes as they are, continuing from an earlier result (0 to start). */
uint32_t hvs_checksum_plain(uint32_t checksum, const void *bytes, size_t size);

#endif
