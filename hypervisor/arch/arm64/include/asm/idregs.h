/* SPDX-License-Identifier: ISC */
/* ID registers: what this machine has, and what of it guests are shown. */
#ifndef ASM_IDREGS_H
#define ASM_IDREGS_H

#include <lib/types.h>

/* ID register (3, 0, c0, crm, op2) as guests see it. */
uint64_t idreg_guest(unsigned crm, unsigned op2);

#endif
