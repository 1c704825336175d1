/* SPDX-License-Identifier: ISC */
/* CPUs: what the boot sets up for all of them and for each, and how the others are started. */
#include <arm/psci.h>
#include <arm/vmid.h>
#include <arm/width.h>
#include <asm/context.h>
#include <boot/bootinfo.h>
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <hyp/irq.h>
#include <lib/log.h>
#include <lib/lib.h>
#include <lib/time.h>

void hyp_main_secondary(void) __noreturn;

/*
 * As many bits as the largest guest memory map of the ABI needs (GUEST_RAM1): two concatenated
 * tables of level 1.
 */
#define MAX_IPA_BITS 40

static const struct bootinfo *machine;

void arch_init_guests(const struct bootinfo *bi)
{
	machine = bi;
	p2m_ipa_bits = MIN(cpu_ipa_bits(), (unsigned)MAX_IPA_BITS);
	idregs_init(bi->gic.version);
	guest_tlb_init();
}

void arch_init_firmware(const struct bootinfo *bi)
{
	psci_init(bi->psci.present, bi->psci.use_hvc);
	mitigate_init(bi->psci.present && !bi->psci.use_hvc);
}

void arch_cpu_init(struct cpu *c)
{
	hyp_regs_init(c);
	mitigate_init_cpu(c);
	c->timers.programmed = TIMER_OFF;
	spin_lock_init(&c->timers.lock, RANK_TIMER);
	sched_init_cpu(c);
	irqchip->init_cpu(c);
	irqchip->enable(machine->timer.hyp_ppi);
	irqchip->enable(machine->timer.virt_ppi);
	irqchip->enable(machine->gic.maintenance_ppi);
}

/* How far a secondary CPU has come: cpu.start. */
enum {
	START_ASKED,
	START_ANSWERED, /* it runs, and will be done */
	START_DONE,
	START_GIVEN_UP,
};

/* How long each step of that may take. */
#define START_SECONDS 1ULL
#define DONE_SECONDS  10ULL

/* A secondary CPU, on its own stack with the MMU on. */
void hyp_main_secondary(void)
{
	struct cpu *c = this_cpu();
	uint32_t start = START_ASKED;

	/* A CPU that comes too late must not run: its number is another CPU's by now. */
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
	uint64_t end = time_ticks() + START_SECONDS * time_hz;
	uint32_t start = START_ASKED;

	while (atomic_load_acq(&c->start) == START_ASKED && time_ticks() < end)
		cpu_relax();
	if (atomic_cas(&c->start, &start, START_GIVEN_UP))
		return false;
	end = time_ticks() + DONE_SECONDS * time_hz;
	while (atomic_load_acq(&c->start) != START_DONE)
		if (time_ticks() > end)
			panic("CPU %u has started and hangs", c->id);
		else
			cpu_relax();
	return true;
}

/* nth: its place in the device tree. A CPU that was given up keeps its stack. */
static bool start_cpu(unsigned id, unsigned nth)
{
	uint64_t hwid = machine->cpu[nth].hwid;
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
	err = psci_cpu_on(hwid, secondary_entry_pa(), (uintptr_t)c);
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
		machine->max_cpus ? MIN(machine->max_cpus, machine->nr_cpus) : machine->nr_cpus;

	if (!machine->psci.present) {
		if (max > 1)
			log_warn("no PSCI in the device tree: only one CPU is used");
		return;
	}
	mmu_map_identity();
	for (unsigned i = 1; i < max; i++)
		if (start_cpu(nr_cpus, i))
			nr_cpus++;
	/* A CPU that answers late still needs the identity map to reach its halt loop. */
	if (nr_cpus == max)
		mmu_unmap_identity();
}
