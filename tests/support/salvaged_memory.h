/* SPDX-License-Identifier: MIT */
/*
 * What salvage reads of a damaged copy, beside what the sound file holds.
 *
 * May include: nothing of src/.
 */
#ifndef TEST_SALVAGED_MEMORY_H
#define TEST_SALVAGED_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vmsavedstatedump_ext.h>

enum { GUEST_PAGE = 4096 };

/* All memory of a sound file, page by page in the order of its chunks. */
struct guest_pages {
	size_t count;
	uint64_t *addresses;
	uint8_t *bytes;		/* GUEST_PAGE for each */
	bool *readable;		/* in the copy that was compared last */
};

void guest_pages_read(struct guest_pages *pages, VM_SAVED_STATE_DUMP_HANDLE handle);
void guest_pages_free(struct guest_pages *pages);

/*
 * Opens source for salvage and fails the test unless each page either has the
 * bytes of the sound file or does not read, and unless storage and check agree
 * about which do not.  Says in pages->readable which do; none when nothing could
 * be opened, whose HRESULT it returns.
 */
HRESULT guest_pages_compare(struct guest_pages *pages, VMSAVEDSTATE_SOURCE source);

size_t guest_pages_readable(const struct guest_pages *pages);

#endif
