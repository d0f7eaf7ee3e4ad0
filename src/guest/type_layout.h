/* SPDX-License-Identifier: MIT */
/*
 * A type laid out: its members, and those of what it is made of.
 *
 * May include: src/base, src/guest.
 */
#ifndef GUEST_TYPE_LAYOUT_H
#define GUEST_TYPE_LAYOUT_H

#include "guest/pdb_types.h"
#include "guest/text_buffer.h"

struct layout_member {
	struct pdb_member member;	/* its offset counts from the start of the outermost type */
	unsigned depth;			/* 0 for the type's own members */
};

/* Return false to end the visit, which is then STATUS_OK. */
typedef bool (*layout_visitor)(void *context, const struct layout_member *member);

/*
 * Visits the members of type in their order, each followed by the members of
 * its own type: always for nameless members and base classes (not virtual
 * ones), whose members count as those of type, and down to depth levels for
 * the rest.  Only fields, base classes and pointers to virtual tables are
 * visited inside others.
 *
 * STATUS_SYMBOL_NOT_FOUND when the type has no members or is only declared;
 * STATUS_CORRUPT, also for a type that contains itself or comes to more
 * members than any compiler writes; STATUS_OUT_OF_MEMORY.
 */
enum status type_layout_visit(const struct pdb_types *types, uint32_t type, unsigned depth,
			      layout_visitor visit, void *context, struct error *error);

/*
 * Appends the named fields of a type, those of nameless members and base
 * classes among them, as JSON: {"Field":{"FieldOffset":0,"FieldSize":8},...}.
 * Statuses as type_layout_visit.
 */
enum status type_layout_write_json(const struct pdb_types *types, uint32_t type,
				   struct text_buffer *out, struct error *error);

#endif
