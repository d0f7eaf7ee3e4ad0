/* SPDX-License-Identifier: MIT */
/* Guest memory by physical address and by place in the saved RAM. */
#include "api/call.h"
#include "api/output.h"

#include <vmsavedstatedump_ext.h>

typedef enum status (*reader)(struct guest_memory *memory, uint64_t position, void *buffer,
			      size_t size, size_t *read_out, struct error *error);

/* bytesRead is written whenever it is there: clients look at nothing else. */
static HRESULT read_memory(VM_SAVED_STATE_DUMP_HANDLE handle, reader read, UINT64 position,
			   LPVOID buffer, UINT32 bufferSize, UINT32 *bytesRead)
{
	size_t count = 0;
	struct call call;

	if (bytesRead != NULL)
		*bytesRead = 0;
	if (call_begin(&call, handle, HANDLE_READS) && !call_lacks(&call, buffer, "the buffer"))
		call.status = read(call.provider->memory, position, buffer, bufferSize, &count,
				   &call.error);
	if (bytesRead != NULL)
		*bytesRead = (UINT32)count;
	return call_end(&call);
}

HRESULT WINAPI ReadGuestPhysicalAddress(VM_SAVED_STATE_DUMP_HANDLE handle,
					GUEST_PHYSICAL_ADDRESS physicalAddress, LPVOID buffer,
					UINT32 bufferSize, UINT32 *bytesRead)
{
	return read_memory(handle, guest_memory_read, physicalAddress, buffer, bufferSize,
			   bytesRead);
}

HRESULT WINAPI ReadGuestRawSavedMemory(VM_SAVED_STATE_DUMP_HANDLE handle,
				       UINT64 rawSavedMemoryOffset, LPVOID buffer,
				       UINT32 bufferSize, UINT32 *bytesRead)
{
	return read_memory(handle, guest_memory_read_raw, rawSavedMemoryOffset, buffer, bufferSize,
			   bytesRead);
}

static enum status list_chunks(struct call *call, UINT64 *pageSize, GPA_MEMORY_CHUNK *chunks,
			       UINT64 *chunkCount)
{
	size_t count;
	const struct memory_block *blocks = guest_memory_blocks(call->provider->memory, &count);
	UINT64 room = *chunkCount;

	*chunkCount = count;
	if (chunks == NULL || room < count)
		return error_set(&call->error, STATUS_BUFFER_TOO_SMALL,
				 "the guest's memory has %llu chunks", (unsigned long long)count);
	*pageSize = PAGE_BYTES;
	for (size_t i = 0; i < count; i++) {
		chunks[i].GuestPhysicalStartPageIndex = blocks[i].gpa_page;
		chunks[i].PageCount = blocks[i].page_count;
	}
	return STATUS_OK;
}

HRESULT WINAPI GetGuestPhysicalMemoryChunks(VM_SAVED_STATE_DUMP_HANDLE handle,
					    UINT64 *memoryChunkPageSize,
					    GPA_MEMORY_CHUNK *memoryChunks,
					    UINT64 *memoryChunkCount)
{
	struct call call;

	if (call_begin(&call, handle, HANDLE_READS) &&
	    !call_lacks(&call, memoryChunkPageSize, "the pointer for the page size") &&
	    !call_lacks(&call, memoryChunkCount, "the pointer for the count"))
		call.status = list_chunks(&call, memoryChunkPageSize, memoryChunks,
					  memoryChunkCount);
	return call_end(&call);
}

HRESULT WINAPI GuestPhysicalAddressToRawSavedMemoryOffset(VM_SAVED_STATE_DUMP_HANDLE handle,
							  GUEST_PHYSICAL_ADDRESS physicalAddress,
							  UINT64 *rawSavedMemoryOffset)
{
	uint64_t offset = 0;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS) ||
	    call_lacks(&call, rawSavedMemoryOffset, "the pointer for the offset"))
		return call_end(&call);
	if (guest_memory_saved_offset(call.provider->memory, physicalAddress, &offset))
		*rawSavedMemoryOffset = offset;
	else
		call.status = error_set(&call.error, STATUS_GPA_NOT_SAVED,
					"no memory is saved at guest-physical address 0x%llx",
					(unsigned long long)physicalAddress);
	return call_end(&call);
}

HRESULT WINAPI GetGuestRawSavedMemorySize(VM_SAVED_STATE_DUMP_HANDLE handle,
					  UINT64 *guestRawSavedMemorySize)
{
	struct call call;

	if (call_begin(&call, handle, HANDLE_READS) &&
	    !call_lacks(&call, guestRawSavedMemorySize, "the pointer for the size"))
		*guestRawSavedMemorySize = guest_memory_saved_size(call.provider->memory);
	return call_end(&call);
}

HRESULT WINAPI SetMemoryBlockCacheLimit(VM_SAVED_STATE_DUMP_HANDLE handle,
					UINT64 memoryBlockCacheLimit)
{
	struct call call;

	if (!call_begin(&call, handle, HANDLE_CHANGES))
		return call_end(&call);
	call.status = guest_memory_set_cache_limit(call.provider->memory, memoryBlockCacheLimit,
						   &call.error);
	if (call.status == STATUS_OK)
		call.provider->cache_limit = memoryBlockCacheLimit;
	return call_end(&call);
}

HRESULT GetMemoryBlockCacheLimit(VM_SAVED_STATE_DUMP_HANDLE handle, UINT64 *memoryBlockCacheLimit)
{
	struct call call;

	if (call_begin(&call, handle, HANDLE_READS) &&
	    !call_lacks(&call, memoryBlockCacheLimit, "the pointer for the limit"))
		*memoryBlockCacheLimit = call.provider->cache_limit;
	return call_end(&call);
}

HRESULT VmSavedStateGetCacheCounters(VM_SAVED_STATE_DUMP_HANDLE handle,
				     VMSAVEDSTATE_CACHE_COUNTERS *counters)
{
	struct guest_memory_cache_facts facts;
	VMSAVEDSTATE_CACHE_COUNTERS out = { 0 };
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS) ||
	    !output_has_room(&call, counters, sizeof(out)))
		return call_end(&call);
	facts = guest_memory_cache_facts(call.provider->memory);
	out.Hits = facts.hits;
	out.Misses = facts.misses;
	out.Evictions = facts.evictions;
	out.BytesUsed = facts.bytes_used;
	out.ByteLimit = facts.byte_limit;
	out.BlockLimit = call.provider->cache_limit;
	output_write(counters, &out, sizeof(out));
	return call_end(&call);
}

static VMSAVEDSTATE_PAGE_STORAGE public_storage(enum page_storage storage)
{
	switch (storage) {
	case PAGE_STORAGE_HOLE:
		return VMSAVEDSTATE_PAGE_HOLE;
	case PAGE_STORAGE_MISSING:
		return VMSAVEDSTATE_PAGE_MISSING;
	case PAGE_STORAGE_ZERO:
		return VMSAVEDSTATE_PAGE_ZERO;
	case PAGE_STORAGE_FILL:
		return VMSAVEDSTATE_PAGE_FILL;
	case PAGE_STORAGE_STORED:
		return VMSAVEDSTATE_PAGE_STORED;
	case PAGE_STORAGE_COMPRESSED:
		return VMSAVEDSTATE_PAGE_COMPRESSED;
	case PAGE_STORAGE_RAW:
		return VMSAVEDSTATE_PAGE_RAW;
	default:
		return VMSAVEDSTATE_PAGE_DAMAGED;
	}
}

HRESULT VmSavedStateGetPageStorage(VM_SAVED_STATE_DUMP_HANDLE handle,
				   GUEST_PHYSICAL_ADDRESS physicalAddress,
				   VMSAVEDSTATE_PAGE_STORAGE *storage, UINT32 *pages)
{
	enum page_storage kind;
	uint64_t count;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS) ||
	    call_lacks(&call, storage, "the pointer for the storage"))
		return call_end(&call);
	call.status = guest_memory_storage(call.provider->memory, physicalAddress, &kind, &count,
					   &call.error);
	if (call.status == STATUS_OK) {
		*storage = public_storage(kind);
		if (pages != NULL)
			*pages = count < UINT32_MAX ? (UINT32)count : UINT32_MAX;
	}
	return call_end(&call);
}
