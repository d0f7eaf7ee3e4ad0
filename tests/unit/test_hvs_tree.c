/* SPDX-License-Identifier: MIT */
/*
 * The tree that key entries come to: single rules on tables written by hand,
 * and random tables against a reference that looks at every entry for every
 * question.
 */
#include "bench/codec_writer.h"
#include "container/hvs_tree.h"
#include "key_table_writer.h"

#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One family, below the node "home". */
static const struct numbered_family families[] = { { "home", "RamBlock", "" } };

static struct key_tables tables;

static enum status read_tree(struct hvs_tree *out, size_t family_count, struct error *error)
{
	struct hvs_objects objects;
	struct hvs_view view;
	struct file *file;
	enum status status;

	assert_int_equal(file_open_memory(tables.bytes,
					  (size_t)tables.table_count * WRITER_TABLE_SIZE, &file,
					  NULL), STATUS_OK);
	tables_objects(&tables, &objects);
	hvs_view_init(&view, file);
	status = hvs_tree_read(&view, &objects, families, family_count, out, error);
	hvs_view_fini(&view);
	hvs_objects_fini(&objects);
	file_close(file);
	return status;
}

static enum status finish_and_read(struct hvs_tree *out)
{
	tables_finish(&tables);
	return read_tree(out, 1, NULL);
}

static unsigned add_below(unsigned parent, uint8_t type, const char *name, uint32_t sequence,
			  uint64_t value)
{
	unsigned entry = tables_add(&tables, type, name, sequence, value);

	tables_set_parent(&tables, entry, parent);
	return entry;
}

static void assert_found(const struct hvs_tree *tree, const char *path, uint64_t number)
{
	struct key_value value;

	if (hvs_tree_find(tree, path, &value) != STATUS_OK)
		fail_msg("'%s' is not found", path);
	assert_int_equal(value.scalar, number);
}

static void assert_not_found(const struct hvs_tree *tree, const char *path)
{
	struct key_value value = { .scalar = 4711 };

	if (hvs_tree_find(tree, path, &value) != STATUS_KEY_NOT_FOUND)
		fail_msg("'%s' is found", path);
	assert_int_equal(value.scalar, 4711);
}

/* ---- Paths ---- */

static void case_and_slashes_at_the_ends_do_not_matter(void **state)
{
	struct hvs_tree tree;
	unsigned node;

	(void)state;
	tables_start(&tables, NULL);
	node = tables_add(&tables, WRITTEN_NODE, "Configuration", 1, 3);
	add_below(node, WRITTEN_INT, "Version", 1, 1);
	add_below(node, WRITTEN_INT, "\xC3\x9C", 2, 2);
	assert_int_equal(finish_and_read(&tree), STATUS_OK);
	assert_found(&tree, "Configuration/Version", 1);
	assert_found(&tree, "/configuration/version", 1);
	assert_found(&tree, "//CONFIGURATION//VERSION//", 1);
	assert_found(&tree, "/Configuration/\xC3\x9C", 2);
	assert_not_found(&tree, "/Configuration/\xC3\xBC");
	assert_not_found(&tree, "/Configuration/Versio");
	assert_not_found(&tree, "/Configuration/Versions");
	assert_not_found(&tree, "/Configuration/Version/x");
	assert_not_found(&tree, "/Version");
	assert_not_found(&tree, "");
	assert_not_found(&tree, "/");
	hvs_tree_fini(&tree);
}

static void of_equal_names_the_one_inserted_first_counts(void **state)
{
	struct hvs_tree tree;

	(void)state;
	tables_start(&tables, NULL);
	tables_add(&tables, WRITTEN_INT, "name", 3, 3);
	tables_add(&tables, WRITTEN_INT, "NAME", 1, 1);
	tables_add(&tables, WRITTEN_INT, "Name", 2, 2);
	assert_int_equal(finish_and_read(&tree), STATUS_OK);
	assert_found(&tree, "name", 1);
	hvs_tree_fini(&tree);
}

static void of_equal_numbers_the_one_in_the_lower_table_counts(void **state)
{
	static const uint16_t indices[WRITER_TABLES] = { 9, 4 };
	struct hvs_tree tree;

	(void)state;
	tables_start(&tables, indices);
	tables_add(&tables, WRITTEN_INT, "name", 1, 90);
	tables_break(&tables);
	tables_add(&tables, WRITTEN_INT, "name", 1, 40);
	tables_add(&tables, WRITTEN_INT, "name", 1, 41);
	assert_int_equal(finish_and_read(&tree), STATUS_OK);
	assert_found(&tree, "name", 40);
	hvs_tree_fini(&tree);
}

/* ---- Parents ---- */

static void a_parent_may_stand_behind_its_children(void **state)
{
	struct hvs_tree tree;
	unsigned child, parent;

	(void)state;
	tables_start(&tables, NULL);
	child = tables_add(&tables, WRITTEN_INT, "child", 1, 5);
	tables_break(&tables);
	parent = tables_add(&tables, WRITTEN_NODE, "parent", 1, 2);
	tables_set_parent(&tables, child, parent);
	assert_int_equal(finish_and_read(&tree), STATUS_OK);
	assert_found(&tree, "parent/child", 5);
	hvs_tree_fini(&tree);
}

static void keys_below_a_leaf_or_below_themselves_are_not_reached(void **state)
{
	struct hvs_tree tree;
	unsigned leaf, self, block;

	(void)state;
	tables_start(&tables, NULL);
	leaf = tables_add(&tables, WRITTEN_INT, "leaf", 1, 1);
	add_below(leaf, WRITTEN_INT, "below", 1, 2);
	self = tables_add(&tables, WRITTEN_NODE, "self", 2, 10);
	tables_set_parent(&tables, self, self);
	add_below(self, WRITTEN_INT, "below", 1, 3);
	block = tables_add(&tables, WRITTEN_ARRAY, "RamBlock0", 3, 0);
	add_below(block, WRITTEN_INT, "below", 1, 4);
	assert_int_equal(finish_and_read(&tree), STATUS_OK);
	assert_found(&tree, "leaf", 1);
	assert_not_found(&tree, "leaf/below");
	assert_not_found(&tree, "self");
	assert_not_found(&tree, "self/below");
	assert_not_found(&tree, "RamBlock0/below");
	hvs_tree_fini(&tree);
}

/* What is wrong with the entry that a table holds beside a node of three. */
struct link_case {
	const char *fact;
	uint16_t parent_table;
	uint32_t parent_position;
	uint32_t sequence;
	enum status answer;
};

static const struct link_case link_cases[] = {
	{ "largest number below the node's next", 1, 10, 2, STATUS_OK },
	{ "child of the root", 0, 0, 2, STATUS_OK },
	{ "the root counts no numbers", 0, 0, 0xFFFFFFFF, STATUS_OK },
	{ "number as large as the node's next", 1, 10, 3, STATUS_CORRUPT_ORDER },
	{ "number beyond the node's next", 1, 10, 1000, STATUS_CORRUPT_ORDER },
	{ "number 0", 1, 10, 0, STATUS_CORRUPT_ORDER },
	{ "number 0 below the root", 0, 0, 0, STATUS_CORRUPT_ORDER },
	{ "no such table", 7, 10, 1, STATUS_CORRUPT_LINK },
	{ "table 0", 0, 10, 1, STATUS_CORRUPT_LINK },
	{ "not the start of an entry", 1, 11, 1, STATUS_CORRUPT_LINK },
	{ "offset 0 of a table", 1, 0, 1, STATUS_CORRUPT_LINK },
	{ "offset beyond the table", 1, 0xFFFFFFFF, 1, STATUS_CORRUPT_LINK },
};

static void check_link(const struct link_case *now, uint8_t type, const char *name)
{
	struct hvs_tree tree;
	struct written_entry *entry;
	enum status status;

	tables_start(&tables, NULL);
	tables_add(&tables, WRITTEN_NODE, "node", 1, 3);
	entry = &tables.entries[tables_add(&tables, type, name, now->sequence, 9)];
	entry->parent_table = now->parent_table;
	entry->parent_position = now->parent_position;
	status = finish_and_read(&tree);
	if (status != now->answer)
		fail_msg("%s, as '%s': status %d", now->fact, name, (int)status);
	if (status == STATUS_OK)
		hvs_tree_fini(&tree);
}

static void links_and_numbers_are_checked_for_every_kind_of_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(link_cases) / sizeof(link_cases[0]); i++) {
		check_link(&link_cases[i], WRITTEN_INT, "leaf");
		check_link(&link_cases[i], WRITTEN_NODE, "node below");
		check_link(&link_cases[i], WRITTEN_ARRAY, "RamBlock0");
	}
}

static void the_number_0_is_refused_below_every_kind_of_leaf(void **state)
{
	static const char *const homes[] = { "home", "elsewhere" };
	static const char *const leaves[] = { "RamBlock0", "leaf" };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct hvs_tree tree;
		unsigned home, leaf;

		tables_start(&tables, NULL);
		home = tables_add(&tables, WRITTEN_NODE, homes[i / 2], 1, 2);
		leaf = add_below(home, WRITTEN_ARRAY, leaves[i % 2], 1, 0);
		add_below(leaf, WRITTEN_INT, "below", 0, 0);
		assert_int_equal(finish_and_read(&tree), STATUS_CORRUPT_ORDER);
	}
}

static void nodes_that_are_each_others_parents_are_refused(void **state)
{
	(void)state;
	for (unsigned length = 2; length <= 40; length++) {
		struct hvs_tree tree;
		struct error error;

		tables_start(&tables, NULL);
		for (unsigned i = 0; i < length; i++)
			tables_add(&tables, WRITTEN_NODE, "node", 1, 5);
		for (unsigned i = 0; i < length; i++)
			tables_set_parent(&tables, i, (i + 1) % length);
		add_below(length / 2, WRITTEN_INT, "leaf", 1, 0);
		tables_finish(&tables);
		assert_int_equal(read_tree(&tree, 1, &error), STATUS_CORRUPT_ORDER);
		assert_non_null(strstr(error.text, "its own ancestor"));
	}
}

static void two_tables_with_one_index_are_refused(void **state)
{
	static const uint16_t indices[WRITER_TABLES] = { 3, 3 };
	struct hvs_tree tree;

	(void)state;
	tables_start(&tables, indices);
	tables_add(&tables, WRITTEN_INT, "a", 1, 1);
	tables_break(&tables);
	tables_add(&tables, WRITTEN_INT, "b", 2, 1);
	assert_int_equal(finish_and_read(&tree), STATUS_CORRUPT);
}

/* ---- Families ---- */

static void numbered_keys_count_at_home_and_are_ordinary_elsewhere(void **state)
{
	struct key_value value;
	struct hvs_tree tree;
	unsigned home, other;

	(void)state;
	tables_start(&tables, NULL);
	home = tables_add(&tables, WRITTEN_NODE, "HOME", 1, 10);
	other = tables_add(&tables, WRITTEN_NODE, "other", 2, 10);
	add_below(home, WRITTEN_ARRAY, "RamBlock1", 1, 0);
	add_below(home, WRITTEN_ARRAY, "ramBLOCK0", 2, 0);
	add_below(home, WRITTEN_INT, "RamBlock2", 3, 0);
	add_below(home, WRITTEN_NODE, "RamBlock3", 4, 0);
	add_below(other, WRITTEN_ARRAY, "RamBlock4", 1, 0);
	tables_add(&tables, WRITTEN_INT, "RamBlock5", 3, 55);
	assert_int_equal(finish_and_read(&tree), STATUS_OK);
	assert_int_equal(numbered_keys_count(&tree.numbered[0]), 3);
	assert_int_equal(tree.numbered[0].run[0].state, NUMBERED_ARRAY);
	assert_int_equal(tree.numbered[0].run[0].size, 8);
	assert_int_equal(tree.numbered[0].run[1].state, NUMBERED_ARRAY);
	assert_int_equal(tree.numbered[0].run[2].state, NUMBERED_OTHER_TYPE);
	assert_int_equal(hvs_tree_find(&tree, "home/RAMBLOCK1", &value), STATUS_OK);
	assert_int_equal(value.type, KEY_ARRAY);
	assert_int_equal(hvs_tree_find(&tree, "home/RamBlock3", &value), STATUS_OK);
	assert_int_equal(value.type, KEY_NODE);
	assert_int_equal(hvs_tree_find(&tree, "other/ramblock4", &value), STATUS_OK);
	assert_found(&tree, "RamBlock5", 55);
	assert_not_found(&tree, "home/RamBlock4");
	assert_not_found(&tree, "home/RamBlock01");
	hvs_tree_fini(&tree);
}

static void without_its_node_a_family_is_empty(void **state)
{
	struct hvs_tree tree;

	(void)state;
	tables_start(&tables, NULL);
	tables_add(&tables, WRITTEN_INT, "RamBlock0", 1, 7);
	assert_int_equal(finish_and_read(&tree), STATUS_OK);
	assert_int_equal(numbered_keys_count(&tree.numbered[0]), 0);
	assert_found(&tree, "RamBlock0", 7);
	hvs_tree_fini(&tree);
}

/* ---- Random trees against the reference ---- */

enum { KEYS = 48, DROPPED = KEYS, AT_ROOT = KEYS + 1, PATH = 1024 };

struct model_key {
	char name[16];
	uint8_t type;
	uint32_t sequence;
	unsigned parent;	/* a key, AT_ROOT, or DROPPED when it cannot be reached */
	uint64_t rank;		/* place: index of the table and position */
};

struct model {
	struct model_key keys[KEYS];
	unsigned count;
};

static const char *const some_names[] = {
	"a", "A", "b", "home", "HOME", "long name", "RamBlock0", "RamBlock1", "ramblock7",
	"RamBlock01", "RamBlock",
};

static bool is_numbered_name(const char *name)
{
	return strcmp(name, "RamBlock0") == 0 || strcmp(name, "RamBlock1") == 0 ||
	       strcmp(name, "ramblock7") == 0;
}

static bool same_name(const char *a, const char *b)
{
	for (; *a != '\0' && (*a | 0x20) == (*b | 0x20); a++)
		b++;
	return *a == '\0' && *b == '\0';
}

/* A parent among the keys that have one already, so that there is no cycle. */
static unsigned choose_parent(const unsigned *order, unsigned settled,
			      struct random_numbers *random)
{
	unsigned parent = settled > 0 ? order[random_below(random, settled)] : AT_ROOT;

	return random_below(random, 4) == 0 ? AT_ROOT : parent;
}

static void shuffle(unsigned *order, unsigned count, struct random_numbers *random)
{
	for (unsigned i = 0; i < count; i++)
		order[i] = i;
	for (unsigned i = count; i > 1; i--) {
		unsigned other = random_below(random, i);
		unsigned kept = order[i - 1];

		order[i - 1] = order[other];
		order[other] = kept;
	}
}

static void add_random_key(struct model *model, unsigned number, struct random_numbers *random)
{
	struct model_key *key = &model->keys[number];
	const struct written_entry *entry;

	snprintf(key->name, sizeof(key->name), "%s", some_names[random_below(random, 11)]);
	key->type = random_below(random, 2) == 0 ? WRITTEN_NODE : WRITTEN_INT;
	if (is_numbered_name(key->name))
		key->type = WRITTEN_ARRAY;
	key->sequence = 1 + random_below(random, 4);
	if (random_below(random, 12) == 0)
		tables_break(&tables);
	tables_add(&tables, key->type, key->name, key->sequence,
		   key->type == WRITTEN_NODE ? 100 : number);
	entry = &tables.entries[number];
	key->rank = (uint64_t)tables.indices[entry->table] << 32 | entry->position;
}

static void compose(struct model *model, struct random_numbers *random)
{
	uint16_t indices[WRITER_TABLES];
	unsigned order[KEYS];

	shuffle(order, WRITER_TABLES, random);
	for (unsigned i = 0; i < WRITER_TABLES; i++)
		indices[i] = (uint16_t)(1 + order[i]);
	tables_start(&tables, indices);
	model->count = random_below(random, KEYS + 1);
	for (unsigned i = 0; i < model->count; i++)
		add_random_key(model, i, random);
	shuffle(order, model->count, random);
	for (unsigned i = 0; i < model->count; i++) {
		struct model_key *key = &model->keys[order[i]];

		key->parent = choose_parent(order, i, random);
		if (key->parent == AT_ROOT)
			continue;
		tables_set_parent(&tables, order[i], key->parent);
		if (model->keys[key->parent].type != WRITTEN_NODE)
			key->parent = DROPPED;
	}
	tables_finish(&tables);
}

static bool comes_first(const struct model_key *a, const struct model_key *b)
{
	return a->sequence != b->sequence ? a->sequence < b->sequence : a->rank < b->rank;
}

/* The next child of parent behind the last one, in order; KEYS at the end. */
static unsigned next_child(const struct model *model, unsigned parent, unsigned last)
{
	unsigned next = KEYS;

	for (unsigned i = 0; i < model->count; i++) {
		const struct model_key *key = &model->keys[i];

		if (key->parent != parent || i == last ||
		    (last != KEYS && comes_first(key, &model->keys[last])))
			continue;
		if (next == KEYS || comes_first(key, &model->keys[next]))
			next = i;
	}
	return next;
}

/* The first child of that name; numbered keys of the home are asked for apart. */
static unsigned named_child(const struct model *model, unsigned parent, const char *name)
{
	unsigned child = next_child(model, parent, KEYS);

	while (child != KEYS && !same_name(model->keys[child].name, name))
		child = next_child(model, parent, child);
	return child;
}

struct listing {
	char text[32 * 1024];
	size_t length;
};

/* The path of a child; no tree here is deep enough for the room to end. */
static void path_of_child(char child[PATH], const char *path, const char *name)
{
	assert_in_range(snprintf(child, PATH, "%s/%s", path, name), 1, PATH - 1);
}

static void note(struct listing *listing, const char *path, int type)
{
	listing->length += (size_t)snprintf(listing->text + listing->length,
					    sizeof(listing->text) - listing->length, "%s %d\n",
					    path, type);
	assert_true(listing->length < sizeof(listing->text));
}

static int plain_type(uint8_t type)
{
	return type == WRITTEN_NODE ? KEY_NODE : type == WRITTEN_ARRAY ? KEY_ARRAY : KEY_INT;
}

/* The home's numbered keys stand in front of its other children, once each, in order. */
static void list_numbered(const struct model *model, unsigned home, const char *path,
			  struct listing *listing)
{
	static const char *const names[] = { "RamBlock0", "RamBlock1", "RamBlock7" };

	for (size_t i = 0; i < 3; i++) {
		char below[PATH];

		if (named_child(model, home, names[i]) == KEYS)
			continue;
		path_of_child(below, path, names[i]);
		note(listing, below, KEY_ARRAY);
	}
}

static void list_children(const struct model *model, unsigned parent, unsigned home,
			  const char *path, struct listing *listing)
{
	unsigned child = next_child(model, parent, KEYS);

	for (; child != KEYS; child = next_child(model, parent, child)) {
		const struct model_key *key = &model->keys[child];
		char below[PATH];

		if (parent == home && is_numbered_name(key->name))
			continue;
		path_of_child(below, path,
			      key->type == WRITTEN_ARRAY && key->name[0] == 'r' ? "RamBlock7"
									       : key->name);
		note(listing, below, plain_type(key->type));
		if (child == home)
			list_numbered(model, home, below, listing);
		list_children(model, child, home, below, listing);
	}
}

static bool note_visit(void *context, const char *path, const struct key_value *value)
{
	note(context, path, (int)value->type);
	return true;
}

/* By path, without going back: the first child of a name is the only one asked. */
static unsigned reference_find(const struct model *model, const char *path)
{
	unsigned at = AT_ROOT;

	while (*path != '\0' && at != KEYS) {
		size_t length = strcspn(path + 1, "/");
		char name[PATH];

		snprintf(name, sizeof(name), "%.*s", (int)length, path + 1);
		path += 1 + length;
		at = named_child(model, at, name);
	}
	return at;
}

static void check_every_path(const struct model *model, const struct hvs_tree *tree,
			     const char *listed)
{
	while (*listed != '\0') {
		size_t length = strcspn(listed, "\n");
		struct key_value value = { .scalar = 4711 };
		char path[PATH];
		unsigned expected;

		snprintf(path, sizeof(path), "%.*s", (int)length, listed);
		*strrchr(path, ' ') = '\0';
		listed += length + 1;
		expected = reference_find(model, path);
		if (hvs_tree_find(tree, path, &value) !=
		    (expected != KEYS ? STATUS_OK : STATUS_KEY_NOT_FOUND))
			fail_msg("'%s' is %sexpected", path, expected != KEYS ? "" : "not ");
		if (expected == KEYS)
			continue;
		assert_int_equal(value.type, plain_type(model->keys[expected].type));
		if (value.type == KEY_INT)
			assert_int_equal(value.scalar, expected);
	}
}

static void random_trees_are_visited_and_searched_as_the_reference_does(void **state)
{
	struct random_numbers random = { 0x6A09E667F3BCC908 };

	(void)state;
	for (unsigned round = 0; round < 600; round++) {
		static struct listing expected, actual;
		struct hvs_tree tree;
		struct model model;
		unsigned home;

		compose(&model, &random);
		home = named_child(&model, AT_ROOT, "home");
		expected.length = actual.length = 0;
		expected.text[0] = actual.text[0] = '\0';
		list_children(&model, AT_ROOT, home, "", &expected);
		assert_int_equal(read_tree(&tree, 1, NULL), STATUS_OK);
		assert_true(hvs_tree_visit(&tree, note_visit, &actual));
		assert_string_equal(actual.text, expected.text);
		check_every_path(&model, &tree, expected.text);
		hvs_tree_fini(&tree);
	}
}

struct stop_after {
	unsigned left;
	unsigned visited;
};

static bool stop_visit(void *context, const char *path, const struct key_value *value)
{
	struct stop_after *stop = context;

	(void)path;
	(void)value;
	stop->visited++;
	return --stop->left > 0;
}

static void a_visit_stops_at_any_key_when_it_is_told_to(void **state)
{
	struct hvs_tree tree;
	unsigned home;

	(void)state;
	tables_start(&tables, NULL);
	tables_add(&tables, WRITTEN_INT, "first", 1, 0);
	home = tables_add(&tables, WRITTEN_NODE, "home", 2, 9);
	add_below(home, WRITTEN_ARRAY, "RamBlock0", 1, 0);
	add_below(home, WRITTEN_ARRAY, "RamBlock1", 2, 0);
	add_below(home, WRITTEN_INT, "child", 3, 0);
	tables_add(&tables, WRITTEN_INT, "last", 3, 0);
	assert_int_equal(finish_and_read(&tree), STATUS_OK);
	for (unsigned limit = 1; limit <= 8; limit++) {
		struct stop_after stop = { limit, 0 };

		assert_true(hvs_tree_visit(&tree, stop_visit, &stop));
		assert_int_equal(stop.visited, limit < 6 ? limit : 6);
	}
	hvs_tree_fini(&tree);
}

static void no_keys_at_all_are_an_empty_tree(void **state)
{
	struct stop_after stop = { 1, 0 };
	struct hvs_tree tree;

	(void)state;
	tables_start(&tables, NULL);
	assert_int_equal(finish_and_read(&tree), STATUS_OK);
	assert_true(hvs_tree_visit(&tree, stop_visit, &stop));
	assert_int_equal(stop.visited, 0);
	assert_not_found(&tree, "a");
	hvs_tree_fini(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_and_slashes_at_the_ends_do_not_matter),
		cmocka_unit_test(of_equal_names_the_one_inserted_first_counts),
		cmocka_unit_test(of_equal_numbers_the_one_in_the_lower_table_counts),
		cmocka_unit_test(a_parent_may_stand_behind_its_children),
		cmocka_unit_test(keys_below_a_leaf_or_below_themselves_are_not_reached),
		cmocka_unit_test(links_and_numbers_are_checked_for_every_kind_of_key),
		cmocka_unit_test(the_number_0_is_refused_below_every_kind_of_leaf),
		cmocka_unit_test(nodes_that_are_each_others_parents_are_refused),
		cmocka_unit_test(two_tables_with_one_index_are_refused),
		cmocka_unit_test(numbered_keys_count_at_home_and_are_ordinary_elsewhere),
		cmocka_unit_test(without_its_node_a_family_is_empty),
		cmocka_unit_test(random_trees_are_visited_and_searched_as_the_reference_does),
		cmocka_unit_test(a_visit_stops_at_any_key_when_it_is_told_to),
		cmocka_unit_test(no_keys_at_all_are_an_empty_tree),
	};

	return cmocka_run_group_tests_name("key tree", tests, NULL, NULL);
}
