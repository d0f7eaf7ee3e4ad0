/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "json_writer.h"
#include "numbers.h"
#include "print.h"
#include "saved_state.h"
#include "words.h"

struct translating {
	const struct saved_state *state;
	UINT32 vp;
	VMSAVEDSTATE_TRANSLATE_OPTIONS options;
	struct json_writer *json;	/* NULL for text */
};

static const struct {
	UINT32 bit;
	const char *name;		/* in JSON */
	const char *text;
} rights[] = {
	{ VMSAVEDSTATE_ACCESS_WRITE, "write", "write" },
	{ VMSAVEDSTATE_ACCESS_USER, "user", "user" },
	{ VMSAVEDSTATE_ACCESS_USER_EXECUTE, "user_execute", "execute as user" },
	{ VMSAVEDSTATE_ACCESS_KERNEL_EXECUTE, "kernel_execute", "execute as kernel" },
};

enum { RIGHT_COUNT = sizeof(rights) / sizeof(rights[0]) };

static void print_mapping(UINT64 address, const VMSAVEDSTATE_TRANSLATION *walk)
{
	char size[SIZE_TEXT_SIZE];

	printf("0x%016" PRIX64 " -> 0x%" PRIX64, address, walk->PhysicalAddress);
	if (walk->PagingForm == VMSAVEDSTATE_PAGING_IDENTITY)
		printf(", paging is off\n");
	else
		printf(", page of %s\n", size_text(walk->PageSize, size));
	printf("  access: read");
	for (int i = 0; i < RIGHT_COUNT; i++) {
		if (walk->Access & rights[i].bit)
			printf(", %s", rights[i].text);
	}
	printf("\n");
}

static void print_gap(UINT64 address, const VMSAVEDSTATE_TRANSLATION *walk)
{
	char size[SIZE_TEXT_SIZE];

	printf("0x%016" PRIX64 " is not mapped: ", address);
	if (walk->FailingLevel != 0 && walk->LevelCount > 0)
		printf("%s ", walk->Levels[walk->LevelCount - 1].Name);
	printf("%s", walk_reason_text(walk->Reason));
	if (walk->SkipSize != 0)
		printf("; nothing is mapped in the %s around it", size_text(walk->SkipSize, size));
	printf("\n");
}

/* So that the entries stand in columns. */
static int longest_name_of(const VMSAVEDSTATE_TRANSLATION *walk)
{
	size_t longest = 0;

	for (UINT32 i = 0; i < walk->LevelCount; i++) {
		size_t length = strlen(walk->Levels[i].Name);

		if (length > longest)
			longest = length;
	}
	return (int)longest;
}

static void print_walk(UINT64 address, const VMSAVEDSTATE_TRANSLATION *walk)
{
	if (walk->Reason == VMSAVEDSTATE_WALK_MAPPED)
		print_mapping(address, walk);
	else
		print_gap(address, walk);
	if (walk->Flags & VMSAVEDSTATE_WALK_RESERVED_BITS)
		printf("  an entry has reserved bits set: the processor would have faulted\n");
	if (walk->PagingForm != VMSAVEDSTATE_PAGING_IDENTITY)
		printf("  %s\n", paging_form_text(walk->PagingForm));
	for (UINT32 i = 0; i < walk->LevelCount; i++) {
		const VMSAVEDSTATE_WALK_LEVEL *level = &walk->Levels[i];

		printf("  %-*s [%3u] at 0x%" PRIX64 ": 0x%016" PRIX64 "\n", longest_name_of(walk),
		       level->Name, level->Index, level->EntryAddress, level->Entry);
	}
}

static void write_levels(struct json_writer *json, const VMSAVEDSTATE_TRANSLATION *walk)
{
	json_array_begin(json, "levels");
	for (UINT32 i = 0; i < walk->LevelCount; i++) {
		const VMSAVEDSTATE_WALK_LEVEL *level = &walk->Levels[i];

		json_object_begin(json, NULL);
		json_text(json, "name", level->Name);
		json_number(json, "level", level->Level);
		json_number(json, "index", level->Index);
		json_hex(json, "table_address", level->TableAddress, 1);
		json_hex(json, "entry_address", level->EntryAddress, 1);
		json_hex(json, "entry", level->Entry, 16);
		json_close(json);
	}
	json_close(json);
}

static void write_walk(struct json_writer *json, UINT64 address,
		       const VMSAVEDSTATE_TRANSLATION *walk)
{
	bool mapped = walk->Reason == VMSAVEDSTATE_WALK_MAPPED;

	json_object_begin(json, NULL);
	json_hex(json, "virtual_address", address, 16);
	json_boolean(json, "mapped", mapped);
	json_text(json, "reason", walk_reason_name(walk->Reason));
	json_text(json, "paging_form", paging_form_name(walk->PagingForm));
	if (mapped) {
		json_hex(json, "physical_address", walk->PhysicalAddress, 1);
		json_number(json, "page_size", walk->PageSize);
		json_object_begin(json, "access");
		for (int i = 0; i < RIGHT_COUNT; i++)
			json_boolean(json, rights[i].name, (walk->Access & rights[i].bit) != 0);
		json_close(json);
	} else {
		/* As text: the whole of a 64-bit address space does not fit a number. */
		json_hex(json, "unmapped_size", walk->UnmappedSize, 1);
		json_hex(json, "skip_size", walk->SkipSize, 1);
		json_number(json, "failing_level", walk->FailingLevel);
	}
	json_boolean(json, "reserved_bits", (walk->Flags & VMSAVEDSTATE_WALK_RESERVED_BITS) != 0);
	write_levels(json, walk);
	json_close(json);
}

/* EXIT_IN_PART for an address that has no translation, which is an answer too. */
static enum exit_code translate(const struct translating *translating, UINT64 address)
{
	VMSAVEDSTATE_TRANSLATION walk = { .StructSize = sizeof(walk) };
	HRESULT result = VmSavedStateTranslate(translating->state->handle, translating->vp,
					       &translating->options, address, &walk);

	if (FAILED(result) && walk.Reason == VMSAVEDSTATE_WALK_MAPPED)
		return saved_state_fail_call(translating->state, result);
	if (translating->json != NULL)
		write_walk(translating->json, address, &walk);
	else
		print_walk(address, &walk);
	return SUCCEEDED(result) ? EXIT_DONE : EXIT_IN_PART;
}

static enum exit_code translate_all(const struct translating *translating,
				    const struct arguments *arguments)
{
	enum exit_code worst = EXIT_DONE;

	for (size_t i = 1; i < arguments->operand_count; i++) {
		UINT64 address = 0;
		enum exit_code code;

		parse_number(arguments->operands[i], &address);
		code = translate(translating, address);
		if (code == EXIT_NOT_READ)
			return code;
		if (code != EXIT_DONE)
			worst = code;
	}
	return worst;
}

enum exit_code command_translate(const struct arguments *arguments)
{
	struct saved_state state;
	struct translating translating = { .options = translate_options(arguments) };
	struct json_writer json;
	enum exit_code code;

	for (size_t i = 1; i < arguments->operand_count; i++) {
		uint64_t address;

		if (!parse_number(arguments->operands[i], &address))
			return fail_usage("'%s' is no address.", arguments->operands[i]);
	}
	code = saved_state_open(arguments, &state);
	if (code != EXIT_DONE)
		return code;
	translating.state = &state;
	code = saved_state_switch_vp(&state, arguments, &translating.vp);
	if (code == EXIT_DONE && arguments->given[OPTION_JSON]) {
		translating.json = &json;
		json_begin(&json, stdout);
		json_array_begin(&json, "translations");
	}
	if (code == EXIT_DONE)
		code = translate_all(&translating, arguments);
	if (translating.json != NULL)
		json_end(&json);
	saved_state_close(&state);
	return code;
}
