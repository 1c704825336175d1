/* SPDX-License-Identifier: ISC */
/*
 * The functions that an architecture may define inline in asm/ for the rest of the hypervisor; they
 * complete hyp/arch.h. OWED() checks that each exists and has the stated type. Only arch/contract.c
 * includes this header.
 *
 * The headers in asm/ also define
 *
 *	asm/barrier.h   barrier() smp_mb() smp_rmb() smp_wmb() cpu_relax(); dsb() isb() for drivers
 *	asm/layout.h    HYP_VIRT_START, which is reported to tools
 *	asm/spinlock.h  struct spinlock, SPINLOCK_INIT(rank)
 *	asm/vcpu.h      struct arch_vcpu, with .ptimer; struct arch_domain, with .mmio
 *	asm/mmu.h       FIRST_TABLES_SIZE(banks)
 */
#ifndef HYP_ARCH_INLINE_H
#define HYP_ARCH_INLINE_H

#include <asm/cache.h>
#include <asm/context.h>
#include <asm/guest_ram.h>
#include <asm/pt_entry.h>
#include <asm/tlb.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <lib/spinlock.h>
#include <mem/page.h>

#define OWED(type, name, ...)                                                             \
	_Static_assert(__builtin_types_compatible_p(__typeof__(name), type(__VA_ARGS__)), \
		       #name "() is not what hyp/arch_inline.h asks for")

/* ---- CPUs: asm/cpu.h, asm/barrier.h ---- */

/* The calling CPU. */
OWED(struct cpu *, this_cpu, void);

/* Sleep until an interrupt is pending, masked or not. */
OWED(void, arch_wait_for_interrupt, void);

/* Is an interrupt pending for this CPU? */
OWED(bool, arch_interrupt_pending, void);

/* Returns index if it is below limit, else 0. This also holds for speculative execution. */
OWED(uint64_t, index_nospec, uint64_t index, uint64_t limit);

/* ---- Locks: asm/spinlock.h ---- */

OWED(void, spin_lock_init, struct spinlock *l, enum lock_rank rank);
OWED(void, spin_lock, struct spinlock *l);
/* Take a second lock of the same rank. */
OWED(void, spin_lock_same_rank, struct spinlock *l);
/* One attempt; true if the lock is now held. */
OWED(bool, spin_trylock, struct spinlock *l);
OWED(void, spin_unlock, struct spinlock *l);
OWED(bool, spin_is_locked, const struct spinlock *l);

/* ---- The hypervisor's view of RAM: asm/page.h, asm/mmu.h ---- */

/*
 * Open and close a window on a page of RAM. There are few windows, so each is closed within the
 * same hypercall or trap. Windows on pages that stay in use are exceptions: those of
 * hyp_pages_alloc(), and of pages that guests register.
 */
OWED(void *, map_page, mfn_t mfn);
OWED(void, unmap_page, const void *va);
/* The page of a window, or of an address that hyp_pages_alloc() returned. */
OWED(mfn_t, hyp_va_to_mfn, const void *va);

/* Open and close a window on `size` bytes of RAM, at boot. */
OWED(void *, ram_window_open, paddr_t pa, uint64_t size);
OWED(void, ram_window_close, const void *va, uint64_t size);

/* ---- Page tables and TLBs: asm/pt_entry.h, asm/tlb.h ---- */

/*
 * Access a translation table descriptor that a table walker may access at the same time:
 * single-copy atomic.
 */
OWED(uint64_t, pt_entry_read, const uint64_t *entry);
OWED(void, pt_entry_write, uint64_t *entry, uint64_t desc);

/* Make earlier descriptor writes visible to the walkers of all CPUs before later accesses. */
OWED(void, tlb_publish, void);
/* Flush this CPU's TLB: the entries of the current vCPU's domain, or those of all guests. */
OWED(void, tlb_flush_current_local, void);
OWED(void, tlb_flush_all_guests_local, void);

/* ---- Caches: asm/cache.h ---- */

OWED(void, clear_page, void *page);
/* The same; observers with caches off also see the zeroes. */
OWED(void, scrub_page, void *page);
/*
 * Clean, or clean and invalidate, to the point of coherency, where observers with caches off read.
 * A length of 0 is allowed.
 */
OWED(void, cache_clean_poc, const void *va, size_t len);
OWED(void, cache_clean_invalidate_poc, const void *va, size_t len);
OWED(void, cache_clean_invalidate_page, const void *page);
/* Invalidate the instruction caches of all CPUs, after data was cleaned. */
OWED(void, icache_invalidate_all, void);

/* ---- Guests: asm/guest_ram.h, asm/context.h ---- */

/* Does v execute AArch32 at EL1? */
OWED(bool, vcpu_is_32bit, const struct vcpu *v);

/*
 * The common case of arch_guest_ram(): returns true for write-back RAM, with its address in *pa. If
 * it returns false, the caller uses arch_guest_ram().
 */
OWED(bool, arch_guest_ram_fast, struct vcpu *v, gvaddr_t va, bool write, paddr_t *pa);

/*
 * General register n of the current vCPU, in the numbering of its instructions and calling
 * conventions. n is a register number of an instruction; 31 is the zero register in A64.
 */
OWED(uint64_t, vcpu_x, const struct vcpu *v, size_t n);
OWED(void, vcpu_set_x, struct vcpu *v, size_t n, uint64_t value);

#endif
