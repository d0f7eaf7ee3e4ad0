/* SPDX-License-Identifier: MIT */
/*
 * Writes a guest's memory and registers in the form that a debugger reads.
 *
 * Every form is the same line: runs of saved memory, a layout that says where
 * their pages stand in the dump, a header before them, and a sink.  Pages are
 * decoded by several threads and written in order, pages of zeros not at all,
 * so that equal input makes equal dumps, sparse where the sink can be.
 *
 * Memory that is not in the saved state is never written as zeros: a raw dump
 * has a hole there, every other form leaves it out of its own description.  So
 * it is with damaged memory.
 *
 * Threads: reads of the guest may go on meanwhile; nothing may change it.
 *
 * May include: everything below src/dump.
 */
#ifndef DUMP_DUMP_H
#define DUMP_DUMP_H

#include "dump/dump_guest.h"
#include "dump/dump_sink.h"

enum dump_format {
	DUMP_RAW,		/* a byte of the dump for each guest-physical address */
	DUMP_RAW_WITHOUT_HOLES,	/* the memory ranges, one behind the other */
	DUMP_ELF,		/* ELF core */
	DUMP_WINDOWS,		/* Windows crash dump: full if its header holds all runs, else bitmap */
	DUMP_WINDOWS_FULL,
	DUMP_WINDOWS_BITMAP,
	DUMP_SNAPSHOT,		/* DUMP_WINDOWS, and the registers of a VP as JSON */
	DUMP_FORMAT_COUNT
};

/* Tells how far the dump is; returns true to cancel it. */
typedef bool (*dump_progress)(void *context, uint64_t done, uint64_t total);

/* Tells of memory that the dump lacks: STATUS_OK if the saved state does, else its damage. */
typedef void (*dump_left_out)(void *context, uint64_t gpa, uint64_t size, enum status status);

struct dump_request {
	enum dump_format format;
	bool keep_going;	/* leave damaged pages out rather than fail */
	bool no_qemu_notes;	/* ELF: leave out what only QEMU's readers know */
	bool without_kernel;	/* Windows: write it also if no Windows kernel is found */
	uint32_t vp_id;		/* whose context is the dump's */
	unsigned threads;	/* 0: as many as there are processors */
	struct dump_sink sink;
	struct dump_sink registers_sink;	/* DUMP_SNAPSHOT only */
	dump_progress progress;			/* may be NULL */
	void *progress_context;
	/* Called for missing memory, then for damaged memory, ascending each; may be NULL. */
	dump_left_out left_out;
	void *left_out_context;
};

enum { DUMP_REMARKS_SIZE = 1024 };

struct dump_outcome {
	enum dump_format format;	/* which form DUMP_WINDOWS and DUMP_SNAPSHOT came to */
	uint64_t size;			/* bytes of the dump */
	uint64_t written;		/* bytes of it that were not left as holes */
	uint64_t memory_size;		/* bytes of guest memory in it */
	uint64_t missing_pages;		/* in a memory range, but not in the saved state */
	uint64_t damaged_pages;		/* left out */
	/* What the user should know of the dump: sentences, each ended by a line feed. */
	char remarks[DUMP_REMARKS_SIZE];
};

/*
 * Writes a dump.  Both sinks are finished on success and abandoned otherwise.
 *
 * STATUS_INVALID_ARGUMENT: no such VP, of which raw dumps need none;
 * STATUS_NO_GUEST_MEMORY: not a page is saved; STATUS_NO_WINDOWS_KERNEL;
 * STATUS_NOT_IMPLEMENTED: the guest cannot be told in this format;
 * STATUS_CANCELLED; STATUS_CORRUPT_RAM_VALUE, _RECORD or _STREAM for damaged
 * memory without keep_going; statuses of guest_memory_read and of the sinks.
 */
enum status dump_write(const struct dump_guest *guest, const struct dump_request *request,
		       struct dump_outcome *out, struct error *error);

#endif
