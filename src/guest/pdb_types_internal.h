/* SPDX-License-Identifier: MIT */
/*
 * What the readers of type records share: finding a record, taking it apart,
 * basic types, and tags, which is what C calls the names of structures, unions
 * and enumerations.
 *
 * Only pdb_types.c, pdb_members.c and pdb_spelling.c include this.
 *
 * May include: src/base, src/guest.
 */
#ifndef GUEST_PDB_TYPES_INTERNAL_H
#define GUEST_PDB_TYPES_INTERNAL_H

#include "base/cursor.h"
#include "guest/pdb_types.h"

/* Kinds of type records ("leaves"). */
enum pdb_leaf {
	LF_MODIFIER = 0x1001,
	LF_POINTER = 0x1002,
	LF_PROCEDURE = 0x1008,
	LF_MFUNCTION = 0x1009,
	LF_ARGLIST = 0x1201,
	LF_FIELDLIST = 0x1203,
	LF_BITFIELD = 0x1205,
	LF_ARRAY = 0x1503,
	LF_CLASS = 0x1504,
	LF_STRUCTURE = 0x1505,
	LF_UNION = 0x1506,
	LF_ENUM = 0x1507,
	LF_ALIAS = 0x150A,
	LF_STRIDED_ARRAY = 0x1516,
	LF_INTERFACE = 0x1519,
	LF_CLASS_V19 = 0x1608,		/* written by compilers from 2019 on for some types */
	LF_STRUCTURE_V19 = 0x1609,
	LF_UNION_V19 = 0x160A,
	LF_INTERFACE_V19 = 0x160B
};

/* No program nests declarators or typedefs this deep. */
enum { PDB_CHAIN_LIMIT = 64 };

/* Definitions by name: chains of types in buckets, both ended by 0. */
struct name_index {
	uint32_t *bucket;
	uint32_t *next;
};

struct pdb_types {
	uint8_t *bytes;			/* the stream */
	uint32_t records_size;
	uint8_t pointer_size;		/* of the machine */
	uint32_t end;
	uint32_t *record_at;		/* offset of each record's leaf in bytes */
	uint32_t bucket_mask;
	struct name_index by_name;
	struct name_index by_unique_name;
};

/* ---- records ----------------------------------------------------------------------- */

static inline bool pdb_type_is_simple(uint32_t type)
{
	return type < PDB_FIRST_TYPE;
}

/* A cursor over the record behind its leaf; false when there is no such record. */
bool pdb_type_record(const struct pdb_types *types, uint32_t type, uint16_t *leaf_out,
		     struct cursor *out);

/* STATUS_CORRUPT, with a sentence about the type. */
enum status pdb_type_unreadable(struct error *error, uint32_t type);

/* A NUL-terminated text, which lives as long as the record. */
bool pdb_take_text(struct cursor *at, const char **out);

/* A number of variable size; one that is no integer is taken as 0. */
bool pdb_take_numeric(struct cursor *at, uint64_t *out);

bool pdb_leaf_is_array(uint16_t leaf);

/* ---- basic types ------------------------------------------------------------------- */

struct pdb_simple_type {
	uint8_t kind;
	uint8_t size;
	const char *name;
};

/* The basic type that a number below PDB_FIRST_TYPE is or points to; NULL when unknown. */
const struct pdb_simple_type *pdb_simple_type(uint32_t type);

/* 0 for a plain object, else one of seven sorts of pointer to it. */
unsigned pdb_simple_mode(uint32_t type);

/* The type of nullptr: formally a 16-bit pointer to void, in truth as wide as any pointer. */
enum { PDB_SIMPLE_NULLPTR = 0x0103 };

/* ---- structures, classes, unions and enumerations ---------------------------------- */

/* Declarations and definitions meet only within a family: struct and class are one. */
enum pdb_family {
	PDB_FAMILY_NONE,
	PDB_FAMILY_CLASS,
	PDB_FAMILY_UNION,
	PDB_FAMILY_ENUM,
	PDB_FAMILY_COUNT
};

struct pdb_tag {
	enum pdb_family family;
	const char *keyword;
	bool is_forward_reference;
	uint32_t fields;		/* type of the field list; 0 without */
	uint32_t underlying;		/* of an enumeration */
	uint64_t size;			/* of the others */
	const char *name;
	const char *unique_name;	/* NULL without */
};

/* PDB_FAMILY_NONE for the leaf of another kind of type; *keyword_out is untouched then. */
enum pdb_family pdb_tag_family_of(uint16_t leaf, const char **keyword_out);

/* False for a type of another kind and for a record that is cut. */
bool pdb_tag_read(const struct pdb_types *types, uint32_t type, struct pdb_tag *out);

/* Puts the definition in place of a declaration; false when there is none. */
bool pdb_tag_define(const struct pdb_types *types, uint32_t *type, struct pdb_tag *tag);

/* STATUS_SYMBOL_NOT_FOUND, with a sentence about the name. */
enum status pdb_tag_not_defined(struct error *error, const char *name);

#endif
