/* SPDX-License-Identifier: MIT */
#include "api/handle_table.h"

#include <stdatomic.h>

enum {
	LANES = THREAD_LANES,
	CACHE_LINE = 64,
	ENTRIES_PER_CHUNK = 64,
	CHUNKS = 1024,		/* 65,536 handles at a time */
	INDEX_SHIFT = 8,
	GENERATION_SHIFT = 32
};

/* In the low byte of every handle: small numbers and pointers to objects are none. */
#define HANDLE_TAG 0xD5u

struct lane {
	atomic_uint calls;		/* in flight */
	struct rwlock lock;
	uint8_t padding[CACHE_LINE];	/* no line holds parts of two lanes */
};

_Static_assert(sizeof(void *) == 8, "a handle is a 64-bit number in a pointer");

struct handle_entry {
	struct lane lanes[LANES];
	atomic_ullong handle;		/* in force, or 0 */
	atomic_bool closing;		/* released, and not yet closed */
	struct provider *provider;
	uint32_t generation;
	uint32_t index;
	struct handle_entry *next_free;
};

static struct mutex table_lock = MUTEX_INITIALIZER;
static _Atomic(struct handle_entry *) chunks[CHUNKS];
static uint32_t entries_used;
static struct handle_entry *first_free;

/* A place that was never used; the table is locked. */
static struct handle_entry *add_entry(void)
{
	uint32_t chunk = entries_used / ENTRIES_PER_CHUNK;
	struct handle_entry *entries, *entry;

	if (chunk == CHUNKS)
		return NULL;
	entries = atomic_load(&chunks[chunk]);
	if (entries == NULL) {
		/* Lives as long as the process: a stale handle may come at any time. */
		entries = calloc(ENTRIES_PER_CHUNK, sizeof(*entries));
		if (entries == NULL)
			return NULL;
		atomic_store(&chunks[chunk], entries);
	}
	entry = &entries[entries_used % ENTRIES_PER_CHUNK];
	entry->index = entries_used++;
	for (unsigned i = 0; i < LANES; i++)
		rwlock_init(&entry->lanes[i].lock);
	return entry;
}

static struct handle_entry *find_entry(unsigned long long handle)
{
	uint32_t index = (uint32_t)(handle & UINT32_MAX) >> INDEX_SHIFT;
	struct handle_entry *entries;

	if ((handle & 0xFF) != HANDLE_TAG || index / ENTRIES_PER_CHUNK >= CHUNKS)
		return NULL;
	entries = atomic_load(&chunks[index / ENTRIES_PER_CHUNK]);
	return entries != NULL ? &entries[index % ENTRIES_PER_CHUNK] : NULL;
}

void *handle_create(struct provider *provider)
{
	struct handle_entry *entry;
	unsigned long long handle = 0;

	mutex_lock(&table_lock);
	entry = first_free;
	if (entry != NULL)
		first_free = entry->next_free;
	else
		entry = add_entry();
	if (entry != NULL) {
		entry->generation++;
		entry->provider = provider;
		handle = (unsigned long long)entry->generation << GENERATION_SHIFT |
			 (unsigned long long)entry->index << INDEX_SHIFT | HANDLE_TAG;
		atomic_store(&entry->handle, handle);
	}
	mutex_unlock(&table_lock);
	return (void *)(uintptr_t)handle;
}

static bool any_calls(struct handle_entry *entry)
{
	for (unsigned i = 0; i < LANES; i++) {
		if (atomic_load(&entry->lanes[i].calls) != 0)
			return true;
	}
	return false;
}

/*
 * Closes a released provider once no call is in flight.  A call that entered
 * before the release is counted in its lane until it leaves, and one that comes
 * later is turned away, so once all lanes are 0 nobody has the provider.
 */
static void close_if_idle(struct handle_entry *entry)
{
	if (any_calls(entry) || !atomic_exchange(&entry->closing, false))
		return;
	provider_close(entry->provider);
	mutex_lock(&table_lock);
	entry->provider = NULL;
	entry->next_free = first_free;
	first_free = entry;
	mutex_unlock(&table_lock);
}

static void leave_lane(struct handle_entry *entry, unsigned lane)
{
	atomic_fetch_sub(&entry->lanes[lane].calls, 1);
	if (atomic_load(&entry->closing))
		close_if_idle(entry);
}

void handle_lock(struct handle_hold *hold, enum handle_access access)
{
	hold->access = access;
	if (access == HANDLE_READS)
		rwlock_lock_shared(&hold->entry->lanes[hold->lane].lock);
	for (unsigned i = 0; i < LANES && access == HANDLE_CHANGES; i++)
		rwlock_lock_exclusive(&hold->entry->lanes[i].lock);
}

void handle_unlock(struct handle_hold *hold)
{
	if (hold->access == HANDLE_READS)
		rwlock_unlock_shared(&hold->entry->lanes[hold->lane].lock);
	for (unsigned i = LANES; i > 0 && hold->access == HANDLE_CHANGES; i--)
		rwlock_unlock_exclusive(&hold->entry->lanes[i - 1].lock);
	hold->access = HANDLE_UNLOCKED;
}

bool handle_enter(void *handle, enum handle_access access, struct handle_hold *hold_out)
{
	unsigned long long wanted = (unsigned long long)(uintptr_t)handle;
	struct handle_entry *entry = find_entry(wanted);
	struct handle_hold hold = { .entry = entry };

	if (entry == NULL)
		return false;
	hold.lane = thread_lane();
	atomic_fetch_add(&entry->lanes[hold.lane].calls, 1);
	if (atomic_load(&entry->handle) != wanted) {
		leave_lane(entry, hold.lane);
		return false;
	}
	hold.provider = entry->provider;
	handle_lock(&hold, access);
	*hold_out = hold;
	return true;
}

void handle_leave(struct handle_hold *hold)
{
	handle_unlock(hold);
	leave_lane(hold->entry, hold->lane);
}

bool handle_release(void *handle)
{
	unsigned long long wanted = (unsigned long long)(uintptr_t)handle;
	struct handle_entry *entry = find_entry(wanted);

	if (entry == NULL || !atomic_compare_exchange_strong(&entry->handle, &wanted, 0))
		return false;
	atomic_store(&entry->closing, true);
	close_if_idle(entry);
	return true;
}
