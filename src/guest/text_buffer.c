/* SPDX-License-Identifier: MIT */
#include "guest/text_buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256, LONGEST_FORMATTED = 255 };

/* Room for count more bytes and a NUL. */
static bool make_room(struct text_buffer *buffer, size_t count)
{
	size_t capacity = buffer->capacity == 0 ? FIRST_CAPACITY : buffer->capacity;
	char *grown;

	if (buffer->failed || count >= SIZE_MAX / 2 - buffer->length)
		return false;
	while (capacity <= buffer->length + count)
		capacity *= 2;
	if (capacity == buffer->capacity)
		return true;
	grown = realloc(buffer->text, capacity);
	if (grown == NULL)
		return false;
	buffer->text = grown;
	buffer->capacity = capacity;
	return true;
}

void text_append_bytes(struct text_buffer *buffer, const char *bytes, size_t count)
{
	if (!make_room(buffer, count)) {
		buffer->failed = true;
		return;
	}
	memcpy(buffer->text + buffer->length, bytes, count);
	buffer->length += count;
	buffer->text[buffer->length] = '\0';
}

void text_append(struct text_buffer *buffer, const char *text)
{
	text_append_bytes(buffer, text, strlen(text));
}

void text_append_format(struct text_buffer *buffer, const char *format, ...)
{
	char text[LONGEST_FORMATTED + 1];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	text_append(buffer, text);
}

void text_buffer_fini(struct text_buffer *buffer)
{
	free(buffer->text);
	*buffer = (struct text_buffer){ 0 };
}
