/* SPDX-License-Identifier: MIT */
/*
 * The registers of a VP: which there are, and of which parts they consist.
 *
 * May include: tools/cli, the public headers.
 */
#ifndef CLI_REGISTERS_H
#define CLI_REGISTERS_H

#include <stdbool.h>
#include <vmsavedstatedump_ext.h>

/* A number inside a register's 16 bytes. */
struct register_field {
	const char *name;
	unsigned offset;
	unsigned width;			/* bytes, at most 8 */
};

enum { REGISTER_FIELDS = 5 };

/* Registers with consecutive ids that are shown together. */
struct register_group {
	const char *title;
	UINT32 first;			/* REGISTER_ID */
	UINT32 last;
	VIRTUAL_PROCESSOR_ARCH family;	/* Arch_x64, which stands for x86 too, or Arch_Armv8 */
	bool always;			/* not only with --all */
	unsigned per_line;		/* in text */
	/* A register is one number where there are none; the one without a name ends them. */
	struct register_field fields[REGISTER_FIELDS + 1];
};

/* A group with a NULL title ends the list. */
extern const struct register_group register_groups[];

/* Little-endian number of width bytes, at most 8. */
UINT64 register_number(const UINT8 *bytes, unsigned width);

/* Whether the VP is one of ARM64; all others are of the x86 family. */
bool vp_is_arm64(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp);

#endif
