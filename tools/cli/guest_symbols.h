/* SPDX-License-Identifier: MIT */
/*
 * The images of a guest, and the symbols that --symbols finds for them.
 *
 * May include: tools/cli, the public headers.
 */
#ifndef CLI_GUEST_SYMBOLS_H
#define CLI_GUEST_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <vmsavedstatedump_ext.h>

#include "saved_state.h"

struct guest_image {
	char *name;			/* of its PDB, without extension; "" when not known */
	UINT64 base;
	UINT32 size;
	UINT32 timestamp;
	bool loaded;			/* symbols were looked for */
	bool lacks_pdb;			/* and not found */
};

struct guest_images {
	struct guest_image *items;	/* the highest first */
	size_t count;
};

/* Looks for images in the VP's whole address space.  Says what is wrong when that fails. */
enum exit_code guest_images_find(const struct saved_state *state, UINT32 vp,
				 struct guest_images *out);
void guest_images_free(struct guest_images *images);

/*
 * Makes a symbol provider of --symbols, or of where Windows' debuggers look
 * without a path.  Warns of folders of --symbols that are not there.
 */
enum exit_code guest_symbols_begin(const struct saved_state *state,
				   const struct arguments *arguments);

/* Loads the symbols of the image that holds an address, if there is one. */
void guest_symbols_load_at(const struct saved_state *state, struct guest_images *images,
			   UINT64 address);

/* Loads the symbols of the image in front of the '!' of a name, or of all images. */
void guest_symbols_load_for(const struct saved_state *state, struct guest_images *images,
			    const char *name);

enum { GUEST_SYMBOLS_REASON_SIZE = 1536 };

/*
 * Why a name or an address was not found, after the call that answered result:
 * what the library says, and which PDBs are lacking.
 */
void guest_symbols_reason(const struct saved_state *state, const struct guest_images *images,
			  HRESULT result, char text[GUEST_SYMBOLS_REASON_SIZE]);

#endif
