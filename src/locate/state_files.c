/* SPDX-License-Identifier: MIT */
#include "locate/state_files.h"
#include "base/text.h"
#include "container/container.h"
#include "platform/directory.h"

#include <stdlib.h>

/* RAM blocks are counted as numbers rather than kept as keys: a large guest has a million. */
enum { RAM_BLOCKS, MEMORY_BLOCKS, FAMILY_COUNT };

static const struct numbered_family hvs_families[FAMILY_COUNT] = {
	[RAM_BLOCKS] = { "savedstate", "RamBlock", "" },
	[MEMORY_BLOCKS] = { "savedstate", "RamMemoryBlock", "" },
};

static const struct numbered_family legacy_families[FAMILY_COUNT] = {
	[RAM_BLOCKS] = { "", "RamBlock/", "" },
	[MEMORY_BLOCKS] = { "", "RamMemoryBlock/", "" },
};

static const struct container_families families = {
	.hvs = hvs_families,
	.legacy = legacy_families,
	.count = FAMILY_COUNT,
};

static bool holds_state(const struct container *container)
{
	bool is_legacy = container_facts(container).kind == CONTAINER_LEGACY;
	const char *key = is_legacy ? "/savedVM/partition_state" :
				      "/savedstate/savedVM/partition_state";
	struct key_value value;

	return container_find(container, key, &value) == STATUS_OK &&
	       numbered_keys_count(container_numbered(container, MEMORY_BLOCKS)) > 0;
}

static enum status examine_container(const char *path, bool *holds_state_out, struct error *error)
{
	struct container *container;
	struct file *file;
	enum status status = file_open(path, FILE_READ_SHARED, &file, error);

	if (status == STATUS_OK)
		status = container_open(file, &families, &container, error);
	if (status == STATUS_FILE_EMPTY) {
		*holds_state_out = false;
		return STATUS_OK;
	}
	if (status != STATUS_OK)
		return status;
	*holds_state_out = holds_state(container);
	container_close(container);
	return STATUS_OK;
}

/* Counts a file in; NULL and one that has vanished count nothing. */
static void measure(struct state_files *files, const char *path)
{
	struct path_facts facts;

	if (path == NULL || path_examine(path, &facts, NULL) != STATUS_OK)
		return;
	files->size += facts.size;
	if (facts.modified > files->modified)
		files->modified = facts.modified;
}

enum status state_files_examine(struct state_files *files, struct error *error)
{
	bool is_pair = files->vmrs == NULL && files->bin != NULL && files->vsv != NULL;
	const char *telling = is_pair ? files->vsv : files->vmrs;
	struct error why = { .status = STATUS_OK };
	bool is_saved = false;
	enum status status;

	files->form = STATE_ABSENT;
	if (telling == NULL)
		return STATUS_OK;
	measure(files, files->vmrs);
	if (is_pair) {
		measure(files, files->bin);
		measure(files, files->vsv);
	}
	status = examine_container(telling, &is_saved, &why);
	if (status == STATUS_OUT_OF_MEMORY)
		return error_out_of_memory(error, "a saved state");
	files->form = is_pair ? STATE_SAVED_LEGACY : STATE_SAVED;
	if (status == STATUS_OK && !is_saved)
		files->form = STATE_WITHOUT_MEMORY;
	if (status == STATUS_OK)
		return STATUS_OK;
	files->form = STATE_UNREADABLE;
	error_prefix(&why, status, "%.200s", telling);
	free(files->problem);
	files->problem = text_copy(why.text);
	return files->problem != NULL ? STATUS_OK : error_out_of_memory(error, "a sentence");
}

void state_files_free(struct state_files *files)
{
	free(files->problem);
	free(files->vsv);
	free(files->bin);
	free(files->vmrs);
}

bool state_files_are_saved(const struct state_files *files)
{
	return files->form == STATE_SAVED || files->form == STATE_SAVED_LEGACY;
}
