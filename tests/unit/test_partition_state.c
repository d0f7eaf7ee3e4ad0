/* SPDX-License-Identifier: MIT */
/*
 * What a partition state says as a whole, and what damage does to it.  The
 * answers are those measured on the original; where ours differ on purpose,
 * the test says so.
 */
#include "state/partition_state.h"

#include "partition_state_builder.h"
#include "partition_state_questions.h"
#include "test_shim.h"

#include <stdlib.h>
#include <string.h>

static enum status parse(const struct blob *blob, struct partition_state **out)
{
	struct error error;
	enum status status;

	error_clear(&error);
	status = partition_state_parse(blob->bytes, blob->size, out, &error);
	if (status != STATUS_OK) {
		assert_int_equal(error.status, status);
		assert_string_not_equal(error.text, "");
	}
	return status;
}

static uint64_t rax_of(const struct partition_state *state, uint32_t vp_id)
{
	static const struct vp_overrides nothing;
	const struct virtual_processor *vp = NULL;
	uint8_t value[16];
	uint64_t rax = 0;

	assert_int_equal(partition_state_vp(state, vp_id, &vp, NULL), STATUS_OK);
	assert_int_equal(vp_read_register(vp, &nothing, 0, value, NULL), STATUS_OK);
	for (unsigned i = 8; i > 0; i--)
		rax = rax << 8 | value[i - 1];
	return rax;
}

/* --- What was loaded --------------------------------------------------------- */

static void a_vp_id_at_or_above_the_count_is_refused(void **state)
{
	struct partition_state *partition = NULL;
	const struct virtual_processor *untouched = NULL;
	struct blob blob;

	(void)state;
	blob_start_single_vp(&blob);
	blob_end(&blob);
	assert_int_equal(parse(&blob, &partition), STATUS_OK);
	assert_int_equal(partition_state_vp(partition, 1, &untouched, NULL),
			 STATUS_INVALID_ARGUMENT);
	assert_int_equal(partition_state_vp(partition, UINT32_MAX, &untouched, NULL),
			 STATUS_INVALID_ARGUMENT);
	assert_null(untouched);
	partition_state_free(partition);
}

static void sparse_vps_are_numbered_by_rank_and_keep_their_index(void **state)
{
	static const uint32_t indices[] = { 0, 1, 2, 70 };
	struct partition_state *partition = NULL;
	const struct virtual_processor *vp = NULL;
	struct blob blob;
	uint8_t *list;

	(void)state;
	blob_start(&blob);
	list = blob_chunk(&blob, 0x30000000, NULL, 30);
	list[4] = 0x07;
	list[4 + 8] = 0x40;
	for (unsigned i = 4; i > 0; i--) {	/* the order of the chunks is nobody's business */
		blob_vp(&blob, indices[i - 1]);
		blob_general(&blob, 100 + indices[i - 1]);
	}
	blob_end(&blob);
	assert_int_equal(parse(&blob, &partition), STATUS_OK);
	assert_int_equal(partition_state_vp_count(partition), 4);
	for (uint32_t id = 0; id < 4; id++) {
		assert_int_equal(partition_state_vp(partition, id, &vp, NULL), STATUS_OK);
		assert_int_equal(vp->index, indices[id]);
		assert_int_equal(rax_of(partition, id), 100 + indices[id]);
	}
	partition_state_free(partition);
}

static void indices_below_the_count_are_the_ids(void **state)
{
	struct partition_state *partition = NULL;
	struct blob blob;

	(void)state;
	blob_start(&blob);
	blob_vp_indices(&blob, 0x60);
	blob_vp(&blob, 1);
	blob_general(&blob, 11);
	blob_vp(&blob, 0);
	blob_general(&blob, 10);
	blob_end(&blob);
	assert_int_equal(parse(&blob, &partition), STATUS_OK);
	assert_int_equal(rax_of(partition, 0), 10);
	assert_int_equal(rax_of(partition, 1), 11);
	partition_state_free(partition);
}

static void nothing_points_into_the_blob_after_parsing(void **state)
{
	struct partition_state *partition = NULL;
	struct blob blob;
	uint8_t *copy;

	(void)state;
	blob_start_single_vp(&blob);
	blob_general(&blob, 0x1122334455667788);
	blob_end(&blob);
	copy = malloc(blob.size);
	assert_non_null(copy);
	memcpy(copy, blob.bytes, blob.size);
	assert_int_equal(partition_state_parse(copy, blob.size, &partition, NULL), STATUS_OK);
	memset(copy, 0xFF, blob.size);
	free(copy);
	assert_int_equal(rax_of(partition, 0), 0x1122334455667788);
	ask_everything(partition);
	partition_state_free(partition);
}

static void the_last_register_chunk_wins(void **state)
{
	struct partition_state *partition = NULL;
	struct blob blob;

	(void)state;
	blob_start(&blob);
	blob_general(&blob, 1);		/* before any VP: nobody's */
	blob_vp_indices(&blob, 1);
	blob_vp(&blob, 0);
	blob_general(&blob, 2);
	blob_general(&blob, 3);
	blob_end(&blob);
	assert_int_equal(parse(&blob, &partition), STATUS_OK);
	assert_int_equal(rax_of(partition, 0), 3);
	partition_state_free(partition);
}

/* The original reads the next chunk's header as the rest of a short chunk. */
static void a_short_chunk_does_not_borrow_from_the_next(void **state)
{
	struct partition_state *partition = NULL;
	struct blob blob;

	(void)state;
	blob_start_single_vp(&blob);
	blob_chunk(&blob, 0x30005000, NULL, 0);
	blob_general(&blob, 5);
	blob_chunk(&blob, 0x30005000, NULL, 7);
	blob_end(&blob);
	assert_int_equal(parse(&blob, &partition), STATUS_OK);
	assert_int_equal(rax_of(partition, 0), 0);
	partition_state_free(partition);
}

static void guest_vtls_come_from_os_ids(void **state)
{
	struct partition_state *partition = NULL;
	struct blob blob;
	uint64_t id = 42;

	(void)state;
	blob_start(&blob);
	blob_os_id(&blob, 7);			/* before any marker: VTL 0 */
	blob_partition_vtl(&blob, 1);		/* without an OS id of its own */
	blob_partition_vtl(&blob, 2);
	blob_os_id(&blob, UINT64_MAX);
	blob_vp_indices(&blob, 1);
	blob_end(&blob);
	assert_int_equal(parse(&blob, &partition), STATUS_OK);
	assert_int_equal(partition_state_guest_vtls(partition), 0x5);
	assert_int_equal(partition_state_os_id(partition, 1, &id, NULL), STATUS_INVALID_ARGUMENT);
	assert_int_equal(partition_state_os_id(partition, 3, &id, NULL), STATUS_INVALID_ARGUMENT);
	assert_int_equal(partition_state_os_id(partition, 255, &id, NULL),
			 STATUS_INVALID_ARGUMENT);
	assert_int_equal(id, 42);
	assert_int_equal(partition_state_os_id(partition, 0, &id, NULL), STATUS_OK);
	assert_int_equal(id, 7);
	assert_int_equal(partition_state_os_id(partition, 2, &id, NULL), STATUS_OK);
	assert_int_equal(id, UINT64_MAX);
	partition_state_free(partition);
}

static void an_os_id_of_zero_counts_and_the_last_one_wins(void **state)
{
	struct partition_state *partition = NULL;
	struct blob blob;
	uint64_t id = 42;

	(void)state;
	blob_start(&blob);
	blob_os_id(&blob, 7);
	blob_os_id(&blob, 0);
	blob_vp_indices(&blob, 1);
	blob_end(&blob);
	assert_int_equal(parse(&blob, &partition), STATUS_OK);
	assert_int_equal(partition_state_guest_vtls(partition), 0x1);
	assert_int_equal(partition_state_os_id(partition, 0, &id, NULL), STATUS_OK);
	assert_int_equal(id, 0);
	partition_state_free(partition);
}

static void without_os_ids_no_guest_vtl_is_enabled(void **state)
{
	struct partition_state *partition = NULL;
	struct blob blob;

	(void)state;
	blob_start_single_vp(&blob);
	blob_partition_vtl(&blob, 1);
	blob_vp_vtl(&blob, 1);
	blob_end(&blob);
	assert_int_equal(parse(&blob, &partition), STATUS_OK);
	assert_int_equal(partition_state_guest_vtls(partition), 0);
	partition_state_free(partition);
}

static void nested_virtualization_is_enabled_by_the_chunk_alone(void **state)
{
	struct partition_state *partition = NULL;
	struct blob blob;

	(void)state;
	blob_start_single_vp(&blob);
	blob_end(&blob);
	assert_int_equal(parse(&blob, &partition), STATUS_OK);
	assert_false(partition_state_nested_enabled(partition));
	partition_state_free(partition);
	blob_start_single_vp(&blob);
	blob_chunk(&blob, 0x30021000, NULL, 0);
	blob_end(&blob);
	assert_int_equal(parse(&blob, &partition), STATUS_OK);
	assert_true(partition_state_nested_enabled(partition));
	partition_state_free(partition);
}

static void chunks_of_a_vtl_can_be_had_as_saved(void **state)
{
	struct partition_state *partition = NULL;
	const uint8_t *bytes = NULL;
	struct blob blob;
	size_t size = 0;

	(void)state;
	blob_start_single_vp(&blob);
	blob_chunk(&blob, 0x3000B000, "virtual MSRs of VTL 0", 21);
	blob_chunk(&blob, 0x30021000, "nested", 6);
	blob_chunk(&blob, 0x3000F000, NULL, 0);
	blob_vp_vtl(&blob, 1);
	blob_chunk(&blob, 0x3000B000, "and of VTL 1", 12);
	blob_end(&blob);
	assert_int_equal(parse(&blob, &partition), STATUS_OK);
	assert_int_equal(partition_state_vp_chunk(partition, 0, 0, 0x3000B000, &bytes, &size, NULL),
			 STATUS_OK);
	assert_int_equal(size, 21);
	assert_memory_equal(bytes, "virtual MSRs of VTL 0", 21);
	assert_int_equal(partition_state_vp_chunk(partition, 0, 1, 0x3000B000, &bytes, &size, NULL),
			 STATUS_OK);
	assert_int_equal(size, 12);
	assert_memory_equal(bytes, "and of VTL 1", 12);
	assert_int_equal(partition_state_vp_chunk(partition, 0, 1, 0x30021000, &bytes, &size, NULL),
			 STATUS_OK);
	assert_int_equal(size, 6);
	assert_int_equal(partition_state_vp_chunk(partition, 0, 0, 0x3000F000, &bytes, &size, NULL),
			 STATUS_OK);
	assert_int_equal(size, 0);
	assert_int_equal(partition_state_vp_chunk(partition, 0, 1, 0x3000F000, &bytes, &size, NULL),
			 STATUS_KEY_NOT_FOUND);
	assert_int_equal(partition_state_vp_chunk(partition, 0, 0, 0x30001000, &bytes, &size, NULL),
			 STATUS_KEY_NOT_FOUND);
	assert_int_equal(partition_state_vp_chunk(partition, 0, 2, 0x3000B000, &bytes, &size, NULL),
			 STATUS_VTL_NOT_ENABLED);
	assert_int_equal(partition_state_vp_chunk(partition, 0, 3, 0x3000B000, &bytes, &size, NULL),
			 STATUS_VTL_NOT_ENABLED);
	assert_int_equal(partition_state_vp_chunk(partition, 1, 0, 0x3000B000, &bytes, &size, NULL),
			 STATUS_INVALID_ARGUMENT);
	partition_state_free(partition);
}

static void an_error_says_which_chunk_and_where(void **state)
{
	struct partition_state *partition = NULL;
	struct error error;
	struct blob blob;

	(void)state;
	blob_start(&blob);
	blob_vp_indices(&blob, 1);
	blob_vp_indices(&blob, 1);
	blob_end(&blob);
	assert_int_equal(partition_state_parse(blob.bytes, blob.size, &partition, &error),
			 STATUS_CORRUPT_STATE);
	assert_non_null(strstr(error.text, "0x30000000"));
	assert_non_null(strstr(error.text, "offset 0x44"));
	assert_int_equal(partition_state_parse(blob.bytes, blob.size, &partition, NULL),
			 STATUS_CORRUPT_STATE);
}

/* --- Noise ------------------------------------------------------------------- */

static void fill_with_noise(uint8_t *bytes, size_t size)
{
	uint64_t x = UINT64_C(0x9E3779B97F4A7C15);

	for (size_t i = 0; i < size; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		bytes[i] = (uint8_t)(x >> 32);
	}
}

static void noise_looks_encrypted(void **state)
{
	struct partition_state *partition = NULL;
	struct blob blob;

	(void)state;
	fill_with_noise(blob.bytes, sizeof(blob.bytes));
	blob.size = sizeof(blob.bytes);
	assert_int_equal(parse(&blob, &partition), STATUS_ENCRYPTED);
	blob.size = 4096;
	assert_int_equal(parse(&blob, &partition), STATUS_ENCRYPTED);
	blob_start(&blob);
	fill_with_noise(blob.bytes + 40, 8192);
	blob.size = 40 + 8192;
	assert_int_equal(parse(&blob, &partition), STATUS_ENCRYPTED);
}

static void noise_of_less_than_2048_bytes_is_only_corrupt(void **state)
{
	struct partition_state *partition = NULL;
	struct blob blob;

	(void)state;
	fill_with_noise(blob.bytes, sizeof(blob.bytes));
	blob.size = 2047;
	assert_int_equal(parse(&blob, &partition), STATUS_CORRUPT_STATE);
	/* Every value as often as any other is the most that bytes can carry. */
	for (size_t i = 0; i < 2048; i++)
		blob.bytes[i] = (uint8_t)i;
	assert_int_equal(parse(&blob, &partition), STATUS_CORRUPT_STATE);
	blob.size = 2048;
	assert_int_equal(parse(&blob, &partition), STATUS_ENCRYPTED);
}

/* 238 values alike are log2(238) = 7.895 bits per byte, 239 are 7.901. */
static void noise_starts_at_7_9_bits_per_byte(void **state)
{
	struct partition_state *partition = NULL;
	struct blob blob;

	(void)state;
	for (size_t i = 0; i < sizeof(blob.bytes); i++)
		blob.bytes[i] = (uint8_t)(i % 238);
	blob.size = 238 * 10;
	assert_int_equal(parse(&blob, &partition), STATUS_CORRUPT_STATE);
	for (size_t i = 0; i < sizeof(blob.bytes); i++)
		blob.bytes[i] = (uint8_t)(i % 239);
	blob.size = 239 * 10;
	assert_int_equal(parse(&blob, &partition), STATUS_ENCRYPTED);
}

static void a_damaged_state_does_not_look_encrypted(void **state)
{
	struct partition_state *partition = NULL;
	struct blob blob;

	(void)state;
	blob_start(&blob);
	blob_prolog(&blob, 1);
	blob_vp_indices(&blob, 1);
	blob_vp(&blob, 0);
	blob_control(&blob, 0x1000, 0x20, 0x500);
	blob_segment(&blob, 0x209B, 0x4093);
	assert_true(blob.size > 2048);
	assert_int_equal(parse(&blob, &partition), STATUS_CORRUPT_STATE);
}

static void noise_in_a_sound_state_is_not_taken_for_encryption(void **state)
{
	struct partition_state *partition = NULL;
	struct blob blob;

	(void)state;
	blob_start_single_vp(&blob);
	fill_with_noise(blob_chunk(&blob, 0x3000E100, NULL, 16384), 16384);
	blob_end(&blob);
	assert_int_equal(parse(&blob, &partition), STATUS_OK);
	partition_state_free(partition);
	blob_start(&blob);
	fill_with_noise(blob_chunk(&blob, 0x3000E100, NULL, 16384), 16384);
	blob_end(&blob);
	assert_int_equal(parse(&blob, &partition), STATUS_CORRUPT_STATE);
}

/* --- Damage ------------------------------------------------------------------ */

/* Two VPs, three VTLs, a nested guest; small enough to damage each byte of it. */
static void compose_to_be_damaged(struct blob *blob)
{
	blob_start(blob);
	blob_chunk(blob, 0x00000000, "udTP\0\0\0\0\1\0\0\0", 12);
	blob_os_id(blob, UINT64_C(0x0001040A00004A61));
	blob_partition_vtl(blob, 1);
	blob_os_id(blob, 0);
	blob_vp_indices(blob, 0x5);
	for (uint32_t index = 0; index <= 2; index += 2) {
		blob_vp(blob, index);
		blob_general(blob, index);
		blob_control(blob, 0x1000, 0x20, 0x500);
		blob_segment(blob, 0x209B, 0x4093);
		blob_vp_vtl(blob, 1);
		blob_control_page(blob, 1);
		blob_chunk(blob, 0x3000A000, NULL, 32);
		blob_chunk(blob, 0x3000B000, NULL, 96);
	}
	blob_chunk(blob, 0x30021000, "\1", 1);
	blob_chunk(blob, 0x30023000, NULL, 1056);
	blob_end(blob);
}

/* From an allocation of its own, so that a sanitizer sees a byte too far. */
static void parse_and_ask(const uint8_t *bytes, size_t size)
{
	struct partition_state *partition = NULL;
	uint8_t *copy = malloc(size + (size == 0));

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	if (partition_state_parse(copy, size, &partition, NULL) == STATUS_OK) {
		free(copy);
		ask_everything(partition);
		partition_state_free(partition);
		return;
	}
	assert_null(partition);
	free(copy);
}

static void every_truncation_is_corrupt(void **state)
{
	struct partition_state *partition = NULL;
	struct blob blob;
	size_t whole;

	(void)state;
	compose_to_be_damaged(&blob);
	whole = blob.size;
	assert_int_equal(parse(&blob, &partition), STATUS_OK);
	partition_state_free(partition);
	for (blob.size = 0; blob.size < whole; blob.size++) {
		partition = NULL;
		assert_int_equal(parse(&blob, &partition), STATUS_CORRUPT_STATE);
		parse_and_ask(blob.bytes, blob.size);
	}
}

static void every_damaged_byte_is_survived(void **state)
{
	static const uint8_t damages[] = { 0x01, 0x10, 0x80, 0xFF };
	struct blob blob;

	(void)state;
	compose_to_be_damaged(&blob);
	for (size_t at = 0; at < blob.size; at++) {
		for (size_t i = 0; i < sizeof(damages); i++) {
			blob.bytes[at] ^= damages[i];
			parse_and_ask(blob.bytes, blob.size);
			blob.bytes[at] ^= damages[i];
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vp_id_at_or_above_the_count_is_refused),
		cmocka_unit_test(sparse_vps_are_numbered_by_rank_and_keep_their_index),
		cmocka_unit_test(indices_below_the_count_are_the_ids),
		cmocka_unit_test(nothing_points_into_the_blob_after_parsing),
		cmocka_unit_test(the_last_register_chunk_wins),
		cmocka_unit_test(a_short_chunk_does_not_borrow_from_the_next),
		cmocka_unit_test(guest_vtls_come_from_os_ids),
		cmocka_unit_test(an_os_id_of_zero_counts_and_the_last_one_wins),
		cmocka_unit_test(without_os_ids_no_guest_vtl_is_enabled),
		cmocka_unit_test(nested_virtualization_is_enabled_by_the_chunk_alone),
		cmocka_unit_test(chunks_of_a_vtl_can_be_had_as_saved),
		cmocka_unit_test(an_error_says_which_chunk_and_where),
		cmocka_unit_test(noise_looks_encrypted),
		cmocka_unit_test(noise_of_less_than_2048_bytes_is_only_corrupt),
		cmocka_unit_test(noise_starts_at_7_9_bits_per_byte),
		cmocka_unit_test(a_damaged_state_does_not_look_encrypted),
		cmocka_unit_test(noise_in_a_sound_state_is_not_taken_for_encryption),
		cmocka_unit_test(every_truncation_is_corrupt),
		cmocka_unit_test(every_damaged_byte_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
