/* SPDX-License-Identifier: MIT */
#include "guest/symbol_module.h"
#include "base/text.h"
#include "guest/symbol_path.h"
#include "guest/text_buffer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names --------------------------------------------------------------------------- */

static bool is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

/* The module's name as asked for, or the stem of the image's or of its PDB's name. */
static char *choose_name(const struct pe_image *image, const struct symbol_request *request)
{
	if (is_given(request->module_name))
		return text_copy(request->module_name);
	if (!is_given(request->image_name))
		return text_copy(image->pdb_name);
	return path_file_stem(request->image_name);
}

/* ---- life ---------------------------------------------------------------------------- */

enum status module_symbols_create(const struct pe_image *image,
				  const struct symbol_request *request,
				  struct module_symbols **out, struct error *error)
{
	struct module_symbols *module = calloc(1, sizeof(*module));
	enum status status;

	if (module == NULL)
		return error_out_of_memory(error, "a module");
	mutex_init(&module->types_lock);
	module->facts.base = image->base;
	module->facts.size = request->size != 0 ? request->size : image->size;
	module->is_32_bit = !image->is_64_bit;
	module->name = choose_name(image, request);
	module->facts.name = module->name;
	status = module->name != NULL ? export_table_read(image, &module->exports, error) :
					      error_out_of_memory(error, "a module");
	if (status != STATUS_OK) {
		module_symbols_close(module);
		return status;
	}
	*out = module;
	return STATUS_OK;
}

void module_symbols_close(struct module_symbols *module)
{
	if (module == NULL)
		return;
	pdb_types_close(module->types);
	pdb_symbols_close(module->symbols);
	pdb_file_close(module->pdb);
	export_table_fini(&module->exports);
	mutex_fini(&module->types_lock);
	free(module->name);
	free(module);
}

/* ---- looking for the PDB --------------------------------------------------------------- */

struct pdb_search {
	struct module_symbols *module;
	const struct pe_image *image;
	const struct symbol_listener *listener;
	enum status status;		/* of the last file that could not be used */
	struct error error;
};

static void report_text(void *context, const char *message)
{
	struct pdb_search *search = context;
	struct text_buffer text = { 0 };

	if (search->listener->report == NULL)
		return;
	text_append(&text, search->module->name);
	text_append(&text, ": ");
	text_append(&text, message);
	if (!text.failed)
		search->listener->report(search->listener->context, text.text);
	text_buffer_fini(&text);
}

static void report_file(struct pdb_search *search, const char *path, const char *what)
{
	struct text_buffer text = { 0 };

	text_append(&text, path);
	text_append(&text, ": ");
	text_append(&text, what);
	if (!text.failed)
		report_text(search, text.text);
	text_buffer_fini(&text);
}

/* Takes over file, also on failure. */
static enum status open_pdb(struct pdb_search *search, struct file *file, struct error *error)
{
	const struct pe_image *image = search->image;
	struct module_symbols *module = search->module;
	struct pdb_file *pdb;
	enum status status = pdb_file_open(file, &pdb, error);

	if (status != STATUS_OK) {
		file_close(file);
		return status;
	}
	if (!pdb_file_matches(pdb, image->pdb_guid, image->pdb_age)) {
		char key[SYMBOL_KEY_SIZE];

		symbol_path_key(pdb_file_guid(pdb), pdb_file_age(pdb), key);
		pdb_file_close(pdb);
		return error_set(error, STATUS_FILE_NOT_FOUND,
				 "it belongs to another build, %s", key);
	}
	status = pdb_symbols_open(pdb, &module->symbols, error);
	if (status != STATUS_OK) {
		pdb_file_close(pdb);
		return status;
	}
	module->pdb = pdb;
	return STATUS_OK;
}

static bool try_file(void *context, const char *path)
{
	struct pdb_search *search = context;
	struct error error = { 0 };
	struct file *file;
	enum status status = file_open(path, FILE_READ_SHARED, &file, &error);

	if (status == STATUS_OK)
		status = open_pdb(search, file, &error);
	else if (status == STATUS_FILE_NOT_FOUND || status == STATUS_PATH_NOT_FOUND)
		error_set(&error, STATUS_FILE_NOT_FOUND, "not there");
	report_file(search, path, status == STATUS_OK ? "loaded" : error.text);
	if (status == STATUS_OK)
		return true;
	if (status == STATUS_PATH_NOT_FOUND)
		status = STATUS_FILE_NOT_FOUND;
	/* One that is there and cannot be read says more than one that is not there. */
	if (status != STATUS_FILE_NOT_FOUND) {
		search->status = status;
		search->error = error;
	}
	return false;
}

/* The PDB's name as the image has it, or the image's name with another extension. */
static char *choose_pdb_name(const struct pe_image *image, const struct module_symbols *module)
{
	if (image->pdb_path[0] != '\0')
		return text_copy(image->pdb_path);
	return text_join(module->facts.name, ".pdb");
}

static void report_beginning(struct pdb_search *search, const struct symbol_request *request,
			     const char *pdb_name)
{
	char key[SYMBOL_KEY_SIZE], message[ERROR_TEXT_SIZE];

	symbol_path_key(search->image->pdb_guid, search->image->pdb_age, key);
	snprintf(message, sizeof(message), "at 0x%" PRIx64 ", looking for %.300s, %s",
		 search->image->base, path_file_name(pdb_name), key);
	report_text(search, message);
	if (request->timestamp != 0 && request->timestamp != search->image->timestamp) {
		snprintf(message, sizeof(message),
			 "the image's timestamp is 0x%08" PRIX32 ", not 0x%08" PRIX32,
			 search->image->timestamp, request->timestamp);
		report_text(search, message);
	}
}

enum status module_symbols_load_pdb(struct module_symbols *module, const struct pe_image *image,
				    const struct symbol_request *request, const char *path,
				    const struct symbol_listener *listener, struct error *error)
{
	struct pdb_search search = { .module = module, .image = image, .listener = listener,
				     .status = STATUS_FILE_NOT_FOUND };
	const struct symbol_path_listener files = { try_file, report_text, &search };
	enum status status;
	char *name;

	if (!image->has_pdb) {
		report_text(&search, "the image does not say which PDB belongs to it");
		return error_set(error, STATUS_FILE_NOT_FOUND,
				 "the image at 0x%" PRIx64 " does not say which PDB belongs to it",
				 image->base);
	}
	name = choose_pdb_name(image, module);
	if (name == NULL)
		return error_out_of_memory(error, "the name of a PDB");
	report_beginning(&search, request, name);
	status = symbol_path_search(path, name, image->pdb_guid, image->pdb_age, &files, error);
	free(name);
	if (status == STATUS_OK) {
		module->facts.has_pdb = true;
		export_table_fini(&module->exports);
		return STATUS_OK;
	}
	if (status == STATUS_OUT_OF_MEMORY)
		return status;
	if (search.status != STATUS_FILE_NOT_FOUND) {
		if (error != NULL)
			*error = search.error;
		return search.status;
	}
	/* Its sentence names the PDB already. */
	if (error != NULL)
		error->status = STATUS_FILE_NOT_FOUND;
	return STATUS_FILE_NOT_FOUND;
}

/* ---- types ----------------------------------------------------------------------------- */

static enum status open_types(struct module_symbols *module, const struct pdb_types **out,
			      struct error *error)
{
	enum status status = STATUS_OK;

	mutex_lock(&module->types_lock);
	if (module->types == NULL)
		status = pdb_types_open(module->pdb, &module->types, error);
	*out = module->types;
	mutex_unlock(&module->types_lock);
	return status;
}

enum status module_symbols_find_type(struct module_symbols *module, const char *name,
				     const struct pdb_types **types_out, uint32_t *type_out,
				     struct error *error)
{
	const struct pdb_types *types;
	enum status status;

	if (module->pdb == NULL)
		return error_set(error, STATUS_SYMBOL_NOT_FOUND,
				 "module %.200s has no PDB, and so no types", module->facts.name);
	status = open_types(module, &types, error);
	if (status == STATUS_OK)
		status = pdb_types_find(types, module->symbols, name, type_out, error);
	if (status == STATUS_OK)
		*types_out = types;
	return status;
}

/* ---- symbols --------------------------------------------------------------------------- */

/* A variable is as large as its type; without a size that is known, 0. */
static uint64_t size_of_symbol(struct module_symbols *module, const struct pdb_symbol *symbol)
{
	const struct pdb_types *types;
	uint64_t size = 0;

	if (symbol->size != 0 || symbol->type == 0 ||
	    (symbol->kind != PDB_SYMBOL_DATA && symbol->kind != PDB_SYMBOL_THREAD_DATA))
		return symbol->size;
	if (open_types(module, &types, NULL) != STATUS_OK ||
	    pdb_types_size(types, symbol->type, &size, NULL) != STATUS_OK)
		return 0;
	return size;
}

static void fill_match(const struct module_symbols *module, const char *name, uint32_t rva,
		       uint64_t size, struct symbol_match *out)
{
	out->module = module->facts;
	out->name = name;
	out->address = module->facts.base + rva;
	out->size = size;
}

enum status module_symbols_find(struct module_symbols *module, const char *name,
				struct symbol_match *out, struct error *error)
{
	struct pdb_symbol symbol;
	enum status status;
	uint32_t rva;

	if (module->pdb == NULL) {
		const char *exported = export_table_find(&module->exports, name, &rva);

		if (exported == NULL)
			return error_set(error, STATUS_SYMBOL_NOT_FOUND,
					 "module %.200s has no PDB, and does not export '%.200s'",
					 module->facts.name, name);
		fill_match(module, exported, rva, 0, out);
		return STATUS_OK;
	}
	status = pdb_symbols_find(module->symbols, name, &out->record, &symbol, error);
	if (status != STATUS_OK)
		return status;
	if (!symbol.has_rva)
		return error_set(error, STATUS_SYMBOL_NOT_FOUND, "'%.200s' has no address", name);
	fill_match(module, symbol.name, symbol.rva, size_of_symbol(module, &symbol), out);
	return STATUS_OK;
}

enum status module_symbols_at(struct module_symbols *module, uint32_t rva,
			      struct symbol_match *out, struct error *error)
{
	struct pdb_symbol symbol;
	enum status status = STATUS_SYMBOL_NOT_FOUND;
	const char *name;
	uint32_t start;

	if (module->pdb != NULL)
		status = pdb_symbols_at(module->symbols, rva, &out->record, &symbol, error);
	if (status == STATUS_OUT_OF_MEMORY)
		return status;
	if (status == STATUS_OK && symbol.has_rva) {
		fill_match(module, symbol.name, symbol.rva, size_of_symbol(module, &symbol), out);
		return STATUS_OK;
	}
	name = export_table_at(&module->exports, rva, &start);
	if (name != NULL)
		fill_match(module, name, start, 0, out);
	else
		fill_match(module, "", 0, 0, out);
	return STATUS_OK;
}
