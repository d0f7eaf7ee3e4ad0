/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>

#include "guest_symbols.h"
#include "json_writer.h"
#include "numbers.h"
#include "print.h"

struct asking {
	const struct saved_state *state;
	struct guest_images images;
	struct json_writer *json;	/* NULL for text */
};

/* module!symbol, or the module alone. */
static void print_name(const VMSAVEDSTATE_SYMBOL *symbol)
{
	print_safely(stdout, symbol->ModuleName);
	if (symbol->Name[0] != '\0') {
		printf("!");
		print_safely(stdout, symbol->Name);
	}
}

static void print_symbol(const VMSAVEDSTATE_SYMBOL *symbol)
{
	printf("0x%016" PRIX64 " ", symbol->Address + symbol->Displacement);
	print_name(symbol);
	if (symbol->Displacement != 0)
		printf("+0x%" PRIX64, symbol->Displacement);
	if (symbol->Size != 0)
		printf(" (%" PRIu64 " bytes)", symbol->Size);
	printf("\n");
}

static void write_symbol(struct json_writer *json, const char *asked,
			 const VMSAVEDSTATE_SYMBOL *symbol)
{
	json_object_begin(json, NULL);
	json_text(json, "asked", asked);
	json_boolean(json, "found", true);
	json_text(json, "module", symbol->ModuleName);
	json_hex(json, "module_base", symbol->ModuleBase, 16);
	json_text(json, "name", symbol->Name);
	json_hex(json, "address", symbol->Address, 16);
	json_number(json, "displacement", symbol->Displacement);
	json_number(json, "size", symbol->Size);
	json_close(json);
}

static void tell_nothing_found(const struct asking *asking, const char *asked, HRESULT result)
{
	char reason[GUEST_SYMBOLS_REASON_SIZE];

	guest_symbols_reason(asking->state, &asking->images, result, reason);
	if (asking->json == NULL) {
		print_safely(stdout, asked);
		printf(" is not known: ");
		print_safely(stdout, reason);
		printf("\n");
		return;
	}
	json_object_begin(asking->json, NULL);
	json_text(asking->json, "asked", asked);
	json_boolean(asking->json, "found", false);
	json_text(asking->json, "reason", reason);
	json_close(asking->json);
}

static HRESULT find_symbol(struct asking *asking, const char *asked, VMSAVEDSTATE_SYMBOL *out)
{
	uint64_t address;

	if (parse_number(asked, &address)) {
		guest_symbols_load_at(asking->state, &asking->images, address);
		return VmSavedStateFindSymbol(asking->state->handle, address, out);
	}
	guest_symbols_load_for(asking->state, &asking->images, asked);
	return VmSavedStateResolveSymbol(asking->state->handle, asked, out);
}

static enum exit_code show_symbol(struct asking *asking, const char *asked)
{
	VMSAVEDSTATE_SYMBOL symbol = { .StructSize = sizeof(symbol) };
	HRESULT result = find_symbol(asking, asked, &symbol);

	if (FAILED(result)) {
		tell_nothing_found(asking, asked, result);
		return EXIT_IN_PART;
	}
	if (asking->json != NULL)
		write_symbol(asking->json, asked, &symbol);
	else
		print_symbol(&symbol);
	return EXIT_DONE;
}

static enum exit_code show_symbols(struct asking *asking, const struct arguments *arguments)
{
	enum exit_code worst = EXIT_DONE;
	struct json_writer json;

	if (arguments->given[OPTION_JSON]) {
		asking->json = &json;
		json_begin(&json, stdout);
		json_array_begin(&json, "symbols");
	}
	for (size_t i = 1; i < arguments->operand_count; i++) {
		enum exit_code code = show_symbol(asking, arguments->operands[i]);

		if (code != EXIT_DONE)
			worst = code;
	}
	if (asking->json != NULL)
		json_end(&json);
	asking->json = NULL;
	return worst;
}

enum exit_code command_symbols(const struct arguments *arguments)
{
	struct saved_state state;
	struct asking asking = { .state = &state };
	UINT32 vp = 0;
	enum exit_code code = saved_state_open(arguments, &state);

	if (code != EXIT_DONE)
		return code;
	code = saved_state_switch_vp(&state, arguments, &vp);
	if (code == EXIT_DONE)
		code = guest_symbols_begin(&state, arguments);
	if (code == EXIT_DONE)
		code = guest_images_find(&state, vp, &asking.images);
	if (code == EXIT_DONE)
		code = show_symbols(&asking, arguments);
	guest_images_free(&asking.images);
	saved_state_close(&state);
	return code;
}
