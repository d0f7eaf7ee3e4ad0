/* SPDX-License-Identifier: MIT */
/*
 * The partition state: a stream of chunks with the registers of all VPs.
 *
 * The blob is hostile.  It is parsed once into plain structs and then never
 * changes, so that any number of threads may ask it.  The order of chunks has
 * a meaning: VP and VTL markers say to whom the chunks after them belong, and
 * each marker starts its registers from zero.
 *
 * May include: src/base.
 */
#ifndef STATE_PARTITION_STATE_H
#define STATE_PARTITION_STATE_H

#include "base/error.h"
#include "state/virtual_processor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* VP indices run from 0 to 4095. */
enum { VP_LIMIT = 4096 };

struct partition_state;

/*
 * Parses a blob, which may be freed afterwards.  The caller frees *out with
 * partition_state_free.
 *
 * STATUS_CORRUPT_STATE: the blob breaks a rule; the sentence says which, and
 * where.
 * STATUS_ENCRYPTED: its structure is broken and its bytes are noise.
 * STATUS_NO_VP: it is well formed and counts no VP.
 */
enum status partition_state_parse(const uint8_t *blob, size_t size, struct partition_state **out,
				  struct error *error);

/* The state of no VP at all, for a file whose own cannot be read; NULL when memory is short. */
struct partition_state *partition_state_create_empty(void);
void partition_state_free(struct partition_state *state);	/* NULL is fine */

/* Between 1 and VP_LIMIT, or 0 of an empty state; VP ids run from 0 to the count less one. */
uint32_t partition_state_vp_count(const struct partition_state *state);

/* A VP by its id, or STATUS_INVALID_ARGUMENT.  It lives as long as the state. */
enum status partition_state_vp(const struct partition_state *state, uint32_t vp_id,
			       const struct virtual_processor **out, struct error *error);

/* Bit n: the guest enabled VTL n, that is, reported an OS id in it. */
uint32_t partition_state_guest_vtls(const struct partition_state *state);

/* The OS id that the guest reported in a VTL; STATUS_INVALID_ARGUMENT if it did not. */
enum status partition_state_os_id(const struct partition_state *state, uint32_t vtl,
				  uint64_t *out, struct error *error);

/* True if nested virtualization is enabled for any VP. */
bool partition_state_nested_enabled(const struct partition_state *state);

/* enum processor_vendor, or whatever else the file says. */
uint32_t partition_state_vendor(const struct partition_state *state);

/*
 * A chunk as it was saved, for readers of more than registers: MSRs, XSAVE,
 * APIC, MTRR, nested state.  *bytes_out lives as long as the state.
 * STATUS_INVALID_ARGUMENT: no such VP.  STATUS_VTL_NOT_ENABLED: nothing is
 * saved for that VTL.  STATUS_KEY_NOT_FOUND: it has no such chunk.
 */
enum status partition_state_vp_chunk(const struct partition_state *state, uint32_t vp_id,
				     uint32_t vtl, uint32_t chunk_id, const uint8_t **bytes_out,
				     size_t *size_out, struct error *error);

#endif
