/* SPDX-License-Identifier: MIT */
#include "dump/dump_job.h"
#include "dump/memory_stream.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void dump_remark(struct dump_job *job, const char *format, ...)
{
	char *remarks = job->outcome->remarks;
	size_t used = strlen(remarks);
	size_t room = DUMP_REMARKS_SIZE - used;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(remarks + used, room, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length + 2 > room)
		remarks[used] = '\0';	/* a sentence that does not fit is left out whole */
	else
		memcpy(remarks + used + length, "\n", 2);
}

enum status dump_job_write(struct dump_job *job, uint64_t offset, const void *bytes, size_t size,
			   struct error *error)
{
	const struct dump_sink *sink = &job->request->sink;

	job->outcome->written += size;
	return sink->write_at(sink->context, offset, bytes, size, error);
}

enum status dump_job_advance(struct dump_job *job, size_t size, struct error *error)
{
	const struct dump_request *request = job->request;

	job->progress_done += size;
	if (request->progress == NULL ||
	    request->progress(request->progress_context, job->progress_done,
			      job->progress_total))
		return STATUS_OK;
	return error_set(error, STATUS_CANCELLED, "the dump was cancelled");
}

static enum status run_stream(struct dump_job *job, memory_piece_receiver receive, void *context,
			      struct error *error)
{
	const struct memory_stream stream = {
		.memory = job->guest.memory,
		.runs = &job->runs,
		.threads = job->request->threads,
		.receive = receive,
		.context = context,
	};

	return memory_stream_run(&stream, error);
}

/* ---- Pages ------------------------------------------------------------------------- */

struct page_writer {
	struct dump_job *job;
	struct dump_layout layout;
};

static bool is_zero_page(const uint8_t *page)
{
	return page[0] == 0 && memcmp(page, page + 1, (size_t)PAGE_BYTES - 1) == 0;
}

/* The bytes up to the first page that is of the other kind. */
static size_t run_of_pages(const uint8_t *bytes, size_t size, bool zero)
{
	size_t run = 0;

	while (run < size && is_zero_page(bytes + run) == zero)
		run += (size_t)PAGE_BYTES;
	return run;
}

static enum status write_without_zeros(struct dump_job *job, uint64_t offset, const uint8_t *bytes,
				       size_t size, struct error *error)
{
	enum status status = STATUS_OK;

	for (size_t at = 0; at < size && status == STATUS_OK;) {
		size_t run;

		at += run_of_pages(bytes + at, size - at, true);
		run = run_of_pages(bytes + at, size - at, false);
		if (run > 0)
			status = dump_job_write(job, offset + at, bytes + at, run, error);
		at += run;
	}
	return status;
}

static enum status write_piece(void *context, const struct memory_piece *piece,
			       struct error *error)
{
	const struct page_writer *writer = context;
	struct dump_job *job = writer->job;
	uint64_t offset = writer->layout.offset +
			  (writer->layout.by_address ? piece->gpa : piece->position);
	enum status status;

	if (piece->status != STATUS_OK)
		return error_set(error, piece->status, "%s", piece->error->text);
	if (!memory_fixes_empty(&job->patches))
		memory_fixes_overlay(&job->patches, piece->gpa, piece->bytes, piece->size);
	status = write_without_zeros(job, offset, piece->bytes, piece->size, error);
	if (status != STATUS_OK)
		return status;
	return dump_job_advance(job, piece->size, error);
}

enum status dump_job_write_pages(struct dump_job *job, struct dump_layout layout,
				 struct error *error)
{
	struct page_writer writer = { job, layout };

	return run_stream(job, write_piece, &writer, error);
}

/* ---- Searches ---------------------------------------------------------------------- */

struct searcher {
	struct dump_job *job;
	dump_search search;
	void *context;
	bool found;
};

/* A find ends the stream with a status of its own, which goes no further. */
static enum status search_piece(void *context, const struct memory_piece *piece,
				struct error *error)
{
	struct searcher *searcher = context;

	if (piece->status == STATUS_OK &&
	    searcher->search(searcher->context, piece->gpa, piece->bytes, piece->size)) {
		searcher->found = true;
		return STATUS_CANCELLED;
	}
	return dump_job_advance(searcher->job, piece->size, error);
}

enum status dump_job_search(struct dump_job *job, dump_search search, void *context,
			    struct error *error)
{
	uint64_t memory_size = job->runs.page_count << PAGE_SHIFT;
	uint64_t begun = job->progress_done;
	struct searcher searcher = { job, search, context, false };
	enum status status;

	job->progress_total += memory_size;
	status = run_stream(job, search_piece, &searcher, error);
	if (searcher.found) {
		job->progress_done = begun + memory_size;
		return STATUS_OK;
	}
	return status;
}
