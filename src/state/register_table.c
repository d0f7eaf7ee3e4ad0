/* SPDX-License-Identifier: MIT */
#include "state/register_table.h"

#include "base/bytes.h"
#include "base/text_encoding.h"
#include "state/chunk_id.h"

#include <string.h>

_Static_assert(REGISTER_X64_COUNT == 66, "ids of the public header");
_Static_assert(REGISTER_ID_COUNT == 158, "ids of the public header");

#define AS_STORED(name, group, chunk, offset, size, bits) \
	{ name, REGISTER_GROUP_##group, REGISTER_AS_STORED, CHUNK_VP_##chunk, offset, size, bits }

#define GENERAL(name, offset)	AS_STORED(name, GENERAL, GP_REGISTERS, offset, 8, 64)
#define VECTOR(name, offset)	AS_STORED(name, VECTOR, FP_REGISTERS, offset, 16, 128)
#define X87(name, offset)	AS_STORED(name, FLOAT, FP_REGISTERS, offset, 16, 80)
#define FLOAT_STATUS(name, offset, size) \
	AS_STORED(name, FLOAT, FP_REGISTERS, offset, size, 8 * (size))
#define CONTROL(name, offset)	AS_STORED(name, CONTROL, CONTROL_REGISTERS, offset, 8, 64)
#define DEBUG(name, offset)	AS_STORED(name, DEBUG, DEBUG_REGISTERS, offset, 8, 64)
#define SEGMENT(name, offset)	AS_STORED(name, SEGMENT, SEGMENT_REGISTERS, offset, 16, 128)
#define TABLE(name, offset) \
	{ name, REGISTER_GROUP_TABLE, REGISTER_MOVED_LIMIT, CHUNK_VP_TABLE_REGISTERS, offset, \
	  16, 128 }
#define SYSTEM(name, chunk, offset)	AS_STORED(name, SYSTEM, chunk, offset, 8, 64)

static const struct register_description registers[REGISTER_ID_COUNT] = {
	[REGISTER_RAX] = GENERAL("rax", 0),
	[REGISTER_RCX] = GENERAL("rcx", 8),
	[REGISTER_RDX] = GENERAL("rdx", 16),
	[REGISTER_RBX] = GENERAL("rbx", 24),
	[REGISTER_RSP] = GENERAL("rsp", 32),
	[REGISTER_RBP] = GENERAL("rbp", 40),
	[REGISTER_RSI] = GENERAL("rsi", 48),
	[REGISTER_RDI] = GENERAL("rdi", 56),
	[REGISTER_R8] = GENERAL("r8", 64),
	[REGISTER_R9] = GENERAL("r9", 72),
	[REGISTER_R10] = GENERAL("r10", 80),
	[REGISTER_R11] = GENERAL("r11", 88),
	[REGISTER_R12] = GENERAL("r12", 96),
	[REGISTER_R13] = GENERAL("r13", 104),
	[REGISTER_R14] = GENERAL("r14", 112),
	[REGISTER_R15] = GENERAL("r15", 120),
	[REGISTER_RIP] = GENERAL("rip", 128),
	[REGISTER_RFLAGS] = GENERAL("rflags", 136),

	[REGISTER_XMM0] = VECTOR("xmm0", 0),
	[REGISTER_XMM0 + 1] = VECTOR("xmm1", 16),
	[REGISTER_XMM0 + 2] = VECTOR("xmm2", 32),
	[REGISTER_XMM0 + 3] = VECTOR("xmm3", 48),
	[REGISTER_XMM0 + 4] = VECTOR("xmm4", 64),
	[REGISTER_XMM0 + 5] = VECTOR("xmm5", 80),
	[REGISTER_XMM0 + 6] = VECTOR("xmm6", 96),
	[REGISTER_XMM0 + 7] = VECTOR("xmm7", 112),
	[REGISTER_XMM0 + 8] = VECTOR("xmm8", 128),
	[REGISTER_XMM0 + 9] = VECTOR("xmm9", 144),
	[REGISTER_XMM0 + 10] = VECTOR("xmm10", 160),
	[REGISTER_XMM0 + 11] = VECTOR("xmm11", 176),
	[REGISTER_XMM0 + 12] = VECTOR("xmm12", 192),
	[REGISTER_XMM0 + 13] = VECTOR("xmm13", 208),
	[REGISTER_XMM0 + 14] = VECTOR("xmm14", 224),
	[REGISTER_XMM15] = VECTOR("xmm15", 240),

	[REGISTER_ST0] = X87("st0", 256),
	[REGISTER_ST0 + 1] = X87("st1", 272),
	[REGISTER_ST0 + 2] = X87("st2", 288),
	[REGISTER_ST0 + 3] = X87("st3", 304),
	[REGISTER_ST0 + 4] = X87("st4", 320),
	[REGISTER_ST0 + 5] = X87("st5", 336),
	[REGISTER_ST0 + 6] = X87("st6", 352),
	[REGISTER_ST7] = X87("st7", 368),
	[REGISTER_FP_CONTROL_STATUS] = FLOAT_STATUS("fp_control_status", 384, 16),
	[REGISTER_XMM_CONTROL_STATUS] = FLOAT_STATUS("xmm_control_status", 400, 16),

	[REGISTER_CR0] = CONTROL("cr0", 0),
	[REGISTER_CR2] = CONTROL("cr2", 8),
	[REGISTER_CR3] = CONTROL("cr3", 16),
	[REGISTER_CR4] = CONTROL("cr4", 24),
	[REGISTER_CR8] = CONTROL("cr8", 32),
	[REGISTER_EFER] = CONTROL("efer", 40),

	[REGISTER_DR0] = DEBUG("dr0", 0),
	[REGISTER_DR1] = DEBUG("dr1", 8),
	[REGISTER_DR2] = DEBUG("dr2", 16),
	[REGISTER_DR3] = DEBUG("dr3", 24),
	[REGISTER_DR6] = DEBUG("dr6", 32),
	[REGISTER_DR7] = DEBUG("dr7", 40),

	[REGISTER_ES] = SEGMENT("es", 0),
	[REGISTER_CS] = SEGMENT("cs", 16),
	[REGISTER_SS] = SEGMENT("ss", 32),
	[REGISTER_DS] = SEGMENT("ds", 48),
	[REGISTER_FS] = SEGMENT("fs", 64),
	[REGISTER_GS] = SEGMENT("gs", 80),
	[REGISTER_LDTR] = SEGMENT("ldtr", 96),
	[REGISTER_TR] = SEGMENT("tr", 112),

	[REGISTER_IDTR] = TABLE("idtr", 0),
	[REGISTER_GDTR] = TABLE("gdtr", 16),

	[REGISTER_X0] = GENERAL("x0", 0),
	[REGISTER_X0 + 1] = GENERAL("x1", 8),
	[REGISTER_X0 + 2] = GENERAL("x2", 16),
	[REGISTER_X0 + 3] = GENERAL("x3", 24),
	[REGISTER_X0 + 4] = GENERAL("x4", 32),
	[REGISTER_X0 + 5] = GENERAL("x5", 40),
	[REGISTER_X0 + 6] = GENERAL("x6", 48),
	[REGISTER_X0 + 7] = GENERAL("x7", 56),
	[REGISTER_X0 + 8] = GENERAL("x8", 64),
	[REGISTER_X0 + 9] = GENERAL("x9", 72),
	[REGISTER_X0 + 10] = GENERAL("x10", 80),
	[REGISTER_X0 + 11] = GENERAL("x11", 88),
	[REGISTER_X0 + 12] = GENERAL("x12", 96),
	[REGISTER_X0 + 13] = GENERAL("x13", 104),
	[REGISTER_X0 + 14] = GENERAL("x14", 112),
	[REGISTER_X0 + 15] = GENERAL("x15", 120),
	[REGISTER_X0 + 16] = GENERAL("x16", 128),
	[REGISTER_X0 + 17] = GENERAL("x17", 136),
	[REGISTER_X0 + 18] = GENERAL("x18", 144),
	[REGISTER_X0 + 19] = GENERAL("x19", 152),
	[REGISTER_X0 + 20] = GENERAL("x20", 160),
	[REGISTER_X0 + 21] = GENERAL("x21", 168),
	[REGISTER_X0 + 22] = GENERAL("x22", 176),
	[REGISTER_X0 + 23] = GENERAL("x23", 184),
	[REGISTER_X0 + 24] = GENERAL("x24", 192),
	[REGISTER_X0 + 25] = GENERAL("x25", 200),
	[REGISTER_X0 + 26] = GENERAL("x26", 208),
	[REGISTER_X0 + 27] = GENERAL("x27", 216),
	[REGISTER_X28] = GENERAL("x28", 224),
	[REGISTER_FP] = GENERAL("fp", 232),
	[REGISTER_LR] = GENERAL("lr", 240),
	/* The hypervisor saves these two as its own exception return: ELR_EL2, SPSR_EL2. */
	[REGISTER_PC] = GENERAL("pc", 248),
	[REGISTER_CPSR] = GENERAL("cpsr", 256),
	[REGISTER_SP_EL0] = GENERAL("sp_el0", 304),
	[REGISTER_SP_EL1] = GENERAL("sp_el1", 312),

	[REGISTER_Q0] = VECTOR("q0", 0),
	[REGISTER_Q0 + 1] = VECTOR("q1", 16),
	[REGISTER_Q0 + 2] = VECTOR("q2", 32),
	[REGISTER_Q0 + 3] = VECTOR("q3", 48),
	[REGISTER_Q0 + 4] = VECTOR("q4", 64),
	[REGISTER_Q0 + 5] = VECTOR("q5", 80),
	[REGISTER_Q0 + 6] = VECTOR("q6", 96),
	[REGISTER_Q0 + 7] = VECTOR("q7", 112),
	[REGISTER_Q0 + 8] = VECTOR("q8", 128),
	[REGISTER_Q0 + 9] = VECTOR("q9", 144),
	[REGISTER_Q0 + 10] = VECTOR("q10", 160),
	[REGISTER_Q0 + 11] = VECTOR("q11", 176),
	[REGISTER_Q0 + 12] = VECTOR("q12", 192),
	[REGISTER_Q0 + 13] = VECTOR("q13", 208),
	[REGISTER_Q0 + 14] = VECTOR("q14", 224),
	[REGISTER_Q0 + 15] = VECTOR("q15", 240),
	[REGISTER_Q0 + 16] = VECTOR("q16", 256),
	[REGISTER_Q0 + 17] = VECTOR("q17", 272),
	[REGISTER_Q0 + 18] = VECTOR("q18", 288),
	[REGISTER_Q0 + 19] = VECTOR("q19", 304),
	[REGISTER_Q0 + 20] = VECTOR("q20", 320),
	[REGISTER_Q0 + 21] = VECTOR("q21", 336),
	[REGISTER_Q0 + 22] = VECTOR("q22", 352),
	[REGISTER_Q0 + 23] = VECTOR("q23", 368),
	[REGISTER_Q0 + 24] = VECTOR("q24", 384),
	[REGISTER_Q0 + 25] = VECTOR("q25", 400),
	[REGISTER_Q0 + 26] = VECTOR("q26", 416),
	[REGISTER_Q0 + 27] = VECTOR("q27", 432),
	[REGISTER_Q0 + 28] = VECTOR("q28", 448),
	[REGISTER_Q0 + 29] = VECTOR("q29", 464),
	[REGISTER_Q0 + 30] = VECTOR("q30", 480),
	[REGISTER_Q31] = VECTOR("q31", 496),
	[REGISTER_FPSR] = FLOAT_STATUS("fpsr", 512, 8),
	[REGISTER_FPCR] = FLOAT_STATUS("fpcr", 520, 8),

	[REGISTER_ESR_EL1] = SYSTEM("esr_el1", GP_REGISTERS, 264),
	[REGISTER_SPSR_EL1] = SYSTEM("spsr_el1", GP_REGISTERS, 272),
	[REGISTER_FAR_EL1] = SYSTEM("far_el1", GP_REGISTERS, 280),
	[REGISTER_PAR_EL1] = SYSTEM("par_el1", GP_REGISTERS, 288),
	[REGISTER_ELR_EL1] = SYSTEM("elr_el1", GP_REGISTERS, 296),
	[REGISTER_TTBR0_EL1] = SYSTEM("ttbr0_el1", TABLE_REGISTERS, 0),
	[REGISTER_TTBR1_EL1] = SYSTEM("ttbr1_el1", TABLE_REGISTERS, 8),
	[REGISTER_VBAR_EL1] = SYSTEM("vbar_el1", TABLE_REGISTERS, 16),
	[REGISTER_SCTLR_EL1] = SYSTEM("sctlr_el1", CONTROL_REGISTERS, 16),
	[REGISTER_ACTLR_EL1] = SYSTEM("actlr_el1", CONTROL_REGISTERS, 24),
	[REGISTER_TCR_EL1] = SYSTEM("tcr_el1", CONTROL_REGISTERS, 32),
	[REGISTER_MAIR_EL1] = SYSTEM("mair_el1", CONTROL_REGISTERS, 40),
	[REGISTER_TPIDR_EL1] = SYSTEM("tpidr_el1", CONTROL_REGISTERS, 48),
	[REGISTER_AMAIR_EL1] = SYSTEM("amair_el1", CONTROL_REGISTERS, 56),
	[REGISTER_TPIDRRO_EL0] = SYSTEM("tpidrro_el0", CONTROL_REGISTERS, 64),
	[REGISTER_TPIDR_EL0] = SYSTEM("tpidr_el0", CONTROL_REGISTERS, 72),
	[REGISTER_CONTEXTIDR_EL1] = SYSTEM("contextidr_el1", CONTROL_REGISTERS, 80),
	[REGISTER_CPACR_EL1] = SYSTEM("cpacr_el1", CONTROL_REGISTERS, 88),
	[REGISTER_CSSELR_EL1] = SYSTEM("csselr_el1", CONTROL_REGISTERS, 96),
	[REGISTER_CNTKCTL_EL1] = SYSTEM("cntkctl_el1", CONTROL_REGISTERS, 104),
	[REGISTER_CNTV_CVAL_EL0] = SYSTEM("cntv_cval_el0", CONTROL_REGISTERS, 112),
	[REGISTER_CNTV_CTL_EL0] = SYSTEM("cntv_ctl_el0", CONTROL_REGISTERS, 120),
};

const struct register_description *register_description(uint32_t id)
{
	if (id >= REGISTER_ID_COUNT || registers[id].name == NULL)
		return NULL;
	return &registers[id];
}

const char *register_name(uint32_t id)
{
	const struct register_description *description = register_description(id);

	return description == NULL ? NULL : description->name;
}

bool register_find(const char *name, uint32_t *id_out)
{
	for (uint32_t id = 0; id < REGISTER_ID_COUNT; id++) {
		if (registers[id].name == NULL ||
		    !ascii_equal_ignore_case(registers[id].name, name))
			continue;
		*id_out = id;
		return true;
	}
	return false;
}

bool register_is_arm64(uint32_t id)
{
	return id > REGISTER_X64_COUNT && id < REGISTER_ID_COUNT;
}

/* Stored as 6 ignored bytes, u16 limit, u64 base. */
static void move_limit_to_front(uint8_t value[REGISTER_VALUE_SIZE])
{
	uint16_t limit = load_le16(value + 6);

	memset(value, 0, 8);
	store_le16(value, limit);
}

void register_read(const struct register_file *file, bool arm64, uint32_t id,
		   uint8_t out[REGISTER_VALUE_SIZE])
{
	const struct register_description *description = register_description(id);

	memset(out, 0, REGISTER_VALUE_SIZE);
	if (description == NULL || register_is_arm64(id) != arm64)
		return;
	register_file_copy(file, description->chunk_id, description->offset, description->size,
			   out);
	if (description->form == REGISTER_MOVED_LIMIT)
		move_limit_to_front(out);
}

/*
 * Runs of ids in the earlier x64 numbering.  A run of halves answers the low
 * and the high 64 bits of each register in turn.
 */
struct earlier_run {
	uint8_t first;
	bool halves;
	struct earlier_register start;
};

static const struct earlier_run earlier_runs[] = {
	{ 0, false, { REGISTER_RAX, 0, 8 } },
	{ 18, true, { REGISTER_XMM0, 0, 8 } },
	{ 50, true, { REGISTER_XMM_CONTROL_STATUS, 0, 8 } },
	{ 52, true, { REGISTER_FP_CONTROL_STATUS, 0, 8 } },
	{ 54, false, { REGISTER_CR0, 0, 8 } },
	{ 60, false, { REGISTER_DR0, 0, 8 } },
	{ 66, false, { REGISTER_GS, 0, 8 } },	/* base */
	{ 67, false, { REGISTER_FS, 0, 8 } },	/* base */
	{ 68, false, { REGISTER_CS, 12, 2 } },	/* selectors, up to LDTR */
	{ 69, false, { REGISTER_DS, 12, 2 } },
	{ 70, false, { REGISTER_ES, 12, 2 } },
	{ 71, false, { REGISTER_FS, 12, 2 } },
	{ 72, false, { REGISTER_GS, 12, 2 } },
	{ 73, false, { REGISTER_SS, 12, 2 } },
	{ 74, false, { REGISTER_TR, 12, 2 } },
	{ 75, false, { REGISTER_LDTR, 12, 2 } },	/* the original answers TR's here */
	{ 76, false, { REGISTER_IDTR, 8, 8 } },	/* base */
	{ 77, false, { REGISTER_IDTR, 0, 2 } },	/* limit */
	{ 78, false, { REGISTER_GDTR, 8, 8 } },
	{ 79, false, { REGISTER_GDTR, 0, 2 } },
};

enum {
	EARLIER_RUNS = sizeof(earlier_runs) / sizeof(earlier_runs[0]),
	EARLIER_X64_COUNT = 80,
	EARLIER_X86_COUNT = 72,
	EARLIER_X86_GENERAL = 8,	/* EAX to EDI; there are no R8 to R15 */
};

bool earlier_register_find(bool x64, uint32_t earlier_id, struct earlier_register *out)
{
	uint32_t id = earlier_id;
	size_t run = EARLIER_RUNS;
	uint32_t step;

	if (earlier_id >= (x64 ? EARLIER_X64_COUNT : EARLIER_X86_COUNT))
		return false;
	if (!x64 && id >= EARLIER_X86_GENERAL)
		id += EARLIER_X64_COUNT - EARLIER_X86_COUNT;
	do
		run--;
	while (earlier_runs[run].first > id);
	step = id - earlier_runs[run].first;
	*out = earlier_runs[run].start;
	if (earlier_runs[run].halves) {
		out->offset = (uint8_t)(8 * (step % 2));
		step /= 2;
	}
	out->id = (enum register_id)(out->id + step);
	return true;
}
