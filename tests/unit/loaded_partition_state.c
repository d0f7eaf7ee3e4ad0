/* SPDX-License-Identifier: MIT */
#include "loaded_partition_state.h"

#include "test_shim.h"

#include <string.h>

void load(struct loaded *loaded)
{
	uint32_t count;

	blob_end(&loaded->blob);
	loaded->partition = NULL;
	memset(loaded->vps, 0, sizeof(loaded->vps));
	memset(loaded->forced, 0, sizeof(loaded->forced));
	assert_int_equal(partition_state_parse(loaded->blob.bytes, loaded->blob.size,
					       &loaded->partition, NULL), STATUS_OK);
	count = partition_state_vp_count(loaded->partition);
	for (uint32_t id = 0; id < LOADED_VPS && id < count; id++)
		assert_int_equal(partition_state_vp(loaded->partition, id, &loaded->vps[id], NULL),
				 STATUS_OK);
}

void unload(struct loaded *loaded)
{
	partition_state_free(loaded->partition);
}

uint64_t read_low(const struct loaded *loaded, uint32_t id)
{
	uint8_t value[16];
	uint64_t low = 0;

	assert_int_equal(vp_read_register(loaded->vps[0], &loaded->forced[0], id, value, NULL),
			 STATUS_OK);
	for (unsigned i = 8; i > 0; i--)
		low = low << 8 | value[i - 1];
	return low;
}

uint32_t architecture_of(const struct loaded *loaded, uint32_t vp_id)
{
	return vp_architecture(loaded->vps[vp_id], &loaded->forced[vp_id]);
}

uint32_t paging_mode_of(const struct loaded *loaded, uint32_t vp_id)
{
	return vp_paging_mode(loaded->vps[vp_id], &loaded->forced[vp_id]);
}

bool in_kernel_space(const struct loaded *loaded)
{
	bool answer = false;

	assert_int_equal(vp_in_kernel_space(loaded->vps[0], &loaded->forced[0], &answer, NULL),
			 STATUS_OK);
	return answer;
}
