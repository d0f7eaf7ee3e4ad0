/* SPDX-License-Identifier: MIT */
#include "guest/unwind.h"
#include "base/bytes.h"

bool unwind_read_u64(const struct image_memory *memory, uint64_t address, uint64_t *out)
{
	uint8_t bytes[8];
	size_t done = 0;

	if (memory->read(memory->context, address, bytes, sizeof(bytes), &done) != STATUS_OK ||
	    done < sizeof(bytes))
		return false;
	*out = load_le64(bytes);
	return true;
}

static bool read_entry(const struct pe_image *image, uint32_t index, uint32_t entry_size,
		       uint8_t *out)
{
	uint64_t rva = image->directory[IMAGE_DIRECTORY_EXCEPTION].rva +
		       (uint64_t)index * entry_size;

	return rva <= UINT32_MAX &&
	       pe_image_read(image, (uint32_t)rva, out, entry_size) == entry_size;
}

bool unwind_find_entry(const struct pe_image *image, uint32_t rva, uint32_t entry_size,
		       uint8_t *entry_out, bool *missing_out)
{
	uint32_t low = 0, high = image->directory[IMAGE_DIRECTORY_EXCEPTION].size / entry_size;

	*missing_out = false;
	/* The entry sought is below high; all below low begin at or before rva. */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (!read_entry(image, middle, entry_size, entry_out)) {
			*missing_out = true;
			return false;
		}
		if (load_le32(entry_out) <= rva)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	*missing_out = !read_entry(image, low - 1, entry_size, entry_out);
	return !*missing_out;
}
