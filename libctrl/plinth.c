/* SPDX-License-Identifier: ISC */
/* Plinth's own hypercall: fast copies into a domain, the log of the boot before, what is in use. */
#include <errno.h>
#include <string.h>

#include <public/plinth.h>
#include <public/xen.h>

#include "internal.h"
#include "plinth.h"

int ctrl_plinth_version(struct ctrl *c)
{
	int version = atomic_load(&c->plinth);

	if (version != PLINTH_UNKNOWN)
		return version;
	version = ctrl_hypercall(c, __HYPERVISOR_plinth_op, PLINTH_OP_version, 0);
	if (version < 0)
		version = 0;
	atomic_store(&c->plinth, version);
	return version;
}

static long plinth_op(struct ctrl *c, uint64_t cmd, void *arg, size_t size)
{
	return ctrl_hypercall_cmd(c, __HYPERVISOR_plinth_op, cmd, arg, size);
}

bool ctrl_plinth_can_copy(struct ctrl *c)
{
	int can = atomic_load(&c->plinth_copy);

	if (can == PLINTH_UNKNOWN) {
		can = ctrl_plinth_version(c) > 0 &&
		      ctrl_plinth_copy(c, 0, 0, c, 0, NULL) != -ENOSYS;
		atomic_store(&c->plinth_copy, can);
	}
	return can;
}

int ctrl_plinth_copy(struct ctrl *c, uint32_t domid, uint64_t gpa, const void *buf, size_t len,
		     size_t *done)
{
	struct plinth_copy_to_domain arg = {
		.gpa = gpa,
		.buffer = (uintptr_t)buf,
		.length = len,
		.done = done ? *done : 0,
		.domid = domid,
	};
	long ret = plinth_op(c, PLINTH_OP_copy_to_domain, &arg, sizeof(arg));

	if (done)
		*done = arg.done < len ? arg.done : len;
	return ret < 0 ? ret : 0;
}

static int fail_not_plinth(const char *what)
{
	return ctrl_fail(-EOPNOTSUPP,
			 "cannot %s: this hypervisor is not Plinth (or an older one) and has no "
			 "call for that",
			 what);
}

/* A buffer's worth a call. */
#define LOG_BATCH (4 * CTRL_PAGE_SIZE)

int ctrl_read_previous_log(struct ctrl *c, char *buf, size_t size, uint64_t *offset,
			   uint32_t *boot_count)
{
	size_t want = size < LOG_BATCH ? size : LOG_BATCH;
	struct plinth_read_previous_log arg = {.offset = *offset, .length = want};
	char *safe;
	long ret;

	if (!size)
		return 0;
	safe = ctrl_buf_get(c, want);
	if (!safe)
		return -ENOMEM;
	arg.buffer = (uintptr_t)safe;
	ret = plinth_op(c, PLINTH_OP_read_previous_log, &arg, sizeof(arg));
	if (ret == -ENOSYS) {
		ret = fail_not_plinth("read the log of the previous boot");
	} else if (ret == -ENODATA) {
		ctrl_fail(ret, "no log of a previous boot is there: the machine was switched off "
			       "since, or this is its first boot");
	} else if (ret < 0) {
		ctrl_fail_call(c, ret, "plinth_op read_previous_log",
			       "read the log of the previous boot");
	} else {
		ret = arg.length < want ? arg.length : want;
		memcpy(buf, safe, ret);
		*offset += ret;
		if (boot_count)
			*boot_count = arg.boot_count;
	}
	ctrl_buf_put(c, safe, want);
	return ret;
}

int ctrl_get_usage(struct ctrl *c, struct ctrl_usage *usage)
{
	struct plinth_usage arg = {0};
	long ret = plinth_op(c, PLINTH_OP_get_usage, &arg, sizeof(arg));

	if (ret == -ENOSYS)
		return fail_not_plinth("count what the hypervisor has in use");
	if (ret < 0)
		return ctrl_fail_call(c, ret, "plinth_op get_usage",
				      "count what the hypervisor has in use");
	*usage = (struct ctrl_usage){
		.free_pages = arg.free_pages,
		.domain_pages = arg.domain_pages,
		.p2m_pages = arg.p2m_pages,
		.own_pages = arg.own_pages,
		.domains = arg.domains,
		.vcpus = arg.vcpus,
		.evtchns = arg.evtchns,
		.grant_maps = arg.grant_maps,
		.foreign_maps = arg.foreign_maps,
		.dying = arg.dying,
	};
	return 0;
}
