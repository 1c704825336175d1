/* SPDX-License-Identifier: ISC */
/* ID registers: what this machine has, and what of it guests are shown. */
#ifndef ASM_IDREGS_H
#define ASM_IDREGS_H

#include <lib/types.h>

/* ID register (3, 0, c0, crm, op2) as guests see it. */
uint64_t idreg_guest(unsigned crm, unsigned op2);

/* Is the field of an ID register at bit low not zero in what guests see? */
static inline bool idreg_guest_has(unsigned crm, unsigned op2, unsigned low)
{
	return idreg_guest(crm, op2) >> low & 0xf;
}

#endif
