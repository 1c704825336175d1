/* SPDX-License-Identifier: ISC */
/*
 * Copies between the hypervisor and the guest that called it. Addresses are guest virtual,
 * translated in the caller's current context with its permissions; a range that is not mapped, not
 * writable, not RAM or wraps is -EFAULT. Copy once, check the copy, use the copy.
 */
#ifndef HYP_GUEST_ACCESS_H
#define HYP_GUEST_ACCESS_H

#include <lib/types.h>

struct vcpu;
struct domain;

int copy_from_guest(struct vcpu *v, void *dst, gvaddr_t src, size_t len);
int copy_to_guest(struct vcpu *v, gvaddr_t dst, const void *src, size_t len);

/*
 * Is the whole range writable now (so that a result can be delivered after acting)? 0 or -EFAULT.
 */
int probe_guest_write(struct vcpu *v, gvaddr_t dst, size_t len);

/*
 * Translate one address of the caller's and take a reference (page_get) on the page behind it;
 * page_put() it. For memory that stays shared, which the ABI wants cacheable: the caller must not
 * use it past the caches.
 */
int guest_get_page(struct vcpu *v, gvaddr_t va, bool write, mfn_t *mfn);

/* What arch_guest_ram() returns besides -EFAULT. */
enum guest_ram {
	GUEST_RAM_CACHED,   /* v's accesses to it are coherent with ours */
	GUEST_RAM_UNCACHED, /* v's MMU or caches are off, or it maps the page so */
};

/*
 * What stage 2 says of a guest physical address: the machine address of memory that d may access
 * like this, its own or another domain's. -EFAULT: nothing there, a device, read-only. Called with
 * the p2m locked.
 */
int guest_ram_locked(struct domain *d, gpaddr_t gpa, bool write, paddr_t *pa);

/*
 * From the privileged caller's memory into another domain's RAM, cleaned to the point of coherency:
 * at most *len bytes, as many as lie in one page on both sides; *len says how many. -ENXIO: no RAM
 * of d at dst; -EFAULT: src.
 */
int copy_caller_to_domain(struct vcpu *v, struct domain *d, gpaddr_t dst, gvaddr_t src,
			  size_t *len);

/* By guest physical address, any domain; RAM and shared pages only. The same errors. */
int copy_from_domain(struct domain *d, void *dst, gpaddr_t src, size_t len);
int copy_to_domain(struct domain *d, gpaddr_t dst, const void *src, size_t len);

#endif
