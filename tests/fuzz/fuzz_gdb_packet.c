/* SPDX-License-Identifier: MIT */
/*
 * Whatever a debugger sends, packets stay within their room, what is read from
 * them ends where they end, and a packet that is sent back as a reply arrives
 * as it was.
 *
 * Input: the bytes that a debugger sends.
 */
#include "../../tools/cli/gdb_packet.c" /* of the program, which is no library to link with */

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* From an allocation of its own, so that the sanitizer sees the first byte behind it. */
static void read_everything(const char *text, size_t size)
{
	char decoded[64];

	for (size_t start = 0; start <= size; start++) {
		const char *at = text + start;
		uint64_t number;

		if (gdb_scan_thread(&at, &number) && gdb_scan_text(&at, ","))
			gdb_scan_hex(&at, &number);
		require(at >= text + start && at <= text + size);
	}
	if (gdb_decode_text(text, decoded, sizeof(decoded)))
		require(strlen(decoded) * 2 == size);
}

static void send_back(const struct gdb_parser *packet)
{
	static struct gdb_reply reply;
	static struct gdb_parser parser;
	enum gdb_event event = GDB_EVENT_NONE;

	gdb_reply_clear(&reply);
	gdb_reply_begin(&reply);
	gdb_reply_data(&reply, packet->text, packet->length);
	gdb_reply_end(&reply);
	for (size_t i = 0; i < reply.length; i++) {
		require(event == GDB_EVENT_NONE);
		event = gdb_parser_take(&parser, reply.bytes[i]);
	}
	require(event == GDB_EVENT_PACKET && parser.length == packet->length &&
		memcmp(parser.text, packet->text, packet->length) == 0);
}

static void check_packet(const struct gdb_parser *parser)
{
	size_t size = strlen(parser->text);
	char *text = malloc(size + 1);

	require(text != NULL && parser->length <= GDB_PACKET_MAX);
	memcpy(text, parser->text, size + 1);
	read_everything(text, size);
	free(text);
	send_back(parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gdb_parser *parser = calloc(1, sizeof(*parser));

	require(parser != NULL);
	for (size_t i = 0; i < size; i++) {
		if (gdb_parser_take(parser, data[i]) == GDB_EVENT_PACKET)
			check_packet(parser);
	}
	free(parser);
	return 0;
}
