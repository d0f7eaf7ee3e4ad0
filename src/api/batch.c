/* SPDX-License-Identifier: MIT */
/* Many reads of guest memory in one call. */
#include "api/call.h"
#include "platform/parallel.h"

#include <vmsavedstatedump_ext.h>

#include <stdatomic.h>

/* The reads of one MiB of guest memory: order[first] to order[first + count - 1]. */
struct read_group {
	UINT32 first;
	UINT32 count;
};

struct batch {
	struct guest_memory *memory;
	VMSAVEDSTATE_READ *reads;
	struct vector order;	/* of struct ordered_read */
	struct vector groups;	/* of struct read_group */
	atomic_bool failed;
};

struct ordered_read {
	uint64_t gpa;
	UINT32 index;
};

static int compare_reads(const void *a, const void *b)
{
	const struct ordered_read *left = a, *right = b;

	if (left->gpa != right->gpa)
		return left->gpa < right->gpa ? -1 : 1;
	return (left->index > right->index) - (left->index < right->index);
}

static void make_read(struct batch *batch, VMSAVEDSTATE_READ *read)
{
	enum status status = STATUS_INVALID_ARGUMENT;
	size_t count = 0;

	if (read->Buffer != NULL)
		status = guest_memory_read(batch->memory, read->PhysicalAddress, read->Buffer,
					   read->Length, &count, NULL);
	read->BytesRead = (UINT32)count;
	read->Result = hresult_of_status(status);
	if (status != STATUS_OK)
		atomic_store(&batch->failed, true);
}

static void make_group(void *context, size_t index)
{
	struct batch *batch = context;
	const struct read_group *group = (const struct read_group *)batch->groups.items + index;
	const struct ordered_read *order = batch->order.items;

	for (UINT32 i = 0; i < group->count; i++)
		make_read(batch, &batch->reads[order[group->first + i].index]);
}

/* Sorts the reads by address and cuts them where a MiB ends. */
static enum status group_reads(struct batch *batch, UINT32 count, struct error *error)
{
	struct ordered_read *order = vector_extend(&batch->order, count, sizeof(*order));
	struct read_group *group = NULL;

	if (order == NULL)
		return error_out_of_memory(error, "a batch of reads");
	for (UINT32 i = 0; i < count; i++) {
		order[i].gpa = batch->reads[i].PhysicalAddress;
		order[i].index = i;
	}
	qsort(order, count, sizeof(*order), compare_reads);
	for (UINT32 i = 0; i < count; i++) {
		if (i == 0 || order[i].gpa / RAM_BLOCK_BYTES != order[i - 1].gpa / RAM_BLOCK_BYTES) {
			group = vector_extend(&batch->groups, 1, sizeof(*group));
			if (group == NULL)
				return error_out_of_memory(error, "a batch of reads");
			group->first = i;
			group->count = 0;
		}
		group->count++;
	}
	return STATUS_OK;
}

HRESULT VmSavedStateReadBatch(VM_SAVED_STATE_DUMP_HANDLE handle, VMSAVEDSTATE_READ *reads,
			      UINT32 count, UINT32 threads)
{
	struct batch batch = { .reads = reads };
	struct call call;
	HRESULT result;

	if (!call_begin(&call, handle, HANDLE_READS) ||
	    (count > 0 && call_lacks(&call, reads, "the list of reads")) || count == 0)
		return call_end(&call);
	batch.memory = call.provider->memory;
	call.status = group_reads(&batch, count, &call.error);
	if (call.status == STATUS_OK)
		parallel_run(threads, batch.groups.count, make_group, &batch);
	vector_free(&batch.order);
	vector_free(&batch.groups);
	result = call_end(&call);
	return result == S_OK && atomic_load(&batch.failed) ? S_FALSE : result;
}
