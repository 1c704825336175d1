/* SPDX-License-Identifier: ISC */
/*
 * The functions that an architecture defines in its source files for the rest of the hypervisor.
 * Its inline functions are listed in hyp/arch_inline.h. docs/porting.md has an overview.
 *
 * Unless stated otherwise the caller holds no lock. Addresses and sizes are in bytes.
 */
#ifndef HYP_ARCH_H
#define HYP_ARCH_H

#include <lib/types.h>

struct bootinfo;
struct cpu;
struct domain;
struct p2m;
struct vcpu;
struct vcpu_guest_context;

/* ---- Boot, in this order, on the boot CPU; the functions for memory are in hyp/arch_mmu.h ---- */

/* Affinity fields of the calling CPU's MPIDR. */
uint64_t arch_cpu_hwid(void);

/*
 * Called once, when pages can be allocated. Determines the CPU features that guests see, the size
 * of their physical addresses (p2m_ipa_bits) and the number of their TLB tags. Panics without
 * memory.
 */
void arch_init_guests(const struct bootinfo *bi);

/*
 * Called once, after arch_init_guests(). Determines how the firmware is called and what it offers.
 */
void arch_init_firmware(const struct bootinfo *bi);

/* Initialize the calling CPU, which c describes. */
void arch_cpu_init(struct cpu *c);

/*
 * Start the other CPUs of the device tree, at most bootinfo.max_cpus. Sets nr_cpus and cpus[]. A
 * CPU that does not start is logged and left out.
 */
void arch_start_secondary_cpus(void);

/* Enter the scheduler on the calling CPU; never returns. */
void cpu_enter_guests(void) __noreturn;

/* ---- The end ---- */

/* Stop the calling CPU until reset (panic, shutdown). The caller may hold any lock. */
void arch_cpu_halt(void) __noreturn;

/* Stop all CPUs but this one for good. Any lock may be held. */
void arch_halt_other_cpus(void);

/* Stop the other CPUs and power off or reset the machine. If that is not possible, halt. */
void arch_machine_stop(bool reset) __noreturn;

/* For a panic: log the CPU's registers, its location in the code and the loaded vCPU. */
void arch_panic_state(void);

/* Return addresses of the call chain, the latest first, at most max. Returns their number. */
unsigned arch_backtrace(uintptr_t *pc, unsigned max);

/* ---- Time ---- */

/* The generic timer's counter (CNTPCT), in ticks. The read is not executed early. */
uint64_t time_ticks(void);

/* The counter's frequency as set by the firmware (CNTFRQ), in Hz; 0 if it is not set. */
uint32_t arch_timer_frequency(void);

/*
 * Program this CPU's hardware timer. It raises its interrupt when time_ticks() reaches the
 * deadline, at once if the deadline has passed; TIMER_OFF disables it. The caller holds the lock of
 * the CPU's timer queue.
 */
void arch_timer_program(uint64_t deadline_ticks);

/* ---- Domains and vCPUs ---- */

/* Called when d->p2m has its root table. */
void arch_domain_init(struct domain *d);

/*
 * The width of a guest: how many bits its vCPUs have at EL1, 32 or 64. A new domain has the
 * hypervisor's own. Can the CPUs have guests of this width?
 */
bool arch_has_width(unsigned bits);
unsigned arch_domain_width(const struct domain *d);
/* Sets the width and resets the vCPUs. d has never run. */
void arch_domain_set_width(struct domain *d, unsigned bits);

/* The kinds of guests that this machine can have, in the words of XENVER_capabilities. */
const char *arch_capabilities(void);

/* Initialize a new vCPU; v->domain and v->id are set. Returns 0. */
int arch_vcpu_init(struct vcpu *v);

/*
 * Set the reset state that PSCI CPU_ON requires (DEN0022 6.4.3.2): entry at pc, MMU off, `context`
 * in the first general register. v is not loaded, and no other CPU accesses it.
 */
void arch_vcpu_reset(struct vcpu *v, uint64_t pc, uint64_t context);

/* The same for the first vCPU of a Linux kernel, by its boot protocol: entry, the device tree. */
void arch_vcpu_boot(struct vcpu *v, uint64_t entry, gpaddr_t dtb);

/*
 * Set or get the state of a vCPU that is not loaded, in the ABI's format. State without a field in
 * the format starts at its reset value. Returns -EINVAL for a mode that guests do not have.
 */
int arch_vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c);
void arch_vcpu_get_context(const struct vcpu *v, struct vcpu_guest_context *c);

/*
 * Load v's state into this CPU's registers, or save it. The calling CPU owns v (see struct vcpu),
 * and this_cpu()->current is v. vcpu_load() calls vgic_load(), vcpu_unload() calls vgic_save(). For
 * a blocked vCPU vcpu_unload() replaces the virtual timer by a software timer.
 */
void vcpu_load(struct vcpu *v);
void vcpu_unload(struct vcpu *v);

/*
 * Is the output of v's virtual timer high, that is enabled, not masked and expired? v is loaded on
 * this CPU, or on none; in the second case the caller holds v's vGIC lock, so that v stays
 * unloaded.
 */
bool arch_vtimer_line(const struct vcpu *v);

/* ---- Guest memory ---- */

/*
 * Translate a guest virtual address of v, which runs on this CPU, to the machine address of RAM
 * with v's permissions for the access. Returns enum guest_ram, or -EFAULT: not mapped, not
 * permitted or not RAM. The caller holds the p2m lock.
 */
int arch_guest_ram(struct vcpu *v, gvaddr_t va, bool write, paddr_t *pa);

/*
 * Invalidate one guest physical page, or all of a domain, in the TLBs of all CPUs, after earlier
 * writes to the domain's tables. Complete on return. The caller holds the p2m lock.
 */
void tlb_flush_vmid_page(struct p2m *p, gpaddr_t ipa);
void tlb_flush_vmid(struct p2m *p);

#endif
