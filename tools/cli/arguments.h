/* SPDX-License-Identifier: MIT */
/*
 * The command line, taken apart: options by name, the rest in order.
 *
 * May include: tools/cli.
 */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exit_code.h"

enum option {
	OPTION_ALL,
	OPTION_APPLY,
	OPTION_ARCHITECTURAL,
	OPTION_DEPTH,
	OPTION_FORCE,
	OPTION_FORMAT,
	OPTION_FRAMES,
	OPTION_HELP,
	OPTION_JSON,
	OPTION_KEEP_GOING,
	OPTION_NO_QEMU_NOTES,
	OPTION_RAW,
	OPTION_ROOT,
	OPTION_SALVAGE,
	OPTION_SAVED,
	OPTION_SKIP_HOLES,
	OPTION_SVG,
	OPTION_SYMBOLS,
	OPTION_THREADS,
	OPTION_VALUES,
	OPTION_VERSION,
	OPTION_VIRTUAL,
	OPTION_VP,
	OPTION_VSV,
	OPTION_VTL,
	OPTION_WITHOUT_KERNEL,
	OPTION_COUNT
};

/* A set of options, as the table of commands holds it. */
#define OPTION_BIT(option) (UINT32_C(1) << (option))

struct arguments {
	bool given[OPTION_COUNT];
	uint64_t numbers[OPTION_COUNT];		/* of those that take a number */
	const char *texts[OPTION_COUNT];	/* of those that take a path or name */
	char **operands;			/* what is no option */
	size_t operand_count;
};

/*
 * Takes the command line apart.  Options may stand anywhere and "--" ends
 * them; operands are moved to the front of arguments_in, which out points
 * into.  Says what is wrong before it returns EXIT_USAGE.
 */
enum exit_code arguments_parse(int count, char **arguments_in, struct arguments *out);

/* EXIT_USAGE, and says so, when an option was given that is not in the set. */
enum exit_code arguments_check_options(const struct arguments *arguments, uint32_t allowed,
				       const char *command);

/* What an option looks like, such as "--vp N", and what it does. */
const char *option_name(enum option option);
const char *option_placeholder(enum option option);	/* "" for one that takes nothing */
const char *option_help(enum option option);

#endif
