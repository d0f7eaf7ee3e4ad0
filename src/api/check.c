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

/* A range may have 2^52 pages, whose bytes are one more than a number can say. */
static uint64_t bytes_of_pages(uint64_t pages)
{
	return pages > UINT64_MAX >> PAGE_SHIFT ? UINT64_MAX : pages << PAGE_SHIFT;
}

static void tell(struct check *check, enum saved_part part, const struct ram_fault *fault)
{
	VMSAVEDSTATE_PROBLEM problem = {
		.StructSize = sizeof(problem),
		.Part = (VMSAVEDSTATE_PART)part,
		.Result = result_of(fault->error->status),
		.MoreAddresses = (UINT32)min_u64(fault->more_places, UINT32_MAX),
		.GuestAddress = fault->gpa_page << PAGE_SHIFT,
		.GuestBytes = bytes_of_pages(fault->page_count),
		.Text = fault->error->text,
	};

	check->problems++;
	if (check->callback != NULL && check->callback(check->context, &problem))
		check->callback = NULL;
}

static void tell_damage(void *context, enum saved_part part, const struct error *error)
{
	const struct ram_fault no_memory = { .error = error };

	tell(context, part, &no_memory);
}

static void tell_fault(void *context, const struct ram_fault *fault)
{
	struct ram_fault shared = *fault;
	struct error error;

	if (fault->more_places > 0) {
		error_set(&error, fault->error->status, "%s; the same is lost at %llu more address%s",
			  fault->error->text, (unsigned long long)fault->more_places,
			  fault->more_places > 1 ? "es" : "");
		shared.error = &error;
	}
	tell(context, PART_RAM_BLOCK, &shared);
}

static bool tell_progress(void *context, uint64_t done, uint64_t total)
{
	struct check *check = context;

	return check->progress == NULL || !check->progress(check->context, done, total);
}

/* The original lists such memory among the chunks, so it is no reason to refuse a file. */
static void check_memory_blocks(struct check *check, const struct guest_memory *memory)
{
	size_t count;
	const struct memory_block *blocks = guest_memory_blocks(memory, &count);

	for (size_t i = 0; i < count; i++) {
		const struct chunk_source source = { blocks[i].gpa_page, blocks[i].page_count,
						     blocks[i].saved_page };
		struct error error;

		if (!chunk_source_is_impossible(&source))
			continue;
		error_set(&error, STATUS_CORRUPT_RANGE,
			  "a memory block of 0x%llx pages, at page 0x%llx of the guest and page "
			  "0x%llx of the saved memory, runs past the last address there can be: "
			  "none of it is used",
			  (unsigned long long)source.page_count,
			  (unsigned long long)source.gpa_page,
			  (unsigned long long)source.saved_page);
		check->damage.damaged[PART_MEMORY_MAP]++;
		tell_damage(check, PART_MEMORY_MAP, &error);
	}
}

static void tell_all_lost(struct check *check, const struct chunk_map *map,
			  const struct error *error)
{
	const struct chunk_range *ranges = map->ranges.items;

	if (map->ranges.count == 0)
		tell_damage(check, PART_RAM_BLOCK, error);
	for (size_t i = 0; i < map->ranges.count; i++) {
		const struct ram_fault fault = { ranges[i].gpa_page, ranges[i].page_count, 0,
						 error };

		tell(check, PART_RAM_BLOCK, &fault);
	}
}

static enum status check_ram(struct check *check, struct guest_memory *memory, UINT32 threads,
			     struct error *error)
{
	const struct ram_check_listener listener = { tell_fault, tell_progress, check };
	struct ram_check_counts counts = { 0 };
	struct error unknown;
	enum status status;

	/* RAM that nobody can read is there all the same: none of it is told to be missing. */
	if (guest_memory_check_layout(memory, &unknown) != STATUS_OK) {
		tell_all_lost(check, guest_memory_map(memory), &unknown);
		return STATUS_OK;
	}
	status = ram_check(guest_memory_ram(memory), guest_memory_map(memory), threads, &listener,
			   &counts, error);
	check->report.PagesChecked = counts.pages;
	check->report.PagesDamaged = counts.pages_damaged;
	check->report.PagesMissing = counts.pages_missing;
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
	check_memory_blocks(check, provider->memory);
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
