/* SPDX-License-Identifier: MIT */
#include "fault/image_mutator.h"
#include "fault/hvs_image.h"
#include "fault/packed_image.h"

#include <stdlib.h>
#include <string.h>

enum { PARTS_MAX = 512 };

struct mutation {
	struct bytes *image;
	uint64_t random;
	struct hvs_part parts[PARTS_MAX];
	size_t part_count;
};

static uint64_t next_random(struct mutation *mutation)
{
	mutation->random ^= mutation->random << 13;
	mutation->random ^= mutation->random >> 7;
	mutation->random ^= mutation->random << 17;
	return mutation->random;
}

static size_t below(struct mutation *mutation, size_t limit)
{
	return limit != 0 ? (size_t)(next_random(mutation) % limit) : 0;
}

static struct hvs_part *any_part(struct mutation *mutation)
{
	return &mutation->parts[below(mutation, mutation->part_count)];
}

/* Numbers that fields of a container are likely to be compared with. */
static uint64_t telling_number(struct mutation *mutation, uint64_t before)
{
	static const uint64_t numbers[] = {
		0, 1, 2, 20, 21, 22, 0xFF, 0x100, 4095, 4096, 8192, 0xFFFF, 0x10000, 0xFFFFF,
		0x100000, 0x100001, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX - 4095,
		UINT64_MAX
	};
	const struct hvs_part *part = any_part(mutation);

	switch (below(mutation, 8)) {
	case 0:
		return before + 1;
	case 1:
		return before - 1;
	case 2:
		return before ^ (uint64_t)1 << below(mutation, 32);
	case 3:
		return part->offset;
	case 4:
		return part->offset % 4096;
	case 5:
		return part->size + below(mutation, 3) - 1;
	case 6:
		return next_random(mutation);
	default:
		return numbers[below(mutation, sizeof(numbers) / sizeof(numbers[0]))];
	}
}

static void change_field(struct mutation *mutation)
{
	static const size_t widths[] = { 1, 1, 2, 4, 4, 8 };
	const struct hvs_part *part = any_part(mutation);
	size_t width = widths[below(mutation, 6)];
	size_t reach = part->size < 80 ? part->size : 80;
	uint8_t *field;

	if (reach < width)
		return;
	field = mutation->image->start + part->offset + below(mutation, reach - width + 1);
	image_store(field, width, telling_number(mutation, image_load(field, width)));
}

static void scramble(struct mutation *mutation)
{
	const struct hvs_part *part = any_part(mutation);
	size_t start = below(mutation, part->size < 2048 ? part->size : 2048);
	size_t size = part->size - start;

	if (size > 512)
		size = 512;
	if (size != 0 && LLVMFuzzerMutate != NULL)
		LLVMFuzzerMutate(mutation->image->start + part->offset + start, size, size);
}

static void copy_part(struct mutation *mutation)
{
	const struct hvs_part *from = any_part(mutation);
	const struct hvs_part *to = any_part(mutation);
	size_t size = from->size < to->size ? from->size : to->size;

	memmove(mutation->image->start + to->offset, mutation->image->start + from->offset, size);
}

static void change_size(struct mutation *mutation)
{
	struct bytes *image = mutation->image;
	const struct hvs_part *part = any_part(mutation);
	size_t size = part->offset + below(mutation, part->size + 1);
	uint8_t *resized;

	if (below(mutation, 4) == 0)
		size = image->size + 1 + below(mutation, 8192);
	if (size == 0 || size > PACKED_IMAGE_MAX)
		return;
	resized = realloc(image->start, size);
	if (resized == NULL)
		abort();
	if (size > image->size)
		memset(resized + image->size, 0, size - image->size);
	image->start = resized;
	image->size = size;
}

static void mutate_once(struct mutation *mutation)
{
	mutation->part_count = hvs_image_parts(mutation->image->start, mutation->image->size,
					       mutation->parts, PARTS_MAX);
	if (mutation->part_count == 0) {
		size_t size = mutation->image->size < 4096 ? mutation->image->size : 4096;

		if (size != 0 && LLVMFuzzerMutate != NULL)
			LLVMFuzzerMutate(mutation->image->start, size, size);
		return;
	}
	switch (below(mutation, 16)) {
	case 0:
		change_size(mutation);
		break;
	case 1:
	case 2:
		copy_part(mutation);
		break;
	case 3:
	case 4:
	case 5:
	case 6:
		scramble(mutation);
		break;
	default:
		change_field(mutation);
		break;
	}
}

void image_mutate(struct bytes *image, unsigned seed)
{
	struct mutation mutation = { .image = image };
	size_t changes;

	mutation.random = 0x9E3779B97F4A7C15u ^ ((uint64_t)seed << 20 | 1);
	next_random(&mutation);
	changes = 1 + below(&mutation, 4);
	for (size_t i = 0; i < changes; i++)
		mutate_once(&mutation);
	if (below(&mutation, 16) != 0)
		hvs_image_repair(image->start, image->size);
}

size_t packed_image_mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct bytes image = image_unpack(data, size);
	size_t packed;

	image_mutate(&image, seed);
	packed = image_pack(image, data, max_size);
	bytes_free(&image);
	return packed != 0 ? packed : size;
}
