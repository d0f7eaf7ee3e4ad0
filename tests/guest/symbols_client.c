/* SPDX-License-Identifier: MIT */
/*
 * Asks the library about symbols, types, images and stacks, as it is told.
 *
 * usage: symbols_client FILE < QUESTIONS
 *
 * Each line is a question; what follows its last word is part of it, so names
 * may hold blanks.  The answer holds the HRESULT, behind the lines of
 * callbacks, and ends with a line of one dot.
 */
#include <vmsavedstatedump_ext.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 8192 };

static VM_SAVED_STATE_DUMP_HANDLE handle;

static void print_result(HRESULT result)
{
	printf("%08" PRIX32 "\n", (uint32_t)result);
}

/* Copies ASCII. */
static WCHAR *wide(const char *text)
{
	static WCHAR units[LINE_SIZE];
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		units[i] = (WCHAR)(unsigned char)text[i];
	units[i] = 0;
	return units;
}

static void print_wide(const WCHAR *text)
{
	for (; *text != 0; text++)
		putchar(*text < 0x80 ? (int)*text : '?');
}

/* Takes the first word off; the rest is what it returns. */
static char *cut_word(char *text)
{
	char *rest = strchr(text, ' ');

	if (rest == NULL)
		return text + strlen(text);
	*rest = '\0';
	return rest + 1;
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 0);
}

/* ---- Callbacks -------------------------------------------------------------------------- */

/* May call whatever it likes, also on the handle that is at work. */
static void CALLBACK hear(LPCSTR message)
{
	UINT32 count = 0;

	GetVpCount(handle, &count);
	printf("message %s\n", message);
}

struct scan {
	unsigned stop_after;
	unsigned found;
};

static BOOL CALLBACK see_image(PVOID context, PDOS_IMAGE_INFO image)
{
	struct scan *scan = context;
	UINT32 count = 0;

	GetVpCount(handle, &count);
	SetMemoryBlockCacheLimit(handle, 1);
	printf("image 0x%" PRIx64 " 0x%" PRIx32 " 0x%" PRIx32 " %s\n", image->ImageBaseAddress,
	       (uint32_t)image->ImageSize, image->Timestamp, image->PdbName);
	return ++scan->found == scan->stop_after;
}

static BOOL CALLBACK see_member(void *context, const VMSAVEDSTATE_MEMBER *member)
{
	(void)context;
	printf("member %u %d %" PRIu64 " %" PRIu64 " %u %u %" PRId64 " %s|%s\n", member->Depth,
	       (int)member->Kind, member->Offset, member->Size, member->BitPosition,
	       member->BitLength, member->Value, member->Name, member->Type);
	return FALSE;
}

static BOOL CALLBACK see_frame(void *context, const VMSAVEDSTATE_FRAME *frame)
{
	UINT32 count = 0;

	(void)context;
	GetVpCount(handle, &count);
	printf("frame %u 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 " %s!%s+0x%" PRIx64 " %d %s\n",
	       frame->Index, frame->StackPointer, frame->InstructionPointer, frame->ReturnAddress,
	       frame->ModuleName, frame->SymbolName, frame->Displacement, (int)frame->End,
	       frame->EndText);
	return FALSE;
}

/* ---- Questions -------------------------------------------------------------------------- */

static void ask_provider(char *rest)
{
	print_result(LoadSavedStateSymbolProvider(handle, rest[0] != '\0' ? wide(rest) : NULL,
						  FALSE));
	printf("handle %" PRIdPTR "\n", (intptr_t)GetSavedStateSymbolProviderHandle(handle));
}

static void ask_replace(char *rest)
{
	print_result(LoadSavedStateSymbolProvider(handle, wide(rest), TRUE));
}

static void ask_release(char *rest)
{
	(void)rest;
	print_result(ReleaseSavedStateSymbolProvider(handle));
	printf("handle %" PRIdPTR "\n", (intptr_t)GetSavedStateSymbolProviderHandle(handle));
}

static void ask_listen(char *rest)
{
	print_result(SetSavedStateSymbolProviderDebugInfoCallback(handle,
								  rest[0] == '1' ? hear : NULL));
}

/* BASE SIZE TIMESTAMP NAME */
static void ask_load(char *rest)
{
	char *size = cut_word(rest), *timestamp = cut_word(size), *name = cut_word(timestamp);

	print_result(LoadSavedStateModuleSymbolsEx(handle, NULL, (UINT32)number(timestamp), name,
						   number(rest), (DWORD)number(size)));
}

static void ask_resolve(char *rest)
{
	GUEST_VIRTUAL_ADDRESS address = 0xCCCCCCCCCCCCCCCC;
	VMSAVEDSTATE_SYMBOL symbol = { .StructSize = sizeof(symbol) };
	ULONG size = 0xCCCCCCCC;

	print_result(ResolveSavedStateGlobalVariableAddress(handle, 0, rest, &address, &size));
	printf("0x%" PRIx64 " %" PRIu32 "\n", address, (uint32_t)size);
	if (SUCCEEDED(VmSavedStateResolveSymbol(handle, rest, &symbol)))
		printf("symbol %s!%s 0x%" PRIx64 " %" PRIu64 "\n", symbol.ModuleName, symbol.Name,
		       symbol.Address, symbol.Size);
}

static void ask_find(char *rest)
{
	VMSAVEDSTATE_SYMBOL symbol = { .StructSize = sizeof(symbol) };

	print_result(VmSavedStateFindSymbol(handle, number(rest), &symbol));
	printf("%s!%s+0x%" PRIx64 "\n", symbol.ModuleName, symbol.Name, symbol.Displacement);
}

/* SIZE NAME */
static void ask_read(char *rest)
{
	uint8_t bytes[LINE_SIZE];
	char *name = cut_word(rest);
	ULONG size = (ULONG)number(rest);
	HRESULT result = ReadSavedStateGlobalVariable(handle, 0, name, bytes, size);

	print_result(result);
	for (ULONG i = 0; i < size && SUCCEEDED(result); i++)
		printf("%02x", bytes[i]);
	printf("\n");
}

static void ask_size(char *rest)
{
	ULONG size = 0xCCCCCCCC;

	print_result(GetSavedStateSymbolTypeSize(handle, 0, rest, &size));
	printf("%" PRIu32 "\n", (uint32_t)size);
}

/* FIELD TYPE */
static void ask_field(char *rest)
{
	char *type = cut_word(rest);
	UINT32 offset = 0xCCCCCCCC;
	BOOL found = 99;

	print_result(FindSavedStateSymbolFieldInType(handle, 0, type, wide(rest), &offset, &found));
	printf("%d %" PRIu32 "\n", found, offset);
}

static void ask_fields(char *rest)
{
	LPWSTR json = NULL;

	print_result(GetSavedStateSymbolFieldInfo(handle, 0, rest, &json));
	if (json != NULL)
		print_wide(json);
	printf("\n");
	LocalFree(json);
}

/* DEPTH TYPE */
static void ask_layout(char *rest)
{
	char *type = cut_word(rest);
	UINT64 size = 0;

	print_result(VmSavedStateGetTypeLayout(handle, type, (UINT32)number(rest), see_member,
					       NULL, &size));
	printf("size %" PRIu64 "\n", size);
}

/* START END STOP_AFTER [STANDALONE...] */
static void ask_scan(char *rest)
{
	char *end = cut_word(rest), *stop = cut_word(end), *next = cut_word(stop);
	GUEST_VIRTUAL_ADDRESS standalone[16];
	struct scan scan = { (unsigned)number(stop), 0 };
	DWORD count = 0;

	while (next[0] != '\0') {
		char *after = cut_word(next);

		standalone[count++] = number(next);
		next = after;
	}
	print_result(ScanMemoryForDosImages(handle, 0, number(rest), number(end), &scan, see_image,
					    standalone, count));
}

/* FRAMES [BASE NAME] */
static void ask_stack(char *rest)
{
	char *base = cut_word(rest), *name = cut_word(base);
	MODULE_INFO module = { .ProcessImageName = name };
	LPWSTR text = NULL;

	module.Image.ImageBaseAddress = number(base);
	print_result(CallStackUnwind(handle, 0, &module, base[0] != '\0' ? 1 : 0,
				     (UINT32)number(rest), &text));
	if (text != NULL)
		print_wide(text);
	LocalFree(text);
}

static void ask_unwind(char *rest)
{
	print_result(VmSavedStateUnwind(handle, 0, (UINT32)number(rest), see_frame, NULL));
}

/* Every function once with something wrong, one HRESULT after the other. */
static void ask_wrong(char *rest)
{
	GUEST_VIRTUAL_ADDRESS address;
	LPWSTR text;
	ULONG size;
	UINT32 offset;
	BOOL found;
	uint8_t byte;

	(void)rest;
	print_result(ResolveSavedStateGlobalVariableAddress(handle, 9, "x", &address, NULL));
	print_result(ResolveSavedStateGlobalVariableAddress(handle, 0, NULL, &address, NULL));
	print_result(ResolveSavedStateGlobalVariableAddress(handle, 0, "x", NULL, NULL));
	print_result(ReadSavedStateGlobalVariable(handle, 9, "x", &byte, 1));
	print_result(ReadSavedStateGlobalVariable(handle, 0, "x", NULL, 1));
	print_result(GetSavedStateSymbolTypeSize(handle, 9, "x", &size));
	print_result(GetSavedStateSymbolTypeSize(handle, 0, NULL, &size));
	print_result(GetSavedStateSymbolTypeSize(handle, 0, "x", NULL));
	print_result(FindSavedStateSymbolFieldInType(handle, 9, "x", wide("y"), &offset, &found));
	print_result(FindSavedStateSymbolFieldInType(handle, 0, "x", NULL, &offset, &found));
	print_result(GetSavedStateSymbolFieldInfo(handle, 9, "x", &text));
	print_result(GetSavedStateSymbolFieldInfo(handle, 0, "x", NULL));
	print_result(ScanMemoryForDosImages(handle, 9, 1, 0, NULL, see_image, NULL, 0));
	print_result(ScanMemoryForDosImages(handle, 0, 1, 0, NULL, NULL, NULL, 0));
	print_result(ScanMemoryForDosImages(handle, 0, 0x1000, 0x2000, NULL, see_image, NULL, 0));
	print_result(ScanMemoryForDosImages(handle, 0, 1, 0, NULL, see_image, NULL, 1));
	print_result(CallStackUnwind(handle, 9, NULL, 0, 1, &text));
	print_result(CallStackUnwind(handle, 0, NULL, 1, 1, &text));
	print_result(CallStackUnwind(handle, 0, NULL, 0, 1, NULL));
	print_result(VmSavedStateUnwind(handle, 9, 1, see_frame, NULL));
	print_result(VmSavedStateUnwind(handle, 0, 1, NULL, NULL));
	print_result(VmSavedStateFindSymbol(handle, 0, NULL));
}

static const struct {
	const char *word;
	void (*ask)(char *rest);
} questions[] = {
	{ "provider", ask_provider }, { "replace", ask_replace }, { "release", ask_release },
	{ "listen", ask_listen }, { "load", ask_load }, { "resolve", ask_resolve },
	{ "find", ask_find }, { "read", ask_read }, { "size", ask_size }, { "field", ask_field },
	{ "fields", ask_fields }, { "layout", ask_layout }, { "scan", ask_scan },
	{ "stack", ask_stack }, { "unwind", ask_unwind }, { "wrong", ask_wrong },
};

static void answer(char *line)
{
	char *rest = cut_word(line);

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		if (strcmp(questions[i].word, line) == 0) {
			questions[i].ask(rest);
			printf(".\n");
			return;
		}
	}
	fprintf(stderr, "symbols_client: no question '%s'\n", line);
	exit(1);
}

int main(int count, char **arguments)
{
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source) };
	char line[LINE_SIZE];

	if (count != 2)
		return 1;
	source.Path = arguments[1];
	if (FAILED(VmSavedStateOpen(&source, &handle)))
		return 1;
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		answer(line);
	}
	ReleaseSavedStateFiles(handle);
	return 0;
}
