/* SPDX-License-Identifier: MIT */
/*
 * All that a file holds, boiled down to numbers that can be compared.
 *
 * May include: src/base, src/platform, src/container.
 */
#ifndef FAULT_SAVED_CONTENT_H
#define FAULT_SAVED_CONTENT_H

#include "fault/fixture_files.h"
#include "platform/file.h"

struct saved_content {
	enum status status;	/* of opening the container and listing its keys */
	uint32_t keys;
	uint32_t unreadable;	/* keys whose value does not read */
	uint32_t checksum;	/* of paths, types and values, wherever they stand */
	uint32_t pending;	/* entries of the replay log */
};

/* Reads the container in file, which is closed, from end to end. */
struct saved_content saved_content_of_file(struct file *file);
struct saved_content saved_content_of_bytes(struct bytes bytes);

#endif
