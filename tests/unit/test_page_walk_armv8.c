/* SPDX-License-Identifier: MIT */
/*
 * ARMv8 page walks, one fact a test.  Answers are those measured on the
 * original, or worked out by hand from the manual where the original is wrong.
 */
#include "test_page_walk_memory.h"

#define KIB_4 UINT64_C(0x1000)
#define MIB_2 UINT64_C(0x200000)
#define GIB_1 UINT64_C(0x40000000)
#define GIB_512 UINT64_C(0x8000000000)

/* TCR_EL1 fields */
#define T0SZ(n) ((uint64_t)(n))
#define T1SZ(n) ((uint64_t)(n) << 16)
#define TG0_64K (UINT64_C(1) << 14)
#define TG0_16K (UINT64_C(2) << 14)
#define TG1_16K (UINT64_C(1) << 30)
#define TG1_4K (UINT64_C(2) << 30)
#define TG1_64K (UINT64_C(3) << 30)
#define EPD0 (UINT64_C(1) << 7)
#define IPS(n) ((uint64_t)(n) << 32)
#define TBI0 (UINT64_C(1) << 37)
#define TBI1 (UINT64_C(1) << 38)
#define HPD0 (UINT64_C(1) << 41)
#define DS (UINT64_C(1) << 59)

#define UPPER_48 UINT64_C(0xFFFF000000000000)

static struct address_space armv8(uint64_t tcr)
{
	struct address_space space = { .form = PAGING_FORM_ARMV8 };

	space.registers.arm64 = true;
	space.registers.sctlr = 1;
	space.registers.tcr = tcr;
	space.registers.ttbr0 = 0x10000;
	space.registers.ttbr1 = 0x50000;
	return space;
}

/* Tables of the lower range at 0x10000, 0x20000, 0x30000, 0x40000, fit for every granule. */
static struct memory lower_tables(void)
{
	struct memory memory = { .ram_size = 0x10000000 };

	memory_set(&memory, 0x10000, 0x20003);
	memory_set(&memory, 0x20000, 0x30003);
	memory_set(&memory, 0x30000, 0x40003);
	memory_set(&memory, 0x40000, 0x100743);
	return memory;
}

static void test_4k_granule_48_bits_has_four_levels(void **context)
{
	struct address_space space = armv8(T0SZ(16) | T1SZ(16) | TG1_4K);
	struct memory memory = lower_tables();
	struct page_walk walk = expect_mapped(&memory, &space, 0x123, 0x100123, KIB_4);

	(void)context;
	assert_int_equal(walk.level, 0);
	assert_string_equal(walk.level_name, "level 3 descriptor");
	assert_int_equal(memory.reads, 4);
	expect_unmapped(&memory, &space, GIB_512, PAGE_NOT_PRESENT, 3, GIB_512);
	expect_unmapped(&memory, &space, GIB_1, PAGE_NOT_PRESENT, 2, GIB_1);
	expect_unmapped(&memory, &space, MIB_2, PAGE_NOT_PRESENT, 1, MIB_2);
	expect_unmapped(&memory, &space, KIB_4, PAGE_NOT_PRESENT, 0, KIB_4);
}

static void test_4k_granule_39_bits_has_three_levels(void **context)
{
	struct address_space space = armv8(T0SZ(25) | T1SZ(25) | TG1_4K);
	struct memory memory = lower_tables();

	(void)context;
	memory_set(&memory, 0x30008, 0x700743);
	expect_mapped(&memory, &space, 0x1123, 0x700123, KIB_4);
	assert_int_equal(memory.reads, 3);
	expect_unmapped(&memory, &space, GIB_1, PAGE_NOT_PRESENT, 2, GIB_1);
	expect_unmapped(&memory, &space, GIB_512, PAGE_ADDRESS_OUT_OF_RANGE, 0, GIB_1);
}

static void test_widths_of_one_bit_more_than_a_level_get_a_table_of_two(void **context)
{
	struct address_space space = armv8(T0SZ(24));
	struct memory memory = lower_tables();

	(void)context;
	memory_set(&memory, 0x10008, 0x20003);
	expect_mapped(&memory, &space, GIB_512 + 0x123, 0x100123, KIB_4);
	assert_int_equal(memory.reads, 4);
	expect_unmapped(&memory, &space, 2 * GIB_512, PAGE_ADDRESS_OUT_OF_RANGE, 0, GIB_512);
}

static void test_top_table_is_aligned_to_its_own_size(void **context)
{
	struct address_space space = armv8(T0SZ(22));		/* 42 bits: 8 descriptors */
	struct memory memory = lower_tables();

	(void)context;
	space.registers.ttbr0 = 0x10E41;			/* CnP set */
	memory_set(&memory, 0x10E40 + 7 * 8, 0x20003);
	expect_mapped(&memory, &space, 7 * GIB_512 + 0x123, 0x100123, KIB_4);
}

static void test_blocks_of_the_4k_granule_are_1_gib_and_2_mib(void **context)
{
	struct address_space space = armv8(T0SZ(16));
	struct memory memory = lower_tables();

	(void)context;
	memory_set(&memory, 0x20008, 0x80000701);
	memory_set(&memory, 0x30008, 0x00A00701);
	assert_int_equal(expect_mapped(&memory, &space, 0x40205123, 0x80205123, GIB_1).level, 2);
	assert_int_equal(expect_mapped(&memory, &space, 0x205123, 0xA05123, MIB_2).level, 1);
}

static void test_types_a_level_does_not_have_are_not_mapped(void **context)
{
	struct address_space space = armv8(T0SZ(16));
	struct memory memory = lower_tables();
	struct page_walk walk;

	(void)context;
	memory_set(&memory, 0x10008, 0x80000701);		/* block on level 0 */
	memory_set(&memory, 0x40008, 0x700701);			/* type 01 on level 3 */
	expect_unmapped(&memory, &space, GIB_512, PAGE_BAD_DESCRIPTOR, 3, GIB_512);
	walk = expect_unmapped(&memory, &space, KIB_4, PAGE_BAD_DESCRIPTOR, 0, KIB_4);
	assert_int_equal(page_walk_status(&walk, NULL), STATUS_VA_NOT_MAPPED);
}

static void test_output_address_is_bits_12_to_47(void **context)
{
	struct address_space space = armv8(T0SZ(16));
	struct memory memory = lower_tables();

	(void)context;
	memory_set(&memory, 0x40008, UINT64_MAX);
	memory_set(&memory, 0x30008, UINT64_C(0xFFFFFFFFFFFFFFFD));
	assert_true(expect_mapped(&memory, &space, 0x1ABC, UINT64_C(0xFFFFFFFFFABC),
				  KIB_4).reserved_bits);
	expect_mapped(&memory, &space, 0x200ABC, UINT64_C(0xFFFFFFE00ABC), MIB_2);
}

static void test_nt_of_a_block_is_not_reserved_but_other_low_bits_are(void **context)
{
	struct address_space space = armv8(T0SZ(16));
	struct memory memory = lower_tables();

	(void)context;
	memory_set(&memory, 0x30008, 0xA10701);
	memory_set(&memory, 0x30010, 0xA20701);
	assert_false(expect_mapped(&memory, &space, 0x200123, 0xA00123, MIB_2).reserved_bits);
	assert_true(expect_mapped(&memory, &space, 0x400123, 0xA00123, MIB_2).reserved_bits);
}

static void test_ttbr1_translates_addresses_whose_top_bits_are_ones(void **context)
{
	struct address_space space = armv8(T0SZ(16) | T1SZ(16) | TG1_4K);
	struct memory memory = lower_tables();

	(void)context;
	memory_set(&memory, 0x50000, 0x20003);
	memory_set(&memory, 0x50000 + 8 * 511, 0x20003);
	expect_mapped(&memory, &space, UPPER_48 | 0x123, 0x100123, KIB_4);
	expect_mapped(&memory, &space, UINT64_C(0xFFFFFF8000000123), 0x100123, KIB_4);
}

static void test_addresses_in_neither_range_report_the_top_level(void **context)
{
	struct address_space space = armv8(T0SZ(16) | T1SZ(16) | TG1_4K);
	struct memory memory = lower_tables();
	struct page_walk walk;

	(void)context;
	walk = expect_unmapped(&memory, &space, UINT64_C(0x0001000000000000),
			       PAGE_ADDRESS_OUT_OF_RANGE, 0, GIB_512);
	assert_int_equal(walk.skip_size, UINT64_C(0x1000000000000));
	assert_int_equal(page_walk_status(&walk, NULL), STATUS_VA_NOT_MAPPED);
	expect_unmapped(&memory, &space, UINT64_C(0xFFFEFFFFFFFFFFFF),
			PAGE_ADDRESS_OUT_OF_RANGE, 0, GIB_512);
	expect_unmapped(&memory, &space, UINT64_C(0x1200000000000123),
			PAGE_ADDRESS_OUT_OF_RANGE, 0, GIB_512);
	assert_int_equal(memory.reads, 0);
}

static void test_tagged_addresses_translate_with_tbi_of_their_range(void **context)
{
	struct address_space space = armv8(T0SZ(16) | T1SZ(16) | TG1_4K | TBI0);
	struct memory memory = lower_tables();

	(void)context;
	memory_set(&memory, 0x50000, 0x20003);
	expect_mapped(&memory, &space, UINT64_C(0xAB00000000000123), 0x100123, KIB_4);
	expect_unmapped(&memory, &space, UINT64_C(0xABFF000000000123),
			PAGE_ADDRESS_OUT_OF_RANGE, 0, GIB_512);
	space.registers.tcr |= TBI1;
	expect_mapped(&memory, &space, UINT64_C(0xABFF000000000123), 0x100123, KIB_4);
	expect_unmapped(&memory, &space, UINT64_C(0xABFE000000000123),
			PAGE_ADDRESS_OUT_OF_RANGE, 0, GIB_512);
}

static void test_asid_and_cnp_are_no_part_of_the_root(void **context)
{
	struct address_space space = armv8(T0SZ(16));
	struct memory memory = lower_tables();

	(void)context;
	space.registers.ttbr0 = UINT64_C(0xFFFF000000010001);
	expect_mapped(&memory, &space, 0x123, 0x100123, KIB_4);
}

static void test_epd0_does_not_stop_a_walk(void **context)
{
	struct address_space space = armv8(T0SZ(16) | EPD0);
	struct memory memory = lower_tables();

	(void)context;
	expect_mapped(&memory, &space, 0x123, 0x100123, KIB_4);
}

static void test_16k_granule(void **context)
{
	struct address_space space = armv8(T0SZ(16) | TG0_16K);
	struct memory memory = lower_tables();
	struct page_walk walk;

	(void)context;
	expect_mapped(&memory, &space, 0x3123, 0x103123, 0x4000);
	assert_int_equal(memory.reads, 4);
	walk = expect_unmapped(&memory, &space, UINT64_C(1) << 47, PAGE_NOT_PRESENT, 3,
			       UINT64_C(0x1000000000));
	assert_int_equal(walk.skip_size, UINT64_C(1) << 47);
	expect_unmapped(&memory, &space, UINT64_C(1) << 36, PAGE_NOT_PRESENT, 2,
			UINT64_C(1) << 36);
	memory_set(&memory, 0x30008, 0x8000701);
	expect_mapped(&memory, &space, 0x2003123, 0x8003123, 0x2000000);
	memory_set(&memory, 0x20008, 0x8000701);
	expect_unmapped(&memory, &space, UINT64_C(1) << 36, PAGE_BAD_DESCRIPTOR, 2,
			UINT64_C(1) << 36);
}

static void test_64k_granule(void **context)
{
	struct address_space space = armv8(T0SZ(22) | TG0_64K);
	struct memory memory = lower_tables();

	(void)context;
	memory_set(&memory, 0x20008, 0x900743);
	expect_mapped(&memory, &space, 0x1ABCD, 0x90ABCD, 0x10000);
	assert_int_equal(memory.reads, 2);
	expect_unmapped(&memory, &space, 0x20000000, PAGE_NOT_PRESENT, 1, 0x20000000);
	memory_set(&memory, 0x10008, 0x40000701);
	expect_mapped(&memory, &space, 0x2001ABCD, 0x4001ABCD, 0x20000000);
	space = armv8(T0SZ(16) | TG0_64K);
	expect_mapped(&memory, &space, 0x1123, 0x41123, 0x10000);
	assert_int_equal(walk_memory(&memory, &space, UINT64_C(1) << 42).level, 2);
}

static void test_64k_level_1_has_no_blocks_without_52_bit_addresses(void **context)
{
	struct address_space space = armv8(T0SZ(16) | TG0_64K);
	struct memory memory = lower_tables();

	(void)context;
	memory_set(&memory, 0x10008, 0x701);
	expect_unmapped(&memory, &space, UINT64_C(1) << 42, PAGE_BAD_DESCRIPTOR, 2,
			UINT64_C(1) << 42);
}

static void test_granules_of_ttbr1_have_their_own_encoding(void **context)
{
	struct memory memory = lower_tables();
	struct address_space space = armv8(T1SZ(16) | TG1_16K);

	(void)context;
	memory_set(&memory, 0x50000, 0x20003);
	expect_mapped(&memory, &space, UPPER_48 | 0x3123, 0x103123, 0x4000);
	space = armv8(T1SZ(16) | TG1_64K);
	expect_mapped(&memory, &space, UPPER_48 | 0x3123, 0x43123, 0x10000);
}

static void expect_refused(uint64_t tcr, uint64_t address, enum page_result result,
			   enum status status)
{
	struct address_space space = armv8(tcr);
	struct memory memory = lower_tables();
	struct page_walk walk = expect_unmapped(&memory, &space, address, result, 0, 0);

	assert_int_equal(page_walk_status(&walk, NULL), status);
	assert_int_equal(memory.reads, 0);
}

static void test_illegal_widths_and_granules_are_an_invalid_vp_state(void **context)
{
	(void)context;
	expect_refused(0, 0, PAGE_BAD_CONFIGURATION, STATUS_VP_STATE_INVALID);
	expect_refused(T0SZ(15), 0, PAGE_BAD_CONFIGURATION, STATUS_VP_STATE_INVALID);
	expect_refused(T0SZ(49), 0, PAGE_BAD_CONFIGURATION, STATUS_VP_STATE_INVALID);
	expect_refused(T0SZ(48) | TG0_64K, 0, PAGE_BAD_CONFIGURATION, STATUS_VP_STATE_INVALID);
	expect_refused(T0SZ(16) | 3 << 14, 0, PAGE_BAD_CONFIGURATION, STATUS_VP_STATE_INVALID);
	expect_refused(T0SZ(16) | T1SZ(16), UPPER_48, PAGE_BAD_CONFIGURATION,
		       STATUS_VP_STATE_INVALID);		/* TG1 = 0 is reserved */
}

static void test_52_bit_addresses_are_not_implemented(void **context)
{
	(void)context;
	expect_refused(T0SZ(12) | TG0_64K, 0, PAGE_UNSUPPORTED_52BIT, STATUS_NOT_IMPLEMENTED);
	expect_refused(T0SZ(16) | TG0_64K | IPS(6), 0, PAGE_UNSUPPORTED_52BIT,
		       STATUS_NOT_IMPLEMENTED);
	expect_refused(T0SZ(16) | DS, 0, PAGE_UNSUPPORTED_52BIT, STATUS_NOT_IMPLEMENTED);
}

static void test_a_table_outside_memory_is_told_apart_from_an_absent_entry(void **context)
{
	struct address_space space = armv8(T0SZ(16));
	struct memory memory = lower_tables();

	(void)context;
	memory_set(&memory, 0x20008, 0x80000003);
	expect_unmapped(&memory, &space, GIB_1 + 0x123, PAGE_TABLE_NOT_SAVED, 1, MIB_2);
}

static void test_rights_come_from_ap_uxn_and_pxn(void **context)
{
	struct address_space space = armv8(T0SZ(16));
	struct memory memory = lower_tables();

	(void)context;
	memory_set(&memory, 0x40008, 0x100703);			/* EL1 only */
	memory_set(&memory, 0x40010, 0x1007C3);			/* read-only */
	memory_set(&memory, 0x40018, UINT64_C(0x0040000000100743));	/* UXN */
	memory_set(&memory, 0x40020, UINT64_C(0x0020000000100743));	/* PXN */
	assert_int_equal(walk_memory(&memory, &space, 0).rights, PAGE_ALL_RIGHTS);
	assert_int_equal(walk_memory(&memory, &space, 0x1000).rights,
			 PAGE_ALL_RIGHTS & ~PAGE_USER);
	assert_int_equal(walk_memory(&memory, &space, 0x2000).rights,
			 PAGE_ALL_RIGHTS & ~PAGE_WRITABLE);
	assert_int_equal(walk_memory(&memory, &space, 0x3000).rights,
			 PAGE_ALL_RIGHTS & ~PAGE_USER_EXECUTABLE);
	assert_int_equal(walk_memory(&memory, &space, 0x4000).rights,
			 PAGE_ALL_RIGHTS & ~PAGE_KERNEL_EXECUTABLE);
}

static void test_table_descriptors_restrict_rights_unless_hpd_is_set(void **context)
{
	struct address_space space = armv8(T0SZ(16));
	struct memory memory = lower_tables();

	(void)context;
	memory_set(&memory, 0x20008, UINT64_C(0x7800000000030003));
	assert_int_equal(expect_mapped(&memory, &space, GIB_1, 0x100000, KIB_4).rights, 0);
	space.registers.tcr |= HPD0;
	assert_int_equal(expect_mapped(&memory, &space, GIB_1, 0x100000, KIB_4).rights,
			 PAGE_ALL_RIGHTS);
}

static void test_mode_follows_sctlr_m(void **context)
{
	struct paging_registers registers = armv8(T0SZ(16)).registers;
	struct memory memory = lower_tables();
	struct address_space space;

	(void)context;
	assert_int_equal(paging_mode_compatible(&registers), PAGING_MODE_ARMV8);
	assert_int_equal(paging_mode_architectural(&registers), PAGING_MODE_ARMV8);
	assert_int_equal(address_space_architectural(&registers).form, PAGING_FORM_ARMV8);
	registers.sctlr = 0;
	assert_int_equal(paging_mode_compatible(&registers), PAGING_MODE_NON_PAGED);
	space = address_space_of_mode(paging_mode_compatible(&registers), &registers);
	expect_unmapped(&memory, &space, 0, PAGE_NO_TRANSLATION, 0, 0);
	space = address_space_architectural(&registers);
	expect_mapped(&memory, &space, UINT64_C(0xFFFFFFFFF123), UINT64_C(0xFFFFFFFFF123), KIB_4);
	expect_unmapped(&memory, &space, UINT64_C(1) << 48, PAGE_ADDRESS_OUT_OF_RANGE, 0,
			UINT64_C(1) << 48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_4k_granule_48_bits_has_four_levels),
		cmocka_unit_test(test_4k_granule_39_bits_has_three_levels),
		cmocka_unit_test(test_widths_of_one_bit_more_than_a_level_get_a_table_of_two),
		cmocka_unit_test(test_top_table_is_aligned_to_its_own_size),
		cmocka_unit_test(test_blocks_of_the_4k_granule_are_1_gib_and_2_mib),
		cmocka_unit_test(test_types_a_level_does_not_have_are_not_mapped),
		cmocka_unit_test(test_output_address_is_bits_12_to_47),
		cmocka_unit_test(test_nt_of_a_block_is_not_reserved_but_other_low_bits_are),
		cmocka_unit_test(test_ttbr1_translates_addresses_whose_top_bits_are_ones),
		cmocka_unit_test(test_addresses_in_neither_range_report_the_top_level),
		cmocka_unit_test(test_tagged_addresses_translate_with_tbi_of_their_range),
		cmocka_unit_test(test_asid_and_cnp_are_no_part_of_the_root),
		cmocka_unit_test(test_epd0_does_not_stop_a_walk),
		cmocka_unit_test(test_16k_granule),
		cmocka_unit_test(test_64k_granule),
		cmocka_unit_test(test_64k_level_1_has_no_blocks_without_52_bit_addresses),
		cmocka_unit_test(test_granules_of_ttbr1_have_their_own_encoding),
		cmocka_unit_test(test_illegal_widths_and_granules_are_an_invalid_vp_state),
		cmocka_unit_test(test_52_bit_addresses_are_not_implemented),
		cmocka_unit_test(test_a_table_outside_memory_is_told_apart_from_an_absent_entry),
		cmocka_unit_test(test_rights_come_from_ap_uxn_and_pxn),
		cmocka_unit_test(test_table_descriptors_restrict_rights_unless_hpd_is_set),
		cmocka_unit_test(test_mode_follows_sctlr_m),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
