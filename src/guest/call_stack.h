/* SPDX-License-Identifier: MIT */
/*
 * The call stack of a VP: from its registers from caller to caller.
 *
 * May include: everything below src/guest.
 */
#ifndef GUEST_CALL_STACK_H
#define GUEST_CALL_STACK_H

#include "guest/symbol_provider.h"
#include "guest/text_buffer.h"
#include "guest/virtual_memory.h"

/* Why no caller follows the last frame. */
enum stack_end {
	STACK_COMPLETE,			/* there is none: the return address is 0 */
	STACK_LIMIT,			/* as many frames as were asked for */
	STACK_NO_IMAGE,			/* the code lies in no image */
	STACK_NO_DATA,			/* the image tells nothing about code that made a call */
	STACK_DATA_MISSING,
	STACK_DATA_DAMAGED,
	STACK_MEMORY_MISSING,		/* a page of the stack */
	STACK_NO_FRAME_POINTER,		/* 32-bit x86: the chain of frame pointers is broken */
	STACK_TURNS_BACK		/* the caller's frame would lie below its callee's */
};

/* A sentence without a full stop. */
const char *stack_end_text(enum stack_end end);

struct stack_frame {
	uint64_t stack_pointer;
	uint64_t instruction_pointer;
	uint64_t return_address;	/* the caller's instruction pointer; 0 in the last frame */
	uint64_t module_base;		/* 0: in no module */
	uint64_t displacement;		/* from the symbol, else from the module, else 0 */
	size_t module_at;		/* places of the names in texts; "" when not known */
	size_t symbol_at;
};

struct call_stack {
	struct stack_frame *frames;
	size_t count;
	enum stack_end end;
	struct text_buffer texts;
};

struct call_stack_source {
	const struct virtual_memory *memory;
	const struct virtual_processor *vp;
	const struct vp_overrides *forced;
	struct symbol_provider *symbols;
	const struct symbol_listener *listener;
};

enum { CALL_STACK_FRAME_LIMIT = 65536 };

/*
 * Follows the stack for at most frame_limit frames, and no more than
 * CALL_STACK_FRAME_LIMIT.  Images that the provider does not know yet are
 * found in memory and loaded into it.  The caller ends *out with
 * call_stack_fini.
 *
 * STATUS_NOT_IMPLEMENTED for an architecture that is not known;
 * STATUS_VTL_NOT_ENABLED; STATUS_OUT_OF_MEMORY.
 */
enum status call_stack_unwind(const struct call_stack_source *source, uint32_t frame_limit,
			      struct call_stack *out, struct error *error);
void call_stack_fini(struct call_stack *stack);

/*
 * The stack as text, under the original's heading: a line for each frame, and
 * one that tells why the stack ends unless as many frames as were asked for
 * are there.
 */
void call_stack_write(const struct call_stack *stack, struct text_buffer *out);

#endif
