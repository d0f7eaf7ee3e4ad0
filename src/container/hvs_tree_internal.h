/* SPDX-License-Identifier: MIT */
/*
 * What building a tree and asking it share; private to hvs_tree*.c.
 *
 * May include: src/base, src/platform.
 */
#ifndef CONTAINER_HVS_TREE_INTERNAL_H
#define CONTAINER_HVS_TREE_INTERNAL_H

#include "container/hvs_tree.h"

/* Parents that are not keys. */
#define ROOT		UINT32_MAX
#define UNREACHABLE	(UINT32_MAX - 1)	/* below a leaf or below itself */

struct hvs_key {
	struct hvs_place place;
	struct hvs_place parent_place;
	uint32_t insertion_sequence;
	uint32_t next_insertion_sequence;
	uint32_t parent;		/* index of a key, ROOT or UNREACHABLE */
	uint32_t first_child;		/* index in children */
	uint32_t child_count;
	uint32_t place_in_siblings;	/* index in children */
	size_t name;			/* offset in names */
	struct key_value value;
};

static inline struct hvs_key *keys_of(const struct hvs_tree *tree)
{
	return tree->keys.items;
}

static inline const char *name_of(const struct hvs_tree *tree, const struct hvs_key *key)
{
	return (const char *)tree->names.items + key->name;
}

/* The children of a key (or of ROOT) as a slice of tree->children. */
uint32_t hvs_tree_children(const struct hvs_tree *tree, uint32_t parent, uint32_t *count);

/* Index of the node at path, ROOT for "" and UNREACHABLE if there is none. */
uint32_t hvs_tree_find_node(const struct hvs_tree *tree, const char *path);

#endif
