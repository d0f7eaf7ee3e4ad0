/* SPDX-License-Identifier: MIT */
/*
 * Which pages of a RAM block can change when one byte of its stored form does.
 *
 * A walk over the records, written from the format's description.
 *
 * May include: nothing of src/.
 */
#ifndef FAULT_RAM_STREAM_MAP_H
#define FAULT_RAM_STREAM_MAP_H

#include <stddef.h>
#include <stdint.h>

struct page_span {
	unsigned first;
	unsigned end;		/* not a part of it; equal to first: no page */
};

/* The pages that the byte at position of the size bytes of an intact block has a say in. */
struct page_span pages_touched_by(const uint8_t *stored, size_t size, size_t position);

#endif
