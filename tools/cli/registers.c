/* SPDX-License-Identifier: MIT */
#include "registers.h"

const struct register_group register_groups[] = {
	{ .title = "general purpose", .first = X64_RegisterRax, .last = X64_RegisterRFlags,
	  .family = Arch_x64, .always = true, .per_line = 3 },
	{ .title = "segments", .first = X64_RegisterEs, .last = X64_RegisterTr,
	  .family = Arch_x64, .always = true, .per_line = 1,
	  .fields = { { "selector", 12, 2 }, { "base", 0, 8 }, { "limit", 8, 4 },
		      { "attributes", 14, 2 } } },
	{ .title = "tables", .first = X64_RegisterIdtr, .last = X64_RegisterGdtr,
	  .family = Arch_x64, .always = true, .per_line = 1,
	  .fields = { { "base", 8, 8 }, { "limit", 0, 2 } } },
	{ .title = "control", .first = X64_RegisterCr0, .last = X64_RegisterEfer,
	  .family = Arch_x64, .always = true, .per_line = 3 },
	{ .title = "debug", .first = X64_RegisterDr0, .last = X64_RegisterDr7,
	  .family = Arch_x64, .always = false, .per_line = 3 },
	{ .title = "x87 and MMX", .first = X64_RegisterFpMmx0, .last = X64_RegisterFpMmx7,
	  .family = Arch_x64, .always = false, .per_line = 2 },
	{ .title = "x87 control", .first = X64_RegisterFpControlStatus,
	  .last = X64_RegisterFpControlStatus, .family = Arch_x64, .always = false, .per_line = 1,
	  .fields = { { "control", 0, 2 }, { "status", 2, 2 }, { "tag", 4, 1 },
		      { "last_op", 6, 2 }, { "last_rip", 8, 8 } } },
	{ .title = "SSE", .first = X64_RegisterXmm0, .last = X64_RegisterXmm15,
	  .family = Arch_x64, .always = false, .per_line = 2 },
	{ .title = "SSE control", .first = X64_RegisterXmmControlStatus,
	  .last = X64_RegisterXmmControlStatus, .family = Arch_x64, .always = false, .per_line = 1,
	  .fields = { { "mxcsr", 8, 4 }, { "mxcsr_mask", 12, 4 }, { "last_rdp", 0, 8 } } },

	{ .title = "general purpose", .first = ARM64_RegisterX0, .last = ARM64_RegisterCpsr,
	  .family = Arch_Armv8, .always = true, .per_line = 3 },
	{ .title = "system", .first = ARM64_RegisterEsrEl1, .last = ARM64_RegisterCntvCtlEl0,
	  .family = Arch_Armv8, .always = true, .per_line = 2 },
	{ .title = "SIMD and floating point", .first = ARM64_RegisterQ0, .last = ARM64_RegisterQ31,
	  .family = Arch_Armv8, .always = false, .per_line = 2 },
	{ .title = "floating point control", .first = ARM64_RegisterFpStatus,
	  .last = ARM64_RegisterFpControl, .family = Arch_Armv8, .always = false, .per_line = 2 },
	{ .title = NULL },
};

UINT64 register_number(const UINT8 *bytes, unsigned width)
{
	UINT64 value = 0;

	while (width > 0)
		value = value << 8 | bytes[--width];
	return value;
}

bool vp_is_arm64(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp)
{
	UINT8 value[16];

	return VmSavedStateGetRegister(handle, vp, VMSAVEDSTATE_ACTIVE_VTL, ARM64_RegisterPc, value,
				       NULL) == S_OK;
}
