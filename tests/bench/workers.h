/* SPDX-License-Identifier: MIT */
/*
 * The same work done at once, by several threads or by several processes.
 *
 * Processes share nothing and so show what the machine has to give; what
 * threads lose against them is lost in the library.
 *
 * May include: nothing of src/.
 */
#ifndef TESTS_BENCH_WORKERS_H
#define TESTS_BENCH_WORKERS_H

struct work {
	/* Runs in each worker before the clock starts; may be NULL. */
	void (*prepare)(void *context, unsigned worker);
	void (*run)(void *context, unsigned worker);
	void *context;
};

enum { WORKERS_MAX = 8 };

/* Seconds on the wall from the first start to the last end. */
double run_in_threads(const struct work *work, unsigned count);

/*
 * Each worker is a copy of the process, made by fork: it must not be called
 * while other threads run.
 */
double run_in_processes(const struct work *work, unsigned count);

/*
 * What run answers, called in a process of its own, which leaves nothing
 * behind in this one.
 */
double in_own_process(double (*run)(void *context), void *context);

#endif
