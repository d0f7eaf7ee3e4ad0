/* SPDX-License-Identifier: MIT */
#include "dump/elf_notes.h"
#include "base/checked.h"

#include <string.h>

enum {
	NT_PRSTATUS = 1,
	NT_FPREGSET = 2,
	NT_PRXFPREG = 0x46E62B7F,	/* FXSAVE of a 32-bit process */
	NT_QEMU = 0,
	NT_VMCOREINFO = 0,

	NOTE_HEADER_SIZE = 12,
	NOTE_ALIGNMENT = 4,

	PRSTATUS_X64_SIZE = 336,
	PRSTATUS_X64_PID_AT = 0x20,
	PRSTATUS_X64_REGISTERS_AT = 0x70,
	PRSTATUS_X86_SIZE = 144,
	PRSTATUS_X86_PID_AT = 0x18,
	PRSTATUS_X86_REGISTERS_AT = 0x48,
	PRSTATUS_ARM64_SIZE = 392,
	PRSTATUS_ARM64_PID_AT = 0x20,
	PRSTATUS_ARM64_REGISTERS_AT = 0x70,
	FPREGSET_ARM64_SIZE = 528,

	QEMU_VERSION = 1,
	QEMU_SIZE = 440
};

static const char core_name[] = "CORE";
static const char linux_name[] = "LINUX";
static const char qemu_name[] = "QEMU";
static const char vmcoreinfo_name[] = "VMCOREINFO";

static uint64_t padded(uint64_t size)
{
	return align_up(size, NOTE_ALIGNMENT);
}

/* name_size counts the NUL. */
static uint64_t note_size(size_t name_size, size_t size)
{
	return NOTE_HEADER_SIZE + padded(name_size) + padded(size);
}

static uint64_t registers_size(enum dump_machine machine)
{
	switch (machine) {
	case DUMP_MACHINE_X64:
		return note_size(sizeof(core_name), PRSTATUS_X64_SIZE) +
		       note_size(sizeof(core_name), X86_FXSAVE_SIZE);
	case DUMP_MACHINE_X86:
		return note_size(sizeof(core_name), PRSTATUS_X86_SIZE) +
		       note_size(sizeof(linux_name), X86_FXSAVE_SIZE);
	default:
		return note_size(sizeof(core_name), PRSTATUS_ARM64_SIZE) +
		       note_size(sizeof(core_name), FPREGSET_ARM64_SIZE);
	}
}

uint64_t elf_notes_size(const struct elf_notes *notes)
{
	uint64_t size = notes->vp_count * registers_size(notes->machine);

	if (notes->with_qemu)
		size += notes->vp_count * note_size(sizeof(qemu_name), QEMU_SIZE);
	if (notes->info->size > 0)
		size += note_size(sizeof(vmcoreinfo_name), notes->info->size);
	return size;
}

static void begin_note(struct field_writer *writer, const char *name, uint32_t type, size_t size)
{
	size_t name_size = strlen(name) + 1;

	field_u32(writer, (uint32_t)name_size);
	field_u32(writer, (uint32_t)size);
	field_u32(writer, type);
	field_bytes(writer, name, name_size);
	field_zeros(writer, (size_t)padded(name_size) - name_size);
}

/* The head of a NT_PRSTATUS: nothing in it but the number that tells threads apart. */
static void begin_prstatus(struct field_writer *writer, uint32_t vp_id, size_t size, size_t pid_at,
			   size_t registers_at)
{
	begin_note(writer, core_name, NT_PRSTATUS, size);
	field_zeros(writer, pid_at);
	field_u32(writer, vp_id + 1);
	field_zeros(writer, registers_at - pid_at - 4);
}

static void write_x64_registers(struct field_writer *writer, uint32_t vp_id,
				const struct x86_registers *vp)
{
	static const uint8_t order[] = {
		X86_R15, X86_R8 + 6, X86_R8 + 5, X86_R8 + 4, X86_RBP, X86_RBX, X86_R8 + 3,
		X86_R8 + 2, X86_R8 + 1, X86_R8, X86_RAX, X86_RCX, X86_RDX, X86_RSI, X86_RDI
	};
	const struct x86_segment *segment = vp->segment;

	begin_prstatus(writer, vp_id, PRSTATUS_X64_SIZE, PRSTATUS_X64_PID_AT,
		       PRSTATUS_X64_REGISTERS_AT);
	for (size_t i = 0; i < sizeof(order); i++)
		field_u64(writer, vp->general[order[i]]);
	field_u64(writer, UINT64_MAX);	/* orig_rax: not in a system call */
	field_u64(writer, vp->rip);
	field_u64(writer, segment[X86_CS].selector);
	field_u64(writer, vp->rflags);
	field_u64(writer, vp->general[X86_RSP]);
	field_u64(writer, segment[X86_SS].selector);
	field_u64(writer, segment[X86_FS].base);
	field_u64(writer, segment[X86_GS].base);
	field_u64(writer, segment[X86_DS].selector);
	field_u64(writer, segment[X86_ES].selector);
	field_u64(writer, segment[X86_FS].selector);
	field_u64(writer, segment[X86_GS].selector);
	field_u64(writer, 0);		/* the floating-point note is valid: not asked by readers */
	begin_note(writer, core_name, NT_FPREGSET, X86_FXSAVE_SIZE);
	field_bytes(writer, vp->fxsave, X86_FXSAVE_SIZE);
}

static void write_x86_registers(struct field_writer *writer, uint32_t vp_id,
				const struct x86_registers *vp)
{
	static const uint8_t order[] = {
		X86_RBX, X86_RCX, X86_RDX, X86_RSI, X86_RDI, X86_RBP, X86_RAX
	};
	const struct x86_segment *segment = vp->segment;

	begin_prstatus(writer, vp_id, PRSTATUS_X86_SIZE, PRSTATUS_X86_PID_AT,
		       PRSTATUS_X86_REGISTERS_AT);
	for (size_t i = 0; i < sizeof(order); i++)
		field_u32(writer, (uint32_t)vp->general[order[i]]);
	field_u32(writer, segment[X86_DS].selector);
	field_u32(writer, segment[X86_ES].selector);
	field_u32(writer, segment[X86_FS].selector);
	field_u32(writer, segment[X86_GS].selector);
	field_u32(writer, UINT32_MAX);	/* orig_eax: not in a system call */
	field_u32(writer, (uint32_t)vp->rip);
	field_u32(writer, segment[X86_CS].selector);
	field_u32(writer, (uint32_t)vp->rflags);
	field_u32(writer, (uint32_t)vp->general[X86_RSP]);
	field_u32(writer, segment[X86_SS].selector);
	field_u32(writer, 0);
	begin_note(writer, linux_name, NT_PRXFPREG, X86_FXSAVE_SIZE);
	field_bytes(writer, vp->fxsave, X86_FXSAVE_SIZE);
}

static void write_arm64_registers(struct field_writer *writer, uint32_t vp_id,
				  const struct arm64_registers *vp)
{
	begin_prstatus(writer, vp_id, PRSTATUS_ARM64_SIZE, PRSTATUS_ARM64_PID_AT,
		       PRSTATUS_ARM64_REGISTERS_AT);
	for (size_t i = 0; i < ARM64_GENERAL_COUNT; i++)
		field_u64(writer, vp->x[i]);
	field_u64(writer, vp->sp);
	field_u64(writer, vp->pc);
	field_u64(writer, vp->pstate);
	field_u64(writer, 0);
	begin_note(writer, core_name, NT_FPREGSET, FPREGSET_ARM64_SIZE);
	field_bytes(writer, vp->q, ARM64_VECTOR_BYTES);
	field_u32(writer, vp->fpsr);
	field_u32(writer, vp->fpcr);
	field_zeros(writer, 8);
}

/* Attributes where the second word of a descriptor has them. */
static uint32_t descriptor_bits(uint16_t attributes)
{
	return ((uint32_t)attributes & 0xF0FF) << 8;
}

static void write_qemu_segment(struct field_writer *writer, const struct x86_segment *segment)
{
	field_u32(writer, segment->selector);
	field_u32(writer, segment->limit);
	field_u32(writer, descriptor_bits(segment->attributes));
	field_u32(writer, 0);
	field_u64(writer, segment->base);
}

static void write_qemu_table(struct field_writer *writer, const struct x86_table *table)
{
	const struct x86_segment segment = { .base = table->base, .limit = table->limit };

	write_qemu_segment(writer, &segment);
}

static void write_qemu_note(struct field_writer *writer, const struct x86_registers *vp)
{
	static const uint8_t order[] = {
		X86_RAX, X86_RBX, X86_RCX, X86_RDX, X86_RSI, X86_RDI, X86_RSP, X86_RBP,
		X86_R8, X86_R8 + 1, X86_R8 + 2, X86_R8 + 3, X86_R8 + 4, X86_R8 + 5, X86_R8 + 6,
		X86_R15
	};
	static const uint8_t segments[] = {
		X86_CS, X86_DS, X86_ES, X86_FS, X86_GS, X86_SS, X86_LDTR, X86_TR
	};

	begin_note(writer, qemu_name, NT_QEMU, QEMU_SIZE);
	field_u32(writer, QEMU_VERSION);
	field_u32(writer, QEMU_SIZE);
	for (size_t i = 0; i < sizeof(order); i++)
		field_u64(writer, vp->general[order[i]]);
	field_u64(writer, vp->rip);
	field_u64(writer, vp->rflags);
	for (size_t i = 0; i < sizeof(segments); i++)
		write_qemu_segment(writer, &vp->segment[segments[i]]);
	write_qemu_table(writer, &vp->gdtr);
	write_qemu_table(writer, &vp->idtr);
	field_u64(writer, vp->cr0);
	field_u64(writer, 0);		/* CR1 */
	field_u64(writer, vp->cr2);
	field_u64(writer, vp->cr3);
	field_u64(writer, vp->cr4);
	field_u64(writer, vp->kernel_gs_base);
}

static void write_vp(const struct elf_notes *notes, struct field_writer *writer, uint32_t vp_id)
{
	const struct dump_guest *guest = &writer->job->guest;
	struct arm64_registers arm64;
	struct x86_registers x86;

	if (notes->machine == DUMP_MACHINE_ARM64) {
		writer->status = dump_guest_arm64(guest, vp_id, &arm64, writer->error);
		if (writer->status == STATUS_OK)
			write_arm64_registers(writer, vp_id, &arm64);
		return;
	}
	writer->status = dump_guest_x86(guest, vp_id, &x86, writer->error);
	if (writer->status != STATUS_OK)
		return;
	if (notes->machine == DUMP_MACHINE_X64)
		write_x64_registers(writer, vp_id, &x86);
	else
		write_x86_registers(writer, vp_id, &x86);
}

static void write_vp_for_qemu(struct field_writer *writer, uint32_t vp_id)
{
	struct x86_registers x86;

	writer->status = dump_guest_x86(&writer->job->guest, vp_id, &x86, writer->error);
	if (writer->status == STATUS_OK)
		write_qemu_note(writer, &x86);
}

void elf_notes_write(const struct elf_notes *notes, struct field_writer *writer)
{
	const struct vmcoreinfo *info = notes->info;

	for (uint32_t i = 0; i < notes->vp_count && writer->status == STATUS_OK; i++)
		write_vp(notes, writer, i);
	for (uint32_t i = 0; notes->with_qemu && i < notes->vp_count &&
			     writer->status == STATUS_OK; i++)
		write_vp_for_qemu(writer, i);
	if (info->size > 0) {
		begin_note(writer, vmcoreinfo_name, NT_VMCOREINFO, info->size);
		field_bytes(writer, info->text, info->size);
		field_zeros(writer, (size_t)padded(info->size) - info->size);
	}
}
