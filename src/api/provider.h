/* SPDX-License-Identifier: MIT */
/*
 * What stands behind a handle: an open saved state and what its user set.
 *
 * May include: everything below.
 */
#ifndef API_PROVIDER_H
#define API_PROVIDER_H

#include "guest/symbol_provider.h"
#include "memory/guest_memory.h"
#include "platform/thread.h"
#include "state/saved_state.h"

#include <vmsavedstatedump.h>

struct provider {
	struct saved_state *state;
	struct guest_memory *memory;
	struct vp_overrides *overrides;	/* one per VP */
	uint64_t cache_limit;		/* what the caller set, in RAM blocks */
	uint64_t file_size;		/* of the .vmrs or .bin, when it was opened */
	uint64_t second_file_size;	/* of the .vsv, or 0 */

	struct symbol_provider *symbols;	/* NULL until it is loaded */
	GUEST_SYMBOLS_PROVIDER_DEBUG_INFO_CALLBACK symbol_messages;	/* may be NULL */

	struct mutex error_lock;
	struct error last_error;	/* of the last call that failed */
};

/*
 * Opens the saved state in one file, or in a pair when vsv is not NULL.  The
 * provider owns the files from here on, also on failure.
 */
enum status provider_open(struct file *file, struct file *vsv, struct provider **out,
			  struct error *error);

/* The same for what can be read of a damaged one; damage NULL tolerates nothing. */
enum status provider_salvage(struct file *file, struct file *vsv, struct damage *damage,
			     struct provider **out, struct error *error);
void provider_close(struct provider *provider);

#endif
