/* SPDX-License-Identifier: MIT */
/*
 * The packets of GDB's remote serial protocol: "$", what is said, "#" and two
 * digits of a checksum.  Taking bytes apart into packets, reading the numbers
 * in them, and putting replies together; no input or output is done here.
 *
 * May include: nothing.
 */
#ifndef CLI_GDB_PACKET_H
#define CLI_GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GDB_PACKET_MAX = 16384,		/* characters of a packet, its frame aside */
	/* All of them may have to be escaped, and a frame or two come on top. */
	GDB_REPLY_MAX = 2 * GDB_PACKET_MAX + 1024
};

/* ---- What a debugger sends ---------------------------------------------- */

enum gdb_event {
	GDB_EVENT_NONE,			/* nothing is complete yet, or noise between packets */
	GDB_EVENT_PACKET,		/* text and length hold one */
	GDB_EVENT_BAD_PACKET,		/* it was too long, or its checksum is wrong */
	GDB_EVENT_ACK,			/* the last reply was understood */
	GDB_EVENT_RESEND,		/* it was not */
	GDB_EVENT_BREAK			/* the debugger wants the target to stop */
};

enum gdb_parser_place { GDB_BETWEEN_PACKETS, GDB_IN_PACKET, GDB_IN_ESCAPE, GDB_IN_CHECKSUM };

/* Begins as { 0 }. */
struct gdb_parser {
	enum gdb_parser_place place;
	bool too_long;
	uint8_t sum;			/* of the packet so far */
	unsigned checksum_digits;	/* how many were seen */
	int stated_sum;			/* what they say; below 0 when one is no digit */
	size_t length;
	char text[GDB_PACKET_MAX + 1];	/* without escapes; NUL-terminated, may hold others */
};

/* Takes the next byte.  A packet is valid until the next call. */
enum gdb_event gdb_parser_take(struct gdb_parser *parser, uint8_t byte);

/* ---- What is in a packet ------------------------------------------------ */

/*
 * These read at *text and set it behind what was read; false, and *text as it
 * was, when something else is there.
 */

/* One to sixteen hexadecimal digits. */
bool gdb_scan_hex(const char **text, uint64_t *out);

/* A literal text. */
bool gdb_scan_text(const char **text, const char *expected);

/* A thread: a number from 1 on, "0" for any or "-1" for all, which both are 0 in out. */
bool gdb_scan_thread(const char **text, uint64_t *out);

/*
 * Pairs of hexadecimal digits up to the end, as text.  False when there is
 * something else, a byte 0 among them, or no room for all with the NUL.
 */
bool gdb_decode_text(const char *digits, char *out, size_t out_size);

/* ---- Replies ------------------------------------------------------------ */

/* One packet, or several one after the other, as they go to the debugger. */
struct gdb_reply {
	size_t length;
	size_t start;			/* of the packet that is being made */
	bool full;
	uint8_t bytes[GDB_REPLY_MAX];
};

void gdb_reply_clear(struct gdb_reply *reply);

/* Packets are made of pieces: begin, any of the others, end. */
void gdb_reply_begin(struct gdb_reply *reply);
void gdb_reply_text(struct gdb_reply *reply, const char *text);
void gdb_reply_data(struct gdb_reply *reply, const void *bytes, size_t size);
void gdb_reply_hex_bytes(struct gdb_reply *reply, const void *bytes, size_t size);
void gdb_reply_hex_number(struct gdb_reply *reply, uint64_t number);
/* A packet that became longer than there is room for is replaced by an error. */
void gdb_reply_end(struct gdb_reply *reply);

/* A whole packet with this text. */
void gdb_reply_packet(struct gdb_reply *reply, const char *text);

#endif
