/* SPDX-License-Identifier: MIT */
#include "paging/address_space.h"

#define CR0_PG (UINT64_C(1) << 31)
#define CR4_PSE (UINT64_C(1) << 4)
#define CR4_PAE (UINT64_C(1) << 5)
#define CR4_LA57 (UINT64_C(1) << 12)
#define EFER_LME (UINT64_C(1) << 8)
#define SCTLR_M (UINT64_C(1) << 0)

enum paging_mode paging_mode_compatible(const struct paging_registers *registers)
{
	bool pae = (registers->cr4 & CR4_PAE) != 0;
	bool long_mode = (registers->efer & EFER_LME) != 0;

	if (registers->arm64)
		return registers->sctlr & SCTLR_M ? PAGING_MODE_ARMV8 : PAGING_MODE_NON_PAGED;
	if (long_mode)
		return pae ? PAGING_MODE_LONG : PAGING_MODE_INVALID;
	return pae ? PAGING_MODE_PAE : PAGING_MODE_32BIT;
}

enum paging_mode paging_mode_architectural(const struct paging_registers *registers)
{
	if (!registers->arm64 && (registers->cr0 & CR0_PG) == 0)
		return PAGING_MODE_NON_PAGED;
	return paging_mode_compatible(registers);
}

static enum paging_form form_of_mode(uint32_t mode, const struct paging_registers *registers)
{
	switch (mode) {
	case PAGING_MODE_32BIT:
		return registers->cr4 & CR4_PSE ? PAGING_FORM_32BIT_PSE : PAGING_FORM_32BIT;
	case PAGING_MODE_PAE:
		return PAGING_FORM_PAE;
	case PAGING_MODE_LONG:
		return registers->cr4 & CR4_LA57 ? PAGING_FORM_LONG5 : PAGING_FORM_LONG4;
	case PAGING_MODE_ARMV8:
		return PAGING_FORM_ARMV8;
	default:
		return PAGING_FORM_NONE;
	}
}

struct address_space address_space_of_mode(uint32_t mode, const struct paging_registers *registers)
{
	struct address_space space = { form_of_mode(mode, registers), *registers };

	return space;
}

struct address_space address_space_architectural(const struct paging_registers *registers)
{
	enum paging_mode mode = paging_mode_architectural(registers);
	struct address_space space = address_space_of_mode(mode, registers);

	if (mode == PAGING_MODE_NON_PAGED)
		space.form = PAGING_FORM_IDENTITY;
	return space;
}
