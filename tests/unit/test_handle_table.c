/* SPDX-License-Identifier: MIT */
/*
 * Handles: only numbers in force are taken, and a provider is closed once, when
 * nobody uses it any more.  Its file tells when that is.
 */
#include "api/handle_table.h"
#include "bench/codec_writer.h"

#include "fault/fixture_files.h"
#include "test_shim.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The fixture behind all providers here. */
static struct bytes image;

static int read_image(void **state)
{
	(void)state;
	image = fixture_read("minimal.vmrs");
	return 0;
}

static int free_image(void **state)
{
	(void)state;
	bytes_free(&image);
	return 0;
}

static enum status read_part(void *context, uint64_t offset, void *buffer, size_t size,
			     struct error *error)
{
	(void)context;
	(void)error;
	memcpy(buffer, image.start + offset, size);
	return STATUS_OK;
}

static void count_close(void *context)
{
	atomic_fetch_add((atomic_uint *)context, 1);
}

static struct provider *open_provider(atomic_uint *closes)
{
	static const struct file_operations operations = { .read_at = read_part,
							   .close = count_close };
	struct provider *provider;
	struct file *file;

	atomic_store(closes, 0);
	assert_int_equal(file_open_custom(&operations, closes, image.size, &file, NULL),
			 STATUS_OK);
	assert_int_equal(provider_open(file, NULL, &provider, NULL), STATUS_OK);
	return provider;
}

static void *open_handle(atomic_uint *closes)
{
	void *handle = handle_create(open_provider(closes));

	assert_non_null(handle);
	return handle;
}

static void assert_refused(uint64_t number)
{
	void *handle = (void *)(uintptr_t)number;
	struct handle_hold hold = { .lane = 4711 };

	if (handle_enter(handle, HANDLE_READS, &hold))
		fail_msg("0x%llx is taken for a handle", (unsigned long long)number);
	assert_int_equal(hold.lane, 4711);
	assert_false(handle_release(handle));
}

/* ---- Which numbers are handles ---- */

static void a_handle_leads_to_its_provider(void **state)
{
	atomic_uint closes;
	struct provider *provider = open_provider(&closes);
	void *handle = handle_create(provider);
	struct handle_hold hold;

	(void)state;
	assert_true(handle_enter(handle, HANDLE_READS, &hold));
	assert_ptr_equal(hold.provider, provider);
	handle_leave(&hold);
	assert_int_equal(atomic_load(&closes), 0);
	assert_true(handle_release(handle));
	assert_int_equal(atomic_load(&closes), 1);
}

static void numbers_that_were_never_handles_are_refused(void **state)
{
	struct random_numbers random = { 0xCBBB9D5DC1059ED8 };
	atomic_uint closes;
	void *handle = open_handle(&closes);
	uint64_t number = (uint64_t)(uintptr_t)handle;

	(void)state;
	for (uint64_t small = 0; small < 70000; small++)
		assert_refused(small);
	for (uint64_t back = 0; back < 300; back++)
		assert_refused(UINT64_MAX - back);
	assert_refused(UINT64_C(0x1234567812345678));
	assert_refused((uint64_t)(uintptr_t)&closes);
	assert_refused((uint64_t)(uintptr_t)state);
	for (unsigned bit = 0; bit < 64; bit++)
		assert_refused(number ^ UINT64_C(1) << bit);
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t made_up = (uint64_t)random_below(&random, UINT32_MAX) << 32 |
				   (number & UINT32_MAX);

		if (made_up != number)
			assert_refused(made_up);
	}
	assert_int_equal(atomic_load(&closes), 0);
	assert_true(handle_release(handle));
}

static void a_released_handle_is_refused_and_closes_nothing_again(void **state)
{
	atomic_uint closes;
	void *handle = open_handle(&closes);

	(void)state;
	assert_true(handle_release(handle));
	assert_refused((uint64_t)(uintptr_t)handle);
	assert_int_equal(atomic_load(&closes), 1);
}

/* Places are used again; what stood there before stays refused. */
static void a_handle_never_comes_back(void **state)
{
	enum { ROUNDS = 500 };
	void *stale[ROUNDS];
	atomic_uint closes;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct handle_hold hold;

		stale[round] = open_handle(&closes);
		for (unsigned i = 0; i < round; i++)
			assert_ptr_not_equal(stale[i], stale[round]);
		if (round > 0) {
			assert_refused((uint64_t)(uintptr_t)stale[0]);
			assert_refused((uint64_t)(uintptr_t)stale[round - 1]);
		}
		assert_true(handle_enter(stale[round], HANDLE_READS, &hold));
		handle_leave(&hold);
		assert_true(handle_release(stale[round]));
		assert_int_equal(atomic_load(&closes), 1);
	}
}

static void hundreds_of_handles_are_open_at_once(void **state)
{
	enum { HANDLES = 300 };
	static atomic_uint closes[HANDLES];
	struct provider *providers[HANDLES];
	void *handles[HANDLES];

	(void)state;
	for (unsigned i = 0; i < HANDLES; i++) {
		providers[i] = open_provider(&closes[i]);
		handles[i] = handle_create(providers[i]);
		assert_non_null(handles[i]);
	}
	/* Every seventh goes, round after round, until none is left. */
	for (unsigned step = 0; step < 7 * HANDLES; step += 7) {
		unsigned i = step % HANDLES;

		assert_int_equal(atomic_load(&closes[i]), 0);
		assert_true(handle_release(handles[i]));
		for (unsigned other = 0; other < HANDLES; other += 13) {
			struct handle_hold hold;
			bool closed = atomic_load(&closes[other]) != 0;

			assert_int_equal(handle_enter(handles[other], HANDLE_READS, &hold),
					 !closed);
			if (closed)
				continue;
			assert_ptr_equal(hold.provider, providers[other]);
			handle_leave(&hold);
		}
	}
	for (unsigned i = 0; i < HANDLES; i++)
		assert_int_equal(atomic_load(&closes[i]), 1);
}

/* ---- Closing late ---- */

static void a_provider_in_use_is_closed_by_the_last_call_that_leaves(void **state)
{
	static const enum handle_access accesses[] = { HANDLE_READS, HANDLE_UNLOCKED,
						       HANDLE_READS };
	struct handle_hold holds[3];
	atomic_uint closes;
	void *handle = open_handle(&closes);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_true(handle_enter(handle, accesses[i], &holds[i]));
	assert_true(handle_release(handle));
	assert_refused((uint64_t)(uintptr_t)handle);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(atomic_load(&closes), 0);
		/* What the call reads meanwhile is still there. */
		assert_int_equal(guest_memory_saved_size(holds[i].provider->memory), 2 << 20);
		handle_leave(&holds[i]);
	}
	assert_int_equal(atomic_load(&closes), 1);
}

static void the_place_of_a_provider_in_use_is_not_given_away(void **state)
{
	struct handle_hold old_hold, new_hold;
	atomic_uint old_closes, new_closes;
	void *old_handle = open_handle(&old_closes);
	void *new_handle;

	(void)state;
	assert_true(handle_enter(old_handle, HANDLE_READS, &old_hold));
	assert_true(handle_release(old_handle));
	new_handle = open_handle(&new_closes);
	assert_true(handle_enter(new_handle, HANDLE_READS, &new_hold));
	assert_ptr_not_equal(new_hold.provider, old_hold.provider);
	handle_leave(&old_hold);
	assert_int_equal(atomic_load(&old_closes), 1);
	assert_int_equal(atomic_load(&new_closes), 0);
	handle_leave(&new_hold);
	assert_true(handle_release(new_handle));
	assert_int_equal(atomic_load(&new_closes), 1);
}

static void a_callback_may_release_the_handle_it_runs_under(void **state)
{
	struct handle_hold hold;
	atomic_uint closes;
	void *handle = open_handle(&closes);

	(void)state;
	assert_true(handle_enter(handle, HANDLE_UNLOCKED, &hold));
	handle_lock(&hold, HANDLE_READS);
	handle_unlock(&hold);
	assert_true(handle_release(handle));
	handle_lock(&hold, HANDLE_CHANGES);
	assert_int_equal(atomic_load(&closes), 0);
	handle_unlock(&hold);
	handle_leave(&hold);
	assert_int_equal(atomic_load(&closes), 1);
}

/* ---- Threads ---- */

enum { THREADS = 4 };

static void run_in_threads(void (*body)(void *context), void *context,
			   void (*meanwhile)(void *context))
{
	struct thread *threads[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		threads[i] = thread_start(body, context);
		assert_non_null(threads[i]);
	}
	if (meanwhile != NULL)
		meanwhile(context);
	for (unsigned i = 0; i < THREADS; i++)
		thread_join(threads[i]);
}

struct shared_handle {
	void *handle;
	atomic_uint closes;
	atomic_uint calls;
	atomic_uint wrong;
	volatile unsigned first, second;	/* equal whenever no change is under way */
};

static void change_and_read(void *context)
{
	struct shared_handle *shared = context;

	for (unsigned i = 0; i < 5000; i++) {
		enum handle_access access = i % 8 == 0 ? HANDLE_CHANGES : HANDLE_READS;
		struct handle_hold hold;

		if (!handle_enter(shared->handle, access, &hold)) {
			atomic_fetch_add(&shared->wrong, 1);
			continue;
		}
		if (access == HANDLE_CHANGES) {
			shared->first = shared->first + 1;
			shared->second = shared->second + 1;
		} else if (shared->first != shared->second) {
			atomic_fetch_add(&shared->wrong, 1);
		}
		handle_leave(&hold);
	}
}

static void changes_run_alone(void **state)
{
	struct shared_handle shared = { .first = 0 };

	(void)state;
	shared.handle = open_handle(&shared.closes);
	run_in_threads(change_and_read, &shared, NULL);
	assert_int_equal(atomic_load(&shared.wrong), 0);
	assert_int_equal(shared.first, THREADS * 5000 / 8);
	assert_true(handle_release(shared.handle));
	assert_int_equal(atomic_load(&shared.closes), 1);
}

static void meet_while_reading(void *context)
{
	struct shared_handle *shared = context;
	struct handle_hold hold;

	if (!handle_enter(shared->handle, HANDLE_READS, &hold)) {
		atomic_fetch_add(&shared->wrong, 1);
		return;
	}
	atomic_fetch_add(&shared->calls, 1);
	while (atomic_load(&shared->calls) < THREADS)
		continue;
	handle_leave(&hold);
}

/* Ends only when all of them are inside at one time. */
static void reads_run_beside_each_other(void **state)
{
	struct shared_handle shared = { .first = 0 };

	(void)state;
	shared.handle = open_handle(&shared.closes);
	run_in_threads(meet_while_reading, &shared, NULL);
	assert_int_equal(atomic_load(&shared.wrong), 0);
	assert_true(handle_release(shared.handle));
}

static void call_until_refused(void *context)
{
	struct shared_handle *shared = context;
	struct handle_hold hold;

	while (handle_enter(shared->handle, HANDLE_READS, &hold)) {
		uint8_t byte;
		size_t read = 0;

		if (guest_memory_read(hold.provider->memory, 8, &byte, 1, &read, NULL) !=
			    STATUS_OK ||
		    read != 1 || atomic_load(&shared->closes) != 0)
			atomic_fetch_add(&shared->wrong, 1);
		atomic_fetch_add(&shared->calls, 1);
		handle_leave(&hold);
	}
}

static void release_after_some_calls(void *context)
{
	struct shared_handle *shared = context;

	while (atomic_load(&shared->calls) < 20)
		continue;
	if (!handle_release(shared->handle))
		atomic_fetch_add(&shared->wrong, 1);
}

static void a_release_among_calls_closes_once_and_under_nobody(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		struct shared_handle shared = { .first = 0 };

		shared.handle = open_handle(&shared.closes);
		run_in_threads(call_until_refused, &shared, release_after_some_calls);
		assert_int_equal(atomic_load(&shared.wrong), 0);
		assert_int_equal(atomic_load(&shared.closes), 1);
	}
}

static void release_once(void *context)
{
	struct shared_handle *shared = context;

	if (handle_release(shared->handle))
		atomic_fetch_add(&shared->calls, 1);
}

static void of_several_releases_at_once_one_succeeds(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		struct shared_handle shared = { .first = 0 };

		shared.handle = open_handle(&shared.closes);
		run_in_threads(release_once, &shared, NULL);
		assert_int_equal(atomic_load(&shared.calls), 1);
		assert_int_equal(atomic_load(&shared.closes), 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handle_leads_to_its_provider),
		cmocka_unit_test(numbers_that_were_never_handles_are_refused),
		cmocka_unit_test(a_released_handle_is_refused_and_closes_nothing_again),
		cmocka_unit_test(a_handle_never_comes_back),
		cmocka_unit_test(hundreds_of_handles_are_open_at_once),
		cmocka_unit_test(a_provider_in_use_is_closed_by_the_last_call_that_leaves),
		cmocka_unit_test(the_place_of_a_provider_in_use_is_not_given_away),
		cmocka_unit_test(a_callback_may_release_the_handle_it_runs_under),
		cmocka_unit_test(changes_run_alone),
		cmocka_unit_test(reads_run_beside_each_other),
		cmocka_unit_test(a_release_among_calls_closes_once_and_under_nobody),
		cmocka_unit_test(of_several_releases_at_once_one_succeeds),
	};

	return cmocka_run_group_tests_name("handle table", tests, read_image, free_image);
}
