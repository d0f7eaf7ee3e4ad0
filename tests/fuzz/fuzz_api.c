/* SPDX-License-Identifier: MIT */
/*
 * The whole API: a sequence of calls on a saved state, both from the input.
 *
 * Input, plain or packed (fault/packed_image.h):
 *   u16 size of the calls, u32 size of the first file, the calls, the first
 *   file, the second file (empty for a .vmrs).
 * An input that begins like a saved state is one, and is asked everything once.
 *
 * A call is its number and then what it needs: bytes for VPs and VTLs, two
 * bytes for sizes, one byte or nine for addresses.
 */
#include "fault/hvs_image.h"
#include "fault/image_mutator.h"
#include "fault/packed_image.h"

#include <vmsavedstatedump_ext.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEAD = 6,
	CALLS_MAX = 48,
	HEAVY_CALLS_MAX = 1,
	BUFFER = 1 << 16,
	CALLS_SIZE_MAX = 512
};

struct session {
	const uint8_t *calls;
	size_t left;
	unsigned heavy_calls;
	bool salvaged;		/* a plain load refuses the file */
	bool fixed;		/* guest memory is no longer what the file says */
	VMSAVEDSTATE_SOURCE source;
	VM_SAVED_STATE_DUMP_HANDLE handle;
	uint8_t buffer[BUFFER];
	uint8_t other[BUFFER];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* ---- Arguments ------------------------------------------------------------ */

static uint64_t take(struct session *session, size_t size)
{
	uint64_t value;

	if (size > session->left)
		size = session->left;
	value = image_load(session->calls, size);
	session->calls += size;
	session->left -= size;
	return value;
}

static uint64_t take_address(struct session *session)
{
	uint64_t kind = take(session, 1);

	switch (kind >> 6) {
	case 0:
		return kind << 12;		/* a page of the first 256 KiB */
	case 1:
		return (kind & 63) << 20 | 0xFF8;	/* a MiB */
	case 2:
		return 0 - ((kind & 63) << 39);	/* the upper half */
	default:
		return take(session, 8);
	}
}

/*
 * A few calls take a hundred times as long as the others, because they open the
 * file again or unpack all of it: one of them in a session is enough.
 */
static bool may_be_heavy(struct session *session)
{
	return session->heavy_calls++ < HEAVY_CALLS_MAX;
}

/* Mostly an existing VP. */
static UINT32 take_vp(struct session *session)
{
	uint64_t vp = take(session, 1);

	return vp < 250 ? (UINT32)(vp & 3) : (UINT32)vp << 24;
}

/* ---- Calls: memory ---------------------------------------------------------- */

/* Results that a read of guest memory can have. */
static bool read_result_is_documented(HRESULT result)
{
	return result == S_OK || result == E_INVALIDARG || result == E_UNEXPECTED ||
	       result == VMSAVEDSTATE_E_RAM_STREAM || result == VMSAVEDSTATE_E_RAM_RECORD ||
	       result == VMSAVEDSTATE_E_UNSUPPORTED_VERSION;
}

static void call_read(struct session *session)
{
	uint64_t gpa = take_address(session);
	UINT32 size = (UINT32)take(session, 2);
	UINT32 part = size / 3;
	UINT32 got = 0, got_part = 0;
	HRESULT result = ReadGuestPhysicalAddress(session->handle, gpa, session->buffer, size,
						  &got);

	require(read_result_is_documented(result));
	require(got <= size && (result == S_OK || got == 0));
	if (result != S_OK || part >= got)
		return;
	/* Any part of it reads the same. */
	result = ReadGuestPhysicalAddress(session->handle, gpa + part, session->other, size - part,
					  &got_part);
	require(result == S_OK && got_part == got - part);
	require(memcmp(session->buffer + part, session->other, got_part) == 0);
}

static void call_read_raw(struct session *session)
{
	UINT32 got = 0;
	uint64_t offset = take_address(session);
	UINT32 size = (UINT32)take(session, 2);
	UINT64 raw_size = 0;
	HRESULT result = ReadGuestRawSavedMemory(session->handle, offset, session->buffer, size,
						 &got);

	require(read_result_is_documented(result) && got <= size);
	require(GetGuestRawSavedMemorySize(session->handle, &raw_size) == S_OK);
	if (result == S_OK && offset >= raw_size)
		require(got == 0);
}

static void call_chunks(struct session *session)
{
	GPA_MEMORY_CHUNK chunks[32];
	UINT64 page_size, count = take(session, 1) % 33;
	HRESULT result = GetGuestPhysicalMemoryChunks(session->handle, &page_size, chunks, &count);

	require(result == S_OK || result == E_OUTOFMEMORY);
}

/* What is true of a page need not be of the next. */
static UINT32 within_page(uint64_t gpa, UINT32 most)
{
	UINT32 left = 4096 - (UINT32)(gpa % 4096);

	return left < most ? left : most;
}

static void call_offset(struct session *session)
{
	UINT64 offset;
	uint64_t gpa = take_address(session);
	HRESULT result = GuestPhysicalAddressToRawSavedMemoryOffset(session->handle, gpa, &offset);
	UINT32 size = within_page(gpa, 16), got, got_raw;

	require(result == S_OK || result == E_INVALIDARG);
	if (result != S_OK || session->fixed)
		return;
	if (ReadGuestPhysicalAddress(session->handle, gpa, session->buffer, size, &got) != S_OK ||
	    ReadGuestRawSavedMemory(session->handle, offset, session->other, size,
				    &got_raw) != S_OK)
		return;
	if (got_raw < got)
		got = got_raw;
	require(memcmp(session->buffer, session->other, got) == 0);
}

static void call_cache(struct session *session)
{
	VMSAVEDSTATE_CACHE_COUNTERS counters = { .StructSize = sizeof(counters) };
	UINT64 limit = take(session, 2), now = 0;

	if (!may_be_heavy(session))
		return;
	require(SetMemoryBlockCacheLimit(session->handle, limit) == S_OK);
	require(GetMemoryBlockCacheLimit(session->handle, &now) == S_OK && now == limit);
	require(VmSavedStateGetCacheCounters(session->handle, &counters) == S_OK);
}

static void call_storage(struct session *session)
{
	VMSAVEDSTATE_PAGE_STORAGE storage;
	uint64_t gpa = take_address(session);
	UINT32 pages = 0, got = 0;
	HRESULT result = VmSavedStateGetPageStorage(session->handle, gpa, &storage, &pages);

	if (result != S_OK)
		return;
	require(pages >= 1);
	result = ReadGuestPhysicalAddress(session->handle, gpa, session->buffer,
					  within_page(gpa, 8), &got);
	if (storage == VMSAVEDSTATE_PAGE_HOLE || storage == VMSAVEDSTATE_PAGE_MISSING)
		require(result != S_OK || got == 0);
	else if (storage == VMSAVEDSTATE_PAGE_ZERO && result == S_OK && !session->fixed)
		require(image_load(session->buffer, got) == 0);
}

static void call_batch(struct session *session)
{
	VMSAVEDSTATE_READ reads[4];
	UINT32 threads = take(session, 1) == 0xFF ? 2 : 1;
	HRESULT result;

	memset(reads, 0, sizeof(reads));
	for (size_t i = 0; i < 4; i++) {
		reads[i].PhysicalAddress = take_address(session);
		reads[i].Buffer = session->buffer + i * 8192;
		reads[i].Length = (UINT32)take(session, 2) % 8192;
	}
	result = VmSavedStateReadBatch(session->handle, reads, 4, threads);
	require(result == S_OK || result == S_FALSE);
	for (size_t i = 0; i < 4; i++)
		require(read_result_is_documented(reads[i].Result) &&
			reads[i].BytesRead <= reads[i].Length);
}

/* ---- Calls: processors ------------------------------------------------------- */

static void call_partition(struct session *session)
{
	VMSAVEDSTATE_INFO info = { .StructSize = sizeof(info) };
	GUEST_OS_INFO os;
	char text[VMSAVEDSTATE_GUEST_OS_TEXT];
	UINT32 count = 0, levels;
	BOOL enabled;

	require(GetVpCount(session->handle, &count) == S_OK);
	require(count > 0 || session->salvaged);
	require(GetGuestEnabledVirtualTrustLevels(session->handle, &levels) == S_OK);
	if (GetGuestOsInfo(session->handle, (UINT8)take(session, 1), &os) == S_OK)
		VmSavedStateDescribeGuestOs(os.AsUINT64, text, sizeof(text));
	require(IsNestedVirtualizationEnabled(session->handle, &enabled) == S_OK);
	require(VmSavedStateGetInfo(session->handle, &info) == S_OK && info.VpCount == count);
}

static void call_processor(struct session *session)
{
	UINT32 vp = take_vp(session);
	VIRTUAL_PROCESSOR_ARCH architecture;
	PAGING_MODE mode;
	UINT32 levels, index;
	UINT8 level;
	BOOL flag;

	GetArchitecture(session->handle, vp, &architecture);
	GetActiveVirtualTrustLevel(session->handle, vp, &level);
	GetEnabledVirtualTrustLevels(session->handle, vp, &levels);
	IsActiveVirtualTrustLevelEnabled(session->handle, vp, &flag);
	GetNestedVirtualizationMode(session->handle, vp, &flag);
	InKernelSpace(session->handle, vp, &flag);
	GetPagingMode(session->handle, vp, &mode);
	VmSavedStateGetVpIndex(session->handle, vp, &index);
}

static void call_force(struct session *session)
{
	UINT32 vp = take_vp(session);
	uint64_t what = take(session, 1);
	UINT8 value = (UINT8)take(session, 1);
	BOOL old;

	switch (what % 4) {
	case 0:
		ForceArchitecture(session->handle, vp, (VIRTUAL_PROCESSOR_ARCH)(value % 8));
		break;
	case 1:
		ForceActiveVirtualTrustLevel(session->handle, vp, value % 4);
		break;
	case 2:
		ForceNestedHostMode(session->handle, vp, value & 1, &old);
		break;
	default:
		ForcePagingMode(session->handle, vp, (PAGING_MODE)(value % 8));
		break;
	}
}

static void call_register(struct session *session)
{
	UINT32 vp = take_vp(session);
	DWORD id = (DWORD)take(session, 1);
	UINT32 level = (UINT32)take(session, 1);
	VIRTUAL_PROCESSOR_REGISTER value;
	UINT8 bytes[16];
	UINT32 width;

	GetRegisterValue(session->handle, vp, id, &value);
	if (level > 3)
		level = VMSAVEDSTATE_ACTIVE_VTL;
	if (VmSavedStateGetRegister(session->handle, vp, level, id, bytes, &width) == S_OK)
		require(width >= 1 && width <= 16);
	VmSavedStateGetRegisterName(id);
}

/* ---- Calls: virtual memory ----------------------------------------------------- */

static void call_translate(struct session *session)
{
	VMSAVEDSTATE_TRANSLATION translation = { .StructSize = sizeof(translation) };
	UINT32 vp = take_vp(session);
	uint64_t gva = take_address(session);
	GUEST_PHYSICAL_ADDRESS gpa = 0;
	GUEST_VIRTUAL_ADDRESS unmapped;
	HRESULT result = GuestVirtualAddressToPhysicalAddress(session->handle, vp, gva, &gpa,
							      &unmapped);
	HRESULT detailed = VmSavedStateTranslate(session->handle, vp, NULL, gva, &translation);

	require(result == detailed);
	if (result == S_OK)
		require(translation.PhysicalAddress == gpa);
}

static void call_read_virtual(struct session *session)
{
	VMSAVEDSTATE_TRANSLATE_OPTIONS options = { .StructSize = sizeof(options) };
	UINT32 vp = take_vp(session);
	UINT32 got = 0;
	UINT32 size;
	uint64_t gva;

	options.Flags = (UINT32)take(session, 1) & 3;
	if ((options.Flags & VMSAVEDSTATE_TRANSLATE_ROOT) != 0)
		options.Root = take_address(session);
	gva = take_address(session);
	size = (UINT32)take(session, 2);
	VmSavedStateReadVirtual(session->handle, vp, &options, gva, session->buffer, size, &got);
	require(got <= size);
}

static void call_fix(struct session *session)
{
	UINT32 vp = take_vp(session);
	uint64_t gva = take_address(session);
	UINT32 size = (UINT32)take(session, 1);
	UINT32 got = 0;

	memset(session->other, 0x5A, size);
	if (ApplyGuestMemoryFix(session->handle, vp, gva, session->other, size) != S_OK)
		return;
	session->fixed = true;
	if (VmSavedStateReadVirtual(session->handle, vp, NULL, gva, session->buffer, size, &got) ==
	    S_OK)
		require(memcmp(session->buffer, session->other, got) == 0);
}

static BOOL CALLBACK count_image(PVOID context, PDOS_IMAGE_INFO image)
{
	unsigned *count = context;

	(void)image;
	return ++*count > 16;
}

static void call_scan(struct session *session)
{
	UINT32 vp = take_vp(session);
	uint64_t start = take_address(session);
	uint64_t length = take(session, 2) << 4;
	unsigned count = 0;

	if (length <= UINT64_MAX - start)
		ScanMemoryForDosImages(session->handle, vp, start, start + length, &count,
				       count_image, NULL, 0);
}

/* ---- Calls: symbols, stacks and dumps ---------------------------------------------- */

static BOOL CALLBACK look_at_frame(void *context, const VMSAVEDSTATE_FRAME *frame)
{
	unsigned *count = context;

	require(frame->StructSize == sizeof(*frame) && frame->Index == *count);
	require(frame->ModuleName != NULL && frame->SymbolName != NULL && frame->EndText != NULL);
	++*count;
	return FALSE;
}

static void call_stack(struct session *session)
{
	UINT32 vp = take_vp(session);
	UINT32 frames = (UINT32)take(session, 1) % 17;
	LPWSTR text = NULL;
	unsigned count = 0;

	VmSavedStateUnwind(session->handle, vp, frames, look_at_frame, &count);
	require(count <= frames);
	require((CallStackUnwind(session->handle, vp, NULL, 0, frames, &text) == S_OK) ==
		(text != NULL));
	LocalFree(text);
}

/* No PDB is there, so modules have the names that their images export. */
static void call_symbols(struct session *session)
{
	static const WCHAR no_folder[] = { '/', 'n', 'o', 'n', 'e', 0 };
	static const char *const names[] = { "KdVersionBlock", "image!_start", "main", "image" };
	const char *name = names[take(session, 1) % (sizeof(names) / sizeof(names[0]))];
	VMSAVEDSTATE_SYMBOL symbol = { .StructSize = sizeof(symbol) };
	uint64_t gva = take_address(session);
	GUEST_VIRTUAL_ADDRESS address;
	HRESULT loaded, resolved;
	LPWSTR fields = NULL;
	UINT64 size64;
	ULONG size;

	if (take(session, 1) % 4 != 0)
		require(LoadSavedStateSymbolProvider(session->handle, no_folder, FALSE) == S_OK);
	else
		ReleaseSavedStateSymbolProvider(session->handle);
	loaded = LoadSavedStateModuleSymbols(session->handle, "image.exe", "image", gva, 0);
	require((loaded == E_UNEXPECTED) ==
		(GetSavedStateSymbolProviderHandle(session->handle) == INVALID_HANDLE_VALUE));
	resolved = ResolveSavedStateGlobalVariableAddress(session->handle, 0, name, &address,
							  &size);
	require((VmSavedStateResolveSymbol(session->handle, name, &symbol) == S_OK) ==
		(resolved == S_OK));
	VmSavedStateFindSymbol(session->handle, gva, &symbol);
	ReadSavedStateGlobalVariable(session->handle, 0, name, session->buffer, 16);
	GetSavedStateSymbolTypeSize(session->handle, 0, name, &size);
	VmSavedStateGetTypeLayout(session->handle, name, 1, NULL, NULL, &size64);
	if (GetSavedStateSymbolFieldInfo(session->handle, 0, name, &fields) == S_OK)
		require(fields != NULL);
	LocalFree(fields);
}

static HRESULT CALLBACK take_dump(void *context, UINT64 offset, const void *bytes, UINT32 size)
{
	UINT64 *end = context;

	require(bytes != NULL && size > 0 && offset >= *end);
	*end = offset + size;
	return S_OK;
}

static void call_dump(struct session *session)
{
	VMSAVEDSTATE_DUMP_OPTIONS options = { .StructSize = sizeof(options) };
	VMSAVEDSTATE_DUMP_RESULT made = { .StructSize = sizeof(made) };
	UINT64 end = 0;

	options.Format = (VMSAVEDSTATE_DUMP_FORMAT)(1 + take(session, 1) % 6);
	options.Flags = VMSAVEDSTATE_DUMP_WITHOUT_KERNEL | ((UINT32)take(session, 1) & 5);
	options.VpId = take_vp(session);
	options.Threads = 1;
	options.Write = take_dump;
	options.Context = &end;
	if (!may_be_heavy(session))
		return;
	if (VmSavedStateWriteDump(session->handle, &options, &made) == S_OK)
		require(made.Size >= end && made.WrittenSize <= made.Size);
}

/* ---- Calls: containers and errors ------------------------------------------------ */

static BOOL CALLBACK look_at_key(void *context, const VMSAVEDSTATE_KEY *key)
{
	unsigned *count = context;

	require(key->StructSize == sizeof(*key) && key->Path != NULL && key->Path[0] == '/');
	return ++*count > 200;
}

static BOOL CALLBACK look_at_entry(void *context, const VMSAVEDSTATE_REPLAY_ENTRY *entry)
{
	unsigned *count = context;

	require(entry->StructSize == sizeof(*entry) && entry->Size > 0);
	++*count;
	return FALSE;
}

static void call_container(struct session *session)
{
	static const char *const paths[] = {
		"/savedstate/savedVM/partition_state", "/savedstate/RamBlock0", "savedstate",
		"/configuration/properties/version", "/savedVM/partition_state", "RamBlock/0/", "/"
	};
	VMSAVEDSTATE_REPLAY_LOG log = { .StructSize = sizeof(log) };
	const char *path = paths[take(session, 1) % (sizeof(paths) / sizeof(paths[0]))];
	UINT64 offset = take(session, 2), size = 0;
	unsigned count = 0;

	if (!may_be_heavy(session))
		return;
	VmSavedStateEnumerateKeys(&session->source, path, look_at_key, &count);
	VmSavedStateReadKey(&session->source, path, offset, session->buffer, BUFFER, &size);
	count = 0;
	if (VmSavedStateGetReplayLog(&session->source, look_at_entry, &count, &log) == S_OK)
		require(log.PendingCount == count);
}

/* Salvage may find more memory than a plain load, behind a gap in its map, but never less. */
static void call_salvage(struct session *session)
{
	VMSAVEDSTATE_SOURCE source = session->source;
	VM_SAVED_STATE_DUMP_HANDLE plain, salvaged;
	uint64_t gpa = take_address(session);
	UINT32 size = (UINT32)take(session, 2);
	UINT32 got = 0, got_salvaged = 0;

	if (session->salvaged || !may_be_heavy(session))
		return;
	/* A handle of its own, without the fixes that were made on the other. */
	require(VmSavedStateOpen(&source, &plain) == S_OK);
	source.Flags = VMSAVEDSTATE_SOURCE_SALVAGE;
	require(VmSavedStateOpen(&source, &salvaged) == S_OK);
	if (ReadGuestPhysicalAddress(plain, gpa, session->buffer, size, &got) == S_OK && got > 0) {
		require(ReadGuestPhysicalAddress(salvaged, gpa, session->other, got,
						 &got_salvaged) == S_OK);
		require(got == got_salvaged && memcmp(session->buffer, session->other, got) == 0);
	}
	require(ReleaseSavedStateFiles(plain) == S_OK);
	require(ReleaseSavedStateFiles(salvaged) == S_OK);
}

static BOOL CALLBACK look_at_problem(void *context, const VMSAVEDSTATE_PROBLEM *problem)
{
	unsigned *count = context;

	require(problem->Text != NULL && problem->Text[0] != '\0');
	require((unsigned)problem->Part < VMSAVEDSTATE_PART_COUNT);
	require(problem->Result != S_OK || problem->GuestBytes > 0);	/* memory that is missing */
	++*count;
	return FALSE;
}

static void call_check(struct session *session)
{
	VMSAVEDSTATE_CHECK_REPORT report = { .StructSize = sizeof(report) };
	unsigned count = 0;
	HRESULT result;

	if (!may_be_heavy(session))
		return;
	result = VmSavedStateCheck(&session->source, 1, look_at_problem, NULL, &count, &report);
	if (result == S_FALSE)
		require(count > 0);
	else if (result == S_OK)
		require(count == 0 && !session->salvaged && report.PagesDamaged == 0);
}

static void call_error_text(struct session *session)
{
	char text[64];
	UINT32 needed = 0;
	UINT32 size = (UINT32)take(session, 1) % (sizeof(text) + 1);

	VmSavedStateGetErrorText(take(session, 1) & 1 ? session->handle : NULL, text, size,
				 &needed);
	require(needed >= 1);
	if (size > 0)
		require(memchr(text, '\0', size) != NULL);
}

static void call_wrong_handle(struct session *session)
{
	uint64_t bits = take(session, 8);
	UINT32 count;
	HRESULT result = GetVpCount((VM_SAVED_STATE_DUMP_HANDLE)(uintptr_t)bits, &count);

	if ((VM_SAVED_STATE_DUMP_HANDLE)(uintptr_t)bits != session->handle)
		require(result == E_INVALIDARG);
}

/* ---- Sessions --------------------------------------------------------------------- */

static void (*const calls[])(struct session *session) = {
	call_read, call_read_raw, call_chunks, call_offset, call_cache, call_storage, call_batch,
	call_partition, call_processor, call_force, call_register, call_translate,
	call_read_virtual, call_fix, call_scan, call_container, call_error_text,
	call_wrong_handle, call_salvage, call_check, call_stack, call_symbols, call_dump,
};

enum { CALL_COUNT = sizeof(calls) / sizeof(calls[0]) };

static void run_calls(struct session *session)
{
	for (unsigned made = 0; made < CALLS_MAX && session->left > 0; made++)
		calls[take(session, 1) % CALL_COUNT](session);
}

/* Every call once, with arguments that suit the fixtures. */
static const uint8_t standard_calls[] = {
	7, 0,			/* partition */
	8, 0,			/* processor 0 */
	10, 0, 17, 0xFF,	/* rip */
	10, 0, 20, 0,
	11, 0, 3,		/* translate 0x3000 */
	11, 0, 0x9F,		/* and an address of the upper half */
	12, 0, 0, 4, 0, 0x20,	/* 8 KiB from 0x4000 */
	12, 0, 3, 1, 4, 0, 0x20,
	13, 0, 5, 40,		/* a fix */
	0, 2, 0, 0xFF,		/* reads */
	0, 0x40, 0, 0x80,
	1, 0x10, 0, 0x40,
	2, 32,
	2, 0,
	3, 0x41,
	5, 6,
	5, 0x41,
	6, 0, 1, 0, 4, 2, 0, 16, 0x41, 0, 31, 5, 8, 0,
	4, 2, 0,		/* a cache limit */
	0, 2, 0, 0xFF,
	9, 0, 1, 1,		/* level 1 */
	8, 0,
	9, 0, 1, 0,
	9, 0, 3, 3,		/* a paging mode */
	11, 0, 3,
	9, 0, 2, 1,
	9, 0, 0, 2,
	14, 0, 0, 0, 1,		/* scan */
	15, 0, 0, 0,		/* containers */
	15, 2, 0, 0,
	16, 64, 1,
	16, 10, 0,
	17, 1, 2, 3, 4, 5, 6, 7, 8,
	18, 0, 0, 0x80,		/* salvage */
	19,			/* check */
	20, 0, 8,		/* a call stack */
	21, 0, 0x41, 1,		/* symbols */
	20, 0, 8,
	22, 2, 1, 0,		/* an ELF dump */
};

static void use_handle(struct session *session)
{
	run_calls(session);
	require(ReleaseSavedStateFiles(session->handle) == S_OK);
	require(ReleaseSavedStateFiles(session->handle) == E_INVALIDARG);
}

/* What a plain load refuses has a sentence, and may be salvaged. */
static void use_refused(struct session *session)
{
	VMSAVEDSTATE_SOURCE source = session->source;
	UINT32 needed = 0;

	VmSavedStateGetErrorText(NULL, NULL, 0, &needed);
	require(needed > 10);
	session->salvaged = true;
	call_container(session);
	source.Flags = VMSAVEDSTATE_SOURCE_SALVAGE;
	if (VmSavedStateOpen(&source, &session->handle) == S_OK)
		use_handle(session);
	else
		call_check(session);
}

static void run_session(struct session *session, const uint8_t *first, size_t first_size,
			const uint8_t *second, size_t second_size)
{
	session->handle = NULL;
	session->heavy_calls = 0;
	session->salvaged = false;
	session->fixed = false;
	session->source.StructSize = sizeof(session->source);
	session->source.Bytes = first;
	session->source.ByteCount = first_size;
	session->source.SecondBytes = second_size != 0 ? second : NULL;
	session->source.SecondByteCount = second_size;
	if (VmSavedStateOpen(&session->source, &session->handle) == S_OK)
		use_handle(session);
	else
		use_refused(session);
}

static bool looks_like_saved_state(struct bytes input)
{
	return input.size > 4 && (image_load(input.start, 4) == 0x01282014 ||
				  image_load(input.start, 4) == 0x02182003);
}

/* The sizes of the three parts of an input. */
struct layout {
	size_t calls;
	size_t first;
	size_t second;
};

static struct layout layout_of(struct bytes input)
{
	struct layout layout = { 0, 0, 0 };
	size_t left;

	if (input.size < HEAD)
		return layout;
	left = input.size - HEAD;
	layout.calls = (size_t)image_load(input.start, 2);
	if (layout.calls > left)
		layout.calls = left;
	left -= layout.calls;
	layout.first = (size_t)image_load(input.start + 2, 4);
	if (layout.first > left)
		layout.first = left;
	layout.second = left - layout.first;
	return layout;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct session session;
	struct bytes input = image_unpack(data, size);
	struct layout layout = layout_of(input);

	if (looks_like_saved_state(input)) {
		session.calls = standard_calls;
		session.left = sizeof(standard_calls);
		run_session(&session, input.start, input.size, NULL, 0);
	} else if (input.size >= HEAD) {
		const uint8_t *first = input.start + HEAD + layout.calls;

		session.calls = input.start + HEAD;
		session.left = layout.calls;
		run_session(&session, first, layout.first, first + layout.first, layout.second);
	}
	bytes_free(&input);
	return 0;
}

/* ---- Mutation ---------------------------------------------------------------------- */

static struct bytes copy_of(const uint8_t *from, size_t size)
{
	union {
		const uint8_t *in;
		uint8_t *out;	/* only ever read from */
	} start = { .in = from };

	return bytes_copy((struct bytes){ start.out, size });
}

/* Puts the three parts together again. */
static struct bytes join(struct bytes made, struct bytes first, struct bytes second)
{
	size_t size = HEAD + made.size + first.size + second.size;
	struct bytes joined = { malloc(size), size };

	require(joined.start != NULL);
	image_store(joined.start, 2, made.size);
	image_store(joined.start + 2, 4, first.size);
	memcpy(joined.start + HEAD, made.start, made.size);
	memcpy(joined.start + HEAD + made.size, first.start, first.size);
	memcpy(joined.start + HEAD + made.size + first.size, second.start, second.size);
	return joined;
}

static void mutate_calls(struct bytes *made)
{
	uint8_t *larger = realloc(made->start, CALLS_SIZE_MAX);

	require(larger != NULL);
	made->start = larger;
	if (made->size > CALLS_SIZE_MAX)
		made->size = CALLS_SIZE_MAX;
	made->size = LLVMFuzzerMutate(larger, made->size, CALLS_SIZE_MAX);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct bytes input = image_unpack(data, size);
	bool plain = looks_like_saved_state(input);
	struct layout layout = layout_of(input);
	const uint8_t *start = input.start + HEAD;
	struct bytes made, first, second, joined;
	size_t packed;

	if (plain) {
		made = copy_of(standard_calls, sizeof(standard_calls));
		first = copy_of(input.start, input.size);
		second = copy_of(input.start, 0);
	} else {
		made = copy_of(start, layout.calls);
		first = copy_of(start + layout.calls, layout.first);
		second = copy_of(start + layout.calls + layout.first, layout.second);
	}
	if (seed % 2 == 0)
		mutate_calls(&made);
	else
		image_mutate(second.size != 0 && seed % 4 == 1 ? &second : &first, seed);
	joined = join(made, first, second);
	packed = image_pack(joined, data, max_size);
	bytes_free(&made);
	bytes_free(&first);
	bytes_free(&second);
	bytes_free(&joined);
	bytes_free(&input);
	return packed != 0 ? packed : size;
}
