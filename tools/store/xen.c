/* SPDX-License-Identifier: ISC */
/* The hypervisor below the store, by libctrl: rings, event channels, who lives. */
#include "xen.h"
#include "daemon/daemon.h"

#include <libctrl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define EVENTS_A_TURN 32

static struct ctrl *ctrl;
static struct ctrl_evtchn *evtchn;
static uint32_t virq_port; /* 0: not bound */
static struct loop_source source, virq_timer;
static struct store *owner;

static enum domain_state state_of(const struct ctrl_domain_info *info)
{
	if (info->dying)
		return DOMAIN_GONE;
	return info->shutdown ? DOMAIN_HAS_SHUT_DOWN : DOMAIN_RUNS;
}

static struct domain_seen seen_of(const struct ctrl_domain_info *info)
{
	struct domain_seen seen = {.domid = info->domid, .state = state_of(info)};

	memcpy(seen.uuid, info->uuid, sizeof(seen.uuid));
	return seen;
}

static int domain_state(struct store *store, uint32_t domid, struct domain_seen *seen)
{
	struct ctrl_domain_info info;
	int ret = ctrl_get_domain(ctrl, domid, &info);

	(void)store;
	if (ret == -ESRCH)
		return DOMAIN_GONE;
	if (ret < 0)
		return ret;
	*seen = seen_of(&info);
	return seen->state;
}

static int list_domains(struct store *store, struct domain_seen **list)
{
	struct ctrl_domain_info *info;
	int count = ctrl_list_all_domains(ctrl, &info);

	(void)store;
	if (count < 0)
		return count;
	*list = calloc((size_t)count + 1, sizeof(**list));
	for (int i = 0; *list && i < count; i++)
		(*list)[i] = seen_of(&info[i]);
	free(info);
	return *list ? count : -ENOMEM;
}

static void *map_ring(struct store *store, uint32_t domid, uint64_t gfn, uint32_t *port)
{
	void *page;
	int ret;

	(void)store;
	if (domid == 0)
		ret = ctrl_map_dom0_store(ctrl, &page, port);
	else
		ret = ctrl_map_range(ctrl, domid, gfn, 1, PROT_READ | PROT_WRITE, &page);
	if (ret < 0)
		daemon_log("domain %u has no ring: %s", domid, ctrl_error());
	return ret < 0 ? NULL : page;
}

static void unmap_ring(struct store *store, void *page)
{
	(void)store;
	ctrl_unmap(ctrl, page, 1);
}

static int bind_port(struct store *store, uint32_t domid, uint32_t remote_port)
{
	uint32_t port;
	int ret = ctrl_evtchn_bind_interdomain(evtchn, domid, remote_port, &port);

	(void)store;
	if (ret < 0)
		daemon_log("domain %u has no event channel: %s", domid, ctrl_error());
	return ret < 0 ? ret : (int)port;
}

static void unbind(struct store *store, uint32_t port)
{
	(void)store;
	ctrl_evtchn_unbind(evtchn, port);
}

static void notify(struct store *store, uint32_t port)
{
	(void)store;
	ctrl_evtchn_notify(evtchn, port);
}

static void unmask(struct store *store, uint32_t port)
{
	(void)store;
	ctrl_evtchn_unmask(evtchn, port);
}

static const struct platform platform = {
	.domain_state = domain_state,
	.list_domains = list_domains,
	.map_ring = map_ring,
	.unmap_ring = unmap_ring,
	.bind = bind_port,
	.unbind = unbind,
	.notify = notify,
	.unmask = unmask,
};

/*
 * A port is unmasked before its ring is looked at: what comes later rings again. The port of a
 * guest that has used up its budget stays masked until its pause is over.
 */
static void take_events(struct loop_source *loop_source, uint32_t events)
{
	uint32_t port;

	(void)loop_source;
	(void)events;
	for (int i = 0; i < EVENTS_A_TURN && ctrl_evtchn_pending(evtchn, &port) == 0; i++) {
		if (!store_port_listens(owner, port))
			continue;
		ctrl_evtchn_unmask(evtchn, port);
		if (virq_port && port == virq_port)
			store_check_domains(owner);
		else
			store_port_ready(owner, port);
	}
}

/*
 * ---- VIRQ_DOM_EXC: one program has it at a time, and a monitor lets go once there is a store ----
 */

static int bind_virq(void)
{
	int ret = ctrl_evtchn_bind_virq(evtchn, CTRL_VIRQ_DOM_EXC, &virq_port);

	if (ret < 0)
		virq_port = 0;
	return ret;
}

static void try_virq_again(struct loop_source *loop_source, uint32_t events)
{
	uint64_t count;

	(void)events;
	if (read(loop_source->fd, &count, sizeof(count)) != sizeof(count) || bind_virq() < 0)
		return;
	daemon_log("is told of ends of domains now");
	loop_remove(owner->loop, loop_source);
	close(loop_source->fd);
	store_check_domains(owner);
}

static int start_virq_timer(void)
{
	const struct itimerspec second = {.it_interval.tv_sec = 1, .it_value.tv_sec = 1};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, 0, &second, NULL) < 0)
		return -errno;
	virq_timer = (struct loop_source){.fd = fd, .events = EPOLLIN, .ready = try_virq_again};
	return loop_add(owner->loop, &virq_timer);
}

static int get_virq(void)
{
	int ret = bind_virq();

	if (ret != -EBUSY)
		return ret;
	daemon_log("is not told of ends of domains yet, and tries every second: %s", ctrl_error());
	return start_virq_timer();
}

int xen_open(struct store *store)
{
	int ret = ctrl_open(&ctrl);

	if (ret < 0)
		return ret;
	owner = store;
	ret = ctrl_evtchn_open(ctrl, &evtchn);
	if (ret == 0)
		ret = get_virq();
	if (ret < 0) {
		xen_close();
		return ret;
	}
	source = (struct loop_source){
		.fd = ctrl_evtchn_fd(evtchn), .events = EPOLLIN, .ready = take_events};
	store->platform = &platform;
	return loop_add(store->loop, &source);
}

void xen_close(void)
{
	ctrl_evtchn_close(evtchn);
	ctrl_close(ctrl);
	evtchn = NULL;
	ctrl = NULL;
}
