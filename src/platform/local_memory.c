/* SPDX-License-Identifier: MIT */
#include "platform/local_memory.h"

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

void *local_memory_allocate(size_t size)
{
	return LocalAlloc(LMEM_FIXED, size);
}

void local_memory_free(void *memory)
{
	LocalFree(memory);
}
#else
#include <stdlib.h>

void *local_memory_allocate(size_t size)
{
	return malloc(size);
}

void local_memory_free(void *memory)
{
	free(memory);
}
#endif
