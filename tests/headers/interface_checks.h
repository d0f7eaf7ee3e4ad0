/* SPDX-License-Identifier: MIT */
/*
 * What a binary that was built against the Windows SDK relies on, stated here
 * once more by hand: sizes, offsets, constants and prototypes.  Compiled as C
 * and as C++, in both generations of the interface.  For 64-bit systems, the
 * only ones that the original exists for.
 */
#ifndef INTERFACE_CHECKS_H
#define INTERFACE_CHECKS_H

#include <vmsavedstatedump.h>
#include <vmsavedstatedump_ext.h>

#include <assert.h>
#include <stddef.h>

#define CHECK_SIZE(type, size) static_assert(sizeof(type) == (size), #type)
#define CHECK_MEMBER(type, member, offset, size) \
	static_assert(offsetof(type, member) == (offset) && \
		      sizeof(((type *)0)->member) == (size), #type "." #member)
#define CHECK_VALUE(name, value) static_assert((long long)(name) == (value), #name)
#define CHECK_RESULT(name, value) static_assert((UINT32)(name) == (value), #name)

/* ---- The SDK's structures, both generations ----------------------------- */

CHECK_SIZE(VM_SAVED_STATE_DUMP_HANDLE, sizeof(void *));
CHECK_SIZE(GUEST_VIRTUAL_ADDRESS, 8);
CHECK_SIZE(GUEST_PHYSICAL_ADDRESS, 8);
CHECK_SIZE(PAGING_MODE, 4);
CHECK_SIZE(VIRTUAL_PROCESSOR_ARCH, 4);
CHECK_SIZE(HRESULT, 4);
CHECK_SIZE(BOOL, 4);
CHECK_SIZE(DWORD, 4);
CHECK_SIZE(ULONG, 4);
CHECK_SIZE(WCHAR, 2);

CHECK_SIZE(GPA_MEMORY_CHUNK, 16);
CHECK_MEMBER(GPA_MEMORY_CHUNK, GuestPhysicalStartPageIndex, 0, 8);
CHECK_MEMBER(GPA_MEMORY_CHUNK, PageCount, 8, 8);

CHECK_SIZE(GUEST_OS_INFO, 8);

CHECK_SIZE(DOS_IMAGE_INFO, 24);
CHECK_MEMBER(DOS_IMAGE_INFO, PdbName, 0, 8);
CHECK_MEMBER(DOS_IMAGE_INFO, ImageBaseAddress, 8, 8);
CHECK_MEMBER(DOS_IMAGE_INFO, ImageSize, 16, 4);
CHECK_MEMBER(DOS_IMAGE_INFO, Timestamp, 20, 4);

CHECK_SIZE(MODULE_INFO, 32);
CHECK_MEMBER(MODULE_INFO, ProcessImageName, 0, 8);
CHECK_MEMBER(MODULE_INFO, Image, 8, 24);

CHECK_VALUE(Paging_Invalid, 0);
CHECK_VALUE(Paging_NonPaged, 1);
CHECK_VALUE(Paging_32Bit, 2);
CHECK_VALUE(Paging_Pae, 3);
CHECK_VALUE(Paging_Long, 4);
CHECK_VALUE(Paging_Armv8, 5);
CHECK_VALUE(Arch_Unknown, 0);
CHECK_VALUE(Arch_x86, 1);
CHECK_VALUE(Arch_x64, 2);
CHECK_VALUE(Arch_Armv8, 3);
CHECK_VALUE(ProcessorVendor_Unknown, 0);
CHECK_VALUE(ProcessorVendor_Amd, 1);
CHECK_VALUE(ProcessorVendor_Intel, 2);
CHECK_VALUE(ProcessorVendor_Hygon, 3);
CHECK_VALUE(ProcessorVendor_Arm, 4);
CHECK_VALUE(GuestOsVendorMicrosoft, 1);
CHECK_VALUE(GuestOsVendorHPE, 2);
CHECK_VALUE(GuestOsVendorLANCOM, 0x200);
CHECK_VALUE(GuestOsMicrosoftWindowsNT, 4);
CHECK_VALUE(GuestOsMicrosoftWindowsCE, 5);
CHECK_VALUE(GuestOsOpenSourceLinux, 1);
CHECK_VALUE(GuestOsOpenSourceIllumos, 4);

CHECK_RESULT(S_OK, 0);
CHECK_RESULT(E_NOTIMPL, 0x80004001);
CHECK_RESULT(E_FAIL, 0x80004005);
CHECK_RESULT(E_UNEXPECTED, 0x8000FFFF);
CHECK_RESULT(E_OUTOFMEMORY, 0x8007000E);
CHECK_RESULT(E_INVALIDARG, 0x80070057);
CHECK_RESULT(VM_SAVED_STATE_DUMP_E_PARTITION_STATE_NOT_FOUND, 0xC0370500);
CHECK_RESULT(VM_SAVED_STATE_DUMP_E_GUEST_MEMORY_NOT_FOUND, 0xC0370501);
CHECK_RESULT(VM_SAVED_STATE_DUMP_E_NO_VP_FOUND_IN_PARTITION_STATE, 0xC0370502);
CHECK_RESULT(VM_SAVED_STATE_DUMP_E_NESTED_VIRTUALIZATION_NOT_SUPPORTED, 0xC0370503);
CHECK_RESULT(VM_SAVED_STATE_DUMP_E_WINDOWS_KERNEL_IMAGE_NOT_FOUND, 0xC0370504);
CHECK_RESULT(VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED, 0xC0370509);

static_assert(FAILED(E_INVALIDARG) && SUCCEEDED(S_OK), "results have a sign");

/* ---- One generation ----------------------------------------------------- */

#ifndef VMSAVEDSTATE_ABI_17134

CHECK_SIZE(VIRTUAL_PROCESSOR_REGISTER, 16);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, Reg8, 0, 1);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, Reg16, 0, 2);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, Reg32, 0, 4);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, Reg64, 0, 8);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, Reg128.Low64, 0, 8);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, Reg128.High64, 8, 8);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.Segment.Base, 0, 8);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.Segment.Limit, 8, 4);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.Segment.Selector, 12, 2);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.Segment.Attributes, 14, 2);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.Table.Limit, 0, 2);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.Table.Base, 8, 8);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.FpControlStatus.FpControl, 0, 2);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.FpControlStatus.FpStatus, 2, 2);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.FpControlStatus.FpTag, 4, 1);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.FpControlStatus.Reserved, 5, 1);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.FpControlStatus.LastFpOp, 6, 2);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.FpControlStatus.LastFpRip, 8, 8);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.FpControlStatus.LastFpEip, 8, 4);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.FpControlStatus.LastFpCs, 12, 2);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.XmmControlStatus.LastFpRdp, 0, 8);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.XmmControlStatus.LastFpDp, 0, 4);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.XmmControlStatus.LastFpDs, 4, 2);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.XmmControlStatus.XmmStatusControl, 8, 4);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, X64.XmmControlStatus.XmmStatusControlMask, 12, 4);

CHECK_VALUE(X64_RegisterRax, 0);
CHECK_VALUE(X64_RegisterRsp, 4);
CHECK_VALUE(X64_RegisterRip, 16);
CHECK_VALUE(X64_RegisterRFlags, 17);
CHECK_VALUE(X64_RegisterXmm0, 18);
CHECK_VALUE(X64_RegisterXmm15, 33);
CHECK_VALUE(X64_RegisterFpMmx0, 34);
CHECK_VALUE(X64_RegisterFpControlStatus, 42);
CHECK_VALUE(X64_RegisterXmmControlStatus, 43);
CHECK_VALUE(X64_RegisterCr0, 44);
CHECK_VALUE(X64_RegisterCr3, 46);
CHECK_VALUE(X64_RegisterEfer, 49);
CHECK_VALUE(X64_RegisterDr7, 55);
CHECK_VALUE(X64_RegisterEs, 56);
CHECK_VALUE(X64_RegisterTr, 63);
CHECK_VALUE(X64_RegisterGdtr, 65);
CHECK_VALUE(X64_RegisterMax, 66);
CHECK_VALUE(ARM64_RegisterX0, 67);
CHECK_VALUE(ARM64_RegisterXFp, 96);
CHECK_VALUE(ARM64_RegisterPc, 98);
CHECK_VALUE(ARM64_RegisterCpsr, 101);
CHECK_VALUE(ARM64_RegisterQ0, 102);
CHECK_VALUE(ARM64_RegisterQ31, 133);
CHECK_VALUE(ARM64_RegisterEsrEl1, 136);
CHECK_VALUE(ARM64_RegisterTtbr0El1, 141);
CHECK_VALUE(ARM64_RegisterTcrEl1, 146);
CHECK_VALUE(ARM64_RegisterCntvCtlEl0, 157);
CHECK_VALUE(ARM64_RegisterMax, 158);

CHECK_RESULT(VM_SAVED_STATE_DUMP_E_VA_NOT_MAPPED, 0xC0370505);
CHECK_RESULT(VM_SAVED_STATE_DUMP_E_INVALID_VP_STATE, 0xC0370506);

#else

CHECK_SIZE(VIRTUAL_PROCESSOR_REGISTER, 24);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, Architecture, 0, 4);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, RegisterValue, 8, 8);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, RegisterId, 16, 4);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, RegisterId_x86, 16, 4);
CHECK_MEMBER(VIRTUAL_PROCESSOR_REGISTER, RegisterId_x64, 16, 4);

CHECK_VALUE(Arch_Unkown, 0);
CHECK_VALUE(X86_RegisterEax, 0);
CHECK_VALUE(X86_RegisterEip, 8);
CHECK_VALUE(X86_RegisterLowXmm0, 10);
CHECK_VALUE(X86_RegisterHighFpControlStatus, 45);
CHECK_VALUE(X86_RegisterCr3, 48);
CHECK_VALUE(X86_RegisterDr7, 57);
CHECK_VALUE(X86_RegisterBaseGs, 58);
CHECK_VALUE(X86_RegisterSegSs, 65);
CHECK_VALUE(X86_RegisterLimitGdtr, 71);
CHECK_VALUE(X86_RegisterCount, 72);
CHECK_VALUE(X64_RegisterRax, 0);
CHECK_VALUE(X64_RegisterRip, 16);
CHECK_VALUE(X64_RegisterLowXmm0, 18);
CHECK_VALUE(X64_RegisterHighFpControlStatus, 53);
CHECK_VALUE(X64_RegisterCr3, 56);
CHECK_VALUE(X64_RegisterDr7, 65);
CHECK_VALUE(X64_RegisterBaseGs, 66);
CHECK_VALUE(X64_RegisterSegSs, 73);
CHECK_VALUE(X64_RegisterLdtr, 75);
CHECK_VALUE(X64_RegisterLimitGdtr, 79);
CHECK_VALUE(X64_RegisterCount, 80);

CHECK_RESULT(VM_SAVED_STATE_DUMP_E_PXE_NOT_PRESENT, 0xC0370505);
CHECK_RESULT(VM_SAVED_STATE_DUMP_E_PDPTE_NOT_PRESENT, 0xC0370506);
CHECK_RESULT(VM_SAVED_STATE_DUMP_E_PDE_NOT_PRESENT, 0xC0370507);
CHECK_RESULT(VM_SAVED_STATE_DUMP_E_PTE_NOT_PRESENT, 0xC0370508);

#endif

/* ---- Extensions: what bindings in other languages repeat ---------------- */

CHECK_SIZE(VMSAVEDSTATE_SOURCE, 56);
CHECK_MEMBER(VMSAVEDSTATE_SOURCE, Path, 8, 8);
CHECK_MEMBER(VMSAVEDSTATE_SOURCE, Bytes, 24, 8);
CHECK_MEMBER(VMSAVEDSTATE_SOURCE, SecondByteCount, 48, 8);
CHECK_SIZE(VMSAVEDSTATE_KEY, 56);
CHECK_MEMBER(VMSAVEDSTATE_KEY, Path, 16, 8);
CHECK_MEMBER(VMSAVEDSTATE_KEY, Value, 40, 8);
CHECK_MEMBER(VMSAVEDSTATE_KEY, StringValue, 48, 8);
CHECK_SIZE(VMSAVEDSTATE_REPLAY_ENTRY, 24);
CHECK_SIZE(VMSAVEDSTATE_REPLAY_LOG, 32);
CHECK_SIZE(VMSAVEDSTATE_INFO, 72);
CHECK_MEMBER(VMSAVEDSTATE_INFO, RamBlockCount, 32, 8);
CHECK_SIZE(VMSAVEDSTATE_TRANSLATE_OPTIONS, 16);
CHECK_SIZE(VMSAVEDSTATE_WALK_LEVEL, 40);
CHECK_SIZE(VMSAVEDSTATE_TRANSLATION, 64 + 5 * 40);
CHECK_MEMBER(VMSAVEDSTATE_TRANSLATION, PhysicalAddress, 16, 8);
CHECK_MEMBER(VMSAVEDSTATE_TRANSLATION, Levels, 64, 200);
CHECK_SIZE(VMSAVEDSTATE_READ, 32);
CHECK_MEMBER(VMSAVEDSTATE_READ, Buffer, 8, 8);
CHECK_MEMBER(VMSAVEDSTATE_READ, Result, 24, 4);
CHECK_SIZE(VMSAVEDSTATE_CACHE_COUNTERS, 56);

/* ---- Prototypes --------------------------------------------------------- */

#define H VM_SAVED_STATE_DUMP_HANDLE

/* A function whose type is not exactly this does not compile here. */
#define PROTOTYPE(name, parameters) \
	do { \
		/* NOLINTNEXTLINE(bugprone-macro-parentheses): parameters brings its own */ \
		HRESULT (WINAPI *function) parameters = (name); \
		(void)function; \
		count++; \
	} while (0)

/* Returns the number of the SDK's functions. */
static unsigned check_sdk_prototypes(void)
{
	unsigned count = 0;

	PROTOTYPE(LocateSavedStateFiles, (LPCWSTR, LPCWSTR, LPWSTR *, LPWSTR *, LPWSTR *));
	PROTOTYPE(LoadSavedStateFile, (LPCWSTR, H *));
	PROTOTYPE(LoadSavedStateFiles, (LPCWSTR, LPCWSTR, H *));
	PROTOTYPE(ApplyPendingSavedStateFileReplayLog, (LPCWSTR));
	PROTOTYPE(ReleaseSavedStateFiles, (H));

	PROTOTYPE(GetVpCount, (H, UINT32 *));
	PROTOTYPE(GetGuestEnabledVirtualTrustLevels, (H, UINT32 *));
	PROTOTYPE(GetGuestOsInfo, (H, UINT8, GUEST_OS_INFO *));
	PROTOTYPE(IsNestedVirtualizationEnabled, (H, BOOL *));

	PROTOTYPE(GetArchitecture, (H, UINT32, VIRTUAL_PROCESSOR_ARCH *));
	PROTOTYPE(ForceArchitecture, (H, UINT32, VIRTUAL_PROCESSOR_ARCH));
	PROTOTYPE(GetActiveVirtualTrustLevel, (H, UINT32, UINT8 *));
	PROTOTYPE(GetEnabledVirtualTrustLevels, (H, UINT32, UINT32 *));
	PROTOTYPE(ForceActiveVirtualTrustLevel, (H, UINT32, UINT8));
	PROTOTYPE(IsActiveVirtualTrustLevelEnabled, (H, UINT32, BOOL *));
	PROTOTYPE(GetNestedVirtualizationMode, (H, UINT32, BOOL *));
	PROTOTYPE(ForceNestedHostMode, (H, UINT32, BOOL, BOOL *));
	PROTOTYPE(InKernelSpace, (H, UINT32, BOOL *));
	PROTOTYPE(GetPagingMode, (H, UINT32, PAGING_MODE *));
	PROTOTYPE(ForcePagingMode, (H, UINT32, PAGING_MODE));
#ifndef VMSAVEDSTATE_ABI_17134
	PROTOTYPE(GetRegisterValue, (H, UINT32, DWORD, VIRTUAL_PROCESSOR_REGISTER *));
	PROTOTYPE(GuestVirtualAddressToPhysicalAddress,
		  (H, UINT32, UINT64, UINT64 *, UINT64 *));
#else
	PROTOTYPE(GetRegisterValue, (H, UINT32, VIRTUAL_PROCESSOR_REGISTER *));
	PROTOTYPE(GuestVirtualAddressToPhysicalAddress, (H, UINT32, UINT64, UINT64 *));
#endif

	PROTOTYPE(ReadGuestPhysicalAddress, (H, UINT64, LPVOID, UINT32, UINT32 *));
	PROTOTYPE(GetGuestPhysicalMemoryChunks, (H, UINT64 *, GPA_MEMORY_CHUNK *, UINT64 *));
	PROTOTYPE(GuestPhysicalAddressToRawSavedMemoryOffset, (H, UINT64, UINT64 *));
	PROTOTYPE(ReadGuestRawSavedMemory, (H, UINT64, LPVOID, UINT32, UINT32 *));
	PROTOTYPE(GetGuestRawSavedMemorySize, (H, UINT64 *));
	PROTOTYPE(SetMemoryBlockCacheLimit, (H, UINT64));
	PROTOTYPE(ApplyGuestMemoryFix, (H, UINT32, UINT64, LPVOID, UINT32));

	PROTOTYPE(LoadSavedStateSymbolProvider, (H, LPCWSTR, BOOL));
	PROTOTYPE(ReleaseSavedStateSymbolProvider, (H));
	PROTOTYPE(LoadSavedStateModuleSymbols, (H, LPCSTR, LPCSTR, UINT64, DWORD));
	PROTOTYPE(LoadSavedStateModuleSymbolsEx, (H, LPCSTR, UINT32, LPCSTR, UINT64, DWORD));
	PROTOTYPE(ResolveSavedStateGlobalVariableAddress,
		  (H, UINT32, LPCSTR, UINT64 *, ULONG *));
	PROTOTYPE(ReadSavedStateGlobalVariable, (H, UINT32, LPCSTR, LPVOID, ULONG));
	PROTOTYPE(GetSavedStateSymbolTypeSize, (H, UINT32, LPCSTR, ULONG *));
	PROTOTYPE(FindSavedStateSymbolFieldInType,
		  (H, UINT32, LPCSTR, LPCWSTR, UINT32 *, BOOL *));
	PROTOTYPE(GetSavedStateSymbolFieldInfo, (H, UINT32, LPCSTR, LPWSTR *));

	PROTOTYPE(ScanMemoryForDosImages,
		  (H, UINT32, UINT64, UINT64, PVOID, FOUND_IMAGE_CALLBACK, UINT64 *, DWORD));
	PROTOTYPE(CallStackUnwind, (H, UINT32, PMODULE_INFO, DWORD, UINT32, LPWSTR *));

	/* Another result, and two without WINAPI, which 32-bit callers would notice. */
	HANDLE (WINAPI *provider_handle)(H) = GetSavedStateSymbolProviderHandle;
	HRESULT (*cache_limit)(H, UINT64 *) = GetMemoryBlockCacheLimit;
	HRESULT (*debug_info)(H, GUEST_SYMBOLS_PROVIDER_DEBUG_INFO_CALLBACK) =
		SetSavedStateSymbolProviderDebugInfoCallback;
	(void)provider_handle;
	(void)cache_limit;
	(void)debug_info;
	return count + 3;
}

#undef H

#endif
