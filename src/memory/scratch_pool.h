/* SPDX-License-Identifier: MIT */
/*
 * Buffers of one RAM block for reads in flight, used again and again: the
 * first touch of fresh memory costs as much as decoding a page.
 *
 * Threads: all functions but init and fini run in parallel.
 *
 * May include: src/base, src/platform.
 */
#ifndef MEMORY_SCRATCH_POOL_H
#define MEMORY_SCRATCH_POOL_H

#include "platform/thread.h"

#include <stddef.h>
#include <stdint.h>

enum { SCRATCH_KEPT = 8 };

struct scratch_pool {
	struct mutex lock;
	uint8_t *idle[SCRATCH_KEPT];
	size_t idle_count;
};

void scratch_pool_init(struct scratch_pool *pool);
void scratch_pool_fini(struct scratch_pool *pool);

/* A buffer of 1 MiB, or NULL when memory is short; give it back with scratch_pool_return. */
uint8_t *scratch_pool_take(struct scratch_pool *pool);
void scratch_pool_return(struct scratch_pool *pool, uint8_t *buffer);

#endif
