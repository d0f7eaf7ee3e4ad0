/* SPDX-License-Identifier: MIT */
/*
 * Which guest memory a dump holds: runs of pages that are in the saved state.
 *
 * Holes and pages whose RAM block is missing are in no run.  Runs that touch
 * are one, so there are never more of them than RAM blocks and memory ranges
 * together, at 16 bytes each.
 *
 * May include: everything below src/dump.
 */
#ifndef DUMP_MEMORY_RUNS_H
#define DUMP_MEMORY_RUNS_H

#include "base/vector.h"
#include "memory/guest_memory.h"

struct memory_run {
	uint64_t page;		/* guest-physical address >> PAGE_SHIFT */
	uint64_t page_count;	/* at least 1 */
};

struct memory_runs {
	struct vector items;	/* of struct memory_run, ascending, disjoint, none touching */
	uint64_t page_count;	/* of all of them */
};

/*
 * The runs of a saved state.  STATUS_OUT_OF_MEMORY; STATUS_UNSUPPORTED_RAM.
 */
enum status memory_runs_of(const struct saved_state *state, const struct guest_memory *memory,
			   struct memory_runs *out, struct error *error);

/* The runs of all pages that the memory ranges speak of.  STATUS_OUT_OF_MEMORY. */
enum status memory_runs_described(const struct guest_memory *memory, struct memory_runs *out,
				  struct error *error);

/* Adds pages behind the last run.  STATUS_OUT_OF_MEMORY. */
enum status memory_runs_add(struct memory_runs *runs, uint64_t page, uint64_t page_count,
			    struct error *error);
void memory_runs_fini(struct memory_runs *runs);

size_t memory_runs_count(const struct memory_runs *runs);
const struct memory_run *memory_runs_at(const struct memory_runs *runs, size_t index);

/* The run that holds the page, with the pages of all runs before it; NULL if none does. */
const struct memory_run *memory_runs_find(const struct memory_runs *runs, uint64_t page,
					  uint64_t *pages_before_out);

/* The page behind the last one; 0 when there is none. */
uint64_t memory_runs_end(const struct memory_runs *runs);

#endif
