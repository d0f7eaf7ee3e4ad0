/* SPDX-License-Identifier: MIT */
/* The HVS container (.vmrs, .vmcx): headers, replay overlay, objects, keys. */
#include "container/container_format.h"
#include "container/hvs_log.h"
#include "container/hvs_tree.h"

struct hvs {
	struct hvs_view view;
	struct hvs_header header;
	uint32_t pending;
	struct hvs_tree tree;
};

static void hvs_close(void *state)
{
	struct hvs *hvs = state;

	hvs_tree_fini(&hvs->tree);
	hvs_view_fini(&hvs->view);
	free(hvs);
}

/* Puts what the log holds in place and chooses the header again, which it may have changed. */
static enum status overlay_log(struct hvs *hvs, struct error *error)
{
	struct damage *damage = hvs->view.damage;
	struct hvs_log log = { 0 };
	enum status status;

	if (hvs->header.log_offset == 0)
		return STATUS_OK;
	damage_count(damage, PART_REPLAY_LOG);
	status = hvs_log_read(hvs->view.file, &hvs->header, &log, error);
	/*
	 * A log with a fault is left out as a whole, as one whose writing was interrupted
	 * must be: what it was to change is in the file as it was before.
	 */
	status = damage_tolerate(damage, PART_REPLAY_LOG, status, error);
	if (status != STATUS_OK || log.pending == 0)
		return status;
	hvs->pending = log.pending;
	hvs_view_set_patches(&hvs->view, log.patches, log.pending);
	return hvs_header_read(&hvs->view, &hvs->header, error);
}

static enum status read_contents(struct hvs *hvs, const struct container_families *families,
				 struct error *error)
{
	struct hvs_objects objects;
	enum status status;

	if (hvs->view.size < HVS_SMALLEST_FILE)
		return error_set(error, STATUS_CORRUPT,
				 "the file has %llu bytes, too few for its headers and first table",
				 (unsigned long long)hvs->view.size);
	status = hvs_header_read(&hvs->view, &hvs->header, error);
	if (status == STATUS_OK)
		status = overlay_log(hvs, error);
	if (status == STATUS_OK)
		status = hvs_objects_read(&hvs->view, &hvs->header, &objects, error);
	if (status != STATUS_OK)
		return status;
	status = hvs_tree_read(&hvs->view, &objects, families->hvs, families->count, &hvs->tree,
			       error);
	hvs_objects_fini(&objects);
	return status;
}

static enum status hvs_open(const struct file *file, const struct container_families *families,
			    struct damage *damage, void **state_out, struct error *error)
{
	struct hvs *hvs = calloc(1, sizeof(*hvs));
	enum status status;

	if (hvs == NULL)
		return error_out_of_memory(error, "a container");
	hvs_view_init(&hvs->view, file);
	hvs->view.damage = damage;
	status = read_contents(hvs, families, error);
	if (status != STATUS_OK) {
		hvs_close(hvs);
		return status;
	}
	hvs->view.damage = NULL;	/* the listener was there for the opening alone */
	*state_out = hvs;
	return STATUS_OK;
}

static struct container_facts hvs_facts(const void *state)
{
	const struct hvs *hvs = state;
	struct container_facts facts = {
		.kind = CONTAINER_HVS,
		.format_version = hvs->header.format_version,
		.pending_log_entries = hvs->pending,
		.size = hvs->view.size,
	};

	return facts;
}

static enum status hvs_find(const void *state, const char *path, struct key_value *out)
{
	const struct hvs *hvs = state;

	return hvs_tree_find(&hvs->tree, path, out);
}

static const struct numbered_keys *hvs_numbered(const void *state, size_t family)
{
	const struct hvs *hvs = state;

	return &hvs->tree.numbered[family];
}

static bool hvs_visit(const void *state, container_visitor visit, void *context)
{
	const struct hvs *hvs = state;

	return hvs_tree_visit(&hvs->tree, visit, context);
}

static uint64_t hvs_stored(const void *state, uint64_t offset, uint64_t size)
{
	const struct hvs *hvs = state;

	return hvs_view_stored(&hvs->view, offset, size);
}

static enum status hvs_read(const void *state, uint64_t offset, void *buffer, size_t size,
			    struct error *error)
{
	const struct hvs *hvs = state;

	return hvs_view_read(&hvs->view, offset, buffer, size, error);
}

const struct container_format container_format_hvs = {
	.probe = hvs_header_probe,
	.probe_damaged = hvs_header_probe_damaged,
	.open = hvs_open,
	.close = hvs_close,
	.facts = hvs_facts,
	.find = hvs_find,
	.numbered = hvs_numbered,
	.visit = hvs_visit,
	.stored = hvs_stored,
	.read = hvs_read,
};
