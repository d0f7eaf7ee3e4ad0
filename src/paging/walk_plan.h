/* SPDX-License-Identifier: MIT */
/*
 * How one address is going to be looked up: the paging forms as data.
 *
 * Each level of tables is a row that says which address bits index it and
 * what its entries look like.  A plan is a run of rows, top first, with the
 * root table and the bits of the address that count.  The loop that follows a
 * plan (page_walk.c) knows no architecture.
 *
 * Internal to src/paging.
 *
 * May include: src/base.
 */
#ifndef PAGING_WALK_PLAN_H
#define PAGING_WALK_PLAN_H

#include "paging/page_walk.h"

/* Bits low to high, both included. */
#define BITS(low, high) ((UINT64_MAX << (low)) & (UINT64_MAX >> (63 - (high))))
#define BIT(n) (UINT64_C(1) << (n))

/*
 * How an entry restricts access.  A right is lost when any bit of its mask is
 * set after the bits of granting (those that allow rather than forbid) have
 * been inverted.
 */
struct rights_rule {
	uint64_t granting;
	uint64_t no_write;
	uint64_t no_user;
	uint64_t no_user_execute;
	uint64_t no_kernel_execute;
};

/* One of the two things an entry can be: a pointer to a table, or a page. */
struct entry_shape {
	uint64_t mask;			/* the entry is of this shape if (entry & mask) == value; */
	uint64_t value;			/* a mask of 0 says that the level has no such entries */
	uint64_t address;		/* bits of the entry that are bits of the GPA */
	uint64_t high_address;		/* PSE-36: bits that move up to GPA bit 32 */
	uint64_t reserved;		/* bits that must be zero */
	const struct rights_rule *rights;	/* NULL: says nothing about access */
};

enum { PSE36_SHIFT = 32 - 13 };

struct table_level {
	const char *name;
	uint8_t shift;			/* an entry covers 2^shift bytes */
	uint8_t index_bits;
	uint8_t entry_size;
	uint8_t reported_shift;		/* log2 of the size the original reports as unmapped */
	struct entry_shape page;	/* looked at first */
	struct entry_shape table;	/* the last level has none */
};

struct walk_plan {
	enum page_result obstacle;	/* anything but PAGE_MAPPED: there is nothing to walk */
	uint64_t unmapped_size;		/* of an address out of range */
	uint64_t skip_size;

	const struct table_level *levels;	/* top first */
	unsigned level_count;		/* 0: identity */
	uint64_t root;			/* GPA of the top table */
	uint64_t address;		/* the bits that translate */
	uint64_t ignored_rights;	/* entry bits that do not restrict access here */
	uint64_t reserved;		/* entry bits that must be zero on every level */
	unsigned gpa_width;		/* a GPA of more bits is reserved */
};

/* Plans for the address spaces that have tables.  *plan is zeroed by the caller. */
void walk_plan_x86(const struct address_space *space, uint64_t address, struct walk_plan *plan);
void walk_plan_armv8(const struct paging_registers *registers, uint64_t address,
		     struct walk_plan *plan);

/*
 * Ranges at both ends of the address space.  An address is in range when all
 * its bits from width up to sign_bit are equal.  Out of it, the result is the
 * size of a naturally aligned region around address that is out of range as a
 * whole; in it, 0.
 *
 * The region has the size of the highest bit that differs from the sign: all
 * of its addresses share that bit and the sign.  It never crosses bit 55,
 * which chooses the range, and with it the rule, on ARMv8.
 */
uint64_t out_of_range_size(uint64_t address, unsigned width, unsigned sign_bit);

#endif
