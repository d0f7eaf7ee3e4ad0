/* SPDX-License-Identifier: MIT */
/*
 * A guest's memory from the first page to the last, decoded ahead by several
 * threads and handed over in order by one.
 *
 * Memory comes in pieces of at most 1 MiB, cut where RAM blocks of a guest
 * without odd ranges end, so that a block is decoded by one thread.  Pieces
 * wait in a ring of at most MEMORY_STREAM_BUFFERS buffers.
 *
 * May include: everything below src/dump.
 */
#ifndef DUMP_MEMORY_STREAM_H
#define DUMP_MEMORY_STREAM_H

#include "dump/memory_runs.h"

enum {
	MEMORY_STREAM_THREADS = 16,	/* the most that decode at once */
	MEMORY_STREAM_BUFFERS = 32
};

struct memory_piece {
	uint64_t gpa;
	uint64_t position;	/* bytes of the runs that come before it */
	uint8_t *bytes;		/* the receiver may change them */
	size_t size;
	/*
	 * Why the bytes are not there: a RAM block is damaged, a read of the
	 * file failed.  Some pages of the piece may be readable all the same.
	 */
	enum status status;
	const struct error *error;
};

/* Called on the thread that called memory_stream_run; a failure ends the stream. */
typedef enum status (*memory_piece_receiver)(void *context, const struct memory_piece *piece,
					     struct error *error);

struct memory_stream {
	struct guest_memory *memory;
	const struct memory_runs *runs;
	unsigned threads;		/* 0: as many as there are processors */
	memory_piece_receiver receive;
	void *context;
};

/* STATUS_OUT_OF_MEMORY, or what the receiver answered. */
enum status memory_stream_run(const struct memory_stream *stream, struct error *error);

#endif
