/* SPDX-License-Identifier: MIT */
#ifdef _WIN32
#include "socket.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <winsock2.h>
#include <ws2tcpip.h>

enum { MOMENT_US = 200 * 1000 };

struct listener {
	SOCKET socket;
	uint16_t port;
};

struct connection {
	SOCKET socket;
};

static enum socket_status status_of_error(int code)
{
	switch (code) {
	case WSAEADDRINUSE:
		return SOCKET_IN_USE;
	case WSAEADDRNOTAVAIL:
	case WSAEAFNOSUPPORT:
		return SOCKET_NO_HOST;
	case WSAEACCES:
		return SOCKET_NO_ACCESS;
	case WSAENOBUFS:
	case WSA_NOT_ENOUGH_MEMORY:
		return SOCKET_NO_MEMORY;
	default:
		return SOCKET_REFUSED;
	}
}

static void make_unblocking(SOCKET socket)
{
	u_long on = 1;

	ioctlsocket(socket, FIONBIO, &on);
}

static enum socket_status open_port(const struct addrinfo *address, SOCKET *socket_out)
{
	SOCKET opened = socket(address->ai_family, SOCK_STREAM, IPPROTO_TCP);
	BOOL on = TRUE;
	int code;

	if (opened == INVALID_SOCKET)
		return status_of_error(WSAGetLastError());
	make_unblocking(opened);
	/* Without it another program could take the port over. */
	setsockopt(opened, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&on, sizeof(on));
	if (bind(opened, address->ai_addr, (int)address->ai_addrlen) == 0 &&
	    listen(opened, 1) == 0) {
		*socket_out = opened;
		return SOCKET_OK;
	}
	code = WSAGetLastError();
	closesocket(opened);
	return status_of_error(code);
}

static uint16_t port_of(SOCKET socket)
{
	struct sockaddr_storage address = { 0 };
	int size = sizeof(address);

	if (getsockname(socket, (struct sockaddr *)&address, &size) != 0)
		return 0;
	if (address.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&address)->sin6_port);
	return ntohs(((const struct sockaddr_in *)&address)->sin_port);
}

static enum socket_status listen_on(const char *host, uint16_t port, struct listener *out)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *addresses;
	char service[8];
	enum socket_status status;

	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(host, service, &hints, &addresses) != 0)
		return SOCKET_NO_HOST;
	status = open_port(addresses, &out->socket);
	freeaddrinfo(addresses);
	if (status == SOCKET_OK)
		out->port = port_of(out->socket);
	return status;
}

enum socket_status socket_listen(const char *host, uint16_t port, struct listener **out)
{
	WSADATA facts;
	struct listener *listener;
	enum socket_status status;

	if (WSAStartup(MAKEWORD(2, 2), &facts) != 0)
		return SOCKET_REFUSED;
	listener = malloc(sizeof(*listener));
	status = listener == NULL ? SOCKET_NO_MEMORY : listen_on(host, port, listener);
	if (status != SOCKET_OK) {
		free(listener);
		WSACleanup();
		return status;
	}
	*out = listener;
	return SOCKET_OK;
}

uint16_t socket_port(const struct listener *listener)
{
	return listener->port;
}

/* Waits until it can be read from, or written to when for_sending. */
static enum socket_status wait_for(SOCKET socket, BOOL for_sending)
{
	struct timeval moment = { .tv_usec = MOMENT_US };
	fd_set wanted = { .fd_count = 1, .fd_array = { socket } };
	int count = select(0, for_sending ? NULL : &wanted, for_sending ? &wanted : NULL, NULL,
			   &moment);

	if (count > 0)
		return SOCKET_OK;
	return count == 0 ? SOCKET_WAITED : SOCKET_CLOSED;
}

static enum socket_status status_of_transfer(void)
{
	return WSAGetLastError() == WSAEWOULDBLOCK ? SOCKET_WAITED : SOCKET_CLOSED;
}

static int at_most_int_max(size_t size)
{
	return size > INT_MAX ? INT_MAX : (int)size;
}

enum socket_status socket_accept(struct listener *listener, struct connection **out)
{
	enum socket_status status = wait_for(listener->socket, FALSE);
	BOOL on = TRUE;
	SOCKET accepted;

	if (status != SOCKET_OK)
		return status;
	accepted = accept(listener->socket, NULL, NULL);
	/* Whoever knocked may have gone again. */
	if (accepted == INVALID_SOCKET)
		return WSAGetLastError() == WSAECONNRESET ? SOCKET_WAITED : status_of_transfer();
	make_unblocking(accepted);
	/* A packet is answered before the next one comes: nothing is gained by collecting. */
	setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof(on));
	*out = malloc(sizeof(**out));
	if (*out == NULL) {
		closesocket(accepted);
		return SOCKET_NO_MEMORY;
	}
	(*out)->socket = accepted;
	return SOCKET_OK;
}

enum socket_status socket_receive(struct connection *connection, void *bytes, size_t size,
				  size_t *count_out)
{
	enum socket_status status = wait_for(connection->socket, FALSE);
	int count;

	if (status != SOCKET_OK)
		return status;
	count = recv(connection->socket, bytes, at_most_int_max(size), 0);
	if (count < 0)
		return status_of_transfer();
	if (count == 0)
		return SOCKET_CLOSED;
	*count_out = (size_t)count;
	return SOCKET_OK;
}

enum socket_status socket_send(struct connection *connection, const void *bytes, size_t size,
			       size_t *count_out)
{
	enum socket_status status = wait_for(connection->socket, TRUE);
	int count;

	if (status != SOCKET_OK)
		return status;
	count = send(connection->socket, bytes, at_most_int_max(size), 0);
	if (count < 0)
		return status_of_transfer();
	*count_out = (size_t)count;
	return SOCKET_OK;
}

void socket_close_connection(struct connection *connection)
{
	if (connection == NULL)
		return;
	closesocket(connection->socket);
	free(connection);
}

void socket_close_listener(struct listener *listener)
{
	if (listener == NULL)
		return;
	closesocket(listener->socket);
	free(listener);
	WSACleanup();
}

#else
typedef int socket_is_posix;	/* a translation unit must declare something */
#endif
