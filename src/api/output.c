/* SPDX-License-Identifier: MIT */
#include "api/output.h"

#include <string.h>

/* No structure will ever be larger: a StructSize that is was never set. */
enum { LARGEST_STRUCTURE = 64 << 10 };

static UINT32 size_of(const void *structure)
{
	UINT32 size;

	memcpy(&size, structure, sizeof(size));
	return size;
}

bool output_has_room(struct call *call, const void *structure, size_t first_version_size)
{
	if (call_lacks(call, structure, "the structure to be filled"))
		return false;
	if (size_of(structure) < first_version_size)
		call_wrong_argument(call, "StructSize is smaller than that of the structure");
	else if (size_of(structure) > LARGEST_STRUCTURE)
		call_wrong_argument(call, "StructSize is above 64 KiB, as if it had not been set");
	return call->status == STATUS_OK;
}

bool input_is_known(const void *structure, size_t known_size)
{
	const uint8_t *bytes = structure;
	UINT32 size = size_of(structure);

	if (size < known_size || size > LARGEST_STRUCTURE)
		return false;
	for (size_t i = known_size; i < size; i++) {
		if (bytes[i] != 0)
			return false;
	}
	return true;
}

void output_write(void *structure, const void *from, size_t size)
{
	UINT32 room = size_of(structure);
	size_t copied = size < room ? size : room;

	memcpy((uint8_t *)structure + sizeof(room), (const uint8_t *)from + sizeof(room),
	       copied - sizeof(room));
	memset((uint8_t *)structure + copied, 0, room - copied);
}
