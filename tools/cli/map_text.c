/* SPDX-License-Identifier: MIT */
#include "map_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "platform.h"
#include "print.h"

static bool shows_colours(void)
{
	const char *no_color = getenv("NO_COLOR");

	return platform_takes_escapes(stdout) && (no_color == NULL || no_color[0] == '\0');
}

/* Tiles next to each other that show the same share one change of colour. */
static void print_blocks(const struct page_kind *kind, size_t count)
{
	if (kind != NULL)
		printf("\033[%um", kind->terminal_colour);
	for (size_t i = 0; i < count; i++)
		fputs(kind == NULL ? " " : kind->block, stdout);
	if (kind != NULL)
		fputs("\033[0m", stdout);
}

static void print_letters(const struct page_kind *kind, size_t count)
{
	for (size_t i = 0; i < count; i++)
		putchar(kind == NULL ? ' ' : kind->letter);
}

static void print_tiles(const struct map_row *row, bool colours)
{
	size_t column = 0;

	while (column < MAP_COLUMNS) {
		VMSAVEDSTATE_PAGE_STORAGE shown = map_tile_shows(&row->tiles[column]);
		size_t end = column + 1;

		while (end < MAP_COLUMNS && map_tile_shows(&row->tiles[end]) == shown)
			end++;
		if (colours)
			print_blocks(page_kind_of(shown), end - column);
		else
			print_letters(page_kind_of(shown), end - column);
		column = end;
	}
}

void print_map_rows(const struct memory_map *map)
{
	bool colours = shows_colours();
	int digits = 1;

	if (map->row_count > 0)
		digits = snprintf(NULL, 0, "%" PRIX64, map->rows[map->row_count - 1].start);
	for (size_t i = 0; i < map->row_count; i++) {
		const struct memory_range *hole = map_hole_before(map, i);
		char size[SIZE_TEXT_SIZE];

		if (hole != NULL)
			printf("%*s  (%s without memory)\n", digits + 2, "...",
			       size_text(hole->last - hole->start + 1, size));
		printf("0x%0*" PRIX64 "  ", digits, map->rows[i].start);
		print_tiles(&map->rows[i], colours);
		printf("\n");
	}
}

void print_map_totals(const struct memory_map *map)
{
	uint64_t all = map_tile_pages(&map->total);
	bool colours = shows_colours();

	for (int i = 0; i < PAGE_KIND_COUNT; i++) {
		const struct page_kind *kind = &page_kinds[i];
		uint64_t pages = map->total.pages[kind->storage];
		char size[SIZE_TEXT_SIZE];

		if (pages == 0)
			continue;
		printf("  ");
		if (colours)
			print_blocks(kind, 1);
		else
			print_letters(kind, 1);
		printf("  %-10s  %12" PRIu64 " page%s  %10s  %5.1f %%  %s\n", kind->name, pages,
		       pages == 1 ? " " : "s", size_text(pages * GUEST_PAGE_SIZE, size),
		       100.0 * (double)pages / (double)all, kind->meaning);
	}
}
