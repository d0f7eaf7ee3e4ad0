/* SPDX-License-Identifier: MIT */
#include "guest_symbols.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "utf8.h"

/* ---- Images ----------------------------------------------------------------- */

struct gathering {
	struct guest_images *images;
	bool out_of_memory;
};

static BOOL CALLBACK gather_image(PVOID context, PDOS_IMAGE_INFO found)
{
	struct gathering *gathering = context;
	struct guest_images *images = gathering->images;
	size_t length = strlen(found->PdbName) + 1;
	struct guest_image *items = realloc(images->items, (images->count + 1) * sizeof(*items));
	char *name = malloc(length);

	if (items != NULL)
		images->items = items;
	if (items == NULL || name == NULL) {
		free(name);
		gathering->out_of_memory = true;
		return TRUE;
	}
	memcpy(name, found->PdbName, length);
	items[images->count++] = (struct guest_image){
		.name = name,
		.base = found->ImageBaseAddress,
		.size = found->ImageSize,
		.timestamp = found->Timestamp,
	};
	return FALSE;
}

enum exit_code guest_images_find(const struct saved_state *state, UINT32 vp,
				 struct guest_images *out)
{
	struct gathering gathering = { out, false };
	HRESULT result;

	*out = (struct guest_images){ NULL, 0 };
	result = ScanMemoryForDosImages(state->handle, vp, UINT64_MAX, 0, &gathering, gather_image,
					NULL, 0);
	if (SUCCEEDED(result) && !gathering.out_of_memory)
		return EXIT_DONE;
	guest_images_free(out);
	return gathering.out_of_memory ? fail_out_of_memory() :
					 saved_state_fail_call(state, result);
}

void guest_images_free(struct guest_images *images)
{
	for (size_t i = 0; i < images->count; i++)
		free(images->items[i].name);
	free(images->items);
	*images = (struct guest_images){ NULL, 0 };
}

/* ---- Symbols ---------------------------------------------------------------- */

/* The UTF-16 of text, which the caller frees; NULL when memory is short. */
static WCHAR *wide_of(const char *text)
{
	/* No character takes more units than bytes. */
	WCHAR *units = malloc((strlen(text) + 1) * sizeof(*units));
	size_t count = 0, length;

	if (units == NULL)
		return NULL;
	for (; *text != '\0'; text += length) {
		uint32_t character = utf8_next(text, &length);

		if (character == UTF8_INVALID)
			character = 0xFFFD;
		if (character > 0xFFFF) {
			units[count++] = (WCHAR)(0xD7C0 + (character >> 10));
			character = 0xDC00 | (character & 0x3FF);
		}
		units[count++] = (WCHAR)character;
	}
	units[count] = 0;
	return units;
}

enum exit_code guest_symbols_begin(const struct saved_state *state,
				   const struct arguments *arguments)
{
	WCHAR *path = NULL;
	HRESULT result;

	if (arguments->given[OPTION_SYMBOLS]) {
		path = wide_of(arguments->texts[OPTION_SYMBOLS]);
		if (path == NULL)
			return fail_out_of_memory();
	}
	result = LoadSavedStateSymbolProvider(state->handle, path, TRUE);
	free(path);
	return SUCCEEDED(result) ? EXIT_DONE : saved_state_fail_call(state, result);
}

/* An image without a PDB still has its exports. */
static void load(const struct saved_state *state, struct guest_image *image)
{
	if (!image->loaded)
		image->lacks_pdb = FAILED(LoadSavedStateModuleSymbolsEx(
			state->handle, NULL, image->timestamp, image->name, image->base,
			image->size));
	image->loaded = true;
}

void guest_symbols_load_at(const struct saved_state *state, struct guest_images *images,
			   UINT64 address)
{
	for (size_t i = 0; i < images->count; i++) {
		if (address - images->items[i].base < images->items[i].size) {
			load(state, &images->items[i]);
			break;
		}
	}
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_called(const struct guest_image *image, const char *name, size_t length)
{
	if (strlen(image->name) != length)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (lower(image->name[i]) != lower(name[i]))
			return false;
	}
	return true;
}

void guest_symbols_load_for(const struct saved_state *state, struct guest_images *images,
			    const char *name)
{
	const char *mark = strchr(name, '!');
	bool found = false;

	for (size_t i = 0; mark != NULL && i < images->count; i++) {
		if (is_called(&images->items[i], name, (size_t)(mark - name))) {
			load(state, &images->items[i]);
			found = true;
		}
	}
	for (size_t i = 0; !found && i < images->count; i++)
		load(state, &images->items[i]);
}

void guest_symbols_reason(const struct saved_state *state, const struct guest_images *images,
			  char text[GUEST_SYMBOLS_REASON_SIZE])
{
	char said[1024] = "", others[48] = "";
	const char *name = NULL;
	size_t lacking = 0;

	if (images->count == 0) {
		snprintf(text, GUEST_SYMBOLS_REASON_SIZE,
			 "The VP's address space holds no Windows image: name another VP with "
			 "--vp.");
		return;
	}
	for (size_t i = 0; i < images->count; i++) {
		const struct guest_image *image = &images->items[i];

		/* One without a name does not say which PDB belongs to it. */
		if (image->lacks_pdb && image->name[0] != '\0' && lacking++ == 0)
			name = image->name;
	}
	VmSavedStateGetErrorText(state->handle, said, sizeof(said), NULL);
	if (lacking > 1)
		snprintf(others, sizeof(others), " and %zu other image%s", lacking - 1,
			 lacking == 2 ? "" : "s");
	snprintf(text, GUEST_SYMBOLS_REASON_SIZE,
		 lacking == 0 ? "%s" : "%s No PDB was found for %s%s: name its folder with "
				       "--symbols PATH.",
		 said, name, others);
}
