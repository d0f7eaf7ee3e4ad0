/* SPDX-License-Identifier: MIT */
#include "guest/stack_cursor.h"
#include "base/bytes.h"

struct register_source {
	const struct virtual_processor *vp;
	const struct vp_overrides *forced;
};

static enum status read_register(const struct register_source *source, uint32_t id, uint64_t *out,
				 struct error *error)
{
	uint8_t value[REGISTER_VALUE_SIZE];
	enum status status = vp_read_register(source->vp, source->forced, id, value, error);

	if (status == STATUS_OK)
		*out = load_le64(value);
	return status;
}

/* Registers with ids in a row. */
static enum status read_registers(const struct register_source *source, uint32_t first_id,
				  unsigned count, uint64_t *out, struct error *error)
{
	enum status status = STATUS_OK;

	for (unsigned i = 0; i < count && status == STATUS_OK; i++)
		status = read_register(source, first_id + i, &out[i], error);
	return status;
}

static enum status begin_x64(const struct register_source *source, struct x64_registers *out,
			     struct error *error)
{
	enum status status = read_registers(source, REGISTER_RAX, X64_REGISTER_COUNT, out->general,
					    error);

	return status == STATUS_OK ? read_register(source, REGISTER_RIP, &out->rip, error) : status;
}

static enum status begin_x86(const struct register_source *source, struct x86_registers *out,
			     struct error *error)
{
	struct x64_registers wide;
	enum status status = begin_x64(source, &wide, error);

	if (status != STATUS_OK)
		return status;
	out->eip = (uint32_t)wide.rip;
	out->esp = (uint32_t)wide.general[X64_RSP];
	out->ebp = (uint32_t)wide.general[X64_RBP];
	return STATUS_OK;
}

/* Bit 0 of the mode in CPSR chooses between the stack pointers of EL0 and EL1. */
static enum status begin_arm64(const struct register_source *source, struct arm64_registers *out,
			       struct error *error)
{
	uint64_t cpsr = 0;
	enum status status = read_registers(source, REGISTER_X0, ARM64_GENERAL_COUNT, out->general,
					    error);

	if (status == STATUS_OK)
		status = read_register(source, REGISTER_PC, &out->pc, error);
	if (status == STATUS_OK)
		status = read_register(source, REGISTER_CPSR, &cpsr, error);
	if (status == STATUS_OK)
		status = read_register(source, (cpsr & 1) != 0 ? REGISTER_SP_EL1 : REGISTER_SP_EL0,
				       &out->sp, error);
	return status;
}

enum status stack_cursor_begin(const struct virtual_processor *vp,
			       const struct vp_overrides *forced, struct stack_cursor *out,
			       struct error *error)
{
	const struct register_source source = { vp, forced };
	uint32_t architecture = vp_architecture(vp, forced);

	*out = (struct stack_cursor){ .exact = true };
	out->architecture = (enum vp_architecture)architecture;
	switch (architecture) {
	case VP_ARCHITECTURE_X86:
		return begin_x86(&source, &out->registers.x86, error);
	case VP_ARCHITECTURE_X64:
		return begin_x64(&source, &out->registers.x64, error);
	case VP_ARCHITECTURE_ARM64:
		return begin_arm64(&source, &out->registers.arm64, error);
	default:
		return error_set(error, STATUS_NOT_IMPLEMENTED,
				 "the VP's architecture is not known, nor how its stacks look");
	}
}

uint64_t stack_cursor_address(const struct stack_cursor *cursor)
{
	switch (cursor->architecture) {
	case VP_ARCHITECTURE_X86:
		return cursor->registers.x86.eip;
	case VP_ARCHITECTURE_X64:
		return cursor->registers.x64.rip;
	default:
		return cursor->registers.arm64.pc;
	}
}

uint64_t stack_cursor_stack(const struct stack_cursor *cursor)
{
	switch (cursor->architecture) {
	case VP_ARCHITECTURE_X86:
		return cursor->registers.x86.esp;
	case VP_ARCHITECTURE_X64:
		return cursor->registers.x64.general[X64_RSP];
	default:
		return cursor->registers.arm64.sp;
	}
}

bool stack_cursor_needs_image(const struct stack_cursor *cursor)
{
	return cursor->architecture != VP_ARCHITECTURE_X86;
}

/* Code that stopped in no image is taken for a leaf function, as a hypercall page is one. */
static enum unwind_result step_without_image(struct stack_cursor *cursor,
					     const struct image_memory *memory)
{
	if (cursor->architecture == VP_ARCHITECTURE_X64)
		return unwind_x64_leaf(memory, &cursor->registers.x64);
	cursor->registers.arm64.pc = cursor->registers.arm64.general[ARM64_LR];
	return UNWIND_CALLER;
}

static enum unwind_result step(struct stack_cursor *cursor, const struct image_memory *memory,
			       const struct pe_image *image)
{
	if (cursor->architecture == VP_ARCHITECTURE_X86)
		return unwind_x86(memory, cursor->exact, &cursor->registers.x86);
	if (image == NULL)
		return step_without_image(cursor, memory);
	if (cursor->architecture == VP_ARCHITECTURE_X64)
		return unwind_x64(image, cursor->exact, &cursor->registers.x64);
	return unwind_arm64(image, cursor->exact, &cursor->registers.arm64);
}

static enum stack_end end_of(const struct stack_cursor *cursor, enum unwind_result result)
{
	switch (result) {
	case UNWIND_DATA_MISSING:
		return STACK_DATA_MISSING;
	case UNWIND_DATA_DAMAGED:
		return STACK_DATA_DAMAGED;
	case UNWIND_STACK_MISSING:
		return STACK_MEMORY_MISSING;
	default:
		return cursor->architecture == VP_ARCHITECTURE_X86 ? STACK_NO_FRAME_POINTER :
								     STACK_NO_DATA;
	}
}

/* Stacks grow downwards; on ARM64 a leaf function may have no frame at all. */
static bool ascends(const struct stack_cursor *from, const struct stack_cursor *to)
{
	uint64_t before = stack_cursor_stack(from), after = stack_cursor_stack(to);

	if (from->architecture == VP_ARCHITECTURE_ARM64 && from->exact)
		return after >= before;
	return after > before;
}

bool stack_cursor_step(struct stack_cursor *cursor, const struct image_memory *memory,
		       const struct pe_image *image, enum stack_end *end_out)
{
	struct stack_cursor caller = *cursor;
	enum unwind_result result;

	if (image == NULL && stack_cursor_needs_image(cursor) && !cursor->exact) {
		*end_out = STACK_NO_IMAGE;
		return false;
	}
	result = step(&caller, memory, image);
	if (result != UNWIND_CALLER && result != UNWIND_INTERRUPTED) {
		*end_out = end_of(cursor, result);
		return false;
	}
	/* An interrupt may change to a stack anywhere. */
	if (result == UNWIND_CALLER && !ascends(cursor, &caller)) {
		*end_out = STACK_TURNS_BACK;
		return false;
	}
	caller.exact = result == UNWIND_INTERRUPTED;
	*cursor = caller;
	return true;
}
