/* SPDX-License-Identifier: MIT */
#include "container/hvs_tree.h"
#include "base/text_encoding.h"

#include <stdio.h>
#include <string.h>

/* Parents that are not keys. */
#define ROOT		UINT32_MAX
#define UNREACHABLE	(UINT32_MAX - 1)	/* below a leaf or below itself */
#define MOST_KEYS	(UINT32_MAX - 2)

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

/* What the build needs beside the tree itself. */
struct tree_build {
	struct hvs_tree *tree;
	struct vector *candidates;	/* per family, of struct numbered_candidate */
	struct damage *damage;
	struct error *error;
};

static struct hvs_key *keys_of(const struct hvs_tree *tree)
{
	return tree->keys.items;
}

static const char *name_of(const struct hvs_tree *tree, const struct hvs_key *key)
{
	return (const char *)tree->names.items + key->name;
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
	return STATUS_OK;
}

static enum status keep_candidate(struct tree_build *build, size_t family, uint64_t number,
				  const struct hvs_entry *entry)
{
	struct numbered_candidate *candidate =
		vector_extend(&build->candidates[family], 1, sizeof(*candidate));
	enum numbered_state state = NUMBERED_ARRAY;

	if (candidate == NULL)
		return error_out_of_memory(build->error, "the list of RAM blocks");
	if (entry->value.type != KEY_ARRAY)
		state = NUMBERED_OTHER_TYPE;
	else if (entry->value.broken)
		state = NUMBERED_BROKEN;
	candidate->number = number;
	candidate->value.offset = entry->value.offset;
	candidate->value.size = (uint32_t)entry->value.size;	/* 32 bits in every entry */
	candidate->value.state = (uint8_t)state;
	candidate->value.type = (uint8_t)entry->value.type;
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
	for (size_t i = 0; i < tree->family_count && entry->value.type != KEY_NODE; i++) {
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

/* A fault in how keys hang together; tolerated, it costs at most the key itself. */
static enum status link_failed(const struct tree_build *build, enum status status)
{
	return damage_tolerate(build->damage, PART_KEY, status, build->error);
}

static enum status check_sequence(const struct tree_build *build, struct hvs_place self,
				  uint32_t insertion_sequence, uint32_t next)
{
	if (insertion_sequence != 0 && insertion_sequence < next)
		return STATUS_OK;
	error_set(build->error, STATUS_CORRUPT_ORDER,
		  "key entry %u:%u: insertion sequence %u, but its parent expects 1 to %u",
		  self.table, self.position, insertion_sequence, next - 1);
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
		return check_sequence(build, self, insertion_sequence, UINT32_MAX);
	index = find_by_place(build->tree, parent);
	*out = UNREACHABLE;
	if (index == ROOT && is_candidate_place(build, parent))
		return STATUS_OK;
	if (index == ROOT) {
		error_set(build->error, STATUS_CORRUPT_LINK,
			  "key entry %u:%u: its parent %u:%u does not exist", self.table,
			  self.position, parent.table, parent.position);
		return link_failed(build, STATUS_CORRUPT_LINK);
	}
	key = &keys_of(build->tree)[index];
	if (key->value.type != KEY_NODE || place_rank(parent) == place_rank(self))
		return check_sequence(build, self, insertion_sequence, UINT32_MAX);
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

static enum status build_tree(struct tree_build *build)
{
	enum status status;

	sort_by(&build->tree->keys, sizeof(struct hvs_key), compare_keys_by_place);
	for (size_t i = 0; i < build->tree->family_count; i++)
		sort_by(&build->candidates[i], sizeof(struct numbered_candidate),
			compare_candidates_by_place);
	status = resolve_parents(build);
	if (status == STATUS_OK)
		status = check_cycles(build);
	if (status == STATUS_OK)
		status = order_children(build->tree, build->error);
	return status;
}

/* The children of parent (an index or ROOT) as a slice of children. */
static uint32_t children_of(const struct hvs_tree *tree, uint32_t parent, uint32_t *count)
{
	if (parent == ROOT) {
		*count = tree->root_child_count;
		return 0;
	}
	*count = keys_of(tree)[parent].child_count;
	return keys_of(tree)[parent].first_child;
}

/* The child of that name that was inserted first, or UNREACHABLE. */
static uint32_t find_child(const struct hvs_tree *tree, uint32_t parent, const char *name,
			   size_t length)
{
	uint32_t count;
	uint32_t first = children_of(tree, parent, &count);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t child = tree->children[first + i];
		const char *other = name_of(tree, &keys_of(tree)[child]);
		size_t matching = 0;

		while (matching < length && other[matching] != '\0' &&
		       ascii_lower((unsigned char)other[matching]) ==
			       ascii_lower((unsigned char)name[matching]))
			matching++;
		if (matching == length && other[length] == '\0')
			return child;
	}
	return UNREACHABLE;
}

/* Takes the next component off *path; false at its end. */
static bool next_component(const char **path, const char **name, size_t *length)
{
	while (**path == '/')
		(*path)++;
	*name = *path;
	*length = strcspn(*path, "/");
	*path += *length;
	return *length > 0;
}

/* Index of the node at path, ROOT for "" and UNREACHABLE if there is none. */
static uint32_t find_path(const struct hvs_tree *tree, const char *path)
{
	uint32_t at = ROOT;
	const char *name;
	size_t length;

	while (at != UNREACHABLE && next_component(&path, &name, &length))
		at = find_child(tree, at, name, length);
	return at;
}

static enum status find_numbered(const struct hvs_tree *tree, uint32_t parent, const char *name,
				 size_t length, struct key_value *out)
{
	for (size_t i = 0; i < tree->family_count; i++) {
		struct numbered_value value;
		uint64_t number;

		if (tree->homes[i] != parent ||
		    !numbered_name_matches(&tree->families[i], name, length, &number))
			continue;
		value = numbered_keys_find(&tree->numbered[i], number);
		if (value.state == NUMBERED_MISSING)
			continue;
		*out = numbered_value_as_key(&value);
		return STATUS_OK;
	}
	return STATUS_KEY_NOT_FOUND;
}

enum status hvs_tree_find(const struct hvs_tree *tree, const char *path, struct key_value *out)
{
	uint32_t at = ROOT, parent = ROOT;
	const char *name = "";
	const char *rest = path;
	size_t length = 0;

	while (at != UNREACHABLE && next_component(&rest, &name, &length)) {
		parent = at;
		at = find_child(tree, at, name, length);
	}
	if (at == ROOT)
		return STATUS_KEY_NOT_FOUND;
	if (at != UNREACHABLE) {
		*out = keys_of(tree)[at].value;
		return STATUS_OK;
	}
	while (*rest == '/')
		rest++;
	if (*rest != '\0')
		return STATUS_KEY_NOT_FOUND;
	return find_numbered(tree, parent, name, length, out);
}

/* A key whose name fits a family but whose parent does not is an ordinary key after all. */
static enum status demote_candidate(struct tree_build *build, const struct numbered_family *family,
				    const struct numbered_candidate *candidate)
{
	char name[300];	/* names of the container have at most 254 bytes */
	struct hvs_entry entry = {
		.place = { candidate->table, candidate->position },
		.parent = { candidate->parent_table, candidate->parent_offset },
		.insertion_sequence = candidate->insertion_sequence,
		.name = name,
		.value = numbered_value_as_key(&candidate->value),
	};

	snprintf(name, sizeof(name), "%s%llu%s", family->prefix,
		 (unsigned long long)candidate->number, family->suffix);
	return keep_key(build, &entry);
}

static enum status mark_candidates(const struct tree_build *build, size_t family)
{
	struct numbered_candidate *all = build->candidates[family].items;
	uint32_t home = build->tree->homes[family];

	for (size_t i = 0; i < build->candidates[family].count; i++) {
		struct hvs_place place = { all[i].table, all[i].position };
		struct hvs_place parent_place = { all[i].parent_table, all[i].parent_offset };
		uint32_t parent;
		enum status status = resolve_parent(build, place, parent_place,
						    all[i].insertion_sequence, &parent);

		if (status != STATUS_OK)
			return status;
		all[i].at_home = parent == home && home != UNREACHABLE;
	}
	return STATUS_OK;
}

/* Keeps the candidates at home and makes keys of the others. */
static enum status sift_candidates(struct tree_build *build, size_t family)
{
	struct vector *candidates = &build->candidates[family];
	struct numbered_candidate *all = candidates->items;
	size_t kept = 0;

	for (size_t i = 0; i < candidates->count; i++) {
		enum status status = STATUS_OK;

		if (all[i].at_home)
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
	for (size_t i = 0; i < tree->family_count; i++)
		tree->homes[i] = find_path(tree, tree->families[i].parent);
}

static enum status settle_families(struct tree_build *build)
{
	struct hvs_tree *tree = build->tree;
	size_t keys_before = tree->keys.count;
	enum status status = STATUS_OK;

	find_homes(tree);
	for (size_t i = 0; i < tree->family_count && status == STATUS_OK; i++)
		status = mark_candidates(build, i);
	for (size_t i = 0; i < tree->family_count && status == STATUS_OK; i++)
		status = sift_candidates(build, i);
	if (status == STATUS_OK && tree->keys.count > keys_before) {
		status = build_tree(build);
		find_homes(tree);
	}
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
	struct tree_build build = { .tree = &tree, .damage = view->damage, .error = error };
	enum status status;

	tree.homes = calloc(family_count + 1, sizeof(*tree.homes));
	tree.numbered = calloc(family_count + 1, sizeof(*tree.numbered));
	build.candidates = calloc(family_count + 1, sizeof(*build.candidates));
	if (tree.homes == NULL || tree.numbered == NULL || build.candidates == NULL)
		status = error_out_of_memory(error, "the keys");
	else
		status = hvs_keys_walk(view, objects, visit_entry, &build, error);
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

void hvs_tree_fini(struct hvs_tree *tree)
{
	for (size_t i = 0; i < tree->family_count && tree->numbered != NULL; i++)
		numbered_keys_fini(&tree->numbered[i]);
	free(tree->numbered);
	free(tree->homes);
	free(tree->children);
	vector_free(&tree->names);
	vector_free(&tree->keys);
	memset(tree, 0, sizeof(*tree));
}

/* A path that grows by a component at a time. */
struct path_buffer {
	struct vector text;	/* of char, NUL-terminated */
};

/* Sets the path to its first length characters, a slash, and name. */
static bool path_put(struct path_buffer *path, size_t length, const char *name)
{
	size_t name_length = strlen(name);
	char *added;

	path->text.count = length;
	added = vector_extend(&path->text, name_length + 2, 1);
	if (added == NULL)
		return false;
	added[0] = '/';
	memcpy(added + 1, name, name_length + 1);
	return true;
}

static const char *path_text(const struct path_buffer *path)
{
	return path->text.items;
}

struct visit {
	const struct hvs_tree *tree;
	hvs_key_visitor visit;
	void *context;
	struct path_buffer path;
	bool stopped;
};

/* The numbered keys below the key (or ROOT) whose path has length characters. */
static bool visit_numbered(struct visit *visit, uint32_t parent, size_t length)
{
	const struct hvs_tree *tree = visit->tree;

	for (size_t family = 0; family < tree->family_count; family++) {
		const struct numbered_keys *keys = &tree->numbered[family];

		if (tree->homes[family] != parent)
			continue;
		for (size_t i = 0; i < numbered_keys_count(keys) && !visit->stopped; i++) {
			struct numbered_other key = numbered_keys_at(keys, i);
			struct key_value value = numbered_value_as_key(&key.value);
			char name[300];

			snprintf(name, sizeof(name), "%s%llu%s", tree->families[family].prefix,
				 (unsigned long long)key.number, tree->families[family].suffix);
			if (!path_put(&visit->path, length, name))
				return false;
			visit->stopped = !visit->visit(visit->context, path_text(&visit->path),
						       &value);
		}
	}
	return true;
}

/* Where a visit stands: the next of the children of one key, or of the root. */
struct visit_position {
	uint32_t parent;
	uint32_t slot;		/* in children */
	uint32_t end;
	size_t length;		/* of the parent's path */
};

static void enter_children(const struct hvs_tree *tree, uint32_t parent,
			   struct visit_position *at)
{
	uint32_t count;

	at->parent = parent;
	at->slot = children_of(tree, parent, &count);
	at->end = at->slot + count;
}

/* Goes up to the nearest ancestor that has a sibling left to visit. */
static void leave_finished(const struct hvs_tree *tree, struct visit_position *at)
{
	while (at->slot == at->end && at->parent != ROOT) {
		const struct hvs_key *done = &keys_of(tree)[at->parent];

		at->length -= 1 + strlen(name_of(tree, done));
		enter_children(tree, done->parent, at);
		at->slot = done->place_in_siblings + 1;
	}
}

/* Depth first without recursion: trees may be as deep as the file is long. */
static bool visit_all(struct visit *visit)
{
	const struct hvs_tree *tree = visit->tree;
	struct visit_position at = { .length = 0 };

	if (!visit_numbered(visit, ROOT, 0))
		return false;
	enter_children(tree, ROOT, &at);
	while (at.slot < at.end && !visit->stopped) {
		uint32_t index = tree->children[at.slot++];
		const struct hvs_key *key = &keys_of(tree)[index];
		size_t length = at.length + 1 + strlen(name_of(tree, key));

		if (!path_put(&visit->path, at.length, name_of(tree, key)))
			return false;
		visit->stopped = !visit->visit(visit->context, path_text(&visit->path),
					       &key->value);
		if (!visit->stopped && !visit_numbered(visit, index, length))
			return false;
		if (key->child_count > 0) {
			enter_children(tree, index, &at);
			at.length = length;
		}
		leave_finished(tree, &at);
	}
	return true;
}

bool hvs_tree_visit(const struct hvs_tree *tree, hvs_key_visitor visit_key, void *context)
{
	struct visit visit = { .tree = tree, .visit = visit_key, .context = context };
	bool enough_memory = visit_all(&visit);

	vector_free(&visit.path.text);
	return enough_memory;
}
