/* SPDX-License-Identifier: MIT */
#ifdef _WIN32
#include "platform/directory.h"
#include "base/text_encoding.h"
#include "platform/windows_text.h"

#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

const char path_list_separator = ';';

/* Between 1601-01-01, where FILETIME begins, and 1970-01-01, in seconds. */
#define SECONDS_1601_TO_1970 11644473600LL

/* *name_out stays NULL when memory is short. */
static bool visit_found(const WIN32_FIND_DATAW *found, directory_visitor visit, void *context,
			char **name_out)
{
	char *name = utf8_from_utf16((const uint16_t *)found->cFileName, wcslen(found->cFileName));
	struct directory_entry entry = { .name = name };

	*name_out = name;
	if (name == NULL)
		return false;
	entry.is_directory = (found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return true;
	return visit(context, &entry);
}

static enum status visit_all(HANDLE search, WIN32_FIND_DATAW *found, directory_visitor visit,
			     void *context, struct error *error)
{
	bool go_on = true;

	while (go_on) {
		char *name;

		go_on = visit_found(found, visit, context, &name) && FindNextFileW(search, found);
		if (name == NULL)
			return error_out_of_memory(error, "the name of a file");
		free(name);
	}
	return STATUS_OK;
}

enum status directory_list(const char *path, directory_visitor visit, void *context,
			   struct error *error)
{
	char *pattern = path_join(path, "*");
	wchar_t *wide = pattern != NULL ? windows_path(pattern) : NULL;
	WIN32_FIND_DATAW found;
	enum status status;
	HANDLE search;
	DWORD code;

	free(pattern);
	if (wide == NULL)
		return error_out_of_memory(error, "a path");
	search = FindFirstFileW(wide, &found);
	code = GetLastError();
	free(wide);
	if (search == INVALID_HANDLE_VALUE)
		return windows_path_failed("list the folder", path,
					   code == ERROR_FILE_NOT_FOUND ? ERROR_PATH_NOT_FOUND
									: code,
					   STATUS_READ_FAILED, error);
	status = visit_all(search, &found, visit, context, error);
	FindClose(search);
	return status;
}

enum status path_examine(const char *path, struct path_facts *out, struct error *error)
{
	wchar_t *wide = windows_path(path);
	WIN32_FILE_ATTRIBUTE_DATA facts;
	BOOL done;

	if (wide == NULL)
		return error_out_of_memory(error, "a path");
	done = GetFileAttributesExW(wide, GetFileExInfoStandard, &facts);
	free(wide);
	if (!done)
		return windows_path_failed("examine", path, GetLastError(), STATUS_READ_FAILED,
					   error);
	out->is_directory = (facts.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
	out->size = (uint64_t)facts.nFileSizeHigh << 32 | facts.nFileSizeLow;
	out->modified = (int64_t)(((uint64_t)facts.ftLastWriteTime.dwHighDateTime << 32 |
				   facts.ftLastWriteTime.dwLowDateTime) / 10000000u) -
			SECONDS_1601_TO_1970;
	return STATUS_OK;
}

#else
/* ISO C wants at least one declaration; the POSIX twin holds the code. */
typedef int directory_win32_is_empty;
#endif
