/* SPDX-License-Identifier: MIT */
#include "state/virtual_processor.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define CR4_PAE			(UINT64_C(1) << 5)
#define EFER_LME		(UINT64_C(1) << 8)
#define SCTLR_M			UINT64_C(1)
#define SPSR_MODE		UINT64_C(0xF)

enum {
	ATTRIBUTE_DPL = 0x0060,
	ATTRIBUTE_LONG = 0x2000,
};

enum status vp_open_vtl(struct virtual_processor *vp, uint8_t vtl, struct error *error)
{
	if (vp->vtls[vtl] == NULL)
		vp->vtls[vtl] = malloc(sizeof(*vp->vtls[vtl]));
	if (vp->vtls[vtl] == NULL)
		return error_out_of_memory(error, "the registers of a VP");
	memset(vp->vtls[vtl], 0, sizeof(*vp->vtls[vtl]));
	return STATUS_OK;
}

enum status vp_finish_nested(struct virtual_processor *vp, struct error *error)
{
	enum status status;

	vp->runs_nested_guest = vp->nested_base.size > 0 && vp->nested_base.bytes[0] != 0;
	status = nested_host_check(vp->vendor, vp->runs_nested_guest, vp->nested_vmcs, error);
	if (status != STATUS_OK)
		return error_prefix(error, status, "VP %u", (unsigned)vp->index);
	if (!vp->runs_nested_guest)
		return STATUS_OK;
	vp->nested_host = malloc(sizeof(*vp->nested_host));
	if (vp->nested_host == NULL)
		return error_out_of_memory(error, "the registers of a nested host");
	nested_host_fill(vp->nested_host, vp->vendor, vp->nested_vmcs);
	return STATUS_OK;
}

void vp_close(struct virtual_processor *vp)
{
	for (size_t vtl = 0; vtl < VTL_COUNT; vtl++)
		free(vp->vtls[vtl]);
	free(vp->nested_host);
}

static bool is_arm64(const struct virtual_processor *vp)
{
	return vp->vendor == PROCESSOR_ARM;
}

/* The saved registers of the active VTL, or NULL. */
static const struct register_file *saved_registers(const struct virtual_processor *vp,
						   const struct vp_overrides *forced)
{
	return vp->vtls[vp_active_vtl(vp, forced)];
}

/* The registers that answer questions, or NULL. */
static const struct register_file *active_registers(const struct virtual_processor *vp,
						    const struct vp_overrides *forced)
{
	if (forced->nested_host_forced)
		return &vp->nested_host->registers;
	return saved_registers(vp, forced);
}

static uint64_t read_64(const struct virtual_processor *vp, const struct register_file *file,
			enum register_id id)
{
	uint8_t value[REGISTER_VALUE_SIZE];

	register_read(file, is_arm64(vp), id, value);
	return load_le64(value);
}

static uint16_t segment_attributes(const struct register_file *file, enum register_id id)
{
	uint8_t value[REGISTER_VALUE_SIZE];

	register_read(file, false, id, value);
	return load_le16(value + 14);
}

static enum status not_enabled(const struct virtual_processor *vp, uint32_t vtl,
			       struct error *error)
{
	return error_set(error, STATUS_VTL_NOT_ENABLED,
			 "the saved state holds no registers of VTL %u of VP %u", (unsigned)vtl,
			 (unsigned)vp->index);
}

uint8_t vp_active_vtl(const struct virtual_processor *vp, const struct vp_overrides *forced)
{
	return forced->active_vtl_forced ? forced->active_vtl : vp->active_vtl;
}

bool vp_active_vtl_enabled(const struct virtual_processor *vp, const struct vp_overrides *forced)
{
	return saved_registers(vp, forced) != NULL;
}

uint32_t vp_enabled_vtls(const struct virtual_processor *vp, const struct vp_overrides *forced)
{
	uint32_t enabled = 1;

	for (uint32_t vtl = 0; vtl < VTL_COUNT; vtl++) {
		if (vp->vtls[vtl] != NULL)
			enabled |= UINT32_C(1) << vtl;
	}
	return enabled | forced->opened_vtls;
}

enum status vp_force_active_vtl(const struct virtual_processor *vp, struct vp_overrides *forced,
				uint32_t vtl, struct error *error)
{
	if (vtl >= VTL_COUNT)
		return error_set(error, STATUS_INVALID_ARGUMENT, "there is no VTL %u",
				 (unsigned)vtl);
	forced->active_vtl_forced = true;
	forced->active_vtl = (uint8_t)vtl;
	if (vp->vtls[vtl] != NULL)
		return STATUS_OK;
	forced->opened_vtls |= UINT32_C(1) << vtl;
	return not_enabled(vp, vtl, error);
}

static const struct vtl_overrides *active_overrides(const struct virtual_processor *vp,
						    const struct vp_overrides *forced)
{
	return &forced->vtls[vp_active_vtl(vp, forced)];
}

uint32_t vp_architecture(const struct virtual_processor *vp, const struct vp_overrides *forced)
{
	const struct vtl_overrides *overrides = active_overrides(vp, forced);
	const struct register_file *file = saved_registers(vp, forced);

	if (overrides->architecture_forced)
		return overrides->architecture;
	if (file == NULL)
		return VP_ARCHITECTURE_UNKNOWN;
	if (is_arm64(vp))
		return VP_ARCHITECTURE_ARM64;
	return (read_64(vp, file, REGISTER_EFER) & EFER_LME) != 0 &&
	       (segment_attributes(file, REGISTER_CS) & ATTRIBUTE_LONG) != 0 ?
		VP_ARCHITECTURE_X64 : VP_ARCHITECTURE_X86;
}

enum status vp_force_architecture(const struct virtual_processor *vp, struct vp_overrides *forced,
				  uint32_t architecture, struct error *error)
{
	struct vtl_overrides *overrides = &forced->vtls[vp_active_vtl(vp, forced)];

	if (is_arm64(vp) && architecture != VP_ARCHITECTURE_ARM64)
		return error_set(error, STATUS_FIXED_ON_ARM64,
				 "VP %u is an ARM64 processor: its architecture cannot be forced",
				 (unsigned)vp->index);
	overrides->architecture_forced = true;
	overrides->architecture = architecture;
	return STATUS_OK;
}

static uint32_t x64_paging_mode(const struct virtual_processor *vp,
				const struct register_file *file)
{
	bool pae = (read_64(vp, file, REGISTER_CR4) & CR4_PAE) != 0;

	if ((read_64(vp, file, REGISTER_EFER) & EFER_LME) != 0)
		return pae ? VP_PAGING_LONG : VP_PAGING_INVALID;
	return pae ? VP_PAGING_PAE : VP_PAGING_32BIT;
}

static uint32_t arm64_paging_mode(const struct virtual_processor *vp,
				  const struct register_file *file)
{
	return (read_64(vp, file, REGISTER_SCTLR_EL1) & SCTLR_M) != 0 ? VP_PAGING_ARM64 :
									VP_PAGING_NONE;
}

uint32_t vp_paging_mode(const struct virtual_processor *vp, const struct vp_overrides *forced)
{
	const struct vtl_overrides *overrides = active_overrides(vp, forced);
	const struct register_file *file = active_registers(vp, forced);

	if (overrides->paging_mode_forced)
		return overrides->paging_mode;
	if (file == NULL)
		return VP_PAGING_INVALID;
	return is_arm64(vp) ? arm64_paging_mode(vp, file) : x64_paging_mode(vp, file);
}

enum status vp_force_paging_mode(const struct virtual_processor *vp, struct vp_overrides *forced,
				 uint32_t paging_mode, struct error *error)
{
	struct vtl_overrides *overrides = &forced->vtls[vp_active_vtl(vp, forced)];

	if (is_arm64(vp))
		return error_set(error, STATUS_FIXED_ON_ARM64,
				 "VP %u is an ARM64 processor: its paging mode cannot be forced",
				 (unsigned)vp->index);
	overrides->paging_mode_forced = true;
	overrides->paging_mode = paging_mode;
	return STATUS_OK;
}

enum status vp_in_kernel_space(const struct virtual_processor *vp,
			       const struct vp_overrides *forced, bool *out, struct error *error)
{
	const struct register_file *file = active_registers(vp, forced);

	if (file == NULL)
		return not_enabled(vp, vp_active_vtl(vp, forced), error);
	if (is_arm64(vp))
		*out = (read_64(vp, file, REGISTER_CPSR) & SPSR_MODE) != 0;
	else
		*out = (segment_attributes(file, REGISTER_SS) & ATTRIBUTE_DPL) == 0;
	return STATUS_OK;
}

bool vp_in_nested_guest(const struct virtual_processor *vp, const struct vp_overrides *forced)
{
	return vp->runs_nested_guest && !forced->nested_host_forced;
}

enum status vp_force_nested_host(const struct virtual_processor *vp, struct vp_overrides *forced,
				 bool host, bool *was_out, struct error *error)
{
	bool was = forced->nested_host_forced;

	if (host && !vp->runs_nested_guest)
		return error_set(error, STATUS_INVALID_ARGUMENT,
				 "VP %u was not running a nested guest", (unsigned)vp->index);
	if (host != was)
		forced->vtls[vp_active_vtl(vp, forced)].paging_mode_forced = false;
	forced->nested_host_forced = host;
	if (was_out != NULL)
		*was_out = was;
	return STATUS_OK;
}

enum status vp_read_register(const struct virtual_processor *vp,
			     const struct vp_overrides *forced, uint32_t id,
			     uint8_t out[REGISTER_VALUE_SIZE], struct error *error)
{
	const struct register_file *file = active_registers(vp, forced);

	if (id >= REGISTER_ID_COUNT)
		return error_set(error, STATUS_INVALID_ARGUMENT, "there is no register with id %u",
				 (unsigned)id);
	if (file == NULL)
		return not_enabled(vp, vp_active_vtl(vp, forced), error);
	register_read(file, is_arm64(vp), id, out);
	return STATUS_OK;
}

enum status vp_read_earlier_register(const struct virtual_processor *vp,
				     const struct vp_overrides *forced, uint32_t architecture,
				     uint32_t earlier_id, uint64_t *out, struct error *error)
{
	bool x64 = architecture == VP_ARCHITECTURE_X64;
	uint8_t value[REGISTER_VALUE_SIZE];
	struct earlier_register earlier;
	enum status status;

	if ((!x64 && architecture != VP_ARCHITECTURE_X86) ||
	    !earlier_register_find(x64, earlier_id, &earlier))
		return error_set(error, STATUS_INVALID_ARGUMENT,
				 "architecture %u has no register with id %u",
				 (unsigned)architecture, (unsigned)earlier_id);
	status = vp_read_register(vp, forced, earlier.id, value, error);
	if (status != STATUS_OK)
		return status;
	if (architecture != vp_architecture(vp, forced))
		return error_set(error, STATUS_INVALID_ARGUMENT,
				 "VP %u runs architecture %u, not %u", (unsigned)vp->index,
				 (unsigned)vp_architecture(vp, forced), (unsigned)architecture);
	*out = earlier.size == 2 ? load_le16(value + earlier.offset) :
				   load_le64(value + earlier.offset);
	return STATUS_OK;
}

enum status vp_read_paging_registers(const struct virtual_processor *vp,
				     const struct vp_overrides *forced,
				     struct vp_paging_registers *out, struct error *error)
{
	const struct register_file *file = active_registers(vp, forced);

	if (file == NULL)
		return not_enabled(vp, vp_active_vtl(vp, forced), error);
	out->architecture = vp_architecture(vp, forced);
	out->paging_mode = vp_paging_mode(vp, forced);
	out->cr0 = read_64(vp, file, REGISTER_CR0);
	out->cr3 = read_64(vp, file, REGISTER_CR3);
	out->cr4 = read_64(vp, file, REGISTER_CR4);
	out->efer = read_64(vp, file, REGISTER_EFER);
	out->sctlr_el1 = read_64(vp, file, REGISTER_SCTLR_EL1);
	out->tcr_el1 = read_64(vp, file, REGISTER_TCR_EL1);
	out->ttbr0_el1 = read_64(vp, file, REGISTER_TTBR0_EL1);
	out->ttbr1_el1 = read_64(vp, file, REGISTER_TTBR1_EL1);
	return STATUS_OK;
}
