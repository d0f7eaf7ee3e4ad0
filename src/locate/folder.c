/* SPDX-License-Identifier: MIT */
#include "locate/folder.h"
#include "base/text.h"
#include "base/text_encoding.h"
#include "locate/names.h"
#include "platform/directory.h"

#include <string.h>

struct listing {
	struct folder *folder;
	bool is_short_of_memory;
};

static bool add_entry(void *context, const struct directory_entry *found)
{
	struct listing *listing = context;
	char *name = text_copy(found->name);
	struct folder_entry *entry =
		name != NULL ? vector_extend(&listing->folder->entries, 1, sizeof(*entry)) : NULL;

	if (entry == NULL) {
		free(name);
		listing->is_short_of_memory = true;
		return false;
	}
	entry->name = name;
	entry->is_directory = found->is_directory;
	return true;
}

static int compare_entries(const void *a, const void *b)
{
	return names_compare(((const struct folder_entry *)a)->name,
			     ((const struct folder_entry *)b)->name);
}

enum status folder_open(const char *path, struct folder *out, struct error *error)
{
	struct folder folder = { .path = text_copy(path) };
	struct listing listing = { &folder, folder.path == NULL };
	enum status status = STATUS_OK;

	if (!listing.is_short_of_memory)
		status = directory_list(path, add_entry, &listing, error);
	if (listing.is_short_of_memory)
		status = error_out_of_memory(error, "the list of a folder");
	if (status != STATUS_OK) {
		folder_close(&folder);
		return status;
	}
	if (folder.entries.count > 0)
		qsort(folder.entries.items, folder.entries.count, sizeof(struct folder_entry),
		      compare_entries);
	*out = folder;
	return STATUS_OK;
}

void folder_close(struct folder *folder)
{
	struct folder_entry *entries = folder->entries.items;

	for (size_t i = 0; i < folder->entries.count; i++)
		free(entries[i].name);
	vector_free(&folder->entries);
	free(folder->path);
	folder->path = NULL;
}

static int compare_without_case(const char *a, const char *b)
{
	while (*a != '\0' && ascii_lower((unsigned char)*a) == ascii_lower((unsigned char)*b)) {
		a++;
		b++;
	}
	return ascii_lower((unsigned char)*a) - ascii_lower((unsigned char)*b);
}

/* The first entry that does not come before the name. */
static size_t lower_bound(const struct folder *folder, const char *name)
{
	const struct folder_entry *entries = folder->entries.items;
	size_t low = 0, high = folder->entries.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_without_case(entries[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct folder_entry *folder_find(const struct folder *folder, const char *name,
				       bool is_directory)
{
	const struct folder_entry *entries = folder->entries.items;
	const struct folder_entry *found = NULL;

	for (size_t i = lower_bound(folder, name); i < folder->entries.count; i++) {
		if (compare_without_case(entries[i].name, name) != 0)
			break;
		if (entries[i].is_directory != is_directory)
			continue;
		if (strcmp(entries[i].name, name) == 0)
			return &entries[i];
		if (found == NULL)
			found = &entries[i];
	}
	return found;
}

/* ---- paths ------------------------------------------------------------------------- */

static enum status not_below(const char *folder, const char *below, struct error *error)
{
	return error_set(error, STATUS_PATH_NOT_FOUND, "there is no '%.200s' below '%.200s'",
			 below, folder);
}

/* Puts the path of one more part in the place of *path. */
static enum status step_down(char **path, const char *part, struct error *error)
{
	const struct folder_entry *entry;
	struct folder folder;
	char *next = NULL;
	enum status status = folder_open(*path, &folder, error);

	if (status != STATUS_OK)
		return status;
	entry = folder_find(&folder, part, true);
	if (entry == NULL)
		entry = folder_find(&folder, part, false);
	if (entry == NULL)
		status = not_below(*path, part, error);
	else if ((next = path_join(*path, entry->name)) == NULL)
		status = error_out_of_memory(error, "a path");
	folder_close(&folder);
	if (status != STATUS_OK)
		return status;
	free(*path);
	*path = next;
	return STATUS_OK;
}

/* parts are separated by '/' and are cut up. */
static enum status walk_down(char *parts, char **path, struct error *error)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && *parts != '\0') {
		size_t length = strcspn(parts, "/");
		bool is_last = parts[length] == '\0';

		parts[length] = '\0';
		if (length > 0)
			status = step_down(path, parts, error);
		parts += length + (is_last ? 0 : 1);
	}
	return status;
}

/* The names as parts with '/' between them; false when one leads upwards. */
static bool normalise(char *parts)
{
	for (char *c = parts; *c != '\0'; c++) {
		if (*c == '\\')
			*c = '/';
	}
	for (const char *part = parts; *part != '\0';) {
		size_t length = strcspn(part, "/");

		if ((length == 1 && part[0] == '.') ||
		    (length == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part += length;
		part += strspn(part, "/");
	}
	return true;
}

enum status folder_resolve(const char *folder, const char *below, char **out, struct error *error)
{
	char *parts = text_copy(below);
	char *path = text_copy(folder);
	char *direct = NULL;
	struct path_facts facts;
	enum status status;

	if (parts == NULL || path == NULL) {
		status = error_out_of_memory(error, "a path");
	} else if (!normalise(parts)) {
		status = not_below(folder, below, error);
	} else {
		direct = path_join(folder, parts + strspn(parts, "/"));
		status = direct != NULL ? path_examine(direct, &facts, NULL)
					: error_out_of_memory(error, "a path");
	}
	if (status == STATUS_OK) {
		*out = direct;
		direct = NULL;
	} else if (direct != NULL && status != STATUS_OUT_OF_MEMORY) {
		/* Letter case is another perhaps; the slow way. */
		status = walk_down(parts, &path, error);
		if (status == STATUS_OK) {
			*out = path;
			path = NULL;
		}
	}
	free(direct);
	free(path);
	free(parts);
	return status;
}

enum status path_parent(const char *path, char **out, struct error *error)
{
	const char *last = path_last(path);
	size_t length = (size_t)(last - path);
	char *parent;

	if (*last == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
		*out = NULL;
		return STATUS_OK;
	}
	/* The separator stays only where it is the whole of a root. */
	while (length > 1 && path[length - 1] == '/' && path[length - 2] != ':')
		length--;
	parent = length == 0 ? text_copy(".") : text_copy_part(path, length);
	if (parent == NULL)
		return error_out_of_memory(error, "a path");
	*out = parent;
	return STATUS_OK;
}

const char *path_last(const char *path)
{
	const char *separator = strrchr(path, '/');

	return separator == NULL ? path : separator + 1;
}
