/* SPDX-License-Identifier: MIT */
#include "key_editor.h"

#include "fault/hvs_image.h"
#include "test_shim.h"

#include <string.h>

enum { ENTRY_NAME_SIZE = 20, ENTRY_NAME = 21, MOST_PARTS = 1024 };

uint8_t *entry_named(struct bytes *image, const char *name)
{
	static struct hvs_part parts[MOST_PARTS];
	size_t count = hvs_image_parts(image->start, image->size, parts, MOST_PARTS);
	size_t name_size = strlen(name) + 1;
	uint8_t *found = NULL;

	for (size_t i = 0; i < count; i++) {
		uint8_t *entry = image->start + parts[i].offset;

		if (parts[i].kind == PART_KEY_ENTRY && entry[ENTRY_NAME_SIZE] == name_size &&
		    memcmp(entry + ENTRY_NAME, name, name_size) == 0)
			found = entry;
	}
	if (found == NULL)
		fail_msg("there is no key '%s'", name);
	return found;
}

uint8_t *data_of(struct bytes *image, const char *name)
{
	uint8_t *entry = entry_named(image, name);

	return entry + ENTRY_NAME + entry[ENTRY_NAME_SIZE];
}

void rename_key(struct bytes *image, const char *from, const char *to)
{
	assert_int_equal(strlen(from), strlen(to));
	memcpy(entry_named(image, from) + ENTRY_NAME, to, strlen(to));
}

void repair_checksums(struct bytes *image)
{
	hvs_image_repair(image->start, image->size);
}
