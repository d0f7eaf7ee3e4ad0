/* SPDX-License-Identifier: MIT */
/*
 * A file in memory that fails when it is told to.
 *
 * Reads: the n-th fails, is short, or finds the file shorter than it was.
 * Writes: all after the n-th fail, as if the machine had stopped there; what
 * was written, and between which flushes, can be looked at afterwards.
 *
 * May include: src/base, src/platform.
 */
#ifndef FAULT_FAILING_FILE_H
#define FAULT_FAILING_FILE_H

#include "fault/fixture_files.h"
#include "platform/file.h"

#define NEVER UINT32_MAX

enum read_fault {
	READ_FAULT_ERROR,	/* the n-th read yields nothing, later ones work */
	READ_FAULT_SHORT,	/* the n-th read yields a part, later ones work */
	READ_FAULT_SHRUNK	/* from the n-th read on half of the file is gone */
};

enum {
	WRITES_NOTED = 64,	/* the first so many */
	DISK_SIZE = 8 << 20	/* writes behind it find the disk full */
};

struct failing_write {
	uint64_t offset;
	size_t size;
	uint8_t *bytes;		/* owned */
	uint32_t flushes;	/* before it */
};

struct failing_file {
	struct bytes image;	/* owned */
	enum read_fault read_fault;
	uint32_t reads;		/* so far */
	uint32_t failing_read;	/* from 0 on, or NEVER */
	uint32_t reads_failed;
	uint32_t writes;	/* that were made whole */
	uint32_t writes_allowed;	/* or NEVER */
	size_t torn_size;	/* bytes that the first write too many still leaves behind */
	uint32_t flushes;
	struct failing_write noted[WRITES_NOTED];
};

/* Starts with a copy of from, and without any fault. */
void failing_file_init(struct failing_file *failing, struct bytes from);
void failing_file_fini(struct failing_file *failing);

/* The file itself, which must be closed before failing_file_fini. */
struct file *failing_file_open(struct failing_file *failing);

/* Makes one write to an image, which grows as needed. */
void image_write(struct bytes *image, uint64_t offset, const void *bytes, size_t size);

#endif
