/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 (FIPS 180-4), for comparing memory with the digests of the samples.
 *
 * May include: nothing of src/.
 */
#ifndef TEST_SHA256_H
#define TEST_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BLOCK = 64, SHA256_TEXT = 65 };

struct sha256 {
	uint32_t state[8];
	uint64_t byte_count;
	uint8_t pending[SHA256_BLOCK];
};

void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t size);

/* Writes 64 hexadecimal digits in lower case and a NUL. */
void sha256_finish(struct sha256 *hash, char text[SHA256_TEXT]);

/* All three in one. */
void sha256_of(const void *bytes, size_t size, char text[SHA256_TEXT]);

#endif
