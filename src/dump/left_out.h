/* SPDX-License-Identifier: MIT */
/*
 * Memory that a dump lacks, told to its caller in runs as long as can be.
 *
 * May include: everything below src/dump.
 */
#ifndef DUMP_LEFT_OUT_H
#define DUMP_LEFT_OUT_H

#include "dump/dump.h"
#include "dump/memory_runs.h"

struct left_out {
	dump_left_out tell;	/* may be NULL */
	void *context;
	struct memory_run run;	/* not told yet; none while it has no pages */
	enum status status;	/* of the run */
};

/* Pages that are left out; those that continue the last ones are told with them. */
void left_out_add(struct left_out *left_out, uint64_t page, uint64_t page_count,
		  enum status status);

/* Tells the last run. */
void left_out_end(struct left_out *left_out);

/* Tells the pages of described that are not in saved, which lies within it. */
void left_out_missing(struct left_out *left_out, const struct memory_runs *described,
		      const struct memory_runs *saved);

#endif
