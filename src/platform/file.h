/* SPDX-License-Identifier: MIT */
/*
 * Files, read and written at given offsets.
 *
 * Three kinds share one interface: POSIX files, Win32 files, and bytes in
 * memory (for tests, fuzzing and callers that hold the file already).  Files
 * are never mapped: one that is truncated or vanishes while it is read is an
 * error, not a signal.
 *
 * Paths are UTF-8 everywhere; on Windows they are converted at the last
 * moment, and elsewhere passed to the system byte for byte.
 *
 * Threads: file_read_at may be called on one file from any number of threads
 * at once; everything else needs a file of its own or outside locking.
 *
 * May include: src/base.
 */
#ifndef PLATFORM_FILE_H
#define PLATFORM_FILE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file;

/* Offsets and sizes stay within this, so that sums of two of them cannot wrap. */
#define FILE_SIZE_LIMIT ((uint64_t)INT64_MAX)

enum file_access {
	FILE_READ_SHARED,		/* others may read, write, rename and delete */
	FILE_READ_WRITE_EXCLUSIVE	/* nobody else may have it open */
};

/*
 * Opens an existing regular file.  STATUS_FILE_NOT_FOUND,
 * STATUS_PATH_NOT_FOUND (a folder of the path is missing), STATUS_PATH_INVALID
 * (Windows: a name that no file can have),
 * STATUS_ACCESS_DENIED (also for a directory), STATUS_SHARING_VIOLATION,
 * STATUS_INVALID_ARGUMENT (not a regular file), STATUS_OUT_OF_MEMORY or
 * STATUS_READ_FAILED.
 */
enum status file_open(const char *path, enum file_access access, struct file **out,
		      struct error *error);

/*
 * Creates path for writing, where the system can for its owner alone, or
 * empties what is there.  Statuses as file_open,
 * and STATUS_WRITE_FAILED or STATUS_DISK_FULL.
 */
enum status file_create(const char *path, struct file **out, struct error *error);

/*
 * A read-only file over size bytes that the caller keeps valid and unchanged
 * until file_close.  STATUS_OUT_OF_MEMORY.
 */
enum status file_open_memory(const void *bytes, size_t size, struct file **out,
			     struct error *error);

/*
 * A file made of functions, for fault injection: read_at and write_at obey
 * the contracts below, close may be NULL.
 */
struct file_operations {
	enum status (*read_at)(void *context, uint64_t offset, void *buffer, size_t size,
			       struct error *error);
	enum status (*write_at)(void *context, uint64_t offset, const void *buffer, size_t size,
				struct error *error);
	enum status (*flush)(void *context, struct error *error);
	enum status (*resize)(void *context, uint64_t size, struct error *error);
	void (*close)(void *context);
};

enum status file_open_custom(const struct file_operations *operations, void *context,
			     uint64_t size, struct file **out, struct error *error);

/* Closes the file; NULL is allowed. */
void file_close(struct file *file);

/* Size in bytes when the file was opened, or after the last write through it. */
uint64_t file_size(const struct file *file);

/*
 * Reads exactly size bytes at offset.  A file that ends before offset + size
 * is STATUS_READ_FAILED, as is an error of the disk; the buffer's contents are
 * unspecified then.
 */
enum status file_read_at(const struct file *file, uint64_t offset, void *buffer, size_t size,
			 struct error *error);

/* Writes size bytes at offset; the file grows as needed. */
enum status file_write_at(struct file *file, uint64_t offset, const void *buffer, size_t size,
			  struct error *error);

/* Sets the size; a part added reads as zeros and takes no space where the system can. */
enum status file_resize(struct file *file, uint64_t size, struct error *error);

/* Returns once everything written is on the disk. */
enum status file_flush(struct file *file, struct error *error);

/* Puts from in the place of to, which may exist, as one step. */
enum status file_replace(const char *from, const char *to, struct error *error);

/* Removes a file; a file that is not there is no error. */
enum status file_remove(const char *path, struct error *error);

#endif
