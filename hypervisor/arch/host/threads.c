/* SPDX-License-Identifier: ISC */
/*
 * The test host with a thread for each CPU, instead of lock.c and tlb.c: locks that lock, in the
 * order that lib/spinlock.h states, and no checks that would order what the hypervisor does not.
 */
#include <asm/pt_entry.h>
#include <asm/tlb.h>
#include <host/host.h>
#include <hyp/arch.h>
#include <lib/atomic.h>
#include <hyp/domain.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_HELD 16

/* The calling thread's. */
static __thread struct spinlock *held[MAX_HELD];
static __thread unsigned nr_held;

static void check_order(const struct spinlock *l, bool same_rank)
{
	if (!l->rank)
		host_fail("lock %p was never initialised", (const void *)l);
	if (nr_held == MAX_HELD)
		host_fail("%u locks held", nr_held);
	for (unsigned i = 0; i < nr_held; i++) {
		if (held[i] == l)
			host_fail("lock of rank %u taken twice", l->rank);
		if (held[i]->rank > l->rank || (held[i]->rank == l->rank && !same_rank))
			host_fail("lock order: rank %u taken while rank %u is held", l->rank,
				  held[i]->rank);
	}
}

static bool take(struct spinlock *l)
{
	if (__atomic_exchange_n(&l->held, true, __ATOMIC_ACQUIRE))
		return false;
	held[nr_held++] = l;
	return true;
}

void host_lock_acquire(struct spinlock *l, bool same_rank)
{
	check_order(l, same_rank);
	while (!take(l))
		syscall(SYS_sched_yield); /* its owner may wait for this processor */
}

bool host_lock_try(struct spinlock *l)
{
	check_order(l, true);
	return take(l);
}

void host_lock_release(struct spinlock *l)
{
	unsigned i = 0;

	while (i < nr_held && held[i] != l)
		i++;
	if (i == nr_held)
		host_fail("lock of rank %u released, but not held", l->rank);
	nr_held--;
	for (; i < nr_held; i++)
		held[i] = held[i + 1];
	__atomic_store_n(&l->held, false, __ATOMIC_RELEASE);
}

unsigned host_locks_held(void)
{
	return nr_held;
}

void host_locks_drop(void)
{
	while (nr_held)
		host_lock_release(held[nr_held - 1]);
}

/* Nobody walks the tables but the hypervisor, under the p2m's lock. */

void host_pt_write(uint64_t *entry, uint64_t desc)
{
	*entry = desc;
}

unsigned host_tlb_stale(void)
{
	return 0;
}

void host_tlb_check_free_table(const uint64_t *table __unused)
{
}

void tlb_publish(void)
{
}

void tlb_flush_vmid_page(struct p2m *p __unused, gpaddr_t ipa __unused)
{
}

void tlb_flush_vmid(struct p2m *p __unused)
{
}

void tlb_flush_all_guests_local(void)
{
}

void tlb_flush_current_local(void)
{
}
