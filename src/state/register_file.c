/* SPDX-License-Identifier: MIT */
#include "state/register_file.h"

#include "base/checked.h"
#include "state/chunk_id.h"

#include <string.h>

static const uint32_t kept_ids[REGISTER_FILE_CHUNKS] = {
	CHUNK_VP_GP_REGISTERS,
	CHUNK_VP_FP_REGISTERS,
	CHUNK_VP_CONTROL_REGISTERS,
	CHUNK_VP_DEBUG_REGISTERS,
	CHUNK_VP_SEGMENT_REGISTERS,
	CHUNK_VP_TABLE_REGISTERS,
	CHUNK_VP_CORE,
	CHUNK_VP_VIRTUAL_MSRS,
	CHUNK_VP_MTRR_PAT,
	CHUNK_VP_XSAVE_CONTROL,
	CHUNK_VP_XSAVE_OLDER,
	CHUNK_VP_XSAVE_STATE,
	CHUNK_VP_SYNIC_APIC_STATE,
	CHUNK_VP_SYNIC_MSRS,
	CHUNK_VP_SYNTHETIC_TIMERS,
	CHUNK_VP_VTL_CONTROL_PAGE,
};

/* REGISTER_FILE_CHUNKS for an id that is not kept. */
static size_t slot_of(uint32_t chunk_id)
{
	size_t slot = 0;

	while (slot < REGISTER_FILE_CHUNKS && kept_ids[slot] != chunk_id)
		slot++;
	return slot;
}

void register_file_put(struct register_file *file, uint32_t chunk_id, const uint8_t *bytes,
		       size_t size)
{
	size_t slot = slot_of(chunk_id);

	if (slot == REGISTER_FILE_CHUNKS)
		return;
	file->chunks[slot].bytes = bytes;
	file->chunks[slot].size = size;
}

struct chunk_bytes register_file_chunk(const struct register_file *file, uint32_t chunk_id)
{
	static const struct chunk_bytes absent = { NULL, 0 };
	size_t slot = slot_of(chunk_id);

	return slot == REGISTER_FILE_CHUNKS ? absent : file->chunks[slot];
}

void register_file_copy(const struct register_file *file, uint32_t chunk_id, size_t offset,
			size_t size, uint8_t *out)
{
	struct chunk_bytes chunk = register_file_chunk(file, chunk_id);

	if (chunk.bytes != NULL && range_fits(offset, size, chunk.size))
		memcpy(out, chunk.bytes + offset, size);
	else
		memset(out, 0, size);
}
