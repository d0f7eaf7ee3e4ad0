/* SPDX-License-Identifier: MIT */
/*
 * Page walks over fuzzed memory and registers.  Whatever comes, the walk
 * ends, its answer has the shape the header promises, and it is that of the
 * reference walker.
 *
 * Input: form (1 byte), flags (1), maxphyaddr (1), reserved (1), CR3 or TTBR0
 * (8), TTBR1 (8), TCR (8), address (8); the rest is guest memory from GPA 0.
 */
#include "base/bytes.h"
#include "unit/reference_walk.h"

#include <stddef.h>
#include <stdlib.h>

enum {
	HEADER_SIZE = 36,
	FLAG_NXE = 1,
	FLAG_ARM64 = 2,
	FLAG_REPEAT = 4		/* memory repeats for ever instead of ending */
};

struct fuzz_memory {
	const uint8_t *bytes;
	size_t size;		/* a multiple of 8 */
	bool repeats;
	unsigned reads;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static enum status read_fuzzed(void *context, uint64_t gpa, unsigned size, uint64_t *entry,
			       struct error *error)
{
	struct fuzz_memory *memory = context;

	(void)error;
	memory->reads++;
	require((size == 4 || size == 8) && gpa % size == 0);
	if (memory->size == 0 || (gpa >= memory->size && !memory->repeats))
		return STATUS_GPA_NOT_SAVED;
	gpa %= memory->size;
	*entry = size == 4 ? load_le32(memory->bytes + gpa) : load_le64(memory->bytes + gpa);
	return STATUS_OK;
}

static bool is_power_of_two(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

static void check_shape(const struct page_walk *walk, const struct page_trace *trace,
			unsigned reads)
{
	require(reads <= PAGE_TRACE_STEPS && trace->count == reads && walk->level < 5);
	if (walk->result == PAGE_MAPPED) {
		require(is_power_of_two(walk->page_size));
		require(walk->page_size >= 0x1000 && walk->page_size <= UINT64_C(0x40000000));
		require(walk->gpa >> 52 == 0);
		require((walk->gpa ^ walk->address) % 0x1000 == 0);
		require(walk->skip_size == 0 && walk->unmapped_size == 0);
		return;
	}
	require(walk->gpa == 0 && walk->page_size == 0 && walk->rights == 0);
	require(walk->skip_size >= walk->unmapped_size);
	require((walk->skip_size & (walk->skip_size - 1)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct address_space space = { 0 };
	struct fuzz_memory memory = { 0 };
	struct entry_reader reader = { read_fuzzed, &memory };
	struct reference_answer expected;
	struct page_trace trace;
	struct page_walk walk;
	uint64_t address;

	if (size < HEADER_SIZE)
		return 0;
	space.form = (enum paging_form)(data[0] % (PAGING_FORM_ARMV8 + 1));
	space.registers.efer = data[1] & FLAG_NXE ? 0x800 : 0;
	space.registers.arm64 = (data[1] & FLAG_ARM64) != 0;
	space.registers.maxphyaddr = data[2] % 53;
	space.registers.cr3 = load_le64(data + 4);
	space.registers.ttbr0 = space.registers.cr3;
	space.registers.ttbr1 = load_le64(data + 12);
	space.registers.tcr = load_le64(data + 20);
	address = load_le64(data + 28);
	if (space.registers.maxphyaddr < 32)
		space.registers.maxphyaddr = 0;
	memory.bytes = data + HEADER_SIZE;
	memory.size = (size - HEADER_SIZE) & ~(size_t)7;
	memory.repeats = (data[1] & FLAG_REPEAT) != 0;

	expected = reference_walk(&space, address, &reader);
	memory.reads = 0;
	require(page_walk(&space, address, &reader, &trace, &walk, NULL) == STATUS_OK);
	check_shape(&walk, &trace, memory.reads);
	require(reference_difference(&expected, &walk) == NULL);
	return 0;
}
