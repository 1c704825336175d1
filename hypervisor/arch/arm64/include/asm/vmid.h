/* SPDX-License-Identifier: ISC */
/* VMIDs: the tags of guests in the TLBs. */
#ifndef ASM_VMID_H
#define ASM_VMID_H

#include <hyp/types.h>

struct domain;

/* Once, on the boot CPU. */
void vmid_init(void);

/*
 * VTTBR_EL2 while no vCPU is loaded: a root that maps nothing, so that a walk made in speculation
 * does not look at the tables of a domain that may be gone.
 */
uint64_t arch_vttbr_none(void);

/*
 * VTTBR_EL2 of d for this CPU, which is about to enter it: root and a VMID of the current
 * generation.
 */
uint64_t arch_vttbr(struct domain *d);

#endif
