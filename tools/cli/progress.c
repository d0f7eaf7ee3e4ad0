/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <string.h>

#include "platform.h"
#include "print.h"

enum { WIDEST_BAR = 40, NUMBERS_WIDTH = 52 };

static const double SECONDS_BETWEEN_DRAWINGS = 0.1;

void progress_begin(struct progress *progress, uint64_t total)
{
	*progress = (struct progress){
		.shown = platform_takes_escapes(stderr),
		.total = total,
		.begun = platform_seconds(),
	};
}

static void draw_bar(double fraction)
{
	char bar[WIDEST_BAR + 1];
	unsigned columns = platform_terminal_columns(stderr);
	unsigned width;
	unsigned filled;

	if (columns < NUMBERS_WIDTH + 12)
		return;
	width = columns - NUMBERS_WIDTH - 3 < WIDEST_BAR ? columns - NUMBERS_WIDTH - 3 : WIDEST_BAR;
	filled = (unsigned)(fraction * width);
	memset(bar, ' ', width);
	memset(bar, '#', filled);
	bar[width] = '\0';
	fprintf(stderr, "[%s] ", bar);
}

static void draw_remaining_time(double seconds)
{
	unsigned long whole = seconds < 360000 ? (unsigned long)(seconds + 0.5) : 359999;

	if (whole >= 3600)
		fprintf(stderr, ", %lu:%02lu:%02lu left", whole / 3600, whole / 60 % 60,
			whole % 60);
	else
		fprintf(stderr, ", %lu:%02lu left", whole / 60, whole % 60);
}

void progress_update(struct progress *progress, uint64_t done)
{
	double now = platform_seconds();
	double elapsed = now - progress->begun;
	double fraction;
	char done_text[SIZE_TEXT_SIZE];
	char total_text[SIZE_TEXT_SIZE];
	char rate_text[SIZE_TEXT_SIZE];

	if (!progress->shown || progress->total == 0 ||
	    now - progress->drawn < SECONDS_BETWEEN_DRAWINGS)
		return;
	progress->drawn = now;
	fraction = (double)done / (double)progress->total;
	fputs("\r\033[K", stderr);
	draw_bar(fraction);
	fprintf(stderr, "%3u%% %s of %s", (unsigned)(fraction * 100), size_text(done, done_text),
		size_text(progress->total, total_text));
	/* The first moments tell nothing about the rest. */
	if (elapsed > 0.5 && done > 0) {
		double rate = (double)done / elapsed;

		fprintf(stderr, ", %s/s", size_text((uint64_t)rate, rate_text));
		draw_remaining_time((double)(progress->total - done) / rate);
	}
	fflush(stderr);
}

void progress_hide(struct progress *progress)
{
	if (!progress->shown || progress->drawn <= 0)
		return;
	fputs("\r\033[K", stderr);
	progress->drawn = 0;
}

void progress_end(struct progress *progress)
{
	progress_hide(progress);
	progress->shown = false;
}
