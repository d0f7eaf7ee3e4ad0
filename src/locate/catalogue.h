/* SPDX-License-Identifier: MIT */
/*
 * The VMs and checkpoints below some folders, by their configuration files.
 *
 * A VM's folder holds "Virtual Machines" with <GUID>.vmcx, and "Snapshots"
 * with those of its checkpoints.  Such folders are looked for in each root and
 * in the folders of the two levels below it, in Hyper-V's own folder where the
 * root is a drive, and wherever the host's list, data.vmcx, says that a VM is.
 *
 * What cannot be read is passed over and noted.  State files are not opened
 * before they are asked for, so that a host of thousands of VMs is searched in
 * the time that reading their names takes.
 *
 * Threads: a catalogue is for one thread at a time.
 *
 * May include: src/base, src/platform, src/container, src/locate.
 */
#ifndef LOCATE_CATALOGUE_H
#define LOCATE_CATALOGUE_H

#include "base/vector.h"
#include "locate/configuration.h"
#include "locate/state_files.h"

struct located {
	bool is_checkpoint;
	char *configuration_path;
	char *base;			/* holds the "Virtual Machines" or "Snapshots" */
	struct configuration configuration;
	const struct located *owner;	/* of a checkpoint: its VM; NULL when not known */
	bool may_be_any_of_folder;	/* such a checkpoint, among several VMs */
	bool is_examined;
	struct state_files files;	/* beyond the paths only when examined */
};

struct located_problem {
	char *path;
	char *text;		/* a sentence that names the path */
};

struct catalogue {
	struct vector items;	/* of struct located *: in no particular order */
	struct vector problems;	/* of struct located_problem, in the order they were met */
};

/*
 * path_list (NULL for none) holds roots with path_list_separator between them;
 * this_host (NULL for none) is Hyper-V's folder on this computer.
 *
 * STATUS_NO_VM_FOLDERS when there is no root to look in, STATUS_PATH_NOT_FOUND
 * when none of path_list exists, and the status of listing the first one that
 * does when none can be listed; STATUS_OUT_OF_MEMORY.
 */
enum status catalogue_open(const char *path_list, const char *this_host, struct catalogue **out,
			   struct error *error);
void catalogue_close(struct catalogue *catalogue);

/* Opens the state files, once.  STATUS_OUT_OF_MEMORY. */
enum status catalogue_examine(struct located *item, struct error *error);

#endif
