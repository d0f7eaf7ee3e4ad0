/* SPDX-License-Identifier: MIT */
/*
 * The symbols of a program database: names to addresses and back.
 *
 * Three places hold them.  Public symbols are what the linker saw, one for
 * each external name, decorated, without a size.  Global symbols are what the
 * compiler said: variables with their type, static ones too, and references to
 * functions.  The functions themselves, with their sizes, stand in the stream
 * of the module (object file) that they came from; a PDB that was stripped for
 * the public has none of those.
 *
 * Names are found through the PDB's own hash tables, addresses through its
 * table of publics in order of address and its table of contributions, so that
 * a question costs some small reads however large the PDB is.  Input is
 * hostile.
 *
 * Threads: after pdb_symbols_open every function may be called from any
 * number of threads at once, each with a record of its own.
 *
 * May include: src/base, src/guest.
 */
#ifndef GUEST_PDB_SYMBOLS_H
#define GUEST_PDB_SYMBOLS_H

#include "base/error.h"
#include "guest/pdb_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pdb_symbols;

enum pdb_symbol_kind {
	PDB_SYMBOL_PUBLIC,
	PDB_SYMBOL_FUNCTION,
	PDB_SYMBOL_THUNK,
	PDB_SYMBOL_LABEL,
	PDB_SYMBOL_DATA,
	PDB_SYMBOL_THREAD_DATA,	/* section:offset is that of the initial value */
	PDB_SYMBOL_TYPEDEF	/* a name for a type, no address */
};

struct pdb_symbol {
	enum pdb_symbol_kind kind;
	bool is_static;		/* not visible outside its module */
	bool has_rva;		/* false for absolute symbols and typedefs */
	uint32_t rva;
	uint16_t section;	/* counted from 1 */
	uint32_t offset;
	uint32_t size;		/* bytes of code of a function or thunk; 0 when not known */
	uint32_t type;		/* for guest/pdb_types.h; 0 when not known */
	const char *name;	/* lies in the record it was read into */
};

/* Memory for one symbol at a time: starts as zeros, is reused, ends with fini. */
struct pdb_record {
	uint8_t *bytes;
	size_t capacity;
};

void pdb_record_fini(struct pdb_record *record);

/*
 * Reads the hash tables' indexes.  pdb must outlive the result.  A PDB
 * without symbols opens, and finds nothing.  STATUS_CORRUPT,
 * STATUS_READ_FAILED or STATUS_OUT_OF_MEMORY.
 */
enum status pdb_symbols_open(const struct pdb_file *pdb, struct pdb_symbols **out,
			     struct error *error);

/* NULL is allowed. */
void pdb_symbols_close(struct pdb_symbols *symbols);

/*
 * The function or variable of exactly that name: global symbols first, then
 * public ones (on 32-bit x86 also with the leading underscore of C names).
 * Those with an address come before those without.  STATUS_SYMBOL_NOT_FOUND,
 * STATUS_CORRUPT, STATUS_READ_FAILED or STATUS_OUT_OF_MEMORY.
 */
enum status pdb_symbols_find(const struct pdb_symbols *symbols, const char *name,
			     struct pdb_record *record, struct pdb_symbol *out,
			     struct error *error);

/* The type that a typedef names.  Statuses as pdb_symbols_find. */
enum status pdb_symbols_find_typedef(const struct pdb_symbols *symbols, const char *name,
				     uint32_t *type_out, struct error *error);

/*
 * The symbol at an address relative to the image's base: the function that
 * contains it, or else whatever starts nearest before it in the same section.
 * Statuses as pdb_symbols_find.
 */
enum status pdb_symbols_at(const struct pdb_symbols *symbols, uint32_t rva,
			   struct pdb_record *record, struct pdb_symbol *out,
			   struct error *error);

/* Return false to end the visit, which is then STATUS_OK; the symbol is valid during the call. */
typedef bool (*pdb_symbol_visitor)(void *context, const struct pdb_symbol *symbol);

/* All public symbols, then all global ones, references resolved; unreadable ones are left out. */
enum status pdb_symbols_visit(const struct pdb_symbols *symbols, pdb_symbol_visitor visit,
			      void *context, struct error *error);

/* What the stream of a module holds, local functions, thunks, labels and variables included. */
enum status pdb_symbols_visit_module(const struct pdb_symbols *symbols, uint32_t module,
				     pdb_symbol_visitor visit, void *context,
				     struct error *error);

#endif
