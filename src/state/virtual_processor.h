/* SPDX-License-Identifier: MIT */
/*
 * One virtual processor of a saved state, and every question about it.
 *
 * A VP has up to three virtual trust levels (VTLs), each with registers of its
 * own; nothing is shared between them.  A saved VP never changes.  What a
 * caller forces on it (another VTL, another paging mode) is kept beside it in
 * a struct vp_overrides, which every question takes as well.
 *
 * Threads: questions may be asked by any number at once; a force_ call needs
 * the overrides of its VP to itself.
 *
 * May include: src/base.
 */
#ifndef STATE_VIRTUAL_PROCESSOR_H
#define STATE_VIRTUAL_PROCESSOR_H

#include "base/error.h"
#include "state/nested_host.h"
#include "state/register_file.h"
#include "state/register_table.h"

#include <stdbool.h>
#include <stdint.h>

enum { VTL_COUNT = 3 };

/* Numbers of the public API. */
enum vp_architecture {
	VP_ARCHITECTURE_UNKNOWN,
	VP_ARCHITECTURE_X86,
	VP_ARCHITECTURE_X64,
	VP_ARCHITECTURE_ARM64
};

enum vp_paging_mode {
	VP_PAGING_INVALID,
	VP_PAGING_NONE,
	VP_PAGING_32BIT,
	VP_PAGING_PAE,
	VP_PAGING_LONG,
	VP_PAGING_ARM64
};

struct virtual_processor {
	uint32_t index;			/* the guest's VP index; its id may be lower */
	uint32_t vendor;		/* enum processor_vendor, or another number of the file */
	uint8_t active_vtl;		/* when saved */
	struct register_file *vtls[VTL_COUNT];	/* NULL: nothing was saved for that VTL */

	bool runs_nested_guest;
	struct chunk_bytes nested_base;
	struct chunk_bytes nested_vmcs;
	struct nested_host *nested_host;	/* only if it runs a nested guest */
};

/*
 * Starts the registers of a VTL (below VTL_COUNT) from zero, also if they were
 * there before.
 */
enum status vp_open_vtl(struct virtual_processor *vp, uint8_t vtl, struct error *error);

/* Works out the nested state once all chunks of the VP are known. */
enum status vp_finish_nested(struct virtual_processor *vp, struct error *error);

/* Frees what the VP holds, not the VP itself. */
void vp_close(struct virtual_processor *vp);

struct vtl_overrides {
	bool architecture_forced;
	bool paging_mode_forced;
	uint32_t architecture;
	uint32_t paging_mode;
};

/* All zero: nothing is forced.  A caller keeps one for each VP. */
struct vp_overrides {
	bool active_vtl_forced;
	bool nested_host_forced;
	uint8_t active_vtl;
	uint32_t opened_vtls;		/* bit n: VTL n was forced though nothing is saved for it */
	struct vtl_overrides vtls[VTL_COUNT];
};

/*
 * The VTL that questions are answered for.  One for which nothing is saved can
 * be active: after a refused vp_force_active_vtl, or in a VP that the saved
 * state counts but does not describe.  Then the architecture is unknown, the
 * paging mode invalid, and whatever needs a register fails with
 * STATUS_VTL_NOT_ENABLED.
 */
uint8_t vp_active_vtl(const struct virtual_processor *vp, const struct vp_overrides *forced);
bool vp_active_vtl_enabled(const struct virtual_processor *vp, const struct vp_overrides *forced);

/* Bit n: VTL n.  Bit 0 is always set. */
uint32_t vp_enabled_vtls(const struct virtual_processor *vp, const struct vp_overrides *forced);

/*
 * STATUS_VTL_NOT_ENABLED: nothing is saved for the VTL; as on the original it
 * becomes the active one all the same and its enabled bit is set.
 * STATUS_INVALID_ARGUMENT: there is no such VTL, and nothing changed.
 */
enum status vp_force_active_vtl(const struct virtual_processor *vp, struct vp_overrides *forced,
				uint32_t vtl, struct error *error);

/*
 * The instruction set in use when the VP was saved: x64 only with EFER.LME and
 * a 64-bit code segment.  It stays the guest's in forced nested host mode.  A
 * forced value is answered as it was given, for the active VTL.
 */
uint32_t vp_architecture(const struct virtual_processor *vp, const struct vp_overrides *forced);

/* STATUS_FIXED_ON_ARM64 on ARM64, which cannot run anything else. */
enum status vp_force_architecture(const struct virtual_processor *vp, struct vp_overrides *forced,
				  uint32_t architecture, struct error *error);

/*
 * The original's rule, which compatible answers need: by EFER.LME and CR4.PAE
 * alone, whatever CR0.PG and CR4.LA57 say.  A forced value is answered as it
 * was given, for the active VTL.
 */
uint32_t vp_paging_mode(const struct virtual_processor *vp, const struct vp_overrides *forced);

/* STATUS_FIXED_ON_ARM64 on ARM64. */
enum status vp_force_paging_mode(const struct virtual_processor *vp, struct vp_overrides *forced,
				 uint32_t paging_mode, struct error *error);

/* The original's rule: DPL of SS is 0; on ARM64 the mode bits of SPSR_EL2 are not 0. */
enum status vp_in_kernel_space(const struct virtual_processor *vp,
			       const struct vp_overrides *forced, bool *out, struct error *error);

/* True if the answers are those of a nested guest. */
bool vp_in_nested_guest(const struct virtual_processor *vp, const struct vp_overrides *forced);

/*
 * Answers with the registers of the nested guest's host, or those of the guest
 * again.  A change forgets the active VTL's forced paging mode, which belonged
 * to the other side.  *was_out (may be NULL) is what was forced before.
 * STATUS_INVALID_ARGUMENT: the VP does not run a nested guest.
 */
enum status vp_force_nested_host(const struct virtual_processor *vp, struct vp_overrides *forced,
				 bool host, bool *was_out, struct error *error);

/*
 * A register by its current id.  One that the processor does not have reads
 * zero.  STATUS_INVALID_ARGUMENT: id is REGISTER_ID_COUNT or above.
 */
enum status vp_read_register(const struct virtual_processor *vp,
			     const struct vp_overrides *forced, uint32_t id,
			     uint8_t out[REGISTER_VALUE_SIZE], struct error *error);

/*
 * A register by its id in the earlier numbering of the architecture.
 * STATUS_INVALID_ARGUMENT: no such id, or the architecture is not the one that
 * vp_architecture answers.
 */
enum status vp_read_earlier_register(const struct virtual_processor *vp,
				     const struct vp_overrides *forced, uint32_t architecture,
				     uint32_t earlier_id, uint64_t *out, struct error *error);

/* What a page walk needs to know of a VP. */
struct vp_paging_registers {
	uint32_t architecture;
	uint32_t paging_mode;
	uint64_t cr0;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t efer;
	uint64_t sctlr_el1;
	uint64_t tcr_el1;
	uint64_t ttbr0_el1;
	uint64_t ttbr1_el1;
};

enum status vp_read_paging_registers(const struct virtual_processor *vp,
				     const struct vp_overrides *forced,
				     struct vp_paging_registers *out, struct error *error);

#endif
