/* SPDX-License-Identifier: ISC */
/* What tests ask of the test host. */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <lib/types.h>
#include <setjmp.h>

/* ---- ram.c: the fake machine's memory ---- */

#define HOST_RAM_BASE 0x40000000ULL

/* A bank of memory; pages come into being when they are touched. */
void *host_ram_add(paddr_t base, uint64_t size);
/* Map the page mfn at the address `at` of this process, too. */
void host_ram_alias(void *at, mfn_t mfn, int prot);
/* Forget all banks. */
void host_ram_reset(void);
bool host_ram_contains(const void *va);
/* What an observer sees here that does not use the caches: see asm/cache.h. */
void *host_memory(paddr_t pa);
/* No model of caches: it is for one thread. */
extern bool host_caches_off;
/* Windows open now: map_page() minus unmap_page(). */
int host_windows(void);

/*
 * One bank at HOST_RAM_BASE in the page allocator's hands, descriptors elsewhere. Once a process.
 */
void host_heap_init(uint64_t size);

/* ---- host.c: CPUs and time ---- */

/* `nr` CPUs, on the first of them. */
void host_cpus_init(unsigned nr);
void host_set_cpu(unsigned id);

#define HOST_HZ 1000000000U /* ticks are nanoseconds */
extern uint64_t host_ticks; /* what time_ticks() returns */
/* The deadline in a CPU's timer, ~0: off. */
uint64_t host_timer_deadline(unsigned cpu);

/* cpu_should_yield() says no this many times, then once yes, and so on; 0: never. */
extern unsigned host_yield_every;
bool host_yield_now(void);

/* Where a CPU goes that sleeps; NULL: time passes until its timer is due. */
extern __thread jmp_buf *host_cpu_asleep;

/* ---- panic.c, log.c: the end of the hypervisor, and its log ---- */

/* The last panic's text, and the log so far (the end of it). */
extern char host_panic_text[256];
const char *host_log(void);
void host_log_clear(void);
/* Print log lines to stderr too. Default: if HOST_LOG is in the environment. */
extern bool host_log_verbose;

extern __thread jmp_buf *host_panic_jump; /* where panic() goes; NULL: it aborts the test */

/*
 * Run a statement; true if it panicked with a text that contains `part`. Locks held then are let
 * go.
 */
#define HOST_PANICS(part, ...)                        \
	({                                            \
		jmp_buf _here;                        \
		volatile bool _panicked = true;       \
                                                      \
		host_panic_jump = &_here;             \
		if (!setjmp(_here)) {                 \
			__VA_ARGS__;                  \
			_panicked = false;            \
		}                                     \
		host_panic_jump = NULL;               \
		_panicked &&host_panicked_with(part); \
	})
bool host_panicked_with(const char *part);

/* Abort the test with a reason: the test host's own checks. */
void host_fail(const char *fmt, ...) __printf(1, 2) __noreturn;

/* ---- gic.c: an interrupt controller with list registers ---- */

#define HOST_SPIS       64
#define HOST_LRS        4
#define HOST_TIMER_PPI  26
#define HOST_VTIMER_PPI 27
#define HOST_MAINT_PPI  25
#define HOST_NO_IRQ     1023

/* Everything as after a reset; version: that of the GIC, 2 or 3. */
void host_gic_init(unsigned version);
/* A device raises a physical interrupt, as an edge. */
void host_raise_spi(unsigned intid);
/* Would this CPU wake from a WFI? */
bool host_irq_pending(void);
/*
 * The guest on this CPU: lets interrupts through, and takes and ends the most urgent one;
 * HOST_NO_IRQ: none.
 */
void host_guest_open(void);
unsigned host_guest_take(void);

/* ---- machine.c: a machine on which the whole hypervisor runs ---- */

/*
 * One bank of RAM, CPUs that are idle, an interrupt controller, time at 0, an empty log: what
 * boot/main.c does before there is dom0. Once a process, as the page allocator is.
 */
void host_machine_start(uint64_t ram, unsigned cpus, unsigned gic_version);

struct vcpu;
struct domain;

/*
 * A CPU's turn: it takes its interrupts, does what is to be done and goes back to a guest. Returns
 * the vCPU that runs there then, NULL: it sleeps. It is this_cpu() afterwards.
 */
struct vcpu *host_cpu_run(unsigned cpu);

/*
 * A hypercall of v, whatever is going on; continued until it is done. Aborts if it never ends or a
 * lock stays held.
 */
long host_hypercall(struct vcpu *v, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2);
extern __thread unsigned host_continuations; /* of the last one */

/*
 * A privileged domain with 2^order pages of RAM from *ram on, mapped where they are; it can reach
 * them by this process's addresses of them, too. Its first vCPU is runnable. NULL: the hypervisor
 * could not create it.
 */
struct domain *host_dom0(unsigned order, unsigned vcpus, mfn_t *ram);
/* Take any domain apart, a privileged one too. */
void host_kill(struct domain *d);

/* ---- lock.c ---- */

/* This CPU's locks are free. */
void host_locks_drop(void);
/*
 * What a CPU does that needs a lock of another one: it lets others run, and looks again. NULL: no
 * call is ever interrupted, and a lock that is held is a fault.
 */
extern void (*host_lock_busy)(void);
/* Called when a CPU has let go of a lock. */
extern void (*host_lock_released)(void);

/* ---- tlb.c: break-before-make ---- */

struct pt;

/* Invalidate what a walk of ia in this table would use, or everything. */
void host_tlb_flush_leaf(struct pt *pt, uint64_t ia);
void host_tlb_flush_all(void);
/* A table page is about to be used for something else: nothing may still lead there. */
void host_tlb_check_free_table(const uint64_t *table);
/*
 * Entries that were made invalid and not yet invalidated in the TLBs. 0 whenever an operation is
 * over.
 */
unsigned host_tlb_stale(void);

extern struct host_tlb_counts {
	unsigned writes, flush_leaf, flush_all, flush_local, publish;
} host_tlb_counts;

#endif
