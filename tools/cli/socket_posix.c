/* SPDX-License-Identifier: MIT */
#ifndef _WIN32
#include "socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOMENT_MS = 200 };

struct listener {
	int descriptor;
	uint16_t port;
};

struct connection {
	int descriptor;
};

static enum socket_status status_of_errno(int code)
{
	switch (code) {
	case EADDRINUSE:
		return SOCKET_IN_USE;
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return SOCKET_NO_HOST;
	case EACCES:
	case EPERM:
		return SOCKET_NO_ACCESS;
	case ENOMEM:
	case ENOBUFS:
		return SOCKET_NO_MEMORY;
	default:
		return SOCKET_REFUSED;
	}
}

/* Programs that are started from here do not inherit it, and no call on it waits. */
static void make_private(int descriptor)
{
	fcntl(descriptor, F_SETFD, FD_CLOEXEC);
	fcntl(descriptor, F_SETFL, O_NONBLOCK);
}

static enum socket_status open_port(const struct addrinfo *address, int *descriptor_out)
{
	int descriptor = socket(address->ai_family, SOCK_STREAM, 0);
	int on = 1;
	int code;

	if (descriptor < 0)
		return status_of_errno(errno);
	make_private(descriptor);
	/* A port is free again as soon as its program has ended. */
	setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(descriptor, address->ai_addr, address->ai_addrlen) == 0 &&
	    listen(descriptor, 1) == 0) {
		*descriptor_out = descriptor;
		return SOCKET_OK;
	}
	code = errno;
	close(descriptor);
	return status_of_errno(code);
}

static uint16_t port_of(int descriptor)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);

	if (getsockname(descriptor, (struct sockaddr *)&address, &size) != 0)
		return 0;
	if (address.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&address)->sin6_port);
	return ntohs(((const struct sockaddr_in *)&address)->sin_port);
}

enum socket_status socket_listen(const char *host, uint16_t port, struct listener **out)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *addresses;
	char service[8];
	int descriptor = -1;
	enum socket_status status;

	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(host, service, &hints, &addresses) != 0)
		return SOCKET_NO_HOST;
	status = open_port(addresses, &descriptor);
	freeaddrinfo(addresses);
	if (status != SOCKET_OK)
		return status;
	*out = malloc(sizeof(**out));
	if (*out == NULL) {
		close(descriptor);
		return SOCKET_NO_MEMORY;
	}
	**out = (struct listener){ .descriptor = descriptor, .port = port_of(descriptor) };
	return SOCKET_OK;
}

uint16_t socket_port(const struct listener *listener)
{
	return listener->port;
}

/* SOCKET_WAITED, when a moment has passed or a signal came. */
static enum socket_status wait_for(int descriptor, short events)
{
	struct pollfd wanted = { .fd = descriptor, .events = events };
	int count = poll(&wanted, 1, MOMENT_MS);

	if (count > 0)
		return SOCKET_OK;
	return count == 0 || errno == EINTR ? SOCKET_WAITED : SOCKET_CLOSED;
}

static enum socket_status status_of_transfer(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? SOCKET_WAITED :
									   SOCKET_CLOSED;
}

enum socket_status socket_accept(struct listener *listener, struct connection **out)
{
	enum socket_status status = wait_for(listener->descriptor, POLLIN);
	int on = 1;
	int descriptor;

	if (status != SOCKET_OK)
		return status;
	descriptor = accept(listener->descriptor, NULL, NULL);
	/* Whoever knocked may have gone again. */
	if (descriptor < 0)
		return errno == ECONNABORTED ? SOCKET_WAITED : status_of_transfer();
	make_private(descriptor);
	/* A packet is answered before the next one comes: nothing is gained by collecting. */
	setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	*out = malloc(sizeof(**out));
	if (*out == NULL) {
		close(descriptor);
		return SOCKET_NO_MEMORY;
	}
	(*out)->descriptor = descriptor;
	return SOCKET_OK;
}

enum socket_status socket_receive(struct connection *connection, void *bytes, size_t size,
				  size_t *count_out)
{
	enum socket_status status = wait_for(connection->descriptor, POLLIN);
	ssize_t count;

	if (status != SOCKET_OK)
		return status;
	count = recv(connection->descriptor, bytes, size, 0);
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
	enum socket_status status = wait_for(connection->descriptor, POLLOUT);
	ssize_t count;

	if (status != SOCKET_OK)
		return status;
	count = send(connection->descriptor, bytes, size, MSG_NOSIGNAL);
	if (count < 0)
		return status_of_transfer();
	*count_out = (size_t)count;
	return SOCKET_OK;
}

void socket_close_connection(struct connection *connection)
{
	if (connection == NULL)
		return;
	close(connection->descriptor);
	free(connection);
}

void socket_close_listener(struct listener *listener)
{
	if (listener == NULL)
		return;
	close(listener->descriptor);
	free(listener);
}

#else
typedef int socket_is_win32;	/* a translation unit must declare something */
#endif
