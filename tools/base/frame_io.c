/* SPDX-License-Identifier: ISC */
/*
 * The blocking client of the daemons' sockets: connects, sends and receives, each with a time
 * limit.
 */
#include "frame.h"
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define NO_ANSWER "%s gave an answer that is no answer"
#define ASK_MAX   1024 /* maximum bytes of data in an answer to frame_ask() */

/* Waits for events until the time deadline. Returns 0 or -ETIMEDOUT. */
static int wait_ready(int fd, short events, int64_t deadline)
{
	struct pollfd poller = {.fd = fd, .events = events};

	for (;;) {
		int64_t left = deadline - loop_now_ms();
		int count = poll(&poller, 1, left > 0 ? (int)left : 0);

		if (count > 0)
			return 0;
		if (count == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

static int explain_connect(const struct frame_peer *peer, int error, struct report *report)
{
	if (error == ENOENT || error == ECONNREFUSED) {
		return report_set(report, -ECONNREFUSED,
				  "%s is not running (nobody listens on %s): start it with \"%s\"",
				  peer->daemon, peer->socket, peer->daemon);
	}
	if (error == EAGAIN || error == EINPROGRESS)
		error = ETIMEDOUT; /* connect() reports the send timeout as either */
	return report_set(report, -error, "cannot connect to %s: %s%s", peer->socket,
			  strerror(error), error == EACCES ? "; only root may" : "");
}

int frame_connect(const struct frame_peer *peer, struct report *report)
{
	const struct timeval limit = {.tv_sec = peer->timeout_ms / 1000,
				      .tv_usec = peer->timeout_ms % 1000 * 1000};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(peer->socket) >= sizeof(address.sun_path))
		return explain_connect(peer, ENAMETOOLONG, report);
	strcpy(address.sun_path, peer->socket);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return explain_connect(peer, errno, report);
	/*
	 * If the daemon hangs, its queue fills up and connect() would wait for room. This limits
	 * the wait.
	 */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int error = errno;

		close(fd);
		return explain_connect(peer, error, report);
	}
	return fd;
}

int frame_send(int fd, const void *data, size_t size, int timeout_ms)
{
	const uint8_t *at = data;
	int64_t deadline = loop_now_ms() + timeout_ms;

	while (size > 0) {
		ssize_t sent = send(fd, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		int ret;

		if (sent > 0) {
			at += sent;
			size -= (size_t)sent;
			continue;
		}
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		ret = wait_ready(fd, POLLOUT, deadline);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int receive_exactly(int fd, uint8_t *at, size_t size, int64_t deadline)
{
	while (size > 0) {
		ssize_t got = recv(fd, at, size, MSG_DONTWAIT);
		int ret;

		if (got == 0)
			return -ECONNRESET;
		if (got > 0) {
			at += got;
			size -= (size_t)got;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		ret = wait_ready(fd, POLLIN, deadline);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int frame_receive(int fd, const struct frame_peer *peer, void *buffer, struct frame *frame)
{
	int64_t deadline = loop_now_ms() + peer->timeout_ms;
	uint8_t *bytes = buffer;
	int ret = receive_exactly(fd, bytes, FRAME_HEADER_SIZE, deadline);
	ssize_t whole;

	if (ret < 0)
		return ret;
	whole = frame_parse(bytes, FRAME_HEADER_SIZE, peer->limit, frame);
	if (whole < 0)
		return -EPROTO;
	return receive_exactly(fd, bytes + FRAME_HEADER_SIZE, frame->size, deadline);
}

/*
 * Returns the errno of an error answer and copies its text, or -EPROTO if the answer is malformed.
 */
static int take_error(const struct frame_peer *peer, const struct frame *answer,
		      struct report *report)
{
	struct reader r;
	char text[512];
	int error;

	frame_open(&r, answer);
	error = (int)reader_get_u32(&r);
	frame_get_string(&r, text, sizeof(text));
	if (frame_close(&r) < 0 || error >= 0 || error < -4095) {
		return report_set(report, -EPROTO, NO_ANSWER, peer->daemon);
	}
	return report_set(report, error, "%s", text);
}

int frame_call(const struct frame_peer *peer, const void *request, size_t size, uint16_t error_type,
	       void *buffer, struct frame *answer, struct report *report)
{
	int fd = frame_connect(peer, report);
	int ret;

	if (fd < 0)
		return fd;
	ret = frame_send(fd, request, size, peer->timeout_ms);
	/*
	 * A daemon that rejects a client sends the reason before it closes, so try to read it even
	 * if sending failed.
	 */
	if (ret == 0 || ret == -EPIPE || ret == -ECONNRESET)
		ret = frame_receive(fd, peer, buffer, answer);
	close(fd);
	if (ret < 0) {
		return report_set(report, ret, "%s did not answer: %s", peer->daemon,
				  strerror(-ret));
	}
	if (answer->type == error_type)
		return take_error(peer, answer, report);
	if (answer->version != peer->version)
		return report_set(
			report, -EPROTO,
			"%s speaks version %u of its protocol, this program version %u: restart it",
			peer->daemon, answer->version, peer->version);
	return 0;
}

int frame_ask(const struct frame_peer *peer, const void *request, ssize_t size, uint16_t ok_type,
	      uint16_t error_type, struct report *report)
{
	struct frame_peer brief = *peer;
	uint8_t buffer[FRAME_HEADER_SIZE + ASK_MAX];
	struct frame answer;
	int ret;

	if (size < 0)
		return report_set(report, (int)size, "the request to %s is too long", peer->daemon);
	brief.limit = ASK_MAX;
	ret = frame_call(&brief, request, (size_t)size, error_type, buffer, &answer, report);
	if (ret == 0 && answer.type != ok_type)
		ret = report_set(report, -EPROTO, NO_ANSWER, peer->daemon);
	return ret;
}
