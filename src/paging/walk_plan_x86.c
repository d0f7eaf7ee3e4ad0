/* SPDX-License-Identifier: MIT */
/*
 * The paging forms of x86 and x64.
 *
 * Where the manuals leave the choice, rows and roots follow what the original
 * was measured to do: PS is ignored in PML4E and PML5E, 32-bit roots keep all
 * of CR3 above bit 12, PAE roots are 32-byte aligned within 4 GiB.
 */
#include "paging/walk_plan.h"

#define PRESENT BIT(0)
#define WRITE BIT(1)
#define USER BIT(2)
#define LARGE BIT(7)
#define NO_EXECUTE BIT(63)

#define EFER_NXE BIT(11)

#define GPA_52(low) BITS(low, 51)

static const struct rights_rule x86_rights = {
	.granting = WRITE | USER,
	.no_write = WRITE,
	.no_user = USER,
	.no_user_execute = USER | NO_EXECUTE,
	.no_kernel_execute = NO_EXECUTE,
};

#define TABLE(address_bits, reserved_bits) \
	{ .mask = PRESENT, .value = PRESENT, .address = (address_bits), \
	  .reserved = (reserved_bits), .rights = &x86_rights }
#define PAGE(address_bits, reserved_bits) TABLE(address_bits, reserved_bits)

/* Bit 12 is PAT in a large page; the bits from there to the base must be zero. */
#define LARGE_PAGE(base, reserved_bits) \
	{ .mask = PRESENT | LARGE, .value = PRESENT | LARGE, .address = GPA_52(base), \
	  .reserved = BITS(13, (base) - 1) | (reserved_bits), .rights = &x86_rights }

static const struct table_level long_levels[] = {
	{ .name = "PML5E", .shift = 48, .index_bits = 9, .entry_size = 8, .reported_shift = 48,
	  .table = TABLE(GPA_52(12), LARGE) },
	{ .name = "PML4E", .shift = 39, .index_bits = 9, .entry_size = 8, .reported_shift = 39,
	  .table = TABLE(GPA_52(12), LARGE) },
	{ .name = "PDPTE", .shift = 30, .index_bits = 9, .entry_size = 8, .reported_shift = 30,
	  .page = LARGE_PAGE(30, 0), .table = TABLE(GPA_52(12), 0) },
	{ .name = "PDE", .shift = 21, .index_bits = 9, .entry_size = 8, .reported_shift = 21,
	  .page = LARGE_PAGE(21, 0), .table = TABLE(GPA_52(12), 0) },
	{ .name = "PTE", .shift = 12, .index_bits = 9, .entry_size = 8, .reported_shift = 12,
	  .page = PAGE(GPA_52(12), 0) },
};

/* Bits 52 to 62 are ignored in long mode, but reserved here. */
#define PAE_HIGH BITS(52, 62)

static const struct table_level pae_levels[] = {
	{ .name = "PDPTE", .shift = 30, .index_bits = 2, .entry_size = 8, .reported_shift = 30,
	  .table = { .mask = PRESENT, .value = PRESENT, .address = GPA_52(12),
		     .reserved = BITS(1, 2) | BITS(5, 8) | PAE_HIGH | NO_EXECUTE } },
	{ .name = "PDE", .shift = 21, .index_bits = 9, .entry_size = 8, .reported_shift = 21,
	  .page = LARGE_PAGE(21, PAE_HIGH), .table = TABLE(GPA_52(12), PAE_HIGH) },
	{ .name = "PTE", .shift = 12, .index_bits = 9, .entry_size = 8, .reported_shift = 12,
	  .page = PAGE(GPA_52(12), PAE_HIGH) },
};

/* The original reports 2 MiB for a directory entry that covers 4 MiB. */
static const struct table_level pse_levels[] = {
	{ .name = "PDE", .shift = 22, .index_bits = 10, .entry_size = 4, .reported_shift = 21,
	  .page = { .mask = PRESENT | LARGE, .value = PRESENT | LARGE, .address = BITS(22, 31),
		    .high_address = BITS(13, 20), .reserved = BIT(21), .rights = &x86_rights },
	  .table = TABLE(BITS(12, 31), 0) },
	{ .name = "PTE", .shift = 12, .index_bits = 10, .entry_size = 4, .reported_shift = 12,
	  .page = PAGE(BITS(12, 31), 0) },
};

static const struct table_level no_pse_levels[] = {
	{ .name = "PDE", .shift = 22, .index_bits = 10, .entry_size = 4, .reported_shift = 21,
	  .table = TABLE(BITS(12, 31), 0) },
	{ .name = "PTE", .shift = 12, .index_bits = 10, .entry_size = 4, .reported_shift = 12,
	  .page = PAGE(BITS(12, 31), 0) },
};

struct x86_form {
	const struct table_level *levels;
	unsigned level_count;
	unsigned address_width;		/* bits of a linear address */
	bool canonical;			/* the bits above repeat the highest one, or are ignored */
	uint64_t root;			/* bits of CR3 */
};

static const struct x86_form x86_forms[] = {
	[PAGING_FORM_32BIT] = { no_pse_levels, 2, 32, false, BITS(12, 51) },
	[PAGING_FORM_32BIT_PSE] = { pse_levels, 2, 32, false, BITS(12, 51) },
	[PAGING_FORM_PAE] = { pae_levels, 3, 32, false, BITS(5, 31) },
	[PAGING_FORM_LONG4] = { long_levels + 1, 4, 48, true, BITS(12, 51) },
	[PAGING_FORM_LONG5] = { long_levels, 5, 57, true, BITS(12, 51) },
};

void walk_plan_x86(const struct address_space *space, uint64_t address, struct walk_plan *plan)
{
	const struct x86_form *form = &x86_forms[space->form];
	const struct paging_registers *registers = &space->registers;

	plan->levels = form->levels;
	plan->level_count = form->level_count;
	plan->root = registers->cr3 & form->root;
	plan->address = address & BITS(0, form->address_width - 1);
	plan->gpa_width = registers->maxphyaddr != 0 ? registers->maxphyaddr : 52;
	if ((registers->efer & EFER_NXE) == 0) {
		plan->ignored_rights = NO_EXECUTE;
		plan->reserved = NO_EXECUTE;
	}
	if (!form->canonical)
		return;
	plan->skip_size = out_of_range_size(address, form->address_width - 1, 63);
	if (plan->skip_size != 0) {
		plan->obstacle = PAGE_ADDRESS_OUT_OF_RANGE;
		plan->unmapped_size = plan->skip_size;
	}
}
