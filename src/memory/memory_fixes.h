/* SPDX-License-Identifier: MIT */
/*
 * Patches that a debugger lays over guest memory.
 *
 * They are kept by page, so that a read costs one look-up per page however
 * many there are.  The saved state itself is never changed.
 *
 * Threads: adding excludes everything else; the caller sees to that.
 *
 * May include: src/base.
 */
#ifndef MEMORY_MEMORY_FIXES_H
#define MEMORY_MEMORY_FIXES_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fixed_page;

struct memory_fixes {
	struct fixed_page *pages;	/* a hash table by guest-physical page; NULL when empty */
};

/* Lays size bytes over the memory at gpa; later fixes win byte by byte.  STATUS_OUT_OF_MEMORY. */
enum status memory_fixes_add(struct memory_fixes *fixes, uint64_t gpa, const void *bytes,
			     size_t size, struct error *error);

/* Puts what is fixed of [gpa, gpa + size) into buffer, which holds the saved bytes. */
void memory_fixes_overlay(const struct memory_fixes *fixes, uint64_t gpa, void *buffer,
			  size_t size);
void memory_fixes_fini(struct memory_fixes *fixes);

static inline bool memory_fixes_empty(const struct memory_fixes *fixes)
{
	return fixes->pages == NULL;
}

#endif
