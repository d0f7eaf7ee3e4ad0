/* SPDX-License-Identifier: MIT */
/*
 * Text for people.
 *
 * May include: nothing.
 */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Prints text so that no name from a file can steer the terminal: control
 * characters, and bytes that are no UTF-8, appear as \xNN.
 */
void print_safely(FILE *out, const char *text);

/* The same between quotation marks; those inside it, and \, have a \ in front. */
void print_quoted(FILE *out, const char *text);

/* Prints "Name:      ", or as many blanks for "", so that what follows stands in one column. */
void print_label(const char *name);

/* Prints a line of a hex dump for each 16 bytes, the addresses multiples of 16. */
void print_hex_dump(uint64_t address, const uint8_t *bytes, size_t size);

enum { SIZE_TEXT_SIZE = 32 };

/*
 * Writes a size in the largest unit that leaves a number of at least 1:
 * "512 bytes", "96 MiB", "1.5 GiB".  Returns text.
 */
const char *size_text(uint64_t size, char text[SIZE_TEXT_SIZE]);

#endif
