/* SPDX-License-Identifier: ISC */
/* ID registers: what this machine has, and what of it guests are shown. */
#ifndef ASM_IDREGS_H
#define ASM_IDREGS_H

#include <hyp/types.h>

/*
 * Read the hardware's once, on the boot CPU. The size of guests' physical addresses is known. Guests have the GIC
 * version that the machine has.
 */
void idregs_init(unsigned gic_version);

/* ID register (3, 0, c0, crm, op2) as guests see it. */
uint64_t idreg_guest(unsigned crm, unsigned op2);

/* PSTATE.PAN exists. */
extern bool pan_implemented;

#endif
