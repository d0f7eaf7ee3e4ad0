/* SPDX-License-Identifier: MIT */
/*
 * A text that grows in memory.
 *
 * May include: tools/cli.
 */
#ifndef CLI_TEXT_BUILDER_H
#define CLI_TEXT_BUILDER_H

#include <stdbool.h>
#include <stddef.h>

#include "failure.h"

/* Begins as { 0 }; whoever ends it frees text. */
struct text_builder {
	char *text;			/* NUL-terminated, once there is any */
	size_t length;
	size_t room;
	bool failed;			/* memory was short; nothing is added any more */
};

/* Each piece is shorter than TEXT_PIECE_SIZE; what is longer is cut. */
enum { TEXT_PIECE_SIZE = 1024 };
void text_add(struct text_builder *builder, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * Adds a text of any length for a document in XML: marks of XML are escaped,
 * and what XML cannot hold appears as \xNN.
 */
void text_add_xml(struct text_builder *builder, const char *text);

#endif
