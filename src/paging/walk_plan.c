/* SPDX-License-Identifier: MIT */
#include "paging/walk_plan.h"

enum { RANGE_SELECT_BIT = 55 };

uint64_t out_of_range_size(uint64_t address, unsigned width, unsigned sign_bit)
{
	uint64_t folded = address & BIT(sign_bit) ? ~address : address;
	uint64_t size = BIT(RANGE_SELECT_BIT);

	folded &= BIT(sign_bit) - BIT(width);
	if (folded == 0)
		return 0;
	while (size > folded)
		size >>= 1;
	return size;
}
