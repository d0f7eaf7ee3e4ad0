/* SPDX-License-Identifier: MIT */
#include "partition_state_builder.h"

#include <stdlib.h>
#include <string.h>

void put_u16(uint8_t *to, uint16_t value)
{
	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
}

void put_u32(uint8_t *to, uint32_t value)
{
	put_u16(to, (uint16_t)value);
	put_u16(to + 2, (uint16_t)(value >> 16));
}

void put_u64(uint8_t *to, uint64_t value)
{
	put_u32(to, (uint32_t)value);
	put_u32(to + 4, (uint32_t)(value >> 32));
}

void blob_start(struct blob *blob)
{
	memset(blob, 0, sizeof(*blob));
	put_u64(blob->bytes, 24);
	put_u64(blob->bytes + 8, 24);
	blob->size = 40;
}

uint8_t *blob_chunk(struct blob *blob, uint32_t id, const void *bytes, size_t size)
{
	uint8_t *header = blob->bytes + blob->size;

	if (size + 16 > BLOB_CAPACITY - blob->size)
		abort();
	put_u32(header, id);
	put_u32(header + 4, (uint32_t)size);
	if (bytes != NULL)
		memcpy(header + 16, bytes, size);
	blob->size += 16 + size;
	put_u64(blob->bytes + 16, blob->size);
	return header + 16;
}

void blob_prolog(struct blob *blob, uint32_t vendor)
{
	uint8_t *payload = blob_chunk(blob, 0x00000000, NULL, 4064);

	memcpy(payload, "udTP", 4);
	put_u32(payload + 8, vendor);
}

void blob_os_id(struct blob *blob, uint64_t id)
{
	put_u64(blob_chunk(blob, 0x20001000, NULL, 16), id);
}

void blob_partition_vtl(struct blob *blob, uint8_t vtl)
{
	blob_chunk(blob, 0x20008000, NULL, 16)[0] = vtl;
}

void blob_vp_indices(struct blob *blob, uint64_t bitmap)
{
	put_u64(blob_chunk(blob, 0x30000000, NULL, 12) + 4, bitmap);
}

void blob_vp(struct blob *blob, uint32_t index)
{
	put_u32(blob_chunk(blob, 0x30001000, NULL, 16), index);
}

void blob_vp_vtl(struct blob *blob, uint8_t vtl)
{
	blob_chunk(blob, 0x3001A000, NULL, 16)[0] = vtl;
}

void blob_control_page(struct blob *blob, uint8_t runnable)
{
	blob_chunk(blob, 0x30018000, NULL, 32)[24] = runnable;
}

void blob_end(struct blob *blob)
{
	blob_chunk(blob, 0xF0000000, NULL, 0);
}

void blob_general(struct blob *blob, uint64_t rax)
{
	put_u64(blob_chunk(blob, 0x30005000, NULL, 144), rax);
}

void blob_control(struct blob *blob, uint64_t cr3, uint64_t cr4, uint64_t efer)
{
	uint8_t *payload = blob_chunk(blob, 0x30007000, NULL, 48);

	put_u64(payload + 16, cr3);
	put_u64(payload + 24, cr4);
	put_u64(payload + 40, efer);
}

void blob_segment(struct blob *blob, uint16_t cs_attributes, uint16_t ss_attributes)
{
	uint8_t *payload = blob_chunk(blob, 0x30009000, NULL, 144);

	put_u16(payload + 30, cs_attributes);
	put_u16(payload + 46, ss_attributes);
}

void blob_start_single_vp(struct blob *blob)
{
	blob_start(blob);
	blob_vp_indices(blob, 1);
	blob_vp(blob, 0);
}
