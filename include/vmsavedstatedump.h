/* SPDX-License-Identifier: MIT */
/*
 * The saved-state provider: reads the memory, the processors and the symbols
 * of a Hyper-V guest from its saved state, a .vmrs file or an older pair of
 * .bin and .vsv.
 *
 * The functions are those of the Windows SDK's header of the same name, in
 * both generations (see vmsavedstatedumpdefs.h).  What this library offers
 * beyond them is in vmsavedstatedump_ext.h.
 *
 * Where an answer comes from
 *   [documented]  as the SDK documents it
 *   [measured]    as the original library answers, found by calling it
 *   [ours]        decided here, where the original crashes, hangs, gives wrong
 *                 data or is silent
 *
 * Threads
 *   Any function may be called from any thread, with one handle or several.
 *   Queries and reads on one handle run at the same time.  The functions that
 *   change a handle (Force..., Set..., ApplyGuestMemoryFix, CallStackUnwind,
 *   and the loading and releasing of symbols) wait for the calls in flight on
 *   it and run alone.  ReleaseSavedStateFiles refuses new calls at once and
 *   frees when the last call in flight has returned.  Callbacks run on the
 *   thread that made the call, and must not call a function that changes the
 *   same handle.
 *   [ours: the original loses its handle when several threads read]
 *
 * Arguments
 *   A handle that is NULL, released or invented is E_INVALIDARG, and so is a
 *   vpId that is not below the count of GetVpCount, a NULL pointer where
 *   nothing is said of NULL, and an empty path.  [ours: the original crashes
 *   on most of these; E_INVALIDARG is its own answer for a released handle]
 *
 * Outputs
 *   Unless a function says otherwise, its outputs are written on S_OK alone.
 *
 * Results
 *   Every function lists what it can return.  E_OUTOFMEMORY, when memory is
 *   short, can come from any of them and is listed only where it means
 *   something else too.  "RAM block errors" are the results of meeting a
 *   damaged part of the guest's memory; they concern the 1 MiB of memory they
 *   are met in, and reads elsewhere succeed:
 *     E_UNEXPECTED  a RAM block of an impossible type or size  [measured]
 *     0xD0000001    a page record that cannot be decoded       [measured]
 *     0x90000005    a record stream that is cut or too long    [measured]
 *     0x8007001E    the file could not be read                 [ours]
 *     0x80070032    all memory is kept in a form not known     [ours]
 *   VmSavedStateGetErrorText gives a sentence for the last failure.
 *
 * Units: addresses, offsets and sizes are in bytes; only chunks and page
 * counts are in pages of 4096 bytes.  Ranges include their start and exclude
 * their end, except for ScanMemoryForDosImages.
 */
#ifndef VMSAVEDSTATEDUMP_H
#define VMSAVEDSTATEDUMP_H

#include "vmsavedstatedumpdefs.h"

#ifndef _VMSAVEDSTATEDUMP_H_
#define _VMSAVEDSTATEDUMP_H_	/* the guard of the SDK's header */

VMSAVEDSTATE_DECLARATIONS_BEGIN

/* ---- Finding and opening ------------------------------------------------ */

/*
 * Finds the saved-state files of the VM called vmName, or of its checkpoint
 * called snapshotName (NULL or "": the VM's most recent state).  Names are
 * compared without regard to case.  Without a saved state of its own, the VM's
 * newest checkpoint that has one is taken.
 *
 * On S_OK each output is a string, empty for a form that does not exist: a
 * .vmrs leaves binPath and vsvPath empty, a pair leaves vmrsPath empty, and
 * all three are empty when nothing was found.  [documented]  The caller frees
 * each string with LocalFree.  On failure the outputs are NULL, except for
 * E_INVALIDARG, which leaves them untouched.  [measured]
 *
 * The VM is looked up in its configuration files, without WMI and the Hyper-V
 * service: in the folders that the environment variable VMSAVEDSTATE_PATH
 * lists, separated as in PATH, and then, on Windows, in Hyper-V's own.  A GUID
 * is accepted as a name; of several VMs of one name, the one saved last is
 * meant.  A state without memory, such as that of a VM that is off, is not
 * answered; one that is damaged is, where there is no better.  What cannot be
 * read on the way is passed over: VmSavedStateLocate tells of it.  [ours]
 *
 * Returns S_OK; E_INVALIDARG (vmName or an output is NULL) [measured];
 * E_OUTOFMEMORY; 0x80070003 (there is no such folder to look in) [measured];
 * 0x80070005, 0x8007001E (none of them can be listed) [ours].
 */
HRESULT WINAPI LocateSavedStateFiles(LPCWSTR vmName, LPCWSTR snapshotName, LPWSTR *binPath,
				     LPWSTR *vsvPath, LPWSTR *vmrsPath);

/*
 * Opens a .vmrs file.  It is opened for reading, shared with other readers
 * and writers, and stays open until ReleaseSavedStateFiles.  Nothing is
 * decompressed yet.  The same file may be loaded any number of times.
 *
 * A pending replay log is laid over the file in memory; the file itself is
 * not changed.  [ours: the original refuses such a file with 0x80070570]
 *
 * Returns S_OK, or
 *   0x80070002  no such file [measured]; an empty file [measured]; a container
 *               without a configuration version [measured]
 *   0x80070003  a folder of the path does not exist [measured]
 *   0x80070005  access denied, also for a directory [measured]
 *   0x80070020  another program has the file for itself [measured]
 *   E_INVALIDARG  NULL or empty path, NULL output [ours], not a regular file
 *               [measured], key names of VM versions up to 5.0 [measured], or
 *               a replay entry with an impossible size or destination [ours]
 *   0x80070570  not a .vmrs, cut short, or a checksum or a rule of the
 *               container is broken [measured]
 *   0x80070032  a container version that is not known [measured]
 *   0x80070013  a container of a preview version, or one that the original
 *               would have to repair [measured]
 *   0x80020005  the configuration version is no Int [measured]
 *   0xC0370500  VM_SAVED_STATE_DUMP_E_PARTITION_STATE_NOT_FOUND [measured]
 *   0xC0370501  VM_SAVED_STATE_DUMP_E_GUEST_MEMORY_NOT_FOUND [measured]
 *   0xC0370502  VM_SAVED_STATE_DUMP_E_NO_VP_FOUND_IN_PARTITION_STATE [measured]
 *   0x8007000D  the partition state is damaged [measured] or encrypted [ours:
 *               the original ends the process]
 *   E_FAIL      a memory block key that is too short or no Array [measured]
 *   0x8007007A  a memory block key that is too long [measured]
 *   E_UNEXPECTED  a key that points to nothing [measured]
 *   0x8007007B  on Windows, a path with quotation marks or a wildcard [measured]
 *   0x8007001E  the file could not be read [ours]
 */
HRESULT WINAPI LoadSavedStateFile(LPCWSTR vmrsFile,
				  VM_SAVED_STATE_DUMP_HANDLE *vmSavedStateDumpHandle);

/*
 * Opens a .bin and .vsv pair, as VM versions up to 5.0 have: memory first,
 * state second.  Otherwise as LoadSavedStateFile.
 *
 * Returns what LoadSavedStateFile does, or
 *   0x80048006  a .vmrs was given [measured]
 *   0x80070026  a file too short to be one of the pair [measured]
 *   E_FAIL      a version of the pair other than 5.0, or an index entry with
 *               an unknown flag [measured]
 *   0x80070570  another signature, or an index that does not fit the file [ours]
 *   E_UNEXPECTED  a memory block key that is too short [measured]
 *   0x80048015  a memory block key that is too long [measured]
 */
HRESULT WINAPI LoadSavedStateFiles(LPCWSTR binFile, LPCWSTR vsvFile,
				   VM_SAVED_STATE_DUMP_HANDLE *vmSavedStateDumpHandle);

/*
 * Writes the pending entries of a .vmrs file's replay log to their places and
 * empties the log.  This is the only function that changes a saved state; a
 * plain load does not need it.  [documented]
 *
 * Every entry is verified before the first byte is written, and the log is
 * emptied only once everything is on the disk, so that a file that was cut
 * off in between still opens.  A log with a damaged entry is refused and left
 * as it is.  [ours: the original drops such a log and answers S_OK]
 *
 * The file is opened for writing and for this call alone.
 *
 * Returns S_OK, also when nothing was pending [measured]; 0x80070002,
 * 0x80070003, 0x80070005, 0x80070020 as LoadSavedStateFile (a file that is
 * loaded at the moment may be 0x80070020); E_INVALIDARG (NULL or empty path,
 * or an entry of size 0 or with a destination of 2^63 or above) [measured];
 * 0x80070570 (not a .vmrs, or a damaged log) [measured]; 0x80070032,
 * 0x80070013 as LoadSavedStateFile; 0x8007001E, 0x8007001D (the file could
 * not be read, written) and 0x80070070 (the disk is full) [ours].
 */
HRESULT WINAPI ApplyPendingSavedStateFileReplayLog(LPCWSTR vmrsFile);

/*
 * Releases a handle and closes its files.  Its symbol provider is released
 * too.  Calls in flight on other threads finish first; the handle is refused
 * from now on, also by a second release.
 *
 * Returns S_OK; E_INVALIDARG.  [measured]
 */
HRESULT WINAPI ReleaseSavedStateFiles(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle);

/* ---- The partition ------------------------------------------------------ */

/*
 * The number of VPs.  Their ids are 0 to vpCount - 1, without gaps; the
 * indices by which the hypervisor knew them can have gaps, and
 * VmSavedStateGetVpIndex gives those.
 *
 * Returns S_OK; E_INVALIDARG.  [measured]
 */
HRESULT WINAPI GetVpCount(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle, UINT32 *vpCount);

/*
 * The VTLs of the guest, a bit for each: bit 0 for VTL 0, and so on.
 * Returns S_OK; E_INVALIDARG.  [measured]
 */
HRESULT WINAPI GetGuestEnabledVirtualTrustLevels(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
						 UINT32 *virtualTrustLevels);

/*
 * What the operating system in one VTL of the guest reported as its identity.
 * Returns S_OK; E_INVALIDARG (also for a VTL that the guest does not have).
 * [measured]
 */
HRESULT WINAPI GetGuestOsInfo(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
			      UINT8 virtualTrustLevel, GUEST_OS_INFO *guestOsInfo);

/*
 * Whether a VP of the guest has nested virtualization enabled.
 * Returns S_OK; E_INVALIDARG.  [measured]
 */
HRESULT WINAPI IsNestedVirtualizationEnabled(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					     BOOL *enabled);

/* ---- Processors --------------------------------------------------------- */

/*
 * The instruction set that the VP was running, or that ForceArchitecture set:
 * Arch_x64 with EFER.LME and the L bit of CS both set, else Arch_x86;
 * Arch_Armv8 on ARM64.  A 64-bit VP in 32-bit code is Arch_x86.  [measured]
 * While an absent VTL is forced, and for a VP that the saved state does not
 * describe, it is Arch_Unknown.  [measured]
 *
 * Returns S_OK; E_INVALIDARG.
 */
HRESULT WINAPI GetArchitecture(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle, UINT32 vpId,
			       VIRTUAL_PROCESSOR_ARCH *architecture);

/*
 * Makes GetArchitecture answer what is given, for this VP.  Any value is
 * accepted on x86 and x64; registers, paging mode and translation do not
 * change (the earlier ABI compares it with the architecture of a register
 * that is asked for).  [measured]
 *
 * Returns S_OK; E_INVALIDARG; E_FAIL (an ARM64 VP, and another architecture
 * than Arch_Armv8) [measured].
 */
HRESULT WINAPI ForceArchitecture(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle, UINT32 vpId,
				 VIRTUAL_PROCESSOR_ARCH architecture);

/*
 * The VTL that the VP was running in, or that ForceActiveVirtualTrustLevel
 * set.  Returns S_OK; E_INVALIDARG.  [measured]
 */
HRESULT WINAPI GetActiveVirtualTrustLevel(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					  UINT32 vpId, UINT8 *virtualTrustLevel);

/*
 * The VTLs that the VP has, a bit for each; bit 0 is always set.
 * Returns S_OK; E_INVALIDARG.  [measured]
 */
HRESULT WINAPI GetEnabledVirtualTrustLevels(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					    UINT32 vpId, UINT32 *virtualTrustLevels);

/*
 * Makes registers, paging mode and translation of the VP those of another VTL.
 * Physical reads are the same in every VTL.  [documented]
 *
 * A VTL that the VP does not have becomes active too, and the call says so
 * with VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED: from then on
 * IsActiveVirtualTrustLevelEnabled answers FALSE, and register reads fail
 * until a VTL that exists is forced.  [measured]
 *
 * Returns S_OK; E_INVALIDARG (also for a VTL above 2) [measured];
 * VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED [measured].
 */
HRESULT WINAPI ForceActiveVirtualTrustLevel(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					    UINT32 vpId, UINT8 virtualTrustLevel);

/*
 * Whether the VP has the VTL that is active; FALSE only after a force.
 * Returns S_OK; E_INVALIDARG.  [measured]
 */
HRESULT WINAPI IsActiveVirtualTrustLevelEnabled(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
						UINT32 vpId, BOOL *activeVirtualTrustLevelEnabled);

/*
 * Whether the VP was running a guest of its own guest, and its registers are
 * therefore those of the nested guest.  FALSE while ForceNestedHostMode is
 * on.  Returns S_OK; E_INVALIDARG.  [measured]
 */
HRESULT WINAPI GetNestedVirtualizationMode(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					   UINT32 vpId, BOOL *enabled);

/*
 * Makes registers and translation of a VP in nested guest mode those that the
 * next exit to its host would load.  Only what the processor keeps for an
 * exit is there: other registers read 0, and which they are depends on the
 * vendor.  [documented]  hostMode FALSE goes back.  oldMode, which may be
 * NULL, receives the mode before the call.  A change ends what ForcePagingMode
 * set for the active VTL, since it was meant for the other side.  [ours]
 *
 * Returns S_OK; E_INVALIDARG (also for hostMode TRUE on a VP that is not in
 * nested guest mode) [measured].
 */
HRESULT WINAPI ForceNestedHostMode(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle, UINT32 vpId,
				   BOOL hostMode, BOOL *oldMode);

/*
 * Whether the VP was in the guest's kernel: the DPL of SS is 0, or on ARM64
 * the mode of SPSR_EL2 is not EL0.  [measured]
 *
 * Returns S_OK; E_INVALIDARG [measured];
 * VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED (an absent VTL is forced, or the
 * saved state does not describe the VP) [ours].
 */
HRESULT WINAPI InKernelSpace(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle, UINT32 vpId,
			     BOOL *inKernelSpace);

#ifndef VMSAVEDSTATE_ABI_17134
/*
 * A register of the VP, in the VTL and nesting mode that are active.
 *
 * registerId is a REGISTER_ID.  All 16 bytes of registerValue are written:
 * general purpose, control and debug registers are in Reg64, XMM, x87 and Q
 * registers in Reg128, segments in X64.Segment, IDTR and GDTR in X64.Table.
 * Ids of the other processor family, and X64_RegisterMax, read 0 with S_OK.
 * [measured]
 *
 * Returns S_OK; E_INVALIDARG (also for an id from ARM64_RegisterMax on, which
 * is refused before registerValue is looked at);
 * VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED (an absent VTL is forced, or the
 * saved state does not describe the VP).  [measured]
 */
HRESULT WINAPI GetRegisterValue(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle, UINT32 vpId,
				DWORD registerId, VIRTUAL_PROCESSOR_REGISTER *registerValue);
#else
/*
 * A register of the VP, in the VTL and nesting mode that are active.
 *
 * The caller sets Architecture and the id; RegisterValue receives the value,
 * of which registers of 128 bits have two halves with an id each.  Values are
 * not cut for Arch_x86.  [measured]
 *
 * Returns S_OK; E_INVALIDARG (also when Architecture is not what
 * GetArchitecture answers, and for an id that it does not have) [measured];
 * VM_SAVED_STATE_DUMP_E_VP_VTL_NOT_ENABLED (an absent VTL is forced, or the
 * saved state does not describe the VP) [ours: as in the current ABI].
 */
HRESULT WINAPI GetRegisterValue(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle, UINT32 vpId,
				VIRTUAL_PROCESSOR_REGISTER *registerValue);
#endif

/*
 * The VP's paging mode, or what ForcePagingMode set.  It follows EFER.LME and
 * CR4.PAE alone: a VP with paging off answers Paging_32Bit or Paging_Pae, and
 * one with five levels Paging_Long.  On ARM64 it is Paging_Armv8, or
 * Paging_NonPaged with the MMU off.  [measured]  VmSavedStateTranslate tells
 * the form that the processor really uses.
 *
 * Returns S_OK; E_INVALIDARG.
 */
HRESULT WINAPI GetPagingMode(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle, UINT32 vpId,
			     PAGING_MODE *pagingMode);

/*
 * Makes translation use a paging mode, for this VP in its active VTL.  Any
 * value is accepted on x86 and x64, and GetPagingMode answers it.  [measured]
 * It holds until ForceNestedHostMode changes the nesting mode.  [ours]
 * Returns S_OK; E_INVALIDARG; E_FAIL (an ARM64 VP, whose mode cannot be
 * forced) [measured].
 */
HRESULT WINAPI ForcePagingMode(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle, UINT32 vpId,
			       PAGING_MODE pagingMode);

#ifndef VMSAVEDSTATE_ABI_17134
/*
 * Translates a GVA through the guest's page tables, with the registers of the
 * VP in its active VTL, paging mode and nesting mode.
 *
 * CR0.PG is not asked: with paging off the tables at CR3 are walked all the
 * same.  [measured]  Five levels and large pages of every size are walked as
 * the processor does, and a non-canonical address is not mapped.  [ours]  The
 * GPA may lie outside the saved memory.  [measured]
 *
 * unmappedRegionSize, which may be NULL, receives the bytes that the missing
 * entry covers, and 0 on S_OK and on every other failure.  Both outputs are
 * written, physicalAddress with 0 on failure, unless the result is
 * E_INVALIDARG.  [measured]
 *
 * Returns S_OK; E_INVALIDARG; VM_SAVED_STATE_DUMP_E_VA_NOT_MAPPED (also when
 * a page table lies outside the saved memory); E_NOTIMPL (a paging mode
 * without page tables, or none that is known);
 * VM_SAVED_STATE_DUMP_E_INVALID_VP_STATE (registers of another processor
 * family than the paging mode needs, or that allow no walk)  [all measured];
 * the RAM block errors, when a page table lies in a damaged block [ours].
 */
HRESULT WINAPI GuestVirtualAddressToPhysicalAddress(
	VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle, UINT32 vpId,
	const GUEST_VIRTUAL_ADDRESS virtualAddress, GUEST_PHYSICAL_ADDRESS *physicalAddress,
	GUEST_VIRTUAL_ADDRESS *unmappedRegionSize);
#else
/*
 * Translates a GVA through the guest's page tables, with the registers of the
 * VP in its active VTL, paging mode and nesting mode.
 *
 * CR0.PG is not asked: with paging off the tables at CR3 are walked all the
 * same.  [measured]  Five levels and large pages of every size are walked as
 * the processor does, and a non-canonical address is not mapped.  [ours]  The
 * GPA may lie outside the saved memory.  [measured]
 *
 * Returns S_OK; E_INVALIDARG; one of VM_SAVED_STATE_DUMP_E_PXE_NOT_PRESENT,
 * _PDPTE_NOT_PRESENT, _PDE_NOT_PRESENT and _PTE_NOT_PRESENT, by the level of
 * the missing entry (also when its table lies outside the saved memory);
 * E_NOTIMPL (a paging mode without page tables, one that is not known, or
 * registers that allow no walk)  [all measured]; the RAM block errors, when a
 * page table lies in a damaged block [ours].
 */
HRESULT WINAPI GuestVirtualAddressToPhysicalAddress(
	VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle, UINT32 vpId,
	const GUEST_VIRTUAL_ADDRESS virtualAddress, GUEST_PHYSICAL_ADDRESS *physicalAddress);
#endif

/* ---- Memory ------------------------------------------------------------- */

/*
 * Reads bufferSize bytes of guest memory from a GPA, of any alignment.
 *
 * The read ends at the first byte that the saved state does not hold: that is
 * S_OK with fewer bytes in bytesRead, or with 0, and the rest of the buffer
 * untouched.  [measured]  It goes on from one chunk into the next when they
 * touch.  Fixes made with ApplyGuestMemoryFix are in what is read.
 * bytesRead may be NULL; it is 0 on failure.  [measured]
 *
 * Returns S_OK; E_INVALIDARG (also for a NULL buffer of any size) [measured];
 * the RAM block errors, when any part of the range lies in a damaged block: the
 * contents of the buffer are unspecified then.
 */
HRESULT WINAPI ReadGuestPhysicalAddress(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					GUEST_PHYSICAL_ADDRESS physicalAddress, LPVOID buffer,
					UINT32 bufferSize, UINT32 *bytesRead);

/*
 * Lists the ranges of guest memory, as the saved state does and in its order:
 * neither sorted nor merged.  [measured]
 *
 * memoryChunkCount is the room in memoryChunks on entry and the number of
 * chunks on return.  Without enough room, or with memoryChunks NULL whatever
 * the room, the call is E_OUTOFMEMORY, memoryChunkCount alone is written, and
 * the caller comes again.  On S_OK memoryChunkPageSize is 4096.
 *
 * Returns S_OK; E_OUTOFMEMORY; E_INVALIDARG (handle, memoryChunkPageSize or
 * memoryChunkCount).  [measured]
 */
HRESULT WINAPI GetGuestPhysicalMemoryChunks(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					    UINT64 *memoryChunkPageSize,
					    GPA_MEMORY_CHUNK *memoryChunks,
					    UINT64 *memoryChunkCount);

/*
 * Where a GPA is in the saved memory that ReadGuestRawSavedMemory reads: an
 * offset in bytes.  There is no way back.  Returns S_OK; E_INVALIDARG (also
 * for a GPA that lies in no chunk) [measured].
 */
HRESULT WINAPI GuestPhysicalAddressToRawSavedMemoryOffset(
	VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle, GUEST_PHYSICAL_ADDRESS physicalAddress,
	UINT64 *rawSavedMemoryOffset);

/*
 * Reads from the saved memory as one array, without regard to where the guest
 * saw it.  Fixes made with ApplyGuestMemoryFix are not in what is read.
 * [measured]
 *
 * At the end of the array the read is S_OK with fewer bytes in bytesRead; at
 * the end or beyond it, with 0.  [measured]  bytesRead may be NULL; it is 0 on
 * failure.
 *
 * Returns S_OK; E_INVALIDARG (also for a NULL buffer of any size) [ours]; the
 * RAM block errors, as ReadGuestPhysicalAddress.
 */
HRESULT WINAPI ReadGuestRawSavedMemory(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
				       UINT64 rawSavedMemoryOffset, LPVOID buffer,
				       UINT32 bufferSize, UINT32 *bytesRead);

/*
 * The size in bytes of that array: 1 MiB for each RAM block from the first
 * without a gap.  Returns S_OK; E_INVALIDARG.  [measured]
 */
HRESULT WINAPI GetGuestRawSavedMemorySize(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					  UINT64 *guestRawSavedMemorySize);

/*
 * Sets how many RAM blocks of 1 MiB the caller wants cached; 0, the default,
 * frees what is cached.  [documented]  This library keeps a small cache of
 * single pages in any case, so that reads are fast without a limit; a limit
 * lets the cache grow.  Any number is accepted.  [ours]
 *
 * Returns S_OK; E_INVALIDARG.
 */
HRESULT WINAPI SetMemoryBlockCacheLimit(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					UINT64 memoryBlockCacheLimit);

/*
 * The limit that was set last, 0 at first.  Returns S_OK; E_INVALIDARG.
 * [measured]  (Declared without WINAPI, as in the SDK.)
 */
HRESULT GetMemoryBlockCacheLimit(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
				 UINT64 *memoryBlockCacheLimit);

/*
 * Lays fixBufferSize bytes over the guest's memory, from the GPA that
 * virtualAddress has for the VP now; the bytes are copied.  The file is not
 * changed.  Later fixes cover earlier ones.  [documented]
 *
 * Each page of the fix is translated on its own; when one has no GPA, nothing
 * is changed.  [ours: the original translates the first address and goes on
 * physically]  Physical and virtual reads see fixes; raw reads and the
 * page-table walk do not.  [measured]
 *
 * Returns S_OK (a size of 0 changes nothing, and fixBuffer may be NULL then);
 * E_INVALIDARG; what GuestVirtualAddressToPhysicalAddress returns for an
 * address that has no GPA.  [measured]
 */
HRESULT WINAPI ApplyGuestMemoryFix(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle, UINT32 vpId,
				   GUEST_VIRTUAL_ADDRESS virtualAddress, LPVOID fixBuffer,
				   UINT32 fixBufferSize);

/* ---- Symbols ------------------------------------------------------------ */

/*
 * Makes a symbol provider for the handle.  userSymbols lists folders with PDB
 * files, separated by semicolons: plain folders, or symbol stores of the form
 * name.pdb/GUID+age/name.pdb, also written srv*folder.  NULL or "" stands for
 * the current folder and what the environment variables _NT_SYMBOL_PATH and
 * _NT_ALTERNATE_SYMBOL_PATH list.  Nothing is downloaded.  [ours: the original
 * uses dbghelp]  A provider that is there already is kept, unless force is
 * TRUE.  [documented]
 *
 * Returns S_OK; E_INVALIDARG.
 */
HRESULT WINAPI LoadSavedStateSymbolProvider(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					    LPCWSTR userSymbols, BOOL force);

/*
 * Releases the handle's symbol provider and every module in it.
 * Returns S_OK; E_INVALIDARG; E_UNEXPECTED (there is none) [measured].
 */
HRESULT WINAPI ReleaseSavedStateSymbolProvider(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle);

/*
 * A value that stands for the handle's symbol provider, or
 * INVALID_HANDLE_VALUE when there is none or the handle is not valid.
 * [measured]  It is no handle of the operating system and need not be closed.
 * [ours]
 */
HANDLE WINAPI GetSavedStateSymbolProviderHandle(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle);

/*
 * Sets the function that hears what the symbol provider looks for and finds,
 * one UTF-8 line at a time; NULL ends it.  May be called before a provider is
 * loaded.  [documented]  It is called at the end of the call that looked, on
 * the same thread, and may call any function.  [ours]  Returns S_OK;
 * E_INVALIDARG.  (Declared without WINAPI, as in the SDK.)
 */
HRESULT SetSavedStateSymbolProviderDebugInfoCallback(
	VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
	GUEST_SYMBOLS_PROVIDER_DEBUG_INFO_CALLBACK Callback);

/*
 * Loads the symbols of a module that the guest has at baseAddress, sizeOfBase
 * bytes long (0: as long as the image says).  The image is read through the
 * first VP that has it in its address space, and the PDB is the one whose GUID
 * and age it names.  moduleName is the name in module!symbol; NULL or "" stands
 * for imageName without folder and extension, and if that is missing too, for
 * the name of the PDB.  Names are UTF-8, and compared without regard to the
 * case of ASCII letters.
 *
 * An image without a PDB becomes a module all the same, with the names that it
 * exports.  A module that began at the same address is replaced.  [ours]
 *
 * Returns S_OK; E_INVALIDARG; E_UNEXPECTED (no symbol provider) [measured];
 * 0x80070002 (no image there, or no PDB of it was found) [measured];
 * 0x80070570 (the PDB that was found is damaged), 0x80070032 (it is of a
 * version that is not known), 0x8007001E (it cannot be read) [ours];
 * E_OUTOFMEMORY.
 */
HRESULT WINAPI LoadSavedStateModuleSymbols(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					   LPCSTR imageName, LPCSTR moduleName,
					   GUEST_VIRTUAL_ADDRESS baseAddress, DWORD sizeOfBase);

/*
 * As LoadSavedStateModuleSymbols, with the TimeDateStamp that the caller
 * expects the image to have.  When it has another one, the callback for
 * messages is told, and nothing else changes: the GUID decides.  [ours]
 * Returns what LoadSavedStateModuleSymbols does.
 */
HRESULT WINAPI LoadSavedStateModuleSymbolsEx(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					     LPCSTR imageName, UINT32 imageTimestamp,
					     LPCSTR moduleName, GUEST_VIRTUAL_ADDRESS baseAddress,
					     DWORD sizeOfBase);

/*
 * The address of a symbol, given as name or as module!name; of several modules
 * that have the name, in the one that was loaded first.  size, which may be
 * NULL, receives the bytes of the variable's type, or of a function's code, 0
 * when that is not known.  [ours]
 *
 * Returns S_OK; E_INVALIDARG; E_UNEXPECTED (no symbol provider) [measured];
 * 0x80070490 (no such symbol), with virtualAddress 0 [ours: the original
 * answers S_OK and 0].
 */
HRESULT WINAPI ResolveSavedStateGlobalVariableAddress(
	VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle, UINT32 vpId, LPCSTR globalName,
	GUEST_VIRTUAL_ADDRESS *virtualAddress, ULONG *size);

/*
 * Reads bufferSize bytes at the address of a symbol, through the page tables
 * of the VP; all of them or none.
 *
 * Returns S_OK; E_INVALIDARG; E_UNEXPECTED (no symbol provider) [measured];
 * 0x80070490 (no such symbol) [measured]; what
 * GuestVirtualAddressToPhysicalAddress returns for an address without a GPA;
 * 0x8007001E (a page is not in the saved memory) [ours]; the RAM block errors.
 */
HRESULT WINAPI ReadSavedStateGlobalVariable(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					    UINT32 vpId, LPCSTR globalName, LPVOID buffer,
					    ULONG bufferSize);

/*
 * The size of a type in bytes, given as name or as module!name; 0 with S_OK
 * for a type that is not known.  [documented]
 *
 * Returns S_OK; E_INVALIDARG; E_UNEXPECTED with size 0 (no symbol provider)
 * [ours: the original answers S_OK and a size of 0x8000FFFF].
 */
HRESULT WINAPI GetSavedStateSymbolTypeSize(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					   UINT32 vpId, LPCSTR typeName, ULONG *size);

/*
 * The offset in bytes of a field in a structure, or in its nameless members
 * and base classes.  The type name is narrow, the field name wide.  For a type
 * or field that is not known, found is FALSE
 * and offset 0, with S_OK.  [measured]
 *
 * Returns S_OK; E_INVALIDARG; E_UNEXPECTED (no symbol provider) [measured].
 */
HRESULT WINAPI FindSavedStateSymbolFieldInType(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					       UINT32 vpId, LPCSTR typeName, LPCWSTR fieldName,
					       UINT32 *offset, BOOL *found);

/*
 * The fields of a structure as JSON: an object with a member for each field,
 * whose value is an object with the integers FieldOffset and FieldSize, in
 * bytes; {} for a type that is not known.  [documented]  Fields of nameless
 * members and of base classes are among them; a bit field has the size of the
 * integer that holds it.  There are no blanks.  [ours]  The caller frees the
 * string with LocalFree.
 *
 * Returns S_OK; E_INVALIDARG; E_OUTOFMEMORY; E_UNEXPECTED (no symbol
 * provider) [measured].
 */
HRESULT WINAPI GetSavedStateSymbolFieldInfo(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
					    UINT32 vpId, LPCSTR typeName,
					    LPWSTR *typeFieldInfoMap);

/* ---- Images and stacks -------------------------------------------------- */

/*
 * Looks for PE images in the VP's address space: first at the page of each of
 * standaloneAddress, then at every mapped page from startAddress down to
 * endAddress, both rounded down to a page and both included.  startAddress is
 * the higher one.  An image is a page that begins with an MZ header which
 * leads to a PE header.  The scan ends when the callback returns TRUE; what it
 * is given is valid during the callback only.  [documented]  The callback may
 * call any function, also with this handle.  [ours]
 *
 * callbackContext is handed to the callback as it is.  standaloneAddress may
 * be NULL when standaloneAddressCount is 0.  A scan always ends, also one down
 * to address 0, and an image at startAddress == endAddress is reported once.
 * PE32 images report the name of their PDB like others.  [ours]
 *
 * Each image is reported once where an address is one of several for a page.
 * With 32-bit paging, images have the upper half of startAddress and endAddress
 * if it is the same, as with addresses that a debugger sign-extended, and
 * otherwise 0.  Where an ARM64 guest lets the processor ignore the top byte,
 * they have no tag, or that of startAddress if the range does not reach down to
 * the addresses without.  [ours]
 *
 * Returns S_OK, also when the callback ended it [measured]; E_INVALIDARG
 * (also for a NULL callback [measured] and for startAddress < endAddress
 * [ours]); E_OUTOFMEMORY; E_NOTIMPL and VM_SAVED_STATE_DUMP_E_INVALID_VP_STATE as
 * GuestVirtualAddressToPhysicalAddress; 0x80070570 (the page tables map the
 * guest's memory over and over, so that the scan was given up) [ours].  Pages
 * that cannot be read are passed over.
 */
HRESULT WINAPI ScanMemoryForDosImages(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle,
				      UINT32 vpId, GUEST_VIRTUAL_ADDRESS startAddress,
				      GUEST_VIRTUAL_ADDRESS endAddress, PVOID callbackContext,
				      FOUND_IMAGE_CALLBACK foundImageCallback,
				      GUEST_VIRTUAL_ADDRESS *standaloneAddress,
				      DWORD standaloneAddressCount);

/*
 * The VP's call stack as text, at most frameCount frames (65,536 at most): a
 * heading line, then a line for each frame with stack pointer, return address
 * and symbol, separated by tabs.  The symbols of the imageInfoCount modules of
 * imageInfo are loaded first; imageInfo may be NULL when imageInfoCount is 0.
 * The caller frees the string with LocalFree.  [documented; the heading
 * measured]
 *
 * Both numbers have 16 hexadecimal digits, and the symbol is
 * module!function+0xNN, module+0xNN without symbols, or the address where there
 * is no module.  The return address is 0 in the last frame of a stack that ends
 * before frameCount, and a line in parentheses tells why it ends.  x64 and ARM64
 * code is followed by the unwind data of its images, 32-bit code by frame
 * pointers.  Images that no module was loaded for are found in memory.  [ours]
 *
 * Returns S_OK (frameCount 0: the heading alone) [measured]; E_INVALIDARG;
 * E_OUTOFMEMORY; 0x80070006 (no symbol provider) [measured]; E_NOTIMPL (the
 * VP's architecture or paging mode is not known) [ours].
 */
HRESULT WINAPI CallStackUnwind(VM_SAVED_STATE_DUMP_HANDLE vmSavedStateDumpHandle, UINT32 vpId,
			       PMODULE_INFO imageInfo, DWORD imageInfoCount, UINT32 frameCount,
			       LPWSTR *callStack);

/*
 * The original exports six more names that no header of the SDK declares:
 * GetCrashDumpHeader, WriteCrashDumpFile, GetWindowsCrashDumpHeader,
 * WriteWindowsCrashDumpFile, LoadKernelImage and LocateKernelImage.  Their
 * parameters are not known; here they take none and return E_NOTIMPL.
 */

VMSAVEDSTATE_DECLARATIONS_END

#endif /* _VMSAVEDSTATEDUMP_H_ */

#endif
