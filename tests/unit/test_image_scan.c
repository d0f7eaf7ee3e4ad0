/* SPDX-License-Identifier: MIT */
/*
 * Images in an address space: one in a fixture's kernel, looked for from all
 * sides.  Its page tables can be changed, since fixes do not reach them; what
 * a scan costs is measured by tests/guest/test_symbols.py.
 */
#include "test_shim.h"

#include "guest/image_scan.h"

#include <stdio.h>
#include <stdlib.h>

/* As fixtures/parts/windows.txt has it. */
#define KERNEL UINT64_C(0xFFFFF80000100000)
#define KERNEL_SIZE UINT64_C(0x5000)
#define TOP UINT64_MAX
#define UPPER_HALF UINT64_C(0xFFFF800000000000)

struct fixture {
	struct saved_state *saved;
	struct guest_memory *guest;
	struct virtual_memory memory;
};

static void set_up_with(struct fixture *fixture, const char *name)
{
	static const struct vp_overrides nothing_forced;
	const char *folder = getenv("VMSS_FIXTURES");
	const struct virtual_processor *vp;
	struct file *file;
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", folder != NULL ? folder : ".", name);
	if (file_open(path, FILE_READ_SHARED, &file, NULL) != STATUS_OK)
		skip();
	assert_int_equal(saved_state_open(file, &fixture->saved, NULL), STATUS_OK);
	assert_int_equal(guest_memory_open(fixture->saved, &fixture->guest, NULL), STATUS_OK);
	assert_int_equal(partition_state_vp(fixture->saved->partition, 0, &vp, NULL), STATUS_OK);
	assert_int_equal(virtual_memory_of_vp(fixture->guest, vp, &nothing_forced, NULL,
					      &fixture->memory, NULL), STATUS_OK);
}

static void set_up(struct fixture *fixture)
{
	set_up_with(fixture, "windows-guest.vmrs");
}

static void tear_down(struct fixture *fixture)
{
	guest_memory_close(fixture->guest);
	saved_state_close(fixture->saved);
}

/* How many images a scan finds; each must be the kernel. */
static unsigned count_images(struct fixture *fixture, uint64_t start, uint64_t end,
			     const uint64_t *standalone, size_t standalone_count)
{
	struct image_scan scan;
	unsigned found = 0;

	image_scan_begin(&scan, &fixture->memory, start, end, standalone, standalone_count);
	while (!scan.ended) {
		struct pe_image *image;

		assert_int_equal(image_scan_next(&scan, &image, NULL), STATUS_OK);
		if (image == NULL)
			continue;
		assert_int_equal(image->base, KERNEL);
		assert_int_equal(image->size, KERNEL_SIZE);
		pe_image_close(image);
		found++;
	}
	return found;
}

static void a_scan_includes_both_of_its_ends_by_page(void **state)
{
	static const struct { uint64_t start, end; unsigned found; } cases[] = {
		{ TOP, UPPER_HALF, 1 }, { TOP, 0, 1 }, { KERNEL, KERNEL, 1 },
		{ KERNEL + 0xFFF, KERNEL + 0xFFF, 1 }, { KERNEL + 0x1000, KERNEL + 0xFFF, 1 },
		{ KERNEL - 1, UPPER_HALF, 0 }, { TOP, KERNEL + 0x1000, 0 }, { TOP, TOP, 0 },
		{ 0, 0, 0 }, { 0xFFF, 0, 0 }, { 0x2000, 0x1000, 0 },
		{ UPPER_HALF - 1, UINT64_C(1) << 47, 0 },	/* no canonical address */
	};
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(count_images(&fixture, cases[i].start, cases[i].end, NULL, 0),
				 cases[i].found);
	tear_down(&fixture);
}

static void standalone_addresses_come_first(void **state)
{
	static const uint64_t addresses[] = { KERNEL + 0x1000, KERNEL + 7, TOP, 0 };
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	assert_int_equal(count_images(&fixture, 0, 0, addresses, 4), 1);
	assert_int_equal(count_images(&fixture, TOP, UPPER_HALF, addresses, 4), 2);
	tear_down(&fixture);
}

static void the_image_around_an_address_is_found(void **state)
{
	struct pe_image *image;
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	for (uint64_t at = 0; at < KERNEL_SIZE; at += 0xFFF) {
		assert_int_equal(image_find(&fixture.memory, KERNEL + at, &image, NULL),
				 STATUS_OK);
		assert_int_equal(image->base, KERNEL);
		pe_image_close(image);
	}
	assert_int_equal(image_find(&fixture.memory, KERNEL + KERNEL_SIZE, &image, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	assert_int_equal(image_find(&fixture.memory, KERNEL - 1, &image, NULL),
			 STATUS_SYMBOL_NOT_FOUND);
	assert_int_equal(image_find(&fixture.memory, 5, &image, NULL), STATUS_SYMBOL_NOT_FOUND);
	tear_down(&fixture);
}

static void an_address_space_that_cannot_be_walked_is_an_error(void **state)
{
	struct pe_image *image;
	struct image_scan scan;
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	fixture.memory.space.form = PAGING_FORM_NONE;
	image_scan_begin(&scan, &fixture.memory, TOP, 0, NULL, 0);
	assert_int_equal(image_scan_next(&scan, &image, NULL), STATUS_NOT_IMPLEMENTED);
	tear_down(&fixture);
}

static void a_scan_ends_also_when_everything_is_mapped(void **state)
{
	enum status status = STATUS_OK;
	struct pe_image *image;
	struct image_scan scan;
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	fixture.memory.space.form = PAGING_FORM_IDENTITY;
	image_scan_begin(&scan, &fixture.memory, TOP, 0, NULL, 0);
	scan.pages_left = 100000;
	while (status == STATUS_OK && !scan.ended) {
		status = image_scan_next(&scan, &image, NULL);
		if (status == STATUS_OK)
			pe_image_close(image);
	}
	assert_int_equal(status, STATUS_CORRUPT);
	tear_down(&fixture);
}

/* Translation cuts addresses to 32 bits: from the very top it would go round 2^32 times. */
static void a_scan_of_a_32_bit_space_begins_at_its_top(void **state)
{
	static const enum paging_form forms[] = { PAGING_FORM_32BIT, PAGING_FORM_32BIT_PSE,
						  PAGING_FORM_PAE };
	struct image_scan scan;
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct pe_image *image;
		unsigned portions = 0;

		fixture.memory.space.form = forms[i];
		image_scan_begin(&scan, &fixture.memory, TOP, 0, NULL, 0);
		assert_int_equal(scan.next, 0xFFFFF000);
		for (; !scan.ended; portions++) {
			assert_in_range(portions, 0, 1000000);
			assert_int_equal(image_scan_next(&scan, &image, NULL), STATUS_OK);
			pe_image_close(image);
		}
		image_scan_begin(&scan, &fixture.memory, TOP, UINT64_C(1) << 32, NULL, 0);
		assert_int_equal(image_scan_next(&scan, &image, NULL), STATUS_OK);
		assert_null(image);
		assert_true(scan.ended);
	}
	tear_down(&fixture);
}

/* A damaged page directory stands for 2^18 pages, which are not tried one by one. */
static void what_a_damaged_table_serves_is_passed_over_at_once(void **state)
{
	struct image_scan scan;
	struct fixture fixture;
	unsigned found = 0, portions = 0;

	(void)state;
	set_up_with(&fixture, "api/damaged-tables.vmrs");
	image_scan_begin(&scan, &fixture.memory, TOP, UPPER_HALF, NULL, 0);
	for (; !scan.ended; portions++) {
		struct pe_image *image;

		assert_int_equal(image_scan_next(&scan, &image, NULL), STATUS_OK);
		if (image != NULL) {
			assert_int_equal(image->base, KERNEL);
			found++;
		}
		pe_image_close(image);
	}
	assert_int_equal(found, 1);
	assert_in_range(portions, 1, 4);
	tear_down(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scan_includes_both_of_its_ends_by_page),
		cmocka_unit_test(standalone_addresses_come_first),
		cmocka_unit_test(the_image_around_an_address_is_found),
		cmocka_unit_test(an_address_space_that_cannot_be_walked_is_an_error),
		cmocka_unit_test(a_scan_ends_also_when_everything_is_mapped),
		cmocka_unit_test(a_scan_of_a_32_bit_space_begins_at_its_top),
		cmocka_unit_test(what_a_damaged_table_serves_is_passed_over_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
