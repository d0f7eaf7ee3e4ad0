/* SPDX-License-Identifier: MIT */
#include "numbers.h"

#include <stddef.h>
#include <string.h>

static int digit_of(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	if (character >= 'A' && character <= 'F')
		return character - 'A' + 10;
	return 16;
}

static bool parse_digits(const char *text, size_t length, unsigned base, uint64_t *out)
{
	uint64_t value = 0;
	bool any = false;

	for (size_t i = 0; i < length; i++) {
		unsigned digit = (unsigned)digit_of(text[i]);

		if (base == 16 && text[i] == '`')
			continue;
		if (digit >= base || value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
		any = true;
	}
	if (any)
		*out = value;
	return any;
}

static bool parse_plain_number(const char *text, size_t length, uint64_t *out)
{
	if (length > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return parse_digits(text + 2, length - 2, 16, out);
	if (memchr(text, '`', length) != NULL)
		return parse_digits(text, length, 16, out);
	return parse_digits(text, length, 10, out);
}

/* The power of two that a suffix stands for, 0 for none. */
static unsigned shift_of(char suffix)
{
	static const char suffixes[] = "KMGT";
	const char *found;

	if (suffix >= 'a' && suffix <= 'z')
		suffix = (char)(suffix - 'a' + 'A');
	found = suffix == '\0' ? NULL : strchr(suffixes, suffix);
	return found == NULL ? 0 : 10 * (unsigned)(found - suffixes + 1);
}

bool parse_number(const char *text, uint64_t *out)
{
	size_t length = strlen(text);
	unsigned shift = length == 0 ? 0 : shift_of(text[length - 1]);
	uint64_t value;

	if (!parse_plain_number(text, shift == 0 ? length : length - 1, &value) ||
	    value > UINT64_MAX >> shift)
		return false;
	*out = value << shift;
	return true;
}
