/* SPDX-License-Identifier: MIT */
/*
 * ARM64: the caller of a function by its image's unwind data.
 *
 * An entry of the exception directory (.pdata) describes the prologue of its
 * function either in a few bits or as a row of codes (.xdata), one for each
 * instruction.  Floating-point registers are not followed: no frame depends on
 * them.  Return addresses may be signed (pointer authentication); the
 * signature is taken off.
 *
 * Input is hostile; rows of codes are at most as long as their header can say.
 *
 * Threads: no state; as the image's callback allows.
 *
 * May include: src/base, src/guest.
 */
#ifndef GUEST_UNWIND_ARM64_H
#define GUEST_UNWIND_ARM64_H

#include "guest/unwind.h"

enum { ARM64_FP = 29, ARM64_LR = 30, ARM64_GENERAL_COUNT = 31 };

struct arm64_registers {
	uint64_t general[ARM64_GENERAL_COUNT];	/* X0 to X28, FP, LR */
	uint64_t sp;
	uint64_t pc;
};

/*
 * Replaces registers by the caller's.  image is the one that holds pc; exact is
 * as for unwind_x64, and so is what happens to code without unwind data.
 * After a result other than UNWIND_CALLER and UNWIND_INTERRUPTED the registers
 * are as they were.
 */
enum unwind_result unwind_arm64(const struct pe_image *image, bool exact,
				struct arm64_registers *registers);

#endif
