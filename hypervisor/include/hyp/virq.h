/* SPDX-License-Identifier: ISC */
/*
 * What the core asks of the virtual interrupt controller, which vdev/ defines: the scheduler, event
 * channels and physical interrupts need it, and it needs them.
 */
#ifndef HYP_VIRQ_H
#define HYP_VIRQ_H

#include <lib/types.h>

struct domain;
struct vcpu;

/*
 * Raise a private interrupt (PPI, SGI) of v as an edge, whatever ICFGR says; wakes or kicks v as
 * needed.
 */
void vgic_raise_local(struct vcpu *v, unsigned intid);

/*
 * A physical interrupt, acknowledged and priority-dropped on this CPU, is the guest's: the virtual
 * one of the same number, deactivated when the guest does so. For the virtual timer (v is loaded
 * here) and dom0's SPIs.
 */
void vgic_forward_vtimer(struct vcpu *v);
void vgic_forward_spi(struct domain *d, unsigned intid);

/* The vCPU loaded here has vgic.flush set: do what others left to do. */
void vgic_flush(struct vcpu *v);

/*
 * Would v take an interrupt now: enabled, pending, above the priority mask and the running
 * priority, group enabled? For WFI; v is loaded here or not loaded at all.
 */
bool vgic_has_pending(struct vcpu *v);

#endif
