/* SPDX-License-Identifier: MIT */
#include "locate/names.h"
#include "base/text_encoding.h"

#include <stdint.h>
#include <string.h>

/* Capital letters first to last, every step-th of them, and how far the small ones are. */
struct case_range {
	uint16_t first;
	uint16_t last;
	uint8_t step;
	uint8_t distance;
};

static const struct case_range case_ranges[] = {
	{ 0x0041, 0x005A, 1, 32 },				/* A to Z */
	{ 0x00C0, 0x00D6, 1, 32 }, { 0x00D8, 0x00DE, 1, 32 },	/* Latin-1 */
	{ 0x0100, 0x012E, 2, 1 }, { 0x0132, 0x0136, 2, 1 },	/* Latin Extended-A */
	{ 0x0139, 0x0147, 2, 1 }, { 0x014A, 0x0176, 2, 1 }, { 0x0179, 0x017D, 2, 1 },
	{ 0x0386, 0x0386, 1, 38 }, { 0x0388, 0x038A, 1, 37 },	/* Greek */
	{ 0x038C, 0x038C, 1, 64 }, { 0x038E, 0x038F, 1, 63 },
	{ 0x0391, 0x03A1, 1, 32 }, { 0x03A3, 0x03AB, 1, 32 },
	{ 0x0400, 0x040F, 1, 80 }, { 0x0410, 0x042F, 1, 32 },	/* Cyrillic */
};

static uint32_t small_letter(uint32_t character)
{
	for (size_t i = 0; i < sizeof(case_ranges) / sizeof(case_ranges[0]); i++) {
		const struct case_range *range = &case_ranges[i];

		if (character >= range->first && character <= range->last &&
		    (character - range->first) % range->step == 0)
			return character + range->distance;
	}
	return character;
}

/*
 * Takes a character of one or two bytes, which all letters above have; of
 * longer ones, and of what is no UTF-8, one byte, moved out of the way.
 */
static uint32_t take_character(const char **text)
{
	const uint8_t *bytes = (const uint8_t *)*text;

	if (bytes[0] >= 0xC2 && bytes[0] <= 0xDF && (bytes[1] & 0xC0) == 0x80) {
		*text += 2;
		return (bytes[0] & 0x1Fu) << 6 | (bytes[1] & 0x3Fu);
	}
	*text += 1;
	return bytes[0] < 0x80 ? bytes[0] : 0x10000u + bytes[0];
}

bool names_equal_ignore_case(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0') {
		if (small_letter(take_character(&a)) != small_letter(take_character(&b)))
			return false;
	}
	return *a == *b;
}

int names_compare(const char *a, const char *b)
{
	for (size_t i = 0;; i++) {
		unsigned char left = ascii_lower((unsigned char)a[i]);
		unsigned char right = ascii_lower((unsigned char)b[i]);

		if (left != right)
			return left < right ? -1 : 1;
		if (left == '\0')
			return strcmp(a, b);
	}
}

/* ---- GUIDs ------------------------------------------------------------------------- */

static char hexadecimal_upper(char c)
{
	if (c >= 'a' && c <= 'f')
		return (char)(c - 'a' + 'A');
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') ? c : '\0';
}

bool guid_from_text(const char *text, size_t length, char out[GUID_TEXT_SIZE])
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	char guid[GUID_TEXT_SIZE] = "";

	if (length == sizeof(form) + 1 && text[0] == '{' && text[length - 1] == '}') {
		text++;
		length -= 2;
	}
	if (length != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < length; i++) {
		guid[i] = form[i] == '-' ? '-' : hexadecimal_upper(text[i]);
		if (guid[i] == '\0' || (form[i] == '-' && text[i] != '-'))
			return false;
	}
	memcpy(out, guid, GUID_TEXT_SIZE);
	return true;
}
