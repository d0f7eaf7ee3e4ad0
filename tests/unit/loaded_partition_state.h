/* SPDX-License-Identifier: MIT */
/*
 * A partition state composed in the test, parsed, with its VPs at hand.
 *
 * May include: src/base, src/state.
 */
#ifndef LOADED_PARTITION_STATE_H
#define LOADED_PARTITION_STATE_H

#include "partition_state_builder.h"
#include "state/partition_state.h"

#include <stdbool.h>

enum { LOADED_VPS = 4 };

struct loaded {
	struct blob blob;
	struct partition_state *partition;
	const struct virtual_processor *vps[LOADED_VPS];
	struct vp_overrides forced[LOADED_VPS];		/* nothing at first */
};

/* Ends the blob and parses it, which must succeed; unload frees. */
void load(struct loaded *loaded);
void unload(struct loaded *loaded);

uint32_t architecture_of(const struct loaded *loaded, uint32_t vp_id);
uint32_t paging_mode_of(const struct loaded *loaded, uint32_t vp_id);

/* Of VP 0, where they must be answered: the low 64 bits of a register, and its space. */
uint64_t read_low(const struct loaded *loaded, uint32_t id);
bool in_kernel_space(const struct loaded *loaded);

#endif
