/* SPDX-License-Identifier: MIT */
/*
 * Fuzzed PDBs, asked for everything.  Whatever comes, each answer comes, and
 * names end.
 *
 * Input: a PDB as it is; or, when it does not begin with 'M', the streams of
 * one, which are put into a sound container: again and again a stream's number
 * (1 byte, 0 to 15), a length (2) and that many bytes, appended to the stream.
 */
#include "base/bytes.h"
#include "guest/pdb_file.h"
#include "guest/pdb_symbols.h"
#include "guest/pdb_types.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512, STREAMS = 16, INPUT_LIMIT = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* ---- A container around streams ---------------------------------------------------- */

/* Calls for each piece; returns false at the end of the input. */
static bool next_piece(const uint8_t **data, size_t *left, unsigned *stream, size_t *length)
{
	if (*left < 3)
		return false;
	*stream = **data % STREAMS;
	*length = load_le16(*data + 1);
	*data += 3;
	*left -= 3;
	if (*length > *left)
		*length = *left;
	return true;
}

static void measure_streams(const uint8_t *data, size_t left, size_t size[STREAMS])
{
	unsigned stream;
	size_t length;

	memset(size, 0, STREAMS * sizeof(size[0]));
	while (next_piece(&data, &left, &stream, &length)) {
		size[stream] += length;
		data += length;
		left -= length;
	}
}

static void copy_streams(const uint8_t *data, size_t left, uint8_t *start[STREAMS])
{
	unsigned stream;
	size_t length;

	while (next_piece(&data, &left, &stream, &length)) {
		memcpy(start[stream], data, length);
		start[stream] += length;
		data += length;
		left -= length;
	}
}

/* Block 0: superblock; 1: list of the directory's blocks; 2...: directory; then the streams. */
static uint8_t *wrap(const uint8_t *data, size_t left, size_t *size_out)
{
	static const char signature[32] = "Microsoft C/C++ MSF 7.00\r\n\x1A" "DS\0\0";
	size_t size[STREAMS], blocks = 0, directory_size, directory_blocks, next, at;
	uint8_t *start[STREAMS], *file;

	measure_streams(data, left, size);
	for (unsigned i = 0; i < STREAMS; i++)
		blocks += (size[i] + BLOCK - 1) / BLOCK;
	directory_size = 4 * (1 + STREAMS + blocks);
	directory_blocks = (directory_size + BLOCK - 1) / BLOCK;
	file = calloc(2 + directory_blocks + blocks, BLOCK);
	if (file == NULL)
		return NULL;
	memcpy(file, signature, sizeof(signature));
	store_le32(file + 32, BLOCK);
	store_le32(file + 40, (uint32_t)(2 + directory_blocks + blocks));
	store_le32(file + 44, (uint32_t)directory_size);
	store_le32(file + 52, 1);
	for (size_t i = 0; i < directory_blocks; i++)
		store_le32(file + BLOCK + 4 * i, (uint32_t)(2 + i));
	at = 2 * BLOCK;
	store_le32(file + at, STREAMS);
	for (unsigned i = 0; i < STREAMS; i++)
		store_le32(file + (at += 4), (uint32_t)size[i]);
	next = 2 + directory_blocks;
	for (unsigned i = 0; i < STREAMS; i++) {
		start[i] = file + next * BLOCK;
		for (size_t k = 0; k < size[i]; k += BLOCK)
			store_le32(file + (at += 4), (uint32_t)next++);
	}
	copy_streams(data, left, start);
	*size_out = next * BLOCK;
	return file;
}

/* ---- Questions --------------------------------------------------------------------- */

struct questions {
	const struct pdb_symbols *symbols;
	const struct pdb_types *types;
	struct pdb_record record;
	size_t left;
};

static bool check_symbol(void *context, const struct pdb_symbol *symbol)
{
	struct questions *questions = context;
	struct pdb_symbol found;

	require(symbol->name != NULL && strlen(symbol->name) <= 2 * INPUT_LIMIT);
	if (symbol->has_rva)
		pdb_symbols_at(questions->symbols, symbol->rva, &questions->record, &found, NULL);
	if (pdb_symbols_find(questions->symbols, symbol->name, &questions->record, &found, NULL) ==
	    STATUS_OK)
		require(strlen(found.name) >= strlen(symbol->name));
	return questions->left-- > 1;
}

static bool check_member(void *context, const struct pdb_member *member)
{
	struct questions *questions = context;
	char text[128];

	require(member->name != NULL && strlen(member->name) < 65536);
	pdb_types_spell(questions->types, member->type, text, sizeof(text));
	require(strlen(text) < sizeof(text));
	return questions->left-- > 1;
}

static void ask_about_types(const struct pdb_types *types, const struct pdb_symbols *symbols)
{
	struct questions questions = { .symbols = symbols, .types = types };
	uint32_t end = pdb_types_end(types);

	for (uint32_t type = PDB_FIRST_TYPE; type < end && type < PDB_FIRST_TYPE + 64; type++) {
		const char *name = pdb_types_definition_name(types, type);
		struct pdb_member member;
		uint32_t found;
		uint64_t size;
		char text[128];

		questions.left = 256;
		pdb_types_size(types, type, &size, NULL);
		pdb_types_spell(types, type, text, sizeof(text));
		pdb_types_visit_members(types, type, check_member, &questions, NULL);
		pdb_types_find_field(types, type, "none", &member, NULL);
		require(name == NULL ||
			pdb_types_find(types, symbols, name, &found, NULL) == STATUS_OK);
	}
}

static void ask_everything(const struct pdb_file *pdb)
{
	struct questions questions = { .left = 64 };
	struct pdb_symbols *symbols = NULL;
	struct pdb_types *types = NULL;

	pdb_file_named_stream(pdb, "/names");
	if (pdb_symbols_open(pdb, &symbols, NULL) == STATUS_OK) {
		questions.symbols = symbols;
		pdb_symbols_visit(symbols, check_symbol, &questions, NULL);
		for (uint32_t i = 0; i < pdb_file_module_count(pdb) && i < 16; i++) {
			questions.left = 16;
			pdb_symbols_visit_module(symbols, i, check_symbol, &questions, NULL);
		}
	}
	if (pdb_types_open(pdb, &types, NULL) == STATUS_OK)
		ask_about_types(types, symbols);
	pdb_record_fini(&questions.record);
	pdb_types_close(types);
	pdb_symbols_close(symbols);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *wrapped = NULL;
	struct file *file = NULL;
	struct pdb_file *pdb;

	if (size == 0 || size > INPUT_LIMIT)
		return 0;
	if (data[0] != 'M') {
		wrapped = wrap(data, size, &size);
		if (wrapped == NULL)
			return 0;
		data = wrapped;
	}
	if (file_open_memory(data, size, &file, NULL) == STATUS_OK) {
		if (pdb_file_open(file, &pdb, NULL) == STATUS_OK) {
			ask_everything(pdb);
			pdb_file_close(pdb);
		} else {
			file_close(file);
		}
	}
	free(wrapped);
	return 0;
}
