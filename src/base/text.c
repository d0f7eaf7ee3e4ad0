/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

char *text_copy_part(const char *text, size_t length)
{
	char *copy = malloc(length + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *text_copy(const char *text)
{
	return text_copy_part(text, strlen(text));
}

char *text_join(const char *first, const char *second)
{
	size_t length = strlen(first), second_size = strlen(second) + 1;
	char *joined = malloc(length + second_size);

	if (joined == NULL)
		return NULL;
	memcpy(joined, first, length);
	memcpy(joined + length, second, second_size);
	return joined;
}

const char *path_file_name(const char *path)
{
	const char *name = path;

	for (const char *p = path; *p != '\0'; p++) {
		if (*p == '/' || *p == '\\' || *p == ':')
			name = p + 1;
	}
	return name;
}

char *path_file_stem(const char *path)
{
	const char *name = path_file_name(path);
	const char *dot = strrchr(name, '.');

	return text_copy_part(name, dot != NULL ? (size_t)(dot - name) : strlen(name));
}
