/* SPDX-License-Identifier: MIT */
#include "page_kinds.h"

/*
 * The SVG's colours grow darker with the room that a page takes, and can be
 * told apart without seeing red and green.
 */
const struct page_kind page_kinds[PAGE_KIND_COUNT] = {
	{ VMSAVEDSTATE_PAGE_ZERO, "zero", "all zeros, takes no room", '.', "\u2591", 90,
	  "#e4e8ee" },
	{ VMSAVEDSTATE_PAGE_FILL, "fill", "8 bytes, repeated", 'f', "\u2592", 36,
	  "#9fd8cd" },
	{ VMSAVEDSTATE_PAGE_COMPRESSED, "compressed", "takes less room than a page", 'c', "\u2593", 94,
	  "#5b9bd5" },
	{ VMSAVEDSTATE_PAGE_STORED, "stored", "as it is", 's', "\u2588", 32,
	  "#2b5797" },
	{ VMSAVEDSTATE_PAGE_RAW, "raw", "as it is, with all of its block", 'r',
	  "\u2588", 35, "#6b3f87" },
	{ VMSAVEDSTATE_PAGE_MISSING, "missing", "not in the file", 'M', "\u259A", 93, "#f5a623" },
	{ VMSAVEDSTATE_PAGE_DAMAGED, "damaged", "cannot be decoded", 'D',
	  "\u2588", 91, "#d0021b" },
};

const struct page_kind *page_kind_of(VMSAVEDSTATE_PAGE_STORAGE storage)
{
	for (int i = 0; i < PAGE_KIND_COUNT; i++) {
		if (page_kinds[i].storage == storage)
			return &page_kinds[i];
	}
	return NULL;
}
