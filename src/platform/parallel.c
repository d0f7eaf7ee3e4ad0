/* SPDX-License-Identifier: MIT */
#include "platform/parallel.h"
#include "platform/thread.h"

#include <stdatomic.h>

struct parallel_work {
	atomic_size_t next;
	size_t count;
	void (*body)(void *context, size_t index);
	void *context;
};

static void work(void *argument)
{
	struct parallel_work *shared = argument;

	for (;;) {
		size_t index = atomic_fetch_add(&shared->next, 1);

		if (index >= shared->count)
			return;
		shared->body(shared->context, index);
	}
}

static unsigned choose_threads(unsigned threads, size_t count)
{
	if (threads == 0)
		threads = thread_processor_count();
	if (threads > PARALLEL_THREADS_MAX)
		threads = PARALLEL_THREADS_MAX;
	return threads < count ? threads : (unsigned)count;
}

void parallel_run(unsigned threads, size_t count, void (*body)(void *context, size_t index),
		  void *context)
{
	struct parallel_work shared = { .count = count, .body = body, .context = context };
	struct thread *helpers[PARALLEL_THREADS_MAX];
	unsigned wanted = choose_threads(threads, count);
	unsigned started = 0;

	while (started + 1 < wanted) {
		helpers[started] = thread_start(work, &shared);
		if (helpers[started] == NULL)
			break;
		started++;
	}
	work(&shared);
	while (started > 0)
		thread_join(helpers[--started]);
}
