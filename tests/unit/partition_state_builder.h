/* SPDX-License-Identifier: MIT */
/*
 * Composes partition states byte by byte, with literal ids and offsets: it
 * shares no constant with the code under test.
 *
 * May include: nothing of src/.
 */
#ifndef PARTITION_STATE_BUILDER_H
#define PARTITION_STATE_BUILDER_H

#include <stddef.h>
#include <stdint.h>

enum { BLOB_CAPACITY = 32 * 1024 };

struct blob {
	uint8_t bytes[BLOB_CAPACITY];
	size_t size;
};

/* The envelope of Microsoft's writer: descriptor and header of 24 bytes, then a gap of 16. */
void blob_start(struct blob *blob);

/* A chunk whose payload is bytes (NULL: zeros).  Returns the payload, to be filled in. */
uint8_t *blob_chunk(struct blob *blob, uint32_t id, const void *bytes, size_t size);

void blob_prolog(struct blob *blob, uint32_t vendor);
void blob_os_id(struct blob *blob, uint64_t id);
void blob_partition_vtl(struct blob *blob, uint8_t vtl);
void blob_vp_indices(struct blob *blob, uint64_t bitmap);
void blob_vp(struct blob *blob, uint32_t index);
void blob_vp_vtl(struct blob *blob, uint8_t vtl);
void blob_control_page(struct blob *blob, uint8_t runnable);
void blob_end(struct blob *blob);

/* Register chunks of their full size; what is not given is zero. */
void blob_general(struct blob *blob, uint64_t rax);
void blob_control(struct blob *blob, uint64_t cr3, uint64_t cr4, uint64_t efer);
void blob_segment(struct blob *blob, uint16_t cs_attributes, uint16_t ss_attributes);

/* Start, one VP marker with index 0 in a list of one; the caller goes on with its registers. */
void blob_start_single_vp(struct blob *blob);

void put_u16(uint8_t *to, uint16_t value);
void put_u32(uint8_t *to, uint32_t value);
void put_u64(uint8_t *to, uint64_t value);

#endif
