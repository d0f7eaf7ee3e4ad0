/* SPDX-License-Identifier: MIT */
/*
 * Containers as their readers see them, whatever the format: finding, visiting
 * and reading the keys of the built fixtures, whose descriptions say what is
 * in them.
 */
#include "container/container.h"

#include "fault/fixture_files.h"
#include "fault/saved_content.h"
#include "state/saved_state.h"
#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct opened {
	struct bytes bytes;
	struct container *container;
};

static enum status try_open(const char *fixture, struct opened *out)
{
	struct file *file;
	enum status status;

	out->bytes = fixture_read(fixture);
	assert_int_equal(file_open_memory(out->bytes.start, out->bytes.size, &file, NULL),
			 STATUS_OK);
	status = container_open(file, &saved_state_families, &out->container, NULL);
	if (status != STATUS_OK)
		bytes_free(&out->bytes);
	return status;
}

static struct opened open_container(const char *fixture)
{
	struct opened opened;

	assert_int_equal(try_open(fixture, &opened), STATUS_OK);
	return opened;
}

static void close_container(struct opened *opened)
{
	container_close(opened->container);
	bytes_free(&opened->bytes);
}

static struct key_value find(const struct opened *opened, const char *path)
{
	struct key_value value = { 0 };

	if (container_find(opened->container, path, &value) != STATUS_OK)
		fail_msg("'%s' is not found", path);
	return value;
}

static bool is_there(const struct opened *opened, const char *path)
{
	struct key_value value;
	enum status status = container_find(opened->container, path, &value);

	assert_true(status == STATUS_OK || status == STATUS_KEY_NOT_FOUND);
	return status == STATUS_OK;
}

static void assert_number(const struct opened *opened, const char *path, enum key_type type,
			  uint64_t number)
{
	struct key_value value = find(opened, path);

	assert_int_equal(value.type, type);
	assert_int_equal(value.scalar, number);
}

static void assert_bytes(const struct opened *opened, const char *path, enum key_type type,
			 const void *bytes, size_t size)
{
	struct key_value value = find(opened, path);
	uint8_t *read;

	assert_int_equal(value.type, type);
	assert_int_equal(value.size, size);
	assert_int_equal(container_read_value(opened->container, &value, 1 << 20, &read, NULL),
			 STATUS_OK);
	assert_memory_equal(read, bytes, size);
	free(read);
}

/* ---- Finding ---- */

static void each_type_of_value_is_found_and_read(void **state)
{
	struct opened opened = open_container("every-key-type.vmrs");

	(void)state;
	assert_number(&opened, "/types/int", KEY_INT, (uint64_t)-2);
	assert_number(&opened, "/types/uint", KEY_UINT, UINT64_MAX);
	assert_number(&opened, "/types/double", KEY_DOUBLE, UINT64_C(0xBFE0000000000000));
	assert_number(&opened, "/types/bool", KEY_BOOL, 1);
	assert_number(&opened, "/types/node", KEY_NODE, 0);
	assert_number(&opened, "/types/a name with blanks", KEY_INT, 1);
	assert_number(&opened, "/types/\xC3\xBCn\xC3\xAF"
			       "code", KEY_INT, 1);
	assert_bytes(&opened, "/types/string", KEY_STRING,
		     "t\0e\0x\0t\0 \0\"\0q\0u\0o\0t\0e\0d\0\"\0", 26);
	assert_bytes(&opened, "/types/empty-string", KEY_STRING, "", 0);
	assert_bytes(&opened, "/types/array", KEY_ARRAY, "\x00\xFF\x34\x12"
							 "bytes    ", 13);
	assert_bytes(&opened, "/types/empty-array", KEY_ARRAY, "", 0);
	assert_bytes(&opened, "/types/small-object", KEY_ARRAY, "\1\2", 2);
	assert_bytes(&opened, "/types/string-object", KEY_STRING,
		     "k\0e\0p\0t\0 \0a\0p\0a\0r\0t\0", 20);
	close_container(&opened);
}

static void values_are_inline_or_in_a_file_object_whatever_their_size(void **state)
{
	struct opened opened = open_container("every-key-type.vmrs");

	(void)state;
	assert_false(find(&opened, "/types/not-large").in_file_object);
	assert_int_equal(find(&opened, "/types/not-large").size, 2047);
	assert_true(find(&opened, "/types/large").in_file_object);
	assert_int_equal(find(&opened, "/types/large").size, 2048);
	assert_true(find(&opened, "/types/small-object").in_file_object);
	assert_true(find(&opened, "/types/string-object").in_file_object);
	assert_false(find(&opened, "/types/large-inline").in_file_object);
	assert_int_equal(find(&opened, "/types/large-inline").size, 3000);
	close_container(&opened);
}

static void hundreds_of_keys_in_chained_tables_are_all_found(void **state)
{
	struct opened opened = open_container("many-keys-chained-tables.vmrs");

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		char path[64], text[32] = "", wide[64] = { 0 };

		snprintf(path, sizeof(path), "/many/node%u/value%u", i / 10, i);
		snprintf(text, sizeof(text), "number %u", i);
		for (size_t c = 0; text[c] != '\0'; c++)
			wide[2 * c] = text[c];
		if (i % 4 == 0)
			assert_number(&opened, path, KEY_INT, i);
		else if (i % 4 == 1)
			assert_int_equal(find(&opened, path).size, 2100);
		else if (i % 4 == 2)
			assert_bytes(&opened, path, KEY_STRING, wide, 2 * strlen(text));
		else
			assert_number(&opened, path, KEY_BOOL, 1);
	}
	close_container(&opened);
}

static void the_first_of_equal_siblings_hides_the_others(void **state)
{
	struct opened opened = open_container("duplicate-names.vmrs");

	(void)state;
	assert_number(&opened, "/configuration/properties/version", KEY_INT, 0xA00);
	assert_number(&opened, "/devices/metric", KEY_INT, 1);
	/* Only the third of them has a child. */
	assert_false(is_there(&opened, "/devices/metric/below"));
	close_container(&opened);
}

static void children_are_found_wherever_their_parents_stand(void **state)
{
	struct opened opened = open_container("parents-after-children.vmrs");

	(void)state;
	assert_number(&opened, "/a/b/c/d/e", KEY_INT, 5);
	assert_int_equal(numbered_keys_count(container_numbered(opened.container,
								FAMILY_RAM_BLOCK)), 2);
	close_container(&opened);
	opened = open_container("key-tables-reversed.vmrs");
	assert_int_equal(find(&opened, "/a/value11").size, 1000);
	close_container(&opened);
}

static void four_hundred_nodes_deep_is_not_too_deep(void **state)
{
	struct opened opened = open_container("deep-nodes.vmrs");
	char path[2 * 400 + 8] = "";

	(void)state;
	for (unsigned i = 0; i < 400; i++)
		memcpy(path + 2 * i, "/n", 3);
	assert_number(&opened, path, KEY_NODE, 0);
	memcpy(path + 800, "/leaf", 6);
	assert_number(&opened, path, KEY_INT, 1);
	close_container(&opened);
}

static void a_key_below_a_leaf_is_not_found(void **state)
{
	struct opened opened = open_container("parent-is-leaf.vmrs");

	(void)state;
	assert_number(&opened, "/a/leaf", KEY_INT, 1);
	assert_number(&opened, "/a/b", KEY_NODE, 0);
	assert_false(is_there(&opened, "/a/b/c"));
	assert_false(is_there(&opened, "/a/leaf/c"));
	close_container(&opened);
}

static void names_in_capitals_are_the_same_names(void **state)
{
	struct opened opened = open_container("names-upper-case.vmrs");

	(void)state;
	assert_number(&opened, "/configuration/properties/version", KEY_INT, 0xA00);
	assert_true(is_there(&opened, "/SAVEDSTATE/RAMBLOCK0"));
	assert_true(is_there(&opened, "savedstate/ramblock0/"));
	close_container(&opened);
}

static void nodes_in_a_cycle_are_refused(void **state)
{
	struct opened opened;

	(void)state;
	assert_int_equal(try_open("bad-key-cycle.vmrs", &opened), STATUS_CORRUPT_ORDER);
}

/* ---- Visiting ---- */

struct listing {
	char text[64 * 1024];
	size_t length;
	unsigned limit;		/* of keys, 0 for all */
	unsigned count;
};

static bool list_path(void *context, const char *path, const struct key_value *value)
{
	struct listing *listing = context;

	(void)value;
	listing->length += (size_t)snprintf(listing->text + listing->length,
					    sizeof(listing->text) - listing->length, "%s\n",
					    path);
	listing->count++;
	return listing->count != listing->limit && listing->length < sizeof(listing->text);
}

static void assert_listed(const char *fixture, const char *expected)
{
	struct opened opened = open_container(fixture);
	struct listing *listing = calloc(1, sizeof(*listing));

	assert_non_null(listing);
	assert_int_equal(container_visit(opened.container, list_path, listing, NULL), STATUS_OK);
	assert_string_equal(listing->text, expected);
	free(listing);
	close_container(&opened);
}

static void keys_are_visited_depth_first_with_numbered_ones_before_their_siblings(void **state)
{
	(void)state;
	assert_listed("minimal.vmrs", "/configuration\n"
				      "/configuration/properties\n"
				      "/configuration/properties/version\n"
				      "/savedstate\n"
				      "/savedstate/RamBlock0\n"
				      "/savedstate/RamBlock1\n"
				      "/savedstate/RamMemoryBlock0\n"
				      "/savedstate/VmVersion\n"
				      "/savedstate/savedVM\n"
				      "/savedstate/savedVM/partition_state\n");
}

static void siblings_are_visited_in_the_order_of_their_numbers(void **state)
{
	struct opened opened = open_container("insertion-gaps.vmrs");
	struct listing *listing = calloc(1, sizeof(*listing));

	(void)state;
	assert_non_null(listing);
	listing->limit = 4;
	assert_int_equal(container_visit(opened.container, list_path, listing, NULL), STATUS_OK);
	/* x and y have the number 1, z 50. */
	assert_string_equal(listing->text, "/a\n/a/x\n/a/y\n/a/z\n");
	free(listing);
	close_container(&opened);
}

static void of_a_pair_each_file_is_visited_alone(void **state)
{
	(void)state;
	assert_listed("legacy-pair.bin", "/RamBlock/0\n/RamBlock/1\n/RamBlock/2\n/RamBlock/3\n");
	assert_listed("legacy-pair.vsv", "/savedVM/partition_state\n/RamMemoryBlock/0\n");
}

struct compared {
	const struct opened *opened;
	unsigned differing;
	unsigned count;
};

static bool compare_with_found(void *context, const char *path, const struct key_value *value)
{
	struct compared *compared = context;
	struct key_value found = { 0 };

	compared->count++;
	if (container_find(compared->opened->container, path, &found) != STATUS_OK ||
	    found.type != value->type || found.offset != value->offset ||
	    found.size != value->size || found.scalar != value->scalar)
		compared->differing++;
	return true;
}

static void every_visited_path_finds_the_key_that_was_visited(void **state)
{
	static const char *const fixtures[] = {
		"minimal.vmrs", "every-key-type.vmrs", "many-keys-chained-tables.vmrs",
		"deep-nodes.vmrs", "slack-and-free-entries.vmrs", "pending-log-several.vmrs",
		"legacy-pair.bin", "legacy-pair.vsv",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(fixtures) / sizeof(fixtures[0]); i++) {
		struct opened opened = open_container(fixtures[i]);
		struct compared compared = { &opened, 0, 0 };

		assert_int_equal(container_visit(opened.container, compare_with_found, &compared,
						 NULL), STATUS_OK);
		assert_int_equal(compared.differing, 0);
		assert_true(compared.count >= 2);
		close_container(&opened);
	}
}

static void a_visit_ends_when_the_visitor_says_so(void **state)
{
	static const char *const fixtures[] = { "minimal.vmrs", "legacy-pair.bin" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct opened opened = open_container(fixtures[i]);

		for (unsigned limit = 1; limit <= 4; limit++) {
			struct listing *listing = calloc(1, sizeof(*listing));

			assert_non_null(listing);
			listing->limit = limit;
			assert_int_equal(container_visit(opened.container, list_path, listing,
							 NULL), STATUS_OK);
			assert_int_equal(listing->count, limit);
			free(listing);
		}
		close_container(&opened);
	}
}

/* ---- The pending log ---- */

static void through_its_pending_log_a_file_is_what_it_would_be_applied(void **state)
{
	struct bytes plain = fixture_read("minimal.vmrs");
	struct bytes pending = fixture_read("pending-log.vmrs");
	struct saved_content expected = saved_content_of_bytes(plain);
	struct saved_content found = saved_content_of_bytes(pending);

	(void)state;
	assert_int_equal(expected.status, STATUS_OK);
	assert_int_equal(expected.pending, 0);
	assert_int_equal(found.status, STATUS_OK);
	assert_int_equal(found.pending, 1);
	assert_int_equal(found.keys, expected.keys);
	assert_int_equal(found.checksum, expected.checksum);
	bytes_free(&plain);
	bytes_free(&pending);
}

struct facts_case {
	const char *fixture;
	enum container_kind kind;
	uint32_t format_version;
	uint32_t pending;
};

static const struct facts_case facts_cases[] = {
	{ "minimal.vmrs", CONTAINER_HVS, 0x400, 0 },
	{ "format-version-4ff.vmrs", CONTAINER_HVS, 0x4FF, 0 },
	{ "pending-log.vmrs", CONTAINER_HVS, 0x400, 1 },
	{ "pending-log-several.vmrs", CONTAINER_HVS, 0x400, 4 },
	{ "stale-log.vmrs", CONTAINER_HVS, 0x400, 0 },
	{ "legacy-pair.bin", CONTAINER_LEGACY, 0x500, 0 },
	{ "legacy-pair.vsv", CONTAINER_LEGACY, 0x500, 0 },
};

static void a_container_tells_its_kind_version_and_pending_entries(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(facts_cases) / sizeof(facts_cases[0]); i++) {
		struct opened opened = open_container(facts_cases[i].fixture);
		struct container_facts facts = container_facts(opened.container);

		assert_int_equal(facts.kind, facts_cases[i].kind);
		assert_int_equal(facts.format_version, facts_cases[i].format_version);
		assert_int_equal(facts.pending_log_entries, facts_cases[i].pending);
		assert_int_equal(facts.size, opened.bytes.size);
		close_container(&opened);
	}
}

/* ---- Reading ---- */

static void no_value_is_read_beyond_its_bounds(void **state)
{
	struct opened opened = open_container("every-key-type.vmrs");
	struct key_value value = find(&opened, "/types/large");
	uint8_t *bytes = NULL;
	char byte;

	(void)state;
	assert_int_equal(container_read_value(opened.container, &value, 2048, &bytes, NULL),
			 STATUS_OK);
	free(bytes);
	assert_int_equal(container_read_value(opened.container, &value, 2047, &bytes, NULL),
			 STATUS_UNSUPPORTED_LAYOUT);
	value.broken = true;
	assert_int_equal(container_read_value(opened.container, &value, 2048, &bytes, NULL),
			 STATUS_CORRUPT_LINK);
	value.broken = false;
	value.size = opened.bytes.size - value.offset + 1;
	assert_int_equal(container_read_value(opened.container, &value, UINT64_MAX, &bytes, NULL),
			 STATUS_CORRUPT_LINK);
	value.offset = UINT64_MAX;
	assert_int_equal(container_read_value(opened.container, &value, UINT64_MAX, &bytes, NULL),
			 STATUS_CORRUPT_LINK);
	assert_int_equal(container_read(opened.container, opened.bytes.size, &byte, 1, NULL),
			 STATUS_CORRUPT_LINK);
	close_container(&opened);
}

static void a_key_that_claims_more_than_its_object_has_is_marked(void **state)
{
	struct opened opened = open_container("bad-ram-object-too-small.vmrs");
	const struct numbered_keys *blocks =
		container_numbered(opened.container, FAMILY_RAM_BLOCK);
	unsigned broken = 0;

	(void)state;
	for (size_t i = 0; i < numbered_keys_count(blocks); i++)
		broken += numbered_keys_at(blocks, i).value.state == NUMBERED_BROKEN;
	assert_int_equal(broken, 1);
	close_container(&opened);
}

/* ---- Legacy ---- */

static void legacy_names_are_found_with_or_without_slashes(void **state)
{
	struct opened vsv = open_container("legacy-pair.vsv");
	struct opened bin = open_container("legacy-pair.bin");

	(void)state;
	assert_true(is_there(&vsv, "/savedVM/partition_state"));
	assert_true(is_there(&vsv, "SAVEDVM/Partition_State/"));
	assert_false(is_there(&vsv, "/savedVM"));
	assert_false(is_there(&vsv, "/savedVM/partition_stat"));
	assert_true(is_there(&bin, "RamBlock/3/"));
	assert_true(is_there(&bin, "/ramblock/3"));
	assert_false(is_there(&bin, "RamBlock/4/"));
	assert_false(is_there(&bin, "RamBlock/03/"));
	assert_int_equal(container_numbered(bin.container, FAMILY_RAM_BLOCK)->run_count, 4);
	assert_int_equal(container_numbered(vsv.container, FAMILY_MEMORY_BLOCK)->run_count, 1);
	close_container(&vsv);
	close_container(&bin);
}

struct legacy_case {
	const char *fixture;
	enum status answer;
	bool has_state;
};

static const struct legacy_case legacy_cases[] = {
	{ "legacy-value-type-3.vsv", STATUS_OK, true },
	{ "bad-legacy-flag-0.vsv", STATUS_OK, false },
	{ "bad-legacy-type-2.vsv", STATUS_OK, false },
	{ "bad-legacy-no-state.vsv", STATUS_OK, false },
	{ "bad-legacy-flag-2.vsv", STATUS_LEGACY_FLAG, false },
	{ "bad-legacy-version.vsv", STATUS_UNSUPPORTED_LEGACY, false },
	{ "bad-legacy-name-beyond-end.vsv", STATUS_CORRUPT, false },
	{ "bad-legacy-index-beyond-end.bin", STATUS_CORRUPT, false },
	{ "bad-legacy-value-beyond-end.bin", STATUS_CORRUPT, false },
	{ "bad-legacy-signature.bin", STATUS_NOT_A_SAVED_STATE, false },
};

static void legacy_entries_are_taken_by_type_and_flag(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(legacy_cases) / sizeof(legacy_cases[0]); i++) {
		struct opened opened;
		enum status status = try_open(legacy_cases[i].fixture, &opened);

		if (status != legacy_cases[i].answer)
			fail_msg("%s: status %d", legacy_cases[i].fixture, (int)status);
		if (status != STATUS_OK)
			continue;
		assert_int_equal(is_there(&opened, "/savedVM/partition_state"),
				 legacy_cases[i].has_state);
		close_container(&opened);
	}
}

/* ---- Opening ---- */

struct owned_file {
	struct bytes bytes;
	unsigned closes;
};

static enum status read_owned(void *context, uint64_t offset, void *buffer, size_t size,
			      struct error *error)
{
	struct owned_file *owned = context;

	(void)error;
	memcpy(buffer, owned->bytes.start + offset, size);
	return STATUS_OK;
}

static void close_owned(void *context)
{
	((struct owned_file *)context)->closes++;
}

static void check_ownership(struct bytes bytes, enum status expected)
{
	static const struct file_operations operations = { .read_at = read_owned,
							   .close = close_owned };
	struct owned_file owned = { bytes, 0 };
	struct container *container = NULL;
	struct file *file;

	assert_int_equal(file_open_custom(&operations, &owned, bytes.size, &file, NULL),
			 STATUS_OK);
	assert_int_equal(container_open(file, &saved_state_families, &container, NULL), expected);
	assert_int_equal(owned.closes, expected == STATUS_OK ? 0 : 1);
	if (expected == STATUS_OK)
		container_close(container);
	else
		assert_null(container);
	assert_int_equal(owned.closes, 1);
}

static void the_file_belongs_to_the_container_also_on_failure(void **state)
{
	static uint8_t junk[8192] = "MZ";
	struct bytes good = fixture_read("minimal.vmrs");
	struct bytes bad = fixture_read("bad-key-cycle.vmrs");

	(void)state;
	check_ownership(good, STATUS_OK);
	check_ownership(bad, STATUS_CORRUPT_ORDER);
	check_ownership((struct bytes){ junk, sizeof(junk) }, STATUS_NOT_A_SAVED_STATE);
	check_ownership((struct bytes){ junk, 1 }, STATUS_NOT_A_SAVED_STATE);
	check_ownership((struct bytes){ junk, 0 }, STATUS_FILE_EMPTY);
	bytes_free(&good);
	bytes_free(&bad);
}

/* Whatever is missing at the end, the answer is never that the file is good. */
static void a_file_cut_anywhere_before_its_log_is_refused(void **state)
{
	static const size_t lengths[] = { 1, 45, 46, 4095, 4096, 4141, 8191, 8192, 8199, 8200,
					  12287, 12288, 20000 };
	struct bytes bytes = fixture_read("minimal.vmrs");

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct container *container = NULL;
		struct file *file;

		assert_int_equal(file_open_memory(bytes.start, lengths[i], &file, NULL),
				 STATUS_OK);
		assert_int_equal(container_open(file, &saved_state_families, &container, NULL),
				 lengths[i] < 4 ? STATUS_NOT_A_SAVED_STATE : STATUS_CORRUPT);
		assert_null(container);
	}
	bytes_free(&bytes);
}

static void closing_nothing_is_allowed(void **state)
{
	(void)state;
	container_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_of_value_is_found_and_read),
		cmocka_unit_test(values_are_inline_or_in_a_file_object_whatever_their_size),
		cmocka_unit_test(hundreds_of_keys_in_chained_tables_are_all_found),
		cmocka_unit_test(the_first_of_equal_siblings_hides_the_others),
		cmocka_unit_test(children_are_found_wherever_their_parents_stand),
		cmocka_unit_test(four_hundred_nodes_deep_is_not_too_deep),
		cmocka_unit_test(a_key_below_a_leaf_is_not_found),
		cmocka_unit_test(names_in_capitals_are_the_same_names),
		cmocka_unit_test(nodes_in_a_cycle_are_refused),
		cmocka_unit_test(
			keys_are_visited_depth_first_with_numbered_ones_before_their_siblings),
		cmocka_unit_test(siblings_are_visited_in_the_order_of_their_numbers),
		cmocka_unit_test(of_a_pair_each_file_is_visited_alone),
		cmocka_unit_test(every_visited_path_finds_the_key_that_was_visited),
		cmocka_unit_test(a_visit_ends_when_the_visitor_says_so),
		cmocka_unit_test(through_its_pending_log_a_file_is_what_it_would_be_applied),
		cmocka_unit_test(a_container_tells_its_kind_version_and_pending_entries),
		cmocka_unit_test(no_value_is_read_beyond_its_bounds),
		cmocka_unit_test(a_key_that_claims_more_than_its_object_has_is_marked),
		cmocka_unit_test(legacy_names_are_found_with_or_without_slashes),
		cmocka_unit_test(legacy_entries_are_taken_by_type_and_flag),
		cmocka_unit_test(the_file_belongs_to_the_container_also_on_failure),
		cmocka_unit_test(a_file_cut_anywhere_before_its_log_is_refused),
		cmocka_unit_test(closing_nothing_is_allowed),
	};

	return cmocka_run_group_tests_name("containers", tests, NULL, NULL);
}
