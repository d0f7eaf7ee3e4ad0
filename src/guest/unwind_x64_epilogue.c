/* SPDX-License-Identifier: MIT */
#include "guest/unwind_x64_epilogue.h"
#include "base/cursor.h"

enum {
	/* Moves RSP, pops all sixteen registers, and jumps. */
	LONGEST_EPILOGUE = 8 + 2 * X64_REGISTER_COUNT + 7,

	REX = 0x40,		/* to 0x4F */
	REX_B = 1,
	REX_W = 8
};

static bool is_rex(uint8_t byte)
{
	return (byte & 0xF0) == REX;
}

static uint64_t sign_extend_8(uint8_t value)
{
	return (uint64_t)(int64_t)(int8_t)value;
}

static uint64_t sign_extend_32(uint32_t value)
{
	return (uint64_t)(int64_t)(int32_t)value;
}

/* A displacement or operand of 1 or 4 bytes. */
static bool take_signed(struct cursor *code, bool wide, uint64_t *out)
{
	uint32_t value32;
	uint8_t value8;

	if (wide) {
		if (!cursor_take_le32(code, &value32))
			return false;
		*out = sign_extend_32(value32);
		return true;
	}
	if (!cursor_take_u8(code, &value8))
		return false;
	*out = sign_extend_8(value8);
	return true;
}

/* add rsp, number */
static bool take_add(struct cursor *code, struct x64_registers *registers)
{
	struct cursor at = *code;
	const uint8_t *bytes;
	uint64_t number;

	if (!cursor_take(&at, 3, &bytes) || bytes[0] != (REX | REX_W) ||
	    (bytes[1] != 0x83 && bytes[1] != 0x81) || bytes[2] != 0xC4 ||
	    !take_signed(&at, bytes[1] == 0x81, &number))
		return false;
	registers->general[X64_RSP] += number;
	*code = at;
	return true;
}

/* lea rsp, [frame register + number] */
static bool take_lea(struct cursor *code, unsigned frame_register,
		     struct x64_registers *registers)
{
	struct cursor at = *code;
	const uint8_t *bytes;
	uint64_t number;
	uint8_t sib, mode;

	if (frame_register == 0 || !cursor_take(&at, 3, &bytes) ||
	    (bytes[0] & ~REX_B) != (REX | REX_W) || bytes[1] != 0x8D ||
	    (bytes[2] & 0x38) != X64_RSP << 3 ||
	    ((bytes[2] & 7u) | (bytes[0] & REX_B ? 8u : 0u)) != frame_register)
		return false;
	mode = bytes[2] >> 6;
	if (mode != 1 && mode != 2)
		return false;
	/* R12 as a base needs another byte that says so. */
	if ((bytes[2] & 7) == X64_RSP && (!cursor_take_u8(&at, &sib) || sib != 0x24))
		return false;
	if (!take_signed(&at, mode == 2, &number))
		return false;
	registers->general[X64_RSP] = registers->general[frame_register] + number;
	*code = at;
	return true;
}

/* pop register; false, and nothing taken, for anything else or a missing stack. */
static bool take_pop(const struct pe_image *image, struct cursor *code,
		     struct x64_registers *registers)
{
	struct cursor at = *code;
	uint8_t byte, rex = 0;
	unsigned number;

	if (!cursor_take_u8(&at, &byte))
		return false;
	if (is_rex(byte)) {
		rex = byte;
		if (!cursor_take_u8(&at, &byte))
			return false;
	}
	number = (byte & 7u) | (rex & REX_B ? 8u : 0u);
	if ((byte & 0xF8) != 0x58 || number == X64_RSP ||
	    !unwind_read_u64(&image->memory, registers->general[X64_RSP],
			     &registers->general[number]))
		return false;
	registers->general[X64_RSP] += 8;
	*code = at;
	return true;
}

/* jmp [rip + number], as to an imported function, or jmp with a REX.W that marks the last place */
static bool is_jump_away(const uint8_t *bytes, size_t size)
{
	if (size >= 2 && bytes[0] == 0xFF && bytes[1] == 0x25)
		return true;
	return size >= 3 && is_rex(bytes[0]) && (bytes[0] & REX_W) != 0 && bytes[1] == 0xFF &&
	       (bytes[2] & 0x38) == 4 << 3;
}

static enum x64_epilogue_end take_end(struct cursor *code, uint32_t rva, uint32_t *target_out)
{
	const uint8_t *bytes = code->start + code->position;
	size_t size = cursor_remaining(code);
	uint64_t distance;
	uint8_t first;

	if (is_jump_away(bytes, size))
		return X64_JUMPS_AWAY;
	if (size >= 2 && (bytes[0] == 0xF3 || bytes[0] == 0xF2) && bytes[1] == 0xC3)
		return X64_RETURNS;
	if (!cursor_take_u8(code, &first))
		return X64_NO_EPILOGUE;
	if (first == 0xC3 || first == 0xC2)
		return X64_RETURNS;
	if ((first != 0xEB && first != 0xE9) || !take_signed(code, first == 0xE9, &distance))
		return X64_NO_EPILOGUE;
	*target_out = rva + (uint32_t)code->position + (uint32_t)distance;
	return X64_JUMPS;
}

enum x64_epilogue_end x64_run_epilogue(const struct pe_image *image, uint32_t rva,
				       unsigned frame_register, struct x64_registers *registers,
				       uint32_t *target_out)
{
	uint8_t bytes[LONGEST_EPILOGUE];
	struct cursor code =
		cursor_over(bytes, pe_image_read(image, rva, bytes, sizeof(bytes)));

	if (!take_add(&code, registers))
		take_lea(&code, frame_register, registers);
	while (take_pop(image, &code, registers))
		continue;
	return take_end(&code, rva, target_out);
}
