/* SPDX-License-Identifier: MIT */
#include "paging/page_walk.h"

#include "paging/walk_plan.h"

#include <stddef.h>

#define ENTRY_PRESENT BIT(0)
#define IDENTITY_PAGE_SIZE UINT64_C(0x1000)

/* Paging off: linear addresses have 32 bits on x64; wider GPAs than 48 bits fault on ARMv8. */
static void plan_identity(const struct paging_registers *registers, uint64_t address,
			  struct walk_plan *plan)
{
	plan->address = address & (registers->arm64 ? BITS(0, 47) : BITS(0, 31));
	if (registers->arm64 && plan->address != address) {
		plan->obstacle = PAGE_ADDRESS_OUT_OF_RANGE;
		plan->skip_size = BIT(48);
		plan->unmapped_size = BIT(48);
	}
}

static void plan_walk(const struct address_space *space, uint64_t address, struct walk_plan *plan)
{
	*plan = (struct walk_plan){ .obstacle = PAGE_MAPPED };
	switch (space->form) {
	case PAGING_FORM_IDENTITY:
		plan_identity(&space->registers, address, plan);
		return;
	case PAGING_FORM_32BIT:
	case PAGING_FORM_32BIT_PSE:
	case PAGING_FORM_PAE:
	case PAGING_FORM_LONG4:
	case PAGING_FORM_LONG5:
		walk_plan_x86(space, address, plan);
		return;
	case PAGING_FORM_ARMV8:
		walk_plan_armv8(&space->registers, address, plan);
		return;
	case PAGING_FORM_NONE:
		break;
	}
	plan->obstacle = PAGE_NO_TRANSLATION;
}

static bool has_shape(uint64_t entry, const struct entry_shape *shape)
{
	return shape->mask != 0 && (entry & shape->mask) == shape->value;
}

static unsigned rights_of(uint64_t entry, const struct rights_rule *rule, uint64_t ignored)
{
	uint64_t denied = (entry ^ rule->granting) & ~ignored;
	unsigned rights = PAGE_ALL_RIGHTS;

	if (denied & rule->no_write)
		rights &= ~(unsigned)PAGE_WRITABLE;
	if (denied & rule->no_user)
		rights &= ~(unsigned)PAGE_USER;
	if (denied & rule->no_user_execute)
		rights &= ~(unsigned)PAGE_USER_EXECUTABLE;
	if (denied & rule->no_kernel_execute)
		rights &= ~(unsigned)PAGE_KERNEL_EXECUTABLE;
	return rights;
}

/* Takes over what an entry of a known shape says; returns the GPA it points to. */
static uint64_t decode_entry(const struct walk_plan *plan, const struct entry_shape *shape,
			     uint64_t entry, struct page_walk *walk)
{
	uint64_t gpa = entry & shape->address;

	gpa |= (entry & shape->high_address) << PSE36_SHIFT;
	if ((entry & (shape->reserved | plan->reserved)) != 0 ||
	    (plan->gpa_width < 64 && gpa >> plan->gpa_width != 0))
		walk->reserved_bits = true;
	if (shape->rights != NULL)
		walk->rights &= rights_of(entry, shape->rights, plan->ignored_rights);
	return gpa;
}

static void set_mapped(struct page_walk *walk, uint64_t address, uint64_t page, unsigned shift)
{
	walk->result = PAGE_MAPPED;
	walk->page_size = BIT(shift);
	walk->gpa = page | (address & (BIT(shift) - 1));
}

static void set_not_mapped(struct page_walk *walk, enum page_result result,
			   const struct table_level *level)
{
	walk->result = result;
	walk->rights = 0;
	walk->unmapped_size = BIT(level->reported_shift);
	walk->skip_size = BIT(level->shift);
}

static void trace_step(struct page_trace *trace, const struct page_walk *walk, uint64_t table,
		       unsigned index, bool saved, uint64_t entry)
{
	struct page_trace_step *step;

	if (trace == NULL)
		return;
	step = &trace->steps[trace->count++];
	step->level_name = walk->level_name;
	step->table = table;
	step->index = index;
	step->entry_address = walk->entry_address;
	step->saved = saved;
	step->entry = entry;
}

static enum status follow_tables(const struct walk_plan *plan, const struct entry_reader *reader,
				 struct page_trace *trace, struct page_walk *walk,
				 struct error *error)
{
	const struct table_level *level = plan->levels;
	uint64_t table = plan->root;

	walk->rights = PAGE_ALL_RIGHTS;
	walk->level = plan->level_count - 1;
	for (;; level++, walk->level--) {
		unsigned index = (unsigned)(plan->address >> level->shift &
					    (BIT(level->index_bits) - 1));
		uint64_t entry = 0;
		enum status status;

		walk->level_name = level->name;
		walk->entry_address = table + (uint64_t)index * level->entry_size;
		status = reader->read(reader->context, walk->entry_address, level->entry_size,
				      &entry, error);
		if (status != STATUS_OK && status != STATUS_GPA_NOT_SAVED)
			return status;
		trace_step(trace, walk, table, index, status == STATUS_OK, entry);
		if (status == STATUS_GPA_NOT_SAVED) {
			error_clear(error);
			set_not_mapped(walk, PAGE_TABLE_NOT_SAVED, level);
			return STATUS_OK;
		}
		if (has_shape(entry, &level->page)) {
			table = decode_entry(plan, &level->page, entry, walk);
			set_mapped(walk, plan->address, table, level->shift);
			return STATUS_OK;
		}
		/* Never on the last level, which has no table shape: the loop ends there. */
		if (!has_shape(entry, &level->table)) {
			set_not_mapped(walk, entry & ENTRY_PRESENT ? PAGE_BAD_DESCRIPTOR
								   : PAGE_NOT_PRESENT, level);
			return STATUS_OK;
		}
		table = decode_entry(plan, &level->table, entry, walk);
	}
}

enum status page_walk(const struct address_space *space, uint64_t address,
		      const struct entry_reader *reader, struct page_trace *trace,
		      struct page_walk *out, struct error *error)
{
	struct page_walk walk = { .address = address, .level_name = "" };
	enum status status = STATUS_OK;
	struct walk_plan plan;

	if (trace != NULL)
		trace->count = 0;
	plan_walk(space, address, &plan);
	if (plan.obstacle != PAGE_MAPPED) {
		walk.result = plan.obstacle;
		walk.unmapped_size = plan.unmapped_size;
		walk.skip_size = plan.skip_size;
	} else if (plan.level_count == 0) {
		walk.gpa = plan.address;
		walk.page_size = IDENTITY_PAGE_SIZE;
		walk.rights = PAGE_ALL_RIGHTS;
	} else {
		status = follow_tables(&plan, reader, trace, &walk, error);
	}
	if (status == STATUS_OK)
		*out = walk;
	return status;
}
