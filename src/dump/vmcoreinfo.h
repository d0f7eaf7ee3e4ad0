/* SPDX-License-Identifier: MIT */
/*
 * VMCOREINFO: what a Linux kernel tells about itself to readers of dumps.
 *
 * The kernel keeps it in its memory as a finished ELF note.  It is looked for
 * there: its name and the first word of its text do not stand together
 * anywhere else but in copies that are not complete.
 *
 * May include: everything below src/dump.
 */
#ifndef DUMP_VMCOREINFO_H
#define DUMP_VMCOREINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The text of a kernel fills a page of this size at most. */
enum { VMCOREINFO_TEXT_LIMIT = 4096 };

struct vmcoreinfo {
	uint64_t gpa;			/* of the note; 0 and an empty text when there is none */
	size_t size;			/* of the text */
	char text[VMCOREINFO_TEXT_LIMIT + 1];	/* lines, and a NUL behind them */
};

/*
 * Looks for a complete note that lies wholly inside size bytes of memory at
 * gpa; a note is four-byte aligned.  An earlier find stays.  True if there is
 * one now.
 */
bool vmcoreinfo_find(const uint8_t *bytes, size_t size, uint64_t gpa, struct vmcoreinfo *found);

/* The most bytes that a note takes, so that pieces can overlap by that. */
enum { VMCOREINFO_NOTE_LIMIT = 24 + VMCOREINFO_TEXT_LIMIT };

/* The value of a line KEY(name)=VALUE, such as SYMBOL(_stext)=ffff...; false if there is none. */
bool vmcoreinfo_symbol(const struct vmcoreinfo *info, const char *name, uint64_t *out);
bool vmcoreinfo_number(const struct vmcoreinfo *info, const char *name, uint64_t *out);

#endif
