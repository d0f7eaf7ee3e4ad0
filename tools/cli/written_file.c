/* SPDX-License-Identifier: MIT */
#include "written_file.h"

#include <stdlib.h>
#include <string.h>

#include "failure.h"

static bool is_of_source(const char *path, const VMSAVEDSTATE_SOURCE *source)
{
	return platform_same_file(path, source->Path) ||
	       (source->SecondPath != NULL && platform_same_file(path, source->SecondPath));
}

static enum exit_code make_partial_path(struct written_file *file)
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

static enum exit_code check_names(const struct written_file *file, const VMSAVEDSTATE_SOURCE *source)
{
	enum output_status status = platform_output_name_free(file->path);

	if (is_of_source(file->path, source) || is_of_source(file->partial_path, source))
		return fail(EXIT_NOT_WRITTEN, "%s is the saved state itself: choose another name "
			    "for the output.", file->path);
	if (status != OUTPUT_OK && (status != OUTPUT_EXISTS || !file->replace))
		return fail_output(file->path, status);
	if (platform_output_name_free(file->partial_path) != OUTPUT_OK && !file->replace)
		return fail(EXIT_NOT_WRITTEN,
			    "%s exists: it is being written by another run, or one was cut off; "
			    "remove it, or let --force do that.", file->partial_path);
	return EXIT_DONE;
}

enum exit_code written_file_check_name(const char *path, bool replace,
				    const VMSAVEDSTATE_SOURCE *source)
{
	struct written_file file = { .path = path, .replace = replace };
	enum exit_code code = make_partial_path(&file);

	if (code == EXIT_DONE)
		code = check_names(&file, source);
	written_file_free(&file);
	return code;
}

static enum exit_code create_partial(struct written_file *file)
{
	enum output_status status = OUTPUT_OK;

	if (file->replace)
		status = platform_remove(file->partial_path);
	if (status == OUTPUT_OK)
		status = platform_output_create(file->partial_path, &file->output);
	return status == OUTPUT_OK ? EXIT_DONE : fail_output(file->path, status);
}

enum exit_code written_file_begin(struct written_file *file, const char *path, bool replace,
			       const VMSAVEDSTATE_SOURCE *source)
{
	enum exit_code code;

	*file = (struct written_file){ .path = path, .replace = replace };
	code = make_partial_path(file);
	if (code == EXIT_DONE)
		code = check_names(file, source);
	if (code == EXIT_DONE)
		code = create_partial(file);
	return code;
}

enum exit_code written_file_write(struct written_file *file, uint64_t offset, const uint8_t *bytes,
			       size_t size)
{
	enum output_status status = platform_output_write(file->output, offset, bytes, size);

	return status == OUTPUT_OK ? EXIT_DONE : fail_output(file->path, status);
}

enum exit_code written_file_complete(struct written_file *file, uint64_t size)
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

void written_file_discard(struct written_file *file)
{
	platform_output_abandon(file->output);
	file->output = NULL;
	platform_remove(file->partial_path);
}

void written_file_free(struct written_file *file)
{
	free(file->partial_path);
	*file = (struct written_file){ 0 };
}
