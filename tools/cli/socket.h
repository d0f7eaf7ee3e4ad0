/* SPDX-License-Identifier: MIT */
/*
 * A port that programs connect to, and the connections made, over TCP.
 * socket_posix.c and socket_win32.c hold one each.  Whatever waits does so for
 * a moment at a time, so that its caller can look for Ctrl-C in between.
 *
 * May include: nothing.
 */
#ifndef CLI_SOCKET_H
#define CLI_SOCKET_H

#include <stddef.h>
#include <stdint.h>

enum socket_status {
	SOCKET_OK = 0,
	SOCKET_WAITED,			/* nothing happened for a moment */
	SOCKET_CLOSED,			/* by the other side, or the network failed */
	SOCKET_NO_HOST,			/* no address of this machine */
	SOCKET_IN_USE,			/* another program has the port */
	SOCKET_NO_ACCESS,		/* the port is not for everyone */
	SOCKET_NO_MEMORY,
	SOCKET_REFUSED			/* for any other reason */
};

struct listener;
struct connection;

/*
 * Opens a port for connections; host is a name or an address, port 0 lets the
 * system choose.
 */
enum socket_status socket_listen(const char *host, uint16_t port, struct listener **out);

/* The port that it is in the end. */
uint16_t socket_port(const struct listener *listener);

enum socket_status socket_accept(struct listener *listener, struct connection **out);

/* Receives what has come, at least one byte when SOCKET_OK. */
enum socket_status socket_receive(struct connection *connection, void *bytes, size_t size,
				  size_t *count_out);

/* Sends what can be sent now, at least one byte when SOCKET_OK. */
enum socket_status socket_send(struct connection *connection, const void *bytes, size_t size,
			       size_t *count_out);

/* NULL is allowed. */
void socket_close_connection(struct connection *connection);
void socket_close_listener(struct listener *listener);

#endif
