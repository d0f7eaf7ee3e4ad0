/* SPDX-License-Identifier: MIT */
/*
 * What happens when a rule of the file format is found broken.
 *
 * A plain load refuses the file.  A tolerant one notes the fault, leaves out
 * what it spoils, and reads on; nothing that is left out is ever replaced by
 * something made up.  The readers do not know which it is: they describe the
 * fault, hand it over, and go on as they are told.
 *
 * May include: src/base.
 */
#ifndef CONTAINER_DAMAGE_H
#define CONTAINER_DAMAGE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* The parts of a saved state, as a report on it lists them. */
enum saved_part {
	PART_FILE_HEADER,
	PART_REPLAY_LOG,
	PART_OBJECT_TABLE,
	PART_KEY_TABLE,
	PART_KEY,
	PART_PARTITION_STATE,
	PART_MEMORY_MAP,
	PART_RAM_BLOCK,
	PART_COUNT
};

/* Called for each fault that is tolerated; error has status and sentence. */
typedef void (*damage_listener)(void *context, enum saved_part part, const struct error *error);

struct damage {
	damage_listener listener;	/* may be NULL */
	void *context;
	uint64_t checked[PART_COUNT];	/* structures looked at */
	uint64_t damaged[PART_COUNT];	/* faults tolerated */
};

/*
 * Decides about a fault.  damage NULL: status comes back, and the caller gives
 * up.  Otherwise, and unless memory was short, the fault that error describes
 * is noted, error cleared and STATUS_OK returned, and the caller goes on
 * without what is spoilt.  error may be NULL only if damage is.
 */
enum status damage_tolerate(struct damage *damage, enum saved_part part, enum status status,
			    struct error *error);

/* Counts a structure that was looked at; damage may be NULL. */
static inline void damage_count(struct damage *damage, enum saved_part part)
{
	if (damage != NULL)
		damage->checked[part]++;
}

#endif
