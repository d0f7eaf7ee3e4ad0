/* SPDX-License-Identifier: MIT */
#ifdef _WIN32
#include "platform/file.h"
#include "platform/windows_text.h"

#include <stdlib.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

enum { LARGEST_TRANSFER = 0x40000000 };

struct win32_file {
	HANDLE handle;
};

/* An OVERLAPPED gives each transfer its own offset, also on a synchronous handle. */
static OVERLAPPED at_offset(uint64_t offset)
{
	OVERLAPPED overlapped = { 0 };

	overlapped.Offset = (DWORD)offset;
	overlapped.OffsetHigh = (DWORD)(offset >> 32);
	return overlapped;
}

static enum status win32_read_at(void *context, uint64_t offset, void *buffer, size_t size,
				 struct error *error)
{
	const struct win32_file *file = context;
	uint8_t *to = buffer;

	while (size > 0) {
		DWORD part = size < LARGEST_TRANSFER ? (DWORD)size : LARGEST_TRANSFER;
		OVERLAPPED where = at_offset(offset);
		DWORD count = 0;
		BOOL done = ReadFile(file->handle, to, part, &count, &where);

		if (!done && GetLastError() != ERROR_HANDLE_EOF)
			return windows_call_failed("read the file", GetLastError(),
						   STATUS_READ_FAILED, error);
		if (count == 0)
			return error_set(error, STATUS_READ_FAILED,
					 "the file ends at offset %llu, earlier than when it was "
					 "opened", (unsigned long long)offset);
		to += count;
		size -= count;
		offset += count;
	}
	return STATUS_OK;
}

static enum status win32_write_at(void *context, uint64_t offset, const void *buffer, size_t size,
				  struct error *error)
{
	const struct win32_file *file = context;
	const uint8_t *from = buffer;

	while (size > 0) {
		DWORD part = size < LARGEST_TRANSFER ? (DWORD)size : LARGEST_TRANSFER;
		OVERLAPPED where = at_offset(offset);
		DWORD count = 0;

		if (!WriteFile(file->handle, from, part, &count, &where))
			return windows_call_failed("write to the file", GetLastError(),
						   STATUS_WRITE_FAILED, error);
		from += count;
		size -= count;
		offset += count;
	}
	return STATUS_OK;
}

static enum status win32_resize(void *context, uint64_t size, struct error *error)
{
	const struct win32_file *file = context;
	FILE_END_OF_FILE_INFO end = { .EndOfFile.QuadPart = (LONGLONG)size };

	if (!SetFileInformationByHandle(file->handle, FileEndOfFileInfo, &end, sizeof(end)))
		return windows_call_failed("set the size of the file", GetLastError(),
					   STATUS_WRITE_FAILED, error);
	return STATUS_OK;
}

static enum status win32_flush(void *context, struct error *error)
{
	const struct win32_file *file = context;

	if (!FlushFileBuffers(file->handle))
		return windows_call_failed("bring the file to the disk", GetLastError(),
					   STATUS_WRITE_FAILED, error);
	return STATUS_OK;
}

static void win32_close(void *context)
{
	struct win32_file *file = context;

	CloseHandle(file->handle);
	free(file);
}

static enum status wrap_handle(HANDLE handle, bool writable, uint64_t size, struct file **out,
			       struct error *error)
{
	struct file_operations operations = { .read_at = win32_read_at, .close = win32_close };
	struct win32_file *file = malloc(sizeof(*file));
	enum status status;

	if (file == NULL) {
		CloseHandle(handle);
		return error_out_of_memory(error, "a file");
	}
	file->handle = handle;
	if (writable) {
		operations.write_at = win32_write_at;
		operations.resize = win32_resize;
		operations.flush = win32_flush;
	}
	status = file_open_custom(&operations, file, size, out, error);
	if (status != STATUS_OK)
		win32_close(file);
	return status;
}

static enum status open_handle(const char *what, const char *path, DWORD access, DWORD share,
			       DWORD disposition, HANDLE *out, struct error *error)
{
	wchar_t *wide = windows_path(path);
	DWORD code;

	if (wide == NULL)
		return error_out_of_memory(error, "a path");
	*out = CreateFileW(wide, access, share, NULL, disposition, FILE_ATTRIBUTE_NORMAL, NULL);
	code = GetLastError();
	free(wide);
	if (*out != INVALID_HANDLE_VALUE)
		return STATUS_OK;
	return windows_path_failed(what, path, code, STATUS_READ_FAILED, error);
}

/* Makes sparse files of those that grow with holes; a file system that cannot is no error. */
static void allow_holes(HANDLE handle)
{
	DWORD ignored;

	DeviceIoControl(handle, 0x000900C4 /* FSCTL_SET_SPARSE */, NULL, 0, NULL, 0, &ignored,
			NULL);
}

enum status file_open(const char *path, enum file_access access, struct file **out,
		      struct error *error)
{
	bool writable = access == FILE_READ_WRITE_EXCLUSIVE;
	DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
	LARGE_INTEGER size;
	HANDLE handle;
	enum status status;

	status = open_handle("open", path, GENERIC_READ | (writable ? GENERIC_WRITE : 0u),
			     writable ? 0 : share, OPEN_EXISTING, &handle, error);
	if (status != STATUS_OK)
		return status;
	if (GetFileType(handle) != FILE_TYPE_DISK || !GetFileSizeEx(handle, &size)) {
		CloseHandle(handle);
		return error_set(error, STATUS_INVALID_ARGUMENT, "'%s' is not a regular file",
				 path);
	}
	return wrap_handle(handle, writable, (uint64_t)size.QuadPart, out, error);
}

enum status file_create(const char *path, struct file **out, struct error *error)
{
	HANDLE handle;
	enum status status = open_handle("create", path, GENERIC_READ | GENERIC_WRITE,
					 FILE_SHARE_READ, CREATE_ALWAYS, &handle, error);

	if (status != STATUS_OK)
		return status;
	allow_holes(handle);
	status = wrap_handle(handle, true, 0, out, error);
	if (status != STATUS_OK)
		file_remove(path, NULL);
	return status;
}

enum status file_replace(const char *from, const char *to, struct error *error)
{
	wchar_t *wide_from = windows_path(from);
	wchar_t *wide_to = windows_path(to);
	enum status status = STATUS_OK;

	if (wide_from == NULL || wide_to == NULL)
		status = error_out_of_memory(error, "a path");
	else if (!MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING))
		status = windows_path_failed("put a finished file in the place of", to,
					     GetLastError(), STATUS_WRITE_FAILED, error);
	free(wide_from);
	free(wide_to);
	return status;
}

enum status file_remove(const char *path, struct error *error)
{
	wchar_t *wide = windows_path(path);
	DWORD code = ERROR_SUCCESS;

	if (wide == NULL)
		return error_out_of_memory(error, "a path");
	if (!DeleteFileW(wide))
		code = GetLastError();
	free(wide);
	if (code == ERROR_SUCCESS || code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)
		return STATUS_OK;
	return windows_path_failed("remove", path, code, STATUS_WRITE_FAILED, error);
}

#else
/* ISO C wants at least one declaration; the POSIX twin holds the code. */
typedef int file_win32_is_empty;
#endif
