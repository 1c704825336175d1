/* SPDX-License-Identifier: ISC */
/*
 * TLB maintenance of the test host: what the break-before-make checker in arch/host/tlb.c has to
 * know.
 */
#ifndef ASM_TLB_H
#define ASM_TLB_H

#include <hyp/types.h>

struct p2m;

void tlb_publish(void);
void tlb_flush_vmid_page(struct p2m *p, gpaddr_t ipa);
void tlb_flush_vmid(struct p2m *p);
void tlb_flush_all_guests(void);
void tlb_flush_current_local(void);

#endif
