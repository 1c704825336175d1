/* SPDX-License-Identifier: ISC */
/* The connection to the store daemon: messages out, answers and events in. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "store.h"

#define RUN_DIR "/run/xenstored"
#define DEVICE  "/dev/xen/xenbus"
/* Only dom0 has it: the daemon's end of the kernel's connection. */
#define BACKEND_DEVICE "/dev/xen/xenbus_backend"
/* A daemon that says nothing for so long will not answer any more. */
#define ANSWER_TIMEOUT_MS  30000
#define CONNECT_TIMEOUT_MS 5000 /* for a place in the daemon's queue, which is full if it hangs */

/* --- opening ----------------------------------------------------------------------------- */

static void socket_path(char *path, size_t size)
{
	const char *whole = getenv("XENSTORED_PATH");
	const char *folder = getenv("XENSTORED_RUNDIR");

	if (whole)
		snprintf(path, size, "%s", whole);
	else
		snprintf(path, size, "%s/socket", folder ? folder : RUN_DIR);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/*
 * connect() of a Unix socket waits for room in the daemon's queue as long as its sending may wait;
 * poll() knows nothing of that room.
 */
static int connect_in_time(int fd, const struct sockaddr_un *address)
{
	int64_t end = now_ms() + CONNECT_TIMEOUT_MS, left;

	while ((left = end - now_ms()) > 0) {
		const struct timeval limit = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};

		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
			return 0;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	return -ETIMEDOUT;
}

static int connect_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = connect_in_time(fd, &address);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* In dom0 the device can be opened without a daemon, and whoever asks by it then waits for ever. */
static int open_device(void)
{
	int fd;

	if (!access(BACKEND_DEVICE, F_OK))
		return -ENOENT;
	fd = open(DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int open_somewhere(struct ctrl_store *s)
{
	int err;

	socket_path(s->node, sizeof(s->node));
	s->fd = connect_socket(s->node);
	if (s->fd >= 0)
		return 0;
	err = s->fd;
	s->fd = open_device();
	if (s->fd < 0)
		return err;
	s->is_device = true;
	snprintf(s->node, sizeof(s->node), "%s", DEVICE);
	return 0;
}

static int fail_open(int err, const char *node)
{
	if (err == -ENOENT || err == -ECONNREFUSED)
		return ctrl_fail(err, "no store daemon answers at %s: is plinth-stored running?",
				 node);
	if (err == -EACCES || err == -EPERM)
		return ctrl_fail(err,
				 "cannot connect to the store daemon at %s: permission "
				 "denied; run this as root",
				 node);
	if (err == -ETIMEDOUT)
		return ctrl_fail(err,
				 "the store daemon at %s has not accepted a connection for %d "
				 "seconds: does plinth-stored hang?",
				 node, CONNECT_TIMEOUT_MS / 1000);
	return ctrl_fail_file(err, "connect to the store daemon at %s", node);
}

int ctrl_store_open(struct ctrl_store **s)
{
	struct ctrl_store *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return ctrl_fail_file(-ENOMEM, "connect to the store daemon");
	h->last_event = &h->events;
	h->timeout_ms = ANSWER_TIMEOUT_MS;
	err = open_somewhere(h);
	if (err) {
		fail_open(err, h->node);
		free(h);
		return err;
	}
	*s = h;
	return 0;
}

static struct store_event *take_event(struct ctrl_store *s)
{
	struct store_event *event = s->events;

	if (event) {
		s->events = event->next;
		if (!s->events)
			s->last_event = &s->events;
	}
	return event;
}

void ctrl_store_close(struct ctrl_store *s)
{
	struct store_event *event;

	if (!s)
		return;
	while ((event = take_event(s))) {
		free(event->path);
		free(event);
	}
	close(s->fd);
	free(s);
}

void ctrl_store_set_timeout(struct ctrl_store *s, int timeout_ms)
{
	s->timeout_ms = timeout_ms;
}

int ctrl_store_fd(const struct ctrl_store *s)
{
	return s->fd;
}

/* --- messages out ------------------------------------------------------------------------ */

static int reserve(struct store_out *out, size_t more)
{
	size_t capacity = out->capacity ? out->capacity : 512;
	char *data;

	while (capacity - out->size < more)
		capacity *= 2;
	if (capacity == out->capacity)
		return 0;
	data = realloc(out->data, capacity);
	if (!data)
		return -ENOMEM;
	out->data = data;
	out->capacity = capacity;
	return 0;
}

int store_out_add(struct store_out *out, uint32_t type, uint32_t tx, const struct store_part *parts,
		  size_t nr)
{
	struct xsd_sockmsg header = {.type = type, .tx_id = tx};
	size_t size = 0;

	for (size_t i = 0; i < nr; i++)
		size += parts[i].size;
	if (size > XENSTORE_PAYLOAD_MAX)
		return -E2BIG;
	if (reserve(out, sizeof(header) + size) < 0)
		return -ENOMEM;
	header.len = size;
	memcpy(out->data + out->size, &header, sizeof(header));
	out->size += sizeof(header);
	for (size_t i = 0; i < nr; i++) {
		if (parts[i].size)
			memcpy(out->data + out->size, parts[i].data, parts[i].size);
		out->size += parts[i].size;
	}
	out->count++;
	return 0;
}

/* Numbers the messages, so that each answer can be told from one to another request. */
static void number_messages(struct ctrl_store *s, struct store_out *out)
{
	struct xsd_sockmsg header;

	for (size_t at = 0; at < out->size; at += sizeof(header) + header.len) {
		memcpy(&header, out->data + at, sizeof(header));
		header.req_id = s->next_id++;
		memcpy(out->data + at, &header, sizeof(header));
	}
}

/* --- messages in ------------------------------------------------------------------------- */

/* After this nothing more is asked of the connection: what comes in could be anything's answer. */
static int broken(struct ctrl_store *s, int err, const char *what)
{
	s->broken = err;
	return ctrl_fail(err,
			 "the connection to the store daemon at %s is lost: %s; is "
			 "plinth-stored running?",
			 s->node, what);
}

static int broken_by(struct ctrl_store *s, int err)
{
	return broken(s, err, strerror(-err));
}

static int broken_by_silence(struct ctrl_store *s)
{
	s->broken = -ETIMEDOUT;
	return ctrl_fail(s->broken,
			 "the store daemon at %s has not answered for %d seconds: does "
			 "plinth-stored hang?",
			 s->node, s->timeout_ms / 1000);
}

/* The daemon is trusted with much, but not with this program's memory. */
static int keep_event(struct ctrl_store *s, const char *data, size_t size)
{
	const char *end = memchr(data, 0, size);
	struct store_event *event;

	if (!end || data[size - 1])
		return broken(s, -EBADMSG, "it sent an event that is none");
	if (end + 1 == data + size)
		return broken(s, -EBADMSG, "it sent an event without a token");
	event = calloc(1, sizeof(*event));
	if (event)
		event->path = malloc(size);
	if (!event || !event->path) {
		free(event);
		return broken(s, -ENOMEM, "out of memory for an event");
	}
	memcpy(event->path, data, size);
	event->token = event->path + (end - data) + 1;
	*s->last_event = event;
	s->last_event = &event->next;
	return 0;
}

/* "ENOENT" and so on. */
static int error_number(const char *name, size_t size)
{
	for (int err = 1; err < 256; err++) {
		const char *known = strerrorname_np(err);

		if (known && strlen(known) <= size && !strncmp(name, known, size))
			return -err;
	}
	return -EIO;
}

/* A conversation: what was sent, and how far it has come. */
struct talk {
	struct store_out *out;
	size_t sent;         /* bytes */
	size_t answered;     /* messages */
	size_t answered_end; /* bytes of those */
	store_take_fn *take;
	void *context;
};

static int take_answer(struct ctrl_store *s, struct talk *talk, const struct xsd_sockmsg *header,
		       const char *data)
{
	struct store_answer answer = {.data = data, .size = header->len};
	struct xsd_sockmsg asked;

	if (!talk || talk->answered_end >= talk->sent)
		return broken(s, -EBADMSG, "it answered what was not asked");
	memcpy(&asked, talk->out->data + talk->answered_end, sizeof(asked));
	if (header->req_id != asked.req_id ||
	    (header->type != asked.type && header->type != XS_ERROR))
		return broken(s, -EBADMSG, "it answered something else than was asked");
	answer.type = asked.type;
	if (header->type == XS_ERROR)
		answer.err = error_number(data, header->len);
	talk->take(talk->context, talk->answered++, &answer);
	talk->answered_end += sizeof(asked) + asked.len;
	return 0;
}

/* Deals with the complete messages that are in. talk: NULL where only events are expected. */
static int take_messages(struct ctrl_store *s, struct talk *talk)
{
	struct xsd_sockmsg header;
	size_t at = 0;
	int err = 0;

	while (!err && s->in_size - at >= sizeof(header)) {
		const char *data = s->in + at + sizeof(header);

		memcpy(&header, s->in + at, sizeof(header));
		if (header.len > XENSTORE_PAYLOAD_MAX)
			return broken(s, -EBADMSG, "it sent a message that is too long");
		if (s->in_size - at - sizeof(header) < header.len)
			break;
		if (header.type == XS_WATCH_EVENT)
			err = keep_event(s, data, header.len);
		else
			err = take_answer(s, talk, &header, data);
		at += sizeof(header) + header.len;
	}
	memmove(s->in, s->in + at, s->in_size - at);
	s->in_size -= at;
	return err;
}

static int receive(struct ctrl_store *s, struct talk *talk)
{
	ssize_t got = read(s->fd, s->in + s->in_size, sizeof(s->in) - s->in_size);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : broken_by(s, -errno);
	if (!got)
		return broken(s, -ECONNRESET, "it was closed at the other end");
	s->in_size += got;
	return take_messages(s, talk);
}

/* --- conversations ----------------------------------------------------------------------- */

static bool can_send(const struct ctrl_store *s, const struct talk *talk)
{
	if (s->is_device)
		return talk->sent == talk->answered_end && talk->sent < talk->out->size;
	return talk->sent < talk->out->size;
}

static ssize_t send_more(struct ctrl_store *s, struct talk *talk)
{
	const char *data = talk->out->data + talk->sent;
	struct xsd_sockmsg header;

	if (!s->is_device)
		return send(s->fd, data, talk->out->size - talk->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	memcpy(&header, data, sizeof(header));
	return write(s->fd, data, sizeof(header) + header.len);
}

/* One step: sends what goes out, waits for what comes in. */
static int talk_on(struct ctrl_store *s, struct talk *talk)
{
	struct pollfd waiting = {.fd = s->fd, .events = POLLIN};
	int ret;

	if (can_send(s, talk)) {
		ssize_t sent = send_more(s, talk);

		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return broken_by(s, -errno);
		talk->sent += sent < 0 ? 0 : sent;
	}
	if (can_send(s, talk))
		waiting.events |= POLLOUT;
	ret = poll(&waiting, 1, s->timeout_ms);
	if (ret < 0)
		return errno == EINTR ? 0 : broken_by(s, -errno);
	if (!ret)
		return broken_by_silence(s);
	return waiting.revents & ~POLLOUT ? receive(s, talk) : 0;
}

int store_exchange(struct ctrl_store *s, struct store_out *out, store_take_fn *take, void *context)
{
	struct talk talk = {.out = out, .take = take, .context = context};
	int err = s->broken ? broken_by(s, s->broken) : 0;

	number_messages(s, out);
	while (!err && talk.answered < out->count)
		err = talk_on(s, &talk);
	return err;
}

/* --- events ------------------------------------------------------------------------------ */

/* Waits once. 1: something came in; 0: nothing within the time. */
static int wait_for_events(struct ctrl_store *s, int timeout_ms)
{
	struct pollfd waiting = {.fd = s->fd, .events = POLLIN};
	int ret = s->broken ? broken_by(s, s->broken) : poll(&waiting, 1, timeout_ms);

	if (s->broken)
		return ret;
	if (ret < 0)
		return ctrl_fail_file(-errno, "wait for an event of the store");
	if (ret > 0)
		ret = receive(s, NULL);
	return ret < 0 ? ret : !!waiting.revents;
}

int ctrl_store_next_event(struct ctrl_store *s, int timeout_ms, struct ctrl_store_event *event)
{
	int64_t end = now_ms() + timeout_ms;
	struct store_event *found;

	while (!(found = take_event(s))) {
		int64_t left = timeout_ms < 0 ? -1 : end - now_ms();
		int ret = wait_for_events(s, timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0);

		if (ret < 0)
			return ret;
		if (!ret)
			return ctrl_fail(-EAGAIN, "no event of the store came");
	}
	event->path = found->path;
	event->token = found->token;
	free(found);
	return 0;
}
