/* SPDX-License-Identifier: MIT */
#include "gdb_registers.h"

#include <stdlib.h>

#include "text_builder.h"

/*
 * text_add cuts what is longer than TEXT_PIECE_SIZE, as the types of a feature
 * are; each of their elements is shorter.
 */
static void add_elements(struct text_builder *builder, const char *elements)
{
	while (*elements != '\0') {
		int length = 0;

		while (elements[length] != '\0' && elements[length] != '>')
			length++;
		if (elements[length] == '>')
			length++;
		text_add(builder, "%.*s", length, elements);
		elements += length;
	}
}

static void add_register(struct text_builder *builder, const struct gdb_register_row *row,
			 unsigned place)
{
	if (row->name == NULL)
		text_add(builder, "<reg name=\"%s\"", VmSavedStateGetRegisterName(row->id + place));
	else if (row->count == 0)
		text_add(builder, "<reg name=\"%s\"", row->name);
	else
		text_add(builder, "<reg name=\"%s%u\"", row->name, row->first + place);
	text_add(builder, " bitsize=\"%u\" type=\"%s\"", 8 * row->size, row->type);
	if (row->group != NULL)
		text_add(builder, " group=\"%s\"", row->group);
	text_add(builder, "/>\n");
}

static void add_feature(struct text_builder *builder, const struct gdb_feature *feature)
{
	text_add(builder, "<feature name=\"%s\">\n", feature->name);
	add_elements(builder, feature->types);
	for (unsigned i = 0; i < feature->row_count; i++) {
		const struct gdb_register_row *row = &feature->rows[i];

		for (unsigned place = 0; place == 0 || place < row->count; place++)
			add_register(builder, row, place);
	}
	text_add(builder, "</feature>\n");
}

char *gdb_describe_target(const struct gdb_architecture *architecture)
{
	struct text_builder builder = { 0 };

	text_add(&builder, "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
			   "<target version=\"1.0\">\n<architecture>%s</architecture>\n",
		 architecture->name);
	for (unsigned i = 0; i < architecture->feature_count; i++)
		add_feature(&builder, &architecture->features[i]);
	text_add(&builder, "</target>\n");
	if (!builder.failed)
		return builder.text;
	free(builder.text);
	return NULL;
}
