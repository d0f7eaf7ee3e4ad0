/* SPDX-License-Identifier: MIT */
/* Types as C writes them. */
#include "guest/pdb_types_internal.h"
#include "base/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A type in pieces: what C puts to the left and to the right of a name, down to a basic type. */
enum piece_kind { PIECE_BASE, PIECE_POINTER, PIECE_ARRAY, PIECE_FUNCTION };

struct piece {
	enum piece_kind kind;
	uint32_t type;
	uint32_t attributes;	/* of a pointer; const and volatile of a base */
	uint32_t arguments;	/* of a function; of a pointer to a member, the class */
	uint32_t next;
};

enum { PIECE_LIMIT = 16, SPELL_DEPTH = 6 };

/* A type being written: how far it has come, so that arguments can be put in between. */
struct spelling {
	struct piece piece[PIECE_LIMIT];
	size_t count;
	size_t position;	/* piece whose right side comes next */
	uint32_t argument;	/* of that piece, a function */
	bool in_arguments;
};

struct writer {
	char *buffer;
	size_t size;
	size_t length;
	bool is_full;
};

static void put(struct writer *writer, const char *text)
{
	size_t length = strlen(text), room = writer->size - 1 - writer->length;

	if (length > room) {
		length = room;
		writer->is_full = true;
	}
	memcpy(writer->buffer + writer->length, text, length);
	writer->length += length;
	writer->buffer[writer->length] = '\0';
}

static char last_written(const struct writer *writer)
{
	return writer->length == 0 ? '\0' : writer->buffer[writer->length - 1];
}

enum { MODIFIER_CONST = 1, MODIFIER_VOLATILE = 2 };
enum { POINTER_VOLATILE = 1 << 9, POINTER_CONST = 1 << 10 };
enum pointer_mode { MODE_REFERENCE = 1, MODE_TO_FIELD = 2, MODE_TO_METHOD = 3, MODE_RVALUE = 4 };

static unsigned pointer_mode(uint32_t attributes)
{
	return (attributes >> 5) & 7;
}

/* The piece that a type starts with; anything unreadable is a base. */
static struct piece take_apart(const struct pdb_types *types, uint32_t type)
{
	struct piece piece = { .kind = PIECE_BASE, .type = type };
	struct cursor at;
	uint16_t leaf, flags;

	for (int steps = 0; steps < PDB_CHAIN_LIMIT; steps++) {
		if (!pdb_type_record(types, piece.type, &leaf, &at) ||
		    (leaf != LF_MODIFIER && leaf != LF_BITFIELD) ||
		    !cursor_take_le32(&at, &piece.next))
			break;
		if (leaf == LF_MODIFIER && cursor_take_le16(&at, &flags))
			piece.attributes |= flags;
		piece.type = piece.next;
	}
	if (pdb_type_is_simple(piece.type) && pdb_simple_mode(piece.type) != 0 &&
	    piece.type != PDB_SIMPLE_NULLPTR) {
		piece.kind = PIECE_POINTER;
		piece.next = piece.type & 0xFF;
		piece.attributes = 0;
	} else if (!pdb_type_record(types, piece.type, &leaf, &at)) {
		return piece;
	} else if (leaf == LF_POINTER && cursor_remaining(&at) >= 8) {
		piece.kind = PIECE_POINTER;
		cursor_take_le32(&at, &piece.next);
		cursor_take_le32(&at, &piece.attributes);
		if (pointer_mode(piece.attributes) == MODE_TO_FIELD ||
		    pointer_mode(piece.attributes) == MODE_TO_METHOD)
			cursor_take_le32(&at, &piece.arguments);
	} else if (pdb_leaf_is_array(leaf) && cursor_take_le32(&at, &piece.next)) {
		piece.kind = PIECE_ARRAY;
	} else if (leaf == LF_PROCEDURE && cursor_remaining(&at) >= 12) {
		piece.kind = PIECE_FUNCTION;
		piece.next = load_le32(at.start);
		piece.arguments = load_le32(at.start + 8);
	} else if (leaf == LF_MFUNCTION && cursor_remaining(&at) >= 20) {
		piece.kind = PIECE_FUNCTION;
		piece.next = load_le32(at.start);
		piece.arguments = load_le32(at.start + 16);
	}
	return piece;
}

static void put_base(const struct pdb_types *types, const struct piece *piece,
		     struct writer *writer)
{
	const struct pdb_simple_type *simple;
	char number[32];
	struct pdb_tag tag;

	if ((piece->attributes & MODIFIER_CONST) != 0)
		put(writer, "const ");
	if ((piece->attributes & MODIFIER_VOLATILE) != 0)
		put(writer, "volatile ");
	simple = pdb_type_is_simple(piece->type) ? pdb_simple_type(piece->type) : NULL;
	if (piece->type == PDB_SIMPLE_NULLPTR) {
		put(writer, "std::nullptr_t");
	} else if (simple != NULL) {
		put(writer, simple->name);
	} else if (pdb_tag_read(types, piece->type, &tag)) {
		put(writer, tag.keyword);
		put(writer, " ");
		put(writer, tag.name);
	} else {
		snprintf(number, sizeof(number), "<type 0x%" PRIx32 ">", piece->type);
		put(writer, number);
	}
}

static bool binds_tighter(enum piece_kind kind)
{
	return kind == PIECE_ARRAY || kind == PIECE_FUNCTION;
}

static void put_pointer(const struct pdb_types *types, const struct piece *piece,
			enum piece_kind target, struct writer *writer)
{
	struct pdb_tag tag;

	if (binds_tighter(target))
		put(writer, " (");
	else if (strchr("*&", last_written(writer)) == NULL)
		put(writer, " ");
	switch (pointer_mode(piece->attributes)) {
	case MODE_REFERENCE:
		put(writer, "&");
		break;
	case MODE_RVALUE:
		put(writer, "&&");
		break;
	case MODE_TO_FIELD:
	case MODE_TO_METHOD:
		if (pdb_tag_read(types, piece->arguments, &tag))
			put(writer, tag.name);
		put(writer, "::*");
		break;
	default:
		put(writer, "*");
	}
	if ((piece->attributes & POINTER_CONST) != 0)
		put(writer, " const");
	if ((piece->attributes & POINTER_VOLATILE) != 0)
		put(writer, " volatile");
}

static void put_array(const struct pdb_types *types, const struct piece *piece,
		      struct writer *writer)
{
	uint64_t size = 0, element = 0;
	char count[32];

	if (pdb_types_size(types, piece->type, &size, NULL) != STATUS_OK ||
	    pdb_types_size(types, piece->next, &element, NULL) != STATUS_OK || element == 0) {
		put(writer, "[]");
		return;
	}
	snprintf(count, sizeof(count), "[%" PRIu64 "]", size / element);
	put(writer, count);
}

/* Writes all that stands to the left; the right side is written step by step. */
static void start_spelling(const struct pdb_types *types, uint32_t type, struct spelling *out,
			   struct writer *writer)
{
	memset(out, 0, sizeof(*out));
	do {
		out->piece[out->count] = take_apart(types, type);
		type = out->piece[out->count].next;
	} while (out->piece[out->count++].kind != PIECE_BASE && out->count < PIECE_LIMIT);

	put_base(types, &out->piece[out->count - 1], writer);
	for (size_t i = out->count - 1; i-- > 0;)
		if (out->piece[i].kind == PIECE_POINTER)
			put_pointer(types, &out->piece[i], out->piece[i + 1].kind, writer);
}

/* The next argument of a function, or false at the end of its list. */
static bool next_argument(const struct pdb_types *types, struct spelling *spelling,
			  uint32_t *type_out)
{
	struct cursor at;
	uint32_t count;
	uint16_t leaf;

	if (!pdb_type_record(types, spelling->piece[spelling->position].arguments, &leaf, &at) ||
	    leaf != LF_ARGLIST || !cursor_take_le32(&at, &count) ||
	    spelling->argument >= count ||
	    !cursor_skip(&at, 4 * (size_t)spelling->argument) ||
	    !cursor_take_le32(&at, type_out))
		return false;
	spelling->argument++;
	return true;
}

/* Writes one step of the right side; true when an argument must be written before the next. */
static bool continue_spelling(const struct pdb_types *types, struct spelling *spelling,
			      struct writer *writer, uint32_t *argument_out)
{
	const struct piece *piece = &spelling->piece[spelling->position];

	if (piece->kind == PIECE_FUNCTION) {
		if (!spelling->in_arguments)
			put(writer, last_written(writer) == ')' ? "(" : " (");
		spelling->in_arguments = true;
		while (next_argument(types, spelling, argument_out)) {
			if (spelling->argument > 1)
				put(writer, ", ");
			if (*argument_out != 0)
				return true;
			put(writer, "...");
			if (writer->is_full)
				break;
		}
		put(writer, spelling->argument == 0 ? "void)" : ")");
		spelling->in_arguments = false;
		spelling->argument = 0;
	} else if (piece->kind == PIECE_ARRAY) {
		put_array(types, piece, writer);
	} else if (piece->kind == PIECE_POINTER && spelling->position + 1 < spelling->count &&
		   binds_tighter(piece[1].kind)) {
		put(writer, ")");
	}
	spelling->position++;
	return false;
}

void pdb_types_spell(const struct pdb_types *types, uint32_t type, char *buffer, size_t size)
{
	struct writer writer = { buffer, size, 0, false };
	struct spelling stack[SPELL_DEPTH];
	size_t depth = 1;

	buffer[0] = '\0';
	start_spelling(types, type, &stack[0], &writer);
	while (depth > 0 && !writer.is_full) {
		struct spelling *top = &stack[depth - 1];
		uint32_t argument;

		if (top->position == top->count)
			depth--;
		else if (!continue_spelling(types, top, &writer, &argument))
			continue;
		else if (depth == SPELL_DEPTH)
			put(&writer, "...");
		else
			start_spelling(types, argument, &stack[depth++], &writer);
	}
	if (writer.is_full)
		memcpy(buffer + size - 4, "...", 4);
}
