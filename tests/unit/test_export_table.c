/* SPDX-License-Identifier: MIT */
/* The exports of an image by name and by address, and as a stand-in for a PDB's symbols. */
#include "test_shim.h"

#include "base/bytes.h"
#include "guest/export_table.h"
#include "guest/symbol_provider.h"
#include "windows_image.h"

#include <stdio.h>
#include <string.h>

enum {
	SIZE = 0x8000,
	DIRECTORY = 0x1000,
	FUNCTIONS = 0x1100,
	NAMES = 0x2000,
	ORDINALS = 0x3000,
	TEXTS = 0x3800,
	CODE = 0x5000,
	COUNT = 200,
	FORWARDED = 7		/* whose address lies in the directory, as a text */
};

struct fixture {
	struct windows_memory memory;
	struct pe_image *image;
	uint32_t rva[COUNT];
};

static void name_of(unsigned index, char name[16])
{
	snprintf(name, 16, "Export%03u", index);
}

/* Names in their order, addresses in none; two functions have two names each. */
static void set_up(struct fixture *fixture)
{
	uint8_t *image, *directories;

	memset(fixture, 0, sizeof(*fixture));
	windows_memory_create(&fixture->memory, SIZE, 0x8664, 0, 0);
	image = fixture->memory.image;
	directories = image + 0x80 + 24 + 112;
	store_le32(directories + 8 * IMAGE_DIRECTORY_EXPORT, DIRECTORY);
	store_le32(directories + 8 * IMAGE_DIRECTORY_EXPORT + 4, CODE - DIRECTORY);
	store_le32(image + DIRECTORY + 20, COUNT);
	store_le32(image + DIRECTORY + 24, COUNT);
	store_le32(image + DIRECTORY + 28, FUNCTIONS);
	store_le32(image + DIRECTORY + 32, NAMES);
	store_le32(image + DIRECTORY + 36, ORDINALS);
	for (unsigned i = 0; i < COUNT; i++) {
		char name[16];

		name_of(i, name);
		fixture->rva[i] = CODE + 16 * (i * 77 % (COUNT - 2));
		if (i == FORWARDED)
			fixture->rva[i] = TEXTS;
		store_le32(image + FUNCTIONS + 4 * (size_t)i, fixture->rva[i]);
		store_le32(image + NAMES + 4 * (size_t)i, TEXTS + 16 * i);
		store_le16(image + ORDINALS + 2 * (size_t)i, (uint16_t)i);
		memcpy(image + TEXTS + 16 * (size_t)i, name, sizeof(name));
	}
	fixture->image = windows_memory_open(&fixture->memory);
	assert_non_null(fixture->image);
}

static void tear_down(struct fixture *fixture)
{
	pe_image_close(fixture->image);
	windows_memory_free(&fixture->memory);
}

static void every_export_but_a_forwarder_is_found_by_its_name(void **state)
{
	struct export_table table;
	struct fixture fixture;
	uint32_t rva = 0;

	(void)state;
	set_up(&fixture);
	assert_int_equal(export_table_read(fixture.image, &table, NULL), STATUS_OK);
	assert_int_equal(table.count, COUNT - 1);
	for (unsigned i = 0; i < COUNT; i++) {
		char name[16];
		const char *found;

		name_of(i, name);
		found = export_table_find(&table, name, &rva);
		if (i == FORWARDED) {
			assert_null(found);
			continue;
		}
		assert_string_equal(found, name);
		assert_int_equal(rva, fixture.rva[i]);
	}
	assert_null(export_table_find(&table, "Export", &rva));
	assert_null(export_table_find(&table, "export001", &rva));
	export_table_fini(&table);
	tear_down(&fixture);
}

/* The reference looks at all of them; of several names at one address any will do. */
static void an_address_belongs_to_the_last_export_before_it(void **state)
{
	struct export_table table;
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	assert_int_equal(export_table_read(fixture.image, &table, NULL), STATUS_OK);
	for (uint32_t at = CODE - 3; at < CODE + 16 * COUNT; at += 3) {
		uint32_t nearest = 0, rva = 0, own;
		const char *found = export_table_at(&table, at, &rva);

		for (unsigned i = 0; i < COUNT; i++) {
			if (i != FORWARDED && fixture.rva[i] <= at && fixture.rva[i] > nearest)
				nearest = fixture.rva[i];
		}
		if (nearest == 0) {
			assert_null(found);
			continue;
		}
		assert_non_null(found);
		assert_int_equal(rva, nearest);
		assert_non_null(export_table_find(&table, found, &own));
		assert_int_equal(own, nearest);
	}
	export_table_fini(&table);
	tear_down(&fixture);
}

static void an_image_whose_exports_are_missing_has_an_empty_table(void **state)
{
	struct export_table table;
	struct fixture fixture;
	uint32_t rva;

	(void)state;
	set_up(&fixture);
	fixture.memory.missing_page = IMAGE_BASE + DIRECTORY;
	assert_int_equal(export_table_read(fixture.image, &table, NULL), STATUS_OK);
	assert_int_equal(table.count, 0);
	assert_null(export_table_find(&table, "Export000", &rva));
	assert_null(export_table_at(&table, SIZE, &rva));
	export_table_fini(&table);
	tear_down(&fixture);
}

/* ---- As symbols -------------------------------------------------------------------- */

static void keep_message(void *context, const char *message)
{
	snprintf(context, 256, "%s", message);
}

static void without_a_pdb_a_module_has_the_names_that_it_exports(void **state)
{
	const struct symbol_request request = { "C:\\windows\\own.dll", NULL, 0, 0 };
	char message[256] = "";
	const struct symbol_listener listener = { keep_message, message };
	struct symbol_provider *provider;
	struct symbol_match match = { 0 };
	struct fixture fixture;
	struct error error;

	(void)state;
	set_up(&fixture);
	assert_int_equal(symbol_provider_open("/no such folder", &provider, NULL), STATUS_OK);
	assert_int_equal(symbol_provider_load(provider, fixture.image, &request, &listener, NULL),
			 STATUS_FILE_NOT_FOUND);
	assert_string_equal(message,
			    "own: the image does not say which PDB belongs to it");
	assert_int_equal(symbol_provider_find(provider, "own!Export050", &match, NULL), STATUS_OK);
	assert_int_equal(match.address, IMAGE_BASE + fixture.rva[50]);
	assert_int_equal(match.size, 0);
	assert_string_equal(match.name, "Export050");
	assert_int_equal(symbol_provider_at(provider, IMAGE_BASE + fixture.rva[50] + 9, &match,
					    NULL), STATUS_OK);
	assert_int_equal(match.address, IMAGE_BASE + fixture.rva[50]);
	assert_string_equal(match.module.name, "own");
	assert_int_equal(symbol_provider_find(provider, "own!Export999", &match, &error),
			 STATUS_SYMBOL_NOT_FOUND);
	symbol_match_fini(&match);
	symbol_provider_close(provider);
	tear_down(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_export_but_a_forwarder_is_found_by_its_name),
		cmocka_unit_test(an_address_belongs_to_the_last_export_before_it),
		cmocka_unit_test(an_image_whose_exports_are_missing_has_an_empty_table),
		cmocka_unit_test(without_a_pdb_a_module_has_the_names_that_it_exports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
