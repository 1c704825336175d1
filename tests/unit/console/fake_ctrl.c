/* SPDX-License-Identifier: ISC */
/* A libctrl that is made up, for the daemons' tests. */
#include "fake_ctrl.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct fake_ctrl *fake;
static const char *sentence = "";

static void open_pipe(int fds[2])
{
	if (fds[0] > 0) {
		close(fds[0]);
		close(fds[1]);
	}
	assert(pipe2(fds, O_CLOEXEC) == 0);
	assert(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
}

void fake_reset(void)
{
	int event[2] = {0}, notify[2] = {0};

	if (!fake) {
		fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
		assert(fake != MAP_FAILED);
	} else {
		memcpy(event, fake->event_pipe, sizeof(event));
		memcpy(notify, fake->notify_pipe, sizeof(notify));
	}
	memset(fake, 0, sizeof(*fake));
	open_pipe(event);
	open_pipe(notify);
	memcpy(fake->event_pipe, event, sizeof(event));
	memcpy(fake->notify_pipe, notify, sizeof(notify));
}

const uint8_t *fake_uuid(uint32_t domid)
{
	static uint8_t uuids[FAKE_DOMAINS][16];

	memset(uuids[domid], (int)(0x40 + domid), 16);
	return uuids[domid];
}

struct fake_domain *fake_add_domain(uint32_t domid)
{
	struct fake_domain *domain = &fake->domains[domid];

	memset(domain, 0, sizeof(*domain));
	domain->exists = true;
	domain->info.domid = domid;
	memcpy(domain->info.uuid, fake_uuid(domid), 16);
	return domain;
}

size_t fake_guest_write(uint32_t domid, const void *data, size_t size)
{
	struct console_ring_page *ring = &fake->domains[domid].page.ring;
	size_t done = 0;

	while (done < size && ring->out_prod - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE) <
				      CONSOLE_RING_OUT) {
		ring->out[ring->out_prod % CONSOLE_RING_OUT] = ((const char *)data)[done++];
		__atomic_store_n(&ring->out_prod, ring->out_prod + 1, __ATOMIC_RELEASE);
	}
	return done;
}

size_t fake_guest_read(uint32_t domid, void *data, size_t size)
{
	struct console_ring_page *ring = &fake->domains[domid].page.ring;
	size_t done = 0;

	while (done < size && __atomic_load_n(&ring->in_prod, __ATOMIC_ACQUIRE) != ring->in_cons) {
		((char *)data)[done++] = ring->in[ring->in_cons % CONSOLE_RING_IN];
		__atomic_store_n(&ring->in_cons, ring->in_cons + 1, __ATOMIC_RELEASE);
	}
	return done;
}

/* A masked port stays pending and is told of when it is unmasked, as the kernel does it. */
void fake_guest_notify(uint32_t domid)
{
	struct fake_domain *domain = &fake->domains[domid];
	uint32_t port = FAKE_OUR_PORTS + domid;

	if (!domain->bound || __atomic_exchange_n(&domain->masked, true, __ATOMIC_SEQ_CST))
		return;
	assert(write(fake->event_pipe[1], &port, sizeof(port)) == sizeof(port));
}

/* ---- libctrl ---- */

static int fail(int error, const char *text)
{
	sentence = text;
	return error;
}

const char *ctrl_error(void)
{
	return sentence;
}

const char *ctrl_shutdown_name(unsigned int reason)
{
	static const char *const names[] = {"poweroff", "reboot", "suspend", "crash", "watchdog"};

	return reason < 5 ? names[reason] : "unknown";
}

int ctrl_get_domain(struct ctrl *c, uint32_t domid, struct ctrl_domain_info *info)
{
	(void)c;
	if (domid >= FAKE_DOMAINS || !fake->domains[domid].exists)
		return fail(-ESRCH, "there is no such domain");
	*info = fake->domains[domid].info;
	return 0;
}

int ctrl_list_all_domains(struct ctrl *c, struct ctrl_domain_info **list)
{
	int count = 0;

	(void)c;
	fake->lists++;
	if (fake->list_error)
		return fail(fake->list_error, "listing failed");
	*list = calloc(FAKE_DOMAINS, sizeof(**list));
	for (int i = 0; i < FAKE_DOMAINS; i++)
		if (fake->domains[i].exists)
			(*list)[count++] = fake->domains[i].info;
	return count;
}

int ctrl_get_param(struct ctrl *c, uint32_t domid, uint32_t index, uint64_t *value)
{
	(void)c;
	if (domid >= FAKE_DOMAINS || !fake->domains[domid].exists)
		return fail(-ESRCH, "there is no such domain");
	*value = index == CTRL_PARAM_CONSOLE_PFN ? FAKE_RING_GFN : FAKE_PORT;
	return 0;
}

int ctrl_map_frames(struct ctrl *c, uint32_t domid, const uint64_t *gfns, size_t nr, int prot,
		    void **addr)
{
	struct fake_domain *domain =
		&fake->domains[gfns[0] == FAKE_UART_GFN ? domid + FAKE_UART : domid];

	(void)c;
	assert(nr == 1 && prot == (PROT_READ | PROT_WRITE));
	if (fake->map_error || !fake->domains[domid].exists ||
	    (gfns[0] != FAKE_RING_GFN && gfns[0] != FAKE_UART_GFN))
		return fail(fake->map_error ? fake->map_error : -EINVAL,
			    "that frame cannot be mapped");
	assert(!domain->mapped);
	domain->mapped = true;
	domain->maps++;
	*addr = &domain->page;
	return 0;
}

void ctrl_unmap(struct ctrl *c, void *addr, size_t nr)
{
	struct fake_domain *domain =
		(struct fake_domain *)((char *)addr - offsetof(struct fake_domain, page));

	(void)c;
	assert(nr == 1 && domain->mapped);
	domain->mapped = false;
}

static struct fake_domain *by_port(uint32_t port)
{
	assert(port > FAKE_OUR_PORTS && port < FAKE_OUR_PORTS + FAKE_DOMAINS);
	return &fake->domains[port - FAKE_OUR_PORTS];
}

int ctrl_evtchn_bind_interdomain(struct ctrl_evtchn *e, uint32_t domid, uint32_t remote_port,
				 uint32_t *port)
{
	(void)e;
	if (fake->bind_error || (remote_port != FAKE_PORT && remote_port != FAKE_UART_PORT))
		return fail(fake->bind_error ? fake->bind_error : -EINVAL,
			    "that port cannot be bound");
	*port = FAKE_OUR_PORTS + domid + (remote_port == FAKE_UART_PORT ? FAKE_UART : 0);
	assert(!by_port(*port)->bound);
	by_port(*port)->bound = true;
	by_port(*port)->masked = false;
	return 0;
}

int ctrl_evtchn_unbind(struct ctrl_evtchn *e, uint32_t port)
{
	(void)e;
	assert(by_port(port)->bound);
	by_port(port)->bound = false;
	return 0;
}

int ctrl_evtchn_notify(struct ctrl_evtchn *e, uint32_t port)
{
	(void)e;
	assert(by_port(port)->bound);
	by_port(port)->notified++;
	if (fake->notify_told)
		assert(write(fake->notify_pipe[1], &port, sizeof(port)) == sizeof(port));
	return 0;
}

int ctrl_evtchn_unmask(struct ctrl_evtchn *e, uint32_t port)
{
	(void)e;
	by_port(port)->unmasked++;
	__atomic_store_n(&by_port(port)->masked, false, __ATOMIC_SEQ_CST);
	return 0;
}

int ctrl_evtchn_pending(struct ctrl_evtchn *e, uint32_t *port)
{
	(void)e;
	return read(fake->event_pipe[0], port, sizeof(*port)) == sizeof(*port) ? 0 : -EAGAIN;
}
