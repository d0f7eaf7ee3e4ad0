/* SPDX-License-Identifier: MIT */
#include "memory/scratch_pool.h"

#include <stdlib.h>

enum { SCRATCH_SIZE = 1 << 20 };

void scratch_pool_init(struct scratch_pool *pool)
{
	mutex_init(&pool->lock);
	pool->idle_count = 0;
}

void scratch_pool_fini(struct scratch_pool *pool)
{
	while (pool->idle_count > 0)
		free(pool->idle[--pool->idle_count]);
	mutex_fini(&pool->lock);
}

uint8_t *scratch_pool_take(struct scratch_pool *pool)
{
	uint8_t *buffer = NULL;

	mutex_lock(&pool->lock);
	if (pool->idle_count > 0)
		buffer = pool->idle[--pool->idle_count];
	mutex_unlock(&pool->lock);
	return buffer != NULL ? buffer : malloc(SCRATCH_SIZE);
}

void scratch_pool_return(struct scratch_pool *pool, uint8_t *buffer)
{
	mutex_lock(&pool->lock);
	if (pool->idle_count < SCRATCH_KEPT) {
		pool->idle[pool->idle_count++] = buffer;
		buffer = NULL;
	}
	mutex_unlock(&pool->lock);
	free(buffer);
}
