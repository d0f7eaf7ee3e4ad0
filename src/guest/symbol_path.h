/* SPDX-License-Identifier: MIT */
/*
 * Where to look for a PDB: symbol paths as Windows debuggers write them.
 *
 * A path is a list of places with ';' between them.  A place is a folder, or
 * "srv*A*B...", "symsrv*name.dll*A*B..." or "cache*A", whose parts are folders
 * laid out as symbol stores.  Nothing is downloaded: a server in the path is
 * reported as skipped, and what was downloaded from it before is found in the
 * folders beside it.
 *
 * May include: src/base, src/platform.
 */
#ifndef GUEST_SYMBOL_PATH_H
#define GUEST_SYMBOL_PATH_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* "GUID" as 32 and an age as at most 8 digits, and the NUL. */
enum { SYMBOL_KEY_SIZE = 41 };

/*
 * The name of the store's folder for a GUID (16 bytes as stored in the image)
 * and age: digits in upper case, the age without leading zeros.
 */
void symbol_path_key(const uint8_t *guid, uint32_t age, char key[SYMBOL_KEY_SIZE]);

/* What symbol_path_search tells its caller on the way. */
struct symbol_path_listener {
	/*
	 * Called for each file to try, in order.  Returns true when it is the
	 * one, which ends the search.  The path is valid during the call.
	 */
	bool (*try_file)(void *context, const char *path);

	/* A sentence on a place that is not looked into; may be NULL. */
	void (*report)(void *context, const char *message);
	void *context;
};

/*
 * Lists the files that a PDB may be in: for each place of path (UTF-8) the
 * file itself, the one in a symbol store, and both again below "symbols".
 * pdb_name is the file's name; a folder in front of it is ignored.
 *
 * STATUS_SYMBOL_NOT_FOUND when no file was accepted, STATUS_INVALID_ARGUMENT
 * for a name that is empty or not a file's; STATUS_OUT_OF_MEMORY.
 */
enum status symbol_path_search(const char *path, const char *pdb_name, const uint8_t *guid,
			       uint32_t age, const struct symbol_path_listener *listener,
			       struct error *error);

#endif
