/* SPDX-License-Identifier: ISC */
/* ID registers: what this machine has, and what of it guests are shown. */
#ifndef ASM_IDREGS_H
#define ASM_IDREGS_H

#include <hyp/types.h>

/* Read the hardware's once, on the boot CPU. */
void idregs_init(void);

/* ID register (3, 0, c0, crm, op2) as a guest with that GIC version sees it. */
uint64_t idreg_guest(unsigned crm, unsigned op2, unsigned gic_version);

/* PSTATE.PAN exists. */
extern bool pan_implemented;

#endif
