/* SPDX-License-Identifier: MIT */
/* Finding saved states by the names of their VMs. */
#include "api/call.h"
#include "base/text_encoding.h"
#include "locate/search.h"
#include "platform/directory.h"
#include "platform/environment.h"
#include "platform/local_memory.h"

#include <vmsavedstatedump_ext.h>

#include <string.h>

static const char path_variable[] = "VMSAVEDSTATE_PATH";

/* ---- where to look ----------------------------------------------------------------- */

/* Hyper-V's folder on this computer; NULL in *out where there is no Windows. */
static enum status find_this_host(char **out, struct error *error)
{
	char *program_data;
	enum status status = environment_variable("ProgramData", &program_data, error);

	*out = NULL;
	if (status != STATUS_OK || program_data == NULL)
		return status;
	*out = path_join(program_data, "Microsoft/Windows/Hyper-V");
	free(program_data);
	return *out != NULL ? STATUS_OK : error_out_of_memory(error, "a path");
}

static enum status open_default(struct catalogue **out, struct error *error)
{
	char *path_list = NULL, *this_host = NULL;
	enum status status = environment_variable(path_variable, &path_list, error);

	if (status == STATUS_OK)
		status = find_this_host(&this_host, error);
	if (status == STATUS_OK)
		status = catalogue_open(path_list, this_host, out, error);
	free(this_host);
	free(path_list);
	return status;
}

/* ---- LocateSavedStateFiles --------------------------------------------------------- */

struct names {
	char *vm;
	char *checkpoint;	/* NULL when none was given */
};

static void free_names(struct names *names)
{
	free(names->checkpoint);
	free(names->vm);
}

static enum status take_names(LPCWSTR vm, LPCWSTR checkpoint, struct names *out,
			      struct error *error)
{
	const uint16_t *vm_units = (const uint16_t *)vm;
	const uint16_t *checkpoint_units = (const uint16_t *)checkpoint;
	struct names names = { utf8_from_utf16(vm_units, utf16_length(vm_units)), NULL };

	if (checkpoint != NULL)
		names.checkpoint =
			utf8_from_utf16(checkpoint_units, utf16_length(checkpoint_units));
	if (names.vm == NULL || (checkpoint != NULL && names.checkpoint == NULL)) {
		free_names(&names);
		return error_out_of_memory(error, "a name");
	}
	*out = names;
	return STATUS_OK;
}

/* A string that the caller frees with LocalFree; empty for NULL. */
static LPWSTR local_string(const char *text)
{
	size_t count;
	uint16_t *units = utf16_from_utf8(text != NULL ? text : "", &count);
	LPWSTR copy = NULL;

	if (units != NULL)
		copy = local_memory_allocate((count + 1) * sizeof(*copy));
	if (copy != NULL)
		memcpy(copy, units, (count + 1) * sizeof(*copy));
	free(units);
	return copy;
}

/* The strings of an answer: .bin, .vsv, .vmrs. */
enum { ANSWER_BIN, ANSWER_VSV, ANSWER_VMRS, ANSWER_COUNT };

static enum status make_answer(const struct located *found, LPWSTR answer[ANSWER_COUNT],
			       struct error *error)
{
	bool is_vmrs = found != NULL && found->files.vmrs != NULL;
	bool is_pair = found != NULL && !is_vmrs;

	answer[ANSWER_BIN] = local_string(is_pair ? found->files.bin : NULL);
	answer[ANSWER_VSV] = local_string(is_pair ? found->files.vsv : NULL);
	answer[ANSWER_VMRS] = local_string(is_vmrs ? found->files.vmrs : NULL);
	if (answer[ANSWER_BIN] != NULL && answer[ANSWER_VSV] != NULL &&
	    answer[ANSWER_VMRS] != NULL)
		return STATUS_OK;
	for (int i = 0; i < ANSWER_COUNT; i++) {
		local_memory_free(answer[i]);
		answer[i] = NULL;
	}
	return error_out_of_memory(error, "a path");
}

static enum status locate(const struct names *names, LPWSTR answer[ANSWER_COUNT],
			  struct error *error)
{
	const struct located *found;
	struct catalogue *catalogue;
	enum status status = open_default(&catalogue, error);

	if (status != STATUS_OK)
		return status;
	status = search_newest(catalogue, names->vm, names->checkpoint, &found, error);
	if (status == STATUS_OK)
		status = make_answer(found, answer, error);
	catalogue_close(catalogue);
	return status;
}

HRESULT WINAPI LocateSavedStateFiles(LPCWSTR vmName, LPCWSTR snapshotName, LPWSTR *binPath,
				     LPWSTR *vsvPath, LPWSTR *vmrsPath)
{
	LPWSTR answer[ANSWER_COUNT] = { NULL, NULL, NULL };
	struct names names = { NULL, NULL };
	struct call call;

	call_begin_free(&call);
	if (call_lacks(&call, vmName, "the name of the VM") ||
	    call_lacks(&call, binPath, "the pointer for the .bin") ||
	    call_lacks(&call, vsvPath, "the pointer for the .vsv") ||
	    call_lacks(&call, vmrsPath, "the pointer for the .vmrs"))
		return call_end(&call);
	call.status = take_names(vmName, snapshotName, &names, &call.error);
	if (call.status == STATUS_OK)
		call.status = locate(&names, answer, &call.error);
	free_names(&names);
	*binPath = answer[ANSWER_BIN];
	*vsvPath = answer[ANSWER_VSV];
	*vmrsPath = answer[ANSWER_VMRS];
	return call_end(&call);
}

/* ---- VmSavedStateLocate ------------------------------------------------------------ */

static VMSAVEDSTATE_FOUND_STATE state_of(enum state_form form)
{
	switch (form) {
	case STATE_WITHOUT_MEMORY:
		return VMSAVEDSTATE_STATE_NO_MEMORY;
	case STATE_SAVED:
		return VMSAVEDSTATE_STATE_SAVED;
	case STATE_SAVED_LEGACY:
		return VMSAVEDSTATE_STATE_SAVED_PAIR;
	case STATE_UNREADABLE:
		return VMSAVEDSTATE_STATE_UNREADABLE;
	default:
		return VMSAVEDSTATE_STATE_NONE;
	}
}

static BOOL report_item(const struct located *item, VMSAVEDSTATE_FOUND_CALLBACK callback,
			void *context)
{
	const struct located *vm = item->is_checkpoint ? item->owner : item;
	const struct configuration *configuration = &item->configuration;
	VMSAVEDSTATE_FOUND found = {
		.StructSize = sizeof(found),
		.Kind = item->is_checkpoint ? VMSAVEDSTATE_FOUND_CHECKPOINT :
					      VMSAVEDSTATE_FOUND_VM,
		.State = state_of(item->files.form),
		.VmVersion = configuration->vm_version,
		.Path = item->configuration_path,
		.VmrsPath = item->files.vmrs,
		.BinPath = item->files.bin,
		.VsvPath = item->files.vsv,
		.Problem = item->files.problem,
		.Size = item->files.size,
		.ModifiedTime = item->files.modified,
		.MemorySize = configuration->memory_mib <= UINT64_MAX >> 20 ?
			      configuration->memory_mib << 20 : 0,
		.ProcessorCount = configuration->processors,
	};

	if (vm != NULL) {
		found.VmName = vm->configuration.name;
		found.VmId = vm->configuration.id;
	}
	if (item->is_checkpoint) {
		found.CheckpointName = configuration->name;
		found.CheckpointId = configuration->id;
	}
	return callback(context, &found);
}

static BOOL report_problem(const struct located_problem *problem,
			   VMSAVEDSTATE_FOUND_CALLBACK callback, void *context)
{
	VMSAVEDSTATE_FOUND found = {
		.StructSize = sizeof(found),
		.Kind = VMSAVEDSTATE_FOUND_PROBLEM,
		.Path = problem->path,
		.Problem = problem->text,
	};

	return callback(context, &found);
}

static void report_all(const struct catalogue *catalogue, const struct located **items,
		       size_t count, VMSAVEDSTATE_FOUND_CALLBACK callback, void *context)
{
	const struct located_problem *problems = catalogue->problems.items;

	for (size_t i = 0; i < count; i++) {
		if (report_item(items[i], callback, context))
			return;
	}
	for (size_t i = 0; i < catalogue->problems.count; i++) {
		if (report_problem(&problems[i], callback, context))
			return;
	}
}

HRESULT VmSavedStateLocate(const char *searchPath, const char *vmName,
			   const char *checkpointName, VMSAVEDSTATE_FOUND_CALLBACK callback,
			   void *context)
{
	const struct located **items = NULL;
	struct catalogue *catalogue = NULL;
	size_t count = 0;
	struct call call;

	call_begin_free(&call);
	if (callback == NULL) {
		call_wrong_argument(&call, "the callback is NULL");
		return call_end(&call);
	}
	if (searchPath != NULL)
		call.status = catalogue_open(searchPath, NULL, &catalogue, &call.error);
	else
		call.status = open_default(&catalogue, &call.error);
	if (call.status == STATUS_OK)
		call.status = search_all(catalogue, vmName, checkpointName, &items, &count,
					 &call.error);
	if (call.status == STATUS_OK)
		report_all(catalogue, items, count, callback, context);
	free(items);
	catalogue_close(catalogue);
	return call_end(&call);
}
