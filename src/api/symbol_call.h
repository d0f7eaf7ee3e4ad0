/* SPDX-License-Identifier: MIT */
/*
 * What calls about symbols, images and stacks have in common.
 *
 * Messages to the caller's callback are gathered while the provider is locked
 * and handed out afterwards, so that the callback may call whatever it likes.
 *
 * May include: everything below.
 */
#ifndef API_SYMBOL_CALL_H
#define API_SYMBOL_CALL_H

#include "api/call.h"
#include "guest/text_buffer.h"
#include "guest/virtual_memory.h"

/* The symbol provider; NULL, with STATUS_NO_SYMBOL_PROVIDER recorded, when none is loaded. */
struct symbol_provider *call_symbols(struct call *call);

/* The address space of a VP; false, with the failure recorded, when there is none. */
bool call_find_memory(struct call *call, uint32_t vp_id, struct virtual_memory *out);

/* Messages, one after the other, each with its NUL. */
struct symbol_messages {
	struct text_buffer texts;
};

/* Appends to context, a struct symbol_messages. */
void symbol_messages_add(void *context, const char *message);

/* Unlocks the provider, hands the messages to its callback, and frees them. */
void symbol_messages_deliver(struct call *call, struct symbol_messages *messages);

/* A copy of UTF-8 text that the caller frees with LocalFree.  STATUS_OUT_OF_MEMORY. */
enum status hand_out_text(const char *text, LPWSTR *out, struct error *error);

#endif
