/* SPDX-License-Identifier: MIT */
/*
 * Locks, one-time initialisation, the value of each thread, work in parallel.
 * What a lock protects is a plain number that threads would count wrong
 * without it.
 */
#include "platform/parallel.h"
#include "platform/thread.h"

#include "test_shim.h"

#include <stdatomic.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 20000 };

static void run_in_threads(void (*body)(void *context), void *context)
{
	struct thread *threads[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		threads[i] = thread_start(body, context);
		assert_non_null(threads[i]);
	}
	for (unsigned i = 0; i < THREADS; i++)
		thread_join(threads[i]);
}

static void set_flag(void *context)
{
	*(bool *)context = true;
}

static void joining_waits_for_the_end_of_the_thread(void **state)
{
	bool ran = false;
	struct thread *thread = thread_start(set_flag, &ran);

	(void)state;
	assert_non_null(thread);
	thread_join(thread);
	assert_true(ran);
}

struct guarded_number {
	struct mutex mutex;
	struct rwlock rwlock;
	volatile unsigned number;	/* volatile: each step reads and writes memory */
	volatile unsigned second;
	atomic_uint mismatches;
};

static void count_under_mutex(void *context)
{
	struct guarded_number *guarded = context;

	for (unsigned i = 0; i < ROUNDS; i++) {
		mutex_lock(&guarded->mutex);
		guarded->number = guarded->number + 1;
		mutex_unlock(&guarded->mutex);
	}
}

static void one_thread_at_a_time_holds_a_mutex(void **state)
{
	struct guarded_number guarded = { .mutex = MUTEX_INITIALIZER };

	(void)state;
	run_in_threads(count_under_mutex, &guarded);
	assert_int_equal(guarded.number, THREADS * ROUNDS);
	mutex_fini(&guarded.mutex);

	mutex_init(&guarded.mutex);
	run_in_threads(count_under_mutex, &guarded);
	assert_int_equal(guarded.number, 2 * THREADS * ROUNDS);
	mutex_fini(&guarded.mutex);
}

static void write_and_read_under_rwlock(void *context)
{
	struct guarded_number *guarded = context;

	for (unsigned i = 0; i < ROUNDS; i++) {
		if (i % 4 == 0) {
			rwlock_lock_exclusive(&guarded->rwlock);
			guarded->number = guarded->number + 1;
			guarded->second = guarded->second + 1;
			rwlock_unlock_exclusive(&guarded->rwlock);
		} else {
			rwlock_lock_shared(&guarded->rwlock);
			if (guarded->number != guarded->second)
				atomic_fetch_add(&guarded->mismatches, 1);
			rwlock_unlock_shared(&guarded->rwlock);
		}
	}
}

static void readers_never_see_half_of_a_write(void **state)
{
	struct guarded_number guarded = { .number = 0 };

	(void)state;
	rwlock_init(&guarded.rwlock);
	run_in_threads(write_and_read_under_rwlock, &guarded);
	assert_int_equal(guarded.number, THREADS * ROUNDS / 4);
	assert_int_equal(atomic_load(&guarded.mismatches), 0);
	rwlock_fini(&guarded.rwlock);
}

struct meeting {
	struct rwlock lock;
	struct mutex mutex;
	struct condition arrival;
	unsigned arrived;
};

/* Ends only when all threads are inside the lock at one time. */
static void meet_inside(void *context)
{
	struct meeting *meeting = context;

	rwlock_lock_shared(&meeting->lock);
	mutex_lock(&meeting->mutex);
	meeting->arrived++;
	condition_wake_all(&meeting->arrival);
	while (meeting->arrived < THREADS)
		condition_wait(&meeting->arrival, &meeting->mutex);
	mutex_unlock(&meeting->mutex);
	rwlock_unlock_shared(&meeting->lock);
}

static void any_number_of_readers_hold_a_lock_together(void **state)
{
	struct meeting meeting = { .lock = RWLOCK_INITIALIZER, .arrived = 0 };

	(void)state;
	mutex_init(&meeting.mutex);
	condition_init(&meeting.arrival);
	run_in_threads(meet_inside, &meeting);
	assert_int_equal(meeting.arrived, THREADS);
	condition_fini(&meeting.arrival);
	mutex_fini(&meeting.mutex);
	rwlock_fini(&meeting.lock);
}

static struct once only_once = ONCE_INITIALIZER;
static atomic_uint initialisations;
static atomic_uint seen_too_early;
static unsigned volatile initialised_value;

static void initialise_slowly(void)
{
	for (unsigned i = 0; i < 100000; i++)
		initialised_value = i;
	initialised_value = 42;
	atomic_fetch_add(&initialisations, 1);
}

static void run_once(void *context)
{
	(void)context;
	once_run(&only_once, initialise_slowly);
	if (initialised_value != 42)
		atomic_fetch_add(&seen_too_early, 1);
}

static void what_runs_once_has_run_when_any_caller_returns(void **state)
{
	(void)state;
	run_in_threads(run_once, NULL);
	run_once(NULL);
	assert_int_equal(atomic_load(&initialisations), 1);
	assert_int_equal(atomic_load(&seen_too_early), 0);
}

struct local_test {
	atomic_uint destroyed;
	atomic_uint wrong;
};

struct local_owner {
	struct local_test *test;
	unsigned number;
};

static void destroy_owner(void *value)
{
	struct local_owner *owner = value;

	atomic_fetch_add(&owner->test->destroyed, owner->number);
}

static atomic_uint next_owner;
static struct local_owner owners[THREADS];

static void keep_local_value(void *context)
{
	unsigned number = atomic_fetch_add(&next_owner, 1);
	struct local_owner *owner = &owners[number];
	struct local_test *test = context;

	owner->test = test;
	owner->number = 1u << (8 * number);
	if (thread_local_get() != NULL || !thread_local_set(owner, destroy_owner))
		atomic_fetch_add(&test->wrong, 1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (thread_local_get() != owner)
			atomic_fetch_add(&test->wrong, 1);
	}
}

static void each_thread_has_a_value_that_is_destroyed_at_its_end(void **state)
{
	static struct local_test test;

	(void)state;
	run_in_threads(keep_local_value, &test);
	assert_int_equal(atomic_load(&test.wrong), 0);
	assert_int_equal(atomic_load(&test.destroyed), 0x01010101);
	assert_null(thread_local_get());
}

static void there_is_a_processor(void **state)
{
	(void)state;
	assert_in_range(thread_processor_count(), 1, 65536);
}

enum { MOST_ITEMS = 1000 };

static atomic_uchar runs_of_item[MOST_ITEMS];

static void count_item(void *context, size_t index)
{
	(void)context;
	atomic_fetch_add(&runs_of_item[index], 1);
}

static void parallel_work_covers_each_item_once(void **state)
{
	static const unsigned threads[] = { 0, 1, 2, 7, 64, 65, 100000 };
	static const size_t counts[] = { 0, 1, 2, 63, 64, 65, MOST_ITEMS };

	(void)state;
	for (size_t i = 0; i < 49; i++) {
		size_t count = counts[i / 7];

		memset(runs_of_item, 0, sizeof(runs_of_item));
		parallel_run(threads[i % 7], count, count_item, NULL);
		for (size_t item = 0; item < MOST_ITEMS; item++)
			assert_int_equal(runs_of_item[item], item < count ? 1 : 0);
	}
}

static void note_order(void *context, size_t index)
{
	size_t *expected = context;

	if (*expected == index)
		(*expected)++;
}

static void one_thread_works_in_ascending_order(void **state)
{
	size_t next = 0;

	(void)state;
	parallel_run(1, MOST_ITEMS, note_order, &next);
	assert_int_equal(next, MOST_ITEMS);
}

static void meet_in_pair(void *context, size_t index)
{
	struct meeting *meeting = context;

	(void)index;
	mutex_lock(&meeting->mutex);
	meeting->arrived++;
	condition_wake_all(&meeting->arrival);
	while (meeting->arrived < 3)
		condition_wait(&meeting->arrival, &meeting->mutex);
	mutex_unlock(&meeting->mutex);
}

/* Ends only when three items are under way at one time. */
static void parallel_work_runs_on_as_many_threads_as_asked(void **state)
{
	struct meeting meeting = { .mutex = MUTEX_INITIALIZER, .arrived = 0 };

	(void)state;
	condition_init(&meeting.arrival);
	parallel_run(3, 3, meet_in_pair, &meeting);
	assert_int_equal(meeting.arrived, 3);
	condition_fini(&meeting.arrival);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joining_waits_for_the_end_of_the_thread),
		cmocka_unit_test(one_thread_at_a_time_holds_a_mutex),
		cmocka_unit_test(readers_never_see_half_of_a_write),
		cmocka_unit_test(any_number_of_readers_hold_a_lock_together),
		cmocka_unit_test(what_runs_once_has_run_when_any_caller_returns),
		cmocka_unit_test(each_thread_has_a_value_that_is_destroyed_at_its_end),
		cmocka_unit_test(there_is_a_processor),
		cmocka_unit_test(parallel_work_covers_each_item_once),
		cmocka_unit_test(one_thread_works_in_ascending_order),
		cmocka_unit_test(parallel_work_runs_on_as_many_threads_as_asked),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
