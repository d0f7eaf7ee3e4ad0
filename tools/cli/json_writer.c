/* SPDX-License-Identifier: MIT */
#include "json_writer.h"

#include <float.h>
#include <inttypes.h>

#include "utf8.h"

static void write_escaped(FILE *out, const char *text)
{
	size_t length;

	fputc('"', out);
	for (; *text != '\0'; text += length) {
		uint32_t character = utf8_next(text, &length);

		if (character == '"' || character == '\\')
			fprintf(out, "\\%c", *text);
		else if (character == UTF8_INVALID)
			fprintf(out, "\\uDC%02X", (unsigned char)*text);
		else if (character < 0x20 || (character >= 0x7F && character < 0xA0) ||
			 (character >= 0xD800 && character < 0xE000))
			fprintf(out, "\\u%04X", (unsigned)character);
		else
			fwrite(text, 1, length, out);
	}
	fputc('"', out);
}

static void begin_value(struct json_writer *json, const char *name)
{
	if (json->any[json->depth])
		fputc(',', json->out);
	json->any[json->depth] = true;
	if (json->depth > 0)
		fprintf(json->out, "\n%*s", (int)(2 * json->depth), "");
	if (name != NULL) {
		write_escaped(json->out, name);
		fputs(": ", json->out);
	}
}

static void open_container(struct json_writer *json, const char *name, char opener, char closer)
{
	begin_value(json, name);
	fputc(opener, json->out);
	json->closers[json->depth++] = closer;
	json->any[json->depth] = false;
}

void json_begin(struct json_writer *json, FILE *out)
{
	*json = (struct json_writer){ .out = out };
	json_object_begin(json, NULL);
}

void json_end(struct json_writer *json)
{
	while (json->depth > 0)
		json_close(json);
	fputc('\n', json->out);
}

void json_object_begin(struct json_writer *json, const char *name)
{
	open_container(json, name, '{', '}');
}

void json_array_begin(struct json_writer *json, const char *name)
{
	open_container(json, name, '[', ']');
}

void json_close(struct json_writer *json)
{
	bool any = json->any[json->depth--];

	if (any)
		fprintf(json->out, "\n%*s", (int)(2 * json->depth), "");
	fputc(json->closers[json->depth], json->out);
}

void json_null(struct json_writer *json, const char *name)
{
	begin_value(json, name);
	fputs("null", json->out);
}

void json_boolean(struct json_writer *json, const char *name, bool value)
{
	begin_value(json, name);
	fputs(value ? "true" : "false", json->out);
}

void json_number(struct json_writer *json, const char *name, uint64_t value)
{
	begin_value(json, name);
	fprintf(json->out, "%" PRIu64, value);
}

void json_signed(struct json_writer *json, const char *name, int64_t value)
{
	begin_value(json, name);
	fprintf(json->out, "%" PRId64, value);
}

void json_real(struct json_writer *json, const char *name, double value)
{
	if (!(value >= -DBL_MAX && value <= DBL_MAX)) {
		json_null(json, name);
		return;
	}
	begin_value(json, name);
	fprintf(json->out, "%.17g", value);
}

void json_text(struct json_writer *json, const char *name, const char *value)
{
	if (value == NULL) {
		json_null(json, name);
		return;
	}
	begin_value(json, name);
	write_escaped(json->out, value);
}

void json_hex(struct json_writer *json, const char *name, uint64_t value, unsigned digits)
{
	begin_value(json, name);
	fprintf(json->out, "\"0x%0*" PRIX64 "\"", (int)digits, value);
}

void json_bytes_begin(struct json_writer *json, const char *name)
{
	begin_value(json, name);
	fputc('"', json->out);
}

void json_bytes_part(struct json_writer *json, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		fprintf(json->out, "%02x", bytes[i]);
}

void json_bytes_end(struct json_writer *json)
{
	fputc('"', json->out);
}
