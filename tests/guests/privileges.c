/* SPDX-License-Identifier: ISC */
/*
 * What a guest may call: every hypercall with every sub-operation, against a written list. Run
 * below a dom0; as the first domain, which may do everything, it has nothing to say.
 */

#include "abi.h"
#include "gic.h"
#include <public/domctl.h>
#include <public/physdev.h>
#include <public/sysctl.h>

const char guest_name[] = "privileges";

#define NUMBERS 64 /* of hypercalls */
#define SUB_OPS 64
#define ROUNDS  20 /* of all vCPUs at once */

/* More than an error number. */
#define OK   1 /* done: it needs no pointer and harms nobody */
#define SKIP 2 /* not tried: it would sleep */

/*
 * With a pointer that leads nowhere: EFAULT says that anybody may call it, EPERM that a guest may
 * not. What is not listed is ENOSYS.
 */
static const struct {
	u8 nr;
	u8 first, last;
	int rc;
} list[] = {
	{__HYPERVISOR_platform_op, 0, 63, -XEN_EPERM},
	{__HYPERVISOR_memory_op, XENMEM_decrease_reservation, XENMEM_decrease_reservation,
	 -XEN_EFAULT},
	{__HYPERVISOR_memory_op, XENMEM_maximum_ram_page, XENMEM_maximum_ram_page, OK},
	{__HYPERVISOR_memory_op, XENMEM_current_reservation, XENMEM_maximum_reservation,
	 -XEN_EFAULT},
	{__HYPERVISOR_memory_op, XENMEM_populate_physmap, XENMEM_add_to_physmap, -XEN_EFAULT},
	{__HYPERVISOR_memory_op, XENMEM_maximum_gpfn, XENMEM_remove_from_physmap, -XEN_EFAULT},
	{__HYPERVISOR_memory_op, 18, 19, OK}, /* pages shared: none */
	{__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, XENMEM_add_to_physmap_batch,
	 -XEN_EFAULT},
	{__HYPERVISOR_memory_op, XENMEM_claim_pages, XENMEM_claim_pages, -XEN_EPERM},
	{__HYPERVISOR_memory_op, XENMEM_acquire_resource, XENMEM_acquire_resource, -XEN_EFAULT},
	{__HYPERVISOR_multicall, 0, 63, -XEN_EFAULT},
	{__HYPERVISOR_xen_version, XENVER_version, XENVER_version, OK},
	{__HYPERVISOR_xen_version, XENVER_extraversion, XENVER_get_features, -XEN_EFAULT},
	{__HYPERVISOR_xen_version, XENVER_pagesize, XENVER_pagesize, OK},
	{__HYPERVISOR_xen_version, XENVER_guest_handle, XENVER_commandline, -XEN_EFAULT},
	{__HYPERVISOR_xen_version, XENVER_build_id, XENVER_build_id, -XEN_ENODATA},
	{__HYPERVISOR_console_io, 0, 63, -XEN_EPERM},
	{__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, GNTTABOP_setup_table, -XEN_EFAULT},
	{__HYPERVISOR_grant_table_op, GNTTABOP_copy, GNTTABOP_query_size, -XEN_EFAULT},
	{__HYPERVISOR_grant_table_op, GNTTABOP_set_version, GNTTABOP_set_version, -XEN_EFAULT},
	{__HYPERVISOR_grant_table_op, GNTTABOP_get_version, GNTTABOP_cache_flush, -XEN_EFAULT},
	{__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_CMD_disable, -XEN_EINVAL},
	{__HYPERVISOR_vcpu_op, VCPUOP_is_up, VCPUOP_is_up, OK},
	{__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, VCPUOP_register_runstate_memory_area,
	 -XEN_EFAULT},
	{__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, VCPUOP_register_vcpu_info, -XEN_EFAULT},
	{__HYPERVISOR_vcpu_op, 0, 63, -XEN_EINVAL}, /* the others: not ENOSYS */
	{__HYPERVISOR_sched_op, SCHEDOP_yield, SCHEDOP_yield, OK},
	{__HYPERVISOR_sched_op, SCHEDOP_block, SCHEDOP_block, SKIP},
	{__HYPERVISOR_sched_op, SCHEDOP_shutdown, SCHEDOP_poll, -XEN_EFAULT},
	{__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, SCHEDOP_remote_shutdown, -XEN_EPERM},
	{__HYPERVISOR_sched_op, SCHEDOP_shutdown_code, SCHEDOP_watchdog, -XEN_EFAULT},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, EVTCHNOP_bind_virq, -XEN_EFAULT},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_close, EVTCHNOP_set_priority, -XEN_EFAULT},
	{__HYPERVISOR_physdev_op, PHYSDEVOP_manage_pci_add, PHYSDEVOP_manage_pci_remove,
	 -XEN_EPERM},
	{__HYPERVISOR_physdev_op, PHYSDEVOP_manage_pci_add_ext, PHYSDEVOP_manage_pci_add_ext,
	 -XEN_EPERM},
	{__HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_add, PHYSDEVOP_pci_device_remove,
	 -XEN_EPERM},
	{__HYPERVISOR_hvm_op, HVMOP_set_param, HVMOP_get_param, -XEN_EFAULT},
	{__HYPERVISOR_sysctl, 0, 63, -XEN_EPERM},
	{__HYPERVISOR_domctl, 0, 63, -XEN_EPERM},
	{__HYPERVISOR_plinth_op, 0, 63, -XEN_EPERM},
};

static int expected(unsigned nr, unsigned sub)
{
	for (unsigned n = 0; n < ARRAY_SIZE(list); n++)
		if (list[n].nr == nr && sub >= list[n].first && sub <= list[n].last)
			return list[n].rc;
	return -XEN_ENOSYS;
}

/* Pointers are the second argument, but here. */
static long call(unsigned nr, unsigned sub, u64 nowhere)
{
	switch (nr) {
	case __HYPERVISOR_vcpu_op: /* sub, vcpu, pointer */
		return hypercall(nr, sub, 0, nowhere, 0, 0);
	case __HYPERVISOR_console_io: /* sub, length, pointer */
		return hypercall(nr, sub, 1, nowhere, 0, 0);
	case __HYPERVISOR_vm_assist: /* sub, type */
		return hypercall(nr, sub, 63, 0, 0, 0);
	case __HYPERVISOR_multicall: /* pointer, length */
		return hypercall(nr, nowhere, 1, 0, 0, 0);
	default: /* sub, pointer, count */
		return hypercall(nr, sub, nowhere, 1, 0, 0);
	}
}

static void check_matrix(void)
{
	const u64 nowhere = (u64)mmu_map_page(0, 0, MMU_NONE);

	for (unsigned nr = 0; nr < NUMBERS; nr++)
		for (unsigned sub = 0; sub < SUB_OPS; sub++) {
			const int want = expected(nr, sub);
			long rc;

			if (want == SKIP)
				continue;
			rc = call(nr, sub, nowhere);
			if (want == OK ? rc < 0 : rc != want)
				XEN_DIFFERS("hypercall %u, %u is %ld, expected %d", nr, sub, rc,
					    want);
		}
}

/*
 * The ones that name their operation in a structure, in the right version, on itself, another and
 * dom0.
 */
static unsigned refused_everywhere(void *page)
{
	static const struct {
		u8 nr;
		u32 version;
	} calls[] = {
		{__HYPERVISOR_domctl, XEN_DOMCTL_INTERFACE_VERSION},
		{__HYPERVISOR_sysctl, XEN_SYSCTL_INTERFACE_VERSION},
		{__HYPERVISOR_platform_op, XENPF_INTERFACE_VERSION},
	};
	static const domid_t aims[] = {DOMID_SELF, 1, 0};
	unsigned allowed = 0;

	for (unsigned n = 0; n < ARRAY_SIZE(calls) * ARRAY_SIZE(aims); n++)
		for (u32 cmd = 0; cmd < 128; cmd++) {
			u32 *words = page;
			long rc;

			memset(page, 0, 256);
			words[0] = cmd;
			words[1] = calls[n / ARRAY_SIZE(aims)].version;
			words[2] = aims[n % ARRAY_SIZE(aims)];
			rc = hypercall(calls[n / ARRAY_SIZE(aims)].nr, (u64)page, 0, 0, 0, 0);
			if (rc != -XEN_EPERM && rc != -XEN_ENOSYS)
				allowed++;
		}
	return allowed;
}

static u8 pages[MAX_CPUS][PAGE_SIZE] ALIGN_PAGE;

static void check_structures(void)
{
	CHECK_EQ(refused_everywhere(pages[0]), 0);
}

/* The others answer for everybody, but not about everybody. */
static void check_aims(void)
{
	struct xen_memory_domain m = {.domid = 0};
	struct xen_hvm_param p = {.domid = 0, .index = HVM_PARAM_CONSOLE_PFN};
	struct sched_remote_shutdown s = {.domain_id = 0};
	struct evtchn_alloc_unbound alloc = {.dom = 0, .remote_dom = DOMID_SELF};
	struct evtchn_status status = {.dom = 0, .port = 1};
	struct evtchn_reset reset = {.dom = 0};
	struct gnttab_query_size query = {.dom = 0};

	CHECK_RC(xen_memory_op(XENMEM_current_reservation, &m), -XEN_EPERM);
	CHECK_RC(xen_memory_op(XENMEM_maximum_gpfn, &m), -XEN_EPERM);
	CHECK_RC(xen_hvm_op(HVMOP_get_param, &p), -XEN_EPERM);
	CHECK_RC(xen_hvm_op(HVMOP_set_param, &p), -XEN_EPERM);
	CHECK_RC(xen_sched_op(SCHEDOP_remote_shutdown, &s), -XEN_EPERM);
	CHECK_RC(xen_event_op(EVTCHNOP_alloc_unbound, &alloc), -XEN_EPERM);
	CHECK_RC(xen_event_op(EVTCHNOP_status, &status), -XEN_EPERM);
	CHECK_RC(xen_event_op(EVTCHNOP_reset, &reset), -XEN_EPERM);
	CHECK_RC(xen_grant_op(GNTTABOP_query_size, &query, 1), 0);
	CHECK_EQ(query.status, GNTST_permission_denied);
}

static void job(struct cpu *cpu, void *allowed)
{
	for (unsigned n = 0; n < ROUNDS; n++)
		__atomic_fetch_add((unsigned *)allowed, refused_everywhere(pages[cpu->index]),
				   __ATOMIC_RELAXED);
}

/* All vCPUs ask without end, while dom0 goes on. */
static void check_flood(void)
{
	unsigned allowed = 0;

	gic_init();
	smp_start_all();
	for (unsigned n = 1; n < board.cpu_count; n++)
		smp_run(n, job, &allowed);
	job(cpu_self(), &allowed);
	for (unsigned n = 1; n < board.cpu_count; n++)
		CHECK(smp_wait(n));
	CHECK_EQ(allowed, 0);
}

static const struct check checks[] = {
	{"matrix", check_matrix},
	{"structures", check_structures},
	{"aims", check_aims},
	{"flood", check_flood},
};

void guest_main(void)
{
	if (xen_is_dom0())
		check_note("the first domain may do everything");
	else
		check_run(checks, ARRAY_SIZE(checks));
}
