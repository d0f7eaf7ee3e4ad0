/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "written_file.h"
#include "dump_formats.h"
#include "failure.h"
#include "json_writer.h"
#include "memory_ranges.h"
#include "platform.h"
#include "print.h"
#include "progress.h"
#include "saved_state.h"

struct dump {
	const struct arguments *arguments;
	struct saved_state state;
	bool is_raw;			/* memory alone, missing and damaged memory as zeros */
	VMSAVEDSTATE_DUMP_OPTIONS options;
	VMSAVEDSTATE_DUMP_RESULT result;
	char *registers_path;
	struct progress progress;
	bool progress_begun;
	struct memory_ranges missing;
	struct memory_ranges damaged;
	bool memory_short;		/* one of the lists is not complete */
};

/* ---- What the library calls --------------------------------------------------------- */

static BOOL CALLBACK show_progress(void *context, UINT64 done, UINT64 total)
{
	struct dump *dump = context;

	if (!dump->progress_begun) {
		progress_begin(&dump->progress, total);
		dump->progress_begun = true;
	}
	dump->progress.total = total;	/* it grows by what has to be searched first */
	progress_update(&dump->progress, done);
	return platform_interrupted() || dump->memory_short;
}

static void CALLBACK note_left_out(void *context, GUEST_PHYSICAL_ADDRESS address, UINT64 bytes,
				   HRESULT result)
{
	struct dump *dump = context;

	if (!memory_ranges_add(result == S_OK ? &dump->missing : &dump->damaged, address, bytes))
		dump->memory_short = true;
}

/* ---- Options ------------------------------------------------------------------------ */

/* An option that means nothing to the format is a mistake, which the dump would not show. */
static enum exit_code check_options_of(const struct arguments *arguments,
				       const struct dump_format *format)
{
	bool is_elf = format->format == VMSAVEDSTATE_DUMP_ELF;
	bool is_windows = format->format != VMSAVEDSTATE_DUMP_RAW && !is_elf;

	if (arguments->given[OPTION_SKIP_HOLES] && format->format != VMSAVEDSTATE_DUMP_RAW)
		return fail_usage("--skip-holes is for raw dumps; the others have no holes.");
	if (arguments->given[OPTION_NO_QEMU_NOTES] && !is_elf)
		return fail_usage("--no-qemu-notes is for --format elf; the others have no notes.");
	if (arguments->given[OPTION_WITHOUT_KERNEL] && !is_windows)
		return fail_usage("--without-kernel is for Windows crash dumps and snapshots; "
				  "%s needs no kernel.", format->name);
	if (arguments->given[OPTION_VP] && !is_windows)
		return fail_usage("--vp is for Windows crash dumps and snapshots; %s has the "
				  "registers of %s VP.", format->name, is_elf ? "every" : "no");
	return EXIT_DONE;
}

static enum exit_code choose_format(struct dump *dump)
{
	const struct arguments *arguments = dump->arguments;
	const char *name = arguments->given[OPTION_FORMAT] ? arguments->texts[OPTION_FORMAT] :
							     "raw";
	const struct dump_format *format = dump_format_of_name(name);

	if (format == NULL)
		return fail_usage("--format takes raw, elf, dmp, dmp-full, dmp-bitmap or snapshot, "
				  "not '%s'.", name);
	dump->is_raw = format->format == VMSAVEDSTATE_DUMP_RAW;
	dump->options.Format = arguments->given[OPTION_SKIP_HOLES] ?
			       VMSAVEDSTATE_DUMP_RAW_WITHOUT_HOLES : format->format;
	return check_options_of(arguments, format);
}

static void choose_options(struct dump *dump)
{
	const struct arguments *arguments = dump->arguments;
	VMSAVEDSTATE_DUMP_OPTIONS *options = &dump->options;

	options->StructSize = sizeof(*options);
	options->Flags =
		(arguments->given[OPTION_FORCE] ? VMSAVEDSTATE_DUMP_REPLACE : 0) |
		(leaves_out_damage(arguments) ? VMSAVEDSTATE_DUMP_KEEP_GOING : 0) |
		(arguments->given[OPTION_NO_QEMU_NOTES] ? VMSAVEDSTATE_DUMP_NO_QEMU_NOTES : 0) |
		(arguments->given[OPTION_WITHOUT_KERNEL] ? VMSAVEDSTATE_DUMP_WITHOUT_KERNEL : 0);
	options->Progress = show_progress;
	options->LeftOut = note_left_out;
	options->Context = dump;
	dump->result.StructSize = sizeof(dump->result);
}

static bool separates(char character)
{
#ifdef _WIN32
	return character == '/' || character == '\\' || character == ':';
#else
	return character == '/';
#endif
}

/* "regs.json" in the folder of path, which the caller frees. */
static char *registers_beside(const char *path)
{
	static const char name[] = "regs.json";
	size_t folder = strlen(path);
	char *beside;

	while (folder > 0 && !separates(path[folder - 1]))
		folder--;
	beside = malloc(folder + sizeof(name));
	if (beside != NULL) {
		memcpy(beside, path, folder);
		memcpy(beside + folder, name, sizeof(name));
	}
	return beside;
}

static enum exit_code choose_files(struct dump *dump)
{
	const char *path = dump->arguments->operands[1];
	bool replace = dump->arguments->given[OPTION_FORCE];
	enum exit_code code;

	if (dump->options.Format == VMSAVEDSTATE_DUMP_SNAPSHOT) {
		dump->registers_path = registers_beside(path);
		if (dump->registers_path == NULL)
			return fail_out_of_memory();
	}
	dump->options.Path = path;
	dump->options.RegistersPath = dump->registers_path;
	code = written_file_check_name(path, replace, &dump->state.source);
	if (code == EXIT_DONE && dump->registers_path != NULL)
		code = written_file_check_name(dump->registers_path, replace, &dump->state.source);
	return code;
}

/* ---- What is told of it ------------------------------------------------------------ */

/* Calls print for each sentence of the remarks, which it cuts up. */
static void each_remark(char *remarks, void (*print)(void *context, const char *remark),
			void *context)
{
	for (char *remark = strtok(remarks, "\n"); remark != NULL; remark = strtok(NULL, "\n"))
		print(context, remark);
}

static void warn_of(void *context, const char *remark)
{
	(void)context;
	warn("%s", remark);
}

static void write_remark(void *context, const char *remark)
{
	json_text(context, NULL, remark);
}

/* What a raw dump has of the guest's memory, with zeros for what is lost of it. */
static uint64_t raw_memory_size(const struct dump *dump)
{
	return dump->result.MemorySize + memory_ranges_size(&dump->missing) +
	       memory_ranges_size(&dump->damaged);
}

static void write_format(struct json_writer *json, struct dump *dump)
{
	const struct dump_format *format = dump_format_of_number(dump->result.Format);

	if (dump->registers_path != NULL)
		json_text(json, "registers", dump->registers_path);
	json_text(json, "format", format != NULL ? format->name : "");
	json_number(json, "missing_pages", dump->result.MissingPages);
	json_number(json, "damaged_pages", dump->result.DamagedPages);
	json_array_begin(json, "remarks");
	each_remark(dump->result.Remarks, write_remark, json);
	json_close(json);
}

static void write_result(struct dump *dump)
{
	struct json_writer json;

	json_begin(&json, stdout);
	json_text(&json, "output", dump->options.Path);
	json_number(&json, "size", dump->result.Size);
	json_number(&json, "memory_size",
		    dump->is_raw ? raw_memory_size(dump) : dump->result.MemorySize);
	json_number(&json, "written_size", dump->result.WrittenSize);
	memory_ranges_json(&json, "missing", &dump->missing);
	memory_ranges_json(&json, "damaged", &dump->damaged);
	if (!dump->is_raw)
		write_format(&json, dump);
	json_end(&json);
}

static void print_raw(const struct dump *dump)
{
	uint64_t memory_size = raw_memory_size(dump);
	char size[SIZE_TEXT_SIZE];
	char memory[SIZE_TEXT_SIZE];
	char written[SIZE_TEXT_SIZE];

	printf(": %s", size_text(dump->result.Size, size));
	if (dump->result.Size != memory_size)
		printf(" with holes, %s of it guest memory", size_text(memory_size, memory));
	else
		printf(" of guest memory");
	printf(", %s of it not zero\n", size_text(dump->result.WrittenSize, written));
}

static void print_formatted(struct dump *dump)
{
	const struct dump_format *format = dump_format_of_number(dump->result.Format);
	char size[SIZE_TEXT_SIZE];
	char memory[SIZE_TEXT_SIZE];

	printf(": %s, %s with %s of guest memory\n", format != NULL ? format->text : "dump",
	       size_text(dump->result.Size, size), size_text(dump->result.MemorySize, memory));
	if (dump->registers_path != NULL) {
		print_safely(stdout, dump->registers_path);
		printf(": registers of VP %u\n", (unsigned)dump->options.VpId);
	}
	each_remark(dump->result.Remarks, warn_of, NULL);
}

static void print_lost(const struct dump *dump, const char *where,
		       const struct memory_ranges *ranges)
{
	if (ranges->count > 0)
		printf("%s, and %s the dump:\n", where, dump->is_raw ? "zero in" : "not in");
	memory_ranges_print(ranges);
}

static void print_result(struct dump *dump)
{
	print_safely(stdout, dump->options.Path);
	if (dump->is_raw)
		print_raw(dump);
	else
		print_formatted(dump);
	print_lost(dump, "Not in the saved state", &dump->missing);
	print_lost(dump, "Damaged in the saved state", &dump->damaged);
}

/* ---- Failures ----------------------------------------------------------------------- */

static enum exit_code fail_for_damage(const struct dump *dump, HRESULT result)
{
	saved_state_fail_call(&dump->state, result);
	return fail(EXIT_NOT_READ, "%s was not written; with --keep-going it is, without the "
		    "memory that is damaged.", dump->options.Path);
}

static enum exit_code fail_without_memory(const struct dump *dump, HRESULT result)
{
	struct memory_ranges ranges = { 0 };
	enum exit_code code = memory_ranges_of_chunks(&dump->state, true, &ranges);
	bool described = ranges.count > 0;

	memory_ranges_free(&ranges);
	if (code != EXIT_DONE)
		return code;
	if (described)
		return saved_state_fail_call(&dump->state, result);
	return fail(EXIT_NOT_READ, "%s: nothing that tells the addresses of the guest's memory is "
		    "left; 'vmsavedstate read --saved' shows saved memory without.",
		    dump->state.source.Path);
}

static enum exit_code fail_dump(const struct dump *dump, HRESULT result)
{
	const char *path = dump->options.Path;

	switch (result) {
	case VMSAVEDSTATE_E_CANCELLED:
		return dump->memory_short ? fail_out_of_memory() :
		       fail(EXIT_INTERRUPTED, "interrupted; %s was not written.", path);
	case VMSAVEDSTATE_E_PATH_NOT_FOUND:
		return fail_output(path, OUTPUT_NO_FOLDER);
	case VMSAVEDSTATE_E_ACCESS_DENIED:
		return fail_output(path, OUTPUT_NO_ACCESS);
	case VMSAVEDSTATE_E_DISK_FULL:
	case VMSAVEDSTATE_E_WRITE_FAILED:
	case E_INVALIDARG:
		return fail_call(EXIT_NOT_WRITTEN, dump->state.handle, result, path);
	case VM_SAVED_STATE_DUMP_E_GUEST_MEMORY_NOT_FOUND:
		return fail_without_memory(dump, result);
	case VMSAVEDSTATE_E_RAM_RECORD:
	case VMSAVEDSTATE_E_RAM_STREAM:
	case VMSAVEDSTATE_E_READ_FAILED:
	case E_UNEXPECTED:		/* a RAM block of an impossible type or size */
		if (!leaves_out_damage(dump->arguments))
			return fail_for_damage(dump, result);
		return saved_state_fail_call(&dump->state, result);
	default:
		return saved_state_fail_call(&dump->state, result);
	}
}

/* ---- The command -------------------------------------------------------------------- */

static enum exit_code write_dump(struct dump *dump)
{
	HRESULT result;

	platform_watch_interrupt();
	result = VmSavedStateWriteDump(dump->state.handle, &dump->options, &dump->result);
	if (dump->progress_begun)
		progress_end(&dump->progress);
	if (FAILED(result))
		return fail_dump(dump, result);
	if (dump->arguments->given[OPTION_JSON])
		write_result(dump);
	else
		print_result(dump);
	return dump->missing.count > 0 || dump->damaged.count > 0 ? EXIT_IN_PART : EXIT_DONE;
}

enum exit_code command_dump(const struct arguments *arguments)
{
	struct dump dump = { .arguments = arguments };
	enum exit_code code = choose_format(&dump);

	if (code == EXIT_DONE)
		code = saved_state_open(arguments, &dump.state);
	if (code != EXIT_DONE)
		return code;
	choose_options(&dump);
	if (!dump.is_raw)	/* which is possible also of a guest without any VP */
		code = saved_state_vp(&dump.state, arguments, &dump.options.VpId);
	if (code == EXIT_DONE)
		code = choose_files(&dump);
	if (code == EXIT_DONE)
		code = write_dump(&dump);
	free(dump.registers_path);
	memory_ranges_free(&dump.missing);
	memory_ranges_free(&dump.damaged);
	saved_state_close(&dump.state);
	return code;
}
