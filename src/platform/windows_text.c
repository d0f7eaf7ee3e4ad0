/* SPDX-License-Identifier: MIT */
#ifdef _WIN32
#include "platform/windows_text.h"
#include "base/text_encoding.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

wchar_t *windows_path(const char *path)
{
	return (wchar_t *)utf16_from_utf8(path, NULL);
}

static enum status status_of_windows_error(DWORD code, enum status otherwise)
{
	switch (code) {
	case ERROR_FILE_NOT_FOUND:
		return STATUS_FILE_NOT_FOUND;
	case ERROR_PATH_NOT_FOUND:
	case ERROR_BAD_NETPATH:
	case ERROR_BAD_NET_NAME:
	case ERROR_INVALID_DRIVE:
		return STATUS_PATH_NOT_FOUND;
	case ERROR_ACCESS_DENIED:
	case ERROR_WRITE_PROTECT:
		return STATUS_ACCESS_DENIED;
	case ERROR_SHARING_VIOLATION:
	case ERROR_LOCK_VIOLATION:
		return STATUS_SHARING_VIOLATION;
	case ERROR_INVALID_NAME:
		return STATUS_PATH_INVALID;
	case ERROR_BAD_PATHNAME:
	case ERROR_FILENAME_EXCED_RANGE:
	case ERROR_INVALID_PARAMETER:
		return STATUS_INVALID_ARGUMENT;
	case ERROR_NOT_ENOUGH_MEMORY:
	case ERROR_OUTOFMEMORY:
	case ERROR_TOO_MANY_OPEN_FILES:
		return STATUS_OUT_OF_MEMORY;
	case ERROR_DISK_FULL:
	case ERROR_HANDLE_DISK_FULL:
		return STATUS_DISK_FULL;
	default:
		return otherwise;
	}
}

enum status windows_path_failed(const char *what, const char *path, unsigned long code,
				enum status otherwise, struct error *error)
{
	return error_set(error, status_of_windows_error(code, otherwise),
			 "cannot %s '%s': Windows error %lu", what, path, code);
}

enum status windows_call_failed(const char *what, unsigned long code, enum status otherwise,
				struct error *error)
{
	return error_set(error, status_of_windows_error(code, otherwise),
			 "cannot %s: Windows error %lu", what, code);
}

#else
/* ISO C wants at least one declaration. */
typedef int windows_text_is_empty;
#endif
