/* SPDX-License-Identifier: MIT */
/*
 * Which partition states load and which do not.  The answers are those
 * measured on the original; where ours differ on purpose, the table says so.
 */
#include "state/partition_state.h"

#include "partition_state_builder.h"
#include "partition_state_questions.h"
#include "test_shim.h"

#include <string.h>

struct load_case {
	const char *fact;
	void (*compose)(struct blob *blob);
	enum status answer;
	uint32_t vp_count;
};

static void compose_smallest(struct blob *blob)
{
	blob_start_single_vp(blob);
	blob_end(blob);
}

static void compose_everything(struct blob *blob)
{
	blob_start(blob);
	blob_prolog(blob, 1);
	blob_partition_vtl(blob, 0);
	blob_os_id(blob, UINT64_C(0x0001040A00004A61));
	blob_vp_indices(blob, 1);
	blob_vp(blob, 0);
	blob_vp_vtl(blob, 0);
	blob_general(blob, 1);
	blob_control(blob, 0x1000, 0x20, 0x500);
	blob_segment(blob, 0x209B, 0x4093);
	blob_end(blob);
}

static void compose_bitmap_of_one_byte(struct blob *blob)
{
	blob_start(blob);
	blob_chunk(blob, 0x30000000, "\0\0\0\0\1", 5);
	blob_vp(blob, 0);
	blob_end(blob);
}

static void compose_bitmap_of_4096_bits(struct blob *blob)
{
	blob_start(blob);
	memset(blob_chunk(blob, 0x30000000, NULL, 4 + 512) + 4, 0xFF, 512);
	blob_vp(blob, 4095);
	blob_end(blob);
}

static void compose_bitmap_with_a_tail_of_zeros(struct blob *blob)
{
	blob_start(blob);
	blob_chunk(blob, 0x30000000, NULL, 4 + 2000)[4] = 1;
	blob_vp(blob, 0);
	blob_end(blob);
}

static void compose_index_4096(struct blob *blob)
{
	uint8_t *payload;

	blob_start(blob);
	payload = blob_chunk(blob, 0x30000000, NULL, 4 + 513);
	payload[4] = 1;
	payload[4 + 512] = 1;
	blob_vp(blob, 0);
	blob_end(blob);
}

static void compose_vp_chunk_4096(struct blob *blob)
{
	blob_start(blob);
	blob_vp_indices(blob, 1);
	blob_vp(blob, 4096);
	blob_end(blob);
}

static void compose_vp_before_the_list(struct blob *blob)
{
	blob_start(blob);
	blob_vp(blob, 0);
	blob_vp_indices(blob, 1);
	blob_end(blob);
}

static void compose_no_list(struct blob *blob)
{
	blob_start(blob);
	blob_end(blob);
}

static void compose_vp_and_no_list(struct blob *blob)
{
	blob_start(blob);
	blob_vp(blob, 0);
	blob_end(blob);
}

static void compose_empty_list(struct blob *blob)
{
	blob_start(blob);
	blob_vp_indices(blob, 0);
	blob_end(blob);
}

static void compose_empty_list_and_vp(struct blob *blob)
{
	blob_start(blob);
	blob_vp_indices(blob, 0);
	blob_vp(blob, 0);
	blob_end(blob);
}

static void compose_list_without_payload(struct blob *blob)
{
	blob_start(blob);
	blob_chunk(blob, 0x30000000, NULL, 0);
	blob_end(blob);
}

static void compose_second_list(struct blob *blob)
{
	blob_start(blob);
	blob_vp_indices(blob, 1);
	blob_vp_indices(blob, 1);
	blob_vp(blob, 0);
	blob_end(blob);
}

static void compose_fewer_vps_than_bits(struct blob *blob)
{
	blob_start(blob);
	blob_vp_indices(blob, 0xF);
	blob_vp(blob, 0);
	blob_vp(blob, 1);
	blob_end(blob);
}

static void compose_bsp_index_77(struct blob *blob)
{
	blob_start(blob);
	blob_chunk(blob, 0x30000000, "\x4D\0\0\0\1", 5);
	blob_vp(blob, 0);
	blob_end(blob);
}

static void compose_registers_before_any_vp(struct blob *blob)
{
	blob_start(blob);
	blob_general(blob, 1);
	blob_control_page(blob, 1);
	blob_chunk(blob, 0x30021000, "\1", 1);
	blob_vp_vtl(blob, 1);
	blob_vp_indices(blob, 1);
	blob_vp(blob, 0);
	blob_end(blob);
}

static void compose_prolog_with(struct blob *blob, uint32_t vendor)
{
	blob_start(blob);
	blob_prolog(blob, vendor);
	blob_vp_indices(blob, 1);
	blob_vp(blob, 0);
	blob_segment(blob, 0, 0);
	blob_end(blob);
}

static void compose_vendor_amd(struct blob *blob)
{
	compose_prolog_with(blob, 0);
}

static void compose_vendor_intel(struct blob *blob)
{
	compose_prolog_with(blob, 1);
}

static void compose_vendor_hygon(struct blob *blob)
{
	compose_prolog_with(blob, 2);
}

static void compose_vendor_3(struct blob *blob)
{
	compose_prolog_with(blob, 3);
}

static void compose_vendor_ffffffff(struct blob *blob)
{
	compose_prolog_with(blob, 0xFFFFFFFF);
}

static void compose_vendor_arm_with_segments(struct blob *blob)
{
	compose_prolog_with(blob, 0x10);
}

static void compose_prolog_with_other_tag_and_summary(struct blob *blob)
{
	blob_start(blob);
	blob_chunk(blob, 0, "\0\0\0\0\1", 5);
	blob_vp_indices(blob, 1);
	blob_vp(blob, 0);
	blob_end(blob);
}

static void compose_unknown_chunks(struct blob *blob)
{
	blob_start(blob);
	blob_chunk(blob, 0x20000000, NULL, 100);
	blob_chunk(blob, 0xDEADBEEF, NULL, 3);
	blob_vp_indices(blob, 1);
	blob_chunk(blob, 0x12345678, NULL, 0);
	blob_vp(blob, 0);
	blob_chunk(blob, 0x30003000, NULL, 77);
	blob_chunk(blob, 0xFFFFFFFF, NULL, 1);
	blob_end(blob);
}

static void compose_vtl_2(struct blob *blob)
{
	blob_start_single_vp(blob);
	blob_partition_vtl(blob, 2);
	blob_vp_vtl(blob, 2);
	blob_end(blob);
}

static void compose_vp_vtl_3(struct blob *blob)
{
	blob_start_single_vp(blob);
	blob_vp_vtl(blob, 3);
	blob_end(blob);
}

static void compose_vp_vtl_200(struct blob *blob)
{
	blob_start_single_vp(blob);
	blob_vp_vtl(blob, 200);
	blob_end(blob);
}

static void compose_partition_vtl_3(struct blob *blob)
{
	blob_start_single_vp(blob);
	blob_partition_vtl(blob, 3);
	blob_end(blob);
}

static void compose_partition_vtl_200(struct blob *blob)
{
	blob_start_single_vp(blob);
	blob_partition_vtl(blob, 200);
	blob_end(blob);
}

static void compose_markers_without_payload(struct blob *blob)
{
	blob_start(blob);
	blob_vp_indices(blob, 1);
	blob_chunk(blob, 0x30001000, NULL, 0);
	blob_end(blob);
}

static void compose_marker_of_4_bytes(struct blob *blob)
{
	blob_start(blob);
	blob_vp_indices(blob, 1);
	blob_chunk(blob, 0x30001000, NULL, 4);
	blob_chunk(blob, 0x3001A000, NULL, 1);
	blob_end(blob);
}

static void compose_no_epilog(struct blob *blob)
{
	blob_start_single_vp(blob);
	blob_general(blob, 1);
}

static void compose_overrun(struct blob *blob)
{
	blob_start_single_vp(blob);
	blob_general(blob, 1);
	put_u32(blob->bytes + blob->size - 144 - 12, 161);
	blob_end(blob);
}

static void compose_overrun_of_4_gib(struct blob *blob)
{
	blob_start_single_vp(blob);
	blob_general(blob, 1);
	put_u32(blob->bytes + blob->size - 144 - 12, 0xFFFFFFFF);
	blob_end(blob);
}

static void compose_cut_by_one_byte(struct blob *blob)
{
	compose_smallest(blob);
	blob->size--;
}

static void compose_rubbish_after_epilog(struct blob *blob)
{
	compose_smallest(blob);
	blob_vp(blob, 99);
	blob_chunk(blob, 0x30000000, NULL, 3);
	blob->size -= 7;
}

static void compose_epilog_of_impossible_length(struct blob *blob)
{
	compose_smallest(blob);
	put_u32(blob->bytes + blob->size - 12, 0xFFFFFFFF);
}

static void compose_header_size(struct blob *blob, uint64_t header_size)
{
	compose_smallest(blob);
	put_u64(blob->bytes + 8, header_size);
}

static void compose_header_size_0(struct blob *blob)
{
	compose_header_size(blob, 0);
}

/* With the chunks where such a header would put them. */
static void compose_header_size_8(struct blob *blob)
{
	compose_smallest(blob);
	memmove(blob->bytes + 24, blob->bytes + 40, blob->size - 40);
	blob->size -= 16;
	put_u64(blob->bytes + 8, 8);
}

/* One byte less would leave room for the gap and the header of a chunk. */
static void compose_header_just_too_large(struct blob *blob)
{
	compose_smallest(blob);
	put_u64(blob->bytes + 8, blob->size - 31);
}

static void compose_header_size_48_with_chunks_at_40(struct blob *blob)
{
	compose_header_size(blob, 48);
}

static void compose_header_size_40_with_chunks_at_40(struct blob *blob)
{
	compose_header_size(blob, 40);
}

static void compose_header_size_2_to_the_40(struct blob *blob)
{
	compose_header_size(blob, UINT64_C(1) << 40);
}

static void compose_header_size_of_all_ones(struct blob *blob)
{
	compose_header_size(blob, UINT64_MAX);
}

static void compose_header_of_200_bytes(struct blob *blob)
{
	struct blob plain;

	compose_smallest(&plain);
	memset(blob, 0xEE, 216);
	put_u64(blob->bytes + 8, 200);
	memcpy(blob->bytes + 216, plain.bytes + 40, plain.size - 40);
	blob->size = 216 + plain.size - 40;
}

static void compose_lengths_nobody_looks_at(struct blob *blob)
{
	compose_smallest(blob);
	put_u64(blob->bytes, UINT64_C(1) << 40);
	put_u64(blob->bytes + 16, UINT64_C(1) << 40);
	memset(blob->bytes + 24, 0xEE, 16);
}

static void compose_total_size_0(struct blob *blob)
{
	compose_smallest(blob);
	put_u64(blob->bytes, 0);
	put_u64(blob->bytes + 16, 0);
}

static void compose_nothing(struct blob *blob)
{
	memset(blob, 0, sizeof(*blob));
}

static void compose_55_bytes(struct blob *blob)
{
	compose_smallest(blob);
	blob->size = 55;
}

static void compose_vmcs(struct blob *blob, uint32_t vendor, uint8_t nested, size_t size)
{
	blob_start(blob);
	blob_prolog(blob, vendor);
	blob_vp_indices(blob, 1);
	blob_vp(blob, 0);
	blob_chunk(blob, 0x30021000, &nested, 1);
	blob_chunk(blob, 0x30023000, NULL, size);
	blob_end(blob);
}

static void compose_intel_vmcs_1055(struct blob *blob)
{
	compose_vmcs(blob, 1, 1, 1055);
}

static void compose_intel_vmcs_1056(struct blob *blob)
{
	compose_vmcs(blob, 1, 1, 1056);
}

static void compose_intel_vmcs_256_not_nested(struct blob *blob)
{
	compose_vmcs(blob, 1, 0, 256);
}

static void compose_amd_vmcb_4319_not_nested(struct blob *blob)
{
	compose_vmcs(blob, 0, 0, 4319);
}

static void compose_amd_vmcb_4320(struct blob *blob)
{
	compose_vmcs(blob, 0, 1, 4320);
}

static void compose_nested_base_without_payload(struct blob *blob)
{
	blob_start_single_vp(blob);
	blob_chunk(blob, 0x30021000, NULL, 0);
	blob_end(blob);
}

static void compose_arm_with_debug_and_xsave(struct blob *blob)
{
	blob_start(blob);
	blob_prolog(blob, 0x10);
	blob_vp_indices(blob, 1);
	blob_vp(blob, 0);
	blob_chunk(blob, 0x30008000, NULL, 48);
	blob_chunk(blob, 0x3000D000, NULL, 64);
	blob_end(blob);
}

static void compose_list(struct blob *blob, uint64_t bitmap, uint32_t first, uint32_t second)
{
	blob_start(blob);
	blob_vp_indices(blob, bitmap);
	blob_vp(blob, first);
	if (second != UINT32_MAX)
		blob_vp(blob, second);
	blob_end(blob);
}

static void compose_list_5_6_with_vps_0_1(struct blob *blob)
{
	compose_list(blob, 0x60, 0, 1);
}

static void compose_list_0_2_with_vp_0(struct blob *blob)
{
	compose_list(blob, 0x5, 0, UINT32_MAX);
}

static void compose_list_0_2_with_vps_0_1(struct blob *blob)
{
	compose_list(blob, 0x5, 0, 1);
}

static void compose_list_0_2_with_vps_0_2(struct blob *blob)
{
	compose_list(blob, 0x5, 0, 2);
}

static void compose_list_1_with_vp_1(struct blob *blob)
{
	compose_list(blob, 0x2, 1, UINT32_MAX);
}

static void compose_list_5_with_vp_5(struct blob *blob)
{
	compose_list(blob, 0x20, 5, UINT32_MAX);
}

static void compose_list_0_2_with_vps_1_2(struct blob *blob)
{
	compose_list(blob, 0x5, 1, 2);
}

static void compose_list_of_2047(struct blob *blob)
{
	blob_start(blob);
	blob_chunk(blob, 0x30000000, NULL, 4 + 256)[4 + 255] = 0x80;
	blob_vp(blob, 2047);
	blob_end(blob);
}

static const struct load_case load_cases[] = {
	{ "the_smallest_blob_loads", compose_smallest, STATUS_OK, 1 },
	{ "a_complete_blob_loads", compose_everything, STATUS_OK, 1 },
	{ "vp_bitmap_of_one_byte_loads", compose_bitmap_of_one_byte, STATUS_OK, 1 },
	{ "vp_bitmap_of_4096_bits_loads", compose_bitmap_of_4096_bits, STATUS_OK, 4096 },
	{ "vp_bitmap_may_end_in_zeros", compose_bitmap_with_a_tail_of_zeros, STATUS_OK, 1 },
	{ "vp_index_4096_in_the_list_is_corrupt", compose_index_4096, STATUS_CORRUPT_STATE, 0 },
	{ "vp_chunk_with_index_4096_is_corrupt", compose_vp_chunk_4096, STATUS_CORRUPT_STATE, 0 },
	{ "vp_before_the_list_is_corrupt", compose_vp_before_the_list, STATUS_CORRUPT_STATE, 0 },
	{ "no_list_is_corrupt", compose_no_list, STATUS_CORRUPT_STATE, 0 },
	{ "vp_without_a_list_is_corrupt", compose_vp_and_no_list, STATUS_CORRUPT_STATE, 0 },
	{ "empty_list_and_no_vp_is_no_vp", compose_empty_list, STATUS_NO_VP, 0 },
	{ "list_without_payload_is_no_vp", compose_list_without_payload, STATUS_NO_VP, 0 },
	{ "empty_list_and_a_vp_is_corrupt", compose_empty_list_and_vp, STATUS_CORRUPT_STATE, 0 },
	{ "second_list_is_corrupt", compose_second_list, STATUS_CORRUPT_STATE, 0 },
	{ "fewer_vps_than_bits_loads", compose_fewer_vps_than_bits, STATUS_OK, 4 },
	{ "index_of_the_boot_processor_is_ignored", compose_bsp_index_77, STATUS_OK, 1 },
	{ "chunks_before_any_vp_are_accepted", compose_registers_before_any_vp, STATUS_OK, 1 },
	{ "vendor_amd_loads", compose_vendor_amd, STATUS_OK, 1 },
	{ "vendor_intel_loads", compose_vendor_intel, STATUS_OK, 1 },
	{ "vendor_hygon_loads", compose_vendor_hygon, STATUS_OK, 1 },
	{ "vendor_3_loads", compose_vendor_3, STATUS_OK, 1 },
	{ "vendor_ffffffff_loads", compose_vendor_ffffffff, STATUS_OK, 1 },
	{ "vendor_arm_with_segments_is_corrupt", compose_vendor_arm_with_segments,
	  STATUS_CORRUPT_STATE, 0 },
	{ "vendor_arm_tolerates_debug_and_xsave_control", compose_arm_with_debug_and_xsave,
	  STATUS_OK, 1 },
	{ "prolog_tag_and_summary_are_not_checked", compose_prolog_with_other_tag_and_summary,
	  STATUS_OK, 1 },
	{ "unknown_chunks_are_skipped", compose_unknown_chunks, STATUS_OK, 1 },
	{ "vtl_2_loads", compose_vtl_2, STATUS_OK, 1 },
	{ "vp_vtl_3_is_corrupt", compose_vp_vtl_3, STATUS_CORRUPT_STATE, 0 },
	{ "vp_vtl_200_is_corrupt", compose_vp_vtl_200, STATUS_CORRUPT_STATE, 0 },
	{ "partition_vtl_3_is_corrupt", compose_partition_vtl_3, STATUS_CORRUPT_STATE, 0 },
	{ "partition_vtl_200_is_corrupt", compose_partition_vtl_200, STATUS_CORRUPT_STATE, 0 },
	{ "vp_marker_without_an_index_is_corrupt", compose_markers_without_payload,
	  STATUS_CORRUPT_STATE, 0 },
	{ "markers_may_be_short", compose_marker_of_4_bytes, STATUS_OK, 1 },
	/* On all of these, up to the header sizes, the original dies. */
	{ "missing_epilog_is_corrupt", compose_no_epilog, STATUS_CORRUPT_STATE, 0 },
	{ "chunk_past_the_end_is_corrupt", compose_overrun, STATUS_CORRUPT_STATE, 0 },
	{ "chunk_of_4_gib_is_corrupt", compose_overrun_of_4_gib, STATUS_CORRUPT_STATE, 0 },
	{ "epilog_cut_by_one_byte_is_corrupt", compose_cut_by_one_byte, STATUS_CORRUPT_STATE, 0 },
	{ "header_size_0_is_corrupt", compose_header_size_0, STATUS_CORRUPT_STATE, 0 },
	{ "header_size_8_is_corrupt", compose_header_size_8, STATUS_CORRUPT_STATE, 0 },
	{ "header_just_too_large_is_corrupt", compose_header_just_too_large, STATUS_CORRUPT_STATE,
	  0 },
	{ "header_size_48_with_chunks_at_40_is_corrupt", compose_header_size_48_with_chunks_at_40,
	  STATUS_CORRUPT_STATE, 0 },
	{ "header_size_40_with_chunks_at_40_is_corrupt", compose_header_size_40_with_chunks_at_40,
	  STATUS_CORRUPT_STATE, 0 },
	{ "header_size_2_to_the_40_is_corrupt", compose_header_size_2_to_the_40,
	  STATUS_CORRUPT_STATE, 0 },
	{ "header_size_of_all_ones_is_corrupt", compose_header_size_of_all_ones,
	  STATUS_CORRUPT_STATE, 0 },
	{ "no_bytes_are_corrupt", compose_nothing, STATUS_CORRUPT_STATE, 0 },
	{ "55_bytes_are_corrupt", compose_55_bytes, STATUS_CORRUPT_STATE, 0 },
	{ "chunks_start_16_bytes_after_the_header", compose_header_of_200_bytes, STATUS_OK, 1 },
	{ "descriptor_size_total_size_and_gap_are_not_looked_at", compose_lengths_nobody_looks_at,
	  STATUS_OK, 1 },
	{ "descriptor_size_and_total_size_may_be_0", compose_total_size_0, STATUS_OK, 1 },
	{ "bytes_after_the_epilog_are_ignored", compose_rubbish_after_epilog, STATUS_OK, 1 },
	{ "length_of_the_epilog_is_ignored", compose_epilog_of_impossible_length, STATUS_OK, 1 },
	/* On a VMCS or VMCB that is too short the original dies. */
	{ "intel_vmcs_of_1055_bytes_is_corrupt", compose_intel_vmcs_1055, STATUS_CORRUPT_STATE, 0 },
	{ "intel_vmcs_of_1056_bytes_loads", compose_intel_vmcs_1056, STATUS_OK, 1 },
	{ "intel_vmcs_of_any_size_loads_without_a_nested_guest", compose_intel_vmcs_256_not_nested,
	  STATUS_OK, 1 },
	{ "amd_vmcb_of_4319_bytes_is_corrupt_even_without_a_nested_guest",
	  compose_amd_vmcb_4319_not_nested, STATUS_CORRUPT_STATE, 0 },
	{ "amd_vmcb_of_4320_bytes_loads", compose_amd_vmcb_4320, STATUS_OK, 1 },
	{ "nested_base_without_payload_loads", compose_nested_base_without_payload, STATUS_OK, 1 },
	{ "indices_below_the_count_load_whatever_bits_are_set", compose_list_5_6_with_vps_0_1,
	  STATUS_OK, 2 },
	{ "list_0_2_with_vp_0_loads", compose_list_0_2_with_vp_0, STATUS_OK, 2 },
	{ "list_0_2_with_vps_0_1_loads", compose_list_0_2_with_vps_0_1, STATUS_OK, 2 },
	/* These four the original refuses. */
	{ "sparse_list_0_2_loads", compose_list_0_2_with_vps_0_2, STATUS_OK, 2 },
	{ "sparse_list_1_loads", compose_list_1_with_vp_1, STATUS_OK, 1 },
	{ "sparse_list_5_loads", compose_list_5_with_vp_5, STATUS_OK, 1 },
	{ "sparse_list_2047_loads", compose_list_of_2047, STATUS_OK, 1 },
	{ "sparse_vp_outside_the_list_is_corrupt", compose_list_0_2_with_vps_1_2,
	  STATUS_CORRUPT_STATE, 0 },
};

enum { LOAD_CASES = sizeof(load_cases) / sizeof(load_cases[0]) };

static void loads_or_is_refused(void **state)
{
	const struct load_case *load_case = *state;
	struct partition_state *partition = NULL;
	struct error error;
	struct blob blob;

	load_case->compose(&blob);
	error_clear(&error);
	assert_int_equal(partition_state_parse(blob.bytes, blob.size, &partition, &error),
			 load_case->answer);
	if (load_case->answer != STATUS_OK) {
		assert_null(partition);
		assert_int_equal(error.status, load_case->answer);
		assert_string_not_equal(error.text, "");
		return;
	}
	assert_int_equal(partition_state_vp_count(partition), load_case->vp_count);
	ask_everything(partition);
	partition_state_free(partition);
}

int main(void)
{
	struct CMUnitTest tests[LOAD_CASES];

	memset(tests, 0, sizeof(tests));
	for (size_t i = 0; i < LOAD_CASES; i++) {
		tests[i].name = load_cases[i].fact;
		tests[i].test_func = loads_or_is_refused;
		tests[i].initial_state = (void *)(uintptr_t)&load_cases[i];
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
