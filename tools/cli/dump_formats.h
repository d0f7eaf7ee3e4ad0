/* SPDX-License-Identifier: MIT */
/*
 * Dumps for the tools that want more than bare memory: --format.
 *
 * May include: tools/cli, the public headers.
 */
#ifndef CLI_DUMP_FORMATS_H
#define CLI_DUMP_FORMATS_H

#include "arguments.h"
#include "exit_code.h"

/* Whether --format names another format than raw, which dump_in_format then writes. */
bool dump_has_format(const struct arguments *arguments);

/* Writes the dump in the format that --format names; says what is wrong when it fails. */
enum exit_code dump_in_format(const struct arguments *arguments);

#endif
