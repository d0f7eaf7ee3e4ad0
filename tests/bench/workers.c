/* SPDX-License-Identifier: MIT */
#ifndef _WIN32
#include "bench/workers.h"
#include "bench/measure.h"
#include "bench/report.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Lies in memory that all workers see, be they threads or processes. */
struct shared {
	atomic_uint ready;
	atomic_uint count;
	double started[WORKERS_MAX];
	double ended[WORKERS_MAX];
	double answer;
};

struct worker {
	const struct work *work;
	struct shared *shared;
	unsigned number;
};

static struct shared *map_shared(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		bench_fail("no memory to share between processes");
	return shared;
}

/* Workers wait for each other without sleeping, so that all begin at once. */
static void *do_work(void *argument)
{
	const struct worker *worker = argument;
	const struct work *work = worker->work;
	struct shared *shared = worker->shared;

	if (work->prepare != NULL)
		work->prepare(work->context, worker->number);
	atomic_fetch_add(&shared->ready, 1);
	while (atomic_load(&shared->ready) < atomic_load(&shared->count))
		continue;
	shared->started[worker->number] = wall_seconds();
	work->run(work->context, worker->number);
	shared->ended[worker->number] = wall_seconds();
	return NULL;
}

static double elapsed(const struct shared *shared, unsigned count)
{
	double start = shared->started[0];
	double end = shared->ended[0];

	for (unsigned i = 1; i < count; i++) {
		start = shared->started[i] < start ? shared->started[i] : start;
		end = shared->ended[i] > end ? shared->ended[i] : end;
	}
	return end - start;
}

double run_in_threads(const struct work *work, unsigned count)
{
	struct shared *shared = map_shared();
	struct worker workers[WORKERS_MAX];
	pthread_t threads[WORKERS_MAX];
	double seconds;

	atomic_store(&shared->count, count);
	for (unsigned i = 0; i < count; i++) {
		workers[i] = (struct worker){ work, shared, i };
		if (pthread_create(&threads[i], NULL, do_work, &workers[i]) != 0)
			bench_fail("no thread can be started");
	}
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	seconds = elapsed(shared, count);
	munmap(shared, sizeof(*shared));
	return seconds;
}

static pid_t fork_or_fail(void)
{
	pid_t child = fork();

	if (child < 0)
		bench_fail("no process can be started");
	return child;
}

static void wait_for(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		bench_fail("a process of the benchmark failed");
}

double run_in_processes(const struct work *work, unsigned count)
{
	struct shared *shared = map_shared();
	pid_t children[WORKERS_MAX];
	double seconds;

	atomic_store(&shared->count, count);
	for (unsigned i = 0; i < count; i++) {
		children[i] = fork_or_fail();
		if (children[i] == 0) {
			struct worker worker = { work, shared, i };

			do_work(&worker);
			_exit(EXIT_SUCCESS);
		}
	}
	for (unsigned i = 0; i < count; i++)
		wait_for(children[i]);
	seconds = elapsed(shared, count);
	munmap(shared, sizeof(*shared));
	return seconds;
}

double in_own_process(double (*run)(void *context), void *context)
{
	struct shared *shared = map_shared();
	pid_t child = fork_or_fail();
	double answer;

	if (child == 0) {
		shared->answer = run(context);
		_exit(EXIT_SUCCESS);
	}
	wait_for(child);
	answer = shared->answer;
	munmap(shared, sizeof(*shared));
	return answer;
}

#else
/* ISO C wants at least one declaration; benchmarks run on POSIX systems alone. */
typedef int workers_is_empty;
#endif
