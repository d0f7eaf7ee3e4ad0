/* SPDX-License-Identifier: MIT */
/* The entries of the exception directory that need no row of codes. */
#include "base/checked.h"
#include "guest/unwind_arm64_codes.h"

enum {
	RETURN_SAVED_WITH_OTHERS = 1,
	RETURN_IN_FRAME_SIGNED = 2,
	RETURN_IN_FRAME = 3,

	/* Largest numbers of one instruction: stp that lowers SP, and sub. */
	STP_LIMIT = 512,
	SUB_LIMIT = 4080,
	HOMED_PAIRS = 4
};

/* Steps as the prologue makes them, from its first instruction on. */
struct prologue {
	struct arm64_step steps[ARM64_PACKED_STEP_LIMIT];
	unsigned count;
	uint32_t saved_size;	/* what the first save lowers SP by */
	uint32_t saved;		/* bytes of it that are in use */
};

static struct arm64_step *add_step(struct prologue *prologue, enum arm64_step_kind kind,
				   uint32_t size)
{
	struct arm64_step *step = &prologue->steps[prologue->count++];

	*step = (struct arm64_step){ .kind = kind, .second = ARM64_NO_REGISTER, .size = size };
	return step;
}

/* One instruction of the save area, bytes long; the first makes room for all. */
static struct arm64_step *add_save(struct prologue *prologue, enum arm64_step_kind kind,
				   uint32_t bytes)
{
	bool first = prologue->saved == 0;
	struct arm64_step *step = add_step(prologue, kind, first ? prologue->saved_size : 0);

	step->offset = first ? 0 : prologue->saved;
	prologue->saved += bytes;
	return step;
}

static void save_general(struct prologue *prologue, unsigned count, bool with_return)
{
	unsigned done = 0;

	while (done < count || with_return) {
		bool pair = done < count && (done + 1 < count || with_return);
		struct arm64_step *step =
			add_save(prologue, ARM64_STEP_SAVE, pair ? 16 : 8);

		step->first = done < count ? (uint8_t)(19 + done) : ARM64_LR;
		if (pair)
			step->second = done + 1 < count ? (uint8_t)(20 + done) : ARM64_LR;
		if (step->first == ARM64_LR || step->second == ARM64_LR)
			with_return = false;
		done += 2;
	}
}

static void save_float(struct prologue *prologue, unsigned count)
{
	for (unsigned done = 0; done < count; done += 2)
		add_save(prologue, ARM64_STEP_SAVE_FLOAT, done + 1 < count ? 16 : 8);
}

/* The stores of X0 to X7 need not be taken back, but for the room they make. */
static void home_arguments(struct prologue *prologue)
{
	for (unsigned i = 0; i < HOMED_PAIRS; i++) {
		struct arm64_step *step = add_save(prologue, ARM64_STEP_NOTHING, 16);

		if (step->size != 0)
			step->kind = ARM64_STEP_ALLOCATE;
	}
}

static void allocate(struct prologue *prologue, uint32_t size)
{
	if (size == 0)
		return;
	add_step(prologue, ARM64_STEP_ALLOCATE, size < SUB_LIMIT ? size : SUB_LIMIT);
	if (size > SUB_LIMIT)
		add_step(prologue, ARM64_STEP_ALLOCATE, size - SUB_LIMIT);
}

/* x29 and the return address at the bottom of the frame, and x29 pointing there. */
static void save_frame(struct prologue *prologue, uint32_t size)
{
	bool at_once = size <= STP_LIMIT;
	struct arm64_step *step;

	if (!at_once)
		allocate(prologue, size);
	step = add_step(prologue, ARM64_STEP_SAVE, at_once ? size : 0);
	step->first = ARM64_FP;
	step->second = ARM64_LR;
	add_step(prologue, ARM64_STEP_SET_FRAME, 0);
}

bool arm64_expand_packed(uint32_t data, struct arm64_step steps[ARM64_PACKED_STEP_LIMIT],
			 unsigned *count_out)
{
	unsigned float_count = data >> 13 & 7, general_count = data >> 16 & 0xF;
	bool homes = (data >> 20 & 1) != 0;
	unsigned return_kind = data >> 21 & 3;
	uint32_t frame_size = (data >> 23) * 16;
	bool saves_return = return_kind == RETURN_SAVED_WITH_OTHERS;
	struct prologue prologue = { .count = 0 };

	if (float_count > 0)
		float_count++;		/* it counts from D8 on, and one is never saved alone */
	prologue.saved_size = (uint32_t)align_up(
		8 * (general_count + (saves_return ? 1u : 0u) + float_count) +
			(homes ? 16u * HOMED_PAIRS : 0u), 16);
	if (general_count > 10 || prologue.saved_size > frame_size)
		return false;
	if (return_kind == RETURN_IN_FRAME_SIGNED)
		add_step(&prologue, ARM64_STEP_SIGN_RETURN, 0);
	save_general(&prologue, general_count, saves_return);
	save_float(&prologue, float_count);
	if (homes)
		home_arguments(&prologue);
	if (return_kind >= RETURN_IN_FRAME_SIGNED)
		save_frame(&prologue, frame_size - prologue.saved_size);
	else
		allocate(&prologue, frame_size - prologue.saved_size);
	for (unsigned i = 0; i < prologue.count; i++)
		steps[i] = prologue.steps[prologue.count - 1 - i];
	*count_out = prologue.count;
	return true;
}
