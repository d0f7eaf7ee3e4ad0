/* SPDX-License-Identifier: MIT */
#include "locate/search.h"

#include <stdlib.h>
#include <string.h>

/* How well an entry fits a name; the best fit there is counts. */
enum fit { FIT_NONE, FIT_WITHOUT_CASE, FIT_EXACT };

static enum fit fit_of(const struct located *item, const char *name)
{
	char id[GUID_TEXT_SIZE];

	if (name == NULL || strcmp(item->configuration.name, name) == 0)
		return FIT_EXACT;
	if (guid_from_text(name, strlen(name), id) && strcmp(item->configuration.id, id) == 0)
		return FIT_EXACT;
	return names_equal_ignore_case(item->configuration.name, name) ? FIT_WITHOUT_CASE :
									 FIT_NONE;
}

struct request {
	const char *name;	/* NULL means every VM */
	enum fit name_fit;	/* the best there is among the VMs */
};

static bool machine_is_meant(const struct request *request, const struct located *machine)
{
	return request->name_fit != FIT_NONE && fit_of(machine, request->name) == request->name_fit;
}

/* Whether one of the VMs in the checkpoint's folder is meant. */
static bool folder_is_meant(const struct request *request, const struct catalogue *catalogue,
			    const struct located *checkpoint)
{
	struct located *const *items = catalogue->items.items;

	for (size_t i = 0; i < catalogue->items.count; i++) {
		if (!items[i]->is_checkpoint && strcmp(items[i]->base, checkpoint->base) == 0 &&
		    machine_is_meant(request, items[i]))
			return true;
	}
	return false;
}

/* Whether the VM that the entry is, or belongs to, is meant. */
static bool vm_is_meant(const struct request *request, const struct catalogue *catalogue,
			const struct located *item)
{
	if (request->name == NULL)
		return true;
	if (!item->is_checkpoint)
		return machine_is_meant(request, item);
	if (item->owner != NULL)
		return machine_is_meant(request, item->owner);
	return item->may_be_any_of_folder && folder_is_meant(request, catalogue, item);
}

static enum fit best_name_fit(const struct catalogue *catalogue, const char *name)
{
	struct located *const *items = catalogue->items.items;
	enum fit best = FIT_NONE;

	for (size_t i = 0; i < catalogue->items.count; i++) {
		enum fit fit = items[i]->is_checkpoint ? FIT_NONE : fit_of(items[i], name);

		best = fit > best ? fit : best;
	}
	return best;
}

/* Leaves in items, count of them, the checkpoints that fit the name best. */
static size_t keep_checkpoints(struct located **items, size_t count, const char *name)
{
	enum fit best = FIT_NONE;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		enum fit fit = items[i]->is_checkpoint ? fit_of(items[i], name) : FIT_NONE;

		best = fit > best ? fit : best;
	}
	for (size_t i = 0; i < count; i++) {
		if (best != FIT_NONE && items[i]->is_checkpoint && fit_of(items[i], name) == best)
			items[kept++] = items[i];
	}
	return kept;
}

/* Selects and examines what is meant; the caller frees *out. */
static enum status select_items(const struct catalogue *catalogue, const char *name,
				const char *checkpoint, struct located ***out, size_t *count_out,
				struct error *error)
{
	struct request request = { name, best_name_fit(catalogue, name) };
	struct located *const *items = catalogue->items.items;
	struct located **selected = calloc(catalogue->items.count + 1, sizeof(*selected));
	enum status status = STATUS_OK;
	size_t count = 0;

	if (selected == NULL)
		return error_out_of_memory(error, "a list of VMs");
	for (size_t i = 0; i < catalogue->items.count; i++) {
		if (vm_is_meant(&request, catalogue, items[i]))
			selected[count++] = items[i];
	}
	if (checkpoint != NULL)
		count = keep_checkpoints(selected, count, checkpoint);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = catalogue_examine(selected[i], error);
	if (status != STATUS_OK) {
		free(selected);
		return status;
	}
	*out = selected;
	*count_out = count;
	return STATUS_OK;
}

/* ---- the newest -------------------------------------------------------------------- */

/* Higher is better: memory before damage, anything before nothing. */
static int worth(const struct located *item)
{
	if (state_files_are_saved(&item->files))
		return 2;
	return item->files.form == STATE_UNREADABLE ? 1 : 0;
}

/* Of one VM its own state goes before those of its checkpoints, however old it is. */
static bool yields_to_vm(const struct located *item)
{
	return item->is_checkpoint && item->owner != NULL && worth(item->owner) >= worth(item);
}

static bool is_newer(const struct located *a, const struct located *b)
{
	if (a->files.modified != b->files.modified)
		return a->files.modified > b->files.modified;
	return a->configuration.created > b->configuration.created;
}

static bool is_preferred(const struct located *a, const struct located *b)
{
	return worth(a) != worth(b) ? worth(a) > worth(b) : is_newer(a, b);
}

enum status search_newest(const struct catalogue *catalogue, const char *name,
			  const char *checkpoint, const struct located **out,
			  struct error *error)
{
	bool any_checkpoint = checkpoint == NULL || checkpoint[0] == '\0';
	const struct located *best = NULL;
	struct located **selected;
	size_t count;
	enum status status = select_items(catalogue, name, any_checkpoint ? NULL : checkpoint,
					  &selected, &count, error);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		if (worth(selected[i]) == 0 || (any_checkpoint && yields_to_vm(selected[i])))
			continue;
		if (best == NULL || is_preferred(selected[i], best))
			best = selected[i];
	}
	free(selected);
	*out = best;
	return STATUS_OK;
}

/* ---- all --------------------------------------------------------------------------- */

static const struct located *vm_of(const struct located *item)
{
	return item->is_checkpoint ? item->owner : item;
}

static int compare_times(const struct located *a, const struct located *b)
{
	if (is_newer(a, b))
		return 1;
	return is_newer(b, a) ? -1 : 0;
}

static int compare_for_listing(const void *a, const void *b)
{
	const struct located *left = *(struct located *const *)a;
	const struct located *right = *(struct located *const *)b;
	const struct located *left_vm = vm_of(left), *right_vm = vm_of(right);
	int order = 0;

	if (left_vm == NULL || right_vm == NULL)
		order = (left_vm == NULL) - (right_vm == NULL);
	else if (left_vm != right_vm)
		order = names_compare(left_vm->configuration.name, right_vm->configuration.name);
	if (order == 0 && left_vm != right_vm && left_vm != NULL && right_vm != NULL)
		order = strcmp(left_vm->configuration_path, right_vm->configuration_path);
	if (order == 0)
		order = left->is_checkpoint - right->is_checkpoint;
	if (order == 0)
		order = compare_times(left, right);
	return order != 0 ? order : strcmp(left->configuration_path, right->configuration_path);
}

enum status search_all(const struct catalogue *catalogue, const char *name,
		       const char *checkpoint, const struct located ***out, size_t *count_out,
		       struct error *error)
{
	struct located **selected;
	enum status status =
		select_items(catalogue, name, checkpoint, &selected, count_out, error);

	if (status != STATUS_OK)
		return status;
	qsort(selected, *count_out, sizeof(*selected), compare_for_listing);
	*out = (const struct located **)selected;
	return STATUS_OK;
}
