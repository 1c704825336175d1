/* SPDX-License-Identifier: ISC */
/*
 * The few things that every architecture does in its own way and that are not a subject of their
 * own.
 */
#ifndef HYP_ARCH_H
#define HYP_ARCH_H

#include <hyp/types.h>

/* This CPU stops for good (panic, shutdown). */
void arch_cpu_halt(void) __noreturn;

/* Power off or reset the machine. */
void arch_machine_stop(bool reset) __noreturn;

/* Bring up the other CPUs; each runs hyp_main_secondary(). */
void arch_start_secondary_cpus(void);

/* Enter the scheduler; never comes back. */
void cpu_enter_guests(void) __noreturn;

/* Log what the CPU's registers say about where it is and whom it serves, for a panic. */
void arch_panic_state(void);

/* Frame addresses of the calling chain, oldest last. Returns how many. */
unsigned arch_backtrace(uintptr_t *pc, unsigned max);

#endif
