/* SPDX-License-Identifier: MIT */
/*
 * A pending replay log: what it holds, and carrying it out.
 *
 * hvs_apply is the only code of this library that writes to a saved state.
 *
 * May include: src/base, src/platform.
 */
#ifndef CONTAINER_HVS_APPLY_H
#define CONTAINER_HVS_APPLY_H

#include "container/hvs_log.h"

struct hvs_pending_log {
	struct hvs_header header;	/* in force before the log is applied */
	struct hvs_log log;
};

/* Reads the header and the log and verifies both.  Statuses of hvs_header_read and hvs_log_read. */
enum status hvs_pending_log_read(const struct file *file, struct hvs_pending_log *out,
				 struct error *error);
void hvs_pending_log_fini(struct hvs_pending_log *pending);

/*
 * Writes the pending entries of the log to their places and empties the log.
 * *applied_out is their number; without any the file is not written.
 *
 * Everything is verified before the first write, including that the container
 * can be read once the entries are in place.  Then: payloads, flush, log header
 * with a count of 0, flush, file header with the next sequence number.  The log
 * stays pending until its payloads are on the disk, so a stop between any two
 * writes leaves a file that opens with the same contents.
 *
 * Entries for the two header pages are not written as they are: their copies
 * are renewed by the last step, and no half-written pair of headers can arise.
 *
 * STATUS_FILE_EMPTY; STATUS_NOT_A_SAVED_STATE; statuses of the container's
 * readers; STATUS_WRITE_FAILED; STATUS_DISK_FULL.
 */
enum status hvs_apply(struct file *file, uint32_t *applied_out, struct error *error);

#endif
