/* SPDX-License-Identifier: MIT */
/*
 * Unwind data of a fuzzed image over a fuzzed stack, for each processor.
 * Whatever comes, a step ends; one that fails leaves the registers alone.
 *
 * Input: the processor (1 byte), whether the address is exact (1), where the
 * address is in the image (2), the first registers (64), then the image's
 * exception directory, unwind data and code, which is the stack as well.
 */
#include "base/bytes.h"
#include "guest/unwind_arm64.h"
#include "guest/unwind_x64.h"
#include "guest/unwind_x86.h"

#include <stdlib.h>
#include <string.h>

#define BASE UINT64_C(0x140000000)

enum { HEADER_SIZE = 68, REGISTERS_AT = 4, REGISTERS = 8, FRAMES = 64 };

struct fuzz_memory {
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
	/* 32-bit code has the low half of the base. */
	uint64_t at = address - (address >> 32 == 0 ? (uint32_t)BASE : BASE);

	*read_out = at >= memory->size ? 0 :
		    size < memory->size - at ? size : (size_t)(memory->size - at);
	if (*read_out > 0)
		memcpy(buffer, memory->bytes + at, *read_out);
	return STATUS_OK;
}

static bool goes_on(enum unwind_result result, const void *before, const void *after, size_t size)
{
	bool stepped = result == UNWIND_CALLER || result == UNWIND_INTERRUPTED;

	require(stepped || memcmp(before, after, size) == 0);
	return stepped;
}

/* Registers point into the memory, which otherwise would hardly ever be met. */
static uint64_t make_register(const uint8_t *data, unsigned number)
{
	uint64_t value = load_le64(data + REGISTERS_AT + 8 * (number % REGISTERS));

	return (value & 1) != 0 ? value : BASE + (value & 0xFFFF);
}

static void run_x64(const struct pe_image *image, const uint8_t *data, bool exact, uint64_t address)
{
	struct x64_registers registers = { .rip = address }, before;

	for (unsigned i = 0; i < X64_REGISTER_COUNT; i++)
		registers.general[i] = make_register(data, i);
	for (unsigned i = 0; i < FRAMES; i++) {
		enum unwind_result result;

		before = registers;
		result = unwind_x64(image, exact, &registers);
		if (!goes_on(result, &before, &registers, sizeof(before)))
			break;
		exact = result == UNWIND_INTERRUPTED;
	}
}

static void run_arm64(const struct pe_image *image, const uint8_t *data, bool exact,
		      uint64_t address)
{
	struct arm64_registers registers = { .pc = address, .sp = make_register(data, 0) }, before;

	for (unsigned i = 0; i < ARM64_GENERAL_COUNT; i++)
		registers.general[i] = make_register(data, i + 1);
	for (unsigned i = 0; i < FRAMES; i++) {
		enum unwind_result result;

		before = registers;
		result = unwind_arm64(image, exact, &registers);
		if (!goes_on(result, &before, &registers, sizeof(before)))
			break;
		exact = result == UNWIND_INTERRUPTED;
	}
}

static void run_x86(const struct pe_image *image, const uint8_t *data, bool exact, uint64_t address)
{
	struct x86_registers registers = { (uint32_t)address, (uint32_t)make_register(data, 0),
					   (uint32_t)make_register(data, 1) };
	struct x86_registers before;

	for (unsigned i = 0; i < FRAMES; i++, exact = false) {
		before = registers;
		if (!goes_on(unwind_x86(&image->memory, exact, &registers), &before, &registers,
			     sizeof(before)))
			break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_memory memory;
	struct pe_image image = { .base = BASE };
	uint64_t address;

	if (size < HEADER_SIZE)
		return 0;
	memory = (struct fuzz_memory){ data + HEADER_SIZE, size - HEADER_SIZE };
	image.memory = (struct image_memory){ read_fuzzed, &memory };
	image.directory[IMAGE_DIRECTORY_EXCEPTION].size = 96;
	image.size = (uint32_t)memory.size;
	address = BASE + load_le16(data + 2);
	if (data[0] % 3 == 0)
		run_x64(&image, data, (data[1] & 1) != 0, address);
	else if (data[0] % 3 == 1)
		run_arm64(&image, data, (data[1] & 1) != 0, address);
	else
		run_x86(&image, data, (data[1] & 1) != 0, address);
	return 0;
}
