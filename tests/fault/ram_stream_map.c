/* SPDX-License-Identifier: MIT */
#include "fault/ram_stream_map.h"
#include "fault/hvs_image.h"

enum {
	PAGE = 4096,
	PAGES = 256
};

/* One record of an intact stream. */
struct record {
	size_t fields;		/* bytes that decide where the next record or page begins */
	size_t content;		/* bytes behind these */
	size_t trailer;		/* bytes behind the content that are fields again */
	size_t yield;
};

static struct record read_record(const uint8_t *at)
{
	uint32_t tag = (uint32_t)image_load(at, 4);

	switch (tag) {
	case 0xFFFFFFFE:
		return (struct record){ 4, 8, 0, PAGE };
	case 0xFFFFFFFD:
		return (struct record){ 4, 8, 4, (size_t)image_load(at + 12, 4) * PAGE };
	case 0xFFFFFFFC:
		return (struct record){ 12, (size_t)image_load(at + 8, 4), 0,
					(size_t)image_load(at + 4, 4) };
	default:
		return (struct record){ 4, tag, 0, PAGE };
	}
}

static struct page_span pages_of(size_t out, size_t yield)
{
	return (struct page_span){ (unsigned)(out / PAGE),
				   (unsigned)((out + yield + PAGE - 1) / PAGE) };
}

struct page_span pages_touched_by(const uint8_t *stored, size_t size, size_t position)
{
	struct page_span none = { 0, 0 };
	size_t at = 0;
	size_t out = 0;

	if (size == (size_t)PAGES * PAGE)
		return pages_of(position, 1);
	while (out < (size_t)PAGES * PAGE) {
		struct page_span rest = { (unsigned)(out / PAGE), PAGES };
		struct record record;
		size_t content;

		if (image_load(stored + at, 4) == 0xFFFFFFFF)
			return position < at + 4 ? rest : none;
		record = read_record(stored + at);
		content = at + record.fields;
		if (position < content)
			return rest;
		if (position < content + record.content)
			return pages_of(out, record.yield);
		at = content + record.content + record.trailer;
		if (position < at)
			return rest;
		out += record.yield;
	}
	return none;
}
