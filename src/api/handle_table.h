/* SPDX-License-Identifier: MIT */
/*
 * Handles: numbers that stand for providers.
 *
 * A handle is the place of its provider in a table together with a generation
 * that no other handle of that place has had.  Whatever number a caller comes
 * up with, it is either in the table or refused.
 *
 * Each provider counts the calls in flight.  Releasing a handle makes it
 * invalid at once; the provider is closed when the last of those calls leaves,
 * on that call's thread.  Counts, and the lock that keeps changes apart from
 * reads, are split over several cache lines so that threads which only read do
 * not slow each other down.
 *
 * Threads: all functions may be called from any thread.
 *
 * May include: everything below.
 */
#ifndef API_HANDLE_TABLE_H
#define API_HANDLE_TABLE_H

#include "api/provider.h"

enum handle_access {
	HANDLE_READS,		/* runs beside others of its kind */
	HANDLE_CHANGES,		/* runs alone */
	HANDLE_UNLOCKED		/* keeps the provider open, no more: for calls with callbacks */
};

/* A call's hold on a provider. */
struct handle_hold {
	struct provider *provider;
	struct handle_entry *entry;
	unsigned lane;
	enum handle_access access;
};

/* Gives a provider a handle; the table owns it from here on.  NULL when memory is short. */
void *handle_create(struct provider *provider);

/* False if handle is not one that is in force; *hold_out is set only on success. */
bool handle_enter(void *handle, enum handle_access access, struct handle_hold *hold_out);
void handle_leave(struct handle_hold *hold);

/* For calls with callbacks: takes and gives back the lock while the hold stays. */
void handle_lock(struct handle_hold *hold, enum handle_access access);
void handle_unlock(struct handle_hold *hold);

/* Makes the handle invalid; false if it is already. */
bool handle_release(void *handle);

#endif
