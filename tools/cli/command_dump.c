/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump_file.h"
#include "dump_formats.h"
#include "failure.h"
#include "json_writer.h"
#include "memory_ranges.h"
#include "print.h"
#include "progress.h"
#include "saved_state.h"

/* A multiple of the 1 MiB that memory is stored in. */
enum { PIECE_SIZE = 4 << 20 };

struct dump {
	const struct arguments *arguments;
	const struct saved_state *state;
	struct memory_ranges chunks;	/* sorted */
	struct memory_ranges missing;	/* in a chunk, but not in the saved state */
	struct memory_ranges damaged;
	struct dump_file file;
	struct progress progress;
	UINT8 *buffer;			/* PIECE_SIZE */
	uint64_t done;			/* bytes of the chunks that were dealt with */
	uint64_t size;			/* of the output so far */
};

static enum exit_code note(struct memory_ranges *ranges, uint64_t address)
{
	return memory_ranges_add(ranges, address, GUEST_PAGE_SIZE) ? EXIT_DONE :
								    fail_out_of_memory();
}

/* Reads one page; what the saved state does not give is zeros and noted. */
static enum exit_code read_page(struct dump *dump, uint64_t address, UINT8 *page)
{
	UINT32 count = 0;
	HRESULT result = ReadGuestPhysicalAddress(dump->state->handle, address, page,
						  GUEST_PAGE_SIZE, &count);

	if (SUCCEEDED(result) && count == GUEST_PAGE_SIZE)
		return EXIT_DONE;
	if (FAILED(result) && !leaves_out_damage(dump->arguments)) {
		saved_state_fail_call(dump->state, result);
		return fail(EXIT_NOT_READ, "%s was not written; with --keep-going it is, without "
			    "the memory that is damaged.", dump->file.path);
	}
	memset(page, 0, GUEST_PAGE_SIZE);
	return note(FAILED(result) ? &dump->damaged : &dump->missing, address);
}

/* A read that cannot give all of a piece is made again page by page. */
static enum exit_code read_piece(struct dump *dump, uint64_t address, UINT32 size)
{
	UINT32 count = 0;
	HRESULT result = ReadGuestPhysicalAddress(dump->state->handle, address, dump->buffer, size,
						  &count);
	enum exit_code code = EXIT_DONE;

	if (SUCCEEDED(result) && count == size)
		return EXIT_DONE;
	for (UINT32 at = 0; at < size && code == EXIT_DONE; at += GUEST_PAGE_SIZE)
		code = read_page(dump, address + at, dump->buffer + at);
	return code;
}

static enum exit_code dump_chunk(struct dump *dump, const struct memory_range *chunk)
{
	uint64_t address = chunk->start;
	uint64_t remaining = chunk->last - chunk->start + 1;
	bool skip_holes = dump->arguments->given[OPTION_SKIP_HOLES];

	while (remaining > 0) {
		uint64_t to_boundary = PIECE_SIZE - address % PIECE_SIZE;
		UINT32 size = (UINT32)(remaining < to_boundary ? remaining : to_boundary);
		enum exit_code code;

		if (platform_interrupted())
			return EXIT_INTERRUPTED;
		code = read_piece(dump, address, size);
		if (code == EXIT_DONE)
			code = dump_file_write(&dump->file, skip_holes ? dump->done : address,
					       dump->buffer, size);
		if (code != EXIT_DONE)
			return code;
		address += size;
		remaining -= size;
		dump->done += size;
		progress_update(&dump->progress, dump->done);
	}
	dump->size = skip_holes ? dump->done : chunk->last + 1;
	return EXIT_DONE;
}

static enum exit_code dump_chunks(struct dump *dump)
{
	enum exit_code code = EXIT_DONE;

	progress_begin(&dump->progress, memory_ranges_size(&dump->chunks));
	for (size_t i = 0; i < dump->chunks.count && code == EXIT_DONE; i++)
		code = dump_chunk(dump, &dump->chunks.items[i]);
	progress_end(&dump->progress);
	return code == EXIT_DONE && platform_interrupted() ? EXIT_INTERRUPTED : code;
}

static void print_result(const struct dump *dump)
{
	char size[SIZE_TEXT_SIZE];
	char memory[SIZE_TEXT_SIZE];
	char written[SIZE_TEXT_SIZE];

	print_safely(stdout, dump->file.path);
	printf(": %s", size_text(dump->size, size));
	if (dump->size != dump->done)
		printf(" with holes, %s of it guest memory", size_text(dump->done, memory));
	else
		printf(" of guest memory");
	printf(", %s of it not zero\n", size_text(dump->file.written, written));
	if (dump->missing.count > 0)
		printf("Not in the saved state, and zero in the dump:\n");
	memory_ranges_print(&dump->missing);
	if (dump->damaged.count > 0)
		printf("Damaged in the saved state, and zero in the dump:\n");
	memory_ranges_print(&dump->damaged);
}

static void write_result(const struct dump *dump)
{
	struct json_writer json;

	json_begin(&json, stdout);
	json_text(&json, "output", dump->file.path);
	json_number(&json, "size", dump->size);
	json_number(&json, "memory_size", dump->done);
	json_number(&json, "written_size", dump->file.written);
	memory_ranges_json(&json, "missing", &dump->missing);
	memory_ranges_json(&json, "damaged", &dump->damaged);
	json_end(&json);
}

static enum exit_code write_dump(struct dump *dump)
{
	enum exit_code code = dump_chunks(dump);

	if (code == EXIT_DONE)
		code = dump_file_complete(&dump->file, dump->size);
	else
		dump_file_discard(&dump->file);
	if (code == EXIT_INTERRUPTED)
		return fail(code, "interrupted; %s was not written.", dump->file.path);
	if (code != EXIT_DONE)
		return code;
	if (dump->arguments->given[OPTION_JSON])
		write_result(dump);
	else
		print_result(dump);
	return dump->missing.count > 0 || dump->damaged.count > 0 ? EXIT_IN_PART : EXIT_DONE;
}

enum exit_code command_dump(const struct arguments *arguments)
{
	struct saved_state state;
	struct dump dump = { .arguments = arguments };
	enum exit_code code;

	if (dump_has_format(arguments))
		return dump_in_format(arguments);
	code = saved_state_open(arguments, &state);
	if (code != EXIT_DONE)
		return code;
	dump.state = &state;
	dump.buffer = malloc(PIECE_SIZE);
	if (dump.buffer == NULL)
		code = fail_out_of_memory();
	if (code == EXIT_DONE)
		code = memory_ranges_of_chunks(&state, true, &dump.chunks);
	if (code == EXIT_DONE && dump.chunks.count == 0)
		code = fail(EXIT_NOT_READ,
			    "%s: nothing that tells the addresses of the guest's memory is left; "
			    "'vmsavedstate read --saved' shows saved memory without.",
			    state.source.Path);
	platform_watch_interrupt();
	if (code == EXIT_DONE)
		code = dump_file_begin(&dump.file, arguments->operands[1],
				       arguments->given[OPTION_FORCE], &state.source);
	if (code == EXIT_DONE)
		code = write_dump(&dump);
	free(dump.buffer);
	memory_ranges_free(&dump.chunks);
	memory_ranges_free(&dump.missing);
	memory_ranges_free(&dump.damaged);
	dump_file_free(&dump.file);
	saved_state_close(&state);
	return code;
}
