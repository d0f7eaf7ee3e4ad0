/* SPDX-License-Identifier: MIT */
/*
 * The structures of a .vmrs in memory: where they are, and their checksums.
 *
 * Written for tests and fuzz targets, from the format's description alone: no
 * number here comes from src/, so that a wrong one there is not confirmed.
 * Images may be damaged in any way.
 *
 * May include: nothing of src/.
 */
#ifndef FAULT_HVS_IMAGE_H
#define FAULT_HVS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hvs_part_kind {
	PART_HEADER,		/* one copy of the file header */
	PART_LOG_HEADER,
	PART_LOG_ENTRY,
	PART_OBJECT_TABLE,	/* its own 8 bytes */
	PART_OBJECT,		/* one slot of an object table */
	PART_KEY_TABLE,		/* its own 10 bytes */
	PART_KEY_ENTRY,		/* with its name and its value */
	PART_LEGACY_HEADER,
	PART_LEGACY_ENTRY,
	PART_VALUE		/* a file object, or the value of a legacy entry */
};

struct hvs_part {
	enum hvs_part_kind kind;
	size_t offset;
	size_t size;
};

/* Writes down up to limit parts of the image and returns how many there are of these. */
size_t hvs_image_parts(const uint8_t *bytes, size_t size, struct hvs_part *parts, size_t limit);

/* Makes every checksum that can be found right; legacy images have none. */
void hvs_image_repair(uint8_t *bytes, size_t size);

/* Little-endian numbers at any place of an image. */
uint64_t image_load(const uint8_t *from, size_t size);
void image_store(uint8_t *to, size_t size, uint64_t value);

#endif
