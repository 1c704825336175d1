/* SPDX-License-Identifier: ISC */
/*
 * Tests of the whole hypervisor: a machine with dom0, its hypercalls, allocations that fail on
 * demand.
 */
#ifndef TESTS_UNIT_HYPERVISOR_WHOLE_H
#define TESTS_UNIT_HYPERVISOR_WHOLE_H

#include <hyp/domain.h>
#include <mem/page.h>
#include <public/domctl.h>
#include <public/sysctl.h>

#define WHOLE_CPUS 4
#define WHOLE_RAM  MiB(128)

#define RAM0 (GUEST_RAM0_BASE >> PAGE_SHIFT) /* the first frame of a guest's RAM */

/* dom0 and its first vCPU, which calls. */
extern struct domain *whole_dom0;
extern struct vcpu *whole_vcpu;

/* The version of the machine's GIC, if it is set before the first whole_setup(): 3. */
extern unsigned whole_gic_version;

/*
 * The machine, when it is asked for first, and dom0. For cmocka's setup and teardown of a test: all
 * pages come back.
 */
int whole_setup(void **state);
int whole_teardown(void **state);

/* The n-th allocation from now on fails; 0: none. whole_allocations counts them. */
extern unsigned whole_fail_at, whole_allocations;

/* dom0's 2 MiB. */
char *whole_ram(void);
/*
 * n bytes of their lower half, zeroed; everything is given back by whole_scratch_reset(), or the
 * end of the test.
 */
void *whole_scratch(size_t n);
void whole_scratch_reset(void);

/* dom0 calls, and a guest, which has the structure in its first page. */
long whole_hypercall(uint64_t nr, uint64_t a0, uint64_t a1);
long whole_guest_call(struct vcpu *v, uint64_t nr, uint64_t cmd, const void *arg, size_t size);

/* dom0's toolstack: op is copied in and out. */
long whole_domctl(uint32_t cmd, domid_t id, struct xen_domctl *op);
long whole_sysctl(uint32_t cmd, struct xen_sysctl *op);
/* An operation without arguments. */
long whole_domctl_plain(uint32_t cmd, domid_t id);

/*
 * A paused domain; its vCPUs exist and are online if `online`, and it has `pages` of RAM from
 * GUEST_RAM0_BASE on.
 */
struct domain *whole_domain(unsigned vcpus, unsigned pages, bool online);
/* The same without asserting: an id, or an error. */
long whole_create(unsigned vcpus);
long whole_populate(domid_t id, uint64_t gfn, unsigned nr);
/* A guest's own memory at gfn, as this process sees it. */
void *whole_guest_ram(struct domain *d, uint64_t gfn);
/* Until it is done. */
long whole_destroy(domid_t id);

/* Let every CPU have a turn until nothing changes any more: pauses and kicks have taken effect. */
void whole_settle(void);

#endif
