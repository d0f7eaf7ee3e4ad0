/* SPDX-License-Identifier: MIT */
#include "dump_formats.h"

#include <stddef.h>
#include <string.h>

static const struct dump_format formats[] = {
	{ "raw", VMSAVEDSTATE_DUMP_RAW, "raw memory" },
	{ "elf", VMSAVEDSTATE_DUMP_ELF, "ELF core" },
	{ "dmp", VMSAVEDSTATE_DUMP_WINDOWS, "Windows crash dump" },
	{ "dmp-full", VMSAVEDSTATE_DUMP_WINDOWS_FULL, "full Windows crash dump" },
	{ "dmp-bitmap", VMSAVEDSTATE_DUMP_WINDOWS_BITMAP, "bitmap Windows crash dump" },
	{ "snapshot", VMSAVEDSTATE_DUMP_SNAPSHOT, "snapshot" },
};

enum { FORMAT_COUNT = sizeof(formats) / sizeof(formats[0]) };

const struct dump_format *dump_format_of_name(const char *name)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	}
	return NULL;
}

const struct dump_format *dump_format_of_number(VMSAVEDSTATE_DUMP_FORMAT format)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (formats[i].format == format)
			return &formats[i];
	}
	return NULL;
}
