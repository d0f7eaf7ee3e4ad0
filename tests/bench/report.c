/* SPDX-License-Identifier: MIT */
#include "bench/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RUNS = 21,
	QUICK_RUNS = 5,
	DETAIL_SIZE = 256
};

bool bench_options_read(struct bench_options *options, int argc, char **argv)
{
	*options = (struct bench_options){ .samples = "" };
	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (strcmp(argv[i], "--quick") == 0)
			options->quick = true;
		else if (strcmp(argv[i], "--json") == 0 && more)
			options->json = argv[++i];
		else if (strcmp(argv[i], "--samples") == 0 && more)
			options->samples = argv[++i];
		else if (argv[i][0] != '-' && options->inputs == NULL)
			options->inputs = argv[i];
		else
			options->inputs = NULL;
	}
	if (options->inputs != NULL)
		return true;
	fprintf(stderr, "usage: %s [--quick] [--json FILE] [--samples FOLDER] INPUTS\n"
			"tools/bench.sh makes the inputs and runs all benchmarks.\n", argv[0]);
	return false;
}

unsigned bench_runs(const struct bench_options *options)
{
	return options->quick ? QUICK_RUNS : RUNS;
}

static double ratio_of(const struct result *result)
{
	return result->bound == AT_LEAST ? result->value / result->target
					 : result->target / result->value;
}

static bool is_met(const struct result *result)
{
	return result->bound == AT_LEAST ? result->value >= result->target
					 : result->value <= result->target;
}

/* Names and details are ours: nothing in them needs to be escaped. */
static void append_json(const char *path, const struct result *result, const char *detail)
{
	FILE *file = fopen(path, "a");

	if (file == NULL)
		bench_fail("%s cannot be written", path);
	fprintf(file, "{\"name\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", \"bound\": \"%s\", "
		      "\"target\": %.6g, \"ratio\": %.4g, \"met\": %s, \"detail\": \"%s\"}\n",
		result->name, result->value, result->unit,
		result->bound == AT_LEAST ? "at least" : "at most", result->target,
		ratio_of(result), is_met(result) ? "true" : "false", detail);
	fclose(file);
}

void report_result(const struct bench_options *options, const struct result *result,
		   const char *detail, ...)
{
	char text[DETAIL_SIZE];
	va_list arguments;

	va_start(arguments, detail);
	vsnprintf(text, sizeof(text), detail, arguments);
	va_end(arguments);
	printf("%-46s %9.4g %-8s %s %-7.4g %7.2f  %-3s  %s\n", result->name, result->value,
	       result->unit, result->bound == AT_LEAST ? ">=" : "<=", result->target,
	       ratio_of(result), is_met(result) ? "yes" : "NO", text);
	fflush(stdout);
	if (options->json != NULL)
		append_json(options->json, result, text);
}

void report_missing(const char *name, const char *why)
{
	printf("%-46s not measured: %s\n", name, why);
	fflush(stdout);
}

void bench_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

void *bench_allocate(size_t count, size_t size)
{
	void *memory = calloc(count > 0 ? count : 1, size);

	if (memory == NULL)
		bench_fail("%zu times %zu bytes are more than there is memory", count, size);
	return memory;
}

char *bench_input(const struct bench_options *options, const char *name)
{
	size_t size = strlen(options->inputs) + strlen(name) + 2;
	char *path = bench_allocate(size, 1);

	snprintf(path, size, "%s/%s", options->inputs, name);
	return path;
}
