/* SPDX-License-Identifier: MIT */
/*
 * The guest OS id, in words.
 *
 * A guest that knows Hyper-V writes a 64-bit id into a register of the
 * hypervisor.  Closed-source systems put vendor, system and version into it,
 * open-source systems (bit 63) their kind, version, distribution and build.
 *
 * May include: nothing.
 */
#ifndef STATE_GUEST_OS_H
#define STATE_GUEST_OS_H

#include <stddef.h>
#include <stdint.h>

/* Holds the longest description with its NUL. */
enum { GUEST_OS_TEXT_SIZE = 96 };

/*
 * Writes "Windows 10.0.19041", "Windows 6.1.7601 Service Pack 1", "Linux
 * 6.1.0", "FreeBSD 13.2", "HPE OS 3 1.2.45", "vendor 0x0123 OS 3 1.2.45" and
 * the like, NUL-terminated and cut to size bytes; an id of 0 is "not
 * reported".
 */
void guest_os_describe(uint64_t id, char *out, size_t size);

#endif
