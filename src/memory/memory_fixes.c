/* SPDX-License-Identifier: MIT */
#include "memory/memory_fixes.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

/* An allocation that fails leaves the table as it was and the item outside it. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(item) ((item)->page = UNTABLED)
#include <uthash.h>

enum { FIX_PAGE_SIZE = 4096 };

/* No page has this number: pages end at 2^52. */
#define UNTABLED UINT64_MAX

struct fixed_page {
	uint64_t page;
	UT_hash_handle hh;
	uint8_t fixed[FIX_PAGE_SIZE / 8];	/* one bit per byte */
	uint8_t bytes[FIX_PAGE_SIZE];
};

static struct fixed_page *find_page(const struct memory_fixes *fixes, uint64_t page)
{
	struct fixed_page *found;

	HASH_FIND(hh, fixes->pages, &page, sizeof(page), found);
	return found;
}

static struct fixed_page *find_or_add_page(struct memory_fixes *fixes, uint64_t page)
{
	struct fixed_page *found = find_page(fixes, page);

	if (found != NULL)
		return found;
	found = calloc(1, sizeof(*found));
	if (found == NULL)
		return NULL;
	found->page = page;
	HASH_ADD(hh, fixes->pages, page, sizeof(page), found);
	if (found->page == UNTABLED) {
		free(found);
		return NULL;
	}
	return found;
}

enum status memory_fixes_add(struct memory_fixes *fixes, uint64_t gpa, const void *bytes,
			     size_t size, struct error *error)
{
	const uint8_t *from = bytes;

	while (size > 0) {
		size_t start = (size_t)(gpa % FIX_PAGE_SIZE);
		size_t part = (size_t)min_u64(size, FIX_PAGE_SIZE - start);
		struct fixed_page *page = find_or_add_page(fixes, gpa / FIX_PAGE_SIZE);

		if (page == NULL)
			return error_out_of_memory(error, "a memory fix");
		memcpy(page->bytes + start, from, part);
		for (size_t i = start; i < start + part; i++)
			page->fixed[i / 8] |= (uint8_t)(1u << (i % 8));
		from += part;
		gpa += part;
		size -= part;
	}
	return STATUS_OK;
}

static void overlay_page(const struct fixed_page *page, size_t start, uint8_t *to, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		size_t at = start + i;

		if ((page->fixed[at / 8] & (1u << (at % 8))) != 0)
			to[i] = page->bytes[at];
	}
}

void memory_fixes_overlay(const struct memory_fixes *fixes, uint64_t gpa, void *buffer,
			  size_t size)
{
	uint8_t *to = buffer;

	while (size > 0) {
		size_t start = (size_t)(gpa % FIX_PAGE_SIZE);
		size_t part = (size_t)min_u64(size, FIX_PAGE_SIZE - start);
		const struct fixed_page *page = find_page(fixes, gpa / FIX_PAGE_SIZE);

		if (page != NULL)
			overlay_page(page, start, to, part);
		to += part;
		gpa += part;
		size -= part;
	}
}

void memory_fixes_fini(struct memory_fixes *fixes)
{
	struct fixed_page *page = fixes->pages, *next;

	HASH_CLEAR(hh, fixes->pages);	/* frees the table; the pages stay linked */
	for (; page != NULL; page = next) {
		next = page->hh.next;
		free(page);
	}
}
