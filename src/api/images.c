/* SPDX-License-Identifier: MIT */
/* Images in guest memory, and the call stacks through them. */
#include "api/symbol_call.h"
#include "guest/call_stack.h"
#include "guest/image_scan.h"

#include <vmsavedstatedump_ext.h>

/* ---- Images ------------------------------------------------------------- */

struct found_image_listener {
	FOUND_IMAGE_CALLBACK callback;
	void *context;
};

/* Hands out an image and closes it; true when the caller has seen enough. */
static bool hand_out_image(const struct found_image_listener *listener, struct pe_image *image)
{
	DOS_IMAGE_INFO info = {
		.PdbName = image->pdb_name,
		.ImageBaseAddress = image->base,
		.ImageSize = image->size,
		.Timestamp = image->timestamp,
	};
	bool enough = listener->callback(listener->context, &info);

	pe_image_close(image);
	return enough;
}

/* The provider is locked for one portion of the scan at a time, and never for the callback. */
static enum status scan_images(struct call *call, struct image_scan *scan,
			       const struct found_image_listener *listener)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && !scan->ended) {
		struct pe_image *image;

		handle_lock(&call->hold, HANDLE_READS);
		status = image_scan_next(scan, &image, &call->error);
		handle_unlock(&call->hold);
		if (status == STATUS_OK && image != NULL && hand_out_image(listener, image))
			break;
	}
	return status;
}

static bool scan_arguments_are_right(struct call *call, UINT64 start, UINT64 end,
				     FOUND_IMAGE_CALLBACK callback, const UINT64 *standalone,
				     DWORD count)
{
	if (callback == NULL)
		call_wrong_argument(call, "the callback is NULL");
	else if (start < end)
		call_wrong_argument(call, "a scan goes downwards, and its start lies below its end");
	else if (count > 0 && standalone == NULL)
		call_wrong_argument(call, "the standalone addresses are NULL");
	return call->status == STATUS_OK;
}

HRESULT WINAPI ScanMemoryForDosImages(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
				      GUEST_VIRTUAL_ADDRESS startAddress,
				      GUEST_VIRTUAL_ADDRESS endAddress, PVOID callbackContext,
				      FOUND_IMAGE_CALLBACK foundImageCallback,
				      GUEST_VIRTUAL_ADDRESS *standaloneAddress,
				      DWORD standaloneAddressCount)
{
	const struct found_image_listener listener = { foundImageCallback, callbackContext };
	struct virtual_memory memory;
	struct image_scan scan;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_READS))
		return call_end(&call);
	if (!scan_arguments_are_right(&call, startAddress, endAddress, foundImageCallback,
				      standaloneAddress, standaloneAddressCount) ||
	    !call_find_memory(&call, vpId, &memory))
		return call_end(&call);
	image_scan_begin(&scan, &memory, startAddress, endAddress, standaloneAddress,
			 standaloneAddressCount);
	handle_unlock(&call.hold);
	call.status = scan_images(&call, &scan, &listener);
	return call_end(&call);
}

/* ---- Stacks ------------------------------------------------------------- */

/* Everything a stack is followed with; the call has begun. */
static bool find_source(struct call *call, UINT32 vpId, struct virtual_memory *memory,
			struct call_stack_source *source)
{
	struct vp_view view;

	if (!call_find_vp(call, vpId, &view) || !call_find_memory(call, vpId, memory))
		return false;
	source->memory = memory;
	source->vp = view.vp;
	source->forced = view.forced;
	return true;
}

/* Loads the symbols of a module unless they are there; an image that is missing is none. */
static enum status load_module(const struct call_stack_source *source, const MODULE_INFO *module,
			       struct error *error)
{
	const struct image_memory memory = image_memory_of(source->memory);
	const struct symbol_request request = {
		.image_name = module->ProcessImageName,
		.timestamp = module->Image.Timestamp,
		.size = module->Image.ImageSize,
	};
	struct symbol_module known;
	struct pe_image *image;
	enum status status;

	if (symbol_provider_module_at(source->symbols, module->Image.ImageBaseAddress, &known) &&
	    known.base == module->Image.ImageBaseAddress)
		return STATUS_OK;
	status = pe_image_open(&memory, module->Image.ImageBaseAddress, &image, error);
	if (status == STATUS_OK) {
		status = symbol_provider_load(source->symbols, image, &request, source->listener,
					      error);
		pe_image_close(image);
	}
	return status == STATUS_OUT_OF_MEMORY ? status : STATUS_OK;
}

static enum status write_stack(const struct call_stack_source *source, const MODULE_INFO *modules,
			       DWORD module_count, UINT32 frame_count, LPWSTR *out,
			       struct error *error)
{
	struct call_stack stack = { 0 };
	struct text_buffer text = { 0 };
	enum status status = STATUS_OK;

	for (DWORD i = 0; i < module_count && status == STATUS_OK; i++)
		status = load_module(source, &modules[i], error);
	if (status == STATUS_OK && frame_count > 0)
		status = call_stack_unwind(source, frame_count, &stack, error);
	else
		stack.end = STACK_LIMIT;
	if (status == STATUS_OK) {
		call_stack_write(&stack, &text);
		status = text.failed ? error_out_of_memory(error, "a call stack") :
				       hand_out_text(text.text, out, error);
	}
	text_buffer_fini(&text);
	call_stack_fini(&stack);
	return status;
}

/* The original has a result of its own for a stack without a symbol provider. */
static HRESULT end_stack_call(struct call *call)
{
	HRESULT result = call_end(call);

	return call->status == STATUS_NO_SYMBOL_PROVIDER ? VMSAVEDSTATE_E_NO_SYMBOLS : result;
}

HRESULT WINAPI CallStackUnwind(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId,
			       PMODULE_INFO imageInfo, DWORD imageInfoCount, UINT32 frameCount,
			       LPWSTR *callStack)
{
	struct symbol_messages messages = { 0 };
	const struct symbol_listener listener = { symbol_messages_add, &messages };
	struct call_stack_source source = { .listener = &listener };
	struct virtual_memory memory;
	struct vp_view view;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_CHANGES) ||
	    call_lacks(&call, callStack, "the pointer for the text") ||
	    (imageInfoCount > 0 && call_lacks(&call, imageInfo, "the array of modules")) ||
	    !call_find_vp(&call, vpId, &view))
		return call_end(&call);
	source.symbols = call_symbols(&call);
	if (source.symbols != NULL && find_source(&call, vpId, &memory, &source))
		call.status = write_stack(&source, imageInfo, imageInfoCount, frameCount,
					  callStack, &call.error);
	symbol_messages_deliver(&call, &messages);
	return end_stack_call(&call);
}

static VMSAVEDSTATE_STACK_END public_end(enum stack_end end)
{
	static const VMSAVEDSTATE_STACK_END ends[] = {
		[STACK_COMPLETE] = VMSAVEDSTATE_STACK_COMPLETE,
		[STACK_LIMIT] = VMSAVEDSTATE_STACK_GOES_ON,
		[STACK_NO_IMAGE] = VMSAVEDSTATE_STACK_NO_IMAGE,
		[STACK_NO_DATA] = VMSAVEDSTATE_STACK_NO_DATA,
		[STACK_DATA_MISSING] = VMSAVEDSTATE_STACK_DATA_MISSING,
		[STACK_DATA_DAMAGED] = VMSAVEDSTATE_STACK_DATA_DAMAGED,
		[STACK_MEMORY_MISSING] = VMSAVEDSTATE_STACK_MEMORY_MISSING,
		[STACK_NO_FRAME_POINTER] = VMSAVEDSTATE_STACK_NO_FRAME_POINTER,
		[STACK_TURNS_BACK] = VMSAVEDSTATE_STACK_TURNS_BACK,
	};

	return ends[end];
}

static void hand_out_frames(const struct call_stack *stack, VMSAVEDSTATE_FRAME_CALLBACK callback,
			    void *context)
{
	for (size_t i = 0; i < stack->count; i++) {
		const struct stack_frame *from = &stack->frames[i];
		enum stack_end end = i + 1 < stack->count ? STACK_LIMIT : stack->end;
		VMSAVEDSTATE_FRAME frame = {
			.StructSize = sizeof(frame),
			.Index = (UINT32)i,
			.StackPointer = from->stack_pointer,
			.InstructionPointer = from->instruction_pointer,
			.ReturnAddress = from->return_address,
			.ModuleBase = from->module_base,
			.ModuleName = stack->texts.text + from->module_at,
			.SymbolName = stack->texts.text + from->symbol_at,
			.Displacement = from->displacement,
			.End = public_end(end),
			.EndText = end != STACK_LIMIT ? stack_end_text(end) : "",
		};

		if (callback(context, &frame))
			break;
	}
}

/* Follows the stack with the provider's symbols, or with names of images alone. */
static enum status unwind(struct call_stack_source *source, struct symbol_provider *symbols,
			  UINT32 frame_count, struct call_stack *out, struct error *error)
{
	struct symbol_provider *temporary = NULL;
	enum status status = STATUS_OK;

	if (symbols == NULL)
		status = symbol_provider_open("", &temporary, error);
	source->symbols = symbols != NULL ? symbols : temporary;
	if (status == STATUS_OK)
		status = call_stack_unwind(source, frame_count, out, error);
	symbol_provider_close(temporary);
	return status;
}

HRESULT VmSavedStateUnwind(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vpId, UINT32 frameCount,
			   VMSAVEDSTATE_FRAME_CALLBACK callback, void *context)
{
	struct symbol_messages messages = { 0 };
	const struct symbol_listener listener = { symbol_messages_add, &messages };
	struct call_stack_source source = { .listener = &listener };
	struct call_stack stack = { 0 };
	struct virtual_memory memory;
	struct call call;

	if (!call_begin(&call, handle, HANDLE_CHANGES))
		return call_end(&call);
	if (callback == NULL)
		call_wrong_argument(&call, "the callback is NULL");
	else if (find_source(&call, vpId, &memory, &source))
		call.status = unwind(&source, call.provider->symbols, frameCount, &stack,
				     &call.error);
	symbol_messages_deliver(&call, &messages);
	if (call.status == STATUS_OK)
		hand_out_frames(&stack, callback, context);
	call_stack_fini(&stack);
	return call_end(&call);
}
