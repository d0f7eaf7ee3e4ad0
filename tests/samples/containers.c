/* SPDX-License-Identifier: MIT */
/*
 * Containers without a saved state: Hyper-V's own files of a VM that is off,
 * one of them with a pending replay log, and every type of value.
 */
#include "support/sample_truth.h"
#include "support/sha256.h"
#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vmsavedstatedump_ext.h>

enum { VALUE_ROOM = 2 << 20, LISTING_ROOM = 1 << 16 };

static VMSAVEDSTATE_SOURCE source_of(const char *path)
{
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source), .Path = path };

	return source;
}

/* ---- Files of Hyper-V ------------------------------------------------------ */

struct listing {
	const VMSAVEDSTATE_SOURCE *source;
	size_t count, size;
	char text[LISTING_ROOM]; /* a line for each key */
};

/* Of siblings with one name, as Hyper-V's lists have them, a path means the first. */
static UINT64 digest_of_value(const VMSAVEDSTATE_SOURCE *source, const char *path,
			      char digest[SHA256_TEXT])
{
	uint8_t *value = malloc(VALUE_ROOM);
	UINT64 size = 0;

	assert_non_null(value);
	assert_int_equal(VmSavedStateReadKey(source, path, 0, value, VALUE_ROOM, &size), S_OK);
	assert_true(size <= VALUE_ROOM);
	sha256_of(value, (size_t)size, digest);
	free(value);
	return size;
}

static BOOL CALLBACK list_key(void *context, const VMSAVEDSTATE_KEY *key)
{
	struct listing *listing = context;
	char digest[SHA256_TEXT];

	digest_of_value(listing->source, key->Path, digest);
	listing->size +=
		(size_t)snprintf(listing->text + listing->size, LISTING_ROOM - listing->size,
				 "%s type %d flags %u size %llu at %llu: %s %s\n", key->Path,
				 (int)key->Type, key->Flags, (unsigned long long)key->Size,
				 (unsigned long long)key->FileOffset, digest,
				 key->StringValue != NULL ? key->StringValue : "");
	assert_true(listing->size < LISTING_ROOM);
	listing->count++;
	return FALSE;
}

static struct listing *list_file(const char *name)
{
	struct listing *listing = calloc(1, sizeof(*listing));
	char path[TEST_PATH_SIZE];
	VMSAVEDSTATE_SOURCE source;

	assert_non_null(listing);
	test_path(path, "VMSS_SAMPLES", name);
	source = source_of(path);
	listing->source = &source;
	assert_int_equal(VmSavedStateEnumerateKeys(&source, NULL, list_key, listing), S_OK);
	return listing;
}

static HRESULT load(const char *name)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = (VM_SAVED_STATE_DUMP_HANDLE)(intptr_t)-2;
	char path[TEST_PATH_SIZE];
	WCHAR wide[TEST_PATH_SIZE];
	HRESULT result;

	test_path(path, "VMSS_SAMPLES", name);
	wide_path(wide, path);
	result = LoadSavedStateFile(wide, &handle);
	if (FAILED(result))
		assert_ptr_equal(handle, (VM_SAVED_STATE_DUMP_HANDLE)(intptr_t)-2);
	return result;
}

static void a_vm_that_is_off_has_no_partition_state(void **state)
{
	(void)state;
	assert_int_equal(load("real/config-only.VMRS"),
			 VM_SAVED_STATE_DUMP_E_PARTITION_STATE_NOT_FOUND);
	assert_int_equal(load("real/config-only-pending-log.VMRS"),
			 VM_SAVED_STATE_DUMP_E_PARTITION_STATE_NOT_FOUND);
}

static UINT32 pending_entries(const char *name)
{
	VMSAVEDSTATE_REPLAY_LOG log = { .StructSize = sizeof(log) };
	char path[TEST_PATH_SIZE];
	VMSAVEDSTATE_SOURCE source;

	test_path(path, "VMSS_SAMPLES", name);
	source = source_of(path);
	assert_int_equal(VmSavedStateGetReplayLog(&source, NULL, NULL, &log), S_OK);
	return log.PendingCount;
}

static void a_pending_log_gives_the_keys_of_the_file_it_came_from(void **state)
{
	struct listing *clean = list_file("real/config-only.VMRS");
	struct listing *pending = list_file("real/config-only-pending-log.VMRS");

	(void)state;
	assert_int_equal(pending_entries("real/config-only.VMRS"), 0);
	assert_int_equal(pending_entries("real/config-only-pending-log.VMRS"), 1);
	assert_true(clean->count > 10);
	assert_string_equal(clean->text, pending->text);
	free(clean);
	free(pending);
}

static bool names_a_key(const struct listing *listing, const char *path)
{
	size_t length = strlen(path);

	for (const char *line = listing->text; *line != '\0'; line = strchr(line, '\n') + 1)
		if (strncmp(line, path, length) == 0 && line[length] == ' ')
			return true;
	return false;
}

static void every_saved_state_has_the_keys_a_load_needs(void **state)
{
	static const char *const names[] = { "guests/a1-x64-1cpu.vmrs", "writer/single_vp.vmrs",
					     "writer/arm64_four.vmrs" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct listing *listing = list_file(names[i]);

		assert_true(names_a_key(listing, "/configuration/properties/version"));
		assert_true(names_a_key(listing, "/savedstate/savedVM/partition_state"));
		assert_true(names_a_key(listing, "/savedstate/RamMemoryBlock0"));
		assert_true(names_a_key(listing, "/savedstate/RamBlock0"));
		free(listing);
	}
}

/* ---- Every type of value ----------------------------------------------------- */

static VMSAVEDSTATE_SOURCE key_source(char path[TEST_PATH_SIZE])
{
	test_path(path, "VMSS_SAMPLES", "writer/kv_types.hvs");
	return source_of(path);
}

struct found_key {
	VMSAVEDSTATE_KEY key;
	char path[4096];
	char string[4096];
};

static BOOL CALLBACK keep_first_key(void *context, const VMSAVEDSTATE_KEY *key)
{
	struct found_key *found = context;

	found->key = *key;
	assert_int_equal(key->StructSize, sizeof(*key));
	snprintf(found->path, sizeof(found->path), "%s", key->Path);
	snprintf(found->string, sizeof(found->string), "%s",
		 key->StringValue != NULL ? key->StringValue : "");
	return TRUE;
}

static void find_key(struct sample *sample, const char *hex_path, VMSAVEDSTATE_KEY_TYPE type,
		     struct found_key *found)
{
	char file[TEST_PATH_SIZE], path[4096] = "";
	VMSAVEDSTATE_SOURCE source = key_source(file);

	bytes_of(hex_path, (uint8_t *)path, sizeof(path) - 1);
	memset(found, 0, sizeof(*found));
	sample_expect(sample, "VmSavedStateEnumerateKeys",
		      (uint32_t)VmSavedStateEnumerateKeys(&source, path, keep_first_key, found),
		      S_OK);
	sample_expect_text(sample, "the path", found->path, path);
	sample_expect(sample, "the type", found->key.Type, type);
}

static void expect_stored(struct sample *sample, const struct found_key *found, uint64_t size,
			  const char *digest)
{
	char file[TEST_PATH_SIZE], text[SHA256_TEXT];
	VMSAVEDSTATE_SOURCE source = key_source(file);

	sample_expect(sample, "the size", found->key.Size, size);
	sample_expect(sample, "the size that is read", digest_of_value(&source, found->path, text),
		      size);
	sample_expect_text(sample, "the SHA-256 of the value", text, digest);
}

static void check_array(struct sample *sample, char **words)
{
	struct found_key found;

	find_key(sample, words[0], VMSAVEDSTATE_KEY_ARRAY, &found);
	expect_stored(sample, &found, number_of(words[1]), words[2]);
	sample_expect(sample, "whether it is a file object",
		      (found.key.Flags & VMSAVEDSTATE_KEY_IN_FILE_OBJECT) != 0,
		      number_of(words[3]));
}

static void check_string(struct sample *sample, char **words)
{
	struct found_key found;
	char expected[4096] = "";

	find_key(sample, words[0], VMSAVEDSTATE_KEY_STRING, &found);
	bytes_of(words[3], (uint8_t *)expected, sizeof(expected) - 1);
	sample_expect_text(sample, "the string", found.string, expected);
	expect_stored(sample, &found, number_of(words[1]), words[2]);
}

static void check_number(struct sample *sample, char **words)
{
	struct found_key found;

	find_key(sample, words[0], (VMSAVEDSTATE_KEY_TYPE)number_of(words[1]), &found);
	if (found.key.Type == VMSAVEDSTATE_KEY_BOOL)
		sample_expect(sample, "the truth", (uint64_t)found.key.Value.Bool,
			      number_of(words[2]));
	else
		sample_expect(sample, "the number", found.key.Value.UInt, number_of(words[2]));
}

static BOOL CALLBACK count_values(void *context, const VMSAVEDSTATE_KEY *key)
{
	if (key->Type != VMSAVEDSTATE_KEY_NODE)
		++*(size_t *)context;
	return FALSE;
}

static void check_count(struct sample *sample, char **words)
{
	char file[TEST_PATH_SIZE];
	VMSAVEDSTATE_SOURCE source = key_source(file);
	size_t count = 0;

	sample_expect(sample, "VmSavedStateEnumerateKeys",
		      (uint32_t)VmSavedStateEnumerateKeys(&source, NULL, count_values, &count),
		      S_OK);
	sample_expect(sample, "the count of values", count, number_of(words[0]));
}

static void every_type_of_value_is_read_as_it_was_written(void **state)
{
	static const struct sample_statement statements[] = {
		{ "array", 4, check_array },
		{ "count", 1, check_count },
		{ "number", 3, check_number },
		{ "string", 4, check_string },
	};

	(void)state;
	run_sample_truth("kv_types", "keys", statements, sizeof(statements) / sizeof(statements[0]),
			 NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vm_that_is_off_has_no_partition_state),
		cmocka_unit_test(a_pending_log_gives_the_keys_of_the_file_it_came_from),
		cmocka_unit_test(every_saved_state_has_the_keys_a_load_needs),
		cmocka_unit_test(every_type_of_value_is_read_as_it_was_written),
	};

	if (samples_are_absent(sizeof(tests) / sizeof(tests[0])))
		return SKIPPED_PROGRAM;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
