/* SPDX-License-Identifier: MIT */
/* One VM or checkpoint: its configuration, and where its state files are. */
#include "base/text.h"
#include "locate/catalogue_scan.h"
#include "platform/directory.h"

#include <string.h>

enum status catalogue_note(struct catalogue_scan *scan, const char *path,
			   const struct error *failure)
{
	struct located_problem problem = { text_copy(path), text_copy(failure->text) };
	struct located_problem *place = NULL;

	if (problem.path != NULL && problem.text != NULL)
		place = vector_extend(&scan->catalogue->problems, 1, sizeof(*place));
	if (place == NULL) {
		free(problem.path);
		free(problem.text);
		return error_out_of_memory(scan->error, "a list of problems");
	}
	*place = problem;
	return STATUS_OK;
}

static void free_item(struct located *item)
{
	if (item == NULL)
		return;
	state_files_free(&item->files);
	configuration_free(&item->configuration);
	free(item->base);
	free(item->configuration_path);
	free(item);
}

void catalogue_close(struct catalogue *catalogue)
{
	struct located_problem *problems;
	struct located **items;

	if (catalogue == NULL)
		return;
	items = catalogue->items.items;
	for (size_t i = 0; i < catalogue->items.count; i++)
		free_item(items[i]);
	vector_free(&catalogue->items);
	problems = catalogue->problems.items;
	for (size_t i = 0; i < catalogue->problems.count; i++) {
		free(problems[i].path);
		free(problems[i].text);
	}
	vector_free(&catalogue->problems);
	free(catalogue);
}

/* ---- state files ------------------------------------------------------------------- */

/* The path of a file of the folder, stem and extension given; *out stays NULL without one. */
static enum status find_file(const struct folder *folder, const char *stem,
			     const char *extension, char **out, struct error *error)
{
	const struct folder_entry *entry;
	char *name = text_join(stem, extension);

	if (name == NULL)
		return error_out_of_memory(error, "a path");
	entry = folder_find(folder, name, false);
	free(name);
	if (entry == NULL)
		return STATUS_OK;
	*out = path_join(folder->path, entry->name);
	return *out != NULL ? STATUS_OK : error_out_of_memory(error, "a path");
}

/* The pair lies in a folder that is named as the configuration is. */
static enum status find_pair_below(struct catalogue_scan *scan, const struct folder *folder,
				   const char *stem, struct state_files *files)
{
	struct folder below;
	bool is_open;
	enum status status = catalogue_open_below(scan, folder, stem, &below, &is_open);

	if (!is_open)
		return status;
	status = find_file(&below, stem, ".bin", &files->bin, scan->error);
	if (status == STATUS_OK)
		status = find_file(&below, stem, ".vsv", &files->vsv, scan->error);
	folder_close(&below);
	return status;
}

/* Where the configuration says that a file is, unless it has been found already. */
static enum status find_named(struct catalogue_scan *scan, const char *host_path, char **path)
{
	enum status status;

	if (*path != NULL || host_path == NULL || host_path[0] == '\0')
		return STATUS_OK;
	status = drive_map_resolve(scan->drives, host_path, path, scan->error);
	return status == STATUS_OUT_OF_MEMORY ? status : STATUS_OK;
}

static enum status find_state_files(struct catalogue_scan *scan, const struct folder *folder,
				    const char *stem, struct located *item)
{
	enum status status = find_file(folder, stem, ".vmrs", &item->files.vmrs, scan->error);

	if (status != STATUS_OK || item->files.vmrs != NULL)
		return status;
	status = find_pair_below(scan, folder, stem, &item->files);
	if (status == STATUS_OK)
		status = find_named(scan, item->configuration.bin_path, &item->files.bin);
	if (status == STATUS_OK)
		status = find_named(scan, item->configuration.vsv_path, &item->files.vsv);
	return status;
}

enum status catalogue_examine(struct located *item, struct error *error)
{
	enum status status;

	if (item->is_examined)
		return STATUS_OK;
	status = state_files_examine(&item->files, error);
	item->is_examined = status == STATUS_OK;
	return status;
}

/* ---- configurations ---------------------------------------------------------------- */

/* Reads a configuration; *out is NULL for one that cannot be read, which is noted. */
static enum status read_item(struct catalogue_scan *scan, const char *path, struct located **out)
{
	struct error failure = { .status = STATUS_OK };
	struct located *item = calloc(1, sizeof(*item));
	enum status status;

	*out = NULL;
	if (item == NULL)
		return error_out_of_memory(scan->error, "a VM");
	status = configuration_read(path, &item->configuration, &failure);
	if (status == STATUS_OK) {
		*out = item;
		return STATUS_OK;
	}
	free(item);
	if (status == STATUS_OUT_OF_MEMORY)
		return error_out_of_memory(scan->error, "a configuration");
	if (strstr(failure.text, path) == NULL)
		error_prefix(&failure, status, "%.200s", path);
	return catalogue_note(scan, path, &failure);
}

static enum status keep_item(struct catalogue_scan *scan, struct located *item)
{
	struct located **place = vector_extend(&scan->catalogue->items, 1, sizeof(*place));

	if (place == NULL)
		return error_out_of_memory(scan->error, "a list of VMs");
	*place = item;
	return STATUS_OK;
}

/* Everything about the item but its configuration. */
static enum status complete_item(struct catalogue_scan *scan, const struct folder *folder,
				 const char *name, struct located *item)
{
	const char *extension = strrchr(name, '.');
	size_t stem_length = extension != NULL ? (size_t)(extension - name) : strlen(name);
	char *stem = text_copy_part(name, stem_length);
	enum status status;

	if (stem == NULL)
		return error_out_of_memory(scan->error, "a path");
	/* The name of the file counts: a copy of a VM has the original's id inside. */
	guid_from_text(stem, strlen(stem), item->configuration.id);
	status = find_state_files(scan, folder, stem, item);
	free(stem);
	if (status == STATUS_OK)
		status = path_parent(folder->path, &item->base, scan->error);
	if (status == STATUS_OK && item->base == NULL)
		item->base = text_copy(folder->path);
	if (status == STATUS_OK && item->base == NULL)
		status = error_out_of_memory(scan->error, "a path");
	if (status == STATUS_OK)
		status = keep_item(scan, item);
	return status;
}

static enum status add_new(struct catalogue_scan *scan, const struct folder *folder,
			   const char *name, const char *path, bool is_checkpoint)
{
	struct located *item;
	enum status status = read_item(scan, path, &item);

	if (status != STATUS_OK || item == NULL)
		return status;
	item->is_checkpoint = is_checkpoint;
	item->configuration_path = text_copy(path);
	if (item->configuration_path == NULL)
		status = error_out_of_memory(scan->error, "a path");
	else
		status = complete_item(scan, folder, name, item);
	if (status != STATUS_OK)
		free_item(item);
	return status;
}

enum status catalogue_add(struct catalogue_scan *scan, const struct folder *folder,
			  const char *name, bool is_checkpoint)
{
	char *path = path_join(folder->path, name);
	bool is_new = false;
	enum status status;

	if (path == NULL)
		return error_out_of_memory(scan->error, "a path");
	status = path_set_add(&scan->seen, path, &is_new, scan->error);
	if (status == STATUS_OK && is_new)
		status = add_new(scan, folder, name, path, is_checkpoint);
	free(path);
	return status;
}
