/* SPDX-License-Identifier: MIT */
#include "platform/directory.h"

#include <stdlib.h>
#include <string.h>

static bool is_separator(char c)
{
#ifdef _WIN32
	return c == '/' || c == '\\';
#else
	return c == '/';
#endif
}

char *path_join(const char *folder, const char *name)
{
	size_t folder_length = strlen(folder);
	size_t name_length = strlen(name);
	bool separated = folder_length == 0 || is_separator(folder[folder_length - 1]);
	char *path = malloc(folder_length + name_length + 2);

	if (path == NULL)
		return NULL;
	memcpy(path, folder, folder_length);
	if (!separated)
		path[folder_length++] = '/';
	memcpy(path + folder_length, name, name_length + 1);
	return path;
}
