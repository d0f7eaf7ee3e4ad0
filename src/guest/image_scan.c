/* SPDX-License-Identifier: MIT */
#include "guest/image_scan.h"
#include "base/bytes.h"
#include "base/checked.h"

#include <inttypes.h>

enum {
	PORTION_PAGES = 4096,
	DOS_SIGNATURE = 0x5A4D,
	/* Images in use are smaller: browsers and debug builds reach 200 MiB. */
	IMAGE_REACH_MIB = 256,

	/* ARMv8: bit 55 chooses the half of the address space, with a rule for tags each. */
	HALF_SHIFT = 55,
	TAG_SHIFT = 56,
	TCR_TBI0_SHIFT = 37		/* TBI1 is next to it */
};

/*
 * How often the guest's memory may turn up in one address space.  Kernels map
 * all of it once or twice and files and tables on top; only tables that lead
 * back into themselves come to more, and those to 2^35 pages.
 */
#define MAPPINGS_OF_A_PAGE 16
#define LEAST_PAGES ((uint64_t)1 << 22)

/* ---- memory -------------------------------------------------------------------------- */

static enum status read_virtual(void *context, uint64_t address, void *buffer, size_t size,
				size_t *read_out)
{
	return virtual_memory_read(context, address, buffer, size, read_out, NULL);
}

struct image_memory image_memory_of(const struct virtual_memory *memory)
{
	/* The callback's context is not const; virtual_memory_read takes it as such. */
	struct image_memory view = { read_virtual, (void *)(uintptr_t)memory };

	return view;
}

/* ---- pages --------------------------------------------------------------------------- */

static enum status open_at(struct image_scan *scan, uint64_t address, struct pe_image **image_out,
			   struct error *error)
{
	struct image_memory memory = image_memory_of(scan->memory);
	uint8_t signature[2];
	size_t done = 0;
	enum status status = memory.read(memory.context, address, signature, sizeof(signature),
					 &done);

	if (status == STATUS_OUT_OF_MEMORY)
		return error_out_of_memory(error, "a page of the guest's memory");
	if (status != STATUS_OK || done < sizeof(signature) ||
	    load_le16(signature) != DOS_SIGNATURE)
		return STATUS_OK;
	status = pe_image_open(&memory, address, image_out, error);
	if (status == STATUS_OUT_OF_MEMORY)
		return status;
	if (status != STATUS_OK)
		*image_out = NULL;
	return STATUS_OK;
}

/* The start of the naturally aligned region of size, a power of two, around address. */
static uint64_t region_start(uint64_t address, uint64_t size)
{
	return address & ~(size - 1);
}

/* Whether two walks that failed did so at the same table. */
static bool same_failure(const struct page_trace *a, const struct page_trace *b)
{
	return a->count == b->count &&
	       (a->count == 0 ||
		a->steps[a->count - 1].entry_address == b->steps[b->count - 1].entry_address);
}

/*
 * The start of the region around address that a damaged table serves: the
 * lowest one whose walk fails at that table too, by powers of two.
 */
static uint64_t damaged_from(const struct image_scan *scan, uint64_t address,
			     const struct page_trace *failed)
{
	uint64_t start = address;

	for (unsigned shift = PAGE_SHIFT; shift < 64; shift++) {
		uint64_t lower = region_start(address, (uint64_t)1 << shift);
		struct page_trace trace = { 0 };
		struct page_walk walk;
		enum status status;

		if (lower == start)
			continue;
		status = virtual_memory_walk(scan->memory, lower, &trace, &walk, NULL);
		if (status == STATUS_OK || status == STATUS_OUT_OF_MEMORY ||
		    !same_failure(failed, &trace))
			break;
		start = lower;
	}
	return start;
}

/* Whether any of a large page is in the saved memory; devices are mapped by large pages too. */
static bool has_memory(const struct image_scan *scan, const struct page_walk *walk)
{
	enum page_storage storage;
	uint64_t pages;

	if (walk->page_size <= PAGE_BYTES ||
	    guest_memory_storage(scan->memory->memory, region_start(walk->gpa, walk->page_size),
				 &storage, &pages, NULL) != STATUS_OK)
		return true;
	return (storage != PAGE_STORAGE_HOLE && storage != PAGE_STORAGE_MISSING) ||
	       pages < walk->page_size / PAGE_BYTES;
}

/*
 * Whether address is but another name of one without a tag: ARMv8 can leave the
 * top byte out of translation, and then each page has 256 addresses.  Linux
 * sets TCR_EL1.TBI0 for all its programs.
 */
static bool is_tagged(const struct address_space *space, uint64_t address)
{
	unsigned upper = (unsigned)(address >> HALF_SHIFT) & 1;

	return space->form == PAGING_FORM_ARMV8 &&
	       (space->registers.tcr >> (TCR_TBI0_SHIFT + upper) & 1) != 0 &&
	       address >> TAG_SHIFT != (upper ? 0xFF : 0);
}

/*
 * Finds out about the page scan->next.  *from_out is the lowest page of which
 * the same is known: mapped, or not to be looked at.
 */
static enum status examine(struct image_scan *scan, bool *mapped_out, uint64_t *from_out,
			   struct error *error)
{
	struct page_trace trace = { 0 };
	struct page_walk walk;
	enum status status;

	*mapped_out = false;
	if (is_tagged(&scan->memory->space, scan->next) &&
	    scan->next >> HALF_SHIFT != scan->tagged_half) {
		*from_out = region_start(scan->next, (uint64_t)1 << HALF_SHIFT);
		return STATUS_OK;
	}
	status = virtual_memory_walk(scan->memory, scan->next, &trace, &walk, NULL);
	if (status == STATUS_OUT_OF_MEMORY)
		return error_out_of_memory(error, "a page table");
	if (status != STATUS_OK) {
		*from_out = damaged_from(scan, scan->next, &trace);
		return STATUS_OK;
	}
	if (walk.result == PAGE_MAPPED) {
		*mapped_out = has_memory(scan, &walk);
		*from_out = region_start(scan->next, max_u64(walk.page_size, PAGE_BYTES));
		return STATUS_OK;
	}
	*from_out = region_start(scan->next, max_u64(walk.skip_size, PAGE_BYTES));
	status = page_walk_status(&walk, error);
	return status == STATUS_VA_NOT_MAPPED ? STATUS_OK : status;
}

/* Steps to the page below address, which is at or above scan->end. */
static void go_below(struct image_scan *scan, uint64_t address)
{
	if (address <= scan->end || address < PAGE_BYTES)
		scan->ended = true;
	else
		scan->next = address - PAGE_BYTES;
}

/* ---- scans --------------------------------------------------------------------------- */

/* Whether translation cuts addresses to 32 bits, because there are no more. */
static bool has_32_bits(const struct address_space *space)
{
	switch (space->form) {
	case PAGING_FORM_IDENTITY:
		return !space->registers.arm64;
	case PAGING_FORM_32BIT:
	case PAGING_FORM_32BIT_PSE:
	case PAGING_FORM_PAE:
		return true;
	default:
		return false;
	}
}

/*
 * The half whose tagged addresses a scan from start down to end looks at: that
 * of start, unless the same pages come without a tag further down.  The upper
 * half without tags lies above all that are tagged.
 */
static uint64_t choose_tagged_half(uint64_t start, uint64_t end)
{
	uint64_t half = start >> HALF_SHIFT;

	return (half & 1) == 0 && end >> HALF_SHIFT == 0 ? 0 : half;
}

void image_scan_begin(struct image_scan *scan, const struct virtual_memory *memory,
		      uint64_t start, uint64_t end, const uint64_t *standalone, size_t count)
{
	uint64_t pages = guest_memory_saved_size(memory->memory) / PAGE_BYTES;

	*scan = (struct image_scan){
		.memory = memory,
		.standalone = standalone,
		.standalone_count = count,
		.tagged_half = choose_tagged_half(start, end),
		.next = region_start(start, PAGE_BYTES),
		.end = region_start(end, PAGE_BYTES),
		.pages_left = max_u64(pages * MAPPINGS_OF_A_PAGE, LEAST_PAGES),
	};
	/* Through several upper halves the scan would go round and round. */
	if (has_32_bits(&memory->space) && start >> 32 != end >> 32) {
		scan->next = region_start(min_u64(start, UINT32_MAX), PAGE_BYTES);
		scan->standalone_only = end > UINT32_MAX;
	}
}

static enum status scan_page(struct image_scan *scan, struct pe_image **image_out,
			     struct error *error)
{
	uint64_t address = scan->next, from;
	enum status status;

	if (!scan->mapped || address < scan->mapped_from) {
		status = examine(scan, &scan->mapped, &from, error);
		if (status != STATUS_OK)
			return status;
		scan->mapped_from = from;
	}
	if (!scan->mapped) {
		go_below(scan, scan->mapped_from);
		return STATUS_OK;
	}
	if (scan->pages_left-- == 0)
		return error_set(error, STATUS_CORRUPT,
				 "the page tables map the guest's memory over and over; the scan "
				 "was given up at 0x%" PRIx64, address);
	go_below(scan, address);
	return open_at(scan, address, image_out, error);
}

enum status image_scan_next(struct image_scan *scan, struct pe_image **image_out,
			    struct error *error)
{
	enum status status = STATUS_OK;

	*image_out = NULL;
	for (unsigned pages = 0; pages < PORTION_PAGES && !scan->ended && *image_out == NULL &&
				 status == STATUS_OK; pages++) {
		if (scan->standalone_done < scan->standalone_count)
			status = open_at(scan, region_start(
						 scan->standalone[scan->standalone_done++],
						 PAGE_BYTES), image_out, error);
		else if (scan->standalone_only)
			scan->ended = true;
		else
			status = scan_page(scan, image_out, error);
	}
	return status;
}

enum status image_find(const struct virtual_memory *memory, uint64_t address,
		       struct pe_image **image_out, struct error *error)
{
	const uint64_t reach = (uint64_t)IMAGE_REACH_MIB << 20;
	struct image_scan scan;
	struct pe_image *image;

	image_scan_begin(&scan, memory, address, address > reach ? address - reach : 0, NULL, 0);
	while (!scan.ended) {
		enum status status = image_scan_next(&scan, &image, error);

		if (status != STATUS_OK)
			return status;
		if (image != NULL && address - image->base < image->size) {
			*image_out = image;
			return STATUS_OK;
		}
		/* One that ends earlier may lie inside the one sought, among its data. */
		pe_image_close(image);
	}
	return error_set(error, STATUS_SYMBOL_NOT_FOUND, "no image holds the address 0x%" PRIx64,
			 address);
}
