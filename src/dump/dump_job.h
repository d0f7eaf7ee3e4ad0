/* SPDX-License-Identifier: MIT */
/*
 * A dump that is being written: what the writers of the single formats share.
 *
 * May include: everything below src/dump.
 */
#ifndef DUMP_DUMP_JOB_H
#define DUMP_DUMP_JOB_H

#include "dump/dump.h"
#include "dump/left_out.h"
#include "dump/memory_runs.h"
#include "memory/memory_fixes.h"

struct dump_job {
	const struct dump_request *request;
	struct dump_guest guest;
	struct memory_runs described;	/* by the saved state's memory ranges */
	struct memory_runs runs;	/* of them, those that the dump holds */
	struct left_out left_out;
	struct memory_fixes patches;	/* laid over the dumped memory, never over the guest's */
	struct dump_outcome *outcome;
	uint64_t progress_done;		/* bytes, over all passes */
	uint64_t progress_total;
};

/* One writer for each format: writes everything and returns the size of the dump. */
enum status dump_raw(struct dump_job *job, uint64_t *size_out, struct error *error);
enum status dump_elf(struct dump_job *job, uint64_t *size_out, struct error *error);
enum status dump_windows(struct dump_job *job, uint64_t *size_out, struct error *error);

/* Where the pages of the runs stand in the dump. */
struct dump_layout {
	uint64_t offset;	/* of the first one */
	enum dump_places {
		DUMP_PLACES_OF_RUNS,		/* one run behind the other */
		DUMP_PLACES_OF_DESCRIBED,	/* one described run behind the other */
		DUMP_PLACES_OF_ADDRESSES	/* the guest-physical addresses */
	} places;
};

/*
 * Where places do not depend on what can be read, a request to keep going turns
 * damaged pages into holes.
 */
enum status dump_job_write_pages(struct dump_job *job, struct dump_layout layout,
				 struct error *error);

/*
 * Reads a page by itself.  What cannot be read is left out, with *readable_out
 * false and zeros in place of the bytes.  STATUS_OUT_OF_MEMORY.
 */
enum status dump_job_read_page(struct dump_job *job, uint64_t gpa, uint8_t *page,
			       bool *readable_out, struct error *error);

/* Writes size bytes; what follows must have a higher offset. */
enum status dump_job_write(struct dump_job *job, uint64_t offset, const void *bytes, size_t size,
			   struct error *error);

/* Tells the progress, size bytes of memory on; STATUS_CANCELLED. */
enum status dump_job_advance(struct dump_job *job, size_t size, struct error *error);

/* Goes over all memory before it is written, for a format that looks for something in it. */
typedef bool (*dump_search)(void *context, uint64_t gpa, const uint8_t *bytes, size_t size);

/* Calls search for each piece in order until it returns true; damaged pieces are left out. */
enum status dump_job_search(struct dump_job *job, dump_search search, void *context,
			    struct error *error);

/* Adds a sentence to the outcome. */
void dump_remark(struct dump_job *job, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
