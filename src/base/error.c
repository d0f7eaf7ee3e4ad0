/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status (error_set)(struct error *error, enum status status, const char *format, ...)
{
	va_list arguments;

	if (error == NULL)
		return status;
	error->status = status;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return status;
}

/* Appends as much of addition as there is room for. */
static void append_text(char *text, const char *addition)
{
	size_t length = strlen(text);
	size_t room = ERROR_TEXT_SIZE - 1 - length;
	size_t added = strlen(addition);

	added = added < room ? added : room;
	memcpy(text + length, addition, added);
	text[length + added] = '\0';
}

enum status (error_prefix)(struct error *error, enum status fallback, const char *format, ...)
{
	char joined[ERROR_TEXT_SIZE];
	va_list arguments;

	if (error == NULL)
		return fallback;
	va_start(arguments, format);
	vsnprintf(joined, sizeof(joined), format, arguments);
	va_end(arguments);
	append_text(joined, ": ");
	append_text(joined, error->text);
	memcpy(error->text, joined, sizeof(joined));
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
