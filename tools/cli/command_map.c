/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "written_file.h"
#include "failure.h"
#include "json_writer.h"
#include "map_svg.h"
#include "map_text.h"
#include "memory_map.h"
#include "print.h"
#include "saved_state.h"

static void print_ranges(const struct memory_map *map)
{
	char size[SIZE_TEXT_SIZE];
	char tile[SIZE_TEXT_SIZE];

	print_label("Memory");
	if (map->chunks.count == 0) {
		printf("nothing tells its addresses\n");
		return;
	}
	printf("%s in %zu range%s, a tile is %s\n",
	       size_text(memory_ranges_size(&map->chunks), size), map->chunks.count,
	       map->chunks.count == 1 ? "" : "s",
	       size_text(UINT64_C(1) << map->tile_shift, tile));
	memory_ranges_print(&map->chunks);
	if (map->holes.count > 0) {
		print_label("Holes");
		printf("%s between them\n", size_text(memory_ranges_size(&map->holes), size));
		memory_ranges_print(&map->holes);
	}
}

static void write_json(const struct memory_map *map, const char *svg_path)
{
	struct json_writer json;

	json_begin(&json, stdout);
	json_number(&json, "page_size", GUEST_PAGE_SIZE);
	json_number(&json, "memory_size", memory_ranges_size(&map->chunks));
	memory_ranges_json(&json, "ranges", &map->chunks);
	memory_ranges_json(&json, "holes", &map->holes);
	json_object_begin(&json, "pages");
	for (int i = 0; i < PAGE_KIND_COUNT; i++)
		json_number(&json, page_kinds[i].name, map->total.pages[page_kinds[i].storage]);
	json_close(&json);
	memory_ranges_json(&json, "missing", &map->missing);
	memory_ranges_json(&json, "damaged", &map->damaged);
	json_number(&json, "tile_size", UINT64_C(1) << map->tile_shift);
	json_text(&json, "svg", svg_path);
	json_end(&json);
}

/* The name without its folders, which are nobody's business in a report. */
static const char *name_of(const char *path)
{
	const char *name = path;

	for (; *path != '\0'; path++) {
		if (*path == '/' || *path == '\\')
			name = path + 1;
	}
	return name;
}

static enum exit_code write_picture(struct written_file *file, const struct memory_map *map,
				    const struct saved_state *state)
{
	size_t size;
	char *text = map_svg_draw(map, name_of(state->source.Path), &size);
	enum exit_code code;

	if (text == NULL) {
		written_file_discard(file);
		return fail_out_of_memory();
	}
	code = written_file_write(file, 0, (const uint8_t *)text, size);
	free(text);
	if (code == EXIT_DONE)
		return written_file_complete(file, size);
	written_file_discard(file);
	return code;
}

/* The name of the picture is tried before the survey, which may take long. */
static enum exit_code survey_into_picture(const struct arguments *arguments,
					  const struct saved_state *state, struct memory_map *map)
{
	struct written_file file = { 0 };
	enum exit_code code = written_file_begin(&file, arguments->texts[OPTION_SVG],
					      arguments->given[OPTION_FORCE], &state->source);

	if (code == EXIT_DONE) {
		code = memory_map_survey(state, MAP_SVG_ROWS, map);
		if (code != EXIT_DONE)
			written_file_discard(&file);
		else
			code = write_picture(&file, map, state);
	}
	written_file_free(&file);
	return code;
}

static void show(const struct arguments *arguments, const struct memory_map *map)
{
	const char *svg_path = arguments->texts[OPTION_SVG];

	if (arguments->given[OPTION_JSON]) {
		write_json(map, svg_path);
		return;
	}
	print_ranges(map);
	if (map->row_count > 0) {
		printf("\n");
		if (svg_path == NULL) {
			print_map_rows(map);
			printf("\n");
		}
		print_map_totals(map);
	}
	if (svg_path != NULL) {
		printf("\nThe map is in ");
		print_safely(stdout, svg_path);
		printf(".\n");
	}
}

enum exit_code command_map(const struct arguments *arguments)
{
	struct saved_state state;
	struct memory_map map = { 0 };
	enum exit_code code;

	if (arguments->given[OPTION_FORCE] && !arguments->given[OPTION_SVG])
		return fail_usage("--force needs --svg.");
	code = saved_state_open(arguments, &state);
	if (code != EXIT_DONE)
		return code;
	platform_watch_interrupt();
	if (arguments->given[OPTION_SVG])
		code = survey_into_picture(arguments, &state, &map);
	else
		code = memory_map_survey(&state, MAP_TEXT_ROWS, &map);
	if (code == EXIT_DONE)
		show(arguments, &map);
	memory_map_free(&map);
	saved_state_close(&state);
	return code;
}
