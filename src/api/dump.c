/* SPDX-License-Identifier: MIT */
/* Dumps in the forms of other tools. */
#include "api/call.h"
#include "api/output.h"
#include "dump/dump.h"

#include <vmsavedstatedump_ext.h>

#include <string.h>

_Static_assert(VMSAVEDSTATE_DUMP_REMARKS == DUMP_REMARKS_SIZE, "remarks are copied whole");

enum {
	KNOWN_FLAGS = VMSAVEDSTATE_DUMP_KEEP_GOING | VMSAVEDSTATE_DUMP_REPLACE |
		      VMSAVEDSTATE_DUMP_NO_QEMU_NOTES | VMSAVEDSTATE_DUMP_WITHOUT_KERNEL
};

/* The public numbers of enum dump_format. */
static const VMSAVEDSTATE_DUMP_FORMAT public_formats[DUMP_FORMAT_COUNT] = {
	[DUMP_RAW] = VMSAVEDSTATE_DUMP_RAW,
	[DUMP_RAW_WITHOUT_HOLES] = VMSAVEDSTATE_DUMP_RAW_WITHOUT_HOLES,
	[DUMP_ELF] = VMSAVEDSTATE_DUMP_ELF,
	[DUMP_WINDOWS] = VMSAVEDSTATE_DUMP_WINDOWS,
	[DUMP_WINDOWS_FULL] = VMSAVEDSTATE_DUMP_WINDOWS_FULL,
	[DUMP_WINDOWS_BITMAP] = VMSAVEDSTATE_DUMP_WINDOWS_BITMAP,
	[DUMP_SNAPSHOT] = VMSAVEDSTATE_DUMP_SNAPSHOT,
};

static bool find_format(VMSAVEDSTATE_DUMP_FORMAT wanted, enum dump_format *out)
{
	for (int i = 0; i < DUMP_FORMAT_COUNT; i++) {
		if (public_formats[i] == wanted) {
			*out = (enum dump_format)i;
			return true;
		}
	}
	return false;
}

static bool check_options(struct call *call, const VMSAVEDSTATE_DUMP_OPTIONS *options)
{
	bool is_snapshot;

	if (call_lacks(call, options, "the options"))
		return false;
	if (!input_is_known(options, sizeof(*options)))
		call_wrong_argument(call, "the options have a wrong StructSize, or "
					  "ask for what this version does not know");
	else if ((options->Flags & ~(UINT32)KNOWN_FLAGS) != 0)
		call_wrong_argument(call, "the options have unknown flags");
	else if ((options->Path != NULL) == (options->Write != NULL))
		call_wrong_argument(call, "a dump needs either a path or a function to write with");
	if (call->status != STATUS_OK)
		return false;
	is_snapshot = options->Format == VMSAVEDSTATE_DUMP_SNAPSHOT;
	if (is_snapshot != (options->RegistersPath != NULL))
		call_wrong_argument(call, "a snapshot, and nothing else, has a path for registers");
	return call->status == STATUS_OK;
}

/* ---- Callbacks --------------------------------------------------------------------- */

static enum status write_to_caller(void *context, uint64_t offset, const void *bytes, size_t size,
				   struct error *error)
{
	const VMSAVEDSTATE_DUMP_OPTIONS *options = context;
	HRESULT result = options->Write(options->Context, offset, bytes, (UINT32)size);

	if (SUCCEEDED(result))
		return STATUS_OK;
	return error_set(error, STATUS_WRITE_FAILED,
			 "the function that takes the dump failed at offset %llu with 0x%08X",
			 (unsigned long long)offset, (unsigned)result);
}

static enum status finish_nothing(void *context, uint64_t size, struct error *error)
{
	(void)context;
	(void)size;
	(void)error;
	return STATUS_OK;
}

static void abandon_nothing(void *context)
{
	(void)context;
}

/* context is the caller's options, which are only read. */
static struct dump_sink sink_of_caller(VMSAVEDSTATE_DUMP_OPTIONS *options)
{
	struct dump_sink sink = { write_to_caller, finish_nothing, abandon_nothing, options };

	return sink;
}

static bool report_progress(void *context, uint64_t done, uint64_t total)
{
	const VMSAVEDSTATE_DUMP_OPTIONS *options = context;

	return options->Progress(options->Context, done, total) != FALSE;
}

static void report_left_out(void *context, uint64_t gpa, uint64_t size, enum status status)
{
	const VMSAVEDSTATE_DUMP_OPTIONS *options = context;

	options->LeftOut(options->Context, gpa, size, hresult_of_status(status));
}

/* ---- The call ---------------------------------------------------------------------- */

static enum status begin_sinks(VMSAVEDSTATE_DUMP_OPTIONS *options, struct dump_request *request,
			       struct error *error)
{
	bool replace = (options->Flags & VMSAVEDSTATE_DUMP_REPLACE) != 0;
	enum status status = STATUS_OK;

	if (options->Path != NULL)
		status = dump_file_begin(options->Path, replace, &request->sink, error);
	else
		request->sink = sink_of_caller(options);
	if (status != STATUS_OK || options->RegistersPath == NULL)
		return status;
	status = dump_file_begin(options->RegistersPath, replace, &request->registers_sink, error);
	if (status != STATUS_OK)
		request->sink.abandon(request->sink.context);
	return status;
}

static void write_result(VMSAVEDSTATE_DUMP_RESULT *result, const struct dump_outcome *outcome)
{
	VMSAVEDSTATE_DUMP_RESULT out = {
		.Format = public_formats[outcome->format],
		.Size = outcome->size,
		.WrittenSize = outcome->written,
		.MemorySize = outcome->memory_size,
		.MissingPages = outcome->missing_pages,
		.DamagedPages = outcome->damaged_pages,
	};

	memcpy(out.Remarks, outcome->remarks, sizeof(out.Remarks));
	if (result != NULL)
		output_write(result, &out, sizeof(out));
}

static enum status write_dump(struct provider *provider, VMSAVEDSTATE_DUMP_OPTIONS *options,
			      VMSAVEDSTATE_DUMP_RESULT *result, struct error *error)
{
	const struct dump_guest guest = {
		provider->state, provider->memory, provider->overrides
	};
	struct dump_request request = {
		.keep_going = (options->Flags & VMSAVEDSTATE_DUMP_KEEP_GOING) != 0,
		.no_qemu_notes = (options->Flags & VMSAVEDSTATE_DUMP_NO_QEMU_NOTES) != 0,
		.without_kernel = (options->Flags & VMSAVEDSTATE_DUMP_WITHOUT_KERNEL) != 0,
		.vp_id = options->VpId,
		.threads = options->Threads,
		.progress = options->Progress != NULL ? report_progress : NULL,
		.progress_context = options,
		.left_out = options->LeftOut != NULL ? report_left_out : NULL,
		.left_out_context = options,
	};
	struct dump_outcome outcome;
	enum status status;

	if (!find_format(options->Format, &request.format))
		return error_set(error, STATUS_INVALID_ARGUMENT, "there is no dump format %d",
				 (int)options->Format);
	status = begin_sinks(options, &request, error);
	if (status == STATUS_OK)
		status = dump_write(&guest, &request, &outcome, error);
	if (status == STATUS_OK)
		write_result(result, &outcome);
	return status;
}

HRESULT VmSavedStateWriteDump(VM_SAVED_STATE_DUMP_HANDLE handle,
			      const VMSAVEDSTATE_DUMP_OPTIONS *options,
			      VMSAVEDSTATE_DUMP_RESULT *result)
{
	struct call call;

	if (call_begin(&call, handle, HANDLE_READS) && check_options(&call, options) &&
	    (result == NULL || output_has_room(&call, result, sizeof(*result)))) {
		VMSAVEDSTATE_DUMP_OPTIONS own = *options;

		call.status = write_dump(call.provider, &own, result, &call.error);
	}
	return call_end(&call);
}
