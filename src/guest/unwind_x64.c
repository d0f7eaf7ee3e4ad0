/* SPDX-License-Identifier: MIT */
#include "guest/unwind_x64.h"
#include "guest/unwind_x64_epilogue.h"
#include "base/bytes.h"

#include <string.h>

enum {
	FUNCTION_SIZE = 12,
	/* Compilers split a function into a few parts; each part is one link. */
	CHAIN_LIMIT = 32,

	INFO_HEADER_SIZE = 4,
	INFO_CODE_LIMIT = 255,
	INFO_FLAG_CHAINED = 4,
	/* Set in the address of an entry's data: it is that of another entry. */
	INDIRECT = 1
};

/* An entry of the exception directory; ends are exclusive. */
struct x64_function {
	uint32_t begin;
	uint32_t end;
	uint32_t info_rva;
};

enum unwind_operation {
	PUSH_REGISTER = 0,
	ALLOCATE_LARGE = 1,
	ALLOCATE_SMALL = 2,
	SET_FRAME_REGISTER = 3,
	SAVE_REGISTER = 4,
	SAVE_REGISTER_FAR = 5,
	EPILOGUE = 6,		/* version 1: part of an SSE register saved near */
	SPARE = 7,		/* version 1: the same, saved far */
	SAVE_XMM = 8,
	SAVE_XMM_FAR = 9,
	PUSH_MACHINE_FRAME = 10
};

struct unwind_info {
	struct x64_function function;
	uint8_t version;
	bool chained;
	uint8_t prologue_size;
	uint8_t frame_register;		/* 0: none */
	uint32_t frame_offset;
	size_t slot_count;
	/* Room for the padding slot and for the entry that a chained one ends with. */
	uint8_t slots[2 * (INFO_CODE_LIMIT + 1) + FUNCTION_SIZE];
};

static struct x64_function parse_function(const uint8_t *entry)
{
	struct x64_function function = {
		.begin = load_le32(entry),
		.end = load_le32(entry + 4),
		.info_rva = load_le32(entry + 8),
	};

	return function;
}

/* Follows an entry that stands for another one. */
static enum unwind_result resolve(const struct pe_image *image, struct x64_function *function)
{
	for (unsigned links = 0; (function->info_rva & INDIRECT) != 0; links++) {
		uint8_t entry[FUNCTION_SIZE];

		if (links == CHAIN_LIMIT)
			return UNWIND_DATA_DAMAGED;
		if (pe_image_read(image, function->info_rva & ~(uint32_t)INDIRECT, entry,
				  sizeof(entry)) != sizeof(entry))
			return UNWIND_DATA_MISSING;
		function->info_rva = load_le32(entry + 8);
	}
	return UNWIND_CALLER;
}

static enum unwind_result find_function(const struct pe_image *image, uint32_t rva,
					struct x64_function *out)
{
	uint8_t entry[FUNCTION_SIZE];
	bool missing;

	if (!unwind_find_entry(image, rva, FUNCTION_SIZE, entry, &missing))
		return missing ? UNWIND_DATA_MISSING : UNWIND_NO_DATA;
	*out = parse_function(entry);
	return rva < out->end ? resolve(image, out) : UNWIND_NO_DATA;
}

static enum unwind_result read_info(const struct pe_image *image,
				    const struct x64_function *function, struct unwind_info *out)
{
	uint8_t header[INFO_HEADER_SIZE];
	size_t size;

	if (pe_image_read(image, function->info_rva, header, sizeof(header)) != sizeof(header))
		return UNWIND_DATA_MISSING;
	out->function = *function;
	out->version = header[0] & 7;
	out->chained = ((header[0] >> 3) & INFO_FLAG_CHAINED) != 0;
	out->prologue_size = header[1];
	out->slot_count = header[2];
	out->frame_register = header[3] & 0xF;
	out->frame_offset = (header[3] >> 4) * 16u;
	if (out->version != 1 && out->version != 2)
		return UNWIND_DATA_DAMAGED;
	size = 2 * out->slot_count;
	if (out->chained)
		size = 2 * (out->slot_count + out->slot_count % 2) + FUNCTION_SIZE;
	if (function->info_rva > UINT32_MAX - INFO_HEADER_SIZE ||
	    pe_image_read(image, function->info_rva + INFO_HEADER_SIZE, out->slots, size) != size)
		return UNWIND_DATA_MISSING;
	return UNWIND_CALLER;
}

/* The function that a part of it, read into info, is chained to. */
static enum unwind_result read_parent(const struct pe_image *image, struct unwind_info *info)
{
	const uint8_t *entry = info->slots + 2 * (info->slot_count + info->slot_count % 2);
	struct x64_function parent = parse_function(entry);
	enum unwind_result result = resolve(image, &parent);

	return result == UNWIND_CALLER ? read_info(image, &parent, info) : result;
}

static unsigned slots_of(const uint8_t *slot)
{
	switch (slot[1] & 0xF) {
	case PUSH_REGISTER:
	case ALLOCATE_SMALL:
	case SET_FRAME_REGISTER:
	case PUSH_MACHINE_FRAME:
		return 1;
	case ALLOCATE_LARGE:
		return slot[1] >> 4 == 0 ? 2 : 3;
	case SAVE_REGISTER:
	case EPILOGUE:
	case SAVE_XMM:
		return 2;
	case SAVE_REGISTER_FAR:
	case SPARE:
	case SAVE_XMM_FAR:
		return 3;
	default:
		return 0;
	}
}

struct unwinding {
	const struct pe_image *image;
	struct x64_registers *registers;
	uint64_t frame;		/* what saved registers are counted from */
	bool has_frame;		/* it comes from a frame register */
	bool interrupted;
};

static bool pop(const struct image_memory *memory, struct x64_registers *registers, uint64_t *out)
{
	if (!unwind_read_u64(memory, registers->general[X64_RSP], out))
		return false;
	registers->general[X64_RSP] += 8;
	return true;
}

enum unwind_result unwind_x64_leaf(const struct image_memory *memory,
				   struct x64_registers *registers)
{
	return pop(memory, registers, &registers->rip) ? UNWIND_CALLER : UNWIND_STACK_MISSING;
}

/* What the processor pushes for an exception: [error code] RIP CS RFLAGS RSP SS. */
static bool pop_machine_frame(struct unwinding *unwinding, bool has_error_code)
{
	uint64_t at = unwinding->registers->general[X64_RSP] + (has_error_code ? 8 : 0);
	const struct image_memory *memory = &unwinding->image->memory;

	unwinding->interrupted = true;
	return unwind_read_u64(memory, at, &unwinding->registers->rip) &&
	       unwind_read_u64(memory, at + 24, &unwinding->registers->general[X64_RSP]);
}

/* Takes back one step of a prologue; false when the stack is missing. */
static bool take_back(struct unwinding *unwinding, const struct unwind_info *info,
		      const uint8_t *slot)
{
	uint64_t *general = unwinding->registers->general;
	unsigned operand = slot[1] >> 4;

	switch (slot[1] & 0xF) {
	case PUSH_REGISTER:
		return pop(&unwinding->image->memory, unwinding->registers, &general[operand]);
	case ALLOCATE_LARGE:
		general[X64_RSP] += operand == 0 ? load_le16(slot + 2) * UINT64_C(8) :
						   load_le32(slot + 2);
		return true;
	case ALLOCATE_SMALL:
		general[X64_RSP] += operand * 8 + 8;
		return true;
	case SET_FRAME_REGISTER:
		general[X64_RSP] = general[info->frame_register] - info->frame_offset;
		return true;
	case SAVE_REGISTER:
		return unwind_read_u64(&unwinding->image->memory,
				       unwinding->frame + load_le16(slot + 2) * UINT64_C(8),
				       &general[operand]);
	case SAVE_REGISTER_FAR:
		return unwind_read_u64(&unwinding->image->memory,
				       unwinding->frame + load_le32(slot + 2), &general[operand]);
	case PUSH_MACHINE_FRAME:
		return pop_machine_frame(unwinding, operand != 0);
	default:	/* SSE registers, and where epilogues are */
		return true;
	}
}

/* Whether the step in slot was made when the code has run up to offset in its part. */
static bool was_made(const uint8_t *slot, uint64_t offset)
{
	return slot[0] <= offset;
}

/*
 * The frame register holds the frame's address once the prologue has set it;
 * before that, and without one, registers are saved relative to RSP.
 */
static void choose_frame(struct unwinding *unwinding, const struct unwind_info *info,
			 uint64_t offset)
{
	bool set = info->frame_register != 0 && offset >= info->prologue_size;

	for (size_t i = 0; i < info->slot_count && info->frame_register != 0 && !set;) {
		const uint8_t *slot = info->slots + 2 * i;
		unsigned used = slots_of(slot);

		set = (slot[1] & 0xF) == SET_FRAME_REGISTER && was_made(slot, offset);
		i += used != 0 ? used : 1;
	}
	if (set && !unwinding->has_frame) {
		unwinding->has_frame = true;
		unwinding->frame = unwinding->registers->general[info->frame_register] -
				   info->frame_offset;
	} else if (!unwinding->has_frame) {
		unwinding->frame = unwinding->registers->general[X64_RSP];
	}
}

static enum unwind_result take_back_part(struct unwinding *unwinding,
					 const struct unwind_info *info, uint64_t offset)
{
	choose_frame(unwinding, info, offset);
	for (size_t i = 0; i < info->slot_count;) {
		const uint8_t *slot = info->slots + 2 * i;
		unsigned used = slots_of(slot);

		if (used == 0 || used > info->slot_count - i)
			return UNWIND_DATA_DAMAGED;
		if (was_made(slot, offset) && !take_back(unwinding, info, slot))
			return UNWIND_STACK_MISSING;
		i += used;
	}
	return UNWIND_CALLER;
}

static enum unwind_result take_back_prologue(struct unwinding *unwinding,
					     struct unwind_info *info, uint64_t offset)
{
	enum unwind_result result = take_back_part(unwinding, info, offset);

	for (unsigned links = 0; result == UNWIND_CALLER && info->chained; links++) {
		if (links == CHAIN_LIMIT)
			return UNWIND_DATA_DAMAGED;
		result = read_parent(unwinding->image, info);
		/* Whoever runs a later part has the earlier prologues behind him. */
		if (result == UNWIND_CALLER)
			result = take_back_part(unwinding, info, UINT64_MAX);
	}
	if (result != UNWIND_CALLER || unwinding->interrupted)
		return result;
	return unwind_x64_leaf(&unwinding->image->memory, unwinding->registers);
}

/* The first part of the function that a part belongs to. */
static enum unwind_result find_first_part(const struct pe_image *image,
					  const struct x64_function *part, uint32_t *begin_out)
{
	struct unwind_info info;
	enum unwind_result result = read_info(image, part, &info);

	for (unsigned links = 0; result == UNWIND_CALLER && info.chained; links++) {
		if (links == CHAIN_LIMIT)
			return UNWIND_DATA_DAMAGED;
		result = read_parent(image, &info);
	}
	*begin_out = info.function.begin;
	return result;
}

/*
 * Whether a jump to rva stays in the function that part belongs to.  One to the
 * function's own start does not: that is a call in the last place.
 */
static bool is_same_function(const struct pe_image *image, const struct x64_function *part,
			     uint32_t rva)
{
	struct x64_function target = *part;
	uint32_t begin, target_begin;

	if ((rva < part->begin || rva >= part->end) &&
	    find_function(image, rva, &target) != UNWIND_CALLER)
		return false;
	return find_first_part(image, part, &begin) == UNWIND_CALLER &&
	       find_first_part(image, &target, &target_begin) == UNWIND_CALLER &&
	       begin == target_begin && rva != begin;
}

/*
 * Version 2 lists its epilogues: the first pair of slots has the size of all
 * of them and whether one is at the end, each slot behind it the distance of
 * one from the end.
 */
static bool in_listed_epilogue(const struct unwind_info *info, uint32_t rva)
{
	uint32_t from_end = info->function.end - rva;
	uint8_t size = info->slots[0];

	if (info->slot_count == 0 || (info->slots[1] & 0xF) != EPILOGUE)
		return false;
	if ((info->slots[1] >> 4 & 1) != 0 && from_end <= size)
		return true;
	for (size_t i = 1; i < info->slot_count; i++) {
		uint32_t start = info->slots[2 * i] | (uint32_t)(info->slots[2 * i + 1] >> 4) << 8;

		if ((info->slots[2 * i + 1] & 0xF) != EPILOGUE)
			break;
		if (from_end <= start && start - from_end < size)
			return true;
	}
	return false;
}

/*
 * True if the code at rva is in an epilogue, whose rest has been run.  A jump
 * ends one only where it leaves the function; of version 2 the list is asked,
 * since it is there to spare that question.
 */
static bool finish_epilogue(const struct pe_image *image, const struct unwind_info *info,
			    uint32_t rva, struct x64_registers *registers)
{
	struct x64_registers caller = *registers;
	uint32_t target = 0;
	enum x64_epilogue_end end =
		x64_run_epilogue(image, rva, info->frame_register, &caller, &target);

	if (end == X64_NO_EPILOGUE ||
	    (end != X64_RETURNS && info->version == 2 && !in_listed_epilogue(info, rva)) ||
	    (end == X64_JUMPS && info->version == 1 &&
	     is_same_function(image, &info->function, target)) ||
	    unwind_x64_leaf(&image->memory, &caller) != UNWIND_CALLER)
		return false;
	*registers = caller;
	return true;
}

static enum unwind_result unwind_function(const struct pe_image *image,
					  const struct x64_function *function, uint32_t rva,
					  struct x64_registers *registers)
{
	struct unwinding unwinding = { .image = image, .registers = registers };
	uint32_t offset = rva - function->begin;
	struct unwind_info info;
	enum unwind_result result = read_info(image, function, &info);

	if (result != UNWIND_CALLER)
		return result;
	if (offset >= info.prologue_size && rva < function->end &&
	    finish_epilogue(image, &info, rva, registers))
		return UNWIND_CALLER;
	result = take_back_prologue(&unwinding, &info, offset);
	return result == UNWIND_CALLER && unwinding.interrupted ? UNWIND_INTERRUPTED : result;
}

enum unwind_result unwind_x64(const struct pe_image *image, bool exact,
			      struct x64_registers *registers)
{
	struct x64_registers caller = *registers;
	uint64_t rva = registers->rip - image->base;
	struct x64_function function;
	enum unwind_result result;

	if (rva > UINT32_MAX || (!exact && rva == 0))
		return UNWIND_NO_DATA;
	result = find_function(image, (uint32_t)rva - (exact ? 0 : 1), &function);
	if (result == UNWIND_NO_DATA && exact)
		result = unwind_x64_leaf(&image->memory, &caller);
	else if (result == UNWIND_CALLER)
		result = unwind_function(image, &function, (uint32_t)rva, &caller);
	if (result == UNWIND_CALLER || result == UNWIND_INTERRUPTED)
		*registers = caller;
	return result;
}
