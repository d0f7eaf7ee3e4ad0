/* SPDX-License-Identifier: MIT */
#include "guest/symbol_provider.h"
#include "guest/symbol_module.h"
#include "base/text.h"
#include "base/text_encoding.h"
#include "base/vector.h"

#include <inttypes.h>
#include <string.h>

struct symbol_provider {
	char *path;
	struct vector modules;		/* of struct module_symbols *, in the order of loading */
};

static struct module_symbols *module_of(const struct symbol_provider *provider, size_t index)
{
	return ((struct module_symbols **)provider->modules.items)[index];
}

enum status symbol_provider_open(const char *path, struct symbol_provider **out,
				 struct error *error)
{
	struct symbol_provider *provider = calloc(1, sizeof(*provider));

	if (provider == NULL)
		return error_out_of_memory(error, "a symbol provider");
	provider->path = text_copy(path);
	if (provider->path == NULL) {
		free(provider);
		return error_out_of_memory(error, "a symbol provider");
	}
	*out = provider;
	return STATUS_OK;
}

void symbol_provider_close(struct symbol_provider *provider)
{
	if (provider == NULL)
		return;
	for (size_t i = 0; i < provider->modules.count; i++)
		module_symbols_close(module_of(provider, i));
	vector_free(&provider->modules);
	free(provider->path);
	free(provider);
}

/* ---- modules --------------------------------------------------------------------------- */

#define LOWEST_SIGN_EXTENDED UINT64_C(0xFFFFFFFF80000000)

static uint64_t without_sign(uint64_t address)
{
	return address >= LOWEST_SIGN_EXTENDED ? address & UINT32_MAX : address;
}

/* How far address lies behind the module's base; beyond its size when it lies before. */
static uint64_t offset_in(const struct module_symbols *module, uint64_t address)
{
	if (!module->is_32_bit)
		return address - module->facts.base;
	return without_sign(address) - without_sign(module->facts.base);
}

/* Puts module behind all others; one that began at the same address goes. */
static bool put_module(struct symbol_provider *provider, struct module_symbols *module)
{
	struct module_symbols **modules = vector_extend(&provider->modules, 1, sizeof(*modules));
	size_t kept = 0;

	if (modules == NULL)
		return false;
	modules = provider->modules.items;
	for (size_t i = 0; i + 1 < provider->modules.count; i++) {
		if (offset_in(modules[i], module->facts.base) == 0)
			module_symbols_close(modules[i]);
		else
			modules[kept++] = modules[i];
	}
	modules[kept++] = module;
	provider->modules.count = kept;
	return true;
}

enum status symbol_provider_load(struct symbol_provider *provider, const struct pe_image *image,
				 const struct symbol_request *request,
				 const struct symbol_listener *listener, struct error *error)
{
	struct module_symbols *module;
	enum status status = module_symbols_create(image, request, &module, error);

	if (status != STATUS_OK)
		return status;
	status = module_symbols_load_pdb(module, image, request, provider->path, listener, error);
	if (status == STATUS_OUT_OF_MEMORY || !put_module(provider, module)) {
		module_symbols_close(module);
		return error_out_of_memory(error, "a module");
	}
	return status;
}

/* NULL when no module holds the address. */
static struct module_symbols *find_module_at(const struct symbol_provider *provider,
					     uint64_t address)
{
	for (size_t i = provider->modules.count; i > 0; i--) {
		struct module_symbols *module = module_of(provider, i - 1);

		if (offset_in(module, address) < module->facts.size)
			return module;
	}
	return NULL;
}

bool symbol_provider_module_at(const struct symbol_provider *provider, uint64_t address,
			       struct symbol_module *out)
{
	const struct module_symbols *module = find_module_at(provider, address);

	if (module == NULL)
		return false;
	*out = module->facts;
	out->base = address - offset_in(module, address);
	return true;
}

/* ---- questions by name ----------------------------------------------------------------- */

/* A name taken apart: which modules it is to be looked for in, and as what. */
struct qualified_name {
	const char *module;		/* not NUL-terminated; NULL: all of them */
	size_t module_length;
	const char *name;
};

static bool is_called(const struct module_symbols *module, const char *name, size_t length)
{
	const char *own = module->facts.name;

	if (strlen(own) != length)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (ascii_lower((unsigned char)own[i]) != ascii_lower((unsigned char)name[i]))
			return false;
	}
	return true;
}

/* What is in front of '!' is a module only if there is one: "operator!=" has it too. */
static struct qualified_name parse_name(const struct symbol_provider *provider, const char *text)
{
	struct qualified_name name = { .name = text };
	const char *mark = strchr(text, '!');

	for (size_t i = 0; mark != NULL && i < provider->modules.count; i++) {
		if (is_called(module_of(provider, i), text, (size_t)(mark - text))) {
			name.module = text;
			name.module_length = (size_t)(mark - text);
			name.name = mark + 1;
			break;
		}
	}
	return name;
}

/* Asks one module; STATUS_SYMBOL_NOT_FOUND lets the next one be asked. */
typedef enum status (*module_question)(struct module_symbols *module, const char *name,
				       void *context, struct error *error);

static enum status ask_modules(const struct symbol_provider *provider, const char *text,
			       module_question ask, void *context, struct error *error)
{
	struct qualified_name name = parse_name(provider, text);
	enum status result = error_set(error, STATUS_SYMBOL_NOT_FOUND,
				       "'%.200s' is in none of the modules that are loaded", text);
	struct error first = { 0 };

	for (size_t i = 0; i < provider->modules.count; i++) {
		struct module_symbols *module = module_of(provider, i);
		struct error own = { 0 };
		enum status status;

		if (name.module != NULL && !is_called(module, name.module, name.module_length))
			continue;
		status = ask(module, name.name, context, &own);
		if (status == STATUS_OK) {
			error_clear(error);
			return STATUS_OK;
		}
		if (status != STATUS_SYMBOL_NOT_FOUND && result == STATUS_SYMBOL_NOT_FOUND) {
			result = status;
			first = own;
		}
	}
	if (result != STATUS_SYMBOL_NOT_FOUND && error != NULL)
		*error = first;
	return result;
}

static enum status ask_for_symbol(struct module_symbols *module, const char *name, void *context,
				  struct error *error)
{
	return module_symbols_find(module, name, context, error);
}

enum status symbol_provider_find(const struct symbol_provider *provider, const char *name,
				 struct symbol_match *out, struct error *error)
{
	return ask_modules(provider, name, ask_for_symbol, out, error);
}

struct found_type {
	const struct pdb_types *types;
	uint32_t type;
};

static enum status ask_for_type(struct module_symbols *module, const char *name, void *context,
				struct error *error)
{
	struct found_type *found = context;

	return module_symbols_find_type(module, name, &found->types, &found->type, error);
}

enum status symbol_provider_find_type(struct symbol_provider *provider, const char *name,
				      const struct pdb_types **types_out, uint32_t *type_out,
				      struct error *error)
{
	struct found_type found = { NULL, 0 };
	enum status status = ask_modules(provider, name, ask_for_type, &found, error);

	if (status == STATUS_OK) {
		*types_out = found.types;
		*type_out = found.type;
	}
	return status;
}

/* ---- questions by address -------------------------------------------------------------- */

void symbol_match_fini(struct symbol_match *match)
{
	pdb_record_fini(&match->record);
	*match = (struct symbol_match){ 0 };
}

enum status symbol_provider_at(const struct symbol_provider *provider, uint64_t address,
			       struct symbol_match *out, struct error *error)
{
	struct module_symbols *module = find_module_at(provider, address);
	uint64_t offset, base;
	enum status status;

	if (module == NULL)
		return error_set(error, STATUS_SYMBOL_NOT_FOUND,
				 "no module that is loaded holds the address 0x%" PRIx64, address);
	offset = offset_in(module, address);
	status = module_symbols_at(module, (uint32_t)offset, out, error);
	if (status != STATUS_OK)
		return status;
	base = address - offset;
	out->address = base + (out->address - module->facts.base);
	out->module.base = base;
	return STATUS_OK;
}
