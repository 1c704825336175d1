/* SPDX-License-Identifier: ISC */
/* The 2-level event channel ABI as a guest uses it. */

#include "events.h"
#include "gic.h"

u32 events_count[EVENTS_PORTS];
u32 events_upcalls;
u32 events_cpu[EVENTS_PORTS];

static struct shared_info *shared;
static struct vcpu_info *vcpu_info[MAX_CPUS];
static struct vcpu_info registered[MAX_CPUS] __attribute__((aligned(64)));

bool events_is_daemons(u32 port)
{
	static const unsigned params[] = {HVM_PARAM_CONSOLE_EVTCHN, HVM_PARAM_STORE_EVTCHN};
	u64 theirs;

	for (unsigned n = 0; n < ARRAY_SIZE(params); n++)
		if (port && xen_get_param(params[n], &theirs) == 0 && theirs == port)
			return true;
	return false;
}

/* These send when they please: not what is counted here. They have the first ports. */
static void mask_daemons(void)
{
	for (u32 port = 1; port < 64; port++)
		if (events_is_daemons(port))
			events_mask(port, true);
}

bool events_init(void)
{
	shared = xen_map_shared_info();
	if (!shared)
		return false;
	mask_daemons();
	vcpu_info[0] = &shared->vcpu_info[0];
	gic_enable(board.ppi_event);
	/* what came before there was a handler */
	events_hook(&cpus[0], board.ppi_event);
	memset(events_count, 0, sizeof(events_count));
	events_upcalls = 0;
	return true;
}

void events_init_cpu(struct cpu *cpu)
{
	struct vcpu_info *info = &registered[cpu->index];
	struct vcpu_register_vcpu_info op = {.mfn = (u64)info / PAGE_SIZE,
					     .offset = (u64)info % PAGE_SIZE};

	vcpu_info[cpu->index] = info;
	/* 48-byte structures in an array of them: one may straddle a page, which Xen refuses */
	_Static_assert(sizeof(*info) <= 64, "a vcpu_info fits its slot");
	CHECK_RC(xen_vcpu_op(VCPUOP_register_vcpu_info, cpu->index, &op), 0);
	gic_enable(board.ppi_event);
}

struct vcpu_info *events_vcpu_info(unsigned cpu)
{
	return vcpu_info[cpu];
}

static void take(struct cpu *cpu, u32 port)
{
	__atomic_add_fetch(&events_count[port], 1, __ATOMIC_RELAXED);
	WRITE_ONCE(events_cpu[port], cpu->index);
}

static void scan_word(struct cpu *cpu, unsigned word)
{
	u64 ready = __atomic_load_n(&shared->evtchn_pending[word], __ATOMIC_ACQUIRE) &
		    ~READ_ONCE(shared->evtchn_mask[word]);

	for (; ready; ready &= ready - 1) {
		unsigned bit = (unsigned)__builtin_ctzl(ready);

		__atomic_fetch_and(&shared->evtchn_pending[word], ~BIT(bit), __ATOMIC_ACQ_REL);
		take(cpu, word * 64 + bit);
	}
}

void events_hook(struct cpu *cpu, unsigned intid)
{
	struct vcpu_info *info = vcpu_info[cpu->index];
	u64 words;

	if (intid != board.ppi_event || !info)
		return;
	__atomic_add_fetch(&events_upcalls, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
	words = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
	for (; words; words &= words - 1)
		scan_word(cpu, (unsigned)__builtin_ctzl(words));
}

long events_alloc(domid_t dom, domid_t remote, u32 *port)
{
	struct evtchn_alloc_unbound op = {.dom = dom, .remote_dom = remote};
	long rc = xen_event_op(EVTCHNOP_alloc_unbound, &op);

	if (!rc)
		*port = op.port;
	return rc;
}

long events_bind(domid_t remote, u32 remote_port, u32 *port)
{
	struct evtchn_bind_interdomain op = {.remote_dom = remote, .remote_port = remote_port};
	long rc = xen_event_op(EVTCHNOP_bind_interdomain, &op);

	if (!rc)
		*port = op.local_port;
	return rc;
}

long events_bind_virq(u32 virq, u32 vcpu, u32 *port)
{
	struct evtchn_bind_virq op = {.virq = virq, .vcpu = vcpu};
	long rc = xen_event_op(EVTCHNOP_bind_virq, &op);

	if (!rc)
		*port = op.port;
	return rc;
}

long events_bind_ipi(u32 vcpu, u32 *port)
{
	struct evtchn_bind_ipi op = {.vcpu = vcpu};
	long rc = xen_event_op(EVTCHNOP_bind_ipi, &op);

	if (!rc)
		*port = op.port;
	return rc;
}

long events_bind_vcpu(u32 port, u32 vcpu)
{
	struct evtchn_bind_vcpu op = {.port = port, .vcpu = vcpu};

	return xen_event_op(EVTCHNOP_bind_vcpu, &op);
}

/* send, close and unmask: one port is all they take */
static long port_op(unsigned cmd, u32 port)
{
	struct evtchn_send op = {.port = port};

	_Static_assert(sizeof(struct evtchn_close) == 4 && sizeof(struct evtchn_unmask) == 4,
		       "one structure does for all");
	return xen_event_op(cmd, &op);
}

long events_send(u32 port)
{
	return port_op(EVTCHNOP_send, port);
}

long events_close(u32 port)
{
	return port_op(EVTCHNOP_close, port);
}

long events_unmask(u32 port)
{
	return port_op(EVTCHNOP_unmask, port);
}

long events_status(domid_t dom, u32 port, struct evtchn_status *status)
{
	memset(status, 0, sizeof(*status));
	status->dom = dom;
	status->port = port;
	return xen_event_op(EVTCHNOP_status, status);
}

bool events_pending(u32 port)
{
	return READ_ONCE(shared->evtchn_pending[port / 64]) >> port % 64 & 1;
}

void events_clear(u32 port)
{
	__atomic_fetch_and(&shared->evtchn_pending[port / 64], ~BIT(port % 64), __ATOMIC_ACQ_REL);
}

bool events_masked(u32 port)
{
	return READ_ONCE(shared->evtchn_mask[port / 64]) >> port % 64 & 1;
}

void events_mask(u32 port, bool masked)
{
	if (masked)
		__atomic_fetch_or(&shared->evtchn_mask[port / 64], BIT(port % 64),
				  __ATOMIC_ACQ_REL);
	else
		__atomic_fetch_and(&shared->evtchn_mask[port / 64], ~BIT(port % 64),
				   __ATOMIC_ACQ_REL);
}

/* An unbound port for ourselves names us. */
domid_t events_own_domid(void)
{
	struct evtchn_status status = {0};
	u32 port = 0;

	if (CHECK_RC(events_alloc(DOMID_SELF, DOMID_SELF, &port), 0)) {
		CHECK_RC(events_status(DOMID_SELF, port, &status), 0);
		CHECK_RC(events_close(port), 0);
	}
	return status.u.unbound.dom;
}
