/* SPDX-License-Identifier: MIT */
/* The symbol provider: loading it, and modules into it; symbols by name and address. */
#include "api/output.h"
#include "api/symbol_call.h"
#include "base/text_encoding.h"
#include "guest/image_scan.h"
#include "platform/environment.h"

#include <vmsavedstatedump_ext.h>

#include <inttypes.h>
#include <string.h>

/* ---- The provider ------------------------------------------------------- */

/* Appends a symbol path from the environment. */
static enum status append_variable(struct text_buffer *path, const char *name, struct error *error)
{
	char *value;
	enum status status = environment_variable(name, &value, error);

	if (status == STATUS_OK && value != NULL) {
		text_append(path, ";");
		text_append(path, value);
		free(value);
	}
	return status;
}

/* Where Windows' debuggers look when no path is given. */
static enum status default_path(struct text_buffer *path, struct error *error)
{
	enum status status;

	text_append(path, ".");
	status = append_variable(path, "_NT_SYMBOL_PATH", error);
	return status == STATUS_OK ? append_variable(path, "_NT_ALTERNATE_SYMBOL_PATH", error) :
				     status;
}

static enum status symbol_path_of(LPCWSTR given, struct text_buffer *path, struct error *error)
{
	const uint16_t *units = (const uint16_t *)given;
	enum status status = STATUS_OK;
	char *text;

	if (units == NULL || units[0] == 0) {
		status = default_path(path, error);
	} else {
		text = utf8_from_utf16(units, utf16_length(units));
		if (text == NULL)
			return error_out_of_memory(error, "a symbol path");
		text_append(path, text);
		free(text);
	}
	return status == STATUS_OK && path->failed ? error_out_of_memory(error, "a symbol path") :
						     status;
}

HRESULT WINAPI LoadSavedStateSymbolProvider(VM_SAVED_STATE_DUMP_HANDLE handle, LPCWSTR userSymbols,
					    BOOL force)
{
	struct symbol_provider *symbols = NULL;
	struct text_buffer path = { 0 };
	struct call call;

	if (!call_begin(&call, handle, HANDLE_CHANGES) ||
	    (call.provider->symbols != NULL && !force))
		return call_end(&call);
	call.status = symbol_path_of(userSymbols, &path, &call.error);
	if (call.status == STATUS_OK)
		call.status = symbol_provider_open(path.text, &symbols, &call.error);
	if (call.status == STATUS_OK) {
		symbol_provider_close(call.provider->symbols);
		call.provider->symbols = symbols;
	}
	text_buffer_fini(&path);
	return call_end(&call);
}

HRESULT WINAPI ReleaseSavedStateSymbolProvider(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	struct call call;

	if (call_begin(&call, handle, HANDLE_CHANGES) && call_symbols(&call) != NULL) {
		symbol_provider_close(call.provider->symbols);
		call.provider->symbols = NULL;
	}
	return call_end(&call);
}

HANDLE WINAPI GetSavedStateSymbolProviderHandle(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	HANDLE result = INVALID_HANDLE_VALUE;
	struct call call;

	/* The original answers 1 as well. */
	if (call_begin(&call, handle, HANDLE_READS) && call.provider->symbols != NULL)
		result = (HANDLE)(uintptr_t)1;
	call_end(&call);
	return result;
}

HRESULT SetSavedStateSymbolProviderDebugInfoCallback(
	VM_SAVED_STATE_DUMP_HANDLE handle, GUEST_SYMBOLS_PROVIDER_DEBUG_INFO_CALLBACK Callback)
{
	struct call call;

	if (call_begin(&call, handle, HANDLE_CHANGES))
		call.provider->symbol_messages = Callback;
	return call_end(&call);
}

/* ---- Modules ------------------------------------------------------------ */

/* The image at base in the first address space that has it; memory must outlive it. */
static enum status find_image(struct call *call, uint64_t base, struct virtual_memory *memory,
			      struct pe_image **out)
{
	uint32_t count = partition_state_vp_count(call->provider->state->partition);

	for (uint32_t vp_id = 0; vp_id < count; vp_id++) {
		struct image_memory view = image_memory_of(memory);

		if (!call_find_memory(call, vp_id, memory))
			continue;
		call->status = pe_image_open(&view, base, out, &call->error);
		if (call->status == STATUS_OK || call->status == STATUS_OUT_OF_MEMORY)
			return call->status;
	}
	return error_set(&call->error, STATUS_FILE_NOT_FOUND,
			 "no VP has an image at 0x%" PRIx64 " in its address space", base);
}

static HRESULT load_module(VM_SAVED_STATE_DUMP_HANDLE handle,
			   const struct symbol_request *request, uint64_t base)
{
	struct symbol_messages messages = { 0 };
	const struct symbol_listener listener = { symbol_messages_add, &messages };
	struct pe_image *image = NULL;
	struct virtual_memory memory;
	struct symbol_provider *symbols;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_CHANGES))
		return call_end(&call);
	symbols = call_symbols(&call);
	if (symbols != NULL)
		call.status = find_image(&call, base, &memory, &image);
	if (call.status == STATUS_OK)
		call.status = symbol_provider_load(symbols, image, request, &listener,
						   &call.error);
	else
		symbol_messages_add(&messages, call.error.text);
	pe_image_close(image);
	symbol_messages_deliver(&call, &messages);
	return call_end(&call);
}

HRESULT WINAPI LoadSavedStateModuleSymbols(VM_SAVED_STATE_DUMP_HANDLE handle, LPCSTR imageName,
					   LPCSTR moduleName, GUEST_VIRTUAL_ADDRESS baseAddress,
					   DWORD sizeOfBase)
{
	return LoadSavedStateModuleSymbolsEx(handle, imageName, 0, moduleName, baseAddress,
					     sizeOfBase);
}

HRESULT WINAPI LoadSavedStateModuleSymbolsEx(VM_SAVED_STATE_DUMP_HANDLE handle, LPCSTR imageName,
					     UINT32 imageTimestamp, LPCSTR moduleName,
					     GUEST_VIRTUAL_ADDRESS baseAddress, DWORD sizeOfBase)
{
	const struct symbol_request request = {
		.image_name = imageName,
		.module_name = moduleName,
		.timestamp = imageTimestamp,
		.size = sizeOfBase,
	};

	return load_module(handle, &request, baseAddress);
}

/* ---- Variables ---------------------------------------------------------- */

HRESULT WINAPI ResolveSavedStateGlobalVariableAddress(VM_SAVED_STATE_DUMP_HANDLE handle,
						      UINT32 vpId, LPCSTR globalName,
						      GUEST_VIRTUAL_ADDRESS *virtualAddress,
						      ULONG *size)
{
	struct symbol_match match = { 0 };
	struct symbol_provider *symbols;
	struct vp_view view;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS) ||
	    call_lacks(&call, globalName, "the name of the variable") ||
	    call_lacks(&call, virtualAddress, "the pointer for the address") ||
	    !call_find_vp(&call, vpId, &view))
		return call_end(&call);
	symbols = call_symbols(&call);
	if (symbols == NULL)
		return call_end(&call);
	call.status = symbol_provider_find(symbols, globalName, &match, &call.error);
	*virtualAddress = call.status == STATUS_OK ? match.address : 0;
	if (size != NULL)
		*size = call.status == STATUS_OK && match.size <= UINT32_MAX ?
				(ULONG)match.size : 0;
	symbol_match_fini(&match);
	return call_end(&call);
}

/* Reads all or fails: VA_NOT_MAPPED, or READ_FAILED for a page that is not saved. */
static enum status read_all(struct call *call, const struct virtual_memory *memory,
			    uint64_t address, void *buffer, size_t size)
{
	struct page_walk walk;
	size_t count;
	enum status status =
		virtual_memory_read(memory, address, buffer, size, &count, &call->error);

	if (status != STATUS_OK || count == size)
		return status;
	status = virtual_memory_walk(memory, address + count, NULL, &walk, &call->error);
	if (status == STATUS_OK)
		status = page_walk_status(&walk, &call->error);
	return status != STATUS_OK ? status :
		       error_set(&call->error, STATUS_READ_FAILED,
				 "the page at 0x%" PRIx64 " is not in the saved memory",
				 address + count);
}

HRESULT WINAPI ReadSavedStateGlobalVariable(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
					    LPCSTR globalName, LPVOID buffer, ULONG bufferSize)
{
	struct symbol_match match = { 0 };
	struct symbol_provider *symbols;
	struct virtual_memory memory;
	struct vp_view view;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS) ||
	    call_lacks(&call, globalName, "the name of the variable") ||
	    call_lacks(&call, buffer, "the buffer") || !call_find_vp(&call, vpId, &view))
		return call_end(&call);
	symbols = call_symbols(&call);
	if (symbols != NULL)
		call.status = symbol_provider_find(symbols, globalName, &match, &call.error);
	if (call.status == STATUS_OK && call_find_memory(&call, vpId, &memory))
		call.status = read_all(&call, &memory, match.address, buffer, bufferSize);
	symbol_match_fini(&match);
	return call_end(&call);
}

/* ---- Symbols ------------------------------------------------------------ */

/* Copies text, cut between two UTF-8 characters. */
static void copy_cut(char *to, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length >= size)
		length = utf8_cut(text, size - 1);
	memcpy(to, text, length);
	to[length] = '\0';
}

static void write_symbol(const struct symbol_match *match, uint64_t displacement,
			 VMSAVEDSTATE_SYMBOL *to)
{
	VMSAVEDSTATE_SYMBOL symbol = {
		.ModuleSize = match->module.size,
		.ModuleBase = match->module.base,
		.Address = match->address,
		.Size = match->size,
		.Displacement = displacement,
	};

	copy_cut(symbol.ModuleName, sizeof(symbol.ModuleName), match->module.name);
	copy_cut(symbol.Name, sizeof(symbol.Name), match->name);
	output_write(to, &symbol, sizeof(symbol));
}

HRESULT VmSavedStateResolveSymbol(VM_SAVED_STATE_DUMP_HANDLE handle, const char *name,
				  VMSAVEDSTATE_SYMBOL *symbol)
{
	struct symbol_match match = { 0 };
	struct symbol_provider *symbols;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS) ||
	    call_lacks(&call, name, "the name of the symbol") ||
	    !output_has_room(&call, symbol, sizeof(*symbol)))
		return call_end(&call);
	symbols = call_symbols(&call);
	if (symbols == NULL)
		return call_end(&call);
	call.status = symbol_provider_find(symbols, name, &match, &call.error);
	if (call.status == STATUS_OK)
		write_symbol(&match, 0, symbol);
	symbol_match_fini(&match);
	return call_end(&call);
}

HRESULT VmSavedStateFindSymbol(VM_SAVED_STATE_DUMP_HANDLE handle, GUEST_VIRTUAL_ADDRESS address,
			       VMSAVEDSTATE_SYMBOL *symbol)
{
	struct symbol_match match = { 0 };
	struct symbol_provider *symbols;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS) ||
	    !output_has_room(&call, symbol, sizeof(*symbol)))
		return call_end(&call);
	symbols = call_symbols(&call);
	if (symbols == NULL)
		return call_end(&call);
	call.status = symbol_provider_at(symbols, address, &match, &call.error);
	if (call.status == STATUS_OK)
		write_symbol(&match, address - match.address, symbol);
	symbol_match_fini(&match);
	return call_end(&call);
}
