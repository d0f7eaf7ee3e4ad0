/* SPDX-License-Identifier: MIT */
/*
 * The map as a picture that stands alone: no scripts, no fonts, nothing from
 * elsewhere.  Resting on a part of it tells its addresses and pages.
 *
 * May include: tools/cli.
 */
#ifndef CLI_MAP_SVG_H
#define CLI_MAP_SVG_H

#include "memory_map.h"

/* Rows that fit a page of a report. */
enum { MAP_SVG_ROWS = 96 };

/*
 * Draws a map; title is the name of the saved state.  Returns a text of
 * *size_out bytes, which the caller frees, or NULL when memory is short.
 */
char *map_svg_draw(const struct memory_map *map, const char *title, size_t *size_out);

#endif
