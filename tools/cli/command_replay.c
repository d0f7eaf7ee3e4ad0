/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>

#include "failure.h"
#include "json_writer.h"
#include "print.h"
#include "saved_state.h"

static BOOL CALLBACK print_entry(void *context, const VMSAVEDSTATE_REPLAY_ENTRY *entry)
{
	char size[SIZE_TEXT_SIZE];

	(void)context;
	printf("  %s at 0x%" PRIX64 ", to be written to 0x%" PRIX64 "\n",
	       size_text(entry->Size, size), entry->PayloadOffset, entry->DestinationOffset);
	return FALSE;
}

static BOOL CALLBACK write_entry(void *context, const VMSAVEDSTATE_REPLAY_ENTRY *entry)
{
	struct json_writer *json = context;

	json_object_begin(json, NULL);
	json_number(json, "size", entry->Size);
	json_hex(json, "destination", entry->DestinationOffset, 1);
	json_hex(json, "payload", entry->PayloadOffset, 1);
	json_close(json);
	return FALSE;
}

static void print_log(const VMSAVEDSTATE_SOURCE *source, const VMSAVEDSTATE_REPLAY_LOG *log,
		      bool applied)
{
	char size[SIZE_TEXT_SIZE];

	if (log->PendingCount == 0) {
		printf("Nothing is pending in the replay log.\n");
		return;
	}
	printf("%u write%s pending in the replay log (%s at 0x%" PRIX64 ", room for %u):\n",
	       log->PendingCount, log->PendingCount == 1 ? " is" : "s are",
	       size_text(log->LogSize, size), log->LogOffset, log->MaximumCount);
	VmSavedStateGetReplayLog(source, print_entry, NULL, NULL);
	if (!applied)
		printf("Every command sees the file as if they had been made; "
		       "'replay --apply' makes them.\n");
}

static void write_log(struct json_writer *json, const VMSAVEDSTATE_SOURCE *source,
		      const VMSAVEDSTATE_REPLAY_LOG *log)
{
	json_begin(json, stdout);
	json_number(json, "pending", log->PendingCount);
	json_number(json, "maximum", log->MaximumCount);
	json_hex(json, "log_offset", log->LogOffset, 1);
	json_number(json, "log_size", log->LogSize);
	json_array_begin(json, "entries");
	if (log->PendingCount > 0)
		VmSavedStateGetReplayLog(source, write_entry, json, NULL);
	json_close(json);
}

static enum exit_code apply(const VMSAVEDSTATE_SOURCE *source)
{
	HRESULT result = VmSavedStateApplyReplayLog(source->Path);

	if (FAILED(result))
		return fail_call(EXIT_NOT_WRITTEN, NULL, result, source->Path);
	return EXIT_DONE;
}

enum exit_code command_replay(const struct arguments *arguments)
{
	struct saved_state state;
	VMSAVEDSTATE_REPLAY_LOG log = { .StructSize = sizeof(log) };
	bool as_json = arguments->given[OPTION_JSON];
	bool wanted = arguments->given[OPTION_APPLY];
	struct json_writer json;
	enum exit_code code = EXIT_DONE;
	HRESULT result;

	saved_state_locate(arguments, &state);
	result = VmSavedStateGetReplayLog(&state.source, NULL, NULL, &log);
	if (FAILED(result)) {
		code = saved_state_fail(&state, result);
		saved_state_close(&state);
		return code;
	}
	if (as_json)
		write_log(&json, &state.source, &log);
	else
		print_log(&state.source, &log, wanted);
	wanted = wanted && log.PendingCount > 0;
	if (wanted)
		code = apply(&state.source);
	if (as_json) {
		json_boolean(&json, "applied", wanted && code == EXIT_DONE);
		json_end(&json);
	} else if (wanted && code == EXIT_DONE) {
		printf("They have been made, and the log is empty.\n");
	}
	saved_state_close(&state);
	return code;
}
