/* SPDX-License-Identifier: ISC */
/*
 * What libctrl stands on: the calls that reach the hypervisor. privcmd.c has those of Linux in
 * dom0; tests plug in their own. Not installed, not part of the library's promise to programs.
 *
 * Every operation returns 0 (or a count) or a negative errno and says nothing; the sentence for the
 * person is made by the callers, who know what was attempted. All may be called by several threads.
 */
#ifndef LIBCTRL_BACKEND_H
#define LIBCTRL_BACKEND_H

#include <stddef.h>
#include <stdint.h>

struct ctrl;

struct ctrl_backend_ops {
	/* hvc #0xEA1. Addresses in arg point to what alloc() gave. */
	long (*hypercall)(void *state, uint64_t op, const uint64_t arg[5]);

	/* Zeroed memory that stays present, which the hypervisor can therefore read and write. */
	void *(*alloc)(void *state, size_t pages);
	void (*free)(void *state, void *ptr, size_t pages);

	/* Maps frames of a domain; errs has an entry a frame: 0 or a negative errno. */
	int (*map_frames)(void *state, uint32_t domid, const uint64_t *gfns, size_t nr, int prot,
			  int *errs, void **addr);
	/* XENMEM_acquire_resource: -EOPNOTSUPP or -ENOTTY when there is no such thing. */
	int (*map_resource)(void *state, uint32_t domid, uint32_t type, uint32_t id, uint64_t frame,
			    size_t nr, int prot, void **addr);
	void (*unmap)(void *state, void *addr, size_t nr);
	/* The ring page of the store that dom0's own kernel uses, and its event channel. */
	int (*map_dom0_store)(void *state, void **page, uint32_t *port);

	int (*evtchn_open)(void *state, void **set);
	void (*evtchn_close)(void *state, void *set);
	int (*evtchn_fd)(void *state, void *set);
	/* These three return the local port. */
	int (*evtchn_bind_interdomain)(void *state, void *set, uint32_t domid, uint32_t port);
	int (*evtchn_bind_unbound)(void *state, void *set, uint32_t domid);
	int (*evtchn_bind_virq)(void *state, void *set, uint32_t virq);
	int (*evtchn_unbind)(void *state, void *set, uint32_t port);
	int (*evtchn_notify)(void *state, void *set, uint32_t port);
	int (*evtchn_read)(void *state, void *set, uint32_t *port); /* -EAGAIN: none pending */
	int (*evtchn_unmask)(void *state, void *set, uint32_t port);

	void (*close)(void *state);
};

/* A handle on a given backend; on failure the state stays the caller's. */
int ctrl_open_backend(struct ctrl **c, const struct ctrl_backend_ops *ops, void *state);

#endif /* LIBCTRL_BACKEND_H */
