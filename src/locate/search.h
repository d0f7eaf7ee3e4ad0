/* SPDX-License-Identifier: MIT */
/*
 * Which entries of a catalogue a name means.
 *
 * A name is compared exactly first, and without case when there is none like
 * it; a GUID stands for what has it as its id.
 *
 * May include: src/base, src/locate.
 */
#ifndef LOCATE_SEARCH_H
#define LOCATE_SEARCH_H

#include "locate/catalogue.h"

/*
 * The saved state that is meant by the name of a VM and that of a checkpoint
 * (NULL or "": none).  Of a checkpoint it is that one's; else the VM's own,
 * and where it has none, that of its newest checkpoint with one.  Of several
 * VMs or checkpoints of a name it is the state written last.  One that cannot
 * be read is taken only where no other is.  NULL in *out when there is none.
 *
 * STATUS_OUT_OF_MEMORY.
 */
enum status search_newest(const struct catalogue *catalogue, const char *name,
			  const char *checkpoint, const struct located **out,
			  struct error *error);

/*
 * All that is meant: VMs in the order of their names, each followed by its
 * checkpoints from the oldest to the newest, then checkpoints whose VM is not
 * known.  name NULL means every VM; checkpoint NULL the VM and its checkpoints.
 * All are examined.  The caller frees *out, an array.  STATUS_OUT_OF_MEMORY.
 */
enum status search_all(const struct catalogue *catalogue, const char *name,
		       const char *checkpoint, const struct located ***out, size_t *count_out,
		       struct error *error);

#endif
