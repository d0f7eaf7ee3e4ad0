/* SPDX-License-Identifier: MIT */
/*
 * The object tables of an HVS file: what lies where.
 *
 * May include: src/base, src/platform.
 */
#ifndef CONTAINER_HVS_OBJECTS_H
#define CONTAINER_HVS_OBJECTS_H

#include "base/vector.h"
#include "container/hvs_header.h"

/* One used slot; 16 bytes, because a large guest has one object per MiB. */
struct hvs_object {
	uint64_t offset;
	uint32_t size;
	uint32_t type;		/* enum hvs_object_type: 1, 2 or 3 */
};

struct hvs_objects {
	struct vector all;	/* of struct hvs_object, sorted by offset, each once */
	uint32_t alignment;
	bool incomplete;	/* slots could not be read */
};

/*
 * Walks the tables from the root through their chain and checks every slot:
 * checksum, type, range, alignment, overlap.
 *
 * Where damage is tolerated, objects that run past the end of the file are
 * listed with the size they should have, of file objects that overlap none is
 * found, and of key tables at one offset the largest is.  Each object table is
 * read once, so that memory and time depend on the tables reached alone.
 *
 * STATUS_CORRUPT; STATUS_CORRUPT_ORDER for a table with too few slots;
 * STATUS_CORRUPT_RANGE for an offset no file can have;
 * STATUS_UNSUPPORTED_VERSION for an unknown type that is marked as required;
 * STATUS_READ_FAILED; STATUS_OUT_OF_MEMORY.
 */
enum status hvs_objects_read(const struct hvs_view *view, const struct hvs_header *header,
			     struct hvs_objects *out, struct error *error);
void hvs_objects_fini(struct hvs_objects *objects);

/*
 * The file object that begins at offset, or NULL.  *hint is where the last one
 * was found (start with 0): values mostly stand in file order.
 */
const struct hvs_object *hvs_objects_find_file(const struct hvs_objects *objects, uint64_t offset,
					       size_t *hint);

/*
 * True if a file object of at least size bytes may begin at offset without being
 * listed: slots could not be read, and no object that is listed is in its way.
 */
bool hvs_objects_may_lack(const struct hvs_objects *objects, uint64_t offset, uint64_t size);

#endif
