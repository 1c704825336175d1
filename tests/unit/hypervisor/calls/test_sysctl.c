/* SPDX-License-Identifier: ISC */
/* What sysctl answers: the machine, its domains, its log, debug keys. */
#include "unit.h"
#include <string.h>

#include <host/host.h>
#include <lib/errno.h>
#include <hyp/cpu.h>
#include <lib/log.h>
#include "whole.h"

static void machine_info(void **state)
{
	struct xen_sysctl op = {0};
	const struct xen_sysctl_physinfo *p = &op.u.physinfo;

	(void)state;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_physinfo, &op), 0);
	assert_int_equal(p->nr_cpus, WHOLE_CPUS);
	assert_int_equal(p->max_cpu_id, WHOLE_CPUS - 1);
	assert_int_equal(p->total_pages, WHOLE_RAM / PAGE_SIZE);
	assert_int_equal(p->free_pages, page_nr_free());
	assert_int_equal(p->cpu_khz, HOST_HZ / 1000);
	assert_int_equal(p->max_mfn, (HOST_RAM_BASE + WHOLE_RAM) / PAGE_SIZE - 1);
	assert_int_equal(whole_sysctl(XEN_SYSCTL_sched_id, &op), 0);
	assert_int_equal(op.u.sched_id.sched_id, XEN_SCHEDULER_CREDIT2);
	assert_int_equal(whole_sysctl(XEN_SYSCTL_availheap, &op), 0);
	assert_int_equal(op.u.availheap.avail_bytes, page_nr_free() * PAGE_SIZE);
}

static void domain_list_info(void **state)
{
	struct domain *d[5];
	struct xen_domctl_getdomaininfo *info = whole_scratch(8 * sizeof(*info));
	struct xen_sysctl op = {
		.u.getdomaininfolist = {.max_domains = 8, .buffer.va = (uintptr_t)info}};

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		d[i] = whole_domain(1, 1, true);
	assert_int_equal(whole_sysctl(XEN_SYSCTL_getdomaininfolist, &op), 0);
	assert_int_equal(op.u.getdomaininfolist.num_domains, 6);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(info[i + 1].domain, d[i]->id);
	op.u.getdomaininfolist.first_domain = d[2]->id;
	op.u.getdomaininfolist.max_domains = 2;
	memset(info, 0xee, 8 * sizeof(*info));
	assert_int_equal(whole_sysctl(XEN_SYSCTL_getdomaininfolist, &op), 0);
	assert_int_equal(op.u.getdomaininfolist.num_domains, 2);
	assert_int_equal(info[1].domain, d[3]->id);
	assert_int_equal(info[2].domain, 0xeeee);
	op.u.getdomaininfolist.buffer.va = 16;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_getdomaininfolist, &op), -EFAULT);
	for (unsigned i = 0; i < 5; i++)
		whole_destroy(d[i]->id);
}

static void log_is_read(void **state)
{
	char *buf = whole_scratch(LOG_SIZE);
	struct xen_sysctl op = {
		.u.readconsole = {.count = LOG_SIZE, .buffer.va = (uintptr_t)buf, .clear = 1}};
	struct xen_sysctl_readconsole *c = &op.u.readconsole;
	uint32_t index;

	(void)state;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_readconsole, &op), 0);
	index = c->index;
	log_info("first");
	c->clear = 0;
	c->count = 100;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_readconsole, &op), 0);
	buf[c->count] = 0;
	assert_non_null(strstr(buf, "] first\n"));
	assert_null(strchr(buf, '\n')[1] ? buf : NULL);
	log_info("second");
	c->incremental = 1;
	c->index = index;
	c->count = 10;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_readconsole, &op), 0);
	assert_int_equal(c->count, 10);
	assert_int_equal(c->index, index + 10);
	c->count = 1000;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_readconsole, &op), 0);
	buf[c->count] = 0;
	assert_non_null(strstr(buf, "first\n"));
	assert_non_null(strstr(buf, "second\n"));
	/* More than the ring holds: what is left of it, from its oldest byte on. */
	for (unsigned i = 0; i < 2000; i++)
		log_info("line %u of very many that push the others out of the ring", i);
	c->index = index;
	c->count = LOG_SIZE;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_readconsole, &op), 0);
	assert_in_range(c->count, LOG_SIZE - 100, LOG_SIZE);
	assert_non_null(strstr(buf, "line 1999 of"));
	c->buffer.va = 3;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_readconsole, &op),
			 0); /* nothing new: nothing to write */
	c->index = index;
	c->count = 10;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_readconsole, &op), -EFAULT);
}

static void debug_keys(void **state)
{
	char *keys = whole_scratch(16);
	struct xen_sysctl op = {.u.debug_keys = {.nr_keys = 5, .keys.va = (uintptr_t)keys}};

	(void)state;
	memcpy(keys, "hqrmx", 5);
	assert_int_equal(whole_sysctl(XEN_SYSCTL_debug_keys, &op), 0);
	memcpy(keys, "C", 2);
	op.u.debug_keys.nr_keys = 1;
	assert_true(HOST_PANICS("debug key", whole_sysctl(XEN_SYSCTL_debug_keys, &op)));
	whole_scratch_reset();
}

/* One pool, one node. */
static void pools_and_nodes(void **state)
{
	uint8_t *map = whole_scratch(8);
	struct xen_sysctl op = {
		.u.cpupool_op = {.op = XEN_SYSCTL_CPUPOOL_OP_INFO,
				 .cpupool_id = XEN_SYSCTL_CPUPOOL_PAR_ANY,
				 .cpumap = {.bitmap.va = (uintptr_t)map, .nr_bits = 64}}};
	struct xen_sysctl_cpuinfo *idle = whole_scratch(WHOLE_CPUS * sizeof(*idle));
	struct xen_sysctl_cputopo *topo = whole_scratch(WHOLE_CPUS * sizeof(*topo));

	(void)state;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_cpupool_op, &op), 0);
	assert_int_equal(map[0], 0xf);
	assert_int_equal(op.u.cpupool_op.n_dom, 1);
	op.u.cpupool_op.cpupool_id = 3;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_cpupool_op, &op), -ENOENT);
	op.u.cpupool_op.op = 77;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_cpupool_op, &op), -EOPNOTSUPP);
	op = (struct xen_sysctl){.u.getcpuinfo = {.max_cpus = 100, .info.va = (uintptr_t)idle}};
	assert_int_equal(whole_sysctl(XEN_SYSCTL_getcpuinfo, &op), 0);
	assert_int_equal(op.u.getcpuinfo.nr_cpus, WHOLE_CPUS);
	op = (struct xen_sysctl){.u.cputopoinfo = {.num_cpus = 100, .cputopo.va = (uintptr_t)topo}};
	assert_int_equal(whole_sysctl(XEN_SYSCTL_cputopoinfo, &op), 0);
	assert_int_equal(op.u.cputopoinfo.num_cpus, WHOLE_CPUS);
	assert_int_equal(topo[3].core, 3);
}

#define T(f) cmocka_unit_test_setup_teardown(f, whole_setup, whole_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(machine_info), T(domain_list_info), T(log_is_read),
		T(debug_keys),   T(pools_and_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
