/* SPDX-License-Identifier: MIT */
/*
 * Putting the tree together: entries are taken in as they stand in the file,
 * then parents are resolved, cycles ruled out and siblings ordered.
 */
#include "container/hvs_tree_internal.h"
#include "base/text_encoding.h"

#include <stdio.h>
#include <string.h>

/* Two indices stand for ROOT and UNREACHABLE. */
#define MOST_KEYS (UINT32_MAX - 2)

/* What the build needs beside the tree itself. */
struct tree_build {
	struct hvs_tree *tree;
	const struct hvs_objects *objects;
	struct vector *candidates;	/* per family, of struct numbered_candidate */
	struct damage *damage;
	struct error *error;
};

/* A fault in how keys hang together; tolerated, it costs at most the key itself. */
static enum status link_failed(const struct tree_build *build, enum status status)
{
	return damage_tolerate(build->damage, PART_KEY, status, build->error);
}

/*
 * Such a key loads all the same, and may never be asked for.  Those of a family
 * are not looked at: whoever reads the family checks the value of each.
 */
static enum status note_cut_value(const struct tree_build *build, const struct hvs_entry *entry)
{
	const struct hvs_object *object;
	size_t hint = 0;

	if (build->damage == NULL || !entry->value.broken)
		return STATUS_OK;
	object = hvs_objects_find_file(build->objects, entry->value.offset, &hint);
	if (object == NULL)
		return STATUS_OK;	/* noted with the entry */
	error_set(build->error, STATUS_CORRUPT_LINK,
		  "key entry %u:%u: its value has %llu bytes, but its file object at offset %llu "
		  "has %u", entry->place.table, entry->place.position,
		  (unsigned long long)entry->value.size, (unsigned long long)object->offset,
		  object->size);
	return link_failed(build, STATUS_CORRUPT_LINK);
}

static enum status keep_key(struct tree_build *build, const struct hvs_entry *entry)
{
	struct hvs_tree *tree = build->tree;
	size_t length = strlen(entry->name) + 1;
	size_t name = tree->names.count;
	struct hvs_key *key;
	char *copy;

	if (tree->keys.count >= MOST_KEYS)
		return error_out_of_memory(build->error, "more than 2^32 keys");
	copy = vector_extend(&tree->names, length, 1);
	key = vector_extend(&tree->keys, 1, sizeof(*key));
	if (copy == NULL || key == NULL)
		return error_out_of_memory(build->error, "the keys");
	memcpy(copy, entry->name, length);
	memset(key, 0, sizeof(*key));
	key->place = entry->place;
	key->parent_place = entry->parent;
	key->insertion_sequence = entry->insertion_sequence;
	key->next_insertion_sequence = entry->next_insertion_sequence;
	key->parent = UNREACHABLE;
	key->name = name;
	key->value = entry->value;
	return note_cut_value(build, entry);
}

static enum status keep_candidate(struct tree_build *build, size_t family, uint64_t number,
				  const struct hvs_entry *entry)
{
	struct numbered_candidate *candidate =
		vector_extend(&build->candidates[family], 1, sizeof(*candidate));

	if (candidate == NULL)
		return error_out_of_memory(build->error, "the list of RAM blocks");
	candidate->number = number;
	candidate->value.offset = entry->value.offset;
	candidate->value.size = (uint32_t)entry->value.size;	/* 32 bits in every entry */
	candidate->value.state = entry->value.broken ? NUMBERED_BROKEN : NUMBERED_ARRAY;
	candidate->value.in_file_object = entry->value.in_file_object;
	candidate->insertion_sequence = entry->insertion_sequence;
	candidate->table = entry->place.table;
	candidate->position = entry->place.position;
	candidate->parent_table = entry->parent.table;
	candidate->parent_offset = entry->parent.position;
	return STATUS_OK;
}

static enum status visit_entry(void *context, const struct hvs_entry *entry, struct error *error)
{
	struct tree_build *build = context;
	const struct hvs_tree *tree = build->tree;

	(void)error;
	for (size_t i = 0; i < tree->family_count && entry->value.type == KEY_ARRAY; i++) {
		uint64_t number;

		if (numbered_name_matches(&tree->families[i], entry->name, strlen(entry->name),
					  &number))
			return keep_candidate(build, i, number, entry);
	}
	return keep_key(build, entry);
}

static int compare(uint64_t left, uint64_t right)
{
	return (left > right) - (left < right);
}

static uint64_t place_rank(struct hvs_place place)
{
	return (uint64_t)place.table << 32 | place.position;
}

static int compare_keys_by_place(const void *a, const void *b)
{
	const struct hvs_key *left = a, *right = b;

	return compare(place_rank(left->place), place_rank(right->place));
}

static uint64_t candidate_rank(const struct numbered_candidate *candidate)
{
	return (uint64_t)candidate->table << 32 | candidate->position;
}

static int compare_candidates_by_place(const void *a, const void *b)
{
	return compare(candidate_rank(a), candidate_rank(b));
}

/* Sorts unless sorted: tables mostly stand in the order of their index. */
static void sort_by(struct vector *items, size_t item_size,
		    int (*order)(const void *a, const void *b))
{
	const uint8_t *bytes = items->items;

	for (size_t i = 1; i < items->count; i++) {
		if (order(bytes + (i - 1) * item_size, bytes + i * item_size) > 0) {
			qsort(items->items, items->count, item_size, order);
			return;
		}
	}
}

/* Index of the key at place, or ROOT if there is none. */
static uint32_t find_by_place(const struct hvs_tree *tree, struct hvs_place place)
{
	const struct hvs_key *keys = keys_of(tree);
	uint64_t wanted = place_rank(place);
	size_t low = 0, high = tree->keys.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (place_rank(keys[middle].place) < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == tree->keys.count || place_rank(keys[low].place) != wanted)
		return ROOT;
	return (uint32_t)low;
}

static bool is_candidate_place(const struct tree_build *build, struct hvs_place place)
{
	struct numbered_candidate wanted = { .table = place.table, .position = place.position };

	for (size_t i = 0; i < build->tree->family_count; i++) {
		const struct vector *all = &build->candidates[i];

		if (all->count > 0 && bsearch(&wanted, all->items, all->count, sizeof(wanted),
					      compare_candidates_by_place) != NULL)
			return true;
	}
	return false;
}

/* What a parent that counts no children (the root, or a leaf) has for the next number. */
#define ANY_SEQUENCE ((uint64_t)1 << 32)

static enum status check_sequence(const struct tree_build *build, struct hvs_place self,
				  uint32_t insertion_sequence, uint64_t next)
{
	if (insertion_sequence != 0 && insertion_sequence < next)
		return STATUS_OK;
	error_set(build->error, STATUS_CORRUPT_ORDER,
		  "key entry %u:%u: insertion sequence %u, but its parent expects numbers from 1 "
		  "to below %llu", self.table, self.position, insertion_sequence,
		  (unsigned long long)next);
	return link_failed(build, STATUS_CORRUPT_ORDER);
}

/*
 * Resolves the parent of an entry and checks the entry's insertion sequence
 * against it.
 */
static enum status resolve_parent(const struct tree_build *build, struct hvs_place self,
				  struct hvs_place parent, uint32_t insertion_sequence,
				  uint32_t *out)
{
	const struct hvs_key *key;
	uint32_t index;

	*out = ROOT;
	if (parent.table == 0 && parent.position == 0)
		return check_sequence(build, self, insertion_sequence, ANY_SEQUENCE);
	index = find_by_place(build->tree, parent);
	*out = UNREACHABLE;
	if (index == ROOT && is_candidate_place(build, parent))
		return check_sequence(build, self, insertion_sequence, ANY_SEQUENCE);
	if (index == ROOT) {
		error_set(build->error, STATUS_CORRUPT_LINK,
			  "key entry %u:%u: its parent %u:%u does not exist", self.table,
			  self.position, parent.table, parent.position);
		return link_failed(build, STATUS_CORRUPT_LINK);
	}
	key = &keys_of(build->tree)[index];
	if (key->value.type != KEY_NODE || place_rank(parent) == place_rank(self))
		return check_sequence(build, self, insertion_sequence, ANY_SEQUENCE);
	*out = index;
	return check_sequence(build, self, insertion_sequence, key->next_insertion_sequence);
}

static enum status resolve_parents(const struct tree_build *build)
{
	struct hvs_key *keys = keys_of(build->tree);

	for (size_t i = 0; i < build->tree->keys.count; i++) {
		enum status status = resolve_parent(build, keys[i].place, keys[i].parent_place,
						    keys[i].insertion_sequence, &keys[i].parent);

		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

/*
 * Follows each key upward once: a key met again on its own way up is in a
 * cycle.  child_count serves as the mark (0 new, 1 on the way, 2 done); it gets
 * its real value afterwards.
 */
static enum status check_cycles(const struct tree_build *build)
{
	struct hvs_key *keys = keys_of(build->tree);
	size_t count = build->tree->keys.count;

	for (uint32_t i = 0; i < count; i++)
		keys[i].child_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = i;

		while (at < count && keys[at].child_count == 0) {
			keys[at].child_count = 1;
			at = keys[at].parent;
		}
		if (at < count && keys[at].child_count == 1) {
			enum status status;

			error_set(build->error, STATUS_CORRUPT_ORDER,
				  "key entry %u:%u is its own ancestor", keys[at].place.table,
				  keys[at].place.position);
			status = link_failed(build, STATUS_CORRUPT_ORDER);
			if (status != STATUS_OK)
				return status;
			keys[at].parent = UNREACHABLE;
		}
		for (at = i; at < count && keys[at].child_count == 1; at = keys[at].parent)
			keys[at].child_count = 2;
	}
	for (uint32_t i = 0; i < count; i++)
		keys[i].child_count = 0;
	return STATUS_OK;
}

struct sibling {
	uint32_t parent;
	uint32_t insertion_sequence;
	uint32_t key;		/* keys are sorted by place, so this breaks ties by place */
};

/* The root's children first; those that cannot be reached last. */
static int compare_siblings(const void *a, const void *b)
{
	const struct sibling *left = a, *right = b;
	int order = compare((uint32_t)(left->parent + 1), (uint32_t)(right->parent + 1));

	if (order == 0)
		order = compare(left->insertion_sequence, right->insertion_sequence);
	return order != 0 ? order : compare(left->key, right->key);
}

static void link_siblings(struct hvs_tree *tree, const struct sibling *siblings)
{
	struct hvs_key *keys = keys_of(tree);

	tree->root_child_count = 0;
	for (uint32_t i = 0; i < tree->keys.count; i++) {
		uint32_t parent = siblings[i].parent;

		tree->children[i] = siblings[i].key;
		keys[siblings[i].key].place_in_siblings = i;
		if (parent == ROOT)
			tree->root_child_count++;
		else if (parent != UNREACHABLE && keys[parent].child_count++ == 0)
			keys[parent].first_child = i;
	}
}

static enum status order_children(struct hvs_tree *tree, struct error *error)
{
	const struct hvs_key *keys = keys_of(tree);
	size_t count = tree->keys.count;
	struct sibling *siblings;

	if (count == 0)
		return STATUS_OK;
	siblings = malloc(count * sizeof(*siblings));
	free(tree->children);
	tree->children = malloc(count * sizeof(*tree->children));
	if (siblings == NULL || tree->children == NULL) {
		free(siblings);
		return error_out_of_memory(error, "the keys");
	}
	for (uint32_t i = 0; i < count; i++) {
		siblings[i].parent = keys[i].parent;
		siblings[i].insertion_sequence = keys[i].insertion_sequence;
		siblings[i].key = i;
	}
	qsort(siblings, count, sizeof(*siblings), compare_siblings);
	link_siblings(tree, siblings);
	free(siblings);
	return STATUS_OK;
}

static void sort_entries(struct tree_build *build)
{
	sort_by(&build->tree->keys, sizeof(struct hvs_key), compare_keys_by_place);
	for (size_t i = 0; i < build->tree->family_count; i++)
		sort_by(&build->candidates[i], sizeof(struct numbered_candidate),
			compare_candidates_by_place);
}

static enum status build_tree(struct tree_build *build)
{
	enum status status;

	sort_entries(build);
	status = resolve_parents(build);
	if (status == STATUS_OK)
		status = check_cycles(build);
	if (status == STATUS_OK)
		status = order_children(build->tree, build->error);
	return status;
}

/* Stands for the index of a parent that is yet to be found by its place. */
#define BY_PLACE 0

/*
 * A key whose name fits a family but whose parent does not is an ordinary key
 * after all.  How it hangs together with others has been checked.
 */
static enum status demote_candidate(struct tree_build *build, const struct numbered_family *family,
				    const struct numbered_candidate *candidate)
{
	char name[300];	/* names of the container have at most 254 bytes */
	enum status status;
	struct hvs_entry entry = {
		.place = { candidate->table, candidate->position },
		.parent = { candidate->parent_table, candidate->parent_offset },
		.insertion_sequence = candidate->insertion_sequence,
		.name = name,
		.value = numbered_value_as_key(&candidate->value),
	};

	snprintf(name, sizeof(name), "%s%llu%s", family->prefix,
		 (unsigned long long)candidate->number, family->suffix);
	status = keep_key(build, &entry);
	if (status == STATUS_OK)
		keys_of(build->tree)[build->tree->keys.count - 1].parent =
			place_rank(entry.parent) == 0 ? ROOT : BY_PLACE;
	return status;
}

/*
 * Orders the keys with those that were candidates among them.  Every fault has
 * been told, and what is out of reach stays so: the others have new indices.
 */
static enum status rebuild_tree(struct tree_build *build)
{
	struct hvs_tree *tree = build->tree;
	struct hvs_key *keys;

	sort_entries(build);
	keys = keys_of(tree);
	for (size_t i = 0; i < tree->keys.count; i++) {
		uint32_t index;

		keys[i].child_count = 0;
		if (keys[i].parent == ROOT || keys[i].parent == UNREACHABLE)
			continue;
		index = find_by_place(tree, keys[i].parent_place);
		if (index == ROOT || keys[index].value.type != KEY_NODE)
			index = UNREACHABLE;
		keys[i].parent = index;
	}
	return order_children(tree, build->error);
}

static struct hvs_place parent_place_of(const struct numbered_candidate *candidate)
{
	struct hvs_place place = { candidate->parent_table, candidate->parent_offset };

	return place;
}

/* Every candidate must have a parent, at home or not, before any is made a key. */
static enum status check_candidates(const struct tree_build *build, size_t family)
{
	const struct numbered_candidate *all = build->candidates[family].items;

	for (size_t i = 0; i < build->candidates[family].count; i++) {
		struct hvs_place place = { all[i].table, all[i].position };
		uint32_t parent;
		enum status status = resolve_parent(build, place, parent_place_of(&all[i]),
						    all[i].insertion_sequence, &parent);

		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

/* True if the candidate stands below the key that holds its family. */
static bool is_at_home(const struct hvs_tree *tree, size_t family,
		       const struct numbered_candidate *candidate)
{
	uint32_t home = tree->homes[family];
	struct hvs_place place = { 0, 0 };

	if (home == UNREACHABLE)
		return false;
	if (home != ROOT)
		place = keys_of(tree)[home].place;
	return place_rank(place) == place_rank(parent_place_of(candidate));
}

/* Keeps the candidates at home and makes keys of the others. */
static enum status sift_candidates(struct tree_build *build, size_t family)
{
	struct vector *candidates = &build->candidates[family];
	struct numbered_candidate *all = candidates->items;
	size_t kept = 0;

	for (size_t i = 0; i < candidates->count; i++) {
		enum status status = STATUS_OK;

		if (is_at_home(build->tree, family, &all[i]))
			all[kept++] = all[i];
		else
			status = demote_candidate(build, &build->tree->families[family], &all[i]);
		if (status != STATUS_OK)
			return status;
	}
	candidates->count = kept;
	return STATUS_OK;
}

static void find_homes(struct hvs_tree *tree)
{
	for (size_t i = 0; i < tree->family_count; i++) {
		uint32_t home = hvs_tree_find_node(tree, tree->families[i].parent);

		if (home < tree->keys.count && keys_of(tree)[home].value.type != KEY_NODE)
			home = UNREACHABLE;	/* nothing is found below a leaf */
		tree->homes[i] = home;
	}
}

/*
 * A key of the family that is no array is an ordinary key; its number is marked
 * so that it is not taken for one that is missing.
 */
static enum status mark_other_types(struct tree_build *build, size_t family)
{
	const struct hvs_tree *tree = build->tree;
	uint32_t count, first;

	if (tree->homes[family] == UNREACHABLE)
		return STATUS_OK;
	first = hvs_tree_children(tree, tree->homes[family], &count);
	for (uint32_t i = first; i < first + count; i++) {
		const struct hvs_key *key = &keys_of(tree)[tree->children[i]];
		const char *name = name_of(tree, key);
		struct numbered_candidate *candidate;
		uint64_t number;

		if (key->value.type == KEY_NODE || key->value.type == KEY_ARRAY ||
		    !numbered_name_matches(&tree->families[family], name, strlen(name), &number))
			continue;
		candidate = vector_extend(&build->candidates[family], 1, sizeof(*candidate));
		if (candidate == NULL)
			return error_out_of_memory(build->error, "the list of RAM blocks");
		memset(candidate, 0, sizeof(*candidate));
		candidate->number = number;
		candidate->value.state = NUMBERED_OTHER_TYPE;
		candidate->insertion_sequence = key->insertion_sequence;
		candidate->table = key->place.table;
		candidate->position = key->place.position;
	}
	return STATUS_OK;
}

/* True if the tables hold a node of that name at the root. */
static bool has_root_node(const struct hvs_tree *tree, const char *name)
{
	for (size_t i = 0; i < tree->keys.count; i++) {
		const struct hvs_key *key = &keys_of(tree)[i];

		if (key->value.type == KEY_NODE && place_rank(key->parent_place) == 0 &&
		    ascii_equal_ignore_case(name_of(tree, key), name))
			return true;
	}
	return false;
}

/* Where that node was: the one lost place that candidates of its families name as their parent. */
static bool find_lost_home(const struct tree_build *build, const char *node,
			   struct hvs_place *out)
{
	bool found = false;

	for (size_t i = 0; i < build->tree->family_count; i++) {
		const struct numbered_candidate *all = build->candidates[i].items;

		if (strcmp(build->tree->families[i].parent, node) != 0)
			continue;
		for (size_t j = 0; j < build->candidates[i].count; j++) {
			struct hvs_place place = parent_place_of(&all[j]);

			if (place_rank(place) == 0 || find_by_place(build->tree, place) != ROOT ||
			    is_candidate_place(build, place))
				continue;
			if (found && place_rank(place) != place_rank(*out))
				return false;
			*out = place;
			found = true;
		}
	}
	return found;
}

/*
 * A node that is lost with its key table takes all its children along.  The one
 * that holds the families is known by these: nothing else has keys of such
 * names.  Only its name is put back, which is all that it consists of.
 */
static enum status restore_lost_home(struct tree_build *build, const char *node)
{
	struct hvs_entry entry = { .name = node, .value = { .type = KEY_NODE },
				   .insertion_sequence = 1,
				   .next_insertion_sequence = UINT32_MAX };
	enum status status;

	if (node[0] == '\0' || strchr(node, '/') != NULL || has_root_node(build->tree, node) ||
	    !find_lost_home(build, node, &entry.place))
		return STATUS_OK;
	error_set(build->error, STATUS_CORRUPT_LINK,
		  "key entry %u:%u is lost; by its children it was the node '%s'",
		  entry.place.table, entry.place.position, node);
	status = damage_tolerate(build->damage, PART_KEY, STATUS_CORRUPT_LINK, build->error);
	if (status == STATUS_OK)
		status = keep_key(build, &entry);
	sort_by(&build->tree->keys, sizeof(struct hvs_key), compare_keys_by_place);
	return status;
}

static enum status restore_lost_homes(struct tree_build *build)
{
	enum status status = STATUS_OK;

	if (build->damage == NULL)
		return STATUS_OK;
	sort_entries(build);
	for (size_t i = 0; i < build->tree->family_count && status == STATUS_OK; i++)
		status = restore_lost_home(build, build->tree->families[i].parent);
	return status;
}

static enum status settle_families(struct tree_build *build)
{
	struct hvs_tree *tree = build->tree;
	size_t keys_before = tree->keys.count;
	enum status status = STATUS_OK;

	find_homes(tree);
	for (size_t i = 0; i < tree->family_count && status == STATUS_OK; i++)
		status = check_candidates(build, i);
	for (size_t i = 0; i < tree->family_count && status == STATUS_OK; i++)
		status = sift_candidates(build, i);
	if (status == STATUS_OK && tree->keys.count > keys_before) {
		status = rebuild_tree(build);
		find_homes(tree);
	}
	for (size_t i = 0; i < tree->family_count && status == STATUS_OK; i++)
		status = mark_other_types(build, i);
	for (size_t i = 0; i < tree->family_count && status == STATUS_OK; i++)
		status = numbered_keys_build(&build->candidates[i], &tree->numbered[i],
					     build->error);
	return status;
}

enum status hvs_tree_read(const struct hvs_view *view, const struct hvs_objects *objects,
			  const struct numbered_family *families, size_t family_count,
			  struct hvs_tree *out, struct error *error)
{
	struct hvs_tree tree = { .families = families, .family_count = family_count };
	struct tree_build build = { .tree = &tree, .objects = objects, .damage = view->damage,
				    .error = error };
	enum status status;

	tree.homes = calloc(family_count + 1, sizeof(*tree.homes));
	tree.numbered = calloc(family_count + 1, sizeof(*tree.numbered));
	build.candidates = calloc(family_count + 1, sizeof(*build.candidates));
	if (tree.homes == NULL || tree.numbered == NULL || build.candidates == NULL)
		status = error_out_of_memory(error, "the keys");
	else
		status = hvs_keys_walk(view, objects, visit_entry, &build, error);
	if (status == STATUS_OK)
		status = restore_lost_homes(&build);
	if (status == STATUS_OK)
		status = build_tree(&build);
	if (status == STATUS_OK)
		status = settle_families(&build);
	for (size_t i = 0; i < family_count && build.candidates != NULL; i++)
		vector_free(&build.candidates[i]);
	free(build.candidates);
	if (status != STATUS_OK) {
		hvs_tree_fini(&tree);
		return status;
	}
	*out = tree;
	return STATUS_OK;
}
