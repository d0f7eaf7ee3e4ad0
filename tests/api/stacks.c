/* SPDX-License-Identifier: MIT */
/*
 * Images and call stacks of the Windows fixtures, among them 32-bit guests.
 * What stands on the stacks is laid there by fixes.
 */
#include "support/saved_states.h"
#include "test_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As fixtures/parts/windows-32.txt and windows-guest.txt have it. */
#define KERNEL_32 UINT64_C(0x80100000)
#define KERNEL_64 UINT64_C(0xFFFFF80000100000)
#define STACK_64 UINT64_C(0xFFFFF8000000F000)

enum { CODE = 0x1040, IMAGE_SIZE = 0x5000, FRAMES = 8 };

/* ---- Images ---------------------------------------------------------------- */

struct image_seen {
	unsigned count;
	DOS_IMAGE_INFO last;
	char name[64];
};

static BOOL CALLBACK see_image(PVOID context, PDOS_IMAGE_INFO image)
{
	struct image_seen *seen = context;

	seen->count++;
	seen->last = *image;
	snprintf(seen->name, sizeof(seen->name), "%s", image->PdbName);
	return FALSE;
}

static bool wide_text_has(LPCWSTR text, const char *part)
{
	size_t length = strlen(part), same;

	for (; *text != 0; text++) {
		for (same = 0; same < length && text[same] == (WCHAR)part[same]; same++)
			;
		if (same == length)
			return true;
	}
	return false;
}

static void a_scan_finds_the_image_of_a_32_bit_kernel(void **state)
{
	static const char *const names[] = { "windows-pae", "windows-32-bit" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture(names[i]);
		struct image_seen seen = { 0 };

		assert_result(ScanMemoryForDosImages(handle, 0, UINT64_MAX, 0, &seen, see_image,
						     NULL, 0), S_OK);
		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.last.ImageBaseAddress, KERNEL_32);
		assert_int_equal(seen.last.ImageSize, IMAGE_SIZE);
		assert_int_equal(seen.last.Timestamp, 0x5E0EB67F);
		assert_string_equal(seen.name, "ntkrpamp");
		close_handle(handle);
	}
}

/* ---- Stacks ---------------------------------------------------------------- */

struct stack_seen {
	VMSAVEDSTATE_FRAME frames[FRAMES];
	char last_text[128];
	unsigned count;
};

static BOOL CALLBACK see_frame(void *context, const VMSAVEDSTATE_FRAME *frame)
{
	struct stack_seen *seen = context;

	assert_int_equal(frame->Index, seen->count);
	assert_true(seen->count < FRAMES);
	seen->frames[seen->count++] = *frame;
	snprintf(seen->last_text, sizeof(seen->last_text), "%s", frame->EndText);
	return FALSE;
}

static void lay(VM_SAVED_STATE_DUMP_HANDLE handle, UINT64 address, const void *bytes, UINT32 size)
{
	assert_result(ApplyGuestMemoryFix(handle, 0, address, (LPVOID)bytes, size), S_OK);
}

/* Unwinds, and expects an end with a sentence about it. */
static struct stack_seen unwind(VM_SAVED_STATE_DUMP_HANDLE handle, UINT32 limit,
				VMSAVEDSTATE_STACK_END end, const char *text)
{
	struct stack_seen seen = { .count = 0 };

	assert_result(VmSavedStateUnwind(handle, 0, limit, see_frame, &seen), S_OK);
	assert_true(seen.count > 0);
	for (unsigned i = 0; i + 1 < seen.count; i++)
		assert_int_equal(seen.frames[i].End, VMSAVEDSTATE_STACK_GOES_ON);
	assert_int_equal(seen.frames[seen.count - 1].End, end);
	assert_non_null(strstr(seen.last_text, text));
	return seen;
}

/* EBP of the fixture, and the frames that it leads to: the caller's EBP and the return address. */
static void the_frames_of_a_32_bit_guest_follow_its_chain(void **state)
{
	static const uint32_t first[] = { 0x8000F0C0, 0x80101080 };
	static const uint32_t second[] = { 0x8000F0E0, 0x801010C0 };
	static const uint32_t last[] = { 0, 0 };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("windows-pae");
	struct stack_seen seen;

	(void)state;
	lay(handle, 0x8000F080, first, sizeof(first));
	lay(handle, 0x8000F0C0, second, sizeof(second));
	lay(handle, 0x8000F0E0, last, sizeof(last));
	seen = unwind(handle, FRAMES, VMSAVEDSTATE_STACK_COMPLETE, "return address is 0");
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.frames[0].StackPointer, 0x8000F000);
	assert_int_equal(seen.frames[0].InstructionPointer, KERNEL_32 + CODE);
	assert_int_equal(seen.frames[0].ReturnAddress, 0x80101080);
	assert_int_equal(seen.frames[1].StackPointer, 0x8000F088);
	assert_int_equal(seen.frames[1].InstructionPointer, 0x80101080);
	assert_int_equal(seen.frames[1].ModuleBase, KERNEL_32);
	assert_int_equal(seen.frames[1].Displacement, 0x1080);
	assert_int_equal(seen.frames[2].StackPointer, 0x8000F0C8);
	assert_int_equal(seen.frames[2].ReturnAddress, 0);
	close_handle(handle);
}

/* Debuggers sign-extend 32-bit addresses, and EIP is not: they mean the same. */
static void modules_of_a_32_bit_guest_match_at_sign_extended_bases_too(void **state)
{
	static const UINT64 bases[] = { KERNEL_32, UINT64_C(0xFFFFFFFF00000000) | KERNEL_32 };
	static const char *const names[] = { "windows-pae", "windows-32-bit" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture(names[i / 2]);
		MODULE_INFO module = { .ProcessImageName = "myname.exe",
				       .Image = { .ImageBaseAddress = bases[i % 2] } };
		VMSAVEDSTATE_SYMBOL symbol = { .StructSize = sizeof(symbol) };
		LPWSTR text = NULL;

		assert_result(LoadSavedStateSymbolProvider(handle, VMSAVEDSTATE_TEXT("no folder"),
							   FALSE), S_OK);
		for (unsigned again = 0; again < 2; again++) {
			assert_result(CallStackUnwind(handle, 0, &module, 1, 1, &text), S_OK);
			assert_true(wide_text_has(text, "myname+0x1040\n"));
			assert_false(wide_text_has(text, "ntkrpamp"));
			LocalFree(text);
			module.Image.ImageBaseAddress = bases[(i + 1) % 2];
		}
		for (unsigned k = 0; k < 2; k++) {
			assert_result(VmSavedStateFindSymbol(handle, bases[k] + CODE, &symbol),
				      S_OK);
			assert_int_equal(symbol.ModuleBase, bases[k]);
			assert_int_equal(symbol.Address, bases[k]);
		}
		close_handle(handle);
	}
}

static void a_broken_chain_of_frame_pointers_ends_the_stack(void **state)
{
	static const uint32_t back[] = { 0x8000F040, 0x80101080 };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("windows-32-bit");
	struct stack_seen seen;

	(void)state;
	lay(handle, 0x8000F080, back, sizeof(back));
	seen = unwind(handle, FRAMES, VMSAVEDSTATE_STACK_NO_FRAME_POINTER, "frame pointer");
	assert_int_equal(seen.count, 2);
	close_handle(handle);
}

static void a_caller_without_unwind_data_ends_the_stack(void **state)
{
	static const uint64_t callers[] = { KERNEL_64 + 0x1080, 0 };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("windows-guest");
	struct stack_seen seen;

	(void)state;
	lay(handle, STACK_64, callers, sizeof(callers));
	seen = unwind(handle, FRAMES, VMSAVEDSTATE_STACK_NO_DATA, "no unwind data");
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.frames[1].StackPointer, STACK_64 + 8);
	assert_int_equal(seen.frames[1].InstructionPointer, KERNEL_64 + 0x1080);
	close_handle(handle);
}

/* The one function of the image has unwind data of version 7. */
static void damaged_unwind_data_ends_the_stack(void **state)
{
	static const uint32_t directory[] = { 0x4300, 12 };
	static const uint32_t function[] = { 0x1000, 0x2000, 0x4310 };
	static const uint8_t unwind_data[] = { 7, 0, 0, 0 };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("windows-guest");

	(void)state;
	lay(handle, KERNEL_64 + 0x120, directory, sizeof(directory));
	lay(handle, KERNEL_64 + 0x4300, function, sizeof(function));
	lay(handle, KERNEL_64 + 0x4310, unwind_data, sizeof(unwind_data));
	assert_int_equal(unwind(handle, FRAMES, VMSAVEDSTATE_STACK_DATA_DAMAGED,
				"damaged").count, 1);
	close_handle(handle);
}

static void a_stack_ends_where_it_was_asked_to(void **state)
{
	static const uint64_t callers[] = { KERNEL_64 + 0x1080, 0 };
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("windows-guest");
	struct stack_seen seen;

	(void)state;
	lay(handle, STACK_64, callers, sizeof(callers));
	seen = unwind(handle, 1, VMSAVEDSTATE_STACK_GOES_ON, "");
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.frames[0].ReturnAddress, KERNEL_64 + 0x1080);
	close_handle(handle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scan_finds_the_image_of_a_32_bit_kernel),
		cmocka_unit_test(the_frames_of_a_32_bit_guest_follow_its_chain),
		cmocka_unit_test(modules_of_a_32_bit_guest_match_at_sign_extended_bases_too),
		cmocka_unit_test(a_broken_chain_of_frame_pointers_ends_the_stack),
		cmocka_unit_test(a_caller_without_unwind_data_ends_the_stack),
		cmocka_unit_test(damaged_unwind_data_ends_the_stack),
		cmocka_unit_test(a_stack_ends_where_it_was_asked_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
