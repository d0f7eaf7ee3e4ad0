/* SPDX-License-Identifier: MIT */
/*
 * Writes what the library reads from a PDB as text, for comparison with
 * another reader (pdb_truth.py).
 *
 * usage: pdb_list FILE              lists everything
 *        pdb_list FILE -            answers questions from standard input, one a line:
 *                                   "name N", "address RVA", "type N", "field N TAB FIELD"
 */
#include "guest/pdb_file.h"
#include "guest/pdb_symbols.h"
#include "guest/pdb_types.h"
#include "platform/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct readers {
	struct pdb_file *pdb;
	struct pdb_symbols *symbols;
	struct pdb_types *types;
	struct pdb_record record;
};

static const char *const kind_names[] = {
	[PDB_SYMBOL_PUBLIC] = "public",
	[PDB_SYMBOL_FUNCTION] = "function",
	[PDB_SYMBOL_THUNK] = "thunk",
	[PDB_SYMBOL_LABEL] = "label",
	[PDB_SYMBOL_DATA] = "data",
	[PDB_SYMBOL_THREAD_DATA] = "thread",
	[PDB_SYMBOL_TYPEDEF] = "typedef",
};

static const char *const member_names[] = {
	[PDB_MEMBER_FIELD] = "field",
	[PDB_MEMBER_STATIC] = "static",
	[PDB_MEMBER_BASE] = "base",
	[PDB_MEMBER_VIRTUAL_BASE] = "virtual-base",
	[PDB_MEMBER_VTABLE] = "vtable",
	[PDB_MEMBER_ENUMERATOR] = "enumerator",
	[PDB_MEMBER_NESTED_TYPE] = "nested",
};

static void print_symbol(const char *where, const struct pdb_symbol *symbol)
{
	printf("%s\t%s\t%s\t%04x:%08" PRIx32 "\t", where, kind_names[symbol->kind],
	       symbol->is_static ? "static" : "global", symbol->section, symbol->offset);
	if (symbol->has_rva)
		printf("%" PRIx32, symbol->rva);
	else
		printf("-");
	printf("\t%" PRIx32 "\t%" PRIx32 "\t%s\n", symbol->size, symbol->type, symbol->name);
}

static bool list_symbol(void *context, const struct pdb_symbol *symbol)
{
	print_symbol(context, symbol);
	return true;
}

struct member_list {
	const struct pdb_types *types;
	uint32_t owner;
};

static bool list_member(void *context, const struct pdb_member *member)
{
	const struct member_list *list = context;
	char text[512];

	pdb_types_spell(list->types, member->type, text, sizeof(text));
	printf("member\t%" PRIx32 "\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%u\t%u\t%" PRId64 "\t%s\n",
	       list->owner, member_names[member->kind], member->name, member->offset,
	       member->size, member->bit_position, member->bit_length, member->value, text);
	return true;
}

static void list_type(const struct readers *readers, uint32_t type)
{
	struct member_list list = { readers->types, type };
	const char *name = pdb_types_definition_name(readers->types, type);
	struct error error;
	char text[512];
	uint64_t size;

	pdb_types_spell(readers->types, type, text, sizeof(text));
	printf("type\t%" PRIx32 "\t", type);
	if (pdb_types_size(readers->types, type, &size, &error) == STATUS_OK)
		printf("%" PRIu64, size);
	else
		printf("-");
	printf("\t%s\t%s\n", name != NULL ? "defined" : "-", text);
	if (name != NULL &&
	    pdb_types_visit_members(readers->types, type, list_member, &list, &error) !=
		    STATUS_OK)
		printf("fault\t%s\n", error.text);
}

static void list_all(struct readers *readers)
{
	const uint8_t *guid = pdb_file_guid(readers->pdb);
	struct error error;

	printf("info\t");
	for (int i = 0; i < PDB_GUID_SIZE; i++)
		printf("%02x", guid[i]);
	printf("\t%" PRIx32 "\t%04x\n", pdb_file_age(readers->pdb), pdb_file_machine(readers->pdb));
	if (pdb_symbols_visit(readers->symbols, list_symbol, "table", &error) != STATUS_OK)
		printf("fault\t%s\n", error.text);
	for (uint32_t i = 0; i < pdb_file_module_count(readers->pdb); i++)
		if (pdb_symbols_visit_module(readers->symbols, i, list_symbol, "module",
					     &error) != STATUS_OK)
			printf("fault\t%s\n", error.text);
	for (uint32_t type = PDB_FIRST_TYPE; type < pdb_types_end(readers->types); type++)
		list_type(readers, type);
}

static enum status answer_field(struct readers *readers, char *question, struct error *error)
{
	char *field = strchr(question, '\t');
	struct pdb_member member;
	enum status status;
	uint32_t type;

	if (field == NULL)
		return error_set(error, STATUS_INVALID_ARGUMENT, "no field");
	*field++ = '\0';
	status = pdb_types_find(readers->types, readers->symbols, question, &type, error);
	if (status == STATUS_OK)
		status = pdb_types_find_field(readers->types, type, field, &member, error);
	if (status == STATUS_OK)
		printf("field\t%" PRIu64 "\t%" PRIu64 "\n", member.offset, member.size);
	return status;
}

static enum status answer_type(struct readers *readers, const char *name, struct error *error)
{
	enum status status;
	uint32_t type;
	uint64_t size;

	status = pdb_types_find(readers->types, readers->symbols, name, &type, error);
	if (status == STATUS_OK)
		status = pdb_types_size(readers->types, type, &size, error);
	if (status == STATUS_OK)
		printf("type\t%" PRIx32 "\t%" PRIu64 "\n", type, size);
	return status;
}

static enum status answer(struct readers *readers, char *line, struct error *error)
{
	char *question = strchr(line, ' ');
	struct pdb_symbol symbol;
	enum status status;

	if (question == NULL)
		return error_set(error, STATUS_INVALID_ARGUMENT, "no question");
	*question++ = '\0';
	if (strcmp(line, "field") == 0)
		return answer_field(readers, question, error);
	if (strcmp(line, "type") == 0)
		return answer_type(readers, question, error);
	if (strcmp(line, "name") == 0)
		status = pdb_symbols_find(readers->symbols, question, &readers->record, &symbol,
					  error);
	else
		status = pdb_symbols_at(readers->symbols, (uint32_t)strtoul(question, NULL, 16),
					&readers->record, &symbol, error);
	if (status == STATUS_OK)
		print_symbol("found", &symbol);
	return status;
}

static void answer_all(struct readers *readers)
{
	static char line[70000];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct error error;

		line[strcspn(line, "\n")] = '\0';
		if (answer(readers, line, &error) != STATUS_OK)
			printf("none\t%s\n", error.text);
	}
}

int main(int argc, char **argv)
{
	struct readers readers = { 0 };
	struct file *file;
	struct error error;
	enum status status;

	if (argc < 2) {
		fprintf(stderr, "usage: pdb_list FILE [-]\n");
		return 2;
	}
	status = file_open(argv[1], FILE_READ_SHARED, &file, &error);
	if (status == STATUS_OK) {
		status = pdb_file_open(file, &readers.pdb, &error);
		if (status != STATUS_OK)
			file_close(file);
	}
	if (status == STATUS_OK)
		status = pdb_symbols_open(readers.pdb, &readers.symbols, &error);
	if (status == STATUS_OK)
		status = pdb_types_open(readers.pdb, &readers.types, &error);
	if (status != STATUS_OK)
		fprintf(stderr, "%s: %s\n", argv[1], error.text);
	else if (argc == 2)
		list_all(&readers);
	else
		answer_all(&readers);
	pdb_record_fini(&readers.record);
	pdb_types_close(readers.types);
	pdb_symbols_close(readers.symbols);
	pdb_file_close(readers.pdb);
	return status == STATUS_OK ? 0 : 1;
}
