/* SPDX-License-Identifier: MIT */
/*
 * A file of named values, whatever its format.
 *
 * Two formats are known: HVS (.vmrs, .vmcx) and the legacy container of the
 * .bin and .vsv pair.  The file's signature decides, never its name.
 *
 * Threads: a container does not change after it is opened; everything but
 * container_close may run in parallel.
 *
 * May include: src/base, src/platform.
 */
#ifndef CONTAINER_CONTAINER_H
#define CONTAINER_CONTAINER_H

#include "container/damage.h"
#include "container/key.h"
#include "container/numbered_keys.h"
#include "platform/file.h"

struct container;

enum container_kind {
	CONTAINER_HVS,
	CONTAINER_LEGACY
};

/* Families whose keys are kept as numbers; the same count for both formats. */
struct container_families {
	const struct numbered_family *hvs;
	const struct numbered_family *legacy;
	size_t count;
};

struct container_facts {
	enum container_kind kind;
	uint32_t format_version;	/* major in bits 8 and up, minor below */
	uint32_t pending_log_entries;	/* seen through the overlay */
	uint64_t size;			/* of the contents, bytes */
};

/*
 * Opens the container in file and verifies its structure.  A replay log that
 * is pending is verified too and seen as applied.  The container owns file from
 * here on, also on failure.  families stay valid as long as the container.
 *
 * STATUS_FILE_EMPTY; STATUS_NOT_A_SAVED_STATE when no signature is known; the
 * statuses of the format's reader.
 */
enum status container_open(struct file *file, const struct container_families *families,
			   struct container **out, struct error *error);

/*
 * The same, but faults are noted in damage where the rest can be read without
 * what they spoil; error must not be NULL.  Values may run past the end of the
 * contents of a file that was cut short: reads of what is missing fail.
 */
enum status container_open_tolerant(struct file *file, const struct container_families *families,
				    struct damage *damage, struct container **out,
				    struct error *error);
void container_close(struct container *container);

struct container_facts container_facts(const struct container *container);

/*
 * Finds a key.  Components are separated by '/', slashes at either end and
 * ASCII case do not matter.  STATUS_KEY_NOT_FOUND, without text.
 */
enum status container_find(const struct container *container, const char *path,
			   struct key_value *out);

/* The keys of a family; index as in container_families. */
const struct numbered_keys *container_numbered(const struct container *container, size_t family);

/*
 * Visits every key with its path.  Return false to stop.
 * STATUS_OUT_OF_MEMORY.
 */
typedef bool (*container_visitor)(void *context, const char *path, const struct key_value *value);
enum status container_visit(const struct container *container, container_visitor visit,
			    void *context, struct error *error);

/*
 * How many of the size bytes at offset there are, up to the first that is missing
 * because the file was cut short.
 */
uint64_t container_stored(const struct container *container, uint64_t offset, uint64_t size);

/*
 * Reads exactly size bytes of the contents, as a value's offset counts them.
 * STATUS_READ_FAILED; STATUS_CORRUPT_LINK if they are not all there.
 */
enum status container_read(const struct container *container, uint64_t offset, void *buffer,
			   size_t size, struct error *error);

/*
 * Reads a whole Array or String value of at most limit bytes into memory that
 * the caller frees.  A value that claims more bytes than there are is
 * STATUS_CORRUPT_LINK; one above limit STATUS_UNSUPPORTED_LAYOUT.
 */
enum status container_read_value(const struct container *container, const struct key_value *value,
				 uint64_t limit, uint8_t **out, struct error *error);

#endif
