/* SPDX-License-Identifier: MIT */
/*
 * Guest memory as a VP sees it: through its page tables.
 *
 * Page tables are read as they were saved; what a fix lays over memory is seen
 * by the read itself, not by the walk, as on the original.
 *
 * Threads: as guest_memory_read.
 *
 * May include: everything below src/guest.
 */
#ifndef GUEST_VIRTUAL_MEMORY_H
#define GUEST_VIRTUAL_MEMORY_H

#include "memory/guest_memory.h"
#include "paging/page_walk.h"
#include "state/virtual_processor.h"

struct virtual_memory {
	struct guest_memory *memory;
	struct address_space space;
};

/* How the address space of a VP is chosen. */
struct virtual_memory_choice {
	bool architectural;	/* by the registers alone, CR0.PG included; forced modes ignored */
	bool has_root;		/* start at root instead of CR3 or TTBR0_EL1 */
	uint64_t root;
};

/*
 * The address space of a VP with what was forced on it.  choice may be NULL for
 * the original's rule.  STATUS_VTL_NOT_ENABLED when the active VTL has no
 * registers.
 */
enum status virtual_memory_of_vp(struct guest_memory *memory, const struct virtual_processor *vp,
				 const struct vp_overrides *forced,
				 const struct virtual_memory_choice *choice,
				 struct virtual_memory *out, struct error *error);

/* page_walk over the guest's memory. */
enum status virtual_memory_walk(const struct virtual_memory *memory, uint64_t address,
				struct page_trace *trace, struct page_walk *out,
				struct error *error);

/*
 * Reads size bytes at address, page by page.  The read ends early, with
 * STATUS_OK, at the first byte that is not mapped or not saved, and at the top
 * of the address space; *read_out is what was read.
 *
 * On failure *read_out is 0: STATUS_NOT_IMPLEMENTED or _VP_STATE_INVALID when
 * no translation can be given; those of guest_memory_read.
 */
enum status virtual_memory_read(const struct virtual_memory *memory, uint64_t address,
				void *buffer, size_t size, size_t *read_out, struct error *error);

#endif
