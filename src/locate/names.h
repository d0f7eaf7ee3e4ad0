/* SPDX-License-Identifier: MIT */
/*
 * Names and GUIDs as Hyper-V writes and compares them.
 *
 * May include: src/base.
 */
#ifndef LOCATE_NAMES_H
#define LOCATE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Compares two names in UTF-8 without regard to the case of Latin, Greek and
 * Cyrillic letters; other characters must be the same.
 */
bool names_equal_ignore_case(const char *a, const char *b);

/* Orders names for a listing: by ASCII letters without case first, then by bytes. */
int names_compare(const char *a, const char *b);

enum { GUID_TEXT_SIZE = 37 };

/*
 * True if text (length bytes) is a GUID, in braces or without and in any
 * case; out receives it without braces and in upper case.
 */
bool guid_from_text(const char *text, size_t length, char out[GUID_TEXT_SIZE]);

#endif
