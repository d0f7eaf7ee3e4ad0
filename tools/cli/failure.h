/* SPDX-License-Identifier: MIT */
/*
 * The one place where failures are told: a sentence on the standard error
 * output, "vmsavedstate: " in front of it.  Each function returns the exit
 * code that goes with what it tells, to be returned on:
 *
 *	return fail_usage("LENGTH must not be 0");
 *
 * May include: tools/cli, the public headers.
 */
#ifndef CLI_FAILURE_H
#define CLI_FAILURE_H

#include <vmsavedstatedump_ext.h>

#include "exit_code.h"
#include "platform.h"

#if defined(__MINGW32__)
#define PRINTF_LIKE(text, first) __attribute__((format(gnu_printf, text, first)))
#elif defined(__GNUC__)
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#define PRINTF_LIKE(text, first)
#endif

/* The command line is wrong.  Points to the help besides. */
enum exit_code fail_usage(const char *format, ...) PRINTF_LIKE(1, 2);

/* Anything that is no failure of the library, as one complete sentence. */
enum exit_code fail(enum exit_code code, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * A call of the library failed: its own sentence with cause and remedy, and
 * the HRESULT.  handle is NULL for a call that takes none; path is the file.
 */
enum exit_code fail_call(enum exit_code code, VM_SAVED_STATE_DUMP_HANDLE handle, HRESULT result,
			 const char *path);

/* How path stands in a sentence: also an empty one can be seen. */
const char *shown_path(const char *path);

/* The output file at path could not be written. */
enum exit_code fail_output(const char *path, enum output_status status);

enum exit_code fail_out_of_memory(void);

/* Says something that is worth knowing, without ending anything. */
void warn(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
