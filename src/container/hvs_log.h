/* SPDX-License-Identifier: MIT */
/*
 * The replay log: writes that were announced but may not have reached their
 * place when the file was last closed.
 *
 * An entry says where its payload, stored in the log, belongs.  Entries behind
 * the count are history with valid checksums and are never used.
 *
 * May include: src/base, src/platform.
 */
#ifndef CONTAINER_HVS_LOG_H
#define CONTAINER_HVS_LOG_H

#include "container/hvs_header.h"

struct hvs_log {
	uint32_t pending;		/* entries waiting to be applied */
	uint32_t capacity;		/* entries there is room for */
	struct hvs_patch *patches;	/* one per pending entry, in log order; owned */
	uint8_t bytes[HVS_LOG_HEADER_SIZE];	/* the log header as it stands in the file */
};

/*
 * Reads the log that header points to and verifies all of it: header, entries,
 * payloads, overlaps.  Nothing is discarded: a log with any fault is an error.
 * STATUS_CORRUPT; STATUS_CORRUPT_ORDER for change tracking without its buffer;
 * STATUS_CORRUPT_RANGE for an entry of size 0 or beyond 2^63;
 * STATUS_READ_FAILED; STATUS_OUT_OF_MEMORY.
 */
enum status hvs_log_read(const struct file *file, const struct hvs_header *header,
			 struct hvs_log *out, struct error *error);
void hvs_log_fini(struct hvs_log *log);

#endif
