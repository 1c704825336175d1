/* SPDX-License-Identifier: ISC */
/* A machine around the vGIC under test: physical CPUs, one domain, its vCPUs, and what the rest of
 * the hypervisor does. */
#ifndef TESTS_VGIC_MACHINE_H
#define TESTS_VGIC_MACHINE_H

#include "fake_gic.h"

#define DIST_BASE   0x8000000
#define REDIST_BASE 0x80a0000

#define MACHINE_MAX_VCPUS 128

struct machine {
	struct domain *d;
	struct vcpu *vcpu[MACHINE_MAX_VCPUS];
	bool timer_line[MACHINE_MAX_VCPUS];
	unsigned nr_vcpus, nr_cpus;
	struct vcpu *loaded[FAKE_CPUS];
};

extern struct machine machine;

/* pcpus physical CPUs with lrs list registers each, and a domain with that many vCPUs. */
void machine_start(unsigned version, unsigned lrs, unsigned pcpus, unsigned vcpus, unsigned spis);
/* Takes everything apart; fails if a physical interrupt is left active or enabled. */
void machine_stop(void);

/* Load a vCPU (NULL: none) on a CPU, after what is there was unloaded. */
void machine_switch(unsigned cpu, struct vcpu *v);
/* CPU where v is loaded, -1: nowhere. */
int machine_cpu_of(const struct vcpu *v);

/* Let every CPU take its interrupts and look at what others left for it, until nothing more
 * happens. */
void machine_settle(unsigned first_cpu);
/* One turn of one CPU; false: it had nothing to do. */
bool machine_settle_cpu(unsigned cpu);

void machine_timer_line(struct vcpu *v, bool level);

/* By v, where it is loaded. false: refused. */
bool machine_read(struct vcpu *v, gpaddr_t addr, unsigned size, uint64_t *value);
bool machine_write(struct vcpu *v, gpaddr_t addr, unsigned size, uint64_t value);
/* The same for accesses that must not be refused. */
uint32_t machine_read32(struct vcpu *v, gpaddr_t addr);
void machine_write32(struct vcpu *v, gpaddr_t addr, uint32_t value);

/* Where a register with bits for interrupts is: distributor's offset, bits an interrupt, the vCPU
 * for private ones. */
gpaddr_t machine_reg(unsigned offset, unsigned bits, unsigned owner, unsigned intid);
void machine_write_bit(struct vcpu *v, unsigned offset, unsigned owner, unsigned intid);
bool machine_read_bit(struct vcpu *v, unsigned offset, unsigned owner, unsigned intid);

/* Enable the distributor and v's CPU interface, and an interrupt with a priority. */
void machine_open(struct vcpu *v);
void machine_enable(struct vcpu *v, unsigned intid, unsigned priority);

#define GICD_CTLR       0x000
#define GICD_ISENABLER  0x100
#define GICD_ICENABLER  0x180
#define GICD_ISPENDR    0x200
#define GICD_ICPENDR    0x280
#define GICD_ISACTIVER  0x300
#define GICD_ICACTIVER  0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR  0x800
#define GICD_ICFGR      0xc00
#define GICD_SGIR       0xf00
#define GICD_CPENDSGIR  0xf10
#define GICD_SPENDSGIR  0xf20
#define GICD_IROUTER    0x6000

#endif
