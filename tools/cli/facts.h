/* SPDX-License-Identifier: MIT */
/*
 * What `info` tells of a saved state, gathered before any of it is shown.
 *
 * May include: tools/cli, the public headers.
 */
#ifndef CLI_FACTS_H
#define CLI_FACTS_H

#include <stdbool.h>
#include <vmsavedstatedump_ext.h>

#include "exit_code.h"
#include "memory_ranges.h"
#include "saved_state.h"

struct vp_facts {
	UINT32 index;
	bool described;			/* false: nothing of the rest is known */
	bool is_arm64;
	VIRTUAL_PROCESSOR_ARCH architecture;
	PAGING_MODE paging_mode;
	VMSAVEDSTATE_PAGING_FORM paging_form;
	BOOL in_kernel;
	UINT32 privilege;		/* CPL, or on ARM64 the exception level */
	UINT8 active_vtl;
	UINT32 enabled_vtls;		/* a bit for each */
	BOOL in_nested_guest;
	UINT64 program_counter;
	UINT64 roots[2];		/* CR3; on ARM64 TTBR0_EL1 and TTBR1_EL1 */
};

struct state_facts {
	VMSAVEDSTATE_INFO info;
	UINT32 enabled_vtls;
	GUEST_OS_INFO guest_os[HIGHEST_VTL + 1];	/* of the VTLs that are enabled */
	BOOL nested_virtualization;
	struct memory_ranges chunks;	/* sorted */
	struct memory_ranges holes;
	bool memory_readable;		/* false: the library does not know how it is kept */
	struct vp_facts *vps;		/* info.VpCount of them */
};

/* Says what is wrong when it fails; nothing is to be freed then. */
enum exit_code facts_gather(const struct saved_state *state, struct state_facts *out);
void facts_free(struct state_facts *facts);

#endif
