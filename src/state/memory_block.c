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

/* The original answers the same for another type as for too few bytes. */
static enum status wrong_value_status(enum container_kind kind, const struct numbered_value *value)
{
	bool legacy = kind == CONTAINER_LEGACY;

	if (value->state == NUMBERED_ARRAY && value->size > BLOCK_SIZE)
		return legacy ? STATUS_MEMORY_BLOCK_LONG_LEGACY : STATUS_MEMORY_BLOCK_LONG;
	return legacy ? STATUS_MEMORY_BLOCK_SHORT_LEGACY : STATUS_MEMORY_BLOCK_SHORT;
}

static enum status check_value(enum container_kind kind, const struct numbered_value *value,
			       uint64_t number, struct error *error)
{
	enum status status = wrong_value_status(kind, value);

	if (value->state == NUMBERED_ARRAY && value->size == BLOCK_SIZE)
		return STATUS_OK;
	if (value->state == NUMBERED_BROKEN)
		return error_set(error, status,
				 "RamMemoryBlock%llu has lost its value: the file object is "
				 "missing, or smaller than the key says",
				 (unsigned long long)number);
	if (value->state == NUMBERED_OTHER_TYPE)
		return error_set(error, status, "RamMemoryBlock%llu is not an array of bytes",
				 (unsigned long long)number);
	return error_set(error, status, "RamMemoryBlock%llu has %u bytes; %d are expected",
			 (unsigned long long)number, value->size, BLOCK_SIZE);
}

static enum status read_block(const struct container *container, uint64_t number,
			      const struct numbered_value *value, struct vector *blocks,
			      struct error *error)
{
	uint8_t bytes[BLOCK_SIZE];
	struct memory_block *block;
	enum status status;

	status = check_value(container_facts(container).kind, value, number, error);
	if (status == STATUS_OK)
		status = container_read(container, value->offset, bytes, sizeof(bytes), error);
	if (status != STATUS_OK)
		return status;
	block = vector_extend(blocks, 1, sizeof(*block));
	if (block == NULL)
		return error_out_of_memory(error, "the memory blocks");
	block->flags = load_le32(bytes + BLOCK_FLAGS);
	block->page_count = load_le64(bytes + BLOCK_PAGE_COUNT);
	block->saved_page = load_le64(bytes + BLOCK_SAVED_PAGE);
	block->gpa_page = load_le64(bytes + BLOCK_GPA_PAGE);
	return STATUS_OK;
}

enum status memory_blocks_read(const struct container *container,
			       const struct numbered_keys *keys, struct damage *damage,
			       struct vector *out, struct error *error)
{
	size_t count = damage != NULL ? numbered_keys_count(keys) : keys->run_count;
	struct vector blocks = { 0 };
	enum status status = STATUS_OK;

	if (keys->run_count == 0) {
		status = error_set(error, STATUS_NO_GUEST_MEMORY,
				   "the file describes no guest memory: there is no "
				   "RamMemoryBlock0");
		status = damage_tolerate(damage, PART_MEMORY_MAP, status, error);
	}
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		struct numbered_other key = numbered_keys_at(keys, i);

		damage_count(damage, PART_MEMORY_MAP);
		status = read_block(container, key.number, &key.value, &blocks, error);
		status = damage_tolerate(damage, PART_MEMORY_MAP, status, error);
	}
	if (status != STATUS_OK) {
		vector_free(&blocks);
		return status;
	}
	*out = blocks;
	return STATUS_OK;
}
