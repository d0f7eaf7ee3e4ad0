/* SPDX-License-Identifier: MIT */
/* Opening and releasing saved states, replay logs, error texts. */
#include "api/call.h"
#include "api/source.h"
#include "base/text_encoding.h"
#include "container/hvs_apply.h"

#include <vmsavedstate_version.h>

#include <stdio.h>
#include <string.h>

/* Gives the files a handle; they are closed when that fails.  damage as provider_salvage. */
static enum status open_handle(struct file *file, struct file *vsv, struct damage *damage,
			       VM_SAVED_STATE_DUMP_HANDLE *out, struct error *error)
{
	struct provider *provider;
	enum status status = provider_salvage(file, vsv, damage, &provider, error);
	void *handle;

	if (status != STATUS_OK)
		return status;
	handle = handle_create(provider);
	if (handle == NULL) {
		provider_close(provider);
		return error_out_of_memory(error, "a handle");
	}
	*out = handle;
	return STATUS_OK;
}

HRESULT WINAPI LoadSavedStateFile(LPCWSTR vmrsFile, VM_SAVED_STATE_DUMP_HANDLE *handle)
{
	struct file *file;
	struct call call;

	call_begin_free(&call);
	if (call_lacks(&call, handle, "the pointer for the handle"))
		return call_end(&call);
	call.status = source_open_path(vmrsFile, ".vmrs", FILE_READ_SHARED, &file, &call.error);
	if (call.status == STATUS_OK)
		call.status = open_handle(file, NULL, NULL, handle, &call.error);
	return call_end(&call);
}

HRESULT WINAPI LoadSavedStateFiles(LPCWSTR binFile, LPCWSTR vsvFile,
				   VM_SAVED_STATE_DUMP_HANDLE *handle)
{
	struct file *bin = NULL, *vsv = NULL;
	struct call call;

	call_begin_free(&call);
	if (call_lacks(&call, handle, "the pointer for the handle"))
		return call_end(&call);
	call.status = source_open_path(binFile, ".bin", FILE_READ_SHARED, &bin, &call.error);
	if (call.status == STATUS_OK)
		call.status = source_open_path(vsvFile, ".vsv", FILE_READ_SHARED, &vsv,
					       &call.error);
	if (call.status == STATUS_OK)
		call.status = open_handle(bin, vsv, NULL, handle, &call.error);
	else
		file_close(bin);
	return call_end(&call);
}

HRESULT VmSavedStateOpen(const VMSAVEDSTATE_SOURCE *source, VM_SAVED_STATE_DUMP_HANDLE *handle)
{
	struct damage damage = { 0 };
	struct file *file, *second;
	struct call call;

	call_begin_free(&call);
	if (call_lacks(&call, handle, "the pointer for the handle"))
		return call_end(&call);
	call.status = source_open(source, &file, &second, &call.error);
	if (call.status == STATUS_OK)
		call.status = open_handle(file, second,
					  source_tolerates(source) ? &damage : NULL, handle,
					  &call.error);
	return call_end(&call);
}

HRESULT WINAPI ReleaseSavedStateFiles(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	struct call call;

	call_begin_free(&call);
	if (!handle_release(handle))
		call_wrong_handle(&call, handle);
	return call_end(&call);
}

/* Applies the log of a file that is open for writing, and closes the file. */
static enum status apply_log(struct file *file, struct error *error)
{
	uint32_t applied;
	enum status status = hvs_apply(file, &applied, error);

	file_close(file);
	return status;
}

HRESULT WINAPI ApplyPendingSavedStateFileReplayLog(LPCWSTR vmrsFile)
{
	struct file *file;
	struct call call;

	call_begin_free(&call);
	call.status = source_open_path(vmrsFile, ".vmrs", FILE_READ_WRITE_EXCLUSIVE, &file,
				       &call.error);
	if (call.status == STATUS_OK)
		call.status = apply_log(file, &call.error);
	return call_end(&call);
}

HRESULT VmSavedStateApplyReplayLog(const char *path)
{
	struct file *file;
	struct call call;

	call_begin_free(&call);
	if (path == NULL || path[0] == '\0') {
		call_wrong_argument(&call, "the path of the .vmrs is NULL or empty");
		return call_end(&call);
	}
	call.status = file_open(path, FILE_READ_WRITE_EXCLUSIVE, &file, &call.error);
	if (call.status == STATUS_OK)
		call.status = apply_log(file, &call.error);
	return call_end(&call);
}

const char *VmSavedStateGetProviderVersion(void)
{
	return VMSAVEDSTATE_VERSION_STRING;
}

enum { FULL_TEXT_SIZE = 1024 };

/* "<What was wrong>. <What to do>"; the first letter becomes a capital. */
static size_t compose_text(const struct error *error, char text[FULL_TEXT_SIZE])
{
	text[0] = '\0';
	if (error->status == STATUS_OK)
		return 0;
	snprintf(text, FULL_TEXT_SIZE, "%s%s%s", error->text, error->text[0] != '\0' ? ". " : "",
		 status_remedy(error->status));
	if (text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
	return strlen(text);
}

static HRESULT copy_text(const struct error *error, char *buffer, UINT32 bufferSize,
			 UINT32 *neededSize)
{
	char text[FULL_TEXT_SIZE];
	size_t length = compose_text(error, text);
	size_t copied = length;

	if (neededSize != NULL)
		*neededSize = (UINT32)length + 1;
	if (bufferSize > 0) {
		if (copied > bufferSize - 1)
			copied = utf8_cut(text, bufferSize - 1);
		memcpy(buffer, text, copied);
		buffer[copied] = '\0';
	}
	return bufferSize > length ? S_OK : VMSAVEDSTATE_E_BUFFER_TOO_SMALL;
}

HRESULT VmSavedStateGetErrorText(VM_SAVED_STATE_DUMP_HANDLE handle, char *buffer,
				 UINT32 bufferSize, UINT32 *neededSize)
{
	static const struct error none;
	const struct error *thread_error = call_thread_error();
	struct handle_hold hold;
	struct error error;

	if (buffer == NULL && bufferSize > 0)
		return hresult_of_status(STATUS_INVALID_ARGUMENT);
	if (handle == NULL)
		return copy_text(thread_error != NULL ? thread_error : &none, buffer, bufferSize,
				 neededSize);
	if (!handle_enter(handle, HANDLE_UNLOCKED, &hold))
		return hresult_of_status(STATUS_UNKNOWN_HANDLE);
	mutex_lock(&hold.provider->error_lock);
	error = hold.provider->last_error;
	mutex_unlock(&hold.provider->error_lock);
	handle_leave(&hold);
	return copy_text(&error, buffer, bufferSize, neededSize);
}
