/* SPDX-License-Identifier: MIT */
#include "bench/codec_pages.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGE = 4096, PAGES_PER_BLOCK = 256, STREAM_LIMIT = 1 << 20 };

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/*
 * The size of the record stream at bytes, or 0 if there is none.  Only the
 * records that real writers use are known here.  XPRESS payloads are put into
 * pages (room for 256), their number into *count.
 */
static size_t parse_stream(const uint8_t *bytes, size_t size, struct packed_page *pages,
			   size_t *count)
{
	size_t position = 0;
	uint64_t done = 0;

	*count = 0;
	while (size - position >= 4) {
		uint32_t tag = le32(bytes + position);

		position += 4;
		if (tag == 0xFFFFFFFF)
			return done == PAGES_PER_BLOCK ? position : 0;
		if (tag == 0xFFFFFFFE && size - position >= 8) {
			position += 8;
			done++;
		} else if (tag == 0xFFFFFFFD && size - position >= 12) {
			done += le32(bytes + position + 8);
			position += 12;
		} else if (tag >= 1 && tag <= PAGE && size - position >= tag) {
			if (tag < PAGE && *count < PAGES_PER_BLOCK)
				pages[(*count)++] = (struct packed_page){ bytes + position, tag };
			position += tag;
			done++;
		} else {
			return 0;
		}
		if (done > PAGES_PER_BLOCK)
			return 0;
	}
	return 0;
}

static bool read_file(const char *path, struct codec_pages *out)
{
	FILE *file = fopen(path, "rb");
	long size;

	if (file == NULL)
		return false;
	if (fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) <= 0) {
		fclose(file);
		return false;
	}
	rewind(file);
	out->file_size = (size_t)size;
	out->file = malloc(out->file_size);
	if (out->file != NULL && fread(out->file, 1, out->file_size, file) != out->file_size) {
		free(out->file);
		out->file = NULL;
	}
	fclose(file);
	return out->file != NULL;
}

static void find_streams(struct codec_pages *pages)
{
	size_t offset = 0;

	while (offset + PAGE <= pages->file_size) {
		size_t left = pages->file_size - offset;
		size_t found;
		size_t size = parse_stream(pages->file + offset,
					   left < STREAM_LIMIT ? left : STREAM_LIMIT - 1,
					   pages->xpress + pages->xpress_count, &found);

		if (size == 0) {
			offset += PAGE;
			continue;
		}
		pages->streams[pages->stream_count].bytes = pages->file + offset;
		pages->streams[pages->stream_count++].size = size;
		pages->xpress_count += found;
		offset += (size + PAGE - 1) / PAGE * PAGE;
	}
}

bool codec_pages_load(const char *path, struct codec_pages *out)
{
	*out = (struct codec_pages){ 0 };
	if (!read_file(path, out)) {
		fprintf(stderr, "%s: cannot be read\n", path);
		return false;
	}
	/* A stream takes at least one page of the file, an XPRESS record at least 5 bytes. */
	out->streams = malloc((out->file_size / PAGE + 1) * sizeof(*out->streams));
	out->xpress = malloc((out->file_size / 5 + PAGES_PER_BLOCK) * sizeof(*out->xpress));
	if (out->streams == NULL || out->xpress == NULL) {
		fprintf(stderr, "not enough memory for the pages of %s\n", path);
		codec_pages_free(out);
		return false;
	}
	find_streams(out);
	return true;
}

void codec_pages_free(struct codec_pages *pages)
{
	free(pages->file);
	free(pages->streams);
	free(pages->xpress);
	*pages = (struct codec_pages){ 0 };
}
