/* SPDX-License-Identifier: MIT */
/*
 * How a page of guest memory is kept, as the map shows it: from pages that
 * take no room in the file to those that are lost.
 *
 * May include: the public headers.
 */
#ifndef CLI_PAGE_KINDS_H
#define CLI_PAGE_KINDS_H

#include <vmsavedstatedump_ext.h>

struct page_kind {
	VMSAVEDSTATE_PAGE_STORAGE storage;
	const char *name;		/* in JSON and in legends */
	const char *meaning;
	char letter;			/* where there are no colours */
	const char *block;		/* on a terminal, in UTF-8 */
	unsigned terminal_colour;	/* an SGR parameter of ISO 6429 */
	const char *svg_colour;
};

enum { PAGE_KIND_COUNT = 7, STORAGE_COUNT = 8 };

/* All but holes, in the order of a legend. */
extern const struct page_kind page_kinds[PAGE_KIND_COUNT];

/* The kind of that number, or NULL for a hole. */
const struct page_kind *page_kind_of(VMSAVEDSTATE_PAGE_STORAGE storage);

#endif
