/* SPDX-License-Identifier: MIT */
#include "dump/vmcoreinfo.h"
#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NOTE_NAME_SIZE = 11,		/* "VMCOREINFO" with its NUL */
	NOTE_NAME_AT = 12,
	NOTE_TEXT_AT = 24,		/* the name is padded to 12 */
	NOTE_ALIGNMENT = 4
};

static const char note_name[] = "VMCOREINFO";
static const char first_key[] = "OSRELEASE=";

static bool is_note_start(const uint8_t *bytes)
{
	return load_le32(bytes) == NOTE_NAME_SIZE && load_le32(bytes + 8) == 0 &&
	       memcmp(bytes + NOTE_NAME_AT, note_name, sizeof(note_name)) == 0 &&
	       memcmp(bytes + NOTE_TEXT_AT, first_key, sizeof(first_key) - 1) == 0;
}

/* A text is complete when its last line is: what follows up to its size is zero. */
static size_t complete_length(const uint8_t *text, size_t size)
{
	const uint8_t *nul = memchr(text, 0, size);
	size_t length = nul != NULL ? (size_t)(nul - text) : size;

	return length > 0 && text[length - 1] == '\n' ? length : 0;
}

static bool take_note(const uint8_t *note, size_t size, uint64_t gpa, struct vmcoreinfo *found)
{
	size_t text_size = load_le32(note + 4);
	size_t length;

	if (text_size > VMCOREINFO_TEXT_LIMIT || text_size > size - NOTE_TEXT_AT)
		return false;
	length = complete_length(note + NOTE_TEXT_AT, text_size);
	if (length == 0)
		return false;
	found->gpa = gpa;
	found->size = length;
	memcpy(found->text, note + NOTE_TEXT_AT, length);
	found->text[length] = '\0';
	return true;
}

bool vmcoreinfo_find(const uint8_t *bytes, size_t size, uint64_t gpa, struct vmcoreinfo *found)
{
	const size_t least = NOTE_TEXT_AT + sizeof(first_key) - 1;

	for (size_t at = 0; found->size == 0 && size >= least && at <= size - least;
	     at += NOTE_ALIGNMENT) {
		if (bytes[at] != NOTE_NAME_SIZE || !is_note_start(bytes + at))
			continue;
		take_note(bytes + at, size - at, gpa + at, found);
	}
	return found->size != 0;
}

/* The text behind "KEY(name)=", or NULL. */
static const char *value_of(const struct vmcoreinfo *info, const char *key, const char *name)
{
	char line[80];
	int length = snprintf(line, sizeof(line), "\n%s(%s)=", key, name);
	const char *found;

	if (length < 0 || (size_t)length >= sizeof(line))
		return NULL;
	found = strstr(info->text, line);
	return found != NULL ? found + length : NULL;
}

bool vmcoreinfo_symbol(const struct vmcoreinfo *info, const char *name, uint64_t *out)
{
	const char *value = value_of(info, "SYMBOL", name);

	if (value == NULL)
		return false;
	*out = strtoull(value, NULL, 16);
	return true;
}

bool vmcoreinfo_number(const struct vmcoreinfo *info, const char *name, uint64_t *out)
{
	const char *value = value_of(info, "NUMBER", name);

	if (value == NULL)
		return false;
	/* Numbers are decimal and may be negative, or have 0x before them. */
	*out = value[0] == '-' ? (uint64_t)strtoll(value, NULL, 0) : strtoull(value, NULL, 0);
	return true;
}
