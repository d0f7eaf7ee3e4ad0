/* SPDX-License-Identifier: MIT */
#include "state/memory_block.h"
#include "base/bytes.h"

enum {
	BLOCK_SIZE = 48,
	BLOCK_FLAGS = 4,
	BLOCK_PAGE_COUNT = 8,
	BLOCK_SAVED_PAGE = 16,
	BLOCK_GPA_PAGE = 24
};

static enum status check_size(enum container_kind kind, const struct numbered_value *value,
			      size_t number, struct error *error)
{
	bool legacy = kind == CONTAINER_LEGACY;
	enum status status;

	if (value->state == NUMBERED_ARRAY && value->size == BLOCK_SIZE)
		return STATUS_OK;
	if (value->state == NUMBERED_ARRAY && value->size > BLOCK_SIZE)
		status = legacy ? STATUS_MEMORY_BLOCK_LONG_LEGACY : STATUS_MEMORY_BLOCK_LONG;
	else
		status = legacy ? STATUS_MEMORY_BLOCK_SHORT_LEGACY : STATUS_MEMORY_BLOCK_SHORT;
	return error_set(error, status,
			 "RamMemoryBlock%llu is not an array of %d bytes (it has %u)",
			 (unsigned long long)number, BLOCK_SIZE, value->size);
}

static enum status read_block(const struct container *container,
			      const struct numbered_value *value, struct vector *blocks,
			      struct error *error)
{
	struct memory_block *block = vector_extend(blocks, 1, sizeof(*block));
	uint8_t bytes[BLOCK_SIZE];
	enum status status;

	if (block == NULL)
		return error_out_of_memory(error, "the memory blocks");
	status = container_read(container, value->offset, bytes, sizeof(bytes), error);
	if (status != STATUS_OK)
		return status;
	block->flags = load_le32(bytes + BLOCK_FLAGS);
	block->page_count = load_le64(bytes + BLOCK_PAGE_COUNT);
	block->saved_page = load_le64(bytes + BLOCK_SAVED_PAGE);
	block->gpa_page = load_le64(bytes + BLOCK_GPA_PAGE);
	return STATUS_OK;
}

enum status memory_blocks_read(const struct container *container,
			       const struct numbered_keys *keys, struct vector *out,
			       struct error *error)
{
	enum container_kind kind = container_facts(container).kind;
	struct vector blocks = { 0 };

	if (keys->run_count == 0)
		return error_set(error, STATUS_NO_GUEST_MEMORY,
				 "the file describes no guest memory: there is no RamMemoryBlock0");
	for (size_t i = 0; i < keys->run_count; i++) {
		enum status status = check_size(kind, &keys->run[i], i, error);

		if (status == STATUS_OK)
			status = read_block(container, &keys->run[i], &blocks, error);
		if (status != STATUS_OK) {
			vector_free(&blocks);
			return status;
		}
	}
	*out = blocks;
	return STATUS_OK;
}
