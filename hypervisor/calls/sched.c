/* SPDX-License-Identifier: ISC */
/* sched_op and vcpu_op: yield, block, poll and shutdown; registrations of a vCPU. */
#include <lib/errno.h>
#include <mem/guest_access.h>
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <hyp/hypercall.h>
#include <lib/lib.h>
#include <lib/time.h>
#include <public/sched.h>
#include <public/vcpu.h>

#define POLL_MAX_PORTS 128

static long op_yield(struct vcpu *v, uint64_t arg __unused)
{
	sched_yield(v);
	return 0;
}

static long op_block(struct vcpu *v, uint64_t arg __unused)
{
	vcpu_block(v, SLEEP_EVENT);
	return 0;
}

static long op_shutdown(struct vcpu *v, uint64_t arg)
{
	struct sched_shutdown s;

	if (copy_from_guest(v, &s, arg, sizeof(s)) != 0)
		return -EFAULT;
	if (s.reason > SHUTDOWN_MAX)
		return -EINVAL;
	domain_shutdown(v->domain, (uint8_t)s.reason);
	return 0;
}

static long op_shutdown_code(struct vcpu *v, uint64_t arg)
{
	struct sched_shutdown s;

	if (copy_from_guest(v, &s, arg, sizeof(s)) != 0)
		return -EFAULT;
	if (s.reason > SHUTDOWN_MAX)
		return -EINVAL;
	/* Only before the shutdown: afterwards the toolstack may already have read the reason. */
	spin_lock(&v->domain->lock);
	if (!v->domain->shutting_down)
		v->domain->shutdown_code = (uint8_t)s.reason;
	spin_unlock(&v->domain->lock);
	return 0;
}

static long op_remote_shutdown(struct vcpu *v, uint64_t arg)
{
	struct sched_remote_shutdown s;
	struct domain *d;

	if (!v->domain->privileged)
		return -EPERM;
	if (copy_from_guest(v, &s, arg, sizeof(s)) != 0)
		return -EFAULT;
	if (s.reason > SHUTDOWN_MAX)
		return -EINVAL;
	d = domain_get(s.domain_id);
	if (!d)
		return -ESRCH;
	domain_shutdown(d, (uint8_t)s.reason);
	domain_put(d);
	return 0;
}

static long op_watchdog(struct vcpu *v, uint64_t arg)
{
	struct sched_watchdog w;

	if (copy_from_guest(v, &w, arg, sizeof(w)) != 0)
		return -EFAULT;
	return watchdog_set(v->domain, w.id, w.timeout);
}

/*
 * Sleep until a port is pending or the timeout. `poll` is set before the ports are tested, so no
 * event is missed.
 */
static long op_poll(struct vcpu *v, uint64_t arg)
{
	struct sched_poll p;
	evtchn_port_t ports[POLL_MAX_PORTS];

	if (copy_from_guest(v, &p, arg, sizeof(p)) != 0)
		return -EFAULT;
	if (p.nr_ports > POLL_MAX_PORTS)
		return -EINVAL;
	if (copy_from_guest(v, ports, p.ports.va, p.nr_ports * sizeof(ports[0])) != 0)
		return -EFAULT;
	for (unsigned i = 0; i < p.nr_ports; i++)
		if (!evtchn_port_valid(v->domain, ports[i]))
			return -EINVAL;
	/*
	 * `blocked` is set first: an event of another port ends the polling and must end the sleep
	 * as well.
	 */
	atomic_store(&v->blocked, SLEEP_EVENT);
	evtchn_poll_start(v);
	for (unsigned i = 0; i < p.nr_ports; i++)
		if (evtchn_port_pending(v->domain, ports[i]))
			goto awake;
	if (p.timeout && time_ticks() >= time_at(p.timeout))
		goto awake;
	if (p.timeout)
		timer_set(&v->poll_timer, time_at(p.timeout));
	atomic_or(&this_cpu()->todo, TODO_RESCHED);
	return 0;
awake:
	vcpu_stay_awake(v);
	evtchn_poll_stop(v);
	return 0;
}

static long (*const sched_ops[])(struct vcpu *v, uint64_t arg) = {
	[SCHEDOP_yield] = op_yield,
	[SCHEDOP_block] = op_block,
	[SCHEDOP_shutdown] = op_shutdown,
	[SCHEDOP_poll] = op_poll,
	[SCHEDOP_remote_shutdown] = op_remote_shutdown,
	[SCHEDOP_shutdown_code] = op_shutdown_code,
	[SCHEDOP_watchdog] = op_watchdog,
};

long do_sched_op(struct vcpu *v, uint64_t *arg)
{
	uint32_t cmd = (uint32_t)arg[0];

	if (cmd >= ARRAY_SIZE(sched_ops))
		return -ENOSYS;
	return sched_ops[index_nospec(cmd, ARRAY_SIZE(sched_ops))](v, arg[1]);
}

static long is_up(struct vcpu *v __unused, struct vcpu *target, uint64_t arg __unused)
{
	return !READ_ONCE(target->offline);
}

static long get_runstate(struct vcpu *v, struct vcpu *target, uint64_t arg)
{
	struct vcpu_runstate_info info;

	vcpu_read_runstate(target, &info);
	return copy_to_guest(v, arg, &info, sizeof(info));
}

/* The address belongs to the caller's own translation, so a vCPU can register only itself. */
static long register_runstate(struct vcpu *v, struct vcpu *target, uint64_t arg)
{
	struct vcpu_register_runstate_memory_area area;

	if (copy_from_guest(v, &area, arg, sizeof(area)) != 0)
		return -EFAULT;
	if (target != v)
		return -EINVAL;
	return vcpu_register_runstate(v, area.addr.p);
}

static long register_info(struct vcpu *v, struct vcpu *target, uint64_t arg)
{
	struct vcpu_register_vcpu_info info;

	if (copy_from_guest(v, &info, arg, sizeof(info)) != 0)
		return -EFAULT;
	return evtchn_register_vcpu_info(target, GFN(info.mfn), info.offset);
}

static const struct {
	uint32_t cmd;
	long (*fn)(struct vcpu *v, struct vcpu *target, uint64_t arg);
} vcpu_ops[] = {
	{VCPUOP_is_up, is_up},
	{VCPUOP_get_runstate_info, get_runstate},
	{VCPUOP_register_runstate_memory_area, register_runstate},
	{VCPUOP_register_vcpu_info, register_info},
};

long do_vcpu_op(struct vcpu *v, uint64_t *arg)
{
	struct vcpu *target = arg[1] < MAX_VCPUS ? domain_vcpu(v->domain, (unsigned)arg[1]) : NULL;

	if (!target)
		return -ENOENT;
	for (unsigned i = 0; i < ARRAY_SIZE(vcpu_ops); i++)
		if (vcpu_ops[i].cmd == (uint32_t)arg[0])
			return vcpu_ops[i].fn(v, target, arg[2]);
	return -EINVAL; /* as Xen does on ARM, instead of -ENOSYS */
}
