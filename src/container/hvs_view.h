/* SPDX-License-Identifier: MIT */
/*
 * The contents of an HVS file as its replay log leaves them.
 *
 * A pending log holds pieces that belong elsewhere in the file.  The view
 * answers every read with those pieces in place, so that a saved state with a
 * pending log is read without being touched.  Without patches a view is the
 * file.
 *
 * Threads: a view does not change after it is built; reads run in parallel.
 *
 * May include: src/base, src/platform.
 */
#ifndef CONTAINER_HVS_VIEW_H
#define CONTAINER_HVS_VIEW_H

#include "container/damage.h"
#include "platform/file.h"

/* Bytes of the file that belong elsewhere in it. */
struct hvs_patch {
	uint64_t target;	/* where they belong */
	uint64_t payload;	/* where they are */
	uint64_t length;
	uint32_t checksum;	/* of them, as the log has it; a view does not ask */
	uint64_t stored_end;	/* set by the view: the end of what is stored without a gap */
};

struct hvs_view {
	const struct file *file;
	uint64_t size;			/* of the contents, which may end behind the file */
	struct hvs_patch *patches;	/* sorted by target, without overlaps; owned */
	size_t patch_count;
	struct damage *damage;		/* NULL: faults of the contents end the reading */
};

/* Sorts patches by where they belong. */
void hvs_patches_sort(struct hvs_patch *patches, size_t count);

/* A view without patches that tolerates nothing. */
void hvs_view_init(struct hvs_view *view, const struct file *file);
void hvs_view_fini(struct hvs_view *view);

/*
 * Takes over patches, which lie within the file, have targets below 2^63 - length
 * and overlap nowhere.
 */
void hvs_view_set_patches(struct hvs_view *view, struct hvs_patch *patches, size_t count);

/* How many of the size bytes at offset the contents have before they end. */
uint32_t hvs_view_present(const struct hvs_view *view, uint64_t offset, uint32_t size);

/*
 * How many of them are stored.  Between the end of the file and a patch behind
 * it nothing is: applied, the log would leave zeros there, but so it would where
 * a file was cut short.  What has a checksum of its own may be read with them;
 * of all else they prove nothing.
 */
uint64_t hvs_view_stored(const struct hvs_view *view, uint64_t offset, uint64_t size);

/*
 * Reads exactly size bytes at offset; what is not stored are zeros.
 * STATUS_READ_FAILED when the range runs past the contents or the disk fails.
 */
enum status hvs_view_read(const struct hvs_view *view, uint64_t offset, void *buffer, size_t size,
			  struct error *error);

#endif
