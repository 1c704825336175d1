/* SPDX-License-Identifier: ISC */
/* Event channels for test guests: the operations as functions and a 2-level upcall that counts. */
#ifndef GUEST_EVENTS_H
#define GUEST_EVENTS_H

#include "abi.h"

#define EVENTS_PORTS 4096

extern u32 events_count[EVENTS_PORTS]; /* upcalls that found the port pending */
extern u32 events_upcalls;             /* interrupts */
extern u32 events_cpu[EVENTS_PORTS];   /* the vCPU that took the last one */

/* Maps shared_info, enables the upcall interrupt here. Needs gic_init(). False: checks have failed.
 */
bool events_init(void);
void events_init_cpu(
	struct cpu *cpu); /* on a secondary: registers its vcpu_info, enables the upcall */
void events_hook(struct cpu *cpu, unsigned intid); /* for irq_hook */
struct vcpu_info *events_vcpu_info(unsigned cpu);

/* Results are the hypercall's; *port is written on success only. */
long events_alloc(domid_t dom, domid_t remote, u32 *port);
long events_bind(domid_t remote, u32 remote_port, u32 *port);
long events_bind_virq(u32 virq, u32 vcpu, u32 *port);
long events_bind_ipi(u32 vcpu, u32 *port);
long events_bind_vcpu(u32 port, u32 vcpu);
long events_send(u32 port);
long events_close(u32 port);
long events_unmask(u32 port);
long events_status(domid_t dom, u32 port, struct evtchn_status *status);

bool events_pending(u32 port);
void events_clear(u32 port); /* the pending bit */
bool events_masked(u32 port);
void events_mask(u32 port, bool masked);
bool events_is_daemons(u32 port); /* the console's or the store's; events_init() masks them */
domid_t events_own_domid(void);

#endif
