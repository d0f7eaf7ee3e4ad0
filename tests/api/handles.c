/* SPDX-License-Identifier: MIT */
/*
 * Every export that takes a handle, a VP or an output, given one that is not
 * valid.  The original crashes on most of these; ours is E_INVALIDARG, its own
 * answer for a released handle, and no output is touched.
 */
#include "support/saved_states.h"
#include "test_shim.h"

#include <string.h>

/* Somewhere for every kind of output, to be compared with what it was before. */
struct outputs {
	UINT8 u8;
	UINT32 u32;
	ULONG size;
	UINT64 u64, second_u64;
	BOOL boolean;
	HANDLE handle;
	GUEST_OS_INFO os;
	VIRTUAL_PROCESSOR_ARCH architecture;
	PAGING_MODE paging;
	VIRTUAL_PROCESSOR_REGISTER reg;
	GPA_MEMORY_CHUNK chunks[4];
	uint8_t buffer[64];
	LPWSTR text;
	VMSAVEDSTATE_PAGE_STORAGE storage;
	VMSAVEDSTATE_INFO info;
	VMSAVEDSTATE_TRANSLATION translation;
	VMSAVEDSTATE_CACHE_COUNTERS counters;
	VMSAVEDSTATE_READ reads[1];
};

static void fill_outputs(struct outputs *out)
{
	memset(out, 0xCC, sizeof(*out));
	out->info.StructSize = sizeof(out->info);
	out->translation.StructSize = sizeof(out->translation);
	out->counters.StructSize = sizeof(out->counters);
}

static BOOL CALLBACK go_on(PVOID context, PDOS_IMAGE_INFO image)
{
	(void)context;
	(void)image;
	return FALSE;
}

/* X(name, call): a call with handle h, VP vp and outputs in o. */
#define CALLS_WITHOUT_VP(X)                                                                   \
	X(GetVpCount, GetVpCount(h, &o->u32))                                                 \
	X(GetGuestEnabledVirtualTrustLevels, GetGuestEnabledVirtualTrustLevels(h, &o->u32))   \
	X(GetGuestOsInfo, GetGuestOsInfo(h, 0, &o->os))                                       \
	X(IsNestedVirtualizationEnabled, IsNestedVirtualizationEnabled(h, &o->boolean))       \
	X(ReadGuestPhysicalAddress, ReadGuestPhysicalAddress(h, 0, o->buffer, 16, NULL))      \
	X(GetGuestPhysicalMemoryChunks,                                                       \
	  GetGuestPhysicalMemoryChunks(h, &o->u64, o->chunks, &o->second_u64))                \
	X(GuestPhysicalAddressToRawSavedMemoryOffset,                                         \
	  GuestPhysicalAddressToRawSavedMemoryOffset(h, 0, &o->u64))                          \
	X(ReadGuestRawSavedMemory, ReadGuestRawSavedMemory(h, 0, o->buffer, 16, NULL))        \
	X(GetGuestRawSavedMemorySize, GetGuestRawSavedMemorySize(h, &o->u64))                 \
	X(SetMemoryBlockCacheLimit, SetMemoryBlockCacheLimit(h, 1))                           \
	X(GetMemoryBlockCacheLimit, GetMemoryBlockCacheLimit(h, &o->u64))                     \
	X(LoadSavedStateSymbolProvider, LoadSavedStateSymbolProvider(h, NULL, FALSE))         \
	X(ReleaseSavedStateSymbolProvider, ReleaseSavedStateSymbolProvider(h))                \
	X(SetSavedStateSymbolProviderDebugInfoCallback,                                       \
	  SetSavedStateSymbolProviderDebugInfoCallback(h, NULL))                              \
	X(LoadSavedStateModuleSymbols, LoadSavedStateModuleSymbols(h, "a.exe", "a", 4096, 1)) \
	X(LoadSavedStateModuleSymbolsEx,                                                      \
	  LoadSavedStateModuleSymbolsEx(h, "a.exe", 1, "a", 4096, 1))                         \
	X(VmSavedStateGetInfo, VmSavedStateGetInfo(h, &o->info))                              \
	X(VmSavedStateReadBatch, VmSavedStateReadBatch(h, o->reads, 0, 1))                    \
	X(VmSavedStateGetPageStorage, VmSavedStateGetPageStorage(h, 0, &o->storage, &o->u32)) \
	X(VmSavedStateGetCacheCounters, VmSavedStateGetCacheCounters(h, &o->counters))

#define CALLS_WITH_VP(X)                                                                          \
	X(GetArchitecture, GetArchitecture(h, vp, &o->architecture))                              \
	X(ForceArchitecture, ForceArchitecture(h, vp, Arch_x64))                                  \
	X(GetActiveVirtualTrustLevel, GetActiveVirtualTrustLevel(h, vp, &o->u8))                  \
	X(GetEnabledVirtualTrustLevels, GetEnabledVirtualTrustLevels(h, vp, &o->u32))             \
	X(ForceActiveVirtualTrustLevel, ForceActiveVirtualTrustLevel(h, vp, 0))                   \
	X(IsActiveVirtualTrustLevelEnabled, IsActiveVirtualTrustLevelEnabled(h, vp, &o->boolean)) \
	X(GetNestedVirtualizationMode, GetNestedVirtualizationMode(h, vp, &o->boolean))           \
	X(ForceNestedHostMode, ForceNestedHostMode(h, vp, FALSE, &o->boolean))                    \
	X(InKernelSpace, InKernelSpace(h, vp, &o->boolean))                                       \
	X(GetRegisterValue, GetRegisterValue(h, vp, X64_RegisterRip, &o->reg))                    \
	X(GetPagingMode, GetPagingMode(h, vp, &o->paging))                                        \
	X(ForcePagingMode, ForcePagingMode(h, vp, Paging_Long))                                   \
	X(GuestVirtualAddressToPhysicalAddress,                                                   \
	  GuestVirtualAddressToPhysicalAddress(h, vp, 0, &o->u64, &o->second_u64))                \
	X(ApplyGuestMemoryFix, ApplyGuestMemoryFix(h, vp, 0, o->buffer, 4))                       \
	X(VmSavedStateGetVpIndex, VmSavedStateGetVpIndex(h, vp, &o->u32))                         \
	X(VmSavedStateGetRegister,                                                                \
	  VmSavedStateGetRegister(h, vp, 0, X64_RegisterRip, o->buffer, &o->u32))                 \
	X(VmSavedStateTranslate, VmSavedStateTranslate(h, vp, NULL, 0, &o->translation))          \
	X(VmSavedStateReadVirtual, VmSavedStateReadVirtual(h, vp, NULL, 0, o->buffer, 8, NULL))

/* Symbols need a provider before they look at the VP. */
#define CALLS_FOR_SYMBOLS(X)                                                                    \
	X(ResolveSavedStateGlobalVariableAddress,                                               \
	  ResolveSavedStateGlobalVariableAddress(h, vp, "a", &o->u64, &o->size))                \
	X(ReadSavedStateGlobalVariable, ReadSavedStateGlobalVariable(h, vp, "a", o->buffer, 8)) \
	X(GetSavedStateSymbolTypeSize, GetSavedStateSymbolTypeSize(h, vp, "a", &o->size))       \
	X(FindSavedStateSymbolFieldInType,                                                      \
	  FindSavedStateSymbolFieldInType(h, vp, "a", VMSAVEDSTATE_TEXT("b"), &o->u32,          \
					  &o->boolean))                                         \
	X(GetSavedStateSymbolFieldInfo, GetSavedStateSymbolFieldInfo(h, vp, "a", &o->text))     \
	X(ScanMemoryForDosImages, ScanMemoryForDosImages(h, vp, 4096, 0, NULL, go_on, NULL, 0)) \
	X(CallStackUnwind, CallStackUnwind(h, vp, NULL, 0, 0, &o->text))

typedef HRESULT (*invocation)(VM_SAVED_STATE_DUMP_HANDLE h, UINT32 vp, struct outputs *o);

#define DEFINE_INVOCATION(name, call)                                                            \
	static HRESULT invoke_##name(VM_SAVED_STATE_DUMP_HANDLE h, UINT32 vp, struct outputs *o) \
	{                                                                                        \
		(void)vp;                                                                        \
		(void)o;                                                                         \
		return call;                                                                     \
	}

CALLS_WITHOUT_VP(DEFINE_INVOCATION)
CALLS_WITH_VP(DEFINE_INVOCATION)
CALLS_FOR_SYMBOLS(DEFINE_INVOCATION)

struct named_call {
	const char *name;
	invocation invoke;
};

#define LIST_INVOCATION(name, call) { #name, invoke_##name },

/* clang-format off */
static const struct named_call calls[] = {
	CALLS_WITH_VP(LIST_INVOCATION)
	CALLS_WITHOUT_VP(LIST_INVOCATION)
	CALLS_FOR_SYMBOLS(LIST_INVOCATION)
};
/* clang-format on */

static const struct named_call calls_with_vp[] = { CALLS_WITH_VP(LIST_INVOCATION) };

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void expect_refusal(const struct named_call *call, VM_SAVED_STATE_DUMP_HANDLE handle,
			   UINT32 vp)
{
	struct outputs before, after;
	HRESULT result;

	fill_outputs(&before);
	fill_outputs(&after);
	result = call->invoke(handle, vp, &after);
	if (result != E_INVALIDARG)
		fail_msg("%s(%p, vp %u) is 0x%08x", call->name, handle, vp, (unsigned int)result);
	/* Padding was filled too.  NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
	if (memcmp(&before, &after, sizeof(before)) != 0)
		fail_msg("%s(%p, vp %u) touched an output", call->name, handle, vp);
}

static void refuse_everywhere(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	for (size_t i = 0; i < COUNT_OF(calls); i++)
		expect_refusal(&calls[i], handle, 0);
	assert_result(ReleaseSavedStateFiles(handle), E_INVALIDARG);
	assert_ptr_equal(GetSavedStateSymbolProviderHandle(handle), INVALID_HANDLE_VALUE);
}

static void the_handle_NULL_is_refused_by_every_export(void **state)
{
	(void)state;
	refuse_everywhere(NULL);
}

static void invented_handles_are_refused_by_every_export(void **state)
{
	static const uint64_t invented[] = {
		1,	     2,		0x1234567812345678, 0xFFFFFFFFFFFFFFFF, 0x8000000000000000,
		0x100000000, 0xFFFFFFFF
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(invented); i++)
		refuse_everywhere((VM_SAVED_STATE_DUMP_HANDLE)(uintptr_t)invented[i]);
	refuse_everywhere(&state);
}

static void a_handle_with_any_bit_changed_is_refused(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("minimal");
	UINT32 count;

	(void)state;
	for (unsigned int bit = 0; bit < 8 * sizeof(uintptr_t); bit++) {
		uintptr_t changed = (uintptr_t)handle ^ (uintptr_t)1 << bit;

		refuse_everywhere((VM_SAVED_STATE_DUMP_HANDLE)changed);
	}
	assert_result(GetVpCount(handle, &count), S_OK);
	close_handle(handle);
}

static void a_released_handle_is_refused_also_after_others_were_opened(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE released = open_fixture("minimal");
	VM_SAVED_STATE_DUMP_HANDLE others[40];

	(void)state;
	close_handle(released);
	refuse_everywhere(released);
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		others[i] = open_fixture("minimal");
		assert_ptr_not_equal(others[i], released);
	}
	refuse_everywhere(released);
	for (size_t i = 0; i < COUNT_OF(others); i += 2)
		close_handle(others[i]);
	for (size_t i = 0; i < COUNT_OF(others); i += 2)
		assert_result(ReleaseSavedStateFiles(others[i]), E_INVALIDARG);
	for (size_t i = 1; i < COUNT_OF(others); i += 2)
		close_handle(others[i]);
}

static void a_vp_at_or_above_the_count_is_refused_by_every_export(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("4-vp");
	static const UINT32 vps[] = { 4, 5, 64, 0x80000000, 0xFFFFFFFF };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(calls_with_vp); i++)
		for (size_t j = 0; j < COUNT_OF(vps); j++)
			expect_refusal(&calls_with_vp[i], handle, vps[j]);
	close_handle(handle);
}

static void a_refused_vp_leaves_the_others_as_they_were(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("4-vp");
	VIRTUAL_PROCESSOR_ARCH architecture;
	PAGING_MODE mode;

	(void)state;
	assert_result(ForceArchitecture(handle, 4, Arch_x86), E_INVALIDARG);
	assert_result(ForcePagingMode(handle, 4, Paging_32Bit), E_INVALIDARG);
	for (UINT32 vp = 0; vp < 4; vp++) {
		assert_result(GetArchitecture(handle, vp, &architecture), S_OK);
		assert_int_equal(architecture, Arch_x64);
		assert_result(GetPagingMode(handle, vp, &mode), S_OK);
		assert_int_equal(mode, Paging_Long);
	}
	close_handle(handle);
}

/* ---- Outputs that are not there ---------------------------------------------- */

static void outputs_that_are_NULL_are_refused_one_by_one(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE h = open_fixture("demo");
	struct outputs out, *o = &out;

	(void)state;
	fill_outputs(o);
	assert_result(GetVpCount(h, NULL), E_INVALIDARG);
	assert_result(GetGuestEnabledVirtualTrustLevels(h, NULL), E_INVALIDARG);
	assert_result(GetGuestOsInfo(h, 0, NULL), E_INVALIDARG);
	assert_result(IsNestedVirtualizationEnabled(h, NULL), E_INVALIDARG);
	assert_result(GetArchitecture(h, 0, NULL), E_INVALIDARG);
	assert_result(GetActiveVirtualTrustLevel(h, 0, NULL), E_INVALIDARG);
	assert_result(GetEnabledVirtualTrustLevels(h, 0, NULL), E_INVALIDARG);
	assert_result(IsActiveVirtualTrustLevelEnabled(h, 0, NULL), E_INVALIDARG);
	assert_result(GetNestedVirtualizationMode(h, 0, NULL), E_INVALIDARG);
	assert_result(InKernelSpace(h, 0, NULL), E_INVALIDARG);
	assert_result(GetRegisterValue(h, 0, X64_RegisterRip, NULL), E_INVALIDARG);
	assert_result(GetPagingMode(h, 0, NULL), E_INVALIDARG);
	assert_result(GuestVirtualAddressToPhysicalAddress(h, 0, 0, NULL, &o->u64), E_INVALIDARG);
	assert_result(ReadGuestPhysicalAddress(h, 0, NULL, 16, NULL), E_INVALIDARG);
	assert_result(ReadGuestPhysicalAddress(h, 0, NULL, 0, NULL), E_INVALIDARG);
	assert_result(ReadGuestRawSavedMemory(h, 0, NULL, 16, NULL), E_INVALIDARG);
	assert_result(ReadGuestRawSavedMemory(h, 0, NULL, 0, NULL), E_INVALIDARG);
	assert_result(GetGuestPhysicalMemoryChunks(h, NULL, o->chunks, &o->u64), E_INVALIDARG);
	assert_result(GetGuestPhysicalMemoryChunks(h, &o->u64, o->chunks, NULL), E_INVALIDARG);
	assert_result(GuestPhysicalAddressToRawSavedMemoryOffset(h, 0, NULL), E_INVALIDARG);
	assert_result(GetGuestRawSavedMemorySize(h, NULL), E_INVALIDARG);
	assert_result(GetMemoryBlockCacheLimit(h, NULL), E_INVALIDARG);
	assert_result(ApplyGuestMemoryFix(h, 0, 0x10000, NULL, 4), E_INVALIDARG);
	close_handle(h);
}

static void outputs_of_the_extensions_that_are_NULL_are_refused(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE h = open_fixture("demo");
	struct outputs out, *o = &out;

	(void)state;
	fill_outputs(o);
	assert_result(VmSavedStateGetInfo(h, NULL), E_INVALIDARG);
	assert_result(VmSavedStateGetVpIndex(h, 0, NULL), E_INVALIDARG);
	assert_result(VmSavedStateGetRegister(h, 0, 0, X64_RegisterRip, NULL, &o->u32),
		      E_INVALIDARG);
	assert_result(VmSavedStateTranslate(h, 0, NULL, 0, NULL), E_INVALIDARG);
	assert_result(VmSavedStateReadVirtual(h, 0, NULL, 0, NULL, 8, &o->u32), E_INVALIDARG);
	assert_result(VmSavedStateReadBatch(h, NULL, 1, 1), E_INVALIDARG);
	assert_result(VmSavedStateGetPageStorage(h, 0, NULL, NULL), E_INVALIDARG);
	assert_result(VmSavedStateGetCacheCounters(h, NULL), E_INVALIDARG);
	assert_result(VmSavedStateGetErrorText(h, NULL, 16, NULL), E_INVALIDARG);
	close_handle(h);
}

static void outputs_that_may_be_NULL_are_not_missed(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE h = open_fixture("demo");
	GUEST_PHYSICAL_ADDRESS physical;
	VMSAVEDSTATE_PAGE_STORAGE storage;
	uint8_t bytes[16];

	(void)state;
	assert_result(ReadGuestPhysicalAddress(h, 0, bytes, 16, NULL), S_OK);
	assert_result(ReadGuestRawSavedMemory(h, 0, bytes, 16, NULL), S_OK);
	assert_result(GuestVirtualAddressToPhysicalAddress(h, 0, 0, &physical, NULL), S_OK);
	assert_result(ForceNestedHostMode(h, 0, FALSE, NULL), S_OK);
	assert_result(ApplyGuestMemoryFix(h, 0, 0x10000, NULL, 0), S_OK);
	assert_result(VmSavedStateGetRegister(h, 0, VMSAVEDSTATE_ACTIVE_VTL, X64_RegisterRip, bytes,
					      NULL),
		      S_OK);
	assert_result(VmSavedStateReadVirtual(h, 0, NULL, 0, bytes, 8, NULL), S_OK);
	assert_result(VmSavedStateReadBatch(h, NULL, 0, 1), S_OK);
	assert_result(VmSavedStateGetPageStorage(h, 0, &storage, NULL), S_OK);
	close_handle(h);
}

static void a_load_without_path_or_output_is_refused(void **state)
{
	static const WCHAR empty[1] = { 0 };
	WCHAR wide[TEST_PATH_SIZE];
	char path[TEST_PATH_SIZE];
	VM_SAVED_STATE_DUMP_HANDLE untouched = &wide, handle = untouched;

	(void)state;
	fixture_path(path, "minimal");
	wide_path(wide, path);
	assert_result(LoadSavedStateFile(NULL, &handle), E_INVALIDARG);
	assert_result(LoadSavedStateFile(empty, &handle), E_INVALIDARG);
	assert_result(LoadSavedStateFile(wide, NULL), E_INVALIDARG);
	assert_result(LoadSavedStateFiles(NULL, wide, &handle), E_INVALIDARG);
	assert_result(LoadSavedStateFiles(wide, NULL, &handle), E_INVALIDARG);
	assert_result(LoadSavedStateFiles(empty, wide, &handle), E_INVALIDARG);
	assert_result(LoadSavedStateFiles(wide, wide, NULL), E_INVALIDARG);
	assert_result(ApplyPendingSavedStateFileReplayLog(NULL), E_INVALIDARG);
	assert_result(ApplyPendingSavedStateFileReplayLog(empty), E_INVALIDARG);
	assert_result(VmSavedStateApplyReplayLog(NULL), E_INVALIDARG);
	assert_result(VmSavedStateApplyReplayLog(""), E_INVALIDARG);
	assert_ptr_equal(handle, untouched);
}

static void a_vmrs_given_as_a_pair_and_a_bin_given_alone_are_refused(void **state)
{
	WCHAR vmrs[TEST_PATH_SIZE], bin[TEST_PATH_SIZE], missing[TEST_PATH_SIZE];
	char path[TEST_PATH_SIZE];
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;

	(void)state;
	fixture_path(path, "minimal");
	wide_path(vmrs, path);
	test_path(path, "VMSS_FIXTURES", "legacy-pair.bin");
	wide_path(bin, path);
	test_path(path, "VMSS_FIXTURES", "there-is-none.vmrs");
	wide_path(missing, path);
	assert_result(LoadSavedStateFiles(vmrs, vmrs, &handle), (HRESULT)0x80048006);
	assert_result(LoadSavedStateFile(bin, &handle), (HRESULT)0x80070570);
	assert_result(LoadSavedStateFile(missing, &handle), (HRESULT)0x80070002);
	assert_result(LoadSavedStateFiles(missing, missing, &handle), (HRESULT)0x80070002);
	assert_null(handle);
}

static void forty_handles_of_one_file_are_independent(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handles[40];
	VIRTUAL_PROCESSOR_ARCH architecture;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(handles); i++)
		handles[i] = open_fixture("demo");
	assert_result(ForceArchitecture(handles[7], 0, Arch_x86), S_OK);
	assert_result(GetArchitecture(handles[7], 0, &architecture), S_OK);
	assert_int_equal(architecture, Arch_x86);
	assert_result(GetArchitecture(handles[8], 0, &architecture), S_OK);
	assert_int_equal(architecture, Arch_x64);
	for (size_t i = 0; i < COUNT_OF(handles); i++)
		close_handle(handles[(i * 27) % COUNT_OF(handles)]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_handle_NULL_is_refused_by_every_export),
		cmocka_unit_test(invented_handles_are_refused_by_every_export),
		cmocka_unit_test(a_handle_with_any_bit_changed_is_refused),
		cmocka_unit_test(a_released_handle_is_refused_also_after_others_were_opened),
		cmocka_unit_test(a_vp_at_or_above_the_count_is_refused_by_every_export),
		cmocka_unit_test(a_refused_vp_leaves_the_others_as_they_were),
		cmocka_unit_test(outputs_that_are_NULL_are_refused_one_by_one),
		cmocka_unit_test(outputs_of_the_extensions_that_are_NULL_are_refused),
		cmocka_unit_test(outputs_that_may_be_NULL_are_not_missed),
		cmocka_unit_test(a_load_without_path_or_output_is_refused),
		cmocka_unit_test(a_vmrs_given_as_a_pair_and_a_bin_given_alone_are_refused),
		cmocka_unit_test(forty_handles_of_one_file_are_independent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
