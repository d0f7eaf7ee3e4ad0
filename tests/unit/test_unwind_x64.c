/* SPDX-License-Identifier: MIT */
/*
 * Callers found by x64 unwind data: the frame sizes that Windows' own reader
 * gave for a real program, and data made by hand for each rule.
 */
#include "test_shim.h"

#include "base/bytes.h"
#include "guest/unwind_x64.h"
#include "windows_image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MACHINE_AMD64 = 0x8664,
	FUNCTION = 0x1000,
	FUNCTION_SIZE = 0x100,
	COLD = 0x1800,
	COLD_SIZE = 0x40,
	OTHER = 0x1900,
	OTHER_SIZE = 0x40,
	TABLE = 0x2000,
	INFO = 0x2100,
	COLD_INFO = 0x2200,
	OTHER_INFO = 0x2300,
	SIZE = 0x4000
};

#define RSP (STACK_BASE + 0x8000)

struct fixture {
	struct windows_memory memory;
	struct pe_image *image;
	struct x64_registers registers;
};

static void put_function(struct fixture *fixture, unsigned index, uint32_t begin, uint32_t size,
			 uint32_t info)
{
	uint8_t *entry = fixture->memory.image + TABLE + 12 * index;

	store_le32(entry, begin);
	store_le32(entry + 4, begin + size);
	store_le32(entry + 8, info);
}

/* Three functions, each without a prologue: FUNCTION, COLD and OTHER. */
static void set_up(struct fixture *fixture)
{
	windows_memory_create(&fixture->memory, SIZE, MACHINE_AMD64, TABLE, 36);
	stack_fill(&fixture->memory);
	memset(fixture->memory.image + FUNCTION, 0x90, TABLE - FUNCTION);
	put_function(fixture, 0, FUNCTION, FUNCTION_SIZE, INFO);
	put_function(fixture, 1, COLD, COLD_SIZE, COLD_INFO);
	put_function(fixture, 2, OTHER, OTHER_SIZE, OTHER_INFO);
	fixture->memory.image[INFO] = 1;
	fixture->memory.image[COLD_INFO] = 1;
	fixture->memory.image[OTHER_INFO] = 1;
	fixture->image = windows_memory_open(&fixture->memory);
	assert_non_null(fixture->image);
	memset(&fixture->registers, 0, sizeof(fixture->registers));
	fixture->registers.general[X64_RSP] = RSP;
	for (unsigned i = 0; i < X64_REGISTER_COUNT; i++)
		if (i != X64_RSP)
			fixture->registers.general[i] = 0x1111 * i;
}

static void tear_down(struct fixture *fixture)
{
	pe_image_close(fixture->image);
	windows_memory_free(&fixture->memory);
}

static void put_info(struct fixture *fixture, uint32_t at, const void *bytes, size_t size)
{
	memcpy(fixture->memory.image + at, bytes, size);
}

static void put_code(struct fixture *fixture, uint32_t at, const void *bytes, size_t size)
{
	memcpy(fixture->memory.image + at, bytes, size);
}

static enum unwind_result unwind_at(struct fixture *fixture, uint32_t rva)
{
	fixture->registers.rip = IMAGE_BASE + rva;
	return unwind_x64(fixture->image, true, &fixture->registers);
}

/* The caller's registers, when the return address is at RSP + offset. */
static void assert_returned(const struct fixture *fixture, uint64_t offset)
{
	assert_int_equal(fixture->registers.rip, stack_value(RSP + offset));
	assert_int_equal(fixture->registers.general[X64_RSP], RSP + offset + 8);
}

#define PUT_INFO(fixture, ...)                                                                     \
	do {                                                                                       \
		const uint8_t info_[] = { __VA_ARGS__ };                                           \
		put_info(fixture, INFO, info_, sizeof(info_));                                     \
	} while (0)
#define PUT_CODE(fixture, rva, ...)                                                                \
	do {                                                                                       \
		const uint8_t code_[] = { __VA_ARGS__ };                                           \
		put_code(fixture, rva, code_, sizeof(code_));                                      \
	} while (0)

/* ---- The sample ------------------------------------------------------------------------ */

/* One row "STACK CFI address .cfa: $rsp size +"; it holds up to the end of its function. */
static void check_cfi(struct fixture *fixture, uint32_t rva, uint32_t size)
{
	struct x64_registers registers = { .rip = IMAGE_BASE + rva };
	const struct image_range *table = &fixture->image->directory[IMAGE_DIRECTORY_EXCEPTION];
	const uint8_t *info = NULL;

	for (uint32_t i = 0; i < table->size; i += 12) {
		const uint8_t *entry = fixture->memory.image + table->rva + i;

		if (load_le32(entry) == rva)
			info = fixture->memory.image + load_le32(entry + 8);
	}
	assert_non_null(info);
	registers.rip += info[1];
	registers.general[X64_RSP] = RSP;
	if ((info[3] & 0xF) != 0)
		registers.general[info[3] & 0xF] = RSP + (info[3] >> 4) * 16u;
	assert_int_equal(unwind_x64(fixture->image, true, &registers), UNWIND_CALLER);
	assert_int_equal(registers.general[X64_RSP], RSP + size);
	assert_int_equal(registers.rip, stack_value(RSP + size - 8));
}

static void frames_of_a_real_program_are_as_large_as_windows_reader_says(void **state)
{
	const char *folder = getenv("VMSS_SAMPLES");
	struct fixture fixture;
	char path[1024], line[512];
	unsigned rows = 0, rva, size;
	FILE *listing;

	(void)state;
	if (folder == NULL)
		folder = "../shared/samples";
	snprintf(path, sizeof(path), "%s/pe/dump_syms_regtest64.sym", folder);
	listing = fopen(path, "r");
	snprintf(path, sizeof(path), "%s/pe/dump_syms_regtest64.exe", folder);
	if (listing == NULL || !windows_memory_load(&fixture.memory, path))
		skip();
	stack_fill(&fixture.memory);
	fixture.image = windows_memory_open(&fixture.memory);
	assert_non_null(fixture.image);
	while (fgets(line, sizeof(line), listing) != NULL)
		if (sscanf(line, "STACK CFI %x .cfa: $rsp %u +", &rva, &size) == 2) {
			check_cfi(&fixture, rva, size);
			rows++;
		}
	fclose(listing);
	assert_int_equal(rows, 195);
	tear_down(&fixture);
}

/* ---- Prologues --------------------------------------------------------------------------- */

static void leaf_returns_to_the_address_at_rsp(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	assert_int_equal(unwind_at(&fixture, FUNCTION + FUNCTION_SIZE), UNWIND_CALLER);
	assert_returned(&fixture, 0);
	tear_down(&fixture);
}

static void code_that_made_a_call_is_no_leaf(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	fixture.registers.rip = IMAGE_BASE + FUNCTION + FUNCTION_SIZE + 8;
	assert_int_equal(unwind_x64(fixture.image, false, &fixture.registers), UNWIND_NO_DATA);
	assert_int_equal(fixture.registers.general[X64_RSP], RSP);
	tear_down(&fixture);
}

/* push rbp; push r12; sub rsp, 0x28 */
static const uint8_t pushes[] = { 1, 7, 3, 0, 7, 0x42, 3, 0xC0, 1, 0x50 };

static void pushes_and_small_allocations_are_taken_back(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	put_info(&fixture, INFO, pushes, sizeof(pushes));
	assert_int_equal(unwind_at(&fixture, FUNCTION + 0x20), UNWIND_CALLER);
	assert_returned(&fixture, 0x38);
	assert_int_equal(fixture.registers.general[X64_R12], stack_value(RSP + 0x28));
	assert_int_equal(fixture.registers.general[X64_RBP], stack_value(RSP + 0x30));
	assert_int_equal(fixture.registers.general[X64_RBX], 0x1111 * X64_RBX);
	tear_down(&fixture);
}

static void a_prologue_is_taken_back_only_as_far_as_it_ran(void **state)
{
	static const struct { uint32_t offset; uint64_t return_at; } cases[] = {
		{ 0, 0 }, { 1, 8 }, { 2, 8 }, { 3, 0x10 }, { 6, 0x10 }, { 7, 0x38 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture;

		set_up(&fixture);
		put_info(&fixture, INFO, pushes, sizeof(pushes));
		assert_int_equal(unwind_at(&fixture, FUNCTION + cases[i].offset), UNWIND_CALLER);
		assert_returned(&fixture, cases[i].return_at);
		tear_down(&fixture);
	}
}

static void large_allocations_have_two_sizes(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	PUT_INFO(&fixture, 1, 7, 2, 0, 7, 0x01, 0x00, 0x02);
	assert_int_equal(unwind_at(&fixture, FUNCTION + 0x20), UNWIND_CALLER);
	assert_returned(&fixture, 0x200 * 8);
	tear_down(&fixture);

	set_up(&fixture);
	PUT_INFO(&fixture, 1, 7, 3, 0, 7, 0x11, 0x78, 0x34, 0x02, 0x00);
	assert_int_equal(unwind_at(&fixture, FUNCTION + 0x20), UNWIND_CALLER);
	assert_returned(&fixture, 0x23478);
	tear_down(&fixture);
}

static void saved_registers_are_found_near_and_far(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	/* movaps xmm6 and xmm7 near and far, mov rsi far, mov rdi near, sub rsp, 0x28 */
	PUT_INFO(&fixture, 1, 0x20, 11, 0, 0x20, 0x79, 0, 0, 1, 0, 0x18, 0x68, 2, 0,
		 0x10, 0x65, 0x00, 0x10, 0x01, 0x00, 0x08, 0x74, 0x04, 0x00, 0x04, 0x42);
	assert_int_equal(unwind_at(&fixture, FUNCTION + 0x20), UNWIND_CALLER);
	assert_returned(&fixture, 0x28);
	assert_int_equal(fixture.registers.general[X64_RSI], stack_value(RSP + 0x11000));
	assert_int_equal(fixture.registers.general[X64_RDI], stack_value(RSP + 0x20));
	tear_down(&fixture);
}

static void a_frame_register_stands_in_for_a_stack_pointer_that_moved(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	/* push rbp; sub rsp, 0x40; lea rbp, [rsp + 0x20]; mov [rsp + 0x50], rsi */
	PUT_INFO(&fixture, 1, 0x10, 5, 0x25, 0x10, 0x64, 0x0A, 0, 0x0A, 0x03, 5, 0x72, 1, 0x50);
	fixture.registers.general[X64_RBP] = RSP + 0x20;
	fixture.registers.general[X64_RSP] = RSP - 0x5000;
	assert_int_equal(unwind_at(&fixture, FUNCTION + 0x20), UNWIND_CALLER);
	assert_returned(&fixture, 0x48);
	assert_int_equal(fixture.registers.general[X64_RSI], stack_value(RSP + 0x50));
	assert_int_equal(fixture.registers.general[X64_RBP], stack_value(RSP + 0x40));
	tear_down(&fixture);
}

static void before_it_is_set_the_frame_register_is_the_callers(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	PUT_INFO(&fixture, 1, 0x10, 5, 0x25, 0x10, 0x64, 0x0A, 0, 0x0A, 0x03, 5, 0x72, 1, 0x50);
	fixture.registers.general[X64_RBP] = 0xDEAD;
	assert_int_equal(unwind_at(&fixture, FUNCTION + 5), UNWIND_CALLER);
	assert_returned(&fixture, 0x48);
	tear_down(&fixture);
}

static void a_part_is_unwound_through_the_function_it_is_chained_to(void **state)
{
	/* mov [rsp + 0x60], rbx, chained to FUNCTION */
	static const uint8_t part[] = { 0x21, 5, 2, 0, 5, 0x34, 0x0C, 0 };
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	put_info(&fixture, INFO, pushes, sizeof(pushes));
	put_info(&fixture, COLD_INFO, part, sizeof(part));
	memcpy(fixture.memory.image + COLD_INFO + sizeof(part), fixture.memory.image + TABLE, 12);
	assert_int_equal(unwind_at(&fixture, COLD + 5), UNWIND_CALLER);
	assert_returned(&fixture, 0x38);
	assert_int_equal(fixture.registers.general[X64_RBX], stack_value(RSP + 0x60));
	tear_down(&fixture);
}

static void an_entry_may_stand_for_another(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	put_info(&fixture, INFO, pushes, sizeof(pushes));
	put_function(&fixture, 1, COLD, COLD_SIZE, TABLE + 1);
	assert_int_equal(unwind_at(&fixture, COLD + 0x20), UNWIND_CALLER);
	assert_returned(&fixture, 0x38);
	tear_down(&fixture);
}

static void a_machine_frame_leads_to_the_interrupted_code(void **state)
{
	static const uint8_t with_and_without_error_code[] = { 0x0A, 0x1A };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		uint64_t frame = RSP + 0x28 + 8 * i;
		struct fixture fixture;

		set_up(&fixture);
		PUT_INFO(&fixture, 1, 4, 2, 0, 4, 0x42, 0, with_and_without_error_code[i]);
		stack_put(&fixture.memory, frame, 0x7FF612345678);
		stack_put(&fixture.memory, frame + 24, 0x1234567890);
		assert_int_equal(unwind_at(&fixture, FUNCTION + 0x20), UNWIND_INTERRUPTED);
		assert_int_equal(fixture.registers.rip, 0x7FF612345678);
		assert_int_equal(fixture.registers.general[X64_RSP], 0x1234567890);
		tear_down(&fixture);
	}
}

/* ---- Epilogues --------------------------------------------------------------------------- */

static void an_epilogue_that_returns_is_finished(void **state)
{
	/* add rsp, 0x28; pop r12; pop rbp; ret */
	static const uint8_t code[] = { 0x48, 0x83, 0xC4, 0x28, 0x41, 0x5C, 0x5D, 0xC3 };
	static const struct { uint32_t offset; uint64_t return_at; } cases[] = {
		{ 0, 0x38 }, { 4, 0x10 }, { 6, 8 }, { 7, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture;

		set_up(&fixture);
		put_info(&fixture, INFO, pushes, sizeof(pushes));
		put_code(&fixture, FUNCTION + 0x40, code, sizeof(code));
		assert_int_equal(unwind_at(&fixture, FUNCTION + 0x40 + cases[i].offset),
				 UNWIND_CALLER);
		assert_returned(&fixture, cases[i].return_at);
		tear_down(&fixture);
	}
}

static void an_epilogue_may_start_from_the_frame_register(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	/* push r12; lea r12, [rsp + 0x20] */
	PUT_INFO(&fixture, 1, 8, 2, 0x2C, 8, 0x03, 2, 0xC0);
	/* lea rsp, [r12 + 0x100]; pop r12; ret */
	PUT_CODE(&fixture, FUNCTION + 0x40, 0x49, 0x8D, 0xA4, 0x24, 0x00, 0x01, 0x00, 0x00, 0x41,
		 0x5C, 0xC3);
	fixture.registers.general[X64_R12] = RSP - 0x100;
	fixture.registers.general[X64_RSP] = RSP - 0x3000;
	assert_int_equal(unwind_at(&fixture, FUNCTION + 0x40), UNWIND_CALLER);
	assert_returned(&fixture, 8);
	assert_int_equal(fixture.registers.general[X64_R12], stack_value(RSP));
	tear_down(&fixture);
}

static void a_jump_out_of_the_function_is_a_call_in_last_place(void **state)
{
	/* jmp OTHER; jmp to this function's own start; jmp [rip]; rex.w jmp rax */
	static const struct { uint8_t bytes[6]; } jumps[] = {
		{ { 0xE9, 0xBB, 0x08, 0, 0 } }, { { 0xEB, 0xBE } },
		{ { 0xFF, 0x25, 0, 0, 0, 0 } }, { { 0x48, 0xFF, 0xE0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct fixture fixture;

		set_up(&fixture);
		put_info(&fixture, INFO, pushes, sizeof(pushes));
		put_code(&fixture, FUNCTION + 0x40, jumps[i].bytes, sizeof(jumps[i].bytes));
		assert_int_equal(unwind_at(&fixture, FUNCTION + 0x40), UNWIND_CALLER);
		assert_returned(&fixture, 0);
		tear_down(&fixture);
	}
}

static void a_jump_inside_the_function_ends_nothing(void **state)
{
	/* within the part; to the start and the middle of a part chained to it; jmp rax */
	static const struct { uint8_t bytes[5]; } jumps[] = {
		{ { 0xEB, 0x10 } }, { { 0xE9, 0xBB, 0x07, 0, 0 } },
		{ { 0xE9, 0xC0, 0x07, 0, 0 } }, { { 0xFF, 0xE0 } },
	};
	static const uint8_t part[] = { 0x21, 0, 0, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct fixture fixture;

		set_up(&fixture);
		put_info(&fixture, INFO, pushes, sizeof(pushes));
		put_info(&fixture, COLD_INFO, part, sizeof(part));
		memcpy(fixture.memory.image + COLD_INFO + sizeof(part),
		       fixture.memory.image + TABLE, 12);
		put_code(&fixture, FUNCTION + 0x40, jumps[i].bytes, sizeof(jumps[i].bytes));
		assert_int_equal(unwind_at(&fixture, FUNCTION + 0x40), UNWIND_CALLER);
		assert_returned(&fixture, 0x38);
		tear_down(&fixture);
	}
}

static void version_2_lists_the_epilogues_that_end_in_jumps(void **state)
{
	struct fixture fixture;
	/* One of 5 bytes at the end, one that begins 0xC0 before it: at 0x40. */
	static const uint8_t info[] = { 2, 7, 5, 0, 5, 0x16, 0xC0, 6, 7, 0x42, 3, 0xC0, 1, 0x50 };

	(void)state;
	for (unsigned listed = 0; listed < 3; listed++) {
		uint32_t at = listed == 0 ? FUNCTION + 0x30 : listed == 1 ? FUNCTION + 0x40 :
									  FUNCTION + 0xFB;

		set_up(&fixture);
		put_info(&fixture, INFO, info, sizeof(info));
		PUT_CODE(&fixture, at, 0xFF, 0x25, 0, 0, 0, 0);
		assert_int_equal(unwind_at(&fixture, at), UNWIND_CALLER);
		assert_returned(&fixture, listed == 0 ? 0x38 : 0);
		tear_down(&fixture);
	}
}

static void a_call_that_ends_a_function_belongs_to_it(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	put_info(&fixture, INFO, pushes, sizeof(pushes));
	/* What follows must not be taken for an epilogue. */
	PUT_CODE(&fixture, FUNCTION + FUNCTION_SIZE, 0xC3);
	fixture.registers.rip = IMAGE_BASE + FUNCTION + FUNCTION_SIZE;
	assert_int_equal(unwind_x64(fixture.image, false, &fixture.registers), UNWIND_CALLER);
	assert_returned(&fixture, 0x38);
	tear_down(&fixture);
}

/* ---- Bad data ---------------------------------------------------------------------------- */

static void expect_failure(struct fixture *fixture, enum unwind_result expected)
{
	struct x64_registers before;

	fixture->registers.rip = IMAGE_BASE + FUNCTION + 0x20;
	before = fixture->registers;
	assert_int_equal(unwind_x64(fixture->image, true, &fixture->registers), expected);
	assert_memory_equal(&before, &fixture->registers, sizeof(before));
	tear_down(fixture);
}

static void data_that_breaks_a_rule_is_refused(void **state)
{
	static const struct { uint8_t info[8]; } cases[] = {
		{ { 3, 0, 0, 0 } },			/* a version that is not known */
		{ { 0, 0, 0, 0 } },
		{ { 1, 7, 1, 0, 7, 0x0B } },		/* a code that is not known */
		{ { 1, 7, 1, 0, 7, 0x01, 0, 2 } },	/* a code without its last slot */
		{ { 1, 7, 2, 0, 7, 0x05, 0, 2 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture;

		set_up(&fixture);
		put_info(&fixture, INFO, cases[i].info, sizeof(cases[i].info));
		expect_failure(&fixture, UNWIND_DATA_DAMAGED);
	}
}

static void chains_that_lead_to_themselves_end(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	PUT_INFO(&fixture, 0x21, 0, 0, 0);
	memcpy(fixture.memory.image + INFO + 4, fixture.memory.image + TABLE, 12);
	expect_failure(&fixture, UNWIND_DATA_DAMAGED);

	set_up(&fixture);
	put_function(&fixture, 0, FUNCTION, FUNCTION_SIZE, TABLE + 1);
	expect_failure(&fixture, UNWIND_DATA_DAMAGED);
}

static void missing_pages_are_told_apart(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	fixture.memory.missing_page = IMAGE_BASE + TABLE;
	expect_failure(&fixture, UNWIND_DATA_MISSING);

	set_up(&fixture);
	put_function(&fixture, 0, FUNCTION, FUNCTION_SIZE, SIZE);
	expect_failure(&fixture, UNWIND_DATA_MISSING);

	set_up(&fixture);
	fixture.memory.missing_page = RSP;
	expect_failure(&fixture, UNWIND_STACK_MISSING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_a_real_program_are_as_large_as_windows_reader_says),
		cmocka_unit_test(leaf_returns_to_the_address_at_rsp),
		cmocka_unit_test(code_that_made_a_call_is_no_leaf),
		cmocka_unit_test(pushes_and_small_allocations_are_taken_back),
		cmocka_unit_test(a_prologue_is_taken_back_only_as_far_as_it_ran),
		cmocka_unit_test(large_allocations_have_two_sizes),
		cmocka_unit_test(saved_registers_are_found_near_and_far),
		cmocka_unit_test(a_frame_register_stands_in_for_a_stack_pointer_that_moved),
		cmocka_unit_test(before_it_is_set_the_frame_register_is_the_callers),
		cmocka_unit_test(a_part_is_unwound_through_the_function_it_is_chained_to),
		cmocka_unit_test(an_entry_may_stand_for_another),
		cmocka_unit_test(a_machine_frame_leads_to_the_interrupted_code),
		cmocka_unit_test(an_epilogue_that_returns_is_finished),
		cmocka_unit_test(an_epilogue_may_start_from_the_frame_register),
		cmocka_unit_test(a_jump_out_of_the_function_is_a_call_in_last_place),
		cmocka_unit_test(a_jump_inside_the_function_ends_nothing),
		cmocka_unit_test(version_2_lists_the_epilogues_that_end_in_jumps),
		cmocka_unit_test(a_call_that_ends_a_function_belongs_to_it),
		cmocka_unit_test(data_that_breaks_a_rule_is_refused),
		cmocka_unit_test(chains_that_lead_to_themselves_end),
		cmocka_unit_test(missing_pages_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
