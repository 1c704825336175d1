/* SPDX-License-Identifier: ISC */
/*
 * The virtual interrupt controller: one state machine (vdev/vgic.c) and two register models (vgic_v2.c, vgic_v3.c).
 *
 * A virtual interrupt's state lives in struct virq until it is put into a list register; then the list register
 * holds its pending and active bits until it is read back: when the vCPU is switched out, when a list register is
 * needed, or when somebody asks.
 */
#ifndef HYP_VGIC_H
#define HYP_VGIC_H

#include <hyp/irq.h>
#include <hyp/list.h>
#include <hyp/spinlock.h>

struct domain;
struct vcpu;

#define VGIC_MAX_LRS 16

struct virq; /* vdev/vgic.h */

struct vgic_vcpu {
	struct spinlock lock;	 /* RANK_VGIC: everything about interrupts that target this vCPU */
	struct virq *local;	 /* 32: SGIs and PPIs */
	struct list ready;	 /* pending (or active) and enabled, not in a list register; most urgent first */
	struct virq *in_lr[VGIC_MAX_LRS]; /* what each list register holds */
	uint64_t used_lrs;	 /* a bit for each that may hold something */
	struct gic_cpu_state hw; /* while switched out */
	struct lr saved[VGIC_MAX_LRS];
	bool flush;		 /* another CPU added to `ready`: look before the next entry */
};

struct vgic {
	unsigned version;	 /* 2 or 3 */
	uint16_t nr_spis;
	bool enabled;		 /* GICD_CTLR.EnableGrp1 (v2: group 0 bit) */
	struct virq **spi;	 /* blocks of 32, allocated when first touched */
	gpaddr_t dist_base, cpu_base; /* GICD; GICC (v2) or GICR (v3) */
	uint64_t redist_stride;
};

/* version 2 or 3; nr_spis a multiple of 32, at most 988; bases as the guest sees them. Registers the MMIO regions. */
int vgic_domain_init(struct domain *d, unsigned version, unsigned nr_spis, gpaddr_t dist_base, gpaddr_t cpu_base);
void vgic_domain_destroy(struct domain *d);
int vgic_vcpu_init(struct vcpu *v);
void vgic_vcpu_destroy(struct vcpu *v);
/* Back to reset state: PSCI CPU_ON. */
void vgic_vcpu_reset(struct vcpu *v);

/* Raise a private interrupt (PPI, SGI) of v as an edge; wakes or kicks v as needed. */
void vgic_raise_local(struct vcpu *v, unsigned intid);
/* Level of a private interrupt's line (emulated timer); pending follows it. */
void vgic_set_local_level(struct vcpu *v, unsigned intid, bool level);
/* The same for SPIs of emulated devices. */
void vgic_raise_spi(struct domain *d, unsigned intid);
void vgic_set_spi_level(struct domain *d, unsigned intid, bool level);

/*
 * A physical interrupt, acknowledged and priority-dropped on this CPU, is the guest's: virtual intid, backed by
 * physical hwirq, deactivated when the guest does so. For the virtual timer (v is loaded here) and dom0's SPIs.
 */
void vgic_forward_local(struct vcpu *v, unsigned intid, unsigned hwirq);
void vgic_forward_spi(struct domain *d, unsigned intid);
/* Mark an SPI of d as backed by the physical interrupt of the same number (dom0); -EBUSY: somebody has it. */
int vgic_route_spi(struct domain *d, unsigned intid);

/* Context switch. save(): list registers -> v, only what is in use; load(): the other way. */
void vgic_save(struct vcpu *v);
void vgic_load(struct vcpu *v);
/* The vCPU loaded here has vgic.flush set: move what fits into list registers. */
void vgic_flush(struct vcpu *v);
/* Maintenance interrupt of the vCPU loaded here. */
void vgic_maintenance(struct vcpu *v);

/* Would v take an interrupt now (enabled, pending, priority above the mask, group enabled)? For WFI. */
bool vgic_has_pending(struct vcpu *v);

/* Trapped GICv3 system registers. false: undefined for this guest. */
bool vgic_v3_write_sgi1r(struct vcpu *v, uint64_t value);

#endif
