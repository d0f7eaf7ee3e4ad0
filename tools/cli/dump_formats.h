/* SPDX-License-Identifier: MIT */
/*
 * The formats of dumps by the names that --format takes.
 *
 * May include: the public headers.
 */
#ifndef CLI_DUMP_FORMATS_H
#define CLI_DUMP_FORMATS_H

#include <vmsavedstatedump_ext.h>

struct dump_format {
	const char *name;
	VMSAVEDSTATE_DUMP_FORMAT format;
	const char *text;
};

/* NULL when there is none. */
const struct dump_format *dump_format_of_name(const char *name);
const struct dump_format *dump_format_of_number(VMSAVEDSTATE_DUMP_FORMAT format);

#endif
