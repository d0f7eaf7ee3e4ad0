/* SPDX-License-Identifier: MIT */
/*
 * Changes to the keys of a .vmrs in memory.
 *
 * Checksums are wrong afterwards, until hvs_image_repair.
 *
 * May include: nothing of src/.
 */
#ifndef KEY_EDITOR_H
#define KEY_EDITOR_H

#include "fault/fixture_files.h"

/* The entry of the last key of that name, and its data; the test fails when there is none. */
uint8_t *entry_named(struct bytes *image, const char *name);
uint8_t *data_of(struct bytes *image, const char *name);

/* Gives the key another name of the same length. */
void rename_key(struct bytes *image, const char *from, const char *to);

/* Makes all checksums right. */
void repair_checksums(struct bytes *image);

#endif
