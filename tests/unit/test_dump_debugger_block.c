/* SPDX-License-Identifier: MIT */
#include "dump/debugger_block.h"

#include "test_shim.h"

#include <string.h>

static const uint64_t KERNEL = UINT64_C(0xFFFFF80312400000);

enum { BLOCK_SIZE = 0x360, WORDS = BLOCK_SIZE / 8 };

static void put_words(uint8_t *bytes, const uint64_t *words)
{
	for (int i = 0; i < WORDS; i++) {
		for (int byte = 0; byte < 8; byte++)
			bytes[8 * i + byte] = (uint8_t)(words[i] >> (8 * byte));
	}
}

static void make_words(uint64_t words[WORDS])
{
	for (int i = 0; i < WORDS; i++)
		words[i] = KERNEL + 0x1000 * (uint64_t)i;
	words[2] = UINT64_C(0x4742444B) | (uint64_t)BLOCK_SIZE << 32;
	words[3] = KERNEL;
	words[0x338 / 8] = 0x5D40;
}

static uint64_t reversed_bytes(uint64_t word)
{
	uint64_t out = 0;

	for (int i = 0; i < 8; i++)
		out = out << 8 | (word >> (8 * i) & 0xFF);
	return out;
}

/* As the kernel encodes it: the published decoding, step by step backwards. */
static uint64_t encoded(uint64_t word, uint64_t never, uint64_t always, uint64_t address)
{
	unsigned count = (unsigned)(never & 0xFF) % 64;
	uint64_t x = reversed_bytes(word ^ always) ^ address;

	if (count != 0)
		x = x >> count | x << (64 - count);
	return x ^ never;
}

static void a_plain_block_is_taken_as_it_is(void **state)
{
	static struct debugger_block block;
	uint64_t words[WORDS];
	uint8_t bytes[BLOCK_SIZE];

	(void)state;
	make_words(words);
	put_words(bytes, words);
	assert_true(debugger_block_at(bytes, sizeof(bytes), KERNEL, &block));
	assert_false(block.was_encoded);
	assert_int_equal(block.size, BLOCK_SIZE);
	assert_memory_equal(block.bytes, bytes, BLOCK_SIZE);
	assert_true(debugger_block_u64(&block, BLOCK_LOADED_MODULES) == KERNEL + 0x9000);
	assert_int_equal(debugger_block_u16(&block, BLOCK_PRCB_CONTEXT), 0x5D40);
}

static void every_rotation_is_decoded_from_the_kernels_base_alone(void **state)
{
	static struct debugger_block block;
	uint64_t words[WORDS], hidden[WORDS];
	uint8_t plain[BLOCK_SIZE], bytes[BLOCK_SIZE];

	(void)state;
	make_words(words);
	put_words(plain, words);
	for (uint64_t rotation = 0; rotation < 256; rotation++) {
		uint64_t never = UINT64_C(0x9C6A13F0B75D2E00) * (rotation + 1);
		uint64_t always = UINT64_C(0x3B19F5D2E80C76A5) * (rotation + 3);

		never = (never & ~UINT64_C(0xFF)) | rotation;
		for (int i = 0; i < WORDS; i++)
			hidden[i] = encoded(words[i], never, always, KERNEL + 0x123458);
		put_words(bytes, hidden);
		assert_true(debugger_block_at(bytes, sizeof(bytes), KERNEL, &block));
		assert_true(block.was_encoded);
		assert_int_equal(block.size, BLOCK_SIZE);
		assert_memory_equal(block.bytes, plain, BLOCK_SIZE);
	}
}

static void a_block_of_another_kernel_or_cut_short_is_none(void **state)
{
	static struct debugger_block block;
	uint64_t words[WORDS];
	uint8_t bytes[BLOCK_SIZE];

	(void)state;
	make_words(words);
	put_words(bytes, words);
	assert_false(debugger_block_at(bytes, sizeof(bytes), KERNEL + 0x1000, &block));
	assert_false(debugger_block_at(bytes, BLOCK_SIZE - 8, KERNEL, &block));
	assert_false(debugger_block_at(bytes, 0, KERNEL, &block));
	bytes[0x4F] = 0;	/* the list of modules in the user's half */
	assert_false(debugger_block_at(bytes, sizeof(bytes), KERNEL, &block));
}

static void noise_holds_no_block(void **state)
{
	static struct debugger_block block;
	uint8_t bytes[DEBUGGER_BLOCK_MOST];
	uint64_t random = 88172645463325252u;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			bytes[i] = (uint8_t)random;
		}
		assert_false(debugger_block_at(bytes, sizeof(bytes), KERNEL, &block));
	}
	memset(bytes, 0, sizeof(bytes));
	assert_false(debugger_block_at(bytes, sizeof(bytes), KERNEL, &block));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_block_is_taken_as_it_is),
		cmocka_unit_test(every_rotation_is_decoded_from_the_kernels_base_alone),
		cmocka_unit_test(a_block_of_another_kernel_or_cut_short_is_none),
		cmocka_unit_test(noise_holds_no_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
