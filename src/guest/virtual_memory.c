/* SPDX-License-Identifier: MIT */
#include "guest/virtual_memory.h"
#include "base/bytes.h"
#include "base/checked.h"

static enum status read_entry(void *context, uint64_t gpa, unsigned size, uint64_t *entry,
			      struct error *error)
{
	uint8_t bytes[8];
	enum status status;
	size_t count;

	status = guest_memory_read_saved(context, gpa, bytes, size, &count, error);
	if (status != STATUS_OK)
		return error_prefix(error, status, "page table");
	if (count < size)
		return STATUS_GPA_NOT_SAVED;
	*entry = size == 4 ? load_le32(bytes) : load_le64(bytes);
	return STATUS_OK;
}

static struct paging_registers paging_registers_of(const struct vp_paging_registers *vp)
{
	struct paging_registers registers = {
		.arm64 = vp->architecture == VP_ARCHITECTURE_ARM64,
		.cr0 = vp->cr0,
		.cr3 = vp->cr3,
		.cr4 = vp->cr4,
		.efer = vp->efer,
		.sctlr = vp->sctlr_el1,
		.tcr = vp->tcr_el1,
		.ttbr0 = vp->ttbr0_el1,
		.ttbr1 = vp->ttbr1_el1,
	};

	return registers;
}

enum status virtual_memory_of_vp(struct guest_memory *memory, const struct virtual_processor *vp,
				 const struct vp_overrides *forced,
				 const struct virtual_memory_choice *choice,
				 struct virtual_memory *out, struct error *error)
{
	struct vp_paging_registers of_vp;
	struct paging_registers registers;
	enum status status = vp_read_paging_registers(vp, forced, &of_vp, error);

	if (status != STATUS_OK)
		return status;
	registers = paging_registers_of(&of_vp);
	if (choice != NULL && choice->has_root) {
		registers.cr3 = choice->root;
		registers.ttbr0 = choice->root;
	}
	out->memory = memory;
	if (choice != NULL && choice->architectural)
		out->space = address_space_architectural(&registers);
	else
		out->space = address_space_of_mode(of_vp.paging_mode, &registers);
	return STATUS_OK;
}

enum status virtual_memory_walk(const struct virtual_memory *memory, uint64_t address,
				struct page_trace *trace, struct page_walk *out,
				struct error *error)
{
	const struct entry_reader reader = { read_entry, memory->memory };

	return page_walk(&memory->space, address, &reader, trace, out, error);
}

/* True if a walk's result ends a read without being a failure of it. */
static bool ends_quietly(const struct page_walk *walk)
{
	return walk->result != PAGE_BAD_CONFIGURATION && walk->result != PAGE_UNSUPPORTED_52BIT &&
	       walk->result != PAGE_NO_TRANSLATION;
}

/* Reads what is wanted of the page that holds address; *count_out is 0 if it is not mapped. */
static enum status read_from_page(const struct virtual_memory *memory, uint64_t address,
				  void *buffer, size_t wanted, size_t *part_out,
				  size_t *count_out, struct error *error)
{
	struct page_walk walk;
	enum status status = virtual_memory_walk(memory, address, NULL, &walk, error);
	uint64_t rest;

	*part_out = wanted;
	*count_out = 0;
	if (status != STATUS_OK)
		return status;
	if (walk.result != PAGE_MAPPED)
		return ends_quietly(&walk) ? STATUS_OK : page_walk_status(&walk, error);
	rest = walk.page_size - (walk.gpa & (walk.page_size - 1));
	*part_out = (size_t)min_u64(wanted, rest);
	return guest_memory_read(memory->memory, walk.gpa, buffer, *part_out, count_out, error);
}

enum status virtual_memory_read(const struct virtual_memory *memory, uint64_t address,
				void *buffer, size_t size, size_t *read_out, struct error *error)
{
	uint8_t *out = buffer;
	size_t done = 0;

	*read_out = 0;
	while (done < size) {
		size_t part, count;
		enum status status = read_from_page(memory, address, out + done, size - done,
						    &part, &count, error);

		if (status != STATUS_OK)
			return status;
		done += count;
		if (count < part || !checked_add(address, count, &address))
			break;
	}
	*read_out = done;
	return STATUS_OK;
}
