/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>

#include "guest_symbols.h"
#include "json_writer.h"
#include "print.h"

static void print_images(const struct guest_images *images)
{
	printf("%-18s  %10s  %-10s  %s\n", "base", "size", "timestamp", "name");
	for (size_t i = 0; i < images->count; i++) {
		const struct guest_image *image = &images->items[i];
		char size[SIZE_TEXT_SIZE];

		printf("0x%016" PRIX64 "  %10s  0x%08" PRIX32 "  ", image->base,
		       size_text(image->size, size), image->timestamp);
		print_safely(stdout, image->name);
		printf("\n");
	}
}

static void write_images(const struct guest_images *images)
{
	struct json_writer json;

	json_begin(&json, stdout);
	json_array_begin(&json, "images");
	for (size_t i = 0; i < images->count; i++) {
		const struct guest_image *image = &images->items[i];

		json_object_begin(&json, NULL);
		json_hex(&json, "base", image->base, 16);
		json_number(&json, "size", image->size);
		json_hex(&json, "timestamp", image->timestamp, 8);
		json_text(&json, "name", image->name);
		json_close(&json);
	}
	json_end(&json);
}

enum exit_code command_images(const struct arguments *arguments)
{
	struct saved_state state;
	struct guest_images images = { 0 };
	UINT32 vp = 0;
	enum exit_code code = saved_state_open(arguments, &state);

	if (code != EXIT_DONE)
		return code;
	code = saved_state_switch_vp(&state, arguments, &vp);
	if (code == EXIT_DONE)
		code = guest_images_find(&state, vp, &images);
	if (code == EXIT_DONE && arguments->given[OPTION_JSON])
		write_images(&images);
	else if (code == EXIT_DONE)
		print_images(&images);
	guest_images_free(&images);
	saved_state_close(&state);
	return code;
}
