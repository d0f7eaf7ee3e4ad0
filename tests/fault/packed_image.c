/* SPDX-License-Identifier: MIT */
#include "fault/packed_image.h"
#include "fault/hvs_image.h"

#include <stdlib.h>
#include <string.h>

enum {
	HEAD = 8,
	SHORTEST_REPEAT = 12,
	LONG_REPEAT = 256,	/* long enough not to look for a longer one */
	LONGEST = 0xFFFF
};

static const uint8_t signature[4] = { 'P', 'A', 'C', 'K' };

static struct bytes allocate(size_t size)
{
	struct bytes image = { calloc(size != 0 ? size : 1, 1), size };

	if (image.start == NULL)
		abort();
	return image;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Continues the distance bytes before to over size bytes. */
static void repeat(uint8_t *to, size_t distance, size_t size)
{
	const uint8_t *from = to - distance;

	if (distance == 1) {
		memset(to, *from, size);
		return;
	}
	/* What is there doubles with each step. */
	while (size > 0) {
		size_t part = smaller(size, (size_t)(to - from));

		memcpy(to, from, part);
		to += part;
		size -= part;
	}
}

static void unpack_into(struct bytes *image, const uint8_t *data, size_t size)
{
	size_t at = 0;
	size_t out = 0;

	while (size - at >= 2) {
		size_t literals = smaller((size_t)image_load(data + at, 2), size - at - 2);
		size_t repeats, distance;

		literals = smaller(literals, image->size - out);
		memcpy(image->start + out, data + at + 2, literals);
		at += 2 + literals;
		out += literals;
		if (size - at < 4)
			return;
		repeats = smaller((size_t)image_load(data + at, 2), image->size - out);
		distance = (size_t)image_load(data + at + 2, 2);
		at += 4;
		if (distance == 0 || distance > out)
			return;
		repeat(image->start + out, distance, repeats);
		out += repeats;
	}
}

struct bytes image_unpack(const uint8_t *data, size_t size)
{
	struct bytes image;

	if (size < HEAD || memcmp(data, signature, sizeof(signature)) != 0) {
		image = allocate(size);
		if (size != 0)
			memcpy(image.start, data, size);
		return image;
	}
	image = allocate(smaller((size_t)image_load(data + 4, 4), PACKED_IMAGE_MAX));
	unpack_into(&image, data + HEAD, size - HEAD);
	return image;
}

static bool same_8(const uint8_t *a, const uint8_t *b)
{
	uint64_t first, second;

	memcpy(&first, a, sizeof(first));
	memcpy(&second, b, sizeof(second));
	return first == second;
}

static size_t repeat_length(struct bytes image, size_t at, size_t distance)
{
	size_t limit = smaller(image.size - at, LONGEST);
	const uint8_t *here = image.start + at;
	const uint8_t *before;
	size_t length = 0;

	if (distance > at || limit < SHORTEST_REPEAT)
		return 0;
	before = here - distance;
	/* memcmp() would be libFuzzer's, which watches what is compared. */
	while (limit - length >= 8 && same_8(here + length, before + length))
		length += 8;
	while (length < limit && here[length] == before[length])
		length++;
	return length >= SHORTEST_REPEAT ? length : 0;
}

/* Runs of one byte, the slots of an object table and 8-byte numbers are what repeats. */
static size_t best_repeat(struct bytes image, size_t at, size_t *distance)
{
	static const size_t distances[] = { 1, 18, 8 };
	size_t best = 0;

	for (size_t i = 0; i < sizeof(distances) / sizeof(distances[0]) && best < LONG_REPEAT; i++) {
		size_t length = repeat_length(image, at, distances[i]);

		if (length > best) {
			best = length;
			*distance = distances[i];
		}
	}
	return best;
}

size_t image_pack(struct bytes image, uint8_t *out, size_t limit)
{
	size_t at = 0;
	size_t used = HEAD;

	if (limit < HEAD || image.size > PACKED_IMAGE_MAX)
		return 0;
	memcpy(out, signature, sizeof(signature));
	image_store(out + 4, 4, image.size);
	while (at < image.size) {
		size_t literals = 0, repeats = 0, distance = 0;

		while (at + literals < image.size && literals < LONGEST) {
			repeats = best_repeat(image, at + literals, &distance);
			if (repeats >= SHORTEST_REPEAT)
				break;
			repeats = 0;
			literals++;
		}
		if (literals + 6 > limit - used)
			return 0;
		image_store(out + used, 2, literals);
		memcpy(out + used + 2, image.start + at, literals);
		image_store(out + used + 2 + literals, 2, repeats);
		image_store(out + used + 4 + literals, 2, repeats != 0 ? distance : 1);
		used += 6 + literals;
		at += literals + repeats;
	}
	return used;
}
