/* SPDX-License-Identifier: MIT */
#include "guest/call_stack.h"
#include "guest/image_scan.h"
#include "guest/stack_cursor.h"
#include "base/vector.h"

#include <inttypes.h>

const char *stack_end_text(enum stack_end end)
{
	switch (end) {
	case STACK_COMPLETE:
		return "the return address is 0, as below the first function of a thread";
	case STACK_LIMIT:
		return "as many frames as were asked for";
	case STACK_NO_IMAGE:
		return "the address lies in no image";
	case STACK_NO_DATA:
		return "the image has no unwind data for the address";
	case STACK_DATA_MISSING:
		return "the image's headers or unwind data are not in memory";
	case STACK_DATA_DAMAGED:
		return "the image's unwind data is damaged, or of a version that is not known";
	case STACK_MEMORY_MISSING:
		return "the stack goes on in a page that is not in memory";
	case STACK_NO_FRAME_POINTER:
		return "the frame pointer does not point to a frame";
	case STACK_TURNS_BACK:
		return "the next frame would lie below this one";
	}
	return "";
}

struct walk {
	const struct call_stack_source *source;
	struct image_memory memory;
	struct vector images;		/* of struct pe_image *, those met so far */
	struct symbol_match match;
	struct vector frames;
	struct text_buffer texts;
};

static struct pe_image *image_of(const struct walk *walk, size_t index)
{
	return ((struct pe_image **)walk->images.items)[index];
}

/* Takes over the image, also on failure. */
static enum status keep_image(struct walk *walk, struct pe_image *image, struct error *error)
{
	struct pe_image **kept = vector_extend(&walk->images, 1, sizeof(struct pe_image *));

	if (kept == NULL) {
		pe_image_close(image);
		return error_out_of_memory(error, "an image");
	}
	*kept = image;
	return STATUS_OK;
}

/* Finds the image around an address in memory, and tells the symbol provider. */
static enum status discover_image(struct walk *walk, uint64_t address,
				  struct symbol_module *module_out, struct error *error)
{
	static const struct symbol_request request = { NULL, NULL, 0, 0 };
	struct pe_image *image;
	enum status status = image_find(walk->source->memory, address, &image, error);

	if (status != STATUS_OK)
		return status == STATUS_OUT_OF_MEMORY ? status : STATUS_SYMBOL_NOT_FOUND;
	status = keep_image(walk, image, error);
	if (status != STATUS_OK)
		return status;
	status = symbol_provider_load(walk->source->symbols, image, &request,
				      walk->source->listener, error);
	if (status == STATUS_OUT_OF_MEMORY)
		return status;
	return symbol_provider_module_at(walk->source->symbols, address, module_out) ?
		       STATUS_OK : STATUS_SYMBOL_NOT_FOUND;
}

/* The image that begins at base, *image_out NULL when its headers are missing. */
static enum status open_image(struct walk *walk, uint64_t base, const struct pe_image **image_out,
			      struct error *error)
{
	struct pe_image *image;
	enum status status;

	*image_out = NULL;
	for (size_t i = 0; i < walk->images.count; i++) {
		if (image_of(walk, i)->base == base) {
			*image_out = image_of(walk, i);
			return STATUS_OK;
		}
	}
	status = pe_image_open(&walk->memory, base, &image, error);
	if (status == STATUS_OUT_OF_MEMORY)
		return status;
	if (status != STATUS_OK)
		return STATUS_OK;
	*image_out = image;
	return keep_image(walk, image, error);
}

struct place {
	bool has_module;
	struct symbol_module module;
	const struct pe_image *image;	/* NULL: no module, or its headers are missing */
};

static enum status find_place(struct walk *walk, uint64_t address, struct place *out,
			      struct error *error)
{
	enum status status = STATUS_OK;

	*out = (struct place){ .has_module = true };
	if (!symbol_provider_module_at(walk->source->symbols, address, &out->module))
		status = discover_image(walk, address, &out->module, error);
	if (status == STATUS_SYMBOL_NOT_FOUND) {
		out->has_module = false;
		return STATUS_OK;
	}
	return status == STATUS_OK ? open_image(walk, out->module.base, &out->image, error) :
				     status;
}

static size_t keep_text(struct walk *walk, const char *text)
{
	size_t at = walk->texts.length;

	text_append(&walk->texts, text);
	text_append_bytes(&walk->texts, "", 1);
	return at;
}

/* A call that does not return may be the last instruction of its function; then the next counts. */
static uint64_t symbol_address(const struct stack_cursor *cursor)
{
	uint64_t address = stack_cursor_address(cursor);

	return cursor->exact || address == 0 ? address : address - 1;
}

static enum status describe_frame(struct walk *walk, const struct stack_cursor *cursor,
				  const struct place *place, struct stack_frame *out,
				  struct error *error)
{
	uint64_t address = stack_cursor_address(cursor);
	enum status status = STATUS_SYMBOL_NOT_FOUND;

	*out = (struct stack_frame){ .stack_pointer = stack_cursor_stack(cursor),
				     .instruction_pointer = address };
	if (place->has_module)
		status = symbol_provider_at(walk->source->symbols, symbol_address(cursor),
					    &walk->match, error);
	if (status == STATUS_OUT_OF_MEMORY)
		return status;
	if (status == STATUS_OK) {
		out->module_base = walk->match.module.base;
		out->displacement = address - walk->match.address;
	}
	out->module_at = keep_text(walk, status == STATUS_OK ? walk->match.module.name : "");
	out->symbol_at = keep_text(walk, status == STATUS_OK ? walk->match.name : "");
	return walk->texts.failed ? error_out_of_memory(error, "a call stack") : STATUS_OK;
}

/* One frame, and the step to its caller; *more tells whether there is one. */
static enum status walk_frame(struct walk *walk, struct stack_cursor *cursor, bool *more,
			      enum stack_end *end_out, struct error *error)
{
	struct stack_frame *frame = vector_extend(&walk->frames, 1, sizeof(*frame));
	struct place place;
	enum status status;

	if (frame == NULL)
		return error_out_of_memory(error, "a call stack");
	status = find_place(walk, symbol_address(cursor), &place, error);
	if (status == STATUS_OK)
		status = describe_frame(walk, cursor, &place, frame, error);
	if (status != STATUS_OK)
		return status;
	*more = false;
	if (place.has_module && place.image == NULL && stack_cursor_needs_image(cursor)) {
		*end_out = STACK_DATA_MISSING;
		return STATUS_OK;
	}
	*more = stack_cursor_step(cursor, &walk->memory, place.image, end_out);
	if (*more)
		frame->return_address = stack_cursor_address(cursor);
	if (*more && frame->return_address == 0) {
		*more = false;
		*end_out = STACK_COMPLETE;
	}
	return STATUS_OK;
}

static void end_walk(struct walk *walk)
{
	for (size_t i = 0; i < walk->images.count; i++)
		pe_image_close(image_of(walk, i));
	vector_free(&walk->images);
	symbol_match_fini(&walk->match);
}

enum status call_stack_unwind(const struct call_stack_source *source, uint32_t frame_limit,
			      struct call_stack *out, struct error *error)
{
	struct walk walk = { .source = source, .memory = image_memory_of(source->memory) };
	enum stack_end end = STACK_LIMIT;
	struct stack_cursor cursor;
	bool more = true;
	enum status status = stack_cursor_begin(source->vp, source->forced, &cursor, error);

	if (frame_limit > CALL_STACK_FRAME_LIMIT)
		frame_limit = CALL_STACK_FRAME_LIMIT;
	while (status == STATUS_OK && more && walk.frames.count < frame_limit)
		status = walk_frame(&walk, &cursor, &more, &end, error);
	end_walk(&walk);
	if (status != STATUS_OK) {
		vector_free(&walk.frames);
		text_buffer_fini(&walk.texts);
		return status;
	}
	error_clear(error);
	out->frames = walk.frames.items;
	out->count = walk.frames.count;
	out->end = more ? STACK_LIMIT : end;
	out->texts = walk.texts;
	return STATUS_OK;
}

void call_stack_fini(struct call_stack *stack)
{
	free(stack->frames);
	text_buffer_fini(&stack->texts);
	stack->frames = NULL;
	stack->count = 0;
}

static void write_frame(const struct call_stack *stack, const struct stack_frame *frame,
			struct text_buffer *out)
{
	const char *module = stack->texts.text + frame->module_at;
	const char *symbol = stack->texts.text + frame->symbol_at;

	text_append_format(out, "%016" PRIx64 "\t%016" PRIx64 "\t", frame->stack_pointer,
			   frame->return_address);
	if (frame->module_base == 0) {
		text_append_format(out, "0x%016" PRIx64 "\n", frame->instruction_pointer);
		return;
	}
	text_append(out, module);
	if (symbol[0] != '\0') {
		text_append(out, "!");
		text_append(out, symbol);
	}
	if (frame->displacement != 0 || symbol[0] == '\0')
		text_append_format(out, "+0x%" PRIx64, frame->displacement);
	text_append(out, "\n");
}

void call_stack_write(const struct call_stack *stack, struct text_buffer *out)
{
	text_append(out, "Guest-SP\t\tRetAddr\t\t\tCall Site\n");
	for (size_t i = 0; i < stack->count; i++)
		write_frame(stack, &stack->frames[i], out);
	if (stack->end != STACK_LIMIT)
		text_append_format(out, "(the stack ends here: %s)\n", stack_end_text(stack->end));
}
