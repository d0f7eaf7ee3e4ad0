/* SPDX-License-Identifier: MIT */
#include "reference_walk.h"

#include <stddef.h>

enum { LEVEL_PTE, LEVEL_PDE, LEVEL_PDPTE, LEVEL_PML4E, LEVEL_PML5E };

/* One walk under way: what has been gathered so far. */
struct progress {
	const struct entry_reader *reader;
	bool nxe;
	unsigned maxphyaddr;
	struct reference_answer answer;
};

static bool bit(uint64_t value, unsigned n)
{
	return (value >> n) % 2 == 1;
}

/* Bits high down to low of value, moved to bit 0. */
static uint64_t bits(uint64_t value, unsigned high, unsigned low)
{
	uint64_t result = 0;
	unsigned n;

	for (n = low; n <= high; n++)
		if (bit(value, n))
			result += UINT64_C(1) << (n - low);
	return result;
}

static struct progress begin(const struct address_space *space, const struct entry_reader *reader)
{
	struct progress p = { 0 };

	p.reader = reader;
	p.nxe = bit(space->registers.efer, 11);
	p.maxphyaddr = space->registers.maxphyaddr ? space->registers.maxphyaddr : 52;
	p.answer.writable = true;
	p.answer.user = true;
	p.answer.user_executable = true;
	p.answer.kernel_executable = true;
	return p;
}

static struct reference_answer stop(struct progress *p, enum page_result result, unsigned level,
				    uint64_t unmapped_size)
{
	struct reference_answer answer = { 0 };

	answer.result = result;
	answer.level = level;
	answer.unmapped_size = unmapped_size;
	answer.reserved_bits = p->answer.reserved_bits;
	return answer;
}

static struct reference_answer mapped(struct progress *p, unsigned level, uint64_t size,
				      uint64_t gpa)
{
	p->answer.result = PAGE_MAPPED;
	p->answer.level = level;
	p->answer.page_size = size;
	p->answer.gpa = gpa;
	return p->answer;
}

/* PAGE_MAPPED when the entry could be read. */
static enum page_result fetch(struct progress *p, uint64_t gpa, unsigned size, uint64_t *entry)
{
	if (p->reader->read(p->reader->context, gpa, size, entry, NULL) != STATUS_OK)
		return PAGE_TABLE_NOT_SAVED;
	return bit(*entry, 0) ? PAGE_MAPPED : PAGE_NOT_PRESENT;
}

static void gather_x86_rights(struct progress *p, uint64_t entry)
{
	if (!bit(entry, 1))
		p->answer.writable = false;
	if (!bit(entry, 2)) {
		p->answer.user = false;
		p->answer.user_executable = false;
	}
	if (bit(entry, 63) && p->nxe) {
		p->answer.user_executable = false;
		p->answer.kernel_executable = false;
	}
}

/* Address bits from maxphyaddr to 51, and NX when EFER.NXE is clear. */
static void gather_x86_reserved(struct progress *p, uint64_t entry)
{
	unsigned n;

	for (n = p->maxphyaddr; n <= 51; n++)
		if (bit(entry, n))
			p->answer.reserved_bits = true;
	if (bit(entry, 63) && !p->nxe)
		p->answer.reserved_bits = true;
}

static void must_be_zero(struct progress *p, uint64_t entry, unsigned high, unsigned low)
{
	if (bits(entry, high, low) != 0)
		p->answer.reserved_bits = true;
}

static struct reference_answer walk_32bit(const struct address_space *space, uint64_t address,
					  const struct entry_reader *reader, bool pse)
{
	struct progress p = begin(space, reader);
	uint64_t directory = bits(space->registers.cr3, 51, 12) * 4096;
	uint64_t pde, pte, base;
	enum page_result result;

	result = fetch(&p, directory + bits(address, 31, 22) * 4, 4, &pde);
	if (result != PAGE_MAPPED)
		return stop(&p, result, LEVEL_PDE, 0x200000);
	gather_x86_rights(&p, pde);
	if (pse && bit(pde, 7)) {
		base = bits(pde, 31, 22) * 0x400000 + bits(pde, 20, 13) * 0x100000000;
		must_be_zero(&p, pde, 21, 21);
		if (bits(base, 63, p.maxphyaddr) != 0)
			p.answer.reserved_bits = true;
		return mapped(&p, LEVEL_PDE, 0x400000, base + bits(address, 21, 0));
	}
	result = fetch(&p, bits(pde, 31, 12) * 4096 + bits(address, 21, 12) * 4, 4, &pte);
	if (result != PAGE_MAPPED)
		return stop(&p, result, LEVEL_PTE, 0x1000);
	gather_x86_rights(&p, pte);
	return mapped(&p, LEVEL_PTE, 0x1000, bits(pte, 31, 12) * 4096 + bits(address, 11, 0));
}

static struct reference_answer walk_pae(const struct address_space *space, uint64_t address,
					const struct entry_reader *reader)
{
	struct progress p = begin(space, reader);
	uint64_t pointers = bits(space->registers.cr3, 31, 5) * 32;
	uint64_t pdpte, pde, pte;
	enum page_result result;

	result = fetch(&p, pointers + bits(address, 31, 30) * 8, 8, &pdpte);
	if (result != PAGE_MAPPED)
		return stop(&p, result, LEVEL_PDPTE, 0x40000000);
	gather_x86_reserved(&p, pdpte);
	must_be_zero(&p, pdpte, 2, 1);
	must_be_zero(&p, pdpte, 8, 5);
	must_be_zero(&p, pdpte, 63, 52);

	result = fetch(&p, bits(pdpte, 51, 12) * 4096 + bits(address, 29, 21) * 8, 8, &pde);
	if (result != PAGE_MAPPED)
		return stop(&p, result, LEVEL_PDE, 0x200000);
	gather_x86_rights(&p, pde);
	gather_x86_reserved(&p, pde);
	must_be_zero(&p, pde, 62, 52);
	if (bit(pde, 7)) {
		must_be_zero(&p, pde, 20, 13);
		return mapped(&p, LEVEL_PDE, 0x200000,
			      bits(pde, 51, 21) * 0x200000 + bits(address, 20, 0));
	}
	result = fetch(&p, bits(pde, 51, 12) * 4096 + bits(address, 20, 12) * 8, 8, &pte);
	if (result != PAGE_MAPPED)
		return stop(&p, result, LEVEL_PTE, 0x1000);
	gather_x86_rights(&p, pte);
	gather_x86_reserved(&p, pte);
	must_be_zero(&p, pte, 62, 52);
	return mapped(&p, LEVEL_PTE, 0x1000, bits(pte, 51, 12) * 4096 + bits(address, 11, 0));
}

static struct reference_answer walk_from_pml4(struct progress *p, uint64_t pml4, uint64_t address)
{
	uint64_t pml4e, pdpte, pde, pte;
	enum page_result result;

	result = fetch(p, pml4 + bits(address, 47, 39) * 8, 8, &pml4e);
	if (result != PAGE_MAPPED)
		return stop(p, result, LEVEL_PML4E, 0x8000000000);
	gather_x86_rights(p, pml4e);
	gather_x86_reserved(p, pml4e);
	must_be_zero(p, pml4e, 7, 7);

	result = fetch(p, bits(pml4e, 51, 12) * 4096 + bits(address, 38, 30) * 8, 8, &pdpte);
	if (result != PAGE_MAPPED)
		return stop(p, result, LEVEL_PDPTE, 0x40000000);
	gather_x86_rights(p, pdpte);
	gather_x86_reserved(p, pdpte);
	if (bit(pdpte, 7)) {
		must_be_zero(p, pdpte, 29, 13);
		return mapped(p, LEVEL_PDPTE, 0x40000000,
			      bits(pdpte, 51, 30) * 0x40000000 + bits(address, 29, 0));
	}
	result = fetch(p, bits(pdpte, 51, 12) * 4096 + bits(address, 29, 21) * 8, 8, &pde);
	if (result != PAGE_MAPPED)
		return stop(p, result, LEVEL_PDE, 0x200000);
	gather_x86_rights(p, pde);
	gather_x86_reserved(p, pde);
	if (bit(pde, 7)) {
		must_be_zero(p, pde, 20, 13);
		return mapped(p, LEVEL_PDE, 0x200000,
			      bits(pde, 51, 21) * 0x200000 + bits(address, 20, 0));
	}
	result = fetch(p, bits(pde, 51, 12) * 4096 + bits(address, 20, 12) * 8, 8, &pte);
	if (result != PAGE_MAPPED)
		return stop(p, result, LEVEL_PTE, 0x1000);
	gather_x86_rights(p, pte);
	gather_x86_reserved(p, pte);
	return mapped(p, LEVEL_PTE, 0x1000, bits(pte, 51, 12) * 4096 + bits(address, 11, 0));
}

static struct reference_answer walk_long4(const struct address_space *space, uint64_t address,
					  const struct entry_reader *reader)
{
	struct progress p = begin(space, reader);
	uint64_t top = bits(address, 63, 47);

	if (top != 0 && top != 0x1FFFF)
		return stop(&p, PAGE_ADDRESS_OUT_OF_RANGE, 0, 0);
	return walk_from_pml4(&p, bits(space->registers.cr3, 51, 12) * 4096, address);
}

static struct reference_answer walk_long5(const struct address_space *space, uint64_t address,
					  const struct entry_reader *reader)
{
	struct progress p = begin(space, reader);
	uint64_t pml5 = bits(space->registers.cr3, 51, 12) * 4096;
	uint64_t top = bits(address, 63, 56);
	enum page_result result;
	uint64_t pml5e;

	if (top != 0 && top != 0xFF)
		return stop(&p, PAGE_ADDRESS_OUT_OF_RANGE, 0, 0);
	result = fetch(&p, pml5 + bits(address, 56, 48) * 8, 8, &pml5e);
	if (result != PAGE_MAPPED)
		return stop(&p, result, LEVEL_PML5E, 0x1000000000000);
	gather_x86_rights(&p, pml5e);
	gather_x86_reserved(&p, pml5e);
	must_be_zero(&p, pml5e, 7, 7);
	return walk_from_pml4(&p, bits(pml5e, 51, 12) * 4096, address);
}

/* log2 of the granule, 0 for a reserved encoding. */
static unsigned granule_bits(uint64_t tcr, bool upper)
{
	uint64_t tg = upper ? bits(tcr, 31, 30) : bits(tcr, 15, 14);

	if (tg == (upper ? 2u : 0u))
		return 12;
	if (tg == (upper ? 1u : 2u))
		return 14;
	if (tg == (upper ? 3u : 1u))
		return 16;
	return 0;
}

/* Bits from width up to 63, or up to 55 with TBI, must all be those of the range. */
static bool in_range(uint64_t address, unsigned width, bool upper, bool tbi)
{
	unsigned n;

	for (n = width; n <= (tbi ? 55u : 63u); n++)
		if (bit(address, n) != upper)
			return false;
	return true;
}

static void gather_table_rights(struct progress *p, uint64_t descriptor)
{
	if (bit(descriptor, 62))
		p->answer.writable = false;
	if (bit(descriptor, 61))
		p->answer.user = false;
	if (bit(descriptor, 60))
		p->answer.user_executable = false;
	if (bit(descriptor, 59))
		p->answer.kernel_executable = false;
}

static void gather_page_rights(struct progress *p, uint64_t descriptor)
{
	if (bit(descriptor, 7))
		p->answer.writable = false;
	if (!bit(descriptor, 6))
		p->answer.user = false;
	if (bit(descriptor, 54))
		p->answer.user_executable = false;
	if (bit(descriptor, 53))
		p->answer.kernel_executable = false;
}

static enum page_result check_tcr(uint64_t tcr, unsigned granule, uint64_t size_field)
{
	if (granule == 0)
		return PAGE_BAD_CONFIGURATION;
	if (granule != 16 && bit(tcr, 59))
		return PAGE_UNSUPPORTED_52BIT;
	if (granule == 16 && bits(tcr, 34, 32) >= 6)
		return PAGE_UNSUPPORTED_52BIT;
	if (granule == 16 && size_field >= 12 && size_field <= 15)
		return PAGE_UNSUPPORTED_52BIT;
	if (size_field < 16 || size_field > (granule == 16 ? 47u : 48u))
		return PAGE_BAD_CONFIGURATION;
	return PAGE_MAPPED;
}

/* Level 0 of the 16 KiB granule is the one whose size the original understates. */
static uint64_t armv8_unmapped_size(unsigned granule, unsigned level, unsigned shift)
{
	if (granule == 14 && level == 0)
		return 0x1000000000;
	return UINT64_C(1) << shift;
}

static struct reference_answer walk_armv8(const struct address_space *space, uint64_t address,
					  const struct entry_reader *reader)
{
	const struct paging_registers *r = &space->registers;
	struct progress p = begin(space, reader);
	bool upper = bit(address, 55);
	bool tbi = bit(r->tcr, upper ? 38 : 37);
	bool hpd = bit(r->tcr, upper ? 42 : 41);
	uint64_t size_field = upper ? bits(r->tcr, 21, 16) : bits(r->tcr, 5, 0);
	unsigned granule = granule_bits(r->tcr, upper);
	enum page_result result = check_tcr(r->tcr, granule, size_field);
	unsigned width = (unsigned)(64 - size_field);
	unsigned stride = granule - 3;
	unsigned level, shift, high;
	uint64_t table, descriptor, base;

	if (result != PAGE_MAPPED)
		return stop(&p, result, 0, 0);

	level = 3;
	while (granule + (4 - level) * stride < width)
		level--;
	shift = granule + (3 - level) * stride;
	if (!in_range(address, width, upper, tbi))
		return stop(&p, PAGE_ADDRESS_OUT_OF_RANGE, 0,
			    armv8_unmapped_size(granule, level, shift));

	/* The top table has 2^(width - shift) descriptors of 8 bytes. */
	table = upper ? r->ttbr1 : r->ttbr0;
	table = bits(table, 47, width - shift + 3) << (width - shift + 3);
	high = width - 1;
	for (;; level++) {
		shift = granule + (3 - level) * stride;
		result = fetch(&p, table + bits(address, high, shift) * 8, 8, &descriptor);
		if (result != PAGE_MAPPED)
			return stop(&p, result, 3 - level,
				    armv8_unmapped_size(granule, level, shift));
		base = bits(descriptor, 47, 0);
		if (level == 3 || !bit(descriptor, 1))
			break;
		must_be_zero(&p, descriptor, 49, 48);
		if (granule > 12)
			must_be_zero(&p, descriptor, granule - 1, 12);
		if (!hpd)
			gather_table_rights(&p, descriptor);
		table = base / (UINT64_C(1) << granule) * (UINT64_C(1) << granule);
		high = shift - 1;
	}

	/* A block at a level without blocks, or type 01 on level 3. */
	if (level == 3 ? !bit(descriptor, 1)
		       : !(level == 2 || (level == 1 && granule == 12)))
		return stop(&p, PAGE_BAD_DESCRIPTOR, 3 - level,
			    armv8_unmapped_size(granule, level, shift));
	must_be_zero(&p, descriptor, 49, 48);
	if (shift > 12)
		must_be_zero(&p, level == 3 ? descriptor : descriptor & ~UINT64_C(0x10000),
			     shift - 1, 12);
	gather_page_rights(&p, descriptor);
	return mapped(&p, 3 - level, UINT64_C(1) << shift,
		      bits(descriptor, 47, shift) * (UINT64_C(1) << shift) +
		      bits(address, shift - 1, 0));
}

static struct reference_answer walk_identity(const struct address_space *space, uint64_t address,
					     const struct entry_reader *reader)
{
	struct progress p = begin(space, reader);

	if (!space->registers.arm64)
		return mapped(&p, 0, 0x1000, bits(address, 31, 0));
	if (bits(address, 63, 48) != 0)
		return stop(&p, PAGE_ADDRESS_OUT_OF_RANGE, 0, 0x1000000000000);
	return mapped(&p, 0, 0x1000, address);
}

struct reference_answer reference_walk(const struct address_space *space, uint64_t address,
				       const struct entry_reader *reader)
{
	struct reference_answer none = { .result = PAGE_NO_TRANSLATION };

	switch (space->form) {
	case PAGING_FORM_NONE:
		break;
	case PAGING_FORM_IDENTITY:
		return walk_identity(space, address, reader);
	case PAGING_FORM_32BIT:
		return walk_32bit(space, address, reader, false);
	case PAGING_FORM_32BIT_PSE:
		return walk_32bit(space, address, reader, true);
	case PAGING_FORM_PAE:
		return walk_pae(space, address, reader);
	case PAGING_FORM_LONG4:
		return walk_long4(space, address, reader);
	case PAGING_FORM_LONG5:
		return walk_long5(space, address, reader);
	case PAGING_FORM_ARMV8:
		return walk_armv8(space, address, reader);
	}
	return none;
}

const char *reference_difference(const struct reference_answer *expected,
				 const struct page_walk *walk)
{
	if (walk->result != expected->result)
		return "result";
	if (walk->gpa != expected->gpa)
		return "gpa";
	if (walk->page_size != expected->page_size)
		return "page_size";
	if (walk->level != expected->level)
		return "level";
	if (walk->reserved_bits != expected->reserved_bits)
		return "reserved_bits";
	if (((walk->rights & PAGE_WRITABLE) != 0) != expected->writable)
		return "PAGE_WRITABLE";
	if (((walk->rights & PAGE_USER) != 0) != expected->user)
		return "PAGE_USER";
	if (((walk->rights & PAGE_USER_EXECUTABLE) != 0) != expected->user_executable)
		return "PAGE_USER_EXECUTABLE";
	if (((walk->rights & PAGE_KERNEL_EXECUTABLE) != 0) != expected->kernel_executable)
		return "PAGE_KERNEL_EXECUTABLE";
	if (expected->unmapped_size != 0 && walk->unmapped_size != expected->unmapped_size)
		return "unmapped_size";
	return NULL;
}
