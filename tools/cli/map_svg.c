/* SPDX-License-Identifier: MIT */
#include "map_svg.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "print.h"
#include "text_builder.h"

/* Everything is measured in units of the picture, a tile being TILE wide and high. */
enum {
	TILE = 10,
	MARGIN = 28,
	DIGIT_WIDTH = 7,		/* of the addresses, at 11 units high */
	HOLE_HEIGHT = 30,		/* between rows that are not neighbours */
	BAR_TOP = 84,
	BAR_HEIGHT = 14,
	LEGEND_TOP = 124,
	LEGEND_STEP = 20,
	LEGEND_GAP = 6,			/* between the legend and the map */
	MAP_WIDTH = MAP_COLUMNS * TILE
};

_Static_assert((LEGEND_TOP + LEGEND_GAP) % TILE == 0 && LEGEND_STEP % TILE == 0 &&
	       HOLE_HEIGHT % TILE == 0, "rows stand where the grid does");

struct drawing {
	struct text_builder out;
	const struct memory_map *map;
	int digits;			/* of the addresses */
	int left;			/* of the tiles */
	int width;
	int y;				/* where the next thing goes */
};

/* ---- Head --------------------------------------------------------------- */

static int map_height(const struct memory_map *map)
{
	int height = (int)map->row_count * TILE;

	for (size_t i = 0; i < map->row_count; i++)
		height += map_hole_before(map, i) != NULL ? HOLE_HEIGHT : 0;
	return height;
}

static int kinds_present(const struct memory_map *map)
{
	int count = 0;

	for (int i = 0; i < PAGE_KIND_COUNT; i++)
		count += map->total.pages[page_kinds[i].storage] > 0;
	return count;
}

/* The grid lies over the tiles, so that neighbours of one kind can be one rectangle. */
static void draw_definitions(struct drawing *drawing)
{
	text_add(&drawing->out,
		 "<style>\n"
		 "text{font-family:system-ui,'Segoe UI','DejaVu Sans',Arial,sans-serif;"
		 "font-size:12px;fill:#1f2933}\n"
		 ".title{font-size:19px;font-weight:600}\n"
		 ".quiet{fill:#5f6b7a}\n"
		 ".number{text-anchor:end}\n"
		 ".address{font-family:ui-monospace,Consolas,'DejaVu Sans Mono',monospace;"
		 "font-size:11px;fill:#5f6b7a;text-anchor:end}\n"
		 "</style>\n"
		 "<defs>\n"
		 "<pattern id=\"grid\" width=\"%d\" height=\"%d\" x=\"%d\" y=\"0\" "
		 "patternUnits=\"userSpaceOnUse\">"
		 "<path d=\"M%d 0V%dH0\" fill=\"none\" stroke=\"#fff\" stroke-width=\"2\"/>"
		 "</pattern>\n"
		 "</defs>\n",
		 TILE, TILE, drawing->left, TILE, TILE);
}

static void draw_title(struct drawing *drawing, const char *title)
{
	const struct memory_map *map = drawing->map;
	char size[SIZE_TEXT_SIZE];

	text_add(&drawing->out, "<text class=\"title\" x=\"%d\" y=\"44\">Guest memory of ", MARGIN);
	text_add_xml(&drawing->out, title);
	text_add(&drawing->out, "</text>\n<text class=\"quiet\" x=\"%d\" y=\"66\">%s in %zu range%s",
		 MARGIN, size_text(memory_ranges_size(&map->chunks), size), map->chunks.count,
		 map->chunks.count == 1 ? "" : "s");
	if (map->holes.count > 0)
		text_add(&drawing->out, ", with %s of holes between them",
			 size_text(memory_ranges_size(&map->holes), size));
	text_add(&drawing->out, "; a tile is %s</text>\n",
		 size_text(UINT64_C(1) << map->tile_shift, size));
}

/* What part of the memory each kind is, side by side. */
static void draw_bar(struct drawing *drawing)
{
	double all = (double)map_tile_pages(&drawing->map->total);
	double width = drawing->width - 2 * MARGIN;
	double x = MARGIN;

	for (int i = 0; i < PAGE_KIND_COUNT; i++) {
		uint64_t pages = drawing->map->total.pages[page_kinds[i].storage];
		double part = all > 0 ? width * (double)pages / all : 0;

		if (pages == 0)
			continue;
		text_add(&drawing->out,
			 "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"%s\"/>\n",
			 x, BAR_TOP, part, BAR_HEIGHT, page_kinds[i].svg_colour);
		x += part;
	}
}

static void draw_legend_line(struct drawing *drawing, const struct page_kind *kind)
{
	uint64_t pages = drawing->map->total.pages[kind->storage];
	uint64_t all = map_tile_pages(&drawing->map->total);
	int right = drawing->width - MARGIN;
	char size[SIZE_TEXT_SIZE];

	text_add(&drawing->out,
		 "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" rx=\"2\" fill=\"%s\"/>"
		 "<text x=\"%d\" y=\"%d\">%s</text>"
		 "<text class=\"quiet\" x=\"%d\" y=\"%d\">%s</text>",
		 MARGIN, drawing->y - 10, kind->svg_colour, MARGIN + 20, drawing->y, kind->name,
		 MARGIN + 110, drawing->y, kind->meaning);
	text_add(&drawing->out,
		 "<text class=\"number quiet\" x=\"%d\" y=\"%d\">%" PRIu64 " page%s</text>"
		 "<text class=\"number\" x=\"%d\" y=\"%d\">%s</text>"
		 "<text class=\"number\" x=\"%d\" y=\"%d\">%.1f %%</text>\n",
		 right - 170, drawing->y, pages, pages == 1 ? "" : "s", right - 70, drawing->y,
		 size_text(pages * GUEST_PAGE_SIZE, size), right, drawing->y,
		 100.0 * (double)pages / (double)all);
	drawing->y += LEGEND_STEP;
}

static void draw_legend(struct drawing *drawing)
{
	drawing->y = LEGEND_TOP;
	for (int i = 0; i < PAGE_KIND_COUNT; i++) {
		if (drawing->map->total.pages[page_kinds[i].storage] > 0)
			draw_legend_line(drawing, &page_kinds[i]);
	}
	drawing->y += LEGEND_GAP;
}

/* ---- Tiles -------------------------------------------------------------- */

/* What appears when the pointer rests on it. */
static void add_tooltip(struct drawing *drawing, uint64_t start, size_t tiles,
			const struct map_tile *sum)
{
	const char *separator = ": ";

	text_add(&drawing->out, "<title>0x%" PRIX64 " - 0x%" PRIX64, start,
		 start + (((uint64_t)tiles << drawing->map->tile_shift) - 1));
	for (int i = 0; i < PAGE_KIND_COUNT; i++) {
		uint64_t pages = sum->pages[page_kinds[i].storage];

		if (pages == 0)
			continue;
		text_add(&drawing->out, "%s%" PRIu64 " %s", separator, pages, page_kinds[i].name);
		separator = ", ";
	}
	text_add(&drawing->out, "</title>");
}

static void draw_run(struct drawing *drawing, const struct map_row *row, size_t first, size_t end,
		     const struct page_kind *kind)
{
	struct map_tile sum = { 0 };

	for (size_t i = first; i < end; i++) {
		for (int k = 0; k < STORAGE_COUNT; k++)
			sum.pages[k] += row->tiles[i].pages[k];
	}
	text_add(&drawing->out,
		 "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\">",
		 drawing->left + (int)first * TILE, drawing->y, (int)(end - first) * TILE, TILE,
		 kind->svg_colour);
	add_tooltip(drawing, row->start + ((uint64_t)first << drawing->map->tile_shift),
		    end - first, &sum);
	text_add(&drawing->out, "</rect>\n");
}

static void draw_tiles(struct drawing *drawing, const struct map_row *row)
{
	size_t column = 0;

	while (column < MAP_COLUMNS) {
		VMSAVEDSTATE_PAGE_STORAGE shown = map_tile_shows(&row->tiles[column]);
		const struct page_kind *kind = page_kind_of(shown);
		size_t end = column + 1;

		while (end < MAP_COLUMNS && map_tile_shows(&row->tiles[end]) == shown)
			end++;
		if (kind != NULL)
			draw_run(drawing, row, column, end, kind);
		column = end;
	}
}

static void draw_hole(struct drawing *drawing, const struct memory_range *hole)
{
	int middle = drawing->y + HOLE_HEIGHT / 2;
	char size[SIZE_TEXT_SIZE];

	text_add(&drawing->out,
		 "<path d=\"M%d %dh%d\" stroke=\"#b6bfca\" stroke-dasharray=\"2 4\"/>"
		 "<rect x=\"%d\" y=\"%d\" width=\"200\" height=\"16\" fill=\"#fff\"/>"
		 "<text class=\"quiet\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">"
		 "%s without memory"
		 "<title>0x%" PRIX64 " - 0x%" PRIX64 "</title></text>\n",
		 drawing->left, middle, MAP_WIDTH, drawing->left + MAP_WIDTH / 2 - 100, middle - 8,
		 drawing->left + MAP_WIDTH / 2, middle + 4,
		 size_text(hole->last - hole->start + 1, size), hole->start, hole->last);
	drawing->y += HOLE_HEIGHT;
}

/* The address of every eighth row of those that follow on one another, and of the first. */
static void draw_map(struct drawing *drawing)
{
	const struct memory_map *map = drawing->map;
	size_t since_label = 0;

	for (size_t i = 0; i < map->row_count; i++) {
		const struct memory_range *hole = map_hole_before(map, i);

		if (hole != NULL) {
			draw_hole(drawing, hole);
			since_label = 0;
		}
		if (since_label++ % 8 == 0)
			text_add(&drawing->out,
				 "<text class=\"address\" x=\"%d\" y=\"%d\">0x%0*" PRIX64
				 "</text>\n",
				 drawing->left - 10, drawing->y + TILE - 1, drawing->digits,
				 map->rows[i].start);
		draw_tiles(drawing, &map->rows[i]);
		text_add(&drawing->out,
			 "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"url(#grid)\" "
			 "pointer-events=\"none\"/>\n",
			 drawing->left, drawing->y, MAP_WIDTH, TILE);
		drawing->y += TILE;
	}
}

char *map_svg_draw(const struct memory_map *map, const char *title, size_t *size_out)
{
	struct drawing drawing = { .map = map, .digits = 1 };
	int height;

	if (map->row_count > 0)
		drawing.digits = snprintf(NULL, 0, "%" PRIX64,
					  map->rows[map->row_count - 1].start);
	drawing.left = MARGIN + (drawing.digits + 2) * DIGIT_WIDTH + 10;
	drawing.width = drawing.left + MAP_WIDTH + MARGIN;
	height = LEGEND_TOP + kinds_present(map) * LEGEND_STEP + LEGEND_GAP + map_height(map) +
		 MARGIN;
	text_add(&drawing.out,
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		 "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		 "viewBox=\"0 0 %d %d\" role=\"img\">\n<title>Guest memory of ",
		 drawing.width, height, drawing.width, height);
	text_add_xml(&drawing.out, title);
	text_add(&drawing.out, "</title>\n");
	draw_definitions(&drawing);
	text_add(&drawing.out, "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n");
	draw_title(&drawing, title);
	draw_bar(&drawing);
	draw_legend(&drawing);
	draw_map(&drawing);
	text_add(&drawing.out, "</svg>\n");
	if (drawing.out.failed) {
		free(drawing.out.text);
		return NULL;
	}
	*size_out = drawing.out.length;
	return drawing.out.text;
}
