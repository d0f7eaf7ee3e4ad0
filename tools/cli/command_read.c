/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "failure.h"
#include "json_writer.h"
#include "memory_ranges.h"
#include "numbers.h"
#include "print.h"
#include "saved_state.h"

enum { LARGEST_PIECE = 1 << 20 };

/* A request, and where it has got to. */
struct reading {
	const struct saved_state *state;
	const struct arguments *arguments;
	UINT32 vp;
	VMSAVEDSTATE_TRANSLATE_OPTIONS options;	/* for --virtual */
	uint64_t address;			/* of the next byte */
	uint64_t remaining;
	UINT32 piece;				/* bytes to ask for at a time */
	UINT8 *buffer;
};

static HRESULT read_piece(const struct reading *reading, UINT32 size, UINT32 *count_out)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = reading->state->handle;

	if (reading->arguments->given[OPTION_VIRTUAL])
		return VmSavedStateReadVirtual(handle, reading->vp, &reading->options,
					       reading->address, reading->buffer, size, count_out);
	if (reading->arguments->given[OPTION_SAVED])
		return ReadGuestRawSavedMemory(handle, reading->address, reading->buffer, size,
					       count_out);
	return ReadGuestPhysicalAddress(handle, reading->address, reading->buffer, size, count_out);
}

/*
 * Reads the next bytes; *count_out is 0 where the saved state has no more.  A
 * read that meets damaged memory gives nothing at all, so from there on it is
 * page by page, up to the damaged one.
 */
static HRESULT read_next(struct reading *reading, UINT32 *count_out)
{
	UINT32 size = reading->remaining < reading->piece ? (UINT32)reading->remaining :
							    reading->piece;
	HRESULT result = read_piece(reading, size, count_out);
	UINT32 to_page_end = GUEST_PAGE_SIZE - (UINT32)(reading->address % GUEST_PAGE_SIZE);

	if (FAILED(result) && size > to_page_end) {
		reading->piece = GUEST_PAGE_SIZE;
		result = read_piece(reading, to_page_end, count_out);
	}
	return result;
}

/* Where the bytes go: each form begins, takes pieces and ends. */
static void put_piece(const struct reading *reading, struct json_writer *json, UINT32 count)
{
	if (reading->arguments->given[OPTION_RAW])
		fwrite(reading->buffer, 1, count, stdout);
	else if (reading->arguments->given[OPTION_JSON])
		json_bytes_part(json, reading->buffer, count);
	else
		print_hex_dump(reading->address, reading->buffer, count);
}

static enum exit_code copy_out(struct reading *reading, struct json_writer *json)
{
	while (reading->remaining > 0 && !ferror(stdout)) {
		UINT32 count = 0;
		HRESULT result = read_next(reading, &count);

		if (FAILED(result))
			return saved_state_fail_call(reading->state, result);
		if (count == 0)
			return EXIT_IN_PART;
		put_piece(reading, json, count);
		reading->address += count;
		reading->remaining -= count;
	}
	return EXIT_DONE;
}

static enum exit_code say_where_it_ended(const struct reading *reading)
{
	UINT64 saved_size = 0;

	if (reading->arguments->given[OPTION_VIRTUAL])
		return fail(EXIT_IN_PART,
			    "the page at 0x%" PRIX64 " is not mapped, or not saved: "
			    "'vmsavedstate translate' shows the walk.", reading->address);
	if (reading->arguments->given[OPTION_SAVED]) {
		GetGuestRawSavedMemorySize(reading->state->handle, &saved_size);
		return fail(EXIT_IN_PART, "the saved memory ends at offset 0x%" PRIX64 ".",
			    saved_size);
	}
	return fail(EXIT_IN_PART,
		    "the saved state holds no memory at 0x%" PRIX64 ": 'vmsavedstate chunks' lists "
		    "what it holds.", reading->address);
}

static enum exit_code show(struct reading *reading)
{
	uint64_t start = reading->address;
	uint64_t requested = reading->remaining;
	bool as_json = reading->arguments->given[OPTION_JSON];
	struct json_writer json;
	enum exit_code code;

	if (as_json) {
		json_begin(&json, stdout);
		json_hex(&json, "address", start, 1);
		json_number(&json, "requested", requested);
		json_bytes_begin(&json, "data");
	}
	code = copy_out(reading, &json);
	if (as_json) {
		json_bytes_end(&json);
		json_number(&json, "read", requested - reading->remaining);
		json_end(&json);
	}
	return code == EXIT_IN_PART ? say_where_it_ended(reading) : code;
}

static enum exit_code parse_request(const struct arguments *arguments, struct reading *out)
{
	if (!parse_number(arguments->operands[1], &out->address))
		return fail_usage("'%s' is no address.", arguments->operands[1]);
	if (!parse_number(arguments->operands[2], &out->remaining))
		return fail_usage("'%s' is no length.", arguments->operands[2]);
	if (arguments->given[OPTION_VIRTUAL] && arguments->given[OPTION_SAVED])
		return fail_usage("an address is --virtual or --saved, not both.");
	if (arguments->given[OPTION_RAW] && arguments->given[OPTION_JSON])
		return fail_usage("the output is --raw or --json, not both.");
	if (!arguments->given[OPTION_VIRTUAL] &&
	    (arguments->given[OPTION_VP] || arguments->given[OPTION_VTL] ||
	     arguments->given[OPTION_ARCHITECTURAL] || arguments->given[OPTION_ROOT]))
		return fail_usage("--vp, --vtl, --architectural and --root need --virtual.");
	/* An address space ends where addresses do. */
	if (out->remaining > 0 && out->remaining - 1 > UINT64_MAX - out->address)
		out->remaining = UINT64_MAX - out->address + 1;
	out->arguments = arguments;
	out->options = translate_options(arguments);
	out->piece = LARGEST_PIECE;
	return EXIT_DONE;
}

enum exit_code command_read(const struct arguments *arguments)
{
	struct saved_state state;
	struct reading reading = { 0 };
	enum exit_code code = parse_request(arguments, &reading);

	if (code == EXIT_DONE)
		code = saved_state_open(arguments, &state);
	if (code != EXIT_DONE)
		return code;
	reading.state = &state;
	reading.buffer = malloc(LARGEST_PIECE);
	if (reading.buffer == NULL)
		code = fail_out_of_memory();
	if (code == EXIT_DONE && arguments->given[OPTION_VIRTUAL])
		code = saved_state_switch_vp(&state, arguments, &reading.vp);
	if (code == EXIT_DONE)
		code = show(&reading);
	free(reading.buffer);
	saved_state_close(&state);
	return code;
}
