/* SPDX-License-Identifier: MIT */
/*
 * x86 and x64 page walks, one fact a test.  Addresses and answers are those
 * measured on the original, or worked out by hand from the manuals where the
 * original is wrong.
 */
#include "test_page_walk_memory.h"

#define CR0_PG UINT64_C(0x80000000)
#define CR4_PSE UINT64_C(0x10)
#define CR4_PAE UINT64_C(0x20)
#define CR4_LA57 UINT64_C(0x1000)
#define EFER_LME UINT64_C(0x100)
#define EFER_NXE UINT64_C(0x800)

#define KIB_4 UINT64_C(0x1000)
#define MIB_2 UINT64_C(0x200000)
#define MIB_4 UINT64_C(0x400000)
#define GIB_1 UINT64_C(0x40000000)
#define GIB_512 UINT64_C(0x8000000000)
#define TIB_256 UINT64_C(0x1000000000000)

#define NX UINT64_C(0x8000000000000000)

/* PML4 at 0x1000, PDPT at 0x2000, PD at 0x3000, PT at 0x4000: the first page is 0x5000. */
static struct memory long_memory(void)
{
	struct memory memory = { .ram_size = 0x10000000 };

	memory_set(&memory, 0x1000, 0x2067);
	memory_set(&memory, 0x2000, 0x3067);
	memory_set(&memory, 0x3000, 0x4067);
	memory_set(&memory, 0x4000, 0x5067);
	return memory;
}

static const struct address_space long4 = {
	.form = PAGING_FORM_LONG4,
	.registers = { .cr3 = 0x1000, .efer = EFER_LME | EFER_NXE },
};

static void test_long_4_kib_page(void **context)
{
	struct memory memory = long_memory();
	struct page_walk walk = expect_mapped(&memory, &long4, 0x123, 0x5123, KIB_4);

	(void)context;
	assert_int_equal(walk.level, 0);
	assert_string_equal(walk.level_name, "PTE");
	assert_int_equal(walk.entry_address, 0x4000);
	assert_int_equal(memory.reads, 4);
}

static void test_unmapped_size_is_that_of_the_level(void **context)
{
	struct memory memory = long_memory();

	(void)context;
	expect_unmapped(&memory, &long4, GIB_512, PAGE_NOT_PRESENT, 3, GIB_512);
	expect_unmapped(&memory, &long4, GIB_1, PAGE_NOT_PRESENT, 2, GIB_1);
	expect_unmapped(&memory, &long4, MIB_2, PAGE_NOT_PRESENT, 1, MIB_2);
	expect_unmapped(&memory, &long4, KIB_4, PAGE_NOT_PRESENT, 0, KIB_4);
}

static void test_entries_with_p_clear_are_not_present_whatever_else_they_hold(void **context)
{
	struct memory memory = long_memory();

	(void)context;
	memory_set(&memory, 0x4008, UINT64_C(0xFFFFFFFFFFFFFFFE));	/* all but P */
	memory_set(&memory, 0x4010, 0x5800);		/* Windows transition */
	memory_set(&memory, 0x4018, 0x5400);		/* Windows prototype */
	expect_unmapped(&memory, &long4, 0x1000, PAGE_NOT_PRESENT, 0, KIB_4);
	expect_unmapped(&memory, &long4, 0x2000, PAGE_NOT_PRESENT, 0, KIB_4);
	expect_unmapped(&memory, &long4, 0x3000, PAGE_NOT_PRESENT, 0, KIB_4);
}

static void test_a_table_outside_memory_is_told_apart_and_never_reuses_an_entry(void **context)
{
	struct memory memory = long_memory();
	struct address_space no_root = long4;

	(void)context;
	no_root.registers.cr3 = 0x100000000;
	memory_set(&memory, 0x1008, 0x100000063);
	memory_set(&memory, 0x2008, 0x800000E3 & ~UINT64_C(0x80));
	memory_set(&memory, 0x3008, 0x80000063);
	expect_unmapped(&memory, &no_root, 0, PAGE_TABLE_NOT_SAVED, 3, GIB_512);
	expect_unmapped(&memory, &long4, GIB_512, PAGE_TABLE_NOT_SAVED, 2, GIB_1);
	expect_unmapped(&memory, &long4, GIB_1, PAGE_TABLE_NOT_SAVED, 1, MIB_2);
	expect_unmapped(&memory, &long4, MIB_2, PAGE_TABLE_NOT_SAVED, 0, KIB_4);
}

static void test_a_damaged_table_is_a_failure_not_an_answer(void **context)
{
	struct memory memory = long_memory();
	struct entry_reader reader = { memory_read, &memory };
	struct page_walk walk = { .gpa = 77 };
	struct page_trace trace;
	struct error error = { 0 };

	(void)context;
	memory.damaged_page = 0x3000;
	assert_int_equal(page_walk(&long4, 0, &reader, &trace, &walk, &error),
			 STATUS_CORRUPT_RAM_RECORD);
	assert_string_equal(error.text, "damaged page");
	assert_int_equal(walk.gpa, 77);
	assert_int_equal(trace.count, 2);
	assert_int_equal(page_walk(&long4, 0, &reader, NULL, &walk, NULL),
			 STATUS_CORRUPT_RAM_RECORD);
}

static void test_large_page_of_2_mib(void **context)
{
	struct memory memory = long_memory();

	(void)context;
	memory_set(&memory, 0x3008, 0x6000E3);
	assert_int_equal(expect_mapped(&memory, &long4, 0x205123, 0x605123, MIB_2).level, 1);
}

static void test_large_page_of_1_gib(void **context)
{
	struct memory memory = long_memory();

	(void)context;
	memory_set(&memory, 0x2008, 0x400000E3);
	memory_set(&memory, 0x2010, 0xE3);
	assert_int_equal(expect_mapped(&memory, &long4, 0x40205123, 0x40205123, GIB_1).level, 2);
	expect_mapped(&memory, &long4, 0x80205123, 0x205123, GIB_1);
}

static void test_pat_and_low_base_bits_of_a_large_page_stay_out_of_the_gpa(void **context)
{
	struct memory memory = long_memory();

	(void)context;
	memory_set(&memory, 0x3008, 0x6010E3);			/* PAT */
	memory_set(&memory, 0x3010, 0x6020E3);			/* bit 13 */
	memory_set(&memory, 0x2008, 0x7FFFF0E3);		/* bits 12 to 29 */
	assert_false(expect_mapped(&memory, &long4, 0x205123, 0x605123, MIB_2).reserved_bits);
	assert_true(expect_mapped(&memory, &long4, 0x405123, 0x605123, MIB_2).reserved_bits);
	assert_true(expect_mapped(&memory, &long4, 0x40205123, 0x40205123, GIB_1).reserved_bits);
}

static void test_ps_in_a_pml4e_is_ignored_but_reported(void **context)
{
	struct memory memory = long_memory();

	(void)context;
	memory_set(&memory, 0x1008, 0x20E7);
	assert_true(expect_mapped(&memory, &long4, GIB_512 + 0x123, 0x5123, KIB_4).reserved_bits);
}

static void test_page_frames_have_bits_12_to_51(void **context)
{
	struct memory memory = long_memory();

	(void)context;
	memory_set(&memory, 0x4008, UINT64_C(0xFFFFFFFFFFFFFFFF));
	expect_mapped(&memory, &long4, 0x1ABC, UINT64_C(0x000FFFFFFFFFFABC), KIB_4);
}

static void test_gpa_beyond_memory_is_still_an_answer(void **context)
{
	struct memory memory = long_memory();

	(void)context;
	memory_set(&memory, 0x4008, UINT64_C(0x123456789067));
	expect_mapped(&memory, &long4, 0x1001, UINT64_C(0x123456789001), KIB_4);
}

static void test_pcid_and_high_bits_of_cr3_are_masked(void **context)
{
	struct memory memory = long_memory();
	struct address_space space = long4;

	(void)context;
	space.registers.cr3 = UINT64_C(0xFFF0000000001FFF);
	expect_mapped(&memory, &space, 0x123, 0x5123, KIB_4);
}

static void test_tables_and_pages_at_gpa_0(void **context)
{
	struct memory memory = { .ram_size = 0x10000 };
	struct address_space space = long4;

	(void)context;
	space.registers.cr3 = 0;
	memory_set(&memory, 0, 0x7);		/* the same page is every table, and the page */
	memory_set(&memory, 8, 0x83);
	expect_mapped(&memory, &space, 0x123, 0x123, KIB_4);
	expect_mapped(&memory, &space, MIB_2 + 0x12345, 0x12345, MIB_2);
}

static void test_self_referencing_tables(void **context)
{
	struct memory memory = long_memory();
	uint64_t slot = 0x1ED;
	uint64_t pte_base = UINT64_C(0xFFFF000000000000) | slot << 39;

	(void)context;
	memory_set(&memory, 0x1000 + slot * 8, 0x1063);
	expect_mapped(&memory, &long4, pte_base, 0x4000, KIB_4);
	expect_mapped(&memory, &long4, pte_base | slot << 30 | slot << 21 | slot << 12 | 0x10,
		      0x1010, KIB_4);
}

static void test_non_canonical_addresses_are_not_mapped(void **context)
{
	struct memory memory = long_memory();
	uint64_t below = UINT64_C(0x00007FFFFFFFFFFF);
	uint64_t above = UINT64_C(0xFFFF800000000000);
	uint64_t half = UINT64_C(0x800000000000);
	struct page_walk walk;

	(void)context;
	expect_unmapped(&memory, &long4, below, PAGE_NOT_PRESENT, 3, GIB_512);
	expect_unmapped(&memory, &long4, above, PAGE_NOT_PRESENT, 3, GIB_512);
	walk = expect_unmapped(&memory, &long4, below + 1, PAGE_ADDRESS_OUT_OF_RANGE, 0, half);
	assert_int_equal(walk.skip_size, half);
	expect_unmapped(&memory, &long4, above - 1, PAGE_ADDRESS_OUT_OF_RANGE, 0, half);
	expect_unmapped(&memory, &long4, UINT64_C(1) << 63, PAGE_ADDRESS_OUT_OF_RANGE, 0,
			UINT64_C(1) << 55);
	assert_int_equal(memory.reads, 2);
}

static void test_the_hole_between_canonical_halves_is_crossed_in_few_steps(void **context)
{
	const uint64_t end = UINT64_C(0xFFFF800000000000);
	struct memory memory = long_memory();
	uint64_t address = UINT64_C(0x800000000000);
	unsigned steps = 0;

	(void)context;
	while (address != end) {
		struct page_walk walk = walk_memory(&memory, &long4, address);

		assert_int_equal(walk.result, PAGE_ADDRESS_OUT_OF_RANGE);
		assert_true(walk.skip_size <= end - address);
		address += walk.skip_size;
		assert_true(++steps < 1000);
	}
}

static void test_five_levels(void **context)
{
	struct memory memory = long_memory();
	struct address_space space = { PAGING_FORM_LONG5, { .cr3 = 0x6000, .efer = EFER_LME } };
	struct page_walk walk;

	(void)context;
	memory_set(&memory, 0x6000 + 8 * 0x100, 0x1067);	/* the lowest kernel half entry */
	expect_mapped(&memory, &space, UINT64_C(0xFF00000000000123), 0x5123, KIB_4);
	walk = expect_unmapped(&memory, &space, 0, PAGE_NOT_PRESENT, 4, TIB_256);
	assert_string_equal(walk.level_name, "PML5E");
	expect_unmapped(&memory, &space, UINT64_C(0x0100000000000000), PAGE_ADDRESS_OUT_OF_RANGE,
			0, UINT64_C(1) << 55);
	expect_unmapped(&memory, &space, UINT64_C(0x00FFFFFFFFFFFFFF), PAGE_NOT_PRESENT, 4,
			TIB_256);
}

/* PDPT at 0x2020, PD at 0x3000, PT at 0x4000. */
static struct memory pae_memory(void)
{
	struct memory memory = { .ram_size = 0x10000000 };

	memory_set(&memory, 0x2020, 0x3001);
	memory_set(&memory, 0x3000, 0x4067);
	memory_set(&memory, 0x3008, 0x2000E7);
	memory_set(&memory, 0x4000, 0x5067);
	return memory;
}

static const struct address_space pae = {
	.form = PAGING_FORM_PAE,
	.registers = { .cr3 = 0x2020, .efer = EFER_NXE },
};

static void test_pae_root_is_32_byte_aligned_below_4_gib(void **context)
{
	struct memory memory = pae_memory();
	struct address_space space = pae;

	(void)context;
	expect_mapped(&memory, &pae, 0x123, 0x5123, KIB_4);
	space.registers.cr3 = UINT64_C(0xFFFFFFFF0000203F);
	expect_mapped(&memory, &space, 0x123, 0x5123, KIB_4);
}

static void test_pae_large_page_base_is_not_doubled(void **context)
{
	struct memory memory = pae_memory();

	(void)context;
	assert_int_equal(expect_mapped(&memory, &pae, 0x205123, 0x205123, MIB_2).level, 1);
}

static void test_pae_pdpte_ignores_ps_and_grants_every_right(void **context)
{
	struct memory memory = pae_memory();
	struct page_walk walk;

	(void)context;
	memory_set(&memory, 0x2028, 0x3081);
	walk = expect_mapped(&memory, &pae, GIB_1 + 0x123, 0x5123, KIB_4);
	assert_true(walk.reserved_bits);
	assert_int_equal(walk.rights, PAGE_ALL_RIGHTS);
}

static void test_pae_pdpte_bits_that_must_be_zero(void **context)
{
	const uint64_t free_bits = 0xE19;	/* P, PWT, PCD, and 9 to 11 for software */
	struct memory memory = pae_memory();
	unsigned n;

	(void)context;
	for (n = 0; n < 64; n++) {
		uint64_t bit = UINT64_C(1) << n;

		if (n >= 12 && n <= 51)
			continue;		/* the address */
		memory.entries[0].value = 0x3001 | bit;
		assert_int_equal(expect_mapped(&memory, &pae, 0x123, 0x5123, KIB_4).reserved_bits,
				 (free_bits & bit) == 0);
	}
}

static void test_pae_unmapped_sizes_and_levels(void **context)
{
	struct memory memory = pae_memory();

	(void)context;
	expect_unmapped(&memory, &pae, GIB_1, PAGE_NOT_PRESENT, 2, GIB_1);
	expect_unmapped(&memory, &pae, 2 * MIB_2, PAGE_NOT_PRESENT, 1, MIB_2);
	expect_unmapped(&memory, &pae, KIB_4, PAGE_NOT_PRESENT, 0, KIB_4);
}

static void test_pae_pages_reach_beyond_4_gib(void **context)
{
	struct memory memory = pae_memory();

	(void)context;
	memory_set(&memory, 0x4008, UINT64_C(0x000FEDCBA9876067));
	expect_mapped(&memory, &pae, 0x1123, UINT64_C(0x000FEDCBA9876123), KIB_4);
}

/* Page directory at 0x1000, page table at 0x2000. */
static struct memory memory_32bit(void)
{
	struct memory memory = { .ram_size = 0x10000000 };

	memory_set(&memory, 0x1000, 0x2067);
	memory_set(&memory, 0x1004, 0xC00000E7);
	memory_set(&memory, 0x2000, 0x5067);
	return memory;
}

static const struct address_space pse = { PAGING_FORM_32BIT_PSE, { .cr3 = 0x1000 } };
static const struct address_space no_pse = { PAGING_FORM_32BIT, { .cr3 = 0x1000 } };

static void test_32bit_4_kib_page(void **context)
{
	struct memory memory = memory_32bit();

	(void)context;
	expect_mapped(&memory, &pse, 0x123, 0x5123, KIB_4);
	expect_mapped(&memory, &no_pse, 0x123, 0x5123, KIB_4);
	assert_int_equal(memory.reads, 4);
}

static void test_32bit_4_mib_page_needs_cr4_pse(void **context)
{
	struct memory memory = memory_32bit();

	(void)context;
	expect_mapped(&memory, &pse, 0x512345, 0xC0112345, MIB_4);
	memory_set(&memory, 0x1008, 0x20E7);
	expect_mapped(&memory, &no_pse, 0x800123, 0x5123, KIB_4);
}

static void test_pse36_bits_13_to_20_are_gpa_bits_32_to_39(void **context)
{
	struct memory memory = memory_32bit();

	(void)context;
	memory_set(&memory, 0x1008, 0xC01FE0E7);
	memory_set(&memory, 0x100C, 0xC00030E7);	/* PAT is bit 12 here too */
	expect_mapped(&memory, &pse, 0x812345, UINT64_C(0xFFC0012345), MIB_4);
	expect_mapped(&memory, &pse, 0xC12345, UINT64_C(0x01C0012345), MIB_4);
}

static void test_32bit_directory_entry_reports_2_mib_but_4_may_be_skipped(void **context)
{
	struct memory memory = memory_32bit();

	(void)context;
	assert_int_equal(expect_unmapped(&memory, &pse, 0x800000, PAGE_NOT_PRESENT, 1,
					 MIB_2).skip_size, MIB_4);
	assert_int_equal(expect_unmapped(&memory, &pse, 0x1000, PAGE_NOT_PRESENT, 0,
					 KIB_4).skip_size, KIB_4);
}

static void test_32bit_root_keeps_cr3_bits_above_31(void **context)
{
	struct memory memory = memory_32bit();
	struct address_space space = pse;

	(void)context;
	space.registers.cr3 = UINT64_C(0x100001018);
	expect_unmapped(&memory, &space, 0, PAGE_TABLE_NOT_SAVED, 1, MIB_2);
	space.registers.cr3 = 0x1018;
	expect_mapped(&memory, &space, 0x123, 0x5123, KIB_4);
}

static void test_addresses_are_truncated_to_32_bits(void **context)
{
	struct memory memory = memory_32bit();
	struct memory other = pae_memory();

	(void)context;
	expect_mapped(&memory, &pse, UINT64_C(0xFFFFFFFF00000123), 0x5123, KIB_4);
	expect_mapped(&other, &pae, UINT64_C(0x1234567800000123), 0x5123, KIB_4);
}

static void test_rights_are_those_all_levels_grant(void **context)
{
	struct memory memory = long_memory();

	(void)context;
	memory_set(&memory, 0x4008, 0x5061);			/* neither W nor U */
	memory_set(&memory, 0x4010, 0x5067 | NX);
	memory_set(&memory, 0x1008, 0x2061 | NX);		/* the PML4E restricts all below */
	assert_int_equal(walk_memory(&memory, &long4, 0).rights, PAGE_ALL_RIGHTS);
	assert_int_equal(walk_memory(&memory, &long4, 0x1000).rights, PAGE_KERNEL_EXECUTABLE);
	assert_int_equal(walk_memory(&memory, &long4, 0x2000).rights, PAGE_WRITABLE | PAGE_USER);
	assert_int_equal(walk_memory(&memory, &long4, GIB_512).rights, 0);
}

static void test_nx_counts_only_with_efer_nxe(void **context)
{
	struct memory memory = long_memory();
	struct address_space space = long4;
	struct page_walk walk;

	(void)context;
	memory_set(&memory, 0x4008, 0x5067 | NX);
	assert_false(walk_memory(&memory, &long4, 0x1000).reserved_bits);
	space.registers.efer = EFER_LME;
	walk = expect_mapped(&memory, &space, 0x1000, 0x5000, KIB_4);
	assert_int_equal(walk.rights, PAGE_ALL_RIGHTS);
	assert_true(walk.reserved_bits);
}

static void test_address_bits_beyond_maxphyaddr_are_reserved_but_used(void **context)
{
	struct memory memory = long_memory();
	struct address_space space = long4;

	(void)context;
	memory_set(&memory, 0x4008, UINT64_C(0x0001000000000067));
	assert_false(expect_mapped(&memory, &space, 0x1000, TIB_256, KIB_4).reserved_bits);
	space.registers.maxphyaddr = 48;
	assert_true(expect_mapped(&memory, &space, 0x1000, TIB_256, KIB_4).reserved_bits);
	assert_false(expect_mapped(&memory, &space, 0, 0x5000, KIB_4).reserved_bits);
}

static void test_bits_52_to_62_are_ignored_in_long_mode_and_reserved_in_pae(void **context)
{
	struct memory memory = long_memory();
	struct memory other = pae_memory();

	(void)context;
	memory_set(&memory, 0x4008, UINT64_C(0x7FF0000000005067));
	memory_set(&other, 0x4008, UINT64_C(0x7FF0000000005067));
	assert_false(expect_mapped(&memory, &long4, 0x1000, 0x5000, KIB_4).reserved_bits);
	assert_true(expect_mapped(&other, &pae, 0x1000, 0x5000, KIB_4).reserved_bits);
	memory_set(&other, 0x4010, 0x5067 | NX);
	assert_false(expect_mapped(&other, &pae, 0x2000, 0x5000, KIB_4).reserved_bits);
}

static void test_trace_lists_the_entries_read(void **context)
{
	static const char *const names[] = { "PML4E", "PDPTE", "PDE", "PTE" };
	struct memory memory = long_memory();
	struct entry_reader reader = { memory_read, &memory };
	struct page_trace trace;
	struct page_walk walk;
	unsigned i;

	(void)context;
	page_walk(&long4, 0x1008, &reader, &trace, &walk, NULL);
	assert_int_equal(trace.count, 4);
	for (i = 0; i < 4; i++) {
		assert_string_equal(trace.steps[i].level_name, names[i]);
		assert_int_equal(trace.steps[i].table, 0x1000 * (i + 1));
		assert_true(trace.steps[i].saved);
	}
	assert_int_equal(trace.steps[2].entry, 0x4067);
	assert_int_equal(trace.steps[3].index, 1);
	assert_int_equal(trace.steps[3].entry_address, 0x4008);
	assert_int_equal(trace.steps[3].entry, 0);

	memory.ram_size = 0x3000;
	page_walk(&long4, 0, &reader, &trace, &walk, NULL);
	assert_int_equal(trace.count, 3);
	assert_false(trace.steps[2].saved);
}

static void test_compatible_mode_looks_at_lme_and_pae_only(void **context)
{
	struct paging_registers registers = { 0 };

	(void)context;
	assert_int_equal(paging_mode_compatible(&registers), PAGING_MODE_32BIT);
	registers.cr4 = CR4_PAE;
	assert_int_equal(paging_mode_compatible(&registers), PAGING_MODE_PAE);
	registers.efer = EFER_LME;
	assert_int_equal(paging_mode_compatible(&registers), PAGING_MODE_LONG);
	registers.cr4 = 0;
	assert_int_equal(paging_mode_compatible(&registers), PAGING_MODE_INVALID);
	registers.efer = 0x400;					/* LMA alone */
	assert_int_equal(paging_mode_compatible(&registers), PAGING_MODE_32BIT);
}

static void test_architectural_mode_heeds_cr0_pg(void **context)
{
	struct paging_registers registers = { .cr4 = CR4_PAE, .efer = EFER_LME };

	(void)context;
	assert_int_equal(paging_mode_architectural(&registers), PAGING_MODE_NON_PAGED);
	registers.cr0 = CR0_PG;
	assert_int_equal(paging_mode_architectural(&registers), PAGING_MODE_LONG);
}

static void test_form_heeds_la57_and_pse(void **context)
{
	struct paging_registers registers = { .cr4 = CR4_PSE };

	(void)context;
	assert_int_equal(address_space_of_mode(2, &registers).form, PAGING_FORM_32BIT_PSE);
	assert_int_equal(address_space_of_mode(3, &registers).form, PAGING_FORM_PAE);
	assert_int_equal(address_space_of_mode(4, &registers).form, PAGING_FORM_LONG4);
	registers.cr4 = CR4_LA57;
	assert_int_equal(address_space_of_mode(2, &registers).form, PAGING_FORM_32BIT);
	assert_int_equal(address_space_of_mode(3, &registers).form, PAGING_FORM_PAE);
	assert_int_equal(address_space_of_mode(4, &registers).form, PAGING_FORM_LONG5);
}

static void test_modes_without_translation_are_not_implemented(void **context)
{
	static const uint32_t modes[] = { 0, 1, 6, 7, UINT32_MAX };
	struct paging_registers registers = { .cr3 = 0x1000 };
	struct memory memory = long_memory();
	struct error error;
	size_t i;

	(void)context;
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct address_space space = address_space_of_mode(modes[i], &registers);
		struct page_walk walk = expect_unmapped(&memory, &space, 0, PAGE_NO_TRANSLATION,
							0, 0);

		assert_int_equal(page_walk_status(&walk, &error), STATUS_NOT_IMPLEMENTED);
	}
	assert_int_equal(memory.reads, 0);
}

static void test_forced_armv8_on_x64_is_an_invalid_vp_state(void **context)
{
	struct address_space space = address_space_of_mode(PAGING_MODE_ARMV8, &long4.registers);
	struct memory memory = long_memory();
	struct page_walk walk = expect_unmapped(&memory, &space, 0, PAGE_BAD_CONFIGURATION, 0, 0);

	(void)context;
	assert_int_equal(page_walk_status(&walk, NULL), STATUS_VP_STATE_INVALID);
}

static void test_paging_off_is_identity_in_the_architectural_form_only(void **context)
{
	struct paging_registers registers = { .cr3 = 0x1000 };
	struct address_space space = address_space_architectural(&registers);
	struct memory memory = { .ram_size = 0x10000 };

	(void)context;
	expect_mapped(&memory, &space, 0x12345678, 0x12345678, KIB_4);
	expect_mapped(&memory, &space, UINT64_C(0x100000123), 0x123, KIB_4);
	assert_int_equal(memory.reads, 0);
	space = address_space_of_mode(paging_mode_compatible(&registers), &registers);
	expect_unmapped(&memory, &space, 0x1000, PAGE_NOT_PRESENT, 1, MIB_2);
}

static void test_status_says_where_the_walk_ended(void **context)
{
	struct memory memory = long_memory();
	struct page_walk walk = walk_memory(&memory, &long4, MIB_2);
	struct error error;

	(void)context;
	assert_int_equal(page_walk_status(&walk, &error), STATUS_VA_NOT_MAPPED);
	assert_string_equal(error.text, "virtual address 0x200000: PDE at GPA 0x3008: "
					"the entry is not present");
	walk = walk_memory(&memory, &long4, UINT64_C(1) << 60);
	assert_int_equal(page_walk_status(&walk, NULL), STATUS_VA_NOT_MAPPED);
	walk = walk_memory(&memory, &long4, 0);
	assert_int_equal(page_walk_status(&walk, NULL), STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long_4_kib_page),
		cmocka_unit_test(test_unmapped_size_is_that_of_the_level),
		cmocka_unit_test(test_entries_with_p_clear_are_not_present_whatever_else_they_hold),
		cmocka_unit_test(test_a_table_outside_memory_is_told_apart_and_never_reuses_an_entry),
		cmocka_unit_test(test_a_damaged_table_is_a_failure_not_an_answer),
		cmocka_unit_test(test_large_page_of_2_mib),
		cmocka_unit_test(test_large_page_of_1_gib),
		cmocka_unit_test(test_pat_and_low_base_bits_of_a_large_page_stay_out_of_the_gpa),
		cmocka_unit_test(test_ps_in_a_pml4e_is_ignored_but_reported),
		cmocka_unit_test(test_page_frames_have_bits_12_to_51),
		cmocka_unit_test(test_gpa_beyond_memory_is_still_an_answer),
		cmocka_unit_test(test_pcid_and_high_bits_of_cr3_are_masked),
		cmocka_unit_test(test_tables_and_pages_at_gpa_0),
		cmocka_unit_test(test_self_referencing_tables),
		cmocka_unit_test(test_non_canonical_addresses_are_not_mapped),
		cmocka_unit_test(test_the_hole_between_canonical_halves_is_crossed_in_few_steps),
		cmocka_unit_test(test_five_levels),
		cmocka_unit_test(test_pae_root_is_32_byte_aligned_below_4_gib),
		cmocka_unit_test(test_pae_large_page_base_is_not_doubled),
		cmocka_unit_test(test_pae_pdpte_ignores_ps_and_grants_every_right),
		cmocka_unit_test(test_pae_pdpte_bits_that_must_be_zero),
		cmocka_unit_test(test_pae_unmapped_sizes_and_levels),
		cmocka_unit_test(test_pae_pages_reach_beyond_4_gib),
		cmocka_unit_test(test_32bit_4_kib_page),
		cmocka_unit_test(test_32bit_4_mib_page_needs_cr4_pse),
		cmocka_unit_test(test_pse36_bits_13_to_20_are_gpa_bits_32_to_39),
		cmocka_unit_test(test_32bit_directory_entry_reports_2_mib_but_4_may_be_skipped),
		cmocka_unit_test(test_32bit_root_keeps_cr3_bits_above_31),
		cmocka_unit_test(test_addresses_are_truncated_to_32_bits),
		cmocka_unit_test(test_rights_are_those_all_levels_grant),
		cmocka_unit_test(test_nx_counts_only_with_efer_nxe),
		cmocka_unit_test(test_address_bits_beyond_maxphyaddr_are_reserved_but_used),
		cmocka_unit_test(test_bits_52_to_62_are_ignored_in_long_mode_and_reserved_in_pae),
		cmocka_unit_test(test_trace_lists_the_entries_read),
		cmocka_unit_test(test_compatible_mode_looks_at_lme_and_pae_only),
		cmocka_unit_test(test_architectural_mode_heeds_cr0_pg),
		cmocka_unit_test(test_form_heeds_la57_and_pse),
		cmocka_unit_test(test_modes_without_translation_are_not_implemented),
		cmocka_unit_test(test_forced_armv8_on_x64_is_an_invalid_vp_state),
		cmocka_unit_test(test_paging_off_is_identity_in_the_architectural_form_only),
		cmocka_unit_test(test_status_says_where_the_walk_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
