/* SPDX-License-Identifier: MIT */
#include "text_builder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

static bool make_room(struct text_builder *builder, size_t length)
{
	size_t room = builder->room == 0 ? 4096 : builder->room;
	char *text;

	if (builder->room - builder->length > length)
		return true;
	while (room - builder->length <= length) {
		if (room > SIZE_MAX / 2)
			return false;
		room *= 2;
	}
	text = realloc(builder->text, room);
	if (text == NULL)
		return false;
	builder->text = text;
	builder->room = room;
	return true;
}

static void add_bytes(struct text_builder *builder, const char *bytes, size_t length)
{
	if (builder->failed || !make_room(builder, length)) {
		builder->failed = true;
		return;
	}
	memcpy(builder->text + builder->length, bytes, length);
	builder->length += length;
	builder->text[builder->length] = '\0';
}

void text_add(struct text_builder *builder, const char *format, ...)
{
	char piece[TEXT_PIECE_SIZE];
	va_list list;

	va_start(list, format);
	vsnprintf(piece, sizeof(piece), format, list);
	va_end(list);
	add_bytes(builder, piece, strlen(piece));
}

static bool xml_has(uint32_t character)
{
	return character != UTF8_INVALID && character != 0xFFFE && character != 0xFFFF &&
	       !(character >= 0xD800 && character < 0xE000) && character >= 0x20 &&
	       !(character >= 0x7F && character < 0xA0);
}

void text_add_xml(struct text_builder *builder, const char *text)
{
	while (*text != '\0') {
		size_t length;
		uint32_t character = utf8_next(text, &length);

		if (character == '&')
			text_add(builder, "&amp;");
		else if (character == '<')
			text_add(builder, "&lt;");
		else if (character == '>')
			text_add(builder, "&gt;");
		else if (character == '"')
			text_add(builder, "&quot;");
		else if (xml_has(character))
			add_bytes(builder, text, length);
		else
			for (size_t i = 0; i < length; i++)
				text_add(builder, "\\x%02X", (unsigned char)text[i]);
		text += length;
	}
}
