/* SPDX-License-Identifier: MIT */
/*
 * Looking for Windows images in an address space.
 *
 * An image begins with a page of its own, so only the starts of pages are
 * looked at; where nothing is mapped, whole regions are passed over.  The scan
 * is taken in portions, so that its caller can let go of locks between them.
 *
 * May include: src/base, src/guest.
 */
#ifndef GUEST_IMAGE_SCAN_H
#define GUEST_IMAGE_SCAN_H

#include "guest/pe_image.h"
#include "guest/virtual_memory.h"

/* memory as images are read from it; it must outlive them. */
struct image_memory image_memory_of(const struct virtual_memory *memory);

struct image_scan {
	const struct virtual_memory *memory;
	const uint64_t *standalone;
	size_t standalone_count;
	size_t standalone_done;
	bool standalone_only;		/* the range lies above the address space */
	uint64_t tagged_half;		/* bits 55 and up of tagged addresses that count */
	uint64_t next;			/* page to look at */
	uint64_t end;			/* last page */
	uint64_t mapped_from;		/* pages from here up to next are known to be mapped */
	bool mapped;
	bool ended;
	uint64_t pages_left;		/* that may still be looked at */
};

/*
 * Begins a scan of each page of standalone, then of the pages from start, the
 * higher address, down to end, both included.  memory and standalone must
 * outlive the scan.
 *
 * Where one page has many addresses, it is looked at under one of them.  With
 * 32-bit addresses, that is the one with the upper half of start and end if
 * they share it, as in addresses that a debugger sign-extended, and otherwise
 * 0.  Where ARMv8 ignores the top byte, it is the one without a tag, or the one
 * with that of start if the scan does not come to the addresses without.
 */
void image_scan_begin(struct image_scan *scan, const struct virtual_memory *memory,
		      uint64_t start, uint64_t end, const uint64_t *standalone, size_t count);

/*
 * Goes on with the scan.  *image_out is the next image, which the caller
 * closes, or NULL when none was found in this portion; scan->ended tells
 * whether there are more.  Pages that cannot be read are passed over, unless it
 * is for lack of memory.
 *
 * STATUS_NOT_IMPLEMENTED or STATUS_VP_STATE_INVALID when the address space
 * cannot be translated at all, STATUS_CORRUPT when its tables map the same
 * memory over and over, so that the scan would not end in any useful time;
 * STATUS_OUT_OF_MEMORY.
 */
enum status image_scan_next(struct image_scan *scan, struct pe_image **image_out,
			    struct error *error);

/*
 * The image that holds address: the nearest one below it that is large enough.
 * STATUS_SYMBOL_NOT_FOUND when none begins within 256 MiB, and the statuses of
 * image_scan_next.
 */
enum status image_find(const struct virtual_memory *memory, uint64_t address,
		       struct pe_image **image_out, struct error *error);

#endif
