/* SPDX-License-Identifier: MIT */
#include "dump/dump_sink.h"
#include "base/text.h"
#include "platform/directory.h"
#include "platform/file.h"

#include <stdlib.h>
#include <string.h>

static const char partial_suffix[] = ".partial";

struct dump_file {
	struct file *file;	/* NULL once it is closed */
	char *path;
	char *partial_path;
	bool replace;
};

static void free_file(struct dump_file *dump)
{
	file_close(dump->file);
	free(dump->path);
	free(dump->partial_path);
	free(dump);
}

static enum status file_sink_write(void *context, uint64_t offset, const void *bytes, size_t size,
				   struct error *error)
{
	struct dump_file *dump = context;
	enum status status = file_write_at(dump->file, offset, bytes, size, error);

	if (status == STATUS_OK)
		return STATUS_OK;
	return error_prefix(error, status, "'%s'", dump->path);
}

static bool exists(const char *path)
{
	struct path_facts facts;

	return path_examine(path, &facts, NULL) == STATUS_OK;
}

static enum status complete(struct dump_file *dump, uint64_t size, struct error *error)
{
	enum status status = STATUS_OK;

	if (file_size(dump->file) != size)
		status = file_resize(dump->file, size, error);
	/* No flush: it would cost more than the dump, which can be written again. */
	file_close(dump->file);		/* Windows renames no open file */
	dump->file = NULL;
	if (status == STATUS_OK && !dump->replace && exists(dump->path))
		status = error_set(error, STATUS_INVALID_ARGUMENT,
				   "a file of that name has come to exist meanwhile");
	if (status == STATUS_OK)
		status = file_replace(dump->partial_path, dump->path, error);
	return status;
}

static enum status file_sink_finish(void *context, uint64_t size, struct error *error)
{
	struct dump_file *dump = context;
	enum status status = complete(dump, size, error);

	if (status != STATUS_OK)
		return error_prefix(error, status, "'%s'", dump->path);
	free_file(dump);
	return STATUS_OK;
}

static void file_sink_abandon(void *context)
{
	struct dump_file *dump = context;

	file_close(dump->file);
	dump->file = NULL;
	file_remove(dump->partial_path, NULL);
	free_file(dump);
}

/* A file may be replaced; a device, pipe or folder of that name never is. */
static enum status check_replaceable(const char *path, struct error *error)
{
	struct file *file;
	struct path_facts facts;
	enum status status;

	if (path_examine(path, &facts, NULL) != STATUS_OK)
		return STATUS_OK;
	if (facts.is_directory)
		return error_set(error, STATUS_INVALID_ARGUMENT, "'%s' is a folder", path);
	status = file_open(path, FILE_READ_SHARED, &file, error);
	if (status == STATUS_OK)
		file_close(file);
	return status == STATUS_INVALID_ARGUMENT ? status : STATUS_OK;
}

static enum status check_names(const struct dump_file *dump, struct error *error)
{
	if (dump->replace) {
		enum status status = check_replaceable(dump->path, error);

		/* What has that name may be a link to a file that must not be emptied. */
		return status == STATUS_OK ? file_remove(dump->partial_path, error) : status;
	}
	if (exists(dump->path))
		return error_set(error, STATUS_INVALID_ARGUMENT, "'%s' exists already",
				 dump->path);
	if (exists(dump->partial_path))
		return error_set(error, STATUS_INVALID_ARGUMENT,
				 "'%s' exists: another dump is being written there, or one was "
				 "cut off", dump->partial_path);
	return STATUS_OK;
}

static enum status begin(struct dump_file *dump, const char *path, bool replace,
			 struct error *error)
{
	enum status status;

	dump->replace = replace;
	dump->path = text_join(path, "");
	dump->partial_path = text_join(path, partial_suffix);
	if (dump->path == NULL || dump->partial_path == NULL)
		return error_out_of_memory(error, "a path");
	status = check_names(dump, error);
	if (status != STATUS_OK)
		return status;
	return file_create(dump->partial_path, &dump->file, error);
}

enum status dump_file_begin(const char *path, bool replace, struct dump_sink *out,
			    struct error *error)
{
	struct dump_file *dump = calloc(1, sizeof(*dump));
	enum status status;

	if (dump == NULL)
		return error_out_of_memory(error, "a dump");
	status = begin(dump, path, replace, error);
	if (status != STATUS_OK) {
		free_file(dump);
		return status;
	}
	out->write_at = file_sink_write;
	out->finish = file_sink_finish;
	out->abandon = file_sink_abandon;
	out->context = dump;
	return STATUS_OK;
}
