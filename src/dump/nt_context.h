/* SPDX-License-Identifier: MIT */
/*
 * A VP's registers as Windows' CONTEXT structure, which debuggers read.
 *
 * Pure functions.
 *
 * May include: everything below src/dump.
 */
#ifndef DUMP_NT_CONTEXT_H
#define DUMP_NT_CONTEXT_H

#include "dump/dump_guest.h"

enum { CONTEXT_X64_SIZE = 0x4D0, CONTEXT_X86_SIZE = 0x2CC };

void nt_context_x64(const struct x86_registers *vp, uint8_t out[CONTEXT_X64_SIZE]);
void nt_context_x86(const struct x86_registers *vp, uint8_t out[CONTEXT_X86_SIZE]);

#endif
