/* SPDX-License-Identifier: MIT */
#ifdef _WIN32
#include "platform.h"

#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <shellapi.h>
#include <winioctl.h>

struct output_file {
	HANDLE handle;
};

static volatile LONG interrupted;
static UINT code_page_before;

static wchar_t *wide_of(const char *text)
{
	int units = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
	wchar_t *wide = malloc((size_t)units * sizeof(*wide));

	if (wide != NULL)
		MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, units);
	return wide;
}

static char *utf8_of(const wchar_t *wide)
{
	int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
	char *text = malloc((size_t)size);

	if (text != NULL)
		WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
	return text;
}

static void restore_code_page(void)
{
	SetConsoleOutputCP(code_page_before);
}

/* NULL when memory is short. */
static char **utf8_list_of(wchar_t *const *wide, int count)
{
	char **list = calloc((size_t)count + 1, sizeof(*list));

	for (int i = 0; list != NULL && i < count; i++) {
		list[i] = utf8_of(wide[i]);
		if (list[i] != NULL)
			continue;
		while (i > 0)
			free(list[--i]);
		free(list);
		list = NULL;
	}
	return list;
}

bool platform_start(int *count, char ***arguments)
{
	wchar_t **wide;
	char **list;
	int total;

	_setmode(_fileno(stdout), _O_BINARY);
	_setmode(_fileno(stderr), _O_BINARY);
	code_page_before = GetConsoleOutputCP();
	if (code_page_before != 0 && SetConsoleOutputCP(CP_UTF8))
		atexit(restore_code_page);

	wide = CommandLineToArgvW(GetCommandLineW(), &total);
	if (wide == NULL)
		return false;
	list = utf8_list_of(wide, total);
	LocalFree(wide);
	if (list == NULL)
		return false;
	*count = total;
	*arguments = list;
	return true;
}

double platform_seconds(void)
{
	return (double)GetTickCount64() / 1e3;
}

static BOOL WINAPI remember_interrupt(DWORD event)
{
	if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
		return FALSE;
	InterlockedExchange(&interrupted, 1);
	return TRUE;
}

void platform_watch_interrupt(void)
{
	SetConsoleCtrlHandler(remember_interrupt, TRUE);
}

bool platform_interrupted(void)
{
	return InterlockedCompareExchange(&interrupted, 0, 0) != 0;
}

static HANDLE console_of(FILE *stream)
{
	return (HANDLE)_get_osfhandle(_fileno(stream));
}

bool platform_is_terminal(FILE *stream)
{
	DWORD mode;

	return GetConsoleMode(console_of(stream), &mode) != 0;
}

/* Consoles take them since Windows 10, once they are asked to. */
bool platform_takes_escapes(FILE *stream)
{
	HANDLE console = console_of(stream);
	DWORD mode;

	return GetConsoleMode(console, &mode) &&
	       SetConsoleMode(console, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

unsigned platform_terminal_columns(FILE *stream)
{
	CONSOLE_SCREEN_BUFFER_INFO facts;

	if (!GetConsoleScreenBufferInfo(console_of(stream), &facts))
		return 80;
	return (unsigned)(facts.srWindow.Right - facts.srWindow.Left + 1);
}

/* Windows itself does not tell letter case apart. */
char *platform_find_sibling(const char *path, const char *extension)
{
	const char *name = path + strlen(path);
	const char *dot = strrchr(path, '.');
	size_t stem, extension_size = strlen(extension) + 1;
	char *sibling;
	wchar_t *wide;

	while (name > path && strchr("/\\:", name[-1]) == NULL)
		name--;
	stem = dot == NULL || dot < name ? strlen(path) : (size_t)(dot - path);
	sibling = malloc(stem + 1 + extension_size);
	if (sibling == NULL)
		return NULL;
	memcpy(sibling, path, stem);
	sibling[stem] = '.';
	memcpy(sibling + stem + 1, extension, extension_size);
	wide = wide_of(sibling);
	if (wide == NULL || GetFileAttributesW(wide) == INVALID_FILE_ATTRIBUTES) {
		free(sibling);
		sibling = NULL;
	}
	free(wide);
	return sibling;
}

static bool identity_of(const char *path, BY_HANDLE_FILE_INFORMATION *facts)
{
	wchar_t *wide = wide_of(path);
	HANDLE handle = INVALID_HANDLE_VALUE;
	BOOL done;

	if (wide != NULL)
		handle = CreateFileW(wide, 0,
				     FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
				     OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
	free(wide);
	if (handle == INVALID_HANDLE_VALUE)
		return false;
	done = GetFileInformationByHandle(handle, facts);
	CloseHandle(handle);
	return done != 0;
}

bool platform_same_file(const char *a, const char *b)
{
	BY_HANDLE_FILE_INFORMATION first;
	BY_HANDLE_FILE_INFORMATION second;

	return identity_of(a, &first) && identity_of(b, &second) &&
	       first.dwVolumeSerialNumber == second.dwVolumeSerialNumber &&
	       first.nFileIndexHigh == second.nFileIndexHigh &&
	       first.nFileIndexLow == second.nFileIndexLow;
}

const char *platform_kind_of_no_file(const char *path)
{
	wchar_t *wide = wide_of(path);
	HANDLE handle = INVALID_HANDLE_VALUE;
	DWORD kind = FILE_TYPE_DISK;

	if (wide != NULL)
		handle = CreateFileW(wide, 0,
				     FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
				     OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
	free(wide);
	if (handle != INVALID_HANDLE_VALUE) {
		kind = GetFileType(handle);
		CloseHandle(handle);
	}
	if (kind == FILE_TYPE_DISK)
		return NULL;
	return kind == FILE_TYPE_PIPE ? "a pipe" : "a device";
}

bool platform_folder_exists(const char *path)
{
	wchar_t *wide = wide_of(path);
	DWORD attributes = wide != NULL ? GetFileAttributesW(wide) : INVALID_FILE_ATTRIBUTES;

	free(wide);
	return attributes != INVALID_FILE_ATTRIBUTES &&
	       (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

static enum output_status status_of_code(DWORD code)
{
	switch (code) {
	case ERROR_FILE_EXISTS:
	case ERROR_ALREADY_EXISTS:
		return OUTPUT_EXISTS;
	case ERROR_FILE_NOT_FOUND:
	case ERROR_PATH_NOT_FOUND:
	case ERROR_INVALID_NAME:
		return OUTPUT_NO_FOLDER;
	case ERROR_ACCESS_DENIED:
	case ERROR_WRITE_PROTECT:
	case ERROR_SHARING_VIOLATION:
		return OUTPUT_NO_ACCESS;
	case ERROR_DISK_FULL:
	case ERROR_HANDLE_DISK_FULL:
		return OUTPUT_NO_SPACE;
	case ERROR_FILE_TOO_LARGE:
	case ERROR_INVALID_PARAMETER:	/* a size that the file system cannot write down */
		return OUTPUT_TOO_LARGE;
	case ERROR_NOT_ENOUGH_MEMORY:
	case ERROR_OUTOFMEMORY:
		return OUTPUT_NO_MEMORY;
	default:
		return OUTPUT_REFUSED;
	}
}

enum output_status platform_output_name_free(const char *path)
{
	wchar_t *wide = wide_of(path);
	DWORD attributes;

	if (wide == NULL)
		return OUTPUT_NO_MEMORY;
	attributes = GetFileAttributesW(wide);
	free(wide);
	if (attributes == INVALID_FILE_ATTRIBUTES)
		return OUTPUT_OK;
	return attributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_DEVICE) ?
	       OUTPUT_NOT_A_FILE : OUTPUT_EXISTS;
}

enum output_status platform_output_create(const char *path, struct output_file **out)
{
	struct output_file *file = malloc(sizeof(*file));
	wchar_t *wide = wide_of(path);
	enum output_status status = OUTPUT_NO_MEMORY;
	DWORD count;

	if (file == NULL || wide == NULL)
		goto fail;
	file->handle = CreateFileW(wide, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
				   CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
	if (file->handle == INVALID_HANDLE_VALUE) {
		status = status_of_code(GetLastError());
		goto fail;
	}
	/* Where the file system has no sparse files, the file is only larger. */
	DeviceIoControl(file->handle, FSCTL_SET_SPARSE, NULL, 0, NULL, 0, &count, NULL);
	free(wide);
	*out = file;
	return OUTPUT_OK;
fail:
	free(wide);
	free(file);
	return status;
}

enum output_status platform_output_write(struct output_file *file, uint64_t offset,
					 const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	while (size > 0) {
		OVERLAPPED where = { .Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32) };
		DWORD part = size < 0x40000000 ? (DWORD)size : 0x40000000;
		DWORD count = 0;

		if (!WriteFile(file->handle, from, part, &count, &where))
			return status_of_code(GetLastError());
		from += count;
		size -= count;
		offset += count;
	}
	return OUTPUT_OK;
}

enum output_status platform_output_finish(struct output_file *file, uint64_t size)
{
	FILE_END_OF_FILE_INFO end = { .EndOfFile.QuadPart = (LONGLONG)size };
	enum output_status status = OUTPUT_OK;

	if (size > INT64_MAX)
		status = OUTPUT_TOO_LARGE;
	else if (!SetFileInformationByHandle(file->handle, FileEndOfFileInfo, &end, sizeof(end)))
		status = status_of_code(GetLastError());
	if (!CloseHandle(file->handle) && status == OUTPUT_OK)
		status = status_of_code(GetLastError());
	free(file);
	return status;
}

void platform_output_abandon(struct output_file *file)
{
	if (file == NULL)
		return;
	CloseHandle(file->handle);
	free(file);
}

enum output_status platform_rename(const char *from, const char *to, bool replace)
{
	wchar_t *wide_from = wide_of(from);
	wchar_t *wide_to = wide_of(to);
	enum output_status status = OUTPUT_NO_MEMORY;

	if (wide_from != NULL && wide_to != NULL)
		status = MoveFileExW(wide_from, wide_to, replace ? MOVEFILE_REPLACE_EXISTING : 0) ?
			 OUTPUT_OK : status_of_code(GetLastError());
	free(wide_from);
	free(wide_to);
	return status;
}

enum output_status platform_remove(const char *path)
{
	wchar_t *wide = wide_of(path);
	enum output_status status = OUTPUT_NO_MEMORY;

	if (wide != NULL)
		status = DeleteFileW(wide) || GetLastError() == ERROR_FILE_NOT_FOUND ?
			 OUTPUT_OK : status_of_code(GetLastError());
	free(wide);
	return status;
}

#else
typedef int platform_is_posix;	/* a translation unit must declare something */
#endif
