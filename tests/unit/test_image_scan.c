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

static struct file *open_fixture_file(const char *name)
{
	const char *folder = getenv("VMSS_FIXTURES");
	struct file *file;
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", folder != NULL ? folder : ".", name);
	if (file_open(path, FILE_READ_SHARED, &file, NULL) != STATUS_OK)
		skip();
	return file;
}

static void set_up_on(struct fixture *fixture, struct file *file)
{
	static const struct vp_overrides nothing_forced;
	const struct virtual_processor *vp;

	assert_int_equal(saved_state_open(file, &fixture->saved, NULL), STATUS_OK);
	assert_int_equal(guest_memory_open(fixture->saved, &fixture->guest, NULL), STATUS_OK);
	assert_int_equal(partition_state_vp(fixture->saved->partition, 0, &vp, NULL), STATUS_OK);
	assert_int_equal(virtual_memory_of_vp(fixture->guest, vp, &nothing_forced, NULL,
					      &fixture->memory, NULL), STATUS_OK);
}

static void set_up_with(struct fixture *fixture, const char *name)
{
	set_up_on(fixture, open_fixture_file(name));
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

struct scanned {
	uint64_t bases[8];
	unsigned count;
};

static struct scanned scan_all(struct fixture *fixture, uint64_t start, uint64_t end)
{
	struct scanned found = { .count = 0 };
	struct image_scan scan;

	image_scan_begin(&scan, &fixture->memory, start, end, NULL, 0);
	while (!scan.ended) {
		struct pe_image *image;

		assert_int_equal(image_scan_next(&scan, &image, NULL), STATUS_OK);
		if (image == NULL)
			continue;
		assert_in_range(found.count, 0, 7);
		found.bases[found.count++] = image->base;
		pe_image_close(image);
	}
	return found;
}

struct expected_images {
	uint64_t start, end;
	unsigned count;
	uint64_t bases[2];
};

static void expect_images(struct fixture *fixture, const struct expected_images *cases,
			  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct scanned found = scan_all(fixture, cases[i].start, cases[i].end);

		assert_int_equal(found.count, cases[i].count);
		for (unsigned k = 0; k < found.count; k++)
			assert_int_equal(found.bases[k], cases[i].bases[k]);
	}
}

#define SIGN UINT64_C(0xFFFFFFFF00000000)
#define KERNEL_32 UINT64_C(0x80100000)

static void images_of_a_32_bit_space_have_the_upper_half_that_was_asked_for(void **state)
{
	static const char *const names[] = { "windows-32-bit.vmrs", "windows-pae.vmrs" };
	static const struct expected_images cases[] = {
		{ UINT32_MAX, 0x80000000, 1, { KERNEL_32 } },
		{ TOP, 0, 1, { KERNEL_32 } },
		{ TOP, 0x80000000, 1, { KERNEL_32 } },
		{ TOP, SIGN | 0x80000000, 1, { SIGN | KERNEL_32 } },
		{ SIGN | KERNEL_32, SIGN | KERNEL_32, 1, { SIGN | KERNEL_32 } },
		{ TOP, SIGN, 1, { SIGN | KERNEL_32 } },
		{ TOP, SIGN | (KERNEL_32 + 0x1000), 0, { 0 } },
		{ SIGN | (KERNEL_32 - 1), SIGN, 0, { 0 } },
		{ 0x1FFFFFFFF, 0x100000000, 1, { 0x100000000 | KERNEL_32 } },
		{ TOP, UINT64_C(1) << 32, 0, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture fixture;

		set_up_with(&fixture, names[i]);
		expect_images(&fixture, cases, sizeof(cases) / sizeof(cases[0]));
		tear_down(&fixture);
	}
}

enum { IGNORE_TAGS_0 = 1, IGNORE_TAGS_1 = 2 };

/*
 * The fixture's tables can be walked as ARMv8 ones of 4 KiB with 48-bit
 * addresses: present and writable are the two bits of a descriptor's type.
 */
static void make_armv8(struct fixture *fixture, unsigned ignored_tags)
{
	fixture->memory.space.form = PAGING_FORM_ARMV8;
	fixture->memory.space.registers = (struct paging_registers){
		.arm64 = true,
		.tcr = 16 | 16 << 16 | UINT64_C(2) << 30 | (uint64_t)ignored_tags << 37,
		.ttbr0 = 0x1000,
		.ttbr1 = 0x1000,
	};
}

#define LOWER_KERNEL (KERNEL & ~(UINT64_MAX << 48))
#define TAGGED(tag, address) ((uint64_t)(tag) << 56 | ((address) & UINT64_MAX >> 8))

static void a_page_with_a_tag_is_the_page_without(void **state)
{
	static const struct expected_images cases[] = {
		{ TOP, 0, 2, { KERNEL, LOWER_KERNEL } },
		{ TOP, UPPER_HALF, 1, { KERNEL } },
		{ UPPER_HALF - 1, 0, 1, { LOWER_KERNEL } },
		{ TAGGED(0xB4, TOP), 0, 1, { LOWER_KERNEL } },
		{ TAGGED(0xB4, 0) + UINT32_MAX, 0, 1, { LOWER_KERNEL } },
	};
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	for (unsigned ignored = 0; ignored <= (IGNORE_TAGS_0 | IGNORE_TAGS_1); ignored++) {
		make_armv8(&fixture, ignored);
		/* Without TBI1 nothing is mapped where the last two scans begin. */
		expect_images(&fixture, cases, 3);
	}
	make_armv8(&fixture, IGNORE_TAGS_0);
	expect_images(&fixture, cases, sizeof(cases) / sizeof(cases[0]));
	tear_down(&fixture);
}

static void a_range_of_one_tag_is_scanned_with_it(void **state)
{
	static const uint64_t lower = TAGGED(0xB4, LOWER_KERNEL);
	static const uint64_t upper = TAGGED(0xB4, KERNEL);
	const struct expected_images cases[] = {
		{ lower, lower, 1, { lower } },
		{ lower + 0x100000, TAGGED(0xB4, 0), 1, { lower } },
		{ lower + 0x100000, TAGGED(0xB3, 0), 1, { lower } },
		{ lower - 0x1000, TAGGED(0xB4, 0), 0, { 0 } },
		{ upper, upper, 1, { upper } },
		{ upper + 0x100000, TAGGED(0xB4, 0), 1, { upper } },
	};
	struct pe_image *image;
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	make_armv8(&fixture, IGNORE_TAGS_0 | IGNORE_TAGS_1);
	expect_images(&fixture, cases, sizeof(cases) / sizeof(cases[0]));
	assert_int_equal(image_find(&fixture.memory, lower + 0x1040, &image, NULL), STATUS_OK);
	assert_int_equal(image->base, lower);
	pe_image_close(image);
	make_armv8(&fixture, 0);
	assert_int_equal(scan_all(&fixture, lower, lower).count, 0);
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

/* A file that memory is short for at one of its reads. */
struct short_file {
	struct file *file;
	int reads_left;			/* before that; negative: there is memory enough */
	bool failed;
};

static enum status read_short_file(void *context, uint64_t offset, void *buffer, size_t size,
				   struct error *error)
{
	struct short_file *file = context;

	if (file->reads_left == 0) {
		file->failed = true;
		return error_out_of_memory(error, "a read");
	}
	if (file->reads_left > 0)
		file->reads_left--;
	return file_read_at(file->file, offset, buffer, size, error);
}

static void close_short_file(void *context)
{
	struct short_file *file = context;

	file_close(file->file);
}

/* A scan of one page: as many reads succeed as are given; true if they were enough. */
static bool scan_with_reads(int reads)
{
	static const struct file_operations operations = { .read_at = read_short_file,
							   .close = close_short_file };
	struct short_file short_file = { open_fixture_file("windows-guest.vmrs"), -1,
					 false };
	struct pe_image *image;
	struct image_scan scan;
	struct fixture fixture;
	struct file *file;
	enum status status;

	assert_int_equal(file_open_custom(&operations, &short_file, file_size(short_file.file),
					  &file, NULL), STATUS_OK);
	set_up_on(&fixture, file);
	short_file.reads_left = reads;
	image_scan_begin(&scan, &fixture.memory, KERNEL, KERNEL, NULL, 0);
	status = image_scan_next(&scan, &image, NULL);
	assert_int_equal(status, short_file.failed ? STATUS_OUT_OF_MEMORY : STATUS_OK);
	if (!short_file.failed) {
		assert_int_equal(image->base, KERNEL);
		pe_image_close(image);
	}
	tear_down(&fixture);
	return !short_file.failed;
}

/* The reads are those of four page tables, which lie in one RAM block, and of the image. */
static void a_page_is_not_passed_over_for_lack_of_memory(void **state)
{
	int reads = 0;

	(void)state;
	while (!scan_with_reads(reads))
		reads++;
	assert_in_range(reads, 2, 100);
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
		cmocka_unit_test(images_of_a_32_bit_space_have_the_upper_half_that_was_asked_for),
		cmocka_unit_test(a_page_with_a_tag_is_the_page_without),
		cmocka_unit_test(a_range_of_one_tag_is_scanned_with_it),
		cmocka_unit_test(a_page_is_not_passed_over_for_lack_of_memory),
		cmocka_unit_test(what_a_damaged_table_serves_is_passed_over_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
