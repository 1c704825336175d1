/* SPDX-License-Identifier: ISC */
/* Operations on one domain: create, destroy, pause, limits, parameters. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <public/domctl.h>
#include <public/hvm_op.h>
#include <public/sched.h>

#include "domain_info.h"
#include "internal.h"

int ctrl_domctl(struct ctrl *c, uint32_t cmd, uint32_t domid, struct xen_domctl *arg)
{
	long ret;

	arg->cmd = cmd;
	arg->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	arg->domain = domid;
	for (;;) {
		ret = ctrl_hypercall_arg(c, __HYPERVISOR_domctl, arg, sizeof(*arg));
		/* Long operations may stop in the middle and ask to be called again. */
		if (ret != -EAGAIN && ret != -ERESTART)
			return ret;
		sched_yield();
	}
}

/* A domctl whose only outcome is success or failure. */
static int domctl_simple(struct ctrl *c, uint32_t cmd, const char *name, uint32_t domid,
			 const char *verb)
{
	struct xen_domctl arg = {0};
	int ret = ctrl_domctl(c, cmd, domid, &arg);

	if (ret < 0)
		return ctrl_fail_call(c, ret, name, "%s domain %u", verb, domid);
	return 0;
}

int ctrl_destroy_domain(struct ctrl *c, uint32_t domid)
{
	return domctl_simple(c, XEN_DOMCTL_destroydomain, "domctl destroydomain", domid, "destroy");
}

int ctrl_pause_domain(struct ctrl *c, uint32_t domid)
{
	return domctl_simple(c, XEN_DOMCTL_pausedomain, "domctl pausedomain", domid, "pause");
}

int ctrl_unpause_domain(struct ctrl *c, uint32_t domid)
{
	return domctl_simple(c, XEN_DOMCTL_unpausedomain, "domctl unpausedomain", domid, "unpause");
}

static int fail_create(struct ctrl *c, int err, const struct ctrl_domain_config *config)
{
	if (err == -EEXIST)
		return ctrl_fail(err,
				 "cannot create a domain: domctl createdomain: number %u is "
				 "taken (EEXIST)",
				 config->domid);
	/* Plinth answers EINVAL to a GIC that the machine does not have, Xen ENODEV. */
	if ((err == -EINVAL || err == -ENODEV) && config->gic_version != CTRL_GIC_HOST)
		return ctrl_fail(err,
				 "cannot create a domain with a GICv%u: domctl createdomain: the "
				 "hypervisor rejects a value (%s); where the machine has another "
				 "GIC, leave the version out",
				 config->gic_version + 1u, err == -EINVAL ? "EINVAL" : "ENODEV");
	return ctrl_fail_call(c, err, "domctl createdomain",
			      "create a domain with %u vCPUs, flags %#x, event channels up to %u, "
			      "%d grant frames, %d maptrack frames",
			      config->max_vcpus, config->flags, config->max_evtchn_port,
			      config->max_grant_frames, config->max_maptrack_frames);
}

int ctrl_create_domain(struct ctrl *c, struct ctrl_domain_config *config, uint32_t *domid)
{
	struct xen_domctl arg = {
		.u.createdomain = {
			.flags = config->flags | XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
			.max_vcpus = config->max_vcpus,
			.max_evtchn_port = config->max_evtchn_port,
			.max_grant_frames = config->max_grant_frames,
			.max_maptrack_frames = config->max_maptrack_frames,
			.grant_opts = XEN_DOMCTL_GRANT_version(1),
			.cpupool_id = config->cpupool,
			.arch.gic_version = config->gic_version,
			.arch.nr_spis = config->nr_spis,
		}};
	int ret;

	if (!config->max_vcpus)
		return ctrl_fail(-EINVAL, "cannot create a domain without vCPUs");
	memcpy(arg.u.createdomain.handle, config->uuid, sizeof(config->uuid));
	ret = ctrl_domctl(c, XEN_DOMCTL_createdomain, config->domid, &arg);
	if (ret < 0)
		return fail_create(c, ret, config);
	*domid = arg.domain;
	config->gic_version = arg.u.createdomain.arch.gic_version;
	config->clock_frequency = arg.u.createdomain.arch.clock_frequency;
	return 0;
}

void ctrl_fill_domain_info(struct ctrl_domain_info *info, const struct xen_domctl_getdomaininfo *d)
{
	*info = (struct ctrl_domain_info){
		.domid = d->domain,
		.dying = d->flags & XEN_DOMINF_dying,
		.shutdown = d->flags & XEN_DOMINF_shutdown,
		.paused = d->flags & XEN_DOMINF_paused,
		.blocked = d->flags & XEN_DOMINF_blocked,
		.running = d->flags & XEN_DOMINF_running,
		.shutdown_reason = d->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask,
		.flags = d->flags,
		.nr_online_vcpus = d->nr_online_vcpus,
		.max_vcpu_id = d->max_vcpu_id,
		.memory = d->tot_pages << CTRL_PAGE_SHIFT,
		.max_memory = d->max_pages << CTRL_PAGE_SHIFT,
		.cpu_time = d->cpu_time,
		.shared_info_gfn = d->shared_info_frame,
		.cpupool = d->cpupool,
	};
	memcpy(info->uuid, d->handle, sizeof(info->uuid));
}

int ctrl_get_domain(struct ctrl *c, uint32_t domid, struct ctrl_domain_info *info)
{
	struct xen_domctl arg = {0};
	int ret = ctrl_domctl(c, XEN_DOMCTL_getdomaininfo, domid, &arg);

	/* The hypervisor answers with the next higher domain when this one is not there. */
	if (!ret && arg.u.getdomaininfo.domain != domid)
		ret = -ESRCH;
	if (ret < 0)
		return ctrl_fail_call(c, ret, "domctl getdomaininfo", "look at domain %u", domid);
	ctrl_fill_domain_info(info, &arg.u.getdomaininfo);
	return 0;
}

int ctrl_set_max_vcpus(struct ctrl *c, uint32_t domid, uint32_t max)
{
	struct xen_domctl arg = {.u.max_vcpus.max = max};
	int ret = ctrl_domctl(c, XEN_DOMCTL_max_vcpus, domid, &arg);

	if (ret < 0)
		return ctrl_fail_call(c, ret, "domctl max_vcpus", "give domain %u %u vCPUs", domid,
				      max);
	return 0;
}

int ctrl_set_max_memory(struct ctrl *c, uint32_t domid, uint64_t kib)
{
	struct xen_domctl arg = {.u.max_mem.max_memkb = kib};
	int ret = ctrl_domctl(c, XEN_DOMCTL_max_mem, domid, &arg);

	if (ret < 0)
		return ctrl_fail_call(c, ret, "domctl max_mem",
				      "limit domain %u to %" PRIu64 " KiB of memory", domid, kib);
	return 0;
}

int ctrl_set_paging_mempool(struct ctrl *c, uint32_t domid, uint64_t bytes)
{
	struct xen_domctl arg = {.u.paging_mempool.size = bytes};
	int ret = ctrl_domctl(c, XEN_DOMCTL_set_paging_mempool_size, domid, &arg);

	if (ret < 0)
		return ctrl_fail_call(c, ret, "domctl set_paging_mempool_size",
				      "give domain %u %" PRIu64 " bytes for its page tables", domid,
				      bytes);
	return 0;
}

int ctrl_get_paging_mempool(struct ctrl *c, uint32_t domid, uint64_t *bytes)
{
	struct xen_domctl arg = {0};
	int ret = ctrl_domctl(c, XEN_DOMCTL_get_paging_mempool_size, domid, &arg);

	if (ret < 0)
		return ctrl_fail_call(c, ret, "domctl get_paging_mempool_size",
				      "get the size of domain %u's page table memory", domid);
	*bytes = arg.u.paging_mempool.size;
	return 0;
}

int ctrl_set_address_size(struct ctrl *c, uint32_t domid, unsigned int bits)
{
	struct xen_domctl arg = {.u.address_size.size = bits};
	int ret = ctrl_domctl(c, XEN_DOMCTL_set_address_size, domid, &arg);

	if (ret < 0)
		return ctrl_fail_call(c, ret, "domctl set_address_size",
				      "make domain %u a %u-bit one", domid, bits);
	return 0;
}

int ctrl_init_vuart(struct ctrl *c, uint32_t domid, uint32_t console_domid, uint64_t gfn,
		    uint32_t *port)
{
	struct xen_domctl arg = {.u.vuart_op = {
					 .cmd = XEN_DOMCTL_VUART_OP_INIT,
					 .type = XEN_DOMCTL_VUART_TYPE_VPL011,
					 .gfn = gfn,
					 .console_domid = console_domid,
				 }};
	int ret = ctrl_domctl(c, XEN_DOMCTL_vuart_op, domid, &arg);

	if (ret < 0)
		return ctrl_fail_call(c, ret, "domctl vuart_op",
				      "give domain %u an emulated UART with its ring in frame "
				      "%#" PRIx64,
				      domid, gfn);
	*port = arg.u.vuart_op.evtchn;
	return 0;
}

static const char *const param_names[] = {
	[HVM_PARAM_CALLBACK_IRQ] = "CALLBACK_IRQ",
	[HVM_PARAM_STORE_PFN] = "STORE_PFN",
	[HVM_PARAM_STORE_EVTCHN] = "STORE_EVTCHN",
	[HVM_PARAM_CONSOLE_PFN] = "CONSOLE_PFN",
	[HVM_PARAM_CONSOLE_EVTCHN] = "CONSOLE_EVTCHN",
	[HVM_PARAM_MONITOR_RING_PFN] = "MONITOR_RING_PFN",
};

static const char *param_name(uint32_t index)
{
	const char *name = index < ARRAY_SIZE(param_names) ? param_names[index] : NULL;

	return name ? name : "?";
}

int ctrl_set_param(struct ctrl *c, uint32_t domid, uint32_t index, uint64_t value)
{
	struct xen_hvm_param arg = {.domid = domid, .index = index, .value = value};
	int ret = ctrl_hypercall_cmd(c, __HYPERVISOR_hvm_op, HVMOP_set_param, &arg, sizeof(arg));

	if (ret < 0)
		return ctrl_fail_call(c, ret, "hvm_op set_param",
				      "set domain %u's parameter %u (%s) to %#" PRIx64, domid,
				      index, param_name(index), value);
	return 0;
}

int ctrl_get_param(struct ctrl *c, uint32_t domid, uint32_t index, uint64_t *value)
{
	struct xen_hvm_param arg = {.domid = domid, .index = index};
	int ret = ctrl_hypercall_cmd(c, __HYPERVISOR_hvm_op, HVMOP_get_param, &arg, sizeof(arg));

	if (ret < 0)
		return ctrl_fail_call(c, ret, "hvm_op get_param",
				      "get domain %u's parameter %u (%s)", domid, index,
				      param_name(index));
	*value = arg.value;
	return 0;
}

static const char *const shutdown_names[] = {
	[CTRL_SHUTDOWN_POWEROFF] = "poweroff", [CTRL_SHUTDOWN_REBOOT] = "reboot",
	[CTRL_SHUTDOWN_SUSPEND] = "suspend",   [CTRL_SHUTDOWN_CRASH] = "crash",
	[CTRL_SHUTDOWN_WATCHDOG] = "watchdog", [CTRL_SHUTDOWN_SOFT_RESET] = "soft-reset",
};

const char *ctrl_shutdown_name(unsigned int reason)
{
	return reason < ARRAY_SIZE(shutdown_names) ? shutdown_names[reason] : "unknown";
}

int ctrl_shutdown_domain(struct ctrl *c, uint32_t domid, unsigned int reason)
{
	struct sched_remote_shutdown arg = {.domain_id = domid, .reason = reason};
	int ret = ctrl_hypercall_cmd(c, __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &arg,
				     sizeof(arg));

	if (ret < 0)
		return ctrl_fail_call(c, ret, "sched_op remote_shutdown",
				      "shut domain %u down (%s)", domid,
				      ctrl_shutdown_name(reason));
	return 0;
}
