/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/text_encoding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Takes over text; one that is too long loses its middle.  A sentence begins
 * with what failed and ends with why, and what makes it long is a path between.
 */
static void take_text(char place[ERROR_TEXT_SIZE], const char *text)
{
	static const char gap[] = "...";
	enum { HEAD_SIZE = ERROR_TEXT_SIZE / 4 };
	size_t length = strlen(text), head, tail;

	if (length < ERROR_TEXT_SIZE) {
		memcpy(place, text, length + 1);
		return;
	}
	head = utf8_cut(text, HEAD_SIZE);
	tail = length - (ERROR_TEXT_SIZE - head - sizeof(gap));
	while (((unsigned char)text[tail] & 0xC0) == 0x80)	/* inside a character */
		tail++;
	memcpy(place, text, head);
	memcpy(place + head, gap, sizeof(gap) - 1);
	memcpy(place + head + sizeof(gap) - 1, text + tail, length - tail + 1);
}

static void format_text(char place[ERROR_TEXT_SIZE], const char *format, va_list arguments)
{
	va_list again;
	char *whole;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(place, ERROR_TEXT_SIZE, format, arguments);
	if (length >= ERROR_TEXT_SIZE) {
		/* Without memory the text stays as it is, cut at its end. */
		whole = malloc((size_t)length + 1);
		if (whole != NULL) {
			vsnprintf(whole, (size_t)length + 1, format, again);
			take_text(place, whole);
		}
		free(whole);
	}
	va_end(again);
}

enum status (error_set)(struct error *error, enum status status, const char *format, ...)
{
	va_list arguments;

	if (error == NULL)
		return status;
	error->status = status;
	va_start(arguments, format);
	format_text(error->text, format, arguments);
	va_end(arguments);
	return status;
}

enum status (error_prefix)(struct error *error, enum status fallback, const char *format, ...)
{
	char prefix[ERROR_TEXT_SIZE], joined[2 * ERROR_TEXT_SIZE + 2];
	va_list arguments;

	if (error == NULL)
		return fallback;
	va_start(arguments, format);
	format_text(prefix, format, arguments);
	va_end(arguments);
	snprintf(joined, sizeof(joined), "%s: %s", prefix, error->text);
	take_text(error->text, joined);
	return error->status;
}

void error_clear(struct error *error)
{
	if (error == NULL)
		return;
	error->status = STATUS_OK;
	error->text[0] = '\0';
}

enum status (error_out_of_memory)(struct error *error, const char *what)
{
	return error_set(error, STATUS_OUT_OF_MEMORY, "not enough memory for %s", what);
}
