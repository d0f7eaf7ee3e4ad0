/* SPDX-License-Identifier: MIT */
/*
 * Asks everything of a partition state, for tests and fuzzing that only want
 * to see it survive.
 *
 * May include: src/base, src/state.
 */
#ifndef PARTITION_STATE_QUESTIONS_H
#define PARTITION_STATE_QUESTIONS_H

#include "state/partition_state.h"

/*
 * Every question about every VP (about the first 16, where there are more):
 * as saved, in every VTL and as the nested host.  Aborts where answers that
 * must agree do not.
 */
void ask_everything(const struct partition_state *state);

#endif
