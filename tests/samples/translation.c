/* SPDX-License-Identifier: MIT */
/*
 * Virtual memory of the guests that ran in an emulator: every translation it
 * knew, the reads it made, and the values the guest's own processor loaded.
 */
#include "support/sample_truth.h"
#include "support/sha256.h"
#include "test_shim.h"

#include <stdlib.h>
#include <string.h>

#include <vmsavedstatedump_ext.h>

enum { BUFFER_SIZE = 1 << 20 };

struct walk_test {
	VMSAVEDSTATE_TRANSLATE_OPTIONS options;
	bool current; /* the options say nothing that the VP does not */
	uint8_t *buffer;
	size_t mapped, unmapped, reads;
};

static void set_walk(struct sample *sample, UINT32 flags, UINT64 root)
{
	struct walk_test *test = sample->context;

	memset(&test->options, 0, sizeof(test->options));
	test->options.StructSize = sizeof(test->options);
	test->options.Flags = flags;
	test->options.Root = root;
	test->current = flags == 0;
}

static void check_walk(struct sample *sample, char **words)
{
	bool current = strcmp(words[0], "current") == 0;

	set_walk(sample, current ? 0 : VMSAVEDSTATE_TRANSLATE_ARCHITECTURAL, 0);
}

static void check_walk_root(struct sample *sample, char **words)
{
	set_walk(sample, VMSAVEDSTATE_TRANSLATE_ROOT, number_of(words[0]));
}

static VMSAVEDSTATE_TRANSLATION translate(struct sample *sample, uint64_t address, HRESULT expected)
{
	struct walk_test *test = sample->context;
	VMSAVEDSTATE_TRANSLATION result = { .StructSize = sizeof(result) };

	sample_expect(sample, "the result of the walk",
		      (uint32_t)VmSavedStateTranslate(sample->handle, 0, &test->options, address,
						      &result),
		      (uint32_t)expected);
	return result;
}

static void expect_physical(struct sample *sample, uint64_t address, uint64_t physical)
{
	struct walk_test *test = sample->context;
	GUEST_PHYSICAL_ADDRESS found = 0xCC;
	GUEST_VIRTUAL_ADDRESS unmapped = 0xCC;

	if (!test->current)
		return;
	sample_expect(sample, "the result of the translation",
		      (uint32_t)GuestVirtualAddressToPhysicalAddress(sample->handle, 0, address,
								     &found, &unmapped),
		      S_OK);
	sample_expect(sample, "the physical address", found, physical);
	sample_expect(sample, "the unmapped size of a mapped address", unmapped, 0);
}

static void check_mapped(struct sample *sample, char **words)
{
	struct walk_test *test = sample->context;
	uint64_t address = number_of(words[0]), physical = number_of(words[1]);
	uint64_t page_size = number_of(words[2]);
	VMSAVEDSTATE_TRANSLATION result = translate(sample, address, S_OK);
	uint8_t byte;
	UINT32 count = 0;

	sample_expect(sample, "the reason", result.Reason, VMSAVEDSTATE_WALK_MAPPED);
	sample_expect(sample, "the physical address of the walk", result.PhysicalAddress, physical);
	if (page_size != 0)
		sample_expect(sample, "the page size", result.PageSize, page_size);
	else
		sample_expect(sample, "the paging form", result.PagingForm,
			      VMSAVEDSTATE_PAGING_IDENTITY);
	expect_physical(sample, address, physical);
	sample_expect(sample, "the result of a read there",
		      (uint32_t)ReadGuestPhysicalAddress(sample->handle, physical, &byte, 1,
							 &count),
		      S_OK);
	if (page_size != 0)
		sample_expect(sample, "whether memory is saved there", count, number_of(words[3]));
	test->mapped++;
}

static void check_unmapped(struct sample *sample, char **words)
{
	struct walk_test *test = sample->context;
	uint64_t address = number_of(words[0]);
	bool canonical = number_of(words[1]) != 0;
	GUEST_PHYSICAL_ADDRESS physical = 0xCC;
	GUEST_VIRTUAL_ADDRESS size = 0;
	VMSAVEDSTATE_TRANSLATION result = translate(sample, address, VMSAVEDSTATE_E_VA_NOT_MAPPED);

	sample_expect(sample, "whether the address is out of range",
		      result.Reason == VMSAVEDSTATE_WALK_OUT_OF_RANGE, !canonical);
	sample_expect(sample, "the physical address of the walk", result.PhysicalAddress, 0);
	sample_expect(sample, "the page size", result.PageSize, 0);
	assert_true(result.SkipSize >= result.UnmappedSize);
	assert_true(result.UnmappedSize >= 4096);
	if (test->current) {
		sample_expect(sample, "the result of the translation",
			      (uint32_t)GuestVirtualAddressToPhysicalAddress(sample->handle, 0,
									     address, &physical,
									     &size),
			      (uint32_t)VMSAVEDSTATE_E_VA_NOT_MAPPED);
		sample_expect(sample, "the physical address", physical, 0);
		sample_expect(sample, "the unmapped size", size, result.UnmappedSize);
	}
	test->unmapped++;
}

/* Reads with one byte more of room, which must stay as it is. */
static UINT32 read_virtual(struct sample *sample, uint64_t address, uint32_t size)
{
	struct walk_test *test = sample->context;
	UINT32 count = 0xCCCCCCCC;

	assert_true(size < BUFFER_SIZE);
	memset(test->buffer, 0xCC, size + 1);
	sample_expect(sample, "the result of the virtual read",
		      (uint32_t)VmSavedStateReadVirtual(sample->handle, 0, &test->options, address,
							test->buffer, size, &count),
		      S_OK);
	assert_true(count <= size);
	for (size_t i = count; i <= size; i++)
		sample_expect(sample, "a byte behind what was read", test->buffer[i], 0xCC);
	return count;
}

static void check_read(struct sample *sample, char **words)
{
	struct walk_test *test = sample->context;
	uint32_t size = (uint32_t)number_of(words[1]);
	uint8_t first[16];
	size_t known = bytes_of(words[3], first, sizeof(first));
	char digest[SHA256_TEXT];

	sample_expect(sample, "the count of bytes read",
		      read_virtual(sample, number_of(words[0]), size), size);
	sample_expect_bytes(sample, "the bytes read", test->buffer, first,
			    known < size ? known : size);
	sha256_of(test->buffer, size, digest);
	sample_expect_text(sample, "the SHA-256 of the bytes read", digest, words[2]);
	test->reads++;
}

static void check_short_read(struct sample *sample, char **words)
{
	sample_expect(sample, "the count of bytes before the first unmapped page",
		      read_virtual(sample, number_of(words[0]), (uint32_t)number_of(words[1])),
		      number_of(words[2]));
}

static void check_loaded(struct sample *sample, char **words)
{
	struct walk_test *test = sample->context;
	uint64_t value = 0;

	expect_physical(sample, number_of(words[0]), number_of(words[1]));
	sample_expect(sample, "the count of bytes read",
		      read_virtual(sample, number_of(words[0]), 8), 8);
	for (size_t i = 8; i > 0; i--)
		value = value << 8 | test->buffer[i - 1];
	sample_expect(sample, "what the guest's processor loaded", value, number_of(words[2]));
	test->reads++;
}

static const struct sample_statement statements[] = {
	{ "loaded", 3, check_loaded },	     { "mapped", 4, check_mapped },
	{ "read", 4, check_read },	     { "short", 3, check_short_read },
	{ "unmapped", 2, check_unmapped },   { "walk", 1, check_walk },
	{ "walk-root", 1, check_walk_root },
};

static void addresses_are_translated_as_in_the_truth(void **state)
{
	struct walk_test test = { .buffer = malloc(BUFFER_SIZE) };

	assert_non_null(test.buffer);
	run_sample_truth(*state, "translation", statements,
			 sizeof(statements) / sizeof(statements[0]), &test);
	print_message("%s: %u mapped, %u unmapped, %u reads\n", (const char *)*state,
		      (unsigned int)test.mapped, (unsigned int)test.unmapped,
		      (unsigned int)test.reads);
	assert_true(test.mapped > 0);
	assert_true(test.reads > 0);
	free(test.buffer);
}

int main(void)
{
	/* clang-format off */
	static const struct CMUnitTest tests[] = {
#define TRANSLATION_TEST(name)                                                        \
	{ name ": translation", addresses_are_translated_as_in_the_truth, NULL, NULL, \
	  (void *)(uintptr_t)(name) }
		TRANSLATION_TEST("a1-x64-1cpu"),
		TRANSLATION_TEST("t1-tiny-long4"),
		TRANSLATION_TEST("t3-tiny-pae"),
		TRANSLATION_TEST("f1-real-reset"),
		TRANSLATION_TEST("f3-prot-nopaging"),
	};
	/* clang-format on */

	if (samples_are_absent(sizeof(tests) / sizeof(tests[0])))
		return SKIPPED_PROGRAM;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
