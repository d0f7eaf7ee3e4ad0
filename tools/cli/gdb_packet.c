/* SPDX-License-Identifier: MIT */
#include "gdb_packet.h"

#include <string.h>

enum { ESCAPE = 0x7D, ESCAPE_MASK = 0x20, BREAK = 0x03, CHECKSUM_DIGITS = 2 };

/* "#" and the checksum; replies begin with "$" besides. */
enum { TRAILER_SIZE = 1 + CHECKSUM_DIGITS };

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* ---- What a debugger sends ---------------------------------------------- */

static void begin_packet(struct gdb_parser *parser)
{
	parser->place = GDB_IN_PACKET;
	parser->too_long = false;
	parser->sum = 0;
	parser->length = 0;
}

static enum gdb_event take_between(struct gdb_parser *parser, uint8_t byte)
{
	switch (byte) {
	case '$':
		begin_packet(parser);
		return GDB_EVENT_NONE;
	case '+':
		return GDB_EVENT_ACK;
	case '-':
		return GDB_EVENT_RESEND;
	case BREAK:
		return GDB_EVENT_BREAK;
	default:
		return GDB_EVENT_NONE;
	}
}

static void keep(struct gdb_parser *parser, uint8_t byte)
{
	if (parser->length < GDB_PACKET_MAX)
		parser->text[parser->length++] = (char)byte;
	else
		parser->too_long = true;
}

static void take_inside(struct gdb_parser *parser, uint8_t byte)
{
	/* The end of a packet that was lost on the way: the next one has begun. */
	if (byte == '$') {
		begin_packet(parser);
		return;
	}
	if (byte == '#') {
		parser->place = GDB_IN_CHECKSUM;
		parser->checksum_digits = 0;
		parser->stated_sum = 0;
		return;
	}
	parser->sum = (uint8_t)(parser->sum + byte);
	if (byte == ESCAPE)
		parser->place = GDB_IN_ESCAPE;
	else
		keep(parser, byte);
}

static void take_escaped(struct gdb_parser *parser, uint8_t byte)
{
	parser->sum = (uint8_t)(parser->sum + byte);
	parser->place = GDB_IN_PACKET;
	keep(parser, byte ^ ESCAPE_MASK);
}

static enum gdb_event take_checksum(struct gdb_parser *parser, uint8_t byte)
{
	int value = digit_value((char)byte);

	if (value < 0 || parser->stated_sum < 0)
		parser->stated_sum = -1;
	else
		parser->stated_sum = parser->stated_sum * 16 + value;
	if (++parser->checksum_digits < CHECKSUM_DIGITS)
		return GDB_EVENT_NONE;
	parser->place = GDB_BETWEEN_PACKETS;
	parser->text[parser->length] = '\0';
	return parser->stated_sum == parser->sum && !parser->too_long ? GDB_EVENT_PACKET :
									GDB_EVENT_BAD_PACKET;
}

enum gdb_event gdb_parser_take(struct gdb_parser *parser, uint8_t byte)
{
	switch (parser->place) {
	case GDB_BETWEEN_PACKETS:
		return take_between(parser, byte);
	case GDB_IN_PACKET:
		take_inside(parser, byte);
		break;
	case GDB_IN_ESCAPE:
		take_escaped(parser, byte);
		break;
	case GDB_IN_CHECKSUM:
		return take_checksum(parser, byte);
	}
	return GDB_EVENT_NONE;
}

/* ---- What is in a packet ------------------------------------------------ */

bool gdb_scan_hex(const char **text, uint64_t *out)
{
	enum { DIGITS_MAX = 16 };
	const char *at = *text;
	uint64_t number = 0;

	while (digit_value(*at) >= 0) {
		if (at - *text == DIGITS_MAX)
			return false;
		number = number << 4 | (unsigned)digit_value(*at++);
	}
	if (at == *text)
		return false;
	*text = at;
	*out = number;
	return true;
}

bool gdb_scan_text(const char **text, const char *expected)
{
	size_t length = strlen(expected);

	if (strncmp(*text, expected, length) != 0)
		return false;
	*text += length;
	return true;
}

bool gdb_scan_thread(const char **text, uint64_t *out)
{
	if (gdb_scan_text(text, "-1")) {
		*out = 0;
		return true;
	}
	return gdb_scan_hex(text, out);
}

bool gdb_decode_text(const char *digits, char *out, size_t out_size)
{
	size_t length = strlen(digits);

	if (length % 2 != 0 || length / 2 >= out_size)
		return false;
	for (size_t i = 0; i < length / 2; i++) {
		int high = digit_value(digits[2 * i]);
		int low = digit_value(digits[2 * i + 1]);

		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return false;
		out[i] = (char)(high << 4 | low);
	}
	out[length / 2] = '\0';
	return true;
}

/* ---- Replies ------------------------------------------------------------ */

void gdb_reply_clear(struct gdb_reply *reply)
{
	reply->length = 0;
	reply->start = 0;
	reply->full = false;
}

/* Whether size more bytes fit, with the end of the packet behind them. */
static bool has_room(struct gdb_reply *reply, size_t size)
{
	if (GDB_REPLY_MAX - reply->length < size + TRAILER_SIZE)
		reply->full = true;
	return !reply->full;
}

static void put(struct gdb_reply *reply, uint8_t byte)
{
	reply->bytes[reply->length++] = byte;
}

void gdb_reply_begin(struct gdb_reply *reply)
{
	reply->start = reply->length;
	if (has_room(reply, 1))
		put(reply, '$');
}

/* The characters that mean something in a reply, "*" for repetition among them. */
static bool needs_escape(uint8_t byte)
{
	return byte == '$' || byte == '#' || byte == '*' || byte == ESCAPE;
}

void gdb_reply_data(struct gdb_reply *reply, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	for (size_t i = 0; i < size && has_room(reply, 2); i++) {
		if (needs_escape(from[i])) {
			put(reply, ESCAPE);
			put(reply, from[i] ^ ESCAPE_MASK);
		} else {
			put(reply, from[i]);
		}
	}
}

void gdb_reply_text(struct gdb_reply *reply, const char *text)
{
	gdb_reply_data(reply, text, strlen(text));
}

static void put_digits(struct gdb_reply *reply, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";

	put(reply, (uint8_t)digits[byte >> 4]);
	put(reply, (uint8_t)digits[byte & 15]);
}

void gdb_reply_hex_bytes(struct gdb_reply *reply, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	for (size_t i = 0; i < size && has_room(reply, 2); i++)
		put_digits(reply, from[i]);
}

void gdb_reply_hex_number(struct gdb_reply *reply, uint64_t number)
{
	unsigned bytes = 1;

	while (bytes < sizeof(number) && number >> 8 * bytes != 0)
		bytes++;
	while (bytes-- > 0) {
		uint8_t byte = (uint8_t)(number >> 8 * bytes);

		gdb_reply_hex_bytes(reply, &byte, 1);
	}
}

static void close_packet(struct gdb_reply *reply)
{
	uint8_t sum = 0;

	for (size_t i = reply->start + 1; i < reply->length; i++)
		sum = (uint8_t)(sum + reply->bytes[i]);
	put(reply, '#');
	put_digits(reply, sum);
}

void gdb_reply_end(struct gdb_reply *reply)
{
	static const char too_long[] = "$E01";

	if (!reply->full) {
		close_packet(reply);
		return;
	}
	reply->length = reply->start;
	if (GDB_REPLY_MAX - reply->length < sizeof(too_long) - 1 + TRAILER_SIZE)
		return;
	memcpy(reply->bytes + reply->length, too_long, sizeof(too_long) - 1);
	reply->length += sizeof(too_long) - 1;
	reply->full = false;
	close_packet(reply);
}

void gdb_reply_packet(struct gdb_reply *reply, const char *text)
{
	gdb_reply_begin(reply);
	gdb_reply_text(reply, text);
	gdb_reply_end(reply);
}
