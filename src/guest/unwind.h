/* SPDX-License-Identifier: MIT */
/*
 * From a function's registers to those of its caller: what the unwinders of
 * all processors have in common.
 *
 * May include: src/base, src/guest.
 */
#ifndef GUEST_UNWIND_H
#define GUEST_UNWIND_H

#include "guest/pe_image.h"

#include <stdbool.h>
#include <stdint.h>

enum unwind_result {
	UNWIND_CALLER,		/* the registers are the caller's now */
	UNWIND_INTERRUPTED,	/* they are those of code that an exception or interrupt stopped */
	UNWIND_NO_DATA,		/* the image tells nothing about the code */
	UNWIND_DATA_MISSING,	/* it does, on a page that is missing */
	UNWIND_DATA_DAMAGED,	/* what it tells breaks a rule */
	UNWIND_STACK_MISSING	/* a saved register is on a page that is missing */
};

/* Reads a number of 8 bytes; false when one of them is missing. */
bool unwind_read_u64(const struct image_memory *memory, uint64_t address, uint64_t *out);

/*
 * Reads the entry of a function table (the exception directory) whose function
 * begins last at or before rva; entries are sorted and begin with the address
 * of their function.  False when no function begins there; *missing_out tells
 * that a page of the table is missing, which is false too.
 */
bool unwind_find_entry(const struct pe_image *image, uint32_t rva, uint32_t entry_size,
		       uint8_t *entry_out, bool *missing_out);

#endif
