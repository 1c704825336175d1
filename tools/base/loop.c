/* SPDX-License-Identifier: ISC */
/* A single-threaded event loop over epoll for the daemons. */
#include "loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

int loop_init(struct loop *loop)
{
	*loop = (struct loop){.fd = epoll_create1(EPOLL_CLOEXEC)};
	return loop->fd < 0 ? -errno : 0;
}

void loop_close(struct loop *loop)
{
	close(loop->fd);
	loop->fd = -1;
}

static int control(struct loop *loop, int operation, struct loop_source *source)
{
	struct epoll_event event = {.events = source->events, .data.ptr = source};

	return epoll_ctl(loop->fd, operation, source->fd, &event) < 0 ? -errno : 0;
}

int loop_add(struct loop *loop, struct loop_source *source)
{
	return control(loop, EPOLL_CTL_ADD, source);
}

int loop_watch(struct loop *loop, struct loop_source *source, int fd,
	       void (*ready)(struct loop_source *source, uint32_t events))
{
	if (fd < 0)
		return fd;
	*source = (struct loop_source){.fd = fd, .events = EPOLLIN, .ready = ready};
	return loop_add(loop, source);
}

int loop_set_events(struct loop *loop, struct loop_source *source, uint32_t events)
{
	if (source->events == events)
		return 0;
	source->events = events;
	return control(loop, EPOLL_CTL_MOD, source);
}

int loop_tell_again(struct loop *loop, struct loop_source *source)
{
	return control(loop, EPOLL_CTL_MOD, source);
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
	control(loop, EPOLL_CTL_DEL, source);
	for (int i = 0; i < loop->pending_count; i++)
		if (loop->pending[i] == source)
			loop->pending[i] = NULL;
}

int loop_run_once(struct loop *loop, int timeout_ms)
{
	struct epoll_event events[LOOP_BATCH];
	int count = epoll_wait(loop->fd, events, LOOP_BATCH, timeout_ms);

	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < count; i++)
		loop->pending[i] = events[i].data.ptr;
	loop->pending_count = count;
	for (int i = 0; i < count; i++)
		if (loop->pending[i])
			loop->pending[i]->ready(loop->pending[i], events[i].events);
	loop->pending_count = 0;
	return 0;
}

int64_t loop_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}
