/* SPDX-License-Identifier: MIT */
/*
 * The Windows kernel in a guest: where it is and what it tells debuggers.
 *
 * The first handler of a VP's interrupt table lies in the kernel's image; the
 * image's debug directory says that it is one, and its data is searched for
 * the debugger block.  No symbols are needed.
 *
 * May include: everything below src/dump.
 */
#ifndef DUMP_NT_KERNEL_H
#define DUMP_NT_KERNEL_H

#include "dump/debugger_block.h"
#include "dump/dump_guest.h"
#include "guest/virtual_memory.h"

struct nt_kernel {
	bool is_64_bit;
	uint64_t directory_table_base;	/* as a VP's CR3 in the kernel */
	struct virtual_memory memory;	/* through that */
	bool memory_short;		/* so that a read failed that could have succeeded */
	uint64_t image_base;
	uint64_t block_address;
	struct debugger_block block;
	bool has_version;
	struct kernel_version version;
};

/*
 * Finds the kernel of an x86 or x64 guest.  STATUS_NO_WINDOWS_KERNEL, with a
 * sentence that says how far the search came; STATUS_OUT_OF_MEMORY.
 */
enum status nt_kernel_find(const struct dump_guest *guest, struct nt_kernel *out,
				struct error *error);

/*
 * Reads exactly size bytes of the kernel's memory; false when they are not all
 * there, or when memory was short, which kernel keeps in mind for the caller.
 */
bool nt_kernel_read(struct nt_kernel *kernel, uint64_t address, void *buffer,
			 size_t size);

/* A pointer of the kernel's width; 0 when it is not there. */
uint64_t nt_kernel_pointer(struct nt_kernel *kernel, uint64_t address);

/* The page that Windows shows to all processes: time, product, version. */
uint64_t nt_shared_data_address(bool is_64_bit);

/*
 * The processor block (PRCB) of a VP: the one whose control region the VP's GS
 * base points to, or else that of the same number.  0 when there is none.
 */
uint64_t nt_kernel_prcb(struct nt_kernel *kernel, uint32_t vp_id,
			     const struct x86_registers *vp);

#endif
