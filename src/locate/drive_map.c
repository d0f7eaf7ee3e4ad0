/* SPDX-License-Identifier: MIT */
#include "locate/drive_map.h"
#include "base/text.h"
#include "base/text_encoding.h"
#include "platform/directory.h"
#include "platform/environment.h"

#include <string.h>

const char hyperv_folder[] = "ProgramData/Microsoft/Windows/Hyper-V";

/* Where Hyper-V's folder begins in a path that ends with it, else the end of the path. */
static size_t length_without_hyperv_folder(const char *path)
{
	size_t length = strlen(path), tail = strlen(hyperv_folder);

	if (length > tail && path[length - tail - 1] == '/' &&
	    ascii_equal_ignore_case(path + length - tail, hyperv_folder))
		return length - tail;
	return length;
}

enum status drive_map_init(const char *folder, bool is_this_host, struct drive_map *out,
			   struct error *error)
{
	size_t length = length_without_hyperv_folder(folder);
	struct drive_map map = { .is_this_host = is_this_host };

	while (length > 1 && folder[length - 1] == '/' && folder[length - 2] != ':')
		length--;
	map.root = text_copy_part(folder, length);
	if (map.root == NULL)
		return error_out_of_memory(error, "a path");
	*out = map;
	return STATUS_OK;
}

void drive_map_fini(struct drive_map *map)
{
	folder_close(&map->beside);
	free(map->root);
}

/* A folder beside the drive that cannot be listed holds nothing that could be found. */
static enum status list_beside(struct drive_map *map, struct error *error)
{
	char *parent;
	enum status status;

	if (map->is_listed)
		return STATUS_OK;
	status = path_parent(map->root, &parent, error);
	if (status != STATUS_OK)
		return status;
	map->is_listed = true;
	if (parent != NULL)
		status = folder_open(parent, &map->beside, error);
	free(parent);
	return status == STATUS_OUT_OF_MEMORY ? status : STATUS_OK;
}

static enum status resolve_beside(struct drive_map *map, const char *below, char **out,
				  struct error *error)
{
	const struct folder_entry *entries;
	enum status status = list_beside(map, error);

	if (status != STATUS_OK)
		return status;
	entries = map->beside.entries.items;
	for (size_t i = 0; i < map->beside.entries.count; i++) {
		char *folder;

		if (!entries[i].is_directory)
			continue;
		folder = path_join(map->beside.path, entries[i].name);
		if (folder == NULL)
			return error_out_of_memory(error, "a path");
		status = folder_resolve(folder, below, out, NULL);
		free(folder);
		if (status == STATUS_OK || status == STATUS_OUT_OF_MEMORY)
			return status;
	}
	return STATUS_PATH_NOT_FOUND;
}

static bool has_drive_letter(const char *path)
{
	unsigned char letter = ascii_lower((unsigned char)path[0]);

	return letter >= 'a' && letter <= 'z' && path[1] == ':' &&
	       (path[2] == '\\' || path[2] == '/');
}

static enum status resolve_on_this_host(const char *host_path, char **out, struct error *error)
{
	char *path = text_copy(host_path);
	struct path_facts facts;
	enum status status;

	if (path == NULL)
		return error_out_of_memory(error, "a path");
	path_to_slashes(path);
	status = path_examine(path, &facts, NULL);
	if (status == STATUS_OK)
		*out = path;
	else
		free(path);
	return status;
}

enum status drive_map_resolve(struct drive_map *map, const char *host_path, char **out,
			      struct error *error)
{
	enum status status = STATUS_PATH_NOT_FOUND;

	if (map->is_this_host)
		status = resolve_on_this_host(host_path, out, error);
	if (status != STATUS_OK && has_drive_letter(host_path)) {
		status = folder_resolve(map->root, host_path + 3, out, NULL);
		if (status != STATUS_OK && status != STATUS_OUT_OF_MEMORY)
			status = resolve_beside(map, host_path + 3, out, error);
	}
	if (status == STATUS_OK || status == STATUS_OUT_OF_MEMORY)
		return status;
	return error_set(error, STATUS_PATH_NOT_FOUND,
			 "'%.200s' of the host is not below '%.200s', nor beside it", host_path,
			 map->root);
}
