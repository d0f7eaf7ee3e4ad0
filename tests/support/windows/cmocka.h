/* SPDX-License-Identifier: MIT */
/*
 * The part of cmocka's interface that our tests use, for Windows programs.
 *
 * A failed assertion leaves the test with longjmp, as cmocka's does, so
 * assertions belong in the thread that runs the test.  Results are printed in
 * cmocka's form, and the program's exit status is the number of failures.
 *
 * May include: nothing of src/.
 */
#ifndef WINDOWS_CMOCKA_H
#define WINDOWS_CMOCKA_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define CMOCKA_FORMAT(format, first) __attribute__((__format__(__gnu_printf__, format, first)))
#define CMOCKA_NO_RETURN __attribute__((__noreturn__))
#else
#define CMOCKA_FORMAT(format, first)
#define CMOCKA_NO_RETURN
#endif

typedef void (*CMUnitTestFunction)(void **state);
typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
	const char *name;
	CMUnitTestFunction test_func;
	CMFixtureFunction setup_func;
	CMFixtureFunction teardown_func;
	void *initial_state;
};

/* clang-format off: it would tear the initialisers apart */
#define cmocka_unit_test(test) { #test, test, NULL, NULL, NULL }
#define cmocka_unit_test_setup(test, setup) { #test, test, setup, NULL, NULL }
#define cmocka_unit_test_teardown(test, teardown) { #test, test, NULL, teardown, NULL }
#define cmocka_unit_test_setup_teardown(test, setup, teardown) \
	{ #test, test, setup, teardown, NULL }
#define cmocka_unit_test_prestate(test, state) { #test, test, NULL, NULL, state }
#define cmocka_unit_test_prestate_setup_teardown(test, setup, teardown, state) \
	{ #test, test, setup, teardown, state }
/* clang-format on */

#define cmocka_run_group_tests(tests, setup, teardown) \
	cmocka_run_group_tests_name(#tests, tests, setup, teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown) \
	cmocka_run(name, tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)

/* Runs the tests in order and returns how many failed. */
int cmocka_run(const char *group, const struct CMUnitTest *tests, size_t count,
	       CMFixtureFunction setup, CMFixtureFunction teardown);

/* Assertions: each takes the place it stands at and returns only when it holds. */
void cmocka_assert(int holds, const char *expression, const char *file, int line);
void cmocka_assert_integers(uint64_t a, uint64_t b, int equal, const char *file, int line);
void cmocka_assert_range(uint64_t value, uint64_t minimum, uint64_t maximum, int inside,
			 const char *file, int line);
void cmocka_assert_strings(const char *a, const char *b, int equal, const char *file, int line);
void cmocka_assert_memory(const void *a, const void *b, size_t size, int equal, const char *file,
			  int line);
CMOCKA_NO_RETURN void cmocka_fail(const char *file, int line, const char *format, ...)
	CMOCKA_FORMAT(3, 4);
CMOCKA_NO_RETURN void cmocka_skip(void);

void print_message(const char *format, ...) CMOCKA_FORMAT(1, 2);
void print_error(const char *format, ...) CMOCKA_FORMAT(1, 2);

#define CMOCKA_INTEGERS(a, b, equal) \
	cmocka_assert_integers((uint64_t)(a), (uint64_t)(b), equal, __FILE__, __LINE__)
#define CMOCKA_POINTERS(a, b, equal)                                                      \
	cmocka_assert_integers((uint64_t)(uintptr_t)(a), (uint64_t)(uintptr_t)(b), equal, \
			       __FILE__, __LINE__)

#define assert_true(condition) cmocka_assert((condition) ? 1 : 0, #condition, __FILE__, __LINE__)
#define assert_false(condition) \
	cmocka_assert((condition) ? 0 : 1, "not " #condition, __FILE__, __LINE__)
#define assert_null(pointer) CMOCKA_POINTERS(pointer, NULL, 1)
#define assert_non_null(pointer) CMOCKA_POINTERS(pointer, NULL, 0)
#define assert_ptr_equal(a, b) CMOCKA_POINTERS(a, b, 1)
#define assert_ptr_not_equal(a, b) CMOCKA_POINTERS(a, b, 0)
#define assert_int_equal(a, b) CMOCKA_INTEGERS(a, b, 1)
#define assert_int_not_equal(a, b) CMOCKA_INTEGERS(a, b, 0)
#define assert_in_range(value, minimum, maximum)                                            \
	cmocka_assert_range((uint64_t)(value), (uint64_t)(minimum), (uint64_t)(maximum), 1, \
			    __FILE__, __LINE__)
#define assert_not_in_range(value, minimum, maximum)                                        \
	cmocka_assert_range((uint64_t)(value), (uint64_t)(minimum), (uint64_t)(maximum), 0, \
			    __FILE__, __LINE__)
#define assert_string_equal(a, b) cmocka_assert_strings(a, b, 1, __FILE__, __LINE__)
#define assert_string_not_equal(a, b) cmocka_assert_strings(a, b, 0, __FILE__, __LINE__)
#define assert_memory_equal(a, b, size) cmocka_assert_memory(a, b, size, 1, __FILE__, __LINE__)
#define assert_memory_not_equal(a, b, size) cmocka_assert_memory(a, b, size, 0, __FILE__, __LINE__)
#define fail() cmocka_fail(__FILE__, __LINE__, "fail()")
#define fail_msg(...) cmocka_fail(__FILE__, __LINE__, __VA_ARGS__)
#define skip() cmocka_skip()

#endif
