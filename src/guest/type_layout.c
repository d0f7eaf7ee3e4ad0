/* SPDX-License-Identifier: MIT */
#include "guest/type_layout.h"
#include "base/vector.h"

#include <inttypes.h>
#include <string.h>

enum {
	LEVEL_LIMIT = 24,		/* types inside each other */
	MEMBER_LIMIT = 1 << 20
};

/* The members of one type, on the way through them. */
struct level {
	struct vector members;		/* of struct pdb_member */
	size_t next;
	uint64_t base;			/* offset of the type in the outermost one */
	unsigned depth;
};

struct layout {
	const struct pdb_types *types;
	unsigned depth_limit;
	uint32_t visited;
	unsigned level_count;
	struct level levels[LEVEL_LIMIT];
};

struct collecting {
	struct vector *members;
	bool failed;		/* memory was short */
};

static bool collect_member(void *context, const struct pdb_member *member)
{
	struct collecting *collecting = context;
	struct pdb_member *copy = vector_extend(collecting->members, 1, sizeof(*copy));

	collecting->failed = copy == NULL;
	if (copy != NULL)
		*copy = *member;
	return copy != NULL;
}

/* Enters a type.  STATUS_SYMBOL_NOT_FOUND when it has no members. */
static enum status enter_type(struct layout *layout, uint32_t type, uint64_t base, unsigned depth,
			      struct error *error)
{
	struct level *level = &layout->levels[layout->level_count];
	struct collecting collecting = { &level->members, false };
	enum status status;

	if (layout->level_count == LEVEL_LIMIT)
		return error_set(error, STATUS_CORRUPT,
				 "PDB: %d types are inside each other, the last is 0x%" PRIx32,
				 LEVEL_LIMIT, type);
	*level = (struct level){ .base = base, .depth = depth };
	status = pdb_types_visit_members(layout->types, type, collect_member, &collecting, error);
	if (collecting.failed)
		status = error_out_of_memory(error, "the members of a type");
	if (status != STATUS_OK) {
		vector_free(&level->members);
		return status;
	}
	layout->level_count++;
	return STATUS_OK;
}

static bool is_shown(const struct pdb_member *member, unsigned depth)
{
	return depth == 0 || member->kind == PDB_MEMBER_FIELD || member->kind == PDB_MEMBER_BASE ||
	       member->kind == PDB_MEMBER_VIRTUAL_BASE || member->kind == PDB_MEMBER_VTABLE;
}

/* Whether its members are visited as those of the type that it is in. */
static bool is_transparent(const struct pdb_member *member)
{
	return member->kind == PDB_MEMBER_BASE ||
	       (member->kind == PDB_MEMBER_FIELD && member->name[0] == '\0');
}

static bool is_entered(const struct layout *layout, const struct layout_member *item)
{
	return is_transparent(&item->member) ||
	       (item->member.kind == PDB_MEMBER_FIELD && item->member.bit_length == 0 &&
		item->depth < layout->depth_limit);
}

static enum status visit_next(struct layout *layout, layout_visitor visit, void *context,
			      bool *ended, struct error *error)
{
	struct level *level = &layout->levels[layout->level_count - 1];
	struct layout_member item;
	enum status status;

	if (level->next == level->members.count) {
		vector_free(&level->members);
		layout->level_count--;
		return STATUS_OK;
	}
	item.member = ((const struct pdb_member *)level->members.items)[level->next++];
	item.member.offset += level->base;
	item.depth = level->depth;
	if (!is_shown(&item.member, item.depth))
		return STATUS_OK;
	if (layout->visited++ == MEMBER_LIMIT)
		return error_set(error, STATUS_CORRUPT, "PDB: a type of more than %d members",
				 MEMBER_LIMIT);
	*ended = !visit(context, &item);
	if (*ended || !is_entered(layout, &item))
		return STATUS_OK;
	status = enter_type(layout, item.member.type, item.member.offset, item.depth + 1, error);
	/* Most members are no structures. */
	return status == STATUS_SYMBOL_NOT_FOUND ? STATUS_OK : status;
}

enum status type_layout_visit(const struct pdb_types *types, uint32_t type, unsigned depth,
			      layout_visitor visit, void *context, struct error *error)
{
	struct layout layout = { .types = types, .depth_limit = depth };
	bool ended = false;
	enum status status = enter_type(&layout, type, 0, 0, error);

	while (status == STATUS_OK && layout.level_count > 0 && !ended)
		status = visit_next(&layout, visit, context, &ended, error);
	while (layout.level_count > 0)
		vector_free(&layout.levels[--layout.level_count].members);
	return status;
}

/* ---- JSON ------------------------------------------------------------------------------ */

static void append_string(struct text_buffer *out, const char *text)
{
	text_append(out, "\"");
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			text_append_format(out, "\\%c", c);
		else if (c < 0x20)
			text_append_format(out, "\\u%04X", c);
		else
			text_append_bytes(out, text, 1);
	}
	text_append(out, "\"");
}

static bool append_field(void *context, const struct layout_member *item)
{
	struct text_buffer *out = context;
	const struct pdb_member *member = &item->member;

	if (member->kind != PDB_MEMBER_FIELD || member->name[0] == '\0')
		return true;
	if (out->text[out->length - 1] != '{')
		text_append(out, ",");
	append_string(out, member->name);
	text_append_format(out, ":{\"FieldOffset\":%" PRIu64 ",\"FieldSize\":%" PRIu64 "}",
			   member->offset, member->size);
	return !out->failed;
}

enum status type_layout_write_json(const struct pdb_types *types, uint32_t type,
				   struct text_buffer *out, struct error *error)
{
	enum status status = STATUS_OK;

	text_append(out, "{");
	if (!out->failed)
		status = type_layout_visit(types, type, 0, append_field, out, error);
	text_append(out, "}");
	if (status == STATUS_OK && out->failed)
		return error_out_of_memory(error, "the fields of a type");
	return status;
}
