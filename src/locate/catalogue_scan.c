/* SPDX-License-Identifier: MIT */
#include "locate/catalogue_scan.h"
#include "base/text.h"
#include "base/text_encoding.h"
#include "platform/directory.h"

#include <string.h>

static const char machines_folder[] = "Virtual Machines";
static const char checkpoints_folder[] = "Snapshots";
static const char host_list_file[] = "data.vmcx";

static bool has_extension(const char *name, const char *extension)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && dot != name && ascii_equal_ignore_case(dot, extension);
}

/* A VM that was converted to version 6 or later keeps its old .xml beside the .vmcx. */
static bool is_superseded(const struct folder *folder, const char *name)
{
	size_t stem = strlen(name) - strlen(".xml");
	char *converted = text_copy_part(name, stem + strlen(".vmcx"));
	bool result;

	if (converted == NULL)
		return false;
	memcpy(converted + stem, ".vmcx", sizeof(".vmcx"));
	result = folder_find(folder, converted, false) != NULL;
	free(converted);
	return result;
}

/* Adds what the configuration files of a "Virtual Machines" or "Snapshots" describe. */
static enum status scan_configurations(struct catalogue_scan *scan, const struct folder *folder,
				       bool is_checkpoint)
{
	const struct folder_entry *entries = folder->entries.items;
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && i < folder->entries.count; i++) {
		const char *name = entries[i].name;

		if (entries[i].is_directory)
			continue;
		if (has_extension(name, ".vmcx") ||
		    (has_extension(name, ".xml") && !is_superseded(folder, name)))
			status = catalogue_add(scan, folder, name, is_checkpoint);
	}
	return status;
}

/* Lists a folder; one that cannot be listed is noted, and *is_open_out is false. */
static enum status open_or_note(struct catalogue_scan *scan, const char *path,
				struct folder *out, bool *is_open_out)
{
	struct error failure = { .status = STATUS_OK };
	enum status status = folder_open(path, out, &failure);

	*is_open_out = status == STATUS_OK;
	if (status == STATUS_OUT_OF_MEMORY)
		return error_out_of_memory(scan->error, "the list of a folder");
	return status == STATUS_OK ? STATUS_OK : catalogue_note(scan, path, &failure);
}

enum status catalogue_open_below(struct catalogue_scan *scan, const struct folder *folder,
				 const char *name, struct folder *out, bool *is_open_out)
{
	const struct folder_entry *entry = folder_find(folder, name, true);
	char *path;
	enum status status;

	*is_open_out = false;
	if (entry == NULL)
		return STATUS_OK;
	path = path_join(folder->path, entry->name);
	if (path == NULL)
		return error_out_of_memory(scan->error, "a path");
	status = open_or_note(scan, path, out, is_open_out);
	free(path);
	return status;
}

static enum status scan_child(struct catalogue_scan *scan, const struct folder *folder,
			      const char *name, bool is_checkpoint)
{
	struct folder child;
	bool is_open;
	enum status status = catalogue_open_below(scan, folder, name, &child, &is_open);

	if (!is_open)
		return status;
	status = scan_configurations(scan, &child, is_checkpoint);
	folder_close(&child);
	return status;
}

static enum status scan_checkpoints(struct catalogue_scan *scan, const char *base)
{
	struct folder folder;
	bool is_open = false;
	enum status status = open_or_note(scan, base, &folder, &is_open);

	if (!is_open)
		return status;
	status = scan_child(scan, &folder, checkpoints_folder, true);
	folder_close(&folder);
	return status;
}

enum status catalogue_scan_beside(struct catalogue_scan *scan, const char *folder)
{
	bool is_new = false;
	char *base;
	enum status status;

	if (!ascii_equal_ignore_case(path_last(folder), machines_folder))
		return STATUS_OK;
	status = path_parent(folder, &base, scan->error);
	if (status != STATUS_OK || base == NULL)
		return status;
	status = path_set_add(&scan->seen, base, &is_new, scan->error);
	if (status == STATUS_OK && is_new)
		status = scan_checkpoints(scan, base);
	free(base);
	return status;
}

static enum status scan_host_list_in(struct catalogue_scan *scan, const struct folder *folder)
{
	const struct folder_entry *entry = folder_find(folder, host_list_file, false);
	char *path;
	enum status status;

	if (entry == NULL)
		return STATUS_OK;
	path = path_join(folder->path, entry->name);
	if (path == NULL)
		return error_out_of_memory(scan->error, "a path");
	status = catalogue_scan_host_list(scan, path);
	free(path);
	return status;
}

/* ---- the folders below a root ------------------------------------------------------ */

struct waiting_folder {
	char *path;
	unsigned levels;	/* to look through below it */
};

static bool is_known_name(const char *name)
{
	return ascii_equal_ignore_case(name, machines_folder) ||
	       ascii_equal_ignore_case(name, checkpoints_folder);
}

static enum status push_folder(struct vector *waiting, char *path, unsigned levels,
			       struct error *error)
{
	struct waiting_folder *place =
		path != NULL ? vector_extend(waiting, 1, sizeof(*place)) : NULL;

	if (place == NULL) {
		free(path);
		return error_out_of_memory(error, "a list of folders");
	}
	place->path = path;
	place->levels = levels;
	return STATUS_OK;
}

static enum status push_children(struct catalogue_scan *scan, const struct folder *folder,
				 unsigned levels, struct vector *waiting)
{
	const struct folder_entry *entries = folder->entries.items;
	enum status status = STATUS_OK;

	for (size_t i = folder->entries.count; status == STATUS_OK && i-- > 0;) {
		if (entries[i].is_directory && !is_known_name(entries[i].name))
			status = push_folder(waiting, path_join(folder->path, entries[i].name),
					     levels, scan->error);
	}
	return status;
}

/* A folder that is listed: what it holds itself, then what is to be looked through below. */
static enum status scan_folder(struct catalogue_scan *scan, const struct folder *folder,
			       unsigned levels, struct vector *waiting)
{
	const char *name = path_last(folder->path);
	enum status status;

	if (is_known_name(name))
		return scan_configurations(scan, folder,
					   ascii_equal_ignore_case(name, checkpoints_folder));
	status = scan_child(scan, folder, machines_folder, false);
	if (status == STATUS_OK)
		status = scan_child(scan, folder, checkpoints_folder, true);
	if (status == STATUS_OK)
		status = scan_host_list_in(scan, folder);
	if (status == STATUS_OK && levels > 0)
		status = push_children(scan, folder, levels - 1, waiting);
	return status;
}

static enum status scan_waiting(struct catalogue_scan *scan, struct vector *waiting)
{
	struct waiting_folder *all = waiting->items;
	struct waiting_folder next = all[--waiting->count];
	struct folder folder;
	bool is_open = false;
	enum status status = open_or_note(scan, next.path, &folder, &is_open);

	if (is_open) {
		status = scan_folder(scan, &folder, next.levels, waiting);
		folder_close(&folder);
	}
	free(next.path);
	return status;
}

/* Hyper-V's own folder, where the root is a drive of a host. */
static enum status push_hyperv_folder(struct catalogue_scan *scan, const char *root,
				      struct vector *waiting)
{
	char *path;
	enum status status = folder_resolve(root, hyperv_folder, &path, NULL);

	if (status != STATUS_OK)
		return status == STATUS_OUT_OF_MEMORY ? status : STATUS_OK;
	return push_folder(waiting, path, 1, scan->error);
}

static void free_waiting(struct vector *waiting)
{
	struct waiting_folder *all = waiting->items;

	for (size_t i = 0; i < waiting->count; i++)
		free(all[i].path);
	vector_free(waiting);
}

enum status catalogue_scan_root(struct catalogue_scan *scan, const char *root, unsigned levels)
{
	struct vector waiting = { NULL, 0, 0 };
	struct folder folder;
	enum status status = folder_open(root, &folder, scan->error);

	if (status != STATUS_OK)
		return status;
	status = scan_folder(scan, &folder, levels, &waiting);
	folder_close(&folder);
	if (status == STATUS_OK)
		status = push_hyperv_folder(scan, root, &waiting);
	while (status == STATUS_OK && waiting.count > 0)
		status = scan_waiting(scan, &waiting);
	free_waiting(&waiting);
	return status;
}
