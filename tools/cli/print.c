/* SPDX-License-Identifier: MIT */
#include "print.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "utf8.h"

enum { LABEL_WIDTH = 16, BYTES_A_LINE = 16 };

static bool is_harmless(uint32_t character)
{
	return character >= 0x20 && character != 0x7F &&
	       !(character >= 0x80 && character < 0xA0) &&
	       !(character >= 0xD800 && character < 0xE000) && character != UTF8_INVALID;
}

static void print_safely_part(FILE *out, const char *text, size_t size)
{
	const char *end = text + size;

	while (text < end) {
		size_t length;

		if (is_harmless(utf8_next(text, &length))) {
			fwrite(text, 1, length, out);
		} else {
			for (size_t i = 0; i < length; i++)
				fprintf(out, "\\x%02X", (unsigned char)text[i]);
		}
		text += length;
	}
}

void print_safely(FILE *out, const char *text)
{
	print_safely_part(out, text, strlen(text));
}

void print_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	while (*text != '\0') {
		size_t plain = strcspn(text, "\"\\");

		print_safely_part(out, text, plain);
		text += plain;
		if (*text != '\0')
			fprintf(out, "\\%c", *text++);
	}
	fputc('"', out);
}

void print_label(const char *name)
{
	int printed = name[0] == '\0' ? 0 : printf("%s:", name);

	printf("%*s", printed < LABEL_WIDTH ? LABEL_WIDTH - printed : 1, "");
}

static void print_hex_line(uint64_t address, const uint8_t *bytes, size_t before, size_t count)
{
	char hex[BYTES_A_LINE * 3 + 2];
	char characters[BYTES_A_LINE + 1];
	char *to = hex;

	for (size_t i = 0; i < BYTES_A_LINE; i++) {
		if (i == BYTES_A_LINE / 2)
			*to++ = ' ';
		if (i < before || i >= before + count) {
			to += sprintf(to, "   ");
			characters[i] = ' ';
			continue;
		}
		to += sprintf(to, " %02x", bytes[i - before]);
		characters[i] = bytes[i - before] >= 0x20 && bytes[i - before] < 0x7F ?
				(char)bytes[i - before] : '.';
	}
	characters[BYTES_A_LINE] = '\0';
	printf("%016" PRIx64 " %s  |%s|\n", address, hex, characters);
}

void print_hex_dump(uint64_t address, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		size_t before = (size_t)(address % BYTES_A_LINE);
		size_t count = BYTES_A_LINE - before < size ? BYTES_A_LINE - before : size;

		print_hex_line(address - before, bytes, before, count);
		address += count;
		bytes += count;
		size -= count;
	}
}

const char *size_text(uint64_t size, char text[SIZE_TEXT_SIZE])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	unsigned power = 0;
	uint64_t unit = 1024;

	if (size < 1024) {
		snprintf(text, SIZE_TEXT_SIZE, "%" PRIu64 " byte%s", size, size == 1 ? "" : "s");
		return text;
	}
	while (power + 1 < sizeof(units) / sizeof(units[0]) && size / unit >= 1024) {
		unit *= 1024;
		power++;
	}
	if (size % unit == 0)
		snprintf(text, SIZE_TEXT_SIZE, "%" PRIu64 " %s", size / unit, units[power]);
	else
		snprintf(text, SIZE_TEXT_SIZE, "%.1f %s", (double)size / (double)unit,
			 units[power]);
	return text;
}
