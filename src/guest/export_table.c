/* SPDX-License-Identifier: MIT */
#include "guest/export_table.h"
#include "base/vector.h"

#include <string.h>

/* All names of the largest images come to less; beyond it, names repeat one text over and over. */
enum { NAMES_LIMIT = 16 << 20 };

struct collecting {
	struct vector entries;
	struct text_buffer names;
};

static bool collect(void *context, const struct image_export *exported)
{
	struct collecting *collecting = context;
	size_t length = strlen(exported->name) + 1;
	struct export_entry *entry;

	if (exported->forwarder != NULL)
		return true;
	if (length > NAMES_LIMIT - collecting->names.length)
		return false;
	entry = vector_extend(&collecting->entries, 1, sizeof(*entry));
	if (entry == NULL) {
		collecting->names.failed = true;
		return false;
	}
	entry->rva = exported->rva;
	entry->name_at = collecting->names.length;
	text_append_bytes(&collecting->names, exported->name, length);
	return !collecting->names.failed;
}

static int compare_entries(const void *a, const void *b)
{
	const struct export_entry *first = a, *second = b;

	if (first->rva != second->rva)
		return first->rva < second->rva ? -1 : 1;
	return first->name_at < second->name_at ? -1 : first->name_at > second->name_at;
}

enum status export_table_read(const struct pe_image *image, struct export_table *out,
			      struct error *error)
{
	struct collecting collecting = { 0 };
	enum status status = pe_image_visit_exports(image, collect, &collecting, error);

	if (status == STATUS_OUT_OF_MEMORY || collecting.names.failed) {
		vector_free(&collecting.entries);
		text_buffer_fini(&collecting.names);
		return error_out_of_memory(error, "the exports of an image");
	}
	error_clear(error);
	if (collecting.entries.count > 0)
		qsort(collecting.entries.items, collecting.entries.count,
		      sizeof(struct export_entry), compare_entries);
	out->entries = collecting.entries.items;
	out->count = collecting.entries.count;
	out->names = collecting.names;
	return STATUS_OK;
}

void export_table_fini(struct export_table *table)
{
	free(table->entries);
	text_buffer_fini(&table->names);
	*table = (struct export_table){ 0 };
}

const char *export_table_find(const struct export_table *table, const char *name,
			      uint32_t *rva_out)
{
	for (size_t i = 0; i < table->count; i++) {
		const char *own = table->names.text + table->entries[i].name_at;

		if (strcmp(own, name) == 0) {
			*rva_out = table->entries[i].rva;
			return own;
		}
	}
	return NULL;
}

const char *export_table_at(const struct export_table *table, uint32_t rva, uint32_t *rva_out)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->entries[middle].rva <= rva)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	*rva_out = table->entries[low - 1].rva;
	return table->names.text + table->entries[low - 1].name_at;
}
