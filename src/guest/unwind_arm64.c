/* SPDX-License-Identifier: MIT */
#include "guest/unwind_arm64.h"
#include "guest/unwind_arm64_codes.h"
#include "base/bytes.h"

enum {
	ENTRY_SIZE = 8,
	INSTRUCTION_SIZE = 4,

	ENTRY_KIND = 3,			/* mask of the bits that tell the kind of an entry */
	ENTRY_CODES = 0,		/* address of a row of codes */
	ENTRY_PACKED = 1,
	ENTRY_PACKED_PART = 2,		/* of a function: no prologue, no epilogue */

	CODES_HEADER_LIMIT = 8,
	EPILOGUE_SIZE = 4,

	/* Of a kernel trap frame, as Microsoft's open unwinder has it. */
	TRAP_SP = 0x98, TRAP_X0 = 0xA0, TRAP_COUNT = 19, TRAP_LR = 0x138, TRAP_FP = 0x140,
	TRAP_PC = 0x148,
	/* Of a CONTEXT. */
	CONTEXT_X0 = 8, CONTEXT_SP = 0x100, CONTEXT_PC = 0x108
};

/* ---- taking steps back --------------------------------------------------------------- */

struct unwinding {
	const struct image_memory *memory;
	struct arm64_registers *registers;
	unsigned next_pairs;		/* ARM64_STEP_SAVE_NEXT before a save */
	bool interrupted;
};

static bool load_general(struct unwinding *unwinding, unsigned number, uint64_t address)
{
	return unwind_read_u64(unwinding->memory, address, &unwinding->registers->general[number]);
}

static bool load_general_row(struct unwinding *unwinding, unsigned count, uint64_t address)
{
	for (unsigned i = 0; i < count; i++) {
		if (!load_general(unwinding, i, address + UINT64_C(8) * i))
			return false;
	}
	return true;
}

static bool take_back_save(struct unwinding *unwinding, const struct arm64_step *step)
{
	uint64_t at = unwinding->registers->sp + step->offset;

	if (!load_general(unwinding, step->first, at) ||
	    (step->second != ARM64_NO_REGISTER && !load_general(unwinding, step->second, at + 8)))
		return false;
	/* Behind X27 and X28 the pairs are floating-point ones. */
	for (unsigned i = 1; i <= unwinding->next_pairs; i++) {
		unsigned first = step->first + 2 * i;
		uint64_t pair_at = at + UINT64_C(16) * i;

		if (first + 1 < ARM64_FP &&
		    (!load_general(unwinding, first, pair_at) ||
		     !load_general(unwinding, first + 1, pair_at + 8)))
			return false;
	}
	return true;
}

/* Bit 55 tells the half of the address space; a signature is in the bits that repeat it. */
static uint64_t without_signature(uint64_t address)
{
	uint64_t top = UINT64_C(0xFFFF) << 48;

	return (address >> 55 & 1) != 0 ? address | top : address & ~top;
}

static bool take_back_trap(struct unwinding *unwinding)
{
	struct arm64_registers *registers = unwinding->registers;
	uint64_t frame = registers->sp;

	unwinding->interrupted = true;
	return load_general_row(unwinding, TRAP_COUNT, frame + TRAP_X0) &&
	       load_general(unwinding, ARM64_LR, frame + TRAP_LR) &&
	       load_general(unwinding, ARM64_FP, frame + TRAP_FP) &&
	       unwind_read_u64(unwinding->memory, frame + TRAP_PC, &registers->pc) &&
	       unwind_read_u64(unwinding->memory, frame + TRAP_SP, &registers->sp);
}

static bool take_back_machine_frame(struct unwinding *unwinding)
{
	struct arm64_registers *registers = unwinding->registers;

	unwinding->interrupted = true;
	return unwind_read_u64(unwinding->memory, registers->sp + 8, &registers->pc) &&
	       unwind_read_u64(unwinding->memory, registers->sp, &registers->sp);
}

static bool take_back_context(struct unwinding *unwinding)
{
	struct arm64_registers *registers = unwinding->registers;
	uint64_t context = registers->sp;

	unwinding->interrupted = true;
	return load_general_row(unwinding, ARM64_GENERAL_COUNT, context + CONTEXT_X0) &&
	       unwind_read_u64(unwinding->memory, context + CONTEXT_PC, &registers->pc) &&
	       unwind_read_u64(unwinding->memory, context + CONTEXT_SP, &registers->sp);
}

/* False when the stack is missing. */
static bool take_back(struct unwinding *unwinding, const struct arm64_step *step)
{
	struct arm64_registers *registers = unwinding->registers;

	switch (step->kind) {
	case ARM64_STEP_SAVE_NEXT:
		unwinding->next_pairs++;
		return true;
	case ARM64_STEP_SAVE:
		if (!take_back_save(unwinding, step))
			return false;
		break;
	case ARM64_STEP_SET_FRAME:
		registers->sp = registers->general[ARM64_FP] - step->size;
		return true;
	case ARM64_STEP_SIGN_RETURN:
		registers->general[ARM64_LR] =
			without_signature(registers->general[ARM64_LR]);
		return true;
	case ARM64_STEP_TRAP_FRAME:
		return take_back_trap(unwinding);
	case ARM64_STEP_MACHINE_FRAME:
		return take_back_machine_frame(unwinding);
	case ARM64_STEP_CONTEXT:
		return take_back_context(unwinding);
	default:
		break;
	}
	registers->sp += step->size;
	unwinding->next_pairs = 0;
	return true;
}

static enum unwind_result return_to_caller(const struct unwinding *unwinding)
{
	if (unwinding->interrupted)
		return UNWIND_INTERRUPTED;
	unwinding->registers->pc = unwinding->registers->general[ARM64_LR];
	return UNWIND_CALLER;
}

/* ---- packed entries ------------------------------------------------------------------ */

/* An epilogue neither sets x29 nor stores arguments. */
static bool is_mirrored(const struct arm64_step *step)
{
	return step->kind != ARM64_STEP_SET_FRAME && step->kind != ARM64_STEP_NOTHING;
}

static enum unwind_result unwind_packed(struct unwinding *unwinding, uint32_t data, uint32_t offset)
{
	struct arm64_step steps[ARM64_PACKED_STEP_LIMIT];
	bool whole = (data & ENTRY_KIND) == ENTRY_PACKED;
	uint32_t length = data >> 2 & 0x7FF, position = offset / INSTRUCTION_SIZE;
	uint32_t epilogue = 1;		/* instructions of it: the return, and mirrored steps */
	unsigned count, skipped = 0;
	bool in_epilogue;

	if (!arm64_expand_packed(data, steps, &count))
		return UNWIND_DATA_DAMAGED;
	for (unsigned i = 0; i < count; i++)
		epilogue += is_mirrored(&steps[i]) ? 1 : 0;
	if (whole && position < count)
		skipped = count - position;
	in_epilogue = whole && position >= count && position < length && length >= epilogue &&
		      position >= length - epilogue;
	if (in_epilogue)
		skipped = position - (length - epilogue);
	for (unsigned i = 0; i < count; i++) {
		if (in_epilogue && !is_mirrored(&steps[i]))
			continue;
		if (skipped > 0)
			skipped--;
		else if (!take_back(unwinding, &steps[i]))
			return UNWIND_STACK_MISSING;
	}
	return return_to_caller(unwinding);
}

/* ---- rows of codes ------------------------------------------------------------------- */

struct codes {
	uint32_t function_length;	/* in instructions */
	bool single_epilogue;		/* at the end; the count is then its first code */
	uint32_t epilogue_count;
	uint32_t epilogues_rva;
	size_t size;
	uint8_t bytes[ARM64_STEP_LIMIT];
};

static enum unwind_result read_codes(const struct pe_image *image, uint32_t rva, struct codes *out)
{
	uint8_t header[CODES_HEADER_LIMIT] = { 0 };
	size_t got = pe_image_read(image, rva, header, sizeof(header));
	uint32_t first = load_le32(header), second = load_le32(header + 4);
	uint64_t at = (uint64_t)rva + 4;

	if (got < 4)
		return UNWIND_DATA_MISSING;
	out->function_length = first & 0x3FFFF;
	out->single_epilogue = (first >> 21 & 1) != 0;
	out->epilogue_count = first >> 22 & 0x1F;
	out->size = 4 * (size_t)(first >> 27);
	if ((first >> 18 & 3) != 0)
		return UNWIND_DATA_DAMAGED;
	if (first >> 22 == 0) {
		if (got < 8)
			return UNWIND_DATA_MISSING;
		out->epilogue_count = second & 0xFFFF;
		out->size = 4 * (size_t)(second >> 16 & 0xFF);
		at += 4;
	}
	out->epilogues_rva = (uint32_t)at;
	if (!out->single_epilogue)
		at += (uint64_t)out->epilogue_count * EPILOGUE_SIZE;
	if (at > UINT32_MAX)
		return UNWIND_DATA_DAMAGED;
	return pe_image_read(image, (uint32_t)at, out->bytes, out->size) == out->size ?
		       UNWIND_CALLER : UNWIND_DATA_MISSING;
}

/* Instructions that the codes from start on stand for, up to the end of their part. */
static bool count_instructions(const struct codes *codes, size_t start, uint32_t *out)
{
	uint32_t count = 0;

	for (size_t at = start, used; at < codes->size; at += used) {
		struct arm64_step step;

		if (!arm64_decode_step(codes->bytes + at, codes->size - at, &step, &used))
			return false;
		if (step.kind == ARM64_STEP_END || step.kind == ARM64_STEP_END_PART) {
			*out = count;
			return true;
		}
		count += arm64_step_instructions(&step);
	}
	return false;
}

/* Where in the codes to begin, and how many instructions have not run or run already. */
struct entry_point {
	size_t start;
	uint32_t skipped;
};

/* True if position is in the epilogue that begins at first; it ends with a return or jump. */
static bool is_in_epilogue(const struct codes *codes, size_t start, uint32_t first,
			   uint32_t position, struct entry_point *out)
{
	uint32_t count;

	if (position < first || !count_instructions(codes, start, &count) ||
	    position - first > count)
		return false;
	out->start = start;
	out->skipped = position - first;
	return true;
}

static enum unwind_result find_epilogue(const struct pe_image *image, const struct codes *codes,
					uint32_t position, struct entry_point *out)
{
	uint32_t count;

	if (codes->single_epilogue) {
		size_t start = codes->epilogue_count;

		if (count_instructions(codes, start, &count) && count < codes->function_length)
			is_in_epilogue(codes, start, codes->function_length - count - 1, position,
				       out);
		return UNWIND_CALLER;
	}
	for (uint32_t i = 0; i < codes->epilogue_count; i++) {
		uint8_t bytes[EPILOGUE_SIZE];
		uint32_t epilogue;

		if (pe_image_read(image, codes->epilogues_rva + i * EPILOGUE_SIZE, bytes,
				  sizeof(bytes)) != sizeof(bytes))
			return UNWIND_DATA_MISSING;
		epilogue = load_le32(bytes);
		/* They are in the order of their addresses. */
		if ((epilogue & 0x3FFFF) > position ||
		    is_in_epilogue(codes, epilogue >> 22, epilogue & 0x3FFFF, position, out))
			break;
	}
	return UNWIND_CALLER;
}

static enum unwind_result take_back_codes(struct unwinding *unwinding, const struct codes *codes,
					  struct entry_point from)
{
	for (size_t at = from.start, used; at < codes->size; at += used) {
		struct arm64_step step;

		if (!arm64_decode_step(codes->bytes + at, codes->size - at, &step, &used))
			return UNWIND_DATA_DAMAGED;
		if (step.kind == ARM64_STEP_END)
			return return_to_caller(unwinding);
		if (from.skipped > 0 && arm64_step_instructions(&step) > 0)
			from.skipped--;
		else if (!take_back(unwinding, &step))
			return UNWIND_STACK_MISSING;
	}
	return UNWIND_DATA_DAMAGED;
}

static enum unwind_result unwind_codes(const struct pe_image *image, struct unwinding *unwinding,
				       const struct codes *codes, uint32_t offset)
{
	uint32_t position = offset / INSTRUCTION_SIZE, prologue;
	struct entry_point from = { 0, 0 };
	enum unwind_result result = UNWIND_CALLER;

	if (!count_instructions(codes, 0, &prologue))
		return UNWIND_DATA_DAMAGED;
	if (position < prologue)
		from.skipped = prologue - position;
	else if (position < codes->function_length)
		result = find_epilogue(image, codes, position, &from);
	return result == UNWIND_CALLER ? take_back_codes(unwinding, codes, from) : result;
}

/* ---- one frame ----------------------------------------------------------------------- */

/* rva is that of pc; looked_up differs from it by an instruction after a call. */
static enum unwind_result unwind_function(const struct pe_image *image, uint32_t rva,
					  uint32_t looked_up, struct unwinding *unwinding)
{
	uint8_t entry[ENTRY_SIZE];
	uint32_t begin, data, length;
	struct codes codes;
	bool missing;

	if (!unwind_find_entry(image, looked_up, ENTRY_SIZE, entry, &missing))
		return missing ? UNWIND_DATA_MISSING : UNWIND_NO_DATA;
	begin = load_le32(entry);
	data = load_le32(entry + 4);
	if ((data & ENTRY_KIND) == ENTRY_KIND)
		return UNWIND_DATA_DAMAGED;
	length = data >> 2 & 0x7FF;
	if ((data & ENTRY_KIND) == ENTRY_CODES) {
		enum unwind_result result = read_codes(image, data, &codes);

		if (result != UNWIND_CALLER)
			return result;
		length = codes.function_length;
	}
	if ((looked_up - begin) / INSTRUCTION_SIZE >= length)
		return UNWIND_NO_DATA;
	return (data & ENTRY_KIND) == ENTRY_CODES ?
		       unwind_codes(image, unwinding, &codes, rva - begin) :
		       unwind_packed(unwinding, data, rva - begin);
}

enum unwind_result unwind_arm64(const struct pe_image *image, bool exact,
				struct arm64_registers *registers)
{
	struct arm64_registers caller = *registers;
	struct unwinding unwinding = { .memory = &image->memory, .registers = &caller };
	uint64_t rva = registers->pc - image->base;
	uint32_t back = exact ? 0 : INSTRUCTION_SIZE;
	enum unwind_result result;

	if (rva > UINT32_MAX || rva < back)
		return UNWIND_NO_DATA;
	result = unwind_function(image, (uint32_t)rva, (uint32_t)rva - back, &unwinding);
	if (result == UNWIND_NO_DATA && exact)
		result = return_to_caller(&unwinding);
	if (result == UNWIND_CALLER)
		caller.pc = without_signature(caller.pc);
	if (result == UNWIND_CALLER || result == UNWIND_INTERRUPTED)
		*registers = caller;
	return result;
}
