/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>

#include "json_writer.h"
#include "memory_ranges.h"
#include "print.h"
#include "saved_state.h"

static UINT64 raw_offset_of(VM_SAVED_STATE_DUMP_HANDLE handle, uint64_t address)
{
	UINT64 offset = 0;

	GuestPhysicalAddressToRawSavedMemoryOffset(handle, address, &offset);
	return offset;
}

static void print_chunks(VM_SAVED_STATE_DUMP_HANDLE handle, const struct memory_ranges *chunks)
{
	printf("%-18s  %-18s  %12s  %10s  %s\n", "first byte", "last byte", "pages", "size",
	       "offset in the saved memory");
	for (size_t i = 0; i < chunks->count; i++) {
		const struct memory_range *chunk = &chunks->items[i];
		uint64_t size = chunk->last - chunk->start + 1;
		char text[SIZE_TEXT_SIZE];

		printf("0x%016" PRIX64 "  0x%016" PRIX64 "  %12" PRIu64 "  %10s  0x%" PRIX64 "\n",
		       chunk->start, chunk->last, size / GUEST_PAGE_SIZE, size_text(size, text),
		       raw_offset_of(handle, chunk->start));
	}
}

static void write_chunks(VM_SAVED_STATE_DUMP_HANDLE handle, const struct memory_ranges *chunks)
{
	struct json_writer json;

	json_begin(&json, stdout);
	json_number(&json, "page_size", GUEST_PAGE_SIZE);
	json_array_begin(&json, "chunks");
	for (size_t i = 0; i < chunks->count; i++) {
		const struct memory_range *chunk = &chunks->items[i];
		uint64_t size = chunk->last - chunk->start + 1;

		json_object_begin(&json, NULL);
		json_hex(&json, "start", chunk->start, 1);
		json_number(&json, "pages", size / GUEST_PAGE_SIZE);
		json_number(&json, "size", size);
		json_hex(&json, "raw_offset", raw_offset_of(handle, chunk->start), 1);
		json_close(&json);
	}
	json_end(&json);
}

enum exit_code command_chunks(const struct arguments *arguments)
{
	struct saved_state state;
	struct memory_ranges chunks = { 0 };
	enum exit_code code = saved_state_open(arguments, &state);

	if (code != EXIT_DONE)
		return code;
	code = memory_ranges_of_chunks(&state, false, &chunks);
	if (code == EXIT_DONE && arguments->given[OPTION_JSON])
		write_chunks(state.handle, &chunks);
	else if (code == EXIT_DONE)
		print_chunks(state.handle, &chunks);
	memory_ranges_free(&chunks);
	saved_state_close(&state);
	return code;
}
