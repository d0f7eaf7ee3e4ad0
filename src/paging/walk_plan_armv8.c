/* SPDX-License-Identifier: MIT */
/*
 * The paging forms of ARMv8: stage 1 of EL1 and EL0, 48-bit addresses.
 *
 * As measured on the original, TCR_EL1.EPD0 does not stop a walk (EPD1 is
 * treated alike), and of a TTBR the ASID and CnP are dropped.
 */
#include "paging/walk_plan.h"

#include <stddef.h>

#define TYPE BITS(0, 1)
#define TYPE_BLOCK BIT(0)
#define TYPE_TABLE BITS(0, 1)	/* on the last level: a page */

/* nT of a block (FEAT_BBM) says nothing about its address. */
#define BLOCK_NT BIT(16)

enum {
	WIDTH_MAX = 48,
	SIZE_FIELD_MAX = 48,		/* T0SZ, T1SZ with FEAT_TTST; 39 before it */
	SIZE_FIELD_MAX_64K = 47,
	SIZE_FIELD_MIN_LVA = 12,
	PHYSICAL_SIZE_52BIT = 6		/* TCR_EL1.IPS */
};

/* A table entry restricts what is below it, unless TCR_EL1.HPD0 or HPD1 says otherwise. */
#define TABLE_RIGHTS BITS(59, 62)

static const struct rights_rule table_rights = {
	.no_write = BIT(62),
	.no_user = BIT(61),
	.no_user_execute = BIT(60),
	.no_kernel_execute = BIT(59),
};

static const struct rights_rule page_rights = {
	.granting = BIT(6),
	.no_write = BIT(7),
	.no_user = BIT(6),
	.no_user_execute = BIT(54),
	.no_kernel_execute = BIT(53),
};

#define DESCRIPTOR(type, base, reserved_bits, rule) \
	{ .mask = TYPE, .value = (type), .address = BITS(base, 47), \
	  .reserved = BITS(48, 49) | (reserved_bits), .rights = &(rule) }

/* base is the lowest address bit; bits from 12 up to it must be zero. */
#define TABLE_4K DESCRIPTOR(TYPE_TABLE, 12, 0, table_rights)
#define TABLE_16K DESCRIPTOR(TYPE_TABLE, 14, BITS(12, 13), table_rights)
#define TABLE_64K DESCRIPTOR(TYPE_TABLE, 16, BITS(12, 15), table_rights)
#define PAGE_4K DESCRIPTOR(TYPE_TABLE, 12, 0, page_rights)
#define PAGE_16K DESCRIPTOR(TYPE_TABLE, 14, BITS(12, 13), page_rights)
#define PAGE_64K DESCRIPTOR(TYPE_TABLE, 16, BITS(12, 15), page_rights)
#define BLOCK(base) DESCRIPTOR(TYPE_BLOCK, base, BITS(12, (base) - 1) & ~BLOCK_NT, page_rights)

static const struct table_level levels_4k[] = {
	{ .name = "level 0 descriptor", .shift = 39, .index_bits = 9, .entry_size = 8,
	  .reported_shift = 39, .table = TABLE_4K },
	{ .name = "level 1 descriptor", .shift = 30, .index_bits = 9, .entry_size = 8,
	  .reported_shift = 30, .page = BLOCK(30), .table = TABLE_4K },
	{ .name = "level 2 descriptor", .shift = 21, .index_bits = 9, .entry_size = 8,
	  .reported_shift = 21, .page = BLOCK(21), .table = TABLE_4K },
	{ .name = "level 3 descriptor", .shift = 12, .index_bits = 9, .entry_size = 8,
	  .reported_shift = 12, .page = PAGE_4K },
};

/* The original reports the size of a level 1 entry for level 0 too. */
static const struct table_level levels_16k[] = {
	{ .name = "level 0 descriptor", .shift = 47, .index_bits = 1, .entry_size = 8,
	  .reported_shift = 36, .table = TABLE_16K },
	{ .name = "level 1 descriptor", .shift = 36, .index_bits = 11, .entry_size = 8,
	  .reported_shift = 36, .table = TABLE_16K },
	{ .name = "level 2 descriptor", .shift = 25, .index_bits = 11, .entry_size = 8,
	  .reported_shift = 25, .page = BLOCK(25), .table = TABLE_16K },
	{ .name = "level 3 descriptor", .shift = 14, .index_bits = 11, .entry_size = 8,
	  .reported_shift = 14, .page = PAGE_16K },
};

static const struct table_level levels_64k[] = {
	{ .name = "level 1 descriptor", .shift = 42, .index_bits = 6, .entry_size = 8,
	  .reported_shift = 42, .table = TABLE_64K },
	{ .name = "level 2 descriptor", .shift = 29, .index_bits = 13, .entry_size = 8,
	  .reported_shift = 29, .page = BLOCK(29), .table = TABLE_64K },
	{ .name = "level 3 descriptor", .shift = 16, .index_bits = 13, .entry_size = 8,
	  .reported_shift = 16, .page = PAGE_64K },
};

struct granule {
	const struct table_level *levels;	/* NULL: reserved encoding */
	unsigned level_count;
	unsigned page_shift;
};

#define GRANULE_4K { levels_4k, 4, 12 }
#define GRANULE_16K { levels_16k, 4, 14 }
#define GRANULE_64K { levels_64k, 3, 16 }
#define GRANULE_RESERVED { NULL, 0, 0 }

/* The two fields of TCR_EL1 number the granules differently. */
static const struct granule granules[2][4] = {
	{ GRANULE_4K, GRANULE_64K, GRANULE_16K, GRANULE_RESERVED },	/* TG0 */
	{ GRANULE_RESERVED, GRANULE_16K, GRANULE_4K, GRANULE_64K },	/* TG1 */
};

/* What TCR_EL1 says about the range of one TTBR. */
struct range {
	const struct granule *granule;
	unsigned size_field;		/* T0SZ or T1SZ */
	bool top_byte_ignored;
	bool flat_rights;		/* HPD: table entries do not restrict access */
	uint64_t ttbr;
};

static unsigned field(uint64_t value, unsigned low, unsigned bits)
{
	return (unsigned)(value >> low & (BIT(bits) - 1));
}

static struct range select_range(const struct paging_registers *registers, uint64_t address)
{
	uint64_t tcr = registers->tcr;
	unsigned upper = field(address, 55, 1);
	struct range range;

	range.granule = &granules[upper][field(tcr, upper ? 30 : 14, 2)];
	range.size_field = field(tcr, upper ? 16 : 0, 6);
	range.top_byte_ignored = field(tcr, 37 + upper, 1) != 0;
	range.flat_rights = field(tcr, 41 + upper, 1) != 0;
	range.ttbr = upper ? registers->ttbr1 : registers->ttbr0;
	return range;
}

/* The features of 52-bit addresses: a wide TCR_EL1.IPS or a small T0SZ with 64 KiB, else DS. */
static bool needs_52_bits(const struct range *range, uint64_t tcr)
{
	if (range->granule->page_shift != 16)
		return field(tcr, 59, 1) != 0;
	return field(tcr, 32, 3) >= PHYSICAL_SIZE_52BIT ||
	       (range->size_field >= SIZE_FIELD_MIN_LVA && range->size_field < 64 - WIDTH_MAX);
}

static enum page_result check_range(const struct range *range, uint64_t tcr)
{
	unsigned largest = range->granule->page_shift == 16 ? SIZE_FIELD_MAX_64K : SIZE_FIELD_MAX;

	if (range->granule->levels == NULL)
		return PAGE_BAD_CONFIGURATION;
	if (needs_52_bits(range, tcr))
		return PAGE_UNSUPPORTED_52BIT;
	if (range->size_field < 64 - WIDTH_MAX || range->size_field > largest)
		return PAGE_BAD_CONFIGURATION;
	return PAGE_MAPPED;
}

void walk_plan_armv8(const struct paging_registers *registers, uint64_t address,
		     struct walk_plan *plan)
{
	struct range range = select_range(registers, address);
	unsigned width = 64 - range.size_field;
	unsigned table_shift;

	plan->obstacle = check_range(&range, registers->tcr);
	if (plan->obstacle != PAGE_MAPPED)
		return;
	plan->levels = range.granule->levels;
	plan->level_count = range.granule->level_count;
	while (plan->levels->shift >= width) {
		plan->levels++;
		plan->level_count--;
	}
	plan->skip_size = out_of_range_size(address, width, range.top_byte_ignored ? 55 : 63);
	if (plan->skip_size != 0) {
		plan->obstacle = PAGE_ADDRESS_OUT_OF_RANGE;
		plan->unmapped_size = BIT(plan->levels->reported_shift);
		return;
	}
	/* The top table is as large as the width needs it, and aligned to its size. */
	table_shift = width - plan->levels->shift + 3;
	plan->root = range.ttbr & BITS(table_shift, 47);
	plan->address = address & BITS(0, width - 1);
	plan->ignored_rights = range.flat_rights ? TABLE_RIGHTS : 0;
	plan->gpa_width = WIDTH_MAX;
}
