/* SPDX-License-Identifier: MIT */
#include "gdb_session.h"

#include <stdio.h>
#include <string.h>

#include "memory_ranges.h"
#include "words.h"

/* Numbers of errors; gdb shows them, and no more. */
#define ERROR_BAD_REQUEST "E01"
#define ERROR_NO_THREAD "E03"
#define ERROR_NO_MEMORY "E14"

enum { READ_MAX = GDB_PACKET_MAX / 2, THREADS_PER_PACKET = 1024 };

/* Answers a request; rest is what follows its name. */
typedef void (*answerer)(struct gdb_session *session, const char *rest, struct gdb_reply *reply);

static void answer_ok(struct gdb_session *session, const char *rest, struct gdb_reply *reply)
{
	(void)session;
	(void)rest;
	gdb_reply_packet(reply, "OK");
}

/* ---- The connection ------------------------------------------------------ */

static void answer_supported(struct gdb_session *session, const char *rest,
			     struct gdb_reply *reply)
{
	char text[96];

	(void)session;
	(void)rest;
	snprintf(text, sizeof(text), "PacketSize=%x;qXfer:features:read+;QStartNoAckMode+",
		 (unsigned)GDB_PACKET_MAX);
	gdb_reply_packet(reply, text);
}

static void answer_no_ack_mode(struct gdb_session *session, const char *rest,
			       struct gdb_reply *reply)
{
	session->no_acks = true;
	answer_ok(session, rest, reply);
}

static void answer_detach(struct gdb_session *session, const char *rest, struct gdb_reply *reply)
{
	session->ended = true;
	answer_ok(session, rest, reply);
}

static void answer_kill(struct gdb_session *session, const char *rest, struct gdb_reply *reply)
{
	(void)rest;
	(void)reply;
	session->ended = true;
}

/* A target that was there before, so that debuggers leave it rather than kill it. */
static void answer_attached(struct gdb_session *session, const char *rest,
			    struct gdb_reply *reply)
{
	(void)session;
	(void)rest;
	gdb_reply_packet(reply, "1");
}

static void answer_features(struct gdb_session *session, const char *rest,
			    struct gdb_reply *reply)
{
	const char *description = session->target->description;
	size_t size = strlen(description);
	UINT64 offset;
	UINT64 length;

	if (!gdb_scan_text(&rest, "target.xml:") || !gdb_scan_hex(&rest, &offset) ||
	    !gdb_scan_text(&rest, ",") || !gdb_scan_hex(&rest, &length) || offset > size) {
		gdb_reply_packet(reply, "E00");
		return;
	}
	if (length > GDB_PACKET_MAX)
		length = GDB_PACKET_MAX;
	if (length > size - offset)
		length = size - offset;
	gdb_reply_begin(reply);
	gdb_reply_text(reply, offset + length < size ? "m" : "l");
	gdb_reply_data(reply, description + offset, (size_t)length);
	gdb_reply_end(reply);
}

/* ---- Threads ------------------------------------------------------------- */

/* Reads the number of a thread that exists; 0 for any of them becomes *any_out. */
static bool scan_vp(const struct gdb_session *session, const char **text, bool *any_out,
		    UINT32 *vp_out)
{
	UINT64 thread;

	if (!gdb_scan_thread(text, &thread) || thread > session->target->vp_count)
		return false;
	*any_out = thread == 0;
	if (thread > 0)
		*vp_out = (UINT32)thread - 1;
	return true;
}

static void answer_stop_reason(struct gdb_session *session, const char *rest,
			       struct gdb_reply *reply)
{
	(void)rest;
	gdb_reply_begin(reply);
	gdb_reply_text(reply, "T05thread:");
	gdb_reply_hex_number(reply, (UINT64)session->vp + 1);
	gdb_reply_text(reply, ";");
	gdb_reply_end(reply);
}

/* "Hg" chooses the thread that is asked about, "Hc" the one to run, which none will. */
static void answer_choose(struct gdb_session *session, const char *rest, struct gdb_reply *reply)
{
	bool for_requests = rest[0] == 'g';
	bool any;
	UINT32 vp = 0;

	if (rest[0] == '\0') {
		gdb_reply_packet(reply, ERROR_BAD_REQUEST);
		return;
	}
	rest++;
	if (!scan_vp(session, &rest, &any, &vp)) {
		gdb_reply_packet(reply, ERROR_NO_THREAD);
		return;
	}
	if (for_requests && !any)
		session->vp = vp;
	gdb_reply_packet(reply, "OK");
}

static void answer_alive(struct gdb_session *session, const char *rest, struct gdb_reply *reply)
{
	bool any;
	UINT32 vp;

	gdb_reply_packet(reply, scan_vp(session, &rest, &any, &vp) ? "OK" : ERROR_NO_THREAD);
}

static void answer_current(struct gdb_session *session, const char *rest, struct gdb_reply *reply)
{
	(void)rest;
	gdb_reply_begin(reply);
	gdb_reply_text(reply, "QC");
	gdb_reply_hex_number(reply, (UINT64)session->vp + 1);
	gdb_reply_end(reply);
}

static void answer_more_threads(struct gdb_session *session, const char *rest,
				struct gdb_reply *reply)
{
	UINT32 left = session->target->vp_count - session->listed;
	UINT32 count = left < THREADS_PER_PACKET ? left : THREADS_PER_PACKET;

	(void)rest;
	gdb_reply_begin(reply);
	gdb_reply_text(reply, count == 0 ? "l" : "m");
	for (UINT32 i = 0; i < count; i++) {
		if (i > 0)
			gdb_reply_text(reply, ",");
		gdb_reply_hex_number(reply, (UINT64)++session->listed);
	}
	gdb_reply_end(reply);
}

static void answer_threads(struct gdb_session *session, const char *rest, struct gdb_reply *reply)
{
	session->listed = 0;
	answer_more_threads(session, rest, reply);
}

/* What 'info threads' shows beside the number. */
static void describe_vp(const struct gdb_session *session, UINT32 vp, char *text, size_t size)
{
	VM_SAVED_STATE_DUMP_HANDLE handle = session->target->handle;
	VIRTUAL_PROCESSOR_ARCH architecture = Arch_Unknown;
	BOOL in_kernel = FALSE;
	UINT8 vtl = 0;

	GetArchitecture(handle, vp, &architecture);
	if (architecture == Arch_Unknown) {
		snprintf(text, size, "VP %u, without state", vp);
		return;
	}
	InKernelSpace(handle, vp, &in_kernel);
	GetActiveVirtualTrustLevel(handle, vp, &vtl);
	snprintf(text, size, "VP %u, VTL %u, %s, %s", vp, vtl, architecture_name(architecture),
		 in_kernel ? "kernel" : "user");
}

static void answer_thread_info(struct gdb_session *session, const char *rest,
			       struct gdb_reply *reply)
{
	bool any;
	UINT32 vp = session->vp;
	char text[80];

	if (!scan_vp(session, &rest, &any, &vp)) {
		gdb_reply_packet(reply, ERROR_NO_THREAD);
		return;
	}
	describe_vp(session, vp, text, sizeof(text));
	gdb_reply_begin(reply);
	gdb_reply_hex_bytes(reply, text, strlen(text));
	gdb_reply_end(reply);
}

/* ---- Registers ----------------------------------------------------------- */

static bool add_register(const struct gdb_session *session, UINT64 number,
			 struct gdb_reply *reply)
{
	const struct gdb_target *target = session->target;
	struct gdb_register_value value;

	if (!gdb_register_read(target->architecture, target->handle, session->vp, number, &value))
		return false;
	if (value.known) {
		gdb_reply_hex_bytes(reply, value.bytes, value.size);
		return true;
	}
	for (unsigned i = 0; i < value.size; i++)
		gdb_reply_text(reply, "xx");
	return true;
}

static void answer_registers(struct gdb_session *session, const char *rest,
			     struct gdb_reply *reply)
{
	UINT64 number = 0;

	(void)rest;
	gdb_reply_begin(reply);
	while (add_register(session, number, reply))
		number++;
	gdb_reply_end(reply);
}

static void answer_register(struct gdb_session *session, const char *rest,
			    struct gdb_reply *reply)
{
	UINT64 number;

	gdb_reply_begin(reply);
	if (!gdb_scan_hex(&rest, &number) || !add_register(session, number, reply))
		gdb_reply_text(reply, ERROR_BAD_REQUEST);
	gdb_reply_end(reply);
}

/* ---- Memory -------------------------------------------------------------- */

static HRESULT read_piece(const struct gdb_session *session, UINT64 address, UINT8 *bytes,
			  UINT32 size, UINT32 *count_out)
{
	const struct gdb_target *target = session->target;

	if (session->physical)
		return ReadGuestPhysicalAddress(target->handle, address, bytes, size, count_out);
	return VmSavedStateReadVirtual(target->handle, session->vp, &target->options, address,
				       bytes, size, count_out);
}

/*
 * Bytes read, up to the first one that cannot be.  A read that meets damaged
 * memory gives nothing at all, so it is done page by page.
 */
static UINT32 read_memory(const struct gdb_session *session, UINT64 address, UINT8 *bytes,
			  UINT32 size)
{
	UINT32 done = 0;
	UINT32 count = 0;

	if (SUCCEEDED(read_piece(session, address, bytes, size, &count)))
		return count;
	while (done < size) {
		UINT64 at = address + done;
		UINT32 piece = GUEST_PAGE_SIZE - (UINT32)(at % GUEST_PAGE_SIZE);

		if (piece > size - done)
			piece = size - done;
		count = 0;
		if (FAILED(read_piece(session, at, bytes + done, piece, &count)))
			break;
		done += count;
		if (count < piece)
			break;
	}
	return done;
}

static void answer_memory(struct gdb_session *session, const char *rest, struct gdb_reply *reply)
{
	UINT8 bytes[READ_MAX];
	UINT64 address;
	UINT64 size;
	UINT32 count;

	if (!gdb_scan_hex(&rest, &address) || !gdb_scan_text(&rest, ",") ||
	    !gdb_scan_hex(&rest, &size)) {
		gdb_reply_packet(reply, ERROR_BAD_REQUEST);
		return;
	}
	if (size > READ_MAX)
		size = READ_MAX;
	/* An address space ends where addresses do. */
	if (size > 0 && size - 1 > UINT64_MAX - address)
		size = UINT64_MAX - address + 1;
	count = read_memory(session, address, bytes, (UINT32)size);
	if (count == 0 && size > 0) {
		gdb_reply_packet(reply, ERROR_NO_MEMORY);
		return;
	}
	gdb_reply_begin(reply);
	gdb_reply_hex_bytes(reply, bytes, count);
	gdb_reply_end(reply);
}

/* ---- Commands of the debugger's user ------------------------------------- */

static void reply_console(struct gdb_reply *reply, const char *kind, const char *text)
{
	gdb_reply_begin(reply);
	gdb_reply_text(reply, kind);
	gdb_reply_hex_bytes(reply, text, strlen(text));
	gdb_reply_end(reply);
}

static void answer_monitor(struct gdb_session *session, const char *rest, struct gdb_reply *reply)
{
	char command[64];

	if (!gdb_decode_text(rest, command, sizeof(command)))
		command[0] = '\0';
	if (strcmp(command, "physical on") == 0)
		session->physical = true;
	else if (strcmp(command, "physical off") == 0)
		session->physical = false;
	else if (strcmp(command, "physical") != 0) {
		reply_console(reply, "", "monitor physical on|off: whether addresses are guest "
					 "physical ones, or those of the current VP\n");
		return;
	}
	reply_console(reply, "", session->physical ?
		      "Addresses are guest physical ones.\n" :
		      "Addresses are virtual ones of the current VP.\n");
}

/* ---- What a saved state cannot do ---------------------------------------- */

static void refuse_change(struct gdb_session *session, const char *rest, struct gdb_reply *reply)
{
	(void)session;
	(void)rest;
	gdb_reply_packet(reply, "E.a saved state is read only");
}

/*
 * A plain error would make gdb try a step again and again.  That what was
 * recorded has come to its end is an answer after which it stops.
 */
static void refuse_run(struct gdb_session *session, const char *rest, struct gdb_reply *reply)
{
	(void)rest;
	reply_console(reply, "O", "A saved state cannot run: it is the guest at one moment, to be "
				  "looked at.\n");
	gdb_reply_begin(reply);
	gdb_reply_text(reply, "T05replaylog:end;thread:");
	gdb_reply_hex_number(reply, (UINT64)session->vp + 1);
	gdb_reply_text(reply, ";");
	gdb_reply_end(reply);
}

/* ---- All requests -------------------------------------------------------- */

static const struct {
	const char *name;
	bool whole;			/* nothing may follow the name */
	answerer answer;
} requests[] = {
	{ "?", true, answer_stop_reason },
	{ "C", false, refuse_run },
	{ "D", false, answer_detach },
	{ "G", false, refuse_change },
	{ "H", false, answer_choose },
	{ "M", false, refuse_change },
	{ "P", false, refuse_change },
	{ "QStartNoAckMode", true, answer_no_ack_mode },
	{ "S", false, refuse_run },
	{ "T", false, answer_alive },
	{ "X", false, refuse_change },
	{ "Z", false, refuse_change },
	{ "bc", true, refuse_run },
	{ "bs", true, refuse_run },
	{ "c", false, refuse_run },
	{ "g", true, answer_registers },
	{ "k", true, answer_kill },
	{ "m", false, answer_memory },
	{ "p", false, answer_register },
	{ "qAttached", false, answer_attached },
	{ "qC", true, answer_current },
	{ "qRcmd,", false, answer_monitor },
	{ "qSupported", false, answer_supported },
	{ "qSymbol::", true, answer_ok },
	{ "qThreadExtraInfo,", false, answer_thread_info },
	{ "qXfer:features:read:", false, answer_features },
	{ "qfThreadInfo", true, answer_threads },
	{ "qsThreadInfo", true, answer_more_threads },
	{ "s", false, refuse_run },
	{ "vCont;", false, refuse_run },
	{ "vKill", false, answer_detach },
};

void gdb_session_answer(struct gdb_session *session, const char *packet, struct gdb_reply *reply)
{
	gdb_reply_clear(reply);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		const char *rest = packet;

		if (!gdb_scan_text(&rest, requests[i].name) ||
		    (requests[i].whole && rest[0] != '\0'))
			continue;
		requests[i].answer(session, rest, reply);
		return;
	}
	/* The protocol's way to say that a request is not known, "vCont?" for one. */
	gdb_reply_packet(reply, "");
}
