/* SPDX-License-Identifier: MIT */
/*
 * One module of a symbol provider: an image, and its PDB if there is one.
 *
 * May include: src/base, src/platform, src/guest.
 */
#ifndef GUEST_SYMBOL_MODULE_H
#define GUEST_SYMBOL_MODULE_H

#include "guest/export_table.h"
#include "guest/symbol_provider.h"
#include "platform/thread.h"

struct module_symbols {
	char *name;
	struct symbol_module facts;
	bool is_32_bit;
	struct pdb_file *pdb;		/* NULL: none was found */
	struct pdb_symbols *symbols;	/* NULL with pdb */
	struct export_table exports;	/* only without a PDB */

	struct mutex types_lock;
	struct pdb_types *types;	/* opened for the first question about types */
};

/* Without symbols; STATUS_OUT_OF_MEMORY. */
enum status module_symbols_create(const struct pe_image *image,
				  const struct symbol_request *request,
				  struct module_symbols **out, struct error *error);

/* NULL is allowed. */
void module_symbols_close(struct module_symbols *module);

/* Looks for the image's PDB along path and opens it; statuses as symbol_provider_load. */
enum status module_symbols_load_pdb(struct module_symbols *module, const struct pe_image *image,
				    const struct symbol_request *request, const char *path,
				    const struct symbol_listener *listener, struct error *error);

/* Fills in all of *out but the module; statuses as symbol_provider_find. */
enum status module_symbols_find(struct module_symbols *module, const char *name,
				struct symbol_match *out, struct error *error);
enum status module_symbols_at(struct module_symbols *module, uint32_t rva,
			      struct symbol_match *out, struct error *error);

enum status module_symbols_find_type(struct module_symbols *module, const char *name,
				     const struct pdb_types **types_out, uint32_t *type_out,
				     struct error *error);

#endif
