/* SPDX-License-Identifier: MIT */
/*
 * The block in which a Windows kernel tells debuggers where its variables are
 * (KDDEBUGGER_DATA64, tag "KDBG"), and the smaller one with its version
 * (DBGKD_GET_VERSION64).
 *
 * Windows 8 and later keep the first one encoded on x64 while no debugger is
 * attached.  Each 8-byte word w became
 *
 *	byte_swap(rotate_left(w ^ n, n mod 64) ^ d) ^ a
 *
 * backwards, with two random numbers of the kernel (n, a) and an address (d).
 * Whatever these are, the difference (exclusive or) of two decoded words is
 * that of the encoded ones, rotated and byte-swapped.  The kernel's own base
 * address is one of the words, so the whole block is decoded without symbols:
 * 64 rotations are tried, and the tag tells which is right.
 *
 * Pure functions over bytes.
 *
 * May include: src/base.
 */
#ifndef DUMP_DEBUGGER_BLOCK_H
#define DUMP_DEBUGGER_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DEBUGGER_BLOCK_LEAST = 0x290,	/* of the first Windows on x64 */
	DEBUGGER_BLOCK_MOST = 0x1000,
	VERSION_BLOCK_SIZE = 0x28
};

struct debugger_block {
	uint8_t bytes[DEBUGGER_BLOCK_MOST];	/* decoded */
	size_t size;
	bool was_encoded;
};

/*
 * Takes the block that begins at bytes, of which there are available, if there
 * is one of the kernel at kernel_base.
 */
bool debugger_block_at(const uint8_t *bytes, size_t available, uint64_t kernel_base,
		       struct debugger_block *out);

/* Fields of 8 bytes, and the only one of 2; 0 where the block is too short for them. */
enum debugger_block_field {
	BLOCK_KERN_BASE = 0x18,
	BLOCK_LOADED_MODULES = 0x48,
	BLOCK_ACTIVE_PROCESSES = 0x50,
	BLOCK_BUGCHECK_DATA = 0x88,
	BLOCK_PFN_DATABASE = 0xC0,
	BLOCK_PROCESSOR_BLOCK = 0x218,
	BLOCK_PRCB_CONTEXT = 0x338
};
uint64_t debugger_block_u64(const struct debugger_block *block, enum debugger_block_field field);
uint16_t debugger_block_u16(const struct debugger_block *block, enum debugger_block_field field);

struct kernel_version {
	uint16_t major;		/* 0xF of a free build, 0xC of a checked one */
	uint16_t minor;		/* the build's number */
	uint8_t secondary;
	uint16_t machine;
};

/*
 * Takes the version block that begins at bytes (VERSION_BLOCK_SIZE of them),
 * if it is that of the kernel and machine that block belongs to.
 */
bool version_block_at(const uint8_t *bytes, const struct debugger_block *block, uint16_t machine,
		      struct kernel_version *out);

#endif
