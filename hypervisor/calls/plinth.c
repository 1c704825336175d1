/* SPDX-License-Identifier: ISC */
/*
 * Plinth's own hypercall: toolstack operations that the Xen ABI lacks or offers only slowly
 * (public/plinth.h).
 */
#include <lib/errno.h>
#include <mem/guest_access.h>
#include <hyp/domain.h>
#include <hyp/hypercall.h>
#include <lib/lib.h>
#include <lib/log.h>
#include <lib/yield.h>
#include <mem/page.h>
#include <public/plinth.h>

static long op_version(struct vcpu *v __unused, uint64_t arg __unused)
{
	return PLINTH_INTERFACE_VERSION;
}

static long op_copy_to_domain(struct vcpu *v, uint64_t arg)
{
	struct plinth_copy_to_domain c;
	struct domain *d;
	size_t n;
	long err = 0;

	if (copy_from_guest(v, &c, arg, sizeof(c)) != 0 ||
	    probe_guest_write(v, arg, sizeof(c)) != 0)
		return -EFAULT;
	if (c.pad0 || c.pad1 || c.done > c.length || c.gpa + c.length < c.gpa ||
	    c.buffer + c.length < c.buffer)
		return -EINVAL;
	if (c.domid == v->domain->id)
		return -EINVAL;
	d = domain_get(c.domid);
	if (!d)
		return -ESRCH;
	while (!err && c.done < c.length) {
		n = (size_t)MIN(c.length - c.done, (uint64_t)PAGE_SIZE);
		err = copy_caller_to_domain(v, d, c.gpa + c.done, c.buffer + c.done, &n);
		if (!err)
			c.done += n;
		if (!err && c.done < c.length && cpu_should_yield())
			err = -ERESTART;
	}
	domain_put(d);
	return copy_to_guest(v, arg, &c, sizeof(c)) ? -EFAULT : err;
}

static long op_read_previous_log(struct vcpu *v, uint64_t arg)
{
	struct plinth_read_previous_log r;
	uint32_t done = 0;
	char chunk[256];

	if (copy_from_guest(v, &r, arg, sizeof(r)) != 0 ||
	    probe_guest_write(v, arg, sizeof(r)) != 0)
		return -EFAULT;
	do {
		uint32_t want = MIN(r.length - done, (uint32_t)sizeof(chunk));
		int n = log_read_previous(r.offset + done, chunk, want, &r.total, &r.boot_count);

		if (n < 0)
			return n;
		if (n == 0)
			break;
		if (copy_to_guest(v, r.buffer + done, chunk, (size_t)n) != 0)
			return -EFAULT;
		done += (uint32_t)n;
	} while (done < r.length);
	r.length = done;
	return copy_to_guest(v, arg, &r, sizeof(r));
}

/* Each count is read under its own lock. */
static void count_domain(struct domain *d, struct plinth_usage *u)
{
	u->domains++;
	u->dying += READ_ONCE(d->state) >= DOMAIN_DYING;
	u->domain_pages += atomic_load(&d->tot_pages);
	spin_lock(&d->lock);
	u->vcpus += d->nr_vcpus;
	spin_unlock(&d->lock);
	spin_lock(&d->grant.lock);
	u->grant_maps += d->grant.nr_maps;
	spin_unlock(&d->grant.lock);
	spin_lock(&d->evtchn.lock);
	u->evtchns += d->evtchn.nr_active;
	spin_unlock(&d->evtchn.lock);
	spin_lock(&d->p2m.lock);
	u->p2m_pages += d->p2m.tables;
	u->foreign_maps += d->p2m.foreign_maps;
	spin_unlock(&d->p2m.lock);
}

static long op_get_usage(struct vcpu *v, uint64_t arg)
{
	struct plinth_usage u;
	struct domain *d;

	memset(&u, 0, sizeof(u));
	u.free_pages = page_nr_free();
	for_each_domain_held(d) count_domain(d, &u);
	u.own_pages = page_nr_total() - u.free_pages - u.domain_pages - u.p2m_pages;
	return copy_to_guest(v, arg, &u, sizeof(u));
}

static long (*const subops[])(struct vcpu *v, uint64_t arg) = {
	[PLINTH_OP_version] = op_version,
	[PLINTH_OP_copy_to_domain] = op_copy_to_domain,
	[PLINTH_OP_read_previous_log] = op_read_previous_log,
	[PLINTH_OP_get_usage] = op_get_usage,
};

long do_plinth_op(struct vcpu *v, uint64_t *arg)
{
	uint32_t cmd = (uint32_t)arg[0];

	if (!v->domain->privileged)
		return -EPERM;
	if (cmd >= ARRAY_SIZE(subops))
		return -ENOSYS;
	return subops[index_nospec(cmd, ARRAY_SIZE(subops))](v, arg[1]);
}
