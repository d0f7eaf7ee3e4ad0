/* SPDX-License-Identifier: MIT */
/*
 * What a benchmark program is told, and the rows that it gives: a line of the
 * table on the standard output, and an object of JSON in a file.
 *
 * May include: nothing of src/.
 */
#ifndef TESTS_BENCH_REPORT_H
#define TESTS_BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* PROGRAM [--quick] [--json FILE] [--samples FOLDER] INPUTS */
struct bench_options {
	bool quick;
	const char *json;	/* rows are appended; NULL for none */
	const char *samples;	/* "" for none */
	const char *inputs;	/* the folder that inputs.py has filled */
};

/* False, with a message, if the arguments are wrong. */
bool bench_options_read(struct bench_options *options, int argc, char **argv);

/* How often a comparison is run. */
unsigned bench_runs(const struct bench_options *options);

enum bound {
	AT_LEAST,
	AT_MOST
};

struct result {
	const char *name;
	const char *unit;
	double value;
	enum bound bound;
	double target;
};

/*
 * Writes a row; the ratio says how far the target is met: 1 just so, 2 twice
 * as good.  The detail, in printf's terms, tells what the value was made of.
 */
void report_result(const struct bench_options *options, const struct result *result,
		   const char *detail, ...);

/* Says that a row cannot be given, and why. */
void report_missing(const char *name, const char *why);

/* Ends the program: the benchmark itself failed, its figures would mean nothing. */
_Noreturn void bench_fail(const char *format, ...);

/* calloc that ends the program. */
void *bench_allocate(size_t count, size_t size);

/* The path of an input, to be freed. */
char *bench_input(const struct bench_options *options, const char *name);

#endif
