/* SPDX-License-Identifier: MIT */
/*
 * The guest that a dump is written of, and its VPs' registers in the form that
 * the writers of headers and notes need.
 *
 * May include: everything below src/dump.
 */
#ifndef DUMP_DUMP_GUEST_H
#define DUMP_DUMP_GUEST_H

#include "memory/guest_memory.h"
#include "state/saved_state.h"

struct dump_guest {
	const struct saved_state *state;
	struct guest_memory *memory;
	const struct vp_overrides *overrides;	/* one for each VP */
};

/* What kind of machine the dump is of. */
enum dump_machine {
	DUMP_MACHINE_X86,	/* 32-bit, or a VP before it switched to 64 bits */
	DUMP_MACHINE_X64,	/* its paging is 64-bit, also while it runs 32-bit code */
	DUMP_MACHINE_ARM64
};

struct x86_segment {
	uint64_t base;
	uint32_t limit;		/* in bytes */
	uint16_t selector;
	uint16_t attributes;	/* access byte in bits 0 to 7, AVL L D/B G in 12 to 15 */
};

struct x86_table {
	uint64_t base;
	uint16_t limit;
};

/* In the order in which processors number them. */
enum x86_general {
	X86_RAX, X86_RCX, X86_RDX, X86_RBX, X86_RSP, X86_RBP, X86_RSI, X86_RDI,
	X86_R8, X86_R15 = X86_R8 + 7, X86_GENERAL_COUNT
};

enum x86_segment_name {
	X86_ES, X86_CS, X86_SS, X86_DS, X86_FS, X86_GS, X86_LDTR, X86_TR, X86_SEGMENT_COUNT
};

enum { X86_FXSAVE_SIZE = 512 };

struct x86_registers {
	uint64_t general[X86_GENERAL_COUNT];
	uint64_t rip;
	uint64_t rflags;
	uint64_t cr0, cr2, cr3, cr4, cr8;
	uint64_t efer;
	uint64_t dr0, dr1, dr2, dr3, dr6, dr7;
	struct x86_segment segment[X86_SEGMENT_COUNT];
	struct x86_table idtr, gdtr;
	uint8_t fxsave[X86_FXSAVE_SIZE];	/* as the FXSAVE64 instruction stores it */
	bool has_kernel_gs_base;
	uint64_t kernel_gs_base;
};

enum { ARM64_GENERAL_COUNT = 31, ARM64_VECTOR_BYTES = 32 * 16 };

struct arm64_registers {
	uint64_t x[ARM64_GENERAL_COUNT];	/* x29 and x30 are the frame and the link */
	uint64_t sp;				/* the one that the mode uses */
	uint64_t pc;
	uint64_t pstate;
	uint64_t ttbr1;
	uint32_t fpsr;
	uint32_t fpcr;
	uint8_t q[ARM64_VECTOR_BYTES];
};

uint32_t dump_guest_vp_count(const struct dump_guest *guest);

/* STATUS_INVALID_ARGUMENT: there is no such VP. */
enum status dump_guest_vp(const struct dump_guest *guest, uint32_t vp_id,
			  const struct virtual_processor **out, struct error *error);

/* The machine by VP 0, whose kind all others are; STATUS_VTL_NOT_ENABLED. */
enum status dump_guest_machine(const struct dump_guest *guest, enum dump_machine *out,
			       struct error *error);

/*
 * The registers of a VP in its active VTL.  One for which nothing is saved
 * there has zeros.  STATUS_INVALID_ARGUMENT: there is no such VP.
 */
enum status dump_guest_x86(const struct dump_guest *guest, uint32_t vp_id,
			   struct x86_registers *out, struct error *error);
enum status dump_guest_arm64(const struct dump_guest *guest, uint32_t vp_id,
			     struct arm64_registers *out, struct error *error);

/*
 * Machine-specific registers as the saved state lists them, of which only the
 * first that stand in a row are known; *count_out is 0 when there are none.
 */
enum x86_saved_msr {
	X86_SAVED_TSC, X86_SAVED_KERNEL_GS_BASE, X86_SAVED_APIC_BASE, X86_SAVED_PAT,
	X86_SAVED_SYSENTER_CS, X86_SAVED_SYSENTER_EIP, X86_SAVED_SYSENTER_ESP,
	X86_SAVED_STAR, X86_SAVED_LSTAR, X86_SAVED_CSTAR, X86_SAVED_SFMASK,
	X86_SAVED_MSR_COUNT
};
void dump_guest_msrs(const struct dump_guest *guest, uint32_t vp_id,
		     uint64_t values[X86_SAVED_MSR_COUNT], size_t *count_out);

/* XCR0; false when it is not saved. */
bool dump_guest_xcr0(const struct dump_guest *guest, uint32_t vp_id, uint64_t *out);

#endif
