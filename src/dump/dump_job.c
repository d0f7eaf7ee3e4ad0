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
	    !request->progress(request->progress_context, job->progress_done,
			       job->progress_total))
		return STATUS_OK;
	return error_set(error, STATUS_CANCELLED, "the dump was cancelled");
}

enum status dump_job_read_page(struct dump_job *job, uint64_t gpa, uint8_t *page,
			       bool *readable_out, struct error *error)
{
	size_t count;
	enum status status = guest_memory_read(job->guest.memory, gpa, page, (size_t)PAGE_BYTES,
					       &count, error);

	if (status == STATUS_OUT_OF_MEMORY)
		return status;	/* no damage: another try may succeed */
	*readable_out = status == STATUS_OK && count == PAGE_BYTES;
	if (*readable_out)
		return STATUS_OK;
	error_clear(error);
	memset(page, 0, (size_t)PAGE_BYTES);
	left_out_add(&job->left_out, gpa >> PAGE_SHIFT, 1,
		     status != STATUS_OK ? status : STATUS_READ_FAILED);
	job->outcome->damaged_pages++;
	return STATUS_OK;
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
	size_t described;		/* the described run that the last piece was in */
	uint64_t pages_before;		/* of the described runs before it */
};

/* Pieces ascend, and each lies in one described run. */
static uint64_t offset_in_described(struct page_writer *writer, uint64_t page)
{
	const struct memory_runs *runs = &writer->job->described;
	const struct memory_run *run = memory_runs_at(runs, writer->described);

	while (page - run->page >= run->page_count) {
		writer->pages_before += run->page_count;
		run = memory_runs_at(runs, ++writer->described);
	}
	return (writer->pages_before + (page - run->page)) << PAGE_SHIFT;
}

static uint64_t offset_of(struct page_writer *writer, const struct memory_piece *piece)
{
	switch (writer->layout.places) {
	case DUMP_PLACES_OF_ADDRESSES:
		return writer->layout.offset + piece->gpa;
	case DUMP_PLACES_OF_DESCRIBED:
		return writer->layout.offset +
		       offset_in_described(writer, piece->gpa >> PAGE_SHIFT);
	case DUMP_PLACES_OF_RUNS:
	default:
		return writer->layout.offset + piece->position;
	}
}

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

/* The failure of a piece, by the address of the first page that is the cause. */
static enum status piece_failed(const struct dump_job *job, const struct memory_piece *piece,
				struct error *error)
{
	for (size_t at = 0; at < piece->size; at += (size_t)PAGE_BYTES) {
		size_t count;
		enum status status = guest_memory_read(job->guest.memory, piece->gpa + at,
						       piece->bytes, (size_t)PAGE_BYTES, &count,
						       error);

		if (status != STATUS_OK)
			return status;
	}
	return error_set(error, piece->status, "%s", piece->error->text);
}

/* A piece that could not be read whole is read page by page, if that is asked for. */
static enum status read_pages(const struct page_writer *writer, const struct memory_piece *piece,
			      struct error *error)
{
	enum status status = STATUS_OK;
	bool readable;

	if (!writer->job->request->keep_going || writer->layout.places == DUMP_PLACES_OF_RUNS)
		return piece_failed(writer->job, piece, error);
	for (size_t at = 0; at < piece->size && status == STATUS_OK; at += (size_t)PAGE_BYTES)
		status = dump_job_read_page(writer->job, piece->gpa + at, piece->bytes + at,
					    &readable, error);
	return status;
}

static enum status write_piece(void *context, const struct memory_piece *piece,
			       struct error *error)
{
	struct page_writer *writer = context;
	struct dump_job *job = writer->job;
	uint64_t offset = offset_of(writer, piece);
	enum status status = STATUS_OK;

	if (piece->status != STATUS_OK)
		status = read_pages(writer, piece, error);
	if (status != STATUS_OK)
		return status;
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
	struct page_writer writer = { .job = job, .layout = layout };
	enum status status = run_stream(job, write_piece, &writer, error);

	left_out_end(&job->left_out);
	return status;
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
