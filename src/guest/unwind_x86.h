/* SPDX-License-Identifier: MIT */
/*
 * 32-bit x86: the caller of a function by the chain of frame pointers.
 *
 * Images tell nothing about their frames here.  Code compiled with frame
 * pointers, as Windows itself is, can be followed; the rest breaks the chain.
 *
 * May include: src/base, src/guest.
 */
#ifndef GUEST_UNWIND_X86_H
#define GUEST_UNWIND_X86_H

#include "guest/unwind.h"

struct x86_registers {
	uint32_t eip;
	uint32_t esp;
	uint32_t ebp;
};

/*
 * Replaces registers by the caller's.  exact, as for unwind_x64, allows code
 * that stopped before its function has set the frame pointer, or after it has
 * given it back.  UNWIND_NO_DATA when EBP points to no frame: below ESP, or not
 * to a multiple of 4.  After a result other than UNWIND_CALLER the registers
 * are as they were.
 */
enum unwind_result unwind_x86(const struct image_memory *memory, bool exact,
			      struct x86_registers *registers);

#endif
