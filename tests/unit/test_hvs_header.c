/* SPDX-License-Identifier: MIT */
/*
 * Which of the two file headers is in force, and what is wrong with it.  The
 * answers are those of the original, measured with files that differ in
 * nothing else.
 */
#include "base/bytes.h"
#include "container/hvs_header.h"

#include "support/crc32.h"
#include "test_shim.h"

#include <string.h>

enum { COPY_SPACING = 4096, HEADER_BYTES = 46, IMAGE_BYTES = COPY_SPACING + HEADER_BYTES };

struct image {
	uint8_t bytes[IMAGE_BYTES];
};

static uint8_t *copy_of(struct image *image, unsigned copy)
{
	return image->bytes + copy * COPY_SPACING;
}

static void renew_checksum(struct image *image, unsigned copy)
{
	uint8_t *bytes = copy_of(image, copy);

	store_le32(bytes + 4, 0);
	store_le32(bytes + 4, crc32_add(0, bytes, HEADER_BYTES));
}

static void put_copy(struct image *image, unsigned copy, uint16_t sequence)
{
	uint8_t *bytes = copy_of(image, copy);

	memset(bytes, 0, HEADER_BYTES);
	store_le32(bytes, 0x01282014);
	store_le16(bytes + 8, sequence);
	store_le32(bytes + 10, 0x0400);
	store_le32(bytes + 22, 0x1000);
	/* So that the copies can be told apart. */
	store_le64(bytes + 26, UINT64_C(0x4000) + copy * UINT64_C(0x1000));
	store_le64(bytes + 34, 0x1000);
	store_le32(bytes + 42, 0x1000);
	renew_checksum(image, copy);
}

static struct image image_with(uint16_t sequence0, uint16_t sequence1)
{
	struct image image = { { 0 } };

	put_copy(&image, 0, sequence0);
	put_copy(&image, 1, sequence1);
	return image;
}

static enum status read_header(const struct image *image, struct hvs_header *out)
{
	struct hvs_view view;
	enum status status;
	struct file *file;

	assert_int_equal(file_open_memory(image->bytes, IMAGE_BYTES, &file, NULL), STATUS_OK);
	hvs_view_init(&view, file);
	status = hvs_header_read(&view, out, NULL);
	hvs_view_fini(&view);
	file_close(file);
	return status;
}

enum { NEITHER = 2 };

struct sequence_case {
	uint16_t sequence0;
	uint16_t sequence1;
	unsigned chosen;
};

static const struct sequence_case sequence_cases[] = {
	{ 1, 0, 0 },
	{ 0, 1, 1 },
	{ 8, 7, 0 },
	{ 7, 8, 1 },
	{ 0x8000, 0x7FFF, 0 },
	{ 0x7FFF, 0x8000, 1 },
	{ 0, 0xFFFF, 0 },	/* the number wraps */
	{ 0xFFFF, 0, 1 },
	{ 0xFFFF, 0xFFFE, 0 },
	{ 0, 0, NEITHER },
	{ 7, 7, NEITHER },
	{ 0xFFFF, 0xFFFF, NEITHER },
	{ 5, 1, NEITHER },
	{ 1, 3, NEITHER },
	{ 0xFFFE, 0, NEITHER },
	{ 1, 0xFFFF, NEITHER },
	{ 0x8000, 0, NEITHER },
};

static void of_two_good_copies_the_follower_is_in_force(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sequence_cases) / sizeof(sequence_cases[0]); i++) {
		const struct sequence_case *now = &sequence_cases[i];
		struct image image = image_with(now->sequence0, now->sequence1);
		struct hvs_header header = { .copy = 77 };
		enum status status = read_header(&image, &header);

		if (now->chosen == NEITHER) {
			assert_int_equal(status, STATUS_CORRUPT);
			assert_int_equal(header.copy, 77);
			continue;
		}
		assert_int_equal(status, STATUS_OK);
		assert_int_equal(header.copy, now->chosen);
		assert_int_equal(header.sequence,
				 now->chosen == 0 ? now->sequence0 : now->sequence1);
		assert_int_equal(header.log_offset, 0x4000 + 0x1000 * now->chosen);
	}
}

/* Every distance between two numbers, from several starts. */
static void only_neighbours_can_be_told_apart(void **state)
{
	static const uint16_t starts[] = { 0, 1, 0x7FFF, 0x8000, 0xFFFF };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		for (uint32_t distance = 0; distance < 0x10000; distance += 0xFF) {
			uint16_t other = (uint16_t)(starts[i] + distance);
			struct image image = image_with(other, starts[i]);
			struct hvs_header header;
			bool neighbours = distance == 1 || distance == 0xFFFF;

			assert_int_equal(read_header(&image, &header),
					 neighbours ? STATUS_OK : STATUS_CORRUPT);
		}
	}
}

static void spoil_signature(struct image *image, unsigned copy)
{
	copy_of(image, copy)[0] ^= 1;
	renew_checksum(image, copy);
}

static void spoil_checksum(struct image *image, unsigned copy)
{
	copy_of(image, copy)[4] ^= 1;
}

static void spoil_last_byte(struct image *image, unsigned copy)
{
	copy_of(image, copy)[HEADER_BYTES - 1] ^= 1;
}

static void spoil_all(struct image *image, unsigned copy)
{
	memset(copy_of(image, copy), 0, HEADER_BYTES);
}

static void (*const spoilers[])(struct image *image, unsigned copy) = {
	spoil_signature, spoil_checksum, spoil_last_byte, spoil_all
};

static void one_good_copy_is_in_force_newer_or_older(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(spoilers) / sizeof(spoilers[0]); i++) {
		for (unsigned bad = 0; bad < 2; bad++) {
			struct image image = image_with(1, 0);
			struct hvs_header header;

			spoilers[i](&image, bad);
			assert_int_equal(read_header(&image, &header), STATUS_OK);
			assert_int_equal(header.copy, 1 - bad);
		}
	}
}

static void without_a_good_copy_the_file_is_corrupt(void **state)
{
	(void)state;
	for (size_t i = 0; i < 16; i++) {
		struct image image = image_with(1, 0);
		struct hvs_header header;

		spoilers[i / 4](&image, 0);
		spoilers[i % 4](&image, 1);
		assert_int_equal(read_header(&image, &header), STATUS_CORRUPT);
	}
}

struct field_case {
	unsigned offset;
	unsigned size;
	uint64_t value;
	enum status answer;
};

static const struct field_case field_cases[] = {
	/* Format version. */
	{ 10, 4, 0x0000, STATUS_UNSUPPORTED_VERSION },
	{ 10, 4, 0x0100, STATUS_CORRUPT },
	{ 10, 4, 0x01FF, STATUS_CORRUPT },
	{ 10, 4, 0x0200, STATUS_UNSUPPORTED_PREVIEW },
	{ 10, 4, 0x0300, STATUS_UNSUPPORTED_PREVIEW },
	{ 10, 4, 0x0301, STATUS_UNSUPPORTED_PREVIEW },
	{ 10, 4, 0x0400, STATUS_OK },
	{ 10, 4, 0x0401, STATUS_OK },
	{ 10, 4, 0x04FF, STATUS_OK },
	{ 10, 4, 0x0500, STATUS_UNSUPPORTED_VERSION },
	{ 10, 4, 0xFFFFFFFF, STATUS_UNSUPPORTED_VERSION },
	/* Data version and flags mean nothing. */
	{ 14, 4, 7, STATUS_OK },
	{ 18, 4, 0xFFFFFFFF, STATUS_OK },
	/* Alignment. */
	{ 22, 4, 0, STATUS_CORRUPT },
	{ 22, 4, 1, STATUS_CORRUPT },
	{ 22, 4, 512, STATUS_CORRUPT },
	{ 22, 4, 2048, STATUS_CORRUPT },
	{ 22, 4, 4097, STATUS_CORRUPT },
	{ 22, 4, 0x2000, STATUS_OK },
	{ 22, 4, 0x20000, STATUS_CORRUPT },
	{ 22, 4, 0x80000000, STATUS_CORRUPT },
	/* Replay log. */
	{ 26, 8, 0, STATUS_CORRUPT },
	{ 26, 8, 0x4001, STATUS_CORRUPT },
	{ 26, 8, UINT64_C(0x8000000000000000), STATUS_CORRUPT },
	{ 34, 8, 0, STATUS_CORRUPT },
	{ 34, 8, 0xFFF, STATUS_CORRUPT },
	{ 34, 8, 1 << 30, STATUS_OK },
	{ 34, 8, UINT64_MAX, STATUS_CORRUPT },
	{ 42, 4, 0, STATUS_CORRUPT_RANGE },
	{ 42, 4, 33, STATUS_CORRUPT },
	{ 42, 4, 34, STATUS_OK },
	{ 42, 4, 0x1001, STATUS_CORRUPT },
};

static void each_field_of_the_copy_in_force_is_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(field_cases) / sizeof(field_cases[0]); i++) {
		const struct field_case *now = &field_cases[i];
		struct image image = image_with(1, 0);
		struct hvs_header header;
		enum status status;

		for (unsigned byte = 0; byte < now->size; byte++)
			image.bytes[now->offset + byte] = (uint8_t)(now->value >> (8 * byte));
		renew_checksum(&image, 0);
		status = read_header(&image, &header);
		if (status != now->answer)
			fail_msg("field at %u = %llx: status %d", now->offset,
				 (unsigned long long)now->value, (int)status);
	}
}

/* The other copy is good, but the newer one counts. */
static void there_is_no_way_back_to_the_older_copy(void **state)
{
	struct image image = image_with(1, 0);
	struct hvs_header header;

	(void)state;
	store_le32(copy_of(&image, 0) + 22, 512);
	renew_checksum(&image, 0);
	assert_int_equal(read_header(&image, &header), STATUS_CORRUPT);
	image = image_with(1, 0);
	store_le32(copy_of(&image, 1) + 22, 512);
	renew_checksum(&image, 1);
	assert_int_equal(read_header(&image, &header), STATUS_OK);
}

static void all_fields_are_handed_out(void **state)
{
	struct image image = image_with(0x1234, 0x1233);
	uint8_t *bytes = copy_of(&image, 0);
	struct hvs_header header;

	(void)state;
	store_le32(bytes + 10, 0x0401);
	store_le32(bytes + 22, 0x8000);
	store_le64(bytes + 26, UINT64_C(0x123450000));
	store_le64(bytes + 34, UINT64_C(0x200001000));
	store_le32(bytes + 42, 0x2000);
	renew_checksum(&image, 0);
	assert_int_equal(read_header(&image, &header), STATUS_OK);
	assert_int_equal(header.sequence, 0x1234);
	assert_int_equal(header.format_version, 0x0401);
	assert_int_equal(header.alignment, 0x8000);
	assert_int_equal(header.log_offset, UINT64_C(0x123450000));
	assert_int_equal(header.log_size, UINT64_C(0x200001000));
	assert_int_equal(header.log_header_size, 0x2000);
	assert_memory_equal(header.bytes, bytes, HEADER_BYTES);
}

static enum status probe(const struct image *image, size_t size)
{
	enum status status;
	struct file *file;

	assert_int_equal(file_open_memory(image->bytes, size, &file, NULL), STATUS_OK);
	status = hvs_header_probe(file, NULL);
	file_close(file);
	return status;
}

static void either_signature_tells_the_kind_of_the_file(void **state)
{
	struct image image = image_with(1, 0);

	(void)state;
	assert_int_equal(probe(&image, IMAGE_BYTES), STATUS_OK);
	assert_int_equal(probe(&image, 4), STATUS_OK);
	assert_int_equal(probe(&image, 3), STATUS_NOT_A_SAVED_STATE);
	spoil_checksum(&image, 1);
	spoil_all(&image, 0);
	assert_int_equal(probe(&image, IMAGE_BYTES), STATUS_OK);
	assert_int_equal(probe(&image, COPY_SPACING + 3), STATUS_NOT_A_SAVED_STATE);
	spoil_all(&image, 1);
	assert_int_equal(probe(&image, IMAGE_BYTES), STATUS_NOT_A_SAVED_STATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_two_good_copies_the_follower_is_in_force),
		cmocka_unit_test(only_neighbours_can_be_told_apart),
		cmocka_unit_test(one_good_copy_is_in_force_newer_or_older),
		cmocka_unit_test(without_a_good_copy_the_file_is_corrupt),
		cmocka_unit_test(each_field_of_the_copy_in_force_is_checked),
		cmocka_unit_test(there_is_no_way_back_to_the_older_copy),
		cmocka_unit_test(all_fields_are_handed_out),
		cmocka_unit_test(either_signature_tells_the_kind_of_the_file),
	};

	return cmocka_run_group_tests_name("file header", tests, NULL, NULL);
}
