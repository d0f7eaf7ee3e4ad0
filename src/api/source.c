/* SPDX-License-Identifier: MIT */
#include "api/source.h"
#include "api/output.h"
#include "base/text_encoding.h"

#include <stdlib.h>

_Static_assert(sizeof(WCHAR) == sizeof(uint16_t), "paths are UTF-16 on every system");

enum status source_path(LPCWSTR path, const char *what, char **out, struct error *error)
{
	const uint16_t *units = (const uint16_t *)path;
	char *text;

	if (path == NULL || units[0] == 0)
		return error_set(error, STATUS_INVALID_ARGUMENT, "the path of the %s is %s", what,
				 path == NULL ? "NULL" : "empty");
	text = utf8_from_utf16(units, utf16_length(units));
	if (text == NULL)
		return error_out_of_memory(error, "a path");
	*out = text;
	return STATUS_OK;
}

enum status source_open_path(LPCWSTR path, const char *what, enum file_access access,
			     struct file **out, struct error *error)
{
	char *text;
	enum status status = source_path(path, what, &text, error);

	if (status != STATUS_OK)
		return status;
	status = file_open(text, access, out, error);
	free(text);
	return status;
}

static enum status open_one(const char *path, const void *bytes, UINT64 byte_count,
			    const char *what, struct file **out, struct error *error)
{
	if ((path != NULL) == (bytes != NULL))
		return error_set(error, STATUS_INVALID_ARGUMENT,
				 "the %s needs either a path or bytes in memory", what);
	if (bytes != NULL)
		return file_open_memory(bytes, (size_t)byte_count, out, error);
	if (path[0] == '\0')
		return error_set(error, STATUS_INVALID_ARGUMENT, "the path of the %s is empty",
				 what);
	return file_open(path, FILE_READ_SHARED, out, error);
}

static enum status check_source(const VMSAVEDSTATE_SOURCE *source, struct error *error)
{
	if (source == NULL || !input_is_known(source, sizeof(*source)))
		return error_set(error, STATUS_INVALID_ARGUMENT,
				 "the source is NULL, its StructSize is wrong, or it asks for "
				 "what this version does not know");
	if ((source->Flags & ~(UINT32)VMSAVEDSTATE_SOURCE_SALVAGE) != 0)
		return error_set(error, STATUS_INVALID_ARGUMENT,
				 "the source has unknown flags (0x%x)", source->Flags);
	return STATUS_OK;
}

enum status source_open(const VMSAVEDSTATE_SOURCE *source, struct file **first_out,
			struct file **second_out, struct error *error)
{
	enum status status = check_source(source, error);
	struct file *first, *second = NULL;

	if (status != STATUS_OK)
		return status;
	status = open_one(source->Path, source->Bytes, source->ByteCount, "file", &first, error);
	if (status != STATUS_OK)
		return status;
	if (source->SecondPath != NULL || source->SecondBytes != NULL)
		status = open_one(source->SecondPath, source->SecondBytes,
				  source->SecondByteCount, "second file", &second, error);
	if (status != STATUS_OK) {
		file_close(first);
		return status;
	}
	*first_out = first;
	*second_out = second;
	return STATUS_OK;
}

bool source_tolerates(const VMSAVEDSTATE_SOURCE *source)
{
	return (source->Flags & VMSAVEDSTATE_SOURCE_SALVAGE) != 0;
}
