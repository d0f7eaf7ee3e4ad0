/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "guest_symbols.h"
#include "json_writer.h"
#include "print.h"

enum { OFFSET_WIDTH = 8, SIZE_WIDTH = 8, INDENT = 2, NAME_WIDTH = 28 };

static const char *kind_name(VMSAVEDSTATE_MEMBER_KIND kind)
{
	static const char *const names[] = {
		[VMSAVEDSTATE_MEMBER_FIELD] = "field",
		[VMSAVEDSTATE_MEMBER_STATIC] = "static",
		[VMSAVEDSTATE_MEMBER_BASE] = "base",
		[VMSAVEDSTATE_MEMBER_VIRTUAL_BASE] = "virtual-base",
		[VMSAVEDSTATE_MEMBER_VTABLE] = "vtable",
		[VMSAVEDSTATE_MEMBER_ENUMERATOR] = "enumerator",
		[VMSAVEDSTATE_MEMBER_NESTED_TYPE] = "nested-type",
	};

	return names[kind];
}

/* What stands in the place of a name that is missing. */
static const char *shown_name(const VMSAVEDSTATE_MEMBER *member)
{
	switch (member->Kind) {
	case VMSAVEDSTATE_MEMBER_BASE:
	case VMSAVEDSTATE_MEMBER_VIRTUAL_BASE:
		return "(base class)";
	case VMSAVEDSTATE_MEMBER_VTABLE:
		return "(virtual table)";
	default:
		return member->Name[0] != '\0' ? member->Name : "(no name)";
	}
}

static bool has_offset(const VMSAVEDSTATE_MEMBER *member)
{
	return member->Kind != VMSAVEDSTATE_MEMBER_STATIC &&
	       member->Kind != VMSAVEDSTATE_MEMBER_ENUMERATOR &&
	       member->Kind != VMSAVEDSTATE_MEMBER_NESTED_TYPE;
}

static BOOL CALLBACK print_member(void *context, const VMSAVEDSTATE_MEMBER *member)
{
	int indent = (int)(INDENT * member->Depth);
	const char *name = shown_name(member);
	int blanks = NAME_WIDTH - indent - (int)strlen(name);

	(void)context;
	if (has_offset(member))
		printf("0x%0*" PRIX64 "  %*" PRIu64 "  ", OFFSET_WIDTH - 2, member->Offset,
		       SIZE_WIDTH, member->Size);
	else
		printf("%*s  %*s  ", OFFSET_WIDTH, "-", SIZE_WIDTH, "-");
	printf("%*s", indent, "");
	print_safely(stdout, name);
	printf("%*s  ", blanks > 0 ? blanks : 0, "");
	if (member->Kind == VMSAVEDSTATE_MEMBER_ENUMERATOR)
		printf("= %" PRId64, member->Value);
	else
		print_safely(stdout, member->Type);
	if (member->BitLength != 0)
		printf(" : %" PRIu32 " from bit %" PRIu32, member->BitLength, member->BitPosition);
	printf("\n");
	return FALSE;
}

static BOOL CALLBACK write_member(void *context, const VMSAVEDSTATE_MEMBER *member)
{
	struct json_writer *json = context;

	json_object_begin(json, NULL);
	json_text(json, "kind", kind_name(member->Kind));
	json_text(json, "name", member->Name);
	json_text(json, "type", member->Type);
	json_number(json, "depth", member->Depth);
	if (has_offset(member)) {
		json_number(json, "offset", member->Offset);
		json_number(json, "size", member->Size);
	}
	if (member->BitLength != 0) {
		json_number(json, "bit_position", member->BitPosition);
		json_number(json, "bit_length", member->BitLength);
	}
	if (member->Kind == VMSAVEDSTATE_MEMBER_ENUMERATOR)
		json_signed(json, "value", member->Value);
	json_close(json);
	return FALSE;
}

static void print_layout(const struct saved_state *state, const char *name, UINT32 depth,
			 UINT64 size)
{
	print_safely(stdout, name);
	printf(": %" PRIu64 " bytes\n%*s  %*s  %-*s  %s\n", size, OFFSET_WIDTH, "offset",
	       SIZE_WIDTH, "size", NAME_WIDTH, "name", "type");
	VmSavedStateGetTypeLayout(state->handle, name, depth, print_member, NULL, NULL);
}

static void write_layout(const struct saved_state *state, const char *name, UINT32 depth,
			 UINT64 size)
{
	struct json_writer json;

	json_begin(&json, stdout);
	json_text(&json, "name", name);
	json_number(&json, "size", size);
	json_array_begin(&json, "members");
	VmSavedStateGetTypeLayout(state->handle, name, depth, write_member, &json, NULL);
	json_end(&json);
}

static enum exit_code fail_not_found(const struct saved_state *state,
				     const struct guest_images *images, HRESULT result)
{
	char reason[GUEST_SYMBOLS_REASON_SIZE];

	guest_symbols_reason(state, images, result, reason);
	return fail(EXIT_IN_PART, "%s: %s (0x%08X)", state->source.Path, reason, (unsigned)result);
}

static enum exit_code show_type(const struct saved_state *state,
				const struct guest_images *images,
				const struct arguments *arguments)
{
	const char *name = arguments->operands[1];
	UINT32 depth = (UINT32)arguments->numbers[OPTION_DEPTH];
	UINT64 size = 0;
	HRESULT result = VmSavedStateGetTypeLayout(state->handle, name, depth, NULL, NULL, &size);

	if (result == VMSAVEDSTATE_E_SYMBOL_NOT_FOUND)
		return fail_not_found(state, images, result);
	if (FAILED(result))
		return saved_state_fail_call(state, result);
	if (arguments->given[OPTION_JSON])
		write_layout(state, name, depth, size);
	else
		print_layout(state, name, depth, size);
	return EXIT_DONE;
}

enum exit_code command_type(const struct arguments *arguments)
{
	struct saved_state state;
	struct guest_images images = { 0 };
	UINT32 vp = 0;
	enum exit_code code = saved_state_open(arguments, &state);

	if (code != EXIT_DONE)
		return code;
	code = saved_state_switch_vp(&state, arguments, &vp);
	if (code == EXIT_DONE)
		code = guest_symbols_begin(&state, arguments);
	if (code == EXIT_DONE)
		code = guest_images_find(&state, vp, &images);
	if (code == EXIT_DONE) {
		guest_symbols_load_for(&state, &images, arguments->operands[1]);
		code = show_type(&state, &images, arguments);
	}
	guest_images_free(&images);
	saved_state_close(&state);
	return code;
}
