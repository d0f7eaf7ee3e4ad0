/* SPDX-License-Identifier: MIT */
/* The guest's operating system in words, through the exported function. */
#include "support/saved_states.h"
#include "support/test_shim.h"

#include <string.h>

static void an_id_of_a_saved_state_is_described(void **state)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = open_fixture("demo");
	char text[VMSAVEDSTATE_GUEST_OS_TEXT];
	GUEST_OS_INFO info;

	(void)state;
	assert_result(GetGuestOsInfo(handle, 0, &info), S_OK);
	assert_result(VmSavedStateDescribeGuestOs(info.AsUINT64, text, sizeof(text)), S_OK);
	assert_string_equal(text, "Windows 10.0.19041");
	assert_result(VmSavedStateDescribeGuestOs(0, text, sizeof(text)), S_OK);
	assert_string_equal(text, "not reported");
	close_handle(handle);
}

static void the_longest_text_has_room(void **state)
{
	/* Every number in it as long as it can be. */
	static const UINT64 longest[] = { UINT64_MAX, UINT64_MAX >> 1, UINT64_C(0x84FFFFFFFFFFFFFF) };
	char text[VMSAVEDSTATE_GUEST_OS_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(longest) / sizeof(longest[0]); i++)
		assert_result(VmSavedStateDescribeGuestOs(longest[i], text, sizeof(text)), S_OK);
}

static void a_text_is_cut_to_the_buffer(void **state)
{
	char text[8] = "#######";

	(void)state;
	assert_result(VmSavedStateDescribeGuestOs(0, text, 4), VMSAVEDSTATE_E_BUFFER_TOO_SMALL);
	assert_memory_equal(text, "not\0###", 8);
	assert_result(VmSavedStateDescribeGuestOs(0, text, 0), E_INVALIDARG);
	assert_memory_equal(text, "not\0###", 8);
	assert_result(VmSavedStateDescribeGuestOs(0, NULL, 8), E_INVALIDARG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_of_a_saved_state_is_described),
		cmocka_unit_test(the_longest_text_has_room),
		cmocka_unit_test(a_text_is_cut_to_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
