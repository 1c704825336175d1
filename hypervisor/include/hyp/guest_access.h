/* SPDX-License-Identifier: ISC */
/*
 * Copies between the hypervisor and the guest that called it. Addresses are guest virtual, translated in the
 * caller's current context with its permissions; a range that is not mapped, not writable, not RAM or wraps is
 * -EFAULT. Copy once, check the copy, use the copy.
 */
#ifndef HYP_GUEST_ACCESS_H
#define HYP_GUEST_ACCESS_H

#include <hyp/types.h>

struct vcpu;
struct domain;

int copy_from_guest(struct vcpu *v, void *dst, gvaddr_t src, size_t len);
int copy_to_guest(struct vcpu *v, gvaddr_t dst, const void *src, size_t len);

/* A string of at most size-1 bytes, always terminated in dst. -E2BIG when it does not end in time. */
int copy_string_from_guest(struct vcpu *v, char *dst, gvaddr_t src, size_t size);

/* Is the whole range writable now (so that a result can be delivered after acting)? 0 or -EFAULT. */
int probe_guest_write(struct vcpu *v, gvaddr_t dst, size_t len);

/* By guest physical address, any domain; RAM and shared pages only. The same errors. */
int copy_from_domain(struct domain *d, void *dst, gpaddr_t src, size_t len);
int copy_to_domain(struct domain *d, gpaddr_t dst, const void *src, size_t len);

#endif
