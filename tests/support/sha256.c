/* SPDX-License-Identifier: MIT */
#include "support/sha256.h"

#include <string.h>

/* The fractional parts of the cube roots of the first 64 primes. */
static const uint32_t round_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate_right(uint32_t value, unsigned int count)
{
	return value >> count | value << (32 - count);
}

static void expand_block(const uint8_t *block, uint32_t schedule[64])
{
	for (size_t i = 0; i < 16; i++)
		schedule[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
			      (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (size_t i = 16; i < 64; i++) {
		uint32_t early = schedule[i - 15], late = schedule[i - 2];

		schedule[i] = schedule[i - 16] + schedule[i - 7] +
			      (rotate_right(early, 7) ^ rotate_right(early, 18) ^ early >> 3) +
			      (rotate_right(late, 17) ^ rotate_right(late, 19) ^ late >> 10);
	}
}

static void mix_round(const uint32_t v[8], uint32_t addend, uint32_t *d, uint32_t *h)
{
	uint32_t a = v[0], e = v[4];
	uint32_t sum1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
	uint32_t sum0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
	uint32_t first = v[7] + sum1 + ((e & v[5]) ^ (~e & v[6])) + addend;

	*d = v[3] + first;
	*h = first + sum0 + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
}

static void mix_block(struct sha256 *hash, const uint8_t *block)
{
	uint32_t schedule[64];
	uint32_t window[64 + 8]; /* the working variables move down one place a round */
	uint32_t *v = window + 64;

	expand_block(block, schedule);
	memcpy(v, hash->state, sizeof(hash->state));
	for (size_t i = 0; i < 64; i++) {
		uint32_t d, h;

		mix_round(v, round_constants[i] + schedule[i], &d, &h);
		v[3] = d;
		*--v = h;
	}
	for (size_t i = 0; i < 8; i++)
		hash->state[i] += v[i];
}

void sha256_start(struct sha256 *hash)
{
	static const uint32_t initial[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	memcpy(hash->state, initial, sizeof(initial));
	hash->byte_count = 0;
}

void sha256_add(struct sha256 *hash, const void *bytes, size_t size)
{
	const uint8_t *next = bytes;

	while (size > 0) {
		size_t filled = hash->byte_count % SHA256_BLOCK;
		size_t part = SHA256_BLOCK - filled < size ? SHA256_BLOCK - filled : size;

		memcpy(hash->pending + filled, next, part);
		hash->byte_count += part;
		next += part;
		size -= part;
		if (filled + part == SHA256_BLOCK)
			mix_block(hash, hash->pending);
	}
}

void sha256_finish(struct sha256 *hash, char text[SHA256_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	static const uint8_t padding[SHA256_BLOCK] = { 0x80 };
	uint64_t bit_count = hash->byte_count * 8;
	size_t used = hash->byte_count % SHA256_BLOCK;
	uint8_t length[8];

	for (size_t i = 0; i < 8; i++)
		length[i] = (uint8_t)(bit_count >> (56 - 8 * i));
	sha256_add(hash, padding, used < 56 ? 56 - used : 120 - used);
	sha256_add(hash, length, sizeof(length));
	for (size_t i = 0; i < 64; i++)
		text[i] = digits[hash->state[i / 8] >> (28 - 4 * (i % 8)) & 15];
	text[64] = '\0';
}

void sha256_of(const void *bytes, size_t size, char text[SHA256_TEXT])
{
	struct sha256 hash;

	sha256_start(&hash);
	sha256_add(&hash, bytes, size);
	sha256_finish(&hash, text);
}
