/* SPDX-License-Identifier: MIT */
#include "guest/unwind_x86.h"
#include "base/bytes.h"

static bool read_u32(const struct image_memory *memory, uint32_t address, uint32_t *out)
{
	uint8_t bytes[4];
	size_t done = 0;

	if (memory->read(memory->context, address, bytes, sizeof(bytes), &done) != STATUS_OK ||
	    done < sizeof(bytes))
		return false;
	*out = load_le32(bytes);
	return true;
}

enum frame_state {
	FRAME_SET,		/* EBP points to the caller's EBP */
	FRAME_NOT_PUSHED,	/* ESP points to the return address, EBP is the caller's */
	FRAME_PUSHED		/* ESP points to the caller's EBP */
};

/* What the next instruction says about how far the function is. */
static enum frame_state frame_state_at(const struct image_memory *memory, uint32_t eip)
{
	uint8_t code[2] = { 0, 0 };
	size_t done = 0;

	if (memory->read(memory->context, eip, code, sizeof(code), &done) != STATUS_OK ||
	    done == 0)
		return FRAME_SET;
	if (code[0] == 0x55 || code[0] == 0xC3 || code[0] == 0xC2)	/* push ebp, ret, ret n */
		return FRAME_NOT_PUSHED;
	if (done == 2 && code[0] == 0x8B && code[1] == 0xFF)	/* mov edi, edi */
		return FRAME_NOT_PUSHED;
	if (done == 2 && ((code[0] == 0x8B && code[1] == 0xEC) ||	/* mov ebp, esp */
			  (code[0] == 0x89 && code[1] == 0xE5)))
		return FRAME_PUSHED;
	if (code[0] == 0x5D)	/* pop ebp */
		return FRAME_PUSHED;
	return FRAME_SET;
}

enum unwind_result unwind_x86(const struct image_memory *memory, bool exact,
			      struct x86_registers *registers)
{
	enum frame_state state = exact ? frame_state_at(memory, registers->eip) : FRAME_SET;
	uint32_t frame = state == FRAME_SET ? registers->ebp : registers->esp;
	struct x86_registers caller = *registers;

	if (state == FRAME_SET && (frame < registers->esp || frame % 4 != 0))
		return UNWIND_NO_DATA;
	if (state != FRAME_NOT_PUSHED) {
		if (!read_u32(memory, frame, &caller.ebp))
			return UNWIND_STACK_MISSING;
		frame += 4;
	}
	if (!read_u32(memory, frame, &caller.eip))
		return UNWIND_STACK_MISSING;
	caller.esp = frame + 4;
	*registers = caller;
	return UNWIND_CALLER;
}
