/* SPDX-License-Identifier: MIT */
#include "state/partition_state.h"

#include "base/cursor.h"
#include "state/chunk_id.h"
#include "state/entropy.h"

#include <stdlib.h>
#include <string.h>

enum {
	SMALLEST_ENVELOPE = 24,		/* three lengths, of which only the second matters */
	GAP_BEFORE_CHUNKS = 16,
	CHUNK_HEADER_SIZE = 16,
	SMALLEST_BLOB = SMALLEST_ENVELOPE + GAP_BEFORE_CHUNKS + CHUNK_HEADER_SIZE,
};

enum { VP_BITMAP_SIZE = VP_LIMIT / 8 };

struct partition_state {
	uint8_t *bytes;			/* a copy of the blob, up to its EPILOG */
	size_t size;
	uint32_t vendor;
	uint32_t guest_vtls;
	uint64_t os_ids[VTL_COUNT];
	bool nested_enabled;
	uint32_t vp_count;
	struct virtual_processor *vps;	/* by VP id */
};

struct chunk {
	size_t offset;			/* of its header in the blob */
	uint32_t id;
	const uint8_t *payload;
	size_t size;
};

/* Yields the next chunk, EPILOG included, whose length is ignored. */
static enum status take_chunk(struct cursor *cursor, struct chunk *out, struct error *error)
{
	size_t offset = cursor->position;
	const uint8_t *header;
	const uint8_t *payload;
	uint32_t size;

	if (!cursor_take(cursor, CHUNK_HEADER_SIZE, &header))
		return error_set(error, STATUS_CORRUPT_STATE,
				 "partition state of %zu bytes: cut at offset 0x%zx, where a chunk "
				 "or the end mark should be", cursor->size, offset);
	out->id = load_le32(header);
	size = out->id == CHUNK_EPILOG ? 0 : load_le32(header + 4);
	if (!cursor_take(cursor, size, &payload))
		return error_set(error, STATUS_CORRUPT_STATE,
				 "partition state of %zu bytes: chunk 0x%08X at offset 0x%zx with "
				 "its %u bytes runs past the end", cursor->size, (unsigned)out->id,
				 offset, (unsigned)size);
	out->offset = offset;
	out->payload = payload;
	out->size = size;
	return STATUS_OK;
}

/* Places the cursor on the first chunk. */
static enum status open_envelope(const uint8_t *blob, size_t size, struct cursor *out,
				 struct error *error)
{
	uint64_t header_size;

	if (size < SMALLEST_BLOB)
		return error_set(error, STATUS_CORRUPT_STATE,
				 "partition state: %zu bytes are too few", size);
	header_size = load_le64(blob + 8);
	if (header_size < SMALLEST_ENVELOPE ||
	    header_size > size - GAP_BEFORE_CHUNKS - CHUNK_HEADER_SIZE)
		return error_set(error, STATUS_CORRUPT_STATE,
				 "partition state of %zu bytes: impossible header size 0x%llx",
				 size, (unsigned long long)header_size);
	*out = cursor_over(blob, size);
	cursor_skip(out, (size_t)header_size + GAP_BEFORE_CHUNKS);
	return STATUS_OK;
}

/* Checks that the chunks form a list with an end; *size_out is the size up to that end. */
static enum status check_chunk_list(const uint8_t *blob, size_t size, size_t *size_out,
				    struct error *error)
{
	struct cursor cursor;
	struct chunk chunk;
	enum status status = open_envelope(blob, size, &cursor, error);

	if (status != STATUS_OK)
		return status;
	do {
		status = take_chunk(&cursor, &chunk, error);
		if (status != STATUS_OK)
			return status;
	} while (chunk.id != CHUNK_EPILOG);
	*size_out = cursor.position;
	return STATUS_OK;
}

/* Walks over a list that was checked; false at its end. */
static bool next_chunk(struct cursor *cursor, struct chunk *out)
{
	return take_chunk(cursor, out, NULL) == STATUS_OK && out->id != CHUNK_EPILOG;
}

static struct cursor chunks_of(const struct partition_state *state)
{
	struct cursor cursor = cursor_over(state->bytes, 0);

	open_envelope(state->bytes, state->size, &cursor, NULL);
	return cursor;
}

static enum status bad_chunk(const struct chunk *chunk, const char *what, struct error *error)
{
	return error_set(error, STATUS_CORRUPT_STATE,
			 "partition state: chunk 0x%08X at offset 0x%zx: %s", (unsigned)chunk->id,
			 chunk->offset, what);
}

/*
 * How the VP indices of chunks become VP ids.  The original takes the index as
 * the id and refuses one that is not below the number of VPs; the ids of such
 * a sparse set (0, 1, 2, 70) are the ranks of the indices.
 */
struct numbering {
	bool listed;				/* a VP_INDICES chunk was seen */
	bool sparse;
	uint32_t count;
	uint32_t index_limit;			/* above every index of a VP chunk */
	uint8_t bitmap[VP_BITMAP_SIZE];
	uint16_t ranks[VP_LIMIT];
};

static bool is_listed(const struct numbering *numbering, uint32_t index)
{
	return (numbering->bitmap[index / 8] >> (index % 8) & 1) != 0;
}

static enum status take_vp_indices(struct numbering *numbering, const struct chunk *chunk,
				   struct error *error)
{
	if (numbering->listed)
		return bad_chunk(chunk, "the VPs are listed a second time", error);
	numbering->listed = true;
	for (size_t i = 4; i < chunk->size; i++) {	/* after the index of the boot processor */
		if (i - 4 < VP_BITMAP_SIZE)
			numbering->bitmap[i - 4] = chunk->payload[i];
		else if (chunk->payload[i] != 0)
			return bad_chunk(chunk, "a VP index above 4095", error);
	}
	for (uint32_t index = 0; index < VP_LIMIT; index++) {
		numbering->ranks[index] = (uint16_t)numbering->count;
		if (is_listed(numbering, index))
			numbering->count++;
	}
	return STATUS_OK;
}

static enum status take_vp_index(struct numbering *numbering, const struct chunk *chunk,
				 struct error *error)
{
	uint32_t index;

	if (!numbering->listed)
		return bad_chunk(chunk, "a VP before the list of VPs", error);
	if (chunk->size < sizeof(index))
		return bad_chunk(chunk, "too short for a VP index", error);
	index = load_le32(chunk->payload);
	if (index >= VP_LIMIT)
		return bad_chunk(chunk, "a VP index above 4095", error);
	if (index >= numbering->index_limit)
		numbering->index_limit = index + 1;
	return STATUS_OK;
}

/* First pass over the chunks: what must be known before they can be understood. */
static enum status survey(struct partition_state *state, struct numbering *numbering,
			  struct error *error)
{
	struct cursor cursor = chunks_of(state);
	enum status status = STATUS_OK;
	struct chunk chunk;

	memset(numbering, 0, sizeof(*numbering));
	state->vendor = PROCESSOR_VENDOR_NOT_SAVED;
	while (status == STATUS_OK && next_chunk(&cursor, &chunk)) {
		if (chunk.id == CHUNK_PROLOG && chunk.size >= 12)
			state->vendor = load_le32(chunk.payload + 8);
		else if (chunk.id == CHUNK_VP_INDICES)
			status = take_vp_indices(numbering, &chunk, error);
		else if (chunk.id == CHUNK_VP)
			status = take_vp_index(numbering, &chunk, error);
	}
	if (status != STATUS_OK)
		return status;
	if (!numbering->listed)
		return error_set(error, STATUS_CORRUPT_STATE,
				 "partition state: there is no list of VPs");
	if (numbering->count == 0 && numbering->index_limit != 0)
		return error_set(error, STATUS_CORRUPT_STATE,
				 "partition state: there are VPs, but the list of VPs is empty");
	if (numbering->count == 0)
		return error_set(error, STATUS_NO_VP, "partition state: the list of VPs is empty");
	numbering->sparse = numbering->index_limit > numbering->count;
	return STATUS_OK;
}

static enum status create_vps(struct partition_state *state, const struct numbering *numbering,
			      struct error *error)
{
	state->vps = calloc(numbering->count, sizeof(*state->vps));
	if (state->vps == NULL)
		return error_out_of_memory(error, "the VPs");
	state->vp_count = numbering->count;
	for (uint32_t id = 0; id < state->vp_count; id++) {
		state->vps[id].index = id;
		state->vps[id].vendor = state->vendor;
	}
	if (!numbering->sparse)
		return STATUS_OK;
	for (uint32_t index = 0; index < VP_LIMIT; index++) {
		if (is_listed(numbering, index))
			state->vps[numbering->ranks[index]].index = index;
	}
	return STATUS_OK;
}

/* Second pass: where the markers have led to. */
struct position {
	struct partition_state *state;
	const struct numbering *numbering;
	uint8_t partition_vtl;
	struct virtual_processor *vp;	/* NULL before the first VP chunk */
	uint8_t vtl;
};

static enum status take_vtl(const struct chunk *chunk, uint8_t *out, struct error *error)
{
	if (chunk->size < 1)
		return bad_chunk(chunk, "too short for a VTL", error);
	if (chunk->payload[0] >= VTL_COUNT)
		return bad_chunk(chunk, "a VTL above 2", error);
	*out = chunk->payload[0];
	return STATUS_OK;
}

static enum status enter_vp(struct position *position, const struct chunk *chunk,
			    struct error *error)
{
	const struct numbering *numbering = position->numbering;
	uint32_t index = load_le32(chunk->payload);
	uint32_t id = index;

	if (numbering->sparse) {
		if (!is_listed(numbering, index))
			return bad_chunk(chunk, "a VP that is not in the list of VPs", error);
		id = numbering->ranks[index];
	}
	position->vp = &position->state->vps[id];
	position->vtl = 0;
	return vp_open_vtl(position->vp, 0, error);
}

static enum status enter_vp_vtl(struct position *position, const struct chunk *chunk,
				struct error *error)
{
	enum status status = take_vtl(chunk, &position->vtl, error);

	if (status != STATUS_OK || position->vp == NULL)
		return status;
	return vp_open_vtl(position->vp, position->vtl, error);
}

static void take_os_id(struct position *position, const struct chunk *chunk)
{
	struct partition_state *state = position->state;
	uint8_t vtl = position->partition_vtl;

	state->os_ids[vtl] = chunk->size < 8 ? 0 : load_le64(chunk->payload);
	state->guest_vtls |= UINT32_C(1) << vtl;
}

/*
 * A runnable byte that is set makes the VTL of the last marker the active one.
 * Microsoft's open-source writer puts the page before the markers, where it
 * says no more than VTL 0; back in VTL 0 after a higher one it contradicts
 * itself, and the original refuses it.
 */
static enum status take_vtl_control_page(const struct position *position,
					 const struct chunk *chunk, struct error *error)
{
	enum { RUNNABLE = 24 };
	const struct virtual_processor *vp = position->vp;

	if (chunk->size <= RUNNABLE || chunk->payload[RUNNABLE] == 0)
		return STATUS_OK;
	if (position->vtl == 0 && (vp->vtls[1] != NULL || vp->vtls[2] != NULL))
		return bad_chunk(chunk, "VTL 0 made active after a higher VTL", error);
	if (position->vtl != 0)
		position->vp->active_vtl = position->vtl;
	return STATUS_OK;
}

/* A chunk whose meaning is the VP's, in the VTL of the last marker or as a whole. */
static enum status take_vp_chunk(struct position *position, const struct chunk *chunk,
				 struct error *error)
{
	struct chunk_bytes bytes = { chunk->payload, chunk->size };
	struct virtual_processor *vp = position->vp;
	enum status status = STATUS_OK;

	if (chunk->id == CHUNK_VP_SEGMENT_REGISTERS && position->state->vendor == PROCESSOR_ARM)
		return bad_chunk(chunk, "segment registers of an ARM64 guest", error);
	if (vp == NULL)
		return STATUS_OK;
	if (chunk->id == CHUNK_VP_NESTED_BASE) {
		vp->nested_base = bytes;
		position->state->nested_enabled = true;
	} else if (chunk->id == CHUNK_VP_NESTED_CURRENT_VMCS) {
		vp->nested_vmcs = bytes;
	} else {
		if (chunk->id == CHUNK_VP_VTL_CONTROL_PAGE)
			status = take_vtl_control_page(position, chunk, error);
		register_file_put(vp->vtls[position->vtl], chunk->id, bytes.bytes, bytes.size);
	}
	return status;
}

static enum status take_any_chunk(struct position *position, const struct chunk *chunk,
				  struct error *error)
{
	switch (chunk->id) {
	case CHUNK_PARTITION_VTL:
		return take_vtl(chunk, &position->partition_vtl, error);
	case CHUNK_OS_ID:
		take_os_id(position, chunk);
		return STATUS_OK;
	case CHUNK_VP:
		return enter_vp(position, chunk, error);
	case CHUNK_VP_VTL:
		return enter_vp_vtl(position, chunk, error);
	default:
		return take_vp_chunk(position, chunk, error);
	}
}

static enum status fill(struct partition_state *state, const struct numbering *numbering,
			struct error *error)
{
	struct position position = { state, numbering, 0, NULL, 0 };
	struct cursor cursor = chunks_of(state);
	enum status status = create_vps(state, numbering, error);
	struct chunk chunk;

	while (status == STATUS_OK && next_chunk(&cursor, &chunk))
		status = take_any_chunk(&position, &chunk, error);
	for (uint32_t id = 0; status == STATUS_OK && id < state->vp_count; id++)
		status = vp_finish_nested(&state->vps[id], error);
	return status;
}

static enum status create_copy(const uint8_t *blob, size_t size, struct partition_state **out,
			       struct error *error)
{
	struct partition_state *state = calloc(1, sizeof(*state));

	if (state == NULL)
		return error_out_of_memory(error, "the partition state");
	state->bytes = malloc(size);
	if (state->bytes == NULL) {
		free(state);
		return error_out_of_memory(error, "the partition state");
	}
	memcpy(state->bytes, blob, size);
	state->size = size;
	*out = state;
	return STATUS_OK;
}

enum status partition_state_parse(const uint8_t *blob, size_t size, struct partition_state **out,
				  struct error *error)
{
	struct partition_state *state = NULL;
	struct numbering numbering;
	size_t size_to_end = 0;
	enum status status;

	status = check_chunk_list(blob, size, &size_to_end, error);
	if (status != STATUS_OK && looks_encrypted(blob, size))
		return error_set(error, STATUS_ENCRYPTED,
				 "partition state: its %zu bytes are noise, so it looks encrypted",
				 size);
	if (status == STATUS_OK)
		status = create_copy(blob, size_to_end, &state, error);
	if (status == STATUS_OK)
		status = survey(state, &numbering, error);
	if (status == STATUS_OK)
		status = fill(state, &numbering, error);
	if (status != STATUS_OK) {
		partition_state_free(state);
		return status;
	}
	*out = state;
	return STATUS_OK;
}

struct partition_state *partition_state_create_empty(void)
{
	struct partition_state *state = calloc(1, sizeof(*state));

	if (state != NULL)
		state->vendor = PROCESSOR_VENDOR_NOT_SAVED;
	return state;
}

void partition_state_free(struct partition_state *state)
{
	if (state == NULL)
		return;
	for (uint32_t id = 0; id < state->vp_count; id++)
		vp_close(&state->vps[id]);
	free(state->vps);
	free(state->bytes);
	free(state);
}

uint32_t partition_state_vp_count(const struct partition_state *state)
{
	return state->vp_count;
}

enum status partition_state_vp(const struct partition_state *state, uint32_t vp_id,
			       const struct virtual_processor **out, struct error *error)
{
	if (vp_id >= state->vp_count)
		return error_set(error, STATUS_INVALID_ARGUMENT,
				 "there is no VP %u: the saved state has %u", (unsigned)vp_id,
				 (unsigned)state->vp_count);
	*out = &state->vps[vp_id];
	return STATUS_OK;
}

uint32_t partition_state_guest_vtls(const struct partition_state *state)
{
	return state->guest_vtls;
}

enum status partition_state_os_id(const struct partition_state *state, uint32_t vtl,
				  uint64_t *out, struct error *error)
{
	if (vtl >= VTL_COUNT || (state->guest_vtls >> vtl & 1) == 0)
		return error_set(error, STATUS_INVALID_ARGUMENT,
				 "the guest reported no OS id in VTL %u", (unsigned)vtl);
	*out = state->os_ids[vtl];
	return STATUS_OK;
}

bool partition_state_nested_enabled(const struct partition_state *state)
{
	return state->nested_enabled;
}

uint32_t partition_state_vendor(const struct partition_state *state)
{
	return state->vendor;
}

static struct chunk_bytes find_vp_chunk(const struct virtual_processor *vp, uint32_t vtl,
					uint32_t chunk_id)
{
	switch (chunk_id) {
	case CHUNK_VP_NESTED_BASE:
		return vp->nested_base;
	case CHUNK_VP_NESTED_CURRENT_VMCS:
		return vp->nested_vmcs;
	default:
		return register_file_chunk(vp->vtls[vtl], chunk_id);
	}
}

enum status partition_state_vp_chunk(const struct partition_state *state, uint32_t vp_id,
				     uint32_t vtl, uint32_t chunk_id, const uint8_t **bytes_out,
				     size_t *size_out, struct error *error)
{
	const struct virtual_processor *vp = NULL;
	struct chunk_bytes chunk;
	enum status status = partition_state_vp(state, vp_id, &vp, error);

	if (status != STATUS_OK)
		return status;
	if (vtl >= VTL_COUNT || vp->vtls[vtl] == NULL)
		return error_set(error, STATUS_VTL_NOT_ENABLED,
				 "the saved state holds nothing of VTL %u of VP %u", (unsigned)vtl,
				 (unsigned)vp_id);
	chunk = find_vp_chunk(vp, vtl, chunk_id);
	if (chunk.bytes == NULL)
		return error_set(error, STATUS_KEY_NOT_FOUND,
				 "VTL %u of VP %u has no chunk 0x%08X", (unsigned)vtl,
				 (unsigned)vp_id, (unsigned)chunk_id);
	*bytes_out = chunk.bytes;
	*size_out = chunk.size;
	return STATUS_OK;
}
