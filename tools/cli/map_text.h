/* SPDX-License-Identifier: MIT */
/*
 * The map as characters: blocks in colours on a terminal, letters elsewhere
 * and where the environment has NO_COLOR.
 *
 * May include: tools/cli.
 */
#ifndef CLI_MAP_TEXT_H
#define CLI_MAP_TEXT_H

#include "memory_map.h"

/* Rows that fit a screen. */
enum { MAP_TEXT_ROWS = 32 };

/* Prints the rows of tiles, a line for each, with the holes between them. */
void print_map_rows(const struct memory_map *map);

/* Prints a line for each kind of page there is: what stands for it, pages and share. */
void print_map_totals(const struct memory_map *map);

#endif
