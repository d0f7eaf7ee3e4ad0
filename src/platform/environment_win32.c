/* SPDX-License-Identifier: MIT */
#ifdef _WIN32
#include "platform/environment.h"
#include "base/text_encoding.h"

#include <stdlib.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/* What Windows allows an environment variable, in UTF-16 units with the NUL. */
enum { VARIABLE_LIMIT = 32768 };

static enum status read_variable(const wchar_t *name, wchar_t *units, char **out,
				 struct error *error)
{
	DWORD length = GetEnvironmentVariableW(name, units, VARIABLE_LIMIT);
	char *value = NULL;

	if (length > 0 && length < VARIABLE_LIMIT) {
		value = utf8_from_utf16((const uint16_t *)units, length);
		if (value == NULL)
			return error_out_of_memory(error, "an environment variable");
	}
	*out = value;
	return STATUS_OK;
}

enum status environment_variable(const char *name, char **out, struct error *error)
{
	wchar_t *wide = (wchar_t *)utf16_from_utf8(name, NULL);
	wchar_t *units = malloc(VARIABLE_LIMIT * sizeof(*units));
	enum status status;

	if (wide == NULL || units == NULL)
		status = error_out_of_memory(error, "an environment variable");
	else
		status = read_variable(wide, units, out, error);
	free(units);
	free(wide);
	return status;
}

static void replace(char *path, char from, char to)
{
	for (; *path != '\0'; path++) {
		if (*path == from)
			*path = to;
	}
}

void path_to_slashes(char *path)
{
	replace(path, '\\', '/');
}

void path_to_native(char *path)
{
	replace(path, '/', '\\');
}

#else
/* ISO C wants at least one declaration; the POSIX twin holds the code. */
typedef int environment_win32_is_empty;
#endif
