/* SPDX-License-Identifier: MIT */
#include "dump/vmcoreinfo.h"

#include "test_shim.h"

#include <string.h>

static const char TEXT[] =
	"OSRELEASE=6.1.0-56-amd64\n"
	"PAGESIZE=4096\n"
	"SYMBOL(_stext)=ffffffff94400000\n"
	"NUMBER(phys_base)=-322961408\n"
	"NUMBER(KERNEL_IMAGE_SIZE)=1073741824\n";

enum { NOTE_AT = 64, MEMORY_SIZE = 4096 };

/* Puts a note with that text at NOTE_AT; text_size is what its header says. */
static void make_note(uint8_t memory[MEMORY_SIZE], const char *text, uint8_t text_size)
{
	memset(memory, 0xA5, MEMORY_SIZE);
	memset(memory + NOTE_AT, 0, 24);
	memory[NOTE_AT] = 11;
	memory[NOTE_AT + 4] = text_size;
	memcpy(memory + NOTE_AT + 12, "VMCOREINFO", 11);
	memcpy(memory + NOTE_AT + 24, text, strlen(text));
}

static void a_complete_note_is_found_with_its_values(void **state)
{
	struct vmcoreinfo info = { .size = 0 };
	uint8_t memory[MEMORY_SIZE];
	uint64_t value;

	(void)state;
	make_note(memory, TEXT, sizeof(TEXT) - 1);
	assert_true(vmcoreinfo_find(memory, sizeof(memory), 0x50B6000, &info));
	assert_true(info.gpa == 0x50B6000 + NOTE_AT);
	assert_int_equal(info.size, sizeof(TEXT) - 1);
	assert_string_equal(info.text, TEXT);
	assert_true(vmcoreinfo_symbol(&info, "_stext", &value));
	assert_true(value == UINT64_C(0xFFFFFFFF94400000));
	assert_true(vmcoreinfo_number(&info, "phys_base", &value));
	assert_true(value == (uint64_t)-322961408);
	assert_true(vmcoreinfo_number(&info, "KERNEL_IMAGE_SIZE", &value));
	assert_true(value == 1073741824);
	assert_false(vmcoreinfo_symbol(&info, "stext", &value));
}

static void a_note_whose_last_line_is_cut_is_passed_over(void **state)
{
	struct vmcoreinfo info = { .size = 0 };
	uint8_t memory[MEMORY_SIZE];

	(void)state;
	make_note(memory, TEXT, sizeof(TEXT) - 2);
	assert_false(vmcoreinfo_find(memory, sizeof(memory), 0, &info));
	assert_int_equal(info.size, 0);
}

static void a_note_that_reaches_past_the_memory_is_passed_over(void **state)
{
	struct vmcoreinfo info = { .size = 0 };
	uint8_t memory[MEMORY_SIZE];

	(void)state;
	make_note(memory, TEXT, sizeof(TEXT) - 1);
	for (size_t size = 0; size < NOTE_AT + 24 + sizeof(TEXT) - 1; size++)
		assert_false(vmcoreinfo_find(memory, size, 0, &info));
	assert_true(vmcoreinfo_find(memory, NOTE_AT + 24 + sizeof(TEXT) - 1, 0, &info));
}

static void a_size_of_gigabytes_is_no_note(void **state)
{
	struct vmcoreinfo info = { .size = 0 };
	uint8_t memory[MEMORY_SIZE];

	(void)state;
	make_note(memory, TEXT, sizeof(TEXT) - 1);
	memory[NOTE_AT + 7] = 0xFF;
	assert_false(vmcoreinfo_find(memory, sizeof(memory), 0, &info));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_complete_note_is_found_with_its_values),
		cmocka_unit_test(a_note_whose_last_line_is_cut_is_passed_over),
		cmocka_unit_test(a_note_that_reaches_past_the_memory_is_passed_over),
		cmocka_unit_test(a_size_of_gigabytes_is_no_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
