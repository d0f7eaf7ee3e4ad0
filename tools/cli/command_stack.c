/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>

#include "guest_symbols.h"
#include "json_writer.h"
#include "print.h"

enum { USUAL_FRAMES = 256 };

struct showing {
	const struct saved_state *state;
	UINT32 frame_count;
	struct json_writer *json;	/* NULL for text */
};

static const char *end_name(VMSAVEDSTATE_STACK_END end)
{
	static const char *const names[] = {
		[VMSAVEDSTATE_STACK_GOES_ON] = "goes-on",
		[VMSAVEDSTATE_STACK_COMPLETE] = "complete",
		[VMSAVEDSTATE_STACK_NO_IMAGE] = "no-image",
		[VMSAVEDSTATE_STACK_NO_DATA] = "no-data",
		[VMSAVEDSTATE_STACK_DATA_MISSING] = "data-missing",
		[VMSAVEDSTATE_STACK_DATA_DAMAGED] = "data-damaged",
		[VMSAVEDSTATE_STACK_MEMORY_MISSING] = "memory-missing",
		[VMSAVEDSTATE_STACK_NO_FRAME_POINTER] = "no-frame-pointer",
		[VMSAVEDSTATE_STACK_TURNS_BACK] = "turns-back",
	};

	return names[end];
}

static BOOL CALLBACK print_frame(void *context, const VMSAVEDSTATE_FRAME *frame)
{
	(void)context;
	printf("%4" PRIu32 "  0x%016" PRIX64 "  0x%016" PRIX64 "  ", frame->Index,
	       frame->StackPointer, frame->InstructionPointer);
	print_safely(stdout, frame->ModuleName);
	if (frame->SymbolName[0] != '\0') {
		printf("!");
		print_safely(stdout, frame->SymbolName);
	}
	if (frame->ModuleBase != 0)
		printf("+0x%" PRIX64, frame->Displacement);
	printf("\n");
	if (frame->End != VMSAVEDSTATE_STACK_GOES_ON)
		printf("The stack ends here: %s.\n", frame->EndText);
	return FALSE;
}

static BOOL CALLBACK write_frame(void *context, const VMSAVEDSTATE_FRAME *frame)
{
	struct json_writer *json = context;

	json_object_begin(json, NULL);
	json_hex(json, "stack_pointer", frame->StackPointer, 16);
	json_hex(json, "instruction_pointer", frame->InstructionPointer, 16);
	json_hex(json, "return_address", frame->ReturnAddress, 16);
	json_text(json, "module", frame->ModuleBase != 0 ? frame->ModuleName : NULL);
	json_text(json, "symbol", frame->SymbolName[0] != '\0' ? frame->SymbolName : NULL);
	json_number(json, "displacement", frame->Displacement);
	json_text(json, "end", end_name(frame->End));
	json_close(json);
	return FALSE;
}

static enum exit_code show_stack(const struct showing *showing, UINT32 vp)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = showing->state->handle;
	HRESULT result;

	if (showing->json == NULL) {
		printf("VP %u\n      %-18s  %-18s  %s\n", vp, "stack pointer", "address",
		       "function");
		result = VmSavedStateUnwind(handle, vp, showing->frame_count, print_frame, NULL);
	} else {
		json_object_begin(showing->json, NULL);
		json_number(showing->json, "vp", vp);
		json_array_begin(showing->json, "frames");
		result = VmSavedStateUnwind(handle, vp, showing->frame_count, write_frame,
					    showing->json);
		json_close(showing->json);
		json_close(showing->json);
	}
	return SUCCEEDED(result) ? EXIT_DONE : saved_state_fail_call(showing->state, result);
}

/* A VP whose stack cannot be shown does not keep the others from it. */
static enum exit_code show_every_stack(const struct showing *showing)
{
	UINT32 count = 0, shown = 0;

	GetVpCount(showing->state->handle, &count);
	for (UINT32 vp = 0; vp < count; vp++)
		shown += show_stack(showing, vp) == EXIT_DONE;
	if (shown == count)
		return EXIT_DONE;
	return shown > 0 ? EXIT_IN_PART : EXIT_NOT_READ;
}

static enum exit_code show_chosen(const struct showing *showing, const struct arguments *arguments)
{
	UINT32 vp = 0;
	enum exit_code code;

	if (!arguments->given[OPTION_VP] && !arguments->given[OPTION_VTL])
		return show_every_stack(showing);
	code = saved_state_switch_vp(showing->state, arguments, &vp);
	return code == EXIT_DONE ? show_stack(showing, vp) : code;
}

enum exit_code command_stack(const struct arguments *arguments)
{
	struct saved_state state;
	struct showing showing = { .state = &state, .frame_count = USUAL_FRAMES };
	struct json_writer json;
	enum exit_code code = saved_state_open(arguments, &state);

	if (code != EXIT_DONE)
		return code;
	if (arguments->given[OPTION_FRAMES])
		showing.frame_count = (UINT32)arguments->numbers[OPTION_FRAMES];
	code = guest_symbols_begin(&state, arguments);
	if (code == EXIT_DONE && arguments->given[OPTION_JSON]) {
		showing.json = &json;
		json_begin(&json, stdout);
		json_array_begin(&json, "stacks");
	}
	if (code == EXIT_DONE)
		code = show_chosen(&showing, arguments);
	if (showing.json != NULL)
		json_end(&json);
	saved_state_close(&state);
	return code;
}
