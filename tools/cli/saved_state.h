/* SPDX-License-Identifier: MIT */
/*
 * The saved state that the command line names.
 *
 * Of a .bin and .vsv pair either file may be given: the other is looked for
 * beside it, under the same name in any letter case, unless --vsv names it.
 *
 * May include: tools/cli, the public headers.
 */
#ifndef CLI_SAVED_STATE_H
#define CLI_SAVED_STATE_H

#include <vmsavedstatedump_ext.h>

#include "arguments.h"

/* What every command that opens a saved state takes. */
#define SAVED_STATE_OPTIONS                                                                        \
	(OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_VSV) | OPTION_BIT(OPTION_SALVAGE))

enum { HIGHEST_VTL = 2 };

struct saved_state {
	VM_SAVED_STATE_DUMP_HANDLE handle;	/* NULL when only located */
	VMSAVEDSTATE_SOURCE source;
	char *found_path;		/* the file that was found beside the one given */
	const char *missing;		/* extension of the file of a pair that was not found */
};

/* Fills in source from the first operand and --vsv. */
void saved_state_locate(const struct arguments *arguments, struct saved_state *out);

/* Opens state->source, or looks whether it can be opened. */
typedef HRESULT (*saved_state_loader)(struct saved_state *state);

/*
 * Calls load.  Where that is refused and --salvage was given, it is called
 * once more with VMSAVEDSTATE_SOURCE_SALVAGE in state->source; when that helps,
 * the refusal is told as a warning.
 */
HRESULT saved_state_load(const struct arguments *arguments, struct saved_state *state,
			 saved_state_loader load);

/* Whether only --salvage made it readable. */
bool saved_state_is_salvaged(const struct saved_state *state);

/* Locates and opens it.  Says what is wrong when that fails; nothing is to be closed then. */
enum exit_code saved_state_open(const struct arguments *arguments, struct saved_state *out);

/*
 * Tells that the source could not be opened, by saved_state_open or by a
 * function of the library that takes a source itself.  Returns EXIT_NOT_READ.
 */
enum exit_code saved_state_fail(const struct saved_state *state, HRESULT result);

/* Warns, where that is so, that the other file of a pair was not found. */
void saved_state_warn_of_half(const struct saved_state *state);

/* Tells that a call with its handle failed.  Returns EXIT_NOT_READ. */
enum exit_code saved_state_fail_call(const struct saved_state *state, HRESULT result);

/* Tells that no VP was left to be salvaged.  Returns EXIT_NOT_READ. */
enum exit_code saved_state_fail_no_vp(const struct saved_state *state);

/* Releases what locating or opening it has taken. */
void saved_state_close(struct saved_state *state);

/* The VP that --vp names, else VP 0.  Says so when there is none of that number. */
enum exit_code saved_state_vp(const struct saved_state *state, const struct arguments *arguments,
			      UINT32 *vp_out);

/* The trust level that --vtl names, else VMSAVEDSTATE_ACTIVE_VTL.  Says so when it can be none. */
enum exit_code chosen_vtl(const struct arguments *arguments, UINT32 *vtl_out);

/* The same VP; the trust level that --vtl names becomes its active one. */
enum exit_code saved_state_switch_vp(const struct saved_state *state,
				     const struct arguments *arguments, UINT32 *vp_out);

/* Whether damaged memory is to be left out, rather than to end the command. */
bool leaves_out_damage(const struct arguments *arguments);

/* The options of a translation that --architectural and --root ask for. */
VMSAVEDSTATE_TRANSLATE_OPTIONS translate_options(const struct arguments *arguments);

#endif
