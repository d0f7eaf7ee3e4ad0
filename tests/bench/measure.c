/* SPDX-License-Identifier: MIT */
#include "bench/measure.h"
#include "bench/codec_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double clock_seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double wall_seconds(void)
{
	return clock_seconds(CLOCK_MONOTONIC);
}

double thread_seconds(void)
{
	return clock_seconds(CLOCK_THREAD_CPUTIME_ID);
}

void measured_add(struct measured *measured, double value)
{
	if (measured->count < MEASURED_MAX)
		measured->values[measured->count++] = value;
}

static int compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

double measured_median(const struct measured *measured)
{
	struct measured sorted = *measured;

	if (sorted.count == 0)
		return 0;
	qsort(sorted.values, sorted.count, sizeof(sorted.values[0]), compare_doubles);
	return sorted.values[sorted.count / 2];
}

void shuffled_order(uint32_t *order, size_t count, uint64_t seed)
{
	struct random_numbers random = { .state = seed * 2 + 1 };

	for (size_t i = 0; i < count; i++)
		order[i] = (uint32_t)i;
	for (size_t i = count; i > 1; i--) {
		uint32_t other = random_below(&random, (uint32_t)i);
		uint32_t moved = order[i - 1];

		order[i - 1] = order[other];
		order[other] = moved;
	}
}

/* A line "NAME:  12345 kB" of /proc/self/status. */
static uint64_t status_field(const char *name)
{
	FILE *file = fopen("/proc/self/status", "r");
	unsigned long long kilobytes = 0;
	char line[256];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, name, strlen(name)) == 0)
			sscanf(line + strlen(name), ": %llu", &kilobytes);
	}
	if (file != NULL)
		fclose(file);
	return kilobytes * 1024;
}

uint64_t resident_memory(void)
{
	return status_field("VmRSS");
}

uint64_t peak_memory(void)
{
	return status_field("VmHWM");
}

void reset_peak_memory(void)
{
	FILE *file = fopen("/proc/self/clear_refs", "w");

	if (file == NULL)
		return;
	fputs("5", file);	/* what proc(5) has for it */
	fclose(file);
}
