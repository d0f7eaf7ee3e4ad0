/* SPDX-License-Identifier: MIT */
#include "dump/memory_stream.h"
#include "base/checked.h"
#include "platform/thread.h"

#include <stdlib.h>

enum { PIECE_BYTES = (int)RAM_BLOCK_BYTES };

enum slot_state { SLOT_FREE, SLOT_TAKEN, SLOT_READY };

struct slot {
	enum slot_state state;
	struct memory_piece piece;
	struct error error;
	uint8_t *buffer;
};

/* Where the next piece starts. */
struct cursor {
	size_t run;
	uint64_t page;		/* of the run, from its first */
	uint64_t position;
};

struct ring {
	const struct memory_stream *stream;
	struct mutex lock;		/* guards all below */
	struct condition changed;
	struct slot slots[MEMORY_STREAM_BUFFERS];
	unsigned slot_count;
	uint64_t taken;			/* pieces that a thread has begun with */
	uint64_t handed_over;
	struct cursor cursor;
	bool stopped;
};

/* Cuts the next piece off; false at the end of the memory. */
static bool cut_piece(struct ring *ring, struct memory_piece *piece)
{
	const struct memory_runs *runs = ring->stream->runs;
	struct cursor *cursor = &ring->cursor;
	const struct memory_run *run;
	uint64_t rest;

	if (cursor->run == memory_runs_count(runs))
		return false;
	run = memory_runs_at(runs, cursor->run);
	piece->gpa = (run->page + cursor->page) << PAGE_SHIFT;
	piece->position = cursor->position;
	rest = min_u64(run->page_count - cursor->page, PIECE_BYTES >> PAGE_SHIFT);
	piece->size = (size_t)min_u64(rest << PAGE_SHIFT, PIECE_BYTES - piece->gpa % PIECE_BYTES);
	cursor->position += piece->size;
	cursor->page += piece->size >> PAGE_SHIFT;
	if (cursor->page == run->page_count) {
		cursor->run++;
		cursor->page = 0;
	}
	return true;
}

/* Takes the next piece if there is a buffer for it; the lock is held. */
static struct slot *take_piece(struct ring *ring)
{
	struct slot *slot = &ring->slots[ring->taken % ring->slot_count];

	if (ring->stopped || slot->state != SLOT_FREE || !cut_piece(ring, &slot->piece))
		return NULL;
	slot->state = SLOT_TAKEN;
	ring->taken++;
	return slot;
}

static void decode_piece(struct ring *ring, struct slot *slot)
{
	struct memory_piece *piece = &slot->piece;
	size_t count;

	piece->bytes = slot->buffer;
	piece->error = &slot->error;
	piece->status = guest_memory_read(ring->stream->memory, piece->gpa, slot->buffer,
					  piece->size, &count, &slot->error);
	if (piece->status == STATUS_OK && count < piece->size)
		piece->status = error_set(&slot->error, STATUS_READ_FAILED,
					  "the memory at 0x%llx ends early",
					  (unsigned long long)piece->gpa);
	mutex_lock(&ring->lock);
	slot->state = SLOT_READY;
	condition_wake_all(&ring->changed);
	mutex_unlock(&ring->lock);
}

static bool is_at_end(const struct ring *ring)
{
	return ring->stopped || ring->cursor.run == memory_runs_count(ring->stream->runs);
}

static void decode_ahead(void *context)
{
	struct ring *ring = context;

	mutex_lock(&ring->lock);
	while (!is_at_end(ring)) {
		struct slot *slot = take_piece(ring);

		if (slot == NULL) {
			condition_wait(&ring->changed, &ring->lock);
			continue;
		}
		mutex_unlock(&ring->lock);
		decode_piece(ring, slot);
		mutex_lock(&ring->lock);
	}
	mutex_unlock(&ring->lock);
}

/*
 * The next piece in order, or NULL at the end.  While it is not ready the
 * caller decodes pieces itself, so that the stream gets on without helpers.
 */
static struct slot *await_piece(struct ring *ring)
{
	struct slot *next = &ring->slots[ring->handed_over % ring->slot_count];
	bool ready;

	mutex_lock(&ring->lock);
	while (next->state != SLOT_READY) {
		struct slot *other = take_piece(ring);

		if (other != NULL) {
			mutex_unlock(&ring->lock);
			decode_piece(ring, other);
			mutex_lock(&ring->lock);
		} else if (next->state == SLOT_TAKEN) {
			condition_wait(&ring->changed, &ring->lock);
		} else {
			break;
		}
	}
	ready = next->state == SLOT_READY;
	mutex_unlock(&ring->lock);
	return ready ? next : NULL;
}

static void give_back(struct ring *ring, struct slot *slot)
{
	mutex_lock(&ring->lock);
	slot->state = SLOT_FREE;
	ring->handed_over++;
	condition_wake_all(&ring->changed);
	mutex_unlock(&ring->lock);
}

static enum status hand_over_all(struct ring *ring, struct error *error)
{
	const struct memory_stream *stream = ring->stream;
	enum status status = STATUS_OK;
	struct slot *slot;

	while (status == STATUS_OK && (slot = await_piece(ring)) != NULL) {
		status = stream->receive(stream->context, &slot->piece, error);
		give_back(ring, slot);
	}
	mutex_lock(&ring->lock);
	ring->stopped = true;
	condition_wake_all(&ring->changed);
	mutex_unlock(&ring->lock);
	return status;
}

static unsigned choose_threads(unsigned wanted)
{
	unsigned threads = wanted != 0 ? wanted : thread_processor_count();

	return threads < MEMORY_STREAM_THREADS ? threads : MEMORY_STREAM_THREADS;
}

static bool allocate_buffers(struct ring *ring)
{
	for (unsigned i = 0; i < ring->slot_count; i++) {
		ring->slots[i].buffer = malloc(PIECE_BYTES);
		if (ring->slots[i].buffer == NULL)
			return false;
	}
	return true;
}

static enum status run_with_threads(struct ring *ring, unsigned threads, struct error *error)
{
	struct thread *helpers[MEMORY_STREAM_THREADS];
	unsigned started = 0;
	enum status status;

	while (started + 1 < threads) {
		helpers[started] = thread_start(decode_ahead, ring);
		if (helpers[started] == NULL)
			break;
		started++;
	}
	status = hand_over_all(ring, error);
	while (started > 0)
		thread_join(helpers[--started]);
	return status;
}

enum status memory_stream_run(const struct memory_stream *stream, struct error *error)
{
	unsigned threads = choose_threads(stream->threads);
	struct ring *ring = calloc(1, sizeof(*ring));
	enum status status;

	if (ring == NULL)
		return error_out_of_memory(error, "the buffers of a dump");
	ring->stream = stream;
	ring->slot_count = 2 * threads;
	mutex_init(&ring->lock);
	condition_init(&ring->changed);
	if (allocate_buffers(ring))
		status = run_with_threads(ring, threads, error);
	else
		status = error_out_of_memory(error, "the buffers of a dump");
	for (unsigned i = 0; i < ring->slot_count; i++)
		free(ring->slots[i].buffer);
	condition_fini(&ring->changed);
	mutex_fini(&ring->lock);
	free(ring);
	return status;
}
