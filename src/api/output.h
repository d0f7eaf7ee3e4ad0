/* SPDX-License-Identifier: MIT */
/*
 * Structures of the caller's, of whatever version.
 *
 * Each begins with the size that the caller knows.  No byte beyond that is
 * touched.  What the caller has and this library does not know becomes 0 in an
 * output and must be 0 in an input.
 *
 * May include: everything below.
 */
#ifndef API_OUTPUT_H
#define API_OUTPUT_H

#include "api/call.h"

/*
 * False, with the failure recorded, for NULL, a size below that of the first
 * version, or one above 64 KiB, which is what was on the stack before.
 */
bool output_has_room(struct call *call, const void *structure, size_t first_version_size);

/*
 * True if an input, which is not NULL, has at least the size of the first
 * version and at most 64 KiB, and asks for nothing that this library does not know.
 */
bool input_is_known(const void *structure, size_t known_size);

/*
 * Copies from, whose own StructSize need not be set, over a structure that
 * output_has_room let pass.
 */
void output_write(void *structure, const void *from, size_t size);

#endif
