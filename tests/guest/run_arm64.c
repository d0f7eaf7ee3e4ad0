/* SPDX-License-Identifier: MIT */
/*
 * Follows the code of an ARM64 Windows image as far as it concerns the stack,
 * and unwinds after each instruction.
 *
 * usage: run_arm64 IMAGE	every function of the image's exception directory
 *	  run_arm64 packed WORD...	the steps of packed entries, in words
 *
 * Of each function the instructions are followed from its start: those that
 * move or use SP and x29 are carried out, calls return, conditional branches
 * are not taken.  Whatever the place, unwinding has to give back what was there
 * on entry.  Prints how much was compared.
 */
#include "base/bytes.h"
#include "guest/unwind_arm64.h"
#include "guest/unwind_arm64_codes.h"
#include "unit/windows_image.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOP (STACK_BASE + STACK_SIZE - 0x1000)
#define CALLER (IMAGE_BASE + 0x100)

enum { ENTRY_SIZE = 8, STEP_LIMIT = 5000, SP = 31, SCRATCH = 15, MACHINE_ARM64 = 0xAA64 };

struct machine {
	struct windows_memory *memory;
	struct arm64_registers registers;
};

/* ---- Instructions -------------------------------------------------------------------------- */

static uint64_t read_base(const struct machine *machine, unsigned number)
{
	return number == SP ? machine->registers.sp : machine->registers.general[number];
}

static void write_base(struct machine *machine, unsigned number, uint64_t value)
{
	if (number == SP)
		machine->registers.sp = value;
	else
		machine->registers.general[number] = value;
}

static void move(struct machine *machine, bool load, bool is_float, unsigned number,
		 uint64_t address)
{
	uint8_t *at = machine->memory->stack + (address - STACK_BASE);

	if (address - STACK_BASE > STACK_SIZE - 8 || is_float || number == SP)
		return;
	if (load)
		machine->registers.general[number] = load_le64(at);
	else
		store_le64(at, machine->registers.general[number]);
}

static int64_t sign_extend(uint32_t value, unsigned bits)
{
	return (int64_t)((uint64_t)value << (64 - bits)) >> (64 - bits);
}

/* stp and ldp of X and D registers, relative to SP. */
static bool run_pair(struct machine *machine, uint32_t code)
{
	bool is_float = (code & 0x04000000) != 0, load = (code & 0x00400000) != 0;
	unsigned mode = code >> 23 & 3;		/* 1 after, 2 offset, 3 before */
	unsigned base = code >> 5 & 31;
	uint32_t top = code >> 24 & 0xFE;
	int64_t offset = sign_extend(code >> 15 & 0x7F, 7) * 8;
	uint64_t address;

	if ((top != 0xA8 && top != 0x6C) || mode == 0 || base != SP)
		return false;
	address = read_base(machine, base) + (mode == 1 ? 0 : (uint64_t)offset);
	move(machine, load, is_float, code & 31, address);
	move(machine, load, is_float, code >> 10 & 31, address + 8);
	if (mode != 2)
		write_base(machine, base, read_base(machine, base) + (uint64_t)offset);
	return true;
}

/* str and ldr of X and D registers, relative to SP. */
static bool run_single(struct machine *machine, uint32_t code)
{
	bool is_float = (code & 0x04000000) != 0, load = (code & 0x00400000) != 0;
	uint32_t top = code >> 24;
	unsigned base = code >> 5 & 31, mode = code >> 10 & 3;
	int64_t offset = sign_extend(code >> 12 & 0x1FF, 9);

	if (base != SP || (code & 0x00800000) != 0)
		return false;
	if (top == 0xF9 || top == 0xFD) {
		move(machine, load, is_float, code & 31,
		     read_base(machine, base) + (code >> 10 & 0xFFF) * 8u);
		return true;
	}
	if ((top != 0xF8 && top != 0xFC) || (code & 0x00200000) != 0 || mode == 2)
		return false;
	move(machine, load, is_float, code & 31,
	     read_base(machine, base) + (mode == 1 ? 0 : (uint64_t)offset));
	if (mode != 0)
		write_base(machine, base, read_base(machine, base) + (uint64_t)offset);
	return true;
}

/* add and sub with a number, to or from SP and x29; what comes from elsewhere is made up. */
static bool run_add(struct machine *machine, uint32_t code)
{
	unsigned to = code & 31, from = code >> 5 & 31;
	uint64_t number = (uint64_t)(code >> 10 & 0xFFF) << ((code & 0x00400000) != 0 ? 12 : 0);
	uint32_t top = code >> 23 & 0x1FF;

	if ((top != 0x122 && top != 0x1A2) || (to != SP && to != ARM64_FP))
		return false;
	if (from != SP && from != ARM64_FP) {
		if (to == SP)
			machine->registers.sp -= 0x800;
		return true;
	}
	write_base(machine, to, read_base(machine, from) + (top == 0x122 ? number : -number));
	return true;
}

/* movz x15, number; sub sp, sp, x15, lsl 4: how large frames are made */
static bool run_large(struct machine *machine, uint32_t code)
{
	uint64_t *size = &machine->registers.general[SCRATCH];

	if ((code & 0xFF80001F) == (0xD2800000 | SCRATCH))
		*size = (uint64_t)(code >> 5 & 0xFFFF) << (code >> 21 & 3) * 16;
	else if ((code & 0xFF80001F) == (0x52800000 | SCRATCH))
		*size = (uint64_t)(code >> 5 & 0xFFFF) << (code >> 21 & 1) * 16;
	else if ((code & 0xFF80001F) == (0x72800000 | SCRATCH) ||
		 (code & 0xFF80001F) == (0xF2800000 | SCRATCH))
		*size |= (uint64_t)(code >> 5 & 0xFFFF) << (code >> 21 & 3) * 16;
	else if (code == 0xCB2F73FF)
		machine->registers.sp -= *size << 4;
	else if (code == 0x8B2F73FF)
		machine->registers.sp += *size << 4;
	else
		return false;
	return true;
}

/* Where the code goes on, or 0 at the end of the function. */
static uint32_t next_of(uint32_t rva, uint32_t code, uint32_t begin, uint32_t end)
{
	if ((code & 0xFC000000) == 0x14000000) {	/* b */
		uint32_t to = rva + (uint32_t)(sign_extend(code & 0x03FFFFFF, 26) * 4);

		return to > begin && to < end ? to : 0;
	}
	if ((code & 0xFFFFFC1F) == 0xD65F0000 || (code & 0xFFFFFC1F) == 0xD61F0000 ||
	    (code & 0xFFE0001F) == 0xD4200000)		/* ret, br, brk */
		return 0;
	return rva + 4 < end ? rva + 4 : 0;
}

/* ---- Comparing ------------------------------------------------------------------------------ */

static struct arm64_registers entry_registers(void)
{
	struct arm64_registers registers = { .sp = TOP };

	for (unsigned i = 0; i < ARM64_GENERAL_COUNT; i++)
		registers.general[i] = 0x77770000u + i;
	registers.general[ARM64_LR] = CALLER;
	return registers;
}

static void compare(const struct pe_image *image, const struct machine *machine)
{
	const struct arm64_registers expected = entry_registers();
	struct arm64_registers caller = machine->registers;
	enum unwind_result result = unwind_arm64(image, true, &caller);
	bool same = result == UNWIND_CALLER && caller.sp == TOP && caller.pc == CALLER;

	for (unsigned i = 19; i <= ARM64_FP; i++)
		same = same && caller.general[i] == expected.general[i];
	if (same)
		return;
	fprintf(stderr, "at 0x%" PRIx64 ": result %d, pc 0x%" PRIx64 " sp 0x%" PRIx64
		" fp 0x%" PRIx64 "\n", machine->registers.pc - IMAGE_BASE, (int)result, caller.pc,
		caller.sp - TOP, caller.general[ARM64_FP]);
	exit(1);
}

static unsigned run_function(const struct pe_image *image, struct machine *machine,
			     uint32_t begin, uint32_t end)
{
	uint32_t rva = begin, code;
	unsigned steps = 0;

	machine->registers = entry_registers();
	while (rva != 0 && steps++ < STEP_LIMIT) {
		machine->registers.pc = IMAGE_BASE + rva;
		compare(image, machine);
		code = load_le32(machine->memory->image + rva);
		if (!run_pair(machine, code) && !run_single(machine, code) &&
		    !run_add(machine, code))
			run_large(machine, code);
		rva = next_of(rva, code, begin, end);
	}
	return steps;
}

static uint32_t length_of(const struct windows_memory *memory, uint32_t data)
{
	if ((data & 3) != 0)
		return 4 * (data >> 2 & 0x7FF);
	return 4 * (load_le32(memory->image + data) & 0x3FFFF);
}

static int run_image(const char *path)
{
	unsigned functions = 0, packed = 0, instructions = 0;
	struct windows_memory memory;
	struct machine machine = { .memory = &memory };
	const struct image_range *table;
	struct pe_image *image;

	if (!windows_memory_load(&memory, path))
		return 1;
	image = windows_memory_open(&memory);
	if (image == NULL || image->machine != MACHINE_ARM64)
		return 1;
	table = &image->directory[IMAGE_DIRECTORY_EXCEPTION];
	for (uint32_t i = 0; i < table->size / ENTRY_SIZE; i++) {
		const uint8_t *entry = memory.image + table->rva + i * ENTRY_SIZE;
		uint32_t begin = load_le32(entry), data = load_le32(entry + 4);

		instructions += run_function(image, &machine, begin,
					     begin + length_of(&memory, data));
		functions++;
		packed += (data & 3) != 0;
	}
	printf("%u functions (%u packed), %u instructions\n", functions, packed, instructions);
	pe_image_close(image);
	windows_memory_free(&memory);
	return functions > 0 ? 0 : 1;
}

static void print_packed(uint32_t word)
{
	struct arm64_step steps[ARM64_PACKED_STEP_LIMIT];
	unsigned count;

	printf("%08" PRIX32, word);
	if (!arm64_expand_packed(word, steps, &count)) {
		printf(" impossible\n");
		return;
	}
	for (unsigned i = count; i > 0; i--) {
		const struct arm64_step *step = &steps[i - 1];

		printf(" %d:%u:%u:%" PRIu32 ":%" PRIu32, (int)step->kind, step->first,
		       step->second, step->offset, step->size);
	}
	printf("\n");
}

int main(int count, char **arguments)
{
	if (count == 2)
		return run_image(arguments[1]);
	for (int i = 2; i < count; i++)
		print_packed((uint32_t)strtoul(arguments[i], NULL, 16));
	return count < 2;
}
