/* SPDX-License-Identifier: MIT */
/*
 * Register ids: what each one is called and where it is stored.
 *
 * There are two numberings.  The current one (SDK 22000 and later) has one id
 * per register of x86 and x64 together and of ARM64, and a value of 16 bytes.
 * The earlier one (SDK 17134 to 20348) numbers x86 and x64 apart and answers
 * 64 bits: wide registers have two ids, segments and tables one per part.
 *
 * May include: src/base.
 */
#ifndef STATE_REGISTER_TABLE_H
#define STATE_REGISTER_TABLE_H

#include "state/register_file.h"

#include <stdbool.h>
#include <stdint.h>

enum register_id {
	REGISTER_RAX, REGISTER_RCX, REGISTER_RDX, REGISTER_RBX,
	REGISTER_RSP, REGISTER_RBP, REGISTER_RSI, REGISTER_RDI,
	REGISTER_R8, REGISTER_R9, REGISTER_R10, REGISTER_R11,
	REGISTER_R12, REGISTER_R13, REGISTER_R14, REGISTER_R15,
	REGISTER_RIP, REGISTER_RFLAGS,
	REGISTER_XMM0, REGISTER_XMM15 = REGISTER_XMM0 + 15,
	REGISTER_ST0, REGISTER_ST7 = REGISTER_ST0 + 7,
	REGISTER_FP_CONTROL_STATUS, REGISTER_XMM_CONTROL_STATUS,
	REGISTER_CR0, REGISTER_CR2, REGISTER_CR3, REGISTER_CR4, REGISTER_CR8, REGISTER_EFER,
	REGISTER_DR0, REGISTER_DR1, REGISTER_DR2, REGISTER_DR3, REGISTER_DR6, REGISTER_DR7,
	REGISTER_ES, REGISTER_CS, REGISTER_SS, REGISTER_DS, REGISTER_FS, REGISTER_GS,
	REGISTER_LDTR, REGISTER_TR,
	REGISTER_IDTR, REGISTER_GDTR,
	REGISTER_X64_COUNT,		/* an id that the API knows, without a register */
	REGISTER_X0, REGISTER_X28 = REGISTER_X0 + 28,
	REGISTER_FP, REGISTER_LR, REGISTER_PC, REGISTER_SP_EL0, REGISTER_SP_EL1, REGISTER_CPSR,
	REGISTER_Q0, REGISTER_Q31 = REGISTER_Q0 + 31,
	REGISTER_FPSR, REGISTER_FPCR,
	REGISTER_ESR_EL1, REGISTER_SPSR_EL1, REGISTER_FAR_EL1, REGISTER_PAR_EL1, REGISTER_ELR_EL1,
	REGISTER_TTBR0_EL1, REGISTER_TTBR1_EL1, REGISTER_VBAR_EL1,
	REGISTER_SCTLR_EL1, REGISTER_ACTLR_EL1, REGISTER_TCR_EL1, REGISTER_MAIR_EL1,
	REGISTER_AMAIR_EL1, REGISTER_TPIDR_EL0, REGISTER_TPIDRRO_EL0, REGISTER_TPIDR_EL1,
	REGISTER_CONTEXTIDR_EL1, REGISTER_CPACR_EL1, REGISTER_CSSELR_EL1, REGISTER_CNTKCTL_EL1,
	REGISTER_CNTV_CVAL_EL0, REGISTER_CNTV_CTL_EL0,
	REGISTER_ID_COUNT
};

enum { REGISTER_VALUE_SIZE = 16 };

enum register_group {
	REGISTER_GROUP_GENERAL,
	REGISTER_GROUP_FLOAT,		/* x87 and all control and status words */
	REGISTER_GROUP_VECTOR,
	REGISTER_GROUP_CONTROL,
	REGISTER_GROUP_DEBUG,
	REGISTER_GROUP_SEGMENT,		/* u64 base, u32 limit, u16 selector, u16 attributes */
	REGISTER_GROUP_TABLE,		/* u16 limit, 6 zero bytes, u64 base */
	REGISTER_GROUP_SYSTEM		/* ARM64 system registers */
};

enum register_form {
	REGISTER_AS_STORED,
	REGISTER_MOVED_LIMIT		/* the limit is stored at 6 and answered at 0 */
};

struct register_description {
	const char *name;	/* lower case, as debuggers spell it */
	enum register_group group;
	enum register_form form;
	uint32_t chunk_id;
	uint16_t offset;	/* in the chunk's payload */
	uint8_t size;		/* bytes stored: 8 or 16 */
	uint8_t bits;		/* width of the register, at most 8 * size */
};

/* NULL for REGISTER_X64_COUNT, which has no register, and from REGISTER_ID_COUNT up. */
const struct register_description *register_description(uint32_t id);

/* "rax", "cr3", "ttbr0_el1"; NULL where there is no description. */
const char *register_name(uint32_t id);

/* Finds a register by its name, letters of either case. */
bool register_find(const char *name, uint32_t *id_out);

/* True for ids of ARM64 registers. */
bool register_is_arm64(uint32_t id);

/*
 * The value of a register, little-endian, with zeros above its size.  An id
 * without a register, or of the other processor than arm64 says, reads zero as
 * on the original.
 */
void register_read(const struct register_file *file, bool arm64, uint32_t id,
		   uint8_t out[REGISTER_VALUE_SIZE]);

/* The part of a current register that an id of the earlier numbering stands for. */
struct earlier_register {
	enum register_id id;
	uint8_t offset;		/* in the 16-byte value */
	uint8_t size;		/* 2 or 8 */
};

/* Translates an id of the earlier numbering: x64 has ids 0 to 79, x86 0 to 71. */
bool earlier_register_find(bool x64, uint32_t earlier_id, struct earlier_register *out);

#endif
