/* SPDX-License-Identifier: ISC */
/* The interface of core/run.c for the trap code: load the next vCPU, and handle an interrupt. */
#ifndef HYP_RUN_H
#define HYP_RUN_H

#include <lib/types.h>

struct cpu;
struct vcpu;

/*
 * Choose the next vCPU for this CPU c, load it and return it. While no vCPU can run, the CPU sleeps
 * and handles interrupts. Called on the way back to a guest if TODO_RESCHED is set, without locks.
 */
struct vcpu *run_next(struct cpu *c);

/*
 * Acknowledge and handle one physical interrupt on this CPU. v is the vCPU loaded here, or NULL.
 * Returns false if no interrupt was pending.
 */
bool irq_handle_one(struct vcpu *v);

#endif
