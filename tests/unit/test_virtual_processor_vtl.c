/* SPDX-License-Identifier: MIT */
/*
 * Whose registers answer: VP and VTL markers, forced VTLs, nested guests:
 * as measured on the original; where ours differs on purpose, the test says so.
 */
#include "loaded_partition_state.h"
#include "test_shim.h"

#include <string.h>

/* --- Markers ----------------------------------------------------------------- */

static void a_vp_without_a_chunk_exists_without_registers(void **state)
{
	struct vp_paging_registers paging;
	struct loaded loaded;
	uint8_t value[16];
	bool kernel;

	(void)state;
	blob_start(&loaded.blob);
	blob_vp_indices(&loaded.blob, 0xF);
	blob_vp(&loaded.blob, 0);
	blob_vp(&loaded.blob, 1);
	load(&loaded);
	assert_int_equal(architecture_of(&loaded, 1), 1);
	for (uint32_t vp = 2; vp < 4; vp++) {
		const struct vp_overrides *forced = &loaded.forced[vp];

		assert_int_equal(architecture_of(&loaded, vp), 0);
		assert_int_equal(paging_mode_of(&loaded, vp), 0);
		assert_int_equal(vp_active_vtl(loaded.vps[vp], forced), 0);
		assert_int_equal(vp_enabled_vtls(loaded.vps[vp], forced), 1);
		assert_false(vp_active_vtl_enabled(loaded.vps[vp], forced));
		assert_int_equal(vp_read_register(loaded.vps[vp], forced, 0, value, NULL),
				 STATUS_VTL_NOT_ENABLED);
		assert_int_equal(vp_in_kernel_space(loaded.vps[vp], forced, &kernel, NULL),
				 STATUS_VTL_NOT_ENABLED);
		assert_int_equal(vp_read_paging_registers(loaded.vps[vp], forced, &paging, NULL),
				 STATUS_VTL_NOT_ENABLED);
	}
	unload(&loaded);
}

static void a_repeated_vp_marker_starts_from_zero(void **state)
{
	struct loaded loaded;

	(void)state;
	blob_start_single_vp(&loaded.blob);
	blob_general(&loaded.blob, 1);
	blob_control(&loaded.blob, 0x1AD000, 0x20, 0x500);
	blob_segment(&loaded.blob, 0x209B, 0);
	blob_vp(&loaded.blob, 0);
	blob_general(&loaded.blob, 2);
	load(&loaded);
	assert_int_equal(read_low(&loaded, 0), 2);
	assert_int_equal(read_low(&loaded, 46), 0);
	assert_int_equal(architecture_of(&loaded, 0), 1);
	unload(&loaded);
}

static void chunks_before_an_explicit_vtl_0_marker_are_lost(void **state)
{
	struct loaded loaded;

	(void)state;
	blob_start_single_vp(&loaded.blob);
	blob_general(&loaded.blob, 1);
	blob_vp_vtl(&loaded.blob, 0);
	blob_control(&loaded.blob, 0x1AD000, 0, 0);
	load(&loaded);
	assert_int_equal(read_low(&loaded, 0), 0);
	assert_int_equal(read_low(&loaded, 46), 0x1AD000);
	unload(&loaded);
}

static void chunks_before_a_vtl_1_marker_stay_those_of_vtl_0(void **state)
{
	struct loaded loaded;

	(void)state;
	blob_start_single_vp(&loaded.blob);
	blob_general(&loaded.blob, 1);
	blob_vp_vtl(&loaded.blob, 1);
	blob_general(&loaded.blob, 2);
	load(&loaded);
	assert_int_equal(read_low(&loaded, 0), 1);
	assert_int_equal(vp_force_active_vtl(loaded.vps[0], &loaded.forced[0], 1, NULL),
			 STATUS_OK);
	assert_int_equal(read_low(&loaded, 0), 2);
	unload(&loaded);
}

static void a_vp_marker_leaves_the_registers_of_vtl_1(void **state)
{
	struct loaded loaded;

	(void)state;
	blob_start_single_vp(&loaded.blob);
	blob_vp_vtl(&loaded.blob, 1);
	blob_general(&loaded.blob, 2);
	blob_vp(&loaded.blob, 0);
	blob_general(&loaded.blob, 1);
	load(&loaded);
	assert_int_equal(read_low(&loaded, 0), 1);
	vp_force_active_vtl(loaded.vps[0], &loaded.forced[0], 1, NULL);
	assert_int_equal(read_low(&loaded, 0), 2);
	unload(&loaded);
}

/* --- VTLs -------------------------------------------------------------------- */

static void start_two_vtls(struct loaded *loaded)
{
	blob_start_single_vp(&loaded->blob);
	blob_vp_vtl(&loaded->blob, 0);
	blob_general(&loaded->blob, 100);
	blob_control(&loaded->blob, 0x1000, 0x20, 0x500);
	blob_segment(&loaded->blob, 0x209B, 0x60);
	blob_vp_vtl(&loaded->blob, 1);
	blob_control(&loaded->blob, 0x2000, 0x20, 0);
}

static void vtls_of_a_vp_are_its_markers_and_always_vtl_0(void **state)
{
	struct loaded loaded;

	(void)state;
	blob_start_single_vp(&loaded.blob);
	load(&loaded);
	assert_int_equal(vp_enabled_vtls(loaded.vps[0], &loaded.forced[0]), 1);
	unload(&loaded);
	blob_start_single_vp(&loaded.blob);
	blob_vp_vtl(&loaded.blob, 1);
	load(&loaded);
	assert_int_equal(vp_enabled_vtls(loaded.vps[0], &loaded.forced[0]), 3);
	unload(&loaded);
	blob_start_single_vp(&loaded.blob);
	blob_vp_vtl(&loaded.blob, 2);
	blob_vp_vtl(&loaded.blob, 0);
	load(&loaded);
	assert_int_equal(vp_enabled_vtls(loaded.vps[0], &loaded.forced[0]), 5);
	unload(&loaded);
}

static void vtl_0_is_active_without_a_control_page(void **state)
{
	struct loaded loaded;

	(void)state;
	start_two_vtls(&loaded);
	load(&loaded);
	assert_int_equal(vp_active_vtl(loaded.vps[0], &loaded.forced[0]), 0);
	assert_true(vp_active_vtl_enabled(loaded.vps[0], &loaded.forced[0]));
	assert_int_equal(paging_mode_of(&loaded, 0), 4);
	unload(&loaded);
}

static void a_runnable_page_makes_the_vtl_of_its_marker_active(void **state)
{
	struct loaded loaded;

	(void)state;
	for (uint8_t vtl = 1; vtl <= 2; vtl++) {
		for (unsigned last = 0; last < 2; last++) {
			blob_start_single_vp(&loaded.blob);
			blob_vp_vtl(&loaded.blob, vtl);
			blob_control_page(&loaded.blob, 0x80);
			if (last)
				blob_vp_vtl(&loaded.blob, 0);
			load(&loaded);
			assert_int_equal(vp_active_vtl(loaded.vps[0], &loaded.forced[0]), vtl);
			unload(&loaded);
		}
	}
}

static void only_the_runnable_byte_of_a_page_counts(void **state)
{
	struct loaded loaded;

	(void)state;
	start_two_vtls(&loaded);
	memset(blob_chunk(&loaded.blob, 0x30018000, NULL, 32), 0xFF, 24);
	memset(blob_chunk(&loaded.blob, 0x30018000, NULL, 24), 0xFF, 24);
	blob_chunk(&loaded.blob, 0xFFFFFFFF, NULL, 0);	/* not the page's byte 24 */
	memset(blob_chunk(&loaded.blob, 0x30018000, NULL, 64) + 25, 0xFF, 39);
	load(&loaded);
	assert_int_equal(vp_active_vtl(loaded.vps[0], &loaded.forced[0]), 0);
	unload(&loaded);
	start_two_vtls(&loaded);
	blob_chunk(&loaded.blob, 0x30018000, NULL, 25)[24] = 1;
	load(&loaded);
	assert_int_equal(vp_active_vtl(loaded.vps[0], &loaded.forced[0]), 1);
	unload(&loaded);
}

/* The order of Microsoft's open-source writer, which the original refuses. */
static void a_runnable_page_in_vtl_0_says_nothing(void **state)
{
	struct loaded loaded;

	(void)state;
	blob_start_single_vp(&loaded.blob);
	blob_control_page(&loaded.blob, 1);
	blob_vp_vtl(&loaded.blob, 0);
	blob_control_page(&loaded.blob, 1);
	blob_general(&loaded.blob, 100);
	blob_vp_vtl(&loaded.blob, 1);
	blob_general(&loaded.blob, 200);
	load(&loaded);
	assert_int_equal(vp_active_vtl(loaded.vps[0], &loaded.forced[0]), 0);
	assert_int_equal(vp_enabled_vtls(loaded.vps[0], &loaded.forced[0]), 3);
	assert_int_equal(read_low(&loaded, 0), 100);
	unload(&loaded);
}

static void a_page_in_vtl_0_after_a_higher_one_is_refused(void **state)
{
	struct partition_state *partition = NULL;
	struct loaded loaded;

	(void)state;
	blob_start_single_vp(&loaded.blob);
	blob_vp_vtl(&loaded.blob, 1);
	blob_control_page(&loaded.blob, 1);
	blob_vp_vtl(&loaded.blob, 0);
	blob_control_page(&loaded.blob, 1);
	blob_end(&loaded.blob);
	assert_int_equal(partition_state_parse(loaded.blob.bytes, loaded.blob.size, &partition,
					       NULL),
			 STATUS_CORRUPT_STATE);
	assert_null(partition);
}

static void a_page_speaks_for_its_vp_alone(void **state)
{
	struct loaded loaded;

	(void)state;
	blob_start(&loaded.blob);
	blob_vp_indices(&loaded.blob, 3);
	blob_vp(&loaded.blob, 0);
	blob_vp_vtl(&loaded.blob, 1);
	blob_vp(&loaded.blob, 1);
	blob_control_page(&loaded.blob, 1);	/* a VP marker opens VTL 0 */
	blob_vp_vtl(&loaded.blob, 1);
	blob_control_page(&loaded.blob, 1);
	load(&loaded);
	assert_int_equal(vp_active_vtl(loaded.vps[0], &loaded.forced[0]), 0);
	assert_int_equal(vp_active_vtl(loaded.vps[1], &loaded.forced[1]), 1);
	unload(&loaded);
}

static void registers_of_vtls_are_apart(void **state)
{
	struct loaded loaded;

	(void)state;
	start_two_vtls(&loaded);
	load(&loaded);
	assert_int_equal(read_low(&loaded, 0), 100);
	assert_int_equal(read_low(&loaded, 46), 0x1000);
	assert_false(in_kernel_space(&loaded));
	assert_int_equal(vp_force_active_vtl(loaded.vps[0], &loaded.forced[0], 1, NULL),
			 STATUS_OK);
	assert_int_equal(read_low(&loaded, 0), 0);
	assert_int_equal(read_low(&loaded, 46), 0x2000);
	assert_true(in_kernel_space(&loaded));
	assert_int_equal(architecture_of(&loaded, 0), 1);
	assert_int_equal(paging_mode_of(&loaded, 0), 3);
	assert_true(vp_active_vtl_enabled(loaded.vps[0], &loaded.forced[0]));
	unload(&loaded);
}

static void a_refused_vtl_becomes_active_all_the_same(void **state)
{
	struct loaded loaded;
	uint8_t value[16];

	(void)state;
	start_two_vtls(&loaded);
	load(&loaded);
	for (unsigned again = 0; again < 2; again++) {
		assert_int_equal(vp_force_active_vtl(loaded.vps[0], &loaded.forced[0], 2, NULL),
				 STATUS_VTL_NOT_ENABLED);
		assert_int_equal(vp_active_vtl(loaded.vps[0], &loaded.forced[0]), 2);
		assert_int_equal(vp_enabled_vtls(loaded.vps[0], &loaded.forced[0]), 7);
		assert_false(vp_active_vtl_enabled(loaded.vps[0], &loaded.forced[0]));
		assert_int_equal(architecture_of(&loaded, 0), 0);
		assert_int_equal(paging_mode_of(&loaded, 0), 0);
		assert_int_equal(vp_read_register(loaded.vps[0], &loaded.forced[0], 0, value, NULL),
				 STATUS_VTL_NOT_ENABLED);
	}
	assert_int_equal(vp_force_active_vtl(loaded.vps[0], &loaded.forced[0], 0, NULL),
			 STATUS_OK);
	assert_int_equal(read_low(&loaded, 0), 100);
	unload(&loaded);
}

static void vtls_from_3_on_are_refused_without_effect(void **state)
{
	struct loaded loaded;

	(void)state;
	start_two_vtls(&loaded);
	load(&loaded);
	assert_int_equal(vp_force_active_vtl(loaded.vps[0], &loaded.forced[0], 3, NULL),
			 STATUS_INVALID_ARGUMENT);
	assert_int_equal(vp_force_active_vtl(loaded.vps[0], &loaded.forced[0], 255, NULL),
			 STATUS_INVALID_ARGUMENT);
	assert_int_equal(vp_active_vtl(loaded.vps[0], &loaded.forced[0]), 0);
	assert_int_equal(vp_enabled_vtls(loaded.vps[0], &loaded.forced[0]), 3);
	assert_int_equal(read_low(&loaded, 0), 100);
	unload(&loaded);
}

static void forced_modes_are_kept_per_vtl(void **state)
{
	struct loaded loaded;

	(void)state;
	start_two_vtls(&loaded);
	load(&loaded);
	vp_force_active_vtl(loaded.vps[0], &loaded.forced[0], 1, NULL);
	vp_force_paging_mode(loaded.vps[0], &loaded.forced[0], 2, NULL);
	vp_force_architecture(loaded.vps[0], &loaded.forced[0], 2, NULL);
	assert_int_equal(paging_mode_of(&loaded, 0), 2);
	assert_int_equal(architecture_of(&loaded, 0), 2);
	vp_force_active_vtl(loaded.vps[0], &loaded.forced[0], 0, NULL);
	assert_int_equal(paging_mode_of(&loaded, 0), 4);
	vp_force_architecture(loaded.vps[0], &loaded.forced[0], 1, NULL);
	vp_force_active_vtl(loaded.vps[0], &loaded.forced[0], 1, NULL);
	assert_int_equal(paging_mode_of(&loaded, 0), 2);
	assert_int_equal(architecture_of(&loaded, 0), 2);
	unload(&loaded);
}

/* --- Nested guests ------------------------------------------------------------ */

static void nested_mode_is_the_first_byte(void **state)
{
	static const struct { uint8_t first; uint8_t rest; uint8_t size; bool nested; } rows[] = {
		{ 1, 0, 64, true }, { 0x80, 0, 1, true }, { 0, 0xFF, 64, false },
		{ 0, 0, 0, false },
	};
	struct loaded loaded;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t payload[64];

		memset(payload, rows[i].rest, sizeof(payload));
		payload[0] = rows[i].first;
		blob_start_single_vp(&loaded.blob);
		blob_chunk(&loaded.blob, 0x30021000, payload, rows[i].size);
		load(&loaded);
		assert_int_equal(vp_in_nested_guest(loaded.vps[0], &loaded.forced[0]),
				 rows[i].nested);
		unload(&loaded);
	}
}

static void a_vmcs_alone_changes_nothing(void **state)
{
	struct loaded loaded;
	bool was = true;

	(void)state;
	blob_start_single_vp(&loaded.blob);
	blob_general(&loaded.blob, 5);
	blob_chunk(&loaded.blob, 0x30023000, NULL, 1056);
	load(&loaded);
	assert_false(partition_state_nested_enabled(loaded.partition));
	assert_false(vp_in_nested_guest(loaded.vps[0], &loaded.forced[0]));
	assert_int_equal(read_low(&loaded, 0), 5);
	assert_int_equal(vp_force_nested_host(loaded.vps[0], &loaded.forced[0], true, &was, NULL),
			 STATUS_INVALID_ARGUMENT);
	assert_true(was);
	assert_int_equal(vp_force_nested_host(loaded.vps[0], &loaded.forced[0], false, &was, NULL),
			 STATUS_OK);
	assert_false(was);
	unload(&loaded);
}

/* A VMCS or VMCB in which each 16-bit word is its own offset. */
static void load_nested(struct loaded *loaded, uint32_t vendor, size_t size)
{
	uint8_t *payload;

	blob_start(&loaded->blob);
	blob_prolog(&loaded->blob, vendor);
	blob_vp_indices(&loaded->blob, 1);
	blob_vp(&loaded->blob, 0);
	payload = blob_chunk(&loaded->blob, 0x30023000, NULL, size);
	for (size_t i = 0; i + 2 <= size; i += 2)
		put_u16(payload + i, (uint16_t)i);
	blob_chunk(&loaded->blob, 0x30021000, "\1", 1);
	memset(blob_chunk(&loaded->blob, 0x30005000, NULL, 144), 0xAA, 144);
	memset(blob_chunk(&loaded->blob, 0x30006000, NULL, 416), 0xAA, 416);
	blob_control(&loaded->blob, 0x1000, 0x20, 0x500);
	blob_segment(&loaded->blob, 0x209B, 0x60);
	load(loaded);
}

/* The 64 bits that a source at this offset holds. */
static uint64_t word_at(uint16_t offset)
{
	uint64_t word = 0;

	for (unsigned i = 4; i > 0; i--)
		word = word << 16 | (uint16_t)(offset + 2 * (i - 1));
	return word;
}

/* What each id shall read: a 64-bit source, a 16-bit part, or zero. */
struct host_register {
	uint8_t id;
	uint16_t source;	/* of the low 64 bits; 0: zero */
	uint16_t selector;	/* source of the selector at 12 */
	uint16_t limit;		/* source of the limit at 0 */
	uint16_t base;		/* source of the base at 8 */
};

static void assert_host_registers(const struct loaded *loaded, const struct host_register *rows,
				  size_t count)
{
	for (uint32_t id = 0; id < 158; id++) {
		uint8_t expected[16] = { 0 };
		uint8_t value[16];

		for (size_t i = 0; i < count; i++) {
			if (rows[i].id != id)
				continue;
			if (rows[i].source != 0)
				put_u64(expected, word_at(rows[i].source));
			put_u16(expected + 12, rows[i].selector);
			if (rows[i].limit != 0)
				put_u16(expected, rows[i].limit);
			if (rows[i].base != 0)
				put_u64(expected + 8, word_at(rows[i].base));
		}
		assert_int_equal(vp_read_register(loaded->vps[0], &loaded->forced[0], id, value,
						  NULL), STATUS_OK);
		assert_memory_equal(value, expected, 16);
	}
}

static void forced_host_mode_reads_the_intel_vmcs(void **state)
{
	static const struct host_register rows[] = {
		{ 4, 664, 0, 0, 0 }, { 16, 128, 0, 0, 0 }, { 44, 88, 0, 0, 0 },
		{ 46, 96, 0, 0, 0 }, { 47, 104, 0, 0, 0 }, { 49, 80, 0, 0, 0 },
		{ 56, 0, 56, 0, 0 }, { 57, 0, 58, 0, 0 }, { 58, 0, 60, 0, 0 },
		{ 59, 0, 62, 0, 0 }, { 60, 0, 64, 0, 0 }, { 61, 0, 66, 0, 0 },
		{ 63, 0, 68, 0, 0 }, { 64, 0, 0, 0, 656 }, { 65, 0, 0, 0, 648 },
	};
	struct loaded loaded;
	bool was = true;

	(void)state;
	load_nested(&loaded, 1, 1056);
	assert_true(vp_in_nested_guest(loaded.vps[0], &loaded.forced[0]));
	assert_int_equal(vp_force_nested_host(loaded.vps[0], &loaded.forced[0], true, &was, NULL),
			 STATUS_OK);
	assert_false(was);
	assert_false(vp_in_nested_guest(loaded.vps[0], &loaded.forced[0]));
	assert_host_registers(&loaded, rows, sizeof(rows) / sizeof(rows[0]));
	unload(&loaded);
}

static void forced_host_mode_reads_the_amd_vmcb(void **state)
{
	static const struct host_register rows[] = {
		{ 0, 4136, 0, 0, 0 }, { 4, 4120, 0, 0, 0 }, { 16, 4112, 0, 0, 0 },
		{ 17, 4128, 0, 0, 0 }, { 44, 4248, 0, 0, 0 }, { 46, 4256, 0, 0, 0 },
		{ 47, 4264, 0, 0, 0 }, { 48, 4272, 0, 0, 0 }, { 49, 4240, 0, 0, 0 },
		{ 56, 0, 4144, 0, 0 }, { 57, 0, 4160, 0, 0 }, { 58, 0, 4176, 0, 0 },
		{ 59, 0, 4192, 0, 0 }, { 64, 0, 0, 4228, 4232 }, { 65, 0, 0, 4212, 4216 },
	};
	struct loaded loaded;

	(void)state;
	load_nested(&loaded, 0, 4320);
	assert_int_equal(vp_force_nested_host(loaded.vps[0], &loaded.forced[0], true, NULL, NULL),
			 STATUS_OK);
	assert_host_registers(&loaded, rows, sizeof(rows) / sizeof(rows[0]));
	unload(&loaded);
}

static void forced_host_mode_without_a_vmcs_reads_zero(void **state)
{
	struct loaded loaded;

	(void)state;
	blob_start_single_vp(&loaded.blob);
	blob_general(&loaded.blob, 5);
	blob_chunk(&loaded.blob, 0x30021000, "\1", 1);
	load(&loaded);
	assert_int_equal(vp_force_nested_host(loaded.vps[0], &loaded.forced[0], true, NULL, NULL),
			 STATUS_OK);
	assert_host_registers(&loaded, NULL, 0);
	assert_int_equal(paging_mode_of(&loaded, 0), 2);
	unload(&loaded);
}

static void forced_host_mode_recomputes_paging_and_keeps_the_architecture(void **state)
{
	struct vp_paging_registers paging;
	struct loaded loaded;
	uint8_t *vmcs;
	bool was = false;

	(void)state;
	blob_start(&loaded.blob);
	blob_prolog(&loaded.blob, 1);
	blob_vp_indices(&loaded.blob, 1);
	blob_vp(&loaded.blob, 0);
	blob_control(&loaded.blob, 0x1000, 0x20, 0x500);
	blob_segment(&loaded.blob, 0x209B, 0x60);
	blob_chunk(&loaded.blob, 0x30021000, "\1", 1);
	vmcs = blob_chunk(&loaded.blob, 0x30023000, NULL, 1056);
	put_u64(vmcs + 96, 0x7000);
	put_u64(vmcs + 104, 0x20);
	load(&loaded);
	assert_int_equal(paging_mode_of(&loaded, 0), 4);
	assert_false(in_kernel_space(&loaded));
	vp_force_nested_host(loaded.vps[0], &loaded.forced[0], true, NULL, NULL);
	assert_int_equal(paging_mode_of(&loaded, 0), 3);
	assert_int_equal(architecture_of(&loaded, 0), 2);
	assert_true(in_kernel_space(&loaded));
	assert_int_equal(vp_read_paging_registers(loaded.vps[0], &loaded.forced[0], &paging, NULL),
			 STATUS_OK);
	assert_int_equal(paging.cr3, 0x7000);
	assert_int_equal(vp_force_nested_host(loaded.vps[0], &loaded.forced[0], false, &was, NULL),
			 STATUS_OK);
	assert_true(was);
	assert_true(vp_in_nested_guest(loaded.vps[0], &loaded.forced[0]));
	assert_int_equal(paging_mode_of(&loaded, 0), 4);
	assert_int_equal(read_low(&loaded, 46), 0x1000);
	unload(&loaded);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vp_without_a_chunk_exists_without_registers),
		cmocka_unit_test(a_repeated_vp_marker_starts_from_zero),
		cmocka_unit_test(chunks_before_an_explicit_vtl_0_marker_are_lost),
		cmocka_unit_test(chunks_before_a_vtl_1_marker_stay_those_of_vtl_0),
		cmocka_unit_test(a_vp_marker_leaves_the_registers_of_vtl_1),
		cmocka_unit_test(vtls_of_a_vp_are_its_markers_and_always_vtl_0),
		cmocka_unit_test(vtl_0_is_active_without_a_control_page),
		cmocka_unit_test(a_runnable_page_makes_the_vtl_of_its_marker_active),
		cmocka_unit_test(only_the_runnable_byte_of_a_page_counts),
		cmocka_unit_test(a_runnable_page_in_vtl_0_says_nothing),
		cmocka_unit_test(a_page_in_vtl_0_after_a_higher_one_is_refused),
		cmocka_unit_test(a_page_speaks_for_its_vp_alone),
		cmocka_unit_test(registers_of_vtls_are_apart),
		cmocka_unit_test(a_refused_vtl_becomes_active_all_the_same),
		cmocka_unit_test(vtls_from_3_on_are_refused_without_effect),
		cmocka_unit_test(forced_modes_are_kept_per_vtl),
		cmocka_unit_test(nested_mode_is_the_first_byte),
		cmocka_unit_test(a_vmcs_alone_changes_nothing),
		cmocka_unit_test(forced_host_mode_reads_the_intel_vmcs),
		cmocka_unit_test(forced_host_mode_reads_the_amd_vmcb),
		cmocka_unit_test(forced_host_mode_without_a_vmcs_reads_zero),
		cmocka_unit_test(forced_host_mode_recomputes_paging_and_keeps_the_architecture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
