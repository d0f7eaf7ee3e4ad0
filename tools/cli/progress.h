/* SPDX-License-Identifier: MIT */
/*
 * A progress bar on the standard error output, with rate and remaining time;
 * nothing at all where that is no terminal.
 *
 * May include: tools/cli.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool shown;
	uint64_t total;			/* bytes */
	double begun;			/* seconds, as platform_seconds() tells them */
	double drawn;			/* when it was drawn last */
};

void progress_begin(struct progress *progress, uint64_t total);
/* Draws it, unless that was done a moment ago. */
void progress_update(struct progress *progress, uint64_t done);
/* Wipes it from the terminal, so that something can be printed; the next update draws it again. */
void progress_hide(struct progress *progress);
/* Wipes it, and draws it no more. */
void progress_end(struct progress *progress);

#endif
