/* SPDX-License-Identifier: MIT */
/*
 * Images in fuzzed memory with fuzzed holes.  Whatever comes, reading ends
 * and its answers have the shape the header promises.
 *
 * Input: a bit for each of 64 pages that is missing (8 bytes); the rest is
 * memory from the image's base.
 */
#include "base/bytes.h"
#include "guest/pe_image.h"

#include <stdlib.h>
#include <string.h>

#define BASE UINT64_C(0xFFFFF80000000000)

enum { HEADER_SIZE = 8, PAGE = 4096 };

struct fuzz_memory {
	uint64_t missing;
	const uint8_t *bytes;
	size_t size;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static enum status read_fuzzed(void *context, uint64_t address, void *buffer, size_t size,
			       size_t *read_out)
{
	const struct fuzz_memory *memory = context;
	size_t done = 0;

	while (done < size) {
		uint64_t at = address + done - BASE;

		if (at >= memory->size || (memory->missing >> at / PAGE % 64 & 1) != 0)
			break;
		((uint8_t *)buffer)[done++] = memory->bytes[at];
	}
	*read_out = done;
	return done == 0 ? STATUS_VA_NOT_MAPPED : STATUS_OK;
}

static bool check_export(void *context, const struct image_export *exported)
{
	unsigned *count = context;

	require(exported->name != NULL && strlen(exported->name) < 4096);
	require(exported->forwarder == NULL || exported->rva == 0);
	return ++*count < 1000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_memory memory = { 0 };
	struct image_memory view = { read_fuzzed, &memory };
	struct pe_image *image;
	unsigned exports = 0;

	if (size < HEADER_SIZE)
		return 0;
	memory.missing = load_le64(data);
	memory.bytes = data + HEADER_SIZE;
	memory.size = size - HEADER_SIZE;
	if (pe_image_open(&view, BASE, &image, NULL) != STATUS_OK)
		return 0;
	require(image->section_count == 0 || image->section != NULL);
	for (uint32_t i = 0; i < image->section_count; i++)
		require(strlen(image->section[i].name) <= 8);
	require(strlen(image->pdb_name) <= strlen(image->pdb_path));
	require(image->has_pdb || image->pdb_path[0] == '\0');
	pe_image_visit_exports(image, check_export, &exports, NULL);
	pe_image_close(image);
	return 0;
}
