/* SPDX-License-Identifier: MIT */
/*
 * The exports of an image, kept: a stand-in for symbols when there is no PDB.
 *
 * May include: src/base, src/guest.
 */
#ifndef GUEST_EXPORT_TABLE_H
#define GUEST_EXPORT_TABLE_H

#include "guest/pe_image.h"
#include "guest/text_buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct export_entry {
	uint32_t rva;
	size_t name_at;			/* in names */
};

/* All zero is a table without exports. */
struct export_table {
	struct export_entry *entries;	/* in the order of their addresses */
	size_t count;
	struct text_buffer names;
};

/*
 * Collects what can be read of the image's exports, forwarders aside.  An
 * image without any leaves the table empty.  STATUS_OUT_OF_MEMORY.
 */
enum status export_table_read(const struct pe_image *image, struct export_table *out,
			      struct error *error);
void export_table_fini(struct export_table *table);

/* The one of that name, as the table has it; NULL when there is none. */
const char *export_table_find(const struct export_table *table, const char *name,
			      uint32_t *rva_out);

/* The last one at or before rva; NULL when there is none. */
const char *export_table_at(const struct export_table *table, uint32_t rva, uint32_t *rva_out);

#endif
