/* SPDX-License-Identifier: MIT */
/* Asking the tree: paths to keys, and all keys in order. */
#include "container/hvs_tree_internal.h"
#include "base/text_encoding.h"

#include <stdio.h>
#include <string.h>

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

uint32_t hvs_tree_children(const struct hvs_tree *tree, uint32_t parent, uint32_t *count)
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
	uint32_t first = hvs_tree_children(tree, parent, &count);

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

uint32_t hvs_tree_find_node(const struct hvs_tree *tree, const char *path)
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
		if (value.state == NUMBERED_MISSING || value.state == NUMBERED_OTHER_TYPE)
			continue;
		*out = numbered_value_as_key(&value);
		return STATUS_OK;
	}
	return STATUS_KEY_NOT_FOUND;
}

enum status hvs_tree_find(const struct hvs_tree *tree, const char *path, struct key_value *out)
{
	uint32_t at = ROOT, parent = ROOT;
	const char *name = "", *next;
	size_t length = 0, next_length;

	while (at != UNREACHABLE && next_component(&path, &next, &next_length)) {
		parent = at;
		name = next;
		length = next_length;
		at = find_child(tree, at, name, length);
	}
	path += strspn(path, "/");
	if (length == 0 || *path != '\0')
		return STATUS_KEY_NOT_FOUND;
	if (find_numbered(tree, parent, name, length, out) == STATUS_OK)
		return STATUS_OK;
	if (at == UNREACHABLE)
		return STATUS_KEY_NOT_FOUND;
	*out = keys_of(tree)[at].value;
	return STATUS_OK;
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

			if (key.value.state == NUMBERED_OTHER_TYPE)
				continue;	/* an ordinary key, visited as such */
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
	at->slot = hvs_tree_children(tree, parent, &count);
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
