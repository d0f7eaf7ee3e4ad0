/* SPDX-License-Identifier: MIT */
#ifndef _WIN32
#include "platform/environment.h"

#include <stdlib.h>
#include <string.h>

enum status environment_variable(const char *name, char **out, struct error *error)
{
	const char *value = getenv(name);
	char *copy = NULL;

	if (value != NULL) {
		copy = strdup(value);
		if (copy == NULL)
			return error_out_of_memory(error, "an environment variable");
	}
	*out = copy;
	return STATUS_OK;
}

void path_to_slashes(char *path)
{
	(void)path;
}

void path_to_native(char *path)
{
	(void)path;
}

#else
/* ISO C wants at least one declaration; the Win32 twin holds the code. */
typedef int environment_posix_is_empty;
#endif
