/* SPDX-License-Identifier: MIT */
#include "api/call.h"

#include <string.h>

void call_begin_free(struct call *call)
{
	call->status = STATUS_OK;
	call->error.text[0] = '\0';
	call->provider = NULL;
}

bool call_begin(struct call *call, void *handle, enum handle_access access)
{
	call_begin_free(call);
	if (handle_enter(handle, access, &call->hold)) {
		call->provider = call->hold.provider;
		return true;
	}
	call_wrong_handle(call, handle);
	return false;
}

void call_wrong_handle(struct call *call, const void *handle)
{
	call->status = error_set(&call->error, STATUS_UNKNOWN_HANDLE,
				 "0x%llx is not a handle of an open saved state",
				 (unsigned long long)(uintptr_t)handle);
}

enum status call_wrong_argument(struct call *call, const char *what)
{
	call->status = error_set(&call->error, STATUS_INVALID_ARGUMENT, "%s", what);
	return call->status;
}

bool call_lacks(struct call *call, const void *pointer, const char *what)
{
	if (pointer != NULL)
		return false;
	call->status = error_set(&call->error, STATUS_INVALID_ARGUMENT, "%s is NULL", what);
	return true;
}

static void keep_provider_error(struct provider *provider, const struct error *error)
{
	mutex_lock(&provider->error_lock);
	provider->last_error = *error;
	mutex_unlock(&provider->error_lock);
}

void call_keep_thread_error(const struct error *error)
{
	struct error *kept = thread_local_get();

	if (kept == NULL) {
		kept = malloc(sizeof(*kept));
		if (kept == NULL)
			return;
		if (!thread_local_set(kept, free)) {
			free(kept);
			return;
		}
	}
	*kept = *error;
}

const struct error *call_thread_error(void)
{
	return thread_local_get();
}

HRESULT call_end(struct call *call)
{
	if (call->status != STATUS_OK) {
		call->error.status = call->status;
		if (call->provider != NULL)
			keep_provider_error(call->provider, &call->error);
		else
			call_keep_thread_error(&call->error);
	}
	if (call->provider != NULL)
		handle_leave(&call->hold);
	return hresult_of_status(call->status);
}

bool call_find_vp(struct call *call, uint32_t vp_id, struct vp_view *out)
{
	call->status = partition_state_vp(call->provider->state->partition, vp_id, &out->vp,
					  &call->error);
	if (call->status != STATUS_OK)
		return false;
	out->forced = &call->provider->overrides[vp_id];
	return true;
}
