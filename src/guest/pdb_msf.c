/* SPDX-License-Identifier: MIT */
#include "guest/pdb_msf.h"
#include "base/bytes.h"
#include "base/checked.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * Superblock: 32 bytes signature, block size, block of the free map, number of
 * blocks, bytes of the stream directory, an unused field; then the blocks that
 * list the blocks of the directory.  A directory of ordinary size needs one
 * such list; linkers of very large programs write several.
 */
enum {
	SIGNATURE_SIZE = 32,
	BLOCK_SIZE_AT = 32,
	BLOCK_COUNT_AT = 40,
	DIRECTORY_SIZE_AT = 44,
	SUPERBLOCK_SIZE = 52,

	SMALLEST_BLOCK = 512,
	LARGEST_BLOCK = 65536
};

static const char SIGNATURE[SIGNATURE_SIZE] = "Microsoft C/C++ MSF 7.00\r\n\x1A" "DS\0\0";
static const char OLD_SIGNATURE[] = "Microsoft C/C++ program database 2.00\r\n\x1AJG";

/* The size the directory gives to a stream that was deleted. */
static const uint32_t DELETED_STREAM = UINT32_MAX;

struct stream {
	uint32_t size;
	uint32_t first_block;	/* index into the directory's block numbers */
};

struct pdb_msf {
	const struct file *file;
	uint32_t block_size;
	uint32_t block_count;
	uint8_t *directory;
	const uint8_t *block_numbers;	/* in directory, little-endian, one after another */
	struct stream *streams;
	uint32_t stream_count;
};

static uint64_t blocks_for(const struct pdb_msf *msf, uint64_t bytes)
{
	return bytes / msf->block_size + (bytes % msf->block_size != 0);
}

/*
 * Reads size bytes, starting at offset, of the bytes that a list of block
 * numbers stands for.  The caller has checked that the list is long enough.
 */
static enum status read_blocks(const struct pdb_msf *msf, const uint8_t *numbers, uint64_t offset,
			       uint8_t *buffer, size_t size, struct error *error)
{
	while (size > 0) {
		const uint8_t *number = numbers + 4 * (offset / msf->block_size);
		uint32_t within = (uint32_t)(offset % msf->block_size);
		uint32_t first = load_le32(number);
		uint32_t last = first;
		uint64_t run = msf->block_size - within;
		enum status status;

		while (run < size && last < UINT32_MAX && load_le32(number + 4) == last + 1) {
			run += msf->block_size;
			number += 4;
			last++;
		}
		if (last >= msf->block_count)
			return error_set(error, STATUS_CORRUPT,
					 "PDB: block %" PRIu32 " lies outside the file's %" PRIu32,
					 last, msf->block_count);
		run = min_u64(run, size);
		status = file_read_at(msf->file, (uint64_t)first * msf->block_size + within,
				      buffer, (size_t)run, error);
		if (status != STATUS_OK)
			return status;
		buffer += run;
		offset += run;
		size -= (size_t)run;
	}
	return STATUS_OK;
}

static enum status check_superblock(struct pdb_msf *msf, const uint8_t *superblock,
				    struct error *error)
{
	uint64_t size = file_size(msf->file);

	if (memcmp(superblock, OLD_SIGNATURE, SIGNATURE_SIZE) == 0)
		return error_set(error, STATUS_UNSUPPORTED_VERSION,
				 "PDB: version 2.00 of the container, only 7.00 is read");
	if (memcmp(superblock, SIGNATURE, SIGNATURE_SIZE) != 0)
		return error_set(error, STATUS_CORRUPT,
				 "not a program database: no signature of MSF 7.00");
	msf->block_size = load_le32(superblock + BLOCK_SIZE_AT);
	if (msf->block_size < SMALLEST_BLOCK || msf->block_size > LARGEST_BLOCK ||
	    (msf->block_size & (msf->block_size - 1)) != 0)
		return error_set(error, STATUS_CORRUPT,
				 "PDB: impossible block size %" PRIu32, msf->block_size);
	msf->block_count = load_le32(superblock + BLOCK_COUNT_AT);
	if (msf->block_count > size / msf->block_size)
		return error_set(error, STATUS_CORRUPT,
				 "PDB: truncated, its %" PRIu32 " blocks of %" PRIu32
				 " bytes need more than the file's %" PRIu64 " bytes",
				 msf->block_count, msf->block_size, size);
	return STATUS_OK;
}

/*
 * Reads the directory through the lists of its blocks: first the numbers of
 * the lists from the superblock, then the lists, then what they list.
 */
static enum status read_directory(struct pdb_msf *msf, uint32_t size, struct error *error)
{
	uint64_t list_bytes = 4 * blocks_for(msf, size);
	uint64_t number_bytes = 4 * blocks_for(msf, list_bytes);
	uint8_t *numbers = NULL, *list = NULL;
	enum status status;

	if (size < 4 || size > file_size(msf->file) ||
	    number_bytes > msf->block_size - SUPERBLOCK_SIZE)
		return error_set(error, STATUS_CORRUPT,
				 "PDB: impossible size %" PRIu32 " of the stream directory", size);
	numbers = malloc((size_t)number_bytes);
	list = malloc((size_t)list_bytes);
	msf->directory = malloc(size);
	if (numbers == NULL || list == NULL || msf->directory == NULL) {
		status = error_out_of_memory(error, "the stream directory of a PDB");
		goto done;
	}
	status = file_read_at(msf->file, SUPERBLOCK_SIZE, numbers, (size_t)number_bytes, error);
	if (status == STATUS_OK)
		status = read_blocks(msf, numbers, 0, list, (size_t)list_bytes, error);
	if (status == STATUS_OK)
		status = read_blocks(msf, list, 0, msf->directory, size, error);
done:
	free(list);
	free(numbers);
	return status;
}

/*
 * The directory: number of streams, their sizes, then the block numbers of
 * one stream after the other.
 */
static enum status parse_directory(struct pdb_msf *msf, uint32_t size, struct error *error)
{
	uint32_t count = load_le32(msf->directory);
	uint64_t blocks_left, next_block = 0;

	if (count > (size - 4) / 4)
		return error_set(error, STATUS_CORRUPT,
				 "PDB: the directory's %" PRIu32 " bytes cannot hold %" PRIu32
				 " streams", size, count);
	msf->streams = calloc((size_t)count + 1, sizeof(*msf->streams));
	if (msf->streams == NULL)
		return error_out_of_memory(error, "the stream table of a PDB");
	msf->stream_count = count;
	msf->block_numbers = msf->directory + 4 + 4 * (size_t)count;
	blocks_left = (size - 4) / 4 - count;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t stream_size = load_le32(msf->directory + 4 + 4 * (size_t)i);
		uint64_t blocks;

		if (stream_size == DELETED_STREAM)
			continue;
		blocks = blocks_for(msf, stream_size);
		/* Blocks may repeat in a damaged directory, so the file's size is a limit too. */
		if (blocks > blocks_left || stream_size > file_size(msf->file))
			return error_set(error, STATUS_CORRUPT,
					 "PDB: stream %" PRIu32 " of %" PRIu32
					 " bytes has fewer blocks than it needs", i, stream_size);
		msf->streams[i].size = stream_size;
		msf->streams[i].first_block = (uint32_t)next_block;
		next_block += blocks;
		blocks_left -= blocks;
	}
	return STATUS_OK;
}

enum status pdb_msf_open(const struct file *file, struct pdb_msf **out, struct error *error)
{
	uint8_t superblock[SUPERBLOCK_SIZE];
	uint32_t directory_size;
	struct pdb_msf *msf;
	enum status status;

	if (file_size(file) < SUPERBLOCK_SIZE)
		return error_set(error, STATUS_CORRUPT, "not a program database: too small");
	status = file_read_at(file, 0, superblock, sizeof(superblock), error);
	if (status != STATUS_OK)
		return status;
	msf = calloc(1, sizeof(*msf));
	if (msf == NULL)
		return error_out_of_memory(error, "a PDB");
	msf->file = file;
	directory_size = load_le32(superblock + DIRECTORY_SIZE_AT);
	status = check_superblock(msf, superblock, error);
	if (status == STATUS_OK)
		status = read_directory(msf, directory_size, error);
	if (status == STATUS_OK)
		status = parse_directory(msf, directory_size, error);
	if (status != STATUS_OK) {
		pdb_msf_close(msf);
		return status;
	}
	*out = msf;
	return STATUS_OK;
}

void pdb_msf_close(struct pdb_msf *msf)
{
	if (msf == NULL)
		return;
	free(msf->streams);
	free(msf->directory);
	free(msf);
}

uint32_t pdb_msf_stream_count(const struct pdb_msf *msf)
{
	return msf->stream_count;
}

uint32_t pdb_msf_stream_size(const struct pdb_msf *msf, uint32_t stream)
{
	return stream < msf->stream_count ? msf->streams[stream].size : 0;
}

enum status pdb_msf_read(const struct pdb_msf *msf, uint32_t stream, uint64_t offset, void *buffer,
			 size_t size, struct error *error)
{
	if (!range_fits(offset, size, pdb_msf_stream_size(msf, stream)))
		return error_set(error, STATUS_CORRUPT,
				 "PDB: stream %" PRIu32 " of %" PRIu32 " bytes ends before %zu "
				 "bytes at offset 0x%" PRIx64, stream,
				 pdb_msf_stream_size(msf, stream), size, offset);
	if (size == 0)
		return STATUS_OK;
	return read_blocks(msf, msf->block_numbers + 4 * (size_t)msf->streams[stream].first_block,
			   offset, buffer, size, error);
}

enum status pdb_msf_read_new(const struct pdb_msf *msf, uint32_t stream, uint64_t offset,
			     size_t size, uint8_t **out, struct error *error)
{
	enum status status;
	uint8_t *bytes;

	if (!range_fits(offset, size, pdb_msf_stream_size(msf, stream)))
		return pdb_msf_read(msf, stream, offset, NULL, size, error);
	bytes = malloc(size + (size == 0));
	if (bytes == NULL)
		return error_out_of_memory(error, "a stream of a PDB");
	status = pdb_msf_read(msf, stream, offset, bytes, size, error);
	if (status != STATUS_OK) {
		free(bytes);
		return status;
	}
	*out = bytes;
	return STATUS_OK;
}
