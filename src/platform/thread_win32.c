/* SPDX-License-Identifier: MIT */
#ifdef _WIN32
#include "platform/thread.h"

#include <stdlib.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/* The embedded pointers are the system's own lock types. */
_Static_assert(sizeof(SRWLOCK) == sizeof(void *), "SRWLOCK is one pointer");
_Static_assert(sizeof(CONDITION_VARIABLE) == sizeof(void *), "CONDITION_VARIABLE is one pointer");
_Static_assert(sizeof(INIT_ONCE) == sizeof(void *), "INIT_ONCE is one pointer");

void mutex_init(struct mutex *mutex)
{
	InitializeSRWLock((SRWLOCK *)&mutex->srw_lock);
}

void mutex_fini(struct mutex *mutex)
{
	(void)mutex;
}

void mutex_lock(struct mutex *mutex)
{
	AcquireSRWLockExclusive((SRWLOCK *)&mutex->srw_lock);
}

void mutex_unlock(struct mutex *mutex)
{
	ReleaseSRWLockExclusive((SRWLOCK *)&mutex->srw_lock);
}

void rwlock_init(struct rwlock *lock)
{
	InitializeSRWLock((SRWLOCK *)&lock->srw_lock);
}

void rwlock_fini(struct rwlock *lock)
{
	(void)lock;
}

void rwlock_lock_shared(struct rwlock *lock)
{
	AcquireSRWLockShared((SRWLOCK *)&lock->srw_lock);
}

void rwlock_unlock_shared(struct rwlock *lock)
{
	ReleaseSRWLockShared((SRWLOCK *)&lock->srw_lock);
}

void rwlock_lock_exclusive(struct rwlock *lock)
{
	AcquireSRWLockExclusive((SRWLOCK *)&lock->srw_lock);
}

void rwlock_unlock_exclusive(struct rwlock *lock)
{
	ReleaseSRWLockExclusive((SRWLOCK *)&lock->srw_lock);
}

void condition_init(struct condition *condition)
{
	InitializeConditionVariable((CONDITION_VARIABLE *)&condition->condition_variable);
}

void condition_fini(struct condition *condition)
{
	(void)condition;
}

void condition_wait(struct condition *condition, struct mutex *locked)
{
	SleepConditionVariableSRW((CONDITION_VARIABLE *)&condition->condition_variable,
				  (SRWLOCK *)&locked->srw_lock, INFINITE, 0);
}

void condition_wake_all(struct condition *condition)
{
	WakeAllConditionVariable((CONDITION_VARIABLE *)&condition->condition_variable);
}

/* Carries the function through the system's callback, which takes a data pointer. */
struct once_call {
	void (*initialise)(void);
};

static BOOL CALLBACK run_once(PINIT_ONCE once, PVOID parameter, PVOID *context)
{
	const struct once_call *call = parameter;

	(void)once;
	(void)context;
	call->initialise();
	return TRUE;
}

void once_run(struct once *once, void (*initialise)(void))
{
	struct once_call call = { initialise };

	InitOnceExecuteOnce((INIT_ONCE *)&once->init_once, run_once, &call, NULL);
}

struct thread {
	HANDLE handle;
	void (*body)(void *context);
	void *context;
};

static DWORD WINAPI run_body(LPVOID argument)
{
	struct thread *thread = argument;

	thread->body(thread->context);
	return 0;
}

struct thread *thread_start(void (*body)(void *context), void *context)
{
	struct thread *thread = malloc(sizeof(*thread));

	if (thread == NULL)
		return NULL;
	thread->body = body;
	thread->context = context;
	thread->handle = CreateThread(NULL, 0, run_body, thread, 0, NULL);
	if (thread->handle == NULL) {
		free(thread);
		return NULL;
	}
	return thread;
}

void thread_join(struct thread *thread)
{
	WaitForSingleObject(thread->handle, INFINITE);
	CloseHandle(thread->handle);
	free(thread);
}

unsigned thread_processor_count(void)
{
	DWORD_PTR ours = 0, all;
	unsigned count = 0;

	if (!GetProcessAffinityMask(GetCurrentProcess(), &ours, &all))
		return 1;
	for (; ours != 0; ours &= ours - 1)
		count++;
	return count > 0 ? count : 1;
}

/* The slot's values carry their destructor, so that one index serves any type. */
struct local_value {
	void *value;
	void (*destroy)(void *value);
};

static DWORD local_index = FLS_OUT_OF_INDEXES;
static struct once local_index_once = ONCE_INITIALIZER;

/* Fiber-local storage, because unlike TLS it calls back when a thread ends. */
static void WINAPI destroy_local_value(PVOID argument)
{
	struct local_value *local = argument;

	if (local == NULL)
		return;
	if (local->destroy != NULL)
		local->destroy(local->value);
	free(local);
}

static void create_local_index(void)
{
	local_index = FlsAlloc(destroy_local_value);
}

#ifdef __GNUC__
static void __attribute__((destructor)) free_local_index(void)
{
	if (local_index != FLS_OUT_OF_INDEXES)
		FlsFree(local_index);
}
#endif

void *thread_local_get(void)
{
	const struct local_value *local;

	once_run(&local_index_once, create_local_index);
	if (local_index == FLS_OUT_OF_INDEXES)
		return NULL;
	local = FlsGetValue(local_index);
	return local != NULL ? local->value : NULL;
}

bool thread_local_set(void *value, void (*destroy)(void *value))
{
	struct local_value *local;

	once_run(&local_index_once, create_local_index);
	if (local_index == FLS_OUT_OF_INDEXES)
		return false;
	local = malloc(sizeof(*local));
	if (local == NULL)
		return false;
	local->value = value;
	local->destroy = destroy;
	if (!FlsSetValue(local_index, local)) {
		free(local);
		return false;
	}
	return true;
}

#else
/* ISO C wants at least one declaration; the POSIX twin holds the code. */
typedef int thread_win32_is_empty;
#endif
