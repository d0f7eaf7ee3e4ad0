/* SPDX-License-Identifier: MIT */
#include "dump/dump_guest.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "state/chunk_id.h"

#include <string.h>

#define CR0_PG (UINT64_C(1) << 31)
#define EFER_LME (UINT64_C(1) << 8)

enum {
	FXSAVE_STATUS_SIZE = 16,	/* of each of the two groups before the registers */
	FXSAVE_ST_AT = 32,
	FXSAVE_XMM_AT = 160,
	ST_COUNT = 8,
	XMM_COUNT = 16,

	/* Mode bits of a PSTATE: the lowest chooses the stack pointer of the exception level. */
	PSTATE_MODE = 0xF,
	PSTATE_OWN_STACK = 1
};

uint32_t dump_guest_vp_count(const struct dump_guest *guest)
{
	return partition_state_vp_count(guest->state->partition);
}

enum status dump_guest_vp(const struct dump_guest *guest, uint32_t vp_id,
			  const struct virtual_processor **out, struct error *error)
{
	return partition_state_vp(guest->state->partition, vp_id, out, error);
}

/* A VP whose registers are being copied. */
struct reader {
	const struct virtual_processor *vp;
	const struct vp_overrides *forced;
};

static void read_wide(const struct reader *reader, uint32_t id, uint8_t out[REGISTER_VALUE_SIZE])
{
	if (vp_read_register(reader->vp, reader->forced, id, out, NULL) != STATUS_OK)
		memset(out, 0, REGISTER_VALUE_SIZE);
}

static uint64_t read_64(const struct reader *reader, uint32_t id)
{
	uint8_t value[REGISTER_VALUE_SIZE];

	read_wide(reader, id, value);
	return load_le64(value);
}

static enum status open_reader(const struct dump_guest *guest, uint32_t vp_id, struct reader *out,
			       struct error *error)
{
	enum status status = dump_guest_vp(guest, vp_id, &out->vp, error);

	out->forced = &guest->overrides[vp_id];
	return status;
}

enum status dump_guest_machine(const struct dump_guest *guest, enum dump_machine *out,
			       struct error *error)
{
	struct reader reader;
	uint8_t cs[REGISTER_VALUE_SIZE];
	enum status status = open_reader(guest, 0, &reader, error);

	if (status == STATUS_OK)
		status = vp_read_register(reader.vp, reader.forced, REGISTER_CS, cs, error);
	if (status != STATUS_OK)
		return status;
	if (vp_architecture(reader.vp, reader.forced) == VP_ARCHITECTURE_ARM64)
		*out = DUMP_MACHINE_ARM64;
	else if (vp_architecture(reader.vp, reader.forced) == VP_ARCHITECTURE_X64 ||
		 ((read_64(&reader, REGISTER_EFER) & EFER_LME) != 0 &&
		  (read_64(&reader, REGISTER_CR0) & CR0_PG) != 0))
		*out = DUMP_MACHINE_X64;
	else
		*out = DUMP_MACHINE_X86;
	return STATUS_OK;
}

static struct x86_segment read_segment(const struct reader *reader, uint32_t id)
{
	uint8_t value[REGISTER_VALUE_SIZE];
	struct x86_segment segment;

	read_wide(reader, id, value);
	segment.base = load_le64(value);
	segment.limit = load_le32(value + 8);
	segment.selector = load_le16(value + 12);
	segment.attributes = load_le16(value + 14);
	return segment;
}

static struct x86_table read_table(const struct reader *reader, uint32_t id)
{
	uint8_t value[REGISTER_VALUE_SIZE];
	struct x86_table table;

	read_wide(reader, id, value);
	table.limit = load_le16(value);
	table.base = load_le64(value + 8);
	return table;
}

/* The saved status groups are the first 32 bytes of an FXSAVE64 area as they are. */
static void read_fxsave(const struct reader *reader, uint8_t out[X86_FXSAVE_SIZE])
{
	memset(out, 0, X86_FXSAVE_SIZE);
	read_wide(reader, REGISTER_FP_CONTROL_STATUS, out);
	read_wide(reader, REGISTER_XMM_CONTROL_STATUS, out + FXSAVE_STATUS_SIZE);
	for (uint32_t i = 0; i < ST_COUNT; i++)
		read_wide(reader, REGISTER_ST0 + i, out + FXSAVE_ST_AT + (size_t)16 * i);
	for (uint32_t i = 0; i < XMM_COUNT; i++)
		read_wide(reader, REGISTER_XMM0 + i, out + FXSAVE_XMM_AT + (size_t)16 * i);
}

static void read_control(const struct reader *reader, struct x86_registers *out)
{
	out->cr0 = read_64(reader, REGISTER_CR0);
	out->cr2 = read_64(reader, REGISTER_CR2);
	out->cr3 = read_64(reader, REGISTER_CR3);
	out->cr4 = read_64(reader, REGISTER_CR4);
	out->cr8 = read_64(reader, REGISTER_CR8);
	out->efer = read_64(reader, REGISTER_EFER);
	out->dr0 = read_64(reader, REGISTER_DR0);
	out->dr1 = read_64(reader, REGISTER_DR1);
	out->dr2 = read_64(reader, REGISTER_DR2);
	out->dr3 = read_64(reader, REGISTER_DR3);
	out->dr6 = read_64(reader, REGISTER_DR6);
	out->dr7 = read_64(reader, REGISTER_DR7);
	out->idtr = read_table(reader, REGISTER_IDTR);
	out->gdtr = read_table(reader, REGISTER_GDTR);
}

enum status dump_guest_x86(const struct dump_guest *guest, uint32_t vp_id,
			   struct x86_registers *out, struct error *error)
{
	uint64_t msrs[X86_SAVED_MSR_COUNT];
	struct reader reader;
	size_t msr_count;
	enum status status = open_reader(guest, vp_id, &reader, error);

	if (status != STATUS_OK)
		return status;
	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < X86_GENERAL_COUNT; i++)
		out->general[i] = read_64(&reader, REGISTER_RAX + i);
	out->rip = read_64(&reader, REGISTER_RIP);
	out->rflags = read_64(&reader, REGISTER_RFLAGS);
	for (uint32_t i = 0; i < X86_SEGMENT_COUNT; i++)
		out->segment[i] = read_segment(&reader, REGISTER_ES + i);
	read_control(&reader, out);
	read_fxsave(&reader, out->fxsave);
	dump_guest_msrs(guest, vp_id, msrs, &msr_count);
	out->has_kernel_gs_base = msr_count > X86_SAVED_KERNEL_GS_BASE;
	out->kernel_gs_base = msrs[X86_SAVED_KERNEL_GS_BASE];
	return STATUS_OK;
}

enum status dump_guest_arm64(const struct dump_guest *guest, uint32_t vp_id,
			     struct arm64_registers *out, struct error *error)
{
	struct reader reader;
	bool own_stack;
	enum status status = open_reader(guest, vp_id, &reader, error);

	if (status != STATUS_OK)
		return status;
	for (uint32_t i = 0; i < ARM64_GENERAL_COUNT; i++)
		out->x[i] = read_64(&reader, REGISTER_X0 + i);
	out->pc = read_64(&reader, REGISTER_PC);
	out->pstate = read_64(&reader, REGISTER_CPSR);
	own_stack = (out->pstate & PSTATE_MODE & PSTATE_OWN_STACK) != 0;
	out->sp = read_64(&reader, own_stack ? REGISTER_SP_EL1 : REGISTER_SP_EL0);
	out->ttbr1 = read_64(&reader, REGISTER_TTBR1_EL1);
	out->fpsr = (uint32_t)read_64(&reader, REGISTER_FPSR);
	out->fpcr = (uint32_t)read_64(&reader, REGISTER_FPCR);
	for (uint32_t i = 0; i < ARM64_VECTOR_BYTES / 16; i++)
		read_wide(&reader, REGISTER_Q0 + i, out->q + (size_t)16 * i);
	return STATUS_OK;
}

static void read_chunk(const struct dump_guest *guest, uint32_t vp_id, uint32_t chunk_id,
		       const uint8_t **bytes_out, size_t *size_out)
{
	const struct virtual_processor *vp;

	*size_out = 0;
	if (dump_guest_vp(guest, vp_id, &vp, NULL) != STATUS_OK ||
	    partition_state_vp_chunk(guest->state->partition, vp_id,
				     vp_active_vtl(vp, &guest->overrides[vp_id]), chunk_id,
				     bytes_out, size_out, NULL) != STATUS_OK)
		*size_out = 0;
}

void dump_guest_msrs(const struct dump_guest *guest, uint32_t vp_id,
		     uint64_t values[X86_SAVED_MSR_COUNT], size_t *count_out)
{
	const uint8_t *bytes;
	size_t size;

	memset(values, 0, X86_SAVED_MSR_COUNT * sizeof(*values));
	read_chunk(guest, vp_id, CHUNK_VP_VIRTUAL_MSRS, &bytes, &size);
	*count_out = (size_t)min_u64(size / 8, X86_SAVED_MSR_COUNT);
	for (size_t i = 0; i < *count_out; i++)
		values[i] = load_le64(bytes + 8 * i);
}

bool dump_guest_xcr0(const struct dump_guest *guest, uint32_t vp_id, uint64_t *out)
{
	const uint8_t *bytes;
	size_t size;

	read_chunk(guest, vp_id, CHUNK_VP_XSAVE_CONTROL, &bytes, &size);
	if (size < 8)
		return false;
	*out = load_le64(bytes);
	return true;
}
