/* SPDX-License-Identifier: MIT */
/*
 * What a debugger asks of a saved state over GDB's remote serial protocol, and
 * the answers.  Each VP is a thread, numbered from 1.  Nothing can be changed
 * and nothing runs: requests to do so are refused, and the debugger's console
 * tells why.
 *
 * May include: tools/cli, the public headers.
 */
#ifndef CLI_GDB_SESSION_H
#define CLI_GDB_SESSION_H

#include <stdbool.h>

#include "gdb_packet.h"
#include "gdb_registers.h"

/* What is debugged; the same for all sessions. */
struct gdb_target {
	VM_SAVED_STATE_DUMP_HANDLE handle;
	UINT32 vp_count;		/* at least 1 */
	VMSAVEDSTATE_TRANSLATE_OPTIONS options;
	const struct gdb_architecture *architecture;
	const char *description;	/* of the architecture, in XML */
};

/* One debugger, from its connection to its end.  Begins with target alone. */
struct gdb_session {
	const struct gdb_target *target;
	UINT32 vp;			/* the one that requests are about */
	UINT32 listed;			/* VPs that a list of threads has told so far */
	bool physical;			/* addresses are guest physical ones */
	bool no_acks;			/* packets are no longer acknowledged */
	bool ended;			/* the debugger is done */
};

/*
 * Answers a packet.  The reply, of one packet or several, is empty where the
 * protocol has none.
 */
void gdb_session_answer(struct gdb_session *session, const char *packet, struct gdb_reply *reply);

#endif
