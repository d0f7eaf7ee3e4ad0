/* SPDX-License-Identifier: MIT */
#include "utf8.h"

#include <stdbool.h>
#include <stdlib.h>

/* How many bytes the first one announces; 0 for one that cannot be the first. */
static size_t announced_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xC2 && first < 0xE0)
		return 2;
	if (first >= 0xE0 && first < 0xF0)
		return 3;
	if (first >= 0xF0 && first < 0xF5)
		return 4;
	return 0;
}

uint32_t utf8_next(const char *text, size_t *length_out)
{
	static const unsigned char payload_of_first[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)text[0];
	size_t length = announced_length(first);
	uint32_t character = first & payload_of_first[length];

	*length_out = 1;
	if (length == 0)
		return UTF8_INVALID;
	for (size_t i = 1; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if ((byte & 0xC0) != 0x80)
			return UTF8_INVALID;
		character = character << 6 | (byte & 0x3F);
	}
	if (character < smallest[length] || character > 0x10FFFF)
		return UTF8_INVALID;
	*length_out = length;
	return character;
}

static char *put_character(char *to, uint32_t character)
{
	if (character < 0x80) {
		*to++ = (char)character;
		return to;
	}
	if (character < 0x800) {
		*to++ = (char)(0xC0 | character >> 6);
	} else {
		if (character < 0x10000) {
			*to++ = (char)(0xE0 | character >> 12);
		} else {
			*to++ = (char)(0xF0 | character >> 18);
			*to++ = (char)(0x80 | (character >> 12 & 0x3F));
		}
		*to++ = (char)(0x80 | (character >> 6 & 0x3F));
	}
	*to++ = (char)(0x80 | (character & 0x3F));
	return to;
}

static uint32_t unit_at(const uint8_t *bytes, size_t index)
{
	return (uint32_t)bytes[2 * index] | (uint32_t)bytes[2 * index + 1] << 8;
}

static bool is_pair(uint32_t high, uint32_t low)
{
	return high >= 0xD800 && high < 0xDC00 && low >= 0xDC00 && low < 0xE000;
}

char *utf8_from_utf16(const uint8_t *bytes, size_t size)
{
	size_t count = size / 2;
	char *text = malloc(count * 3 + 1);
	char *to = text;

	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		uint32_t character = unit_at(bytes, i);

		if (character == 0)
			break;
		if (i + 1 < count && is_pair(character, unit_at(bytes, i + 1))) {
			character = 0x10000 + ((character - 0xD800) << 10) +
				    (unit_at(bytes, i + 1) - 0xDC00);
			i++;
		}
		to = put_character(to, character);
	}
	*to = '\0';
	return text;
}
