/* SPDX-License-Identifier: MIT */
/*
 * The symbols of a guest's images: which PDB belongs to which image, and
 * questions over all of them.
 *
 * A module is an image of the guest at an address.  Its PDB is the one with
 * the GUID and age that the image names; another of the same name is refused.
 * A module without a PDB still gives a name to its addresses, and has what the
 * image exports as symbols.
 *
 * Debuggers sign-extend the addresses of 32-bit kernels.  A module of 32 bits
 * holds such an address too, and what is answered is at an address of the same
 * kind as the one that was asked about, whichever its image was loaded with.
 *
 * Threads: questions may be asked by any number of threads at once;
 * symbol_provider_load needs the provider to itself.
 *
 * May include: src/base, src/platform, src/guest.
 */
#ifndef GUEST_SYMBOL_PROVIDER_H
#define GUEST_SYMBOL_PROVIDER_H

#include "guest/pdb_symbols.h"
#include "guest/pdb_types.h"
#include "guest/pe_image.h"

struct symbol_provider;

/* path (UTF-8) is copied; see guest/symbol_path.h.  STATUS_OUT_OF_MEMORY. */
enum status symbol_provider_open(const char *path, struct symbol_provider **out,
				 struct error *error);

/* NULL is allowed. */
void symbol_provider_close(struct symbol_provider *provider);

/* Hears what is looked for and where, one sentence at a time; report may be NULL. */
struct symbol_listener {
	void (*report)(void *context, const char *message);
	void *context;
};

struct symbol_request {
	const char *image_name;		/* as "ntoskrnl.exe"; may be NULL */
	const char *module_name;	/* as in module!symbol; NULL: the stem of another name */
	uint32_t timestamp;		/* 0: not known */
	uint32_t size;			/* 0: what the image says */
};

/*
 * Makes a module of an image, in place of one that began at the same address,
 * and loads its PDB.  The module stays, without symbols, when there is none:
 *
 * STATUS_FILE_NOT_FOUND: no PDB was found, or the image does not name one;
 * STATUS_CORRUPT, STATUS_UNSUPPORTED_VERSION, STATUS_READ_FAILED: the one that
 * was found cannot be read; STATUS_OUT_OF_MEMORY (nothing changed).
 */
enum status symbol_provider_load(struct symbol_provider *provider, const struct pe_image *image,
				 const struct symbol_request *request,
				 const struct symbol_listener *listener, struct error *error);

struct symbol_module {
	const char *name;
	uint64_t base;
	uint32_t size;
	bool has_pdb;
};

/* The module that holds address, the one loaded last; false when there is none. */
bool symbol_provider_module_at(const struct symbol_provider *provider, uint64_t address,
			       struct symbol_module *out);

/* An answer; starts as zeros, is reused, ends with fini.  Names lie in it or in the provider. */
struct symbol_match {
	struct symbol_module module;
	const char *name;		/* "" when only the module is known */
	uint64_t address;		/* of the symbol, or of the module */
	uint64_t size;			/* bytes of code, or of the variable's type; 0: unknown */
	struct pdb_record record;
};

void symbol_match_fini(struct symbol_match *match);

/*
 * The function or variable called name or module!name; without a module, the
 * first module that has it.  STATUS_SYMBOL_NOT_FOUND; STATUS_CORRUPT or
 * STATUS_READ_FAILED when a PDB cannot be read; STATUS_OUT_OF_MEMORY.
 */
enum status symbol_provider_find(const struct symbol_provider *provider, const char *name,
				 struct symbol_match *out, struct error *error);

/*
 * The symbol at or nearest before address in its module, or the module alone.
 * STATUS_SYMBOL_NOT_FOUND when no module holds the address; STATUS_OUT_OF_MEMORY.
 */
enum status symbol_provider_at(const struct symbol_provider *provider, uint64_t address,
			       struct symbol_match *out, struct error *error);

/*
 * The type called name or module!name.  *types_out lives as long as its
 * module.  Statuses as symbol_provider_find.
 */
enum status symbol_provider_find_type(struct symbol_provider *provider, const char *name,
				      const struct pdb_types **types_out, uint32_t *type_out,
				      struct error *error);

#endif
