/* SPDX-License-Identifier: MIT */
/* Containers as such: their keys, and a pending replay log. */
#include "api/call.h"
#include "api/output.h"
#include "api/source.h"
#include "base/checked.h"
#include "base/text_encoding.h"
#include "container/hvs_apply.h"

#include <string.h>

/* The container or containers of a source; second is NULL unless it is a pair. */
struct opened_source {
	struct container *first;
	struct container *second;
};

static enum status open_containers(const VMSAVEDSTATE_SOURCE *source, struct opened_source *out,
				   struct error *error)
{
	struct damage ignored = { 0 };
	struct damage *damage = NULL;
	struct file *file, *second;
	enum status status = source_open(source, &file, &second, error);

	out->first = NULL;
	out->second = NULL;
	if (status != STATUS_OK)
		return status;
	if (source_tolerates(source))
		damage = &ignored;
	status = container_open_tolerant(file, &saved_state_families, damage, &out->first, error);
	if (second == NULL)
		return status;
	if (status != STATUS_OK) {
		file_close(second);
		return status;
	}
	return container_open_tolerant(second, &saved_state_families, damage, &out->second, error);
}

static void close_containers(struct opened_source *opened)
{
	container_close(opened->first);
	container_close(opened->second);
}

/* An enumeration under way. */
struct key_listing {
	const struct container *container;
	UINT32 extra_flags;
	const char *start;		/* without a slash in front; "" lists all */
	size_t start_length;
	bool start_seen;
	bool stopped;
	VMSAVEDSTATE_KEY_CALLBACK callback;
	void *context;
	enum status status;
	struct error *error;
};

static VMSAVEDSTATE_KEY_TYPE public_type(const struct container *container, enum key_type type)
{
	if (container_facts(container).kind == CONTAINER_LEGACY)
		return VMSAVEDSTATE_KEY_LEGACY_BLOB;
	switch (type) {
	case KEY_INT:
		return VMSAVEDSTATE_KEY_INT;
	case KEY_UINT:
		return VMSAVEDSTATE_KEY_UINT;
	case KEY_DOUBLE:
		return VMSAVEDSTATE_KEY_DOUBLE;
	case KEY_STRING:
		return VMSAVEDSTATE_KEY_STRING;
	case KEY_BOOL:
		return VMSAVEDSTATE_KEY_BOOL;
	case KEY_NODE:
		return VMSAVEDSTATE_KEY_NODE;
	default:
		return VMSAVEDSTATE_KEY_ARRAY;
	}
}

/* True if path is the start or below it. */
static bool is_wanted(const struct key_listing *listing, const char *path)
{
	const char *name = path + 1;	/* paths begin with a slash */

	for (size_t i = 0; i < listing->start_length; i++) {
		if (ascii_lower((unsigned char)name[i]) !=
		    ascii_lower((unsigned char)listing->start[i]))
			return false;
	}
	return listing->start_length == 0 || name[listing->start_length] == '\0' ||
	       name[listing->start_length] == '/';
}

static bool is_ram_block(const char *path)
{
	static const char names[2][24] = { "/savedstate/ramblock", "/ramblock/" };

	for (size_t i = 0; i < 2; i++) {
		size_t at = 0;

		while (names[i][at] != '\0' &&
		       ascii_lower((unsigned char)path[at]) == (unsigned char)names[i][at])
			at++;
		if (names[i][at] == '\0')
			return true;
	}
	return false;
}

/* The text of a string that stands in the key table; NULL for others. */
static enum status read_string(const struct key_listing *listing, const struct key_value *value,
			       char **out)
{
	uint8_t *bytes;
	size_t count = (size_t)(value->size / 2);
	enum status status;

	*out = NULL;
	if (value->type != KEY_STRING || value->in_file_object)
		return STATUS_OK;
	status = container_read_value(listing->container, value, UINT32_MAX, &bytes,
				      listing->error);
	if (status != STATUS_OK)
		return status;
	/* Windows stores no NUL, Microsoft's open-source writer stores one. */
	while (count > 0 && bytes[2 * count - 1] == 0 && bytes[2 * count - 2] == 0)
		count--;
	*out = utf8_from_utf16le(bytes, count);
	free(bytes);
	return *out != NULL ? STATUS_OK : error_out_of_memory(listing->error, "a string");
}

static void set_scalar(const struct key_value *value, VMSAVEDSTATE_KEY *key)
{
	switch (value->type) {
	case KEY_INT:
	case KEY_UINT:
		key->Value.UInt = value->scalar;
		break;
	case KEY_DOUBLE:
		memcpy(&key->Value.Double, &value->scalar, sizeof(key->Value.Double));
		break;
	case KEY_BOOL:
		key->Value.Bool = value->scalar != 0;
		break;
	default:
		break;
	}
}

static bool report_key(void *context, const char *path, const struct key_value *value)
{
	struct key_listing *listing = context;
	VMSAVEDSTATE_KEY key = { .StructSize = sizeof(key) };
	char *text;

	if (!is_wanted(listing, path))
		return true;
	listing->start_seen = true;
	listing->status = read_string(listing, value, &text);
	if (listing->status != STATUS_OK)
		return false;
	key.Type = public_type(listing->container, value->type);
	key.Flags = listing->extra_flags;
	if (value->in_file_object)
		key.Flags |= VMSAVEDSTATE_KEY_IN_FILE_OBJECT;
	if (is_ram_block(path))
		key.Flags |= VMSAVEDSTATE_KEY_IS_RAM_BLOCK;
	key.Path = path;
	key.Size = value->size;
	key.FileOffset = value->offset;
	key.StringValue = text;
	set_scalar(value, &key);
	listing->stopped = listing->callback(listing->context, &key);
	free(text);
	return !listing->stopped;
}

static enum status list_container(struct key_listing *listing, const struct container *container,
				  UINT32 extra_flags)
{
	enum status status;

	if (container == NULL || listing->stopped)
		return STATUS_OK;
	listing->container = container;
	listing->extra_flags = extra_flags;
	status = container_visit(container, report_key, listing, listing->error);
	return status != STATUS_OK ? status : listing->status;
}

static enum status list_keys(const struct opened_source *opened, struct key_listing *listing)
{
	enum status status = list_container(listing, opened->first, 0);

	if (status == STATUS_OK)
		status = list_container(listing, opened->second, VMSAVEDSTATE_KEY_IN_SECOND_FILE);
	if (status == STATUS_OK && listing->start_length > 0 && !listing->start_seen)
		status = error_set(listing->error, STATUS_NO_SUCH_KEY, "there is no key '%s'",
				   listing->start);
	return status;
}

HRESULT VmSavedStateEnumerateKeys(const VMSAVEDSTATE_SOURCE *source, const char *startPath,
				  VMSAVEDSTATE_KEY_CALLBACK callback, void *context)
{
	struct key_listing listing = { .callback = callback, .context = context, .start = "" };
	struct opened_source opened;
	struct call call;

	call_begin_free(&call);
	if (callback == NULL) {
		call_wrong_argument(&call, "the callback is NULL");
		return call_end(&call);
	}
	listing.error = &call.error;
	if (startPath != NULL) {
		listing.start = startPath + strspn(startPath, "/");
		listing.start_length = strlen(listing.start);
		while (listing.start_length > 0 &&
		       listing.start[listing.start_length - 1] == '/')
			listing.start_length--;
	}
	call.status = open_containers(source, &opened, &call.error);
	if (call.status == STATUS_OK)
		call.status = list_keys(&opened, &listing);
	close_containers(&opened);
	return call_end(&call);
}

/* Finds a key in either container of a source. */
static enum status find_key(const struct opened_source *opened, const char *path,
			    const struct container **container_out, struct key_value *value_out,
			    struct error *error)
{
	*container_out = opened->first;
	if (container_find(opened->first, path, value_out) == STATUS_OK)
		return STATUS_OK;
	*container_out = opened->second;
	if (opened->second != NULL &&
	    container_find(opened->second, path, value_out) == STATUS_OK)
		return STATUS_OK;
	return error_set(error, STATUS_NO_SUCH_KEY, "there is no key '%s'", path);
}

static enum status read_key(const struct opened_source *opened, const char *path, UINT64 offset,
			    void *buffer, UINT32 size, UINT64 *valueSize, struct error *error)
{
	const struct container *container;
	struct key_value value;
	enum status status = find_key(opened, path, &container, &value, error);

	if (status != STATUS_OK)
		return status;
	if (value.broken)
		return error_set(error, STATUS_CORRUPT_LINK,
				 "the file object of the key '%s' is missing, or smaller than the "
				 "key says", path);
	if (offset < value.size)
		status = container_read(container, value.offset + offset, buffer,
					(size_t)min_u64(size, value.size - offset), error);
	if (status == STATUS_OK && valueSize != NULL)
		*valueSize = value.size;
	return status;
}

HRESULT VmSavedStateReadKey(const VMSAVEDSTATE_SOURCE *source, const char *path, UINT64 offset,
			    void *buffer, UINT32 size, UINT64 *valueSize)
{
	struct opened_source opened;
	struct call call;

	call_begin_free(&call);
	if (call_lacks(&call, path, "the path of the key") ||
	    (size > 0 && call_lacks(&call, buffer, "the buffer")))
		return call_end(&call);
	call.status = open_containers(source, &opened, &call.error);
	if (call.status == STATUS_OK)
		call.status = read_key(&opened, path, offset, buffer, size, valueSize,
				       &call.error);
	close_containers(&opened);
	return call_end(&call);
}

static void report_entries(const struct hvs_pending_log *pending,
			   VMSAVEDSTATE_REPLAY_CALLBACK callback, void *context)
{
	for (uint32_t i = 0; i < pending->log.pending; i++) {
		const struct hvs_patch *patch = &pending->log.patches[i];
		VMSAVEDSTATE_REPLAY_ENTRY entry = {
			.StructSize = sizeof(entry),
			.Size = (UINT32)patch->length,	/* 32 bits in the log */
			.DestinationOffset = patch->target,
			.PayloadOffset = patch->payload,
		};

		if (callback(context, &entry))
			return;
	}
}

static enum status describe_log(const struct file *file, VMSAVEDSTATE_REPLAY_CALLBACK callback,
				void *context, VMSAVEDSTATE_REPLAY_LOG *out, struct error *error)
{
	struct hvs_pending_log pending;
	enum status status = hvs_pending_log_read(file, &pending, error);

	if (status != STATUS_OK)
		return status;
	out->PendingCount = pending.log.pending;
	out->MaximumCount = pending.log.capacity;
	out->LogOffset = pending.header.log_offset;
	out->LogSize = pending.header.log_size;
	if (callback != NULL)
		report_entries(&pending, callback, context);
	hvs_pending_log_fini(&pending);
	return STATUS_OK;
}

HRESULT VmSavedStateGetReplayLog(const VMSAVEDSTATE_SOURCE *source,
				 VMSAVEDSTATE_REPLAY_CALLBACK callback, void *context,
				 VMSAVEDSTATE_REPLAY_LOG *log)
{
	VMSAVEDSTATE_REPLAY_LOG out = { 0 };
	struct file *file, *second;
	struct call call;

	call_begin_free(&call);
	if (log != NULL && !output_has_room(&call, log, sizeof(out)))
		return call_end(&call);
	call.status = source_open(source, &file, &second, &call.error);
	if (call.status != STATUS_OK)
		return call_end(&call);
	if (second == NULL)
		call.status = describe_log(file, callback, context, &out, &call.error);
	if (call.status == STATUS_OK && log != NULL)
		output_write(log, &out, sizeof(out));
	file_close(file);
	file_close(second);
	return call_end(&call);
}
