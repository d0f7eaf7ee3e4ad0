/* SPDX-License-Identifier: MIT */
/*
 * A file in memory that counts what is read of it.
 *
 * Threads: reads run in parallel.
 *
 * May include: src/base, src/platform.
 */
#ifndef COUNTED_FILE_H
#define COUNTED_FILE_H

#include "fault/fixture_files.h"
#include "platform/file.h"

#include <stdatomic.h>

struct counted_file {
	struct bytes bytes;		/* owned */
	atomic_ullong bytes_read;
	atomic_uint reads;
	atomic_uint closes;
	atomic_bool broken;		/* reads fail */
};

/* Opens the fixture of that file name; close the file before counted_file_fini. */
struct file *counted_file_open(struct counted_file *counted, const char *fixture);

/* The same with bytes, which it takes over. */
struct file *counted_file_open_bytes(struct counted_file *counted, struct bytes bytes);
void counted_file_fini(struct counted_file *counted);

/* Starts counting anew. */
void counted_file_reset(struct counted_file *counted);

#endif
