/* SPDX-License-Identifier: MIT */
/*
 * A failure with its sentence.
 *
 * A function that can fail returns an enum status and takes a struct error *
 * as its last parameter; the caller may pass NULL when the sentence is of no
 * use.  The function that finds the fault describes it ("key table at offset
 * 0x3000: wrong checksum"); callers on the way out may put what they were
 * doing in front of it.  A sentence that is too long loses its middle, so that
 * the cause at its end is told behind the longest path.  No memory is needed
 * but for that, so "out of memory" has a sentence too.
 *
 * May include: src/base.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/status.h"

#if defined(__MINGW32__)
#define PRINTF_LIKE(text, first) __attribute__((format(gnu_printf, text, first)))
#elif defined(__GNUC__)
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#define PRINTF_LIKE(text, first)
#endif

enum { ERROR_TEXT_SIZE = 512 };

struct error {
	enum status status;
	char text[ERROR_TEXT_SIZE];	/* UTF-8, NUL-terminated, without the remedy */
};

/* Records a failure, replacing any earlier one.  Returns status. */
enum status error_set(struct error *error, enum status status, const char *format, ...)
	PRINTF_LIKE(3, 4);

/*
 * Puts text in front of a recorded failure: "prefix: text".  Returns the
 * recorded status, or fallback when error is NULL.
 */
enum status error_prefix(struct error *error, enum status fallback, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* Forgets a recorded failure. */
void error_clear(struct error *error);

/* Records and returns STATUS_OUT_OF_MEMORY; what names the thing that needed the memory. */
enum status error_out_of_memory(struct error *error, const char *what);

#ifdef STATIC_ANALYSIS
/*
 * Defined by tools/lint.sh alone.  An analyser reads one source file at a time: it would take it
 * that these functions may return STATUS_OK, and follow their callers' callers into results that
 * are set on success only.  This tells it what error.c does.
 */
static inline enum status error_answer(enum status status)
{
	return status;
}

#define error_set(error, status, ...) \
	(error_set(error, status, __VA_ARGS__), error_answer(status))
#define error_prefix(error, status, ...) \
	(error_prefix(error, status, __VA_ARGS__), error_answer(status))
#define error_out_of_memory(error, what) \
	(error_out_of_memory(error, what), error_answer(STATUS_OUT_OF_MEMORY))
#endif

#endif
