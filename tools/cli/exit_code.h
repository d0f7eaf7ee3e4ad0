/* SPDX-License-Identifier: MIT */
/*
 * How the program ends.  The numbers are documented in the manual page and
 * stay what they are.
 *
 * May include: nothing.
 */
#ifndef CLI_EXIT_CODE_H
#define CLI_EXIT_CODE_H

enum exit_code {
	EXIT_DONE = 0,
	EXIT_NOT_READ = 1,		/* a file could not be opened or read */
	EXIT_USAGE = 2,			/* the command line is wrong */
	EXIT_IN_PART = 3,		/* not all that was asked for is in the saved state */
	EXIT_NOT_WRITTEN = 4,		/* the output could not be written */
	EXIT_INTERRUPTED = 130		/* stopped by Ctrl-C */
};

#endif
