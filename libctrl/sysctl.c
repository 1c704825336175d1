/* SPDX-License-Identifier: ISC */
/* The machine: memory and CPUs, the list of domains, the hypervisor's log and debug keys. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <public/sysctl.h>

#include "domain_info.h"
#include "internal.h"

int ctrl_sysctl(struct ctrl *c, uint32_t cmd, struct xen_sysctl *arg)
{
	arg->cmd = cmd;
	arg->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return ctrl_hypercall_arg(c, __HYPERVISOR_sysctl, arg, sizeof(*arg));
}

int ctrl_get_physinfo(struct ctrl *c, struct ctrl_physinfo *info)
{
	struct xen_sysctl arg = {0};
	const struct xen_sysctl_physinfo *p = &arg.u.physinfo;
	int ret = ctrl_sysctl(c, XEN_SYSCTL_physinfo, &arg);

	if (ret < 0)
		return ctrl_fail_call(c, ret, "sysctl physinfo", "ask about the machine");
	*info = (struct ctrl_physinfo){
		.nr_cpus = p->nr_cpus,
		.max_cpu_id = p->max_cpu_id,
		.nr_nodes = p->nr_nodes,
		.threads_per_core = p->threads_per_core,
		.cores_per_socket = p->cores_per_socket,
		.cpu_khz = p->cpu_khz,
		.capabilities = p->capabilities,
		.arch_capabilities = p->arch_capabilities,
		.total_bytes = p->total_pages << CTRL_PAGE_SHIFT,
		.free_bytes = p->free_pages << CTRL_PAGE_SHIFT,
		.scrub_bytes = p->scrub_pages << CTRL_PAGE_SHIFT,
		.outstanding_bytes = p->outstanding_pages << CTRL_PAGE_SHIFT,
		.max_mfn = p->max_mfn,
	};
	return 0;
}

int ctrl_get_cpu_idle(struct ctrl *c, uint64_t *idle_ns, unsigned int max)
{
	size_t size = (max ? max : 1) * sizeof(struct xen_sysctl_cpuinfo);
	struct xen_sysctl_cpuinfo *buf = ctrl_buf_get(c, size);
	struct xen_sysctl arg = {.u.getcpuinfo = {.max_cpus = max}};
	int ret;

	if (!buf)
		return -ENOMEM;
	arg.u.getcpuinfo.info = xen_handle_from_ptr(buf);
	ret = ctrl_sysctl(c, XEN_SYSCTL_getcpuinfo, &arg);
	if (ret < 0) {
		ctrl_fail_call(c, ret, "sysctl getcpuinfo", "ask for the CPUs' idle times");
		goto put_buf;
	}
	ret = arg.u.getcpuinfo.nr_cpus < max ? arg.u.getcpuinfo.nr_cpus : max;
	for (int i = 0; i < ret; i++)
		idle_ns[i] = buf[i].idletime;
put_buf:
	ctrl_buf_put(c, buf, size);
	return ret;
}

/* So many a call: a few pages of buffer. */
#define LIST_BATCH 128

int ctrl_list_domains(struct ctrl *c, uint32_t first, struct ctrl_domain_info *list, size_t max)
{
	size_t batch = max < LIST_BATCH ? max : LIST_BATCH;
	size_t size = batch * sizeof(struct xen_domctl_getdomaininfo);
	struct xen_domctl_getdomaininfo *buf;
	size_t n = 0;
	int ret = 0;

	if (!max)
		return 0;
	buf = ctrl_buf_get(c, size);
	if (!buf)
		return -ENOMEM;
	while (n < max && first < DOMID_FIRST_RESERVED) {
		uint32_t want = max - n < batch ? max - n : batch;
		struct xen_sysctl arg = {.u.getdomaininfolist = {
						 .first_domain = first,
						 .max_domains = want,
						 .buffer = xen_handle_from_ptr(buf),
					 }};
		uint32_t got;

		ret = ctrl_sysctl(c, XEN_SYSCTL_getdomaininfolist, &arg);
		if (ret < 0) {
			ctrl_fail_call(c, ret, "sysctl getdomaininfolist", "list the domains");
			break;
		}
		got = arg.u.getdomaininfolist.num_domains;
		if (got > want)
			got = want;
		for (uint32_t i = 0; i < got; i++)
			ctrl_fill_domain_info(&list[n++], &buf[i]);
		if (got < want)
			break;
		first = buf[got - 1].domain + 1u;
	}
	ctrl_buf_put(c, buf, size);
	return ret < 0 ? ret : (int)n;
}

int ctrl_list_all_domains(struct ctrl *c, struct ctrl_domain_info **list)
{
	struct ctrl_domain_info *all = NULL;
	size_t n = 0;

	for (;;) {
		struct ctrl_domain_info *more = realloc(all, (n + LIST_BATCH) * sizeof(*all));
		int got;

		if (!more) {
			free(all);
			return ctrl_fail_file(-ENOMEM, "list the domains");
		}
		all = more;
		got = ctrl_list_domains(c, n ? all[n - 1].domid + 1 : 0, all + n, LIST_BATCH);
		if (got < 0) {
			free(all);
			return got;
		}
		n += got;
		if (got < LIST_BATCH)
			break;
	}
	*list = all;
	return n;
}

int ctrl_read_log(struct ctrl *c, char *buf, size_t size, uint32_t *index, unsigned int flags)
{
	/* One page at a time is enough: the caller loops anyhow. */
	size_t want = size < 4 * CTRL_PAGE_SIZE ? size : 4 * CTRL_PAGE_SIZE;
	char *safe;
	struct xen_sysctl arg = {.u.readconsole = {
					 .clear = flags & CTRL_LOG_CLEAR ? 1 : 0,
					 .incremental = 1,
					 .index = *index,
					 .count = want,
				 }};
	int ret;

	if (!size)
		return 0;
	safe = ctrl_buf_get(c, want);
	if (!safe)
		return -ENOMEM;
	arg.u.readconsole.buffer = xen_handle_from_ptr(safe);
	ret = ctrl_sysctl(c, XEN_SYSCTL_readconsole, &arg);
	if (ret < 0) {
		ctrl_fail_call(c, ret, "sysctl readconsole", "read the hypervisor's log");
		goto put_safe;
	}
	ret = arg.u.readconsole.count < want ? arg.u.readconsole.count : want;
	memcpy(buf, safe, ret);
	*index = arg.u.readconsole.index;
put_safe:
	ctrl_buf_put(c, safe, want);
	return ret;
}

int ctrl_send_debug_keys(struct ctrl *c, const char *keys)
{
	size_t len = strlen(keys);
	struct xen_sysctl arg = {.u.debug_keys.nr_keys = len};
	char *safe;
	int ret;

	if (!len)
		return 0;
	safe = ctrl_buf_get(c, len);
	if (!safe)
		return -ENOMEM;
	memcpy(safe, keys, len);
	arg.u.debug_keys.keys = xen_handle_from_ptr(safe);
	ret = ctrl_sysctl(c, XEN_SYSCTL_debug_keys, &arg);
	ctrl_buf_put(c, safe, len);
	if (ret < 0)
		return ctrl_fail_call(c, ret, "sysctl debug_keys", "send the debug keys \"%s\"",
				      keys);
	return 0;
}
