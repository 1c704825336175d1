/* SPDX-License-Identifier: ISC */
/* The client's blocking side of the daemons' sockets: connect, send, receive, each with a limit. */
#include "frame.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NO_ANSWER "%s gave an answer that is no answer"
#define ASK_MAX   1024 /* bytes of data of a yes or an error */

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

/* Wait for events until the moment deadline: 0 or -ETIMEDOUT. */
static int wait_ready(int fd, short events, long deadline)
{
	struct pollfd poller = {.fd = fd, .events = events};

	for (;;) {
		long left = deadline - now_ms();
		int count = poll(&poller, 1, left > 0 ? (int)left : 0);

		if (count > 0)
			return 0;
		if (count == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

static int explain_connect(const struct frame_peer *peer, int error, char *err, size_t err_size)
{
	if (error == ENOENT || error == ECONNREFUSED) {
		snprintf(err, err_size,
			 "%s is not running (nobody listens on %s): start it with \"%s\"",
			 peer->daemon, peer->socket, peer->daemon);
		return -ECONNREFUSED;
	}
	if (error == EAGAIN || error == EINPROGRESS)
		error = ETIMEDOUT; /* what the send limit makes of connect(), by the state of the
				      queue */
	snprintf(err, err_size, "cannot connect to %s: %s%s", peer->socket, strerror(error),
		 error == EACCES ? "; only root may" : "");
	return -error;
}

int frame_connect(const struct frame_peer *peer, char *err, size_t err_size)
{
	const struct timeval limit = {.tv_sec = peer->timeout_ms / 1000,
				      .tv_usec = peer->timeout_ms % 1000 * 1000};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(peer->socket) >= sizeof(address.sun_path))
		return explain_connect(peer, ENAMETOOLONG, err, err_size);
	strcpy(address.sun_path, peer->socket);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return explain_connect(peer, errno, err, err_size);
	/* A daemon that hangs lets its queue fill up, and connect() would wait for room in it. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int error = errno;

		close(fd);
		return explain_connect(peer, error, err, err_size);
	}
	return fd;
}

int frame_send(int fd, const void *data, size_t size, int timeout_ms)
{
	const uint8_t *at = data;
	long deadline = now_ms() + timeout_ms;

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

static int receive_exactly(int fd, uint8_t *at, size_t size, long deadline)
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
	long deadline = now_ms() + peer->timeout_ms;
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

/* What an error answer says, or -EPROTO when it says nothing sensible. */
static int take_error(const struct frame_peer *peer, const struct frame *answer, char *err,
		      size_t err_size)
{
	struct frame_reader r;
	char text[512];
	int error;

	frame_open(&r, answer);
	error = (int)frame_get_u32(&r);
	frame_get_string(&r, text, sizeof(text));
	if (frame_close(&r) < 0 || error >= 0 || error < -4095) {
		snprintf(err, err_size, NO_ANSWER, peer->daemon);
		return -EPROTO;
	}
	snprintf(err, err_size, "%s", text);
	return error;
}

int frame_call(const struct frame_peer *peer, const void *request, size_t size, uint16_t error_type,
	       void *buffer, struct frame *answer, char *err, size_t err_size)
{
	int fd = frame_connect(peer, err, err_size);
	int ret;

	if (fd < 0)
		return fd;
	ret = frame_send(fd, request, size, peer->timeout_ms);
	/* A daemon that refused and closed has left its reason to read, so a failed send is not the
	 * end. */
	if (ret == 0 || ret == -EPIPE || ret == -ECONNRESET)
		ret = frame_receive(fd, peer, buffer, answer);
	close(fd);
	if (ret < 0) {
		snprintf(err, err_size, "%s did not answer: %s", peer->daemon, strerror(-ret));
		return ret;
	}
	if (answer->type == error_type)
		return take_error(peer, answer, err, err_size);
	if (answer->version != peer->version) {
		snprintf(
			err, err_size,
			"%s speaks version %u of its protocol, this program version %u: restart it",
			peer->daemon, answer->version, peer->version);
		return -EPROTO;
	}
	return 0;
}

int frame_ask(const struct frame_peer *peer, const void *request, ssize_t size, uint16_t ok_type,
	      uint16_t error_type, char *err, size_t err_size)
{
	struct frame_peer brief = *peer;
	uint8_t buffer[FRAME_HEADER_SIZE + ASK_MAX];
	struct frame answer;
	int ret;

	if (!err)
		err_size = 0;
	if (size < 0) {
		snprintf(err, err_size, "the request to %s is too long", peer->daemon);
		return (int)size;
	}
	brief.limit = ASK_MAX;
	ret = frame_call(&brief, request, (size_t)size, error_type, buffer, &answer, err, err_size);
	if (ret == 0 && answer.type != ok_type) {
		snprintf(err, err_size, NO_ANSWER, peer->daemon);
		ret = -EPROTO;
	}
	return ret;
}
