/* SPDX-License-Identifier: ISC */
/*
 * A machine for tests of the resources (event channels, grants, memory_op): the real pages, pools
 * and p2m on the test host, make-believe domains that do not run, and guest buffers. Allocations
 * and mappings can be made to fail, and another CPU can be made to act in the middle of an
 * operation. Pages can be counted, to ask for leaks.
 */
#ifndef TESTS_UNIT_HYPERVISOR_WORLD_H
#define TESTS_UNIT_HYPERVISOR_WORLD_H

#include <hyp/domain.h>
#include <lib/errno.h>
#include <hyp/hypercall.h>
#include <mem/memory.h>
#include <mem/page.h>

#define WORLD_RAM   MiB(64)
#define WORLD_SLOTS 16

struct world {
	/* What happened. */
	unsigned upcalls[WORLD_SLOTS][MAX_VCPUS]; /* by slot, vCPU */
	unsigned unblocked, crashed;
	unsigned domains; /* alive */
	struct domain *last_crashed;
	/* What is to happen. */
	int alloc_fails_in; /* the n-th allocation from now fails, 0: none */
	int map_fails_in;   /* the n-th p2m_map() or p2m_replace() from now fails */
	void (*on_translate)(struct domain *d,
			     gfn_t gfn); /* another CPU acts while p2m_get_page() runs */
};

extern struct world world;
/* The domains of most tests, made by their set-up. */
extern struct domain *dom0, *a, *b;

void world_init(void);
/*
 * The end of a test: failures are off, every domain goes, the first one last, and nothing may stay
 * behind.
 */
int world_tear_down(void **state);
/* A domain with vCPUs and `pages` of RAM from gfn 0 on; direct-mapped: 2^order at their machine
 * address. */
struct domain *world_domain(domid_t id, bool privileged, unsigned vcpus, unsigned pages);
struct domain *world_direct_domain(domid_t id, unsigned order, uint64_t *first_gfn);
/* Everything that domain_kill() does to the parts under test, until no continuation is asked for.
 */
void world_kill(struct domain *d);

/* The guest's memory behind one of its frames. */
void *world_page(struct domain *d, uint64_t gfn);
/* What is at gfn; P2M_NONE: nothing. */
enum p2m_type world_type(struct domain *d, uint64_t gfn);
mfn_t world_mfn(struct domain *d, uint64_t gfn);
unsigned world_refs(mfn_t mfn); /* 0: free, or the hypervisor's */

/*
 * Guest virtual addresses are this process's. Only what is exposed can be reached by
 * copy_to_guest() and so on.
 */
void world_expose(void *p, size_t len, bool writable);
void world_hide_all(void);

/* A hypercall as the guest sees it, all continuations included. */
long world_call(hypercall_fn *fn, struct vcpu *v, uint64_t a0, uint64_t a1, uint64_t a2);
extern unsigned world_continuations; /* of the last one */

#endif
