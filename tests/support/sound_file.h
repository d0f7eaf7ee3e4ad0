/* SPDX-License-Identifier: MIT */
/*
 * A sound saved state in memory, and where in its file each page of the guest
 * ends: computed from the records of its RAM blocks, not by the library's decoder.
 *
 * May include: nothing of src/.
 */
#ifndef TEST_SOUND_FILE_H
#define TEST_SOUND_FILE_H

#include "support/salvaged_memory.h"

struct sound_file {
	uint8_t *bytes; /* of the .vmrs or .bin */
	size_t size;
	uint8_t *second; /* of the .vsv, or NULL */
	size_t second_size;
	uint64_t first_block; /* the least offset of a RAM block */
	struct guest_pages pages;
	uint64_t *ends; /* of each of these pages */
};

/* The file's bytes belong to sound from here on; second may be NULL. */
void sound_file_open(struct sound_file *sound, uint8_t *bytes, size_t size, uint8_t *second,
		     size_t second_size);
void sound_file_close(struct sound_file *sound);

VMSAVEDSTATE_SOURCE sound_file_source(const struct sound_file *sound);

/*
 * Cuts the first file and fails the test unless those pages read that end before
 * the cut, and no others.  Returns how many do.
 */
size_t sound_file_compare_cut(struct sound_file *sound, uint64_t cut);

#endif
