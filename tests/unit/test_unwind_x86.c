/* SPDX-License-Identifier: MIT */
/* Callers found by the chain of frame pointers, with stacks made by hand. */
#include "test_shim.h"

#include "base/bytes.h"
#include "guest/unwind_x86.h"

#include <string.h>

enum { CODE = 0x401000, STACK = 0x12F000, STACK_END = 0x130000, ESP = 0x12F100, EBP = 0x12F180 };

struct memory {
	uint8_t code[16];
	uint8_t stack[STACK_END - STACK];
};

static enum status read_memory(void *context, uint64_t address, void *buffer, size_t size,
			       size_t *read_out)
{
	const struct memory *memory = context;

	for (*read_out = 0; *read_out < size; (*read_out)++, address++) {
		if (address >= CODE && address - CODE < sizeof(memory->code))
			((uint8_t *)buffer)[*read_out] = memory->code[address - CODE];
		else if (address >= STACK && address < STACK_END)
			((uint8_t *)buffer)[*read_out] = memory->stack[address - STACK];
		else
			break;
	}
	return STATUS_OK;
}

static void put(struct memory *memory, uint32_t address, uint32_t value)
{
	store_le32(memory->stack + (address - STACK), value);
}

struct expected { uint32_t eip, esp, ebp; };

static void check(struct memory *memory, bool exact, struct expected expected)
{
	struct image_memory view = { read_memory, memory };
	struct x86_registers registers = { CODE, ESP, EBP };

	assert_int_equal(unwind_x86(&view, exact, &registers), UNWIND_CALLER);
	assert_int_equal(registers.eip, expected.eip);
	assert_int_equal(registers.esp, expected.esp);
	assert_int_equal(registers.ebp, expected.ebp);
}

static void set_up(struct memory *memory)
{
	memset(memory, 0, sizeof(*memory));
	put(memory, EBP, 0x12F200);
	put(memory, EBP + 4, 0x402222);
	put(memory, ESP, 0x403333);
	put(memory, ESP + 4, 0x404444);
}

static void a_frame_has_the_callers_frame_pointer_and_the_return_address(void **state)
{
	struct memory memory;

	(void)state;
	set_up(&memory);
	check(&memory, true, (struct expected){ 0x402222, EBP + 8, 0x12F200 });
	check(&memory, false, (struct expected){ 0x402222, EBP + 8, 0x12F200 });
}

static void before_its_frame_is_set_up_a_function_returns_to_the_top(void **state)
{
	/* push ebp; ret; ret 8; mov edi, edi */
	static const uint8_t codes[][2] = { { 0x55 }, { 0xC3 }, { 0xC2, 8 }, { 0x8B, 0xFF } };
	struct memory memory;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		set_up(&memory);
		memcpy(memory.code, codes[i], 2);
		check(&memory, true, (struct expected){ 0x403333, ESP + 4, EBP });
		/* A return address is no place where a frame is set up. */
		check(&memory, false, (struct expected){ 0x402222, EBP + 8, 0x12F200 });
	}
}

static void a_frame_pointer_that_was_pushed_only_is_on_top(void **state)
{
	/* mov ebp, esp in both forms; pop ebp */
	static const uint8_t codes[][2] = { { 0x8B, 0xEC }, { 0x89, 0xE5 }, { 0x5D } };
	struct memory memory;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		set_up(&memory);
		memcpy(memory.code, codes[i], 2);
		check(&memory, true, (struct expected){ 0x404444, ESP + 8, 0x403333 });
	}
}

static void frame_pointers_that_are_none_end_the_chain(void **state)
{
	static const struct { uint32_t ebp; enum unwind_result result; } cases[] = {
		{ ESP - 4, UNWIND_NO_DATA }, { EBP + 2, UNWIND_NO_DATA }, { 0, UNWIND_NO_DATA },
		{ STACK_END, UNWIND_STACK_MISSING }, { STACK_END - 4, UNWIND_STACK_MISSING },
		{ 0xFFFFFFFC, UNWIND_STACK_MISSING },
	};
	struct memory memory;
	struct image_memory view = { read_memory, &memory };

	(void)state;
	set_up(&memory);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct x86_registers registers = { CODE, ESP, cases[i].ebp };

		assert_int_equal(unwind_x86(&view, true, &registers), cases[i].result);
		assert_int_equal(registers.esp, ESP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_has_the_callers_frame_pointer_and_the_return_address),
		cmocka_unit_test(before_its_frame_is_set_up_a_function_returns_to_the_top),
		cmocka_unit_test(a_frame_pointer_that_was_pushed_only_is_on_top),
		cmocka_unit_test(frame_pointers_that_are_none_end_the_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
