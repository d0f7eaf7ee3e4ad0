/* SPDX-License-Identifier: MIT */
/* Modules of a symbol provider: the sample image, laid out as Windows loads it, and its PDB. */
#include "test_shim.h"

#include "guest/symbol_provider.h"
#include "guest/type_layout.h"
#include "windows_image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAIN = 0x1010, MAIN_SIZE = 0x6A };

struct fixture {
	struct windows_memory memory;
	struct pe_image *image;
	struct symbol_provider *provider;
	char messages[8192];
};

static void samples_folder(char *path, size_t size)
{
	const char *folder = getenv("VMSS_SAMPLES");

	snprintf(path, size, "%s/pe", folder != NULL ? folder : "../shared/samples");
}

/* path NULL: where the sample's PDB is. */
static void set_up(struct fixture *fixture, const char *path)
{
	char folder[1024], file[1100];

	memset(fixture, 0, sizeof(*fixture));
	samples_folder(folder, sizeof(folder));
	snprintf(file, sizeof(file), "%s/dump_syms_regtest64.exe", folder);
	if (!windows_memory_load(&fixture->memory, file))
		skip();
	fixture->image = windows_memory_open(&fixture->memory);
	assert_non_null(fixture->image);
	assert_int_equal(symbol_provider_open(path != NULL ? path : folder, &fixture->provider,
					      NULL), STATUS_OK);
}

static void tear_down(struct fixture *fixture)
{
	symbol_provider_close(fixture->provider);
	pe_image_close(fixture->image);
	windows_memory_free(&fixture->memory);
}

static void keep_message(void *context, const char *message)
{
	struct fixture *fixture = context;
	size_t length = strlen(fixture->messages);

	snprintf(fixture->messages + length, sizeof(fixture->messages) - length, "%s\n", message);
}

static enum status load(struct fixture *fixture, const char *image_name, const char *module_name)
{
	const struct symbol_listener listener = { keep_message, fixture };
	const struct symbol_request request = { image_name, module_name, 0, 0 };

	return symbol_provider_load(fixture->provider, fixture->image, &request, &listener, NULL);
}

static void a_symbol_is_found_by_plain_and_by_full_name(void **state)
{
	static const char *const names[] = { "main", "own!main", "OWN!main" };
	struct symbol_match match = { 0 };
	struct fixture fixture;

	(void)state;
	set_up(&fixture, NULL);
	assert_int_equal(load(&fixture, NULL, "own"), STATUS_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(symbol_provider_find(fixture.provider, names[i], &match, NULL),
				 STATUS_OK);
		assert_int_equal(match.address, IMAGE_BASE + MAIN);
		assert_int_equal(match.size, MAIN_SIZE);
		assert_string_equal(match.module.name, "own");
	}
	assert_int_equal(symbol_provider_find(fixture.provider, "other!main", &match, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	assert_int_equal(symbol_provider_find(fixture.provider, "own!mai", &match, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	symbol_match_fini(&match);
	tear_down(&fixture);
}

static void a_module_takes_its_name_from_what_is_known(void **state)
{
	static const struct { const char *image, *module, *expected; } cases[] = {
		{ NULL, NULL, "dump_syms_regtest64" }, { "", "", "dump_syms_regtest64" },
		{ "C:\\Windows\\own.name.exe", NULL, "own.name" }, { "plain", NULL, "plain" },
		{ "image.sys", "module", "module" },
	};
	struct symbol_module module;
	struct fixture fixture;

	(void)state;
	set_up(&fixture, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(load(&fixture, cases[i].image, cases[i].module), STATUS_OK);
		assert_true(symbol_provider_module_at(fixture.provider, IMAGE_BASE, &module));
		assert_string_equal(module.name, cases[i].expected);
	}
	tear_down(&fixture);
}

static void a_module_ends_where_its_image_does(void **state)
{
	struct symbol_module module;
	struct symbol_match match = { 0 };
	struct fixture fixture;

	(void)state;
	set_up(&fixture, NULL);
	assert_int_equal(load(&fixture, NULL, NULL), STATUS_OK);
	assert_true(symbol_provider_module_at(fixture.provider,
					      IMAGE_BASE + fixture.image->size - 1, &module));
	assert_false(symbol_provider_module_at(fixture.provider,
					       IMAGE_BASE + fixture.image->size, &module));
	assert_false(symbol_provider_module_at(fixture.provider, IMAGE_BASE - 1, &module));
	assert_int_equal(symbol_provider_at(fixture.provider, IMAGE_BASE + MAIN + 5, &match, NULL),
			 STATUS_OK);
	assert_string_equal(match.name, "main");
	assert_int_equal(symbol_provider_at(fixture.provider, IMAGE_BASE - 1, &match, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	symbol_match_fini(&match);
	tear_down(&fixture);
}

static void a_module_without_a_pdb_names_its_addresses_all_the_same(void **state)
{
	struct symbol_match match = { 0 };
	const struct pdb_types *types;
	struct fixture fixture;
	uint32_t type;

	(void)state;
	set_up(&fixture, "/no such folder");
	assert_int_equal(load(&fixture, NULL, "own"), STATUS_FILE_NOT_FOUND);
	assert_non_null(strstr(fixture.messages, "not there"));
	assert_int_equal(symbol_provider_at(fixture.provider, IMAGE_BASE + 0x123, &match, NULL),
			 STATUS_OK);
	assert_string_equal(match.module.name, "own");
	assert_string_equal(match.name, "");
	assert_int_equal(match.address, IMAGE_BASE);
	assert_int_equal(symbol_provider_find_type(fixture.provider, "int", &types, &type, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	symbol_match_fini(&match);
	tear_down(&fixture);
}

static void a_pdb_of_another_build_is_refused(void **state)
{
	struct symbol_match match = { 0 };
	struct fixture fixture;

	(void)state;
	set_up(&fixture, NULL);
	fixture.image->pdb_guid[3] ^= 1;
	assert_int_equal(load(&fixture, NULL, "own"), STATUS_FILE_NOT_FOUND);
	assert_non_null(strstr(fixture.messages, "belongs to another build"));
	assert_int_equal(symbol_provider_find(fixture.provider, "main", &match, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	fixture.image->pdb_guid[3] ^= 1;
	fixture.image->pdb_age++;
	assert_int_equal(load(&fixture, NULL, "own"), STATUS_FILE_NOT_FOUND);
	symbol_match_fini(&match);
	tear_down(&fixture);
}

static void loading_again_replaces_the_module(void **state)
{
	struct symbol_match match = { 0 };
	struct fixture fixture;

	(void)state;
	set_up(&fixture, NULL);
	assert_int_equal(load(&fixture, NULL, "first"), STATUS_OK);
	assert_int_equal(load(&fixture, NULL, "second"), STATUS_OK);
	assert_int_equal(symbol_provider_find(fixture.provider, "first!main", &match, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	assert_int_equal(symbol_provider_find(fixture.provider, "second!main", &match, NULL),
			 STATUS_OK);
	symbol_match_fini(&match);
	tear_down(&fixture);
}

struct layout_seen {
	unsigned count;
	unsigned deepest;
	uint64_t end;
};

static bool see_member(void *context, const struct layout_member *item)
{
	struct layout_seen *seen = context;

	seen->count++;
	if (item->depth > seen->deepest)
		seen->deepest = item->depth;
	if (item->member.offset + item->member.size > seen->end)
		seen->end = item->member.offset + item->member.size;
	return true;
}

static void members_of_members_lie_inside_the_type(void **state)
{
	const struct pdb_types *types;
	struct fixture fixture;
	uint64_t size;
	uint32_t type;

	(void)state;
	set_up(&fixture, NULL);
	assert_int_equal(load(&fixture, NULL, NULL), STATUS_OK);
	assert_int_equal(symbol_provider_find_type(fixture.provider, "_CONTEXT", &types, &type,
						   NULL), STATUS_OK);
	assert_int_equal(pdb_types_size(types, type, &size, NULL), STATUS_OK);
	assert_int_equal(size, 1232);
	for (unsigned depth = 0; depth < 3; depth++) {
		struct layout_seen seen = { 0 };

		assert_int_equal(type_layout_visit(types, type, depth, see_member, &seen, NULL),
				 STATUS_OK);
		assert_int_equal(seen.end, size);
		/* Registers are structures of two halves, which go no deeper. */
		assert_int_equal(seen.deepest, depth > 0 ? 1 : 0);
	}
	tear_down(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_symbol_is_found_by_plain_and_by_full_name),
		cmocka_unit_test(a_module_takes_its_name_from_what_is_known),
		cmocka_unit_test(a_module_ends_where_its_image_does),
		cmocka_unit_test(a_module_without_a_pdb_names_its_addresses_all_the_same),
		cmocka_unit_test(a_pdb_of_another_build_is_refused),
		cmocka_unit_test(loading_again_replaces_the_module),
		cmocka_unit_test(members_of_members_lie_inside_the_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
