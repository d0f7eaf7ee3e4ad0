/* SPDX-License-Identifier: MIT */
#ifndef _WIN32
#include "platform/thread.h"

#include <stdlib.h>
#include <sched.h>

void mutex_init(struct mutex *mutex)
{
	pthread_mutex_init(&mutex->mutex, NULL);
}

void mutex_fini(struct mutex *mutex)
{
	pthread_mutex_destroy(&mutex->mutex);
}

void mutex_lock(struct mutex *mutex)
{
	pthread_mutex_lock(&mutex->mutex);
}

void mutex_unlock(struct mutex *mutex)
{
	pthread_mutex_unlock(&mutex->mutex);
}

void rwlock_init(struct rwlock *lock)
{
	pthread_rwlock_init(&lock->rwlock, NULL);
}

void rwlock_fini(struct rwlock *lock)
{
	pthread_rwlock_destroy(&lock->rwlock);
}

void rwlock_lock_shared(struct rwlock *lock)
{
	pthread_rwlock_rdlock(&lock->rwlock);
}

void rwlock_unlock_shared(struct rwlock *lock)
{
	pthread_rwlock_unlock(&lock->rwlock);
}

void rwlock_lock_exclusive(struct rwlock *lock)
{
	pthread_rwlock_wrlock(&lock->rwlock);
}

void rwlock_unlock_exclusive(struct rwlock *lock)
{
	pthread_rwlock_unlock(&lock->rwlock);
}

void condition_init(struct condition *condition)
{
	pthread_cond_init(&condition->condition, NULL);
}

void condition_fini(struct condition *condition)
{
	pthread_cond_destroy(&condition->condition);
}

void condition_wait(struct condition *condition, struct mutex *locked)
{
	pthread_cond_wait(&condition->condition, &locked->mutex);
}

void condition_wake_all(struct condition *condition)
{
	pthread_cond_broadcast(&condition->condition);
}

void once_run(struct once *once, void (*initialise)(void))
{
	pthread_once(&once->once, initialise);
}

struct thread {
	pthread_t id;
	void (*body)(void *context);
	void *context;
};

static void *run_body(void *argument)
{
	struct thread *thread = argument;

	thread->body(thread->context);
	return NULL;
}

struct thread *thread_start(void (*body)(void *context), void *context)
{
	struct thread *thread = malloc(sizeof(*thread));

	if (thread == NULL)
		return NULL;
	thread->body = body;
	thread->context = context;
	if (pthread_create(&thread->id, NULL, run_body, thread) != 0) {
		free(thread);
		return NULL;
	}
	return thread;
}

void thread_join(struct thread *thread)
{
	pthread_join(thread->id, NULL);
	free(thread);
}

unsigned thread_processor_count(void)
{
	cpu_set_t set;
	int count;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	count = CPU_COUNT(&set);
	return count > 0 ? (unsigned)count : 1;
}

/* The slot's values carry their destructor, so that one key serves any type. */
struct local_value {
	void *value;
	void (*destroy)(void *value);
};

static pthread_key_t local_key;
static bool local_key_exists;
static struct once local_key_once = ONCE_INITIALIZER;

static void destroy_local_value(void *argument)
{
	struct local_value *local = argument;

	if (local->destroy != NULL)
		local->destroy(local->value);
	free(local);
}

static void create_local_key(void)
{
	local_key_exists = pthread_key_create(&local_key, destroy_local_value) == 0;
}

#ifdef __GNUC__
static void __attribute__((destructor)) delete_local_key(void)
{
	if (local_key_exists)
		pthread_key_delete(local_key);
}
#endif

void *thread_local_get(void)
{
	const struct local_value *local;

	once_run(&local_key_once, create_local_key);
	if (!local_key_exists)
		return NULL;
	local = pthread_getspecific(local_key);
	return local != NULL ? local->value : NULL;
}

bool thread_local_set(void *value, void (*destroy)(void *value))
{
	struct local_value *local;

	once_run(&local_key_once, create_local_key);
	if (!local_key_exists)
		return false;
	local = malloc(sizeof(*local));
	if (local == NULL)
		return false;
	local->value = value;
	local->destroy = destroy;
	if (pthread_setspecific(local_key, local) != 0) {
		free(local);
		return false;
	}
	return true;
}

#else
/* ISO C wants at least one declaration; the Win32 twin holds the code. */
typedef int thread_posix_is_empty;
#endif
