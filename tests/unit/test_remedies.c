/* SPDX-License-Identifier: MIT */
/* What the user is told to do: another thing for each class of failure. */
#include "base/status.h"

#include "test_shim.h"

#include <stdbool.h>
#include <string.h>

/* A remedy for two classes would be wrong for one of them. */
static void no_two_classes_share_a_remedy(void **state)
{
	(void)state;
	for (int i = STATUS_OK + 1; i < STATUS_COUNT; i++) {
		for (int j = i + 1; j < STATUS_COUNT; j++) {
			if (status_class((enum status)i) != status_class((enum status)j) &&
			    strcmp(status_remedy((enum status)i), status_remedy((enum status)j)) == 0)
				fail_msg("statuses %d and %d: %s", i, j,
					 status_remedy((enum status)i));
		}
	}
}

/* Damage leaves the same to be done whatever was hit; everything else has its own. */
static void only_damage_has_a_remedy_in_common(void **state)
{
	(void)state;
	for (int i = STATUS_OK + 1; i < STATUS_COUNT; i++) {
		if (status_class((enum status)i) == STATUS_CLASS_CORRUPT)
			continue;
		for (int j = i + 1; j < STATUS_COUNT; j++) {
			if (strcmp(status_remedy((enum status)i),
				   status_remedy((enum status)j)) == 0)
				fail_msg("statuses %d and %d: %s", i, j,
					 status_remedy((enum status)i));
		}
	}
}

static void damaged_memory_leaves_other_addresses(void **state)
{
	(void)state;
	assert_non_null(strstr(status_remedy(STATUS_CORRUPT_RAM_RECORD), "Other addresses"));
	assert_string_equal(status_remedy(STATUS_CORRUPT_RAM_STREAM),
			    status_remedy(STATUS_CORRUPT_RAM_RECORD));
	assert_string_not_equal(status_remedy(STATUS_CORRUPT),
				status_remedy(STATUS_CORRUPT_RAM_RECORD));
}

static void a_remedy_is_one_line_with_a_capital_and_a_full_stop(void **state)
{
	(void)state;
	for (int i = STATUS_OK + 1; i < STATUS_COUNT; i++) {
		const char *remedy = status_remedy((enum status)i);
		size_t length = strlen(remedy);
		bool printable = true;

		for (size_t k = 0; k < length; k++)
			printable = printable && remedy[k] >= ' ' && remedy[k] <= '~';
		if (!printable || remedy[0] < 'A' || remedy[0] > 'Z' || remedy[length - 1] != '.' ||
		    strstr(remedy, "  ") != NULL)
			fail_msg("status %d: \"%s\"", i, remedy);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_two_classes_share_a_remedy),
		cmocka_unit_test(only_damage_has_a_remedy_in_common),
		cmocka_unit_test(damaged_memory_leaves_other_addresses),
		cmocka_unit_test(a_remedy_is_one_line_with_a_capital_and_a_full_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
