/* SPDX-License-Identifier: MIT */
/*
 * Callers found by ARM64 unwind data made by hand: what compilers seldom write
 * and what is damaged.  Real compiler output is the matter of
 * tests/guest/test_unwind_arm64.py.
 */
#include "test_shim.h"

#include "base/bytes.h"
#include "guest/unwind_arm64.h"
#include "guest/unwind_arm64_codes.h"
#include "windows_image.h"

#include <string.h>

enum { MACHINE_ARM64 = 0xAA64, FUNCTION = 0x1000, TABLE = 0x2000, CODES = 0x2100, SIZE = 0x4000 };

/* A function of 64 instructions. */
enum { LENGTH = 64 };

#define SP (STACK_BASE + 0x8000)
#define LR (IMAGE_BASE + 0x10)
#define END 0xE4

struct fixture {
	struct windows_memory memory;
	struct pe_image *image;
	struct arm64_registers registers;
};

static void set_up(struct fixture *fixture, uint32_t data)
{
	windows_memory_create(&fixture->memory, SIZE, MACHINE_ARM64, TABLE, 8);
	stack_fill(&fixture->memory);
	store_le32(fixture->memory.image + TABLE, FUNCTION);
	store_le32(fixture->memory.image + TABLE + 4, data);
	fixture->image = windows_memory_open(&fixture->memory);
	assert_non_null(fixture->image);
	memset(&fixture->registers, 0, sizeof(fixture->registers));
	for (unsigned i = 0; i < ARM64_GENERAL_COUNT; i++)
		fixture->registers.general[i] = 0x1111 * i;
	fixture->registers.general[ARM64_LR] = LR;
	fixture->registers.sp = SP;
}

static void tear_down(struct fixture *fixture)
{
	pe_image_close(fixture->image);
	windows_memory_free(&fixture->memory);
}

/* Codes with one epilogue scope at instruction 40, whose codes begin at epilogue_start. */
static void set_up_codes(struct fixture *fixture, const uint8_t *codes, size_t size,
			 uint32_t epilogue_start)
{
	uint32_t words = (uint32_t)(size + 3) / 4;

	set_up(fixture, CODES);
	store_le32(fixture->memory.image + CODES, LENGTH | 1u << 22 | words << 27);
	store_le32(fixture->memory.image + CODES + 4, 40 | epilogue_start << 22);
	memcpy(fixture->memory.image + CODES + 8, codes, size);
}

#define SET_UP_CODES(fixture, epilogue_start, ...)                                                 \
	do {                                                                                       \
		const uint8_t codes_[] = { __VA_ARGS__ };                                          \
		set_up_codes(fixture, codes_, sizeof(codes_), epilogue_start);                     \
	} while (0)

static enum unwind_result unwind_at(struct fixture *fixture, uint32_t instruction)
{
	fixture->registers.pc = IMAGE_BASE + FUNCTION + 4 * instruction;
	return unwind_arm64(fixture->image, true, &fixture->registers);
}

static void assert_saved(const struct fixture *fixture, unsigned number, uint64_t offset)
{
	assert_int_equal(fixture->registers.general[number], stack_value(SP + offset));
}

static void a_leaf_returns_to_the_link_register(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture, CODES);
	store_le32(fixture.memory.image + CODES, LENGTH | 1u << 27);
	fixture.registers.pc = IMAGE_BASE + FUNCTION + 4 * LENGTH;
	assert_int_equal(unwind_arm64(fixture.image, true, &fixture.registers), UNWIND_CALLER);
	assert_int_equal(fixture.registers.pc, LR);
	assert_int_equal(fixture.registers.sp, SP);
	fixture.registers.pc = IMAGE_BASE + FUNCTION + 4 * LENGTH + 4;
	assert_int_equal(unwind_arm64(fixture.image, false, &fixture.registers), UNWIND_NO_DATA);
	tear_down(&fixture);
}

/* stp x19, x20, [sp, -64]!; stp x21, x22, [sp, 16]; stp x23, x24, [sp, 32]; str lr, [sp, 48] */
static const uint8_t next_pairs[] = { 0xD2, 0xC6, 0xE6, 0xE6, 0xCC, 0x07, END };

static void the_next_pairs_follow_the_one_that_is_named(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up_codes(&fixture, next_pairs, sizeof(next_pairs), 0);
	assert_int_equal(unwind_at(&fixture, 20), UNWIND_CALLER);
	for (unsigned i = 0; i < 6; i++)
		assert_saved(&fixture, 19 + i, 8 * i);
	assert_int_equal(fixture.registers.sp, SP + 64);
	assert_saved(&fixture, ARM64_LR, 48);
	tear_down(&fixture);
}

static void prologues_and_epilogues_count_only_as_far_as_they_ran(void **state)
{
	static const struct { uint32_t instruction; uint64_t sp; bool lr_saved; } cases[] = {
		{ 0, 0, false }, { 1, 64, false }, { 3, 64, false }, { 4, 64, true },
		{ 40, 64, true }, { 41, 64, false }, { 44, 0, false }, { 45, 64, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture;

		set_up_codes(&fixture, next_pairs, sizeof(next_pairs), 0);
		assert_int_equal(unwind_at(&fixture, cases[i].instruction), UNWIND_CALLER);
		assert_int_equal(fixture.registers.sp, SP + cases[i].sp);
		if (cases[i].lr_saved)
			assert_saved(&fixture, ARM64_LR, 48);
		else
			assert_int_equal(fixture.registers.general[ARM64_LR], LR);
		tear_down(&fixture);
	}
}

static void a_part_without_a_prologue_is_unwound_through_that_of_the_whole(void **state)
{
	struct fixture fixture;

	(void)state;
	/* end_c; stp x29, lr, [sp, -32]! */
	SET_UP_CODES(&fixture, 0, 0xE5, 0x83, END);
	assert_int_equal(unwind_at(&fixture, 0), UNWIND_CALLER);
	assert_int_equal(fixture.registers.sp, SP + 32);
	tear_down(&fixture);
}

static void the_frame_pointer_stands_in_for_a_stack_pointer_that_moved(void **state)
{
	struct fixture fixture;

	(void)state;
	/* stp x29, lr, [sp, -48]!; add x29, sp, 16 */
	SET_UP_CODES(&fixture, 0, 0xE2, 0x02, 0x85, END);
	fixture.registers.general[ARM64_FP] = SP + 16;
	fixture.registers.sp = SP - 0x4000;
	assert_int_equal(unwind_at(&fixture, 20), UNWIND_CALLER);
	assert_int_equal(fixture.registers.sp, SP + 48);
	assert_saved(&fixture, ARM64_FP, 0);
	tear_down(&fixture);
}

static void every_size_of_allocation_is_known(void **state)
{
	struct fixture fixture;

	(void)state;
	/* 0x1F * 16 + 0x7FF * 16 + 0x012345 * 16 */
	SET_UP_CODES(&fixture, 0, 0x1F, 0xC7, 0xFF, 0xE0, 0x01, 0x23, 0x45, END);
	assert_int_equal(unwind_at(&fixture, 20), UNWIND_CALLER);
	assert_int_equal(fixture.registers.sp, SP + 0x1F0 + 0x7FF0 + 0x123450);
	tear_down(&fixture);
}

static void signed_return_addresses_lose_their_signature(void **state)
{
	static const struct { uint64_t with, without; } cases[] = {
		{ 0x00AAFFF812340010, 0xFFFFFFF812340010 },
		{ 0x7F407FF612345678, 0x00007FF612345678 },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture fixture;

		SET_UP_CODES(&fixture, 0, 0x81, 0xFC, END);
		stack_put(&fixture.memory, SP + 8, cases[i].with);
		assert_int_equal(unwind_at(&fixture, 20), UNWIND_CALLER);
		assert_int_equal(fixture.registers.pc, cases[i].without);
		tear_down(&fixture);
	}
}

static void frames_of_interrupted_code_give_back_all_registers(void **state)
{
	struct fixture fixture;

	(void)state;
	SET_UP_CODES(&fixture, 0, 0xE9, END);
	assert_int_equal(unwind_at(&fixture, 20), UNWIND_INTERRUPTED);
	assert_int_equal(fixture.registers.sp, stack_value(SP));
	assert_int_equal(fixture.registers.pc, stack_value(SP + 8));
	tear_down(&fixture);

	SET_UP_CODES(&fixture, 0, 0xEA, END);
	assert_int_equal(unwind_at(&fixture, 20), UNWIND_INTERRUPTED);
	assert_saved(&fixture, 0, 8);
	assert_saved(&fixture, ARM64_LR, 0xF8);
	assert_int_equal(fixture.registers.sp, stack_value(SP + 0x100));
	assert_int_equal(fixture.registers.pc, stack_value(SP + 0x108));
	tear_down(&fixture);

	SET_UP_CODES(&fixture, 0, 0xE8, END);
	assert_int_equal(unwind_at(&fixture, 20), UNWIND_INTERRUPTED);
	assert_saved(&fixture, 18, 0xA0 + 8 * 18);
	assert_saved(&fixture, ARM64_FP, 0x140);
	assert_int_equal(fixture.registers.sp, stack_value(SP + 0x98));
	assert_int_equal(fixture.registers.pc, stack_value(SP + 0x148));
	tear_down(&fixture);
}

/* A whole function with a packed entry: x19, x20 and lr saved, x29 set up, 96 bytes in all. */
#define PACKED (1u | LENGTH << 2 | 2u << 16 | 3u << 21 | 6u << 23)

static void a_packed_entry_is_unwound_in_prologue_body_and_epilogue(void **state)
{
	static const struct { uint32_t instruction; uint64_t sp; } cases[] = {
		{ 0, 0 }, { 1, 16 }, { 2, 96 }, { 3, 96 }, { 30, 96 },
		{ LENGTH - 3, 96 }, { LENGTH - 2, 16 }, { LENGTH - 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture;

		set_up(&fixture, PACKED);
		fixture.registers.general[ARM64_FP] = SP;
		assert_int_equal(unwind_at(&fixture, cases[i].instruction), UNWIND_CALLER);
		assert_int_equal(fixture.registers.sp, SP + cases[i].sp);
		tear_down(&fixture);
	}
}

static void a_packed_part_has_neither_prologue_nor_epilogue(void **state)
{
	struct fixture fixture;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		set_up(&fixture, (PACKED & ~3u) | 2);
		fixture.registers.general[ARM64_FP] = SP;
		assert_int_equal(unwind_at(&fixture, i * (LENGTH - 1)), UNWIND_CALLER);
		assert_int_equal(fixture.registers.sp, SP + 96);
		tear_down(&fixture);
	}
}

static void data_that_breaks_a_rule_is_refused(void **state)
{
	static const struct { uint8_t codes[4]; } cases[] = {
		{ { 0xDF, 0, END } },			/* reserved */
		{ { 0xF0, END } },
		{ { 0xE3, 0xE3, 0xE3, 0xE3 } },		/* no end */
		{ { 0xE3, 0xE3, 0xE0, 0 } },		/* cut */
		{ { 0xCB, 0xC0, END } },		/* x34 */
		{ { 0xE7, 0x80, 0x00, END } },		/* a bit of save_any_reg that is 0 */
		{ { 0xE7, 0x00, 0xC0, END } },		/* and a reserved kind of register */
	};
	struct fixture fixture;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up_codes(&fixture, cases[i].codes, 4, 0);
		assert_int_equal(unwind_at(&fixture, 20), UNWIND_DATA_DAMAGED);
		assert_int_equal(fixture.registers.sp, SP);
		tear_down(&fixture);
	}
	/* A frame smaller than what is saved in it, eleven registers, a reserved kind. */
	for (unsigned i = 0; i < 3; i++) {
		static const uint32_t data[] = { PACKED & ~(0x1FFu << 23), PACKED | 0xFu << 16, 3 };

		set_up(&fixture, data[i]);
		assert_int_equal(unwind_at(&fixture, 20), UNWIND_DATA_DAMAGED);
		tear_down(&fixture);
	}
	SET_UP_CODES(&fixture, 0, END);
	fixture.memory.image[CODES + 2] |= 4;	/* a version that is not known */
	assert_int_equal(unwind_at(&fixture, 20), UNWIND_DATA_DAMAGED);
	tear_down(&fixture);
}

/*
 * Each code with a value in every field of its, as the published table has it:
 * save_regp is 110010xx xxzzzzzz, a pair from X19 + x on at [sp, z * 8], and so on.
 */
static void every_code_has_the_meaning_of_the_published_table(void **state)
{
	enum { NONE = ARM64_NO_REGISTER };
	static const struct {
		uint8_t codes[4];
		uint8_t used;
		struct arm64_step step;
	} cases[] = {
		{ { 0x03 }, 1, { ARM64_STEP_ALLOCATE, 0, NONE, 0, 48 } },
		{ { 0x25 }, 1, { ARM64_STEP_SAVE, 19, 20, 0, 40 } },
		{ { 0x43 }, 1, { ARM64_STEP_SAVE, 29, 30, 24, 0 } },
		{ { 0x83 }, 1, { ARM64_STEP_SAVE, 29, 30, 0, 32 } },
		{ { 0xC1, 0x02 }, 2, { ARM64_STEP_ALLOCATE, 0, NONE, 0, 0x1020 } },
		{ { 0xC8, 0xC5 }, 2, { ARM64_STEP_SAVE, 22, 23, 40, 0 } },	/* save_regp */
		{ { 0xCC, 0xC5 }, 2, { ARM64_STEP_SAVE, 22, 23, 0, 48 } },
		{ { 0xD0, 0xC5 }, 2, { ARM64_STEP_SAVE, 22, NONE, 40, 0 } },	/* save_reg */
		{ { 0xD4, 0x65 }, 2, { ARM64_STEP_SAVE, 22, NONE, 0, 48 } },
		{ { 0xD6, 0x85 }, 2, { ARM64_STEP_SAVE, 23, 30, 40, 0 } },	/* save_lrpair */
		{ { 0xD8, 0x85 }, 2, { ARM64_STEP_SAVE_FLOAT, 0, NONE, 0, 0 } },
		{ { 0xDA, 0x85 }, 2, { ARM64_STEP_SAVE_FLOAT, 0, NONE, 0, 48 } },
		{ { 0xDC, 0x85 }, 2, { ARM64_STEP_SAVE_FLOAT, 0, NONE, 0, 0 } },
		{ { 0xDE, 0x65 }, 2, { ARM64_STEP_SAVE_FLOAT, 0, NONE, 0, 48 } },
		/* save_any_reg: str x5 at 24, stp x5 at 48, the same lowering SP, and d and q */
		{ { 0xE7, 0x05, 0x03 }, 3, { ARM64_STEP_SAVE, 5, NONE, 24, 0 } },
		{ { 0xE7, 0x45, 0x03 }, 3, { ARM64_STEP_SAVE, 5, 6, 48, 0 } },
		{ { 0xE7, 0x25, 0x03 }, 3, { ARM64_STEP_SAVE, 5, NONE, 0, 64 } },
		{ { 0xE7, 0x65, 0x03 }, 3, { ARM64_STEP_SAVE, 5, 6, 0, 64 } },
		{ { 0xE7, 0x05, 0x43 }, 3, { ARM64_STEP_SAVE_FLOAT, 0, NONE, 0, 0 } },
		{ { 0xE7, 0x65, 0x83 }, 3, { ARM64_STEP_SAVE_FLOAT, 0, NONE, 0, 64 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct arm64_step *expected = &cases[i].step;
		struct arm64_step step;
		size_t used = 0;

		assert_true(arm64_decode_step(cases[i].codes, 4, &step, &used));
		assert_int_equal(used, cases[i].used);
		assert_int_equal(step.kind, expected->kind);
		assert_int_equal(step.offset, expected->offset);
		assert_int_equal(step.size, expected->size);
		if (step.kind == ARM64_STEP_SAVE) {
			assert_int_equal(step.first, expected->first);
			assert_int_equal(step.second, expected->second);
		}
		assert_false(arm64_decode_step(cases[i].codes, (size_t)cases[i].used - 1, &step,
					       &used));
	}
}

static void a_register_saved_with_sp_lowered_is_found_where_it_lies(void **state)
{
	struct fixture fixture;

	(void)state;
	/* stp x19, lr, [sp, 16]; str x21, [sp, -32]! by save_any_reg */
	SET_UP_CODES(&fixture, 0, 0xD6, 0x02, 0xE7, 0x35, 0x01, END);
	assert_int_equal(unwind_at(&fixture, 20), UNWIND_CALLER);
	assert_saved(&fixture, 19, 16);
	assert_saved(&fixture, ARM64_LR, 24);
	assert_saved(&fixture, 21, 0);
	assert_int_equal(fixture.registers.sp, SP + 32);
	tear_down(&fixture);
}

static void missing_pages_are_told_apart(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture, PACKED);
	fixture.memory.missing_page = IMAGE_BASE + TABLE;
	assert_int_equal(unwind_at(&fixture, 20), UNWIND_DATA_MISSING);
	tear_down(&fixture);

	set_up(&fixture, SIZE + 0x1000);
	assert_int_equal(unwind_at(&fixture, 20), UNWIND_DATA_MISSING);
	tear_down(&fixture);

	set_up(&fixture, PACKED);
	fixture.memory.missing_page = SP;
	fixture.registers.general[ARM64_FP] = SP;
	assert_int_equal(unwind_at(&fixture, 20), UNWIND_STACK_MISSING);
	assert_int_equal(fixture.registers.sp, SP);
	tear_down(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leaf_returns_to_the_link_register),
		cmocka_unit_test(the_next_pairs_follow_the_one_that_is_named),
		cmocka_unit_test(prologues_and_epilogues_count_only_as_far_as_they_ran),
		cmocka_unit_test(a_part_without_a_prologue_is_unwound_through_that_of_the_whole),
		cmocka_unit_test(the_frame_pointer_stands_in_for_a_stack_pointer_that_moved),
		cmocka_unit_test(every_size_of_allocation_is_known),
		cmocka_unit_test(signed_return_addresses_lose_their_signature),
		cmocka_unit_test(frames_of_interrupted_code_give_back_all_registers),
		cmocka_unit_test(a_packed_entry_is_unwound_in_prologue_body_and_epilogue),
		cmocka_unit_test(a_packed_part_has_neither_prologue_nor_epilogue),
		cmocka_unit_test(data_that_breaks_a_rule_is_refused),
		cmocka_unit_test(every_code_has_the_meaning_of_the_published_table),
		cmocka_unit_test(a_register_saved_with_sp_lowered_is_found_where_it_lies),
		cmocka_unit_test(missing_pages_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
