/* SPDX-License-Identifier: MIT */
/*
 * The registers of a VP as GDB sees them: which there are, in which order, of
 * which types, and their values.
 *
 * GDB wants certain registers under certain features; the other ones, which
 * debuggers of kernels ask for, follow in features of our own.  A register's
 * number is its place in the order of the tables.
 *
 * May include: tools/cli, the public headers.
 */
#ifndef CLI_GDB_REGISTERS_H
#define CLI_GDB_REGISTERS_H

#include <stdbool.h>
#include <vmsavedstatedump_ext.h>

enum gdb_conversion {
	GDB_AS_IT_IS = 0,
	GDB_FULL_TAG_WORD,		/* two bits for each x87 register, rather than one */
	GDB_CURRENT_STACK_POINTER	/* the SP_ELx that the VP was using */
};

/* Registers with consecutive ids and one shape; each is made of a part of the library's. */
struct gdb_register_row {
	const char *name;		/* without the number behind it; NULL for the library's */
	UINT32 id;			/* REGISTER_ID of the first */
	unsigned size;			/* bytes, as GDB sees them */
	const char *type;
	unsigned count;			/* 0 stands for one, whose name has no number */
	unsigned first;			/* the number in the first one's name */
	unsigned offset;		/* of the part */
	unsigned width;			/* of the part, zeros follow; 0 stands for size */
	const char *group;		/* NULL lets GDB choose */
	enum gdb_conversion conversion;
};

struct gdb_feature {
	const char *name;
	const char *types;		/* elements in XML */
	const struct gdb_register_row *rows;
	unsigned row_count;
};

struct gdb_architecture {
	const char *name;		/* GDB's */
	const struct gdb_feature *features;
	unsigned feature_count;
};

/*
 * That of a guest: x86-64 as soon as one of its VPs has long mode active, also
 * while it runs 32-bit code, since GDB knows one architecture for all of them.
 */
const struct gdb_architecture *gdb_architecture_of(VM_SAVED_STATE_DUMP_HANDLE handle,
						   UINT32 vp_count);

struct gdb_register_value {
	bool known;			/* false when the saved state does not have it */
	unsigned size;			/* also when it is not known */
	UINT8 bytes[16];		/* in the guest's byte order */
};

/* False when the architecture has no register of that number. */
bool gdb_register_read(const struct gdb_architecture *architecture,
		       VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp, UINT64 number,
		       struct gdb_register_value *out);

/* The target description in XML, which the caller frees; NULL when memory is short. */
char *gdb_describe_target(const struct gdb_architecture *architecture);

#endif
