/* SPDX-License-Identifier: MIT */
/*
 * The keys of an HVS file as a tree.
 *
 * Entries name their parent by place, and a parent may stand behind its
 * children, so the tree is put together after all entries have been seen.
 * Nothing here recurses: trees may be as deep as the file is long.
 *
 * May include: src/base, src/platform.
 */
#ifndef CONTAINER_HVS_TREE_H
#define CONTAINER_HVS_TREE_H

#include "container/hvs_keys.h"
#include "container/numbered_keys.h"

struct hvs_tree {
	struct vector keys;		/* of struct hvs_key, sorted by place */
	struct vector names;		/* of char, NUL-terminated strings */
	uint32_t *children;		/* indices of keys: the children of one parent in a row */
	uint32_t root_child_count;	/* the root's come first */
	const struct numbered_family *families;
	size_t family_count;
	uint32_t *homes;		/* one per family: the key that holds it */
	struct numbered_keys *numbered;	/* one per family */
};

/*
 * Reads all keys.  Those of the families (which stay valid as long as the
 * tree) are kept apart as numbers.
 *
 * Where damage is tolerated, a node that is lost and held a family is put back,
 * known by that family's keys.
 *
 * Statuses of hvs_keys_walk; STATUS_CORRUPT_LINK for a parent that does not
 * exist; STATUS_CORRUPT_ORDER for an impossible insertion sequence or a cycle.
 */
enum status hvs_tree_read(const struct hvs_view *view, const struct hvs_objects *objects,
			  const struct numbered_family *families, size_t family_count,
			  struct hvs_tree *out, struct error *error);
void hvs_tree_fini(struct hvs_tree *tree);

/*
 * Finds a key by its path, components separated by '/', ASCII case ignored;
 * of equal names the one inserted first.  STATUS_KEY_NOT_FOUND, without text.
 */
enum status hvs_tree_find(const struct hvs_tree *tree, const char *path, struct key_value *out);

/*
 * Visits every key that can be reached, parents before children, with its path
 * from "/" on.  Return false to stop.  False when memory is short.
 */
typedef bool (*hvs_key_visitor)(void *context, const char *path, const struct key_value *value);
bool hvs_tree_visit(const struct hvs_tree *tree, hvs_key_visitor visit, void *context);

#endif
