/* SPDX-License-Identifier: MIT */
/*
 * A replay log of any kind is refused and left alone, or reads the same as an
 * overlay, after it is applied, and after an attempt to apply it that was
 * stopped at some write.
 *
 * Input: a .vmrs, plain or packed (fault/packed_image.h).
 */
#include "container/hvs_apply.h"
#include "fault/failing_file.h"
#include "fault/image_mutator.h"
#include "fault/packed_image.h"
#include "fault/saved_content.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static uint32_t count_pending(struct bytes image)
{
	struct hvs_pending_log pending;
	struct error error;
	struct file *file;
	enum status status;
	uint32_t count = 0;

	error_clear(&error);
	require(file_open_memory(image.start, image.size, &file, NULL) == STATUS_OK);
	status = hvs_pending_log_read(file, &pending, &error);
	if (status == STATUS_OK) {
		count = pending.log.pending;
		hvs_pending_log_fini(&pending);
	} else {
		require(error.status == status && error.text[0] != '\0');
	}
	file_close(file);
	return count;
}

static bool same(const struct failing_file *failing, struct bytes image)
{
	return failing->image.size == image.size &&
	       (image.size == 0 || memcmp(failing->image.start, image.start, image.size) == 0);
}

/* Applies the log to a copy, up to a number of writes, and compares what it holds then. */
static void apply_to_copy(struct bytes image, const struct saved_content *expected,
			  uint32_t writes_allowed)
{
	struct failing_file failing;
	struct saved_content content;
	struct error error;
	struct file *file;
	enum status status;
	uint32_t applied;

	error_clear(&error);
	failing_file_init(&failing, image);
	failing.writes_allowed = writes_allowed;
	file = failing_file_open(&failing);
	status = hvs_apply(file, &applied, &error);
	file_close(file);
	require(status == STATUS_OK || (error.status == status && error.text[0] != '\0'));
	if (expected->status != STATUS_OK || failing.writes == 0) {
		require(status != STATUS_OK || applied == 0 || writes_allowed == 0);
		require(failing.writes > 0 || same(&failing, image));
	}
	if (expected->status == STATUS_OK && failing.writes > 0) {
		content = saved_content_of_bytes(failing.image);
		require(content.status == STATUS_OK && content.keys == expected->keys &&
			content.checksum == expected->checksum);
		require(status != STATUS_OK || content.pending == 0);
	}
	failing_file_fini(&failing);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes image = image_unpack(data, size);

	if (count_pending(image) > 0) {
		struct saved_content overlay = saved_content_of_bytes(image);

		apply_to_copy(image, &overlay, NEVER);
		apply_to_copy(image, &overlay, (uint32_t)(crc32(0, data, (uInt)size) % 8));
	}
	bytes_free(&image);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return packed_image_mutate(data, size, max_size, seed);
}
