/* SPDX-License-Identifier: MIT */
#include "state/guest_os.h"

#include "test_shim.h"

#include <string.h>

static void assert_described(uint64_t id, const char *expected)
{
	char text[GUEST_OS_TEXT_SIZE];

	guest_os_describe(id, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void windows_is_named_by_its_version(void **state)
{
	(void)state;
	assert_described(UINT64_C(0x0001040A00004A61), "Windows 10.0.19041");
	assert_described(UINT64_C(0x0001040601011DB1), "Windows 6.1.7601 Service Pack 1");
}

static void other_microsoft_systems_have_names(void **state)
{
	(void)state;
	assert_described(UINT64_C(0x0001010616000000), "MS-DOS 6.22.0");
	assert_described(UINT64_C(0x000102030B000000), "Windows 3.x 3.11.0");
	assert_described(UINT64_C(0x000103040A0008AE), "Windows 9x 4.10.2222");
	assert_described(UINT64_C(0x0001050600000000), "Windows CE 6.0.0");
	assert_described(UINT64_C(0x0001060102000003), "Microsoft OS 6 1.2.3");
	assert_described(UINT64_C(0x0001000102000003), "Microsoft OS 0 1.2.3");
}

static void other_vendors_are_named_or_numbered(void **state)
{
	(void)state;
	assert_described(UINT64_C(0x000203010200002D), "HPE OS 3 1.2.45");
	assert_described(UINT64_C(0x020003010200002D), "LANCOM OS 3 1.2.45");
	assert_described(UINT64_C(0x012303010200002D), "vendor 0x0123 OS 3 1.2.45");
	assert_described(1, "vendor 0x0000 OS 0 0.0.1");
}

/* 0x810000050F000000 is what Microsoft's writer stored for Linux 5.15 in a sample. */
static void linux_is_named_by_its_version_code(void **state)
{
	(void)state;
	assert_described(UINT64_C(0x810000050F000000), "Linux 5.15.0");
	assert_described(UINT64_C(0x8100000601000000), "Linux 6.1.0");
	assert_described(UINT64_C(0x8180000601FF0007), "Linux 6.1.255, distribution 128, build 7");
}

static void freebsd_is_named_by_major_and_minor(void **state)
{
	(void)state;
	/* 1302001 = 0x13DDF1 */
	assert_described(UINT64_C(0x8200000000000000) | (UINT64_C(1302001) << 16), "FreeBSD 13.2");
}

static void other_open_source_systems_show_their_number(void **state)
{
	(void)state;
	assert_described(UINT64_C(0x8300000400110000), "Xen, version 0x40011");
	assert_described(UINT64_C(0x8400000000010000), "illumos, version 0x1");
	assert_described(UINT64_C(0x8900000000020000), "open-source OS 9, version 0x2");
}

static void an_id_of_zero_was_not_reported(void **state)
{
	(void)state;
	assert_described(0, "not reported");
}

static void every_text_fits_and_a_small_buffer_cuts(void **state)
{
	char text[GUEST_OS_TEXT_SIZE];
	char small[8];

	(void)state;
	assert_described(UINT64_MAX, "open-source OS 127, version 0xFFFFFFFF, distribution 255, "
				     "build 65535");
	guest_os_describe(UINT64_MAX >> 1, text, sizeof(text));
	assert_string_equal(text, "vendor 0x7FFF OS 255 255.255.65535 Service Pack 255");
	guest_os_describe(UINT64_C(0x0001040A00004A61), small, sizeof(small));
	assert_string_equal(small, "Windows");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_is_named_by_its_version),
		cmocka_unit_test(other_microsoft_systems_have_names),
		cmocka_unit_test(other_vendors_are_named_or_numbered),
		cmocka_unit_test(linux_is_named_by_its_version_code),
		cmocka_unit_test(freebsd_is_named_by_major_and_minor),
		cmocka_unit_test(other_open_source_systems_show_their_number),
		cmocka_unit_test(an_id_of_zero_was_not_reported),
		cmocka_unit_test(every_text_fits_and_a_small_buffer_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
