/* SPDX-License-Identifier: MIT */
/*
 * What a container says of a key's value.
 *
 * May include: nothing.
 */
#ifndef CONTAINER_KEY_H
#define CONTAINER_KEY_H

#include <stdbool.h>
#include <stdint.h>

enum key_type {
	KEY_NODE,		/* holds other keys, no value */
	KEY_INT,
	KEY_UINT,
	KEY_DOUBLE,
	KEY_STRING,		/* UTF-16, little-endian */
	KEY_ARRAY,		/* bytes; every value of a legacy container */
	KEY_BOOL
};

struct key_value {
	enum key_type type;
	bool in_file_object;	/* stored apart from its key */
	bool broken;		/* its file object is missing, or smaller than the key says */
	uint64_t offset;	/* of the first byte in the container's contents */
	uint64_t size;		/* bytes, without length prefixes */
	uint64_t scalar;	/* bits of an Int, UInt, Double or Bool */
};

#endif
