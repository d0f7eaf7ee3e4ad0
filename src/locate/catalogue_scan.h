/* SPDX-License-Identifier: MIT */
/*
 * Filling a catalogue: the walk through the folders.
 *
 * May include: src/base, src/locate.
 */
#ifndef LOCATE_CATALOGUE_SCAN_H
#define LOCATE_CATALOGUE_SCAN_H

#include "locate/catalogue.h"
#include "locate/drive_map.h"
#include "locate/path_set.h"

struct catalogue_scan {
	struct catalogue *catalogue;
	struct drive_map *drives;	/* of the root that is being looked through */
	struct path_set *seen;		/* configuration files and folders that are done */
	struct folder listed;		/* the folder that the host's list led to last */
	struct error *error;
};

/* Looks through a root and what lies below it.  Statuses of folder_open for the root alone. */
enum status catalogue_scan_root(struct catalogue_scan *scan, const char *root, unsigned levels);

/*
 * Adds the checkpoints that lie beside the VM whose configuration is in folder,
 * a "Virtual Machines"; once for all VMs that lie there.
 */
enum status catalogue_scan_beside(struct catalogue_scan *scan, const char *folder);

/* Adds the VMs that the list in the file at path names. */
enum status catalogue_scan_host_list(struct catalogue_scan *scan, const char *path);

/*
 * Lists the folder of that name that lies in another, which has been listed.
 * *is_open_out is false without one, and where it cannot be listed, which is noted.
 */
enum status catalogue_open_below(struct catalogue_scan *scan, const struct folder *folder,
				 const char *name, struct folder *out, bool *is_open_out);

/*
 * Adds the VM or checkpoint of a configuration file that lies in folder, which
 * has been listed.  One that was added before is passed over, and one that
 * cannot be read is noted.
 */
enum status catalogue_add(struct catalogue_scan *scan, const struct folder *folder,
			  const char *name, bool is_checkpoint);

/* Notes a failure, whose sentence is in error. */
enum status catalogue_note(struct catalogue_scan *scan, const char *path,
			   const struct error *failure);

#endif
