/* SPDX-License-Identifier: MIT */
/*
 * ARM64 unwind data as steps: what each instruction of a prologue did to the
 * stack, the last one first.
 *
 * May include: src/base, src/guest.
 */
#ifndef GUEST_UNWIND_ARM64_CODES_H
#define GUEST_UNWIND_ARM64_CODES_H

#include "guest/unwind_arm64.h"

enum arm64_step_kind {
	ARM64_STEP_NOTHING,		/* an instruction that moves nothing */
	ARM64_STEP_ALLOCATE,		/* sub sp, sp, #size */
	ARM64_STEP_SAVE,		/* stp or str of first and second */
	ARM64_STEP_SAVE_FLOAT,		/* the same of registers that are not followed */
	ARM64_STEP_SAVE_NEXT,		/* the pair behind that of the save which follows */
	ARM64_STEP_SET_FRAME,		/* add x29, sp, #size */
	ARM64_STEP_SIGN_RETURN,
	ARM64_STEP_TRAP_FRAME,		/* a frame that the kernel made for a trap */
	ARM64_STEP_MACHINE_FRAME,	/* a stack pointer and an address */
	ARM64_STEP_CONTEXT,		/* a CONTEXT structure */
	ARM64_STEP_END_PART,		/* the steps before it are those of one part */
	ARM64_STEP_END
};

enum { ARM64_NO_REGISTER = 0xFF };

struct arm64_step {
	enum arm64_step_kind kind;
	uint8_t first;			/* number of the register */
	uint8_t second;			/* or ARM64_NO_REGISTER */
	uint32_t offset;		/* from SP; 0 when the save moves SP itself */
	uint32_t size;			/* bytes by which SP was lowered, or as the kind says */
};

/* Longest row of codes: 255 words of 4, each byte a code. */
enum { ARM64_STEP_LIMIT = 4 * 255 + 1 };

/* Instructions that a step stands for: 1, or 0 for frames that were there before, and ends. */
unsigned arm64_step_instructions(const struct arm64_step *step);

/*
 * Decodes the code at the start of bytes.  *used_out is the bytes it takes.
 * False for a reserved code, or one that is cut.
 */
bool arm64_decode_step(const uint8_t *bytes, size_t size, struct arm64_step *out,
		       size_t *used_out);

enum { ARM64_PACKED_STEP_LIMIT = 24 };

/*
 * Spells out the 32 bits of a packed entry: the steps of the prologue that
 * compilers write for it, the last one first.  False when the sizes contradict
 * each other.
 */
bool arm64_expand_packed(uint32_t data, struct arm64_step steps[ARM64_PACKED_STEP_LIMIT],
			 unsigned *count_out);

#endif
