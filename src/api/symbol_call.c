/* SPDX-License-Identifier: MIT */
#include "api/symbol_call.h"
#include "base/text_encoding.h"
#include "platform/local_memory.h"

#include <string.h>

struct symbol_provider *call_symbols(struct call *call)
{
	if (call->provider->symbols == NULL)
		call->status = error_set(&call->error, STATUS_NO_SYMBOL_PROVIDER,
					 "no symbol provider is loaded");
	return call->provider->symbols;
}

bool call_find_memory(struct call *call, uint32_t vp_id, struct virtual_memory *out)
{
	struct vp_view view;

	if (!call_find_vp(call, vp_id, &view))
		return false;
	call->status = virtual_memory_of_vp(call->provider->memory, view.vp, view.forced, NULL,
					    out, &call->error);
	/* As translations do: without registers there is no paging mode. */
	if (call->status == STATUS_VTL_NOT_ENABLED)
		call->status = STATUS_NOT_IMPLEMENTED;
	return call->status == STATUS_OK;
}

void symbol_messages_add(void *context, const char *message)
{
	struct symbol_messages *messages = context;

	text_append_bytes(&messages->texts, message, strlen(message) + 1);
}

void symbol_messages_deliver(struct call *call, struct symbol_messages *messages)
{
	GUEST_SYMBOLS_PROVIDER_DEBUG_INFO_CALLBACK callback = call->provider->symbol_messages;
	const struct text_buffer *texts = &messages->texts;

	handle_unlock(&call->hold);
	for (size_t at = 0; callback != NULL && at < texts->length;
	     at += strlen(texts->text + at) + 1)
		callback(texts->text + at);
	text_buffer_fini(&messages->texts);
}

enum status hand_out_text(const char *text, LPWSTR *out, struct error *error)
{
	size_t count = 0;
	uint16_t *units = utf16_from_utf8(text, &count);
	void *copy = units != NULL ? local_memory_allocate((count + 1) * sizeof(*units)) : NULL;

	if (copy == NULL) {
		free(units);
		return error_out_of_memory(error, "a text");
	}
	memcpy(copy, units, (count + 1) * sizeof(*units));
	free(units);
	*out = copy;
	return STATUS_OK;
}
