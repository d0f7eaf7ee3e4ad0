/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs short while the guest itself is looked at: symbols, types,
 * images, stacks and dumps of a kernel with a PDB; and while saved states are
 * looked for.  For every n the n-th allocation fails: a call answers what it
 * always does or E_OUTOFMEMORY, and in that case answers right when it is made
 * again; and nothing leaks.
 */
#include "fault/fixture_files.h"
#include "fault/short_memory.h"
#include "support/folder_tree.h"
#include "test_shim.h"
#include "unit/pdb_writer.h"

#include <vmsavedstatedump_ext.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* As fixtures/parts/windows-guest.txt has it. */
#define KERNEL UINT64_C(0xFFFFF80000100000)
#define CODE (KERNEL + 0x1040)
#define STACK UINT64_C(0xFFFFF8000000F000)

static struct bytes saved_state;
static char folder[TEST_PATH_SIZE];
static WCHAR wide_folder[TEST_PATH_SIZE];

/* A call that memory was short for does all it should when there is enough again. */
#define AGAIN(expected, function, ...)                                                             \
	do {                                                                                       \
		if (!TRY(expected, function, __VA_ARGS__))                                         \
			allowed(#function ", again", function(__VA_ARGS__), expected);             \
	} while (0)

/* What is not a HRESULT: the answer of a call that said S_OK. */
static void expect(const char *what, bool holds)
{
	if (!holds)
		allowed(what, E_UNEXPECTED, S_OK);
}

/* ---- Every allocation -------------------------------------------------------- */

static VM_SAVED_STATE_DUMP_HANDLE open_kernel(void)
{
	const VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source),
					     .Bytes = saved_state.start,
					     .ByteCount = saved_state.size };
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;

	VmSavedStateOpen(&source, &handle);
	return handle;
}

/* How many allocations opening makes; test_allocation.c has them fail. */
static long long allocations_to_open(void)
{
	start_counting(-1);
	ReleaseSavedStateFiles(open_kernel());
	stop_counting();
	return counter.calls;
}

typedef void (*session)(VM_SAVED_STATE_DUMP_HANDLE handle);

static void run_once(session run, long long failing_call, bool on_handle)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;

	start_counting(failing_call);
	if (on_handle)
		handle = open_kernel();
	run(handle);
	if (on_handle)
		ReleaseSavedStateFiles(handle);
	stop_counting();
}

static void fail_every_allocation(const char *what, session run, bool on_handle, long long least)
{
	long long first = on_handle ? allocations_to_open() : 0, n;

	wrong.call = NULL;
	run_once(run, -1, on_handle);	/* allocates what lives as long as the process */
	if (wrong.call != NULL)
		fail_msg("%s: %s answers %08x", what, wrong.call, (unsigned)wrong.result);
	for (n = first;; n++) {
		run_once(run, n, on_handle);
		if (wrong.call != NULL)
			fail_msg("%s, allocation %lld failed: %s answers %08x", what, n, wrong.call,
				 (unsigned)wrong.result);
		if (counter.live != 0)
			fail_msg("%s, allocation %lld failed: %lld allocations are left", what, n,
				 (long long)counter.live);
		if (counter.failed == 0)
			break;
	}
	if (n - first < least)
		fail_msg("%s: only %lld allocations", what, n - first);
	printf("%s: %lld allocations failed\n", what, n - first);
}

/* ---- Symbols ------------------------------------------------------------------ */

/* A structure in a structure, and a name in each section. */
static struct written kernel_pdb(void)
{
	static const uint8_t guid[16] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
					  0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF };
	struct container pdb = { .stream_count = 12 };
	struct written entries = { 0 }, addresses = { 0 }, fields = { 0 }, file;
	struct type_list types = { 0 };
	uint32_t inner;

	put_info(&pdb, 1);
	memcpy(pdb.stream[INFO].data + 12, guid, sizeof(guid));
	put_dbi(&pdb, 1, 0x8664, false);
	put_public(&pdb.stream[RECORDS], &entries, &addresses, 1, 0x40, "KiCode");
	put_public(&pdb.stream[RECORDS], &entries, &addresses, 2, 0x20, "KiData");
	put_publics_stream(&pdb.stream[PUBLICS], &entries, &addresses);
	put_member(&fields, INT, 4, "deep");
	inner = add_structure(&types, add_record(&types, 0x1203, &fields), 0, 8, "_INNER");
	put_member(&fields, CHAR, 0, "first");
	put_member(&fields, inner, 16, "second");
	add_structure(&types, add_record(&types, 0x1203, &fields), 0, 24, "_OUTER");
	put_types(&pdb, &types);
	file = write_container(&pdb);
	free_container(&pdb);
	free(types.records.data);
	free(addresses.data);
	free(entries.data);
	return file;
}

static void CALLBACK ignore_message(LPCSTR message)
{
	(void)message;
}

static BOOL CALLBACK count_member(void *context, const VMSAVEDSTATE_MEMBER *member)
{
	(void)member;
	++*(unsigned *)context;
	return FALSE;
}

static void use_types(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	static const WCHAR field[] = { 's', 'e', 'c', 'o', 'n', 'd', 0 };
	LPWSTR json = NULL;
	unsigned members = 0;
	UINT32 offset = 0;
	UINT64 size = 0;
	ULONG short_size = 0;
	BOOL found = FALSE;

	AGAIN(S_OK, GetSavedStateSymbolTypeSize, handle, 0, "_OUTER", &short_size);
	expect("GetSavedStateSymbolTypeSize, the size", short_size == 24);
	AGAIN(S_OK, FindSavedStateSymbolFieldInType, handle, 0, "_OUTER", field, &offset, &found);
	expect("FindSavedStateSymbolFieldInType, the offset", found && offset == 16);
	AGAIN(S_OK, GetSavedStateSymbolFieldInfo, handle, 0, "_OUTER", &json);
	expect("GetSavedStateSymbolFieldInfo, the text", json != NULL && json[0] == '{');
	LocalFree(json);
	if (!TRY(S_OK, VmSavedStateGetTypeLayout, handle, "_OUTER", 3, count_member, &members,
		 &size)) {
		members = 0;
		TRY(S_OK, VmSavedStateGetTypeLayout, handle, "_OUTER", 3, count_member, &members,
		    &size);
	}
	expect("VmSavedStateGetTypeLayout, the members", members == 3 && size == 24);
}

static void use_symbols(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	VMSAVEDSTATE_SYMBOL symbol = { .StructSize = sizeof(symbol) };
	GUEST_VIRTUAL_ADDRESS address = 0;
	uint8_t bytes[8];
	ULONG size;

	AGAIN(S_OK, LoadSavedStateSymbolProvider, handle, wide_folder, TRUE);
	AGAIN(S_OK, SetSavedStateSymbolProviderDebugInfoCallback, handle, ignore_message);
	AGAIN(S_OK, LoadSavedStateModuleSymbolsEx, handle, "ntoskrnl.exe", 1, "nt", KERNEL, 0);
	AGAIN(S_OK, ResolveSavedStateGlobalVariableAddress, handle, 0, "nt!KiCode", &address,
	      &size);
	expect("ResolveSavedStateGlobalVariableAddress, the address", address == CODE);
	AGAIN(S_OK, ReadSavedStateGlobalVariable, handle, 0, "KiCode", bytes, sizeof(bytes));
	AGAIN(S_OK, VmSavedStateResolveSymbol, handle, "KiData", &symbol);
	expect("VmSavedStateResolveSymbol, the address", symbol.Address == KERNEL + 0x4020);
	AGAIN(S_OK, VmSavedStateFindSymbol, handle, CODE + 3, &symbol);
	expect("VmSavedStateFindSymbol, the name", strcmp(symbol.Name, "KiCode") == 0);
	use_types(handle);
	AGAIN(S_OK, ReleaseSavedStateSymbolProvider, handle);
}

static void symbols_survive_the_failure_of_any_allocation(void **state)
{
	(void)state;
	fail_every_allocation("symbols", use_symbols, true, 50);
}

/* ---- Images and stacks ---------------------------------------------------------- */

static BOOL CALLBACK count_image(PVOID context, PDOS_IMAGE_INFO image)
{
	*(unsigned *)context += image->ImageBaseAddress == KERNEL;
	return FALSE;
}

static BOOL CALLBACK count_frame(void *context, const VMSAVEDSTATE_FRAME *frame)
{
	*(unsigned *)context += frame->InstructionPointer == CODE || frame->Index > 0;
	return FALSE;
}

/* The only page of the scan: were it passed over, there would be no image. */
static void use_scan_of_one_page(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	unsigned images = 0;

	AGAIN(S_OK, ScanMemoryForDosImages, handle, 0, KERNEL, KERNEL, &images, count_image, NULL,
	      0);
	expect("ScanMemoryForDosImages, the image", images == 1);
}

static void a_page_is_not_passed_over_when_memory_is_short(void **state)
{
	(void)state;
	fail_every_allocation("a scan", use_scan_of_one_page, true, 5);
}

static void use_stacks(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	static const UINT64 callers[] = { CODE + 0x40, CODE + 0x50, 0 };
	MODULE_INFO module = { .ProcessImageName = "ntoskrnl.exe",
			       .Image = { .ImageBaseAddress = KERNEL } };
	unsigned images = 0, frames = 0;
	LPWSTR text = NULL;

	AGAIN(S_OK, ApplyGuestMemoryFix, handle, 0, STACK, (LPVOID)callers, sizeof(callers));
	if (!TRY(S_OK, ScanMemoryForDosImages, handle, 0, UINT64_MAX, 0, &images, count_image, NULL,
		 0)) {
		images = 0;
		TRY(S_OK, ScanMemoryForDosImages, handle, 0, UINT64_MAX, 0, &images, count_image,
		    NULL, 0);
	}
	expect("ScanMemoryForDosImages, the images", images == 1);
	if (!TRY(S_OK, VmSavedStateUnwind, handle, 0, 10, count_frame, &frames)) {
		frames = 0;
		TRY(S_OK, VmSavedStateUnwind, handle, 0, 10, count_frame, &frames);
	}
	expect("VmSavedStateUnwind, the frames", frames >= 1);
	AGAIN(S_OK, LoadSavedStateSymbolProvider, handle, wide_folder, FALSE);
	AGAIN(S_OK, CallStackUnwind, handle, 0, &module, 1, 10, &text);
	expect("CallStackUnwind, the text", text != NULL);
	LocalFree(text);
}

static void stacks_survive_the_failure_of_any_allocation(void **state)
{
	(void)state;
	fail_every_allocation("stacks", use_stacks, true, 30);
}

/* ---- Dumps ------------------------------------------------------------------------ */

static VMSAVEDSTATE_DUMP_FORMAT dump_format;
static UINT32 dump_flags;
static uLong dump_sum;		/* of the dump that was written without a failure */

static HRESULT CALLBACK take_bytes(void *context, UINT64 offset, const void *bytes, UINT32 size)
{
	uLong *sum = context;

	*sum = crc32(*sum, (const Bytef *)&offset, sizeof(offset));
	*sum = crc32(*sum, bytes, size);
	return S_OK;
}

static void use_dump(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	uLong sum = 0;
	const VMSAVEDSTATE_DUMP_OPTIONS options = {
		.StructSize = sizeof(options),
		.Format = dump_format,
		.Flags = dump_flags,
		.Threads = 2,
		.Write = take_bytes,
		.Context = &sum,
	};
	VMSAVEDSTATE_DUMP_RESULT result = { .StructSize = sizeof(result) };

	if (!TRY(S_OK, VmSavedStateWriteDump, handle, &options, &result)) {
		sum = 0;
		TRY(S_OK, VmSavedStateWriteDump, handle, &options, &result);
	}
	if (dump_sum == 0)
		dump_sum = sum;
	expect("VmSavedStateWriteDump, the bytes", sum == dump_sum);
}

static void dumps_survive_the_failure_of_any_allocation(void **state)
{
	static const VMSAVEDSTATE_DUMP_FORMAT formats[] = {
		VMSAVEDSTATE_DUMP_RAW, VMSAVEDSTATE_DUMP_ELF, VMSAVEDSTATE_DUMP_WINDOWS_FULL,
		VMSAVEDSTATE_DUMP_WINDOWS_BITMAP
	};

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		dump_format = formats[i];
		dump_sum = 0;
		fail_every_allocation("a dump", use_dump, true, 10);
	}
}

/* With one VP there is one way to the kernel, and a dump may be written without it. */
static void a_kernel_is_not_overlooked_when_memory_is_short(void **state)
{
	struct bytes several_vps = saved_state;

	(void)state;
	saved_state = fixture_read("windows-pae.vmrs");
	dump_format = VMSAVEDSTATE_DUMP_WINDOWS;
	dump_flags = VMSAVEDSTATE_DUMP_WITHOUT_KERNEL;
	dump_sum = 0;
	fail_every_allocation("a dump that may lack the kernel", use_dump, true, 10);
	dump_flags = 0;
	bytes_free(&saved_state);
	saved_state = several_vps;
}

/* Neither file is there unless both are. */
static void use_snapshot(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	char memory[TEST_PATH_SIZE + 16], registers[TEST_PATH_SIZE + 16];
	const VMSAVEDSTATE_DUMP_OPTIONS options = {
		.StructSize = sizeof(options),
		.Format = VMSAVEDSTATE_DUMP_SNAPSHOT,
		.Threads = 1,
		.Path = memory,
		.RegistersPath = registers,
	};
	bool written;

	snprintf(memory, sizeof(memory), "%s/mem.dmp", folder);
	snprintf(registers, sizeof(registers), "%s/regs.json", folder);
	written = TRY(S_OK, VmSavedStateWriteDump, handle, &options, NULL);
	expect("VmSavedStateWriteDump, the memory", (access(memory, F_OK) == 0) == written);
	expect("VmSavedStateWriteDump, the registers", (access(registers, F_OK) == 0) == written);
	unlink(memory);
	unlink(registers);
}

static void a_snapshot_is_written_whole_or_not_at_all(void **state)
{
	(void)state;
	fail_every_allocation("a snapshot", use_snapshot, true, 10);
}

/* ---- Looking for saved states ------------------------------------------------------- */

#define VM_1 "6B9A0F3C-2D41-4C2E-9C55-0D6B3A1E7F01"
#define VM_2 "6B9A0F3C-2D41-4C2E-9C55-0D6B3A1E7F02"
#define CHECKPOINT_1 "6B9A0F3C-2D41-4C2E-9C55-0D6B3A1E7F11"
#define CHECKPOINT_2 "6B9A0F3C-2D41-4C2E-9C55-0D6B3A1E7F12"

static uLong found_sum;

/* A host whose list names VMs here and on another drive, and what is left of some. */
static void put_host(void)
{
	static const char hyperv[] = "host/c/ProgramData/Microsoft/Windows/Hyper-V/";
	static const struct {
		const char *below, *path, *fixture;
	} files[] = {
		{ hyperv, "data.vmcx", "vmcx-host-list.vmrs" },
		{ hyperv, "Virtual Machines Cache/" VM_2 ".vmcx", "vmcx-other-machine.vmrs" },
		{ hyperv, "Virtual Machines/" VM_2 ".vmcx", "bad-truncated.vmrs" },
		{ "", "host/d/guests/office/Virtual Machines/" VM_1 ".vmcx", "vmcx-machine.vmrs" },
		{ "", "host/d/guests/office/Virtual Machines/" VM_1 ".vmrs", "minimal.vmrs" },
		{ "", "host/d/guests/office/snapshots/" CHECKPOINT_1 ".vmcx",
		  "vmcx-checkpoint.vmrs" },
		{ "", "host/d/guests/office/snapshots/" CHECKPOINT_2 ".vmcx",
		  "vmcx-nameless-checkpoint.vmrs" },
		{ "", "host/d/guests/office/snapshots/" CHECKPOINT_1 ".vmrs", "minimal.vmrs" },
		{ "", "host/d/guests/office/snapshots/" CHECKPOINT_2 "/" CHECKPOINT_2 ".bin",
		  "legacy-pair.bin" },
		{ "", "host/d/guests/office/snapshots/" CHECKPOINT_2 "/" CHECKPOINT_2 ".vsv",
		  "legacy-pair.vsv" },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[TEST_PATH_SIZE];

		snprintf(path, sizeof(path), "%s%s", files[i].below, files[i].path);
		assert_true(tree_copy_fixture(folder, path, files[i].fixture, 1000));
	}
}

static uLong add_text(uLong sum, const char *text)
{
	return text != NULL ? crc32(sum, (const Bytef *)text, (uInt)strlen(text) + 1) : sum + 1;
}

static BOOL CALLBACK take_found(void *context, const VMSAVEDSTATE_FOUND *found)
{
	uLong *sum = context;

	*sum = crc32(*sum, (const Bytef *)&found->Kind, sizeof(found->Kind));
	*sum = crc32(*sum, (const Bytef *)&found->State, sizeof(found->State));
	*sum = add_text(add_text(*sum, found->VmName), found->CheckpointName);
	*sum = add_text(add_text(*sum, found->Path), found->Problem);
	return FALSE;
}

static void look_for_saved_states(VM_SAVED_STATE_DUMP_HANDLE handle)
{
	static const WCHAR name[] = { '6', 'B', '9', 'A', '0', 'F', '3', 'C', '-', '2', 'D', '4',
				      '1', '-', '4', 'C', '2', 'E', '-', '9', 'C', '5', '5', '-',
				      '0', 'D', '6', 'B', '3', 'A', '1', 'E', '7', 'F', '0', '1',
				      0 };
	char root[TEST_PATH_SIZE + 16];
	LPWSTR bin = NULL, vsv = NULL, vmrs = NULL;
	uLong sum = 0;

	(void)handle;
	snprintf(root, sizeof(root), "%s/host/c", folder);
	if (!TRY(S_OK, VmSavedStateLocate, root, NULL, NULL, take_found, &sum)) {
		sum = 0;
		TRY(S_OK, VmSavedStateLocate, root, NULL, NULL, take_found, &sum);
	}
	if (found_sum == 0)
		found_sum = sum;
	expect("VmSavedStateLocate, what was found", sum == found_sum);
	AGAIN(S_OK, LocateSavedStateFiles, name, NULL, &bin, &vsv, &vmrs);
	expect("LocateSavedStateFiles, what was found", vmrs != NULL && vmrs[0] != 0);
	LocalFree(bin);
	LocalFree(vsv);
	LocalFree(vmrs);
}

static void looking_for_saved_states_survives_the_failure_of_any_allocation(void **state)
{
	char program_data[TEST_PATH_SIZE + 32];

	(void)state;
	put_host();
	/* The thread's last error lives as long as the thread. */
	assert_int_equal(VmSavedStateLocate(NULL, NULL, NULL, NULL, NULL), E_INVALIDARG);
	snprintf(program_data, sizeof(program_data), "%s/host/c/ProgramData", folder);
	set_environment("VMSAVEDSTATE_PATH", NULL);
	set_environment("ProgramData", program_data);
	fail_every_allocation("looking for saved states", look_for_saved_states, false, 100);
	set_environment("ProgramData", NULL);
}

static int set_up(void **state)
{
	struct written pdb = kernel_pdb();

	(void)state;
	saved_state = fixture_read("windows-guest.vmrs");
	if (!tree_begin(folder, "allocation") ||
	    !tree_write(folder, "ntkrnlmp.pdb", pdb.data, pdb.size, 1000))
		return -1;
	wide_path(wide_folder, folder);
	free(pdb.data);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bytes_free(&saved_state);
	tree_end(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_survive_the_failure_of_any_allocation),
		cmocka_unit_test(a_page_is_not_passed_over_when_memory_is_short),
		cmocka_unit_test(stacks_survive_the_failure_of_any_allocation),
		cmocka_unit_test(dumps_survive_the_failure_of_any_allocation),
		cmocka_unit_test(a_kernel_is_not_overlooked_when_memory_is_short),
		cmocka_unit_test(a_snapshot_is_written_whole_or_not_at_all),
		cmocka_unit_test(
			looking_for_saved_states_survives_the_failure_of_any_allocation),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
