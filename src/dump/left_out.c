/* SPDX-License-Identifier: MIT */
#include "dump/left_out.h"

void left_out_add(struct left_out *left_out, uint64_t page, uint64_t page_count,
		  enum status status)
{
	struct memory_run *run = &left_out->run;

	if (page_count == 0)
		return;
	if (run->page_count > 0 && status == left_out->status &&
	    run->page + run->page_count == page) {
		run->page_count += page_count;
		return;
	}
	left_out_end(left_out);
	run->page = page;
	run->page_count = page_count;
	left_out->status = status;
}

void left_out_end(struct left_out *left_out)
{
	struct memory_run *run = &left_out->run;

	if (run->page_count > 0 && left_out->tell != NULL)
		left_out->tell(left_out->context, run->page << PAGE_SHIFT,
			       run->page_count << PAGE_SHIFT, left_out->status);
	run->page_count = 0;
}

void left_out_missing(struct left_out *left_out, const struct memory_runs *described,
		      const struct memory_runs *saved)
{
	size_t next = 0;

	for (size_t i = 0; i < memory_runs_count(described); i++) {
		const struct memory_run *range = memory_runs_at(described, i);
		uint64_t end = range->page + range->page_count;
		uint64_t page = range->page;

		for (; next < memory_runs_count(saved); next++) {
			const struct memory_run *run = memory_runs_at(saved, next);

			if (run->page >= end)
				break;
			left_out_add(left_out, page, run->page - page, STATUS_OK);
			page = run->page + run->page_count;
		}
		left_out_add(left_out, page, end - page, STATUS_OK);
	}
	left_out_end(left_out);
}
