/* SPDX-License-Identifier: MIT */
/*
 * Locks, one-time initialisation, threads.
 *
 * The types are defined here so that they can be embedded; their members
 * belong to thread_posix.c and thread_win32.c alone.
 *
 * May include: src/base.
 */
#ifndef PLATFORM_THREAD_H
#define PLATFORM_THREAD_H

#include <stdbool.h>

#ifdef _WIN32
/* SRWLOCK, CONDITION_VARIABLE and INIT_ONCE are one pointer each, and all zeros is their initial state. */
struct mutex { void *srw_lock; };
struct rwlock { void *srw_lock; };
struct condition { void *condition_variable; };
struct once { void *init_once; };
#define MUTEX_INITIALIZER { 0 }
#define RWLOCK_INITIALIZER { 0 }
#define ONCE_INITIALIZER { 0 }
#else
#include <pthread.h>
struct mutex { pthread_mutex_t mutex; };
struct rwlock { pthread_rwlock_t rwlock; };
struct condition { pthread_cond_t condition; };
struct once { pthread_once_t once; };
#define MUTEX_INITIALIZER { PTHREAD_MUTEX_INITIALIZER }
#define RWLOCK_INITIALIZER { PTHREAD_RWLOCK_INITIALIZER }
#define ONCE_INITIALIZER { PTHREAD_ONCE_INIT }
#endif

/* Initialisation cannot fail on the systems we build for; fini pairs with init. */
void mutex_init(struct mutex *mutex);
void mutex_fini(struct mutex *mutex);
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

/* Any number of readers or one writer. */
void rwlock_init(struct rwlock *lock);
void rwlock_fini(struct rwlock *lock);
void rwlock_lock_shared(struct rwlock *lock);
void rwlock_unlock_shared(struct rwlock *lock);
void rwlock_lock_exclusive(struct rwlock *lock);
void rwlock_unlock_exclusive(struct rwlock *lock);

void condition_init(struct condition *condition);
void condition_fini(struct condition *condition);
void condition_wait(struct condition *condition, struct mutex *locked);
void condition_wake_all(struct condition *condition);

/* Runs initialise exactly once over all threads; every caller returns after it has run. */
void once_run(struct once *once, void (*initialise)(void));

struct thread;

/* Starts body(context) in a new thread; NULL when the system refuses. */
struct thread *thread_start(void (*body)(void *context), void *context);

/* Waits for the thread to end and frees it. */
void thread_join(struct thread *thread);

/* Processors this process may use, at least 1. */
unsigned thread_processor_count(void);

/*
 * One of THREAD_LANES numbers, mostly the same for one thread and different
 * for two: for what is split up so that threads do not write to each other's
 * cache lines.  Nothing may depend on it but speed.
 */
enum { THREAD_LANES = 16 };
unsigned thread_lane(void);

/*
 * A value of each thread, freed when the thread ends.  When the library is
 * unloaded first, the slot goes with it, so that no thread that ends later
 * calls code that is gone; elsewhere than on Windows its value is then not
 * freed.  The slot is one per process: there is one user, the error text of
 * calls without a handle.
 */
void *thread_local_get(void);
bool thread_local_set(void *value, void (*destroy)(void *value));

#endif
