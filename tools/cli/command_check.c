/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>

#include "failure.h"
#include "json_writer.h"
#include "memory_ranges.h"
#include "print.h"
#include "progress.h"
#include "saved_state.h"
#include "words.h"

enum { RAM_BLOCK_SIZE = 1 << 20 };	/* guest memory in one block */

struct checking {
	const struct saved_state *state;
	struct json_writer *json;	/* NULL for text */
	bool begun;			/* whether the JSON has a beginning */
	struct progress progress;
	bool progress_begun;
	uint64_t problems;
	uint64_t lost;			/* bytes of guest memory */
	VMSAVEDSTATE_CHECK_REPORT report;
};

/* ---- What it costs ------------------------------------------------------- */

/* Whole pages are lost; of 2^64 bytes, GuestBytes can only say one less. */
static uint64_t last_address(const VMSAVEDSTATE_PROBLEM *problem)
{
	return (problem->GuestAddress + (problem->GuestBytes - 1)) | (GUEST_PAGE_SIZE - 1);
}

/* What is lost at several addresses is told once. */
static void add_lost(struct checking *checking, const VMSAVEDSTATE_PROBLEM *problem)
{
	uint64_t addresses = 1 + (uint64_t)problem->MoreAddresses;
	uint64_t room = UINT64_MAX - checking->lost;

	checking->lost += problem->GuestBytes > room / addresses
				  ? room
				  : problem->GuestBytes * addresses;
}

/* ---- Text --------------------------------------------------------------- */

static void print_problem(const VMSAVEDSTATE_PROBLEM *problem)
{
	char size[SIZE_TEXT_SIZE];

	print_label(part_text(problem->Part));
	print_safely(stdout, problem->Text);
	if (FAILED(problem->Result))
		printf(" (0x%08X)", (unsigned)problem->Result);
	if (problem->GuestBytes > 0)
		printf(", costs 0x%" PRIX64 " - 0x%" PRIX64 ", %s", problem->GuestAddress,
		       last_address(problem), size_text(problem->GuestBytes, size));
	printf("\n");
}

static void print_part(const VMSAVEDSTATE_CHECK_REPORT *report, VMSAVEDSTATE_PART part)
{
	uint64_t checked = report->Checked[part];
	uint64_t damaged = report->Damaged[part];

	print_label(parts_text(part));
	if (checked == 0 && damaged == 0)
		printf("there is none to check\n");
	else if (damaged == 0)
		printf("%" PRIu64 " checked, sound\n", checked);
	else if (checked == 0)
		printf("there is none, but there should be\n");
	else
		printf("%" PRIu64 " checked, %" PRIu64 " damaged\n", checked, damaged);
}

static void print_pages(const VMSAVEDSTATE_CHECK_REPORT *report)
{
	print_label("Pages");
	printf("%" PRIu64 " decoded", report->PagesChecked - report->PagesDamaged);
	if (report->PagesDamaged > 0)
		printf(", %" PRIu64 " damaged", report->PagesDamaged);
	if (report->PagesMissing > 0)
		printf(", %" PRIu64 " missing", report->PagesMissing);
	printf("\n");
}

static void print_report(const struct checking *checking)
{
	char size[SIZE_TEXT_SIZE];

	if (checking->problems > 0)
		printf("\n");
	for (int part = 0; part < VMSAVEDSTATE_PART_COUNT; part++)
		print_part(&checking->report, (VMSAVEDSTATE_PART)part);
	print_pages(&checking->report);
	print_label("Verdict");
	if (checking->problems == 0) {
		printf("sound\n");
		return;
	}
	printf("damaged, %" PRIu64 " problem%s", checking->problems,
	       checking->problems == 1 ? "" : "s");
	if (checking->lost > 0)
		printf(", %s of the guest's memory cannot be read",
		       size_text(checking->lost, size));
	printf("\n");
}

/* ---- JSON --------------------------------------------------------------- */

/* Not before there is something to tell, so that a file that is refused leaves no output. */
static void begin_json(struct checking *checking)
{
	if (checking->begun)
		return;
	json_begin(checking->json, stdout);
	json_text(checking->json, "file", checking->state->source.Path);
	json_text(checking->json, "second_file", checking->state->source.SecondPath);
	json_array_begin(checking->json, "problems");
	checking->begun = true;
}

static void write_problem(struct json_writer *json, const VMSAVEDSTATE_PROBLEM *problem)
{
	json_object_begin(json, NULL);
	json_text(json, "part", part_name(problem->Part));
	json_text(json, "text", problem->Text);
	json_hex(json, "result", (UINT32)problem->Result, 8);
	if (problem->GuestBytes > 0) {
		json_hex(json, "start", problem->GuestAddress, 1);
		json_number(json, "size", problem->GuestBytes);
		if (problem->MoreAddresses > 0)
			json_number(json, "more_addresses", problem->MoreAddresses);
	}
	json_close(json);
}

static void write_report(struct checking *checking)
{
	const VMSAVEDSTATE_CHECK_REPORT *report = &checking->report;
	struct json_writer *json = checking->json;

	begin_json(checking);
	json_close(json);
	json_object_begin(json, "parts");
	for (int part = 0; part < VMSAVEDSTATE_PART_COUNT; part++) {
		json_object_begin(json, part_name((VMSAVEDSTATE_PART)part));
		json_number(json, "checked", report->Checked[part]);
		json_number(json, "damaged", report->Damaged[part]);
		json_close(json);
	}
	json_close(json);
	json_number(json, "pages_checked", report->PagesChecked);
	json_number(json, "pages_damaged", report->PagesDamaged);
	json_number(json, "pages_missing", report->PagesMissing);
	json_number(json, "lost_size", checking->lost);
	json_boolean(json, "sound", checking->problems == 0);
}

/* ---- The check ---------------------------------------------------------- */

static BOOL CALLBACK tell_problem(void *context, const VMSAVEDSTATE_PROBLEM *problem)
{
	struct checking *checking = context;

	progress_hide(&checking->progress);
	if (checking->json != NULL) {
		begin_json(checking);
		write_problem(checking->json, problem);
	} else {
		print_problem(problem);
	}
	checking->problems++;
	add_lost(checking, problem);
	return ferror(stdout) != 0;
}

static BOOL CALLBACK tell_progress(void *context, UINT64 done, UINT64 total)
{
	struct checking *checking = context;

	if (!checking->progress_begun)
		progress_begin(&checking->progress, total * RAM_BLOCK_SIZE);
	checking->progress_begun = true;
	progress_update(&checking->progress, done * RAM_BLOCK_SIZE);
	return platform_interrupted() || ferror(stdout);
}

static enum exit_code report_result(struct checking *checking, HRESULT result)
{
	if (result == VMSAVEDSTATE_E_CANCELLED && platform_interrupted())
		return fail(EXIT_INTERRUPTED, "interrupted; not all of %s was checked.",
			    checking->state->source.Path);
	/* Else it was the output that failed, which is told where the program ends. */
	if (result == VMSAVEDSTATE_E_CANCELLED)
		return EXIT_DONE;
	if (FAILED(result))
		return saved_state_fail(checking->state, result);
	saved_state_warn_of_half(checking->state);
	if (checking->json != NULL)
		write_report(checking);
	else
		print_report(checking);
	return checking->problems > 0 ? EXIT_IN_PART : EXIT_DONE;
}

enum exit_code command_check(const struct arguments *arguments)
{
	struct saved_state state;
	struct json_writer json;
	struct checking checking = {
		.state = &state,
		.json = arguments->given[OPTION_JSON] ? &json : NULL,
		.report = { .StructSize = sizeof(checking.report) },
	};
	enum exit_code code;
	HRESULT result;

	saved_state_locate(arguments, &state);
	platform_watch_interrupt();
	result = VmSavedStateCheck(&state.source, (UINT32)arguments->numbers[OPTION_THREADS],
				   tell_problem, tell_progress, &checking, &checking.report);
	progress_end(&checking.progress);
	code = report_result(&checking, result);
	if (checking.begun)
		json_end(&json);
	saved_state_close(&state);
	return code;
}
