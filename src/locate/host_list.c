/* SPDX-License-Identifier: MIT */
/* data.vmcx, the list that a host keeps of its VMs. */
#include "base/text.h"
#include "base/text_encoding.h"
#include "locate/catalogue_scan.h"
#include "platform/directory.h"

#include <stdlib.h>
#include <string.h>

/* Below each is a key _<GUID>_ for every VM, with a path of the host. */
static const char configurations_key[] = "/Configurations/VirtualMachines/_";
static const char copies_key[] = "/Configurations/VirtualMachinesCache/_";

struct listed_path {
	char id[GUID_TEXT_SIZE];
	char *path;
};

struct host_list {
	struct vector configurations;	/* of struct listed_path */
	struct vector copies;		/* the same: kept for VMs whose folder is elsewhere */
	bool is_short_of_memory;
};

static bool starts_with_ignoring_case(const char *text, const char *start, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (ascii_lower((unsigned char)text[i]) != ascii_lower((unsigned char)start[i]))
			return false;
	}
	return true;
}

/* The GUID of a key below start. */
static bool take_id(const char *key, const char *start, char id[GUID_TEXT_SIZE])
{
	size_t length = strlen(start), key_length = strlen(key);

	return key_length == length + GUID_TEXT_SIZE && key[key_length - 1] == '_' &&
	       starts_with_ignoring_case(key, start, length) &&
	       guid_from_text(key + length, GUID_TEXT_SIZE - 1, id);
}

static bool add_listed(struct vector *paths, const char *id, const char *path)
{
	char *copy = text_copy(path);
	struct listed_path *place = copy != NULL ? vector_extend(paths, 1, sizeof(*place)) : NULL;

	if (place == NULL) {
		free(copy);
		return false;
	}
	memcpy(place->id, id, GUID_TEXT_SIZE);
	place->path = copy;
	return true;
}

static bool take_listed(void *context, const char *key, const char *text, const uint64_t *number)
{
	struct host_list *list = context;
	char id[GUID_TEXT_SIZE];
	bool added = true;

	(void)number;
	if (text == NULL)
		return true;
	if (take_id(key, configurations_key, id))
		added = add_listed(&list->configurations, id, text);
	else if (take_id(key, copies_key, id))
		added = add_listed(&list->copies, id, text);
	list->is_short_of_memory = !added;
	return added;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(((const struct listed_path *)a)->id, ((const struct listed_path *)b)->id);
}

static void free_paths(struct vector *paths)
{
	struct listed_path *items = paths->items;

	for (size_t i = 0; i < paths->count; i++)
		free(items[i].path);
	vector_free(paths);
}

/* Hosts keep many VMs in one folder, which is listed once for all of them. */
static enum status list_folder(struct catalogue_scan *scan, const char *path)
{
	if (scan->listed.path != NULL && strcmp(scan->listed.path, path) == 0)
		return STATUS_OK;
	folder_close(&scan->listed);
	return folder_open(path, &scan->listed, scan->error);
}

/* Adds the VM whose configuration is at a path of this system. */
static enum status add_at(struct catalogue_scan *scan, const char *path)
{
	char *parent;
	enum status status = path_parent(path, &parent, scan->error);

	if (status != STATUS_OK || parent == NULL)
		return status;
	status = list_folder(scan, parent);
	free(parent);
	if (status == STATUS_OK)
		status = catalogue_add(scan, &scan->listed, path_last(path), false);
	if (status == STATUS_OK)
		status = catalogue_scan_beside(scan, scan->listed.path);
	return status;
}

static enum status add_listed_machine(struct catalogue_scan *scan, const struct host_list *list,
				      const struct listed_path *listed)
{
	const struct listed_path *copy = NULL;
	struct error failure = { .status = STATUS_OK };
	char *path = NULL;
	enum status status = drive_map_resolve(scan->drives, listed->path, &path, &failure);

	if (status == STATUS_OK) {
		status = add_at(scan, path);
		free(path);
		return status;
	}
	if (status != STATUS_OUT_OF_MEMORY)
		status = catalogue_note(scan, listed->path, &failure);
	if (list->copies.count > 0)
		copy = bsearch(listed, list->copies.items, list->copies.count, sizeof(*copy),
			       compare_ids);
	if (status != STATUS_OK || copy == NULL)
		return status;
	/* The copy tells the VM's name at least; that it is gone too is not worth a second note. */
	status = drive_map_resolve(scan->drives, copy->path, &path, NULL);
	if (status != STATUS_OK)
		return status == STATUS_OUT_OF_MEMORY ? status : STATUS_OK;
	status = add_at(scan, path);
	free(path);
	return status;
}

/* A folder on the way that cannot be listed costs one VM, not the others. */
static enum status add_all(struct catalogue_scan *scan, struct host_list *list)
{
	const struct listed_path *listed = list->configurations.items;

	if (list->copies.count > 0)
		qsort(list->copies.items, list->copies.count, sizeof(struct listed_path),
		      compare_ids);
	for (size_t i = 0; i < list->configurations.count; i++) {
		enum status status = add_listed_machine(scan, list, &listed[i]);

		if (status != STATUS_OK && status != STATUS_OUT_OF_MEMORY)
			status = catalogue_note(scan, listed[i].path, scan->error);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

enum status catalogue_scan_host_list(struct catalogue_scan *scan, const char *path)
{
	struct host_list list = { .is_short_of_memory = false };
	struct error failure = { .status = STATUS_OK };
	enum status status = configuration_visit(path, take_listed, &list, &failure);

	if (list.is_short_of_memory)
		status = STATUS_OUT_OF_MEMORY;
	if (status == STATUS_OK) {
		status = add_all(scan, &list);
	} else if (status == STATUS_OUT_OF_MEMORY) {
		status = error_out_of_memory(scan->error, "the host's list of VMs");
	} else {
		if (strstr(failure.text, path) == NULL)
			error_prefix(&failure, status, "%.200s", path);
		status = catalogue_note(scan, path, &failure);
	}
	free_paths(&list.copies);
	free_paths(&list.configurations);
	return status;
}
