/* SPDX-License-Identifier: MIT */
/* The members of types: field lists. */
#include "guest/pdb_types_internal.h"

#include <inttypes.h>
#include <string.h>

/* Kinds of entries in a field list. */
enum field_leaf {
	LF_BCLASS = 0x1400,
	LF_VBCLASS = 0x1401,
	LF_IVBCLASS = 0x1402,
	LF_INDEX = 0x1404,
	LF_VFUNCTAB = 0x1409,
	LF_FRIENDCLS = 0x140A,
	LF_VFUNCOFF = 0x140C,
	LF_ENUMERATE = 0x1502,
	LF_FRIENDFCN = 0x150C,
	LF_MEMBER = 0x150D,
	LF_STMEMBER = 0x150E,
	LF_METHOD = 0x150F,
	LF_NESTTYPE = 0x1510,
	LF_ONEMETHOD = 0x1511,
	LF_NESTTYPEEX = 0x1512,
	LF_MEMBERMODIFY = 0x1513,
	LF_BINTERFACE = 0x151A,
	LF_PAD0 = 0xF0	/* a byte: its low four bits count the bytes of padding */
};

/* The definition behind typedefs, const and volatile. */
static enum status find_tag(const struct pdb_types *types, uint32_t type, struct pdb_tag *out,
			    struct error *error)
{
	for (int steps = 0; steps < PDB_CHAIN_LIMIT; steps++) {
		const char *keyword;
		struct cursor at;
		uint16_t leaf;

		if (pdb_tag_read(types, type, out))
			return pdb_tag_define(types, &type, out) ? STATUS_OK :
			       pdb_tag_not_defined(error, out->name);
		if (!pdb_type_is_simple(type) && !pdb_type_record(types, type, &leaf, &at))
			return pdb_type_unreadable(error, type);
		if (pdb_type_is_simple(type) ||
		    (leaf != LF_MODIFIER && leaf != LF_ALIAS &&
		     pdb_tag_family_of(leaf, &keyword) == PDB_FAMILY_NONE))
			return error_set(error, STATUS_SYMBOL_NOT_FOUND,
					 "type 0x%" PRIx32 " has no members", type);
		if (pdb_tag_family_of(leaf, &keyword) != PDB_FAMILY_NONE ||
		    !cursor_take_le32(&at, &type))
			return pdb_type_unreadable(error, type);
	}
	return error_set(error, STATUS_CORRUPT, "PDB: type 0x%" PRIx32 " refers to itself", type);
}

/* What follows the type of an entry of a field list, in this order. */
struct field_shape {
	uint16_t leaf;
	bool visited;		/* methods and friends are passed over */
	uint8_t kind;
	uint8_t skipped_types;	/* type numbers behind the first */
	uint8_t numbers;	/* of variable size; the first is the offset or value */
	bool has_name;
};

static const struct field_shape field_shapes[] = {
	{ LF_MEMBER, true, PDB_MEMBER_FIELD, 0, 1, true },
	{ LF_STMEMBER, true, PDB_MEMBER_STATIC, 0, 0, true },
	{ LF_BCLASS, true, PDB_MEMBER_BASE, 0, 1, false },
	{ LF_BINTERFACE, true, PDB_MEMBER_BASE, 0, 1, false },
	{ LF_VBCLASS, true, PDB_MEMBER_VIRTUAL_BASE, 1, 2, false },
	{ LF_IVBCLASS, false, PDB_MEMBER_VIRTUAL_BASE, 1, 2, false },
	{ LF_VFUNCTAB, true, PDB_MEMBER_VTABLE, 0, 0, false },
	{ LF_VFUNCOFF, true, PDB_MEMBER_VTABLE, 0, 0, false },
	{ LF_NESTTYPE, true, PDB_MEMBER_NESTED_TYPE, 0, 0, true },
	{ LF_NESTTYPEEX, true, PDB_MEMBER_NESTED_TYPE, 0, 0, true },
	{ LF_METHOD, false, 0, 0, 0, true },
	{ LF_ONEMETHOD, false, 0, 0, 0, true },
	{ LF_FRIENDFCN, false, 0, 0, 0, true },
	{ LF_FRIENDCLS, false, 0, 0, 0, false },
	{ LF_MEMBERMODIFY, false, 0, 0, 0, true },
};

static const struct field_shape *field_shape(uint16_t leaf)
{
	for (size_t i = 0; i < sizeof(field_shapes) / sizeof(field_shapes[0]); i++)
		if (field_shapes[i].leaf == leaf)
			return &field_shapes[i];
	return NULL;
}

/* A method that adds a place to the table of virtual methods says which. */
static bool introduces_virtual(uint16_t attributes)
{
	unsigned property = (attributes >> 2) & 7;

	return property == 4 || property == 6;
}

/* Enumerators have no type, which is why they do not fit the table. */
static bool take_enumerator(struct cursor *at, struct pdb_member *out)
{
	uint64_t value;

	if (!cursor_skip(at, 2) || !pdb_take_numeric(at, &value) || !pdb_take_text(at, &out->name))
		return false;
	out->kind = PDB_MEMBER_ENUMERATOR;
	out->value = (int64_t)value;
	return true;
}

/*
 * Takes an entry behind its leaf; *visited_out is false for one that is passed
 * over.  False when the entry is cut or of an unknown kind, as the rest of the
 * list cannot be found then.
 */
static bool take_field(struct cursor *at, uint16_t leaf, struct pdb_member *out,
		       bool *visited_out)
{
	const struct field_shape *shape = field_shape(leaf);
	uint16_t attributes;
	uint64_t number;

	*visited_out = true;
	if (leaf == LF_ENUMERATE)
		return take_enumerator(at, out);
	if (shape == NULL || !cursor_take_le16(at, &attributes) ||
	    !cursor_take_le32(at, &out->type) ||
	    !cursor_skip(at, 4 * (size_t)shape->skipped_types))
		return false;
	for (int i = 0; i < shape->numbers; i++) {
		if (!pdb_take_numeric(at, &number))
			return false;
		if (i == 0)
			out->offset = number;
	}
	if (leaf == LF_VFUNCOFF && !cursor_skip(at, 4))
		return false;
	if (leaf == LF_ONEMETHOD && introduces_virtual(attributes) && !cursor_skip(at, 4))
		return false;
	if (shape->has_name && !pdb_take_text(at, &out->name))
		return false;
	out->kind = (enum pdb_member_kind)shape->kind;
	*visited_out = shape->visited;
	return true;
}

/* A bit field is a type of its own: puts what it describes into the member. */
static void describe_storage(const struct pdb_types *types, struct pdb_member *member)
{
	struct cursor at;
	uint16_t leaf;

	if (pdb_type_record(types, member->type, &leaf, &at) && leaf == LF_BITFIELD &&
	    cursor_remaining(&at) >= 6) {
		cursor_take_le32(&at, &member->type);
		cursor_take_u8(&at, &member->bit_length);
		cursor_take_u8(&at, &member->bit_position);
	}
	if (pdb_types_size(types, member->type, &member->size, NULL) != STATUS_OK)
		member->size = 0;
}

static void skip_padding(struct cursor *at)
{
	while (cursor_remaining(at) > 0 && at->start[at->position] >= LF_PAD0) {
		size_t padding = at->start[at->position] & 0x0F;

		if (!cursor_skip(at, padding == 0 ? 1 : padding))
			at->position = at->size;
	}
}

enum list_end { LIST_ENDED, LIST_STOPPED, LIST_CONTINUES, LIST_DAMAGED };

/* Visits the entries of one record; its last may name the record that goes on. */
static enum list_end visit_list(const struct pdb_types *types, struct cursor *at,
				pdb_member_visitor visit, void *context, uint32_t *next_out)
{
	for (skip_padding(at); cursor_remaining(at) > 0; skip_padding(at)) {
		struct pdb_member member = { .name = "" };
		bool visited;
		uint16_t leaf;

		if (!cursor_take_le16(at, &leaf))
			return LIST_DAMAGED;
		if (leaf == LF_INDEX)
			return cursor_skip(at, 2) && cursor_take_le32(at, next_out) ?
			       LIST_CONTINUES : LIST_DAMAGED;
		if (!take_field(at, leaf, &member, &visited))
			return LIST_DAMAGED;
		if (!visited)
			continue;
		if (member.kind != PDB_MEMBER_ENUMERATOR)
			describe_storage(types, &member);
		if (!visit(context, &member))
			return LIST_STOPPED;
	}
	return LIST_ENDED;
}

/*
 * A list without a loop reads each record at most once: more bytes than all
 * records have mean a loop.
 */
static enum status visit_fields(const struct pdb_types *types, uint32_t list,
				pdb_member_visitor visit, void *context, struct error *error)
{
	size_t bytes_left = types->records_size;
	struct cursor at;
	uint16_t leaf;

	while (pdb_type_record(types, list, &leaf, &at) && leaf == LF_FIELDLIST) {
		uint32_t next = 0;

		if (at.size + 4 > bytes_left)
			return error_set(error, STATUS_CORRUPT,
					 "PDB: field list 0x%" PRIx32 " continues in itself", list);
		bytes_left -= at.size + 4;
		switch (visit_list(types, &at, visit, context, &next)) {
		case LIST_ENDED:
		case LIST_STOPPED:
			return STATUS_OK;
		case LIST_DAMAGED:
			return error_set(error, STATUS_CORRUPT,
					 "PDB: field list 0x%" PRIx32
					 " has an entry that cannot be read", list);
		case LIST_CONTINUES:
			list = next;
			break;
		}
	}
	return pdb_type_unreadable(error, list);
}

enum status pdb_types_visit_members(const struct pdb_types *types, uint32_t type,
				    pdb_member_visitor visit, void *context,
				    struct error *error)
{
	struct pdb_tag tag = { .family = PDB_FAMILY_NONE };
	enum status status = find_tag(types, type, &tag, error);

	if (status != STATUS_OK || tag.fields == 0)
		return status;
	return visit_fields(types, tag.fields, visit, context, error);
}

/* Types to look into, each with its distance from the start of the first. */
enum { SEARCHED_TYPES = 64 };

struct field_search {
	const char *name;
	uint64_t base;
	bool found;
	struct pdb_member member;
	size_t queued;
	struct {
		uint32_t type;
		uint64_t offset;
	} queue[SEARCHED_TYPES];
};

static bool match_field(void *context, const struct pdb_member *member)
{
	struct field_search *search = context;
	bool is_nameless = member->kind == PDB_MEMBER_FIELD && member->name[0] == '\0';

	if (member->kind == PDB_MEMBER_FIELD && strcmp(member->name, search->name) == 0) {
		search->member = *member;
		search->member.offset += search->base;
		search->found = true;
		return false;
	}
	if ((is_nameless || member->kind == PDB_MEMBER_BASE) && search->queued < SEARCHED_TYPES) {
		search->queue[search->queued].type = member->type;
		search->queue[search->queued++].offset = search->base + member->offset;
	}
	return true;
}

enum status pdb_types_find_field(const struct pdb_types *types, uint32_t type, const char *name,
				 struct pdb_member *out, struct error *error)
{
	struct field_search search = { .name = name, .queued = 1 };

	search.queue[0].type = type;
	for (size_t i = 0; i < search.queued && !search.found; i++) {
		enum status status;

		search.base = search.queue[i].offset;
		status = pdb_types_visit_members(types, search.queue[i].type, match_field,
						 &search, error);
		/* A base class that is only declared hides nothing else. */
		if (status != STATUS_OK && (i == 0 || status != STATUS_SYMBOL_NOT_FOUND))
			return status;
	}
	if (!search.found)
		return error_set(error, STATUS_SYMBOL_NOT_FOUND,
				 "the type has no field '%.200s'", name);
	*out = search.member;
	return STATUS_OK;
}
