/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "failure.h"
#include "json_writer.h"
#include "print.h"
#include "saved_state.h"
#include "utf8.h"
#include "words.h"

/* Of an array's bytes when many keys are listed, and of one key that was asked for. */
enum { FEW_BYTES = 32, MOST_BYTES = 16 << 20 };

struct listing {
	const struct arguments *arguments;
	const VMSAVEDSTATE_SOURCE *source;
	struct json_writer *json;	/* NULL for text */
	bool begun;			/* whether the JSON has a beginning */
	bool any;			/* was a key listed?  The first is the one asked for */
	UINT8 *buffer;			/* MOST_BYTES */
	enum exit_code code;
};

static bool is_number(const VMSAVEDSTATE_KEY *key)
{
	return key->Type == VMSAVEDSTATE_KEY_INT || key->Type == VMSAVEDSTATE_KEY_UINT ||
	       key->Type == VMSAVEDSTATE_KEY_DOUBLE || key->Type == VMSAVEDSTATE_KEY_BOOL;
}

/* Guest memory is for `read`, and a node has no value. */
static bool has_bytes(const VMSAVEDSTATE_KEY *key)
{
	return !is_number(key) && key->Type != VMSAVEDSTATE_KEY_NODE &&
	       (key->Flags & VMSAVEDSTATE_KEY_IS_RAM_BLOCK) == 0;
}

static void print_number(const VMSAVEDSTATE_KEY *key)
{
	switch (key->Type) {
	case VMSAVEDSTATE_KEY_INT:
		printf(" = %" PRId64, key->Value.Int);
		break;
	case VMSAVEDSTATE_KEY_UINT:
		printf(" = %" PRIu64, key->Value.UInt);
		break;
	case VMSAVEDSTATE_KEY_DOUBLE:
		printf(" = %.17g", key->Value.Double);
		break;
	default:
		printf(" = %s", key->Value.Bool ? "true" : "false");
		break;
	}
}

static void write_number(struct json_writer *json, const VMSAVEDSTATE_KEY *key)
{
	switch (key->Type) {
	case VMSAVEDSTATE_KEY_INT:
		json_signed(json, "value", key->Value.Int);
		break;
	case VMSAVEDSTATE_KEY_UINT:
		json_number(json, "value", key->Value.UInt);
		break;
	case VMSAVEDSTATE_KEY_DOUBLE:
		json_real(json, "value", key->Value.Double);
		break;
	default:
		json_boolean(json, "value", key->Value.Bool);
		break;
	}
}

static void show_string(struct listing *listing, const char *text)
{
	if (listing->json != NULL) {
		json_text(listing->json, "value", text);
		return;
	}
	printf(" = ");
	print_quoted(stdout, text);
}

static void show_bytes(struct listing *listing, UINT32 count, bool all)
{
	if (listing->json != NULL) {
		json_bytes_begin(listing->json, "value");
		json_bytes_part(listing->json, listing->buffer, count);
		json_bytes_end(listing->json);
		json_boolean(listing->json, "complete", all);
		return;
	}
	printf(count == 0 ? " = nothing" : " = ");
	for (UINT32 i = 0; i < count; i++)
		printf("%02x", listing->buffer[i]);
	printf("%s", all ? "" : "...");
}

/* Reads and shows a value that does not come with the key.  False when reading failed. */
static bool show_stored_value(struct listing *listing, const VMSAVEDSTATE_KEY *key)
{
	bool is_string = key->Type == VMSAVEDSTATE_KEY_STRING;
	bool asked_for = listing->arguments->operand_count > 1 && !listing->any;
	UINT64 wanted = is_string || asked_for ? MOST_BYTES : FEW_BYTES;
	UINT32 count = (UINT32)(key->Size < wanted ? key->Size : wanted);
	HRESULT result = VmSavedStateReadKey(listing->source, key->Path, 0, listing->buffer, count,
					     NULL);

	if (FAILED(result)) {
		listing->code = fail_call(EXIT_NOT_READ, NULL, result, listing->source->Path);
		return false;
	}
	if (is_string) {
		char *text = utf8_from_utf16(listing->buffer, count);

		if (text == NULL) {
			listing->code = fail_out_of_memory();
			return false;
		}
		show_string(listing, text);
		free(text);
	} else {
		show_bytes(listing, count, count == key->Size);
	}
	return true;
}

static bool show_value(struct listing *listing, const VMSAVEDSTATE_KEY *key)
{
	if (is_number(key)) {
		if (listing->json != NULL)
			write_number(listing->json, key);
		else
			print_number(key);
		return true;
	}
	if (!has_bytes(key) || !listing->arguments->given[OPTION_VALUES])
		return true;
	if (key->StringValue != NULL) {
		show_string(listing, key->StringValue);
		return true;
	}
	return show_stored_value(listing, key);
}

static BOOL CALLBACK print_key(void *context, const VMSAVEDSTATE_KEY *key)
{
	struct listing *listing = context;
	bool shown;

	printf("%-6s %10" PRIu64 "  ", key_type_name(key->Type), key->Size);
	print_safely(stdout, key->Path);
	shown = show_value(listing, key);
	printf("\n");
	listing->any = true;
	return !shown || ferror(stdout);
}

/* Not before the first key, so that a file that cannot be opened leaves no output. */
static void begin_json(struct listing *listing)
{
	if (listing->begun)
		return;
	json_begin(listing->json, stdout);
	json_array_begin(listing->json, "keys");
	listing->begun = true;
}

static BOOL CALLBACK write_key(void *context, const VMSAVEDSTATE_KEY *key)
{
	struct listing *listing = context;
	struct json_writer *json = listing->json;
	bool shown;

	begin_json(listing);
	json_object_begin(json, NULL);
	json_text(json, "path", key->Path);
	json_text(json, "type", key_type_name(key->Type));
	json_number(json, "size", key->Size);
	json_hex(json, "file_offset", key->FileOffset, 1);
	json_boolean(json, "file_object", (key->Flags & VMSAVEDSTATE_KEY_IN_FILE_OBJECT) != 0);
	json_boolean(json, "second_file", (key->Flags & VMSAVEDSTATE_KEY_IN_SECOND_FILE) != 0);
	json_boolean(json, "ram_block", (key->Flags & VMSAVEDSTATE_KEY_IS_RAM_BLOCK) != 0);
	shown = show_value(listing, key);
	json_close(json);
	listing->any = true;
	return !shown || ferror(stdout);
}

static BOOL CALLBACK stop_at_once(void *context, const VMSAVEDSTATE_KEY *key)
{
	(void)context;
	(void)key;
	return TRUE;
}

/* Whether it can be opened; listing the keys tells again what is wrong if not. */
static HRESULT open_container(struct saved_state *state)
{
	return VmSavedStateEnumerateKeys(&state->source, NULL, stop_at_once, NULL);
}

/* Told with the path as it was given. */
static enum exit_code fail_no_key(const struct saved_state *state, const char *path, HRESULT result)
{
	return fail(EXIT_NOT_READ, "%s: There is no key '%s'. Check the spelling; 'vmsavedstate "
		    "keys' without a path lists the keys there are. (0x%08X)", state->source.Path,
		    path, (unsigned)result);
}

static enum exit_code list_keys(struct listing *listing, struct saved_state *state)
{
	const char *start = listing->arguments->operand_count > 1 ?
			    listing->arguments->operands[1] : NULL;
	struct json_writer json;
	HRESULT result;

	if (listing->arguments->given[OPTION_JSON])
		listing->json = &json;
	result = VmSavedStateEnumerateKeys(listing->source, start,
					   listing->json != NULL ? write_key : print_key, listing);
	if (SUCCEEDED(result) && listing->json != NULL)
		begin_json(listing);
	if (listing->begun)
		json_end(&json);
	/* A file that is not there gives the same number. */
	if (result == VMSAVEDSTATE_E_FILE_NOT_FOUND && start != NULL &&
	    SUCCEEDED(open_container(state)))
		return fail_no_key(state, start, result);
	if (FAILED(result))
		return saved_state_fail(state, result);
	return listing->code;
}

enum exit_code command_keys(const struct arguments *arguments)
{
	struct saved_state state;
	struct listing listing = { .arguments = arguments, .buffer = malloc(MOST_BYTES) };
	enum exit_code code;

	if (listing.buffer == NULL)
		return fail_out_of_memory();
	saved_state_locate(arguments, &state);
	listing.source = &state.source;
	if (arguments->given[OPTION_SALVAGE])
		saved_state_load(arguments, &state, open_container);
	code = list_keys(&listing, &state);
	saved_state_close(&state);
	free(listing.buffer);
	return code;
}
