/* SPDX-License-Identifier: MIT */
#include "support/salvaged_memory.h"

#include "support/saved_states.h"
#include "test_shim.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_CHUNKS = 64 };

/* What one copy answers about each page. */
struct salvaged {
	struct guest_pages *pages;
	bool *in_chunk;
	bool *told; /* as lost, by the check */
};

void guest_pages_read(struct guest_pages *pages, VM_SAVED_STATE_DUMP_HANDLE handle)
{
	GPA_MEMORY_CHUNK chunks[MOST_CHUNKS];
	UINT64 page_size, count = MOST_CHUNKS;
	size_t next = 0;

	memset(pages, 0, sizeof(*pages));
	assert_result(GetGuestPhysicalMemoryChunks(handle, &page_size, chunks, &count), S_OK);
	for (UINT64 i = 0; i < count; i++)
		pages->count += (size_t)chunks[i].PageCount;
	pages->addresses = calloc(pages->count, sizeof(*pages->addresses));
	pages->bytes = malloc(pages->count * GUEST_PAGE);
	pages->readable = calloc(pages->count, sizeof(*pages->readable));
	assert_true(pages->addresses != NULL && pages->bytes != NULL && pages->readable != NULL);
	for (UINT64 i = 0; i < count; i++) {
		for (UINT64 page = 0; page < chunks[i].PageCount; page++) {
			uint64_t gpa = (chunks[i].GuestPhysicalStartPageIndex + page) * GUEST_PAGE;
			UINT32 read = 0;

			assert_result(ReadGuestPhysicalAddress(handle, gpa,
							       pages->bytes + next * GUEST_PAGE,
							       GUEST_PAGE, &read),
				      S_OK);
			assert_int_equal(read, GUEST_PAGE);
			pages->addresses[next++] = gpa;
		}
	}
}

void guest_pages_free(struct guest_pages *pages)
{
	free(pages->addresses);
	free(pages->bytes);
	free(pages->readable);
}

/* A page is there or it is not: parts of one would be as good as made up. */
static void compare_page(const struct salvaged *salvaged, VM_SAVED_STATE_DUMP_HANDLE handle,
			 size_t page)
{
	const struct guest_pages *pages = salvaged->pages;
	unsigned long long gpa = pages->addresses[page];
	uint8_t bytes[GUEST_PAGE];
	UINT32 count = 0xCCCCCCCC;
	HRESULT result = ReadGuestPhysicalAddress(handle, gpa, bytes, GUEST_PAGE, &count);

	pages->readable[page] = result == S_OK && count == GUEST_PAGE;
	if (!pages->readable[page] && count != 0)
		fail_msg("0x%llx: 0x%08x, but %u bytes", gpa, (unsigned int)result, count);
	if (FAILED(result) && result != (HRESULT)0x8000FFFF && result != (HRESULT)0x90000005 &&
	    result != (HRESULT)0xD0000001)
		fail_msg("0x%llx: 0x%08x is not what lost memory answers", gpa,
			 (unsigned int)result);
	if (pages->readable[page] &&
	    memcmp(bytes, pages->bytes + page * GUEST_PAGE, GUEST_PAGE) != 0)
		fail_msg("0x%llx reads, but not what the sound file has", gpa);
}

static void compare_storage(const struct salvaged *salvaged, VM_SAVED_STATE_DUMP_HANDLE handle,
			    size_t page)
{
	VMSAVEDSTATE_PAGE_STORAGE storage = VMSAVEDSTATE_PAGE_HOLE;
	uint64_t gpa = salvaged->pages->addresses[page];
	bool lost;

	assert_result(VmSavedStateGetPageStorage(handle, gpa, &storage, NULL), S_OK);
	salvaged->in_chunk[page] = storage != VMSAVEDSTATE_PAGE_HOLE;
	lost = storage == VMSAVEDSTATE_PAGE_HOLE || storage == VMSAVEDSTATE_PAGE_MISSING ||
	       storage == VMSAVEDSTATE_PAGE_DAMAGED;
	if (lost == salvaged->pages->readable[page])
		fail_msg("0x%llx: the storage is %d, but it %s", (unsigned long long)gpa,
			 (int)storage, lost ? "reads" : "does not read");
}

static BOOL CALLBACK note_problem(void *context, const VMSAVEDSTATE_PROBLEM *problem)
{
	struct salvaged *salvaged = context;
	const struct guest_pages *pages = salvaged->pages;

	assert_true(problem->Text != NULL && problem->Text[0] != '\0');
	for (size_t i = 0; i < pages->count && problem->GuestBytes > 0; i++) {
		if (pages->addresses[i] >= problem->GuestAddress &&
		    pages->addresses[i] - problem->GuestAddress < problem->GuestBytes)
			salvaged->told[i] = true;
	}
	return FALSE;
}

static void compare_check(struct salvaged *salvaged, VMSAVEDSTATE_SOURCE source)
{
	const struct guest_pages *pages = salvaged->pages;
	HRESULT result;

	source.Flags = 0;
	result = VmSavedStateCheck(&source, 1, note_problem, NULL, salvaged, NULL);
	assert_true(SUCCEEDED(result));
	for (size_t i = 0; i < pages->count; i++) {
		if (salvaged->in_chunk[i] && salvaged->told[i] == pages->readable[i])
			fail_msg("0x%llx %s, and the check %s it lost",
				 (unsigned long long)pages->addresses[i],
				 pages->readable[i] ? "reads" : "does not read",
				 salvaged->told[i] ? "calls" : "does not call");
	}
}

HRESULT guest_pages_compare(struct guest_pages *pages, VMSAVEDSTATE_SOURCE source)
{
	struct salvaged salvaged = { .pages = pages };
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
	HRESULT result;

	memset(pages->readable, 0, pages->count * sizeof(*pages->readable));
	source.Flags |= VMSAVEDSTATE_SOURCE_SALVAGE;
	result = VmSavedStateOpen(&source, &handle);
	if (FAILED(result))
		return result;
	salvaged.in_chunk = calloc(pages->count, sizeof(bool));
	salvaged.told = calloc(pages->count, sizeof(bool));
	assert_true(salvaged.in_chunk != NULL && salvaged.told != NULL);
	for (size_t i = 0; i < pages->count; i++) {
		compare_page(&salvaged, handle, i);
		compare_storage(&salvaged, handle, i);
	}
	close_handle(handle);
	compare_check(&salvaged, source);
	free(salvaged.in_chunk);
	free(salvaged.told);
	return S_OK;
}

size_t guest_pages_readable(const struct guest_pages *pages)
{
	size_t count = 0;

	for (size_t i = 0; i < pages->count; i++)
		count += pages->readable[i];
	return count;
}
