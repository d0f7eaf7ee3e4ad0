/* SPDX-License-Identifier: MIT */
#include "cmocka.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum outcome { OUTCOME_PASSED, OUTCOME_FAILED, OUTCOME_SKIPPED };

/* Where a failed or skipped test goes; the value passed is its outcome. */
static jmp_buf end_of_test;

static void print_to(FILE *stream, const char *format, va_list arguments)
{
	vfprintf(stream, format, arguments);
	fflush(stream);
}

void print_message(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_to(stdout, format, arguments);
	va_end(arguments);
}

void print_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_to(stderr, format, arguments);
	va_end(arguments);
}

void cmocka_fail(const char *file, int line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_to(stderr, format, arguments);
	va_end(arguments);
	print_error("\n%s:%d: error: Failure!\n", file, line);
	longjmp(end_of_test, OUTCOME_FAILED);
}

void cmocka_skip(void)
{
	longjmp(end_of_test, OUTCOME_SKIPPED);
}

void cmocka_assert(int holds, const char *expression, const char *file, int line)
{
	if (!holds)
		cmocka_fail(file, line, "%s", expression);
}

void cmocka_assert_integers(uint64_t a, uint64_t b, int equal, const char *file, int line)
{
	if ((a == b) != equal)
		cmocka_fail(file, line, "0x%" PRIx64 " %s 0x%" PRIx64, a, equal ? "!=" : "==", b);
}

void cmocka_assert_range(uint64_t value, uint64_t minimum, uint64_t maximum, int inside,
			 const char *file, int line)
{
	if ((value >= minimum && value <= maximum) != inside)
		cmocka_fail(file, line, "%" PRIu64 " is %s %" PRIu64 "-%" PRIu64, value,
			    inside ? "not within" : "within", minimum, maximum);
}

void cmocka_assert_strings(const char *a, const char *b, int equal, const char *file, int line)
{
	if ((strcmp(a, b) == 0) != equal)
		cmocka_fail(file, line, "\"%s\" %s \"%s\"", a, equal ? "!=" : "==", b);
}

void cmocka_assert_memory(const void *a, const void *b, size_t size, int equal, const char *file,
			  int line)
{
	const unsigned char *x = a;
	const unsigned char *y = b;
	size_t i = 0;

	while (i < size && x[i] == y[i])
		i++;
	if ((i == size) == equal)
		return;
	if (i == size)
		cmocka_fail(file, line, "%zu bytes are the same", size);
	cmocka_fail(file, line, "bytes differ at %zu: 0x%02x != 0x%02x", i, x[i], y[i]);
}

/* A function of its own: it has no variable that longjmp could leave undefined. */
static enum outcome run_until_end(CMUnitTestFunction test, void **state)
{
	switch (setjmp(end_of_test)) {
	case 0:
		test(state);
		return OUTCOME_PASSED;
	case OUTCOME_SKIPPED:
		return OUTCOME_SKIPPED;
	default:
		return OUTCOME_FAILED;
	}
}

static enum outcome run_test(const struct CMUnitTest *test, void *state)
{
	enum outcome outcome;

	if (test->initial_state != NULL)
		state = test->initial_state;
	if (test->setup_func != NULL && test->setup_func(&state) != 0) {
		print_error("%s: setup failed\n", test->name);
		return OUTCOME_FAILED;
	}
	outcome = run_until_end(test->test_func, &state);
	if (test->teardown_func != NULL && test->teardown_func(&state) != 0) {
		print_error("%s: teardown failed\n", test->name);
		outcome = OUTCOME_FAILED;
	}
	return outcome;
}

static void print_summary(const char *group, const size_t counts[3])
{
	print_message("[==========] %s: %zu test(s) run.\n", group,
		      counts[OUTCOME_PASSED] + counts[OUTCOME_FAILED] + counts[OUTCOME_SKIPPED]);
	print_message("[  PASSED  ] %zu test(s).\n", counts[OUTCOME_PASSED]);
	if (counts[OUTCOME_SKIPPED] != 0)
		print_message("[  SKIPPED ] %zu test(s).\n", counts[OUTCOME_SKIPPED]);
	if (counts[OUTCOME_FAILED] != 0)
		print_message("[  FAILED  ] %zu test(s).\n", counts[OUTCOME_FAILED]);
}

int cmocka_run(const char *group, const struct CMUnitTest *tests, size_t count,
	       CMFixtureFunction setup, CMFixtureFunction teardown)
{
	static const char *const labels[] = { "      OK", " FAILED ", " SKIPPED" };
	size_t counts[3] = { 0, 0, 0 };
	void *group_state = NULL;

	print_message("[==========] Running %zu test(s).\n", count);
	if (setup != NULL && setup(&group_state) != 0) {
		print_error("%s: group setup failed\n", group);
		counts[OUTCOME_FAILED] = count;
		print_summary(group, counts);
		return (int)count;
	}
	for (size_t i = 0; i < count; i++) {
		print_message("[ RUN      ] %s\n", tests[i].name);
		enum outcome outcome = run_test(&tests[i], group_state);
		print_message("[ %s ] %s\n", labels[outcome], tests[i].name);
		counts[outcome]++;
	}
	if (teardown != NULL && teardown(&group_state) != 0) {
		print_error("%s: group teardown failed\n", group);
		counts[OUTCOME_FAILED]++;
	}
	print_summary(group, counts);
	return (int)counts[OUTCOME_FAILED];
}
