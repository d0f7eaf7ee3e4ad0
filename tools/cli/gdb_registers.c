/* SPDX-License-Identifier: MIT */
#include "gdb_registers.h"

#include <string.h>

#include "gdb_types.h"
#include "registers.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ROWS(array) (array), COUNT_OF(array)

/* Where the parts of the library's registers are: see VIRTUAL_PROCESSOR_REGISTER. */
enum {
	SEGMENT_BASE = 0, SEGMENT_LIMIT = 8, SEGMENT_SELECTOR = 12,
	TABLE_LIMIT = 0, TABLE_BASE = 8,
	FP_CONTROL = 0, FP_STATUS = 2, FP_TAG = 4, FP_OPERATION = 6, FP_CODE = 8,
	FP_CODE_SEGMENT = 12, FP_DATA = 0, FP_DATA_SEGMENT = 4, MXCSR = 8
};

#define PLAIN_ROW(name, id, bytes, kind) { name, id, bytes, kind, .count = 0 }

/* ---- x86 ----------------------------------------------------------------- */

#define SELECTOR_ROW(name, id)                                                                     \
	{ name, id, 4, "int32", .offset = SEGMENT_SELECTOR, .width = 2 }
#define FLOAT_ROW(name, id, part, bytes)                                                           \
	{ name, id, 4, "int", .offset = (part), .width = (bytes), .group = "float" }
#define SYSTEM_ROW(name, id, part, bytes, kind)                                                    \
	{ name, id, bytes, kind, .offset = (part), .group = "system" }

/* Of x86-64 and i386 alike, in GDB's order, which is not that of the processor. */
#define SEGMENTS_AND_FLOAT                                                                         \
	SELECTOR_ROW("cs", X64_RegisterCs), SELECTOR_ROW("ss", X64_RegisterSs),                    \
	SELECTOR_ROW("ds", X64_RegisterDs), SELECTOR_ROW("es", X64_RegisterEs),                    \
	SELECTOR_ROW("fs", X64_RegisterFs), SELECTOR_ROW("gs", X64_RegisterGs),                    \
	{ "st", X64_RegisterFpMmx0, 10, "i387_ext", .count = 8 },                                  \
	FLOAT_ROW("fctrl", X64_RegisterFpControlStatus, FP_CONTROL, 2),                            \
	FLOAT_ROW("fstat", X64_RegisterFpControlStatus, FP_STATUS, 2),                             \
	{ "ftag", X64_RegisterFpControlStatus, 4, "int", .group = "float",                         \
	  .conversion = GDB_FULL_TAG_WORD },                                                       \
	FLOAT_ROW("fiseg", X64_RegisterFpControlStatus, FP_CODE_SEGMENT, 2),                       \
	FLOAT_ROW("fioff", X64_RegisterFpControlStatus, FP_CODE, 4),                               \
	FLOAT_ROW("foseg", X64_RegisterXmmControlStatus, FP_DATA_SEGMENT, 2),                      \
	FLOAT_ROW("fooff", X64_RegisterXmmControlStatus, FP_DATA, 4),                              \
	FLOAT_ROW("fop", X64_RegisterFpControlStatus, FP_OPERATION, 2)

#define MXCSR_ROW                                                                                  \
	{ "mxcsr", X64_RegisterXmmControlStatus, 4, "i386_mxcsr", .offset = MXCSR,                 \
	  .group = "vector" }

static const struct gdb_register_row x64_core[] = {
	PLAIN_ROW("rax", X64_RegisterRax, 8, "int64"),
	PLAIN_ROW("rbx", X64_RegisterRbx, 8, "int64"),
	PLAIN_ROW("rcx", X64_RegisterRcx, 8, "int64"),
	PLAIN_ROW("rdx", X64_RegisterRdx, 8, "int64"),
	PLAIN_ROW("rsi", X64_RegisterRsi, 8, "int64"),
	PLAIN_ROW("rdi", X64_RegisterRdi, 8, "int64"),
	PLAIN_ROW("rbp", X64_RegisterRbp, 8, "data_ptr"),
	PLAIN_ROW("rsp", X64_RegisterRsp, 8, "data_ptr"),
	{ "r", X64_RegisterR8, 8, "int64", .count = 8, .first = 8 },
	PLAIN_ROW("rip", X64_RegisterRip, 8, "code_ptr"),
	PLAIN_ROW("eflags", X64_RegisterRFlags, 4, "i386_eflags"),
	SEGMENTS_AND_FLOAT,
};

static const struct gdb_register_row x64_sse[] = {
	{ "xmm", X64_RegisterXmm0, 16, "vec128", .count = 16 },
	MXCSR_ROW,
};

static const struct gdb_register_row x64_segments[] = {
	{ "fs_base", X64_RegisterFs, 8, "int64", .offset = SEGMENT_BASE },
	{ "gs_base", X64_RegisterGs, 8, "int64", .offset = SEGMENT_BASE },
};

static const struct gdb_register_row i386_core[] = {
	PLAIN_ROW("eax", X64_RegisterRax, 4, "int32"),
	PLAIN_ROW("ecx", X64_RegisterRcx, 4, "int32"),
	PLAIN_ROW("edx", X64_RegisterRdx, 4, "int32"),
	PLAIN_ROW("ebx", X64_RegisterRbx, 4, "int32"),
	PLAIN_ROW("esp", X64_RegisterRsp, 4, "data_ptr"),
	PLAIN_ROW("ebp", X64_RegisterRbp, 4, "data_ptr"),
	PLAIN_ROW("esi", X64_RegisterRsi, 4, "int32"),
	PLAIN_ROW("edi", X64_RegisterRdi, 4, "int32"),
	PLAIN_ROW("eip", X64_RegisterRip, 4, "code_ptr"),
	PLAIN_ROW("eflags", X64_RegisterRFlags, 4, "i386_eflags"),
	SEGMENTS_AND_FLOAT,
};

static const struct gdb_register_row i386_sse[] = {
	{ "xmm", X64_RegisterXmm0, 16, "vec128", .count = 8 },
	MXCSR_ROW,
};

static const struct gdb_register_row i386_segments[] = {
	SYSTEM_ROW("fs_base", X64_RegisterFs, SEGMENT_BASE, 4, "uint32"),
	SYSTEM_ROW("gs_base", X64_RegisterGs, SEGMENT_BASE, 4, "uint32"),
};

static const struct gdb_register_row x86_system[] = {
	{ "cr0", X64_RegisterCr0, 8, "uint64", .group = "general" },
	{ "cr2", X64_RegisterCr2, 8, "uint64", .group = "general" },
	{ "cr3", X64_RegisterCr3, 8, "uint64", .group = "general" },
	{ "cr4", X64_RegisterCr4, 8, "uint64", .group = "general" },
	{ "cr8", X64_RegisterCr8, 8, "uint64", .group = "general" },
	{ "efer", X64_RegisterEfer, 8, "uint64", .group = "general" },
	{ "dr", X64_RegisterDr0, 8, "uint64", .count = 4, .group = "system" },
	{ "dr", X64_RegisterDr6, 8, "uint64", .count = 2, .first = 6, .group = "system" },
	SYSTEM_ROW("cs_base", X64_RegisterCs, SEGMENT_BASE, 8, "uint64"),
	SYSTEM_ROW("ss_base", X64_RegisterSs, SEGMENT_BASE, 8, "uint64"),
	SYSTEM_ROW("ds_base", X64_RegisterDs, SEGMENT_BASE, 8, "uint64"),
	SYSTEM_ROW("es_base", X64_RegisterEs, SEGMENT_BASE, 8, "uint64"),
	SYSTEM_ROW("ldtr", X64_RegisterLdtr, SEGMENT_SELECTOR, 2, "uint16"),
	SYSTEM_ROW("ldtr_base", X64_RegisterLdtr, SEGMENT_BASE, 8, "uint64"),
	SYSTEM_ROW("ldtr_limit", X64_RegisterLdtr, SEGMENT_LIMIT, 4, "uint32"),
	SYSTEM_ROW("tr", X64_RegisterTr, SEGMENT_SELECTOR, 2, "uint16"),
	SYSTEM_ROW("tr_base", X64_RegisterTr, SEGMENT_BASE, 8, "uint64"),
	SYSTEM_ROW("tr_limit", X64_RegisterTr, SEGMENT_LIMIT, 4, "uint32"),
	SYSTEM_ROW("idtr_base", X64_RegisterIdtr, TABLE_BASE, 8, "uint64"),
	SYSTEM_ROW("idtr_limit", X64_RegisterIdtr, TABLE_LIMIT, 2, "uint16"),
	SYSTEM_ROW("gdtr_base", X64_RegisterGdtr, TABLE_BASE, 8, "uint64"),
	SYSTEM_ROW("gdtr_limit", X64_RegisterGdtr, TABLE_LIMIT, 2, "uint16"),
};

static const struct gdb_feature x64_features[] = {
	{ "org.gnu.gdb.i386.core", gdb_types_x86_core, ROWS(x64_core) },
	{ "org.gnu.gdb.i386.sse", gdb_types_x86_sse, ROWS(x64_sse) },
	{ "org.gnu.gdb.i386.segments", "", ROWS(x64_segments) },
	{ "org.vmsavedstate.x86.system", "", ROWS(x86_system) },
};

static const struct gdb_feature i386_features[] = {
	{ "org.gnu.gdb.i386.core", gdb_types_x86_core, ROWS(i386_core) },
	{ "org.gnu.gdb.i386.sse", gdb_types_x86_sse, ROWS(i386_sse) },
	{ "org.vmsavedstate.i386.segments", "", ROWS(i386_segments) },
	{ "org.vmsavedstate.x86.system", "", ROWS(x86_system) },
};

/* ---- AArch64 -------------------------------------------------------------- */

static const struct gdb_register_row aarch64_core[] = {
	{ "x", ARM64_RegisterX0, 8, "int64", .count = 31 },
	{ "sp", ARM64_RegisterSpEl0, 8, "data_ptr", .conversion = GDB_CURRENT_STACK_POINTER },
	PLAIN_ROW("pc", ARM64_RegisterPc, 8, "code_ptr"),
	PLAIN_ROW("cpsr", ARM64_RegisterCpsr, 4, "cpsr_flags"),
};

static const struct gdb_register_row aarch64_fpu[] = {
	{ "v", ARM64_RegisterQ0, 16, "aarch64v", .count = 32 },
	{ "fpsr", ARM64_RegisterFpStatus, 4, "int", .group = "float" },
	{ "fpcr", ARM64_RegisterFpControl, 4, "int", .group = "float" },
};

static const struct gdb_register_row aarch64_system[] = {
	{ NULL, ARM64_RegisterSpEl0, 8, "uint64", .count = 2, .group = "general" },
	{ NULL, ARM64_RegisterEsrEl1, 8, "uint64", .group = "general",
	  .count = ARM64_RegisterCntvCtlEl0 - ARM64_RegisterEsrEl1 + 1 },
};

static const struct gdb_feature aarch64_features[] = {
	{ "org.gnu.gdb.aarch64.core", gdb_types_aarch64_core, ROWS(aarch64_core) },
	{ "org.gnu.gdb.aarch64.fpu", gdb_types_aarch64_fpu, ROWS(aarch64_fpu) },
	{ "org.vmsavedstate.aarch64.system", "", ROWS(aarch64_system) },
};

/* ---- Choosing ------------------------------------------------------------- */

static const struct gdb_architecture x64 = { "i386:x86-64", ROWS(x64_features) };
static const struct gdb_architecture i386 = { "i386", ROWS(i386_features) };
static const struct gdb_architecture aarch64 = { "aarch64", ROWS(aarch64_features) };

static bool in_long_mode(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp)
{
	const UINT64 long_mode_active = 1 << 10;
	UINT8 efer[16];

	return VmSavedStateGetRegister(handle, vp, VMSAVEDSTATE_ACTIVE_VTL, X64_RegisterEfer, efer,
				       NULL) == S_OK &&
	       (register_number(efer, 8) & long_mode_active) != 0;
}

const struct gdb_architecture *gdb_architecture_of(VM_SAVED_STATE_DUMP_HANDLE handle,
						   UINT32 vp_count)
{
	for (UINT32 vp = 0; vp < vp_count; vp++) {
		if (vp_is_arm64(handle, vp))
			return &aarch64;
		if (in_long_mode(handle, vp))
			return &x64;
	}
	return &i386;
}

/* ---- Values --------------------------------------------------------------- */

static unsigned registers_of(const struct gdb_register_row *row)
{
	return row->count == 0 ? 1 : row->count;
}

/* The row of the register of that number, and its place in there; NULL when there is none. */
static const struct gdb_register_row *find_row(const struct gdb_architecture *architecture,
					       UINT64 number, UINT32 *place_out)
{
	for (unsigned i = 0; i < architecture->feature_count; i++) {
		const struct gdb_feature *feature = &architecture->features[i];

		for (unsigned r = 0; r < feature->row_count; r++) {
			const struct gdb_register_row *row = &feature->rows[r];

			if (number < registers_of(row)) {
				*place_out = (UINT32)number;
				return row;
			}
			number -= registers_of(row);
		}
	}
	return NULL;
}

static bool get_register(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp, UINT32 id, UINT8 value[16])
{
	return VmSavedStateGetRegister(handle, vp, VMSAVEDSTATE_ACTIVE_VTL, id, value, NULL) ==
	       S_OK;
}

enum x87_tag { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

static enum x87_tag tag_of(const UINT8 value[16])
{
	UINT64 mantissa = register_number(value, 8);
	unsigned exponent = (unsigned)register_number(value + 8, 2) & 0x7FFF;

	if (exponent == 0 && mantissa == 0)
		return TAG_ZERO;
	if (exponent == 0 || exponent == 0x7FFF || mantissa >> 63 == 0)
		return TAG_SPECIAL;
	return TAG_VALID;
}

/*
 * The processor's state has a bit for each x87 register that is in use, by its
 * place in the processor; the registers are saved by their place in the stack.
 */
static bool make_full_tag_word(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp, UINT8 value[16])
{
	unsigned top = (unsigned)register_number(value + FP_STATUS, 2) >> 11 & 7;
	unsigned in_use = value[FP_TAG];
	unsigned tags = 0;

	for (unsigned i = 0; i < 8; i++) {
		UINT32 id = X64_RegisterFpMmx0 + ((i - top) & 7);
		UINT8 content[16];
		enum x87_tag tag = TAG_EMPTY;

		if (in_use >> i & 1) {
			if (!get_register(handle, vp, id, content))
				return false;
			tag = tag_of(content);
		}
		tags |= (unsigned)tag << 2 * i;
	}
	memset(value, 0, 16);
	value[0] = (UINT8)tags;
	value[1] = (UINT8)(tags >> 8);
	return true;
}

static bool read_stack_pointer(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp, UINT8 value[16])
{
	/* PSTATE.SP: the exception level has its own one selected. */
	if (!get_register(handle, vp, ARM64_RegisterCpsr, value))
		return false;
	return get_register(handle, vp,
			    (value[0] & 1) != 0 ? ARM64_RegisterSpEl1 : ARM64_RegisterSpEl0, value);
}

static bool read_value(const struct gdb_register_row *row, UINT32 place,
		       VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp, UINT8 value[16])
{
	if (row->conversion == GDB_CURRENT_STACK_POINTER)
		return read_stack_pointer(handle, vp, value);
	if (!get_register(handle, vp, row->id + place, value))
		return false;
	if (row->conversion == GDB_FULL_TAG_WORD)
		return make_full_tag_word(handle, vp, value);
	return true;
}

bool gdb_register_read(const struct gdb_architecture *architecture,
		       VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp, UINT64 number,
		       struct gdb_register_value *out)
{
	UINT32 place;
	const struct gdb_register_row *row = find_row(architecture, number, &place);
	UINT8 value[16];

	if (row == NULL)
		return false;
	*out = (struct gdb_register_value){ .size = row->size };
	out->known = read_value(row, place, handle, vp, value);
	if (out->known)
		memcpy(out->bytes, value + row->offset, row->width == 0 ? row->size : row->width);
	return true;
}
