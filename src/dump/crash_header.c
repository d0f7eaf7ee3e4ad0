/* SPDX-License-Identifier: MIT */
#include "dump/crash_header.h"
#include "base/bytes.h"
#include "dump/nt_context.h"

#include <string.h>

enum {
	EXCEPTION_NONCONTINUABLE = 1,
	EXCEPTION_64_SIZE = 152,
	EXCEPTION_32_SIZE = 80,
	ATTRIBUTE_GENERATED_OFFLINE = 1 << 5,
	COMMENT_SIZE = 128
};

#define EXCEPTION_BREAKPOINT UINT32_C(0x80000003)

static const char comment[] = "Written from a Hyper-V saved state";

void crash_header_fill(uint8_t *out, size_t size)
{
	for (size_t at = 0; at < size; at += 4)
		memcpy(out + at, "PAGE", 4);
}

static void store_comment(uint8_t *out)
{
	memset(out, 0, COMMENT_SIZE);
	memcpy(out, comment, sizeof(comment));
}

/* Runs that do not fit leave the pattern there, as Windows does. */
static void store_runs_64(uint8_t *out, const struct memory_runs *runs)
{
	size_t count = memory_runs_count(runs);

	if (count > CRASH_RUNS_64)
		return;
	store_le32(out, (uint32_t)count);
	store_le32(out + 4, 0);
	store_le64(out + 8, runs->page_count);
	for (size_t i = 0; i < count; i++) {
		const struct memory_run *run = memory_runs_at(runs, i);

		store_le64(out + 16 + 16 * i, run->page);
		store_le64(out + 24 + 16 * i, run->page_count);
	}
}

static void store_exception_64(uint8_t *out, uint64_t address)
{
	memset(out, 0, EXCEPTION_64_SIZE);
	store_le32(out, EXCEPTION_BREAKPOINT);
	store_le32(out + 4, EXCEPTION_NONCONTINUABLE);
	store_le64(out + 16, address);
}

static void store_times_64(uint8_t *out, const struct crash_facts *facts)
{
	store_le64(out + 0xFA8, facts->system_time);
	store_le64(out + 0x1030, facts->up_time);
	store_le32(out + 0x1038, 0);	/* MiniDumpFields */
	store_le32(out + 0x103C, 0);	/* SecondaryDataState */
	store_le32(out + 0x1040, facts->product_type);
	store_le32(out + 0x1044, facts->suite_mask);
	store_le32(out + 0x1048, 0);	/* WriterStatus */
	out[0x104D] = facts->secondary;
	store_le32(out + 0x1050, ATTRIBUTE_GENERATED_OFFLINE);
}

void crash_header_64(const struct crash_header *header, uint8_t out[CRASH_HEADER_64_SIZE])
{
	const struct crash_facts *facts = &header->facts;

	crash_header_fill(out, CRASH_HEADER_64_SIZE);
	memcpy(out, "PAGEDU64", 8);
	store_le32(out + 0x8, facts->major);
	store_le32(out + 0xC, facts->minor);
	store_le64(out + 0x10, facts->directory_table_base);
	store_le64(out + 0x18, facts->pfn_database);
	store_le64(out + 0x20, facts->loaded_modules);
	store_le64(out + 0x28, facts->active_processes);
	store_le32(out + 0x30, facts->machine);
	store_le32(out + 0x34, facts->vp_count);
	store_le32(out + 0x38, (uint32_t)facts->bug_check[0]);
	for (size_t i = 0; i < 4; i++)
		store_le64(out + 0x40 + 8 * i, facts->bug_check[1 + i]);
	memset(out + 0x60, 0, 32);	/* VersionUser */
	store_le64(out + 0x80, facts->debugger_block);
	store_runs_64(out + 0x88, header->runs);
	nt_context_x64(&header->vp, out + 0x348);
	store_exception_64(out + 0xF00, header->vp.rip);
	store_le32(out + 0xF98, header->type);
	store_le64(out + 0xFA0, header->dump_size);
	store_comment(out + 0xFB0);
	store_times_64(out, facts);
}

static void store_runs_32(uint8_t *out, const struct memory_runs *runs)
{
	size_t count = memory_runs_count(runs);

	store_le32(out, (uint32_t)count);
	store_le32(out + 4, (uint32_t)runs->page_count);
	for (size_t i = 0; i < count; i++) {
		const struct memory_run *run = memory_runs_at(runs, i);

		store_le32(out + 8 + 8 * i, (uint32_t)run->page);
		store_le32(out + 12 + 8 * i, (uint32_t)run->page_count);
	}
}

static void store_exception_32(uint8_t *out, uint64_t address)
{
	memset(out, 0, EXCEPTION_32_SIZE);
	store_le32(out, EXCEPTION_BREAKPOINT);
	store_le32(out + 4, EXCEPTION_NONCONTINUABLE);
	store_le32(out + 12, (uint32_t)address);
}

void crash_header_32(const struct crash_header *header, uint8_t out[CRASH_HEADER_32_SIZE])
{
	const struct crash_facts *facts = &header->facts;

	crash_header_fill(out, CRASH_HEADER_32_SIZE);
	memcpy(out, "PAGEDUMP", 8);
	store_le32(out + 0x8, facts->major);
	store_le32(out + 0xC, facts->minor);
	store_le32(out + 0x10, (uint32_t)facts->directory_table_base);
	store_le32(out + 0x14, (uint32_t)facts->pfn_database);
	store_le32(out + 0x18, (uint32_t)facts->loaded_modules);
	store_le32(out + 0x1C, (uint32_t)facts->active_processes);
	store_le32(out + 0x20, facts->machine);
	store_le32(out + 0x24, facts->vp_count);
	for (size_t i = 0; i < 5; i++)
		store_le32(out + 0x28 + 4 * i, (uint32_t)facts->bug_check[i]);
	memset(out + 0x3C, 0, 32);	/* VersionUser */
	out[0x5C] = facts->pae ? 1 : 0;
	store_le32(out + 0x60, (uint32_t)facts->debugger_block);
	store_runs_32(out + 0x64, header->runs);
	memset(out + 0x320, 0, 1200);
	nt_context_x86(&header->vp, out + 0x320);
	store_exception_32(out + 0x7D0, header->vp.rip);
	store_comment(out + 0x820);
	store_le32(out + 0xF88, header->type);
	store_le64(out + 0xFA0, header->dump_size);
	store_le64(out + 0xFB8, facts->up_time);
	store_le64(out + 0xFC0, facts->system_time);
}
