/* SPDX-License-Identifier: MIT */
#include "dump/dump.h"
#include "dump/dump_job.h"
#include "dump/left_out.h"
#include "dump/memory_stream.h"
#include "dump/snapshot_registers.h"
#include "platform/file.h"

#include <stdlib.h>

typedef enum status (*format_writer)(struct dump_job *job, uint64_t *size_out,
				     struct error *error);

static const format_writer writers[DUMP_FORMAT_COUNT] = {
	[DUMP_RAW] = dump_raw,
	[DUMP_RAW_WITHOUT_HOLES] = dump_raw,
	[DUMP_ELF] = dump_elf,
	[DUMP_WINDOWS] = dump_windows,
	[DUMP_WINDOWS_FULL] = dump_windows,
	[DUMP_WINDOWS_BITMAP] = dump_windows,
	[DUMP_SNAPSHOT] = dump_windows,
};

/* ---- Damage ------------------------------------------------------------------------ */

/* Which pages can be read, found out by reading them. */
struct survey {
	struct dump_job *job;
	struct memory_runs readable;
};

static enum status survey_pages(struct survey *survey, const struct memory_piece *piece,
				struct error *error)
{
	enum status status = STATUS_OK;

	for (size_t at = 0; at < piece->size && status == STATUS_OK; at += (size_t)PAGE_BYTES) {
		uint64_t gpa = piece->gpa + at;
		bool readable;

		status = dump_job_read_page(survey->job, gpa, piece->bytes, &readable, error);
		if (status == STATUS_OK && readable)
			status = memory_runs_add(&survey->readable, gpa >> PAGE_SHIFT, 1, error);
	}
	return status;
}

static enum status survey_piece(void *context, const struct memory_piece *piece,
				struct error *error)
{
	struct survey *survey = context;
	enum status status;

	if (piece->status == STATUS_OK)
		status = memory_runs_add(&survey->readable, piece->gpa >> PAGE_SHIFT,
					 piece->size >> PAGE_SHIFT, error);
	else
		status = survey_pages(survey, piece, error);
	if (status != STATUS_OK)
		return status;
	return dump_job_advance(survey->job, piece->size, error);
}

/* Takes damaged pages out of the runs, before a layout is made of them. */
static enum status leave_damage_out(struct dump_job *job, struct error *error)
{
	struct survey survey = { .job = job };
	const struct memory_stream stream = {
		.memory = job->guest.memory,
		.runs = &job->runs,
		.threads = job->request->threads,
		.receive = survey_piece,
		.context = &survey,
	};
	enum status status;

	job->progress_total += job->runs.page_count << PAGE_SHIFT;
	status = memory_stream_run(&stream, error);
	left_out_end(&job->left_out);
	if (status != STATUS_OK) {
		memory_runs_fini(&survey.readable);
		return status;
	}
	memory_runs_fini(&job->runs);
	job->runs = survey.readable;
	return STATUS_OK;
}

/* ---- The VPs ----------------------------------------------------------------------- */

/*
 * Windows runs in VTL 0; a VP that was saved in VTL 1 shows the secure kernel
 * unless its user forced a level.
 */
static struct vp_overrides *overrides_for_windows(const struct dump_guest *guest)
{
	uint32_t count = dump_guest_vp_count(guest);
	struct vp_overrides *overrides = malloc(count * sizeof(*overrides));

	for (uint32_t i = 0; overrides != NULL && i < count; i++) {
		const struct virtual_processor *vp;

		overrides[i] = guest->overrides[i];
		if (!overrides[i].active_vtl_forced &&
		    dump_guest_vp(guest, i, &vp, NULL) == STATUS_OK &&
		    vp_active_vtl(vp, &overrides[i]) != 0 &&
		    (vp_enabled_vtls(vp, &overrides[i]) & 1) != 0)
			vp_force_active_vtl(vp, &overrides[i], 0, NULL);
	}
	return overrides;
}

/* ---- The dump ---------------------------------------------------------------------- */

static bool is_raw(const struct dump_request *request)
{
	return request->format == DUMP_RAW || request->format == DUMP_RAW_WITHOUT_HOLES;
}

static enum status find_memory(struct dump_job *job, struct error *error)
{
	enum status status = memory_runs_described(job->guest.memory, &job->described, error);

	if (status == STATUS_OK)
		status = memory_runs_of(job->guest.state, job->guest.memory, &job->runs, error);
	if (status != STATUS_OK)
		return status;
	job->outcome->missing_pages = job->described.page_count - job->runs.page_count;
	left_out_missing(&job->left_out, &job->described, &job->runs);
	if (job->runs.page_count > FILE_SIZE_LIMIT >> (PAGE_SHIFT + 1))
		return error_set(error, STATUS_NOT_IMPLEMENTED,
				 "the memory ranges come to more than any file can hold");
	job->progress_total = job->runs.page_count << PAGE_SHIFT;
	if (job->request->keep_going && !is_raw(job->request))
		status = leave_damage_out(job, error);
	if (status == STATUS_OK && job->runs.page_count == 0)
		status = error_set(error, STATUS_NO_GUEST_MEMORY,
				   "the saved state holds no page of the guest's memory");
	return status;
}

static void remark_losses(struct dump_job *job)
{
	const struct dump_outcome *outcome = job->outcome;

	if (outcome->missing_pages > 0)
		dump_remark(job, "%llu page%s not in the saved state and not in the dump.",
			    (unsigned long long)outcome->missing_pages,
			    outcome->missing_pages == 1 ? " is" : "s are");
	if (outcome->damaged_pages > 0)
		dump_remark(job, "%llu damaged page%s left out.",
			    (unsigned long long)outcome->damaged_pages,
			    outcome->damaged_pages == 1 ? " was" : "s were");
}

static enum status write_all(struct dump_job *job, struct error *error)
{
	const struct dump_request *request = job->request;
	const struct virtual_processor *vp;
	enum status status = STATUS_OK;

	if (!is_raw(request))
		status = dump_guest_vp(&job->guest, request->vp_id, &vp, error);
	if (status == STATUS_OK)
		status = find_memory(job, error);
	if (status != STATUS_OK)
		return status;
	job->outcome->memory_size = job->runs.page_count << PAGE_SHIFT;
	status = writers[request->format](job, &job->outcome->size, error);
	remark_losses(job);
	return status;
}

/* Finishes the dump; what was not finished is abandoned. */
static enum status finish(const struct dump_request *request, const struct dump_outcome *outcome,
			  uint64_t registers_size, struct error *error)
{
	const struct dump_sink *registers = &request->registers_sink;
	const struct dump_sink *sink = &request->sink;
	enum status status = sink->finish(sink->context, outcome->size, error);

	if (status != STATUS_OK) {
		sink->abandon(sink->context);
		if (request->format == DUMP_SNAPSHOT)
			registers->abandon(registers->context);
		return status;
	}
	if (request->format == DUMP_SNAPSHOT) {
		status = registers->finish(registers->context, registers_size, error);
		if (status != STATUS_OK)
			registers->abandon(registers->context);
	}
	return status;
}

/* Both sinks are still open afterwards. */
static enum status write_both(struct dump_job *job, uint64_t *registers_size, struct error *error)
{
	const struct dump_request *request = job->request;
	enum status status = write_all(job, error);

	if (status == STATUS_OK && request->format == DUMP_SNAPSHOT)
		status = snapshot_registers_write(job, &request->registers_sink, registers_size,
						  error);
	memory_runs_fini(&job->described);
	memory_runs_fini(&job->runs);
	memory_fixes_fini(&job->patches);
	return status;
}

static void abandon(const struct dump_request *request)
{
	request->sink.abandon(request->sink.context);
	if (request->format == DUMP_SNAPSHOT)
		request->registers_sink.abandon(request->registers_sink.context);
}

enum status dump_write(const struct dump_guest *guest, const struct dump_request *request,
		       struct dump_outcome *out, struct error *error)
{
	struct dump_outcome outcome = { .format = request->format };
	struct dump_job job = {
		.request = request,
		.guest = *guest,
		.left_out = { .tell = request->left_out, .context = request->left_out_context },
		.outcome = &outcome,
	};
	struct vp_overrides *overrides = NULL;
	uint64_t registers_size = 0;
	enum status status = STATUS_OK;

	if (request->format >= DUMP_WINDOWS) {
		overrides = overrides_for_windows(guest);
		job.guest.overrides = overrides;
		if (overrides == NULL)
			status = error_out_of_memory(error, "the processors");
	}
	if (status == STATUS_OK)
		status = write_both(&job, &registers_size, error);
	free(overrides);
	if (status != STATUS_OK) {
		abandon(request);
		return status;
	}
	status = finish(request, &outcome, registers_size, error);
	if (status == STATUS_OK)
		*out = outcome;
	return status;
}
