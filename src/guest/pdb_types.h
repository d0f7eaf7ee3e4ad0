/* SPDX-License-Identifier: MIT */
/*
 * The types of a program database: sizes, members, names.
 *
 * Types are numbers.  Below PDB_FIRST_TYPE the number itself says which basic
 * type, or pointer to one, it is; from there on it counts the records of the
 * type (TPI) stream.  Opening reads that stream whole and indexes the names of
 * structures, unions and enumerations: the hash values that the PDB has for
 * them know types within others only by their decorated names, and cannot
 * answer for a plain "outer::inner".  So this is opened for the first question
 * about types, not for the first about symbols.
 *
 * Input is hostile: chains of types end after a fixed number of steps, chains
 * of field lists after as many bytes as the stream holds.
 *
 * Threads: after pdb_types_open every function may be called from any number
 * of threads at once.  Names live as long as the object.
 *
 * May include: src/base, src/guest.
 */
#ifndef GUEST_PDB_TYPES_H
#define GUEST_PDB_TYPES_H

#include "base/error.h"
#include "guest/pdb_file.h"
#include "guest/pdb_symbols.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pdb_types;

enum { PDB_FIRST_TYPE = 0x1000 };

/*
 * A PDB without a type stream opens, and finds nothing but basic types.
 * STATUS_UNSUPPORTED_VERSION, STATUS_CORRUPT, STATUS_READ_FAILED or
 * STATUS_OUT_OF_MEMORY.
 */
enum status pdb_types_open(const struct pdb_file *pdb, struct pdb_types **out,
			   struct error *error);

/* NULL is allowed. */
void pdb_types_close(struct pdb_types *types);

/* One past the last type; those from PDB_FIRST_TYPE on have a record. */
uint32_t pdb_types_end(const struct pdb_types *types);

/*
 * The structure, class, union, enumeration, typedef or basic type of exactly
 * that name, without a keyword in front.  symbols may be NULL: typedefs are
 * not looked for then.  STATUS_SYMBOL_NOT_FOUND, and what
 * pdb_symbols_find_typedef returns.
 */
enum status pdb_types_find(const struct pdb_types *types, const struct pdb_symbols *symbols,
			   const char *name, uint32_t *type_out, struct error *error);

/*
 * Bytes that an object of the type takes; of a bit field, those of the integer
 * that holds it; 0 for void, functions and other types without objects.
 * STATUS_SYMBOL_NOT_FOUND when the PDB declares the type and does not define
 * it; STATUS_CORRUPT.
 */
enum status pdb_types_size(const struct pdb_types *types, uint32_t type, uint64_t *size_out,
			   struct error *error);

/* The name of a defined structure, class, union or enumeration; NULL for all else. */
const char *pdb_types_definition_name(const struct pdb_types *types, uint32_t type);

/*
 * Writes the type as C writes it without a variable: "struct _UNICODE_STRING",
 * "char *[4]", "void (*)(int, ...)".  At most size - 1 bytes and a NUL (size
 * is at least 8); what does not fit ends in "...".
 */
void pdb_types_spell(const struct pdb_types *types, uint32_t type, char *buffer, size_t size);

enum pdb_member_kind {
	PDB_MEMBER_FIELD,
	PDB_MEMBER_STATIC,		/* no offset */
	PDB_MEMBER_BASE,		/* no name */
	PDB_MEMBER_VIRTUAL_BASE,	/* no name; offset is that of the pointer leading to it */
	PDB_MEMBER_VTABLE,		/* no name; a pointer at offset 0 */
	PDB_MEMBER_ENUMERATOR,		/* value, no offset */
	PDB_MEMBER_NESTED_TYPE		/* no offset */
};

struct pdb_member {
	enum pdb_member_kind kind;
	const char *name;	/* "" where there is none */
	uint32_t type;		/* of a bit field: the integer that holds it */
	uint64_t offset;	/* bytes from the start of the type */
	uint64_t size;		/* bytes; 0 where it is not known */
	uint8_t bit_position;	/* from the lowest bit of the integer */
	uint8_t bit_length;	/* 0 unless it is a bit field */
	int64_t value;		/* of an enumerator; unsigned ones wrap beyond INT64_MAX */
};

/* Return false to end the visit, which is then STATUS_OK. */
typedef bool (*pdb_member_visitor)(void *context, const struct pdb_member *member);

/*
 * Visits what the definition of a structure, class, union or enumeration
 * lists, in its order, methods left out.  A declaration, a typedef's type or a
 * const one stands for the definition.  STATUS_SYMBOL_NOT_FOUND when there is
 * none (also for types of other kinds); STATUS_CORRUPT.
 */
enum status pdb_types_visit_members(const struct pdb_types *types, uint32_t type,
				    pdb_member_visitor visit, void *context,
				    struct error *error);

/*
 * The field of that name in the type, then in its nameless members and base
 * classes (not virtual ones); the offset counts from the start of type.
 * STATUS_SYMBOL_NOT_FOUND; STATUS_CORRUPT.
 */
enum status pdb_types_find_field(const struct pdb_types *types, uint32_t type, const char *name,
				 struct pdb_member *out, struct error *error);

#endif
