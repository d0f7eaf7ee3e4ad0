/* SPDX-License-Identifier: MIT */
#include "partition_state_questions.h"

#include "state/chunk_id.h"
#include "state/guest_os.h"

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void ask_registers(const struct virtual_processor *vp, const struct vp_overrides *forced,
			  enum status expected)
{
	uint32_t architecture = vp_architecture(vp, forced);
	uint8_t value[16];
	uint64_t earlier;

	for (uint32_t id = 0; id < 158; id++)
		require(vp_read_register(vp, forced, id, value, NULL) == expected);
	require(vp_read_register(vp, forced, 158, value, NULL) == STATUS_INVALID_ARGUMENT);
	for (uint32_t id = 0; id <= 80; id++)
		vp_read_earlier_register(vp, forced, architecture, id, &earlier, NULL);
}

static void ask_vp(const struct virtual_processor *vp, const struct vp_overrides *forced)
{
	bool has_registers = vp_active_vtl_enabled(vp, forced) || forced->nested_host_forced;
	enum status expected = has_registers ? STATUS_OK : STATUS_VTL_NOT_ENABLED;
	struct vp_paging_registers paging;
	struct error error;
	bool kernel;

	error_clear(&error);
	require((vp_enabled_vtls(vp, forced) & 1) != 0);
	require(vp_in_kernel_space(vp, forced, &kernel, &error) == expected);
	require(vp_read_paging_registers(vp, forced, &paging, &error) == expected);
	require(!has_registers || paging.paging_mode == vp_paging_mode(vp, forced));
	require(has_registers || error.text[0] != '\0');
	ask_registers(vp, forced, expected);
}

static void ask_vp_in_every_way(const struct virtual_processor *vp)
{
	struct vp_overrides forced;
	bool was;

	memset(&forced, 0, sizeof(forced));
	ask_vp(vp, &forced);
	for (uint32_t vtl = 0; vtl <= 3; vtl++) {
		vp_force_active_vtl(vp, &forced, vtl, NULL);
		ask_vp(vp, &forced);
		vp_force_architecture(vp, &forced, vtl, NULL);
		vp_force_paging_mode(vp, &forced, vtl, NULL);
		ask_vp(vp, &forced);
		if (vp_force_nested_host(vp, &forced, true, &was, NULL) == STATUS_OK) {
			ask_vp(vp, &forced);
			require(vp_force_nested_host(vp, &forced, false, &was, NULL) == STATUS_OK);
			require(was);
		}
	}
}

static void ask_chunks(const struct partition_state *state, uint32_t vp_id)
{
	static const uint32_t ids[] = {
		CHUNK_VP_GP_REGISTERS, CHUNK_VP_VIRTUAL_MSRS, CHUNK_VP_XSAVE_CONTROL,
		CHUNK_VP_NESTED_BASE, CHUNK_VP_NESTED_CURRENT_VMCS, CHUNK_VP
	};
	volatile uint8_t sink = 0;
	const uint8_t *bytes;
	size_t size;

	for (uint32_t vtl = 0; vtl <= 3; vtl++) {
		for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
			if (partition_state_vp_chunk(state, vp_id, vtl, ids[i], &bytes, &size,
						     NULL) == STATUS_OK && size > 0)
				sink = (uint8_t)(bytes[0] ^ bytes[size - 1]);
		}
	}
	(void)sink;
}

static void ask_partition(const struct partition_state *state)
{
	const struct virtual_processor *vp;
	char text[GUEST_OS_TEXT_SIZE];
	uint64_t os_id;

	partition_state_nested_enabled(state);
	partition_state_vendor(state);
	for (uint32_t vtl = 0; vtl < 4; vtl++) {
		bool enabled = (partition_state_guest_vtls(state) >> vtl & 1) != 0;

		if (partition_state_os_id(state, vtl, &os_id, NULL) != STATUS_OK) {
			require(!enabled);
			continue;
		}
		require(enabled);
		guest_os_describe(os_id, text, sizeof(text));
		require(strlen(text) < sizeof(text) - 1);
	}
	require(partition_state_vp(state, partition_state_vp_count(state), &vp, NULL) ==
		STATUS_INVALID_ARGUMENT);
}

void ask_everything(const struct partition_state *state)
{
	uint32_t count = partition_state_vp_count(state);

	require(count >= 1 && count <= 4096);
	ask_partition(state);
	for (uint32_t id = 0; id < count && id < 16; id++) {
		const struct virtual_processor *vp = NULL;

		require(partition_state_vp(state, id, &vp, NULL) == STATUS_OK);
		ask_vp_in_every_way(vp);
		ask_chunks(state, id);
	}
}
