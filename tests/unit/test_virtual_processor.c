/* SPDX-License-Identifier: MIT */
/*
 * The modes and registers of a VP, x86, x64 and ARM64:
 * as measured on the original; where ours differs on purpose, the test says so.
 */
#include "loaded_partition_state.h"
#include "test_shim.h"

#include <string.h>

/* --- Modes of x86 and x64 ----------------------------------------------------- */

/* All combinations of CR0.PE, CR0.PG, EFER.LMA, EFER.LME, CR4.PAE, CS.L and CS.D. */
static void x64_is_long_mode_enabled_and_a_64_bit_code_segment(void **state)
{
	struct loaded loaded;

	(void)state;
	for (unsigned bits = 0; bits < 128; bits++) {
		uint64_t efer = ((bits & 4) != 0 ? 0x400 : 0) | ((bits & 8) != 0 ? 0x100 : 0);
		unsigned attributes = ((bits & 32) != 0 ? 0x2000 : 0) |
				      ((bits & 64) != 0 ? 0x4000 : 0);
		uint8_t *control;

		blob_start_single_vp(&loaded.blob);
		control = blob_chunk(&loaded.blob, 0x30007000, NULL, 48);
		put_u64(control, (bits & 1 ? 1 : 0) | ((bits & 2) != 0 ? 0x80000000 : 0));
		put_u64(control + 24, (bits & 16) != 0 ? 0x20 : 0);
		put_u64(control + 40, efer);
		blob_segment(&loaded.blob, (uint16_t)attributes, 0);
		load(&loaded);
		assert_int_equal(architecture_of(&loaded, 0), (bits & 8) != 0 && (bits & 32) != 0 ?
				 2 : 1);
		unload(&loaded);
	}
}

static void paging_mode_is_lme_and_pae_alone(void **state)
{
	static const uint32_t modes[] = { 2, 3, 0, 4 };		/* by LME * 2 + PAE */
	struct loaded loaded;

	(void)state;
	for (unsigned bits = 0; bits < 32; bits++) {
		uint8_t *control;

		blob_start_single_vp(&loaded.blob);
		control = blob_chunk(&loaded.blob, 0x30007000, NULL, 48);
		put_u64(control, (bits & 4) != 0 ? 0x80000000 : 0);
		put_u64(control + 24, (bits & 1 ? 0x20 : 0) | ((bits & 8) != 0 ? 0x1000 : 0));
		put_u64(control + 40, ((bits & 2) != 0 ? 0x100 : 0) |
				      ((bits & 16) != 0 ? 0x400 : 0));
		load(&loaded);
		assert_int_equal(paging_mode_of(&loaded, 0), modes[bits & 3]);
		unload(&loaded);
	}
}

static void kernel_space_is_dpl_0_of_ss(void **state)
{
	struct loaded loaded;

	(void)state;
	for (unsigned bits = 0; bits < 64; bits++) {
		unsigned ss_dpl = bits & 3;
		unsigned cs_dpl = bits >> 2 & 3;
		uint8_t *segment;

		blob_start_single_vp(&loaded.blob);
		blob_general(&loaded.blob, 0);
		segment = blob_chunk(&loaded.blob, 0x30009000, NULL, 144);
		put_u16(segment + 28, (uint16_t)(bits >> 4));			/* RPL of CS */
		put_u16(segment + 30, (uint16_t)(0x9B | cs_dpl << 5));
		put_u16(segment + 44, (uint16_t)(bits >> 4));			/* RPL of SS */
		put_u16(segment + 46, (uint16_t)(0x93 | ss_dpl << 5));
		segment[128] = (uint8_t)(bits >> 4);				/* CPL */
		load(&loaded);
		assert_int_equal(in_kernel_space(&loaded), ss_dpl == 0);
		unload(&loaded);
	}
}

static void attributes_of_zero_are_kernel_space(void **state)
{
	struct loaded loaded;

	(void)state;
	blob_start_single_vp(&loaded.blob);
	load(&loaded);
	assert_true(in_kernel_space(&loaded));
	unload(&loaded);
}

static void without_control_or_segment_chunk_it_is_x86(void **state)
{
	struct loaded loaded;

	(void)state;
	blob_start_single_vp(&loaded.blob);
	blob_control(&loaded.blob, 0, 0x20, 0x500);
	load(&loaded);
	assert_int_equal(architecture_of(&loaded, 0), 1);
	unload(&loaded);
	blob_start_single_vp(&loaded.blob);
	blob_segment(&loaded.blob, 0x209B, 0);
	load(&loaded);
	assert_int_equal(architecture_of(&loaded, 0), 1);
	unload(&loaded);
}

static void any_architecture_can_be_forced_on_one_vp(void **state)
{
	static const uint32_t values[] = { 0, 1, 2, 3, 4, 0xFFFFFFFF };
	struct loaded loaded;

	(void)state;
	blob_start(&loaded.blob);
	blob_vp_indices(&loaded.blob, 3);
	blob_vp(&loaded.blob, 0);
	blob_vp(&loaded.blob, 1);
	load(&loaded);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_int_equal(vp_force_architecture(loaded.vps[0], &loaded.forced[0], values[i],
						       NULL), STATUS_OK);
		assert_int_equal(architecture_of(&loaded, 0), values[i]);
		assert_int_equal(architecture_of(&loaded, 1), 1);
		assert_int_equal(paging_mode_of(&loaded, 0), 2);
	}
	unload(&loaded);
}

static void any_paging_mode_can_be_forced_on_one_vp(void **state)
{
	static const uint32_t values[] = { 0, 1, 4, 5, 6, 0xFFFFFFFF };
	struct loaded loaded;

	(void)state;
	blob_start(&loaded.blob);
	blob_vp_indices(&loaded.blob, 3);
	blob_vp(&loaded.blob, 0);
	blob_vp(&loaded.blob, 1);
	load(&loaded);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_int_equal(vp_force_paging_mode(loaded.vps[0], &loaded.forced[0], values[i],
						      NULL), STATUS_OK);
		assert_int_equal(paging_mode_of(&loaded, 0), values[i]);
		assert_int_equal(paging_mode_of(&loaded, 1), 2);
		assert_int_equal(architecture_of(&loaded, 0), 1);
	}
	unload(&loaded);
}

/* --- Registers --------------------------------------------------------------- */

static void wide_registers_are_answered_whole_on_x86_and_x64(void **state)
{
	struct loaded loaded;
	uint8_t value[16];
	uint8_t *segment;

	(void)state;
	for (unsigned x64 = 0; x64 < 2; x64++) {
		blob_start_single_vp(&loaded.blob);
		put_u64(blob_chunk(&loaded.blob, 0x30005000, NULL, 144) + 136, UINT64_MAX);
		blob_control(&loaded.blob, 0x1AD000, 0x20, x64 ? 0x500 : 0);
		segment = blob_chunk(&loaded.blob, 0x30009000, NULL, 144);
		memcpy(segment + 16, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\x9B\x20", 16);
		load(&loaded);
		assert_int_equal(architecture_of(&loaded, 0), x64 + 1);
		assert_int_equal(read_low(&loaded, 17), UINT64_MAX);
		assert_int_equal(read_low(&loaded, 46), 0x1AD000);
		assert_int_equal(vp_read_register(loaded.vps[0], &loaded.forced[0], 57, value,
						  NULL), STATUS_OK);
		assert_memory_equal(value, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\x9B\x20", 16);
		unload(&loaded);
	}
}

/* On id 158 the original answers with whatever lies there. */
static void id_158_and_above_are_refused_and_leave_the_output(void **state)
{
	static const uint32_t ids[] = { 158, 159, 0x7FFFFFFF, 0xFFFFFFFF };
	struct loaded loaded;
	uint8_t value[16];

	(void)state;
	blob_start_single_vp(&loaded.blob);
	load(&loaded);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		memset(value, 0xCC, sizeof(value));
		assert_int_equal(vp_read_register(loaded.vps[0], &loaded.forced[0], ids[i], value,
						  NULL), STATUS_INVALID_ARGUMENT);
		assert_int_equal(value[0], 0xCC);
		assert_int_equal(value[15], 0xCC);
	}
	unload(&loaded);
}

static enum status read_earlier(const struct loaded *loaded, uint32_t architecture, uint32_t id,
				uint64_t *out)
{
	return vp_read_earlier_register(loaded->vps[0], &loaded->forced[0], architecture, id, out,
					NULL);
}

static void earlier_ids_need_the_architecture_that_is_answered(void **state)
{
	struct loaded loaded;
	uint64_t value = 0xCC;

	(void)state;
	blob_start_single_vp(&loaded.blob);
	blob_general(&loaded.blob, UINT64_C(0x1122334455667788));
	blob_control(&loaded.blob, 0x1AD000, 0, 0);
	load(&loaded);
	assert_int_equal(read_earlier(&loaded, 2, 0, &value), STATUS_INVALID_ARGUMENT);
	assert_int_equal(read_earlier(&loaded, 0, 0, &value), STATUS_INVALID_ARGUMENT);
	assert_int_equal(read_earlier(&loaded, 3, 0, &value), STATUS_INVALID_ARGUMENT);
	assert_int_equal(read_earlier(&loaded, UINT32_MAX, 0, &value), STATUS_INVALID_ARGUMENT);
	assert_int_equal(read_earlier(&loaded, 1, 72, &value), STATUS_INVALID_ARGUMENT);
	assert_int_equal(value, 0xCC);
	assert_int_equal(read_earlier(&loaded, 1, 0, &value), STATUS_OK);
	assert_int_equal(value, UINT64_C(0x1122334455667788));
	assert_int_equal(read_earlier(&loaded, 1, 48, &value), STATUS_OK);
	assert_int_equal(value, 0x1AD000);

	vp_force_architecture(loaded.vps[0], &loaded.forced[0], 2, NULL);
	assert_int_equal(read_earlier(&loaded, 1, 0, &value), STATUS_INVALID_ARGUMENT);
	assert_int_equal(read_earlier(&loaded, 2, 56, &value), STATUS_OK);
	assert_int_equal(value, 0x1AD000);
	assert_int_equal(read_earlier(&loaded, 2, 80, &value), STATUS_INVALID_ARGUMENT);
	vp_force_architecture(loaded.vps[0], &loaded.forced[0], 3, NULL);
	assert_int_equal(read_earlier(&loaded, 3, 0, &value), STATUS_INVALID_ARGUMENT);
	unload(&loaded);
}

static void the_snapshot_for_paging_is_the_active_registers(void **state)
{
	struct vp_paging_registers paging;
	struct loaded loaded;
	uint8_t *control;

	(void)state;
	blob_start_single_vp(&loaded.blob);
	control = blob_chunk(&loaded.blob, 0x30007000, NULL, 48);
	put_u64(control, 0x80050033);
	put_u64(control + 16, 0x1AD000);
	put_u64(control + 24, 0x370678);
	put_u64(control + 40, 0xD01);
	blob_segment(&loaded.blob, 0x209B, 0);
	load(&loaded);
	assert_int_equal(vp_read_paging_registers(loaded.vps[0], &loaded.forced[0], &paging, NULL),
			 STATUS_OK);
	assert_int_equal(paging.architecture, 2);
	assert_int_equal(paging.paging_mode, 4);
	assert_int_equal(paging.cr0, 0x80050033);
	assert_int_equal(paging.cr3, 0x1AD000);
	assert_int_equal(paging.cr4, 0x370678);
	assert_int_equal(paging.efer, 0xD01);
	assert_int_equal(paging.tcr_el1, 0);
	vp_force_paging_mode(loaded.vps[0], &loaded.forced[0], 3, NULL);
	assert_int_equal(vp_read_paging_registers(loaded.vps[0], &loaded.forced[0], &paging, NULL),
			 STATUS_OK);
	assert_int_equal(paging.paging_mode, 3);
	unload(&loaded);
}

/* --- ARM64 ------------------------------------------------------------------- */

static void start_arm64(struct loaded *loaded, uint64_t sctlr, uint64_t spsr_el2)
{
	uint8_t *payload;

	blob_start(&loaded->blob);
	blob_prolog(&loaded->blob, 0x10);
	blob_vp_indices(&loaded->blob, 1);
	blob_vp(&loaded->blob, 0);
	payload = blob_chunk(&loaded->blob, 0x30005000, NULL, 336);
	put_u64(payload, 0x1111);
	put_u64(payload + 248, 0x2222);
	put_u64(payload + 256, spsr_el2);
	payload = blob_chunk(&loaded->blob, 0x30007000, NULL, 128);
	put_u64(payload + 16, sctlr);
	put_u64(payload + 32, 0x3333);
	payload = blob_chunk(&loaded->blob, 0x3000A000, NULL, 32);
	put_u64(payload, 0x4444);
	put_u64(payload + 8, 0x5555);
}

static void arm64_is_the_vendor_of_the_prolog(void **state)
{
	struct vp_paging_registers paging;
	struct loaded loaded;

	(void)state;
	start_arm64(&loaded, 1, 0);
	load(&loaded);
	assert_int_equal(architecture_of(&loaded, 0), 3);
	assert_int_equal(partition_state_vendor(loaded.partition), 0x10);
	assert_int_equal(read_low(&loaded, 67), 0x1111);
	assert_int_equal(read_low(&loaded, 98), 0x2222);
	assert_int_equal(read_low(&loaded, 0), 0);
	assert_int_equal(vp_read_paging_registers(loaded.vps[0], &loaded.forced[0], &paging, NULL),
			 STATUS_OK);
	assert_int_equal(paging.architecture, 3);
	assert_int_equal(paging.sctlr_el1, 1);
	assert_int_equal(paging.tcr_el1, 0x3333);
	assert_int_equal(paging.ttbr0_el1, 0x4444);
	assert_int_equal(paging.ttbr1_el1, 0x5555);
	assert_int_equal(paging.cr3, 0);
	unload(&loaded);
}

static void arm64_paging_is_bit_0_of_sctlr(void **state)
{
	static const struct { uint64_t sctlr; uint32_t mode; } rows[] = {
		{ 0, 1 }, { 1, 5 }, { UINT64_MAX - 1, 1 }, { UINT64_MAX, 5 }
	};
	struct loaded loaded;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start_arm64(&loaded, rows[i].sctlr, 0);
		load(&loaded);
		assert_int_equal(paging_mode_of(&loaded, 0), rows[i].mode);
		unload(&loaded);
	}
}

static void arm64_kernel_space_is_the_mode_of_spsr_el2(void **state)
{
	static const struct { uint64_t spsr; bool kernel; } rows[] = {
		{ 0, false }, { 0x10, false }, { 0x13, true }, { 4, true }, { 5, true }
	};
	struct loaded loaded;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start_arm64(&loaded, 1, rows[i].spsr);
		load(&loaded);
		assert_int_equal(in_kernel_space(&loaded), rows[i].kernel);
		unload(&loaded);
	}
}

static void arm64_cannot_be_forced_into_another_mode(void **state)
{
	struct loaded loaded;

	(void)state;
	start_arm64(&loaded, 1, 0);
	load(&loaded);
	assert_int_equal(vp_force_architecture(loaded.vps[0], &loaded.forced[0], 2, NULL),
			 STATUS_FIXED_ON_ARM64);
	assert_int_equal(vp_force_architecture(loaded.vps[0], &loaded.forced[0], 3, NULL),
			 STATUS_OK);
	assert_int_equal(vp_force_paging_mode(loaded.vps[0], &loaded.forced[0], 4, NULL),
			 STATUS_FIXED_ON_ARM64);
	assert_int_equal(vp_force_paging_mode(loaded.vps[0], &loaded.forced[0], 5, NULL),
			 STATUS_FIXED_ON_ARM64);
	assert_int_equal(architecture_of(&loaded, 0), 3);
	assert_int_equal(paging_mode_of(&loaded, 0), 5);
	unload(&loaded);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(x64_is_long_mode_enabled_and_a_64_bit_code_segment),
		cmocka_unit_test(paging_mode_is_lme_and_pae_alone),
		cmocka_unit_test(kernel_space_is_dpl_0_of_ss),
		cmocka_unit_test(attributes_of_zero_are_kernel_space),
		cmocka_unit_test(without_control_or_segment_chunk_it_is_x86),
		cmocka_unit_test(any_architecture_can_be_forced_on_one_vp),
		cmocka_unit_test(any_paging_mode_can_be_forced_on_one_vp),
		cmocka_unit_test(wide_registers_are_answered_whole_on_x86_and_x64),
		cmocka_unit_test(id_158_and_above_are_refused_and_leave_the_output),
		cmocka_unit_test(earlier_ids_need_the_architecture_that_is_answered),
		cmocka_unit_test(the_snapshot_for_paging_is_the_active_registers),
		cmocka_unit_test(arm64_is_the_vendor_of_the_prolog),
		cmocka_unit_test(arm64_paging_is_bit_0_of_sctlr),
		cmocka_unit_test(arm64_kernel_space_is_the_mode_of_spsr_el2),
		cmocka_unit_test(arm64_cannot_be_forced_into_another_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
