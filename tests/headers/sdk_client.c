/* SPDX-License-Identifier: MIT */
/*
 * C clients of the SDK's interface, written as existing programs are: that
 * they compile without a change is half of the test.
 *
 * Run without arguments, the program hands handles that were never made to
 * every function and expects to be refused.  Run with a saved state, it reads
 * it in the way of each client.
 */
#if defined(_WIN32)
#include <windows.h>
#endif

#include <vmsavedstatedump.h>
#include <vmsavedstatedumpdefs.h>
/* Twice, as programs do.  NOLINTNEXTLINE(readability-duplicate-include) */
#include <vmsavedstatedump.h>

#include "interface_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_SIZE 4096

static int failures;

static void expect(int holds, const char *fact)
{
	if (!holds) {
		fprintf(stderr, "not so: %s\n", fact);
		failures++;
	}
}

#define EXPECT(fact) expect((fact) != 0, #fact)

/* ---- A memory acquisition library that binds functions by name ---------- */

struct acquisition {
	VM_SAVED_STATE_DUMP_HANDLE handle;
	HRESULT (WINAPI *load)(LPCWSTR, VM_SAVED_STATE_DUMP_HANDLE *);
	HRESULT (WINAPI *chunks)(VM_SAVED_STATE_DUMP_HANDLE, UINT64 *, GPA_MEMORY_CHUNK *,
				 UINT64 *);
	HRESULT (WINAPI *read)(VM_SAVED_STATE_DUMP_HANDLE, GUEST_PHYSICAL_ADDRESS, LPVOID, UINT32,
			       UINT32 *);
	HRESULT (WINAPI *release)(VM_SAVED_STATE_DUMP_HANDLE);
};

/* Asks for the chunks twice, and accepts exactly E_OUTOFMEMORY as the first answer. */
static GPA_MEMORY_CHUNK *acquire_map(const struct acquisition *acquisition, UINT64 *count)
{
	UINT64 page_size = 0;
	*count = 0;
	HRESULT result = acquisition->chunks(acquisition->handle, &page_size, NULL, count);
	if (result != E_OUTOFMEMORY || *count == 0)
		return NULL;
	GPA_MEMORY_CHUNK *chunks = calloc((size_t)*count, sizeof(*chunks));
	if (!chunks)
		return NULL;
	result = acquisition->chunks(acquisition->handle, &page_size, chunks, count);
	if (FAILED(result) || page_size != PAGE_SIZE) {
		free(chunks);
		return NULL;
	}
	return chunks;
}

static void run_acquisition(LPCWSTR path)
{
	struct acquisition acquisition = {
		NULL, LoadSavedStateFile, GetGuestPhysicalMemoryChunks, ReadGuestPhysicalAddress,
		ReleaseSavedStateFiles
	};
	if (FAILED(acquisition.load(path, &acquisition.handle))) {
		expect(0, "the saved state loads");
		return;
	}
	UINT64 count;
	GPA_MEMORY_CHUNK *chunks = acquire_map(&acquisition, &count);
	EXPECT(chunks != NULL);
	if (chunks) {
		static BYTE page[PAGE_SIZE];
		UINT32 bytes_read = 0;
		UINT64 gpa = chunks[0].GuestPhysicalStartPageIndex * PAGE_SIZE;
		HRESULT result = acquisition.read(acquisition.handle, gpa, page, sizeof(page),
						  &bytes_read);
		EXPECT(result == S_OK);
		EXPECT(bytes_read == PAGE_SIZE);
	}
	free(chunks);
	EXPECT(acquisition.release(acquisition.handle) == S_OK);
}

/* ---- A wrapper library that reads everything raw ------------------------ */

static UINT64 read_all_raw(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	enum { STEP = 1 << 20 };
	UINT64 total = 0;
	UINT32 bytes_read = 0;
	BYTE *buffer = malloc(STEP);
	if (!buffer)
		return 0;
	do {
		if (ReadGuestRawSavedMemory(handle, total, buffer, STEP, &bytes_read) != S_OK)
			break;
		total += bytes_read;
	} while (bytes_read == STEP);
	free(buffer);
	return total;
}

#ifndef VMSAVEDSTATE_ABI_17134
static UINT64 read_register(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp, REGISTER_ID id)
{
	VIRTUAL_PROCESSOR_REGISTER value;
	memset(&value, 0, sizeof(value));
	if (FAILED(GetRegisterValue(handle, vp, id, &value)))
		return 0;
	return value.Reg64;
}
#else
static UINT64 read_register(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 vp, REGISTER_ID_X64 id)
{
	VIRTUAL_PROCESSOR_REGISTER value;
	memset(&value, 0, sizeof(value));
	if (GetArchitecture(handle, vp, &value.Architecture) != S_OK)
		return 0;
	if (value.Architecture == Arch_x86)
		value.RegisterId_x86 = X86_RegisterEip;
	else
		value.RegisterId_x64 = id;
	if (FAILED(GetRegisterValue(handle, vp, &value)))
		return 0;
	return value.RegisterValue;
}
#endif

static void run_wrapper(LPCWSTR path)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
	UINT32 vp_count = 0;
	UINT64 raw_size = 0;
	VIRTUAL_PROCESSOR_ARCH architecture = Arch_Unknown;
	PAGING_MODE mode = Paging_Invalid;

	EXPECT(LoadSavedStateFile(path, &handle) == S_OK);
	EXPECT(GetVpCount(handle, &vp_count) == S_OK);
	EXPECT(GetGuestRawSavedMemorySize(handle, &raw_size) == S_OK);
	EXPECT(read_all_raw(handle) == raw_size);
	for (UINT32 vp = 0; vp < vp_count; vp++) {
		EXPECT(GetArchitecture(handle, vp, &architecture) == S_OK);
		EXPECT(GetPagingMode(handle, vp, &mode) == S_OK);
#ifndef VMSAVEDSTATE_ABI_17134
		printf("VP %u: rip %llx cr3 %llx\n", (unsigned)vp,
		       (unsigned long long)read_register(handle, vp, X64_RegisterRip),
		       (unsigned long long)read_register(handle, vp, X64_RegisterCr3));
#else
		printf("VP %u: rip %llx\n", (unsigned)vp,
		       (unsigned long long)read_register(handle, vp, X64_RegisterRip));
#endif
	}
	EXPECT(ReleaseSavedStateFiles(handle) == S_OK);
	EXPECT(GetVpCount(handle, &vp_count) == E_INVALIDARG);
}

/* ---- Every function, with a handle that was never made ------------------ */

static BOOL CALLBACK never_called(PVOID context, PDOS_IMAGE_INFO image)
{
	(void)context;
	(void)image;
	expect(0, "nothing is found without a saved state");
	return TRUE;
}

static void CALLBACK ignore_message(LPCSTR message)
{
	(void)message;
}

static void refuse_queries(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	UINT32 number = 0;
	UINT8 level = 0;
	BOOL flag = FALSE;
	GUEST_OS_INFO os;
	VIRTUAL_PROCESSOR_ARCH architecture;
	PAGING_MODE mode;
	VIRTUAL_PROCESSOR_REGISTER value;

	EXPECT(GetVpCount(handle, &number) == E_INVALIDARG);
	EXPECT(GetGuestEnabledVirtualTrustLevels(handle, &number) == E_INVALIDARG);
	EXPECT(GetGuestOsInfo(handle, 0, &os) == E_INVALIDARG);
	EXPECT(IsNestedVirtualizationEnabled(handle, &flag) == E_INVALIDARG);
	EXPECT(GetArchitecture(handle, 0, &architecture) == E_INVALIDARG);
	EXPECT(ForceArchitecture(handle, 0, Arch_x64) == E_INVALIDARG);
	EXPECT(GetActiveVirtualTrustLevel(handle, 0, &level) == E_INVALIDARG);
	EXPECT(GetEnabledVirtualTrustLevels(handle, 0, &number) == E_INVALIDARG);
	EXPECT(ForceActiveVirtualTrustLevel(handle, 0, 1) == E_INVALIDARG);
	EXPECT(IsActiveVirtualTrustLevelEnabled(handle, 0, &flag) == E_INVALIDARG);
	EXPECT(GetNestedVirtualizationMode(handle, 0, &flag) == E_INVALIDARG);
	EXPECT(ForceNestedHostMode(handle, 0, FALSE, NULL) == E_INVALIDARG);
	EXPECT(InKernelSpace(handle, 0, &flag) == E_INVALIDARG);
	EXPECT(GetPagingMode(handle, 0, &mode) == E_INVALIDARG);
	EXPECT(ForcePagingMode(handle, 0, Paging_Long) == E_INVALIDARG);
	memset(&value, 0, sizeof(value));
#ifndef VMSAVEDSTATE_ABI_17134
	EXPECT(GetRegisterValue(handle, 0, X64_RegisterRip, &value) == E_INVALIDARG);
#else
	EXPECT(GetRegisterValue(handle, 0, &value) == E_INVALIDARG);
#endif
}

static void refuse_memory(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	UINT32 bytes_read = 0;
	UINT64 number = 0;
	UINT64 count = 1;
	GPA_MEMORY_CHUNK chunk;
	BYTE buffer[16] = { 0 };

#ifndef VMSAVEDSTATE_ABI_17134
	EXPECT(GuestVirtualAddressToPhysicalAddress(handle, 0, 0x1000, &number, NULL) ==
	       E_INVALIDARG);
#else
	EXPECT(GuestVirtualAddressToPhysicalAddress(handle, 0, 0x1000, &number) == E_INVALIDARG);
#endif
	EXPECT(ReadGuestPhysicalAddress(handle, 0, buffer, sizeof(buffer), &bytes_read) ==
	       E_INVALIDARG);
	EXPECT(GetGuestPhysicalMemoryChunks(handle, &number, &chunk, &count) == E_INVALIDARG);
	EXPECT(GuestPhysicalAddressToRawSavedMemoryOffset(handle, 0, &number) == E_INVALIDARG);
	EXPECT(ReadGuestRawSavedMemory(handle, 0, buffer, sizeof(buffer), NULL) == E_INVALIDARG);
	EXPECT(GetGuestRawSavedMemorySize(handle, &number) == E_INVALIDARG);
	EXPECT(SetMemoryBlockCacheLimit(handle, 16) == E_INVALIDARG);
	EXPECT(GetMemoryBlockCacheLimit(handle, &number) == E_INVALIDARG);
	EXPECT(ApplyGuestMemoryFix(handle, 0, 0x1000, buffer, sizeof(buffer)) == E_INVALIDARG);
}

static void refuse_symbols(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	GUEST_VIRTUAL_ADDRESS address = 0;
	ULONG size = 0;
	UINT32 offset = 0;
	BOOL found = FALSE;
	LPWSTR text = NULL;
	BYTE buffer[8];
	MODULE_INFO module = { "ntoskrnl.exe", { "ntkrnlmp", 0x1000, 0x1000, 0 } };

	EXPECT(LoadSavedStateSymbolProvider(handle, NULL, FALSE) == E_INVALIDARG);
	EXPECT(ReleaseSavedStateSymbolProvider(handle) == E_INVALIDARG);
	EXPECT(GetSavedStateSymbolProviderHandle(handle) == INVALID_HANDLE_VALUE);
	EXPECT(SetSavedStateSymbolProviderDebugInfoCallback(handle, ignore_message) ==
	       E_INVALIDARG);
	EXPECT(LoadSavedStateModuleSymbols(handle, "a.exe", "a", 0x1000, 0x1000) == E_INVALIDARG);
	EXPECT(LoadSavedStateModuleSymbolsEx(handle, "a.exe", 1, "a", 0x1000, 0x1000) ==
	       E_INVALIDARG);
	EXPECT(ResolveSavedStateGlobalVariableAddress(handle, 0, "nt!PsActiveProcessHead",
						      &address, &size) == E_INVALIDARG);
	EXPECT(ReadSavedStateGlobalVariable(handle, 0, "nt!NtBuildNumber", buffer,
					    sizeof(buffer)) == E_INVALIDARG);
	EXPECT(GetSavedStateSymbolTypeSize(handle, 0, "_EPROCESS", &size) == E_INVALIDARG);
	EXPECT(FindSavedStateSymbolFieldInType(handle, 0, "_EPROCESS",
					       VMSAVEDSTATE_TEXT("ImageFileName"), &offset,
					       &found) == E_INVALIDARG);
	EXPECT(GetSavedStateSymbolFieldInfo(handle, 0, "_EPROCESS", &text) == E_INVALIDARG);
	EXPECT(ScanMemoryForDosImages(handle, 0, 0x2000, 0x1000, NULL, never_called, NULL, 0) ==
	       E_INVALIDARG);
	EXPECT(CallStackUnwind(handle, 0, &module, 1, 16, &text) == E_INVALIDARG);
	EXPECT(LocalFree(text) == NULL);
}

static void refuse_extensions(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	UINT32 number = 0;
	BYTE value[16];
	VMSAVEDSTATE_INFO info = { .StructSize = sizeof(info) };
	VMSAVEDSTATE_TRANSLATION translation = { .StructSize = sizeof(translation) };
	VMSAVEDSTATE_CACHE_COUNTERS counters = { .StructSize = sizeof(counters) };
	VMSAVEDSTATE_PAGE_STORAGE storage;
	VMSAVEDSTATE_READ read = { .PhysicalAddress = 0, .Buffer = value, .Length = 16 };

	EXPECT(VmSavedStateGetInfo(handle, &info) == E_INVALIDARG);
	EXPECT(VmSavedStateGetVpIndex(handle, 0, &number) == E_INVALIDARG);
	EXPECT(VmSavedStateGetRegister(handle, 0, VMSAVEDSTATE_ACTIVE_VTL, 16, value, &number) ==
	       E_INVALIDARG);
	EXPECT(VmSavedStateTranslate(handle, 0, NULL, 0x1000, &translation) == E_INVALIDARG);
	EXPECT(VmSavedStateReadVirtual(handle, 0, NULL, 0x1000, value, 16, &number) ==
	       E_INVALIDARG);
	EXPECT(VmSavedStateReadBatch(handle, &read, 1, 0) == E_INVALIDARG);
	EXPECT(VmSavedStateGetPageStorage(handle, 0, &storage, &number) == E_INVALIDARG);
	EXPECT(VmSavedStateGetCacheCounters(handle, &counters) == E_INVALIDARG);
}

static void refuse_paths(void)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;
	LPCWSTR missing = VMSAVEDSTATE_TEXT("there-is-no-such-file.vmrs");
	LPWSTR path = NULL;
	VMSAVEDSTATE_SOURCE nothing = { .StructSize = sizeof(nothing) };
	VMSAVEDSTATE_REPLAY_LOG log = { .StructSize = sizeof(log) };
	char text[512];

	EXPECT(LocateSavedStateFiles(NULL, NULL, &path, &path, &path) == E_INVALIDARG);
	EXPECT(LoadSavedStateFile(missing, &handle) == VMSAVEDSTATE_E_FILE_NOT_FOUND);
	EXPECT(handle == NULL);
	EXPECT(VmSavedStateGetErrorText(NULL, text, sizeof(text), NULL) == S_OK);
	EXPECT(text[0] != '\0');
	EXPECT(LoadSavedStateFiles(missing, missing, &handle) == VMSAVEDSTATE_E_FILE_NOT_FOUND);
	EXPECT(ApplyPendingSavedStateFileReplayLog(missing) == VMSAVEDSTATE_E_FILE_NOT_FOUND);
	EXPECT(ReleaseSavedStateFiles(NULL) == E_INVALIDARG);
	EXPECT(VmSavedStateOpen(&nothing, &handle) == E_INVALIDARG);
	EXPECT(VmSavedStateEnumerateKeys(&nothing, NULL, NULL, NULL) == E_INVALIDARG);
	EXPECT(VmSavedStateReadKey(&nothing, "/", 0, NULL, 0, NULL) == E_INVALIDARG);
	EXPECT(VmSavedStateGetReplayLog(&nothing, NULL, NULL, &log) == E_INVALIDARG);
	EXPECT(VmSavedStateApplyReplayLog(NULL) == E_INVALIDARG);
	EXPECT(VmSavedStateGetProviderVersion() != NULL);
	EXPECT(strcmp(VmSavedStateGetRegisterName(0), "rax") == 0);
	EXPECT(VmSavedStateGetRegisterName(66) == NULL);
}

/* Bit-fields have no offsets: where they are shows in the whole number. */
static void check_bit_fields(void)
{
	GUEST_OS_INFO windows = { 0x0001040A00003839 };
	EXPECT(windows.ClosedSource.VendorId == GuestOsVendorMicrosoft);
	EXPECT(windows.ClosedSource.OsId == GuestOsMicrosoftWindowsNT);
	EXPECT(windows.ClosedSource.MajorVersion == 10);
	EXPECT(windows.ClosedSource.BuildNumber == 14393);

	GUEST_OS_INFO linux_guest = { 0x8100050A0B0C0003 };
	EXPECT(linux_guest.OpenSource.IsOpenSource == 1);
	EXPECT(linux_guest.OpenSource.OsId == GuestOsOpenSourceLinux);
	EXPECT(linux_guest.OpenSource.VendorSpecific2 == 0);
	EXPECT(linux_guest.OpenSource.Version == 0x050A0B0C);
	EXPECT(linux_guest.OpenSource.VendorSpecific1 == 3);

#ifndef VMSAVEDSTATE_ABI_17134
	VIRTUAL_PROCESSOR_REGISTER code;
	memset(&code, 0, sizeof(code));
	code.X64.Segment.Attributes = 0xA09B;
	EXPECT(code.X64.Segment.SegmentType == 0xB);
	EXPECT(code.X64.Segment.NonSystemSegment == 1);
	EXPECT(code.X64.Segment.DescriptorPrivilegeLevel == 0);
	EXPECT(code.X64.Segment.Present == 1);
	EXPECT(code.X64.Segment.Reserved == 0);
	EXPECT(code.X64.Segment.Available == 0);
	EXPECT(code.X64.Segment.Long == 1);
	EXPECT(code.X64.Segment.Default == 0);
	EXPECT(code.X64.Segment.Granularity == 1);
	EXPECT(code.Reg128.High64 >> 48 == 0xA09B);
#endif
}

int main(int argc, char **argv)
{
	VM_SAVED_STATE_DUMP_HANDLE invented[] = {
		NULL, (VM_SAVED_STATE_DUMP_HANDLE)1, INVALID_HANDLE_VALUE
	};

	EXPECT(check_sdk_prototypes() == 43);
	check_bit_fields();
	refuse_paths();
	for (size_t i = 0; i < sizeof(invented) / sizeof(invented[0]); i++) {
		refuse_queries(invented[i]);
		refuse_memory(invented[i]);
		refuse_symbols(invented[i]);
		refuse_extensions(invented[i]);
		EXPECT(ReleaseSavedStateFiles(invented[i]) == E_INVALIDARG);
	}
	if (argc > 1) {
		WCHAR path[1024];
		size_t length = 0;
		for (; argv[1][length] != '\0' && length < 1023; length++)
			path[length] = (WCHAR)(unsigned char)argv[1][length];
		path[length] = 0;
		run_acquisition(path);
		run_wrapper(path);
	}
	return failures == 0 ? 0 : 1;
}
