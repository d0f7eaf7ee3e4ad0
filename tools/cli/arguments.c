/* SPDX-License-Identifier: MIT */
#include "arguments.h"

#include <string.h>

#include "failure.h"
#include "numbers.h"

enum argument_kind { TAKES_NOTHING, TAKES_NUMBER, TAKES_ADDRESS, TAKES_TEXT };

struct option_description {
	const char *name;
	enum argument_kind kind;
	const char *placeholder;
	const char *help;
};

static const struct option_description descriptions[OPTION_COUNT] = {
	[OPTION_ALL] = { "all", TAKES_NOTHING, "",
		"also floating point, vector and debug registers" },
	[OPTION_APPLY] = { "apply", TAKES_NOTHING, "",
		"write what is pending; this changes FILE" },
	[OPTION_ARCHITECTURAL] = { "architectural", TAKES_NOTHING, "",
		"translate as the processor did, also with paging off" },
	[OPTION_DEPTH] = { "depth", TAKES_NUMBER, "N",
		"also the members of members, N levels down" },
	[OPTION_FORCE] = { "force", TAKES_NOTHING, "",
		"replace the output if it exists" },
	[OPTION_FORMAT] = { "format", TAKES_TEXT, "FORMAT",
		"raw, elf, dmp, dmp-full, dmp-bitmap or snapshot" },
	[OPTION_FRAMES] = { "frames", TAKES_NUMBER, "N",
		"at most N frames, rather than 256" },
	[OPTION_HELP] = { "help", TAKES_NOTHING, "", "show help and exit" },
	[OPTION_JSON] = { "json", TAKES_NOTHING, "", "print JSON" },
	[OPTION_KEEP_GOING] = { "keep-going", TAKES_NOTHING, "",
		"leave damaged memory as holes, rather than stop at it" },
	[OPTION_NO_QEMU_NOTES] = { "no-qemu-notes", TAKES_NOTHING, "",
		"elf: without the notes that only QEMU's readers know" },
	[OPTION_RAW] = { "raw", TAKES_NOTHING, "",
		"write the bytes themselves to the standard output" },
	[OPTION_ROOT] = { "root", TAKES_ADDRESS, "ADDRESS",
		"begin at this page table, in place of CR3 or TTBR0_EL1" },
	[OPTION_SALVAGE] = { "salvage", TAKES_NOTHING, "",
		"read what is left of a file that would be refused" },
	[OPTION_SAVED] = { "saved", TAKES_NOTHING, "",
		"ADDRESS is an offset in the saved memory" },
	[OPTION_SKIP_HOLES] = { "skip-holes", TAKES_NOTHING, "",
		"write one chunk after the other, without the holes between" },
	[OPTION_SVG] = { "svg", TAKES_TEXT, "FILE",
		"draw it into an SVG file, for a report" },
	[OPTION_SYMBOLS] = { "symbols", TAKES_TEXT, "PATH",
		"folders and symbol stores with PDBs, separated by ;" },
	[OPTION_THREADS] = { "threads", TAKES_NUMBER, "N",
		"use N threads, rather than one for each processor" },
	[OPTION_VALUES] = { "values", TAKES_NOTHING, "",
		"also texts and arrays of bytes; without PATH the first bytes of an array" },
	[OPTION_VERSION] = { "version", TAKES_NOTHING, "", "show the version and exit" },
	[OPTION_VIRTUAL] = { "virtual", TAKES_NOTHING, "",
		"ADDRESS is a guest virtual address" },
	[OPTION_VP] = { "vp", TAKES_NUMBER, "N", "the virtual processor" },
	[OPTION_VSV] = { "vsv", TAKES_TEXT, "FILE",
		"the .vsv of a .bin, if it is not beside it" },
	[OPTION_VTL] = { "vtl", TAKES_NUMBER, "N",
		"the virtual trust level, rather than the active one" },
	[OPTION_WITHOUT_KERNEL] = { "without-kernel", TAKES_NOTHING, "",
		"dmp: write it also if no Windows kernel is found" },
};

const char *option_name(enum option option)
{
	return descriptions[option].name;
}

const char *option_placeholder(enum option option)
{
	return descriptions[option].placeholder;
}

const char *option_help(enum option option)
{
	return descriptions[option].help;
}

/* The option that begins text up to length, or OPTION_COUNT. */
static enum option find_option(const char *text, size_t length)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (strlen(descriptions[i].name) == length &&
		    strncmp(descriptions[i].name, text, length) == 0)
			return (enum option)i;
	}
	return OPTION_COUNT;
}

static enum exit_code store_value(enum option option, const char *value, struct arguments *out)
{
	const struct option_description *description = &descriptions[option];

	switch (description->kind) {
	case TAKES_NOTHING:
		break;
	case TAKES_TEXT:
		out->texts[option] = value;
		break;
	case TAKES_NUMBER:
		if (!parse_number(value, &out->numbers[option]) ||
		    out->numbers[option] > UINT32_MAX)
			return fail_usage("--%s takes a number, not '%s'.", description->name,
					  value);
		break;
	case TAKES_ADDRESS:
		if (!parse_number(value, &out->numbers[option]))
			return fail_usage("--%s takes an address, such as 0x1AB000, not '%s'.",
					  description->name, value);
		break;
	}
	out->given[option] = true;
	return EXIT_DONE;
}

/* Handles "--name", "--name=value" and "--name value"; next may be NULL. */
static enum exit_code parse_long_option(const char *text, const char *next, bool *used_next,
					struct arguments *out)
{
	const char *equals = strchr(text, '=');
	size_t length = equals == NULL ? strlen(text) : (size_t)(equals - text);
	enum option option = find_option(text, length);

	if (option == OPTION_COUNT)
		return fail_usage("there is no option --%.*s.", (int)length, text);
	if (descriptions[option].kind == TAKES_NOTHING) {
		if (equals != NULL)
			return fail_usage("--%s takes no value.", descriptions[option].name);
		return store_value(option, NULL, out);
	}
	if (equals != NULL)
		return store_value(option, equals + 1, out);
	if (next == NULL)
		return fail_usage("--%s needs a value.", descriptions[option].name);
	*used_next = true;
	return store_value(option, next, out);
}

enum exit_code arguments_parse(int count, char **arguments_in, struct arguments *out)
{
	*out = (struct arguments){ .operands = arguments_in };
	for (int i = 1; i < count; i++) {
		char *text = arguments_in[i];
		char *next = i + 1 < count ? arguments_in[i + 1] : NULL;
		bool used_next = false;
		enum exit_code code = EXIT_DONE;

		if (strcmp(text, "--") == 0) {
			while (++i < count)
				out->operands[out->operand_count++] = arguments_in[i];
		} else if (strncmp(text, "--", 2) == 0) {
			code = parse_long_option(text + 2, next, &used_next, out);
		} else if (strcmp(text, "-h") == 0) {
			out->given[OPTION_HELP] = true;
		} else if (text[0] == '-' && text[1] != '\0') {
			code = fail_usage("there is no option %s; a name that begins with '-' "
					  "must stand behind '--'.", text);
		} else {
			out->operands[out->operand_count++] = text;
		}
		if (code != EXIT_DONE)
			return code;
		i += used_next;
	}
	return EXIT_DONE;
}

enum exit_code arguments_check_options(const struct arguments *arguments, uint32_t allowed,
				       const char *command)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (arguments->given[i] && (allowed & OPTION_BIT(i)) == 0)
			return fail_usage("'%s' has no option --%s.", command,
					  descriptions[i].name);
	}
	return EXIT_DONE;
}
