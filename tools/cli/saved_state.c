/* SPDX-License-Identifier: MIT */
#include "saved_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "platform.h"

enum { REFUSAL_SIZE = 1024 };

/* extension is in lower case. */
static bool has_extension(const char *path, const char *extension)
{
	const char *dot = strrchr(path, '.');

	if (dot == NULL || strlen(dot + 1) != strlen(extension))
		return false;
	for (size_t i = 0; extension[i] != '\0'; i++) {
		if ((dot[1 + i] | 0x20) != extension[i])
			return false;
	}
	return true;
}

void saved_state_locate(const struct arguments *arguments, struct saved_state *out)
{
	const char *path = arguments->operands[0];

	*out = (struct saved_state){ .source = { .StructSize = sizeof(out->source),
						 .Path = path } };
	if (arguments->given[OPTION_VSV]) {
		out->source.SecondPath = arguments->texts[OPTION_VSV];
	} else if (has_extension(path, "bin")) {
		out->found_path = platform_find_sibling(path, "vsv");
		out->source.SecondPath = out->found_path;
		out->missing = out->found_path == NULL ? "vsv" : NULL;
	} else if (has_extension(path, "vsv")) {
		out->found_path = platform_find_sibling(path, "bin");
		if (out->found_path != NULL) {
			out->source.Path = out->found_path;
			out->source.SecondPath = path;
		} else {
			out->missing = "bin";
		}
	}
}

#define HALF_OF_A_PAIR                                                                             \
	"This is half of a pair, and there is no .%s of the same name beside it: put both files "  \
	"into one folder, or name both as NAME.bin --vsv NAME.vsv."

void saved_state_warn_of_half(const struct saved_state *state)
{
	if (state->missing != NULL)
		warn("%s: " HALF_OF_A_PAIR, state->source.Path, state->missing);
}

/* Without its other half a file is refused for reasons that help nobody. */
static bool lacks_other_half(const struct saved_state *state, HRESULT result)
{
	return state->missing != NULL && result != VMSAVEDSTATE_E_FILE_NOT_FOUND &&
	       result != VMSAVEDSTATE_E_PATH_NOT_FOUND && result != VMSAVEDSTATE_E_ACCESS_DENIED;
}

/* What stands in the place of a file; NULL when it is one, or nothing. */
static const char *kind_of_no_file(const char *path)
{
	if (path == NULL)
		return NULL;
	return path[0] == '\0' ? "an empty path" : platform_kind_of_no_file(path);
}

/* Why the call of the library that was made last refused the source. */
static void describe_refusal(const struct saved_state *state, HRESULT result,
			     char text[REFUSAL_SIZE])
{
	const char *kind = kind_of_no_file(state->source.Path);
	const char *second_kind = kind_of_no_file(state->source.SecondPath);

	if (lacks_other_half(state, result))
		snprintf(text, REFUSAL_SIZE, HALF_OF_A_PAIR, state->missing);
	else if (result == E_INVALIDARG && (kind != NULL || second_kind != NULL))
		snprintf(text, REFUSAL_SIZE, "%s is %s, not a file: give the .vmrs of a saved VM "
			 "or of a standard checkpoint, or the .bin and .vsv of an older one.",
			 kind != NULL ? "This" : "The .vsv", kind != NULL ? kind : second_kind);
	else
		VmSavedStateGetErrorText(NULL, text, REFUSAL_SIZE, NULL);
}

enum exit_code saved_state_fail(const struct saved_state *state, HRESULT result)
{
	char reason[REFUSAL_SIZE] = "";

	describe_refusal(state, result, reason);
	return fail(EXIT_NOT_READ, "%s: %s (0x%08X)", shown_path(state->source.Path), reason,
		    (unsigned)result);
}

enum exit_code saved_state_fail_call(const struct saved_state *state, HRESULT result)
{
	return fail_call(EXIT_NOT_READ, state->handle, result, state->source.Path);
}

HRESULT saved_state_load(const struct arguments *arguments, struct saved_state *state,
			 saved_state_loader load)
{
	HRESULT refusal = load(state);
	char reason[REFUSAL_SIZE] = "";
	HRESULT result;

	if (SUCCEEDED(refusal) || !arguments->given[OPTION_SALVAGE])
		return refusal;
	describe_refusal(state, refusal, reason);
	state->source.Flags |= VMSAVEDSTATE_SOURCE_SALVAGE;
	result = load(state);
	if (SUCCEEDED(result))
		warn("%s: salvaged, since without --salvage this file is refused: %s (0x%08X)",
		     state->source.Path, reason, (unsigned)refusal);
	return result;
}

bool saved_state_is_salvaged(const struct saved_state *state)
{
	return (state->source.Flags & VMSAVEDSTATE_SOURCE_SALVAGE) != 0;
}

static HRESULT open_handle(struct saved_state *state)
{
	return VmSavedStateOpen(&state->source, &state->handle);
}

enum exit_code saved_state_open(const struct arguments *arguments, struct saved_state *out)
{
	enum exit_code code;
	HRESULT result;

	saved_state_locate(arguments, out);
	result = saved_state_load(arguments, out, open_handle);
	if (SUCCEEDED(result))
		return EXIT_DONE;
	code = saved_state_fail(out, result);
	saved_state_close(out);
	return code;
}

void saved_state_close(struct saved_state *state)
{
	if (state->handle != NULL)
		ReleaseSavedStateFiles(state->handle);
	free(state->found_path);
	*state = (struct saved_state){ 0 };
}

enum exit_code saved_state_fail_no_vp(const struct saved_state *state)
{
	return fail(EXIT_NOT_READ, "%s: no virtual processor is left in the file; "
		    "'vmsavedstate check' tells why.", state->source.Path);
}

enum exit_code saved_state_vp(const struct saved_state *state, const struct arguments *arguments,
			      UINT32 *vp_out)
{
	UINT32 vp = (UINT32)arguments->numbers[OPTION_VP];
	UINT32 count = 0;

	GetVpCount(state->handle, &count);
	if (count == 0)
		return saved_state_fail_no_vp(state);
	if (vp >= count)
		return fail(EXIT_USAGE, "there is no VP %u: the last one of this saved state is %u.",
			    vp, count - 1);
	*vp_out = vp;
	return EXIT_DONE;
}

enum exit_code chosen_vtl(const struct arguments *arguments, UINT32 *vtl_out)
{
	if (!arguments->given[OPTION_VTL]) {
		*vtl_out = VMSAVEDSTATE_ACTIVE_VTL;
		return EXIT_DONE;
	}
	if (arguments->numbers[OPTION_VTL] > HIGHEST_VTL)
		return fail_usage("--vtl is at most %d.", HIGHEST_VTL);
	*vtl_out = (UINT32)arguments->numbers[OPTION_VTL];
	return EXIT_DONE;
}

enum exit_code saved_state_switch_vp(const struct saved_state *state,
				     const struct arguments *arguments, UINT32 *vp_out)
{
	UINT32 vtl = VMSAVEDSTATE_ACTIVE_VTL;
	enum exit_code code = chosen_vtl(arguments, &vtl);
	HRESULT result;

	if (code == EXIT_DONE)
		code = saved_state_vp(state, arguments, vp_out);
	if (code != EXIT_DONE || vtl == VMSAVEDSTATE_ACTIVE_VTL)
		return code;
	result = ForceActiveVirtualTrustLevel(state->handle, *vp_out, (UINT8)vtl);
	if (FAILED(result))
		return saved_state_fail_call(state, result);
	return EXIT_DONE;
}

bool leaves_out_damage(const struct arguments *arguments)
{
	return arguments->given[OPTION_KEEP_GOING] || arguments->given[OPTION_SALVAGE];
}

VMSAVEDSTATE_TRANSLATE_OPTIONS translate_options(const struct arguments *arguments)
{
	VMSAVEDSTATE_TRANSLATE_OPTIONS options = { .StructSize = sizeof(options) };

	if (arguments->given[OPTION_ARCHITECTURAL])
		options.Flags |= VMSAVEDSTATE_TRANSLATE_ARCHITECTURAL;
	if (arguments->given[OPTION_ROOT])
		options.Flags |= VMSAVEDSTATE_TRANSLATE_ROOT;
	options.Root = arguments->numbers[OPTION_ROOT];
	return options;
}
