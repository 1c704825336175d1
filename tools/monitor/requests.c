/* SPDX-License-Identifier: ISC */
/* The monitor's socket: one request a connection, read without waiting, answered, closed. */
#include "monitor.h"

#include "common/daemon.h"
#include "common/loop.h"
#include "protocol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNS 32
#define READ_SIZE 4096u

struct conn {
	struct loop_source source; /* first: a source is its connection */
	struct monitor *monitor;
	struct loop *loop;
	uint8_t *in;
	size_t in_size, in_used;
	bool used;
};

static struct conn conns[MAX_CONNS];

static void hang_up(struct conn *conn)
{
	loop_remove(conn->loop, &conn->source);
	close(conn->source.fd);
	free(conn->in);
	*conn = (struct conn){0};
}

/* Answers are short and the socket's buffer is empty: either they go at once or the client is gone.
 */
static void answer(struct conn *conn, int ret, const char *sentence)
{
	uint8_t frame[FRAME_HEADER_SIZE + MONITOR_TEXT_MAX + 16];
	ssize_t size = ret < 0 ? monitor_put_error(frame, sizeof(frame), ret, sentence)
			       : monitor_put_ok(frame, sizeof(frame));

	if (size > 0 && send(conn->source.fd, frame, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		daemon_log("an answer could not be sent: %s", strerror(errno));
}

static int handle(struct monitor *monitor, const struct frame *frame, char *err, size_t err_size)
{
	char name[MONITOR_NAME_MAX + 1];
	struct monitor_guest guest;
	struct monitor_guest_at at;

	if (frame->version != MONITOR_VERSION) {
		snprintf(err, err_size,
			 "this monitor daemon speaks version %d of its protocol, the client "
			 "version %u",
			 MONITOR_VERSION, frame->version);
		return -EPROTONOSUPPORT;
	}
	if (frame->type == MONITOR_REGISTER && monitor_get_register(frame, &guest, name) == 0)
		return monitor_register(monitor, &guest, loop_now_ms(), err, err_size);
	if (frame->type == MONITOR_FORGET && monitor_get_forget(frame, &at) == 0)
		return monitor_forget(monitor, at.domid, at.uuid, err, err_size);
	if (frame->type == MONITOR_CALL_OFF && monitor_get_call_off(frame, name) == 0)
		return monitor_call_off(monitor, name, err, err_size);
	snprintf(err, err_size, "the monitor daemon does not understand the request of type %u",
		 frame->type);
	return -EPROTO;
}

static int make_room(struct conn *conn)
{
	size_t size = conn->in_used + READ_SIZE;
	uint8_t *in;

	if (size <= conn->in_size)
		return 0;
	size += conn->in_size;
	if (size > FRAME_HEADER_SIZE + MONITOR_FRAME_MAX + READ_SIZE)
		size = FRAME_HEADER_SIZE + MONITOR_FRAME_MAX + READ_SIZE;
	if (size < conn->in_used + READ_SIZE)
		return -EMSGSIZE;
	in = realloc(conn->in, size);
	if (!in)
		return -ENOMEM;
	conn->in = in;
	conn->in_size = size;
	return 0;
}

static void ready(struct loop_source *source, uint32_t events)
{
	struct conn *conn = (struct conn *)source;
	char err[MONITOR_TEXT_MAX + 1] = "the request is too long";
	struct frame frame;
	ssize_t count, whole;
	int ret = make_room(conn);

	(void)events;
	if (ret == 0) {
		count = recv(source->fd, conn->in + conn->in_used, READ_SIZE, MSG_DONTWAIT);
		if (count < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (count <= 0) {
			hang_up(conn);
			return;
		}
		conn->in_used += (size_t)count;
		whole = frame_parse(conn->in, conn->in_used, MONITOR_FRAME_MAX, &frame);
		if (whole == 0)
			return;
		ret = whole < 0 ? (int)whole : handle(conn->monitor, &frame, err, sizeof(err));
	}
	answer(conn, ret, err);
	hang_up(conn);
}

int request_accept(struct monitor *monitor, struct loop *loop, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct conn *conn = conns;
	int ret;

	if (fd < 0)
		return -errno;
	while (conn < conns + MAX_CONNS && conn->used)
		conn++;
	if (conn == conns + MAX_CONNS) {
		close(fd);
		return -EMFILE;
	}
	*conn = (struct conn){
		.source = {.fd = fd, .events = EPOLLIN, .ready = ready},
		.monitor = monitor,
		.loop = loop,
		.used = true,
	};
	ret = loop_add(loop, &conn->source);
	if (ret < 0) {
		close(fd);
		conn->used = false;
	}
	return ret;
}

void request_close_all(void)
{
	for (size_t i = 0; i < MAX_CONNS; i++)
		if (conns[i].used)
			hang_up(&conns[i]);
}
