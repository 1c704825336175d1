/* SPDX-License-Identifier: ISC */
/* What is sent to one connection: never waited for, bounded in what it may hold. */
#include "server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUT_FIRST 8192u /* holds one full OUTPUT frame and some answers */

/* Marked only: the lists may be walked right now. conn_free_dead() does it at the end of the round.
 */
void conn_hang_up(struct console_conn *conn)
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
		conn_hang_up(conn); /* it reads none of its answers */
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

void conn_send(struct console_conn *conn)
{
	while (!conn->dead && conn->out_sent < conn->out_used) {
		ssize_t count = send(conn->source.fd, conn->out + conn->out_sent,
				     conn->out_used - conn->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno == EAGAIN)
			return;
		if (count < 0) {
			conn_hang_up(conn);
			return;
		}
		conn->out_sent += (size_t)count;
	}
	conn->out_sent = conn->out_used = 0;
}
