/* SPDX-License-Identifier: ISC */
/* CPUs: what each sets up for itself, bringing the others up, stopping. */
#include <arm/psci.h>
#include <asm/context.h>
#include <asm/idregs.h>
#include <asm/mmu.h>
#include <asm/smp.h>
#include <asm/vmid.h>
#include <hyp/arch.h>
#include <hyp/bootinfo.h>
#include <hyp/cpu.h>
#include <hyp/irq.h>
#include <hyp/lib.h>
#include <hyp/log.h>

#define MPIDR_AFFINITY 0xff00ffffffUL

extern char secondary_entry[];
void hyp_main_secondary(void) __noreturn;

struct cpu *cpus[MAX_CPUS];
unsigned nr_cpus;

uint64_t arch_cpu_hwid(void)
{
	return read_sysreg(mpidr_el1) & MPIDR_AFFINITY;
}

/*
 * 40 bits: as many as the largest guest memory map of the ABI needs (GUEST_RAM1), two concatenated
 * level 1 tables.
 */
void arch_init_guest_addresses(void)
{
	static const uint8_t pa_bits[] = {32, 36, 40, 42, 44, 48};
	unsigned range = (unsigned)MIN(read_sysreg(id_aa64mmfr0_el1) & 0xf, 5UL);

	p2m_ipa_bits = MIN(pa_bits[range], 40u);
}

/*
 * VTCR_EL2 (Arm ARM D19.2.156): 4 KiB granule, write-back inner shareable walks, start at level 1
 * with concatenated tables for p2m_ipa_bits, physical size as the CPU has it, 16-bit VMIDs if there
 * are.
 */
static uint64_t vtcr_value(void)
{
	uint64_t t0sz = 64 - p2m_ipa_bits, ps = MIN(read_sysreg(id_aa64mmfr0_el1) & 0xf, 5UL);
	bool vmid16 = ((read_sysreg(id_aa64mmfr1_el1) >> 4) & 0xf) == 2;

	return t0sz | 1 << 6 /* SL0: level 1 */ | 1 << 8 | 1 << 10 | 3 << 12 | ps << 16 |
	       (vmid16 ? 1 << 19 : 0) | 1UL << 31;
}

/* System registers that every CPU has for itself. */
static void cpu_init_registers(void)
{
	write_sysreg(vtcr_el2, vtcr_value());
	write_sysreg(vttbr_el2, arch_vttbr_none());
	write_sysreg(hcr_el2, HCR_GUEST);
	write_sysreg(cptr_el2, CPTR_BASE | CPTR_TFP);
	write_sysreg(hstr_el2, 0);
	write_sysreg(mdcr_el2, (read_sysreg(mdcr_el2) & 0x1f) | MDCR_GUEST);
	write_sysreg(cnthctl_el2, CNTHCTL_EL1PCTEN);
	write_sysreg(cntvoff_el2, 0);
	write_sysreg(cntv_ctl_el0, 0);
	write_sysreg(cnthp_ctl_el2, 0);
	write_sysreg(vpidr_el2, read_sysreg(midr_el1));
	isb();
}

void arch_cpu_init(struct cpu *c)
{
	cpu_init_registers();
	c->timers.programmed = TIMER_OFF;
	spin_lock_init(&c->timers.lock, RANK_TIMER);
	sched_init_cpu(c);
	irqchip->init_cpu(c);
	irqchip->enable(bootinfo.timer.hyp_ppi);
	irqchip->enable(bootinfo.timer.virt_ppi);
	irqchip->enable(bootinfo.gic.maintenance_ppi);
}

/* How far a secondary CPU has come: cpu.start. */
enum {
	START_ASKED,
	START_ANSWERED, /* it runs, and will be done */
	START_DONE,
	START_GIVEN_UP,
};

/* A secondary CPU, on its own stack with the MMU on. */
void hyp_main_secondary(void)
{
	struct cpu *c = this_cpu();
	uint32_t start = START_ASKED;

	/* One that comes too late must not run: its number is another CPU's by now. */
	if (!atomic_cas(&c->start, &start, START_ANSWERED))
		arch_cpu_halt();
	arch_cpu_init(c);
	log_debug("CPU %u (affinity %llx) is up", c->id, (unsigned long long)c->hwid);
	/* Pairs with the acquire in wait_started(): everything above is done. */
	atomic_store_rel(&c->start, START_DONE);
	cpu_enter_guests();
}

static bool wait_started(struct cpu *c)
{
	uint64_t end = time_ticks() + time_hz; /* a second */
	uint32_t start = START_ASKED;

	while (atomic_load_acq(&c->start) == START_ASKED && time_ticks() < end)
		cpu_relax();
	if (atomic_cas(&c->start, &start, START_GIVEN_UP))
		return false;
	end = time_ticks() + 10 * time_hz;
	while (atomic_load_acq(&c->start) != START_DONE)
		if (time_ticks() > end)
			panic("CPU %u has started and hangs", c->id);
		else
			cpu_relax();
	return true;
}

/* nth: in the device tree. Each has a stack of its own, one that was given up too. */
static bool start_cpu(unsigned id, unsigned nth)
{
	uint64_t hwid = bootinfo.cpu[nth].hwid;
	struct cpu *c = mmu_alloc_stack(nth);
	int err;

	if (!c) {
		log_err("no memory for CPU %u", id);
		return false;
	}
	c->id = id;
	c->hwid = hwid;
	cpus[id] = c;
	dsb(sy);
	err = psci_cpu_on(hwid, virt_to_phys(secondary_entry), (uintptr_t)c);
	if (err || !wait_started(c)) {
		log_err("CPU %u (affinity %llx) did not come up (PSCI %d)", id,
			(unsigned long long)hwid, err);
		return false;
	}
	return true;
}

void arch_start_secondary_cpus(void)
{
	unsigned max =
		bootinfo.max_cpus ? MIN(bootinfo.max_cpus, bootinfo.nr_cpus) : bootinfo.nr_cpus;

	if (!bootinfo.psci.present) {
		if (max > 1)
			log_warn("no PSCI in the device tree: only one CPU is used");
		return;
	}
	mmu_map_identity();
	for (unsigned i = 1; i < max; i++)
		if (start_cpu(nr_cpus, i))
			nr_cpus++;
	/* One that is late still comes this way, to a place where it halts. */
	if (nr_cpus == max)
		mmu_unmap_identity();
}

void arch_cpu_halt(void)
{
	write_sysreg(daif, 0x3c0);
	for (;;)
		asm volatile("wfi" ::: "memory");
}

void arch_machine_stop(bool reset)
{
	struct cpu *c;

	for_each_cpu (c)
		if (c != this_cpu())
			irqchip->send_ipi(c, IPI_HALT);
	if (bootinfo.psci.present) {
		if (reset)
			psci_system_reset();
		else
			psci_system_off();
	}
	log_info("halted: switch the machine off");
	arch_cpu_halt();
}

void arch_panic_state(void)
{
	const struct vcpu *v = this_cpu()->current;
	uintptr_t sp;

	asm volatile("mov %0, sp" : "=r"(sp));
	log_err("sp  %016llx  esr %016llx  far %016llx", (unsigned long long)sp,
		(unsigned long long)read_sysreg(esr_el2), (unsigned long long)read_sysreg(far_el2));
	log_err("elr %016llx  spsr %016llx  hcr %016llx", (unsigned long long)read_sysreg(elr_el2),
		(unsigned long long)read_sysreg(spsr_el2),
		(unsigned long long)read_sysreg(hcr_el2));
	if (v)
		log_err("loaded: d%uv%u", v->domain->id, v->id);
}

/*
 * Frame records (AAPCS64 6.4.6): x29 points to {previous x29, return address}, within this CPU's
 * stack.
 */
unsigned arch_backtrace(uintptr_t *pc, unsigned max)
{
	uintptr_t fp = (uintptr_t)__builtin_frame_address(0), top = (uintptr_t)this_cpu();
	unsigned n = 0;

	while (n < max && fp < top && fp >= top - STACK_SIZE && fp % 8 == 0) {
		const uintptr_t *record = (const uintptr_t *)fp;

		if (record[1])
			pc[n++] = record[1];
		if (record[0] <= fp)
			break;
		fp = record[0];
	}
	return n;
}
