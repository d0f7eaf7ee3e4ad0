/* SPDX-License-Identifier: MIT */
/*
 * The walker against the reference walkers, over memory whose contents are
 * made up from a seed and the address asked for: endless, always the same,
 * and biased so that a good share of all walks ends in a page.
 */
#include "reference_walk.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { MEMORIES = 40000, WALKS_PER_MEMORY = 4 };

static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

static uint64_t next(uint64_t *state)
{
	*state = mix(*state);
	return *state;
}

/* True once in n times. */
static bool one_in(uint64_t *state, unsigned n)
{
	return next(state) % n == 0;
}

static enum status read_made_up(void *context, uint64_t gpa, unsigned size, uint64_t *entry,
				struct error *error)
{
	const uint64_t *seed = context;
	uint64_t state = mix(*seed ^ gpa);
	uint64_t page = mix(*seed ^ (gpa >> 12));
	uint64_t value;

	(void)error;
	if (gpa >> 41 != 0 || page % 16 == 0)
		return STATUS_GPA_NOT_SAVED;
	value = next(&state) & UINT64_C(0x000000FFFFFFF000);
	if (one_in(&state, 8))
		value = gpa & ~UINT64_C(0xFFF);
	if (one_in(&state, 3))
		value &= ~UINT64_C(0x3FFFF000);		/* room for a clean large page */
	value |= next(&state) & 0x67E;
	value |= one_in(&state, 16) ? 0 : 1;
	value |= one_in(&state, 4) ? 0 : 2;
	value |= one_in(&state, 4) ? 0x80 : 0;
	if (one_in(&state, 4))
		value |= next(&state) & UINT64_C(0xFFF0000000000000);
	if (one_in(&state, 32))
		value |= next(&state) & UINT64_C(0x000F000000000000);
	if (one_in(&state, 32))
		value = next(&state);
	*entry = size == 4 ? value & UINT32_MAX : value;
	return STATUS_OK;
}

static struct paging_registers random_registers(uint64_t *state)
{
	struct paging_registers registers = { 0 };

	registers.cr3 = next(state) & (one_in(state, 8) ? UINT64_MAX : UINT64_C(0xFFFFFFFFFF));
	registers.efer = next(state);
	registers.maxphyaddr = one_in(state, 2) ? 0 : 36 + (unsigned)(next(state) % 17);
	registers.ttbr0 = next(state) & UINT64_C(0xFFFF00FFFFFFFFFF);
	registers.ttbr1 = next(state) & UINT64_C(0xFFFF00FFFFFFFFFF);
	registers.tcr = next(state);
	if (one_in(state, 8))
		return registers;
	/* Legal widths, no 52-bit features; the granules stay random. */
	registers.tcr &= ~(UINT64_C(0x3F003F) | UINT64_C(1) << 59 | UINT64_C(4) << 32);
	registers.tcr |= 16 + next(state) % 32;
	registers.tcr |= (16 + next(state) % 32) << 16;
	return registers;
}

/* Mostly the sign extension of some width, so that all forms and ranges are met. */
static uint64_t random_address(uint64_t *state)
{
	uint64_t address = next(state);
	unsigned width = 16 + (unsigned)(next(state) % 42);
	uint64_t low = (UINT64_C(1) << width) - 1;

	if (one_in(state, 32))
		return address;
	address = one_in(state, 2) ? address & low : address | ~low;
	if (one_in(state, 16))
		address ^= next(state) << 56;	/* a tag */
	return address;
}

/* Whatever lies in the region a scanner may skip has to be unmapped too. */
static void check_skip(const struct address_space *space, const struct page_walk *walk,
		       const struct entry_reader *reader, uint64_t *state)
{
	uint64_t start, inside;

	if (walk->skip_size == 0)
		return;
	assert_int_equal(walk->skip_size & (walk->skip_size - 1), 0);
	assert_true(walk->unmapped_size <= walk->skip_size);
	start = walk->address & ~(walk->skip_size - 1);
	inside = start + (next(state) & (walk->skip_size - 1));
	assert_int_not_equal(reference_walk(space, inside, reader).result, PAGE_MAPPED);
	assert_int_not_equal(reference_walk(space, start, reader).result, PAGE_MAPPED);
	inside = start + (walk->skip_size - 1);
	assert_int_not_equal(reference_walk(space, inside, reader).result, PAGE_MAPPED);
}

static bool check_walk(const struct address_space *space, uint64_t address, uint64_t seed,
		       uint64_t *state)
{
	struct entry_reader reader = { read_made_up, &seed };
	struct reference_answer expected = reference_walk(space, address, &reader);
	struct page_walk walk;
	const char *difference;

	assert_int_equal(page_walk(space, address, &reader, NULL, &walk, NULL), STATUS_OK);
	difference = reference_difference(&expected, &walk);
	if (difference != NULL)
		fail_msg("form %d, address 0x%" PRIx64 ", TCR 0x%" PRIx64 ", seed 0x%" PRIx64
			 ": %s differs (results %d and %d)", space->form, address,
			 space->registers.tcr, seed, difference, expected.result, walk.result);
	check_skip(space, &walk, &reader, state);
	return walk.result == PAGE_MAPPED;
}

/* Returns how many percent of the walks ended in a page. */
static unsigned compare_form(enum paging_form form)
{
	uint64_t state = mix((uint64_t)form);
	unsigned mapped = 0;
	unsigned i, j;

	for (i = 0; i < MEMORIES; i++) {
		struct address_space space = { form, random_registers(&state) };
		uint64_t seed = next(&state);

		for (j = 0; j < WALKS_PER_MEMORY; j++)
			mapped += check_walk(&space, random_address(&state), seed, &state);
	}
	return mapped / (MEMORIES * WALKS_PER_MEMORY / 100);
}

static void test_32bit_agrees_with_the_reference(void **context)
{
	(void)context;
	assert_true(compare_form(PAGING_FORM_32BIT) > 50);
}

static void test_32bit_with_pse_agrees_with_the_reference(void **context)
{
	(void)context;
	assert_true(compare_form(PAGING_FORM_32BIT_PSE) > 50);
}

static void test_pae_agrees_with_the_reference(void **context)
{
	(void)context;
	assert_true(compare_form(PAGING_FORM_PAE) > 50);
}

static void test_long_4_level_agrees_with_the_reference(void **context)
{
	(void)context;
	assert_true(compare_form(PAGING_FORM_LONG4) > 30);
}

static void test_long_5_level_agrees_with_the_reference(void **context)
{
	(void)context;
	assert_true(compare_form(PAGING_FORM_LONG5) > 30);
}

static void test_armv8_agrees_with_the_reference(void **context)
{
	(void)context;
	assert_true(compare_form(PAGING_FORM_ARMV8) > 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_32bit_agrees_with_the_reference),
		cmocka_unit_test(test_32bit_with_pse_agrees_with_the_reference),
		cmocka_unit_test(test_pae_agrees_with_the_reference),
		cmocka_unit_test(test_long_4_level_agrees_with_the_reference),
		cmocka_unit_test(test_long_5_level_agrees_with_the_reference),
		cmocka_unit_test(test_armv8_agrees_with_the_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
