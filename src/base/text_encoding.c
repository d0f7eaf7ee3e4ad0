/* SPDX-License-Identifier: MIT */
#include "base/text_encoding.h"
#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { REPLACEMENT_CHARACTER = 0xFFFD };

typedef uint16_t (*unit_at)(const void *from, size_t index);

static uint16_t little_endian_unit(const void *from, size_t index)
{
	return load_le16((const uint8_t *)from + 2 * index);
}

static uint16_t native_unit(const void *from, size_t index)
{
	return ((const uint16_t *)from)[index];
}

static bool is_high_surrogate(uint32_t unit)
{
	return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low_surrogate(uint32_t unit)
{
	return unit >= 0xDC00 && unit <= 0xDFFF;
}

static size_t put_utf8(char *to, uint32_t code_point)
{
	if (code_point < 0x80) {
		to[0] = (char)code_point;
		return 1;
	}
	if (code_point < 0x800) {
		to[0] = (char)(0xC0 | (code_point >> 6));
		to[1] = (char)(0x80 | (code_point & 0x3F));
		return 2;
	}
	if (code_point < 0x10000) {
		to[0] = (char)(0xE0 | (code_point >> 12));
		to[1] = (char)(0x80 | ((code_point >> 6) & 0x3F));
		to[2] = (char)(0x80 | (code_point & 0x3F));
		return 3;
	}
	to[0] = (char)(0xF0 | (code_point >> 18));
	to[1] = (char)(0x80 | ((code_point >> 12) & 0x3F));
	to[2] = (char)(0x80 | ((code_point >> 6) & 0x3F));
	to[3] = (char)(0x80 | (code_point & 0x3F));
	return 4;
}

static char *convert_to_utf8(const void *from, size_t count, unit_at unit)
{
	size_t length = 0;
	char *text;

	/* A unit yields at most three bytes; a pair yields four. */
	if (count > (SIZE_MAX - 1) / 3)
		return NULL;
	text = malloc(3 * count + 1);
	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		uint32_t code_point = unit(from, i);

		if (is_high_surrogate(code_point) && i + 1 < count &&
		    is_low_surrogate(unit(from, i + 1))) {
			i++;
			code_point = 0x10000 + ((code_point - 0xD800) << 10) +
				     (unit(from, i) - 0xDC00u);
		}
		length += put_utf8(text + length, code_point);
	}
	text[length] = '\0';
	return text;
}

char *utf8_from_utf16le(const void *from, size_t count)
{
	return convert_to_utf8(from, count, little_endian_unit);
}

char *utf8_from_utf16(const uint16_t *from, size_t count)
{
	return convert_to_utf8(from, count, native_unit);
}

/* Bytes that a lead byte announces, itself included; 0 for a byte that cannot lead. */
static size_t sequence_length(uint8_t lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xC2 && lead <= 0xDF)
		return 2;
	if (lead >= 0xE0 && lead <= 0xEF)
		return 3;
	if (lead >= 0xF0 && lead <= 0xF4)
		return 4;
	return 0;
}

/* Decodes one sequence, or one broken byte as U+FFFD; returns the bytes used. */
static size_t take_utf8(const uint8_t *from, uint32_t *code_point)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = sequence_length(from[0]);
	uint32_t value;

	*code_point = REPLACEMENT_CHARACTER;
	if (length == 0)
		return 1;
	if (length == 1) {
		*code_point = from[0];
		return 1;
	}
	value = from[0] & (0x7Fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((from[i] & 0xC0) != 0x80)	/* stops at the NUL too */
			return 1;
		value = (value << 6) | (from[i] & 0x3Fu);
	}
	if (value < smallest[length] || value > 0x10FFFF)
		return 1;
	*code_point = value;
	return length;
}

uint16_t *utf16_from_utf8(const char *from, size_t *count_out)
{
	const uint8_t *bytes = (const uint8_t *)from;
	size_t size = strlen(from);
	size_t count = 0;
	uint16_t *text;

	/* A byte yields at most one unit. */
	if (size > SIZE_MAX / sizeof(*text) - 1)
		return NULL;
	text = malloc((size + 1) * sizeof(*text));
	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < size;) {
		uint32_t code_point;

		i += take_utf8(bytes + i, &code_point);
		if (code_point < 0x10000) {
			text[count++] = (uint16_t)code_point;
			continue;
		}
		code_point -= 0x10000;
		text[count++] = (uint16_t)(0xD800 + (code_point >> 10));
		text[count++] = (uint16_t)(0xDC00 + (code_point & 0x3FF));
	}
	text[count] = 0;
	if (count_out != NULL)
		*count_out = count;
	return text;
}

size_t utf8_cut(const char *text, size_t limit)
{
	while (limit > 0 && ((unsigned char)text[limit] & 0xC0) == 0x80)
		limit--;
	return limit;
}

size_t utf16_length(const uint16_t *text)
{
	size_t length = 0;

	while (text[length] != 0)
		length++;
	return length;
}

unsigned char ascii_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

bool ascii_equal_ignore_case(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++) {
		if (ascii_lower((unsigned char)*a) != ascii_lower((unsigned char)*b))
			return false;
	}
	return *a == *b;
}
