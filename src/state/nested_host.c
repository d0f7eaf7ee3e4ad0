/* SPDX-License-Identifier: MIT */
#include "state/nested_host.h"

#include "base/checked.h"
#include "state/chunk_id.h"

#include <string.h>

enum {
	SMALLEST_VMCS = 1056,
	SMALLEST_VMCB = 4320,
};

/* One register of the host: where the VMCS has it and where the register file wants it. */
struct host_field {
	uint16_t source;
	uint32_t chunk_id;
	uint16_t offset;
	uint8_t size;
};

#define RAX(source)		{ source, CHUNK_VP_GP_REGISTERS, 0, 8 }
#define RSP(source)		{ source, CHUNK_VP_GP_REGISTERS, 32, 8 }
#define RIP(source)		{ source, CHUNK_VP_GP_REGISTERS, 128, 8 }
#define RFLAGS(source)		{ source, CHUNK_VP_GP_REGISTERS, 136, 8 }
#define CR0(source)		{ source, CHUNK_VP_CONTROL_REGISTERS, 0, 8 }
#define CR3(source)		{ source, CHUNK_VP_CONTROL_REGISTERS, 16, 8 }
#define CR4(source)		{ source, CHUNK_VP_CONTROL_REGISTERS, 24, 8 }
#define CR8(source)		{ source, CHUNK_VP_CONTROL_REGISTERS, 32, 8 }
#define EFER(source)		{ source, CHUNK_VP_CONTROL_REGISTERS, 40, 8 }
#define ES_SELECTOR(source)	{ source, CHUNK_VP_SEGMENT_REGISTERS, 12, 2 }
#define CS_SELECTOR(source)	{ source, CHUNK_VP_SEGMENT_REGISTERS, 28, 2 }
#define SS_SELECTOR(source)	{ source, CHUNK_VP_SEGMENT_REGISTERS, 44, 2 }
#define DS_SELECTOR(source)	{ source, CHUNK_VP_SEGMENT_REGISTERS, 60, 2 }
#define FS_SELECTOR(source)	{ source, CHUNK_VP_SEGMENT_REGISTERS, 76, 2 }
#define GS_SELECTOR(source)	{ source, CHUNK_VP_SEGMENT_REGISTERS, 92, 2 }
#define TR_SELECTOR(source)	{ source, CHUNK_VP_SEGMENT_REGISTERS, 124, 2 }
#define IDTR_LIMIT(source)	{ source, CHUNK_VP_TABLE_REGISTERS, 6, 2 }
#define IDTR_BASE(source)	{ source, CHUNK_VP_TABLE_REGISTERS, 8, 8 }
#define GDTR_LIMIT(source)	{ source, CHUNK_VP_TABLE_REGISTERS, 22, 2 }
#define GDTR_BASE(source)	{ source, CHUNK_VP_TABLE_REGISTERS, 24, 8 }

/* Exactly the registers that the original answers. */
static const struct host_field vmcs_fields[] = {
	ES_SELECTOR(56), CS_SELECTOR(58), SS_SELECTOR(60), DS_SELECTOR(62), FS_SELECTOR(64),
	GS_SELECTOR(66), TR_SELECTOR(68), EFER(80), CR0(88), CR3(96), CR4(104), RIP(128),
	GDTR_BASE(648), IDTR_BASE(656), RSP(664),
};

static const struct host_field vmcb_fields[] = {
	RIP(4112), RSP(4120), RFLAGS(4128), RAX(4136), ES_SELECTOR(4144), CS_SELECTOR(4160),
	SS_SELECTOR(4176), DS_SELECTOR(4192), GDTR_LIMIT(4212), GDTR_BASE(4216),
	IDTR_LIMIT(4228), IDTR_BASE(4232), EFER(4240), CR0(4248), CR3(4256), CR4(4264), CR8(4272),
};

static bool has_vmcb(uint32_t vendor)
{
	return vendor == PROCESSOR_AMD || vendor == PROCESSOR_HYGON;
}

enum status nested_host_check(uint32_t vendor, bool guest_mode, struct chunk_bytes vmcs,
			      struct error *error)
{
	if (vmcs.bytes == NULL || vendor == PROCESSOR_ARM)
		return STATUS_OK;
	if (has_vmcb(vendor) && vmcs.size < SMALLEST_VMCB)
		return error_set(error, STATUS_CORRUPT_STATE,
				 "the nested VMCB has %zu bytes instead of at least %d", vmcs.size,
				 SMALLEST_VMCB);
	if (!has_vmcb(vendor) && guest_mode && vmcs.size < SMALLEST_VMCS)
		return error_set(error, STATUS_CORRUPT_STATE,
				 "the nested VMCS has %zu bytes instead of at least %d", vmcs.size,
				 SMALLEST_VMCS);
	return STATUS_OK;
}

static uint8_t *host_chunk(struct nested_host *host, uint32_t chunk_id)
{
	switch (chunk_id) {
	case CHUNK_VP_GP_REGISTERS:
		return host->general;
	case CHUNK_VP_CONTROL_REGISTERS:
		return host->control;
	case CHUNK_VP_SEGMENT_REGISTERS:
		return host->segment;
	default:
		return host->table;
	}
}

static void copy_fields(struct nested_host *host, const struct host_field *fields, size_t count,
			struct chunk_bytes vmcs)
{
	for (size_t i = 0; i < count; i++) {
		const struct host_field *field = &fields[i];

		if (range_fits(field->source, field->size, vmcs.size))
			memcpy(host_chunk(host, field->chunk_id) + field->offset,
			       vmcs.bytes + field->source, field->size);
	}
}

void nested_host_fill(struct nested_host *host, uint32_t vendor, struct chunk_bytes vmcs)
{
	struct register_file *file = &host->registers;

	memset(host, 0, sizeof(*host));
	register_file_put(file, CHUNK_VP_GP_REGISTERS, host->general, sizeof(host->general));
	register_file_put(file, CHUNK_VP_CONTROL_REGISTERS, host->control, sizeof(host->control));
	register_file_put(file, CHUNK_VP_SEGMENT_REGISTERS, host->segment, sizeof(host->segment));
	register_file_put(file, CHUNK_VP_TABLE_REGISTERS, host->table, sizeof(host->table));
	if (vmcs.bytes == NULL || vendor == PROCESSOR_ARM)
		return;
	if (has_vmcb(vendor))
		copy_fields(host, vmcb_fields, sizeof(vmcb_fields) / sizeof(vmcb_fields[0]), vmcs);
	else
		copy_fields(host, vmcs_fields, sizeof(vmcs_fields) / sizeof(vmcs_fields[0]), vmcs);
}
