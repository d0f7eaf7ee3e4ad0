/* SPDX-License-Identifier: MIT */
#include "locate/catalogue.h"
#include "base/text.h"
#include "locate/catalogue_scan.h"
#include "platform/directory.h"
#include "platform/environment.h"

#include <stdlib.h>
#include <string.h>

/* Below a root: the folder of a group of VMs, and the folder of one VM. */
enum { LEVELS_BELOW_ROOT = 2 };

/* ---- roots ------------------------------------------------------------------------- */

struct roots {
	bool any_listed, any_failed;
	enum status status;	/* of the first that exists and cannot be listed */
	struct error error;
};

static enum status scan_one_root(struct catalogue_scan *scan, const char *root, bool is_this_host,
				 struct roots *roots)
{
	struct error failure = { .status = STATUS_OK };
	struct error *outer = scan->error;
	struct drive_map drives;
	enum status status = drive_map_init(root, is_this_host, &drives, outer);

	if (status != STATUS_OK)
		return status;
	scan->drives = &drives;
	scan->error = &failure;
	status = catalogue_scan_root(scan, root, LEVELS_BELOW_ROOT);
	scan->error = outer;
	drive_map_fini(&drives);
	if (status == STATUS_OK) {
		roots->any_listed = true;
		return STATUS_OK;
	}
	if (status == STATUS_OUT_OF_MEMORY)
		return error_out_of_memory(outer, "the list of VMs");
	/* A host without Hyper-V lacks the folder; that is nothing to report. */
	if (is_this_host && status == STATUS_PATH_NOT_FOUND)
		return STATUS_OK;
	if (!roots->any_failed ||
	    (roots->status == STATUS_PATH_NOT_FOUND && status != STATUS_PATH_NOT_FOUND)) {
		roots->status = status;
		roots->error = failure;
	}
	roots->any_failed = true;
	/* Nobody asked for the host's own folder; one that may not be listed is no problem. */
	return is_this_host ? STATUS_OK : catalogue_note(scan, root, &failure);
}

static void drop_last_slashes(char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/' && path[length - 2] != ':')
		path[--length] = '\0';
}

static enum status scan_list(struct catalogue_scan *scan, const char *path_list,
			     struct roots *roots)
{
	const char separator[] = { path_list_separator, '\0' };
	enum status status = STATUS_OK;

	while (status == STATUS_OK && *path_list != '\0') {
		size_t length = strcspn(path_list, separator);
		char *root = text_copy_part(path_list, length);

		if (root == NULL)
			return error_out_of_memory(scan->error, "a path");
		path_to_slashes(root);
		drop_last_slashes(root);
		if (length > 0)
			status = scan_one_root(scan, root, false, roots);
		free(root);
		path_list += length;
		path_list += *path_list == '\0' ? 0 : 1;
	}
	return status;
}

static enum status scan_this_host(struct catalogue_scan *scan, const char *folder,
				  struct roots *roots)
{
	char *root = text_copy(folder);
	enum status status;

	if (root == NULL)
		return error_out_of_memory(scan->error, "a path");
	path_to_slashes(root);
	status = scan_one_root(scan, root, true, roots);
	free(root);
	return status;
}

/* ---- whose checkpoint it is -------------------------------------------------------- */

static bool is_before(const struct located *a, const struct located *b)
{
	return strcmp(a->configuration_path, b->configuration_path) < 0;
}

static int compare_machine_ids(const void *a, const void *b)
{
	const struct located *left = *(struct located *const *)a;
	const struct located *right = *(struct located *const *)b;
	int order = strcmp(left->configuration.id, right->configuration.id);

	if (order != 0)
		return order;
	return is_before(left, right) ? -1 : is_before(right, left);
}

static int compare_bases(const void *a, const void *b)
{
	const struct located *left = *(struct located *const *)a;
	const struct located *right = *(struct located *const *)b;

	return strcmp(left->base, right->base);
}

struct machines {
	struct located **by_id;
	struct located **by_base;
	size_t count;
};

/* The first of the sorted machines whose text is not below the given one. */
static size_t first_not_below(struct located *const *machines, size_t count, bool by_id,
			      const char *text)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct located *machine = machines[middle];

		if (strcmp(by_id ? machine->configuration.id : machine->base, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The VM of that id; of several copies the one in the checkpoint's own folder. */
static const struct located *machine_of_id(const struct machines *machines, const char *id,
					   const char *base)
{
	size_t first = first_not_below(machines->by_id, machines->count, true, id);
	const struct located *found = NULL;

	for (size_t i = first; i < machines->count; i++) {
		const struct located *machine = machines->by_id[i];

		if (strcmp(machine->configuration.id, id) != 0)
			break;
		if (found == NULL || strcmp(machine->base, base) == 0)
			found = machine;
	}
	return found;
}

static const struct located *mentioned_machine(const struct machines *machines,
					       const struct located *checkpoint)
{
	const struct guid_text *mentions = checkpoint->configuration.mentions.items;
	const struct located *owner = NULL;

	for (size_t i = 0; owner == NULL && i < checkpoint->configuration.mentions.count; i++)
		owner = machine_of_id(machines, mentions[i].text, checkpoint->base);
	return owner;
}

static void find_owner(const struct machines *machines, struct located *checkpoint)
{
	size_t first =
		first_not_below(machines->by_base, machines->count, false, checkpoint->base);
	size_t beside = 0;

	checkpoint->owner = mentioned_machine(machines, checkpoint);
	if (checkpoint->owner != NULL)
		return;
	while (beside < 2 && first + beside < machines->count &&
	       strcmp(machines->by_base[first + beside]->base, checkpoint->base) == 0)
		beside++;
	if (beside == 1)
		checkpoint->owner = machines->by_base[first];
	checkpoint->may_be_any_of_folder = beside > 1;
}

static enum status find_owners(struct catalogue *catalogue, struct error *error)
{
	struct located **items = catalogue->items.items;
	size_t count = catalogue->items.count;
	struct machines machines = { calloc(count + 1, sizeof(*items)),
				     calloc(count + 1, sizeof(*items)), 0 };

	if (machines.by_id == NULL || machines.by_base == NULL) {
		free(machines.by_id);
		free(machines.by_base);
		return error_out_of_memory(error, "a list of VMs");
	}
	for (size_t i = 0; i < count; i++) {
		if (items[i]->is_checkpoint)
			continue;
		machines.by_id[machines.count] = items[i];
		machines.by_base[machines.count++] = items[i];
	}
	qsort(machines.by_id, machines.count, sizeof(*items), compare_machine_ids);
	qsort(machines.by_base, machines.count, sizeof(*items), compare_bases);
	for (size_t i = 0; i < count; i++) {
		if (items[i]->is_checkpoint)
			find_owner(&machines, items[i]);
	}
	free(machines.by_id);
	free(machines.by_base);
	return STATUS_OK;
}

/* ---- native paths ------------------------------------------------------------------ */

static void make_native(char *path)
{
	if (path != NULL)
		path_to_native(path);
}

/* Once nothing is taken apart any more, paths become what the system's programs show. */
static void make_paths_native(struct catalogue *catalogue)
{
	struct located_problem *problems = catalogue->problems.items;
	struct located **items = catalogue->items.items;

	for (size_t i = 0; i < catalogue->items.count; i++) {
		make_native(items[i]->configuration_path);
		make_native(items[i]->files.vmrs);
		make_native(items[i]->files.bin);
		make_native(items[i]->files.vsv);
	}
	for (size_t i = 0; i < catalogue->problems.count; i++)
		make_native(problems[i].path);
}

/* ---- opening ----------------------------------------------------------------------- */

static enum status fill(struct catalogue *catalogue, const char *path_list, const char *this_host,
			struct error *error)
{
	struct catalogue_scan scan = { .catalogue = catalogue, .error = error };
	struct roots roots = { .status = STATUS_NO_VM_FOLDERS };
	enum status status = STATUS_OK;

	error_set(&roots.error, STATUS_NO_VM_FOLDERS, "no folder to look for VMs in is known");
	if (path_list != NULL)
		status = scan_list(&scan, path_list, &roots);
	if (status == STATUS_OK && this_host != NULL)
		status = scan_this_host(&scan, this_host, &roots);
	path_set_free(&scan.seen);
	folder_close(&scan.listed);
	if (status != STATUS_OK)
		return status;
	if (roots.any_listed)
		return find_owners(catalogue, error);
	return error_set(error, roots.status, "%s", roots.error.text);
}

enum status catalogue_open(const char *path_list, const char *this_host, struct catalogue **out,
			   struct error *error)
{
	struct catalogue *catalogue = calloc(1, sizeof(*catalogue));
	enum status status;

	if (catalogue == NULL)
		return error_out_of_memory(error, "the list of VMs");
	status = fill(catalogue, path_list, this_host, error);
	if (status != STATUS_OK) {
		catalogue_close(catalogue);
		return status;
	}
	make_paths_native(catalogue);
	*out = catalogue;
	return STATUS_OK;
}
