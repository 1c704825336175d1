/* SPDX-License-Identifier: ISC */
/* One connection to the console daemon: never waited for, bounded in what it may hold. */
#include "server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUT_FIRST 8192u /* holds one full OUTPUT frame and some answers */

/* Marked only: the lists may be walked right now. conn_free_dead() does it at the end of the round.
 */
static void hang_up(struct console_conn *conn)
{
	if (conn->dead)
		return;
	loop_remove(&conn->server->loop, &conn->source);
	conn->dead = true;
	conn->guest = NULL;
}

void conn_free_dead(struct console_server *server)
{
	struct console_conn **at = &server->conns;

	while (*at) {
		struct console_conn *conn = *at;

		if (!conn->dead) {
			at = &conn->next;
			continue;
		}
		*at = conn->next;
		server->conn_count--;
		close(conn->source.fd);
		free(conn->out);
		free(conn);
	}
}

static bool make_room(struct console_conn *conn, size_t size)
{
	size_t wanted = conn->out_size ? conn->out_size : OUT_FIRST;
	uint8_t *out;

	if (conn->out_sent > 0) {
		conn->out_used -= conn->out_sent;
		memmove(conn->out, conn->out + conn->out_sent, conn->out_used);
		conn->out_sent = 0;
	}
	while (wanted - conn->out_used < size)
		wanted *= 2;
	if (wanted == conn->out_size)
		return true;
	if (wanted > CONN_OUT_MAX)
		return false;
	out = realloc(conn->out, wanted);
	if (!out)
		return false;
	conn->out = out;
	conn->out_size = wanted;
	return true;
}

void conn_queue(struct console_conn *conn, const void *frame, ssize_t size)
{
	if (conn->dead)
		return;
	if (size < 0 || !make_room(conn, (size_t)size)) {
		hang_up(conn); /* it reads none of its answers */
		return;
	}
	memcpy(conn->out + conn->out_used, frame, (size_t)size);
	conn->out_used += (size_t)size;
}

void conn_error(struct console_conn *conn, int error, const char *format, ...)
{
	uint8_t frame[FRAME_HEADER_SIZE + CONSOLE_TEXT_MAX + 16];
	char text[CONSOLE_TEXT_MAX + 1];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	conn_queue(conn, frame, console_put_error(frame, sizeof(frame), error, text));
}

void conn_notice(struct console_conn *conn, const char *text)
{
	uint8_t frame[FRAME_HEADER_SIZE + CONSOLE_TEXT_MAX + 16];

	conn_queue(conn, frame, console_put_text(frame, sizeof(frame), CONSOLE_NOTICE, text));
}

static void send_out(struct console_conn *conn)
{
	while (!conn->dead && conn->out_sent < conn->out_used) {
		ssize_t count = send(conn->source.fd, conn->out + conn->out_sent,
				     conn->out_used - conn->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno == EAGAIN)
			return;
		if (count < 0) {
			hang_up(conn);
			return;
		}
		conn->out_sent += (size_t)count;
	}
	conn->out_sent = conn->out_used = 0;
}

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
	send_out(conn);
	while (!conn->dead && conn->guest && conn->out_used == 0 && queue_next(conn))
		send_out(conn);
	if (!conn->dead && conn->closing && conn->out_used == 0)
		hang_up(conn);
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
		hang_up(conn);
}

static void conn_ready(struct loop_source *source, uint32_t events)
{
	struct console_conn *conn =
		(struct console_conn *)((char *)source - offsetof(struct console_conn, source));

	if ((events & EPOLLIN) && (source->events & EPOLLIN))
		receive(conn);
	else if (events & (EPOLLHUP | EPOLLERR))
		hang_up(conn);
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
