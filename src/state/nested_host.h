/* SPDX-License-Identifier: MIT */
/*
 * The L1 host behind a VP that was saved while it ran a nested (L2) guest.
 *
 * The saved registers of such a VP are the nested guest's.  Those of its host,
 * which the next VM exit would load, stand in a chunk with the current VMCS
 * (Intel, in the form of Hyper-V's enlightened VMCS) or VMCB (AMD).  Only some
 * registers are there; all others read zero.
 *
 * May include: src/base.
 */
#ifndef STATE_NESTED_HOST_H
#define STATE_NESTED_HOST_H

#include "base/error.h"
#include "state/register_file.h"

#include <stdbool.h>

/* As the saved state numbers them. */
enum processor_vendor {
	PROCESSOR_AMD = 0,
	PROCESSOR_INTEL = 1,
	PROCESSOR_HYGON = 2,
	PROCESSOR_ARM = 0x10
};

/* A vendor of our own for a saved state that names none. */
#define PROCESSOR_VENDOR_NOT_SAVED UINT32_MAX

/* Not to be copied: registers points into it. */
struct nested_host {
	struct register_file registers;
	uint8_t general[144];
	uint8_t control[48];
	uint8_t segment[144];
	uint8_t table[32];
};

/*
 * Checks the size of a VMCS or VMCB chunk.  A blob with one that is too short
 * kills the original: STATUS_CORRUPT_STATE.
 */
enum status nested_host_check(uint32_t vendor, bool guest_mode, struct chunk_bytes vmcs,
			      struct error *error);

/* Fills a host from its chunk; an absent chunk leaves every register zero. */
void nested_host_fill(struct nested_host *host, uint32_t vendor, struct chunk_bytes vmcs);

#endif
