/* SPDX-License-Identifier: MIT */
/*
 * The first page or two of a Windows crash dump.
 *
 * Whatever is not set keeps the pattern "PAGE" that Windows fills the header
 * with.
 *
 * May include: everything below src/dump.
 */
#ifndef DUMP_CRASH_HEADER_H
#define DUMP_CRASH_HEADER_H

#include "dump/memory_runs.h"
#include "dump/nt_kernel.h"

enum {
	CRASH_HEADER_64_SIZE = 0x2000,
	CRASH_HEADER_32_SIZE = 0x1000,
	/* The most runs that the physical memory descriptor of each has room for. */
	CRASH_RUNS_64 = 42,
	CRASH_RUNS_32 = 86
};

enum crash_dump_type {
	CRASH_DUMP_FULL = 1,
	CRASH_DUMP_BITMAP = 5
};

/* What debuggers are told of the machine; zeros where it is not known. */
struct crash_facts {
	uint16_t major, minor;
	uint8_t secondary;
	uint16_t machine;
	uint32_t vp_count;
	uint64_t directory_table_base;
	uint64_t pfn_database;
	uint64_t loaded_modules;
	uint64_t active_processes;
	uint64_t debugger_block;
	uint64_t bug_check[5];		/* the code and its parameters */
	uint64_t system_time;		/* FILETIME */
	uint64_t up_time;		/* 100 ns */
	uint32_t product_type;
	uint32_t suite_mask;
	bool pae;			/* 32-bit only */
};

struct crash_header {
	struct crash_facts facts;
	struct x86_registers vp;	/* whose context is the dump's */
	const struct memory_runs *runs;
	enum crash_dump_type type;
	uint64_t dump_size;
};

void crash_header_64(const struct crash_header *header, uint8_t out[CRASH_HEADER_64_SIZE]);
void crash_header_32(const struct crash_header *header, uint8_t out[CRASH_HEADER_32_SIZE]);

/* Fills size bytes, a multiple of 4, with the pattern. */
void crash_header_fill(uint8_t *out, size_t size);

#endif
