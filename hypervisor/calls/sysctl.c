/* SPDX-License-Identifier: ISC */
/* sysctl: the toolstack's queries about the machine. */
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <hyp/domctl.h>
#include <lib/errno.h>
#include <mem/guest_access.h>
#include <hyp/hypercall.h>
#include <lib/lib.h>
#include <lib/log.h>
#include <lib/time.h>
#include <mem/page.h>
#include <public/sysctl.h>

typedef long sysctl_fn(struct vcpu *v, struct xen_sysctl *op);

/* `index` counts all bytes logged in this boot; 32 bits of it are returned. */
static long readconsole(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_readconsole *c = &op->u.readconsole;
	uint64_t pos = c->incremental ? MAX((uint64_t)c->index, log_start()) : log_start();
	uint32_t done = 0;
	char chunk[256];

	while (done < c->count) {
		uint32_t n = log_read(&pos, chunk, MIN(c->count - done, (uint32_t)sizeof(chunk)));

		if (!n)
			break;
		if (copy_to_guest(v, c->buffer.va + done, chunk, n) != 0)
			return -EFAULT;
		done += n;
	}
	if (c->clear)
		log_clear();
	c->count = done;
	c->index = (uint32_t)pos;
	return 0;
}

static long physinfo(struct vcpu *v __unused, struct xen_sysctl *op)
{
	struct xen_sysctl_physinfo *p = &op->u.physinfo;

	memset(p, 0, sizeof(*p));
	p->threads_per_core = 1;
	p->cores_per_socket = 1;
	p->nr_cpus = nr_cpus;
	p->max_cpu_id = nr_cpus - 1;
	p->nr_nodes = 1;
	p->cpu_khz = time_hz / 1000;
	p->capabilities =
		XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap | XEN_SYSCTL_PHYSCAP_gnttab_v1;
	p->total_pages = page_nr_total();
	p->free_pages = page_nr_free();
	p->scrub_pages = page_nr_dirty();
	p->max_mfn = page_last_ram().n;
	return 0;
}

static long sched_id(struct vcpu *v __unused, struct xen_sysctl *op)
{
	op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
	return 0;
}

static long getdomaininfolist(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_getdomaininfolist *l = &op->u.getdomaininfolist;
	struct xen_domctl_getdomaininfo
		info[8]; /* copied in batches: each copy costs an address translation */
	struct domain *d = domain_get_next(l->first_domain);
	long err = 0;

	l->num_domains = 0;
	while (!err && d && l->num_domains < l->max_domains) {
		uint32_t n = 0, room = MIN(l->max_domains - l->num_domains, ARRAY_SIZE(info));

		for (; d && n < room; d = domain_step(d))
			domctl_fill_info(d, &info[n++]);
		if (copy_to_guest(v, l->buffer.va + (uint64_t)l->num_domains * sizeof(info[0]),
				  info, n * sizeof(info[0])) != 0)
			err = -EFAULT;
		l->num_domains += n;
	}
	if (d)
		domain_put(d);
	return err;
}

static void key_help(void);

static void key_domains(void)
{
	struct domain *d;

	for_each_domain_held(d)
		log_info("d%u: state %d, %llu pages, %u tables, %u vCPUs, paused %u, references %u",
			 d->id, d->state, (unsigned long long)d->tot_pages, d->p2m.tables,
			 d->nr_vcpus, d->pause_count, d->refs);
}

static void key_vcpus(void)
{
	struct domain *d;
	struct vcpu *v;

	for_each_domain_held(d) for_each_vcpu (d, v)
		log_info("d%uv%u: cpu %u state %d%s%s%s%s vruntime %llu", d->id, v->id,
			 v->sched.cpu, v->sched.state, v->running ? " loaded" : "",
			 v->blocked ? " blocked" : "", v->offline ? " offline" : "",
			 v->pause_count ? " paused" : "", (unsigned long long)v->sched.vruntime);
}

static void key_memory(void)
{
	log_info("memory: %llu pages, %llu free, of which %llu not scrubbed",
		 (unsigned long long)page_nr_total(), (unsigned long long)page_nr_free(),
		 (unsigned long long)page_nr_dirty());
}

static void key_panic(void)
{
	panic("asked for by debug key 'C'");
}

static const struct {
	char key;
	void (*fn)(void);
	const char *what;
} keys[] = {
	{'h', key_help, "this list"},
	{'q', key_domains, "domains"},
	{'r', key_vcpus, "vCPUs and who runs where"},
	{'m', key_memory, "memory"},
	{'C', key_panic, "panic, to try what happens then"},
};

static void key_help(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		log_info("key '%c': %s", keys[i].key, keys[i].what);
}

static long debug_keys(struct vcpu *v, struct xen_sysctl *op)
{
	char typed[16];
	uint32_t n = MIN(op->u.debug_keys.nr_keys, (uint32_t)sizeof(typed));

	if (copy_from_guest(v, typed, op->u.debug_keys.keys.va, n) != 0)
		return -EFAULT;
	for (uint32_t i = 0; i < n; i++)
		for (unsigned k = 0; k < ARRAY_SIZE(keys); k++)
			if (keys[k].key == typed[i])
				keys[k].fn();
	return 0;
}

static long getcpuinfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_getcpuinfo *c = &op->u.getcpuinfo;

	c->nr_cpus = MIN(c->max_cpus, nr_cpus);
	for (unsigned i = 0; i < c->nr_cpus; i++) {
		struct xen_sysctl_cpuinfo info = {.idletime =
							  time_ticks_to_ns(cpus[i]->idle_ticks)};

		if (copy_to_guest(v, c->info.va + i * sizeof(info), &info, sizeof(info)) != 0)
			return -EFAULT;
	}
	return 0;
}

static long availheap(struct vcpu *v __unused, struct xen_sysctl *op)
{
	op->u.availheap.avail_bytes = page_nr_free() << PAGE_SHIFT;
	return 0;
}

static long cputopoinfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cputopoinfo *c = &op->u.cputopoinfo;
	uint32_t n = c->cputopo.va ? MIN(c->num_cpus, nr_cpus) : nr_cpus;

	for (unsigned i = 0; c->cputopo.va && i < n; i++) {
		struct xen_sysctl_cputopo t = {.core = i, .socket = 0, .node = 0};

		if (copy_to_guest(v, c->cputopo.va + i * sizeof(t), &t, sizeof(t)) != 0)
			return -EFAULT;
	}
	c->num_cpus = n;
	return 0;
}

static long numainfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_numainfo *n = &op->u.numainfo;
	struct xen_sysctl_meminfo mem = {.memsize = page_nr_total() << PAGE_SHIFT,
					 .memfree = page_nr_free() << PAGE_SHIFT};
	const uint32_t here = 10;

	if (n->num_nodes && n->meminfo.va &&
	    copy_to_guest(v, n->meminfo.va, &mem, sizeof(mem)) != 0)
		return -EFAULT;
	if (n->num_nodes && n->distance.va &&
	    copy_to_guest(v, n->distance.va, &here, sizeof(here)) != 0)
		return -EFAULT;
	n->num_nodes = 1;
	return 0;
}

/* The single pool contains all CPUs. */
static long cpupool_info(struct vcpu *v, struct xen_sysctl_cpupool_op *c, uint64_t cpumap)
{
	size_t bytes = MIN(((size_t)c->cpumap.nr_bits + 7) / 8, 8u);
	struct domain *d;

	c->n_dom = 0;
	for_each_domain_held(d) c->n_dom++;
	return copy_to_guest(v, c->cpumap.bitmap.va, &cpumap, bytes);
}

static long cpupool_op(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cpupool_op *c = &op->u.cpupool_op;

	switch (c->op) {
	case XEN_SYSCTL_CPUPOOL_OP_INFO:
		if (c->cpupool_id != 0 && c->cpupool_id != XEN_SYSCTL_CPUPOOL_PAR_ANY)
			return -ENOENT;
		c->cpupool_id = 0;
		c->sched_id = XEN_SCHEDULER_CREDIT2;
		return cpupool_info(v, c, nr_cpus == 64 ? ~(uint64_t)0 : BIT64(nr_cpus) - 1);
	case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
		return cpupool_info(v, c, 0);
	case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
		return c->cpupool_id == 0 ? 0 : -ENOENT;
	}
	return -EOPNOTSUPP;
}

static long scheduler_op(struct vcpu *v __unused, struct xen_sysctl *op)
{
	struct xen_sysctl_scheduler_op *s = &op->u.scheduler_op;

	if (s->cpupool_id != 0)
		return -ESRCH;
	if (s->sched_id != XEN_SCHEDULER_CREDIT2 || s->cmd != XEN_SYSCTL_SCHEDOP_getinfo)
		return -EINVAL;
	s->u.sched_credit2.ratelimit_us = 0;
	return 0;
}

static const struct {
	uint8_t cmd;
	sysctl_fn *fn;
} table[] = {
	{XEN_SYSCTL_readconsole, readconsole},   {XEN_SYSCTL_physinfo, physinfo},
	{XEN_SYSCTL_sched_id, sched_id},         {XEN_SYSCTL_getdomaininfolist, getdomaininfolist},
	{XEN_SYSCTL_debug_keys, debug_keys},     {XEN_SYSCTL_getcpuinfo, getcpuinfo},
	{XEN_SYSCTL_availheap, availheap},       {XEN_SYSCTL_cputopoinfo, cputopoinfo},
	{XEN_SYSCTL_numainfo, numainfo},         {XEN_SYSCTL_cpupool_op, cpupool_op},
	{XEN_SYSCTL_scheduler_op, scheduler_op},
};

long do_sysctl(struct vcpu *v, uint64_t *arg)
{
	struct xen_sysctl op;

	if (!v->domain->privileged)
		return -EPERM;
	if (copy_from_guest(v, &op, arg[0], sizeof(op)) != 0)
		return -EFAULT;
	if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
		return -EACCES;
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
		long ret;

		if (table[i].cmd != op.cmd)
			continue;
		if (probe_guest_write(v, arg[0], sizeof(op)) != 0)
			return -EFAULT;
		ret = table[i].fn(v, &op);
		if (ret == 0)
			ret = copy_to_guest(v, arg[0], &op, sizeof(op));
		return ret;
	}
	return -ENOSYS;
}
