/* SPDX-License-Identifier: MIT */
/*
 * From a guest virtual address to a guest physical one.
 *
 * The walk is a pure function of an address space, an address, and the
 * page-table entries that a callback hands out: it knows no file and keeps no
 * state.  It reads at most five entries, whatever they contain.
 *
 * Threads: any number of walks may run at once; the callback must allow it.
 *
 * May include: src/base.
 */
#ifndef PAGING_PAGE_WALK_H
#define PAGING_PAGE_WALK_H

#include "base/error.h"
#include "paging/address_space.h"

/*
 * Reads the entry of size bytes (4 or 8) at gpa, a multiple of size, into
 * *entry, zero-extended.  STATUS_GPA_NOT_SAVED means that there is no memory
 * at gpa, which is an answer and needs no sentence; any other failure ends the
 * walk.
 */
struct entry_reader {
	enum status (*read)(void *context, uint64_t gpa, unsigned size, uint64_t *entry,
			    struct error *error);
	void *context;
};

enum page_result {
	PAGE_MAPPED = 0,
	PAGE_NOT_PRESENT,		/* an entry is not valid (its bit 0 is clear) */
	PAGE_BAD_DESCRIPTOR,		/* ARMv8: valid, but of a type its level does not have */
	PAGE_TABLE_NOT_SAVED,		/* an entry lies outside the saved memory */
	PAGE_ADDRESS_OUT_OF_RANGE,	/* non-canonical, or in the range of neither TTBR */
	PAGE_BAD_CONFIGURATION,		/* TCR_EL1 holds a width or granule that is not legal */
	PAGE_UNSUPPORTED_52BIT,		/* ARMv8 with 52-bit addresses (FEAT_LVA, LPA, LPA2) */
	PAGE_NO_TRANSLATION		/* PAGING_FORM_NONE */
};

/*
 * What all entries on the way allow together.  CR0.WP, CR4.SMEP, CR4.SMAP,
 * PKU, SCTLR_EL1.WXN and the like are not applied.
 */
enum page_rights {
	PAGE_WRITABLE = 1 << 0,
	PAGE_USER = 1 << 1,		/* user mode or EL0 may access data */
	PAGE_USER_EXECUTABLE = 1 << 2,	/* x64: PAGE_USER and no NX; ARMv8: no UXN */
	PAGE_KERNEL_EXECUTABLE = 1 << 3,/* x64: no NX; ARMv8: no PXN */
	PAGE_ALL_RIGHTS = (1 << 4) - 1
};

struct page_walk {
	enum page_result result;
	uint64_t address;	/* as asked for */

	/* PAGE_MAPPED only, otherwise 0 */
	uint64_t gpa;		/* of the address itself, not of its page */
	uint64_t page_size;
	unsigned rights;	/* enum page_rights */

	/*
	 * Not mapped: sizes of naturally aligned regions around the address,
	 * powers of two.  Both are 0 when mapped, and for
	 * PAGE_BAD_CONFIGURATION and later results.
	 *
	 * unmapped_size is what the original answers; skip_size is how much
	 * really is unmapped, and never smaller.  They differ where the
	 * original understates: a 4 MiB directory entry counts 2 MiB, and an
	 * address in neither ARMv8 range counts one entry of the top level.
	 */
	uint64_t unmapped_size;
	uint64_t skip_size;

	/*
	 * The last entry looked at: level 0 is the PTE (ARMv8: level 3), 4 the
	 * PML5E.  Without tables 0, "" and 0.
	 */
	unsigned level;
	const char *level_name;	/* static */
	uint64_t entry_address;

	/*
	 * An entry used had a bit set that must be zero.  The processor would
	 * have faulted; the translation is given all the same, as the original
	 * does.
	 */
	bool reserved_bits;
};

enum { PAGE_TRACE_STEPS = 5 };

struct page_trace_step {
	const char *level_name;	/* static: "PML4E", "level 0 descriptor" */
	uint64_t table;		/* GPA */
	unsigned index;
	uint64_t entry_address;	/* GPA */
	bool saved;		/* false: no memory there, and entry is 0 */
	uint64_t entry;
};

/* The entries in the order they were read. */
struct page_trace {
	unsigned count;
	struct page_trace_step steps[PAGE_TRACE_STEPS];
};

/*
 * Translates address.  STATUS_OK means that *out holds the answer, which may
 * be that nothing is mapped.  A status comes from the callback alone; *out is
 * untouched then, and trace ends with the step before.
 *
 * trace may be NULL.
 */
enum status page_walk(const struct address_space *space, uint64_t address,
		      const struct entry_reader *reader, struct page_trace *trace,
		      struct page_walk *out, struct error *error);

/* A result in words: a clause without a full stop, such as "the entry is not present". */
const char *page_result_text(enum page_result result);

/*
 * The walk as a status with its sentence, for those who want a page or an
 * error: STATUS_OK when mapped, STATUS_VA_NOT_MAPPED, STATUS_VP_STATE_INVALID
 * (bad configuration) or STATUS_NOT_IMPLEMENTED (52-bit, no translation).
 */
enum status page_walk_status(const struct page_walk *walk, struct error *error);

#endif
