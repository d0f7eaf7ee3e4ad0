/* SPDX-License-Identifier: MIT */
#include "dump/nt_context.h"
#include "base/bytes.h"

#include <string.h>

enum {
	/* ContextFlags: the processor, and the groups of registers that are set. */
	CONTEXT_AMD64 = 0x100000,
	CONTEXT_I386 = 0x10000,
	CONTEXT_CONTROL = 0x1,
	CONTEXT_INTEGER = 0x2,
	CONTEXT_SEGMENTS = 0x4,
	CONTEXT_FLOATING_POINT = 0x8,
	CONTEXT_DEBUG_REGISTERS = 0x10,
	CONTEXT_EXTENDED_REGISTERS = 0x20,	/* x86: the FXSAVE area */
	CONTEXT_X64_GROUPS = CONTEXT_AMD64 | CONTEXT_CONTROL | CONTEXT_INTEGER |
			     CONTEXT_SEGMENTS | CONTEXT_FLOATING_POINT | CONTEXT_DEBUG_REGISTERS,
	CONTEXT_X86_GROUPS = CONTEXT_I386 | CONTEXT_CONTROL | CONTEXT_INTEGER | CONTEXT_SEGMENTS |
			     CONTEXT_DEBUG_REGISTERS | CONTEXT_EXTENDED_REGISTERS,

	FXSAVE_MXCSR_AT = 24
};

void nt_context_x64(const struct x86_registers *vp, uint8_t out[CONTEXT_X64_SIZE])
{
	static const uint8_t selectors[] = { X86_CS, X86_DS, X86_ES, X86_FS, X86_GS, X86_SS };

	memset(out, 0, CONTEXT_X64_SIZE);
	store_le32(out + 0x30, CONTEXT_X64_GROUPS);
	memcpy(out + 0x34, vp->fxsave + FXSAVE_MXCSR_AT, 4);
	for (size_t i = 0; i < sizeof(selectors); i++)
		store_le16(out + 0x38 + 2 * i, vp->segment[selectors[i]].selector);
	store_le32(out + 0x44, (uint32_t)vp->rflags);
	store_le64(out + 0x48, vp->dr0);
	store_le64(out + 0x50, vp->dr1);
	store_le64(out + 0x58, vp->dr2);
	store_le64(out + 0x60, vp->dr3);
	store_le64(out + 0x68, vp->dr6);
	store_le64(out + 0x70, vp->dr7);
	for (size_t i = 0; i < X86_GENERAL_COUNT; i++)
		store_le64(out + 0x78 + 8 * i, vp->general[i]);
	store_le64(out + 0xF8, vp->rip);
	memcpy(out + 0x100, vp->fxsave, X86_FXSAVE_SIZE);
}

void nt_context_x86(const struct x86_registers *vp, uint8_t out[CONTEXT_X86_SIZE])
{
	static const uint8_t selectors[] = { X86_GS, X86_FS, X86_ES, X86_DS };
	static const uint8_t general[] = {
		X86_RDI, X86_RSI, X86_RBX, X86_RDX, X86_RCX, X86_RAX, X86_RBP
	};

	memset(out, 0, CONTEXT_X86_SIZE);
	store_le32(out, CONTEXT_X86_GROUPS);
	store_le32(out + 0x04, (uint32_t)vp->dr0);
	store_le32(out + 0x08, (uint32_t)vp->dr1);
	store_le32(out + 0x0C, (uint32_t)vp->dr2);
	store_le32(out + 0x10, (uint32_t)vp->dr3);
	store_le32(out + 0x14, (uint32_t)vp->dr6);
	store_le32(out + 0x18, (uint32_t)vp->dr7);
	for (size_t i = 0; i < sizeof(selectors); i++)
		store_le32(out + 0x8C + 4 * i, vp->segment[selectors[i]].selector);
	for (size_t i = 0; i < sizeof(general); i++)
		store_le32(out + 0x9C + 4 * i, (uint32_t)vp->general[general[i]]);
	store_le32(out + 0xB8, (uint32_t)vp->rip);
	store_le32(out + 0xBC, vp->segment[X86_CS].selector);
	store_le32(out + 0xC0, (uint32_t)vp->rflags);
	store_le32(out + 0xC4, (uint32_t)vp->general[X86_RSP]);
	store_le32(out + 0xC8, vp->segment[X86_SS].selector);
	memcpy(out + 0xCC, vp->fxsave, X86_FXSAVE_SIZE);
}
