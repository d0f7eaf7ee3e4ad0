/* SPDX-License-Identifier: MIT */
/*
 * The key tables of an HVS file, entry by entry.
 *
 * May include: src/base, src/platform.
 */
#ifndef CONTAINER_HVS_KEYS_H
#define CONTAINER_HVS_KEYS_H

#include "container/hvs_objects.h"
#include "container/key.h"

/* Where an entry stands; its children name it by these two. */
struct hvs_place {
	uint16_t table;		/* TableIndex */
	uint32_t position;	/* in its table; the first entry is at 10 */
};

/* One entry that is not free, checked against everything but its parent. */
struct hvs_entry {
	struct hvs_place place;
	struct hvs_place parent;	/* { 0, 0 } for the root */
	uint32_t insertion_sequence;
	uint32_t next_insertion_sequence;	/* of a node: above those of its children */
	const char *name;		/* NUL-terminated, valid during the visit */
	struct key_value value;
};

/* Any status but STATUS_OK ends the walk and is its result. */
typedef enum status (*hvs_entry_visitor)(void *context, const struct hvs_entry *entry,
					 struct error *error);

/*
 * Visits the entries of all key tables, tables in file order.
 *
 * Where damage is tolerated, the entries of a table with a bad header come last,
 * those of one that runs past the end of the file as far as they are there, and
 * a value whose slot may have been lost is taken to be where its key says.  A
 * table that overlaps the next ends there, and one with a bad header is left out
 * where it begins within one with a good header: no byte is walked twice.
 *
 * A value larger than its file object is broken, which is no fault here.
 *
 * STATUS_CORRUPT; STATUS_CORRUPT_LINK for a value in a file object that does
 * not exist; STATUS_READ_FAILED; STATUS_OUT_OF_MEMORY; the visitor's.
 */
enum status hvs_keys_walk(const struct hvs_view *view, const struct hvs_objects *objects,
			  hvs_entry_visitor visit, void *context, struct error *error);

#endif
