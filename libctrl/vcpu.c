/* SPDX-License-Identifier: ISC */
/* vCPUs of a domain: registers, where they run, and their share of the CPUs. */
#include <errno.h>
#include <string.h>

#include <public/domctl.h>
#include <public/sysctl.h>

#include "internal.h"

_Static_assert(offsetof(struct vcpu_guest_core_regs, x30) == 30 * 8, "x0..x30 are an array");

int ctrl_get_vcpu_info(struct ctrl *c, uint32_t domid, uint32_t vcpu, struct ctrl_vcpu_info *info)
{
	struct xen_domctl arg = {.u.getvcpuinfo.vcpu = vcpu};
	int ret = ctrl_domctl(c, XEN_DOMCTL_getvcpuinfo, domid, &arg);

	if (ret < 0)
		return ctrl_fail_call(c, ret, "domctl getvcpuinfo", "look at domain %u's vCPU %u",
				      domid, vcpu);
	*info = (struct ctrl_vcpu_info){
		.online = arg.u.getvcpuinfo.online,
		.blocked = arg.u.getvcpuinfo.blocked,
		.running = arg.u.getvcpuinfo.running,
		.cpu_time = arg.u.getvcpuinfo.cpu_time,
		.cpu = arg.u.getvcpuinfo.cpu,
	};
	return 0;
}

/* setvcpucontext or getvcpucontext, with the registers in a hypercall buffer. */
static int vcpucontext(struct ctrl *c, uint32_t cmd, uint32_t domid, uint32_t vcpu,
		       struct vcpu_guest_context *regs)
{
	struct vcpu_guest_context *buf = ctrl_buf_get(c, sizeof(*buf));
	struct xen_domctl arg = {.u.vcpucontext.vcpu = vcpu};
	int ret;

	if (!buf)
		return -ENOMEM;
	*buf = *regs;
	arg.u.vcpucontext.ctxt = xen_handle_from_ptr(buf);
	ret = ctrl_domctl(c, cmd, domid, &arg);
	*regs = *buf;
	ctrl_buf_put(c, buf, sizeof(*buf));
	return ret;
}

int ctrl_get_vcpu_context(struct ctrl *c, uint32_t domid, uint32_t vcpu,
			  struct ctrl_vcpu_context *context)
{
	struct vcpu_guest_context g = {0};
	int ret = vcpucontext(c, XEN_DOMCTL_getvcpucontext, domid, vcpu, &g);

	if (ret < 0)
		return ctrl_fail_call(c, ret, "domctl getvcpucontext",
				      "read the registers of domain %u's vCPU %u", domid, vcpu);
	*context = (struct ctrl_vcpu_context){
		.online = g.flags & VGCF_online,
		.pc = g.user_regs.pc64,
		.pstate = g.user_regs.cpsr,
		.sp_el0 = g.user_regs.sp_el0,
		.sp_el1 = g.user_regs.sp_el1,
		.elr_el1 = g.user_regs.elr_el1,
		.spsr_el1 = g.user_regs.spsr_el1,
		.sctlr = g.sctlr,
		.tcr = g.ttbcr,
		.ttbr0 = g.ttbr0,
		.ttbr1 = g.ttbr1,
	};
	memcpy(context->x, &g.user_regs, sizeof(context->x));
	return 0;
}

int ctrl_set_vcpu_context(struct ctrl *c, uint32_t domid, uint32_t vcpu,
			  const struct ctrl_vcpu_context *context)
{
	struct vcpu_guest_context g = {
		.flags = context->online ? VGCF_online : 0,
		.user_regs = {.pc64 = context->pc,
			      .cpsr = context->pstate,
			      .sp_el0 = context->sp_el0,
			      .sp_el1 = context->sp_el1,
			      .elr_el1 = context->elr_el1,
			      .spsr_el1 = context->spsr_el1},
		.sctlr = context->sctlr,
		.ttbcr = context->tcr,
		.ttbr0 = context->ttbr0,
		.ttbr1 = context->ttbr1,
	};
	int ret;

	memcpy(&g.user_regs, context->x, sizeof(context->x));
	ret = vcpucontext(c, XEN_DOMCTL_setvcpucontext, domid, vcpu, &g);
	if (ret < 0)
		return ctrl_fail_call(c, ret, "domctl setvcpucontext",
				      "set the registers of domain %u's vCPU %u", domid, vcpu);
	return 0;
}

/* Both maps in one buffer, hard first; a NULL map takes no part. */
static int vcpuaffinity(struct ctrl *c, uint32_t cmd, uint32_t domid, uint32_t vcpu, uint8_t *buf,
			bool hard, bool soft, unsigned int nr_cpus)
{
	size_t size = (nr_cpus + 7) / 8;
	struct xen_domctl arg = {.u.vcpuaffinity = {
					 .vcpu = vcpu,
					 .flags = (hard ? XEN_VCPUAFFINITY_HARD : 0) |
						  (soft ? XEN_VCPUAFFINITY_SOFT : 0),
				 }};

	if (hard)
		arg.u.vcpuaffinity.cpumap_hard = (struct xenctl_bitmap){
			.bitmap = xen_handle_from_ptr(buf), .nr_bits = nr_cpus};
	if (soft)
		arg.u.vcpuaffinity.cpumap_soft = (struct xenctl_bitmap){
			.bitmap = xen_handle_from_ptr(buf + size), .nr_bits = nr_cpus};
	return ctrl_domctl(c, cmd, domid, &arg);
}

int ctrl_set_vcpu_affinity(struct ctrl *c, uint32_t domid, uint32_t vcpu, const uint8_t *hard,
			   const uint8_t *soft, unsigned int nr_cpus)
{
	size_t size = (nr_cpus + 7) / 8;
	uint8_t *buf = ctrl_buf_get(c, 2 * size);
	int ret;

	if (!buf)
		return -ENOMEM;
	if (hard)
		memcpy(buf, hard, size);
	if (soft)
		memcpy(buf + size, soft, size);
	ret = vcpuaffinity(c, XEN_DOMCTL_setvcpuaffinity, domid, vcpu, buf, hard, soft, nr_cpus);
	ctrl_buf_put(c, buf, 2 * size);
	if (ret < 0)
		return ctrl_fail_call(c, ret, "domctl setvcpuaffinity",
				      "say on which CPUs domain %u's vCPU %u runs (is one of the "
				      "CPUs there?)",
				      domid, vcpu);
	return 0;
}

int ctrl_get_vcpu_affinity(struct ctrl *c, uint32_t domid, uint32_t vcpu, uint8_t *hard,
			   uint8_t *soft, unsigned int nr_cpus)
{
	size_t size = (nr_cpus + 7) / 8;
	uint8_t *buf = ctrl_buf_get(c, 2 * size);
	int ret;

	if (!buf)
		return -ENOMEM;
	ret = vcpuaffinity(c, XEN_DOMCTL_getvcpuaffinity, domid, vcpu, buf, hard, soft, nr_cpus);
	if (!ret && hard)
		memcpy(hard, buf, size);
	if (!ret && soft)
		memcpy(soft, buf + size, size);
	ctrl_buf_put(c, buf, 2 * size);
	if (ret < 0)
		return ctrl_fail_call(c, ret, "domctl getvcpuaffinity",
				      "get the CPUs on which domain %u's vCPU %u may run", domid,
				      vcpu);
	return 0;
}

/* The scheduler's number, asked for once. */
static int get_sched_id(struct ctrl *c)
{
	struct xen_sysctl arg = {0};
	int id = atomic_load(&c->sched_id);
	int ret;

	if (id >= 0)
		return id;
	ret = ctrl_sysctl(c, XEN_SYSCTL_sched_id, &arg);
	if (ret < 0)
		return ctrl_fail_call(c, ret, "sysctl sched_id", "ask which scheduler runs");
	id = arg.u.sched_id.sched_id;
	atomic_store(&c->sched_id, id);
	return id;
}

static const char *const scheduler_names[] = {
	[XEN_SCHEDULER_CREDIT] = "credit",     [XEN_SCHEDULER_CREDIT2] = "credit2",
	[XEN_SCHEDULER_ARINC653] = "arinc653", [XEN_SCHEDULER_RTDS] = "rtds",
	[XEN_SCHEDULER_NULL] = "null",
};

int ctrl_get_scheduler(struct ctrl *c, const char **name)
{
	int id = get_sched_id(c);

	if (id < 0)
		return id;
	*name = (size_t)id < ARRAY_SIZE(scheduler_names) ? scheduler_names[id] : NULL;
	if (!*name)
		*name = "unknown";
	return 0;
}

/* credit and credit2 have weight and cap, in the same layout; others have neither. */
static int scheduler_op(struct ctrl *c, uint32_t cmd, uint32_t domid,
			struct ctrl_sched_params *params)
{
	struct xen_domctl arg = {
		.u.scheduler_op = {
			.cmd = cmd,
			.u.credit2 = {.weight = params->weight, .cap = params->cap},
		}};
	int id = get_sched_id(c);
	int ret;

	if (id < 0)
		return id;
	if (id != XEN_SCHEDULER_CREDIT2 && id != XEN_SCHEDULER_CREDIT)
		return ctrl_fail(-EOPNOTSUPP,
				 "domain %u has no weight and cap: the hypervisor's scheduler "
				 "(number %d) is not credit2",
				 domid, id);
	arg.u.scheduler_op.sched_id = id;
	ret = ctrl_domctl(c, XEN_DOMCTL_scheduler_op, domid, &arg);
	if (ret < 0)
		return ctrl_fail_call(c, ret, "domctl scheduler_op",
				      "%s the scheduling parameters of domain %u",
				      cmd == XEN_DOMCTL_SCHEDOP_putinfo ? "set" : "get", domid);
	params->weight = arg.u.scheduler_op.u.credit2.weight;
	params->cap = arg.u.scheduler_op.u.credit2.cap;
	return 0;
}

int ctrl_set_sched_params(struct ctrl *c, uint32_t domid, const struct ctrl_sched_params *params)
{
	struct ctrl_sched_params copy = *params;

	if (!params->weight)
		return ctrl_fail(-EINVAL,
				 "cannot give domain %u a weight of 0: it must be 1..65535", domid);
	return scheduler_op(c, XEN_DOMCTL_SCHEDOP_putinfo, domid, &copy);
}

int ctrl_get_sched_params(struct ctrl *c, uint32_t domid, struct ctrl_sched_params *params)
{
	*params = (struct ctrl_sched_params){0};
	return scheduler_op(c, XEN_DOMCTL_SCHEDOP_getinfo, domid, params);
}
