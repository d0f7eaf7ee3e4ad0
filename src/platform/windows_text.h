/* SPDX-License-Identifier: MIT */
/*
 * What the Win32 files of this folder share: paths and error codes.
 *
 * May include: src/base.
 */
#ifndef PLATFORM_WINDOWS_TEXT_H
#define PLATFORM_WINDOWS_TEXT_H
#ifdef _WIN32

#include "base/error.h"

#include <wchar.h>

/* UTF-16 form of a UTF-8 path, in memory that the caller frees; NULL when memory is short. */
wchar_t *windows_path(const char *path);

/* Records what the system said (a GetLastError code) of an attempt on path. */
enum status windows_path_failed(const char *what, const char *path, unsigned long code,
				enum status otherwise, struct error *error);

/* The same for an attempt on an open file. */
enum status windows_call_failed(const char *what, unsigned long code, enum status otherwise,
				struct error *error);

#endif
#endif
