/* SPDX-License-Identifier: MIT */
/*
 * One frame of a call stack, whatever the processor.
 *
 * May include: everything below src/guest.
 */
#ifndef GUEST_STACK_CURSOR_H
#define GUEST_STACK_CURSOR_H

#include "guest/call_stack.h"
#include "guest/unwind_arm64.h"
#include "guest/unwind_x64.h"
#include "guest/unwind_x86.h"

struct stack_cursor {
	enum vp_architecture architecture;
	bool exact;		/* the address is the next instruction itself, no return address */
	union {
		struct x86_registers x86;
		struct x64_registers x64;
		struct arm64_registers arm64;
	} registers;
};

/* The registers of a VP.  STATUS_NOT_IMPLEMENTED, STATUS_VTL_NOT_ENABLED. */
enum status stack_cursor_begin(const struct virtual_processor *vp,
			       const struct vp_overrides *forced, struct stack_cursor *out,
			       struct error *error);

uint64_t stack_cursor_address(const struct stack_cursor *cursor);
uint64_t stack_cursor_stack(const struct stack_cursor *cursor);

/* Whether image data is needed to find the caller. */
bool stack_cursor_needs_image(const struct stack_cursor *cursor);

/*
 * Steps to the caller; image holds the address, and is NULL when none does.
 * True if there is one; otherwise *end_out tells why not, and nothing changed.
 */
bool stack_cursor_step(struct stack_cursor *cursor, const struct image_memory *memory,
		       const struct pe_image *image, enum stack_end *end_out);

#endif
