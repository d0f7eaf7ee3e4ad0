/* SPDX-License-Identifier: MIT */
/*
 * Key tables composed entry by entry, in memory.
 *
 * Written from the format's description alone: no number here comes from src/,
 * so that a wrong one there is not confirmed.
 *
 * May include: src/base, src/platform, src/container.
 */
#ifndef KEY_TABLE_WRITER_H
#define KEY_TABLE_WRITER_H

#include "container/hvs_objects.h"

#include <stdint.h>

enum {
	WRITER_TABLES = 16,
	WRITER_TABLE_SIZE = 4096,
	WRITER_ENTRIES = 512
};

/* Types of entries. */
enum { WRITTEN_INT = 3, WRITTEN_ARRAY = 7, WRITTEN_NODE = 9 };

/* One entry as its writer names it; what a test may change before tables_finish. */
struct written_entry {
	unsigned table;			/* which in the file, from 0 */
	uint32_t position;		/* in the table */
	uint32_t size;
	uint32_t checked_size;		/* of what the checksum covers */
	uint16_t parent_table;		/* its index; 0 and 0 is the root */
	uint32_t parent_position;
	uint32_t insertion_sequence;
};

struct key_tables {
	uint8_t bytes[WRITER_TABLES * WRITER_TABLE_SIZE];
	uint16_t indices[WRITER_TABLES];	/* the index of each table */
	unsigned table_count;
	uint32_t used;				/* of the last table */
	struct written_entry entries[WRITER_ENTRIES];
	unsigned entry_count;
};

/* No tables; the n-th in the file will have indices[n], or n + 1 when NULL. */
void tables_start(struct key_tables *tables, const uint16_t *indices);

/*
 * Adds an entry below the root and returns its number.  value is that of an Int
 * or the NextInsertionSequence of a node; an Array holds its eight bytes.
 */
unsigned tables_add(struct key_tables *tables, uint8_t type, const char *name,
		    uint32_t insertion_sequence, uint64_t value);

void tables_set_parent(struct key_tables *tables, unsigned entry, unsigned parent);

/* Goes on in a new table. */
void tables_break(struct key_tables *tables);

/* Fills up the last table and writes parents and checksums. */
void tables_finish(struct key_tables *tables);

/* One object for each table; to be freed with hvs_objects_fini. */
void tables_objects(const struct key_tables *tables, struct hvs_objects *out);

#endif
