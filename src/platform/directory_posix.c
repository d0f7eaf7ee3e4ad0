/* SPDX-License-Identifier: MIT */
#ifndef _WIN32
#include "platform/directory.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

const char path_list_separator = ':';

static enum status folder_failed(const char *what, const char *path, struct error *error)
{
	enum status status = STATUS_READ_FAILED;

	if (errno == ENOENT || errno == ENOTDIR)
		status = STATUS_PATH_NOT_FOUND;
	else if (errno == EACCES || errno == EPERM)
		status = STATUS_ACCESS_DENIED;
	else if (errno == ENOMEM)
		status = STATUS_OUT_OF_MEMORY;
	return error_set(error, status, "cannot %s '%s': %s", what, path, strerror(errno));
}

/* Not every file system says what an entry is, and links count as what they lead to. */
static bool is_directory(DIR *folder, const char *name)
{
	struct stat facts;

	return fstatat(dirfd(folder), name, &facts, 0) == 0 && S_ISDIR(facts.st_mode);
}

enum status directory_list(const char *path, directory_visitor visit, void *context,
			   struct error *error)
{
	DIR *directory = opendir(path);
	const struct dirent *found;

	if (directory == NULL)
		return folder_failed("list the folder", path, error);
	while ((found = readdir(directory)) != NULL) {
		struct directory_entry entry = { .name = found->d_name };

		if (strcmp(entry.name, ".") == 0 || strcmp(entry.name, "..") == 0)
			continue;
		entry.is_directory = is_directory(directory, entry.name);
		if (!visit(context, &entry))
			break;
	}
	closedir(directory);
	return STATUS_OK;
}

enum status path_examine(const char *path, struct path_facts *out, struct error *error)
{
	struct stat facts;

	if (stat(path, &facts) != 0)
		return folder_failed("examine", path, error);
	out->is_directory = S_ISDIR(facts.st_mode);
	out->size = (uint64_t)facts.st_size;
	out->modified = (int64_t)facts.st_mtime;
	return STATUS_OK;
}

#else
/* ISO C wants at least one declaration; the Win32 twin holds the code. */
typedef int directory_posix_is_empty;
#endif
