/* SPDX-License-Identifier: MIT */
#include "guest/unwind_arm64_codes.h"

unsigned arm64_step_instructions(const struct arm64_step *step)
{
	switch (step->kind) {
	case ARM64_STEP_TRAP_FRAME:
	case ARM64_STEP_MACHINE_FRAME:
	case ARM64_STEP_CONTEXT:
	case ARM64_STEP_END_PART:
	case ARM64_STEP_END:
		return 0;
	default:
		return 1;
	}
}

static struct arm64_step make_step(enum arm64_step_kind kind, uint32_t size)
{
	struct arm64_step step = { .kind = kind, .second = ARM64_NO_REGISTER, .size = size };

	return step;
}

/* stp or str; moved is by how much it lowers SP first. */
static struct arm64_step make_save(unsigned first, unsigned second, uint32_t offset, uint32_t moved)
{
	struct arm64_step step = make_step(ARM64_STEP_SAVE, moved);

	step.first = (uint8_t)first;
	step.second = (uint8_t)second;
	step.offset = offset;
	return step;
}

static struct arm64_step make_float_save(uint32_t moved)
{
	return make_step(ARM64_STEP_SAVE_FLOAT, moved);
}

/* ---- codes of one byte below 0xC0 --------------------------------------------------- */

static struct arm64_step decode_short(uint8_t code)
{
	switch (code >> 5) {
	case 0:		/* alloc_s */
		return make_step(ARM64_STEP_ALLOCATE, (code & 0x1Fu) * 16);
	case 1:		/* save_r19r20_x */
		return make_save(19, 20, 0, (code & 0x1Fu) * 8);
	case 2:
	case 3:		/* save_fplr */
		return make_save(ARM64_FP, ARM64_LR, (code & 0x3Fu) * 8, 0);
	default:	/* save_fplr_x */
		return make_save(ARM64_FP, ARM64_LR, 0, (code & 0x3Fu) * 8 + 8);
	}
}

/* ---- codes of two bytes, 0xC0 to 0xDF ------------------------------------------------ */

static struct arm64_step decode_long(uint16_t code)
{
	unsigned x4 = code >> 6 & 0xF, x3 = code >> 6 & 7, x5 = code >> 5 & 0xF;
	uint32_t z6 = (code & 0x3Fu) * 8, z5 = (code & 0x1Fu) * 8;

	switch (code >> 10 & 7) {
	case 0:		/* 110000, 110001: alloc_m */
	case 1:
		return make_step(ARM64_STEP_ALLOCATE, (code & 0x7FFu) * 16);
	case 2:		/* save_regp */
		return make_save(19 + x4, 20 + x4, z6, 0);
	case 3:		/* save_regp_x */
		return make_save(19 + x4, 20 + x4, 0, z6 + 8);
	case 4:		/* save_reg */
		return make_save(19 + x4, ARM64_NO_REGISTER, z6, 0);
	case 5:		/* save_reg_x, save_lrpair */
		if ((code & 0x200) == 0)
			return make_save(19 + x5, ARM64_NO_REGISTER, 0, z5 + 8);
		return make_save(19 + 2 * x3, ARM64_LR, z6, 0);
	case 6:		/* save_fregp, save_fregp_x */
		return make_float_save((code & 0x200) != 0 ? z6 + 8 : 0);
	default:	/* save_freg; 0xDE is save_freg_x, and 0xDF is reserved */
		if ((code & 0x200) == 0)
			return make_float_save(0);
		return (code & 0x100) == 0 ? make_float_save(z5 + 8) :
					     make_step(ARM64_STEP_END, 0);
	}
}

/* ---- codes from 0xE0 on -------------------------------------------------------------- */

enum {
	CODE_ALLOCATE_LARGE = 0xE0,
	CODE_RESERVED_LONG = 0xDF,
	CODE_ADD_FP = 0xE2,
	CODE_SAVE_ANY = 0xE7
};

static bool decode_single(uint8_t code, struct arm64_step *out)
{
	switch (code) {
	case 0xE1:	/* set_fp */
		*out = make_step(ARM64_STEP_SET_FRAME, 0);
		return true;
	case 0xE3:	/* nop */
		*out = make_step(ARM64_STEP_NOTHING, 0);
		return true;
	case 0xE4:
		*out = make_step(ARM64_STEP_END, 0);
		return true;
	case 0xE5:	/* end_c */
		*out = make_step(ARM64_STEP_END_PART, 0);
		return true;
	case 0xE6:
		*out = make_step(ARM64_STEP_SAVE_NEXT, 0);
		return true;
	case 0xE8:
		*out = make_step(ARM64_STEP_TRAP_FRAME, 0);
		return true;
	case 0xE9:
		*out = make_step(ARM64_STEP_MACHINE_FRAME, 0);
		return true;
	case 0xEA:
		*out = make_step(ARM64_STEP_CONTEXT, 0);
		return true;
	case 0xFC:	/* pac_sign_lr */
		*out = make_step(ARM64_STEP_SIGN_RETURN, 0);
		return true;
	default:
		return false;
	}
}

/* save_any_reg: 0pxrrrrr ttoooooo; p a pair, x lowers SP, tt 0 for general registers */
static bool decode_save_any(uint8_t high, uint8_t low, struct arm64_step *out)
{
	bool pair = (high & 0x40) != 0, lowers = (high & 0x20) != 0;
	unsigned first = high & 0x1F, kind = low >> 6;
	uint32_t unit = pair || lowers || kind == 2 ? 16 : 8;
	uint32_t offset = (low & 0x3Fu) * unit;

	if ((high & 0x80) != 0 || kind == 3)
		return false;
	if (kind != 0)
		*out = make_float_save(lowers ? offset + 16 : 0);
	else
		*out = make_save(first, pair ? first + 1 : ARM64_NO_REGISTER, lowers ? 0 : offset,
				 lowers ? offset + 16 : 0);
	return true;
}

static size_t code_size(uint8_t code)
{
	if (code < 0xC0)
		return 1;
	if (code < 0xE0)
		return 2;
	switch (code) {
	case CODE_ALLOCATE_LARGE:
		return 4;
	case CODE_ADD_FP:
		return 2;
	case CODE_SAVE_ANY:
		return 3;
	default:
		return 1;
	}
}

static bool is_register_saved(const struct arm64_step *step)
{
	return step->kind != ARM64_STEP_SAVE ||
	       (step->first < ARM64_GENERAL_COUNT &&
		(step->second == ARM64_NO_REGISTER || step->second < ARM64_GENERAL_COUNT));
}

bool arm64_decode_step(const uint8_t *bytes, size_t size, struct arm64_step *out, size_t *used_out)
{
	size_t used = size > 0 ? code_size(bytes[0]) : 1;
	bool known = true;

	if (used > size || bytes[0] == CODE_RESERVED_LONG)
		return false;
	if (bytes[0] < 0xC0)
		*out = decode_short(bytes[0]);
	else if (bytes[0] < 0xE0)
		*out = decode_long((uint16_t)(bytes[0] << 8 | bytes[1]));
	else if (bytes[0] == CODE_ALLOCATE_LARGE)
		*out = make_step(ARM64_STEP_ALLOCATE, ((uint32_t)bytes[1] << 16 |
						       (uint32_t)bytes[2] << 8 | bytes[3]) * 16);
	else if (bytes[0] == CODE_ADD_FP)
		*out = make_step(ARM64_STEP_SET_FRAME, bytes[1] * 8u);
	else if (bytes[0] == CODE_SAVE_ANY)
		known = decode_save_any(bytes[1], bytes[2], out);
	else
		known = decode_single(bytes[0], out);
	*used_out = used;
	return known && is_register_saved(out);
}
