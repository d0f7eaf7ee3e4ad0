/* SPDX-License-Identifier: MIT */
#include "guest/symbol_path.h"
#include "base/bytes.h"
#include "base/text.h"
#include "base/text_encoding.h"
#include "platform/directory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void symbol_path_key(const uint8_t *guid, uint32_t age, char key[SYMBOL_KEY_SIZE])
{
	int length = snprintf(key, SYMBOL_KEY_SIZE, "%08" PRIX32 "%04X%04X", load_le32(guid),
			      load_le16(guid + 4), load_le16(guid + 6));

	for (int i = 8; i < 16; i++)
		length += snprintf(key + length, SYMBOL_KEY_SIZE - (size_t)length, "%02X",
				   guid[i]);
	snprintf(key + length, SYMBOL_KEY_SIZE - (size_t)length, "%" PRIX32, age);
}

struct search {
	const char *pdb_name;
	char key[SYMBOL_KEY_SIZE];
	const struct symbol_path_listener *listener;
	bool found;
};

/* folder/a/b/c, where a to c may be NULL from some point on; NULL without memory. */
static char *join_parts(const char *folder, const char *a, const char *b, const char *c)
{
	const char *parts[] = { a, b, c };
	char *path = path_join(folder, a);

	for (size_t i = 1; i < 3 && path != NULL && parts[i] != NULL; i++) {
		char *longer = path_join(path, parts[i]);

		free(path);
		path = longer;
	}
	return path;
}

static enum status try_folder(struct search *search, const char *folder, struct error *error)
{
	char *plain = join_parts(folder, search->pdb_name, NULL, NULL);
	char *store = join_parts(folder, search->pdb_name, search->key, search->pdb_name);
	const struct symbol_path_listener *listener = search->listener;
	enum status status = STATUS_OK;

	if (plain == NULL || store == NULL)
		status = error_out_of_memory(error, "a symbol path");
	else
		search->found = listener->try_file(listener->context, plain) ||
				listener->try_file(listener->context, store);
	free(store);
	free(plain);
	return status;
}

/* The folder itself, then the one below it where symbols are often gathered. */
static enum status try_place(struct search *search, const char *folder, struct error *error)
{
	enum status status = try_folder(search, folder, error);
	char *symbols;

	if (status != STATUS_OK || search->found)
		return status;
	symbols = path_join(folder, "symbols");
	if (symbols == NULL)
		return error_out_of_memory(error, "a symbol path");
	status = try_folder(search, symbols, error);
	free(symbols);
	return status;
}

static bool starts_with(const char *text, const char *start)
{
	for (; *start != '\0'; text++, start++)
		if (ascii_lower((unsigned char)*text) != (unsigned char)*start)
			return false;
	return true;
}

static void report(const struct search *search, const char *what, const char *place)
{
	char message[ERROR_TEXT_SIZE];

	if (search->listener->report == NULL)
		return;
	snprintf(message, sizeof(message), "%s: %.400s", what, place);
	search->listener->report(search->listener->context, message);
}

/* One folder or server; an empty one stands for a default that only Windows has. */
static enum status try_part(struct search *search, const char *part, struct error *error)
{
	if (part[0] == '\0') {
		report(search, "skipped, no folder is given", "(default symbol store)");
		return STATUS_OK;
	}
	if (starts_with(part, "http://") || starts_with(part, "https://")) {
		report(search, "skipped, symbols are not downloaded", part);
		return STATUS_OK;
	}
	return try_place(search, part, error);
}

/*
 * Cuts text at the first separator and returns what follows, NULL when there
 * is none.
 */
static char *cut(char *text, char separator)
{
	char *end = strchr(text, separator);

	if (end == NULL)
		return NULL;
	*end = '\0';
	return end + 1;
}

/* The parts of a place that is more than a folder, NULL for one that is not. */
static char *store_parts(char *place)
{
	if (starts_with(place, "srv*"))
		return place + strlen("srv*");
	if (starts_with(place, "cache*"))
		return place + strlen("cache*");
	/* The next part is the name of the library that would do the download. */
	if (starts_with(place, "symsrv*")) {
		char *library = place + strlen("symsrv*");
		char *parts = cut(library, '*');

		return parts != NULL ? parts : library + strlen(library);
	}
	return NULL;
}

/* Blanks around a place are not part of it. */
static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length > 0 && strchr(" \t", text[length - 1]) != NULL)
		text[--length] = '\0';
	return text;
}

static enum status search_place(struct search *search, char *place, struct error *error)
{
	enum status status = STATUS_OK;
	char *parts;

	place = trim(place);
	if (place[0] == '\0')
		return STATUS_OK;
	parts = store_parts(place);
	if (parts == NULL)
		return try_part(search, place, error);
	while (parts != NULL && status == STATUS_OK && !search->found) {
		char *rest = cut(parts, '*');

		status = try_part(search, trim(parts), error);
		parts = rest;
	}
	return status;
}

/* The name comes from guest memory: it must not lead out of the folders of the path. */
static const char *searchable_name(const char *path)
{
	const char *name = path_file_name(path);

	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ? "" : name;
}

enum status symbol_path_search(const char *path, const char *pdb_name, const uint8_t *guid,
			       uint32_t age, const struct symbol_path_listener *listener,
			       struct error *error)
{
	struct search search = { .pdb_name = searchable_name(pdb_name), .listener = listener };
	enum status status = STATUS_OK;
	char *copy, *place;

	if (search.pdb_name[0] == '\0')
		return error_set(error, STATUS_INVALID_ARGUMENT,
				 "'%.200s' is not the name of a PDB", pdb_name);
	symbol_path_key(guid, age, search.key);
	copy = text_copy(path);
	if (copy == NULL)
		return error_out_of_memory(error, "a symbol path");
	for (place = copy; place != NULL && status == STATUS_OK && !search.found;) {
		char *rest = cut(place, ';');

		status = search_place(&search, place, error);
		place = rest;
	}
	free(copy);
	if (status == STATUS_OK && !search.found)
		return error_set(error, STATUS_SYMBOL_NOT_FOUND,
				 "no matching %.200s (%s) in the symbol path", search.pdb_name,
				 search.key);
	return status;
}
