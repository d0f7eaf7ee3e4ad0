/* SPDX-License-Identifier: MIT */
#include "dump_formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "json_writer.h"
#include "platform.h"
#include "print.h"
#include "progress.h"
#include "saved_state.h"

static const struct format {
	const char *name;
	VMSAVEDSTATE_DUMP_FORMAT format;
	const char *text;
} formats[] = {
	{ "raw", VMSAVEDSTATE_DUMP_RAW, "raw memory" },
	{ "elf", VMSAVEDSTATE_DUMP_ELF, "ELF core" },
	{ "dmp", VMSAVEDSTATE_DUMP_WINDOWS, "Windows crash dump" },
	{ "dmp-full", VMSAVEDSTATE_DUMP_WINDOWS_FULL, "full Windows crash dump" },
	{ "dmp-bitmap", VMSAVEDSTATE_DUMP_WINDOWS_BITMAP, "bitmap Windows crash dump" },
	{ "snapshot", VMSAVEDSTATE_DUMP_SNAPSHOT, "snapshot" },
};

enum { FORMAT_COUNT = sizeof(formats) / sizeof(formats[0]) };

struct formatted_dump {
	const struct arguments *arguments;
	struct saved_state state;
	VMSAVEDSTATE_DUMP_OPTIONS options;
	VMSAVEDSTATE_DUMP_RESULT result;
	char *registers_path;
	struct progress progress;
	bool progress_begun;
};

bool dump_has_format(const struct arguments *arguments)
{
	return arguments->given[OPTION_FORMAT] &&
	       strcmp(arguments->texts[OPTION_FORMAT], "raw") != 0;
}

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	}
	return NULL;
}

static const char *name_of_format(VMSAVEDSTATE_DUMP_FORMAT format)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (formats[i].format == format)
			return formats[i].name;
	}
	return "";
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

static enum exit_code check_name(const struct formatted_dump *dump, const char *path)
{
	const VMSAVEDSTATE_SOURCE *source = &dump->state.source;
	enum output_status status = platform_output_name_free(path);

	if (platform_same_file(path, source->Path) ||
	    (source->SecondPath != NULL && platform_same_file(path, source->SecondPath)))
		return fail(EXIT_NOT_WRITTEN, "%s is the saved state itself: choose another name "
			    "for the dump.", path);
	if (status == OUTPUT_OK ||
	    (status == OUTPUT_EXISTS && dump->arguments->given[OPTION_FORCE]))
		return EXIT_DONE;
	return fail_output(path, status);
}

static enum exit_code choose_files(struct formatted_dump *dump)
{
	const char *path = dump->arguments->operands[1];
	enum exit_code code;

	if (dump->options.Format == VMSAVEDSTATE_DUMP_SNAPSHOT) {
		dump->registers_path = registers_beside(path);
		if (dump->registers_path == NULL)
			return fail_out_of_memory();
	}
	dump->options.Path = path;
	dump->options.RegistersPath = dump->registers_path;
	code = check_name(dump, path);
	if (code == EXIT_DONE && dump->registers_path != NULL)
		code = check_name(dump, dump->registers_path);
	return code;
}

static BOOL CALLBACK show_progress(void *context, UINT64 done, UINT64 total)
{
	struct formatted_dump *dump = context;

	if (!dump->progress_begun) {
		progress_begin(&dump->progress, total);
		dump->progress_begun = true;
	}
	dump->progress.total = total;	/* it grows by what has to be searched first */
	progress_update(&dump->progress, done);
	return !platform_interrupted();
}

static enum exit_code choose_options(struct formatted_dump *dump)
{
	const struct arguments *arguments = dump->arguments;
	const struct format *format = find_format(arguments->texts[OPTION_FORMAT]);
	VMSAVEDSTATE_DUMP_OPTIONS *options = &dump->options;

	if (format == NULL)
		return fail_usage("--format takes raw, elf, dmp, dmp-full, dmp-bitmap or snapshot, "
				  "not '%s'.", arguments->texts[OPTION_FORMAT]);
	if (arguments->given[OPTION_SKIP_HOLES])
		return fail_usage("--skip-holes is for raw dumps; the others have no holes.");
	options->StructSize = sizeof(*options);
	options->Format = format->format;
	options->Flags =
		(arguments->given[OPTION_FORCE] ? VMSAVEDSTATE_DUMP_REPLACE : 0) |
		(arguments->given[OPTION_KEEP_GOING] ? VMSAVEDSTATE_DUMP_KEEP_GOING : 0) |
		(arguments->given[OPTION_NO_QEMU_NOTES] ? VMSAVEDSTATE_DUMP_NO_QEMU_NOTES : 0) |
		(arguments->given[OPTION_WITHOUT_KERNEL] ? VMSAVEDSTATE_DUMP_WITHOUT_KERNEL : 0);
	options->Progress = show_progress;
	options->Context = dump;
	dump->result.StructSize = sizeof(dump->result);
	return EXIT_DONE;
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

static void write_result(struct formatted_dump *dump)
{
	struct json_writer json;

	json_begin(&json, stdout);
	json_text(&json, "output", dump->options.Path);
	if (dump->registers_path != NULL)
		json_text(&json, "registers", dump->registers_path);
	json_text(&json, "format", name_of_format(dump->result.Format));
	json_number(&json, "size", dump->result.Size);
	json_number(&json, "memory_size", dump->result.MemorySize);
	json_number(&json, "written_size", dump->result.WrittenSize);
	json_number(&json, "missing_pages", dump->result.MissingPages);
	json_number(&json, "damaged_pages", dump->result.DamagedPages);
	json_array_begin(&json, "remarks");
	each_remark(dump->result.Remarks, write_remark, &json);
	json_end(&json);
}

static void print_result(struct formatted_dump *dump)
{
	const struct format *format = find_format(name_of_format(dump->result.Format));
	char size[SIZE_TEXT_SIZE];
	char memory[SIZE_TEXT_SIZE];

	print_safely(stdout, dump->options.Path);
	printf(": %s, %s with %s of guest memory\n", format != NULL ? format->text : "dump",
	       size_text(dump->result.Size, size), size_text(dump->result.MemorySize, memory));
	if (dump->registers_path != NULL) {
		print_safely(stdout, dump->registers_path);
		printf(": registers of VP %u\n", (unsigned)dump->options.VpId);
	}
	each_remark(dump->result.Remarks, warn_of, NULL);
}

static enum exit_code fail_dump(const struct formatted_dump *dump, HRESULT result)
{
	switch (result) {
	case VMSAVEDSTATE_E_CANCELLED:
		return fail(EXIT_INTERRUPTED, "interrupted; %s was not written.",
			    dump->options.Path);
	case VMSAVEDSTATE_E_DISK_FULL:
	case VMSAVEDSTATE_E_WRITE_FAILED:
	case VMSAVEDSTATE_E_ACCESS_DENIED:
	case VMSAVEDSTATE_E_PATH_NOT_FOUND:
	case E_INVALIDARG:
		return fail_call(EXIT_NOT_WRITTEN, dump->state.handle, result, dump->options.Path);
	default:
		return saved_state_fail_call(&dump->state, result);
	}
}

static enum exit_code write_dump(struct formatted_dump *dump)
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
	return dump->result.MissingPages > 0 || dump->result.DamagedPages > 0 ? EXIT_IN_PART :
										EXIT_DONE;
}

enum exit_code dump_in_format(const struct arguments *arguments)
{
	struct formatted_dump dump = { .arguments = arguments };
	enum exit_code code = choose_options(&dump);

	if (code == EXIT_DONE)
		code = saved_state_open(arguments, &dump.state);
	if (code != EXIT_DONE)
		return code;
	code = saved_state_vp(&dump.state, arguments, &dump.options.VpId);
	if (code == EXIT_DONE)
		code = choose_files(&dump);
	if (code == EXIT_DONE)
		code = write_dump(&dump);
	free(dump.registers_path);
	saved_state_close(&dump.state);
	return code;
}
