/* SPDX-License-Identifier: MIT */
#include "container/hvs_view.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

void hvs_view_init(struct hvs_view *view, const struct file *file)
{
	view->file = file;
	view->size = file_size(file);
	view->patches = NULL;
	view->patch_count = 0;
	view->damage = NULL;
}

void hvs_view_fini(struct hvs_view *view)
{
	free(view->patches);
	view->patches = NULL;
	view->patch_count = 0;
}

static int compare_targets(const void *a, const void *b)
{
	const struct hvs_patch *left = a, *right = b;

	return (left->target > right->target) - (left->target < right->target);
}

void hvs_patches_sort(struct hvs_patch *patches, size_t count)
{
	qsort(patches, count, sizeof(*patches), compare_targets);
}

/* From the last on, so that a value across many patches need not look at each. */
static void find_stored_ends(struct hvs_view *view)
{
	uint64_t file_end = file_size(view->file);
	uint64_t stored_end = file_end, next_target = file_end;

	for (size_t i = view->patch_count; i-- > 0;) {
		struct hvs_patch *patch = &view->patches[i];
		uint64_t end = patch->target + patch->length;

		/* Up to the next patch there is the file, or nothing. */
		if (next_target > max_u64(end, file_end))
			stored_end = file_end;
		stored_end = max_u64(end, stored_end);
		patch->stored_end = stored_end;
		next_target = patch->target;
	}
}

void hvs_view_set_patches(struct hvs_view *view, struct hvs_patch *patches, size_t count)
{
	hvs_patches_sort(patches, count);
	view->patches = patches;
	view->patch_count = count;
	if (count > 0)
		view->size = max_u64(view->size, patches[count - 1].target +
							 patches[count - 1].length);
	find_stored_ends(view);
}

/* The file itself; what lies behind its end, up to a patch there, reads as zeros. */
static enum status read_unpatched(const struct hvs_view *view, uint64_t offset, uint8_t *to,
				  size_t size, struct error *error)
{
	uint64_t end = file_size(view->file);
	size_t inside = offset < end ? (size_t)min_u64(size, end - offset) : 0;

	memset(to + inside, 0, size - inside);
	if (inside == 0)
		return STATUS_OK;
	return file_read_at(view->file, offset, to, inside, error);
}

/* The first patch that ends behind offset. */
static size_t first_patch_after(const struct hvs_view *view, uint64_t offset)
{
	size_t low = 0, high = view->patch_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (view->patches[middle].target + view->patches[middle].length > offset)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

uint32_t hvs_view_present(const struct hvs_view *view, uint64_t offset, uint32_t size)
{
	return offset < view->size ? (uint32_t)min_u64(size, view->size - offset) : 0;
}

uint64_t hvs_view_stored(const struct hvs_view *view, uint64_t offset, uint64_t size)
{
	uint64_t end = file_size(view->file);
	size_t next = first_patch_after(view, offset);

	if (next < view->patch_count && max_u64(offset, end) >= view->patches[next].target)
		end = view->patches[next].stored_end;
	return offset < end ? min_u64(size, end - offset) : 0;
}

enum status hvs_view_read(const struct hvs_view *view, uint64_t offset, void *buffer, size_t size,
			  struct error *error)
{
	uint8_t *to = buffer;
	size_t next;

	if (view->patch_count == 0)
		return file_read_at(view->file, offset, buffer, size, error);
	if (!range_fits(offset, size, view->size))
		return error_set(error, STATUS_READ_FAILED,
				 "%llu bytes at offset %llu run past the end of the contents",
				 (unsigned long long)size, (unsigned long long)offset);
	next = first_patch_after(view, offset);
	while (size > 0) {
		const struct hvs_patch *patch =
			next < view->patch_count ? &view->patches[next] : NULL;
		enum status status;
		size_t part;

		if (patch == NULL || offset < patch->target) {
			part = patch == NULL ? size
					     : (size_t)min_u64(size, patch->target - offset);
			status = read_unpatched(view, offset, to, part, error);
		} else {
			uint64_t inside = offset - patch->target;

			part = (size_t)min_u64(size, patch->length - inside);
			status = file_read_at(view->file, patch->payload + inside, to, part, error);
			next++;
		}
		if (status != STATUS_OK)
			return status;
		offset += part;
		to += part;
		size -= part;
	}
	return STATUS_OK;
}
