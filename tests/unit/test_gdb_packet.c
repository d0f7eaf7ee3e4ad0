/* SPDX-License-Identifier: MIT */
/*
 * The packets of GDB's remote protocol, against bytes as its manual shows them
 * and gdb 13 sends them.
 */
#include "../../tools/cli/gdb_packet.c" /* of the program, which is no library to link with */

#include "test_shim.h"

static struct gdb_parser parser;
static struct gdb_reply reply;

static int start_anew(void **state)
{
	(void)state;
	memset(&parser, 0, sizeof(parser));
	gdb_reply_clear(&reply);
	return 0;
}

/* The last event that the bytes make; all before it must be none. */
static enum gdb_event take(const char *bytes, size_t size)
{
	enum gdb_event event = GDB_EVENT_NONE;

	for (size_t i = 0; i < size; i++) {
		assert_int_equal(event, GDB_EVENT_NONE);
		event = gdb_parser_take(&parser, (uint8_t)bytes[i]);
	}
	return event;
}

#define TAKE(bytes) take(bytes, sizeof(bytes) - 1)

static void a_packet_has_its_text_and_checksum(void **state)
{
	(void)state;
	assert_int_equal(TAKE("$qTStatus#49"), GDB_EVENT_PACKET);
	assert_string_equal(parser.text, "qTStatus");
	assert_int_equal(TAKE("$?#3f"), GDB_EVENT_PACKET);
	assert_string_equal(parser.text, "?");
	assert_int_equal(TAKE("$?#3F"), GDB_EVENT_PACKET);
	assert_int_equal(TAKE("$#00"), GDB_EVENT_PACKET);
	assert_int_equal(parser.length, 0);
}

static void a_wrong_checksum_is_told(void **state)
{
	(void)state;
	assert_int_equal(TAKE("$?#3e"), GDB_EVENT_BAD_PACKET);
	assert_int_equal(TAKE("$?#-f"), GDB_EVENT_BAD_PACKET);
	assert_int_equal(TAKE("$?#zz"), GDB_EVENT_BAD_PACKET);
	assert_int_equal(TAKE("$?#3f"), GDB_EVENT_PACKET);
}

static void signs_between_packets_are_events(void **state)
{
	(void)state;
	assert_int_equal(TAKE("+"), GDB_EVENT_ACK);
	assert_int_equal(TAKE("-"), GDB_EVENT_RESEND);
	assert_int_equal(TAKE("\x03"), GDB_EVENT_BREAK);
	assert_int_equal(TAKE("#?\xFF noise"), GDB_EVENT_NONE);
}

static void escaped_characters_are_themselves(void **state)
{
	(void)state;
	/* The manual's example: 0x7D is sent as 0x7D 0x5D. */
	assert_int_equal(TAKE("$}]}\x03}\x04#e1"), GDB_EVENT_BAD_PACKET);
	assert_int_equal(TAKE("$}]}\x03}\x04#db"), GDB_EVENT_PACKET);
	assert_int_equal(parser.length, 3);
	assert_memory_equal(parser.text, "}#$", 3);
}

static void a_new_beginning_ends_a_lost_packet(void **state)
{
	(void)state;
	assert_int_equal(TAKE("$qSuppo$?#3f"), GDB_EVENT_PACKET);
	assert_string_equal(parser.text, "?");
}

static void the_longest_packet_fits_and_no_longer_one(void **state)
{
	static char bytes[1 + GDB_PACKET_MAX + 1 + 3];
	/* 0x4000 times 'A' sums to 0 modulo 256. */
	const size_t longest = GDB_PACKET_MAX;

	(void)state;
	memset(bytes, 'A', sizeof(bytes));
	bytes[0] = '$';
	memcpy(bytes + 1 + longest, "#00", 3);
	assert_int_equal(take(bytes, 1 + longest + 3), GDB_EVENT_PACKET);
	assert_int_equal(parser.length, GDB_PACKET_MAX);
	bytes[1 + longest] = 'A';
	memcpy(bytes + 2 + longest, "#41", 3);
	assert_int_equal(take(bytes, 2 + longest + 3), GDB_EVENT_BAD_PACKET);
	assert_int_equal(TAKE("$?#3f"), GDB_EVENT_PACKET);
}

static void numbers_have_one_to_sixteen_digits(void **state)
{
	const char *text = "fFfff80000010000,8";
	const char *too_long = "00000000000000001";
	const char *none = "g";
	uint64_t number = 7;

	(void)state;
	assert_true(gdb_scan_hex(&text, &number));
	assert_true(number == 0xFFFFF80000010000);
	assert_true(gdb_scan_text(&text, ","));
	assert_true(gdb_scan_hex(&text, &number));
	assert_true(number == 8 && *text == '\0');
	assert_false(gdb_scan_hex(&text, &number));
	assert_false(gdb_scan_hex(&too_long, &number));
	assert_false(gdb_scan_hex(&none, &number));
	assert_true(number == 8);
	assert_string_equal(none, "g");
}

static void any_thread_and_all_threads_are_0(void **state)
{
	const char *all = "-1";
	const char *any = "0";
	const char *some = "1f";
	const char *other = "-2";
	uint64_t thread = 9;

	(void)state;
	assert_true(gdb_scan_thread(&all, &thread) && thread == 0);
	assert_true(gdb_scan_thread(&any, &thread) && thread == 0);
	assert_true(gdb_scan_thread(&some, &thread) && thread == 0x1F);
	assert_false(gdb_scan_thread(&other, &thread));
}

static void texts_come_as_pairs_of_digits(void **state)
{
	char text[9];

	(void)state;
	assert_true(gdb_decode_text("706879736963616C", text, sizeof(text)));
	assert_string_equal(text, "physical");
	assert_true(gdb_decode_text("", text, sizeof(text)));
	assert_string_equal(text, "");
	assert_false(gdb_decode_text("706879736963616c20", text, sizeof(text)));
	assert_false(gdb_decode_text("706", text, sizeof(text)));
	assert_false(gdb_decode_text("7000", text, sizeof(text)));
	assert_false(gdb_decode_text("7x", text, sizeof(text)));
}

static void assert_reply(const char *expected)
{
	assert_int_equal(reply.length, strlen(expected));
	assert_memory_equal(reply.bytes, expected, reply.length);
}

static void replies_are_framed(void **state)
{
	(void)state;
	gdb_reply_packet(&reply, "OK");
	assert_reply("$OK#9a");
	gdb_reply_packet(&reply, "");
	assert_reply("$OK#9a$#00");
}

static void replies_hold_bytes_and_numbers_as_digits(void **state)
{
	(void)state;
	gdb_reply_begin(&reply);
	gdb_reply_hex_bytes(&reply, "\x01\xAB", 2);
	gdb_reply_hex_number(&reply, 0x1FF);
	gdb_reply_hex_number(&reply, 0);
	gdb_reply_hex_number(&reply, UINT64_MAX);
	gdb_reply_end(&reply);
	assert_memory_equal(reply.bytes, "$01ab01ff00ffffffffffffffff#", 28);
}

static void replies_escape_what_means_something(void **state)
{
	(void)state;
	gdb_reply_packet(&reply, "#$*}");
	assert_reply("$}\x03}\x04}\x0A}]#62");
}

static void a_reply_too_long_becomes_an_error(void **state)
{
	static uint8_t bytes[GDB_REPLY_MAX];

	(void)state;
	gdb_reply_packet(&reply, "OK");
	gdb_reply_begin(&reply);
	gdb_reply_hex_bytes(&reply, bytes, sizeof(bytes));
	gdb_reply_end(&reply);
	assert_reply("$OK#9a$E01#a6");
	gdb_reply_packet(&reply, "OK");
	assert_reply("$OK#9a$E01#a6$OK#9a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_packet_has_its_text_and_checksum, start_anew),
		cmocka_unit_test_setup(a_wrong_checksum_is_told, start_anew),
		cmocka_unit_test_setup(signs_between_packets_are_events, start_anew),
		cmocka_unit_test_setup(escaped_characters_are_themselves, start_anew),
		cmocka_unit_test_setup(a_new_beginning_ends_a_lost_packet, start_anew),
		cmocka_unit_test_setup(the_longest_packet_fits_and_no_longer_one, start_anew),
		cmocka_unit_test_setup(numbers_have_one_to_sixteen_digits, start_anew),
		cmocka_unit_test_setup(any_thread_and_all_threads_are_0, start_anew),
		cmocka_unit_test_setup(texts_come_as_pairs_of_digits, start_anew),
		cmocka_unit_test_setup(replies_are_framed, start_anew),
		cmocka_unit_test_setup(replies_hold_bytes_and_numbers_as_digits, start_anew),
		cmocka_unit_test_setup(replies_escape_what_means_something, start_anew),
		cmocka_unit_test_setup(a_reply_too_long_becomes_an_error, start_anew),
	};

	return cmocka_run_group_tests_name("GDB packets", tests, NULL, NULL);
}
