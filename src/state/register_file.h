/* SPDX-License-Identifier: MIT */
/*
 * The registers of one VP in one VTL, as the saved state stores them.
 *
 * A register file does not copy anything: it remembers where the bytes of each
 * chunk are, and a field is read only if it lies wholly inside its chunk.  A
 * field outside a short chunk, or of a chunk that is absent, reads zero.
 *
 * May include: src/base.
 */
#ifndef STATE_REGISTER_FILE_H
#define STATE_REGISTER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chunk_bytes {
	const uint8_t *bytes;	/* NULL: the chunk is absent */
	size_t size;
};

enum { REGISTER_FILE_CHUNKS = 16 };

/* All zero is a register file in which every register reads zero. */
struct register_file {
	struct chunk_bytes chunks[REGISTER_FILE_CHUNKS];
};

/*
 * Remembers a chunk, in place of an earlier one of the same id.  bytes must
 * outlive the file.  A chunk without a meaning for a VTL is ignored.
 */
void register_file_put(struct register_file *file, uint32_t chunk_id, const uint8_t *bytes,
		       size_t size);

/* The chunk as it was put; bytes is NULL if it is absent or of an id that is not kept. */
struct chunk_bytes register_file_chunk(const struct register_file *file, uint32_t chunk_id);

/* Copies size bytes at offset of a chunk, or zeros. */
void register_file_copy(const struct register_file *file, uint32_t chunk_id, size_t offset,
			size_t size, uint8_t *out);

#endif
