/* SPDX-License-Identifier: MIT */
/*
 * Clocks and medians, for benchmarks on a machine that is never quite idle.
 *
 * What is compared is run in turn, many times over, and the median of each
 * counts.  Work of one thread is timed by the processor time of that thread,
 * which other programs disturb least; work of several threads or processes,
 * and everything that may wait for a disk, by the clock on the wall.
 *
 * May include: nothing of src/.
 */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>

double wall_seconds(void);
double thread_seconds(void);

enum { MEASURED_MAX = 64 };

struct measured {
	double values[MEASURED_MAX];
	size_t count;
};

/* Values beyond MEASURED_MAX are left out. */
void measured_add(struct measured *measured, double value);

/* 0 without any value. */
double measured_median(const struct measured *measured);

/* Puts 0 to count - 1 in an order that looks random and depends on seed alone. */
void shuffled_order(uint32_t *order, size_t count, uint64_t seed);

/* ---- Memory of this process, in bytes; 0 where the system does not tell ---- */

uint64_t resident_memory(void);

/* Begins anew to look for the highest value of resident_memory. */
void reset_peak_memory(void);
uint64_t peak_memory(void);

#endif
