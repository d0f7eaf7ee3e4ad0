/* SPDX-License-Identifier: MIT */
/*
 * Memory that the public API hands to its caller, who frees it with LocalFree.
 *
 * May include: src/base.
 */
#ifndef PLATFORM_LOCAL_MEMORY_H
#define PLATFORM_LOCAL_MEMORY_H

#include <stddef.h>

/* LocalAlloc on Windows, malloc elsewhere; NULL when memory is short. */
void *local_memory_allocate(size_t size);
void local_memory_free(void *memory);

#endif
