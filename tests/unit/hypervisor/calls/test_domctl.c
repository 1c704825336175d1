/* SPDX-License-Identifier: ISC */
/* What domctl answers: information, pauses, contexts, affinities, limits. */
#include "unit.h"
#include <string.h>

#include <host/host.h>
#include <asm/cache.h>
#include <lib/errno.h>
#include <mem/memory.h>
#include <public/plinth.h>
#include <public/vcpu.h>
#include "whole.h"

static void domain_info(void **state)
{
	struct domain *d = whole_domain(3, 10, false);
	struct xen_domctl op = {.u.setdomainhandle.handle = {1, 2, 3}};
	const struct xen_domctl_getdomaininfo *info = &op.u.getdomaininfo;

	(void)state;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setdomainhandle, d->id, &op), 0);
	assert_int_equal(whole_domctl(XEN_DOMCTL_getdomaininfo, d->id, &op), 0);
	assert_int_equal(info->domain, d->id);
	assert_int_equal(info->flags, XEN_DOMINF_paused | XEN_DOMINF_blocked |
					      XEN_DOMINF_hvm_guest | XEN_DOMINF_hap);
	assert_int_equal(info->tot_pages, 10);
	assert_int_equal(info->max_pages, 10);
	assert_int_equal(info->nr_online_vcpus, 0);
	assert_int_equal(info->max_vcpu_id, 2);
	assert_int_equal(info->handle[2], 3);
	assert_int_equal(info->cpu_time, 0);
	assert_int_equal(info->arch_config.gic_version, XEN_DOMCTL_CONFIG_GIC_V3);
	d->vcpu[0]->offline = 0;
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id), 0);
	whole_settle();
	host_ticks += 5000;
	assert_int_equal(whole_domctl(XEN_DOMCTL_getdomaininfo, d->id, &op), 0);
	assert_int_equal(info->flags, XEN_DOMINF_running | XEN_DOMINF_hvm_guest | XEN_DOMINF_hap);
	assert_int_equal(info->nr_online_vcpus, 1);
	assert_int_equal(info->cpu_time, 5000);
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_pausedomain, d->id), 0);
	assert_true(domain_is_quiet(d));
	/* The next higher one answers, and nobody after the last. */
	assert_int_equal(whole_domctl(XEN_DOMCTL_getdomaininfo, 1, &op), 0);
	assert_int_equal(info->domain, d->id);
	assert_int_equal(op.domain, d->id);
	assert_int_equal(whole_domctl(XEN_DOMCTL_getdomaininfo, (domid_t)(d->id + 1), &op), -ESRCH);
	whole_destroy(d->id);
}

/*
 * Pauses by the toolstack are counted. One that has to wait for a vCPU counts once, however often
 * it is issued.
 */
static void pauses_are_counted(void **state)
{
	struct domain *d = whole_domain(1, 4, true);

	(void)state;
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id), 0);
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id), -EINVAL);
	whole_settle();
	assert_true(d->vcpu[0]->running);
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_pausedomain, d->id), 0);
	assert_int_equal(d->paused_by_tools, 1);
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_pausedomain, d->id), 0);
	assert_int_equal(d->pause_count, 1); /* all of them together */
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id), 0);
	whole_settle();
	assert_false(d->vcpu[0]->running);
	for (unsigned i = 1; i < 255; i++)
		assert_int_equal(whole_domctl_plain(XEN_DOMCTL_pausedomain, d->id), 0);
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_pausedomain, d->id), -EOVERFLOW);
	for (unsigned i = 0; i < 255; i++)
		assert_int_equal(whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id), 0);
	assert_int_equal(d->pause_count, 0);
	whole_settle();
	assert_true(d->vcpu[0]->running);
	whole_destroy(d->id);
}

static void vcpu_context(void **state)
{
	struct domain *d = whole_domain(2, 4, false);
	struct vcpu_guest_context *c = whole_scratch(sizeof(*c)),
				  *back = whole_scratch(sizeof(*back));
	struct xen_domctl op = {.u.vcpucontext = {.vcpu = 1, .ctxt.va = (uintptr_t)c}};

	(void)state;
	c->user_regs.cpsr = PSR_GUEST64_INIT;
	c->user_regs.pc64 = 0x40080000;
	c->user_regs.x0 = 0x48000000;
	c->sctlr = SCTLR_GUEST_INIT;
	c->flags = VGCF_online;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpucontext, d->id, &op), 0);
	assert_int_equal(d->vcpu[1]->offline, 0);
	assert_int_equal(d->vcpu[1]->arch.pc, 0x40080000);
	op.u.vcpucontext.ctxt.va = (uintptr_t)back;
	assert_int_equal(whole_domctl(XEN_DOMCTL_getvcpucontext, d->id, &op), 0);
	assert_memory_equal(c, back, sizeof(*c));
	c->user_regs.cpsr = PSR_MODE_EL2h;
	op.u.vcpucontext.ctxt.va = (uintptr_t)c;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpucontext, d->id, &op), -EINVAL);
	op.u.vcpucontext.vcpu = 2;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpucontext, d->id, &op), -EINVAL);
	op.u.vcpucontext.vcpu = ~0u;
	assert_int_equal(whole_domctl(XEN_DOMCTL_getvcpucontext, d->id, &op), -EINVAL);
	op.u.vcpucontext.vcpu = 0;
	op.u.vcpucontext.ctxt.va = 8;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpucontext, d->id, &op), -EFAULT);
	assert_int_equal(d->pause_count, 1);
	/* Of a running domain it waits until that is off its CPUs, and lets it go on. */
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id), 0);
	whole_settle();
	op.u.vcpucontext.vcpu = 1;
	op.u.vcpucontext.ctxt.va = (uintptr_t)back;
	assert_int_equal(whole_domctl(XEN_DOMCTL_getvcpucontext, d->id, &op), 0);
	whole_settle();
	assert_true(d->vcpu[1]->running);
	whole_destroy(d->id);
}

static void affinity(void **state)
{
	static const struct {
		uint8_t hard, soft; /* what is asked for */
		long result;
		uint8_t hard_now, soft_now; /* what becomes effective */
	} rows[] = {
		{0xf6, 0x0c, 0, 0x06, 0x04},
		/* A preference for what it may not use has no effect. */
		{0x02, 0x0c, 0, 0x02, 0},
		{0xf6, 0x0c, 0, 0x06, 0x04},
		/* None of these exists: all is as before. */
		{0xf0, 0x0c, -EINVAL, 0, 0},
		/* A wish that cannot be granted is none. */
		{0x06, 0x08, 0, 0x06, 0},
	};
	unsigned asked = 0; /* the row that holds */
	struct domain *d = whole_domain(1, 0, true);
	uint8_t *hard = whole_scratch(16), *soft = whole_scratch(16);
	struct xen_domctl op = {0};
	struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;

	(void)state;
	a->flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;
	a->cpumap_hard.nr_bits = a->cpumap_soft.nr_bits = 128;
	a->cpumap_hard.bitmap.va = (uintptr_t)hard;
	a->cpumap_soft.bitmap.va = (uintptr_t)soft;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		hard[0] = rows[i].hard;
		soft[0] = rows[i].soft;
		assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpuaffinity, d->id, &op),
				 rows[i].result);
		if (!rows[i].result) {
			asked = i;
			assert_int_equal(hard[0], rows[asked].hard_now);
			assert_int_equal(soft[0], rows[asked].soft_now);
		}
		assert_int_equal(whole_domctl(XEN_DOMCTL_getvcpuaffinity, d->id, &op), 0);
		assert_int_equal(hard[0], rows[asked].hard);
		assert_int_equal(soft[0], rows[asked].soft);
		assert_int_equal(d->vcpu[0]->sched.hard_affinity, rows[asked].hard);
	}
	a->flags = 0;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpuaffinity, d->id, &op), -EINVAL);
	/* Sizes at the edges: a map without bits, and one so large that its size in bytes wraps. */
	a->flags = XEN_VCPUAFFINITY_HARD;
	a->cpumap_hard.nr_bits = 0;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpuaffinity, d->id, &op), -EINVAL);
	a->cpumap_hard.nr_bits = ~0u;
	hard[0] = 0x01;
	memset(hard + 1, 0, 15);
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpuaffinity, d->id, &op), 0);
	assert_int_equal(d->vcpu[0]->sched.hard_affinity, 1);
	a->vcpu = 1;
	assert_int_equal(whole_domctl(XEN_DOMCTL_getvcpuaffinity, d->id, &op), -ESRCH);
	whole_destroy(d->id);
}

static void scheduler_parameters(void **state)
{
	struct domain *d = whole_domain(1, 0, true);
	struct xen_domctl op = {.u.scheduler_op = {.sched_id = XEN_SCHEDULER_CREDIT2,
						   .cmd = XEN_DOMCTL_SCHEDOP_getinfo}};
	struct xen_domctl_scheduler_op *s = &op.u.scheduler_op;

	(void)state;
	assert_int_equal(whole_domctl(XEN_DOMCTL_scheduler_op, d->id, &op), 0);
	assert_int_equal(s->u.credit2.weight, 256);
	assert_int_equal(s->u.credit2.cap, 0);
	s->cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	s->u.credit2.weight = 1000;
	s->u.credit2.cap = 30;
	assert_int_equal(whole_domctl(XEN_DOMCTL_scheduler_op, d->id, &op), 0);
	assert_int_equal(d->sched_weight, 1000);
	assert_int_equal(d->sched_cap, 30);
	s->sched_id = XEN_SCHEDULER_CREDIT;
	assert_int_equal(whole_domctl(XEN_DOMCTL_scheduler_op, d->id, &op), -EINVAL);
	s->sched_id = XEN_SCHEDULER_CREDIT2;
	s->cmd = XEN_DOMCTL_SCHEDOP_putvcpuinfo;
	assert_int_equal(whole_domctl(XEN_DOMCTL_scheduler_op, d->id, &op), -EINVAL);
	whole_destroy(d->id);
}

static void limits(void **state)
{
	struct domain *d = whole_domain(2, 10, true);
	struct xen_domctl op = {.u.max_mem.max_memkb = 39};

	(void)state;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_mem, d->id, &op),
			 0); /* it has more, and keeps it */
	assert_int_equal(whole_populate(d->id, RAM0 + 10, 1), 0);
	op.u.max_mem.max_memkb = 44;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_mem, d->id, &op), 0);
	assert_int_equal(whole_populate(d->id, RAM0 + 10, 5), 1);
	op.u.max_vcpus.max = 3;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_vcpus, d->id, &op), -EINVAL);
	assert_int_equal(whole_domctl(XEN_DOMCTL_get_paging_mempool_size, d->id, &op), 0);
	assert_int_equal(op.u.paging_mempool.size, 65536); /* of a new domain */
	op.u.paging_mempool.size = 4097;
	assert_int_equal(whole_domctl(XEN_DOMCTL_set_paging_mempool_size, d->id, &op), -EINVAL);
	op.u.paging_mempool.size = 4096;
	assert_int_equal(whole_domctl(XEN_DOMCTL_set_paging_mempool_size, d->id, &op), -EBUSY);
	op.u.paging_mempool.size = MiB(2);
	assert_int_equal(whole_domctl(XEN_DOMCTL_set_paging_mempool_size, d->id, &op), 0);
	op.u.paging_mempool.size = 0;
	assert_int_equal(whole_domctl(XEN_DOMCTL_get_paging_mempool_size, d->id, &op), 0);
	assert_int_equal(op.u.paging_mempool.size, MiB(2));
	whole_destroy(d->id);
}

/* Of the whole domain, and only while it has no memory. */
static void width(void **state)
{
	struct domain *d = whole_domain(1, 0, false);
	struct xen_domctl op = {.u.address_size.size = 16};

	(void)state;
	assert_int_equal(whole_domctl(XEN_DOMCTL_set_address_size, d->id, &op), -EINVAL);
	op.u.address_size.size = 32;
	assert_int_equal(whole_domctl(XEN_DOMCTL_set_address_size, d->id, &op), 0);
	op.u.address_size.size = 0;
	assert_int_equal(whole_domctl(XEN_DOMCTL_get_address_size, d->id, &op), 0);
	assert_int_equal(op.u.address_size.size, 32);
	op.u.address_size.size = 64;
	assert_int_equal(whole_domctl(XEN_DOMCTL_set_address_size, d->id, &op), 0);
	op.u.max_mem.max_memkb = 4;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_mem, d->id, &op), 0);
	assert_int_equal(whole_populate(d->id, RAM0, 1), 1);
	op.u.address_size.size = 64;
	assert_int_equal(whole_domctl(XEN_DOMCTL_set_address_size, d->id, &op), 0);
	op.u.address_size.size = 32;
	assert_int_equal(whole_domctl(XEN_DOMCTL_set_address_size, d->id, &op), -EBUSY);
	whole_destroy(d->id);
}

/* Flushing ends, however large the range, and tells in the structure where it is. */
static void cache_flush(void **state)
{
	struct domain *d = whole_domain(1, 200, true);
	struct xen_domctl op = {.u.cacheflush = {.start_pfn = RAM0, .nr_pfns = 200}};
	uint64_t before = host_cache_bytes;

	(void)state;
	host_yield_every = 1;
	assert_int_equal(whole_domctl(XEN_DOMCTL_cacheflush, d->id, &op), 0);
	assert_true(host_continuations > 1);
	assert_int_equal(host_cache_bytes - before, 200 * PAGE_SIZE);
	host_yield_every = 0;
	op.u.cacheflush.start_pfn = 0;
	op.u.cacheflush.nr_pfns = ~0ULL;
	assert_int_equal(whole_domctl(XEN_DOMCTL_cacheflush, d->id, &op), 0);
	op.u.cacheflush.start_pfn = ~0ULL;
	op.u.cacheflush.nr_pfns = 2;
	assert_int_equal(whole_domctl(XEN_DOMCTL_cacheflush, d->id, &op), -EINVAL);
	whole_destroy(d->id);
}

/*
 * One page of a guest far above the others does not make a flush of everything look at each frame
 * below it.
 */
static void cache_flush_holes(void **state)
{
	struct domain *d = whole_domain(1, 3, true);
	struct xen_domctl op = {0};
	uint64_t before;

	(void)state;
	op.u.max_mem.max_memkb = 4 * 4;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_mem, d->id, &op), 0);
	assert_int_equal(whole_populate(d->id, (GiB(512) >> PAGE_SHIFT) + 7, 1), 1);
	op = (struct xen_domctl){.u.cacheflush = {.nr_pfns = GiB(1024) >> PAGE_SHIFT}};
	before = host_cache_bytes;
	host_yield_every = 1;
	assert_int_equal(whole_domctl(XEN_DOMCTL_cacheflush, d->id, &op), 0);
	host_yield_every = 0;
	assert_int_equal(host_cache_bytes - before, 4 * PAGE_SIZE);
	assert_in_range(host_continuations, 1, 100);
	whole_destroy(d->id);
}

/* Everything that a guest has is in memory, where it finds it with its caches off. */
static void expect_clean(struct domain *d, unsigned pages)
{
	for (unsigned i = 0; i < pages; i++) {
		const void *page = whole_guest_ram(d, RAM0 + i);

		if (memcmp(page, host_memory(mfn_to_pa(hyp_va_to_mfn(page))), PAGE_SIZE) != 0)
			fail_msg("page %u was written and not cleaned", i);
	}
}

static void put_code(struct domain *d, uint64_t gpa, uint8_t byte)
{
	struct plinth_copy_to_domain *c = whole_scratch(sizeof(*c));
	uint8_t *buf = whole_scratch(2 * PAGE_SIZE);

	memset(buf, byte, 2 * PAGE_SIZE);
	*c = (struct plinth_copy_to_domain){
		.gpa = gpa, .buffer = (uintptr_t)buf, .length = 2 * PAGE_SIZE, .domid = d->id};
	assert_int_equal(
		whole_hypercall(__HYPERVISOR_plinth_op, PLINTH_OP_copy_to_domain, (uintptr_t)c), 0);
}

/*
 * No guest fetches what a page's last owner had there. The instruction caches are invalidated
 * between the end of the last mapping and the next one, and not more often; and when code in a
 * domain that has run is replaced.
 */
static void code_is_fetched_anew(void **state)
{
	struct domain *first = whole_domain(1, 50, true), *d;
	struct xen_domctl op = {.u.cacheflush = {.start_pfn = RAM0, .nr_pfns = 10}};
	uint64_t before;

	(void)state;
	memset(whole_guest_ram(first, RAM0 + 1), 0xc0, PAGE_SIZE); /* it has executed this */
	whole_destroy(first->id);
	before = host_icache_invalidations;
	d = whole_domain(1, 100, true);
	assert_int_equal(host_icache_invalidations, before + 1);
	expect_clean(d, 100);
	put_code(d, GUEST_RAM0_BASE + 100, 0xc1);
	expect_clean(d, 100);
	assert_int_equal(host_icache_invalidations, before + 1);
	/* the ABI's way: dom0 maps the pages, writes them and has them cleaned */
	memset(whole_guest_ram(d, RAM0 + 5), 0xc2, PAGE_SIZE);
	assert_int_equal(whole_domctl(XEN_DOMCTL_cacheflush, d->id, &op), 0);
	expect_clean(d, 100);
	assert_int_equal(host_icache_invalidations, before + 2);
	/* it runs */
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id), 0);
	put_code(d, GUEST_RAM0_BASE + 100, 0xc3);
	assert_true(host_icache_invalidations > before + 2);
	expect_clean(d, 100);
	before = host_icache_invalidations;
	assert_int_equal(whole_domctl(XEN_DOMCTL_cacheflush, d->id, &op), 0);
	assert_int_equal(host_icache_invalidations, before + 1);
	/* pages that it gives back, and others for it: once for both */
	assert_int_equal(memory_remove_ram(d, GFN(RAM0 + 7)), 0);
	assert_int_equal(memory_remove_ram(d, GFN(RAM0 + 8)), 0);
	assert_int_equal(whole_populate(d->id, RAM0 + 7, 1), 1);
	assert_int_equal(host_icache_invalidations, before + 2);
	assert_int_equal(whole_populate(d->id, RAM0 + 8, 1), 1);
	assert_int_equal(host_icache_invalidations, before + 2);
	expect_clean(d, 100);
	whole_destroy(d->id);
}

#define T(f) cmocka_unit_test_setup_teardown(f, whole_setup, whole_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(domain_info),
		T(pauses_are_counted),
		T(vcpu_context),
		T(affinity),
		T(scheduler_parameters),
		T(limits),
		T(width),
		T(cache_flush),
		T(cache_flush_holes),
		T(code_is_fetched_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
