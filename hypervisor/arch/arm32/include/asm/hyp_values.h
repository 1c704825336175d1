/* SPDX-License-Identifier: ISC */
/* Values of Hyp registers for guests (DDI 0406C B4.1). */
#ifndef ASM_HYP_VALUES_H
#define ASM_HYP_VALUES_H

#include <arm/hyp_bits.h>
#include <asm/cp15.h>

#define HCR_GUEST ((uint32_t)HCR_ANY_GUEST)

/*
 * HCPTR: coprocessors but 10 and 11 (FP), 14 and 15 trap, and the trace registers do. RES1 bits
 * are among them. HCPTR_FP is in asm/context.h.
 */
#define HCPTR_GUEST 0x001033ffU
#ifndef HCPTR_FP
#define HCPTR_FP (3U << 10)
#endif

/* CPSR at the start of a vCPU: Supervisor mode, A I F masked. SCTLR: MMU and caches off, RES1. */
#define CPSR_RESET  0x1d3U
#define SCTLR_RESET 0x00c50078U

#define VMPIDR_RES1 (1U << 31)

#endif
