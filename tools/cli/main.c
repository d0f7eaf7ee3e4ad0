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

#define SYMBOLS_DETAILS                                                                            \
	"PDBs are looked for along --symbols, or else in the current folder and along\n"            \
	"_NT_SYMBOL_PATH; nothing is downloaded."

const struct command commands[] = {
	{ .name = "info", .operands = "FILE", .operand_minimum = 1, .operand_maximum = 1,
	  .options = SAVED_STATE_OPTIONS,
	  .summary = "Tell what is in a saved state",
	  .details = "", .run = command_info },
	{ .name = "check", .operands = "FILE", .operand_minimum = 1, .operand_maximum = 1,
	  .options = OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_VSV) | OPTION_BIT(OPTION_THREADS),
	  .summary = "Verify a saved state, and tell what is damaged",
	  .details = "Verifies every checksum, every rule of the format, and the data of every page.\n"
		     "Each problem is a line: the part, what is wrong and where, its HRESULT, and the\n"
		     "guest addresses that it costs.  With more than one thread those of RAM blocks come\n"
		     "in any order.  The exit status is 3 when there are problems, and 1 when nothing of\n"
		     "a saved state can be read.",
	  .run = command_check },
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
	{ .name = "map", .operands = "FILE", .operand_minimum = 1, .operand_maximum = 1,
	  .options = SAVED_STATE_OPTIONS | OPTION_BIT(OPTION_SVG) | OPTION_BIT(OPTION_FORCE),
	  .summary = "Show how all of the guest's memory is kept",
	  .details = "Each tile shows what most of its pages are; but damaged if any page in it is, else\n"
		     "missing if any is.  Pages that only turn out to be damaged when they are\n"
		     "decompressed are found by 'check'.",
	  .run = command_map },
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
		     OPTION_BIT(OPTION_KEEP_GOING) | OPTION_BIT(OPTION_SKIP_HOLES) |
		     OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_NO_QEMU_NOTES) |
		     OPTION_BIT(OPTION_WITHOUT_KERNEL) | OPTION_BIT(OPTION_VP),
	  .summary = "Write guest memory to a file",
	  .details = "The offset in OUTPUT is the guest physical address.  Holes and pages of zeros take\n"
		     "no room on the disk.  The file is OUTPUT.partial until it is complete.  The exit\n"
		     "status is 3 when some memory is missing, or damaged and left out.\n\n"
		     "With --format elf it is an ELF core, with dmp a Windows crash dump that begins with\n"
		     "the registers of VP 0 or --vp.  snapshot is a crash dump with regs.json beside it.",
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
	{ .name = "images", .operands = "FILE", .operand_minimum = 1, .operand_maximum = 1,
	  .options = SAVED_STATE_OPTIONS | OPTION_BIT(OPTION_VP) | OPTION_BIT(OPTION_VTL),
	  .summary = "List the Windows images in an address space",
	  .details = "The names are those of their PDBs.", .run = command_images },
	{ .name = "symbols", .operands = "FILE NAME|ADDRESS...", .operand_minimum = 2,
	  .operand_maximum = SIZE_MAX,
	  .options = SAVED_STATE_OPTIONS | OPTION_BIT(OPTION_VP) | OPTION_BIT(OPTION_VTL) |
		     OPTION_BIT(OPTION_SYMBOLS),
	  .summary = "Find the address of a symbol, or the symbol at an address",
	  .details = SYMBOLS_DETAILS "  NAME is a symbol\n"
		     "or module!symbol.  The exit status is 3 when one is not known.",
	  .run = command_symbols },
	{ .name = "type", .operands = "FILE NAME", .operand_minimum = 2, .operand_maximum = 2,
	  .options = SAVED_STATE_OPTIONS | OPTION_BIT(OPTION_VP) | OPTION_BIT(OPTION_VTL) |
		     OPTION_BIT(OPTION_SYMBOLS) | OPTION_BIT(OPTION_DEPTH),
	  .summary = "Show the layout of a type",
	  .details = SYMBOLS_DETAILS "  NAME is a type\n"
		     "or module!type.  The exit status is 3 when it is not known.",
	  .run = command_type },
	{ .name = "stack", .operands = "FILE", .operand_minimum = 1, .operand_maximum = 1,
	  .options = SAVED_STATE_OPTIONS | OPTION_BIT(OPTION_VP) | OPTION_BIT(OPTION_VTL) |
		     OPTION_BIT(OPTION_SYMBOLS) | OPTION_BIT(OPTION_FRAMES),
	  .summary = "Show the call stacks of the virtual processors",
	  .details = SYMBOLS_DETAILS "\n"
		     "Without --vp, of every virtual processor.",
	  .run = command_stack },
	{ .name = "gdbserver", .operands = "FILE [HOST:PORT]", .operand_minimum = 1,
	  .operand_maximum = 2,
	  .options = OPTION_BIT(OPTION_VSV) | OPTION_BIT(OPTION_SALVAGE) |
		     OPTION_BIT(OPTION_ARCHITECTURAL) | OPTION_BIT(OPTION_ROOT),
	  .summary = "Let gdb look at the guest",
	  .details = "Serves gdb and other debuggers that know its remote protocol, one at a time, until\n"
		     "Ctrl-C; at 127.0.0.1:1234, which only this machine can reach, unless told\n"
		     "otherwise.  Each virtual processor is a thread.  Nothing can be changed and nothing\n"
		     "runs.  'monitor physical on' makes addresses guest physical ones.",
	  .run = command_gdbserver },
	{ .name = "locate", .operands = "[NAME [CHECKPOINT]]", .operand_minimum = 0,
	  .operand_maximum = 2,
	  .options = OPTION_BIT(OPTION_JSON),
	  .summary = "List VMs and checkpoints with what is saved of them",
	  .details = "Looks in the folders that VMSAVEDSTATE_PATH lists, each the folder of VMs or a\n"
		     "drive of a Hyper-V host, and on Windows in Hyper-V's own.  NAME and CHECKPOINT are\n"
		     "names or GUIDs.  The exit status is 3 when something could not be read, 1\n"
		     "when there is no VM.",
	  .run = command_locate },
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
