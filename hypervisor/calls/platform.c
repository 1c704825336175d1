/* SPDX-License-Identifier: ISC */
/* platform_op: dom0 sets the machine's clock. */
#include <hyp/domain.h>
#include <hyp/hypercall.h>
#include <hyp/wallclock.h>
#include <lib/errno.h>
#include <mem/guest_access.h>
#include <public/platform.h>

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
