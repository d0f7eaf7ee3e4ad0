/* SPDX-License-Identifier: MIT */
#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "print.h"

enum { REASON_SIZE = 1024, USUAL_SIZE = 2048 };

/* A sentence is as long as the paths in it; only where memory is short too is its end lost. */
static void tell(const char *format, va_list list)
{
	char usual[USUAL_SIZE];
	char *whole = NULL;
	va_list again;
	int length;

	va_copy(again, list);
	length = vsnprintf(usual, sizeof(usual), format, list);
	if (length >= USUAL_SIZE)
		whole = malloc((size_t)length + 1);
	if (whole != NULL)
		vsnprintf(whole, (size_t)length + 1, format, again);
	va_end(again);
	/* What was printed before belongs before it, also where both go to one place. */
	fflush(stdout);
	fputs("vmsavedstate: ", stderr);
	print_safely(stderr, whole != NULL ? whole : usual);
	fputc('\n', stderr);
	free(whole);
}

enum exit_code fail_usage(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	tell(format, list);
	va_end(list);
	fputs("See 'vmsavedstate help'.\n", stderr);
	return EXIT_USAGE;
}

enum exit_code fail(enum exit_code code, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	tell(format, list);
	va_end(list);
	return code;
}

void warn(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	tell(format, list);
	va_end(list);
}

const char *shown_path(const char *path)
{
	return path[0] != '\0' ? path : "''";
}

enum exit_code fail_call(enum exit_code code, VM_SAVED_STATE_DUMP_HANDLE handle, HRESULT result,
			 const char *path)
{
	char reason[REASON_SIZE] = "";

	VmSavedStateGetErrorText(handle, reason, sizeof(reason), NULL);
	return fail(code, "%s: %s (0x%08X)", shown_path(path), reason, (unsigned)result);
}

enum exit_code fail_output(const char *path, enum output_status status)
{
	static const char *const reasons[] = {
		[OUTPUT_EXISTS] = "it exists already; choose another name, or let --force replace "
				  "it",
		[OUTPUT_NOT_A_FILE] = "there is something of that name that is not a file; choose "
				      "another name",
		[OUTPUT_NO_FOLDER] = "its folder does not exist; create the folder or choose "
				     "another",
		[OUTPUT_NO_ACCESS] = "you may not write there; choose another folder",
		[OUTPUT_NO_SPACE] = "the disk is full; free some space or choose another disk",
		[OUTPUT_TOO_LARGE] = "files of that size are not possible there; choose another "
				     "file system, or leave the holes out with --skip-holes",
		[OUTPUT_NO_MEMORY] = "memory is short; free some and try again",
		[OUTPUT_REFUSED] = "the system refused to write; make sure that the disk is "
				   "healthy and try again",
	};

	return fail(EXIT_NOT_WRITTEN, "cannot write %s: %s.", path, reasons[status]);
}

enum exit_code fail_out_of_memory(void)
{
	return fail(EXIT_NOT_READ, "memory is short: free some and try again.");
}
