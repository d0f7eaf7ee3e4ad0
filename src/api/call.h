/* SPDX-License-Identifier: MIT */
/*
 * The frame of every exported function.
 *
 *	struct call call;
 *
 *	if (call_begin(&call, handle, HANDLE_READS))
 *		call.status = do_it(call.provider, ..., &call.error);
 *	return call_end(&call);
 *
 * A failure's sentence is kept where VmSavedStateGetErrorText finds it: with
 * the provider, or for calls without one with the calling thread.
 *
 * May include: everything below.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include "api/handle_table.h"
#include "api/hresult.h"

struct call {
	enum status status;
	struct error error;
	struct provider *provider;	/* NULL in calls without a handle */
	struct handle_hold hold;
};

/* Enters a call on a handle; false, with the failure recorded, if it is none. */
bool call_begin(struct call *call, void *handle, enum handle_access access);

/* Enters a call that has no handle. */
void call_begin_free(struct call *call);

/* Records that a number is not a handle in force. */
void call_wrong_handle(struct call *call, const void *handle);

/* Records that an argument is NULL or otherwise wrong; what names it. */
enum status call_wrong_argument(struct call *call, const char *what);

/* True, with the failure recorded, if a required pointer is NULL. */
bool call_lacks(struct call *call, const void *pointer, const char *what);

/* Leaves the call, keeps its sentence if it failed, and returns its HRESULT. */
HRESULT call_end(struct call *call);

/* Keeps the sentence of a failure that has no handle, for the calling thread. */
void call_keep_thread_error(const struct error *error);

/* The calling thread's last failure without a handle; NULL if there was none. */
const struct error *call_thread_error(void);

/* A VP by its id, with what was forced on it; STATUS_INVALID_ARGUMENT recorded if there is none. */
struct vp_view {
	const struct virtual_processor *vp;
	struct vp_overrides *forced;
};
bool call_find_vp(struct call *call, uint32_t vp_id, struct vp_view *out);

#endif
