/* SPDX-License-Identifier: MIT */
/*
 * The files that hold the state of a VM or checkpoint, and whether a guest's
 * memory is in them.
 *
 * A .vmrs is there for every VM, also one that is off, and for checkpoints
 * without memory; before version 6 the same goes for the .bin and .vsv of a
 * VM that runs.  So only their contents tell.
 *
 * May include: src/base, src/platform, src/container, src/locate.
 */
#ifndef LOCATE_STATE_FILES_H
#define LOCATE_STATE_FILES_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum state_form {
	STATE_ABSENT,		/* no files */
	STATE_WITHOUT_MEMORY,
	STATE_SAVED,		/* a .vmrs with memory */
	STATE_SAVED_LEGACY,	/* a .bin and .vsv with memory */
	STATE_UNREADABLE
};

struct state_files {
	char *vmrs;		/* those that exist, else NULL */
	char *bin;
	char *vsv;
	enum state_form form;
	uint64_t size;		/* bytes of all of them */
	int64_t modified;	/* seconds since 1970-01-01 UTC, of the file written last */
	char *problem;		/* of STATE_UNREADABLE: a sentence; else NULL */
};

/*
 * Fills in what follows the paths.  That a file is damaged is an answer and no
 * failure; STATUS_OUT_OF_MEMORY is the only one.
 */
enum status state_files_examine(struct state_files *files, struct error *error);
void state_files_free(struct state_files *files);

/* True if a guest's memory is there. */
bool state_files_are_saved(const struct state_files *files);

#endif
