/* SPDX-License-Identifier: MIT */
/*
 * The same work on many items, by several threads.
 *
 * May include: src/base.
 */
#ifndef PLATFORM_PARALLEL_H
#define PLATFORM_PARALLEL_H

#include <stddef.h>

/* The most threads that one call of parallel_run uses. */
enum { PARALLEL_THREADS_MAX = 64 };

/*
 * Calls body(context, i) once for each i below count, in ascending order of
 * the starts, on up to threads threads of which the caller is one; 0 stands for
 * as many as there are processors.  Returns when all have ended.  Threads that
 * the system refuses are done without.
 */
void parallel_run(unsigned threads, size_t count, void (*body)(void *context, size_t index),
		  void *context);

#endif
