/* SPDX-License-Identifier: MIT */
/*
 * Structures that the caller hands over to be filled, of whatever version.
 *
 * Each begins with the size that the caller knows.  No byte beyond that is
 * touched; what the caller has and this library does not know becomes 0.
 *
 * May include: everything below.
 */
#ifndef API_OUTPUT_H
#define API_OUTPUT_H

#include "api/call.h"

/* False, with the failure recorded, for NULL or a size below that of the first version. */
bool output_has_room(struct call *call, const void *structure, size_t first_version_size);

/*
 * Copies from, whose own StructSize need not be set, over a structure that
 * output_has_room let pass.
 */
void output_write(void *structure, const void *from, size_t size);

#endif
