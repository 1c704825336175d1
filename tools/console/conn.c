/* SPDX-License-Identifier: ISC */
/* One connection to the console daemon: what it asks, and what of its guest's output it is due. */
#include "server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* The next piece of the guest's output as a frame; false when the client has it all. */
static bool queue_output(struct console_conn *conn)
{
	uint8_t frame[FRAME_HEADER_SIZE + CONSOLE_FRAME_MAX];
	char data[CONSOLE_FRAME_MAX];
	uint64_t lost, left = sizeof(data);
	size_t count;

	if (!conn->replayed) { /* what comes after goes after REPLAYED */
		uint64_t kept =
			conn->position < conn->replay_end ? conn->replay_end - conn->position : 0;

		left = kept < left ? kept : left;
	}
	count = left ? scrollback_read(&conn->guest->output, &conn->position, data, (size_t)left,
				       &lost)
		     : 0;
	if (count == 0)
		return false;
	if (lost) {
		char text[80];

		snprintf(text, sizeof(text),
			 "%llu bytes of output are missing here: this client was too slow",
			 (unsigned long long)lost);
		conn_notice(conn, text);
	}
	conn_queue(conn, frame,
		   console_put_bytes(frame, sizeof(frame), CONSOLE_OUTPUT, data, count));
	return true;
}

static void queue_taken(struct console_conn *conn)
{
	uint8_t frame[FRAME_HEADER_SIZE + 8];

	if (conn->told == conn->typed || conn->guest->taken < conn->typed_before)
		return;
	conn->told = conn->typed;
	conn_queue(conn, frame, console_put_u64(frame, sizeof(frame), CONSOLE_TAKEN, conn->typed));
}

/* What this client is due and has not been sent; false when that is nothing. */
static bool queue_next(struct console_conn *conn)
{
	uint8_t frame[FRAME_HEADER_SIZE + 8];

	if (queue_output(conn))
		return true;
	if (!conn->replayed) {
		conn->replayed = true;
		conn_queue(conn, frame, console_put_empty(frame, sizeof(frame), CONSOLE_REPLAYED));
		return true;
	}
	if (conn->guest->state != CONSOLE_DEAD)
		return false;
	conn_queue(conn, frame,
		   console_put_u32(frame, sizeof(frame), CONSOLE_ENDED,
				   (uint32_t)conn->guest->reason));
	conn->guest = NULL;
	conn->closing = true;
	return true;
}

/* Send until the client is up to date or its socket is full; then its own position waits for it. */
static void send_due(struct console_conn *conn)
{
	if (conn->guest)
		queue_taken(conn);
	conn_send(conn);
	while (!conn->dead && conn->guest && conn->out_used == 0 && queue_next(conn))
		conn_send(conn);
	if (!conn->dead && conn->closing && conn->out_used == 0)
		conn_hang_up(conn);
}

/* Handle what came, frame by frame; true while the last one has to wait for room at the guest. */
static bool handle_frames(struct console_conn *conn)
{
	size_t done = 0;
	int ret = 0;

	while (!conn->dead && !conn->closing && ret == 0) {
		struct frame frame;
		ssize_t size = frame_parse(conn->in + done, conn->in_used - done, CONSOLE_FRAME_MAX,
					   &frame);

		if (size == 0)
			break;
		ret = size < 0 ? (int)size : request_handle(conn, &frame);
		if (ret == 0)
			done += (size_t)size;
	}
	if (ret < 0 && ret != -EAGAIN)
		conn->closing = true;
	conn->in_used -= done;
	memmove(conn->in, conn->in + done, conn->in_used);
	return ret == -EAGAIN;
}

void conn_advance(struct console_conn *conn)
{
	bool waits;
	uint32_t events;

	conn->due = false;
	if (conn->dead)
		return;
	waits = handle_frames(conn);
	send_due(conn);
	if (conn->dead)
		return;
	events = waits || conn->closing ? 0 : EPOLLIN;
	if (conn->out_used > 0)
		events |= EPOLLOUT;
	loop_set_events(&conn->server->loop, &conn->source, events);
}

static void receive(struct console_conn *conn)
{
	ssize_t count = recv(conn->source.fd, conn->in + conn->in_used,
			     sizeof(conn->in) - conn->in_used, MSG_DONTWAIT);

	if (count > 0)
		conn->in_used += (size_t)count;
	else if (count == 0 || (errno != EAGAIN && errno != EINTR))
		conn_hang_up(conn);
}

static void conn_ready(struct loop_source *source, uint32_t events)
{
	struct console_conn *conn =
		(struct console_conn *)((char *)source - offsetof(struct console_conn, source));

	if ((events & EPOLLIN) && (source->events & EPOLLIN))
		receive(conn);
	else if (events & (EPOLLHUP | EPOLLERR))
		conn_hang_up(conn);
	conn_advance(conn);
}

int conn_open(struct console_server *server, int fd)
{
	struct console_conn *conn;
	int ret;

	if (server->conn_count >= SERVER_MAX_CONNS)
		return -EMFILE;
	conn = calloc(1, sizeof(*conn));
	if (!conn)
		return -ENOMEM;
	conn->server = server;
	conn->source = (struct loop_source){.fd = fd, .events = EPOLLIN, .ready = conn_ready};
	ret = loop_add(&server->loop, &conn->source);
	if (ret < 0) {
		free(conn);
		return ret;
	}
	conn->next = server->conns;
	server->conns = conn;
	server->conn_count++;
	return 0;
}
