/* SPDX-License-Identifier: MIT */
/*
 * The XML of configuration files before VM version 6.
 *
 * Hyper-V writes elements, attributes and texts, nothing else, so this reads
 * no more: no document types, and with them no entities of the file's own, no
 * namespaces, nothing from outside the file.  A full parser would be a library
 * more, one that is not at hand for every system this is built for, for six
 * texts of a file of a hundred kilobytes.
 *
 * May include: src/base.
 */
#ifndef LOCATE_XML_READER_H
#define LOCATE_XML_READER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Called for each element that holds no others: its path from the root,
 * "/configuration/properties/name", and its text in UTF-8, blanks included.
 * Return false to end the reading, which is then STATUS_OK.
 */
typedef bool (*xml_visitor)(void *context, const char *path, const char *text);

/*
 * Reads a document of UTF-8, or of UTF-16 in either order of bytes; a mark at
 * the start tells which.  STATUS_CORRUPT for what is no such document, is
 * nested deeper than 32 elements or has a document type; STATUS_OUT_OF_MEMORY.
 */
enum status xml_read(const uint8_t *bytes, size_t size, xml_visitor visit, void *context,
		     struct error *error);

#endif
