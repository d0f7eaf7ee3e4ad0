/* SPDX-License-Identifier: MIT */
#ifndef _WIN32
#include "platform/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Linux moves at most 0x7FFFF000 bytes in one call. */
enum { LARGEST_TRANSFER = 0x40000000 };

struct posix_file {
	int descriptor;
};

static enum status status_of_errno(int code, enum status otherwise)
{
	switch (code) {
	case ENOENT:
		return STATUS_FILE_NOT_FOUND;
	case ENOTDIR:
		return STATUS_PATH_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EISDIR:
	case EROFS:
		return STATUS_ACCESS_DENIED;
	case EWOULDBLOCK:
	case EBUSY:
	case ETXTBSY:
		return STATUS_SHARING_VIOLATION;
	case ENAMETOOLONG:
	case EINVAL:
	case ELOOP:
		return STATUS_INVALID_ARGUMENT;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return STATUS_OUT_OF_MEMORY;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return STATUS_DISK_FULL;
	default:
		return otherwise;
	}
}

/* True if path names a folder that exists, "" being the current one. */
static bool folder_of_exists(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat facts;
	char *folder;
	bool exists;

	if (slash == NULL || slash == path)
		return true;
	folder = strdup(path);
	if (folder == NULL)
		return true;
	folder[slash - path] = '\0';
	exists = stat(folder, &facts) == 0;
	free(folder);
	return exists;
}

static enum status path_failed(const char *what, const char *path, int code,
			       enum status otherwise, struct error *error)
{
	enum status status = status_of_errno(code, otherwise);

	/* The system says ENOENT both for the file and for a folder on the way. */
	if (status == STATUS_FILE_NOT_FOUND && !folder_of_exists(path))
		status = STATUS_PATH_NOT_FOUND;
	return error_set(error, status, "cannot %s '%s': %s", what, path, strerror(code));
}

static enum status posix_read_at(void *context, uint64_t offset, void *buffer, size_t size,
				 struct error *error)
{
	const struct posix_file *file = context;
	uint8_t *to = buffer;

	while (size > 0) {
		size_t part = size < LARGEST_TRANSFER ? size : LARGEST_TRANSFER;
		ssize_t count = pread(file->descriptor, to, part, (off_t)offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set(error, STATUS_READ_FAILED,
					 "cannot read at offset %llu: %s",
					 (unsigned long long)offset, strerror(errno));
		if (count == 0)
			return error_set(error, STATUS_READ_FAILED,
					 "the file ends at offset %llu, earlier than when it was "
					 "opened", (unsigned long long)offset);
		to += count;
		size -= (size_t)count;
		offset += (uint64_t)count;
	}
	return STATUS_OK;
}

static enum status write_failed(const char *what, struct error *error)
{
	return error_set(error, status_of_errno(errno, STATUS_WRITE_FAILED), "cannot %s: %s", what,
			 strerror(errno));
}

static enum status posix_write_at(void *context, uint64_t offset, const void *buffer, size_t size,
				  struct error *error)
{
	const struct posix_file *file = context;
	const uint8_t *from = buffer;

	while (size > 0) {
		size_t part = size < LARGEST_TRANSFER ? size : LARGEST_TRANSFER;
		ssize_t count = pwrite(file->descriptor, from, part, (off_t)offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return write_failed("write to the file", error);
		from += count;
		size -= (size_t)count;
		offset += (uint64_t)count;
	}
	return STATUS_OK;
}

static enum status posix_resize(void *context, uint64_t size, struct error *error)
{
	const struct posix_file *file = context;

	if (ftruncate(file->descriptor, (off_t)size) != 0)
		return write_failed("set the size of the file", error);
	return STATUS_OK;
}

static enum status posix_flush(void *context, struct error *error)
{
	const struct posix_file *file = context;

	if (fsync(file->descriptor) != 0)
		return write_failed("bring the file to the disk", error);
	return STATUS_OK;
}

static void posix_close(void *context)
{
	struct posix_file *file = context;

	close(file->descriptor);
	free(file);
}

static enum status wrap_descriptor(int descriptor, bool writable, uint64_t size, struct file **out,
				   struct error *error)
{
	struct file_operations operations = { .read_at = posix_read_at, .close = posix_close };
	struct posix_file *file = malloc(sizeof(*file));
	enum status status;

	if (file == NULL) {
		close(descriptor);
		return error_out_of_memory(error, "a file");
	}
	file->descriptor = descriptor;
	if (writable) {
		operations.write_at = posix_write_at;
		operations.resize = posix_resize;
		operations.flush = posix_flush;
	}
	status = file_open_custom(&operations, file, size, out, error);
	if (status != STATUS_OK)
		posix_close(file);
	return status;
}

/*
 * Advisory locks stand in for Windows' share modes: readers hold a shared
 * lock, so that applying a replay log under a reader is refused on both
 * systems.  File systems without locks (some network mounts) are read anyway.
 */
static bool lock_conflicts(int descriptor, enum file_access access)
{
	int operation = access == FILE_READ_SHARED ? LOCK_SH : LOCK_EX;

	return flock(descriptor, operation | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

static enum status check_regular(const struct stat *facts, const char *path, struct error *error)
{
	if (S_ISDIR(facts->st_mode))
		return error_set(error, STATUS_ACCESS_DENIED, "'%s' is a folder", path);
	if (!S_ISREG(facts->st_mode))
		return error_set(error, STATUS_INVALID_ARGUMENT, "'%s' is not a regular file",
				 path);
	return STATUS_OK;
}

enum status file_open(const char *path, enum file_access access, struct file **out,
		      struct error *error)
{
	bool writable = access == FILE_READ_WRITE_EXCLUSIVE;
	struct stat facts;
	enum status status;
	int descriptor;

	/* O_NONBLOCK: opening a pipe by mistake must not wait for its other end. */
	descriptor = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
	if (descriptor < 0)
		return path_failed("open", path, errno, STATUS_READ_FAILED, error);
	if (fstat(descriptor, &facts) != 0) {
		status = path_failed("examine", path, errno, STATUS_READ_FAILED, error);
		goto fail;
	}
	status = check_regular(&facts, path, error);
	if (status != STATUS_OK)
		goto fail;
	if (lock_conflicts(descriptor, access)) {
		status = error_set(error, STATUS_SHARING_VIOLATION,
				   "'%s' is in use by another program", path);
		goto fail;
	}
	return wrap_descriptor(descriptor, writable, (uint64_t)facts.st_size, out, error);

fail:
	close(descriptor);
	return status;
}

enum status file_create(const char *path, struct file **out, struct error *error)
{
	/* What is written is a guest's memory: for its owner's eyes alone. */
	int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	enum status status;

	if (descriptor < 0)
		return path_failed("create", path, errno, STATUS_WRITE_FAILED, error);
	status = wrap_descriptor(descriptor, true, 0, out, error);
	if (status != STATUS_OK)
		unlink(path);
	return status;
}

enum status file_replace(const char *from, const char *to, struct error *error)
{
	if (rename(from, to) != 0)
		return path_failed("put a finished file in the place of", to, errno,
				   STATUS_WRITE_FAILED, error);
	return STATUS_OK;
}

enum status file_remove(const char *path, struct error *error)
{
	if (unlink(path) != 0 && errno != ENOENT)
		return path_failed("remove", path, errno, STATUS_WRITE_FAILED, error);
	return STATUS_OK;
}

#else
/* ISO C wants at least one declaration; the Win32 twin holds the code. */
typedef int file_posix_is_empty;
#endif
