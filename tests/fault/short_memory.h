/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs short: an allocator in front of the system's, or of the
 * sanitizer's where there is one, that counts and fails when it is told to;
 * and what calls may answer meanwhile.
 *
 * Everything is here and not in a source of its own, since a library with a
 * malloc would give it to all programs that link it.
 *
 * May include: the public headers.
 */
#ifndef FAULT_SHORT_MEMORY_H
#define FAULT_SHORT_MEMORY_H

#include <vmsavedstatedump_ext.h>

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- The allocator -------------------------------------------------------- */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZER_ALLOCATES
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZER_ALLOCATES
#endif

#ifdef SANITIZER_ALLOCATES
#define SYSTEM(name) __interceptor_##name
#else
#define SYSTEM(name) __libc_##name
#endif

void *SYSTEM(malloc)(size_t size);
void *SYSTEM(calloc)(size_t count, size_t size);
void *SYSTEM(realloc)(void *memory, size_t size);
void SYSTEM(free)(void *memory);

/* Counted between start_counting and stop_counting, on any thread. */
static struct {
	atomic_bool active;
	atomic_llong calls;
	atomic_llong failing_call;	/* from 0 on, or -1 */
	atomic_llong failed;
	atomic_llong live;		/* allocations not freed */
	atomic_llong live_bytes;
	atomic_llong most_bytes;
} counter;

static void note_bytes(long long change)
{
	long long now = atomic_fetch_add(&counter.live_bytes, change) + change;
	long long most = atomic_load(&counter.most_bytes);

	while (now > most && !atomic_compare_exchange_weak(&counter.most_bytes, &most, now))
		;
}

/* True if this allocation is the one that fails. */
static bool fails(void)
{
	if (!atomic_load(&counter.active) ||
	    atomic_fetch_add(&counter.calls, 1) != atomic_load(&counter.failing_call))
		return false;
	atomic_fetch_add(&counter.failed, 1);
	errno = ENOMEM;
	return true;
}

static void *count_new(void *memory)
{
	if (memory != NULL && atomic_load(&counter.active)) {
		atomic_fetch_add(&counter.live, 1);
		note_bytes((long long)malloc_usable_size(memory));
	}
	return memory;
}

void *malloc(size_t size)
{
	return fails() ? NULL : count_new(SYSTEM(malloc)(size));
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : count_new(SYSTEM(calloc)(count, size));
}

void free(void *memory)
{
	if (memory != NULL && atomic_load(&counter.active)) {
		atomic_fetch_sub(&counter.live, 1);
		note_bytes(-(long long)malloc_usable_size(memory));
	}
	SYSTEM(free)(memory);
}

void *realloc(void *memory, size_t size)
{
	long long before = memory != NULL ? (long long)malloc_usable_size(memory) : 0;
	void *grown;

	if (fails())
		return NULL;
	grown = SYSTEM(realloc)(memory, size);
	if (grown != NULL && atomic_load(&counter.active)) {
		if (memory == NULL)
			atomic_fetch_add(&counter.live, 1);
		note_bytes((long long)malloc_usable_size(grown) - before);
	}
	return grown;
}

/* The C library's own calls a malloc of its own, which would go uncounted. */
char *strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);

	return copy != NULL ? memcpy(copy, text, size) : NULL;
}

static void start_counting(long long failing_call)
{
	counter.calls = 0;
	counter.failing_call = failing_call;
	counter.failed = 0;
	counter.live = 0;
	counter.live_bytes = 0;
	counter.most_bytes = 0;
	counter.active = true;
}

static void stop_counting(void)
{
	counter.active = false;
}

/* ---- Answers ---------------------------------------------------------------- */

/* What went wrong in a session; assertions allocate, so they come after it. */
static struct {
	const char *call;
	HRESULT result;
} wrong;

static bool allowed(const char *call, HRESULT result, HRESULT expected)
{
	if (result == expected || result == E_OUTOFMEMORY)
		return result == expected;
	if (wrong.call == NULL) {
		wrong.call = call;
		wrong.result = result;
	}
	return false;
}

#define TRY(expected, function, ...) allowed(#function, function(__VA_ARGS__), expected)

#endif
