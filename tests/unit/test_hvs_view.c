/* SPDX-License-Identifier: MIT */
/*
 * The overlay of a replay log, compared with a map that holds every byte of the
 * contents, over many sets of pieces.
 */
#include "bench/codec_writer.h"
#include "container/hvs_view.h"

#include "test_shim.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	FILE_BYTES = 200,
	MOST_BYTES = 320,	/* of the contents: pieces may lie behind the file */
	MOST_PIECES = 8
};

struct overlay {
	uint8_t file_bytes[FILE_BYTES];
	uint8_t expected[MOST_BYTES];
	bool taken[MOST_BYTES];
	uint64_t size;		/* of the contents */
	struct hvs_patch *patches;
	size_t count;
};

static bool is_free(const struct overlay *overlay, const struct hvs_patch *patch)
{
	for (uint64_t i = 0; i < patch->length; i++) {
		if (overlay->taken[patch->target + i])
			return false;
	}
	return true;
}

static void add_piece(struct overlay *overlay, struct hvs_patch patch)
{
	for (uint64_t i = 0; i < patch.length; i++) {
		overlay->taken[patch.target + i] = true;
		overlay->expected[patch.target + i] = overlay->file_bytes[patch.payload + i];
	}
	if (patch.target + patch.length > overlay->size)
		overlay->size = patch.target + patch.length;
	overlay->patches[overlay->count++] = patch;
}

/* Pieces of 1 to 40 bytes, some side by side, some over the end or behind it. */
static void compose(struct overlay *overlay, struct random_numbers *random)
{
	uint32_t wanted = random_below(random, MOST_PIECES + 1);

	memset(overlay, 0, sizeof(*overlay));
	overlay->patches = calloc(MOST_PIECES, sizeof(*overlay->patches));
	assert_non_null(overlay->patches);
	for (size_t i = 0; i < FILE_BYTES; i++)
		overlay->file_bytes[i] = (uint8_t)(1 + random_below(random, 255));
	memcpy(overlay->expected, overlay->file_bytes, FILE_BYTES);
	overlay->size = FILE_BYTES;
	for (uint32_t i = 0; i < wanted; i++) {
		struct hvs_patch patch = { .length = 1 + random_below(random, 40) };

		patch.target = random_below(random, MOST_BYTES - 40);
		patch.payload = random_below(random, FILE_BYTES - 40);
		if (is_free(overlay, &patch))
			add_piece(overlay, patch);
	}
}

static void check_read(const struct overlay *overlay, const struct hvs_view *view, uint64_t offset,
		       size_t size)
{
	uint8_t buffer[MOST_BYTES + 1];

	memset(buffer, 0xEE, sizeof(buffer));
	if (offset + size > overlay->size) {
		assert_int_equal(hvs_view_read(view, offset, buffer, size, NULL),
				 STATUS_READ_FAILED);
		return;
	}
	assert_int_equal(hvs_view_read(view, offset, buffer, size, NULL), STATUS_OK);
	if (memcmp(buffer, overlay->expected + offset, size) != 0)
		fail_msg("wrong bytes among %zu at %llu", size, (unsigned long long)offset);
	assert_int_equal(buffer[size], 0xEE);
}

/* Composes an overlay and the view of it; ended by close_view(). */
static struct file *open_view(struct overlay *overlay, struct hvs_view *view,
			      struct random_numbers *random)
{
	struct file *file;

	compose(overlay, random);
	assert_int_equal(file_open_memory(overlay->file_bytes, FILE_BYTES, &file, NULL),
			 STATUS_OK);
	hvs_view_init(view, file);
	hvs_view_set_patches(view, overlay->patches, overlay->count);
	return file;
}

static void close_view(struct hvs_view *view, struct file *file)
{
	hvs_view_fini(view);
	file_close(file);
}

/* What a view should say of a range, byte by byte. */
static uint64_t count_stored(const struct overlay *overlay, uint64_t offset, uint64_t size)
{
	uint64_t count = 0;

	while (count < size && offset + count < overlay->size &&
	       (overlay->taken[offset + count] || offset + count < FILE_BYTES))
		count++;
	return count;
}

static void check_presence(const struct overlay *overlay, const struct hvs_view *view,
			   uint64_t offset, uint32_t size)
{
	uint64_t left = offset < overlay->size ? overlay->size - offset : 0;

	assert_int_equal(hvs_view_present(view, offset, size), size < left ? size : left);
	assert_int_equal(hvs_view_stored(view, offset, size), count_stored(overlay, offset, size));
}

static void what_is_there_is_told_to_the_byte(void **state)
{
	struct random_numbers random = { 0xFEDCBA9876543210 };

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		struct overlay overlay;
		struct hvs_view view;
		struct file *file = open_view(&overlay, &view, &random);

		check_presence(&overlay, &view, 0, (uint32_t)overlay.size);
		check_presence(&overlay, &view, 0, UINT32_MAX);
		for (unsigned i = 0; i < 200; i++)
			check_presence(&overlay, &view, random_below(&random, MOST_BYTES),
				       random_below(&random, 120));
		assert_int_equal(hvs_view_stored(&view, UINT64_MAX, UINT64_MAX), 0);
		close_view(&view, file);
	}
}

static void any_read_gives_the_bytes_with_all_pieces_in_place(void **state)
{
	struct random_numbers random = { 0x0123456789ABCDEF };

	(void)state;
	for (unsigned round = 0; round < 1000; round++) {
		struct overlay overlay;
		struct hvs_view view;
		struct file *file = open_view(&overlay, &view, &random);

		assert_int_equal(view.size, overlay.size);
		check_read(&overlay, &view, 0, (size_t)overlay.size);
		for (unsigned i = 0; i < 200; i++)
			check_read(&overlay, &view, random_below(&random, MOST_BYTES),
				   random_below(&random, 60));
		close_view(&view, file);
	}
}

static void without_pieces_the_view_is_the_file(void **state)
{
	struct hvs_view view;
	struct file *file;
	char buffer[4];

	(void)state;
	assert_int_equal(file_open_memory("abcd", 4, &file, NULL), STATUS_OK);
	hvs_view_init(&view, file);
	assert_int_equal(view.size, 4);
	assert_int_equal(hvs_view_read(&view, 0, buffer, 4, NULL), STATUS_OK);
	assert_memory_equal(buffer, "abcd", 4);
	assert_int_equal(hvs_view_read(&view, 1, buffer, 4, NULL), STATUS_READ_FAILED);
	hvs_view_fini(&view);
	file_close(file);
}

static struct hvs_view view_with_one_piece(const struct file *file, uint64_t target)
{
	struct hvs_patch *patch = calloc(1, sizeof(*patch));
	struct hvs_view view;

	assert_non_null(patch);
	patch->target = target;
	patch->length = 4;
	hvs_view_init(&view, file);
	hvs_view_set_patches(&view, patch, 1);
	return view;
}

static void the_contents_may_end_just_below_2_63(void **state)
{
	static const uint64_t target = FILE_SIZE_LIMIT - 4;
	struct hvs_view view;
	struct file *file;
	char buffer[8];

	(void)state;
	assert_int_equal(file_open_memory("abcd", 4, &file, NULL), STATUS_OK);
	view = view_with_one_piece(file, target);
	assert_int_equal(view.size, FILE_SIZE_LIMIT);
	assert_int_equal(hvs_view_read(&view, target - 4, buffer, 8, NULL), STATUS_OK);
	assert_memory_equal(buffer, "\0\0\0\0abcd", 8);
	assert_int_equal(hvs_view_read(&view, target, buffer, 5, NULL), STATUS_READ_FAILED);
	assert_int_equal(hvs_view_read(&view, UINT64_MAX, buffer, 8, NULL), STATUS_READ_FAILED);
	hvs_view_fini(&view);
	file_close(file);
}

static enum status fail_to_read(void *context, uint64_t offset, void *buffer, size_t size,
				struct error *error)
{
	(void)context;
	(void)offset;
	(void)buffer;
	(void)size;
	return error_set(error, STATUS_READ_FAILED, "broken disk");
}

static void a_failing_disk_fails_the_read_inside_and_outside_a_piece(void **state)
{
	static const struct file_operations broken = { .read_at = fail_to_read };
	struct hvs_view view;
	struct error error;
	struct file *file;
	char buffer[8];

	(void)state;
	assert_int_equal(file_open_custom(&broken, NULL, 100, &file, NULL), STATUS_OK);
	view = view_with_one_piece(file, 50);
	assert_int_equal(hvs_view_read(&view, 50, buffer, 4, &error), STATUS_READ_FAILED);
	assert_string_equal(error.text, "broken disk");
	assert_int_equal(hvs_view_read(&view, 0, buffer, 4, NULL), STATUS_READ_FAILED);
	hvs_view_fini(&view);
	file_close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_read_gives_the_bytes_with_all_pieces_in_place),
		cmocka_unit_test(what_is_there_is_told_to_the_byte),
		cmocka_unit_test(without_pieces_the_view_is_the_file),
		cmocka_unit_test(the_contents_may_end_just_below_2_63),
		cmocka_unit_test(a_failing_disk_fails_the_read_inside_and_outside_a_piece),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
