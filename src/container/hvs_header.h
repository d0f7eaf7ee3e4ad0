/* SPDX-License-Identifier: MIT */
/*
 * The file header of an HVS container and its two copies.
 *
 * May include: src/base, src/platform.
 */
#ifndef CONTAINER_HVS_HEADER_H
#define CONTAINER_HVS_HEADER_H

#include "container/hvs_format.h"
#include "container/hvs_view.h"

struct hvs_header {
	uint16_t sequence;
	uint32_t format_version;	/* major in bits 8 and up, minor below */
	uint32_t alignment;		/* bytes */
	uint64_t log_offset;
	uint64_t log_size;
	uint32_t log_header_size;	/* bytes of the log before its first payload */
	unsigned copy;			/* 0 or 1: which copy is in force */
	uint8_t bytes[HVS_HEADER_SIZE];	/* that copy as it stands in the file */
};

/*
 * STATUS_OK if either copy carries the container's signature, torn or not;
 * STATUS_NOT_A_SAVED_STATE, without text, if neither does; STATUS_READ_FAILED.
 */
enum status hvs_header_probe(const struct file *file, struct error *error);

/* True if the first object table is well formed, which tells a file that lost both copies. */
bool hvs_header_probe_damaged(const struct file *file);

/*
 * Chooses the copy in force and checks it.  Both copies valid: the sequence
 * numbers must be neighbours modulo 2^16, and the follower wins.  There is no
 * way back to the other copy when what the chosen one says is wrong.
 *
 * Where damage is tolerated: of two copies that are not neighbours the one with
 * the higher number is taken; without a valid copy the alignment is told from
 * the first object table; a log that cannot be is none (log_offset 0).
 *
 * STATUS_CORRUPT; STATUS_CORRUPT_RANGE for a log without a header;
 * STATUS_UNSUPPORTED_VERSION or _PREVIEW; STATUS_READ_FAILED.
 */
enum status hvs_header_read(const struct hvs_view *view, struct hvs_header *out,
			    struct error *error);

#endif
