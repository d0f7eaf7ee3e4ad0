/* SPDX-License-Identifier: MIT */
/*
 * Which paging form a processor uses.
 *
 * Two rules exist side by side.  The original looks at EFER.LME and CR4.PAE
 * only and walks tables even while CR0.PG is clear; its clients rely on the
 * answers, so that rule decides translations of the public API.  The
 * architectural rule is for those who want what the processor itself did.
 *
 * May include: src/base.
 */
#ifndef PAGING_ADDRESS_SPACE_H
#define PAGING_ADDRESS_SPACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The registers that decide a translation, of one VP in one VTL.  Those of
 * the other architecture stay 0.  To walk the tables of another process, put
 * their root into cr3 or ttbr0.
 */
struct paging_registers {
	bool arm64;
	uint64_t cr0;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t efer;
	uint64_t sctlr;		/* SCTLR_EL1 */
	uint64_t tcr;		/* TCR_EL1 */
	uint64_t ttbr0;		/* TTBR0_EL1 */
	uint64_t ttbr1;		/* TTBR1_EL1 */
	unsigned maxphyaddr;	/* x64: bits of a GPA, 0 for 52; decides reserved bits only */
};

/* The values of the public PAGING_MODE. */
enum paging_mode {
	PAGING_MODE_INVALID = 0,
	PAGING_MODE_NON_PAGED = 1,
	PAGING_MODE_32BIT = 2,
	PAGING_MODE_PAE = 3,
	PAGING_MODE_LONG = 4,
	PAGING_MODE_ARMV8 = 5
};

/* A mode together with what else changes the shape of its tables. */
enum paging_form {
	PAGING_FORM_NONE = 0,	/* no translation can be given */
	PAGING_FORM_IDENTITY,	/* paging is off: GPA = linear address */
	PAGING_FORM_32BIT,	/* CR4.PSE clear: 4 KiB pages only */
	PAGING_FORM_32BIT_PSE,	/* also 4 MiB pages, with 40-bit addresses (PSE-36) */
	PAGING_FORM_PAE,
	PAGING_FORM_LONG4,
	PAGING_FORM_LONG5,	/* CR4.LA57 */
	PAGING_FORM_ARMV8	/* granule and width stand in TCR_EL1 */
};

struct address_space {
	enum paging_form form;
	struct paging_registers registers;
};

/*
 * The mode by the original's rule: CR4.PAE and EFER.LME, or SCTLR_EL1.M.
 * EFER.LME without CR4.PAE is PAGING_MODE_INVALID.
 */
enum paging_mode paging_mode_compatible(const struct paging_registers *registers);

/* The mode by the architecture: as above, but CR0.PG clear is PAGING_MODE_NON_PAGED. */
enum paging_mode paging_mode_architectural(const struct paging_registers *registers);

/*
 * The address space of a mode found by paging_mode_compatible or forced by
 * the user (any number may come).  Modes 0 and 1 and unknown ones yield
 * PAGING_FORM_NONE, as the original translates nothing in them.
 */
struct address_space address_space_of_mode(uint32_t mode,
					   const struct paging_registers *registers);

/* The address space by paging_mode_architectural; PAGING_FORM_IDENTITY when paging is off. */
struct address_space address_space_architectural(const struct paging_registers *registers);

#endif
