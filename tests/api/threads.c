/* SPDX-License-Identifier: MIT */
/*
 * The thread rule: sixteen threads query, read, force, fix, cache and release
 * at the same time, and every answer is checked.  The original loses its
 * handle, gives wrong data, hangs or crashes here.  Run under ThreadSanitizer
 * this proves the locking as well.
 *
 * A failed assertion may not leave a thread, so threads count what is wrong.
 */
#include "support/saved_states.h"
#include "test_shim.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 16, ROUNDS = 300, PAGE = 4096 };

struct worker {
	VM_SAVED_STATE_DUMP_HANDLE handle;
	unsigned int number, random;
	unsigned int wrong, refused, answered;
};

typedef void (*work)(struct worker *worker);

static unsigned int next_random(struct worker *worker)
{
	worker->random = worker->random * 1664525 + 1013904223;
	return worker->random >> 8;
}

static void expect(struct worker *worker, bool holds, const char *what)
{
	worker->answered++;
	if (!holds && worker->wrong++ == 0)
		fprintf(stderr, "thread %u: %s\n", worker->number, what);
}

struct job {
	struct worker worker;
	work run;
	pthread_t thread;
};

static void *run_job(void *context)
{
	struct job *job = context;

	job->run(&job->worker);
	return NULL;
}

/* Runs sixteen threads, each with one of the jobs in turn, and sums what they met. */
static struct worker run_threads(VM_SAVED_STATE_DUMP_HANDLE handle, const work *jobs, size_t count)
{
	struct worker sum = { 0 };
	struct job threads[THREADS];

	for (unsigned int i = 0; i < THREADS; i++) {
		threads[i].worker =
			(struct worker){ .handle = handle, .number = i, .random = i + 1 };
		threads[i].run = jobs[i % count];
		assert_int_equal(pthread_create(&threads[i].thread, NULL, run_job, &threads[i]), 0);
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		pthread_join(threads[i].thread, NULL);
		sum.wrong += threads[i].worker.wrong;
		sum.refused += threads[i].worker.refused;
		sum.answered += threads[i].worker.answered;
	}
	return sum;
}

/* ---- Jobs.  The file is 4-vp: two MiB whose pages begin with their address -------------- */

static uint64_t number_in(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (size_t i = 8; i > 0; i--)
		value = value << 8 | bytes[i - 1];
	return value;
}

static void read_pages(struct worker *worker)
{
	uint8_t bytes[3 * PAGE];

	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t address = (uint64_t)(next_random(worker) % 509) * PAGE;
		UINT32 count = 0;
		HRESULT result = ReadGuestPhysicalAddress(worker->handle, address, bytes,
							  sizeof(bytes), &count);

		expect(worker, result == S_OK && count == sizeof(bytes), "a physical read fails");
		expect(worker, number_in(bytes) == address, "a page has wrong bytes");
		expect(worker, number_in(bytes + 2 * PAGE) == address + 2 * PAGE,
		       "a later page has wrong bytes");
	}
}

static void read_raw_and_batches(struct worker *worker)
{
	uint8_t bytes[8][8];
	VMSAVEDSTATE_READ reads[8];

	for (unsigned int i = 0; i < ROUNDS / 8; i++) {
		UINT32 count = 0;
		uint64_t offset = (uint64_t)(next_random(worker) % 512) * PAGE;

		expect(worker,
		       ReadGuestRawSavedMemory(worker->handle, offset, bytes[0], 8, &count) ==
				       S_OK &&
			       number_in(bytes[0]) == offset,
		       "a raw read is wrong");
		memset(reads, 0, sizeof(reads));
		for (unsigned int j = 0; j < 8; j++) {
			reads[j].PhysicalAddress = (uint64_t)(next_random(worker) % 512) * PAGE;
			reads[j].Buffer = bytes[j];
			reads[j].Length = 8;
		}
		expect(worker, VmSavedStateReadBatch(worker->handle, reads, 8, 2) == S_OK,
		       "a batch fails");
		for (unsigned int j = 0; j < 8; j++)
			expect(worker, number_in(bytes[j]) == reads[j].PhysicalAddress,
			       "a batch is wrong");
	}
}

static void query_processors(struct worker *worker)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		UINT32 vp = next_random(worker) % 4, count = 0;
		VIRTUAL_PROCESSOR_REGISTER value;
		BOOL in_kernel = FALSE;

		expect(worker, GetVpCount(worker->handle, &count) == S_OK && count == 4,
		       "the count of VPs is wrong");
		expect(worker,
		       GetRegisterValue(worker->handle, vp, X64_RegisterCr0, &value) == S_OK &&
			       value.Reg64 == 0x80050033,
		       "CR0 is wrong");
		expect(worker,
		       GetRegisterValue(worker->handle, 0, X64_RegisterRip, &value) == S_OK &&
			       value.Reg64 == 0xFFFFF80000010000,
		       "RIP is wrong");
		expect(worker, InKernelSpace(worker->handle, vp, &in_kernel) == S_OK && in_kernel,
		       "the VP is not in the kernel");
	}
}

/* Each of these threads owns the VP of its number; others only read it. */
static void force_modes(struct worker *worker)
{
	UINT32 vp = worker->number % 4;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		PAGING_MODE mode = i % 2 ? Paging_Long : Paging_Pae;
		VIRTUAL_PROCESSOR_ARCH architecture = Arch_Unknown;

		expect(worker, ForcePagingMode(worker->handle, vp, mode) == S_OK,
		       "a mode cannot be forced");
		expect(worker, ForceArchitecture(worker->handle, vp, Arch_x64) == S_OK,
		       "an architecture cannot be forced");
		expect(worker,
		       GetArchitecture(worker->handle, vp, &architecture) == S_OK &&
			       architecture == Arch_x64,
		       "the architecture is wrong");
		expect(worker, ForceActiveVirtualTrustLevel(worker->handle, vp, 0) == S_OK,
		       "a VTL cannot be forced");
	}
}

static void change_cache_limits(struct worker *worker)
{
	static const UINT64 limits[] = { 0, 1, 2, 64, UINT64_MAX };

	for (unsigned int i = 0; i < ROUNDS / 2; i++) {
		VMSAVEDSTATE_CACHE_COUNTERS counters = { .StructSize = sizeof(counters) };
		UINT64 limit = 0;

		expect(worker, SetMemoryBlockCacheLimit(worker->handle, limits[i % 5]) == S_OK,
		       "a limit cannot be set");
		expect(worker, GetMemoryBlockCacheLimit(worker->handle, &limit) == S_OK,
		       "a limit cannot be read");
		expect(worker, VmSavedStateGetCacheCounters(worker->handle, &counters) == S_OK,
		       "the counters cannot be read");
	}
}

/* Failures, whose sentences are kept with the handle. */
static void fail_and_ask_why(struct worker *worker)
{
	char text[ERROR_TEXT_ROOM];

	for (unsigned int i = 0; i < ROUNDS; i++) {
		VIRTUAL_PROCESSOR_ARCH architecture;

		expect(worker, GetArchitecture(worker->handle, 99, &architecture) == E_INVALIDARG,
		       "a VP too many is accepted");
		error_text(worker->handle, text);
		expect(worker, text[0] != '\0', "there is no text");
	}
}

static void queries_reads_and_changes_may_run_at_the_same_time(void **state)
{
	static const work jobs[] = { read_pages,  read_raw_and_batches, query_processors,
				     force_modes, change_cache_limits,	fail_and_ask_why };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("4-vp");
	struct worker sum;

	(void)state;
	sum = run_threads(handle, jobs, sizeof(jobs) / sizeof(jobs[0]));
	assert_int_equal(sum.wrong, 0);
	assert_true(sum.answered > THREADS * ROUNDS / 8);
	close_handle(handle);
}

/* ---- Translation and fixes, over guests/page-tables.txt --------------------------------- */

static void translate_and_read(struct worker *worker)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		GUEST_PHYSICAL_ADDRESS physical = 0;
		uint8_t bytes[8];
		UINT32 count = 0;

		expect(worker,
		       GuestVirtualAddressToPhysicalAddress(worker->handle, 0, 0x1123, &physical,
							    NULL) == S_OK &&
			       physical == 0x6123,
		       "a translation is wrong");
		expect(worker,
		       GuestVirtualAddressToPhysicalAddress(worker->handle, 0, 0x2000, &physical,
							    NULL) == VMSAVEDSTATE_E_VA_NOT_MAPPED,
		       "an unmapped address is translated");
		expect(worker,
		       VmSavedStateReadVirtual(worker->handle, 0, NULL, 0x80, bytes, 8, &count) ==
				       S_OK &&
			       count == 8,
		       "a virtual read fails");
		/* Fixes are made whole: eight equal bytes, or none yet. */
		expect(worker, bytes[0] == bytes[7], "half a fix is seen");
	}
}

static void make_fixes(struct worker *worker)
{
	for (unsigned int i = 0; i < ROUNDS / 3; i++) {
		uint8_t bytes[8];

		memset(bytes, (int)(next_random(worker) & 0xFF), sizeof(bytes));
		expect(worker, ApplyGuestMemoryFix(worker->handle, 0, 0x80, bytes, 8) == S_OK,
		       "a fix fails");
	}
}

static void fixes_are_seen_whole_by_reads_at_the_same_time(void **state)
{
	static const work jobs[] = { translate_and_read, make_fixes, translate_and_read };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("api/page-tables");

	(void)state;
	assert_int_equal(run_threads(handle, jobs, 3).wrong, 0);
	close_handle(handle);
}

/* ---- Handles that come and go ------------------------------------------------------------ */

static void read_until_refused(struct worker *worker)
{
	HRESULT result = S_OK;

	while (result == S_OK) {
		uint64_t address = (uint64_t)(next_random(worker) % 512) * PAGE;
		uint8_t bytes[8];
		UINT32 count = 0;

		result = ReadGuestPhysicalAddress(worker->handle, address, bytes, 8, &count);
		if (result == S_OK)
			expect(worker, count == 8 && number_in(bytes) == address,
			       "a read beside a release is wrong");
	}
	expect(worker, result == E_INVALIDARG, "a released handle has another result");
	worker->refused++;
}

static void change_until_refused(struct worker *worker)
{
	HRESULT result = S_OK;

	while (result == S_OK)
		result = ForcePagingMode(worker->handle, worker->number % 4, Paging_Long);
	expect(worker, result == E_INVALIDARG, "a released handle has another result");
	worker->refused++;
}

static void release_soon(struct worker *worker)
{
	HRESULT result;

	usleep(20000);
	result = ReleaseSavedStateFiles(worker->handle);
	expect(worker, result == S_OK || result == E_INVALIDARG, "a release fails");
	worker->answered = result == S_OK ? 1 : 0;
	if (result != S_OK)
		worker->refused++;
}

static void a_release_lets_calls_finish_and_refuses_new_ones(void **state)
{
	static const work jobs[] = { read_until_refused, change_until_refused, read_until_refused,
				     release_soon };

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("4-vp");
		struct worker sum = run_threads(handle, jobs, 4);

		assert_int_equal(sum.wrong, 0);
		assert_int_equal(sum.refused, THREADS - 1); /* one release alone succeeds */
		assert_result(ReleaseSavedStateFiles(handle), E_INVALIDARG);
	}
}

static void load_and_release(struct worker *worker)
{
	for (unsigned int i = 0; i < 12; i++) {
		VM_SAVED_STATE_DUMP_HANDLE own = NULL;
		char text[ERROR_TEXT_ROOM];
		uint8_t bytes[8];

		expect(worker, load_fixture("4-vp", &own) == S_OK, "a load fails");
		expect(worker, own != worker->handle, "two loads have one handle");
		expect(worker,
		       ReadGuestPhysicalAddress(own, 0x5000, bytes, 8, NULL) == S_OK &&
			       number_in(bytes) == 0x5000,
		       "a read is wrong");
		expect(worker, ReleaseSavedStateFiles(own) == S_OK, "a release fails");
		expect(worker, ReleaseSavedStateFiles(own) == E_INVALIDARG,
		       "a second release succeeds");
		expect(worker, load_fixture("bad-no-version", &own) == (HRESULT)0x80070002,
		       "a bad file loads");
		error_text(NULL, text);
		expect(worker, text[0] != '\0', "the thread has no text of its own");
	}
}

static void loads_and_releases_may_run_beside_reads(void **state)
{
	static const work jobs[] = { load_and_release, read_pages };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("4-vp");

	(void)state;
	assert_int_equal(run_threads(handle, jobs, 2).wrong, 0);
	close_handle(handle);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_reads_and_changes_may_run_at_the_same_time),
		cmocka_unit_test(fixes_are_seen_whole_by_reads_at_the_same_time),
		cmocka_unit_test(a_release_lets_calls_finish_and_refuses_new_ones),
		cmocka_unit_test(loads_and_releases_may_run_beside_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
