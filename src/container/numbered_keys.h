/* SPDX-License-Identifier: MIT */
/*
 * Keys of one family whose names end in a number: RamBlock0, RamBlock1, ...
 *
 * A saved state of a large guest is a million such keys and a few dozen
 * others, so these are kept as numbers: sixteen bytes for each, no name.
 *
 * May include: src/base.
 */
#ifndef CONTAINER_NUMBERED_KEYS_H
#define CONTAINER_NUMBERED_KEYS_H

#include "base/error.h"
#include "base/vector.h"
#include "container/key.h"

#include <stdbool.h>

/* How a family is named; both texts are compared without case. */
struct numbered_family {
	const char *parent;	/* path of the node that holds the keys, "" for the root */
	const char *prefix;	/* what stands before the number */
	const char *suffix;	/* what stands behind it */
};

enum numbered_state {
	NUMBERED_MISSING,
	NUMBERED_ARRAY,		/* bytes, as every family here should have */
	NUMBERED_OTHER_TYPE,	/* of another type; an ordinary key holds its value */
	NUMBERED_BROKEN		/* its file object is missing, or smaller than the key says */
};

struct numbered_value {
	uint64_t offset;	/* of the value's first byte in the container's contents */
	uint32_t size;		/* bytes */
	uint8_t state;		/* enum numbered_state */
	bool in_file_object;
};

struct numbered_keys {
	struct numbered_value *run;	/* keys 0 to run_count - 1, none missing */
	size_t run_count;
	struct vector others;		/* of struct numbered_other: those behind the first gap, sorted */
};

struct numbered_other {
	uint64_t number;
	struct numbered_value value;
};

/*
 * A key while the container is being read.  Of several with one number the one
 * inserted first is in force, and of those the first in the file.
 */
struct numbered_candidate {
	uint64_t number;
	struct numbered_value value;
	uint32_t insertion_sequence;
	uint32_t parent_offset;
	uint32_t position;		/* of the entry in its table */
	uint16_t table;
	uint16_t parent_table;
};

/*
 * True if name (length bytes) is prefix, a decimal number in its shortest
 * form, suffix.
 */
bool numbered_name_matches(const struct numbered_family *family, const char *name, size_t length,
			   uint64_t *number_out);

/*
 * Builds the family from candidates (of struct numbered_candidate, which are
 * sorted in place).  STATUS_OUT_OF_MEMORY.
 */
enum status numbered_keys_build(struct vector *candidates, struct numbered_keys *out,
				struct error *error);
void numbered_keys_fini(struct numbered_keys *keys);

/* An array in the form of any other key's. */
struct key_value numbered_value_as_key(const struct numbered_value *value);

/* The value of a key; its state is NUMBERED_MISSING when there is none. */
struct numbered_value numbered_keys_find(const struct numbered_keys *keys, uint64_t number);

/* Keys in all, and the i-th of them in ascending order. */
size_t numbered_keys_count(const struct numbered_keys *keys);
struct numbered_other numbered_keys_at(const struct numbered_keys *keys, size_t index);

/* The index of the first key whose number is not below number; the count if there is none. */
size_t numbered_keys_lower_bound(const struct numbered_keys *keys, uint64_t number);

#endif
