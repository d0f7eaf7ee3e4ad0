/* SPDX-License-Identifier: MIT */
/*
 * Where a dump goes: bytes at offsets.
 *
 * What is never written reads as zeros.  Offsets ascend, without overlap.
 *
 * May include: everything below src/dump.
 */
#ifndef DUMP_DUMP_SINK_H
#define DUMP_DUMP_SINK_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dump_sink {
	enum status (*write_at)(void *context, uint64_t offset, const void *bytes, size_t size,
				struct error *error);
	/* All is written, and the dump has size bytes. */
	enum status (*finish)(void *context, uint64_t size, struct error *error);
	/* There will be no dump; also called after a finish that failed. */
	void (*abandon)(void *context);
	void *context;
};

/*
 * Begins a file that grows as path.partial and gets its name when it is
 * finished; abandon removes it.  A file that is at either name is replaced if
 * replace is true.  finish or abandon must be called, and frees the sink.
 *
 * STATUS_INVALID_ARGUMENT: path exists, or path.partial does (another dump is
 * being written, or one was cut off), and replace is false.  Those of
 * file_create; STATUS_OUT_OF_MEMORY.
 */
enum status dump_file_begin(const char *path, bool replace, struct dump_sink *out,
			    struct error *error);

#endif
