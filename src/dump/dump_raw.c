/* SPDX-License-Identifier: MIT */
#include "base/checked.h"
#include "dump/dump_job.h"
#include "platform/file.h"

enum status dump_raw(struct dump_job *job, uint64_t *size_out, struct error *error)
{
	bool padded = job->request->format == DUMP_RAW;
	struct dump_layout layout = { .offset = 0, .by_address = padded };
	uint64_t pages = padded ? memory_runs_end(&job->runs) : job->runs.page_count;

	if (pages > FILE_SIZE_LIMIT >> PAGE_SHIFT)
		return error_set(error, STATUS_NOT_IMPLEMENTED,
				 "the guest has memory at 0x%llx pages, too high for a file with a "
				 "byte for each address", (unsigned long long)pages);
	*size_out = pages << PAGE_SHIFT;
	return dump_job_write_pages(job, layout, error);
}
