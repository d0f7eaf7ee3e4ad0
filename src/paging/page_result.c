/* SPDX-License-Identifier: MIT */
#include "paging/page_walk.h"

#include <inttypes.h>

const char *page_result_text(enum page_result result)
{
	switch (result) {
	case PAGE_MAPPED:
		return "the address is mapped";
	case PAGE_NOT_PRESENT:
		return "the entry is not present";
	case PAGE_BAD_DESCRIPTOR:
		return "the descriptor is of a type that its level does not have";
	case PAGE_TABLE_NOT_SAVED:
		return "the entry lies outside the saved memory";
	case PAGE_ADDRESS_OUT_OF_RANGE:
		return "the address is outside the range of the page tables (not canonical)";
	case PAGE_BAD_CONFIGURATION:
		return "TCR_EL1 holds an address width or a granule that is not legal";
	case PAGE_UNSUPPORTED_52BIT:
		return "52-bit ARMv8 addresses are not supported";
	case PAGE_NO_TRANSLATION:
		return "the VP's paging mode has no translation";
	}
	return "unknown result";
}

static enum status status_of(enum page_result result)
{
	switch (result) {
	case PAGE_MAPPED:
		return STATUS_OK;
	case PAGE_NOT_PRESENT:
	case PAGE_BAD_DESCRIPTOR:
	case PAGE_TABLE_NOT_SAVED:
	case PAGE_ADDRESS_OUT_OF_RANGE:
		return STATUS_VA_NOT_MAPPED;
	case PAGE_BAD_CONFIGURATION:
		return STATUS_VP_STATE_INVALID;
	case PAGE_UNSUPPORTED_52BIT:
	case PAGE_NO_TRANSLATION:
		break;
	}
	return STATUS_NOT_IMPLEMENTED;
}

enum status page_walk_status(const struct page_walk *walk, struct error *error)
{
	enum status status = status_of(walk->result);

	if (status == STATUS_OK)
		return status;
	if (walk->level_name[0] == '\0')
		return error_set(error, status, "virtual address 0x%" PRIx64 ": %s",
				 walk->address, page_result_text(walk->result));
	return error_set(error, status, "virtual address 0x%" PRIx64 ": %s at GPA 0x%" PRIx64
			 ": %s", walk->address, walk->level_name, walk->entry_address,
			 page_result_text(walk->result));
}
