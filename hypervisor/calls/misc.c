/* SPDX-License-Identifier: ISC */
/* The small hypercalls: console_io, hvm_op, vm_assist, platform_op, physdev_op. */
#include <hyp/console.h>
#include <hyp/domain.h>
#include <lib/errno.h>
#include <mem/guest_access.h>
#include <hyp/hypercall.h>
#include <lib/lib.h>
#include <lib/yield.h>
#include <hyp/wallclock.h>
#include <public/hvm_op.h>
#include <public/physdev.h>
#include <public/platform.h>

/* console_io(cmd, count, buffer): only dom0 may use the machine's console. */

#define CONSOLE_CHUNK 128

static long console_output(struct vcpu *v, uint64_t *arg)
{
	char chunk[CONSOLE_CHUNK];

	while (arg[1]) {
		uint32_t n = (uint32_t)MIN(arg[1], (uint64_t)sizeof(chunk));

		if (copy_from_guest(v, chunk, arg[2], n) != 0)
			return -EFAULT;
		console_write(chunk, n);
		arg[1] -= n;
		arg[2] += n;
		if (arg[1] && cpu_should_yield())
			return -ERESTART;
	}
	return 0;
}

static long console_input(struct vcpu *v, uint64_t *arg)
{
	char chunk[CONSOLE_CHUNK];
	uint32_t size = (uint32_t)MIN(arg[1], (uint64_t)sizeof(chunk)), n;

	if (probe_guest_write(v, arg[2], size) != 0)
		return -EFAULT;
	n = console_read(chunk, size);
	return copy_to_guest(v, arg[2], chunk, n) ? -EFAULT : (long)n;
}

long do_console_io(struct vcpu *v, uint64_t *arg)
{
	if (!v->domain->privileged)
		return -EPERM;
	arg[1] = (uint32_t)arg[1];
	switch ((uint32_t)arg[0]) {
	case CONSOLEIO_write:
		return console_output(v, arg);
	case CONSOLEIO_read:
		return console_input(v, arg);
	}
	return -ENOSYS;
}

/* hvm_op: parameters, with the read and write permissions of Xen 4.17 on ARM. */

#define SELF_READS  BIT(0)
#define TOOLS_READ  BIT(1)
#define TOOLS_WRITE BIT(2)

static const uint8_t param_policy[HVM_NR_PARAMS] = {
	[HVM_PARAM_CALLBACK_IRQ] = SELF_READS | TOOLS_READ | TOOLS_WRITE,
	[HVM_PARAM_STORE_PFN] = SELF_READS | TOOLS_READ | TOOLS_WRITE,
	[HVM_PARAM_STORE_EVTCHN] = SELF_READS | TOOLS_READ | TOOLS_WRITE,
	[HVM_PARAM_CONSOLE_PFN] = SELF_READS | TOOLS_READ | TOOLS_WRITE,
	[HVM_PARAM_CONSOLE_EVTCHN] = SELF_READS | TOOLS_READ | TOOLS_WRITE,
	[HVM_PARAM_MONITOR_RING_PFN] = TOOLS_READ | TOOLS_WRITE,
};

_Static_assert(HVM_NR_PARAMS <= ARRAY_SIZE(((struct domain *)0)->hvm_params), "hvm_params");

static long param_access(struct vcpu *v, struct domain *d, struct xen_hvm_param *p, bool write)
{
	uint8_t policy = param_policy[p->index];
	uint8_t need = write ? TOOLS_WRITE : d == v->domain ? SELF_READS : TOOLS_READ;

	if (!policy)
		return -EINVAL;
	if (write && d == v->domain)
		return -EPERM;
	if (!(policy & need))
		return -EPERM;
	if (write)
		d->hvm_params[p->index] = p->value;
	else
		p->value = d->hvm_params[p->index];
	return 0;
}

long do_hvm_op(struct vcpu *v, uint64_t *arg)
{
	bool write = (uint32_t)arg[0] == HVMOP_set_param;
	struct xen_hvm_param p;
	struct domain *d;
	long ret;

	if (!write && (uint32_t)arg[0] != HVMOP_get_param)
		return -ENOSYS;
	if (copy_from_guest(v, &p, arg[1], sizeof(p)) != 0)
		return -EFAULT;
	if (p.index >= HVM_NR_PARAMS)
		return -EINVAL;
	p.index = (uint32_t)index_nospec(p.index, HVM_NR_PARAMS);
	d = domain_get_for(v, p.domid);
	if (!d)
		return -ESRCH;
	ret = d == v->domain || v->domain->privileged ? param_access(v, d, &p, write) : -EPERM;
	domain_put(d);
	if (!ret && !write)
		ret = copy_to_guest(v, arg[1], &p, sizeof(p));
	return ret;
}

long do_vm_assist(struct vcpu *v, uint64_t *arg)
{
	uint32_t cmd = (uint32_t)arg[0];

	if (cmd != VMASST_CMD_enable && cmd != VMASST_CMD_disable)
		return -ENOSYS;
	if ((uint32_t)arg[1] != VMASST_TYPE_runstate_update_flag)
		return -EINVAL;
	v->domain->vm_assist_runstate_update = cmd == VMASST_CMD_enable;
	return 0;
}

/* platform_op: dom0 sets the machine's clock. */

static long set_time(uint64_t sec, uint32_t nsec, uint64_t system_time)
{
	if (nsec >= 1000000000)
		return -EINVAL;
	wallclock_set(sec, nsec, system_time);
	wallclock_publish_all();
	return 0;
}

long do_platform_op(struct vcpu *v, uint64_t *arg)
{
	struct xen_platform_op op;

	if (!v->domain->privileged)
		return -EPERM;
	if (copy_from_guest(v, &op, arg[0], sizeof(op)) != 0)
		return -EFAULT;
	if (op.interface_version != XENPF_INTERFACE_VERSION)
		return -EACCES;
	switch (op.cmd) {
	case XENPF_settime32:
		return set_time(op.u.settime32.secs, op.u.settime32.nsecs,
				op.u.settime32.system_time);
	case XENPF_settime64:
		if (op.u.settime64.mbz)
			return -EINVAL;
		return set_time(op.u.settime64.secs, op.u.settime64.nsecs,
				op.u.settime64.system_time);
	}
	return -ENOSYS;
}

/* Linux announces its PCI devices. Nothing here needs the announcement, so success is returned. */
long do_physdev_op(struct vcpu *v __unused, uint64_t *arg)
{
	switch ((uint32_t)arg[0]) {
	case PHYSDEVOP_pci_device_add:
	case PHYSDEVOP_pci_device_remove:
	case PHYSDEVOP_manage_pci_add:
	case PHYSDEVOP_manage_pci_remove:
	case PHYSDEVOP_manage_pci_add_ext:
		return v->domain->privileged ? 0 : -EPERM;
	}
	return -ENOSYS;
}
