/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON, indented, as it is told: values one after the other, each with
 * the name of the member that it is, or NULL in an array.
 *
 * Text may hold anything.  A lone half of a UTF-16 pair is written as the
 * escape \uD8xx to \uDFxx that it is, and a byte that is no UTF-8 as \uDC80 to
 * \uDCFF, where its last two digits are the byte: what Python's
 * "surrogateescape" reads back as that byte.
 *
 * May include: nothing.
 */
#ifndef CLI_JSON_WRITER_H
#define CLI_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_DEEPEST = 16 };

struct json_writer {
	FILE *out;
	unsigned depth;				/* containers that are open */
	char closers[JSON_DEEPEST];		/* of those, the outermost first */
	bool any[JSON_DEEPEST + 1];		/* whether something stands in them already */
};

/* Begins a document; it is an object. */
void json_begin(struct json_writer *json, FILE *out);

/* Ends the document, and whatever a failure has left open. */
void json_end(struct json_writer *json);

void json_object_begin(struct json_writer *json, const char *name);
void json_array_begin(struct json_writer *json, const char *name);
/* Ends the object or array that was begun last. */
void json_close(struct json_writer *json);

void json_null(struct json_writer *json, const char *name);
void json_boolean(struct json_writer *json, const char *name, bool value);
void json_number(struct json_writer *json, const char *name, uint64_t value);
void json_signed(struct json_writer *json, const char *name, int64_t value);
/* Infinities and what is not a number become null. */
void json_real(struct json_writer *json, const char *name, double value);
/* NULL becomes null. */
void json_text(struct json_writer *json, const char *name, const char *value);
/* "0x" and upper-case digits, at least as many as asked for. */
void json_hex(struct json_writer *json, const char *name, uint64_t value, unsigned digits);

/* A text of two lower-case digits for each byte, in as many parts as there are. */
void json_bytes_begin(struct json_writer *json, const char *name);
void json_bytes_part(struct json_writer *json, const uint8_t *bytes, size_t size);
void json_bytes_end(struct json_writer *json);

#endif
