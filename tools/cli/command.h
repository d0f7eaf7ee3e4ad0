/* SPDX-License-Identifier: MIT */
/*
 * The commands.  Each is one file, command_NAME.c, and one row of the table in
 * main.c.
 *
 * May include: tools/cli.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "arguments.h"
#include "exit_code.h"

struct command {
	const char *name;
	const char *operands;		/* as the help shows them */
	size_t operand_minimum;
	size_t operand_maximum;
	uint32_t options;		/* OPTION_BIT(...) of those it takes, --help aside */
	const char *summary;		/* what it does, in one line */
	const char *details;		/* what there is to know besides, in lines */
	/* arguments->operands are those behind the name of the command. */
	enum exit_code (*run)(const struct arguments *arguments);
};

/* All commands; a row without a name ends the list. */
extern const struct command commands[];

/* The command of that name, or NULL. */
const struct command *find_command(const char *name);

enum exit_code command_check(const struct arguments *arguments);
enum exit_code command_chunks(const struct arguments *arguments);
enum exit_code command_dump(const struct arguments *arguments);
enum exit_code command_gdbserver(const struct arguments *arguments);
enum exit_code command_help(const struct arguments *arguments);
enum exit_code command_images(const struct arguments *arguments);
enum exit_code command_info(const struct arguments *arguments);
enum exit_code command_keys(const struct arguments *arguments);
enum exit_code command_locate(const struct arguments *arguments);
enum exit_code command_map(const struct arguments *arguments);
enum exit_code command_read(const struct arguments *arguments);
enum exit_code command_regs(const struct arguments *arguments);
enum exit_code command_replay(const struct arguments *arguments);
enum exit_code command_stack(const struct arguments *arguments);
enum exit_code command_symbols(const struct arguments *arguments);
enum exit_code command_translate(const struct arguments *arguments);
enum exit_code command_type(const struct arguments *arguments);
enum exit_code command_version(const struct arguments *arguments);

/* The help of the whole program, and of one command. */
void print_help(void);
void print_command_help(const struct command *command);

#endif
