/* SPDX-License-Identifier: MIT */
/*
 * Page walks a second time, for comparison.
 *
 * One plain function per mode, written down from the architecture manuals
 * step by step and slow on purpose: no tables, nothing shared with
 * src/paging but its public structs.
 */
#ifndef REFERENCE_WALK_H
#define REFERENCE_WALK_H

#include "paging/page_walk.h"

struct reference_answer {
	enum page_result result;
	uint64_t gpa;
	uint64_t page_size;
	uint64_t unmapped_size;		/* of the original; 0 where it is free (x64 out of range) */
	unsigned level;
	bool writable;
	bool user;
	bool user_executable;
	bool kernel_executable;
	bool reserved_bits;
};

/* Failures of the reader other than STATUS_GPA_NOT_SAVED are not expected. */
struct reference_answer reference_walk(const struct address_space *space, uint64_t address,
				       const struct entry_reader *reader);

/* The name of the first field in which a walk differs from the reference; NULL if none. */
const char *reference_difference(const struct reference_answer *expected,
				 const struct page_walk *walk);

#endif
