/* SPDX-License-Identifier: MIT */
#include "dump/debugger_block.h"
#include "base/bytes.h"

#include <string.h>

enum {
	BLOCK_TAG = 0x4742444B,		/* "KDBG" */
	BLOCK_TAG_AT = 0x10,
	BLOCK_SIZE_AT = 0x14,
	ROTATIONS = 64,

	VERSION_MINOR_AT = 2,
	VERSION_SECONDARY_AT = 5,
	VERSION_MACHINE_AT = 8,
	VERSION_KERN_BASE_AT = 0x10,
	VERSION_LOADED_MODULES_AT = 0x18
};

static uint64_t rotate_left(uint64_t word, unsigned count)
{
	return count == 0 ? word : word << count | word >> (64 - count);
}

static uint64_t byte_swap(uint64_t word)
{
	uint64_t swapped = 0;

	for (int i = 0; i < 8; i++)
		swapped |= (word >> (8 * i) & 0xFF) << (56 - 8 * i);
	return swapped;
}

/* Both halves of the word that holds the tag. */
static bool is_tag_word(uint64_t word, size_t available)
{
	uint64_t size = word >> 32;

	return (uint32_t)word == BLOCK_TAG && size >= DEBUGGER_BLOCK_LEAST &&
	       size <= DEBUGGER_BLOCK_MOST && size <= available && size % 8 == 0;
}

/* The lists that every kernel has are at addresses of its half. */
static bool has_kernel_lists(const struct debugger_block *block)
{
	return debugger_block_u64(block, BLOCK_LOADED_MODULES) >> 63 != 0 &&
	       debugger_block_u64(block, BLOCK_ACTIVE_PROCESSES) >> 63 != 0;
}

static bool take_plain(const uint8_t *bytes, size_t available, uint64_t kernel_base,
		       struct debugger_block *out)
{
	uint64_t tag_word = load_le64(bytes + BLOCK_TAG_AT);

	if (!is_tag_word(tag_word, available) || load_le64(bytes + BLOCK_KERN_BASE) != kernel_base)
		return false;
	out->size = (size_t)(tag_word >> 32);
	out->was_encoded = false;
	memcpy(out->bytes, bytes, out->size);
	return has_kernel_lists(out);
}

static void decode(const uint8_t *bytes, unsigned rotation, uint64_t kernel_base,
		   struct debugger_block *out)
{
	uint64_t base_word = load_le64(bytes + BLOCK_KERN_BASE);

	for (size_t at = 0; at < out->size; at += 8) {
		uint64_t difference = rotate_left(load_le64(bytes + at) ^ base_word, rotation);

		store_le64(out->bytes + at, kernel_base ^ byte_swap(difference));
	}
}

static bool take_encoded(const uint8_t *bytes, size_t available, uint64_t kernel_base,
			 struct debugger_block *out)
{
	uint64_t difference =
		load_le64(bytes + BLOCK_TAG_AT) ^ load_le64(bytes + BLOCK_KERN_BASE);

	if (difference == 0)
		return false;
	for (unsigned rotation = 0; rotation < ROTATIONS; rotation++) {
		uint64_t tag_word = kernel_base ^ byte_swap(rotate_left(difference, rotation));

		if (!is_tag_word(tag_word, available))
			continue;
		out->size = (size_t)(tag_word >> 32);
		out->was_encoded = true;
		decode(bytes, rotation, kernel_base, out);
		if (has_kernel_lists(out))
			return true;
	}
	return false;
}

bool debugger_block_at(const uint8_t *bytes, size_t available, uint64_t kernel_base,
		       struct debugger_block *out)
{
	if (available < DEBUGGER_BLOCK_LEAST)
		return false;
	return take_plain(bytes, available, kernel_base, out) ||
	       take_encoded(bytes, available, kernel_base, out);
}

uint64_t debugger_block_u64(const struct debugger_block *block, enum debugger_block_field field)
{
	return (size_t)field + 8 <= block->size ? load_le64(block->bytes + field) : 0;
}

uint16_t debugger_block_u16(const struct debugger_block *block, enum debugger_block_field field)
{
	return (size_t)field + 2 <= block->size ? load_le16(block->bytes + field) : 0;
}

bool version_block_at(const uint8_t *bytes, const struct debugger_block *block, uint16_t machine,
		      struct kernel_version *out)
{
	if (load_le16(bytes + VERSION_MACHINE_AT) != machine ||
	    load_le64(bytes + VERSION_KERN_BASE_AT) !=
		    debugger_block_u64(block, BLOCK_KERN_BASE) ||
	    load_le64(bytes + VERSION_LOADED_MODULES_AT) !=
		    debugger_block_u64(block, BLOCK_LOADED_MODULES))
		return false;
	out->major = load_le16(bytes);
	out->minor = load_le16(bytes + VERSION_MINOR_AT);
	out->secondary = bytes[VERSION_SECONDARY_AT];
	out->machine = machine;
	return true;
}
