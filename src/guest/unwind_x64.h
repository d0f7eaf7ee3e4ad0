/* SPDX-License-Identifier: MIT */
/*
 * x64: the caller of a function by its image's unwind data.
 *
 * Every function that touches the stack has an entry in the exception
 * directory (.pdata) that leads to an UNWIND_INFO: the steps of its prologue,
 * which are taken back here.  Versions 1 and 2, chained entries, epilogues in
 * progress and the frames of exceptions and interrupts are known.  SSE
 * registers are not followed: no frame depends on them.
 *
 * Input is hostile: chains end after a fixed number of links.
 *
 * Threads: no state; as the image's callback allows.
 *
 * May include: src/base, src/guest.
 */
#ifndef GUEST_UNWIND_X64_H
#define GUEST_UNWIND_X64_H

#include "guest/unwind.h"

/* Numbers of unwind data and instructions alike. */
enum x64_register {
	X64_RAX, X64_RCX, X64_RDX, X64_RBX, X64_RSP, X64_RBP, X64_RSI, X64_RDI,
	X64_R8, X64_R9, X64_R10, X64_R11, X64_R12, X64_R13, X64_R14, X64_R15,
	X64_REGISTER_COUNT
};

struct x64_registers {
	uint64_t rip;
	uint64_t general[X64_REGISTER_COUNT];
};

/*
 * Replaces registers by the caller's.  image is the one that holds rip; the
 * stack is read through its callback.
 *
 * exact says that rip is the next instruction itself: that of the processor,
 * or of interrupted code.  Otherwise it is a return address, and the call in
 * front of it, which may be the last instruction of its function, counts.
 * Only exact code may be a leaf function, which has no unwind data because it
 * leaves the stack alone; in a caller that is UNWIND_NO_DATA.
 *
 * After a result other than UNWIND_CALLER and UNWIND_INTERRUPTED the registers
 * are as they were.
 */
enum unwind_result unwind_x64(const struct pe_image *image, bool exact,
			      struct x64_registers *registers);

/* The same for code of which is known, or assumed, that it is a leaf function. */
enum unwind_result unwind_x64_leaf(const struct image_memory *memory,
				   struct x64_registers *registers);

#endif
