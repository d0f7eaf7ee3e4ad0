/* SPDX-License-Identifier: MIT */
/*
 * A text that grows.
 *
 * Starts as zeros.  When memory runs out nothing more is appended and failed
 * is set, so that one look at the end is enough.
 *
 * May include: src/base.
 */
#ifndef GUEST_TEXT_BUFFER_H
#define GUEST_TEXT_BUFFER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct text_buffer {
	char *text;		/* NUL-terminated; NULL while nothing was appended */
	size_t length;
	size_t capacity;
	bool failed;
};

void text_append(struct text_buffer *buffer, const char *text);

/* Bytes of any value, a NUL for one. */
void text_append_bytes(struct text_buffer *buffer, const char *bytes, size_t count);

/* What comes to more than 255 bytes is cut. */
void text_append_format(struct text_buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

void text_buffer_fini(struct text_buffer *buffer);

#endif
