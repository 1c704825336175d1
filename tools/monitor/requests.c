/* SPDX-License-Identifier: ISC */
/* The monitor's socket: one request a connection, read without waiting, answered, closed. */
#include "monitor.h"

#include "daemon/daemon.h"
#include "base/loop.h"
#include "clients/monitor_protocol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNS 32
#define READ_SIZE 4096u
#define IDLE_MS   10000 /* for a whole request; clients wait as long for their answer */

struct conn {
	struct loop_source source; /* first: a source is its connection */
	struct monitor *monitor;
	struct loop *loop;
	uint8_t *in;
	size_t in_size, in_used;
	int64_t due_ms; /* when it has taken too long */
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

/* What is answered: 0 and a guest whose restart is pending, 0, or an error and its sentence. */
struct reply {
	struct report report;
	bool has_pending;
	struct monitor_pending pending;
};

static ssize_t put_reply(void *frame, size_t size, int ret, const struct reply *reply)
{
	if (ret < 0)
		return monitor_put_error(frame, size, ret, reply->report.text);
	return reply->has_pending ? monitor_put_pending(frame, size, &reply->pending)
				  : monitor_put_ok(frame, size);
}

/* Answers are short and the socket's buffer is empty: either they go at once or the client is gone.
 */
static void answer(struct conn *conn, int ret, const struct reply *reply)
{
	uint8_t frame[FRAME_HEADER_SIZE + sizeof(struct monitor_pending) + 64];
	ssize_t size = put_reply(frame, sizeof(frame), ret, reply);

	if (size > 0 && send(conn->source.fd, frame, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		daemon_log("an answer could not be sent: %s", strerror(errno));
}

static int handle_register(struct monitor *monitor, const struct frame *frame, struct reply *reply)
{
	char name[MONITOR_NAME_MAX + 1];
	struct monitor_guest guest;
	int ret = monitor_get_register(frame, &guest, name);

	return ret ? ret : monitor_register(monitor, &guest, loop_now_ms(), &reply->report);
}

static int handle_forget(struct monitor *monitor, const struct frame *frame, struct reply *reply)
{
	struct monitor_guest_at at;
	int ret = monitor_get_forget(frame, &at);

	return ret ? ret : monitor_forget(monitor, at.domid, at.uuid, &reply->report);
}

static int handle_call_off(struct monitor *monitor, const struct frame *frame, struct reply *reply)
{
	char name[MONITOR_NAME_MAX + 1];
	int ret = monitor_get_call_off(frame, name);

	return ret ? ret : monitor_call_off(monitor, name, &reply->report);
}

static int handle_explain(struct monitor *monitor, const struct frame *frame, struct reply *reply)
{
	struct monitor_reason reason;
	int ret = monitor_get_explain(frame, &reason);

	return ret ? ret : monitor_explain(monitor, reason.uuid, reason.sentence, &reply->report);
}

static int handle_next(struct monitor *monitor, const struct frame *frame, struct reply *reply)
{
	uint8_t after[16];
	int ret = monitor_get_next(frame, after);

	if (!ret)
		reply->has_pending =
			monitor_next_pending(monitor, after, loop_now_ms(), &reply->pending);
	return ret;
}

/* By type; what is not there, and what its handler cannot read, is not understood. */
static int (*const handlers[])(struct monitor *, const struct frame *, struct reply *) = {
	[MONITOR_REGISTER] = handle_register, [MONITOR_FORGET] = handle_forget,
	[MONITOR_CALL_OFF] = handle_call_off, [MONITOR_EXPLAIN] = handle_explain,
	[MONITOR_NEXT] = handle_next,
};

static int handle(struct monitor *monitor, const struct frame *frame, struct reply *reply)
{
	int ret = -EPROTO;

	if (frame->version != MONITOR_VERSION) {
		report_set(&reply->report, 0,
			   "this monitor daemon speaks version %d of its protocol, the client "
			   "version %u",
			   MONITOR_VERSION, frame->version);
		return -EPROTONOSUPPORT;
	}
	report_set(&reply->report, 0,
		   "the monitor daemon does not understand the request of type %u", frame->type);
	if (frame->type < sizeof(handlers) / sizeof(handlers[0]) && handlers[frame->type])
		ret = handlers[frame->type](monitor, frame, reply);
	return ret;
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
	struct reply reply = {.report = {.text = "the request is too long"}};
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
		ret = whole < 0 ? (int)whole : handle(conn->monitor, &frame, &reply);
	}
	answer(conn, ret, &reply);
	hang_up(conn);
}

int request_drop_idle(int64_t now_ms)
{
	int64_t due = INT64_MAX;

	for (struct conn *conn = conns; conn < conns + MAX_CONNS; conn++) {
		if (conn->used && now_ms >= conn->due_ms)
			hang_up(conn);
		if (conn->used && conn->due_ms < due)
			due = conn->due_ms;
	}
	return due == INT64_MAX ? -1 : (int)(due - now_ms);
}

/* A free place. With none, whoever has waited longest without a whole request gives way. */
static struct conn *find_place(void)
{
	struct conn *oldest = conns;

	for (struct conn *conn = conns; conn < conns + MAX_CONNS; conn++) {
		if (!conn->used)
			return conn;
		if (conn->due_ms < oldest->due_ms)
			oldest = conn;
	}
	hang_up(oldest);
	return oldest;
}

int request_accept(struct monitor *monitor, struct loop *loop, int fd)
{
	struct conn *conn = find_place();
	int ret;

	*conn = (struct conn){
		.source = {.fd = fd, .events = EPOLLIN, .ready = ready},
		.monitor = monitor,
		.loop = loop,
		.due_ms = loop_now_ms() + IDLE_MS,
		.used = true,
	};
	ret = loop_add(loop, &conn->source);
	if (ret < 0)
		conn->used = false;
	return ret;
}

void request_close_all(void)
{
	for (size_t i = 0; i < MAX_CONNS; i++)
		if (conns[i].used)
			hang_up(&conns[i]);
}
