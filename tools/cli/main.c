/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "platform.h"
#include "saved_state.h"

/* What a virtual address is to be translated with. */
#define TRANSLATION_OPTIONS                                                                        \
	(OPTION_BIT(OPTION_VP) | OPTION_BIT(OPTION_VTL) | OPTION_BIT(OPTION_ARCHITECTURAL) |       \
	 OPTION_BIT(OPTION_ROOT))

const struct command commands[] = {
	{ .name = "info", .operands = "FILE", .operand_minimum = 1, .operand_maximum = 1,
	  .options = SAVED_STATE_OPTIONS,
	  .summary = "Tell what is in a saved state",
	  .details = "", .run = command_info },
	{ .name = "keys", .operands = "FILE [PATH]", .operand_minimum = 1, .operand_maximum = 2,
	  .options = SAVED_STATE_OPTIONS | OPTION_BIT(OPTION_VALUES),
	  .summary = "List the keys of the container",
	  .details = "Shows the type, the size in bytes, the path, and the value of a number.  FILE\n"
		     "need not hold a saved state: a .vmcx will do.  PATH is a key to begin at.",
	  .run = command_keys },
	{ .name = "chunks", .operands = "FILE", .operand_minimum = 1, .operand_maximum = 1,
	  .options = SAVED_STATE_OPTIONS,
	  .summary = "List the ranges of guest memory",
	  .details = "They are in the order of the saved state.", .run = command_chunks },
	{ .name = "read", .operands = "FILE ADDRESS LENGTH", .operand_minimum = 3,
	  .operand_maximum = 3,
	  .options = SAVED_STATE_OPTIONS | TRANSLATION_OPTIONS | OPTION_BIT(OPTION_RAW) |
		     OPTION_BIT(OPTION_SAVED) | OPTION_BIT(OPTION_VIRTUAL),
	  .summary = "Show guest memory",
	  .details = "Prints a hex dump of LENGTH bytes from a guest physical address.  Where the saved\n"
		     "state ends earlier, so does the output, and the exit status is 3.",
	  .run = command_read },
	{ .name = "dump", .operands = "FILE OUTPUT", .operand_minimum = 2, .operand_maximum = 2,
	  .options = SAVED_STATE_OPTIONS | OPTION_BIT(OPTION_FORCE) |
		     OPTION_BIT(OPTION_KEEP_GOING) | OPTION_BIT(OPTION_SKIP_HOLES),
	  .summary = "Write guest memory to a file",
	  .details = "The offset in OUTPUT is the guest physical address.  Holes and pages of zeros take\n"
		     "no room on the disk.  The file is OUTPUT.partial until it is complete.  The exit\n"
		     "status is 3 when some memory is missing, or damaged and left out.",
	  .run = command_dump },
	{ .name = "replay", .operands = "FILE", .operand_minimum = 1, .operand_maximum = 1,
	  .options = OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_APPLY),
	  .summary = "Show the pending writes of the replay log, or make them",
	  .details = "All other commands see FILE as if they had been made, and change nothing.",
	  .run = command_replay },
	{ .name = "regs", .operands = "FILE", .operand_minimum = 1, .operand_maximum = 1,
	  .options = SAVED_STATE_OPTIONS | OPTION_BIT(OPTION_VP) | OPTION_BIT(OPTION_VTL) |
		     OPTION_BIT(OPTION_ALL),
	  .summary = "Show the registers of the virtual processors",
	  .details = "Without --vp, of every one.", .run = command_regs },
	{ .name = "translate", .operands = "FILE ADDRESS...", .operand_minimum = 2,
	  .operand_maximum = SIZE_MAX,
	  .options = SAVED_STATE_OPTIONS | TRANSLATION_OPTIONS,
	  .summary = "Translate guest virtual addresses, and show the page-table walk",
	  .details = "The exit status is 3 when an address is not mapped.",
	  .run = command_translate },
	{ .name = "version", .operands = "", .operand_minimum = 0, .operand_maximum = 0,
	  .options = OPTION_BIT(OPTION_JSON),
	  .summary = "Show the version of the program and of the library",
	  .details = "", .run = command_version },
	{ .name = "help", .operands = "[COMMAND]", .operand_minimum = 0, .operand_maximum = 1,
	  .options = 0,
	  .summary = "Show this help, or that of a command",
	  .details = "", .run = command_help },
	{ .name = NULL },
};

const struct command *find_command(const char *name)
{
	for (const struct command *command = commands; command->name != NULL; command++) {
		if (strcmp(command->name, name) == 0)
			return command;
	}
	return NULL;
}

static enum exit_code run_command(const struct command *command, struct arguments *arguments)
{
	enum exit_code code;

	if (arguments->given[OPTION_HELP]) {
		print_command_help(command);
		return EXIT_DONE;
	}
	code = arguments_check_options(arguments, command->options, command->name);
	if (code != EXIT_DONE)
		return code;
	if (arguments->operand_count < command->operand_minimum ||
	    arguments->operand_count > command->operand_maximum)
		return fail_usage("'%s' takes %s.", command->name,
				  command->operands[0] == '\0' ? "nothing else" :
								 command->operands);
	return command->run(arguments);
}

static enum exit_code run(struct arguments *arguments)
{
	const struct command *command;

	if (arguments->operand_count == 0) {
		if (arguments->given[OPTION_VERSION])
			return command_version(arguments);
		if (!arguments->given[OPTION_HELP])
			return fail_usage("a command is missing.");
		print_help();
		return EXIT_DONE;
	}
	command = find_command(arguments->operands[0]);
	if (command == NULL)
		return fail_usage("there is no command '%s'.", arguments->operands[0]);
	arguments->operands++;
	arguments->operand_count--;
	return run_command(command, arguments);
}

int main(int count, char **strings)
{
	struct arguments arguments;
	enum exit_code code;

	if (!platform_start(&count, &strings))
		return (int)fail_out_of_memory();
	code = arguments_parse(count, strings, &arguments);
	if (code == EXIT_DONE)
		code = run(&arguments);
	/* A full disk may be noticed only when the last of the output leaves. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && code != EXIT_NOT_WRITTEN)
		code = fail(EXIT_NOT_WRITTEN, "the standard output could not be written: the disk is "
			    "full, or the program that reads it has ended.");
	return (int)code;
}
