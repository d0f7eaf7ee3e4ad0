/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <stdio.h>

#include <vmsavedstatedump_ext.h>
#include <vmsavedstate_version.h>

#include "failure.h"
#include "json_writer.h"

enum { NAME_WIDTH = 12, OPTION_WIDTH = 18 };

static void print_option(enum option option)
{
	char text[64];

	snprintf(text, sizeof(text), "--%s%s%s", option_name(option),
		 option_placeholder(option)[0] == '\0' ? "" : " ", option_placeholder(option));
	printf("  %-*s %s\n", OPTION_WIDTH, text, option_help(option));
}

void print_help(void)
{
	printf("usage: vmsavedstate COMMAND [OPTION...] [OPERAND...]\n\n"
	       "Reads the saved state of a Hyper-V VM: a .vmrs, or a .bin and .vsv pair, of which\n"
	       "either file may be given.\n\n");
	for (const struct command *command = commands; command->name != NULL; command++)
		printf("  %-*s %s\n", NAME_WIDTH, command->name, command->summary);
	printf("\n'vmsavedstate help COMMAND' tells more of one.  Numbers are hexadecimal with 0x in\n"
	       "front or with a ` inside (fffff800`00000000), else decimal, and may end in K, M, G\n"
	       "or T.  Options may stand anywhere; -- ends them.\n\n"
	       "Exit status: 0 done, 1 a file could not be opened or read, 2 wrong usage, 3 done in\n"
	       "part or damage found, 4 the output could not be written, 130 interrupted.\n");
}

void print_command_help(const struct command *command)
{
	printf("usage: vmsavedstate %s%s%s%s\n\n%s.\n", command->name,
	       command->options == 0 ? "" : " [OPTION...]",
	       command->operands[0] == '\0' ? "" : " ", command->operands, command->summary);
	if (command->details[0] != '\0')
		printf("\n%s\n", command->details);
	if (command->options != 0)
		printf("\n");
	for (int option = 0; option < OPTION_COUNT; option++) {
		if (command->options & OPTION_BIT(option))
			print_option((enum option)option);
	}
}

enum exit_code command_help(const struct arguments *arguments)
{
	const struct command *command;

	if (arguments->operand_count == 0) {
		print_help();
		return EXIT_DONE;
	}
	command = find_command(arguments->operands[0]);
	if (command == NULL)
		return fail_usage("there is no command '%s'.", arguments->operands[0]);
	print_command_help(command);
	return EXIT_DONE;
}

enum exit_code command_version(const struct arguments *arguments)
{
	struct json_writer json;

	if (!arguments->given[OPTION_JSON]) {
		printf("vmsavedstate %s\nlibrary %s\n", VMSAVEDSTATE_VERSION_STRING,
		       VmSavedStateGetProviderVersion());
		return EXIT_DONE;
	}
	json_begin(&json, stdout);
	json_text(&json, "program", VMSAVEDSTATE_VERSION_STRING);
	json_text(&json, "library", VmSavedStateGetProviderVersion());
	json_end(&json);
	return EXIT_DONE;
}
