/* SPDX-License-Identifier: MIT */
#include "guest_symbols.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "platform.h"
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

/* ---- Folders of PDBs --------------------------------------------------------- */

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Stores and servers, of which not each part need be there, are left to the library. */
static bool is_plain_folder(const char *place)
{
	static const char *const others[] = { "srv*", "symsrv*", "cache*", "http://", "https://" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		size_t length = 0;

		while (others[i][length] != '\0' &&
		       lower(place[length]) == (unsigned char)others[i][length])
			length++;
		if (others[i][length] == '\0')
			return false;
	}
	return place[0] != '\0';
}

/* Warns of each place of a list, which it cuts up, that is a folder and is not there. */
static void warn_of_missing_folders(char *list)
{
	char *rest = list;

	while (rest != NULL) {
		char *place = rest + strspn(rest, " \t");
		char *end = place + strcspn(place, ";");

		rest = *end == ';' ? end + 1 : NULL;
		while (end > place && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		*end = '\0';
		if (is_plain_folder(place) && !platform_folder_exists(place))
			warn("--symbols: there is no folder '%s'.", place);
	}
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
	const char *list = arguments->texts[OPTION_SYMBOLS];
	char *copy = NULL;
	WCHAR *path = NULL;
	HRESULT result;

	if (arguments->given[OPTION_SYMBOLS]) {
		size_t size = strlen(list) + 1;

		path = wide_of(list);
		copy = malloc(size);
		if (path == NULL || copy == NULL) {
			free(path);
			free(copy);
			return fail_out_of_memory();
		}
		memcpy(copy, list, size);
		warn_of_missing_folders(copy);
		free(copy);
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

/* What the library says without its remedy, the last sentence, which is one for its callers. */
static void cause_of(const struct saved_state *state, char cause[1024])
{
	char *end = NULL;

	cause[0] = '\0';
	VmSavedStateGetErrorText(state->handle, cause, 1024, NULL);
	for (char *next = strstr(cause, ". "); next != NULL; next = strstr(next + 1, ". "))
		end = next;
	if (end != NULL)
		end[1] = '\0';
}

/* Of the images whose PDB was not found, the name of the first, and how many others there are. */
static const char *image_without_pdb(const struct guest_images *images, size_t *others_out)
{
	const char *name = NULL;

	*others_out = 0;
	for (size_t i = 0; i < images->count; i++) {
		const struct guest_image *image = &images->items[i];

		/* One without a name does not say which PDB belongs to it. */
		if (!image->lacks_pdb || image->name[0] == '\0')
			continue;
		if (name == NULL)
			name = image->name;
		else
			++*others_out;
	}
	return name;
}

static void tell_no_image(const struct saved_state *state, char text[GUEST_SYMBOLS_REASON_SIZE])
{
	UINT32 count = 0;

	GetVpCount(state->handle, &count);
	snprintf(text, GUEST_SYMBOLS_REASON_SIZE,
		 "The VP's address space holds no Windows image: %s.",
		 count > 1 ? "name another VP with --vp, if the guest runs Windows" :
			     "symbols are for guests that run Windows");
}

void guest_symbols_reason(const struct saved_state *state, const struct guest_images *images,
			  HRESULT result, char text[GUEST_SYMBOLS_REASON_SIZE])
{
	char cause[1024], others_text[48] = "";
	const char *name;
	size_t others;

	if (images->count == 0) {
		tell_no_image(state, text);
		return;
	}
	if (result != VMSAVEDSTATE_E_SYMBOL_NOT_FOUND) {
		VmSavedStateGetErrorText(state->handle, text, GUEST_SYMBOLS_REASON_SIZE, NULL);
		return;
	}
	cause_of(state, cause);
	name = image_without_pdb(images, &others);
	if (name == NULL) {
		snprintf(text, GUEST_SYMBOLS_REASON_SIZE, "%s Check the spelling; 'vmsavedstate "
			 "images' lists the images.", cause);
		return;
	}
	if (others > 0)
		snprintf(others_text, sizeof(others_text), " and %zu other image%s", others,
			 others == 1 ? "" : "s");
	snprintf(text, GUEST_SYMBOLS_REASON_SIZE, "%s No PDB was found for %s%s: name its folder "
		 "with --symbols PATH, or check the spelling.", cause, name, others_text);
}
