/* SPDX-License-Identifier: ISC */
/* How the monitor learns that a domain has ended: from the store, or by VIRQ_DOM_EXC. */
#include "ends.h"

#include "daemon/daemon.h"
#include "clients/store_open.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define STACK_SIZE (128 * 1024)

static struct {
	struct monitor *monitor;
	struct loop *loop;
	struct ctrl_store *store;
	struct ctrl_evtchn *evtchn;
	struct loop_source store_source, evtchn_source, joining_source;
	bool joining;     /* a thread is at it; joining_source is the pipe that it answers by */
	int64_t retry_ms; /* when to look for a store again, while there is none */
	bool said_polling;
} ends;

static void note(void)
{
	ends.monitor->told = ends.store    ? MONITOR_TOLD_BY_STORE
			     : ends.evtchn ? MONITOR_TOLD_BY_VIRQ
					   : MONITOR_NOT_TOLD;
}

/* ---- the store ---- */

static void leave_store(void)
{
	loop_remove(ends.loop, &ends.store_source);
	ctrl_store_close(ends.store);
	ends.store = NULL;
	ends.retry_ms = 0;
	note();
}

static void take_store_event(struct loop_source *source, uint32_t events)
{
	struct ctrl_store_event event;
	int ret;

	(void)source;
	(void)events;
	while ((ret = ctrl_store_next_event(ends.store, 0, &event)) == 0)
		free(event.path);
	if (ret != -EAGAIN && ret != -EINTR) {
		daemon_log("the store is gone: %s", ctrl_error());
		leave_store();
	}
	monitor_check(ends.monitor, loop_now_ms());
}

/* A connection that hears of ends. It asks nothing more, so nothing is waited for from here on. */
static struct ctrl_store *connect_store(void)
{
	struct ctrl_store *store;

	if (ctrl_store_open(&store) < 0)
		return NULL;
	ctrl_store_set_timeout(store, STORE_ANSWER_MS);
	if (ctrl_store_watch(store, "@releaseDomain", "monitor") == 0)
		return store;
	ctrl_store_close(store);
	return NULL;
}

/*
 * In a thread: a store daemon that hangs is waited for without making the monitor's clients wait.
 */
static void *join_store(void *context)
{
	int answer_fd = (int)(intptr_t)context;
	struct ctrl_store *store = connect_store();

	if (write(answer_fd, &store, sizeof(store)) != sizeof(store))
		ctrl_store_close(store); /* the monitor has ended */
	close(answer_fd);
	return NULL;
}

/* ---- the interrupt ---- */

static void leave_virq(void)
{
	if (!ends.evtchn)
		return;
	loop_remove(ends.loop, &ends.evtchn_source);
	ctrl_evtchn_close(ends.evtchn);
	ends.evtchn = NULL;
}

static void take_virq(struct loop_source *source, uint32_t events)
{
	uint32_t port;

	(void)source;
	(void)events;
	while (ctrl_evtchn_pending(ends.evtchn, &port) == 0)
		ctrl_evtchn_unmask(ends.evtchn, port); /* first: what comes later rings again */
	monitor_check(ends.monitor, loop_now_ms());
}

static void take_over_virq(void)
{
	uint32_t port;
	int ret = ctrl_evtchn_open(ends.monitor->ctrl, &ends.evtchn);

	if (ret == 0) {
		ret = ctrl_evtchn_bind_virq(ends.evtchn, CTRL_VIRQ_DOM_EXC, &port);
		if (ret == 0)
			ret = loop_watch(ends.loop, &ends.evtchn_source,
					 ctrl_evtchn_fd(ends.evtchn), take_virq);
		if (ret < 0)
			ctrl_evtchn_close(ends.evtchn);
	}
	if (ret == 0) {
		daemon_log("learns of ends by VIRQ_DOM_EXC, because there is no store");
		return;
	}
	ends.evtchn = NULL;
	if (!ends.said_polling)
		daemon_log("looks at the domains every %d ms: %s", MONITOR_POLL_MS, ctrl_error());
	ends.said_polling = true;
}

/* ---- both ---- */

static void listen_to(struct ctrl_store *store)
{
	ends.store = store;
	if (loop_watch(ends.loop, &ends.store_source, ctrl_store_fd(store), take_store_event) < 0) {
		ctrl_store_close(store);
		ends.store = NULL;
		return;
	}
	leave_virq(); /* it is the store's */
	ends.said_polling = false;
	daemon_log("learns of ends from the store");
	/* The watch's first event may have come with an answer: look in any case. */
	take_store_event(&ends.store_source, EPOLLIN);
}

static void stop_joining(void)
{
	loop_remove(ends.loop, &ends.joining_source);
	close(ends.joining_source.fd);
	ends.joining = false;
}

static void take_joined(struct loop_source *source, uint32_t events)
{
	struct ctrl_store *store = NULL;
	bool whole = read(source->fd, &store, sizeof(store)) == sizeof(store);

	(void)events;
	stop_joining();
	ends.retry_ms = loop_now_ms() + ENDS_RETRY_MS;
	if (whole && store)
		listen_to(store);
	else if (!ends.evtchn)
		take_over_virq();
	note();
}

static int start_thread(int answer_fd)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int ret = pthread_attr_init(&attributes);

	if (ret)
		return -ret;
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	ret = pthread_create(&thread, &attributes, join_store, (void *)(intptr_t)answer_fd);
	pthread_attr_destroy(&attributes);
	return -ret;
}

static int start_joining(void)
{
	int fds[2], ret;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	ret = loop_watch(ends.loop, &ends.joining_source, fds[0], take_joined);
	if (ret < 0)
		goto close_fds;
	ret = start_thread(fds[1]);
	if (ret < 0)
		goto remove;
	ends.joining = true;
	return 0;
remove:
	loop_remove(ends.loop, &ends.joining_source);
close_fds:
	close(fds[0]);
	close(fds[1]);
	return ret;
}

void ends_listen(struct monitor *monitor, struct loop *loop, int64_t now_ms)
{
	int ret;

	ends.monitor = monitor;
	ends.loop = loop;
	if (ends.store || ends.joining || now_ms < ends.retry_ms)
		return;
	ends.retry_ms = now_ms + ENDS_RETRY_MS;
	ret = start_joining();
	if (ret < 0)
		daemon_log("cannot look for the store: %s", strerror(-ret));
}

int ends_due(int64_t now_ms)
{
	if (ends.store || ends.joining)
		return -1;
	return ends.retry_ms > now_ms ? (int)(ends.retry_ms - now_ms) : 0;
}

void ends_close(void)
{
	if (ends.joining)
		stop_joining();
	if (ends.store)
		leave_store();
	leave_virq();
}
