/* SPDX-License-Identifier: MIT */
#include "dump_file.h"

#include <stdlib.h>
#include <string.h>

#include "failure.h"

enum { HOLE_SIZE = 4096 };	/* what file systems leave out, and a page of the guest */

static bool is_of_source(const char *path, const VMSAVEDSTATE_SOURCE *source)
{
	return platform_same_file(path, source->Path) ||
	       (source->SecondPath != NULL && platform_same_file(path, source->SecondPath));
}

static enum exit_code make_partial_path(struct dump_file *file)
{
	static const char suffix[] = ".partial";
	size_t length = strlen(file->path);

	file->partial_path = malloc(length + sizeof(suffix));
	if (file->partial_path == NULL)
		return fail_out_of_memory();
	memcpy(file->partial_path, file->path, length);
	memcpy(file->partial_path + length, suffix, sizeof(suffix));
	return EXIT_DONE;
}

/* Whether the name that the dump will have may be taken. */
static enum exit_code check_name(const struct dump_file *file, const VMSAVEDSTATE_SOURCE *source)
{
	enum output_status status = platform_output_name_free(file->path);

	if (is_of_source(file->path, source) || is_of_source(file->partial_path, source))
		return fail(EXIT_NOT_WRITTEN, "%s is the saved state itself: choose another name "
			    "for the output.", file->path);
	if (status == OUTPUT_OK || (status == OUTPUT_EXISTS && file->replace))
		return EXIT_DONE;
	return fail_output(file->path, status);
}

static enum exit_code create_partial(struct dump_file *file)
{
	enum output_status status = OUTPUT_OK;

	if (file->replace)
		status = platform_remove(file->partial_path);
	if (status == OUTPUT_OK)
		status = platform_output_create(file->partial_path, &file->output);
	if (status == OUTPUT_EXISTS)
		return fail(EXIT_NOT_WRITTEN,
			    "%s exists: it is being written by another run, or one was cut off; "
			    "remove it, or let --force do that.", file->partial_path);
	return status == OUTPUT_OK ? EXIT_DONE : fail_output(file->path, status);
}

enum exit_code dump_file_begin(struct dump_file *file, const char *path, bool replace,
			       const VMSAVEDSTATE_SOURCE *source)
{
	enum exit_code code;

	*file = (struct dump_file){ .path = path, .replace = replace };
	code = make_partial_path(file);
	if (code == EXIT_DONE)
		code = check_name(file, source);
	if (code == EXIT_DONE)
		code = create_partial(file);
	return code;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	static const uint8_t zeros[HOLE_SIZE];

	return memcmp(bytes, zeros, size) == 0;
}

/* The bytes up to the first page that is of the other kind. */
static size_t run_of(const uint8_t *bytes, size_t size, bool zero)
{
	size_t run = 0;

	while (run < size) {
		size_t page = size - run < HOLE_SIZE ? size - run : HOLE_SIZE;

		if (is_zero(bytes + run, page) != zero)
			break;
		run += page;
	}
	return run;
}

enum exit_code dump_file_write(struct dump_file *file, uint64_t offset, const uint8_t *bytes,
			       size_t size)
{
	size_t at = 0;

	while (at < size) {
		size_t run;
		enum output_status status;

		at += run_of(bytes + at, size - at, true);
		run = run_of(bytes + at, size - at, false);
		status = platform_output_write(file->output, offset + at, bytes + at, run);
		if (status != OUTPUT_OK)
			return fail_output(file->path, status);
		file->written += run;
		at += run;
	}
	return EXIT_DONE;
}

enum exit_code dump_file_complete(struct dump_file *file, uint64_t size)
{
	enum output_status status = platform_output_finish(file->output, size);

	file->output = NULL;
	if (status == OUTPUT_OK)
		status = platform_rename(file->partial_path, file->path, file->replace);
	if (status == OUTPUT_OK)
		return EXIT_DONE;
	platform_remove(file->partial_path);
	return fail_output(file->path, status);
}

void dump_file_discard(struct dump_file *file)
{
	platform_output_abandon(file->output);
	file->output = NULL;
	platform_remove(file->partial_path);
}

void dump_file_free(struct dump_file *file)
{
	free(file->partial_path);
	*file = (struct dump_file){ 0 };
}
