/* SPDX-License-Identifier: MIT */
/* Hand-made page tables: RAM of zeros below a limit, with a few entries set. */
#ifndef TEST_PAGE_WALK_MEMORY_H
#define TEST_PAGE_WALK_MEMORY_H

#include "paging/page_walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

enum { MEMORY_ENTRIES = 16 };

struct memory {
	uint64_t ram_size;
	uint64_t damaged_page;		/* reading it fails; 0 for none */
	unsigned reads;
	unsigned count;
	struct { uint64_t gpa, value; } entries[MEMORY_ENTRIES];
};

static inline void memory_set(struct memory *memory, uint64_t gpa, uint64_t value)
{
	assert_true(memory->count < MEMORY_ENTRIES);
	memory->entries[memory->count].gpa = gpa;
	memory->entries[memory->count].value = value;
	memory->count++;
}

static inline enum status memory_read(void *context, uint64_t gpa, unsigned size, uint64_t *entry,
				      struct error *error)
{
	struct memory *memory = context;
	unsigned i;

	assert_int_equal(gpa % size, 0);
	memory->reads++;
	if (memory->damaged_page != 0 && gpa >> 12 == memory->damaged_page >> 12)
		return error_set(error, STATUS_CORRUPT_RAM_RECORD, "damaged page");
	if (gpa >= memory->ram_size)
		return error_set(error, STATUS_GPA_NOT_SAVED, "nothing there");
	*entry = 0;
	for (i = 0; i < memory->count; i++)
		if (memory->entries[i].gpa == gpa)
			*entry = size == 4 ? memory->entries[i].value & UINT32_MAX
					   : memory->entries[i].value;
	return STATUS_OK;
}

static inline struct page_walk walk_memory(struct memory *memory,
					   const struct address_space *space, uint64_t address)
{
	struct entry_reader reader = { memory_read, memory };
	struct error error = { 0 };
	struct page_walk walk;

	memset(&walk, 0xA5, sizeof(walk));
	assert_int_equal(page_walk(space, address, &reader, NULL, &walk, &error), STATUS_OK);
	assert_int_equal(error.status, STATUS_OK);
	assert_int_equal(walk.address, address);
	return walk;
}

static inline struct page_walk expect_mapped(struct memory *memory,
					     const struct address_space *space, uint64_t address,
					     uint64_t gpa, uint64_t page_size)
{
	struct page_walk walk = walk_memory(memory, space, address);

	assert_int_equal(walk.result, PAGE_MAPPED);
	assert_int_equal(walk.gpa, gpa);
	assert_int_equal(walk.page_size, page_size);
	assert_int_equal(walk.unmapped_size, 0);
	assert_int_equal(walk.skip_size, 0);
	return walk;
}

static inline struct page_walk expect_unmapped(struct memory *memory,
					       const struct address_space *space, uint64_t address,
					       enum page_result result, unsigned level,
					       uint64_t unmapped_size)
{
	struct page_walk walk = walk_memory(memory, space, address);

	assert_int_equal(walk.result, result);
	assert_int_equal(walk.gpa, 0);
	assert_int_equal(walk.page_size, 0);
	assert_int_equal(walk.rights, 0);
	assert_int_equal(walk.level, level);
	assert_int_equal(walk.unmapped_size, unmapped_size);
	return walk;
}

#endif
