/* SPDX-License-Identifier: ISC */
/* The one file that talks to Linux's /dev/xen nodes: hypercalls, mappings, event channels. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "internal.h"

#define PRIVCMD_NODE   "/dev/xen/privcmd"
#define HYPERCALL_NODE "/dev/xen/hypercall"
#define EVTCHN_NODE    "/dev/xen/evtchn"
#define STORE_NODE     "/dev/xen/xenbus_backend"

/*
 * Linux's ABI of these nodes (include/uapi/xen/{privcmd,evtchn}.h, whose packaged copies do not
 * compile outside a kernel tree). All are _IOC_NONE, and the size is that of the argument.
 */
struct privcmd_hypercall {
	uint64_t op;
	uint64_t arg[5];
};

struct privcmd_mmapbatch_v2 {
	unsigned int num;
	uint16_t dom;
	uint64_t addr;
	const uint64_t *arr;
	int *err;
};

struct privcmd_mmap_resource {
	uint16_t dom;
	uint32_t type;
	uint32_t id;
	uint32_t idx;
	uint64_t num;
	uint64_t addr;
};

struct evtchn_bind_virq {
	unsigned int virq;
};

struct evtchn_bind_interdomain {
	unsigned int remote_domain, remote_port;
};

struct evtchn_bind_unbound {
	unsigned int remote_domain;
};

struct evtchn_port {
	unsigned int port;
};

#define PRIVCMD_IOC(nr, type) _IOC(_IOC_NONE, 'P', nr, sizeof(type))
#define EVTCHN_IOC(nr, type)  _IOC(_IOC_NONE, 'E', nr, sizeof(type))

#define PRIVCMD_HYPERCALL       PRIVCMD_IOC(0, struct privcmd_hypercall)
#define PRIVCMD_MMAPBATCH_V2    PRIVCMD_IOC(4, struct privcmd_mmapbatch_v2)
#define PRIVCMD_MMAP_RESOURCE   PRIVCMD_IOC(7, struct privcmd_mmap_resource)
#define EVTCHN_BIND_VIRQ        EVTCHN_IOC(0, struct evtchn_bind_virq)
#define EVTCHN_BIND_INTERDOMAIN EVTCHN_IOC(1, struct evtchn_bind_interdomain)
#define EVTCHN_BIND_UNBOUND     EVTCHN_IOC(2, struct evtchn_bind_unbound)
#define EVTCHN_UNBIND           EVTCHN_IOC(3, struct evtchn_port)
#define EVTCHN_NOTIFY           EVTCHN_IOC(4, struct evtchn_port)

/* include/xen/xenbus_dev.h: the port is the result. */
#define XENBUS_BACKEND_EVTCHN _IOC(_IOC_NONE, 'B', 0, 0)

struct linux_state {
	int privcmd;
	int hypercall; /* -1: a kernel without it; locked memory is used */
};

/* ioctl() with the kernel's convention; a signal that arrives first is no failure. */
static long node_ioctl(int fd, unsigned long request, void *arg)
{
	long ret;

	do {
		ret = ioctl(fd, request, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : ret;
}

static long linux_hypercall(void *state, uint64_t op, const uint64_t arg[5])
{
	struct linux_state *s = state;
	struct privcmd_hypercall call = {.op = op};

	memcpy(call.arg, arg, sizeof(call.arg));
	/* Not node_ioctl(): EINTR would be the hypervisor's answer, and a call must not run twice.
	 */
	long ret = ioctl(s->privcmd, PRIVCMD_HYPERCALL, &call);
	return ret < 0 ? -errno : ret;
}

/* Pages of /dev/xen/hypercall are kernel memory: never migrated, never swapped, always present. */
static void *linux_alloc(void *state, size_t pages)
{
	struct linux_state *s = state;
	size_t size = pages * CTRL_PAGE_SIZE;
	int flags = s->hypercall >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
	void *ptr = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, s->hypercall, 0);

	if (ptr == MAP_FAILED)
		return NULL;
	if (s->hypercall < 0 && mlock(ptr, size) < 0) {
		munmap(ptr, size);
		return NULL;
	}
	/* A child would otherwise share anonymous pages copy-on-write: not present for a moment. */
	madvise(ptr, size, MADV_DONTFORK);
	memset(ptr, 0, size);
	return ptr;
}

static void linux_free(void *state, void *ptr, size_t pages)
{
	(void)state;
	munmap(ptr, pages * CTRL_PAGE_SIZE);
}

static void linux_unmap(void *state, void *addr, size_t nr)
{
	(void)state;
	munmap(addr, nr * CTRL_PAGE_SIZE);
}

static int linux_map_frames(void *state, uint32_t domid, const uint64_t *gfns, size_t nr, int prot,
			    int *errs, void **addr)
{
	struct linux_state *s = state;
	void *ptr = mmap(NULL, nr * CTRL_PAGE_SIZE, prot, MAP_SHARED, s->privcmd, 0);

	if (ptr == MAP_FAILED)
		return -errno;
	struct privcmd_mmapbatch_v2 batch = {
		.num = nr,
		.dom = domid,
		.addr = (uintptr_t)ptr,
		.arr = gfns,
		.err = errs,
	};
	long ret = node_ioctl(s->privcmd, PRIVCMD_MMAPBATCH_V2, &batch);
	/* -ENOENT speaks of single frames (paged out), as errs does. */
	if (ret < 0 && ret != -ENOENT) {
		munmap(ptr, nr * CTRL_PAGE_SIZE);
		return ret;
	}
	*addr = ptr;
	return 0;
}

static int linux_map_resource(void *state, uint32_t domid, uint32_t type, uint32_t id,
			      uint64_t frame, size_t nr, int prot, void **addr)
{
	struct linux_state *s = state;
	void *ptr = mmap(NULL, nr * CTRL_PAGE_SIZE, prot, MAP_SHARED, s->privcmd, 0);

	if (ptr == MAP_FAILED)
		return -errno;
	struct privcmd_mmap_resource res = {
		.dom = domid,
		.type = type,
		.id = id,
		.idx = frame,
		.num = nr,
		.addr = (uintptr_t)ptr,
	};
	long ret = node_ioctl(s->privcmd, PRIVCMD_MMAP_RESOURCE, &res);
	if (ret < 0) {
		munmap(ptr, nr * CTRL_PAGE_SIZE);
		return ret;
	}
	*addr = ptr;
	return 0;
}

/* The page stays mapped when the file is closed. */
static int linux_map_dom0_store(void *state, void **page, uint32_t *port)
{
	int fd = open(STORE_NODE, O_RDWR | O_CLOEXEC);
	void *ptr;
	long ret;

	(void)state;
	if (fd < 0)
		return -errno;
	ret = node_ioctl(fd, XENBUS_BACKEND_EVTCHN, NULL);
	if (ret >= 0) {
		*port = (uint32_t)ret;
		ptr = mmap(NULL, CTRL_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		ret = ptr == MAP_FAILED ? -errno : 0;
		*page = ptr;
	}
	close(fd);
	return (int)ret;
}

/* A set of event channels is a file descriptor, kept in the pointer. */
static int set_fd(void *set)
{
	return (int)(intptr_t)set;
}

static int linux_evtchn_open(void *state, void **set)
{
	int fd = open(EVTCHN_NODE, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	(void)state;
	if (fd < 0)
		return -errno;
	*set = (void *)(intptr_t)fd;
	return 0;
}

static void linux_evtchn_close(void *state, void *set)
{
	(void)state;
	close(set_fd(set));
}

static int linux_evtchn_fd(void *state, void *set)
{
	(void)state;
	return set_fd(set);
}

static int linux_bind_interdomain(void *state, void *set, uint32_t domid, uint32_t port)
{
	struct evtchn_bind_interdomain bind = {.remote_domain = domid, .remote_port = port};

	(void)state;
	return node_ioctl(set_fd(set), EVTCHN_BIND_INTERDOMAIN, &bind);
}

static int linux_bind_unbound(void *state, void *set, uint32_t domid)
{
	struct evtchn_bind_unbound bind = {.remote_domain = domid};

	(void)state;
	return node_ioctl(set_fd(set), EVTCHN_BIND_UNBOUND, &bind);
}

static int linux_bind_virq(void *state, void *set, uint32_t virq)
{
	struct evtchn_bind_virq bind = {.virq = virq};

	(void)state;
	return node_ioctl(set_fd(set), EVTCHN_BIND_VIRQ, &bind);
}

static int linux_unbind(void *state, void *set, uint32_t port)
{
	struct evtchn_port arg = {.port = port};

	(void)state;
	return node_ioctl(set_fd(set), EVTCHN_UNBIND, &arg);
}

static int linux_notify(void *state, void *set, uint32_t port)
{
	struct evtchn_port arg = {.port = port};

	(void)state;
	return node_ioctl(set_fd(set), EVTCHN_NOTIFY, &arg);
}

static int linux_evtchn_read(void *state, void *set, uint32_t *port)
{
	ssize_t n;

	(void)state;
	do {
		n = read(set_fd(set), port, sizeof(*port));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == sizeof(*port) ? 0 : -EAGAIN;
}

static int linux_evtchn_unmask(void *state, void *set, uint32_t port)
{
	ssize_t n;

	(void)state;
	do {
		n = write(set_fd(set), &port, sizeof(port));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == sizeof(port) ? 0 : -EIO;
}

static void linux_close(void *state)
{
	struct linux_state *s = state;

	if (s->hypercall >= 0)
		close(s->hypercall);
	close(s->privcmd);
	free(s);
}

/* 0 or a negative errno. */
static int linux_open(struct linux_state *s)
{
	s->privcmd = open(PRIVCMD_NODE, O_RDWR | O_CLOEXEC);
	if (s->privcmd < 0)
		return -errno;
	s->hypercall = open(HYPERCALL_NODE, O_RDWR | O_CLOEXEC);
	return 0;
}

static const struct ctrl_backend_ops linux_ops = {
	.hypercall = linux_hypercall,
	.alloc = linux_alloc,
	.free = linux_free,
	.map_frames = linux_map_frames,
	.map_resource = linux_map_resource,
	.unmap = linux_unmap,
	.map_dom0_store = linux_map_dom0_store,
	.evtchn_open = linux_evtchn_open,
	.evtchn_close = linux_evtchn_close,
	.evtchn_fd = linux_evtchn_fd,
	.evtchn_bind_interdomain = linux_bind_interdomain,
	.evtchn_bind_unbound = linux_bind_unbound,
	.evtchn_bind_virq = linux_bind_virq,
	.evtchn_unbind = linux_unbind,
	.evtchn_notify = linux_notify,
	.evtchn_read = linux_evtchn_read,
	.evtchn_unmask = linux_evtchn_unmask,
	.close = linux_close,
};

static int fail_open(int err)
{
	switch (err) {
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		return ctrl_fail(err,
				 "cannot open " PRIVCMD_NODE
				 ": there is no such device; load the module: "
				 "modprobe xen-privcmd (if that fails, this system does not run "
				 "on the hypervisor as dom0)");
	case -EACCES:
	case -EPERM:
		return ctrl_fail(err, "cannot open " PRIVCMD_NODE
				      ": permission denied; run this as root");
	default:
		return ctrl_fail_file(err, "open " PRIVCMD_NODE);
	}
}

int ctrl_open(struct ctrl **c)
{
	struct linux_state *s = malloc(sizeof(*s));
	int ret = s ? linux_open(s) : -ENOMEM;

	if (ret < 0) {
		free(s);
		return fail_open(ret);
	}
	ret = ctrl_open_backend(c, &linux_ops, s);
	if (ret < 0)
		linux_close(s);
	return ret;
}
