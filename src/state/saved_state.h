/* SPDX-License-Identifier: MIT */
/*
 * A saved state: its containers, and which key holds what.
 *
 * A .vmrs holds everything; of the older pair the .bin holds the RAM blocks
 * and the .vsv the rest.
 *
 * Threads: a saved state does not change after it is opened.
 *
 * May include: src/base, src/platform, src/container.
 */
#ifndef STATE_SAVED_STATE_H
#define STATE_SAVED_STATE_H

#include "container/container.h"
#include "state/partition_state.h"

struct saved_state {
	struct container *ram;		/* holds the RAM blocks */
	struct container *state;	/* holds everything else; the same of a .vmrs */
	uint32_t vm_version;		/* 0x0900 is 9.0; 0x0500 of a pair, which does not tell */
	struct vector memory_blocks;	/* of struct memory_block */
	struct partition_state *partition;
	bool unknown_ram_layout;	/* RAM keys are there, but not RamBlocks */
};

/* Families of numbered keys that every container is opened with. */
enum {
	FAMILY_RAM_BLOCK,
	FAMILY_MEMORY_BLOCK,
	FAMILY_COUNT
};
extern const struct container_families saved_state_families;

/*
 * Opens the saved state in a .vmrs.  The saved state owns the file from here
 * on, also on failure.
 *
 * Statuses of container_open, and, in the order in which they are checked as
 * in the original: STATUS_NOT_A_SAVED_STATE for half of a legacy pair;
 * STATUS_KEY_NOT_FOUND or _WRONG_KEY_TYPE for the version;
 * STATUS_NO_PARTITION_STATE without the processors' key, STATUS_STATE_LOST
 * when it has lost its value; those of memory_blocks_read; those of
 * partition_state_parse.
 */
enum status saved_state_open(struct file *file, struct saved_state **out, struct error *error);

/*
 * Opens the saved state in a .bin and .vsv.  It owns both files from here on,
 * also on failure.  STATUS_OTHER_CONTAINER when either is a .vmrs; else as
 * saved_state_open, without the version.
 */
enum status saved_state_open_pair(struct file *bin, struct file *vsv, struct saved_state **out,
				  struct error *error);

/*
 * Opens what can be read of a saved state that the two above refuse: a .vmrs, a
 * pair, or one file of a pair (second is NULL).  What is spoilt is noted in
 * damage and left out: a state may come back without processors, without a map
 * of memory, or with RAM blocks missing.  error must not be NULL.
 *
 * STATUS_NO_PARTITION_STATE when a sound container holds no saved state,
 * STATUS_NOTHING_LEFT when a damaged one has nothing left of it or cannot be
 * read at all.
 */
enum status saved_state_salvage(struct file *first, struct file *second, struct damage *damage,
				struct saved_state **out, struct error *error);

void saved_state_close(struct saved_state *state);

/* The RAM blocks' keys. */
const struct numbered_keys *saved_state_ram_blocks(const struct saved_state *state);

#endif
