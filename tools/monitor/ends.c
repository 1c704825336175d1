/* SPDX-License-Identifier: ISC */
/* How the monitor learns that a domain has ended: from the store, or by VIRQ_DOM_EXC. */
#include "ends.h"

#include "common/daemon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

static struct {
	struct monitor *monitor;
	struct loop *loop;
	struct ctrl_store *store;
	struct ctrl_evtchn *evtchn;
	struct loop_source store_source, evtchn_source;
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

static bool join_store(void)
{
	if (ctrl_store_open(&ends.store) < 0) {
		ends.store = NULL;
		return false;
	}
	if (ctrl_store_watch(ends.store, "@releaseDomain", "monitor") < 0 ||
	    loop_watch(ends.loop, &ends.store_source, ctrl_store_fd(ends.store), take_store_event) <
		    0) {
		ctrl_store_close(ends.store);
		ends.store = NULL;
		return false;
	}
	daemon_log("learns of ends from the store");
	/* The watch's first event may have come with an answer: look in any case. */
	take_store_event(&ends.store_source, EPOLLIN);
	return ends.store != NULL;
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

void ends_listen(struct monitor *monitor, struct loop *loop, int64_t now_ms)
{
	ends.monitor = monitor;
	ends.loop = loop;
	if (ends.store || now_ms < ends.retry_ms)
		return;
	ends.retry_ms = now_ms + ENDS_RETRY_MS;
	if (join_store()) {
		leave_virq(); /* it is the store's */
		ends.said_polling = false;
	} else if (!ends.evtchn) {
		take_over_virq();
	}
	note();
}

int ends_due(int64_t now_ms)
{
	if (ends.store)
		return -1;
	return ends.retry_ms > now_ms ? (int)(ends.retry_ms - now_ms) : 0;
}

void ends_close(void)
{
	if (ends.store)
		leave_store();
	leave_virq();
}
