/* SPDX-License-Identifier: MIT */
#include "locate/xml_reader.h"
#include "base/text.h"
#include "base/text_encoding.h"

#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 32, PATH_LIMIT = 1024 };

struct xml {
	const char *text;		/* the document, NUL-terminated */
	const char *at;
	char path[PATH_LIMIT];
	size_t path_length;
	size_t ends[DEEPEST];		/* length of the path without each open element */
	unsigned depth;
	bool has_child;			/* of the element that was closed or opened last */
	char *content;			/* of the innermost element; room for the document */
	size_t content_length;
	xml_visitor visit;
	void *context;
	struct error *error;
};

/* ---- the bytes as UTF-8 ------------------------------------------------------------ */

static char *text_of_utf16(const uint8_t *bytes, size_t size, bool is_big_endian)
{
	uint8_t *swapped;
	char *text;

	if (!is_big_endian)
		return utf8_from_utf16le(bytes, size / 2);
	swapped = malloc(size + 1);
	if (swapped == NULL)
		return NULL;
	for (size_t i = 0; i + 1 < size; i += 2) {
		swapped[i] = bytes[i + 1];
		swapped[i + 1] = bytes[i];
	}
	text = utf8_from_utf16le(swapped, size / 2);
	free(swapped);
	return text;
}

static char *text_of_document(const uint8_t *bytes, size_t size)
{
	if (size >= 2 && bytes[0] == 0xFF && bytes[1] == 0xFE)
		return text_of_utf16(bytes + 2, size - 2, false);
	if (size >= 2 && bytes[0] == 0xFE && bytes[1] == 0xFF)
		return text_of_utf16(bytes + 2, size - 2, true);
	if (size >= 2 && bytes[0] == '<' && bytes[1] == 0)
		return text_of_utf16(bytes, size, false);
	if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
		return text_copy_part((const char *)bytes + 3, size - 3);
	return text_copy_part((const char *)bytes, size);
}

/* ---- text -------------------------------------------------------------------------- */

static enum status broken(const struct xml *xml, const char *what)
{
	return error_set(xml->error, STATUS_CORRUPT, "XML: %s at character %zu", what,
			 (size_t)(xml->at - xml->text));
}

static size_t utf8_of(uint32_t character, char bytes[4])
{
	static const uint8_t lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
	size_t length = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;

	for (size_t i = length; i-- > 1; character >>= 6)
		bytes[i] = (char)(0x80 | (character & 0x3F));
	bytes[0] = (char)(lead[length] | character);
	return length;
}

/* The character of "#65" or "#x41"; 0 for anything else. */
static uint32_t numeric_reference(const char *name, size_t length)
{
	unsigned base = length > 1 && name[1] == 'x' ? 16 : 10;
	uint32_t value = 0;

	for (size_t i = base == 16 ? 2 : 1; i < length; i++) {
		unsigned char c = ascii_lower((unsigned char)name[i]);
		unsigned digit = c >= '0' && c <= '9' ? c - (unsigned)'0' :
				 c >= 'a' && c <= 'f' ? c - (unsigned)'a' + 10 : 16;

		if (digit >= base || value > 0x10FFFF)
			return 0;
		value = value * base + digit;
	}
	return value <= 0x10FFFF ? value : 0;
}

static uint32_t reference(const char *name, size_t length)
{
	static const struct {
		const char *name;
		char character;
	} known[] = { { "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' },
		      { "apos", '\'' } };

	if (length > 1 && name[0] == '#')
		return numeric_reference(name, length);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].name) == length && memcmp(known[i].name, name, length) == 0)
			return (uint32_t)known[i].character;
	}
	return 0;
}

/* Takes text up to the next '<' or the end. */
static enum status take_text(struct xml *xml)
{
	while (*xml->at != '<' && *xml->at != '\0') {
		size_t length;
		uint32_t character;

		if (*xml->at != '&') {
			xml->content[xml->content_length++] = *xml->at++;
			continue;
		}
		length = strcspn(xml->at, ";<");
		character = xml->at[length] == ';' ? reference(xml->at + 1, length - 1) : 0;
		if (character == 0)
			return broken(xml, "an unknown reference");
		/* No reference is shorter than the character it stands for. */
		xml->content_length += utf8_of(character, xml->content + xml->content_length);
		xml->at += length + 1;
	}
	return STATUS_OK;
}

/* ---- elements ---------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static enum status open_element(struct xml *xml, const char *name, size_t length)
{
	if (length == 0)
		return broken(xml, "an element without a name");
	if (xml->depth == DEEPEST || length + 2 > PATH_LIMIT - xml->path_length)
		return broken(xml, "elements nested too deep");
	xml->ends[xml->depth++] = xml->path_length;
	xml->path[xml->path_length++] = '/';
	memcpy(xml->path + xml->path_length, name, length);
	xml->path_length += length;
	xml->path[xml->path_length] = '\0';
	xml->content_length = 0;
	xml->has_child = false;
	return STATUS_OK;
}

/* Closes the innermost element; *go_on becomes false when the visitor has had enough. */
static void close_element(struct xml *xml, bool *go_on)
{
	xml->content[xml->content_length] = '\0';
	if (!xml->has_child)
		*go_on = xml->visit(xml->context, xml->path, xml->content);
	xml->path_length = xml->ends[--xml->depth];
	xml->path[xml->path_length] = '\0';
	xml->content_length = 0;
	xml->has_child = true;
}

/* Steps over attributes to the '>'; *is_empty for "/>". */
static enum status skip_attributes(struct xml *xml, bool *is_empty)
{
	char quote = '\0';

	*is_empty = false;
	for (; *xml->at != '\0'; xml->at++) {
		if (quote != '\0') {
			quote = *xml->at == quote ? '\0' : quote;
		} else if (*xml->at == '"' || *xml->at == '\'') {
			quote = *xml->at;
		} else if (*xml->at == '>') {
			*is_empty = xml->at[-1] == '/';
			xml->at++;
			return STATUS_OK;
		}
	}
	return broken(xml, "a tag without an end");
}

static enum status take_end_tag(struct xml *xml, bool *go_on)
{
	size_t length = strcspn(xml->at, "> \t\r\n");
	const char *name = xml->depth > 0 ? xml->path + xml->ends[xml->depth - 1] + 1 : "";
	bool is_empty;

	if (xml->depth == 0 || strlen(name) != length || memcmp(name, xml->at, length) != 0)
		return broken(xml, "an end of another element");
	close_element(xml, go_on);
	return skip_attributes(xml, &is_empty);
}

static enum status take_start_tag(struct xml *xml, bool *go_on)
{
	const char *name = xml->at;
	size_t length = 0;
	bool is_empty;
	enum status status;

	while (name[length] != '\0' && !is_blank(name[length]) && name[length] != '>' &&
	       name[length] != '/')
		length++;
	status = open_element(xml, name, length);
	xml->at += length;
	if (status == STATUS_OK)
		status = skip_attributes(xml, &is_empty);
	if (status == STATUS_OK && is_empty)
		close_element(xml, go_on);
	return status;
}

static enum status skip_to(struct xml *xml, const char *end)
{
	const char *found = strstr(xml->at, end);

	if (found == NULL)
		return broken(xml, "a comment or declaration without an end");
	xml->at = found + strlen(end);
	return STATUS_OK;
}

/* Takes what begins with '<'. */
static enum status take_markup(struct xml *xml, bool *go_on)
{
	if (strncmp(xml->at, "<?", 2) == 0)
		return skip_to(xml, "?>");
	if (strncmp(xml->at, "<!--", 4) == 0)
		return skip_to(xml, "-->");
	if (strncmp(xml->at, "<!", 2) == 0)
		return broken(xml, "a document type or a section, which Hyper-V does not write,");
	if (strncmp(xml->at, "</", 2) == 0) {
		xml->at += 2;
		return take_end_tag(xml, go_on);
	}
	xml->at++;
	return take_start_tag(xml, go_on);
}

static enum status read_document(struct xml *xml)
{
	bool go_on = true, any = false;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && go_on && *xml->at != '\0') {
		status = take_text(xml);
		if (status == STATUS_OK && *xml->at == '<') {
			status = take_markup(xml, &go_on);
			any = any || xml->depth > 0 || xml->has_child;
		}
	}
	if (status == STATUS_OK && go_on && (!any || xml->depth > 0))
		return broken(xml, "no element, or one without an end,");
	return status;
}

enum status xml_read(const uint8_t *bytes, size_t size, xml_visitor visit, void *context,
		     struct error *error)
{
	char *text = text_of_document(bytes, size);
	struct xml *xml = calloc(1, sizeof(*xml));
	char *content = text != NULL ? malloc(strlen(text) + 1) : NULL;
	enum status status;

	if (text == NULL || xml == NULL || content == NULL) {
		status = error_out_of_memory(error, "a configuration file");
	} else {
		xml->text = text;
		xml->at = text;
		xml->content = content;
		xml->visit = visit;
		xml->context = context;
		xml->error = error;
		status = read_document(xml);
	}
	free(content);
	free(xml);
	free(text);
	return status;
}
