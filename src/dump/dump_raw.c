/* SPDX-License-Identifier: MIT */
#include "base/checked.h"
#include "dump/dump_job.h"
#include "platform/file.h"

/*
 * Missing and damaged memory keeps its place, also at the end: who reads the
 * dump knows addresses by the memory ranges alone.
 */
enum status dump_raw(struct dump_job *job, uint64_t *size_out, struct error *error)
{
	bool padded = job->request->format == DUMP_RAW;
	struct dump_layout layout = {
		.places = padded ? DUMP_PLACES_OF_ADDRESSES : DUMP_PLACES_OF_DESCRIBED
	};
	uint64_t pages = padded ? memory_runs_end(&job->described) : job->described.page_count;
	enum status status;

	if (pages > FILE_SIZE_LIMIT >> PAGE_SHIFT)
		return error_set(error, STATUS_NOT_IMPLEMENTED,
				 "the memory ranges come to 0x%llx pages, too many for a file with "
				 "a byte for each address", (unsigned long long)pages);
	*size_out = pages << PAGE_SHIFT;
	status = dump_job_write_pages(job, layout, error);
	job->outcome->memory_size -= job->outcome->damaged_pages << PAGE_SHIFT;
	return status;
}
