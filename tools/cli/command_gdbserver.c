/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "gdb_session.h"
#include "numbers.h"
#include "platform.h"
#include "saved_state.h"
#include "socket.h"

enum { HOST_SIZE = 256, DEFAULT_PORT = 1234 };

/* ---- Where to listen ----------------------------------------------------- */

struct endpoint {
	char host[HOST_SIZE];		/* without the brackets of an IPv6 address */
	uint16_t port;
};

static bool parse_endpoint(const char *text, struct endpoint *out)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon == NULL ? 0 : (size_t)(colon - text);
	uint64_t port;

	if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	} else if (memchr(text, ':', length) != NULL) {
		return false;
	}
	if (length == 0 || length >= HOST_SIZE || !parse_number(colon + 1, &port) ||
	    port > UINT16_MAX)
		return false;
	memcpy(out->host, text, length);
	out->host[length] = '\0';
	out->port = (uint16_t)port;
	return true;
}

static enum exit_code choose_endpoint(const struct arguments *arguments, struct endpoint *out)
{
	*out = (struct endpoint){ .host = "127.0.0.1", .port = DEFAULT_PORT };
	if (arguments->operand_count < 2 || parse_endpoint(arguments->operands[1], out))
		return EXIT_DONE;
	return fail_usage("'%s' is no HOST:PORT, such as 127.0.0.1:1234 or [::1]:1234.",
			  arguments->operands[1]);
}

static bool is_loopback(const char *host)
{
	return strncmp(host, "127.", 4) == 0 || strcmp(host, "localhost") == 0 ||
	       strcmp(host, "::1") == 0;
}

static enum exit_code fail_to_listen(const struct endpoint *endpoint, enum socket_status status)
{
	switch (status) {
	case SOCKET_IN_USE:
		return fail(EXIT_NOT_READ, "port %u of %s is in use: end the program that has it, "
			    "or name another port, or 0 for any that is free.", endpoint->port,
			    endpoint->host);
	case SOCKET_NO_HOST:
		return fail(EXIT_NOT_READ, "'%s' is no address of this machine.", endpoint->host);
	case SOCKET_NO_ACCESS:
		return fail(EXIT_NOT_READ, "you may not use port %u: name one from 1024 on.",
			    endpoint->port);
	case SOCKET_NO_MEMORY:
		return fail_out_of_memory();
	default:
		return fail(EXIT_NOT_READ, "the system refused to open port %u of %s: name another "
			    "one.", endpoint->port, endpoint->host);
	}
}

/* ---- A debugger ---------------------------------------------------------- */

/* What is too large for the stack. */
struct exchange {
	struct connection *connection;
	struct gdb_session session;
	struct gdb_parser parser;
	struct gdb_reply reply;
};

/* False when the debugger has gone, or Ctrl-C was pressed. */
static bool send_all(struct connection *connection, const uint8_t *bytes, size_t size)
{
	while (size > 0 && !platform_interrupted()) {
		size_t count = 0;
		enum socket_status status = socket_send(connection, bytes, size, &count);

		if (status != SOCKET_OK && status != SOCKET_WAITED)
			return false;
		bytes += count;
		size -= count;
	}
	return size == 0;
}

static bool send_sign(const struct exchange *exchange, char sign)
{
	const uint8_t byte = (uint8_t)sign;

	return exchange->session.no_acks || send_all(exchange->connection, &byte, 1);
}

static bool send_reply(const struct exchange *exchange)
{
	return send_all(exchange->connection, exchange->reply.bytes, exchange->reply.length);
}

/* False when nothing more can be sent. */
static bool take_byte(struct exchange *exchange, uint8_t byte)
{
	switch (gdb_parser_take(&exchange->parser, byte)) {
	case GDB_EVENT_PACKET:
		if (!send_sign(exchange, '+'))
			return false;
		gdb_session_answer(&exchange->session, exchange->parser.text, &exchange->reply);
		return send_reply(exchange);
	case GDB_EVENT_BAD_PACKET:
		return send_sign(exchange, '-');
	case GDB_EVENT_RESEND:
		return send_reply(exchange);
	case GDB_EVENT_NONE:
	case GDB_EVENT_ACK:
	case GDB_EVENT_BREAK:	/* the target is always stopped */
		break;
	}
	return true;
}

static void converse(struct exchange *exchange)
{
	while (!platform_interrupted()) {
		uint8_t bytes[4096];
		size_t count = 0;
		enum socket_status status = socket_receive(exchange->connection, bytes,
							   sizeof(bytes), &count);

		if (status != SOCKET_OK && status != SOCKET_WAITED)
			return;
		for (size_t i = 0; i < count; i++) {
			if (!take_byte(exchange, bytes[i]) || exchange->session.ended)
				return;
		}
	}
}

static enum exit_code serve_debugger(struct connection *connection,
				     const struct gdb_target *target)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	if (exchange == NULL)
		return fail_out_of_memory();
	exchange->connection = connection;
	exchange->session.target = target;
	converse(exchange);
	free(exchange);
	return EXIT_DONE;
}

/* ---- The server ---------------------------------------------------------- */

/* At once, also where the output is no terminal: whoever started this may wait for it. */
static void say(const char *text)
{
	printf("%s\n", text);
	fflush(stdout);
}

static void say_where(const struct endpoint *endpoint, uint16_t port)
{
	bool is_ipv6 = strchr(endpoint->host, ':') != NULL;
	char place[HOST_SIZE + 16];

	snprintf(place, sizeof(place), is_ipv6 ? "[%s]:%u" : "%s:%u", endpoint->host, port);
	printf("Listening on %s.  Ctrl-C ends this; in gdb:\n  target remote %s\n", place, place);
	fflush(stdout);
}

/* One debugger after the other; others wait until the connection is theirs. */
static enum exit_code accept_debuggers(struct listener *listener, const struct gdb_target *target)
{
	enum exit_code code = EXIT_DONE;

	while (code == EXIT_DONE && !platform_interrupted()) {
		struct connection *connection = NULL;
		enum socket_status status = socket_accept(listener, &connection);

		if (status == SOCKET_WAITED)
			continue;
		if (status != SOCKET_OK)
			return fail(EXIT_NOT_READ, "the system no longer lets debuggers connect.");
		say("A debugger has connected.");
		code = serve_debugger(connection, target);
		socket_close_connection(connection);
		say("It has left.");
	}
	return code;
}

static enum exit_code serve(const struct endpoint *endpoint, const struct gdb_target *target)
{
	struct listener *listener;
	enum socket_status status = socket_listen(endpoint->host, endpoint->port, &listener);
	enum exit_code code;

	if (status != SOCKET_OK)
		return fail_to_listen(endpoint, status);
	if (!is_loopback(endpoint->host))
		warn("whoever can reach %s over the network can read the guest's memory.",
		     endpoint->host);
	platform_watch_interrupt();
	say_where(endpoint, socket_port(listener));
	code = accept_debuggers(listener, target);
	socket_close_listener(listener);
	return code;
}

static enum exit_code serve_state(const struct arguments *arguments,
				  const struct saved_state *state, const struct endpoint *endpoint)
{
	struct gdb_target target = { .handle = state->handle,
				     .options = translate_options(arguments) };
	char *description;
	enum exit_code code;

	GetVpCount(state->handle, &target.vp_count);
	if (target.vp_count == 0)
		return saved_state_fail_no_vp(state);
	target.architecture = gdb_architecture_of(state->handle, target.vp_count);
	description = gdb_describe_target(target.architecture);
	if (description == NULL)
		return fail_out_of_memory();
	target.description = description;
	code = serve(endpoint, &target);
	free(description);
	return code;
}

enum exit_code command_gdbserver(const struct arguments *arguments)
{
	struct saved_state state;
	struct endpoint endpoint;
	enum exit_code code = choose_endpoint(arguments, &endpoint);

	if (code == EXIT_DONE)
		code = saved_state_open(arguments, &state);
	if (code != EXIT_DONE)
		return code;
	code = serve_state(arguments, &state, &endpoint);
	saved_state_close(&state);
	return code;
}
