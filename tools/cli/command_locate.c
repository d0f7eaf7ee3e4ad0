/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "failure.h"
#include "json_writer.h"
#include "print.h"

struct found_list {
	struct json_writer *json;	/* NULL for text */
	size_t item_count;
	size_t problem_count;
	bool is_begun;			/* the JSON, and then its list of problems */
	bool has_problems_begun;
};

enum { TIME_TEXT_SIZE = 32 };

/* "2026-11-21T01:00:00Z"; "" for 0, which stands for no time. */
static const char *time_text(INT64 seconds, char text[TIME_TEXT_SIZE])
{
	time_t moment = (time_t)seconds;
	const struct tm *parts = seconds != 0 ? gmtime(&moment) : NULL;

	text[0] = '\0';
	if (parts != NULL)
		strftime(text, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", parts);
	return text;
}

static const char *state_text(VMSAVEDSTATE_FOUND_STATE state)
{
	switch (state) {
	case VMSAVEDSTATE_STATE_NONE:
		return "no state files";
	case VMSAVEDSTATE_STATE_NO_MEMORY:
		return "no memory saved";
	case VMSAVEDSTATE_STATE_SAVED:
		return "saved";
	case VMSAVEDSTATE_STATE_SAVED_PAIR:
		return "saved, as a pair";
	default:
		return "not readable";
	}
}

static const char *state_name(VMSAVEDSTATE_FOUND_STATE state)
{
	switch (state) {
	case VMSAVEDSTATE_STATE_NONE:
		return "none";
	case VMSAVEDSTATE_STATE_NO_MEMORY:
		return "no-memory";
	case VMSAVEDSTATE_STATE_SAVED:
		return "saved";
	case VMSAVEDSTATE_STATE_SAVED_PAIR:
		return "saved-pair";
	default:
		return "unreadable";
	}
}

/* ---- for people ----------------------------------------------------------------- */

static void print_path(const char *path, const char *indent)
{
	if (path == NULL)
		return;
	printf("%s  ", indent);
	print_safely(stdout, path);
	printf("\n");
}

static void print_item(const VMSAVEDSTATE_FOUND *found)
{
	bool is_checkpoint = found->Kind == VMSAVEDSTATE_FOUND_CHECKPOINT;
	const char *name = is_checkpoint ? found->CheckpointName : found->VmName;
	const char *id = is_checkpoint ? found->CheckpointId : found->VmId;
	const char *indent = is_checkpoint && found->VmName != NULL ? "  " : "";
	char size[SIZE_TEXT_SIZE], modified[TIME_TEXT_SIZE];

	printf("%s%s", indent, is_checkpoint ? "checkpoint " : "");
	print_quoted(stdout, name);
	if (id[0] != '\0')
		printf(" (%s)", id);
	printf(": %s", state_text(found->State));
	if (found->ModifiedTime != 0)
		printf(", %s, %s", size_text(found->Size, size),
		       time_text(found->ModifiedTime, modified));
	printf("%s\n", is_checkpoint && found->VmName == NULL ? ", of an unknown VM" : "");
	print_path(found->VmrsPath, indent);
	print_path(found->BinPath, indent);
	print_path(found->VsvPath, indent);
	if (found->Problem != NULL)
		print_path(found->Problem, indent);
}

/* ---- JSON ----------------------------------------------------------------------- */

/* Not before the first item, so that a failure leaves no output. */
static void begin_items(struct found_list *list)
{
	if (list->is_begun)
		return;
	json_begin(list->json, stdout);
	json_array_begin(list->json, "found");
	list->is_begun = true;
}

static void write_item(struct found_list *list, const VMSAVEDSTATE_FOUND *found)
{
	struct json_writer *json = list->json;
	char modified[TIME_TEXT_SIZE];

	begin_items(list);
	json_object_begin(json, NULL);
	json_text(json, "kind", found->Kind == VMSAVEDSTATE_FOUND_VM ? "vm" : "checkpoint");
	json_text(json, "vm", found->VmName);
	json_text(json, "vm_id", found->VmId);
	json_text(json, "checkpoint", found->CheckpointName);
	json_text(json, "checkpoint_id", found->CheckpointId);
	json_text(json, "state", state_name(found->State));
	json_text(json, "vmrs", found->VmrsPath);
	json_text(json, "bin", found->BinPath);
	json_text(json, "vsv", found->VsvPath);
	json_number(json, "size", found->Size);
	json_text(json, "modified",
		  found->ModifiedTime != 0 ? time_text(found->ModifiedTime, modified) : NULL);
	json_text(json, "configuration", found->Path);
	json_hex(json, "vm_version", found->VmVersion, 4);
	json_number(json, "memory", found->MemorySize);
	json_number(json, "processors", found->ProcessorCount);
	json_text(json, "problem", found->Problem);
	json_close(json);
}

/* Problems come last; the array of items ends where theirs begins. */
static void begin_problems(struct found_list *list)
{
	if (list->has_problems_begun)
		return;
	begin_items(list);
	json_close(list->json);
	json_array_begin(list->json, "problems");
	list->has_problems_begun = true;
}

static void write_problem(struct found_list *list, const VMSAVEDSTATE_FOUND *found)
{
	begin_problems(list);
	json_object_begin(list->json, NULL);
	json_text(list->json, "path", found->Path);
	json_text(list->json, "problem", found->Problem);
	json_close(list->json);
}

/* ---- either --------------------------------------------------------------------- */

static BOOL CALLBACK show_found(void *context, const VMSAVEDSTATE_FOUND *found)
{
	struct found_list *list = context;
	bool is_problem = found->Kind == VMSAVEDSTATE_FOUND_PROBLEM;

	if (is_problem)
		list->problem_count++;
	else
		list->item_count++;
	if (list->json == NULL && is_problem)
		warn("passed over: %s", found->Problem);
	else if (list->json == NULL)
		print_item(found);
	else if (is_problem)
		write_problem(list, found);
	else
		write_item(list, found);
	return ferror(stdout) != 0;
}

/* The environment variable is all there is to look along, but on Windows. */
static enum exit_code fail_without_vms(void)
{
	const char *path = getenv("VMSAVEDSTATE_PATH");

	if (path == NULL || path[0] == '\0')
		return fail(EXIT_NOT_READ, "there is no VM in Hyper-V's own folder: let "
			    "VMSAVEDSTATE_PATH name the folder of VMs, or a drive of their host.");
	return fail(EXIT_NOT_READ, "there is no VM in the folders that VMSAVEDSTATE_PATH lists, "
		    "'%s': let it name the folder of VMs, or a drive of their host.", path);
}

enum exit_code command_locate(const struct arguments *arguments)
{
	const char *name = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
	const char *checkpoint = arguments->operand_count > 1 ? arguments->operands[1] : NULL;
	struct found_list list = { .json = NULL };
	struct json_writer json;
	HRESULT result;

	if (arguments->given[OPTION_JSON])
		list.json = &json;
	result = VmSavedStateLocate(NULL, name, checkpoint, show_found, &list);
	if (SUCCEEDED(result) && list.json != NULL)
		begin_problems(&list);
	if (list.is_begun)
		json_end(&json);
	if (FAILED(result))
		return fail_call(EXIT_NOT_READ, NULL, result, "VMSAVEDSTATE_PATH");
	if (list.item_count == 0 && checkpoint != NULL)
		return fail(EXIT_NOT_READ, "no VM '%s' has a checkpoint '%s'.", name, checkpoint);
	if (list.item_count == 0 && name != NULL)
		return fail(EXIT_NOT_READ, "there is no VM '%s'.", name);
	if (list.problem_count > 0)
		return EXIT_IN_PART;
	return list.item_count == 0 ? fail_without_vms() : EXIT_DONE;
}
