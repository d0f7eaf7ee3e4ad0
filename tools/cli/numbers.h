/* SPDX-License-Identifier: MIT */
/*
 * Numbers as they are written on the command line: hexadecimal with 0x in
 * front or with a grave accent inside, as debuggers print addresses
 * (fffff800`00000000), decimal otherwise; with K, M, G or T behind them for
 * powers of 1024.
 *
 * May include: nothing.
 */
#ifndef CLI_NUMBERS_H
#define CLI_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

/* False when text is no number or does not fit 64 bits. */
bool parse_number(const char *text, uint64_t *out);

#endif
