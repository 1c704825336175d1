/* SPDX-License-Identifier: ISC */
/*
 * A GIC with virtualization, in software: list registers, virtual CPU interfaces, the physical
 * distributor and the lines into it. It implements struct irqchip for the vGIC under test, and for
 * the tests what guests and devices do. What the architecture forbids (IHI0069, ICH_LR<n>_EL2)
 * fails the test.
 */
#ifndef TESTS_FAKE_GIC_H
#define TESTS_FAKE_GIC_H

#include <hyp/cpu.h>
#include <hyp/domain.h>

#define FAKE_CPUS  4
#define FAKE_LINES 288
#define FAKE_TIMER 27
#define FAKE_NONE  1023

struct fake_cif { /* virtual CPU interface of a physical CPU */
	struct lr lr[VGIC_MAX_LRS];
	unsigned refill, eois;
	bool on;
	uint64_t vmcr;
	uint32_t apr;
	bool timer_line, timer_active; /* the PPI of the virtual timer */
	bool kicked;
	unsigned lr_accesses, accesses; /* by the hypervisor */
};

struct fake_spi {
	bool enabled, edge, line, latch, active;
	struct cpu *target;
};

struct fake_gic {
	struct cpu cpu[FAKE_CPUS];
	struct fake_cif cif[FAKE_CPUS];
	struct fake_spi spi[FAKE_LINES];
	unsigned guest_version; /* chooses the group that list registers are in */
	unsigned notifications;
};

extern struct fake_gic fake;

void fake_reset(unsigned lrs, unsigned guest_version);
/* The code under test runs on this CPU from now on. */
void fake_on(unsigned cpu);

/* What the guest on a CPU does. INTID and, in bits 12-10, the sender of a GICv2 SGI. */
unsigned
fake_highest(unsigned cpu); /* what an acknowledge would return, FAKE_NONE: nothing is signalled */
unsigned fake_ack(unsigned cpu);
void fake_drop(unsigned cpu);                     /* priority drop */
bool fake_deactivate(unsigned cpu, unsigned iar); /* false: it is in no list register */
void fake_eoi(unsigned cpu, unsigned iar);        /* both, as with EOImode 0 */

/* VMCR's fields. */
void fake_set_vmcr(unsigned cpu, bool enable, uint8_t mask, unsigned binary_point);

/* A line into the physical distributor. */
void fake_spi_line(unsigned intid, bool level);
bool fake_spi_pending(unsigned intid);
/* The most urgent physical interrupt that could be taken; it becomes active. FAKE_NONE: none. */
unsigned fake_phys_ack(unsigned cpu);
/* Does the maintenance interrupt of a CPU stand? */
bool fake_maintenance(unsigned cpu);

#endif
