/* SPDX-License-Identifier: ISC */
/*
 * Clients by Unix socket: programs of domain 0. The sockets are edge-triggered (EPOLLET), which
 * saves the kernel a second poll of each client. After a read that may have left data, ask the loop
 * to report the socket again.
 */
#include "conn.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bytes taken from a client per turn at most, so that others get their turns. */
#define TURN_BYTES 8192

#define REQUESTS (EPOLLIN | EPOLLRDHUP)
#define ENDS     (EPOLLRDHUP | EPOLLHUP | EPOLLERR)

struct socket_conn {
	struct conn conn; /* first */
	struct loop_source source;
};

static struct socket_conn *of(struct conn *conn)
{
	return (struct socket_conn *)conn;
}

/*
 * Reports requests unless they are held or there is no room for answers; reports room if answers
 * are queued.
 */
static void set_events(struct socket_conn *client)
{
	struct conn *conn = &client->conn;
	uint32_t events = (conn->is_held || conn_is_full(conn) ? 0 : REQUESTS) |
			  (buffer_len(&conn->out) ? EPOLLOUT : 0) | EPOLLET;

	loop_set_events(conn->store->loop, &client->source, events);
}

static void take(struct conn *conn)
{
	buffer_drop(&conn->in,
		    (uint32_t)conn_take(conn, buffer_start(&conn->in), buffer_len(&conn->in)));
	conn_mark(conn);
}

/* Handles whole messages in place; only the rest is kept. */
static void take_bytes(struct conn *conn, const char *data, size_t len)
{
	bool waiting = buffer_len(&conn->in) != 0;
	size_t used = waiting ? 0 : conn_take(conn, data, len);

	if (used < len && !buffer_put(&conn->in, data + used, len - used))
		conn_break(conn, XENSTORE_ERROR_COMM, "no memory for its requests");
	else if (waiting)
		take(conn);
	conn_mark(conn);
}

static void flush(struct conn *conn)
{
	struct socket_conn *client = of(conn);
	struct buffer *out = &conn->out;

	while (buffer_len(out)) {
		ssize_t count = send(client->source.fd, out->data + out->start, buffer_len(out),
				     MSG_NOSIGNAL | MSG_DONTWAIT);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno != EAGAIN) {
			conn->broken = XENSTORE_ERROR_COMM; /* the client is gone: nothing to log */
			conn_mark(conn);
			return;
		}
		if (count < 0)
			break;
		conn_sent(conn, (uint32_t)count);
	}
	set_events(client);
}

static void ready(struct loop_source *source, uint32_t events)
{
	struct socket_conn *client =
		(struct socket_conn *)((char *)source - offsetof(struct socket_conn, source));
	static char data[TURN_BYTES];
	ssize_t count;

	if (events & EPOLLOUT)
		conn_mark(&client->conn);
	if (!(events & (EPOLLIN | ENDS)))
		return;
	count = recv(source->fd, data, sizeof(data), MSG_DONTWAIT);
	/* A short read means that the stream is empty, but the end of the stream may follow. */
	if (count == sizeof(data) || events & ENDS)
		loop_tell_again(client->conn.store->loop, source);
	if (count > 0)
		take_bytes(&client->conn, data, (size_t)count);
	else if (count == 0 || (errno != EAGAIN && errno != EINTR))
		conn_close(&client->conn);
}

static void cut(struct conn *conn, int error)
{
	(void)error;
	conn_close(conn);
}

static void free_socket(struct conn *conn)
{
	struct socket_conn *client = of(conn);

	loop_remove(conn->store->loop, &client->source);
	close(client->source.fd);
	conn->store->sockets--;
	free(client);
}

static const struct conn_ops socket_ops = {
	.take = take,
	.flush = flush,
	.cut = cut,
	.free = free_socket,
};

int conn_socket_open(struct store *store, int fd)
{
	struct socket_conn *client = calloc(1, sizeof(*client));
	int ret;

	if (!client)
		return -ENOMEM;
	client->source =
		(struct loop_source){.fd = fd, .events = REQUESTS | EPOLLET, .ready = ready};
	ret = loop_add(store->loop, &client->source);
	if (ret < 0) {
		free(client);
		return ret;
	}
	conn_open(&client->conn, store, store->domains.zero, &socket_ops);
	store->sockets++;
	return 0;
}

int conn_socket_accept(struct store *store, int fd)
{
	if (store->max_sockets && store->sockets >= store->max_sockets)
		return -EMFILE;
	return conn_socket_open(store, fd);
}

int conn_socket_fd(const struct conn *conn)
{
	return conn->is_ring ? -1 : ((const struct socket_conn *)conn)->source.fd;
}
