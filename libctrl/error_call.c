/* SPDX-License-Identifier: ISC */
/* Explains an error that the hypervisor returned, and says what the user can do about it. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include <public/sysctl.h>

#include "internal.h"

/* With so much free, the hypervisor itself does not run out of memory for a single piece. */
#define ENOUGH_KIB 4096

/* What an errno means when it comes from the hypervisor, and what can be done about it. */
static const struct call_error {
	int err;
	const char *words;
	const char *advice;
} call_errors[] = {
	{EPERM, "not permitted", "only the privileged domain (dom0), and root in it, may do this"},
	{EACCES, "access denied",
	 "only root may do this; if you are, the hypervisor has another interface version"},
	{ESRCH, "there is no such domain", "`vmctl list` shows those that exist"},
	{ENOSYS, "the hypervisor does not have this call", NULL},
	{EOPNOTSUPP, "the hypervisor does not support this", NULL},
	{EFAULT, "the hypervisor could not reach this program's memory", NULL},
	{EINVAL, "the hypervisor rejects a value", NULL},
	{EEXIST, "it exists already", NULL},
	{EBUSY, "it is in use", NULL},
	{ENOENT, "there is no such thing", NULL},
	{ENODEV, "there is no such device", NULL},
	{ENOMEM, "out of memory", NULL},
	{ENOSPC, "no room is left", NULL},
	{E2BIG, "a value is too large", NULL},
	{ERANGE, "a value is out of range", NULL},
	{ENOBUFS, "dom0 has no memory for the call's arguments", "end some program in dom0"},
	{ENXIO, "the domain has no memory there", NULL},
};

static const struct call_error *find_call_error(int err)
{
	for (size_t i = 0; i < ARRAY_SIZE(call_errors); i++)
		if (call_errors[i].err == -err)
			return &call_errors[i];
	return NULL;
}

/* KiB of free memory, 0 when the hypervisor does not say. Leaves the sentence as it is. */
static uint64_t free_kib(struct ctrl *c)
{
	struct xen_sysctl arg = {
		.cmd = XEN_SYSCTL_physinfo,
		.interface_version = XEN_SYSCTL_INTERFACE_VERSION,
	};

	if (ctrl_hypercall_arg(c, __HYPERVISOR_sysctl, &arg, sizeof(arg)) < 0)
		return 0;
	return arg.u.physinfo.free_pages << (CTRL_PAGE_SHIFT - 10);
}

/* Memory is short either in the hypervisor or in dom0, which gives a page for each that it maps. */
static void append_memory_advice(struct ctrl *c)
{
	uint64_t kib = free_kib(c);

	if (kib < ENOUGH_KIB)
		ctrl_append("; the hypervisor has %" PRIu64
			    " KiB free: destroy a domain, give this one "
			    "less, or start dom0 with less (dom0_mem=)",
			    kib);
	else
		ctrl_append("; the hypervisor has %" PRIu64
			    " KiB free, so it is a limit of the domain "
			    "or dom0 that is short of memory",
			    kib);
}

int ctrl_fail_call(struct ctrl *c, int err, const char *call, const char *fmt, ...)
{
	const struct call_error *e = find_call_error(err);
	va_list args;

	va_start(args, fmt);
	ctrl_say_cannot(fmt, args);
	va_end(args);
	ctrl_append(": %s", call);
	ctrl_append_errno(err, e ? e->words : NULL);
	if (err == -ENOMEM)
		append_memory_advice(c);
	else if (e && e->advice)
		ctrl_append("; %s", e->advice);
	return err;
}
