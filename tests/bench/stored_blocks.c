/* SPDX-License-Identifier: MIT */
#ifndef _WIN32
#include "bench/stored_blocks.h"
#include "bench/report.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void read_file(struct stored_blocks *blocks)
{
	struct stat facts;
	size_t done = 0;

	blocks->descriptor = open(blocks->path, O_RDONLY | O_CLOEXEC);
	if (blocks->descriptor < 0 || fstat(blocks->descriptor, &facts) != 0)
		bench_fail("%s cannot be opened", blocks->path);
	blocks->file_size = (size_t)facts.st_size;
	blocks->file = bench_allocate(blocks->file_size, 1);
	while (done < blocks->file_size) {
		ssize_t count = pread(blocks->descriptor, blocks->file + done,
				      blocks->file_size - done, (off_t)done);

		if (count <= 0)
			bench_fail("%s cannot be read", blocks->path);
		done += (size_t)count;
	}
}

static unsigned count_xpress_pages(const struct stored_blocks *blocks,
				   const struct stored_block *block)
{
	struct page_directory directory;
	unsigned count = 0;

	if (block->size == RAM_BLOCK_SIZE)
		return 0;
	ram_stream_index(blocks->file + block->offset, block->size, &directory);
	for (unsigned page = 0; page < RAM_BLOCK_PAGES; page++)
		count += ram_stream_page_extent(&directory, page).kind == PAGE_XPRESS;
	return count;
}

static BOOL CALLBACK add_block(void *context, const VMSAVEDSTATE_KEY *key)
{
	struct stored_blocks *blocks = context;
	struct stored_block *block = &blocks->blocks[blocks->count];

	if ((key->Flags & VMSAVEDSTATE_KEY_IS_RAM_BLOCK) == 0)
		return FALSE;
	block->offset = key->FileOffset;
	block->size = (uint32_t)key->Size;
	if (block->offset > blocks->file_size || block->size > blocks->file_size - block->offset)
		bench_fail("%s: a block lies outside the file", blocks->path);
	block->xpress_pages = count_xpress_pages(blocks, block);
	blocks->count++;
	return FALSE;
}

void stored_blocks_open(struct stored_blocks *out, char *path)
{
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source), .Path = path };
	VMSAVEDSTATE_INFO info = { .StructSize = sizeof(info) };
	VM_SAVED_STATE_DUMP_HANDLE handle = bench_open_handle(path);

	*out = (struct stored_blocks){ .path = path };
	read_file(out);
	if (VmSavedStateGetInfo(handle, &info) != S_OK)
		bench_fail("%s tells nothing of itself", path);
	out->blocks = bench_allocate(info.RamBlockCount, sizeof(*out->blocks));
	if (VmSavedStateEnumerateKeys(&source, NULL, add_block, out) != S_OK)
		bench_fail("the keys of %s cannot be listed", path);
	ReleaseSavedStateFiles(handle);
}

void stored_blocks_close(struct stored_blocks *blocks)
{
	close(blocks->descriptor);
	free(blocks->path);
	free(blocks->file);
	free(blocks->blocks);
}

void stored_blocks_decode(const struct stored_blocks *blocks, size_t number, uint8_t *out)
{
	const struct stored_block *block = &blocks->blocks[number];
	const uint8_t *stream = blocks->file + block->offset;
	struct page_directory directory;
	unsigned good;

	ram_stream_index(stream, block->size, &directory);
	if (ram_stream_decode_pages(stream, block->size, &directory, 0, RAM_BLOCK_PAGES, out,
				    &good) != STATUS_OK)
		bench_fail("%s: block %zu is damaged", blocks->path, number);
}

VM_SAVED_STATE_DUMP_HANDLE stored_blocks_handle(const struct stored_blocks *blocks)
{
	return bench_open_handle(blocks->path);
}

VM_SAVED_STATE_DUMP_HANDLE bench_open_handle(const char *path)
{
	VMSAVEDSTATE_SOURCE source = { .StructSize = sizeof(source), .Path = path };
	VM_SAVED_STATE_DUMP_HANDLE handle = NULL;

	if (VmSavedStateOpen(&source, &handle) != S_OK) {
		char text[512] = "";

		VmSavedStateGetErrorText(NULL, text, sizeof(text), NULL);
		bench_fail("%s: %s", path, text);
	}
	return handle;
}

#else
/* ISO C wants at least one declaration; benchmarks run on POSIX systems alone. */
typedef int stored_blocks_is_empty;
#endif
