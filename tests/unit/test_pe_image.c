/* SPDX-License-Identifier: MIT */
/*
 * Images in memory: one that a Windows linker made, laid out as Windows loads
 * it, and small ones made by hand.
 */
#include "test_shim.h"

#include "base/bytes.h"
#include "guest/pe_image.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE UINT64_C(0xFFFFF80012340000)

enum { PAGE = 4096 };

/* Memory that starts at BASE; any page of it can be taken away. */
struct memory {
	uint8_t *bytes;
	size_t size;
	bool missing[64];
};

static enum status read_page_by_page(void *context, uint64_t address, void *buffer, size_t size,
				     size_t *read_out)
{
	const struct memory *memory = context;

	*read_out = 0;
	for (size_t i = 0; i < size; i++) {
		uint64_t at = address + i - BASE;

		if (at >= memory->size || memory->missing[at / PAGE])
			return STATUS_OK;
		((uint8_t *)buffer)[i] = memory->bytes[at];
		*read_out = i + 1;
	}
	return STATUS_OK;
}

static enum status open_image(struct memory *memory, struct pe_image **out)
{
	struct image_memory view = { read_page_by_page, memory };

	return pe_image_open(&view, BASE, out, NULL);
}

/* ---- The sample -------------------------------------------------------------------- */

static uint8_t *read_sample(const char *name, size_t *size_out)
{
	const char *folder = getenv("VMSS_SAMPLES");
	char path[1024];
	uint8_t *bytes;
	FILE *file;

	snprintf(path, sizeof(path), "%s/pe/%s", folder != NULL ? folder : "../shared/samples",
		 name);
	file = fopen(path, "rb");
	if (file == NULL)
		return NULL;
	bytes = calloc(1, 1 << 20);
	assert_non_null(bytes);
	*size_out = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	return bytes;
}

enum { SAMPLE_SIZE = 0x1A000, SAMPLE_HEADER = 0x400 };

/* Puts each section where it says, as the loader does. */
static struct memory load_sample(void)
{
	struct memory memory = { .size = SAMPLE_SIZE };
	size_t file_size;
	uint8_t *file = read_sample("dump_syms_regtest64.exe", &file_size);
	const uint8_t *header, *section;

	if (file == NULL)
		return memory;
	memory.bytes = calloc(1, memory.size);
	assert_non_null(memory.bytes);
	memcpy(memory.bytes, file, SAMPLE_HEADER);
	header = file + load_le32(file + 60);
	section = header + 24 + load_le16(header + 20);
	for (unsigned i = 0; i < load_le16(header + 6); i++, section += 40)
		memcpy(memory.bytes + load_le32(section + 12), file + load_le32(section + 20),
		       load_le32(section + 16));
	free(file);
	return memory;
}

#define SKIP_WITHOUT_SAMPLE(memory)                                                     \
	do {                                                                            \
		if ((memory).bytes == NULL) {                                           \
			printf("the sample pe/dump_syms_regtest64.exe is not there\n"); \
			skip();                                                         \
		}                                                                       \
	} while (0)

static void test_headers_of_a_windows_program(void **state)
{
	struct memory memory = load_sample();
	struct pe_image *image;

	(void)state;
	SKIP_WITHOUT_SAMPLE(memory);
	assert_int_equal(open_image(&memory, &image), STATUS_OK);
	assert_true(image->base == BASE);
	assert_int_equal(image->machine, 0x8664);
	assert_true(image->is_64_bit);
	/* INFO CODE_ID of the listing. */
	assert_int_equal(image->timestamp, 0x589DFD11);
	assert_int_equal(image->size, SAMPLE_SIZE);
	assert_true(image->preferred_base == UINT64_C(0x140000000));
	/* mainCRTStartup in the listing. */
	assert_int_equal(image->entry_point, 0x1368);
	assert_int_equal(image->section_count, 5);
	assert_string_equal(image->section[0].name, ".text");
	assert_int_equal(image->section[0].rva, 0x1000);
	assert_int_equal(image->section[0].size, 0xAC1B);
	assert_string_equal(image->section[3].name, ".pdata");
	assert_int_equal(image->directory[IMAGE_DIRECTORY_EXCEPTION].rva, 0x18000);
	assert_int_equal(image->directory[IMAGE_DIRECTORY_EXCEPTION].size, 0x924);
	pe_image_close(image);
	free(memory.bytes);
}

static void test_debug_directory_of_a_windows_program(void **state)
{
	static const uint8_t guid[] = { 0xA8, 0x03, 0xE1, 0x72, 0xB2, 0x5C, 0x07, 0x49,
					0x8B, 0x76, 0xB2, 0xE7, 0xC0, 0x62, 0x57, 0xB1 };
	struct memory memory = load_sample();
	struct pe_image *image;

	(void)state;
	SKIP_WITHOUT_SAMPLE(memory);
	assert_int_equal(open_image(&memory, &image), STATUS_OK);
	assert_true(image->has_pdb);
	assert_memory_equal(image->pdb_guid, guid, sizeof(guid));
	assert_int_equal(image->pdb_age, 3);
	assert_string_equal(image->pdb_name, "dump_syms_regtest64");
	assert_non_null(strstr(image->pdb_path, "\\dump_syms_regtest64.pdb"));
	pe_image_close(image);
	free(memory.bytes);
}

static void test_every_single_missing_page_is_survived(void **state)
{
	struct memory memory = load_sample();

	(void)state;
	SKIP_WITHOUT_SAMPLE(memory);
	for (size_t page = 0; page < SAMPLE_SIZE / PAGE; page++) {
		struct pe_image *image = NULL;
		enum status status;

		memory.missing[page] = true;
		status = open_image(&memory, &image);
		assert_int_equal(status, page == 0 ? STATUS_VA_NOT_MAPPED : STATUS_OK);
		if (page != 0) {
			assert_int_equal(image->timestamp, 0x589DFD11);
			assert_int_equal(image->section_count, 5);
		}
		pe_image_close(image);
		memory.missing[page] = false;
	}
	free(memory.bytes);
}

static bool look_at_export(void *context, const struct image_export *exported)
{
	(void)context;
	return exported->name[0] != '\0';
}

static void test_every_damaged_header_byte_is_survived(void **state)
{
	static const uint8_t damage[] = { 0x00, 0x7F, 0x80, 0xFF };
	struct memory memory = load_sample();

	(void)state;
	SKIP_WITHOUT_SAMPLE(memory);
	for (size_t at = 0; at < SAMPLE_HEADER; at++) {
		uint8_t original = memory.bytes[at];

		for (size_t i = 0; i < sizeof(damage); i++) {
			struct pe_image *image = NULL;

			memory.bytes[at] = damage[i];
			if (open_image(&memory, &image) == STATUS_OK) {
				assert_non_null(image->pdb_name);
				pe_image_visit_exports(image, look_at_export, NULL, NULL);
			}
			pe_image_close(image);
		}
		memory.bytes[at] = original;
	}
	free(memory.bytes);
}

/* ---- Images made by hand ----------------------------------------------------------- */

enum {
	NEW_HEADER = 0x80,
	OPTIONAL = NEW_HEADER + 24,
	DEBUG_RVA = 0x1000,
	CODEVIEW_RVA = 0x1100,
	EXPORT_RVA = 0x2000
};

static struct memory make_image(bool wide)
{
	struct memory memory = { .size = 4 * PAGE };
	size_t directories = OPTIONAL + (wide ? 112 : 96);

	memory.bytes = calloc(1, memory.size);
	assert_non_null(memory.bytes);
	memcpy(memory.bytes, "MZ", 2);
	store_le32(memory.bytes + 60, NEW_HEADER);
	memcpy(memory.bytes + NEW_HEADER, "PE\0\0", 4);
	store_le16(memory.bytes + NEW_HEADER + 4, wide ? 0xAA64 : 0x014C);
	store_le32(memory.bytes + NEW_HEADER + 8, 0x12345678);
	store_le16(memory.bytes + NEW_HEADER + 20, wide ? 240 : 224);
	store_le16(memory.bytes + OPTIONAL, wide ? 0x20B : 0x10B);
	store_le32(memory.bytes + OPTIONAL + 56, (uint32_t)memory.size);
	store_le32(memory.bytes + directories - 4, 16);
	store_le32(memory.bytes + directories, EXPORT_RVA);
	store_le32(memory.bytes + directories + 4, 0x400);
	store_le32(memory.bytes + directories + 8 * IMAGE_DIRECTORY_DEBUG, DEBUG_RVA);
	store_le32(memory.bytes + directories + 8 * IMAGE_DIRECTORY_DEBUG + 4, 28);
	return memory;
}

static void put_codeview(struct memory *memory, const char *path)
{
	uint8_t *entry = memory->bytes + DEBUG_RVA, *codeview = memory->bytes + CODEVIEW_RVA;

	store_le32(entry + 12, 2);
	store_le32(entry + 16, (uint32_t)(24 + strlen(path) + 1));
	store_le32(entry + 20, CODEVIEW_RVA);
	memcpy(codeview, "RSDS", 4);
	memset(codeview + 4, 0xAB, 16);
	store_le32(codeview + 20, 7);
	memcpy(codeview + 24, path, strlen(path) + 1);
}

static void assert_pdb_name(bool wide, const char *path, const char *name)
{
	struct memory memory = make_image(wide);
	struct pe_image *image;

	put_codeview(&memory, path);
	assert_int_equal(open_image(&memory, &image), STATUS_OK);
	assert_true(image->has_pdb);
	assert_int_equal(image->pdb_age, 7);
	assert_string_equal(image->pdb_path, path);
	assert_string_equal(image->pdb_name, name);
	pe_image_close(image);
	free(memory.bytes);
}

static void test_pdb_name_is_the_stem_of_the_path(void **state)
{
	char long_path[328], long_name[320];

	(void)state;
	assert_pdb_name(true, "C:\\src\\third.pdb", "third");
	assert_pdb_name(true, "ntkrnlmp.pdb", "ntkrnlmp");
	assert_pdb_name(true, "/build/out/x.y.pdb", "x.y");
	assert_pdb_name(true, "C:\\a.b\\plain", "plain");
	assert_pdb_name(true, "", "");
	assert_pdb_name(false, "C:\\src\\thirtytwo.pdb", "thirtytwo");
	memset(long_name, 'n', 300);
	long_name[300] = '\0';
	snprintf(long_path, sizeof(long_path), "%s.pdb", long_name);
	assert_pdb_name(true, long_path, long_name);
}

static void test_image_without_debug_directory_has_no_pdb(void **state)
{
	struct memory memory = make_image(true);
	struct pe_image *image;

	(void)state;
	store_le64(memory.bytes + OPTIONAL + 112 + 8 * IMAGE_DIRECTORY_DEBUG, 0);
	assert_int_equal(open_image(&memory, &image), STATUS_OK);
	assert_false(image->has_pdb);
	assert_string_equal(image->pdb_name, "");
	assert_int_equal(image->timestamp, 0x12345678);
	pe_image_close(image);
	free(memory.bytes);
}

static void test_path_cut_by_a_missing_page_leaves_guid_and_age(void **state)
{
	struct memory memory = make_image(true);
	uint8_t *codeview = memory.bytes + 2 * PAGE - 30;
	struct pe_image *image;

	(void)state;
	put_codeview(&memory, "long enough to reach the next page.pdb");
	memmove(codeview, memory.bytes + CODEVIEW_RVA, 64);
	store_le32(memory.bytes + DEBUG_RVA + 20, 2 * PAGE - 30);
	memory.missing[2] = true;
	assert_int_equal(open_image(&memory, &image), STATUS_OK);
	assert_true(image->has_pdb);
	assert_int_equal(image->pdb_age, 7);
	assert_string_equal(image->pdb_name, "");
	pe_image_close(image);
	free(memory.bytes);
}

static void test_mz_without_pe_is_no_image(void **state)
{
	struct memory memory = make_image(true);
	struct pe_image *image;

	(void)state;
	memory.bytes[NEW_HEADER] = 'N';
	assert_int_equal(open_image(&memory, &image), STATUS_SYMBOL_NOT_FOUND);
	memory.bytes[0] = 0;
	assert_int_equal(open_image(&memory, &image), STATUS_SYMBOL_NOT_FOUND);
	memory.bytes[0] = 'M';
	store_le32(memory.bytes + 60, 0xFFFFFFFF);
	assert_int_equal(open_image(&memory, &image), STATUS_VA_NOT_MAPPED);
	free(memory.bytes);
}

static void test_image_of_size_zero_and_unknown_machine_is_reported(void **state)
{
	struct memory memory = make_image(true);
	struct pe_image *image;

	(void)state;
	store_le32(memory.bytes + OPTIONAL + 56, 0);
	store_le16(memory.bytes + NEW_HEADER + 4, 0xBEEF);
	assert_int_equal(open_image(&memory, &image), STATUS_OK);
	assert_int_equal(image->size, 0);
	assert_int_equal(image->machine, 0xBEEF);
	pe_image_close(image);
	free(memory.bytes);
}

/* ---- Exports ----------------------------------------------------------------------- */

enum {
	FUNCTIONS_RVA = EXPORT_RVA + 0x40,
	NAMES_RVA = EXPORT_RVA + 0x80,
	ORDINALS_RVA = EXPORT_RVA + 0xC0,
	TEXT_RVA = EXPORT_RVA + 0x100,
	LAST_NAME_RVA = 3 * PAGE
};

/* "Alpha" is function 2, "Beta" forwards, "Gamma"'s name stands on a page of its own. */
static void put_exports(struct memory *memory)
{
	uint8_t *directory = memory->bytes + EXPORT_RVA;

	store_le32(directory + 16, 10);
	store_le32(directory + 20, 3);
	store_le32(directory + 24, 3);
	store_le32(directory + 28, FUNCTIONS_RVA);
	store_le32(directory + 32, NAMES_RVA);
	store_le32(directory + 36, ORDINALS_RVA);
	store_le32(memory->bytes + FUNCTIONS_RVA, 0x1500);
	store_le32(memory->bytes + FUNCTIONS_RVA + 4, TEXT_RVA + 0x20);
	store_le32(memory->bytes + FUNCTIONS_RVA + 8, 0x1700);
	store_le32(memory->bytes + NAMES_RVA, TEXT_RVA);
	store_le32(memory->bytes + NAMES_RVA + 4, TEXT_RVA + 0x10);
	store_le32(memory->bytes + NAMES_RVA + 8, LAST_NAME_RVA);
	store_le16(memory->bytes + ORDINALS_RVA, 2);
	store_le16(memory->bytes + ORDINALS_RVA + 2, 1);
	store_le16(memory->bytes + ORDINALS_RVA + 4, 0);
	memcpy(memory->bytes + TEXT_RVA, "Alpha", 6);
	memcpy(memory->bytes + TEXT_RVA + 0x10, "Beta", 5);
	memcpy(memory->bytes + TEXT_RVA + 0x20, "NTDLL.Beta", 11);
	memcpy(memory->bytes + LAST_NAME_RVA, "Gamma", 6);
}

struct listing {
	char text[256];
};

static bool list_export(void *context, const struct image_export *exported)
{
	struct listing *listing = context;
	size_t length = strlen(listing->text);

	snprintf(listing->text + length, sizeof(listing->text) - length, "%s@%u=%x%s%s;",
		 exported->name, (unsigned)exported->ordinal, (unsigned)exported->rva,
		 exported->forwarder != NULL ? "->" : "",
		 exported->forwarder != NULL ? exported->forwarder : "");
	return true;
}

static void test_exports_have_name_ordinal_address_and_forwarder(void **state)
{
	struct memory memory = make_image(true);
	struct listing listing = { "" };
	struct pe_image *image;

	(void)state;
	put_exports(&memory);
	assert_int_equal(open_image(&memory, &image), STATUS_OK);
	assert_int_equal(pe_image_visit_exports(image, list_export, &listing, NULL), STATUS_OK);
	assert_string_equal(listing.text,
			    "Alpha@12=1700;Beta@11=0->NTDLL.Beta;Gamma@10=1500;");
	pe_image_close(image);
	free(memory.bytes);
}

static void test_export_with_its_name_on_a_missing_page_is_left_out(void **state)
{
	struct memory memory = make_image(true);
	struct listing listing = { "" };
	struct pe_image *image;

	(void)state;
	put_exports(&memory);
	memory.missing[LAST_NAME_RVA / PAGE] = true;
	assert_int_equal(open_image(&memory, &image), STATUS_OK);
	assert_int_equal(pe_image_visit_exports(image, list_export, &listing, NULL), STATUS_OK);
	assert_string_equal(listing.text, "Alpha@12=1700;Beta@11=0->NTDLL.Beta;");
	memory.missing[EXPORT_RVA / PAGE] = true;
	assert_int_equal(pe_image_visit_exports(image, list_export, &listing, NULL),
			 STATUS_VA_NOT_MAPPED);
	pe_image_close(image);
	free(memory.bytes);
}

static void test_export_counts_beyond_the_image_are_refused(void **state)
{
	static const uint32_t counts[] = { 0xFFFFFFFF, 0x10001, 0x1000 };
	struct memory memory = make_image(false);
	struct listing listing = { "" };
	struct pe_image *image;

	(void)state;
	put_exports(&memory);
	assert_int_equal(open_image(&memory, &image), STATUS_OK);
	for (size_t i = 0; i < 3; i++) {
		store_le32(memory.bytes + EXPORT_RVA + 24, counts[i]);
		assert_int_equal(pe_image_visit_exports(image, list_export, &listing, NULL),
				 STATUS_CORRUPT);
	}
	pe_image_close(image);
	free(memory.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers_of_a_windows_program),
		cmocka_unit_test(test_debug_directory_of_a_windows_program),
		cmocka_unit_test(test_every_single_missing_page_is_survived),
		cmocka_unit_test(test_every_damaged_header_byte_is_survived),
		cmocka_unit_test(test_pdb_name_is_the_stem_of_the_path),
		cmocka_unit_test(test_image_without_debug_directory_has_no_pdb),
		cmocka_unit_test(test_path_cut_by_a_missing_page_leaves_guid_and_age),
		cmocka_unit_test(test_mz_without_pe_is_no_image),
		cmocka_unit_test(test_image_of_size_zero_and_unknown_machine_is_reported),
		cmocka_unit_test(test_exports_have_name_ordinal_address_and_forwarder),
		cmocka_unit_test(test_export_with_its_name_on_a_missing_page_is_left_out),
		cmocka_unit_test(test_export_counts_beyond_the_image_are_refused),
	};

	return cmocka_run_group_tests_name("pe_image", tests, NULL, NULL);
}
