/* SPDX-License-Identifier: MIT */
/* Verification of a whole saved state. */
#include "api/call.h"
#include "api/output.h"
#include "api/source.h"
#include "base/checked.h"
#include "memory/ram_check.h"

_Static_assert((int)PART_COUNT == VMSAVEDSTATE_PART_COUNT &&
	       (int)PART_RAM_BLOCK == VMSAVEDSTATE_PART_RAM_BLOCK,
	       "parts have the same numbers inside and outside");

struct check {
	const struct chunk_map *map;	/* NULL until the saved state is open */
	VMSAVEDSTATE_PROBLEM_CALLBACK callback;
	VMSAVEDSTATE_CHECK_PROGRESS progress;
	void *context;
	uint64_t problems;
	struct damage damage;
	VMSAVEDSTATE_CHECK_REPORT report;
};

/* What a read answers to the fault: memory that is missing ends it, without a failure. */
static HRESULT result_of(enum status status)
{
	return status == STATUS_GPA_NOT_SAVED ? S_OK : hresult_of_status(status);
}

static void tell(struct check *check, enum saved_part part, const struct error *error,
		 uint64_t gpa, uint64_t bytes)
{
	VMSAVEDSTATE_PROBLEM problem = {
		.StructSize = sizeof(problem),
		.Part = (VMSAVEDSTATE_PART)part,
		.Result = result_of(error->status),
		.GuestAddress = gpa,
		.GuestBytes = bytes,
		.Text = error->text,
	};

	check->problems++;
	if (check->callback != NULL && check->callback(check->context, &problem))
		check->callback = NULL;
}

static void tell_damage(void *context, enum saved_part part, const struct error *error)
{
	tell(context, part, error, 0, 0);
}

/* A range may have 2^52 pages, whose bytes are one more than a number can say. */
static uint64_t bytes_of_pages(uint64_t pages)
{
	return pages > UINT64_MAX >> PAGE_SHIFT ? UINT64_MAX : pages << PAGE_SHIFT;
}

/* The guest addresses of pages of the saved RAM, one problem for each range they lie in. */
static void tell_fault(void *context, const struct ram_fault *fault)
{
	struct check *check = context;
	const struct chunk_range *ranges = check->map->ranges.items;
	uint64_t fault_end = fault->saved_page + fault->page_count;
	bool mapped = false;

	for (size_t i = 0; i < check->map->ranges.count; i++) {
		uint64_t from = max_u64(fault->saved_page, ranges[i].saved_page);
		uint64_t to = min_u64(fault_end, ranges[i].saved_page + ranges[i].page_count);

		if (from >= to)
			continue;
		mapped = true;
		tell(check, PART_RAM_BLOCK, &fault->error,
		     (ranges[i].gpa_page + (from - ranges[i].saved_page)) << PAGE_SHIFT,
		     bytes_of_pages(to - from));
	}
	if (!mapped)
		tell(check, PART_RAM_BLOCK, &fault->error, 0, 0);
}

static bool tell_progress(void *context, uint64_t done, uint64_t total)
{
	struct check *check = context;

	return check->progress == NULL || !check->progress(check->context, done, total);
}

static enum status check_ram(struct check *check, struct guest_memory *memory, UINT32 threads,
			     struct error *error)
{
	const struct ram_check_listener listener = { tell_fault, tell_progress, check };
	struct ram_check_counts counts = { 0 };
	enum status status;

	check->map = guest_memory_map(memory);
	check->report.PagesMissing =
		ram_check_missing(guest_memory_ram(memory), check->map, &listener);
	status = ram_check(guest_memory_ram(memory), threads, &listener, &counts, error);
	check->report.PagesChecked = counts.pages;
	check->report.PagesDamaged = counts.pages_damaged;
	check->damage.checked[PART_RAM_BLOCK] = counts.blocks;
	check->damage.damaged[PART_RAM_BLOCK] = counts.blocks_damaged;
	return status;
}

static enum status check_source(struct check *check, const VMSAVEDSTATE_SOURCE *source,
				UINT32 threads, struct error *error)
{
	struct provider *provider;
	struct file *file, *second;
	enum status status = source_open(source, &file, &second, error);

	if (status == STATUS_OK)
		status = provider_salvage(file, second, &check->damage, &provider, error);
	if (status != STATUS_OK)
		return status;
	status = check_ram(check, provider->memory, threads, error);
	provider_close(provider);
	return status;
}

HRESULT VmSavedStateCheck(const VMSAVEDSTATE_SOURCE *source, UINT32 threads,
			  VMSAVEDSTATE_PROBLEM_CALLBACK problem,
			  VMSAVEDSTATE_CHECK_PROGRESS progress, void *context,
			  VMSAVEDSTATE_CHECK_REPORT *report)
{
	struct check check = { .callback = problem, .progress = progress, .context = context };
	struct call call;
	HRESULT result;

	call_begin_free(&call);
	if (report != NULL && !output_has_room(&call, report, sizeof(*report)))
		return call_end(&call);
	check.damage.listener = tell_damage;
	check.damage.context = &check;
	call.status = check_source(&check, source, threads, &call.error);
	for (size_t i = 0; i < VMSAVEDSTATE_PART_COUNT; i++) {
		check.report.Checked[i] = check.damage.checked[i];
		check.report.Damaged[i] = check.damage.damaged[i];
	}
	if (report != NULL)
		output_write(report, &check.report, sizeof(check.report));
	result = call_end(&call);
	return result == S_OK && check.problems > 0 ? S_FALSE : result;
}
