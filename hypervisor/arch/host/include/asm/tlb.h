/* SPDX-License-Identifier: ISC */
/*
 * TLB maintenance of the test host: what the break-before-make checker in arch/host/tlb.c has to
 * know.
 */
#ifndef ASM_TLB_H
#define ASM_TLB_H

#include <lib/types.h>

void tlb_publish(void);
void tlb_flush_current_local(void);
void tlb_flush_all_guests_local(void);

#endif
